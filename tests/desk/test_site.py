"""The site, its hours, its ledger and the wire, at the desk: kiosk.desk, in a real ledger."""

from __future__ import annotations

from datetime import UTC, time

import pytest
from msgspec import structs

from kiosk import commands, desk
from kiosk.answers import (
    Hours,
    LedgerReport,
    Products,
    Refused,
    Status,
)
from kiosk.commands import (
    AddException,
    AddMember,
    BackToHours,
    ChangeMember,
    CheckIn,
    CloseToday,
    ListProducts,
    RemoveException,
    RepairRoster,
    RetireSite,
    SellPass,
    SetSite,
    SetWeek,
    ShowAccount,
    ShowHours,
    ShowStatus,
    ShowTill,
    StayOpen,
    TapCard,
)
from kiosk.desk import reports
from kiosk.model import Reason, Span, WeekHours
from tests.office.kiosks.host import MONDAY, Host, description

# ---------------------------------------------------------------- the site


def test_a_first_import_makes_the_site_its_products_and_its_hosts(host):
    assert host.ledger.roster.site("la-serre") == description().site
    assert host.ledger.roster.products() == description().products
    assert [one.name for one in host.ledger.roster.members()] == ["Accueil MSAP"]


def test_importing_the_same_again_changes_nothing(host):
    before = host.ledger.head.seq
    done = host.imports(description())
    assert not done.changed
    assert host.ledger.head.seq == before


def test_importing_again_writes_only_what_differs_and_tells_it(host):
    before = host.ledger.head.seq
    read = description()
    dearer = structs.replace(read, products=(structs.replace(read.products[0], price_cents=6000),))
    done = host.imports(dearer)
    assert done.said == ("Product Carte de 10 entrées: price_cents changed; passes sold before keep their terms.",)
    assert host.ledger.head.seq == before + 1


def test_what_hosts_added_outlives_an_import(host):
    host.does(AddException(rule='2026 Dec 24-31 off "fêtes"'))
    host.does(ChangeMember(member="Accueil", status="suspended", language="en"))
    assert not host.imports(description()).changed
    assert '2026 Dec 24-31 off "fêtes"' in host.ledger.roster.site("la-serre").exceptions


def imported(host: Host, **site: object) -> tuple[str, ...]:
    """What the answer to an import of this site says."""
    read = description()
    command = commands.ImportSite(site=structs.replace(read.site, **site), products=read.products)
    said: tuple[str, ...] = host.does(command).said
    return said


def test_a_corrected_exception_is_loaded_and_the_old_one_is_named(host):
    corrected = '2026 Aug 03-21 off "congés"'
    said = imported(host, exceptions=(corrected,))
    assert host.ledger.roster.site("la-serre").exceptions == ('2026 Aug 03-14 off "congés"', corrected)
    assert said[1] == (
        'Left alone, not in the file: exception 2026 Aug 03-14 off "congés" '
        "(kiosk hours exception remove '2026 Aug 03-14 off \"congés\"' removes it)."
    )


def test_a_removed_exception_is_named_each_time_until_a_host_removes_it(host):
    for _ in range(2):
        same, left = imported(host, exceptions=())
        assert same == "La Serre is like that already."
        assert left.startswith('Left alone, not in the file: exception 2026 Aug 03-14 off "congés"')
    host.does(RemoveException(rule='2026 Aug 03-14 off "congés"'))
    assert imported(host, exceptions=()) == ("La Serre is like that already.",)


def test_a_product_that_is_no_longer_in_the_file_is_named(host):
    said = host.does(commands.ImportSite(site=description().site)).said
    assert "Left alone, not in the file: product Carte de 10 entrées" in said[1]


def test_before_the_first_import_commands_say_what_to_do(tmp_path):
    host = Host(tmp_path)
    assert "kiosk site import" in str(host.is_refused(ShowHours()))
    assert "kiosk site import" in str(host.is_refused(ShowStatus()))
    host.ledger.close()


