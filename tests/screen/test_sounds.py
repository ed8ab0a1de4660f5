"""Sounds: the samples of each signal, the loudspeaker through SDL, who hears what, and at which hours."""

import os
import subprocess
import sys
from array import array
from datetime import UTC, datetime, time
from itertools import pairwise

import pytest

from hardware.indicator import PATTERNS, with_sound
from kiosk.facts import MemberSet
from kiosk.model import Member, Signal
from kiosk.screen.sound.melodies import MELODIES, RATE, samples
from tests.office.kiosks.stepped import SteppedKiosk

QUIET = (time(22), time(7))


def waves(data: bytes) -> list[int]:
    return array("h", data).tolist()


def pitch(part: list[int]) -> float:
    """Hertz, by how often the wave comes up through nothing."""
    return sum(1 for a, b in pairwise(part) if a < 0 <= b) * RATE / len(part)


def loudness(data: bytes) -> int:
    return max(map(abs, waves(data)))


# ---------------------------------------------------------------- the samples


def test_every_signal_sounds_and_no_two_alike() -> None:
    sounds = {signal: samples(signal) for signal in Signal if signal is not Signal.IDLE}
    assert set(sounds) == set(MELODIES)
    assert all(0.3 < len(data) / 2 / RATE < 1.0 for data in sounds.values())
    assert len({len(data) for data in sounds.values()}) == len(sounds)


@pytest.mark.parametrize("sound", ["usual", "slow"])
def test_good_news_rises_and_bad_news_falls(sound) -> None:
    def halves(signal: Signal) -> tuple[float, float]:
        first, last = MELODIES[signal][0], MELODIES[signal][-1]
        data, slow = waves(samples(signal, sound)), 2 if sound == "slow" else 1
        return pitch(data[: round(first.seconds * slow * RATE)]), pitch(data[-round(last.seconds * slow * RATE) :])

    assert halves(Signal.GRANTED)[1] > halves(Signal.GRANTED)[0] * 1.3
    assert halves(Signal.DENIED)[1] < halves(Signal.DENIED)[0] / 1.3
    start, end = halves(Signal.RE_ENTRY)
    assert start == pytest.approx(end, rel=0.1)


def test_slow_is_twice_as_long_and_lower() -> None:
    usual, slow = samples(Signal.DENIED), samples(Signal.DENIED, "slow")
    assert len(slow) == pytest.approx(2 * len(usual), rel=0.01)
    assert pitch(waves(slow)) < 0.85 * pitch(waves(usual))


def test_the_volume_is_how_loud_it_is_and_nothing_clips() -> None:
    full, half = samples(Signal.GRANTED), samples(Signal.GRANTED, volume=0.5)
    assert loudness(half) == pytest.approx(loudness(full) / 2, rel=0.01)
    assert 8_000 < loudness(full) < 32_000
    assert samples(Signal.GRANTED, "none") == b""


def test_a_sound_begins_and_ends_without_a_click() -> None:
    for signal in MELODIES:
        data = waves(samples(signal))
        assert abs(data[0]) < 300
        assert abs(data[-1]) < 300
        assert max(abs(a - b) for a, b in pairwise(data)) < 14_000


# ---------------------------------------------------------------- the loudspeaker

PLAY = """
import logging, sys, time
logging.basicConfig(level=logging.INFO, format="%(message)s")
from kiosk.model import Signal
from kiosk.screen.sound.speaker import Speaker
speaker = Speaker(volume=float(sys.argv[1]))
for signal in sys.argv[2:]:
    speaker.play(Signal(signal))
speaker.close()
print(speaker.played)
"""


def play(volume: float, *signals: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SDL_VIDEODRIVER": "dummy", **environment}
    command = [sys.executable, "-c", PLAY, str(volume), *signals]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60)


def test_what_sdl_gives_to_the_sound_card_is_the_melody(tmp_path) -> None:
    heard_file = tmp_path / "heard.raw"
    told = play(0.5, "granted", SDL_AUDIODRIVER="disk", SDL_DISKAUDIOFILE=str(heard_file))
    assert told.stdout.split() == ["1"]
    data = waves(heard_file.read_bytes()[: len(heard_file.read_bytes()) // 2 * 2])
    meant = waves(samples(Signal.GRANTED, volume=0.5))
    first = next(number for number, wave in enumerate(data) if wave)
    assert list(data[first : first + 4000]) == pytest.approx(list(meant[1:4001]), abs=400)


def test_a_loudspeaker_that_is_turned_off_is_never_opened(tmp_path) -> None:
    heard_file = tmp_path / "heard.raw"
    assert play(0.0, "granted", SDL_AUDIODRIVER="disk", SDL_DISKAUDIOFILE=str(heard_file)).stdout.split() == ["0"]
    assert not heard_file.exists()


def test_without_a_sound_card_everything_goes_on_and_the_log_says_so_once() -> None:
    told = play(0.5, "granted", "denied", "granted", SDL_AUDIODRIVER="nosuchcard")
    assert told.stdout.split() == ["0"]
    assert told.stderr.count("no sound:") == 1


# ---------------------------------------------------------------- who hears what, and when


def test_a_member_hears_the_rhythm_that_they_chose(tmp_path) -> None:
    counter = SteppedKiosk(tmp_path)
    for sound in ("slow", "none", "usual"):
        uid = counter.joins(sound)
        counter.ledger.append(MemberSet(member=Member(id=sound, name=sound, sound=sound)))
        counter.tap(uid)
    assert [notice.sound for notice in counter.wall.notices] == ["slow", "none", "usual"]
    assert counter.light.sounds == ["slow", "none", "usual"]
    counter.close()


@pytest.mark.parametrize(
    ("at", "sound"),
    [("21:59", "usual"), ("22:00", "none"), ("03:00", "none"), ("06:59", "none"), ("07:00", "usual")],
)
def test_in_quiet_hours_nothing_sounds(tmp_path, at, sound) -> None:
    hour, minute = map(int, at.split(":"))
    counter = SteppedKiosk(tmp_path, at=datetime(2026, 6, 1, (hour - 2) % 24, minute, tzinfo=UTC), quiet=QUIET)
    counter.controller._refresh()
    counter.tap(counter.joins("camille"))
    assert (counter.wall.notices[-1].sound, counter.light.sounds[-1]) == (sound, sound)
    counter.close()


def test_the_buzzer_takes_its_time_or_is_silent_and_the_light_goes_on() -> None:
    usual = PATTERNS["denied"]
    slow, none = with_sound(usual, "slow"), with_sound(usual, "none")
    assert [beat.seconds for beat in slow.beats] == [2 * beat.seconds for beat in usual.beats]
    assert not any(beat.sound for beat in none.beats)
    assert [beat.light for beat in none.beats] == [beat.light for beat in usual.beats]
