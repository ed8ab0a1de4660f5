"""What a kiosk may write, and what is set aside for a person, on both databases."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from kiosk.facts import (
    AnyFact,
    BadgeSet,
    Condensed,
    Erased,
    Happened,
    HoursOverridden,
    Left,
    MemberSet,
    MonthSummed,
    Reversed,
    SiteSet,
)
from kiosk.model import Badge, Charge, Member, Ref
from sync.central.alarms.register import Kind
from sync.central.feed import rights
from sync.central.feed.rights import RIGHTS
from sync.central.server import Central
from sync.wire import Outcome
from tests.office.ledgers.small_house import MONDAY, house_facts, let_in, sold_to
from tests.office.servers.server import MemoryLedger, ServerClock, pairs, sends, serving
from tests.rules.house import HOST, LEA, SERRE
from tests.sync.central.roster.test_forgetting import told

DOCS = Path(__file__).parents[4] / "docs/protocol.md"
BUIS = replace(SERRE, id="les-tuves", name="Les Tuves")
LATER = timedelta(hours=2)


class House:
    """A server with two kiosks, one at each site, paired long enough ago; a third ledger is nobody's here."""

    def __init__(self, central: Central, clock: ServerClock) -> None:
        self.central, self.clock = central, clock
        central.books.append(*house_facts(), SiteSet(site=BUIS), by="anne")
        self.serre = MemoryLedger("serre")
        self.buis = MemoryLedger("buis")
        self.kiosks = {
            "serre": pairs(central, "serre", name="Serre").kiosk,
            "buis": pairs(central, "buis", name="Buis", site_id=BUIS.id).kiosk,
        }
        self.clock.now += LATER

    def says(self, *facts: AnyFact, kiosk: str = "buis") -> list[Outcome]:
        """A kiosk sends facts; what becomes of each."""
        ledger = self.serre if kiosk == "serre" else self.buis
        pushed = sends(self.central, self.kiosks[kiosk], ledger.writes(*facts))
        return [status.outcome for status in pushed.statuses]

    def alarms(self) -> list[str]:
        kinds = (alarm.kind for alarm in self.central.alarms.listed())
        return [kind for kind in kinds if kind != Kind.CHANGED_APART]  # nobody here tells what they saw


@pytest.fixture
def house(database: str):
    clock = ServerClock()
    with serving(database, clock) as central:
        yield House(central, clock)


