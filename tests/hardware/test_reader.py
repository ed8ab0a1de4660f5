"""The reader's loop over nfcpy's own driver and a simulated PN532: cards come and go, readers break, recover."""

import gc
import queue
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import nfc
import nfc.clf
import pytest
from nfc.clf import pn532, transport

from hardware.frontend import number_of, open_frontend
from hardware.reader import (
    CardAlreadyThere,
    CardRemoved,
    CardSensed,
    CardUnreadable,
    Event,
    Reader,
    ReaderDown,
    ReaderError,
    ReaderUp,
)
from hardware.simulator.cards import Felica, MifareClassic, Ntag, Phone, Type4Card
from hardware.simulator.chip import FAULTS, Pn532
from hardware.simulator.firmware import GET_FIRMWARE_VERSION, IN_LIST_PASSIVE_TARGET, POWER_DOWN

NTAG_UID = bytes.fromhex("04A1B2C3D4E5F6")
CLASSIC_UID = bytes.fromhex("DEADBEEF")
TYPE4_UID = bytes.fromhex("04112233445566")
FELICA_IDM = bytes.fromhex("012E4CE1D6A5B7F3")
PATIENCE = 10.0
"""Seconds that an event may take on a busy machine; none of the tests waits for it when all is well."""


class Bench:
    """A running reader, its events, and its turns."""

    def __init__(self, chip: Pn532, reader: type[Reader] = Reader, **settings: Any):
        self.chip = chip
        self.told: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.now = 1000.0
        self.stop = threading.Event()
        self._turns = threading.Semaphore(0)
        self.slept = 0.0
        quick: dict[str, Any] = {
            "poll_seconds": 0.002,
            "backoff_seconds": (0.01, 0.04),
            "monotonic": lambda: self.now,
            "since_boot": lambda: self.slept,
        }
        self.reader = reader(f"pty:{chip.port}", emit=self.told.put, allow_simulator=True, **quick | settings)
        self.thread = threading.Thread(target=self.reader.run, args=(self.stop, self._turns.release), daemon=True)

    def next(self):
        return self.told.get(timeout=PATIENCE)

    def turns(self, count=6):
        """Let the loop turn so many times from now on."""
        while self._turns.acquire(blocking=False):
            pass
        for _ in range(count):
            assert self._turns.acquire(timeout=PATIENCE)

    def is_silent(self):
        self.turns()
        return self.told.empty()

    def taps(self, card):
        """Lay a card on the reader and take it away: what it was sensed as."""
        self.chip.put(card)
        sensed = self.next()
        self.chip.take()
        assert self.next() == CardRemoved()
        return sensed


@contextmanager
def reader_on(chip, **settings):
    at_work = Bench(chip, **settings)
    at_work.thread.start()
    try:
        yield at_work
    finally:
        at_work.stop.set()
        at_work.thread.join(PATIENCE)
        assert not at_work.thread.is_alive()


@contextmanager
def bench_up(chip=None, **settings):
    with chip or Pn532() as chip, reader_on(chip, **settings) as at_work:
        assert isinstance(at_work.next(), ReaderUp)
        yield at_work


# ---------------------------------------------------------------- cards


@pytest.mark.parametrize(
    ("card", "technology", "uid"),
    [
        (Ntag(NTAG_UID, "NTAG213"), "NTAG213", NTAG_UID),
        (Ntag(NTAG_UID, "NTAG215"), "NTAG215", NTAG_UID),
        (Ntag(NTAG_UID, "NTAG216"), "NTAG216", NTAG_UID),
        (MifareClassic(CLASSIC_UID), "MIFARE Classic", CLASSIC_UID),
        (MifareClassic(b"\x04\x01\x02\x03"), "MIFARE Classic", b"\x04\x01\x02\x03"),
        (Type4Card(TYPE4_UID), "ISO-DEP", TYPE4_UID),
        (Felica(FELICA_IDM), "FeliCa", FELICA_IDM),
    ],
)
def test_a_card_is_sensed_by_its_number_and_kind(card, technology, uid):
    with bench_up() as at_work:
        assert at_work.taps(card) == CardSensed(uid, technology, "UID_ONLY", at_work.now)


