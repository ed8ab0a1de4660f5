"""Poison at the head of a thousand entries: the other 999 reach the server in three requests."""

from __future__ import annotations

import pytest

from kiosk.facts import Happened
from sync import wire
from tests.simulator import trouble
from tests.simulator.line import Line, Sent
from tests.simulator.world import World


class Counting(Line):
    """Remembers how long the feed was after each push."""

    def deliver(self, request: Sent):
        answer = super().deliver(request)
        if request[1] == wire.ENTRIES:
            self.__dict__.setdefault("lengths", []).append(self.server.central.feed.last_position())  # type: ignore[attr-defined]
        return answer


@pytest.mark.parametrize("dose", ["_of_the_future", "_malformed", "_altered", "_unreadable"])
def test_poison_at_the_head_of_a_thousand_entries_delays_no_other(tmp_path, dose):
    world = World(tmp_path, seed=1, kiosks=(1, 1), line_type=Counting)
    kiosk = world.kiosks[0]
    getattr(trouble, dose)(kiosk)
    kiosk.ledger.append(*(Happened(what=f"number {number}") for number in range(999)))
    kiosk.exchange()
    lengths = kiosk.line.__dict__["lengths"]
    there = {entry.ref.seq for _, entry in world.server.feed() if entry.ref.ledger_id == kiosk.ledger.ledger_id}
    world.close()
    assert set(range(2, 1001)) <= there
    assert lengths[:3][-1] == lengths[-1]
