"""One tap, one touch, one command, in order: gather, decide, record, act; on a real ledger, with the real rules."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from kiosk.answers import Done, Refused
from kiosk.badges import badge_id, key_mark
from kiosk.commands import ChangeMember, CloseToday, ListInside, Undo
from kiosk.door.door_lines import EXIT_SECONDS
from kiosk.door.recording import RETRY_SECONDS, Recorder
from kiosk.facts import BadgeSet, Happened, Left, Reversed, Tapped
from kiosk.messages import BadgeAlreadyThere, BadgeRemoved, DoorMoved, ReaderDown, ReaderUp, Tick, Touch
from kiosk.model import Badge, Denied, Granted, Reason, Signal, Verdict
from tests.office.kiosks.stepped import KEY, RecordedDoor, SteppedKiosk


@pytest.fixture
def counter(tmp_path):
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


def reason(verdict: Verdict | None) -> Reason:
    assert verdict is not None
    return verdict.reason


def door_tells(counter: SteppedKiosk, what: str, *, waited: float = 0.0) -> None:
    at = counter.clock.monotonic() - waited
    counter.controller.handle(DoorMoved(what=what, monotonic=at))  # type: ignore[arg-type]


def touch(counter: SteppedKiosk, button: str, number: int | None = None) -> None:
    counter.controller.handle(Touch(button=button, notice=number or counter.wall.notices[-1].number))


def buttons(counter: SteppedKiosk) -> list[str]:
    return [button.id for button in counter.wall.notices[-1].buttons]


def ask(counter: SteppedKiosk, command):
    return counter.asks(command)


# ---------------------------------------------------------------- a tap


def test_scenario_a_the_entry_is_on_disk_before_the_strike_moves(counter) -> None:
    camille = counter.joins("camille")
    before = counter.ledger.head.seq
    verdict = counter.tap(camille)
    assert isinstance(verdict, Granted)
    assert (verdict.reason, verdict.units_left) == (Reason.ENTRY_USED, 9)
    assert counter.door.unlocks == [before + 1]
    assert counter.stored(Tapped)[-1].verdict == verdict
    assert counter.light.signals[-1] == Signal.GRANTED
    assert counter.wall.notices[-1].signal is Signal.GRANTED


def test_scenario_b_the_same_badge_within_five_seconds_only_shows_its_notice_again(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(seconds=3)
    assert counter.tap(camille) is None
    assert len(counter.stored(Tapped)) == 1
    assert counter.wall.notices[0] == counter.wall.notices[1]
    assert len(counter.door.unlocks) == 1


def test_a_notice_that_shows_again_keeps_its_buttons_for_as_long_as_it_shows(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(seconds=10)
    counter.tap(camille)
    counter.later(seconds=4)
    assert counter.tap(camille) is None
    counter.later(seconds=6)
    touch(counter, "leave")
    assert len(counter.stored(Left)) == 1


def test_after_the_debounce_the_same_badge_is_judged_again(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(seconds=6)
    assert reason(counter.tap(camille)) is Reason.RE_ENTRY
    assert len(counter.stored(Tapped)) == 2


def test_scenario_l_after_a_power_cut_right_after_the_commit_the_next_tap_is_free(tmp_path) -> None:
    before = SteppedKiosk(tmp_path)
    camille = before.joins("camille")
    before.tap(camille)
    before.close()
    after = SteppedKiosk(tmp_path, at=before.clock.now() + timedelta(minutes=1))
    assert reason(after.tap(camille)) is Reason.RE_ENTRY
    assert [len(fact.verdict.charges) for fact in after.stored(Tapped) if isinstance(fact.verdict, Granted)] == [1, 0]
    after.close()


def test_scenario_r_a_lost_badge_opens_nothing_and_names_nobody(counter) -> None:
    ines = counter.joins("inès", status="lost")
    assert reason(counter.tap(ines)) is Reason.BADGE_BLOCKED
    assert counter.door.unlocks == []
    assert "inès" not in msgspec.json.encode(counter.wall.notices[-1]).decode().casefold()


def test_a_badge_that_was_there_before_opens_and_stores_nothing_until_it_is_laid_again(counter) -> None:
    camille = counter.joins("camille")
    before = counter.ledger.head.seq
    counter.controller.handle(BadgeAlreadyThere())
    assert counter.door.unlocks == []
    assert counter.ledger.head.seq == before
    assert counter.wall.notices[-1].title == "Un badge est posé sur le lecteur"
    assert counter.wall.notices[-1].lines == ("Retirez-le, attendez deux secondes et reposez-le",)
    assert counter.controller.health() == ("badge_on_reader",)
    counter.controller.handle(BadgeRemoved())
    assert counter.controller.health() == ()
    assert reason(counter.tap(camille)) is Reason.ENTRY_USED


def test_a_badge_that_was_there_before_takes_the_buttons_of_the_last_notice_away(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(seconds=10)
    counter.tap(camille)
    number = counter.wall.notices[-1].number
    counter.controller.handle(BadgeAlreadyThere())
    touch(counter, "leave", number)
    assert counter.stored(Left) == []


def most_in_a_minute(counter, event, *, every: float, minutes: int) -> int:
    """Repeat an event for some minutes; return the most entries stored in any minute."""
    stored, seen = [], counter.ledger.head.seq
    start = counter.clock.monotonic()
    for _ in range(int(minutes * 60 / every)):
        event()
        counter.later(seconds=every)
        now, head = counter.clock.monotonic() - start, counter.ledger.head.seq
        stored += [now] * (head - seen)
        seen = head
    return max(sum(1 for at in stored if end - 60 < at <= end) for end in stored)


def floods(counter) -> dict[str, Callable[[], None]]:
    """Return the sources that repeat themselves."""
    numbers = iter(range(10**9))

    def phone() -> None:
        counter.controller.handle(counter.tapped(bytes([8, *next(numbers).to_bytes(3)])))

    def strangers() -> None:
        counter.controller.handle(counter.tapped(bytes([4, *next(numbers).to_bytes(6)])))

    def moved(*what: str) -> None:
        for one in what:
            door_tells(counter, one)

    return {
        "a phone": phone,
        "new badges": strangers,
        "the contact": lambda: moved("opened", "forced_open", "closed"),
        "the exit button": lambda: moved("exit_pressed"),
    }


@pytest.mark.parametrize("source", ["a phone", "new badges", "the contact", "the exit button"])
def test_a_flood_from_one_source_writes_at_most_ten_entries_a_minute(counter, source) -> None:
    assert most_in_a_minute(counter, floods(counter)[source], every=1.0, minutes=4) <= 10
    repeated = [fact for fact in counter.stored(Happened) if fact.what == "repeated"]
    assert len(repeated) == 3


def test_a_flood_that_nothing_bounds_is_found_out(counter) -> None:
    counter.controller._recorder.limiter.admit = lambda source, now: True
    assert most_in_a_minute(counter, floods(counter)["the contact"], every=1.0, minutes=2) > 10


def test_a_member_taps_while_others_flood(counter) -> None:
    camille, phone = counter.joins("camille"), floods(counter)["a phone"]
    most_in_a_minute(counter, phone, every=1.0, minutes=2)
    assert isinstance(counter.tap(camille), Granted)


def test_a_wet_exit_button_is_told_until_it_was_quiet_for_a_minute_and_lets_people_out_all_the_while(counter) -> None:
    for _ in range(83):
        door_tells(counter, "exit_pressed")
        counter.later(seconds=0.15)
    assert len(counter.door.unlocks) == 83
    assert len(counter.stored(Happened)) == 8
    assert counter.controller.health() == ("exit_button_flutters",)
    counter.later(seconds=61)
    counter.controller.handle(Tick())
    counter.controller.handle(Tick())
    assert counter.controller.health() == ()
    door_tells(counter, "exit_pressed")
    assert len(counter.door.unlocks) == 84


def test_the_ninth_press_in_a_minute_still_opens_but_not_while_the_ledger_fails(counter) -> None:
    camille = counter.joins("camille")
    for _ in range(9):
        door_tells(counter, "exit_pressed")
    assert len(counter.door.unlocks) == 9
    counter.break_disk()
    counter.tap(camille)
    door_tells(counter, "exit_pressed")
    assert len(counter.door.unlocks) == 9


def test_an_exit_press_that_waited_while_the_ledger_was_repaired_opens_nothing(counter) -> None:
    door_tells(counter, "exit_pressed", waited=EXIT_SECONDS + 1)
    assert (counter.door.unlocks, counter.stored(Happened)) == ([], [])
    door_tells(counter, "exit_pressed", waited=EXIT_SECONDS - 1)
    assert len(counter.door.unlocks) == 1


def test_a_fluttering_contact_is_told_even_where_nothing_counts_as_forced(counter) -> None:
    for _ in range(83):
        door_tells(counter, "opened")
        door_tells(counter, "closed")
        counter.later(seconds=0.15)
    assert counter.controller.health() == ("door_contact_flutters",)


def test_an_exit_button_that_is_stuck_is_told_until_it_is_free(counter) -> None:
    door_tells(counter, "exit_stuck")
    assert counter.controller.health() == ("exit_button_stuck",)
    door_tells(counter, "exit_released")
    assert counter.controller.health() == ()


class BrokenDoor:
    """A door whose line fails."""

    def unlock(self, seconds: float) -> None:
        raise RuntimeError("GPIO busy")


def test_a_door_that_fails_is_told_and_taps_go_on(counter) -> None:
    camille = counter.joins("camille")
    counter.controller.door._devices = replace(counter.controller.door._devices, door=BrokenDoor())
    assert isinstance(counter.tap(camille), Granted)
    assert counter.controller.health() == ("door_down",)
    assert len(counter.stored(Tapped)) == 1


def test_an_unknown_badge_is_stored_under_the_code_that_it_was_shown(counter) -> None:
    verdict = counter.tap(bytes.fromhex("04112233445566"))
    assert isinstance(verdict, Denied)
    assert verdict.reason is Reason.UNKNOWN_BADGE
    assert verdict.claim_code
    assert counter.wall.notices[-1].code == verdict.claim_code
    assert counter.ledger.roster.find_badge(verdict.claim_code) == counter.stored(Tapped)[-1].badge_id


def test_a_badge_that_cannot_be_read_is_denied_and_stored(counter) -> None:
    assert reason(counter.tap(None)) is Reason.READ_ERROR
    assert len(counter.stored(Tapped)) == 1


def test_the_number_of_a_badge_is_nowhere_in_the_ledger(counter, tmp_path) -> None:
    uid = counter.joins("camille")
    counter.tap(uid)
    counter.ledger.checkpoint()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"camille" in content
    assert uid not in content
    assert uid.hex().encode() not in content.lower()


def test_only_those_who_agreed_are_named_on_the_idle_screen_and_only_while_they_are_in(counter) -> None:
    uids = [counter.joins(name) for name in ("Camille", "Hugo", "Inès")]
    for name in ("Camille", "Inès"):
        assert isinstance(ask(counter, ChangeMember(member=name, listed=True)), Done)
    assert isinstance(ask(counter, ChangeMember(member="Inès", greeting="nothing")), Done)
    for uid in uids:
        counter.controller.handle(counter.tapped(uid))
    assert counter.wall.views[-1].people == "3 personnes présentes"
    assert counter.wall.views[-1].names == "Camille"
    counter.later(hours=8)
    counter.controller.handle(Tick())
    assert (counter.wall.views[-1].names, counter.wall.views[-1].rests) == ("", True)


# ---------------------------------------------------------------- record before act


def opens_without_a_line(counter: SteppedKiosk, camille: bytes) -> bool:
    """Break the disk, tap, and tell whether the door opened."""
    counter.break_disk()
    counter.tap(camille)
    return bool(counter.door.unlocks)


def test_out_of_service_is_told_in_the_language_of_the_screen(tmp_path) -> None:
    counter = SteppedKiosk(tmp_path, language="en")
    counter.break_disk()
    counter.tap(None)
    assert counter.wall.notices[-1].title == "Out of service"
    counter.close()


def test_a_ledger_that_cannot_be_written_keeps_the_door_shut(counter) -> None:
    camille = counter.joins("camille")
    assert not opens_without_a_line(counter, camille)
    assert counter.wall.notices[-1].signal is Signal.FAULT
    counter.controller.handle(Tick())
    assert counter.controller.health() == ("ledger_failed",)


def test_a_command_that_the_disk_refuses_is_a_fault_like_a_tap_that_it_refuses(counter, caplog) -> None:
    counter.break_disk()
    answered = ask(counter, CloseToday())
    assert isinstance(answered, Refused)
    assert "the ledger cannot be written" in answered.message
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert counter.light.signals == ["fault"]
    assert counter.controller.health() == ("ledger_failed",)


def test_a_command_that_is_only_mistaken_is_no_fault(counter) -> None:
    assert isinstance(ask(counter, Undo(member="nobody", reason="none")), Refused)
    assert counter.light.signals == []
    assert counter.controller.health() == ()


class Trusting(Recorder):
    """The bad twin: it opens first and writes later."""

    door: RecordedDoor

    def write(self, fact) -> None:
        self.door.unlock(5)
        super().write(fact)


def test_a_kiosk_that_acts_before_it_records_is_found(counter) -> None:
    camille = counter.joins("camille")
    recorder = counter.controller._recorder
    recorder.__class__, recorder.door = Trusting, counter.door
    assert opens_without_a_line(counter, camille)


def test_the_kiosk_works_again_by_itself_when_the_disk_does(counter) -> None:
    camille = counter.joins("camille")
    counter.break_disk()
    counter.tap(camille)
    counter.break_disk(False)
    counter.later(seconds=RETRY_SECONDS)
    counter.controller.handle(Tick())
    assert counter.controller.health() == ()
    assert [fact.what for fact in counter.stored(Happened)] == ["ledger_recovered"]
    assert reason(counter.tap(camille)) is Reason.ENTRY_USED


def test_while_the_disk_is_broken_it_is_tried_only_now_and_then(counter) -> None:
    camille = counter.joins("camille")
    counter.break_disk()
    counter.tap(camille)
    counter.break_disk(False)
    counter.later(seconds=RETRY_SECONDS - 1)
    counter.controller.handle(Tick())
    assert counter.stored(Happened) == []


def test_the_exit_button_opens_only_with_a_line_in_the_ledger(counter) -> None:
    door_tells(counter, "exit_pressed")
    assert [fact.what for fact in counter.stored(Happened)] == ["exit_pressed"]
    assert counter.door.unlocks == [counter.ledger.head.seq]
    counter.break_disk()
    door_tells(counter, "exit_pressed")
    assert len(counter.door.unlocks) == 1


# ---------------------------------------------------------------- touches


def test_leaving_and_undoing_come_with_the_second_notice(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    assert not {"leave", "undo"} & set(buttons(counter))
    counter.later(seconds=10)
    counter.tap(camille)
    assert {"leave", "undo"} <= set(buttons(counter))


def test_undo_gives_the_entry_back_and_ends_the_window(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(seconds=10)
    counter.tap(camille)
    touch(counter, "undo")
    assert [fact.by for fact in counter.stored(Reversed)] == ["self"]
    assert "10" in " ".join(counter.wall.notices[-1].lines)
    counter.later(seconds=10)
    verdict = counter.tap(camille)
    assert isinstance(verdict, Granted)
    assert (verdict.reason, verdict.units_left) == (Reason.ENTRY_USED, 9)


@pytest.mark.parametrize(("button", "title"), [("leave", "Goodbye"), ("undo", "Entry given back")])
def test_a_touch_is_answered_in_the_language_of_the_screen(tmp_path, button, title) -> None:
    counter = SteppedKiosk(tmp_path, language="en")
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(seconds=10)
    counter.tap(camille)
    touch(counter, button)
    assert counter.wall.notices[-1].title == title
    counter.close()


def test_an_undo_button_that_was_touched_too_late_is_refused(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(seconds=58)
    counter.tap(camille)
    counter.later(seconds=5)
    touch(counter, "undo")
    assert counter.stored(Reversed) == []
    assert counter.wall.notices[-1].signal is Signal.DENIED


def test_an_entry_that_a_host_gave_back_meanwhile_is_not_undone_again(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(seconds=10)
    counter.tap(camille)
    assert isinstance(ask(counter, Undo(member="camille", reason="by mistake")), Done)
    touch(counter, "undo")
    assert [fact.by for fact in counter.stored(Reversed)] == ["desk"]
    assert counter.wall.notices[-1].signal is Signal.DENIED


def test_leaving_ends_the_presence_and_moves_no_money(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(minutes=30)
    counter.tap(camille)
    assert len(ask(counter, ListInside()).people) == 1
    touch(counter, "leave")
    assert [fact.member_id for fact in counter.stored(Left)] == ["camille"]
    assert ask(counter, ListInside()).people == ()
    counter.later(minutes=30)
    assert reason(counter.tap(camille)) is Reason.RE_ENTRY


def test_scenario_p_a_touch_meant_for_the_notice_before_does_nothing(counter) -> None:
    camille, theo = counter.joins("camille"), counter.joins("theo")
    for uid in (camille, theo):
        counter.tap(uid)
    counter.later(seconds=10)
    counter.tap(camille)
    hers = counter.wall.notices[-1].number
    counter.tap(theo)
    touch(counter, "undo", hers)
    assert counter.stored(Reversed) == []


def test_buttons_vanish_with_their_notice(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(seconds=10)
    counter.tap(camille)
    counter.later(seconds=9)
    touch(counter, "undo")
    assert counter.stored(Reversed) == []


def test_a_button_that_was_not_offered_does_nothing(counter) -> None:
    counter.tap(counter.joins("camille"))
    touch(counter, "undo")
    touch(counter, "leave")
    assert counter.stored(Reversed) == []
    assert counter.stored(Left) == []


# ---------------------------------------------------------------- health, door, commands, time


def test_a_reader_that_is_down_is_a_state_with_its_light(counter) -> None:
    counter.controller.handle(ReaderDown(error="unplugged"))
    assert counter.wall.views[-1].trouble
    assert not counter.wall.views[-1].can_tap
    assert counter.light.signals == ["fault"]
    counter.controller.handle(ReaderUp(name="PN532"))
    assert not counter.wall.views[-1].trouble
    assert counter.light.signals == ["fault", "idle"]


def test_the_first_notice_after_a_fault_keeps_its_light(counter) -> None:
    camille = counter.joins("camille")
    counter.break_disk()
    counter.controller.handle(counter.tapped(camille))
    counter.break_disk(False)
    counter.later(seconds=6)
    counter.controller.handle(counter.tapped(camille))
    assert counter.light.signals == ["fault", "granted"]


def test_a_fault_that_goes_on_has_the_light_back_after_a_notice(counter) -> None:
    camille = counter.joins("camille")
    counter.controller.handle(counter.tapped(camille))
    counter.controller.handle(ReaderDown(error="unplugged"))
    assert counter.light.signals == ["granted"]
    counter.later(seconds=9)
    counter.controller.handle(Tick())
    assert counter.light.signals == ["granted", "fault"]


def test_a_light_that_told_of_a_fault_rests_when_there_is_none(tmp_path) -> None:
    counter = SteppedKiosk(tmp_path)
    badge = counter.joins("zoe")
    counter.controller._site_id = "elsewhere"
    counter.controller.handle(counter.tapped(badge))
    counter.later(seconds=9)
    counter.controller.handle(Tick())
    assert counter.light.signals == ["fault", "idle"]
    counter.close()


def test_a_forced_door_is_told_until_a_host_taps(counter) -> None:
    door_tells(counter, "forced_open")
    door_tells(counter, "closed")
    assert counter.controller.health() == ("door_forced_open",)
    counter.tap(counter.joins("claire", staff=True))
    assert counter.controller.health() == ()
    assert [fact.what for fact in counter.stored(Happened)] == ["forced_open"]


def test_a_door_left_open_is_told_until_it_is_closed(counter) -> None:
    door_tells(counter, "held_open")
    assert counter.controller.health() == ("door_held_open",)
    door_tells(counter, "closed")
    assert counter.controller.health() == ()


def test_a_command_changes_what_the_screen_says_at_once(counter) -> None:
    assert counter.wall.views == []
    assert isinstance(ask(counter, CloseToday()), Done)
    assert not counter.wall.views[-1].is_open


def test_scenario_o_closing_early_gives_back_what_is_mostly_lost(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(minutes=55)
    ask(counter, CloseToday())
    assert [fact.by for fact in counter.stored(Reversed)] == ["closing"]
    (held,) = counter.ledger.roster.holdings("camille", counter.clock.now())
    assert held.used == 0


def test_the_idle_screen_is_made_anew_each_minute_and_not_between(counter) -> None:
    counter.controller.handle(Tick())
    counter.later(seconds=20)
    counter.controller.handle(Tick())
    assert len(counter.wall.views) == 1
    counter.later(seconds=60)
    counter.controller.handle(Tick())
    assert len(counter.wall.views) == 2


def test_a_ledger_that_cannot_be_read_is_told_once_a_minute_and_not_at_every_tick(counter, caplog) -> None:
    counter.ledger._database.connection.exec_driver_sql("DROP TABLE sites")
    for _ in range(3):
        counter.controller.handle(Tick())
        counter.later(seconds=1)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert counter.light.signals == ["fault"]


def test_a_kiosk_whose_site_is_not_known_yet_refuses_and_lives(tmp_path) -> None:
    counter = SteppedKiosk(tmp_path)
    badge = counter.joins("zoe")
    counter.controller._site_id = "elsewhere"
    assert reason(counter.tap(badge)) is Reason.OUT_OF_SERVICE
    counter.controller.handle(Tick())
    assert counter.wall.views[-1].trouble
    assert counter.door.unlocks == []
    counter.close()


def test_the_first_badge_that_is_known_marks_the_key_in_the_ledger(tmp_path) -> None:
    counter = SteppedKiosk(tmp_path)
    counter.tap(b"\x04nobody")
    assert counter.ledger.key_mark is None
    counter.tap(counter.joins("camille"))
    assert counter.ledger.key_mark == key_mark(KEY)
    counter.close()


def test_the_key_of_a_network_that_was_joined_takes_the_mark_over(tmp_path) -> None:
    counter, other = SteppedKiosk(tmp_path), bytes(range(32, 64))
    counter.tap(counter.joins("camille"))
    counter.controller.hide_badges_with(other)
    uid = b"\x04other."
    counter.ledger.append(BadgeSet(badge=Badge(id=badge_id(uid, other), member_id="camille")))
    counter.tap(uid)
    assert counter.ledger.key_mark == key_mark(other)
    counter.close()