@pytest.mark.parametrize("peer_to_peer", [False, True])
def test_a_phone_is_sensed_once_and_has_another_number_at_each_touch(peer_to_peer):
    phone = Phone(Random(7), peer_to_peer=peer_to_peer)
    with bench_up() as at_work:
        at_work.chip.put(phone)
        first = at_work.next()
        assert at_work.is_silent()
        at_work.chip.take()
        assert at_work.next() == CardRemoved()
        at_work.now += 1.5
        second = at_work.taps(phone)
    assert first.technology == second.technology == "ISO-DEP"
    assert {first.uid[:1], second.uid[:1]} == {b"\x08"}
    assert first.uid != second.uid


CARDS = [Ntag(NTAG_UID), MifareClassic(CLASSIC_UID), Type4Card(TYPE4_UID), Felica(FELICA_IDM)]


@pytest.mark.parametrize("card", CARDS)
def test_a_card_that_stays_on_the_reader_taps_once(card):
    with bench_up() as at_work:
        at_work.chip.put(card)
        assert at_work.next().uid == card.uid
        assert at_work.is_silent()


def test_the_same_card_counts_again_after_a_moment_away_and_not_before():
    card = Ntag(NTAG_UID)
    with bench_up(rearm_seconds=1.5) as at_work:
        at_work.taps(card)
        at_work.now += 1.4
        at_work.chip.put(card)
        assert at_work.is_silent()
        at_work.chip.take()
        assert at_work.is_silent()
        at_work.now += 1.6
        assert at_work.taps(card).uid == NTAG_UID


def test_the_moment_away_begins_when_the_card_leaves():
    card = Ntag(NTAG_UID)
    with bench_up(rearm_seconds=1.5) as at_work:
        at_work.chip.put(card)
        assert at_work.next().uid == NTAG_UID
        at_work.now += 60.0
        assert at_work.is_silent()
        at_work.chip.take()
        assert at_work.next() == CardRemoved()
        at_work.chip.put(card)
        assert at_work.is_silent()


def test_another_felica_card_counts_at_once():
    with bench_up() as at_work:
        at_work.chip.put(Felica(FELICA_IDM))
        assert at_work.next().uid == FELICA_IDM
        at_work.chip.put(Felica(FELICA_IDM[::-1]))
        assert at_work.next() == CardRemoved()
        assert at_work.next().uid == FELICA_IDM[::-1]


def test_a_telephone_that_offers_itself_for_peer_to_peer_is_no_card():
    with bench_up() as at_work:
        at_work.chip.put(Felica(bytes.fromhex("01FE1444EFB88FD5")))
        assert at_work.is_silent()


@pytest.mark.parametrize(("card", "searches"), [(Ntag(NTAG_UID), 1), (Felica(FELICA_IDM), 2)])
def test_felica_is_asked_for_only_where_no_other_card_answers(card, searches):
    with Pn532() as chip, closing(open_frontend(f"pty:{chip.port}")) as frontend:
        chip.put(card)
        before = chip.commands[IN_LIST_PASSIVE_TARGET]
        assert number_of(frontend.sense()) == card.uid
        assert chip.commands[IN_LIST_PASSIVE_TARGET] - before == searches


def test_the_felica_card_that_nfcpy_itself_plays_is_found():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        path = f"udp:127.0.0.1:{free.getsockname()[1]}"
    shown = nfc.clf.LocalTarget("212F", sensf_res=b"\x01" + FELICA_IDM + Felica.parameters + b"\xff\xff")
    with nfc.ContactlessFrontend(path) as card, closing(open_frontend(path)) as frontend:
        at_work = threading.Thread(target=card.listen, args=(shown, PATIENCE), daemon=True)
        at_work.start()
        found = next(filter(None, (frontend.sense() for _ in range(5))))
        assert number_of(found) == FELICA_IDM
        frontend.activate(found).polling()  # whoever listens returns at the first command
        at_work.join(PATIENCE)
        assert not at_work.is_alive()


