"""What hosts do: commands become facts in a real ledger, and answers. kiosk.desk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

import kiosk
from kiosk import commands, desk
from kiosk.answers import (
    Account,
    Answered,
    Done,
    Hours,
    Inside,
    Judged,
    LedgerReport,
    People,
    Products,
    Refused,
    Status,
    Taps,
    UnknownBadges,
    decode_answer,
    encode_answer,
)
from kiosk.badges import badge_id
from kiosk.clock import MovableClock
from kiosk.commands import (
    AddException,
    AddMember,
    AssignBadge,
    BackToHours,
    CancelSale,
    ChangeMember,
    CheckIn,
    CloseToday,
    ImportSite,
    Leave,
    ListInside,
    ListMembers,
    ListProducts,
    ListTaps,
    ListUnknownBadges,
    RebuildRoster,
    RemoveException,
    ReturnBadge,
    SellPass,
    SetBadge,
    ShowAccount,
    ShowHours,
    ShowStatus,
    StayOpen,
    TapCard,
    Undo,
    VerifyLedger,
)
from kiosk.desk import DeskError
from kiosk.ledger import Ledger, open_ledger
from kiosk.model import Clock, Denied, Granted, Reason, Tap, Tapped
from kiosk.rules import decide
from kiosk.site_file import Description, read_site

EXAMPLES = Path(kiosk.__file__).parent / "examples"
KEY = bytes(range(32))
PARIS = ZoneInfo("Europe/Paris")
UID = "04:A2:3B:12:C0:5E:80"
MONDAY = datetime(2026, 6, 1, 9, 5, tzinfo=PARIS)


def description(name: str = "la-serre.toml") -> Description:
    return read_site(EXAMPLES / name)


class Host:
    """A host of La Serre at the desk, and badges that come to the door."""

    def __init__(self, path: Path) -> None:
        self.clock = MovableClock(MONDAY, runs=False)
        self.ledger: Ledger = open_ledger(path / "ledger.db", stamp=self.clock.stamp)

    def does(self, command: commands.Command) -> Any:
        return desk.perform(command, self.ledger, self.clock.now(), site_id="la-serre", badge_key=KEY)

    def hears(self, line: bytes) -> Answered:
        answered = desk.answered(line, self.ledger, self.clock.now(), site_id="la-serre", badge_key=KEY)
        return decode_answer(encode_answer(answered))

    def imports(self, read: Description) -> Done:
        done = self.does(ImportSite(site=read.site, products=read.products, members=read.members))
        assert isinstance(done, Done)
        return done

    def waits(self, **time: float) -> None:
        self.clock.move(timedelta(**time))

    def tap(self, number: str) -> Granted | Denied:
        name = badge_id(bytes.fromhex(number.replace(":", "")), KEY)
        case = self.ledger.roster.gather(
            Tap(uid=bytes.fromhex(number.replace(":", "")), monotonic=self.clock.monotonic()),
            site_id="la-serre",
            badge_id=name,
            now=self.clock.now(),
            clock=Clock.TRUSTED,
        )
        verdict = decide(case, self.clock.now())
        member_id = case.member.id if case.member else None
        self.ledger.append(Tapped(site_id="la-serre", verdict=verdict, badge_id=name, member_id=member_id))
        return verdict

    def left(self, member: str) -> int | None:
        account = self.does(ShowAccount(member=member))
        assert isinstance(account, Account)
        return account.passes[-1].left


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    host.imports(description())
    yield host
    host.ledger.close()


@pytest.fixture
def with_celine(host: Host) -> Host:
    host.does(AddMember(name="Céline Martin"))
    host.does(SellPass(members=("Céline Martin",), product="carnet-10"))
    return host


def refused(host: Host, command: commands.Command) -> DeskError:
    with pytest.raises(DeskError) as error:
        host.does(command)
    return error.value


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
    assert done.said == ("Product Carnet de 10 entrées: price_cents changed; passes sold before keep their terms.",)
    assert host.ledger.head.seq == before + 1


def test_what_hosts_added_outlives_an_import(host):
    host.does(AddException(rule='2026 Dec 24-31 off "fêtes"'))
    host.does(ChangeMember(member="Accueil", status="suspended", language="en"))
    assert not host.imports(description()).changed
    assert '2026 Dec 24-31 off "fêtes"' in host.ledger.roster.site("la-serre").exceptions


def test_before_the_first_import_commands_say_what_to_do(tmp_path):
    host = Host(tmp_path)
    assert "kiosk site import" in str(refused(host, ShowHours()))
    assert "kiosk site import" in str(refused(host, ShowStatus()))
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


# ---------------------------------------------------------------- members


def test_a_member_is_found_by_id_or_any_part_of_the_name_without_accents(with_celine):
    account = with_celine.does(ShowAccount(member="Céline Martin"))
    for text in ("celine", "MARTIN", "martin céline", account.member.id):
        assert with_celine.does(ShowAccount(member=text)).member == account.member


def test_a_mistyped_name_suggests_the_likely_ones_and_is_never_taken_for_them(with_celine):
    error = refused(with_celine, SellPass(members=("Celine Martn",), product="carnet-10"))
    assert error.near == ("Céline Martin",)
    assert with_celine.left("celine") == 10


def test_an_ambiguous_name_lists_the_candidates(with_celine):
    with_celine.does(AddMember(name="Paul Martin"))
    error = refused(with_celine, ShowAccount(member="martin"))
    assert [name.split(" (")[0] for name in error.near] == ["Céline Martin", "Paul Martin"]


def test_a_whole_name_wins_over_a_longer_one(host):
    host.does(AddMember(name="Anne Roy"))
    host.does(AddMember(name="Marie-Anne Roy"))
    assert host.does(ShowAccount(member="anne roy")).member.name == "Anne Roy"
    assert "several" in str(refused(host, ShowAccount(member="roy")))


def test_a_second_member_of_the_same_name_wants_to_be_meant(with_celine):
    assert "there is a Céline Martin already" in str(refused(with_celine, AddMember(name="celine MARTIN")))
    assert with_celine.does(AddMember(name="Céline Martin", anyway=True)).changed
    assert len(with_celine.does(ListMembers(text="martin")).people) == 2


def test_a_member_without_a_name_or_with_a_strange_language_is_refused(host):
    assert "needs a name" in str(refused(host, AddMember(name="  ")))
    assert refused(host, AddMember(name="Zoé", language="de")).near == ("fr", "en")


def test_changing_a_member_tells_what_changed_and_changes_nothing_twice(with_celine):
    suspend = ChangeMember(member="celine", status="suspended")
    assert with_celine.does(suspend).said == ("Céline Martin: status suspended.",)
    assert not with_celine.does(suspend).changed
    assert with_celine.does(CheckIn(member="celine")).verdict.reason is Reason.MEMBER_SUSPENDED


def test_the_list_of_members_tells_what_is_left(with_celine):
    people = with_celine.does(ListMembers())
    assert isinstance(people, People)
    assert [(one.name, one.role, one.left) for one in people.people] == [
        ("Accueil MSAP", "staff", None),
        ("Céline Martin", "member", 10),
    ]


# ---------------------------------------------------------------- badges


def test_a_badge_is_assigned_by_its_number_however_it_is_written(with_celine):
    with_celine.does(AssignBadge(member="celine", number=UID))
    assert with_celine.tap(UID).reason is Reason.ENTRY_USED
    again = with_celine.does(AssignBadge(member="celine", number=UID.replace(":", " ").lower()))
    assert not again.changed


def test_a_badge_is_assigned_by_the_code_that_its_tap_showed(with_celine):
    verdict = with_celine.tap(UID)
    assert isinstance(verdict, Denied)
    unknown = with_celine.does(ListUnknownBadges())
    assert isinstance(unknown, UnknownBadges)
    assert [one.code for one in unknown.badges] == [verdict.claim_code]
    with_celine.does(AssignBadge(member="celine", code=str(verdict.claim_code).lower()))
    assert with_celine.tap(UID).reason is Reason.ENTRY_USED
    assert with_celine.does(ListUnknownBadges()).badges == ()


def test_a_code_that_nobody_saw_suggests_those_shown_lately(with_celine):
    code = with_celine.tap(UID).claim_code
    assert refused(with_celine, AssignBadge(member="celine", code="????")).near == (code,)


def test_a_badge_that_somebody_carries_is_not_taken_from_them(with_celine):
    with_celine.does(AddMember(name="Paul"))
    with_celine.does(AssignBadge(member="celine", number=UID))
    assert "Céline Martin carries this badge" in str(refused(with_celine, AssignBadge(member="paul", number=UID)))
    with_celine.does(ReturnBadge(member="celine"))
    assert with_celine.does(AssignBadge(member="paul", number=UID)).changed


def test_a_lost_badge_is_refused_at_the_door_until_it_is_found(with_celine):
    with_celine.does(AssignBadge(member="celine", number=UID))
    assert with_celine.does(SetBadge(status="lost", member="celine")).changed
    assert with_celine.tap(UID).reason is Reason.BADGE_BLOCKED
    assert not with_celine.does(SetBadge(status="lost", number=UID)).changed
    with_celine.does(SetBadge(status="active", member="celine"))
    assert with_celine.tap(UID).reason is Reason.ENTRY_USED


def test_a_member_with_two_badges_is_asked_which(with_celine):
    first = with_celine.does(AssignBadge(member="celine", number=UID)).id
    second = with_celine.does(AssignBadge(member="celine", number="04:11:22:33")).id
    error = refused(with_celine, SetBadge(status="blocked", member="celine"))
    assert set(error.near) == {first, second}
    with_celine.does(SetBadge(status="blocked", member="celine", code=second))
    states = {badge.code: badge.status for badge in with_celine.does(ShowAccount(member="celine")).badges}
    assert states == {first: "active", second: "blocked"}


def test_a_badge_command_that_names_no_badge_says_what_is_missing(with_celine):
    for command in (
        AssignBadge(member="celine"),
        AssignBadge(member="celine", number=UID, code="ABCD"),
        SetBadge(status="lost"),
    ):
        assert "which badge?" in str(refused(with_celine, command))
    assert "no badge number" in str(refused(with_celine, AssignBadge(member="celine", number="12")))
    assert "nobody carries" in str(refused(with_celine, SetBadge(status="lost", number=UID)))
    assert "has no badge" in str(refused(with_celine, ReturnBadge(member="celine")))


def test_the_number_of_a_badge_is_nowhere_in_the_ledger(with_celine, tmp_path):
    with_celine.does(AssignBadge(member="celine", number=UID))
    raw = bytes.fromhex(UID.replace(":", ""))
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    name = badge_id(raw, KEY).encode()
    assert name in kept  # the search bites
    for form in (raw, raw.hex().encode(), raw.hex().upper().encode(), UID.encode()):
        assert form not in kept


# ---------------------------------------------------------------- passes and entries


def test_a_sale_tells_price_and_dates_and_gives_the_entries(with_celine):
    done = with_celine.does(SellPass(members=("celine",), product="Carnet de 10 entrees"))
    assert done.said == ("Carnet de 10 entrées sold to Céline Martin for 50.00 EUR, valid from 2026-06-01.",)
    assert with_celine.does(ListMembers(text="celine")).people[0].left == 20


def test_an_unknown_product_suggests_one_that_is_sold(with_celine):
    assert refused(with_celine, SellPass(members=("celine",), product="carnet")).near == ("carnet-10",)
    assert refused(with_celine, SellPass(members=("celine",), product="zzz")).near == ("carnet-10",)


def test_a_product_off_sale_is_not_sold(with_celine):
    read = description()
    with_celine.imports(structs.replace(read, products=(structs.replace(read.products[0], on_sale=False),)))
    assert "no longer sold" in str(refused(with_celine, SellPass(members=("celine",), product="carnet-10")))


def test_a_sale_settles_what_is_owed(host):
    host.does(AddMember(name="Zoé"))
    host.does(SellPass(members=("zoe",), product="carnet-10"))
    for number in range(11):
        assert isinstance(host.does(CheckIn(member="zoe")).verdict, Granted)
        host.waits(days=6 if number % 2 else 1)  # Mondays and Tuesdays
    assert host.left("zoe") == -1
    done = host.does(SellPass(members=("zoe",), product="carnet-10"))
    assert done.said[1] == "1 entry owed moved to it: 9 left."
    assert [one.left for one in host.does(ShowAccount(member="zoe")).passes] == [0, 9]


def test_a_pass_can_be_shared_and_its_holders_pay_from_it_together(with_celine):
    with_celine.does(AddMember(name="Paul Roy"))
    with_celine.does(SellPass(members=("paul", "celine", "paul roy"), product="carnet-10"))
    with_celine.does(CheckIn(member="paul"))
    account = with_celine.does(ShowAccount(member="celine"))
    assert {(one.left, one.shared_with) for one in account.passes} == {(10, ()), (9, ("Paul Roy",))}


def test_a_sale_made_by_mistake_is_taken_back(with_celine):
    pass_id = with_celine.does(SellPass(members=("celine",), product="carnet-10")).id
    assert with_celine.does(CancelSale(pass_id=pass_id, reason="wrong member")).changed
    assert len(with_celine.does(ShowAccount(member="celine")).passes) == 1
    assert "taken back already" in str(refused(with_celine, CancelSale(pass_id=pass_id, reason="again")))


def test_a_sale_of_which_an_entry_was_used_stands(with_celine):
    pass_id = with_celine.does(ShowAccount(member="celine")).passes[0].id
    with_celine.does(CheckIn(member="celine"))
    cancel = CancelSale(pass_id=pass_id, reason="wrong member")
    assert "1 entry of it used" in str(refused(with_celine, cancel))
    with_celine.does(Undo(member="celine", reason="was not her"))
    assert with_celine.does(cancel).changed


def test_a_host_gives_an_entry_back_with_a_reason_and_only_once(with_celine):
    with_celine.does(CheckIn(member="celine"))
    assert with_celine.left("celine") == 9
    assert "why?" in str(refused(with_celine, Undo(member="celine", reason=" ")))
    done = with_celine.does(Undo(member="celine", reason="power cut"))
    assert "1 entry given back" in done.said[0]
    assert with_celine.left("celine") == 10
    seq = with_celine.does(ShowAccount(member="celine")).visits[0].seq
    assert "already" in str(refused(with_celine, Undo(member="celine", reason="again", seq=seq)))
    assert "no entry" in str(refused(with_celine, Undo(member="celine", reason="again")))
    assert with_celine.left("celine") == 10


def test_a_host_can_give_back_for_31_days(with_celine):
    with_celine.does(CheckIn(member="celine"))
    with_celine.waits(days=31, seconds=1)
    assert "too long ago" in str(refused(with_celine, Undo(member="celine", reason="late")))
    with_celine.waits(seconds=-1)
    assert with_celine.does(Undo(member="celine", reason="in time")).changed


def test_an_earlier_visit_is_given_back_by_its_number(with_celine):
    with_celine.does(CheckIn(member="celine"))
    with_celine.waits(days=1)
    with_celine.does(CheckIn(member="celine"))
    first = with_celine.does(ShowAccount(member="celine")).visits[-1]
    with_celine.does(Undo(member="celine", reason="was ill", seq=first.seq))
    assert [bool(one.reversed_by) for one in with_celine.does(ShowAccount(member="celine")).visits] == [False, True]
    assert refused(with_celine, Undo(member="celine", reason="x", seq=99999)).near


# ---------------------------------------------------------------- coming and going


def test_a_check_in_by_hand_is_judged_like_a_tap(with_celine):
    judged = with_celine.does(CheckIn(member="celine"))
    assert isinstance(judged, Judged)
    assert (judged.verdict.reason, judged.until) == (Reason.ENTRY_USED, MONDAY + timedelta(hours=3))
    assert with_celine.does(CheckIn(member="celine")).verdict.reason is Reason.RE_ENTRY
    with_celine.waits(days=2)
    closed = with_celine.does(CheckIn(member="celine"))
    assert closed.verdict.reason is Reason.CLOSED
    assert closed.opens == datetime(2026, 6, 4, 14, tzinfo=PARIS)


def test_who_is_in_is_listed_until_they_leave(with_celine):
    with_celine.does(CheckIn(member="celine"))
    inside = with_celine.does(ListInside())
    assert isinstance(inside, Inside)
    assert [(one.name, one.since) for one in inside.people] == [("Céline Martin", MONDAY)]
    assert with_celine.does(Leave(member="celine")).changed
    assert not with_celine.does(Leave(member="celine")).changed
    assert with_celine.does(ListInside()).people == ()
    assert with_celine.left("celine") == 9


def test_the_taps_of_the_day_are_listed_refusals_included(with_celine):
    with_celine.tap(UID)
    with_celine.waits(minutes=1)
    with_celine.does(CheckIn(member="celine"))
    taps = with_celine.does(ListTaps())
    assert isinstance(taps, Taps)
    assert [(one.reason, one.granted, one.name, one.source) for one in taps.taps] == [
        ("UNKNOWN_BADGE", False, None, "badge"),
        ("ENTRY_USED", True, "Céline Martin", "staff"),
    ]
    with_celine.waits(days=1)
    assert with_celine.does(ListTaps()).taps == ()
    assert len(with_celine.does(ListTaps(on=date(2026, 6, 1))).taps) == 2


def test_a_day_of_many_taps_is_listed_whole(with_celine):
    for _ in range(1, 600):
        with_celine.tap(UID)
    assert len(with_celine.does(ListTaps()).taps) == 599


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
    with_celine.does(SellPass(members=("paul",), product="carnet-10"))
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
    assert "write it like 19:30" in str(refused(host, StayOpen(until=until)))


def test_a_dated_exception_is_added_applies_and_is_removed(with_celine):
    rule = '2026 Jun 02 off "travaux"'
    with_celine.does(AddException(rule=rule))
    assert not with_celine.does(AddException(rule=rule)).changed
    assert with_celine.does(ShowHours(count=2)).next[1].start.day == 4
    with_celine.does(RemoveException(rule="2"))
    assert with_celine.does(ShowHours(count=2)).next[1].start.day == 2


def test_an_exception_with_a_slip_points_at_the_column_and_changes_nothing(host):
    before = host.ledger.head.seq
    assert "column 6" in str(refused(host, AddException(rule="2026-06-02 off")))
    assert "needs a date" in str(refused(host, AddException(rule="off")))
    assert host.ledger.head.seq == before


def test_removing_an_exception_that_is_not_there_suggests_those_that_are(host):
    assert refused(host, RemoveException(rule="9")).near == ('2026 Aug 03-14 off "congés"',)


# ---------------------------------------------------------------- the ledger, and the wire


def test_the_status_tells_site_people_and_ledger(with_celine):
    with_celine.does(CheckIn(member="celine"))
    status = with_celine.does(ShowStatus())
    assert isinstance(status, Status)
    assert (status.site, status.people_in, status.staff_present, status.members) == ("La Serre", 1, False, 2)
    with_celine.does(CheckIn(member="accueil"))
    assert with_celine.does(ShowStatus()).staff_present


def test_a_ledger_that_is_whole_verifies_and_folds_to_the_same_roster(with_celine):
    for command in (VerifyLedger(), RebuildRoster(), RebuildRoster(repair=True)):
        report = with_celine.does(command)
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
        (b'{"do":"account","member":"zzz"}', 'no member is called "zzz"'),
        (commands.encode_command(TapCard(card="celine")), "is for the demo"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_refusal(with_celine, line, told):
    answered = with_celine.hears(line)
    assert isinstance(answered, Refused)
    assert told in answered.message


def test_every_command_but_the_demos_is_performed():
    performed = set(desk._PERFORMED_BY)
    assert performed | {TapCard} == set(commands.Asked.__args__)


def test_instants_of_answers_are_those_of_the_wall(with_celine):
    judged = with_celine.does(CheckIn(member="celine"))
    assert judged.until.isoformat() == "2026-06-01T12:05:00+02:00"
    assert with_celine.clock.now().tzinfo is UTC