TAP = Ref(ledger_id="serre", seq=1)
FOREIGN: dict[str, AnyFact] = {
    "a tap at another site": let_in(MONDAY),
    "somebody leaves another site": Left(member_id="lea", site_id=SERRE.id),
    "a sale at another site": sold_to("lea", pass_id="more"),
    "another site is closed": HoursOverridden(site_id=SERRE.id, override=None),
    "an incident at another site": Happened(what="door_forced", site_id=SERRE.id),
    "the month of another site": MonthSummed(site_id=SERRE.id, month="2026-07"),
    "the month of the network": MonthSummed(site_id="", month="2026-07"),
    "the hours of another site": SiteSet(site=replace(SERRE, hours="24/7"), changed=("hours",)),
    "a tap at another site is taken back": Reversed(ref=TAP, reason="x", by="desk"),
    "an entry that nobody has is taken back": Reversed(ref=Ref(ledger_id="serre", seq=999), reason="x", by="desk"),
    "the taps of another kiosk are condensed": Condensed(
        ledger_id="serre", first=1, last=99, uses=(Charge(pass_id="ten", units=1),)
    ),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_is_not_a_kiosks_own_is_set_aside_with_an_alarm_and_changes_nothing(house: House, what: str) -> None:
    assert house.says(let_in(MONDAY, "ten"), kiosk="serre") == [Outcome.ACCEPTED]
    before = told(house.central), house.central.books.roster.site(SERRE.id)
    assert house.says(FOREIGN[what]) == [Outcome.QUARANTINED]
    house.central.books.fold()
    (aside,) = house.central.quarantine.listed()
    assert aside.reason.startswith("no right: this kiosk may write it about ")
    assert house.alarms() == [Kind.SET_ASIDE]
    assert house.central.books.roster.site(SERRE.id) == before[1]
    assert house.central.books.roster.holdings("lea", MONDAY)[0].used == 1
    assert b'"verdict"' in told(house.central), "the taps of the other kiosk are there"


@pytest.mark.parametrize("what", FOREIGN)
def test_without_rights_it_would_be_taken_in(house: House, what: str, monkeypatch) -> None:
    """The twin: the same entries, and a judge who allows everything."""
    monkeypatch.setattr(rights.Judge, "why_not", lambda judge, entry: "")
    house.says(let_in(MONDAY, "ten"), kiosk="serre")
    assert house.says(FOREIGN[what]) == [Outcome.ACCEPTED]


def test_what_is_its_own_is_taken_in_of_every_kind(house: House) -> None:
    own: list[AnyFact] = [
        SiteSet(site=replace(BUIS, hours="24/7"), changed=("hours",)),
        let_in(MONDAY, site_id=BUIS.id),
        Left(member_id="lea", site_id=BUIS.id),
        HoursOverridden(site_id=BUIS.id, override=None),
        Happened(what="started", site_id=BUIS.id),
        Happened(what="started"),
        MemberSet(member=replace(LEA, note="x"), changed=("note",)),
        BadgeSet(badge=Badge(id="b2", member_id="lea")),
        Reversed(ref=Ref(ledger_id="buis", seq=2), reason="x", by="desk"),
        Condensed(ledger_id="buis", first=1, last=5),
        MonthSummed(site_id=BUIS.id, month="2026-07"),
    ]
    assert set(house.says(*own)) == {Outcome.ACCEPTED}
    assert house.alarms() == []


def test_a_kiosk_of_the_same_site_may_take_back_what_the_other_let_in(house: House) -> None:
    house.says(let_in(MONDAY, "ten"), kiosk="serre")
    beside = MemoryLedger("beside")
    kiosk = pairs(house.central, "beside", name="Beside").kiosk
    pushed = sends(house.central, kiosk, beside.writes(Reversed(ref=TAP, reason="x", by="desk")))
    assert [status.outcome for status in pushed.statuses] == [Outcome.ACCEPTED]


def test_a_fourth_erasure_in_an_hour_waits_for_a_person_and_an_hour_later_there_are_three_again(house: House) -> None:
    members = [MemberSet(member=Member(id=f"m{n}", name=f"M {n}"), changed=()) for n in range(8)]
    house.says(*members)
    told = house.says(*(Erased(member_id=f"m{n}") for n in range(5)))
    assert told == [Outcome.ACCEPTED] * 3 + [Outcome.QUARANTINED] * 2
    assert house.says(Erased(member_id="m6")) == [Outcome.QUARANTINED], "in another push too"
    house.central.books.fold()
    assert {one.id for one in house.central.books.roster.members()} >= {"m3", "m4", "m6"}
    house.clock.now += LATER
    assert house.says(Erased(member_id="m7")) == [Outcome.ACCEPTED]


def test_twenty_members_may_be_changed_in_an_hour_and_any_number_added(house: House) -> None:
    new = [MemberSet(member=Member(id=f"m{n}", name=f"M {n}"), changed=()) for n in range(60)]
    assert set(house.says(*new)) == {Outcome.ACCEPTED}
    house.central.books.fold()
    changes = [MemberSet(member=Member(id=f"m{n}", name="Nobody"), changed=("name",)) for n in range(30)]
    assert house.says(*changes).count(Outcome.QUARANTINED) == 10
    assert house.says(new[0]) == [Outcome.QUARANTINED], "who is there cannot be made anew"


def test_in_the_hour_after_it_was_paired_a_kiosk_brings_all_that_it_had(house: House) -> None:
    ledger = MemoryLedger("old")
    kiosk = pairs(house.central, "old", name="Old").kiosk
    house.central.books.append(*(MemberSet(member=Member(id=f"m{n}", name=f"M {n}")) for n in range(30)), by="anne")
    facts: list[AnyFact] = [Erased(member_id=f"m{n}") for n in range(10)]
    facts.append(MemberSet(member=replace(HOST, pin="x"), changed=("pin",)))
    pushed = sends(house.central, kiosk, ledger.writes(*facts))
    assert {status.outcome for status in pushed.statuses} == {Outcome.ACCEPTED}
    assert house.alarms() == []


@pytest.mark.parametrize(
    "fact",
    [
        MemberSet(member=Member(id="new", name="New", role="staff"), changed=()),
        MemberSet(member=replace(LEA, role="staff"), changed=("role",)),
        MemberSet(member=replace(HOST, pin="another"), changed=("pin",)),
        BadgeSet(badge=Badge(id="b-new", member_id="host"), changed=()),
    ],
    ids=["a new host", "a member becomes a host", "the PIN of a host", "a badge for a host"],
)
def test_whoever_becomes_a_host_at_a_kiosk_is_told_of(house: House, fact: AnyFact) -> None:
    assert house.says(fact) == [Outcome.ACCEPTED]
    assert house.alarms() == [Kind.HOST_MADE]


def test_what_is_set_aside_is_taken_in_by_a_person(house: House) -> None:
    house.says(SiteSet(site=replace(SERRE, name="Serre neuve"), changed=("name",)))
    (aside,) = house.central.quarantine.listed()
    assert house.central.quarantine.replay(aside.quarantine_id) is None
    house.central.books.fold()
    site = house.central.books.roster.site(SERRE.id)
    assert site is not None
    assert site.name == "Serre neuve"
    assert house.alarms() == []


def test_an_entry_that_is_here_is_a_duplicate_whatever_its_writer_may_now(house: House) -> None:
    entries = house.serre.writes(let_in(MONDAY, "ten"))
    sends(house.central, house.kiosks["serre"], entries)
    moved = replace(house.kiosks["serre"], site_id=BUIS.id)
    assert [one.outcome for one in sends(house.central, moved, entries).statuses] == [Outcome.DUPLICATE]


def test_every_kind_has_a_row_and_the_documentation_has_the_same_table() -> None:
    assert set(RIGHTS) == {str(kind.__struct_config__.tag) for kind in get_args(AnyFact)}
    page = DOCS.read_text().partition("### Rights")[2].partition("### Former ledgers")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| ?(\d*).*\|$", page, flags=re.MULTILINE)
    assert {kind: (about, int(most) if most else None) for kind, about, most in rows} == {
        kind: (right.about, right.an_hour) for kind, right in RIGHTS.items()
    }