class Faint(Type4Card):
    """A card at the edge of the field: it answers every other check of its presence."""

    def __init__(self, uid):
        super().__init__(uid)
        self.asked = 0

    def exchange(self, frame):
        if frame[0] & 0xF6 == 0xB2:
            self.asked += 1
        return super().exchange(frame) if self.asked % 2 == 0 else None


def test_a_card_that_is_missed_once_is_still_there():
    card = Faint(TYPE4_UID)
    with bench_up() as at_work:
        at_work.chip.put(card)
        assert at_work.next().uid == TYPE4_UID
        assert at_work.is_silent()
        assert card.asked > 2


def test_another_card_counts_at_once():
    with bench_up() as at_work:
        at_work.chip.put(Ntag(NTAG_UID))
        assert at_work.next().uid == NTAG_UID
        at_work.chip.put(MifareClassic(CLASSIC_UID))
        assert at_work.next() == CardRemoved()
        assert at_work.next().uid == CLASSIC_UID


class Unsteady(Type4Card):
    """A card that is detected but does not answer the first times, like one held too far away."""

    def __init__(self, uid, failures):
        super().__init__(uid)
        self.failures = failures

    def exchange(self, frame):
        if self.failures > 0 and frame[:1] == b"\xe0":
            self.failures -= 1
            return None
        return super().exchange(frame)


def test_a_card_that_cannot_be_read_is_told_once_a_touch():
    with bench_up() as at_work:
        at_work.chip.put(Unsteady(TYPE4_UID, failures=10**6))
        assert at_work.next() == CardUnreadable(at_work.now)
        assert at_work.is_silent()
        at_work.chip.take()
        assert at_work.is_silent()
        assert at_work.taps(Ntag(NTAG_UID)).uid == NTAG_UID


class Fleeing(Type4Card):
    """A card that is taken away during the first question."""

    def __init__(self, uid, chip):
        super().__init__(uid)
        self.chip = chip

    def exchange(self, frame):
        self.chip.take()


def test_a_card_that_is_gone_before_it_could_be_read_is_told_too():
    with bench_up() as at_work:
        at_work.chip.put(Fleeing(TYPE4_UID, at_work.chip))
        assert at_work.next() == CardUnreadable(at_work.now)
        assert at_work.is_silent()


def test_a_card_that_is_read_at_the_second_try_is_just_a_card():
    with bench_up() as at_work:
        assert at_work.taps(Unsteady(TYPE4_UID, failures=1)).uid == TYPE4_UID


class Broken(Type4Card):
    """A card whose answer to RATS is too short to be one: nfcpy raises IndexError."""

    def exchange(self, frame):
        return b"\x01"


def test_a_broken_card_does_not_bring_the_reader_down():
    with bench_up() as at_work:
        at_work.chip.put(Broken(TYPE4_UID))
        assert at_work.next() == CardUnreadable(at_work.now)
        assert at_work.taps(Ntag(NTAG_UID)).uid == NTAG_UID


class LastStraw(Fleeing):
    """A card at which the reader breaks, and which is then taken away."""

    def exchange(self, frame):
        self.chip.fault = "silent"
        return super().exchange(frame)


def test_a_reader_that_breaks_over_a_card_is_broken_and_the_card_is_not_blamed():
    with bench_up() as at_work:
        at_work.chip.put(LastStraw(TYPE4_UID, at_work.chip))
        assert isinstance(at_work.next(), ReaderDown)
        at_work.chip.fault = None
        assert isinstance(at_work.next(), ReaderUp)
        assert at_work.is_silent()


# ---------------------------------------------------------------- a card that was there before


def lift_and_lay_again(at_work, card):
    """Take the card away for two seconds and lay it down; return what the reader reported."""
    at_work.chip.take()
    assert at_work.next() == CardRemoved()
    at_work.now += 2.0
    return at_work.taps(card)


def told_of_a_forgotten_card(chip, card, reader=Reader):
    """Return what a reader reports first of a card that lay on it before it started."""
    with chip:
        chip.put(card)
        with reader_on(chip, reader=reader) as at_work:
            assert isinstance(at_work.next(), ReaderUp)
            first = at_work.next()
            assert at_work.is_silent()
            if first == CardAlreadyThere():
                assert isinstance(lift_and_lay_again(at_work, card), CardSensed)
    return first


