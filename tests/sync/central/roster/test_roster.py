"""The server's roster, changes by staff, and the conflicts found when ledgers arrive."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from kiosk.facts import (
    AnyFact,
    BadgeSet,
    Erased,
    Happened,
    HoursOverridden,
    MemberSet,
    ProductSet,
    Reversed,
    SiteSet,
    Tapped,
    Timed,
    TimesCorrected,
)
from kiosk.model import Badge, Debt, Member, Override, Reason, Ref
from kiosk.store.tables import ROSTER, visits
from sync.central.accounts import audit
from sync.central.server import Central
from sync.central.storage import network
from sync.central.storage.tables import networks
from tests.office.ledgers.small_house import MONDAY, house_facts, let_in, sold_to
from tests.office.servers.server import MemoryLedger, ServerClock, fed, kinds, pairs, sends, serving
from tests.rules.house import HOST, LEA, SERRE, TEN

LATER = MONDAY + timedelta(hours=1)


class Doors:
    """A server that knows the house, and two kiosks of one site that cannot hear each other."""

    def __init__(self, central: Central) -> None:
        self.central = central
        central.books.append(*house_facts(), by="anne")
        self.kiosks = {name: pairs(central, name).kiosk for name in ("north", "south", "third")}
        self.kiosks["elsewhere"] = pairs(central, "elsewhere", site_id="les-tuves").kiosk
        self.ledgers = {name: MemoryLedger(name) for name in self.kiosks}

    def hears(self, name: str, *facts, at=MONDAY) -> Ref:
        """A kiosk sends what happened at its door."""
        entries = self.ledgers[name].writes(*facts, at=at)
        sends(self.central, self.kiosks[name], entries)
        return entries[-1].ref

    def left(self) -> int:
        """Units on Léa's only pass."""
        (holding,) = self.central.books.roster.holdings("lea", MONDAY)
        assert isinstance(holding.used, int)
        return (holding.pass_.terms.units or 0) - holding.used

    def own(self, kind: str) -> list[str]:
        """What the server wrote by itself."""
        return [
            line.kind for line in audit.lines(self.central.storage) if line.kind == kind and line.account == "server"
        ]


def rows(central: Central) -> dict[str, list[tuple[object, ...]]]:
    with central.storage.reader() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table)))) for table in ROSTER.sorted_tables}


# ---------------------------------------------------------------- what staff do


def test_what_staff_write_is_in_the_roster_at_once_and_in_the_feed(database: str) -> None:
    with serving(database) as central:
        sealed = central.books.append(*house_facts(), by="anne")
        assert central.books.roster.member("lea") == LEA
        assert fed(central, pairs(central).kiosk) == list(sealed)
        more = central.books.append(MemberSet(member=replace(LEA, name="Léa Durand")), by="paul")
        assert more[0].previous == sealed[-1].hash
        assert more[0].ref == Ref(ledger_id=network.load(central.storage).ledger_id, seq=len(sealed) + 1)


def test_who_did_what_is_remembered_the_newest_first(database: str) -> None:
    with serving(database) as central:
        central.books.append(SiteSet(site=SERRE), by="anne")
        central.books.append(MemberSet(member=LEA), by="paul")
        lines = audit.lines(central.storage)
        assert [(line.account, line.kind) for line in lines] == [("paul", "member"), ("anne", "site")]
        assert [line.account for line in audit.lines(central.storage, before=lines[0].position)] == ["anne"]


