"""Whatever a kiosk sends, every page of the server opens, and whatever the feed brings, every screen of a kiosk opens.

`make anything ANYTHING=50` runs so many instead of one; Hypothesis prints the seed of one that fails.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import get_args

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kiosk import bounds, commands
from kiosk.answers import Refused
from kiosk.facts import AnyFact, Entry
from kiosk.messages import FeedArrived
from kiosk.model import Ref
from kiosk.store import chain
from kiosk.store.chain import SALT_BYTES
from kiosk.store.fold import balances
from sync import wire
from sync.central.feed import stream
from tests.office.kiosks.stepped import SteppedKiosk
from tests.office.ledgers import anything
from tests.office.servers.office import Office, PushingKiosk, office
from tests.office.servers.server import spoilt

LIVES = int(os.environ.get("ANYTHING", "1"))
ENTRIES = 60
PAGES = (
    "/", "/members", "/members/new", "/badges", "/hours", "/hours?view=week", "/hours/today?what=close", "/sales",
    "/sales?month=2026-07", "/products", "/products/new", "/kiosks", "/alarms", "/quarantine", "/accounts", "/audit",
    "/sites", "/sites/new", "/site", "/members/%00", "/products/%00x", "/sites/%ff", "/members?name=%00",
)  # fmt: skip
OF_MEMBER = ("", "/edit", "/sell", "/erase", "/suspend", "/check-in", "/export")
SCREENS = (
    commands.ListMembers(),
    commands.ListProducts(),
    commands.ListInside(),
    commands.ListTaps(),
    commands.ListUnknownBadges(),
    commands.ShowHours(),
    commands.ShowWeek(),
    commands.ShowTill(),
    commands.ShowStatus(),
    commands.ShowFirstStart(),
)


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def sealed(kiosk: PushingKiosk, kind: str, body: bytes) -> Entry:
    """The next entry of a kiosk's ledger, with this body whatever it says."""
    stamp, salt = kiosk.office.moment(), bytes(SALT_BYTES)
    ref = Ref(ledger_id=kiosk.ledger_id, seq=kiosk.head.seq + 1)
    body_hash, previous = sha256(salt + body).digest(), kiosk.head.hash
    digest = chain.entry_hash(ref=ref, stamp=stamp, kind=kind, body_hash=body_hash, previous=previous)
    kiosk.head = chain.Head(seq=ref.seq, hash=digest)
    return Entry(
        ref=ref, stamp=stamp, kind=kind, body=body, salt=salt, body_hash=body_hash, previous=previous, hash=digest
    )


def pushes(house: Office, random: Random) -> list[Entry]:
    """A kiosk sends anything; return what."""
    kiosk = house.kiosk("somebody else's now")
    paired = house.central.kiosks.by_token(kiosk.token)
    assert paired is not None
    sent = [sealed(kiosk, *anything.body(random)) for _ in range(ENTRIES)]
    raw = [msgspec.json.encode(wire.to_wire(entry)) for entry in sent]
    raw[random.randrange(ENTRIES)] = random.choice((b'{"seq":1e400}', b'"\xff"', b"[[[]]]", b"null"))
    house.central.intake.push(paired, spoilt(kiosk.ledger_id, *raw))
    return sent


def broken_pages(house: Office) -> dict[str, int]:
    """Every page that does not open, with its status."""
    browser, roster = house.as_("chef"), house.central.books.roster
    members = [f"/members/{one.id}{what}" for one in roster.members() if one.id for what in OF_MEMBER]
    products = [f"/products/{one.id}" for one in roster.products() if one.id]
    sites = [f"/sites/{one.id}" for one in roster.sites() if one.id]
    found = {path: browser.get(path).status_code for path in (*PAGES, *members, *products, *sites)}
    return {path: status for path, status in found.items() if status >= 500}


def broken_screens(kiosk: SteppedKiosk) -> list[str]:
    """Every screen of a kiosk that has a mistake of the program in the place of its answer."""
    accounts = [commands.ShowAccount(member=one.id) for one in kiosk.ledger.roster.members() if one.id]
    answers = [(command, kiosk.asks(command)) for command in (*SCREENS, *accounts)]
    return [str(asked) for asked, one in answers if isinstance(one, Refused) and one.code in ("MISTAKE", "NO_ANSWER")]


def hears(kiosk: SteppedKiosk, entries: list[tuple[int, Entry]]) -> None:
    kiosk.hears(FeedArrived(entries=tuple(entries), cursor="on")).result(0)
    kiosk.later(minutes=1)
    for uid in (b"\x04lea...", b"\x04nobody"):
        kiosk.tap(uid)


def lives(folder: Path, database: str, seed: int) -> tuple[dict[str, int], list[str]]:
    """A kiosk sends anything, the server folds it, another kiosk hears of it: what does not open then."""
    random = Random(seed)
    with office(folder, database) as house:
        sent = pushes(house, random)
        stored = [one for _ in range(ENTRIES) if (one := chain.decode_fact(anything.body(random)[1]))]
        house.central.books.append(*stored, by="a release that let it pass")
        house.central.books.fold()
        pages = broken_pages(house)
        with house.central.storage.reader() as connection:
            fed = stream.entries(connection, house.central.settings.network, after=0, size=1_000)
    kiosk = SteppedKiosk(folder)
    kiosk.joins("lea")
    # What a server without these bounds would hand on, as well.
    hears(kiosk, [*fed, *enumerate((entry for entry in sent if entry not in [one for _, one in fed]), 1_000)])
    screens = broken_screens(kiosk)
    kiosk.close()
    return pages, screens


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whatever_is_sent_every_page_and_every_screen_opens(database: str, quiet: None) -> None:
    @settings(max_examples=LIVES, deadline=None, phases=[Phase.generate], database=None)
    @given(st.integers(0, 2**32))
    def each(seed: int) -> None:
        with TemporaryDirectory() as folder:
            assert lives(Path(folder), database, seed) == ({}, [])

    each()


def test_credits_that_were_folded_without_bounds_break_a_page(house: Office, quiet: None) -> None:
    """The bad twin: three credits that each fit a number, and their sum does not."""
    with house.central.storage.writing() as connection:
        for seq in (1, 2, 3):
            balances.owe(connection, Ref(ledger_id="x", seq=seq), "lea", 2**62)
    assert broken_pages(house)


def test_every_kind_of_fact_is_made_and_most_of_them_can_be() -> None:
    random = Random(1)
    made = [chain.decode_fact(anything.body(random)[1]) for _ in range(1_000)]
    read = [one for one in made if one is not None]
    assert {type(one) for one in read} == set(get_args(AnyFact))
    assert len(read) > len(made) / 2
    assert 0 < sum(bounds.excess(one) is not None for one in read) < len(read) / 2