@pytest.mark.parametrize(
    "card", [Ntag(NTAG_UID), MifareClassic(CLASSIC_UID), Type4Card(TYPE4_UID), Phone(Random(7))], ids=type
)
def test_a_card_that_lies_there_at_the_start_is_no_tap_until_it_is_lifted_and_laid_again(card):
    assert told_of_a_forgotten_card(Pn532(), card) == CardAlreadyThere()


class Trusting(Reader):
    """The bad twin: it treats whatever it finds as a card that was just laid down."""

    def _sense(self, frontend, uid=None):
        self._is_first_search = False
        return super()._sense(frontend, uid)


def test_a_reader_that_takes_a_forgotten_card_for_a_tap_is_found_out():
    assert isinstance(told_of_a_forgotten_card(Pn532(), Ntag(NTAG_UID), Trusting), CardSensed)


def test_a_forgotten_card_that_cannot_be_read_is_told_of_as_one_too():
    with Pn532() as chip:
        chip.put(Unsteady(TYPE4_UID, failures=10**6))
        with reader_on(chip) as at_work:
            assert isinstance(at_work.next(), ReaderUp)
            assert at_work.next() == CardAlreadyThere()
            assert at_work.is_silent()
            assert isinstance(lift_and_lay_again(at_work, Ntag(NTAG_UID)), CardSensed)


def test_a_card_that_is_there_when_the_reader_comes_back_is_no_tap():
    card = Ntag(NTAG_UID)
    with bench_up() as at_work:
        at_work.chip.unplug()
        assert isinstance(at_work.next(), ReaderDown)
        at_work.chip.put(card)
        at_work.chip.replug()
        assert isinstance(at_work.next(), ReaderUp)
        assert at_work.next() == CardAlreadyThere()
        assert lift_and_lay_again(at_work, card).uid == NTAG_UID


def test_a_card_that_is_there_when_the_reader_is_opened_anew_is_no_tap():
    with bench_up(chip=LaysAtOpening()) as at_work:
        at_work.chip.card = Ntag(NTAG_UID)
        at_work.slept += 6 * 3600.0
        assert at_work.next() == CardAlreadyThere()
        assert at_work.is_silent()


class LaysAtOpening(Pn532):
    """A chip on which a card lies as soon as it is opened anew."""

    card = None

    def _command(self, code, data):
        if code == GET_FIRMWARE_VERSION and self.card:
            self.put(self.card)
        super()._command(code, data)


class LaysAfterSleep(Pn532):
    """A chip on which a card lies when the machine wakes up from its sleep in the middle of a search."""

    at_work: Any = None

    def _command(self, code, data):
        if code == IN_LIST_PASSIVE_TARGET and self.at_work:
            self.at_work.slept += 3600.0
            self.put(Ntag(NTAG_UID))
            self.at_work = None
        super()._command(code, data)


def test_a_card_that_is_there_after_a_sleep_is_no_tap():
    with bench_up(chip=LaysAfterSleep()) as at_work:
        at_work.chip.at_work = at_work
        assert at_work.next() == CardAlreadyThere()
        assert at_work.is_silent()


def test_a_badge_that_tapped_and_lies_on_over_a_sleep_stays_the_same_touch():
    with bench_up() as at_work:
        at_work.chip.put(Ntag(NTAG_UID))
        assert at_work.next().uid == NTAG_UID
        at_work.slept += 3600.0
        assert at_work.is_silent()
        at_work.chip.take()
        assert at_work.next() == CardRemoved()
        at_work.now += 2.0
        assert at_work.taps(Ntag(NTAG_UID)).uid == NTAG_UID


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"noack", "hangup"}))
def test_a_reader_that_fails_is_told_once_and_works_again_when_it_is_mended(fault):
    with bench_up() as at_work:
        at_work.chip.fault = fault
        down = at_work.next()
        assert isinstance(down, ReaderDown)
        assert at_work.chip.port in down.error
        at_work.turns(3)
        assert at_work.told.empty()
        at_work.chip.fault = None
        assert isinstance(at_work.next(), ReaderUp)
        assert at_work.taps(Ntag(NTAG_UID)).uid == NTAG_UID


