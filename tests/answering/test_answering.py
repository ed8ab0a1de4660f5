"""Commands answered by one table, for screen, socket, demo and command line: kiosk.answering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from kiosk import commands, desk
from kiosk.answering import Answering
from kiosk.answers import Answered, Done, DoorOpened, Media, Medium, Refused, Status, Week, decode_answer
from kiosk.commands import (
    AddMember,
    Command,
    ExportBooks,
    ExportMember,
    ListMedia,
    ListMembers,
    OpenDoor,
    Pair,
    ShowStatus,
    ShowWeek,
    TapCard,
    encode_command,
)
from kiosk.desk import Desk, perform_at
from kiosk.facts import Happened
from kiosk.ledger import LedgerError
from kiosk.model import Granted
from kiosk.notices import Health, Language, refusals
from kiosk.threads.inbox import Job
from tests.office.kiosks.stepped import SteppedKiosk


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


def refused(answered: Answered, code: str) -> Refused:
    assert isinstance(answered, Refused), answered
    assert answered.code == code
    return answered


# ---------------------------------------------------------------- the table


def test_every_command_has_a_handler_and_only_the_demo_has_one_for_its_cards(counter) -> None:
    answered = set(counter.answering._handlers) | set(desk._PERFORMED_BY)
    assert set(get_args(commands.Asked)) - answered == {TapCard}
    refused(counter.asks(TapCard(card="celine")), "NOT_HERE")


def test_the_demo_adds_a_row(counter) -> None:
    counter.answering.add({TapCard: lambda command: Done(said=(command.card,))})
    assert counter.asks(TapCard(card="celine")) == Done(said=("celine",))
    assert isinstance(counter.asks(ListMembers()), type(counter.asks(ListMembers())))


def test_a_host_s_word_opens_the_door_after_it_is_in_the_ledger(counter) -> None:
    before = counter.ledger.head.seq
    assert isinstance(counter.asks(OpenDoor(by="claire")), DoorOpened)
    assert counter.door.unlocks == [before + 1]


def test_an_answer_can_be_had_in_a_thread_of_its_own(counter) -> None:
    counter.answering.add({ListMedia: lambda _: Media(media=())})
    assert counter.answering.start(ListMedia()).result(5) == Media(media=())


# ---------------------------------------------------------------- the socket's JSON


def at_socket(counter: SteppedKiosk, line: bytes) -> Answered:
    return decode_answer(counter.answering.answer_line(line))


def test_a_line_of_json_is_answered_like_the_command_in_it(counter) -> None:
    assert isinstance(at_socket(counter, encode_command(AddMember(name="Zoé"))), Done)
    assert at_socket(counter, encode_command(ListMembers())) == counter.asks(ListMembers())


@pytest.mark.parametrize(
    "line", [b"", b"dance", b'{"do": "dance"}', b'{"do": "members", "limit": "x"}', b"\xff\xfe", b'{"do": "\xff"}']
)
def test_a_line_that_is_no_command_is_refused_with_a_sentence(counter, line) -> None:
    assert "does not know that command" in refused(at_socket(counter, line), "NOT_HERE").message
    assert counter.answering.mistakes == 0


def test_a_line_that_is_nested_too_deep_is_refused(counter) -> None:
    line = b'{"do": "members", "more": ' + b"[" * 100_000
    refused(at_socket(counter, line), "NOT_HERE")


# ---------------------------------------------------------------- mistakes of ours


class Mistaken(SteppedKiosk):
    """A kiosk with a handler that fails, in the thread that asks and at the desk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.answering.add({ListMedia: self.fail_here, ListMembers: self.fail_at_desk})

    def fail_here(self, _: Command) -> Answered:
        raise ZeroDivisionError("of ours")

    def fail_at_desk(self, _: Command) -> Answered:
        def fail(desk: desk.Desk) -> Answered:
            desk.append(Happened(what="half", site_id="la-serre"))
            raise OverflowError("of ours")

        return self.submit(fail).result(0)


@pytest.fixture
def mistaken(tmp_path: Path) -> Iterator[Mistaken]:
    counter = Mistaken(tmp_path)
    yield counter
    counter.close()


def test_a_mistake_of_ours_is_a_refusal_a_line_in_the_log_and_a_count_in_the_status(mistaken, caplog) -> None:
    badge = mistaken.joins("camille")
    for number, command in enumerate((ListMedia(), ListMembers()), start=1):
        caplog.clear()
        answered = refused(mistaken.asks(command), "MISTAKE")
        assert "see what was done before you try again" in answered.message
        (record,) = caplog.records
        assert (record.levelname, record.exc_info is not None) == ("ERROR", True)
        status = mistaken.asks(ShowStatus())
        assert isinstance(status, Status)
        assert status.mistakes == number
    assert isinstance(mistaken.tap(badge), Granted)


def test_a_mistake_of_ours_has_words_in_the_reader_s_language(mistaken) -> None:
    answered = refused(mistaken.asks(ListMedia()), "MISTAKE")
    assert "erreur du programme" in refusals.refusal(Language("fr", "Europe/Paris"), answered)


