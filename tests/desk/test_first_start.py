"""The first start: from an empty machine to a badge that opens, through the controller and the socket's commands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from kiosk.answers import Answered, Done, FirstStart, Refused
from kiosk.commands import AddMember, Command, SetUp, ShowFirstStart
from kiosk.facts import Happened, MemberSet
from kiosk.model import Denied, Granted, Member, Reason, Span, WeekHours
from tests.office.kiosks.stepped import CARNET, MONDAY, SteppedKiosk

DAYS = WeekHours(days=((Span(start=time(9), end=time(17)),),) * 5 + ((),) * 2)
HOST_BADGE = b"\x04hosts."
SERRE = SetUp(name="La Serre", host="Claire", week=DAYS, products=(CARNET,), pin="4711")


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    counter = SteppedKiosk(tmp_path, is_blank=True)
    yield counter
    counter.ledger.close()


def ask(counter: SteppedKiosk, command: Command) -> Answered:
    return counter.asks(command)


def tapped_code(counter: SteppedKiosk, badge: bytes = HOST_BADGE) -> str:
    counter.tap(badge)
    return str(counter.wall.notices[-1].code)


def is_open(counter: SteppedKiosk) -> bool:
    answer = ask(counter, ShowFirstStart())
    assert isinstance(answer, FirstStart)
    return answer.is_open


def test_a_blank_kiosk_is_set_up_and_its_host_s_tap_opens(counter):
    assert is_open(counter)
    code = tapped_code(counter)
    assert counter.door.unlocks == []
    done = ask(counter, replace(SERRE, code=code))
    assert isinstance(done, Done)
    counter.later(seconds=6)
    verdict = counter.tap(HOST_BADGE)
    assert isinstance(verdict, Granted)
    assert verdict.reason is Reason.STAFF
    assert len(counter.door.unlocks) == 1
    site = counter.ledger.roster.site("la-serre")
    assert site is not None
    assert (site.name, site.hours) == ("La Serre", "Mo-Fr 09:00-17:00; PH off")
    assert [one.id for one in counter.ledger.roster.products()] == ["carte-10"]
    assert list(counter.ledger.roster.recent_unknown("la-serre", MONDAY)) == []


def test_a_kiosk_that_is_set_up_cannot_be_set_up_by_a_visitor(counter):
    ask(counter, replace(SERRE, code=tapped_code(counter)))
    before = counter.ledger.head.seq
    assert not is_open(counter)
    visitor = replace(SERRE, host="Visitor", code=tapped_code(counter, b"\x04visit."))
    assert isinstance(ask(counter, visitor), Refused)
    assert [entry.kind for entry in counter.ledger.entries(after=before)] == ["tap"]


def test_a_kiosk_that_knows_a_host_waits_for_nobody(counter):
    counter.ledger.append(MemberSet(member=Member(id="claire", name="Claire", role="staff")))
    assert not is_open(counter)
    assert isinstance(ask(counter, SERRE), Refused)


def test_a_member_alone_does_not_end_the_first_start(counter):
    assert isinstance(ask(counter, AddMember(name="Zoé")), Done)
    assert is_open(counter)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (replace(SERRE, name="  "), "needs a name"),
        (replace(SERRE, host="x" * 61), "60 letters"),
        (replace(SERRE, code="ZZZZ"), "tap the host's badge again"),
        (replace(SERRE, zone="Europe/Serres"), "no time zone"),
        (replace(SERRE, country="XX"), "public holidays"),
        (replace(SERRE, language="xx"), "does not speak"),
        (replace(SERRE, pin=""), "4 to 8 digits"),
        (replace(SERRE, pin="1234"), "anybody would try"),
        (replace(SERRE, week=WeekHours(days=())), "seven days"),
    ],
    ids=[
        "no name",
        "a long name",
        "an old code",
        "a zone",
        "a country",
        "a language",
        "no PIN",
        "an easy PIN",
        "a week of no days",
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_of_the_rest_is_kept(counter, wrong, told):
    before = counter.ledger.head.seq
    refused = ask(counter, wrong)
    assert isinstance(refused, Refused)
    assert told in refused.message
    assert counter.ledger.head.seq == before
    assert is_open(counter)


def test_all_of_it_is_written_or_nothing(counter):
    code = tapped_code(counter)
    before = counter.ledger.head.seq
    ask(counter, replace(SERRE, code=code))
    kinds = [entry.kind for entry in counter.ledger.entries(after=before)]
    assert kinds == ["site", "member", "product", "badge", "incident"]


def test_before_the_set_up_a_phone_is_told_that_it_will_not_do(counter):
    verdict = counter.tap(b"\x08abc")
    assert isinstance(verdict, Denied)
    assert verdict.reason is Reason.RANDOM_UID


def test_before_the_set_up_nobody_comes_in_and_the_tap_is_kept(counter):
    verdict = counter.tap(HOST_BADGE)
    assert isinstance(verdict, Denied)
    assert (verdict.reason, counter.door.unlocks) == (Reason.UNKNOWN_BADGE, [])
    assert [entry.kind for entry in counter.ledger.entries()] == ["tap"]


def test_a_set_up_is_told_in_the_ledger(counter):
    ask(counter, SERRE)
    assert [fact.what for fact in counter.stored(Happened)] == ["set_up"]