class Stumbling(Pn532):
    """A chip that fails once, at a search, on demand."""

    stumbles = False

    def _command(self, code, data):
        fails = self.stumbles and code == IN_LIST_PASSIVE_TARGET
        if fails:
            self.stumbles, self.fault = False, "silent"
        super()._command(code, data)
        if fails:
            self.fault = None


def test_a_reader_that_stumbles_once_goes_on_without_a_word():
    with bench_up(Stumbling()) as at_work:
        at_work.chip.stumbles = True
        at_work.turns(6)
        assert not at_work.chip.stumbles
        assert at_work.told.empty()
        assert at_work.taps(Ntag(NTAG_UID)).uid == NTAG_UID


def test_lost_acknowledgements_do_no_harm():
    with bench_up() as at_work:
        at_work.chip.fault = "noack"
        assert at_work.taps(Ntag(NTAG_UID)).uid == NTAG_UID


@pytest.mark.parametrize("how", ["unplug", "hangup in the middle of a question"])
def test_an_unplugged_reader_is_told_once_and_works_again_when_it_is_back(how):
    with bench_up() as at_work:
        if how == "unplug":
            at_work.chip.unplug()
        else:
            at_work.chip.fault = "hangup"
        down = at_work.next()
        assert isinstance(down, ReaderDown)
        at_work.turns(3)
        assert at_work.told.empty()
        at_work.chip.fault = None
        at_work.chip.replug()
        assert isinstance(at_work.next(), ReaderUp)
        assert at_work.taps(Ntag(NTAG_UID)).uid == NTAG_UID


def test_a_reader_that_is_not_there_at_first_is_told_and_found_when_it_comes():
    with Pn532() as chip:
        chip.unplug()
        with reader_on(chip) as at_work:
            down = at_work.next()
            assert isinstance(down, ReaderDown)
            assert down.error.startswith(f"{chip.port} is not there: plug the reader in")
            chip.replug()
            assert isinstance(at_work.next(), ReaderUp)


@pytest.mark.parametrize("card", [Ntag(NTAG_UID), Type4Card(TYPE4_UID)])
def test_a_card_that_lies_on_the_reader_while_it_is_unplugged_does_not_tap_again(card):
    with bench_up() as at_work:
        at_work.chip.put(card)
        assert at_work.next().uid == card.uid
        at_work.chip.unplug()
        assert isinstance(at_work.next(), ReaderDown)
        at_work.now += 3600.0
        at_work.chip.replug()
        assert isinstance(at_work.next(), ReaderUp)
        assert at_work.is_silent()
        at_work.chip.take()
        assert at_work.next() == CardRemoved()


class Rests(threading.Event):
    """A stop flag that records the loop's rests, ends each at once, and finally stops the loop."""

    def __init__(self, count):
        super().__init__()
        self.count, self.rests = count, []

    def wait(self, timeout=None):
        self.rests.append(timeout)
        if len(self.rests) == self.count:
            self.set()
        return self.is_set()


