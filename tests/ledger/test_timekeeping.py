"""A kiosk that starts without knowing the time: whom it lets in, what it records, and what it corrects later."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from kiosk.answers import Done, Refused
from kiosk.clock import WallClock
from kiosk.clock.sources import HOLD_SECONDS, WITNESS_SECONDS
from kiosk.commands import ForgetOld, SetClock
from kiosk.facts import Left, Timed, TimesCorrected
from kiosk.local_time import to_local, zone
from kiosk.messages import BY_CLOCK, Tick
from kiosk.model import ClockQuality, Denied, Granted, Reason, Ref
from kiosk.store.fold.refold import folded_anew
from kiosk.store.tables import EPOCH, visits
from tests.clocks.virtual_machine import VirtualMachine
from tests.office.kiosks.stepped import SERRES, SteppedKiosk
from tests.office.ledgers.feed import Feed, Node, rows
from tests.office.ledgers.small_house import MONDAY as BOOKED
from tests.office.ledgers.small_house import let_in
from tests.rules.house import SERRE

VISIT_COLUMNS = [column.name for column in visits.columns if column.name != "position"]
MONDAY = datetime(2026, 11, 9, 8, 5, tzinfo=UTC)
"""Monday 9 November 2026, 09:05 in Serres."""
SUNDAY = MONDAY - timedelta(days=1)


def starts(folder, machine: VirtualMachine) -> SteppedKiosk:
    """Start a kiosk; where the network tells the time, until that is believed."""
    kiosk = SteppedKiosk(folder, clock=WallClock(machine))
    if machine.has_network:
        holds(kiosk, machine)
    return kiosk


def holds(kiosk: SteppedKiosk, machine: VirtualMachine) -> None:
    """Let the network tell the same time for long enough."""
    kiosk.controller.handle(Tick())
    machine.passes(timedelta(seconds=HOLD_SECONDS))
    kiosk.controller.handle(Tick())


@pytest.fixture
def machine() -> VirtualMachine:
    return VirtualMachine(SUNDAY)


def wakes(folder, machine: VirtualMachine) -> tuple[SteppedKiosk, bytes, bytes]:
    """Start the kiosk after a power cut, on Monday at 09:05, without a network: it believes that it is still Sunday."""
    before = starts(folder, machine)
    ana, host = before.joins("ana"), before.joins("host", staff=True)
    before.close()
    machine.loses_power(timedelta(days=1), network=False)
    return starts(folder, machine), ana, host


@pytest.fixture
def woken(tmp_path, machine):
    after, ana, host = wakes(tmp_path, machine)
    yield after, ana, host
    after.close()


def answer(verdict: Granted | Denied | None) -> Reason:
    """The reason of a verdict."""
    assert verdict is not None
    return verdict.reason


def knows_again(kiosk: SteppedKiosk, machine: VirtualMachine, *, after: timedelta = timedelta(minutes=30)) -> None:
    """Let time pass, and then the network come back."""
    machine.passes(after)
    machine.has_network = True
    machine.passes(timedelta(seconds=1))
    holds(kiosk, machine)


def test_m_a_wrong_clock_is_recorded_and_flagged_and_lets_only_hosts_in(woken, machine) -> None:
    kiosk, ana, host = woken
    assert kiosk.tap(ana).reason is Reason.CLOCK_UNTRUSTED
    assert kiosk.door.unlocks == []
    assert kiosk.tap(host).reason is Reason.STAFF
    assert len(kiosk.door.unlocks) == 1
    flags = [entry.stamp.clock for entry in kiosk.ledger.entries()][-2:]
    assert flags == [ClockQuality.UNTRUSTED, ClockQuality.UNTRUSTED]
    kiosk.controller.handle(Tick())
    machine.passes(timedelta(minutes=1))
    kiosk.controller.handle(Tick())
    assert kiosk.wall.views[-1].trouble
    assert "réglez l’horloge" in kiosk.wall.views[-1].health


def test_m_what_was_recorded_gets_its_time_once_that_is_known(woken, machine) -> None:
    kiosk, ana, host = woken
    really = machine.true
    kiosk.tap(host)
    seq = kiosk.ledger.head.seq
    knows_again(kiosk, machine)
    *_, told = kiosk.stored(TimesCorrected)
    assert told.times[-1].seq == seq
    assert abs(told.times[-1].at - really) < timedelta(milliseconds=1)
    (visit,) = kiosk.ledger.roster.inside(SERRES.id, machine.true)
    assert abs(visit.at - really) < timedelta(milliseconds=1)
    assert kiosk.ledger.roster_differences() == ()
    assert kiosk.tap(ana).reason is Reason.ENTRY_USED


def test_times_are_put_right_once(woken, machine) -> None:
    kiosk, _, host = woken
    before = len(kiosk.stored(TimesCorrected))
    kiosk.tap(host)
    knows_again(kiosk, machine)
    kiosk.controller.handle(Tick())
    kiosk.tap(host)
    kiosk.controller.handle(Tick())
    assert len(kiosk.stored(TimesCorrected)) == before + 1


def test_a_start_in_the_same_boot_goes_on_from_what_was_known(tmp_path, machine) -> None:
    kiosk = starts(tmp_path, machine)
    ana = kiosk.joins("ana")
    kiosk.close()
    machine.has_network = False
    machine.passes(timedelta(days=1))
    machine.steps(timedelta(days=-900))
    kiosk = starts(tmp_path, machine)
    assert kiosk.clock.stamp().clock is ClockQuality.HOLDOVER
    assert abs(kiosk.clock.now() - machine.true) < timedelta(milliseconds=1)
    assert isinstance(kiosk.tap(ana), Granted)
    kiosk.close()


def test_while_the_time_is_not_known_it_is_not_before_the_last_entry(woken, machine) -> None:
    kiosk, ana, _ = woken
    machine.steps(EPOCH - machine.wall())
    kiosk.tap(ana)
    *_, last = kiosk.ledger.entries()
    assert last.stamp.at >= SUNDAY
    assert last.stamp.clock is ClockQuality.UNTRUSTED


def test_a_battery_keeps_the_time_over_a_power_cut(tmp_path) -> None:
    machine = VirtualMachine(SUNDAY, chip="battery")
    starts(tmp_path, machine).close()
    machine.loses_power(timedelta(days=1), network=False)
    kiosk = starts(tmp_path, machine)
    assert kiosk.clock.stamp().clock is ClockQuality.TRUSTED
    machine.steps(timedelta(days=-1))
    assert abs(kiosk.clock.now() - machine.true) < timedelta(milliseconds=1)
    kiosk.close()


@pytest.mark.parametrize("how", ["reset", "unreadable"])
def test_a_flat_battery_vouches_for_nothing(tmp_path, how) -> None:
    machine = VirtualMachine(SUNDAY, chip="battery")
    starts(tmp_path, machine).close()
    machine.chip_fails(how)
    machine.loses_power(timedelta(days=1), network=False)
    kiosk = starts(tmp_path, machine)
    assert kiosk.clock.stamp().clock is ClockQuality.UNTRUSTED
    kiosk.close()


def test_a_time_that_somebody_tells_is_counted_on_from(woken, machine) -> None:
    kiosk, ana, _ = woken
    kiosk.clock.set_by_host(machine.true, machine.monotonic())
    machine.steps(timedelta(days=-365))
    machine.passes(timedelta(minutes=5))
    assert kiosk.clock.stamp().clock is ClockQuality.HOLDOVER
    assert abs(kiosk.clock.now() - machine.true) < timedelta(milliseconds=1)
    assert kiosk.tap(ana).reason is Reason.ENTRY_USED


# ---------------------------------------------------------------- the roster, everywhere


def folded(entries) -> dict[str, list[tuple[Any, ...]]]:
    with folded_anew(entries) as connection:
        return rows(connection)


@pytest.fixture
def feed(tmp_path) -> Feed:
    """A visit that was stamped a day too early, its end, what was right about both, and a visit elsewhere between."""
    feed = Feed()
    with Node(tmp_path, "a") as a, Node(tmp_path, "b") as b:
        a.moment.clock = ClockQuality.UNTRUSTED
        a.moment.moves(days=-1)
        (tap,) = a.writes(let_in(a.moment.now, "ten"))
        a.moment.moves(hours=1)
        (left,) = a.writes(Left(member_id="lea", site_id=SERRE.id))
        b.moment.moves(minutes=-20)
        b.writes(let_in(b.moment.now, "ten"))
        a.moment.clock = ClockQuality.TRUSTED
        a.moment.moves(days=1)
        day = timedelta(days=1)
        times = (Timed(seq=entry.ref.seq, at=entry.stamp.at + day) for entry in (tap, left))
        a.writes(TimesCorrected(times=tuple(times)))
        for node in (a, b):
            feed.takes(node)
    return feed


def test_in_whatever_order_corrections_arrive_the_roster_is_the_same(feed) -> None:
    expected = folded(feed.entries)
    (first, second) = sorted(expected["visits"], key=lambda row: row[2])
    assert [row[2] for row in (first, second)] == [BOOKED - timedelta(minutes=20), BOOKED]
    for order in permutations(feed.entries):
        assert folded(order) == expected


def test_corrected_times_end_presence_and_count_uses_where_they_belong(feed) -> None:
    told = folded(feed.entries)
    ends = {row[0]: dict(zip(VISIT_COLUMNS, row, strict=True)) for row in told["visits"]}
    assert ends["b"]["presence_end"] == BOOKED
    assert ends["a"]["presence_end"] == ends["a"]["left_at"] == BOOKED + timedelta(hours=1)
    assert ends["a"]["window_end"] - ends["a"]["at"] == timedelta(hours=3)
    assert sorted(row[3] for row in told["uses"]) == [BOOKED - timedelta(minutes=20), BOOKED]


def test_without_its_correction_the_visit_stays_where_the_wrong_clock_put_it(feed) -> None:
    told = folded([placed for placed in feed.entries if placed[1].kind != "times"])
    assert BOOKED not in {row[2] for row in told["visits"]}


@pytest.mark.parametrize("slip", [timedelta(days=-2), timedelta(days=2)])
def test_of_two_corrections_of_an_entry_the_later_counts_in_whatever_order_they_arrive(tmp_path, slip) -> None:
    feed = Feed()
    with Node(tmp_path, "a") as a:
        a.moment.clock = ClockQuality.UNTRUSTED
        (tap,) = a.writes(let_in(a.moment.now, "ten"))
        a.moment.clock = ClockQuality.HOLDOVER
        for apart in (slip, timedelta(hours=1)):
            a.writes(TimesCorrected(times=(Timed(seq=tap.ref.seq, at=tap.stamp.at + apart),)))
        feed.takes(a)
    for order in permutations(feed.entries):
        (visit,) = (row for row in folded(order)["visits"])
        assert visit[2] == tap.stamp.at + timedelta(hours=1)


# ---------------------------------------------------------------- a host who slips


def sets(kiosk: SteppedKiosk, machine: VirtualMachine, at: datetime, *, confirmed: bool = False):
    """Set the clock as a host does at the screen; the kiosk looks at it a second later."""
    local = to_local(zone("Europe/Paris"), at).replace(tzinfo=None)
    answer = kiosk.answering.answer(SetClock(at=local, by="claire", confirmed=confirmed))
    machine.passes(timedelta(seconds=1))
    kiosk.controller.handle(Tick())
    return answer


def test_a_date_long_after_the_last_entry_is_asked_about_and_then_taken(woken, machine) -> None:
    kiosk, _, _ = woken
    far = MONDAY + timedelta(days=3652)
    refused = sets(kiosk, machine, far)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.facts) == ("CLOCK_FAR", {"moment": "2026-11-08 09:06"})
    assert isinstance(sets(kiosk, machine, far, confirmed=True), Done)
    assert kiosk.clock.now().year == 2036


@pytest.mark.parametrize("year", [1, 1969, 2025, 2100, 9999])
def test_a_year_in_which_no_kiosk_runs_is_refused_though_confirmed_and_the_host_can_tap(woken, year) -> None:
    kiosk, _, host = woken
    answer = kiosk.answering.answer(SetClock(at=datetime(year, 1, 1, 0, 5), by="claire", confirmed=True))  # noqa: DTZ001
    assert isinstance(answer, Refused)
    assert answer.code == "CLOCK_YEAR"
    assert isinstance(kiosk.tap(host), Granted)


def test_a_slip_of_a_host_is_put_right_at_once_and_so_are_its_entries(woken, machine) -> None:
    kiosk, _, host = woken
    sets(kiosk, machine, MONDAY + timedelta(days=3652), confirmed=True)
    really = machine.true
    kiosk.tap(host)
    seq = kiosk.ledger.head.seq
    assert isinstance(sets(kiosk, machine, machine.true), Done)
    told = {timed.seq: timed.at for fact in kiosk.stored(TimesCorrected) for timed in fact.times}
    assert abs(told[seq] - really) < timedelta(minutes=1)
    (visit,) = kiosk.ledger.roster.inside(SERRES.id, machine.true)
    assert abs(visit.at - really) < timedelta(minutes=1)


@pytest.mark.parametrize("reboots", [False, True])
def test_a_slip_is_put_right_after_a_restart_too(tmp_path, machine, reboots) -> None:
    kiosk, ana, host = wakes(tmp_path, machine)
    sets(kiosk, machine, MONDAY + timedelta(days=3652), confirmed=True)
    kiosk.tap(host)
    kiosk.close()
    if reboots:
        machine.loses_power(timedelta(minutes=1), network=False)
    again = starts(tmp_path, machine)
    assert isinstance(sets(again, machine, machine.true), Done)
    assert isinstance(again.tap(ana), Granted)
    (visit, *_) = again.ledger.roster.inside(SERRES.id, machine.true)
    assert visit.at <= machine.true, "no visit lies in the future"
    assert again.ledger.roster_differences() == ()
    again.close()


def test_a_setting_outlives_a_restart_though_nothing_was_written_after_it(tmp_path, machine) -> None:
    kiosk, ana, _ = wakes(tmp_path, machine)
    sets(kiosk, machine, machine.true)
    kiosk.close()
    machine.passes(timedelta(minutes=5))
    again = starts(tmp_path, machine)
    assert again.clock.quality() is ClockQuality.HOLDOVER
    assert abs(again.clock.now() - machine.true) < timedelta(minutes=1)
    assert isinstance(again.tap(ana), Granted)
    again.close()


# ---------------------------------------------------------------- what cannot be undone


def test_nothing_is_forgotten_by_a_time_that_one_source_tells_for_less_than_an_hour(tmp_path, machine) -> None:
    kiosk = starts(tmp_path, machine)
    assert kiosk.clock.quality() is ClockQuality.TRUSTED
    refused = kiosk.answering.answer(ForgetOld())
    assert isinstance(refused, Refused)
    assert refused.code == "CLOCK_UNSURE"
    machine.passes(timedelta(seconds=WITNESS_SECONDS))
    kiosk.controller.handle(Tick())
    assert isinstance(kiosk.answering.answer(ForgetOld()), Done)
    kiosk.close()


def test_where_only_a_battery_keeps_the_time_nothing_is_forgotten_until_a_host_confirms_the_date(tmp_path) -> None:
    machine = VirtualMachine(SUNDAY, chip="battery")
    starts(tmp_path, machine).close()
    machine.loses_power(timedelta(days=1), network=False)
    kiosk = starts(tmp_path, machine)
    assert kiosk.clock.quality() is ClockQuality.TRUSTED
    lasts(kiosk, machine, timedelta(days=2))
    assert isinstance(kiosk.answering.answer(ForgetOld()), Refused)
    wrong = sets(kiosk, machine, machine.true + timedelta(hours=1), confirmed=True)
    assert isinstance(wrong, Refused)
    assert wrong.code == "CLOCK_KEPT"
    assert isinstance(sets(kiosk, machine, machine.true, confirmed=True), Done)
    assert isinstance(kiosk.answering.answer(ForgetOld()), Refused), "a slip can be seen for an hour"
    lasts(kiosk, machine, timedelta(hours=1))
    assert isinstance(kiosk.answering.answer(ForgetOld()), Done)
    assert kiosk.clock.quality() is ClockQuality.TRUSTED
    kiosk.close()


@pytest.mark.parametrize("years", [1, 30, -1, -30])
def test_a_network_that_tells_another_year_is_not_believed_alone(tmp_path, machine, years) -> None:
    starts(tmp_path, machine).close()
    machine.network_lies(timedelta(days=365 * years))
    machine.loses_power(timedelta(minutes=5), network=True)
    kiosk = starts(tmp_path, machine)
    machine.passes(timedelta(days=2))
    kiosk.controller.handle(Tick())
    assert kiosk.clock.quality() is ClockQuality.UNTRUSTED
    assert not kiosk.clock.is_witnessed()
    kiosk.close()


def test_two_who_agree_are_believed_after_a_long_time_in_the_dark(tmp_path, machine) -> None:
    starts(tmp_path, machine).close()
    machine.loses_power(timedelta(days=400), network=True)
    kiosk = starts(tmp_path, machine)
    assert kiosk.clock.quality() is ClockQuality.UNTRUSTED
    kiosk.clock.hear_server(machine.true, machine.monotonic())
    assert kiosk.clock.quality() is ClockQuality.TRUSTED
    kiosk.close()


def test_an_hour_of_another_time_than_the_kiosk_goes_by_is_no_witness_for_it(tmp_path, machine) -> None:
    kiosk = starts(tmp_path, machine)
    machine.network_lies(timedelta(days=39))
    holds(kiosk, machine)
    machine.network_lies(timedelta(0))
    for _ in range(70):
        machine.passes(timedelta(minutes=1))
        kiosk.controller.handle(Tick())
        assert not (kiosk.clock.is_witnessed() and kiosk.clock.now() - machine.true > timedelta(days=1))
    kiosk.close()


# ---------------------------------------------------------------- a network that was wrong for long


@pytest.mark.parametrize("boots", [False, True])
def test_a_network_that_was_wrong_for_two_hours_takes_it_back(tmp_path, machine, boots) -> None:
    kiosk = starts(tmp_path, machine)
    machine.network_lies(timedelta(hours=3))
    if boots:
        kiosk.close()
        machine.loses_power(timedelta(minutes=5), network=True)
        kiosk = starts(tmp_path, machine)
    lasts(kiosk, machine, timedelta(hours=2))
    assert kiosk.clock.now() - machine.true == timedelta(hours=3)
    machine.network_lies(timedelta(0))
    lasts(kiosk, machine, timedelta(hours=1))
    assert kiosk.clock.now() - machine.true == timedelta(hours=3), "it has not told the right time for longer yet"
    lasts(kiosk, machine, timedelta(hours=1, minutes=10))
    assert kiosk.clock.now() == machine.true
    assert kiosk.clock.quality() is ClockQuality.TRUSTED
    kiosk.close()


def test_what_was_written_while_the_network_was_wrong_gets_its_time_and_is_not_charged_again(tmp_path, machine) -> None:
    machine.true = MONDAY
    kiosk = starts(tmp_path, machine)
    ana = kiosk.joins("ana")
    assert answer(kiosk.tap(ana)) is Reason.ENTRY_USED
    machine.network_lies(timedelta(hours=4))
    lasts(kiosk, machine, timedelta(minutes=20))
    really = machine.true
    assert answer(kiosk.tap(ana)) is Reason.ENTRY_USED
    seq = kiosk.ledger.head.seq
    machine.network_lies(timedelta(0))
    lasts(kiosk, machine, timedelta(hours=2))
    visit = kiosk.ledger.roster.visit(Ref(ledger_id=kiosk.ledger.ledger_id, seq=seq))
    assert visit is not None
    assert abs(visit.at - really) < timedelta(seconds=1)
    assert visit.reversed_by == BY_CLOCK
    first, *_ = kiosk.ledger.roster.visits(MONDAY, machine.true)
    assert first.at == MONDAY + timedelta(seconds=HOLD_SECONDS)
    assert first.reversed_at is None, "what was paid at the right time stands"
    assert kiosk.ledger.roster_differences() == ()
    kiosk.close()


@pytest.mark.parametrize("hours_off", [2, 6])
def test_what_a_lying_network_stamped_before_a_power_cut_gets_its_time_however_late_that_is_known(
    tmp_path, machine, hours_off
) -> None:
    machine.true = MONDAY
    kiosk = starts(tmp_path, machine)
    ana = kiosk.joins("ana")
    assert answer(kiosk.tap(ana)) is Reason.ENTRY_USED
    machine.network_lies(timedelta(hours=4))
    lasts(kiosk, machine, timedelta(minutes=20))
    really = machine.true
    assert answer(kiosk.tap(ana)) is Reason.ENTRY_USED
    seq = kiosk.ledger.head.seq
    kiosk.close()
    machine.network_lies(timedelta(0))
    machine.loses_power(timedelta(minutes=10), network=False)
    again = starts(tmp_path, machine)
    lasts(again, machine, timedelta(hours=hours_off))
    machine.has_network = True
    lasts(again, machine, timedelta(minutes=10))
    sets(again, machine, machine.true, confirmed=True)
    lasts(again, machine, timedelta(minutes=30))
    assert again.clock.quality() is ClockQuality.TRUSTED
    is_past = machine.true > really + timedelta(hours=4)
    assert is_past == (hours_off == 6), "late enough, what the network told is past as well"
    visit = again.ledger.roster.visit(Ref(ledger_id=again.ledger.ledger_id, seq=seq))
    assert visit is not None
    assert abs(visit.at - really) < timedelta(seconds=1)
    assert visit.reversed_by == BY_CLOCK
    assert again.ledger.roster_differences() == ()
    again.close()


def test_a_network_that_was_right_for_longer_is_not_believed_in_what_is_past(tmp_path, machine) -> None:
    kiosk = starts(tmp_path, machine)
    lasts(kiosk, machine, timedelta(hours=5))
    machine.network_lies(timedelta(hours=-3))
    lasts(kiosk, machine, timedelta(hours=4))
    assert abs(kiosk.clock.now() - machine.true) < timedelta(seconds=1)
    kiosk.close()


def test_network_and_server_together_take_back_what_the_network_told_before_a_power_cut(tmp_path, machine) -> None:
    kiosk = starts(tmp_path, machine)
    machine.network_lies(timedelta(hours=3))
    holds(kiosk, machine)
    kiosk.joins("ana")
    kiosk.close()
    machine.network_lies(timedelta(0))
    machine.loses_power(timedelta(minutes=5), network=True)
    again = starts(tmp_path, machine)
    for _ in range(6):
        again.clock.hear_server(machine.true, machine.monotonic())
        assert again.clock.quality() is ClockQuality.UNTRUSTED
        machine.passes(timedelta(minutes=10))
        again.controller.handle(Tick())
    assert again.clock.quality() is ClockQuality.TRUSTED
    assert again.clock.now() == machine.true
    again.close()


def test_a_kernel_that_contradicts_the_time_for_an_hour_leaves_it_in_doubt(tmp_path, machine) -> None:
    kiosk = starts(tmp_path, machine)
    ana, host = kiosk.joins("ana"), kiosk.joins("host", staff=True)
    machine.network_lies(timedelta(hours=3))
    holds(kiosk, machine)
    kiosk.tap(host)
    kiosk.close()
    machine.network_lies(timedelta(0))
    again = starts(tmp_path, machine)
    lasts(again, machine, timedelta(hours=2))
    assert again.clock.quality() is ClockQuality.UNTRUSTED
    verdict = again.tap(ana)
    assert verdict is not None
    assert verdict.reason is Reason.CLOCK_UNTRUSTED
    assert isinstance(again.tap(host), Granted)
    assert isinstance(sets(again, machine, machine.true, confirmed=True), Done)
    assert again.clock.quality() is ClockQuality.TRUSTED
    assert abs(again.clock.now() - machine.true) < timedelta(minutes=1)
    again.close()


def lasts(kiosk: SteppedKiosk, machine: VirtualMachine, time: timedelta) -> None:
    """Let time pass, with a look at the clock every ten minutes."""
    for _ in range(round(time / timedelta(minutes=10))):
        machine.passes(timedelta(minutes=10))
        kiosk.controller.handle(Tick())
