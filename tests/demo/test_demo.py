"""The demo: its people on any day of the year, its prompt, and the whole of it as a host would start it."""

import logging
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk.clock import MovableClock
from kiosk.demo import main
from kiosk.demo.bench import Bench, BenchError
from kiosk.demo.introduction import own_command
from kiosk.demo.people import PEOPLE, write_history
from kiosk.demo.prompt import Prompt, parse_time
from kiosk.demo.start import has_sound_card, throw_away
from kiosk.demo.terminal import FIRST_TRIES_SECONDS, FirstTries
from kiosk.ledger import LedgerError, open_ledger
from kiosk.model import Reason
from kiosk.rules.passes import balance

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, 5, tzinfo=PARIS)


@pytest.mark.parametrize("today", ["2026-01-02", "2026-03-30", "2026-05-14", "2026-08-05", "2026-12-25", "2028-02-29"])
def test_on_any_day_the_demo_opens_on_a_morning_with_the_same_cards(tmp_path, today) -> None:
    clock = MovableClock(datetime.fromisoformat(today).replace(tzinfo=UTC), runs=False)
    with open_ledger(tmp_path / "ledger.db", stamp=clock.stamp) as ledger:
        write_history(ledger, clock, b"k" * 32)
        now, (site,) = clock.now(), ledger.roster.sites()
        left = {
            person.key: [balance(held, site, now) for held in ledger.roster.holdings(person.key, now)]
            for person in PEOPLE
        }
        assert (left["camille"], left["nadia"], left["theo"], left["maxime"]) == ([9], [1], [0], [None])
        assert now.astimezone(PARIS).strftime("%H:%M") == "10:05"
        assert ledger.roster.people_in(site.id, now) == 2
        assert ledger.verify() == ()
        assert ledger.roster_differences() == ()


def test_the_demos_history_was_lived_by_the_rules(tmp_path) -> None:
    clock = MovableClock(NOW, runs=False)
    with open_ledger(tmp_path / "ledger.db", stamp=clock.stamp) as ledger:
        write_history(ledger, clock, b"k" * 32)
        visits = ledger.roster.visits(NOW - timedelta(days=80), NOW)
    assert len(visits) == sum(person.visits + person.here for person in PEOPLE)
    assert {visit.reason for visit in visits} == {Reason.ENTRY_USED}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+10m", "Mon 23 10:15"),
        ("-1h", "Mon 23 09:05"),
        ("+1d", "Tue 24 10:05"),
        ("16:50", "Mon 23 16:50"),
        ("16h50", "Mon 23 16:50"),
        ("thu 13:55", "Thu 26 13:55"),
        ("monday 9:00", "Mon 23 09:00"),
        ("2026-07-14 10:00", "Tue 14 10:00"),
    ],
)
def test_the_clock_understands_how_people_write_times(text, expected) -> None:
    assert parse_time(NOW, text).strftime("%a %d %H:%M") == expected


@pytest.mark.parametrize("text", ["later", "25:00", "xyz 10:00", "2026-13-01 10:00", "+10", "10:5"])
def test_a_time_that_is_none_is_refused_with_examples(text) -> None:
    with pytest.raises(BenchError, match=r"is no time: \+10m"):
        parse_time(NOW, text)


def test_a_mistyped_word_is_answered_with_the_one_that_was_meant(tmp_path) -> None:
    prompt = Prompt(Bench(tmp_path), "Europe/Paris", lay=lambda _: "", touch=lambda _: "", wake=lambda: None)
    with pytest.raises(BenchError, match="did you mean unplug"):
        prompt.run_line("unplgu")
    with pytest.raises(BenchError, match="type help"):
        prompt.run_line("wxyz")
    with pytest.raises(BenchError, match=r'there is no card "camile"; did you mean camille\?\ncards: camille, nadia,'):
        prompt.run_line("put camile")
    assert "tap NAME" in prompt.run_line("help")


