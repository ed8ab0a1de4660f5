"""PINs: how they are stored, who can sign in, and that guessing is limited, over restarts and power cuts too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher

from kiosk import desk
from kiosk.answering import Answering
from kiosk.answers import Account, Done, Refused
from kiosk.clock import MovableClock
from kiosk.commands import AddMember, ChangeMember, Command, ImportSite, SetPin, ShowAccount, SignIn
from kiosk.desk import Desk, DeskError, pins
from kiosk.facts import Happened, MemberSet
from kiosk.ledger import decode_fact, open_ledger
from kiosk.model import ClockQuality, Stamp
from kiosk.threads.inbox import Job
from tests.office.kiosks.host import KEY, MONDAY, description

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""So that a test can try as often as an attacker."""


class Machine:
    """A kiosk's ledger and clocks; power cuts and restarts in between."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ledger.db"
        self._now, self._up, self._boot, self._quality = MONDAY, timedelta(hours=1), 1, ClockQuality.TRUSTED
        self.ledger = open_ledger(self._path, stamp=self.stamp)
        read = description()
        self.does(ImportSite(site=read.site, products=read.products, members=read.members))
        self.claire = self.does(AddMember(name="Claire Bonnet", role="staff")).id

    def stamp(self) -> Stamp:
        nanoseconds = int(self._up.total_seconds() * 1e9)
        return Stamp(at=self._now, boot_id=f"boot-{self._boot}", monotonic_ns=nanoseconds, clock=self._quality)

    def does(self, command: Command) -> Done:
        now, clock = self._now, self._quality
        done = desk.perform(command, self.ledger, now, site_id="la-serre", badge_key=KEY, clock=clock)
        assert isinstance(done, Done)
        return done

    def waits(self, **time: float) -> None:
        self._now += timedelta(**time)
        self._up += timedelta(**time)

    def restarts(self) -> None:
        self.ledger.close()
        self.ledger = open_ledger(self._path, stamp=self.stamp)

    def loses_power(self, *, wakes: datetime | None = None) -> None:
        """Boot anew; with `wakes` by a clock that cannot be trusted."""
        self._boot, self._up = self._boot + 1, timedelta(seconds=20)
        if wakes is not None:
            self._now, self._quality = wakes, ClockQuality.UNTRUSTED
        self.restarts()

    def tries(self, pin: str) -> str:
        """Try to sign in; return the code of the refusal, or nothing."""
        try:
            self.does(SignIn(member=self.claire or "", pin=pin))
        except DeskError as error:
            return error.code or str(error)
        return ""

    def tried(self) -> int:
        facts = [decode_fact(entry.body) for entry in self.ledger.entries() if entry.kind == "incident" and entry.body]
        return sum(isinstance(fact, Happened) and fact.what == pins.TRIED for fact in facts)


@pytest.fixture
def machine(tmp_path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    member = machine.ledger.roster.member(machine.claire or "")
    assert member is not None
    hashed = CHEAP.hash(pins._peppered("482613", KEY))
    machine.does(SetPin(member=member.id, hashed=hashed))
    yield machine
    machine.ledger.close()


# ---------------------------------------------------------------- what is kept


def test_a_host_signs_in_with_the_pin_that_was_set(machine) -> None:
    machine.does(SetPin(member="claire", pin="730194"))
    assert machine.tries("730194") == ""
    assert machine.tries("482613") == "PIN_WRONG"


def test_the_pin_travels_as_an_argon2id_hash_in_an_entry_and_is_never_shown(machine) -> None:
    machine.does(SetPin(member="claire", pin="730194"))
    entry = next(machine.ledger.entries_backwards())
    fact = decode_fact(entry.body)
    assert isinstance(fact, MemberSet)
    assert (fact.member.pin or "").startswith("$argon2id$")
    assert b"730194" not in (entry.body or b"")
    account = desk.perform(ShowAccount(member="claire"), machine.ledger, MONDAY, site_id="la-serre", badge_key=KEY)
    assert isinstance(account, Account)
    assert account.member.pin is None


def test_a_ledger_without_its_key_cannot_be_searched_for_the_pin(machine) -> None:
    kept = pins.StoredPin(hashed=pins.hash_pin("730194", KEY), pepper=KEY)
    assert pins.matches("730194", kept)
    assert not pins.matches("730194", pins.StoredPin(hashed=kept.hashed, pepper=b"another key"))


def test_changing_a_member_keeps_the_pin(machine) -> None:
    machine.does(ChangeMember(member="claire", language="en"))
    assert machine.tries("482613") == ""


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("123", "PIN_LENGTH"),
        ("123456789", "PIN_LENGTH"),
        ("12a4", "PIN_LENGTH"),
        ("١٢٣٤", "PIN_LENGTH"),
        ("0000", "PIN_EASY"),
        ("1234", "PIN_EASY"),
        ("8765", "PIN_EASY"),
    ],
)
def test_a_pin_that_is_no_good_is_refused_with_the_reason(machine, pin, code) -> None:
    with pytest.raises(DeskError) as refused:
        machine.does(SetPin(member="claire", pin=pin))
    assert refused.value.code == code


def test_only_hosts_have_a_pin_and_sign_in(machine) -> None:
    zoe = machine.does(AddMember(name="Zoé Petit")).id
    with pytest.raises(DeskError, match="only hosts have a PIN"):
        machine.does(SetPin(member="zoé", pin="730194"))
    machine.claire = zoe
    assert machine.tries("730194") == "NO_HOST"
    machine.claire = machine.does(AddMember(name="Marie Roux", role="staff")).id
    assert machine.tries("730194") == "NO_PIN"


def test_a_host_who_was_suspended_signs_in_no_more(machine) -> None:
    machine.does(ChangeMember(member="claire", status="suspended"))
    assert machine.tries("482613") == "NO_HOST"


# ---------------------------------------------------------------- guessing


def test_five_tries_are_free_and_then_each_waits_longer(machine) -> None:
    assert [machine.tries("000000") for _ in range(5)] == ["PIN_WRONG"] * 5
    assert machine.tries("482613") == "PIN_WAIT"
    for seconds in (30, 60, 120, 240, 480, 900, 900):
        machine.waits(seconds=seconds - 1)
        assert machine.tries("482613") == "PIN_WAIT"
        machine.waits(seconds=1)
        assert machine.tries("000000") == "PIN_WRONG"


def test_the_right_pin_forgets_the_wrong_ones(machine) -> None:
    for _ in range(4):
        machine.tries("000000")
    assert machine.tries("482613") == ""
    assert [machine.tries("000000") for _ in range(5)] == ["PIN_WRONG"] * 5


def test_a_restart_gives_no_new_tries(machine) -> None:
    for _ in range(5):
        machine.tries("000000")
        machine.restarts()
    assert machine.tries("482613") == "PIN_WAIT"


def test_a_power_cut_gives_no_new_tries_and_begins_the_wait_anew(machine) -> None:
    for _ in range(5):
        machine.tries("000000")
        machine.loses_power(wakes=MONDAY - timedelta(days=400))
    assert machine.tries("482613") == "PIN_WAIT"
    machine.waits(seconds=10)
    assert machine.tries("482613") == ""


def guesses_an_hour(machine: Machine, *, hours: int) -> list[int]:
    """Let an attacker try every ten seconds, with restarts or power cuts in between; return what got through."""
    counted, before = [], machine.tried()
    for _ in range(hours):
        for step in range(360):
            machine.tries("000000")
            machine.waits(seconds=10)
            if step % 12 == 0:
                machine.restarts()
            if step % 50 == 0:
                machine.loses_power()
        counted.append(machine.tried() - before)
        before = machine.tried()
    return counted


def test_an_attacker_at_the_screen_gets_few_tries_an_hour_over_restarts_and_power_cuts(machine) -> None:
    first, *later = guesses_an_hour(machine, hours=3)
    assert first <= 100
    assert max(later) <= 5


class Forgetful(Machine):
    """The bad twin: it counts tries in memory."""

    count = failed = 0

    def tries(self, pin: str) -> str:
        if self.failed >= pins.FREE_TRIES:
            return "PIN_WAIT"
        self.count, self.failed = self.count + 1, self.failed + 1
        return "PIN_WRONG"

    def tried(self) -> int:
        return self.count

    def restarts(self) -> None:
        self.failed = 0


def test_a_kiosk_that_forgets_tries_at_a_restart_is_found(tmp_path) -> None:
    forgetful = Forgetful(tmp_path)
    assert guesses_an_hour(forgetful, hours=1)[0] > 100
    forgetful.ledger.close()


def test_all_hosts_together_get_no_more_than_a_hundred_tries_an_hour(machine) -> None:
    hosts = [machine.does(AddMember(name=f"Hôte {number}", role="staff")).id for number in range(30)]
    hashed = CHEAP.hash(pins._peppered("482613", KEY))
    for host in hosts:
        machine.does(SetPin(member=host or "", hashed=hashed))
    before = machine.tried()
    for _ in range(5):
        for host in hosts:
            machine.claire = host
            machine.tries("000000")
            machine.waits(seconds=5)
    assert machine.tried() - before == pins.TRIES_AN_HOUR <= 100
    machine.waits(hours=1)
    assert machine.tries("482613") == ""


# ---------------------------------------------------------------- beside the door


def asking(machine: Machine, submit: Callable[[Callable[[Desk], Any]], Future[Any]]) -> Answering:
    """The table of answers, with a desk that works as `submit` says."""
    desk_thread = SimpleNamespace(submit=submit)
    return Answering(
        desk_thread,
        MovableClock(MONDAY),
        site_id="la-serre",
        ledger=Path(machine.ledger._name),
        pair=lambda _: Done(said=()),
        patience_seconds=0.01,
    )


def test_hashing_is_done_by_whoever_asks_and_only_the_books_at_the_desk(machine) -> None:
    jobs: list[Job[Any]] = []

    def at_once(function: Callable[[Desk], Any]) -> Future[Any]:
        here = Desk(books=machine.ledger, site_id="la-serre", badge_key=KEY, now=MONDAY)
        jobs.append(Job(lambda: function(here)))
        jobs[-1].run()
        return jobs[-1].future

    answering = asking(machine, at_once)
    assert isinstance(answering.answer(SetPin(member="claire", pin="730194")), Done)
    assert isinstance(answering.answer(SignIn(member=machine.claire, pin="730194")), Done)
    refused = answering.answer(SignIn(member=machine.claire, pin="000000"))
    assert isinstance(refused, Refused)
    assert refused.code == "PIN_WRONG"
    assert len(jobs) == 5


def test_a_desk_that_does_not_answer_is_a_refusal(machine) -> None:
    refused = asking(machine, lambda _: Future()).answer(SignIn(member=machine.claire, pin="730194"))
    assert isinstance(refused, Refused)
    assert refused.code == "NO_ANSWER"
