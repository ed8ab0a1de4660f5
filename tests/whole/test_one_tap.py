"""The whole kiosk: nfcpy's own driver over the emulated chip, the rules, the ledger, the strike, the screen."""

import pytest

from kiosk.answers import Status, decode_answer
from kiosk.commands import ShowStatus, encode_command
from kiosk.model import Granted, Reason
from kiosk.threads.control_socket import ask
from tests.office.kiosks.running import RunningKiosk


@pytest.fixture
def running(tmp_path):
    with RunningKiosk(tmp_path) as running:
        yield running


EXPECTED = {
    "camille": Reason.ENTRY_USED,
    "nadia": Reason.ENTRY_USED,
    "theo": Reason.DEBT,
    "lucie": Reason.PASS_EXPIRED,
    "maxime": Reason.UNLIMITED,
    "ines": Reason.BADGE_BLOCKED,
    "claire": Reason.STAFF,
    "hugo": Reason.RE_ENTRY,
    "karim": Reason.ENTRY_USED,
    "zoe": Reason.NO_PASS,
    "inconnu": Reason.UNKNOWN_BADGE,
    "telephone": Reason.RANDOM_UID,
}


def test_every_card_of_the_demo_gets_the_verdict_of_the_rules_and_is_stored(running) -> None:
    before = len(running.stored())
    verdicts = [running.tap(card) for card in EXPECTED]
    assert [verdict.reason for verdict in verdicts] == list(EXPECTED.values())
    assert [fact.verdict for fact in running.stored()[before:]] == verdicts


def test_the_strike_pulses_for_a_granted_badge_and_the_picture_follows(running) -> None:
    assert running.bench.board.strike_edges == ()
    assert isinstance(running.tap("camille"), Granted)
    assert running.bench.board.wait_for(lambda state: state["strike"])
    assert [edge.on for edge in running.bench.board.strike_edges] == [True]
    assert (running.folder / "screen.png").read_bytes()[:4] == b"\x89PNG"


def test_a_refused_badge_moves_nothing(running) -> None:
    assert running.tap("ines").reason is Reason.BADGE_BLOCKED
    assert running.bench.board.strike_edges == ()


def test_commands_reach_the_running_kiosk_over_its_socket(running) -> None:
    status = decode_answer(ask(running.socket, encode_command(ShowStatus())))
    assert isinstance(status, Status)
    assert status.running
    assert status.health == ()


def test_leaving_the_kiosk_secures_the_door_and_frees_everything(tmp_path) -> None:
    with RunningKiosk(tmp_path) as running:
        running.tap("camille")
        assert running.bench.board.wait_for(lambda state: state["strike"])
    assert not running.bench.board.state()["strike"]
    assert not running.socket.exists()
    with RunningKiosk(tmp_path) as again:
        assert again.tap("camille").reason is Reason.RE_ENTRY


def test_a_worker_that_dies_ends_the_kiosk(running) -> None:
    running.kiosk.controller.inbox.put(object())  # nothing that anybody sends, and harmless
    running.kiosk.controller._panel = None
    running.bench.put("camille")
    running.main.join(10)
    assert not running.main.is_alive()
    assert running.kiosk.workers[0].failed is not None
