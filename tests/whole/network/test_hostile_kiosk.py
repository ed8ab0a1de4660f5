"""A real server process with a hostile kiosk beside a good one: every call of the good one is answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from sync import wire
from tests.bench.flood import PairedKiosk
from tests.bench.sync import process
from tests.office.network.processes import CentralProcess, until

CALLS = 30


def refusals(server: CentralProcess) -> int:
    """How many calls of the hostile kiosk the server refused by now."""
    told = requests.get(f"{server.url}/metrics", timeout=60).text
    lines = re.findall(r'^central_requests_total\{.*status="429".*\} (\S+)$', told, re.MULTILINE)
    return int(sum(map(float, lines)))


def test_a_good_kiosk_is_answered_beside_one_that_floods_in_every_way(tmp_path: Path) -> None:
    with CentralProcess(tmp_path / "server") as server:
        good, mad = PairedKiosk(server, "good"), PairedKiosk(server, "mad")
        good.push()
        assert refusals(server) == 0
        with process("-m", "tests.bench.flood", "attack", server.url, mad.token):
            until(lambda: refusals(server) > 0, "nothing of the flood was refused")
            for _ in range(CALLS):
                good.push()
                good.pull()
        assert len(good.ledger.entries) == CALLS + 1
        feed = requests.get(
            server.url + wire.FEED, headers={"authorization": f"Bearer {good.token}"}, timeout=60
        ).json()
        assert [one["entry"]["ledger_id"] for one in feed["entries"]] == ["ledger-good"] * (CALLS + 1)


def test_a_kiosk_whose_own_calls_flood_is_refused(tmp_path: Path) -> None:
    """The bad twin: with the hostile kiosk's token the same calls are not all answered."""
    with CentralProcess(tmp_path / "server") as server:
        mad = PairedKiosk(server, "mad")
        with process("-m", "tests.bench.flood", "attack", server.url, mad.token):
            until(lambda: refusals(server) > 0)
            with pytest.raises(requests.HTTPError, match="429"):
                pull_often(mad)


def pull_often(kiosk: PairedKiosk) -> None:
    for _ in range(CALLS):
        kiosk.pull()
