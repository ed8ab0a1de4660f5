"""Erasing in the simulator: persons are erased, months pass, the nightly work is done, and what must then hold.

Each step takes the world and a random generator, like the troubles. `a_quarter_later` is the end of a run: everything
is old then, so nothing about anybody's visits may be left, and every balance must be unchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from kiosk.facts import Erased
from kiosk.store.forgetting.erasing import PASSAGES
from kiosk.store.tables import credits_, uses
from sync.central.roster import retention
from sync.central.storage.tables import alarms, quarantine
from tests.simulator import invariants
from tests.simulator.life import PEOPLE

if TYPE_CHECKING:
    from tests.simulator.world import World

QUARTER = timedelta(days=91)


def forget_member(world: World, random: Random) -> bool:
    """Have somebody forgotten at the server, or at a kiosk that hears of what others do, or does not."""
    name = random.choice((*world.newcomers, *world.newcomers, random.choice(PEOPLE[:-1])))
    if random.random() < 0.5 and world.server.is_up:
        world.server.does(lambda central: central.books.append(Erased(member_id=name), by="host"))
        return True
    kiosk = random.choice(world.kiosks)
    if kiosk.is_disk_full or not kiosk.is_up:
        return False
    kiosk.does(lambda: kiosk.ledger.append(Erased(member_id=name)))
    return True


def forget_old(world: World, random: Random) -> bool:
    """Have the server do its nightly work. Its clock is right: one that is years ahead would forget everybody."""
    if not world.server.is_up or world.server_wrong_by:
        return False
    world.server.does(lambda central: retention.forget_old(central.books))
    return True


def months_pass(world: World, random: Random) -> bool:
    """Let a quarter go by in which nobody comes. Copies are not kept for so long."""
    world.seconds += QUARTER.total_seconds()
    world.backup, world.cards = None, {}
    return True


STEPS = {forget_member: 2.0, forget_old: 1.5, months_pass: 0.6}
"""How often, beside the troubles."""


# ---------------------------------------------------------------- when everything is old


def a_quarter_later(world: World) -> Iterator[str]:
    """Let a quarter pass in peace and forget; yield what is known that should not be, and what is not that should."""
    before = {name: balances(connection) for name, connection in everybody(world)}
    faults = {kiosk.name: kiosk.ledger.verify() for kiosk in world.kiosks}
    world.server_wrong_by = timedelta(0)
    months_pass(world, world.random)
    retention.forget_old(world.server.central.books)
    world.come_to_rest()
    for name, connection in everybody(world):
        if balances(connection) != before[name]:
            yield f"balances at {name} were {_apart(before[name], balances(connection))}"
    for kiosk in world.kiosks:
        new = [fault for fault in kiosk.ledger.verify() if fault not in faults[kiosk.name]]
        yield from (f"the chain of {kiosk.name} does not verify: {fault}" for fault in new[:2])
    yield from known_passages(invariants.After(world.server, world.kiosks, aside=world.aside))
    yield from known_beside(world)


def _apart(before: Counter[str], after: Counter[str]) -> str:
    names = sorted(name for name in {*before, *after} if before[name] != after[name])
    return ", ".join(f"{before[name]} of {name} and are {after[name]}" for name in names[:3])


def everybody(world: World) -> Iterator[tuple[str, Connection]]:
    with world.server.central.storage.reader() as connection:
        yield "the server", connection
    for kiosk in world.kiosks:
        yield kiosk.name, kiosk.ledger._database.connection


def balances(connection: Connection) -> Counter[str]:
    """What was used of each pass, and what is owed to each member, whatever entries say so."""
    found: Counter[str] = Counter()
    for row in connection.execute(select(uses.c.pass_id, uses.c.units)):
        found[f"pass {row.pass_id}"] += row.units
    for row in connection.execute(select(credits_.c.member_id, credits_.c.cents)):
        found[f"credit of {row.member_id}"] += row.cents
    return found


def known_passages(after: invariants.After) -> Iterator[str]:
    """Yield what still tells when somebody came or went."""
    there = {entry.ref for _, entry in after.feed}
    own = {kiosk.name: (*kiosk.ledger.former_ledgers, kiosk.ledger.ledger_id) for kiosk in after.kiosks}
    for name, found in invariants.everywhere(after).items():
        # What the server has not, because it put it aside, stays on the card of who wrote it.
        kept = [one for one in found if one.ref in there or one.ref.ledger_id not in own.get(name, ())]
        telling = [entry for entry in kept if entry.kind in PASSAGES and (entry.body or entry.remainder) is not None]
        if telling:
            refs = ", ".join(f"{entry.ref.seq} of {entry.ref.ledger_id[:8]} ({entry.kind})" for entry in telling[:3])
            yield f"{name} still has the bodies of {len(telling)} passages: {refs}"
    servers, of_kiosks = invariants.rosters(after)
    for name, roster in {"the server": servers, **of_kiosks}.items():
        for table in ("visits", "departures", "unknown_badges"):
            if roster[table]:
                yield f"{name} still has {len(roster[table])} {table}"


def known_beside(world: World) -> Iterator[str]:
    """Yield what lies beside the feed for longer than it may; of what the future brought, nothing can be told."""
    old = world.now() - QUARTER
    with world.server.central.storage.reader() as connection:
        for table, column in ((quarantine, quarantine.c.received_at), (alarms, alarms.c.last_at)):
            if connection.execute(select(table).where(column < old)).first():
                yield f"the server still has {table.name} from before"