def test_every_tariff_can_be_imported_and_sold(host):
    read = description("tariffs.toml")
    host.imports(structs.replace(read, site=description().site))
    host.does(AddMember(name="Noé"))
    for product in read.products:
        assert host.does(SellPass(members=("noe",), product=product.id)).changed
    products = host.does(ListProducts())
    assert isinstance(products, Products)
    assert len(host.does(ShowAccount(member="noe")).passes) == len(read.products) == len(products.products)


# ---------------------------------------------------------------- hours


def test_the_next_openings_begin_with_the_running_one(host):
    hours = host.does(ShowHours(count=3))
    assert isinstance(hours, Hours)
    assert hours.opening.is_open
    assert [(f"{one.start:%a %d %H:%M}", f"{one.end:%H:%M}") for one in hours.next] == [
        ("Mon 01 09:05", "17:00"),
        ("Tue 02 09:00", "17:00"),
        ("Thu 04 14:00", "17:00"),
    ]


def test_closing_early_gives_back_entries_cut_by_more_than_half(with_celine):
    with_celine.does(AddMember(name="Paul"))
    with_celine.does(SellPass(members=("paul",), product="carte-10"))
    with_celine.does(CheckIn(member="celine"))
    with_celine.clock.set(MONDAY.replace(hour=10, minute=55))
    with_celine.does(CheckIn(member="paul"))
    with_celine.clock.set(MONDAY.replace(hour=11, minute=0))
    done = with_celine.does(CloseToday())
    assert done.said[0] == "Closed until midnight. It opens again on 2026-06-02 at 09:00."
    assert [one.split(":")[0] for one in done.said[1:]] == ["Paul"]  # 175 of 180 minutes cut; Céline's 65 are not half
    assert (with_celine.left("celine"), with_celine.left("paul")) == (9, 10)
    assert with_celine.does(CheckIn(member="paul")).verdict.reason is Reason.CLOSED
    assert not with_celine.does(CloseToday()).changed


def test_closing_when_it_is_closed_for_the_day_changes_nothing(host):
    host.clock.set(MONDAY.replace(hour=17))
    assert not host.does(CloseToday()).changed


def test_a_host_keeps_the_site_open_and_goes_back_to_the_hours(with_celine):
    with_celine.clock.set(MONDAY.replace(hour=17, minute=30))
    assert with_celine.does(CheckIn(member="celine")).verdict.reason is Reason.CLOSED
    assert with_celine.does(StayOpen(until="19h30")).said == ("Open until 2026-06-01 19:30.",)
    assert with_celine.does(CheckIn(member="celine")).verdict.reason is Reason.ENTRY_USED
    assert with_celine.does(BackToHours()).said == ("The usual hours apply: closed now.",)
    assert not with_celine.does(BackToHours()).changed


@pytest.mark.parametrize("until", ["soon", "25:00", "", "19"])
def test_a_time_that_is_none_is_refused(host, until):
    assert "write it like 19:30" in str(host.is_refused(StayOpen(until=until)))


@pytest.mark.parametrize("until", ["08:00", "09:05", "01:00"])
def test_a_time_that_has_passed_is_not_taken_for_tomorrows(host, until):
    assert "has passed today, it is 09:05" in str(host.is_refused(StayOpen(until=until)))
    assert host.does(StayOpen(until="00:00")).said == ("Open until 2026-06-02 00:00.",)


@pytest.mark.parametrize("rule", ["2026 May 31 off", "2020 Jul 14 10:00-16:00"])
def test_an_exception_that_will_never_apply_is_refused(host, rule):
    assert "these dates have passed" in str(host.is_refused(AddException(rule=rule)))
    assert host.does(ShowHours()).site.exceptions == description().site.exceptions


@pytest.mark.parametrize("rule", ["2026 Dec 31-2026 Dec 24 off", "2026 Dec 31-24 off"])
def test_days_that_not_everybody_reads_alike_are_refused_with_what_to_write(host, rule):
    assert "write “Dec 24-26”, or both years" in str(host.is_refused(AddException(rule=rule)))
    assert host.does(ShowHours()).site.exceptions == description().site.exceptions


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("2026 Dec 31-2027 Jan 24 off", "2026 Dec 31-2027 Jan 24 closed, and applies from 2026-12-31 on."),
        ("2026 Jun 01-05 off", "2026 Jun 1-2026 Jun 5 closed, and applies from 2026-06-01 on."),
        ("2099 Jul 14 10:00-16:00", "2099 Jul 14 10:00-16:00, and applies from 2099-07-14 on."),
    ],
)
def test_an_exception_is_told_as_it_is_read(host, rule, told):
    assert host.does(AddException(rule=rule)).said == (f"Added: {rule}", f"It is read as {told}")