def test_a_roster_folded_anew_is_the_same_and_judges_nobody_again(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("north", let_in(MONDAY, "ten"))
        doors.hears("south", let_in(LATER, "ten"), at=LATER)
        before, alarms = rows(central), central.alarms.listed()
        with central.storage.writing() as connection:
            connection.execute(update(networks).values(roster_revision="an older one"))
    with serving(database) as central:
        assert central.books.roster.member("lea") is None
        central.books.fold()
        assert rows(central) == before
        assert central.alarms.listed() == alarms


def test_an_entry_that_cannot_be_folded_is_told_and_delays_no_other(database: str) -> None:
    poison = sold_to("lea", pass_id="new", settles=(Debt(pass_id="ten", units=2**70),))
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("north", let_in(MONDAY, "ten"))
        central.books.append(poison, MemberSet(member=Member(id="next", name="Suivante")), by="an earlier release")
        assert central.books.roster.member("next") is not None
        assert central.books.roster.sale_of("new") is None
        assert doors.left() == 9
        assert kinds(central) == ["unfoldable"]


# ---------------------------------------------------------------- conflicts


def test_two_kiosks_that_spend_the_last_entry_both_stand_and_staff_see_it(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        central.books.append(
            MemberSet(member=Member(id="max", name="Max")), sold_to("lea", "max", pass_id="ten"), by="anne"
        )
        doors.hears("north", *(let_in(MONDAY - timedelta(days=day), "ten") for day in range(1, 10)))
        assert doors.left() == 1
        doors.hears("north", let_in(MONDAY, "ten"))
        assert kinds(central) == []
        doors.hears("south", let_in(MONDAY, "ten", member="max"))
        assert doors.left() == -1
        assert kinds(central) == ["overdraft"]
        (alarm,) = central.alarms.listed()
        assert alarm.ref == Ref(ledger_id="south", seq=1)
        assert doors.own("incident") == ["incident"]
        assert told_conflict(central) == Happened(
            what=alarm.kind, note=alarm.note, facts=alarm.facts, site_id=SERRE.id
        ), "kiosks are told by the same code and facts as staff, and by no sentence"


def told_conflict(central: Central) -> AnyFact | None:
    """The newest thing that happened and that the server wrote into its own ledger."""
    return next(line.fact for line in audit.lines(central.storage) if line.kind == "incident")


def test_an_entry_on_credit_is_no_conflict(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("north", *(let_in(MONDAY - timedelta(days=day), "ten") for day in range(10)))
        evening = MONDAY + timedelta(hours=6)
        doors.hears("north", let_in(evening, "ten", reason=Reason.DEBT), at=evening)
        assert doors.left() == -1
        assert kinds(central) == []
        doors.hears("south", let_in(MONDAY + timedelta(days=1), "ten", reason=Reason.DEBT))
        assert kinds(central) == ["overdraft"]


def test_an_allowance_is_overdrawn_by_its_own_week_only(database: str) -> None:
    weekly = replace(TEN, id="weekly", per="week", units=1)
    with serving(database) as central:
        doors = Doors(central)
        sale = sold_to("lea", pass_id="w")
        central.books.append(replace(sale, pass_=replace(sale.pass_, terms=weekly)), by="anne")
        doors.hears("north", let_in(MONDAY, "w"))
        doors.hears("south", let_in(MONDAY + timedelta(days=7), "w"), at=MONDAY + timedelta(days=7))
        assert kinds(central) == []
        doors.hears("third", let_in(MONDAY + timedelta(days=8), "w"), at=MONDAY + timedelta(days=8))
        assert kinds(central) == ["overdraft"]


@pytest.mark.parametrize("order", [("north", "south"), ("south", "north")])
def test_windows_of_two_doors_that_overlap_are_paid_once_whichever_comes_first(
    database: str, order: tuple[str, str]
) -> None:
    with serving(database) as central:
        doors = Doors(central)
        taps = {"north": MONDAY, "south": LATER}
        refs = {name: doors.hears(name, let_in(taps[name], "ten"), at=taps[name]) for name in order}
        assert doors.left() == 9
        first, second = central.books.roster.visit(refs["north"]), central.books.roster.visit(refs["south"])
        assert first is not None
        assert second is not None
        assert first.reversed_at is None
        assert second.reversed_by == "server"
        assert kinds(central) == ["overlap"]
        assert doors.own("reversal") == ["reversal"]


def test_three_doors_give_back_what_is_too_much_and_no_more(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        for name, hours in (("north", 0), ("south", 2), ("third", 4)):
            at = MONDAY + timedelta(hours=hours)
            doors.hears(name, let_in(at, "ten"), at=at)
        assert doors.left() == 8
        assert len(doors.own("reversal")) == 1


@pytest.mark.parametrize("order", list(permutations(("north", "south", "third"))))
def test_of_three_windows_in_a_row_the_first_and_the_last_are_paid_whichever_comes_first(
    database: str, order: tuple[str, ...]
) -> None:
    with serving(database) as central:
        doors = Doors(central)
        hours = {"north": 0, "south": 2, "third": 4}
        for name in order:
            at = MONDAY + timedelta(hours=hours[name])
            doors.hears(name, let_in(at, "ten"), at=at)
        assert doors.left() == 8
        assert paid_windows(central) == [MONDAY, MONDAY + timedelta(hours=4)]


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
def test_of_four_windows_in_a_row_every_other_is_paid(database: str, order: tuple[int, ...]) -> None:
    with serving(database) as central:
        doors = Doors(central)
        for number in order:
            at = MONDAY + timedelta(hours=2 * number)
            doors.kiosks[f"door-{number}"] = pairs(central, f"door-{number}").kiosk
            doors.ledgers[f"door-{number}"] = MemoryLedger(f"door-{number}")
            doors.hears(f"door-{number}", let_in(at, "ten"), at=at)
        assert doors.left() == 8
        assert paid_windows(central) == [MONDAY, MONDAY + timedelta(hours=4)]


def paid_windows(central: Central) -> list[datetime]:
    """When the windows begin that stay charged."""
    query = select(visits.c.window_start).where(visits.c.charges != "[]", visits.c.reversed_at.is_(None))
    with central.storage.reader() as connection:
        return list(connection.execute(query.order_by(visits.c.window_start)).scalars())


def test_a_kiosk_whose_clock_went_back_charges_no_time_twice(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("north", let_in(LATER, "ten"), at=LATER)
        doors.hears("north", let_in(MONDAY, "ten"))
        assert doors.left() == 9
        assert paid_windows(central) == [MONDAY]


def test_a_time_that_is_corrected_into_one_that_another_door_was_paid_for_is_given_back(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("south", let_in(MONDAY, "ten"))
        tomorrow = MONDAY + timedelta(days=1)
        wrong = doors.hears("north", let_in(tomorrow, "ten"), at=tomorrow)
        assert (doors.left(), kinds(central)) == (8, [])
        doors.hears("north", TimesCorrected(times=(Timed(seq=wrong.seq, at=MONDAY + timedelta(hours=1)),)), at=LATER)
        assert (doors.left(), kinds(central)) == (9, ["overlap"])
        assert paid_windows(central) == [MONDAY]


def test_who_is_in_stays_in_when_the_server_gives_a_charge_back(database: str) -> None:
    with serving(database, hands := ServerClock(LATER)) as central:
        doors = Doors(central)
        doors.hears("north", let_in(MONDAY, "ten"))
        south = doors.hears("south", let_in(LATER, "ten"), at=LATER)
        assert kinds(central) == ["overlap"]
        hands.moves(minutes=30)
        assert [visit.ref for visit in central.books.roster.inside(SERRE.id, hands.now)] == [south]


def test_who_has_their_entry_undone_by_staff_is_gone(database: str) -> None:
    with serving(database, hands := ServerClock(LATER)) as central:
        doors = Doors(central)
        ref = doors.hears("north", let_in(MONDAY, "ten"))
        central.books.append(Reversed(ref=ref, reason="mistake", by="anne"), by="anne")
        hands.moves(minutes=30)
        assert list(central.books.roster.inside(SERRE.id, hands.now)) == []


def test_what_is_pushed_in_one_go_is_judged_as_if_it_came_piece_by_piece(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        central.start()
        for name, hours in (("north", 0), ("south", 2), ("third", 4)):
            at = MONDAY + timedelta(hours=hours)
            doors.hears(name, let_in(at, "ten"), at=at)
        central.books.fold()
        assert doors.left() == 8
        assert len(doors.own("reversal")) == 1


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (let_in(MONDAY + timedelta(hours=3), "ten"), "the windows touch, and do not overlap"),
        (let_in(LATER, reason=Reason.RE_ENTRY), "the second took nothing"),
        (let_in(LATER, "ten", site_id="les-tuves"), "it is another site"),
        (let_in(LATER, "ten", member="max"), "it is another member"),
    ],
)
def test_visits_that_are_no_conflict_stand(database: str, second: Tapped, why: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("north", let_in(MONDAY, "ten"))
        doors.hears("south" if second.site_id == "la-serre" else "elsewhere", second, at=LATER)
        assert kinds(central) == [], why
        assert doors.own("reversal") == []


def test_a_charge_that_was_given_back_already_is_no_conflict(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        ref = doors.hears("north", let_in(MONDAY, "ten"))
        doors.hears("north", Reversed(ref=ref, reason="mistake", by="self"))
        doors.hears("south", let_in(LATER, "ten"), at=LATER)
        assert doors.left() == 9
        assert kinds(central) == []


def test_a_badge_that_was_blocked_meanwhile_is_told_when_the_tap_arrives(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("north", let_in(MONDAY, "ten"))
        assert kinds(central) == []
        central.books.append(BadgeSet(badge=Badge(id="b-lea", member_id="lea", status="blocked")), by="anne")
        ref = doors.hears("south", let_in(MONDAY + timedelta(days=1), "ten"))
        assert kinds(central) == ["blocked_badge"]
        assert central.alarms.listed()[0].ref == ref
        assert doors.left() == 8
        doors.hears("north", Happened(what="started"))
        assert len(doors.own("incident")) == 1


def test_what_comes_again_is_not_judged_again(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("north", let_in(MONDAY, "ten"))
        doors.hears("south", let_in(LATER, "ten"), at=LATER)
        position, alarms = central.feed.last_position(), central.alarms.listed()
        for name, kiosk in doors.kiosks.items():
            sends(central, kiosk, doors.ledgers[name].entries)
        assert (central.feed.last_position(), central.alarms.listed()) == (position, alarms)


def test_an_alarm_that_staff_dismiss_is_gone_until_there_is_new_cause(database: str) -> None:
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        ledger = MemoryLedger()
        sent = ledger.writes(*(Happened(what="tick") for _ in range(5)))
        sends(central, kiosk, sent[1:2])
        (alarm,) = central.alarms.listed()
        assert central.alarms.dismiss(alarm.alarm_id)
        assert central.alarms.listed() == ()
        assert central.alarms.listed(since=alarm.first_at - timedelta(seconds=1))[0].alarm_id == alarm.alarm_id
        sends(central, kiosk, sent[3:4])
        (again,) = central.alarms.listed()
        assert again.times == 2


# ---------------------------------------------------------------- changed apart, and let in before it was known


def test_a_suspended_member_let_in_is_an_alarm(database):
    with serving(database) as central:
        doors = Doors(central)
        central.books.append(MemberSet(member=replace(LEA, status="suspended")), by="anne")
        doors.hears("north", let_in(MONDAY, "ten"))
        assert kinds(central) == ["suspended_member"]


@pytest.mark.parametrize("is_heard_first", ["sale", "tap"])
def test_a_refunded_pass_that_was_used_is_an_alarm(database, is_heard_first):
    with serving(database) as central:
        doors = Doors(central)
        sale = doors.hears("north", sold_to("lea", pass_id="other"))
        told = [("south", let_in(MONDAY, "other")), ("north", Reversed(ref=sale, reason="refund", by="desk"))]
        for name, fact in told if is_heard_first == "tap" else reversed(told):
            doors.hears(name, fact)
        assert kinds(central) == ["refunded_pass"]


def test_one_new_badge_given_to_two_people_is_an_alarm(database):
    with serving(database) as central:
        doors = Doors(central)
        for name, member in (("north", "lea"), ("south", "host")):
            doors.hears(name, BadgeSet(badge=Badge(id="b-new", member_id=member), changed=()))
        assert kinds(central) == ["changed_apart"]
        assert doors.own("incident") == ["incident"]


def test_a_pass_sold_where_its_withdrawal_was_not_known_is_an_alarm(database):
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("north", sold_to("lea", pass_id="before"))
        central.books.append(ProductSet(product=replace(TEN, on_sale=False)), by="anne")
        assert kinds(central) == []
        doors.hears("south", sold_to("lea", pass_id="after"))
        assert kinds(central) == ["withdrawn_product"]
        assert central.books.roster.sale_of("after") is not None


def test_a_day_closed_here_and_opened_there_is_an_alarm_and_stays_closed(database):
    closed, opened, other = "2026 Aug 03-14 off", "2026 Aug 05 10:00-12:00", "2026 Sep 01 10:00-12:00"
    with serving(database) as central:
        doors, saw = Doors(central), central.books.roster.known("site", SERRE.id)
        for door, rule in (("north", closed), ("south", other)):
            site = replace(SERRE, exceptions=(rule,))
            doors.hears(door, SiteSet(site=site, changed=(f"exceptions/{rule}",), saw=saw))
        assert kinds(central) == []
        site = replace(SERRE, exceptions=(opened,))
        doors.hears("third", SiteSet(site=site, changed=(f"exceptions/{opened}",), saw=saw))
        (alarm,) = central.alarms.listed()
        assert (alarm.kind, alarm.facts["field"]) == ("changed_apart", f"exceptions/{opened}")
        now = central.books.roster.site(SERRE.id)
        assert now is not None
        assert now.exceptions.index(closed) > now.exceptions.index(opened)


def test_two_overrides_of_one_day_made_apart_are_an_alarm(database):
    with serving(database) as central:
        doors = Doors(central)
        closed = Override(state="closed", since=MONDAY, until=MONDAY + timedelta(hours=4))
        for door, word in (("north", closed), ("south", replace(closed, state="open"))):
            doors.hears(door, HoursOverridden(site_id=SERRE.id, override=word, saw=()))
        (alarm,) = central.alarms.listed()
        assert (alarm.kind, alarm.facts["field"]) == ("changed_apart", "override")


def test_a_role_changed_apart_is_an_alarm_and_nobody_is_a_host_by_it(database):
    with serving(database) as central:
        doors, roster = Doors(central), central.books.roster
        saw = roster.known("member", "host")
        doors.hears("north", MemberSet(member=replace(HOST, role="member"), changed=("role",), saw=saw))
        doors.hears("south", MemberSet(member=replace(HOST, role="staff"), changed=("role",), saw=saw))
        assert kinds(central) == ["changed_apart"]
        host = roster.member("host")
        assert host is not None
        assert host.role == "member"


def test_a_change_of_somebody_who_was_erased_elsewhere_brings_nobody_back_and_names_nobody(database):
    with serving(database) as central:
        doors, saw = Doors(central), central.books.roster.known("member", "lea")
        central.books.append(Erased(member_id="lea"), by="anne")
        doors.hears("north", MemberSet(member=replace(LEA, name="Léa again"), changed=("name",), saw=saw))
        assert central.books.roster.member("lea") is None
        assert kinds(central) == []


def test_changes_of_different_fields_are_no_conflict(database):
    with serving(database) as central:
        doors = Doors(central)
        saw = central.books.roster.known("member", "lea")
        doors.hears("north", MemberSet(member=replace(LEA, name="L"), changed=("name",), saw=saw))
        doors.hears("south", MemberSet(member=replace(LEA, note="n"), changed=("note",), saw=saw))
        assert kinds(central) == []
        lea = central.books.roster.member("lea")
        assert lea is not None
        assert (lea.name, lea.note) == ("L", "n")
