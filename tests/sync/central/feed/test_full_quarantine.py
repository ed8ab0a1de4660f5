"""A quarantine has room for what a broken kiosk sends, and an end; nothing is acknowledged that is not kept."""

from __future__ import annotations

import msgspec
import pytest

from kiosk.facts import Happened
from sync import wire
from sync.central.feed import ingest
from sync.central.feed.ingest import MOST_ASIDE, MOST_BYTES_ASIDE, QuarantineFullError
from sync.central.feed.intake import OtherLedgerError
from sync.central.kiosks.former_ledgers import MOST
from sync.central.kiosks.paired import Kiosk
from sync.central.server import Central
from sync.wire import PAGE
from tests.office.servers.server import MemoryLedger, bearer, called, outcomes, pairs, push_of, sends, serving, spoilt
from tests.sync.central.http.test_api import problem

ACCEPTED, ASIDE = wire.Outcome.ACCEPTED, wire.Outcome.QUARANTINED


def garbage(first: int, count: int, *, size: int = 0) -> list[bytes]:
    return [b'{"seq":%d,"at":"%s"}' % (seq, b"x" * size) for seq in range(first, first + count)]


def pushes(central: Central, kiosk: Kiosk, entries: list[bytes]) -> wire.Pushed:
    return central.intake.push(kiosk, spoilt(kiosk.ledger_id, *entries))


def test_a_kiosk_whose_quarantine_is_full_keeps_what_it_has_until_staff_settle(database: str) -> None:
    with serving(database) as central:
        mad, calm = pairs(central, "ledger-mad").kiosk, pairs(central, "ledger-calm").kiosk
        for first in range(1, MOST_ASIDE, PAGE):
            assert pushes(central, mad, garbage(first, PAGE)).acked == first + PAGE - 1
        for _ in range(2):
            with pytest.raises(QuarantineFullError, match="5000 entries"):
                pushes(central, mad, garbage(MOST_ASIDE + 1, 1))
        assert central.quarantine.count() == MOST_ASIDE
        again = pushes(central, mad, garbage(1, PAGE))
        assert (again.acked, outcomes(again)) == (MOST_ASIDE, [ASIDE] * PAGE), "what is there already takes no room"
        ledger = MemoryLedger("ledger-calm")
        assert outcomes(sends(central, calm, ledger.writes(Happened(what="tick")))) == [ACCEPTED]
        assert outcomes(pushes(central, calm, garbage(2, 1))) == [ASIDE], "another has a quarantine of its own"
        central.quarantine.dismiss(central.quarantine.listed(most=1)[0].quarantine_id)
        assert pushes(central, mad, garbage(MOST_ASIDE + 1, 1)).acked == MOST_ASIDE + 1


def test_large_entries_fill_it_sooner(database: str) -> None:
    with serving(database) as central:
        mad, size = pairs(central).kiosk, 1 << 20
        most = MOST_BYTES_ASIDE // size - 1
        for seq in range(1, most + 1):
            pushes(central, mad, garbage(seq, 1, size=size))
        with pytest.raises(QuarantineFullError):
            pushes(central, mad, garbage(most + 1, 1, size=size))


def test_one_entry_larger_than_all_the_room_is_kept_where_nothing_else_is(database: str) -> None:
    with serving(database) as central:
        assert pushes(central, pairs(central).kiosk, garbage(1, 1, size=MOST_BYTES_ASIDE + 1)).acked == 1


def test_an_entry_put_aside_is_read_by_itself_and_as_far_as_asked(database: str) -> None:
    with serving(database) as central:
        entries = garbage(1, 25)
        pushes(central, pairs(central).kiosk, entries)
        shown = central.quarantine.listed(first=10, most=5)
        assert len(shown) == 5
        assert {central.quarantine.raw(one.quarantine_id) for one in central.quarantine.listed()} == set(entries)
        assert len(central.quarantine.raw(shown[0].quarantine_id, most=7)) == 7
        assert central.quarantine.find(shown[0].quarantine_id) == shown[0]
        assert central.quarantine.find("nothing") is None
        assert central.quarantine.raw("nothing") == b""


def test_the_kiosk_is_told_when_to_come_again(tmp_path) -> None:
    with called(str(tmp_path / "central.db")) as client:
        central = client.app.state.central
        paired = pairs(central)
        whole = spoilt("ledger-a", *garbage(1, 1, size=1 << 19))
        answers = []
        for number in range(2, 2 + MOST_BYTES_ASIDE // (1 << 19)):
            answers.append(client.post(wire.ENTRIES, content=whole, headers=bearer(paired)))
            whole = spoilt("ledger-a", *garbage(number, 1, size=1 << 19))
        assert {answer.status_code for answer in answers[:-1]} == {200}
        assert problem(answers[-1]) == (429, "too_much")
        assert int(answers[-1].headers["retry-after"]) >= 60
        good = push_of("ledger-a", [])
        assert client.post(wire.ENTRIES, content=good, headers=bearer(paired)).status_code == 200
    assert ingest.MOST_ASIDE > PAGE


# ---------------------------------------------------------------- many ledgers


def renews(central: Central, token: str, ledger_id: str) -> bool:
    """Whether a kiosk may go on in a new ledger."""
    kiosk = central.kiosks.by_token(token)
    assert kiosk is not None
    push = wire.Push(ledger_id=ledger_id, follows=(kiosk.ledger_id,))
    try:
        central.intake.push(kiosk, msgspec.json.encode(push))
    except OtherLedgerError:
        return False
    return True


def test_a_kiosk_has_no_more_ledgers_than_repairs_can_have_made(database: str) -> None:
    with serving(database) as central:
        mad, calm = pairs(central, "ledger-mad"), pairs(central, "ledger-calm")
        assert [renews(central, mad.token, f"mad-{number}") for number in range(MOST + 3)] == [True] * MOST + [
            False
        ] * 3
        assert len(central.alarms.listed()) == MOST
        assert renews(central, calm.token, "calm-1")
        paired = central.kiosks.by_token(mad.token)
        assert paired is not None
        unknown = wire.Push(ledger_id="one more", follows=("one more",))
        with pytest.raises(OtherLedgerError):
            central.intake.push(paired, msgspec.json.encode(unknown))
        assert central.intake.push(paired, push_of(paired.ledger_id, [])).acked == 0, "its present ledger goes on"