def test_reset_throws_away_the_demos_files_and_nothing_else(tmp_path) -> None:
    for name in ("ledger.db", "ledger.db.lock", "badge.key", "holiday-photos.zip"):
        (tmp_path / name).touch()
    throw_away(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["holiday-photos.zip", "ledger.db.lock"]


@pytest.mark.parametrize("reset", [True, False])
def test_a_second_demo_is_turned_away_and_harms_nothing(tmp_path, reset) -> None:
    settings = tmp_path / "kiosk.toml"
    settings.write_text("of the first")
    with (
        open_ledger(tmp_path / "ledger.db", stamp=MovableClock(NOW).stamp) as first,
        pytest.raises(LedgerError, match=rf"a demo is running here \(process {os.getpid()}\): leave it first"),
    ):
        main(tmp_path, reset=reset, window=False)
    assert settings.read_text() == "of the first"
    assert (tmp_path / "ledger.db").exists()
    assert first.ledger_id


@pytest.mark.parametrize("typed", ["theo", "Théo", "THÉ"])
def test_a_card_is_found_whatever_its_accents_and_case(tmp_path, typed) -> None:
    assert Bench(tmp_path).find(typed) == "theo"


KIOSK = Path(sys.executable).with_name("kiosk")


def terminal(home: Path) -> dict[str, str]:
    """Return the environment of a terminal without a display, with a home of its own."""
    outside = {name: value for name, value in os.environ.items() if name != "SDL_VIDEODRIVER"}
    return {**outside, "XDG_STATE_HOME": str(home), "PYTHONUNBUFFERED": "1", "DISPLAY": "", "WAYLAND_DISPLAY": ""}


def demo(home: Path, *args: str, typed: str, **more: str) -> str:
    """Return the output of a demo in a terminal; `more` is added to its environment."""
    env = terminal(home) | more
    done = subprocess.run([KIOSK, "demo", *args], input=typed, capture_output=True, text=True, env=env, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_runs_in_a_terminal_and_goes_on_where_it_ended(tmp_path) -> None:
    first = demo(tmp_path, typed="tap camille\ntap ines\nclock thu 13:55\ntap zoe\n")
    assert "accordé ENTRY_USED Camille Roux" in first
    assert "Porte déverrouillée · Voyant\u202f: accordé" in first
    assert "refusé BADGE_BLOCKED" in first
    assert "13:55 refusé CLOSED" in first
    assert (tmp_path / "kiosk-demo" / "screen.png").read_bytes()[:4] == b"\x89PNG"
    second = demo(tmp_path, typed="clock\n")
    assert "13:55" in second
    assert "10:05" in demo(tmp_path, "--reset", typed="clock\n")


def test_a_hosts_button_opens_the_screen_and_says_where_it_goes_on(tmp_path) -> None:
    said = demo(tmp_path, "--alone", typed="touch desk\ntap claire\ntouch desk\ntap camille\ntouch leave\n")
    before, _, after = said.partition("STAFF Claire Bonnet")
    assert 'the notice has no button "desk": it has none' in before
    assert 'the screen goes on with "desk"' in after
    assert 'the notice has no button "leave"' in after
    assert "with a second tap, 5 s or more after the first" in after


@pytest.mark.parametrize(
    ("program", "typed"), [(".venv/bin/kiosk", "./.venv/bin/kiosk"), ("/elsewhere/kiosk", "/elsewhere/kiosk")]
)
def test_the_demo_names_the_command_that_works_from_this_folder(monkeypatch, tmp_path, program, typed) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [program])
    monkeypatch.setenv("PATH", "/nowhere")
    assert own_command() == typed
    monkeypatch.setattr(sys, "argv", ["/bin/kiosk"])
    assert own_command() == "/bin/kiosk"


def test_a_reader_that_comes_back_is_told_and_reads_the_next_card(tmp_path) -> None:
    said = demo(tmp_path, "--alone", typed="tap nadia\nunplug\nplug\ntap camille\n")
    before, _, after = said.partition("the reader is unplugged\n")
    assert "reader up: " in before
    assert "reader down: " in before
    assert "reader up: " in after
    assert "accordé ENTRY_USED Camille Roux" in after.partition("the reader is plugged in\n")[2]


def test_a_member_who_reads_english_is_answered_in_english(tmp_path) -> None:
    said = demo(tmp_path, "--alone", typed="tap tom\n")
    assert "granted ENTRY_USED Tom Whitfield: Entry recorded" in said
    assert "Door unlocked · Lamp: granted" in said


def test_a_reader_that_needs_several_tries_at_the_start_alarms_nobody() -> None:
    now = [0.0]
    first = FirstTries(lambda: now[0])
    down, up = (logging.makeLogRecord({"msg": f"reader {state}: %s"}) for state in ("down", "up"))
    assert not first.filter(down)
    now[0] = FIRST_TRIES_SECONDS
    assert first.filter(down)
    answered = FirstTries(lambda: 0.0)
    assert answered.filter(up)
    assert answered.filter(down)


def test_without_any_sound_device_no_speaker_is_opened(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("SDL_AUDIODRIVER", raising=False)
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert has_sound_card() == any(Path("/dev/snd").glob("pcm*p"))
    (tmp_path / "pipewire-0").touch()
    assert has_sound_card()


def test_the_same_card_after_the_clock_was_moved_is_a_new_tap(tmp_path) -> None:
    said = demo(tmp_path, "--alone", typed="tap camille\nclock thu 13:55\ntap camille\n")
    assert "Le même badge à nouveau" not in said
    assert "13:55 refusé CLOSED" in said


def test_a_display_that_does_not_answer_is_done_without(tmp_path) -> None:
    said = demo(tmp_path, "--alone", "--window", typed="tap camille\n", DISPLAY=":987")
    picture = tmp_path / "kiosk-demo" / "screen.png"
    assert f"screen   {picture}" in said
    assert picture.exists()


@pytest.mark.parametrize("size", [("0", "480"), ("800", "-1"), ("7681", "4320")])
def test_a_size_that_no_screen_has_is_refused(tmp_path, size) -> None:
    done = subprocess.run(
        [KIOSK, "demo", "--size", *size], capture_output=True, text=True, env=terminal(tmp_path), timeout=60
    )
    assert done.returncode == 2
    assert f"{size[0]}x{size[1]} is no screen: 240x240 to 7680x4320 pixels" in done.stderr


def test_a_demo_that_has_nobody_to_prompt_stays_until_it_is_told_to_end(tmp_path) -> None:
    command = ["sh", "-c", f'exec "{KIOSK}" demo <&-']
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=terminal(tmp_path)) as running:
        assert running.stdout
        next(line for line in running.stdout if "reader up" in line)
        running.terminate()
        said = running.stdout.read()
    assert running.returncode == 0
    assert "Traceback" not in said


def test_a_card_can_be_laid_from_another_terminal(tmp_path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [KIOSK, "demo", "--alone"], stdin=pipe, stdout=pipe, text=True, env=terminal(tmp_path)
    ) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write("tap camille\n")
        running.stdin.flush()
        next(line for line in running.stdout if "ENTRY_USED" in line)
        laid = subprocess.run(
            [KIOSK, "tap", "nadia"], capture_output=True, text=True, env=terminal(tmp_path), timeout=60
        )
        unknown = subprocess.run(
            [KIOSK, "tap", "nadja"], capture_output=True, text=True, env=terminal(tmp_path), timeout=60
        )
        running.stdin.write("quit\n")
    assert "accordé ENTRY_USED Nadia Benali" in laid.stdout
    assert unknown.returncode == 1
    assert 'there is no card "nadja"; did you mean nadia?\ncards: camille, nadia, ' in unknown.stderr
    assert running.returncode == 0