def test_an_answer_that_is_no_json_is_a_refusal_too(counter) -> None:
    counter.answering.add({ListMedia: lambda _: Done(said=("\udcff",))})
    refused(at_socket(counter, encode_command(ListMedia())), "MISTAKE")
    assert counter.answering.mistakes == 1


@pytest.mark.parametrize("on", [date.max, date.min])
def test_a_week_at_either_end_of_time_is_shown_and_the_door_goes_on(counter, on) -> None:
    badge = counter.joins("camille")
    assert isinstance(counter.asks(ShowWeek(on=on)), Week)
    assert isinstance(counter.tap(badge), Granted)


def test_an_idle_screen_that_cannot_be_made_ends_nothing_and_is_logged(counter, caplog) -> None:
    badge = counter.joins("camille")
    counter.wall.idle = lambda _: 1 / 0
    assert isinstance(counter.asks(AddMember(name="Zoé")), Done)
    assert "ZeroDivisionError" in caplog.text
    assert isinstance(counter.tap(badge), Granted)


# ---------------------------------------------------------------- what fails for other reasons


def test_a_ledger_that_cannot_be_written_is_refused_and_shows_on_the_screen(counter) -> None:
    counter.break_disk()
    refused(counter.asks(AddMember(name="Zoé")), "LEDGER_FAILED")
    assert Health.LEDGER_FAILED in counter.controller.health()
    assert counter.answering.mistakes == 0


class BusyDesk:
    """A desk whose thread has no time: jobs run when the test says so."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.jobs: list[Job[Any]] = []

    def submit(self, function: Callable[[Desk], Any]) -> Future[Any]:
        job: Job[Any] = Job(lambda: function(self.desk))
        self.jobs.append(job)
        return job.future


class DeskInTheMiddle(BusyDesk):
    """A desk whose thread has begun a job, and ends it when nobody waits any more."""

    def submit(self, function: Callable[[Desk], Any]) -> Future[Any]:
        future = super().submit(function)
        future.set_running_or_notify_cancel()
        return future


def asked_at(counter: SteppedKiosk, desk: BusyDesk) -> Answering:
    return Answering(
        desk,
        counter.clock,
        site_id="la-serre",
        ledger=Path("ledger.db"),
        pair=lambda _: Done(said=()),
        patience_seconds=0,
    )


def test_a_desk_that_is_too_busy_is_refused(counter) -> None:
    answering = asked_at(counter, BusyDesk(counter.controller._desk()))
    assert "busy" in refused(answering.answer(ListMembers()), "NO_ANSWER").message
    assert answering.answer(Pair(url="https://x", code="1")) == Done(said=())


def test_what_was_refused_because_the_desk_is_busy_is_not_done_afterwards(counter) -> None:
    busy = BusyDesk(counter.controller._desk())
    before = counter.ledger.head.seq
    refused(asked_at(counter, busy).answer(AddMember(name="Zoé")), "NO_ANSWER")
    for job in busy.jobs:
        job.run()
    assert counter.ledger.head.seq == before


def test_a_job_that_nobody_cancelled_would_be_done_twice_by_whoever_asks_again(counter) -> None:
    busy = BusyDesk(counter.controller._desk())
    before = counter.ledger.head.seq
    busy.submit(lambda desk: perform_at(desk, AddMember(name="Zoé")))
    busy.jobs[0].run()
    assert counter.ledger.head.seq > before


def test_a_command_that_fails_after_its_asker_gave_up_is_logged(counter, caplog) -> None:
    busy = DeskInTheMiddle(counter.controller._desk())
    refused(asked_at(counter, busy).answer(ListMembers()), "NO_ANSWER")
    busy.jobs[0].future.set_exception(LedgerError("the disk is full"))
    assert "nobody waited" in caplog.text
    assert "the disk is full" in caplog.text


# ---------------------------------------------------------------- USB sticks


def test_books_and_a_member_s_data_are_put_on_a_stick_that_is_plugged_in(counter, tmp_path) -> None:
    counter.joins("camille")
    stick = tmp_path / "stick"
    stick.mkdir()
    for command in (ExportBooks(medium=str(stick)), ExportMember(member="camille", medium=str(stick))):
        refused(counter.asks(command), "NO_MEDIUM")
    counter.sticks = (Medium(path=str(stick), name="CLE", free=10**9),)
    assert counter.asks(ListMedia()) == Media(media=counter.sticks)
    for command in (ExportBooks(medium=str(stick)), ExportMember(member="camille", medium=str(stick))):
        done = counter.asks(command)
        assert isinstance(done, Done)
        assert Path(done.id or "").exists()
    assert [fact.what for fact in counter.stored(Happened)] == ["books_exported", "member_exported"] * 2
    assert msgspec.json.decode(next(stick.glob("*camille*.json")).read_bytes())["member"]["name"] == "camille"