def test_a_sale_says_how_it_was_paid(with_celine):
    sale = SellPass(members=("celine",), product="carte-10", method=" ")
    assert "how was it paid?" in str(with_celine.is_refused(sale))
    other = structs.replace(sale, method="other")
    assert "which other way" in str(with_celine.is_refused(other))
    with_celine.does(structs.replace(other, words="chèque vacances"))
    assert with_celine.does(ShowTill()).sales[0].method == "other: chèque vacances"


def test_a_gift_is_no_revenue(with_celine):
    before = with_celine.does(ShowTill()).total_cents
    with_celine.does(SellPass(members=("celine",), product="carte-10", method="gift"))
    till = with_celine.does(ShowTill())
    assert (till.sales[0].cents, till.total_cents) == (0, before)


def test_a_dated_exception_is_added_applies_and_is_removed(with_celine):
    rule = '2026 Jun 02 off "travaux"'
    with_celine.does(AddException(rule=rule))
    assert not with_celine.does(AddException(rule=rule)).changed
    assert with_celine.does(ShowHours(count=2)).next[1].start.day == 4
    with_celine.does(RemoveException(rule="2"))
    assert with_celine.does(ShowHours(count=2)).next[1].start.day == 2


def test_an_exception_with_a_slip_points_at_the_column_and_changes_nothing(host):
    before = host.ledger.head.seq
    assert "column 6" in str(host.is_refused(AddException(rule="2026-06-02 off")))
    assert "needs a date" in str(host.is_refused(AddException(rule="off")))
    assert host.ledger.head.seq == before


def test_removing_an_exception_that_is_not_there_suggests_those_that_are(host):
    assert host.is_refused(RemoveException(rule="9")).near == ('2026 Aug 03-14 off "congés"',)


# ---------------------------------------------------------------- the ledger, and the wire


def test_the_status_tells_site_people_and_ledger(with_celine):
    with_celine.does(CheckIn(member="celine"))
    status = with_celine.does(ShowStatus())
    assert isinstance(status, Status)
    assert (status.site, status.people_in, status.staff_present, status.members) == ("La Serre", 1, False, 2)
    with_celine.does(CheckIn(member="accueil"))
    assert with_celine.does(ShowStatus()).staff_present


def test_a_ledger_that_is_whole_verifies_and_folds_to_the_same_roster(with_celine):
    ledger = with_celine.ledger
    for report in (reports.verified(ledger), reports.rebuilt(ledger), with_celine.does(RepairRoster())):
        assert isinstance(report, LedgerReport)
        assert report.faults == ()
        assert report.entries == with_celine.ledger.head.seq


