"""A roster that the entries do not determine is fetched from the server: after an unnoticed restore, for lost entries.

Each case is shown twice: as it is, and with one mechanism left out; then the network must be found broken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest

from kiosk.facts import Entry, Happened, MemberSet
from kiosk.ledger import Fault, Ledger
from kiosk.model import Member, Ref
from kiosk.store.feed import cursors
from sync import wire
from sync.central.storage import network
from sync.client import HttpAnswer
from sync.wire import Outcome, Pushed
from tests.simulator import invariants, trouble
from tests.simulator.kiosk import Kiosk
from tests.simulator.line import Line, Sent, plain
from tests.simulator.world import World

Life = Callable[[World], None]


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def broken(folder: Path, live: Life, *, line: type[Line] = Line, ledger: type[Ledger] = Ledger) -> set[str]:
    """Live with two kiosks, come to rest, and return the names of the invariants that do not hold."""
    world = World(folder, seed=1, kiosks=(2, 2), line_type=line, ledger_type=ledger)
    try:
        for kiosk in world.kiosks:
            kiosk.exchange()
        live(world)
        world.come_to_rest()
        after = invariants.After(world.server, world.kiosks, acked=world.acked)
        return {what.partition(":")[0] for what in (*world.violations, *invariants.violations(after))}
    finally:
        world.close()


def renamed(name: str) -> MemberSet:
    return MemberSet(member=Member(id="lea", name=name))


# ---------------------------------------------------------------- a server that lost only what was its own


class WithoutMarks(Line):
    """Cursors that are a number and no more, as they were before they named the entry that stands there."""

    def deliver(self, request: Sent) -> HttpAnswer:
        method, path, headers, body = request
        parts = urlsplit(path)
        cursor = parse_qs(parts.query).get("after", [""])[0]
        if cursor:
            path = f"{parts.path}?{urlencode({'after': cursor.rpartition('.')[0]})}"
        return super().deliver((method, path, headers, body))


def loses_its_own(world: World) -> None:
    place = world.server.copy()
    world.server.central.books.append(renamed("forgotten"), by="host")
    world.kiosks[0].exchange()
    world.server.put_back(place)
    world.server.central.books.append(renamed("remembered"), Happened(what="more"), by="host")


def test_a_server_that_lost_what_staff_did_begins_a_new_feed(tmp_path):
    assert broken(tmp_path, loses_its_own) == set()


def test_without_marks_a_kiosk_passes_by_what_took_the_lost_places(tmp_path):
    assert "I4" in broken(tmp_path, loses_its_own, line=WithoutMarks)


def test_who_did_not_see_what_was_lost_is_told_as_well(tmp_path):
    world = World(tmp_path, seed=1, kiosks=(2, 2))
    for kiosk in world.kiosks:
        kiosk.exchange()
    before = network.load(world.server.central.storage).generation
    loses_its_own(world)
    for kiosk in world.kiosks:
        kiosk.exchange()
    after = network.load(world.server.central.storage).generation
    cursors = {(kiosk.ledger.cursor or "").partition(".")[0] for kiosk in world.kiosks}
    kinds = [alarm.kind for alarm in world.server.central.alarms.listed()]
    world.close()
    assert after != before
    assert cursors == {after}
    assert kinds == ["restored"]


# ---------------------------------------------------------------- a server put back above a hole


class WithoutHad(Line):
    """A server that does not say what it had."""

    def deliver(self, request: Sent) -> HttpAnswer:
        answer = super().deliver(request)
        if request[1] == wire.ENTRIES and answer.status == 200:
            said = msgspec.json.decode(plain(answer.body))
            said.pop("had", None)
            return HttpAnswer(status=200, body=msgspec.json.encode(said))
        return answer


def loses_what_follows_a_hole(world: World) -> None:
    kiosk = world.kiosks[0]
    trouble._unreadable(kiosk)
    kiosk.ledger.append(Happened(what="before"))
    kiosk.exchange()
    place = world.server.copy()
    kiosk.ledger.append(Happened(what="after"))
    kiosk.exchange()
    world.server.put_back(place)


def test_what_follows_an_unreadable_entry_is_sent_again_to_a_server_that_lost_it(tmp_path):
    assert broken(tmp_path, loses_what_follows_a_hole) == set()


def test_a_kiosk_that_is_not_told_what_the_server_had_leaves_it_lost(tmp_path):
    assert "I1" in broken(tmp_path, loses_what_follows_a_hole, line=WithoutHad)


# ---------------------------------------------------------------- an own entry that the server puts aside


class SaysAccepted(Line):
    """A server that does not tell what it put aside."""

    def deliver(self, request: Sent) -> HttpAnswer:
        answer = super().deliver(request)
        if request[1] == wire.ENTRIES and answer.status == 200:
            said = msgspec.json.decode(plain(answer.body), type=Pushed)
            good = tuple(wire.EntryStatus(seq=status.seq, outcome=Outcome.ACCEPTED) for status in said.statuses)
            return HttpAnswer(status=200, body=msgspec.json.encode(msgspec.structs.replace(said, statuses=good)))
        return answer


def is_altered(world: World) -> None:
    trouble._altered(world.kiosks[0])


def test_an_entry_altered_on_the_card_is_put_aside_and_in_no_roster(tmp_path):
    assert broken(tmp_path, is_altered) == set()


def test_a_kiosk_that_does_not_hear_of_it_keeps_to_its_own_word(tmp_path):
    assert "I4" in broken(tmp_path, is_altered, line=SaysAccepted)


def test_it_is_put_aside_for_its_hash(tmp_path):
    world = World(tmp_path, seed=1, kiosks=(1, 1))
    is_altered(world)
    world.kiosks[0].exchange()
    reasons = [one.reason.partition(":")[0] for one in world.server.central.quarantine.listed()]
    world.close()
    assert reasons == ["hash mismatch"]


# ---------------------------------------------------------------- an own entry that was erased before its echo


class GoesOn(Ledger):
    """A ledger that never asks for a snapshot."""

    def add_from_feed(self, arriving: Sequence[tuple[int, Entry]], *, cursor: str | None = None) -> tuple[Fault, ...]:
        faults = super().add_from_feed(arriving, cursor=cursor)
        cursors.write(self._database.connection, {cursors.NEEDS_SNAPSHOT: None})
        return faults


def erases(kiosk: Kiosk, ref: Ref) -> None:
    kiosk.ledger.erase(ref)
    kiosk.erased.add((ref.ledger_id, ref.seq))


def erased_before_it_was_sent(world: World) -> None:
    kiosk = world.kiosks[0]
    erases(kiosk, kiosk.ledger.append(renamed("erased"))[0].ref)


def erased_before_its_echo(world: World) -> None:
    kiosk = world.kiosks[0]
    (entry,) = kiosk.ledger.append(renamed("erased"))
    kiosk.line.next_faults = ["", "lost"]  # of push and pull, the second
    kiosk.line.next_faults.reverse()
    kiosk.exchange()
    assert kiosk.ledger.sent == entry.ref.seq
    erases(kiosk, entry.ref)


def an_older_word_finds_its_place_below_an_erased_one(world: World) -> None:
    """The server had the first word already, and the answer was lost: the second kiosk's comes after it."""
    one, other = world.kiosks
    one.ledger.append(renamed("first"))
    one.line.next_faults = ["lost"]
    one.exchange()
    (second,) = other.ledger.append(renamed("second"))
    other.exchange()
    later = [(position, entry) for position, entry in world.server.feed() if entry.ref == second.ref]
    one.ledger.add_from_feed(later)  # a page that came in parts, the later one first
    erases(one, second.ref)


@pytest.mark.parametrize(
    "live", [erased_before_it_was_sent, erased_before_its_echo, an_older_word_finds_its_place_below_an_erased_one]
)
def test_rosters_agree_whenever_an_entry_is_erased(tmp_path, live):
    assert broken(tmp_path, live) == set()


def test_a_kiosk_that_goes_on_alone_knows_more_than_the_others(tmp_path):
    assert "I4" in broken(tmp_path, erased_before_it_was_sent, ledger=GoesOn)


def test_a_kiosk_that_goes_on_holds_an_older_word_for_the_last(tmp_path):
    assert "I4" in broken(tmp_path, an_older_word_finds_its_place_below_an_erased_one, ledger=GoesOn)
