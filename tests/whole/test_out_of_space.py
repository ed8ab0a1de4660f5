"""A kiosk started on a card that takes no writes: it serves without a ledger, and restarts once it can write.

The cards are real: a small file system in memory that is filled, and a folder that is mounted read-only.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kiosk.answers import Done, Refused, Status
from kiosk.commands import AddMember, ListMembers, ShowStatus
from kiosk.model import Signal
from kiosk.notices import Notice
from tests.office.kiosks.running import RunningKiosk

SMALL = "24m"


def mounted(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    """A small memory card."""
    folder = tmp_path / "card"
    folder.mkdir()
    mounted("-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(card: Path) -> Path:
    """Put a file onto the card that leaves no room."""
    much = card / "much"
    with much.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return much


def is_out_of_service(kiosk: RunningKiosk, code: str, words: str) -> None:
    """Check that the kiosk serves without a ledger and says why: in its status, to hosts, and to whoever taps."""
    status = kiosk.asks(ShowStatus())
    assert isinstance(status, Status)
    assert "ledger_failed" in status.health
    (disk,) = [one for one in status.vitals if one.part == "disk"]
    assert (disk.state, disk.code) == ("fault", code)
    refused = kiosk.asks(ListMembers())
    assert isinstance(refused, Refused)
    assert refused.code == "LEDGER_FAILED"
    assert kiosk.bench.watching
    told = kiosk.bench.watching.answers
    kiosk.bench.put("camille")
    said = told.get(timeout=20)
    assert isinstance(said, Notice)
    if said.signal is not Signal.FAULT:  # the reader's first search found the badge: it is to be laid down anew
        kiosk.bench.take()
        kiosk.bench.put("camille")
        said = told.get(timeout=20)
        assert isinstance(said, Notice)
    assert (said.signal, said.lines[0]) == (Signal.FAULT, words)
    kiosk.bench.take()
    assert not kiosk.bench.board.strike_edges


def is_in_service(folder: Path, state: Path, *, is_blank: bool) -> None:
    """Check that a kiosk that is started now has a ledger that it can write."""
    with RunningKiosk(folder, state=state, is_blank=is_blank) as kiosk:
        status = kiosk.asks(ShowStatus())
        assert not isinstance(status, Status) or "ledger_failed" not in status.health
        assert kiosk.kiosk.controller.ledger_id
        if not is_blank:
            assert isinstance(kiosk.asks(AddMember(name="Zoé", anyway=True)), Done)


def ends_by_itself(kiosk: RunningKiosk) -> bool:
    """Wait until the kiosk stops, to be started anew."""
    kiosk.main.join(30)
    return not kiosk.main.is_alive()


def test_started_on_a_full_card_it_serves_without_a_ledger_and_begins_anew_when_there_is_room(card, tmp_path):
    much = fill(card)
    with RunningKiosk(tmp_path / "bench", state=card, is_blank=True) as kiosk:
        is_out_of_service(kiosk, "disk_full", "Rien n’est noté : la carte mémoire est pleine")
        much.unlink()
        assert ends_by_itself(kiosk)
    is_in_service(tmp_path / "bench", card, is_blank=True)


def test_started_on_a_card_that_became_read_only_it_keeps_the_ledger_and_goes_on_in_it(tmp_path):
    state, bench = tmp_path / "state", tmp_path / "bench"
    state.mkdir()
    is_in_service(bench, state, is_blank=False)
    mounted("--bind", str(state), str(state))
    mounted("-o", "remount,ro,bind", str(state))
    try:
        with RunningKiosk(bench, state=state, is_blank=True) as kiosk:
            is_out_of_service(kiosk, "disk_read_only", "Rien n’est noté : la carte mémoire n’accepte plus rien")
            mounted("-o", "remount,rw,bind", str(state))
            assert ends_by_itself(kiosk)
        is_in_service(bench, state, is_blank=False)
    finally:
        subprocess.run(["umount", "--lazy", str(state)], check=True)