def test_a_command_and_its_answer_travel_as_json(with_celine):
    line = commands.encode_command(ShowAccount(member="celine"))
    answered = with_celine.hears(line)
    assert answered == with_celine.does(ShowAccount(member="celine"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"", "does not know that command"),
        (b'{"do":"dance"}', "does not know that command"),
        (b'{"do":"account","member":"zzz"}', 'no member is called "zzz": `kiosk member list` lists all'),
        (commands.encode_command(TapCard(card="celine")), "is for the demo"),
        (b'{"do":"badges_unknown","since":"2026-06-01T09:00:00"}', "does not know that command"),
        (b'{"do":"exception_remove","rule":"%s"}' % (b"9" * 5000), "there is no exception"),
        (b'{"do":"pass_sell","members":["celine"],"product":"carte-10","starts":"9999-12-31"}', "a year away"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_refusal(with_celine, line, told):
    answered = with_celine.hears(line)
    assert isinstance(answered, Refused)
    assert told in answered.message


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31"])
def test_the_taps_of_any_date_can_be_asked_for(host, on):
    assert host.hears(b'{"do":"taps","on":"%s"}' % on.encode()).taps == ()


@pytest.mark.parametrize(("count", "shown"), [(-1, 0), (10**20, 148)])
def test_any_number_of_openings_can_be_asked_for(host, count, shown):
    assert len(host.hears(b'{"do":"hours","count":%d}' % count).next) == shown


def test_every_command_but_the_demos_is_performed():
    performed = set(desk._PERFORMED_BY)
    not_of_the_desk = {commands.Pair, commands.ListMedia, commands.ShowReport}
    assert performed | not_of_the_desk | {TapCard} == set(commands.Asked.__args__)


def test_instants_of_answers_are_those_of_the_wall(with_celine):
    judged = with_celine.does(CheckIn(member="celine"))
    assert judged.until.isoformat() == "2026-06-01T12:05:00+02:00"
    assert with_celine.clock.now().tzinfo is UTC


# ---------------------------------------------------------------- making, renaming and retiring a site


def test_a_site_is_renamed_and_a_second_one_of_the_same_name_is_asked_about(host):
    serre = host.ledger.roster.site("la-serre")
    assert host.does(SetSite(site=structs.replace(serre, name="  La   Serre neuve "))).changed
    assert host.ledger.roster.site("la-serre").name == "La Serre neuve"
    other = structs.replace(serre, id="other", name="neuve LA SERRÉ")
    assert host.is_refused(SetSite(site=other)).code == "SITE_NAME_TAKEN"
    assert host.does(SetSite(site=other, anyway=True)).id == "other"
    assert not host.does(SetSite(site=other, anyway=True)).changed


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"name": " "}, "PLACE_NAME", "name"),
        ({"name": "x" * 61}, "PLACE_NAME", "name"),
        ({"zone": "Europe/Serres"}, "NO_SUCH_ZONE", "zone"),
        ({"hours": "Mo 8-25"}, None, "hours"),
    ],
)
def test_a_site_that_cannot_be_kept_says_which_field_is_wrong(host, wrong, code, field):
    error = host.is_refused(SetSite(site=structs.replace(host.ledger.roster.site("la-serre"), **wrong)))
    assert code in (None, error.code)
    assert error.facts["field"] == field


def test_a_retired_site_is_closed_and_stays_so_until_its_hours_are_written_again(host):
    assert host.does(RetireSite(site="la-serre")).changed
    site = host.ledger.roster.site("la-serre")
    assert (site.retired, site.hours, site.exceptions) == (True, "off", ())
    assert not host.does(ShowHours()).opening.is_open
    assert not host.does(RetireSite(site="la-serre")).changed
    assert host.does(RetireSite(site="la-serre", retired=False)).changed
    assert host.ledger.roster.site("la-serre").hours == "off"
    assert host.is_refused(RetireSite(site="nowhere")).code == "NO_SITE"


def test_at_a_retired_site_nothing_is_sold_and_its_hours_stay_off_until_it_is_taken_back(with_celine):
    host, serre = with_celine, with_celine.ledger.roster.site("la-serre")
    sale = SellPass(product="carte-10", members=("celine",), method="cash")
    week = SetWeek(week=WeekHours(days=((Span(start=time(9), end=time(17)),),) * 7))
    open_late, other_hours = StayOpen(until="23:00"), SetSite(site=structs.replace(serre, retired=True))
    host.does(RetireSite(site="la-serre"))
    for refused in (sale, week, open_late, commands.PreviewHours(change=week), other_hours):
        error = host.is_refused(refused)
        assert (error.code, error.facts["site"]) == ("SITE_RETIRED", "La Serre")
    host.does(RetireSite(site="la-serre", retired=False))
    assert host.does(sale).changed
    assert host.does(week).changed


def test_a_site_file_does_not_take_a_retired_site_back(host):
    host.does(RetireSite(site="la-serre"))
    done = host.imports(description())
    assert not done.changed
    assert "Left alone: site La Serre is retired (kiosk site retire la-serre --undo takes it back)." in done.said
    assert host.ledger.roster.site("la-serre").retired