def test_a_reader_that_is_missing_is_tried_ever_more_rarely_and_the_heart_beats_every_second():
    stop, beats = Rests(17), list[int]()
    told: list[Event] = []
    reader = Reader("pty:/dev/nothing", emit=told.append, allow_simulator=True)
    reader.run(stop, lambda: beats.append(len(stop.rests)))
    seconds = [0.2, 0.4, 0.8, 1.0, 0.6, 1.0, 1.0, 1.0, 0.2, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert stop.rests == pytest.approx(seconds)
    assert set(beats) >= set(range(17))
    assert [type(event) for event in told] == [ReaderDown]


@pytest.mark.parametrize(("works_for", "pauses"), [(0.0, [0.2, 0.4, 0.8]), (60.0, [0.2, 0.2, 0.2])])
def test_a_reader_that_fails_again_and_again_is_given_more_time_unless_it_worked_for_a_while(works_for, pauses):
    now = 0.0
    with Pn532() as chip:

        def on_event(event):
            nonlocal now
            chip.fault = "errframe" if isinstance(event, ReaderUp) else None
            now += works_for

        stop = Rests(6)
        path = f"pty:{chip.port}"
        Reader(path, emit=on_event, allow_simulator=True, monotonic=lambda: now).run(stop, lambda: None)
        assert [seconds for seconds in stop.rests if seconds > 0.1] == pauses


def lines_and_pipes():
    """What this process has open of what a serial port is made of; files of other tests may come and go."""
    gc.collect()
    opened = Counter[str]()
    for file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # closed by now: the one that the folder itself was read with
            opened[str(file.readlink())] += 1
    return Counter({name: count for name, count in opened.items() if name.startswith(("/dev/p", "pipe:"))})


def test_unplugging_costs_no_file_descriptors():
    # Counted when reader and chip have ended: before, a reader on a busy machine may be opening its port anew.
    before = lines_and_pipes()
    with bench_up() as at_work:
        for _ in range(20):
            at_work.chip.unplug()
            assert isinstance(at_work.next(), ReaderDown)
            at_work.chip.replug()
            assert isinstance(at_work.next(), ReaderUp)
        assert lines_and_pipes() - before
    assert lines_and_pipes() - before == Counter()


def test_what_nfcpy_leaves_open_when_the_plug_is_out_is_seen():
    with Pn532() as chip:
        before = lines_and_pipes()
        frontend = open_frontend(f"pty:{chip.port}")
        chip.unplug()
        with suppress(Exception):
            frontend._clf.close()
        assert lines_and_pipes() - before
        frontend.close()
        assert lines_and_pipes() - before == Counter()


# What nfcpy does by itself, in a process of its own: the settings of hardware.frontend are not in there.
PLAIN_NFCPY = """
import sys
from nfc.clf import pn532, transport
device = pn532.init(transport.TTY(sys.argv[1]))
print(device.chipset.transport.baudrate, flush=True)
sys.stdin.read()
device.close()
"""


@contextmanager
def plain_nfcpy(port):
    command = [sys.executable, "-c", PLAIN_NFCPY, port]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "921600\n"
        yield process


def test_a_reader_whose_process_was_killed_at_high_speed_is_opened():
    with Pn532() as chip:
        with plain_nfcpy(chip.port) as process:
            process.kill()
        with reader_on(chip) as at_work:
            assert isinstance(at_work.next(), ReaderUp)
            assert at_work.taps(Ntag(NTAG_UID)).uid == NTAG_UID


def test_without_our_help_it_stays_deaf():
    with Pn532() as chip:
        with plain_nfcpy(chip.port) as process:
            process.kill()
        line = transport.TTY(chip.port)
        with pytest.raises(TimeoutError):
            pn532.init(line)
        line.close()


def test_our_reader_is_never_put_to_sleep_but_plain_nfcpy_does_it():
    with Pn532() as chip:
        with plain_nfcpy(chip.port) as process:
            process.communicate("")
        assert chip.commands[POWER_DOWN] == 1
        with reader_on(chip) as at_work:
            assert isinstance(at_work.next(), ReaderUp)
        assert chip.commands[POWER_DOWN] == 1


# ---------------------------------------------------------------- the long run


def test_after_hours_without_a_card_the_reader_is_opened_anew_and_nobody_is_told():
    with bench_up(refresh_seconds=6 * 3600.0) as at_work:
        opened = at_work.chip.commands[GET_FIRMWARE_VERSION]
        at_work.turns()
        assert at_work.chip.commands[GET_FIRMWARE_VERSION] == opened
        at_work.slept += 6 * 3600.0
        assert at_work.is_silent()
        assert at_work.chip.commands[GET_FIRMWARE_VERSION] == opened + 2  # nfcpy asks twice when it opens
        assert at_work.taps(Ntag(NTAG_UID)).uid == NTAG_UID


def test_the_loop_works_at_the_pace_of_a_real_wire():
    with Pn532(wire=True) as chip, reader_on(chip) as at_work:
        assert isinstance(at_work.next(), ReaderUp)
        assert at_work.taps(Ntag(NTAG_UID)).technology == "NTAG213"


def test_a_path_that_cannot_work_is_refused_before_anything_is_opened():
    with pytest.raises(ReaderError, match="write tty:S0:pn532"):
        Reader("/dev/ttyS0", emit=lambda event: None)
