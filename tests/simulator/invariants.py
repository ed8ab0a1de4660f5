"""Invariants: what must hold when the faults are over and the queues are empty; a function for each.

They read the disks, and what the simulator saw happen; they avoid asking the code under test about itself. Each yields
a sentence for each violation.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec
from sqlalchemy import Connection, select

from kiosk import rules
from kiosk.facts import AnyFact, Condensed, Entry, Erased, PassSold, Reversed, Tapped
from kiosk.model import Charge, ClockQuality, Denied, Reason, Ref, Tap
from kiosk.store.chain import decode_fact
from kiosk.store.entry_rows import from_row
from kiosk.store.forgetting.erasing import PERSONAL
from kiosk.store.tables import ROSTER, entries, visits
from sync.central.storage.tables import quarantine
from tests.simulator import changes, hostile
from tests.simulator.kiosk import Kiosk
from tests.simulator.life import Meant
from tests.simulator.line import ledger_of
from tests.simulator.server import Server

Roster = dict[str, frozenset[tuple[object, ...]]]


@dataclass
class After:
    """The network when all is quiet again."""

    server: Server
    kiosks: list[Kiosk]
    acked: dict[str, int] = field(default_factory=dict)
    """Ledger -> up to which entry the server acknowledged, and was not put back to before."""
    aside: dict[str, set[int]] = field(default_factory=dict)
    """Ledger -> the places of what the server said that it put aside: that is forgotten one day."""
    unlocked_without_entry: list[str] = field(default_factory=list)
    meant: list[Meant] = field(default_factory=list)
    seconds: float = 0.0
    """How long the life was."""
    feed: list[tuple[int, Entry]] = field(init=False)
    set_aside: dict[str, set[int]] = field(init=False)
    """Ledger -> the places of what the server has in quarantine."""

    def __post_init__(self) -> None:
        self.feed = self.server.feed()
        self.set_aside = in_quarantine(self.server, self.aside)


def in_quarantine(server: Server, aside: dict[str, set[int]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set, {ledger_id: set(seqs) for ledger_id, seqs in aside.items()})
    with server.central.storage.reader() as connection:
        for row in connection.execute(select(quarantine.c.ledger_id, quarantine.c.seq)):
            found[row.ledger_id].add(row.seq)
    return found


def roster_of(connection: Connection) -> Roster:
    """All rows of the roster, without the places that the feed gave to the entries behind them."""
    return {
        table.name: frozenset(
            map(tuple, connection.execute(select(*(c for c in table.columns if c.name != "position"))))
        )
        for table in ROSTER.sorted_tables
    }


def rosters(after: After) -> tuple[Roster, dict[str, Roster]]:
    with after.server.central.storage.reader() as connection:
        servers = roster_of(connection)
    return servers, {kiosk.name: roster_of(kiosk.ledger._database.connection) for kiosk in after.kiosks}


def own_entries(kiosk: Kiosk) -> dict[int, Entry]:
    """What stands on a kiosk's card of its present ledger, entries that cannot be read left out."""
    return {entry.ref.seq: entry for entry in entries_of(kiosk, kiosk.ledger.ledger_id)}


def entries_of(kiosk: Kiosk, ledger_id: str) -> list[Entry]:
    query = select(entries).where(entries.c.ledger_id == ledger_id)
    found = map(from_row, kiosk.ledger._database.connection.execute(query))
    return [entry for entry in found if isinstance(entry, Entry)]


def i1_every_entry_arrives_once(after: After) -> Iterator[str]:
    """Every entry that a kiosk committed reaches the server exactly once, byte for byte."""
    names = Counter(entry.ref for _, entry in after.feed)
    yield from (f"{ref} stands {count} times in the feed" for ref, count in names.items() if count > 1)
    there = {entry.ref: entry for _, entry in after.feed}
    for kiosk in after.kiosks:
        written = [
            one for name in (*kiosk.ledger.former_ledgers, kiosk.ledger.ledger_id) for one in entries_of(kiosk, name)
        ]
        for entry in written:
            found, seq = there.get(entry.ref), entry.ref.seq
            if seq in after.set_aside[entry.ref.ledger_id]:
                continue
            if found is None:
                yield f"entry {seq} of {kiosk.name} ({entry.kind}) never reached the server"
            elif found is not None and found != entry and entry.body is not None and found.body is not None:
                yield f"entry {seq} of {kiosk.name} is another one at the server"


def i2_no_gap_below_what_is_acknowledged(after: After) -> Iterator[str]:
    """Per ledger the server has every place up to what it acknowledged."""
    yield from acknowledged_is_there(after.server, after.acked, after.aside)


def acknowledged_is_there(server: Server, acked: dict[str, int], aside: dict[str, set[int]]) -> Iterator[str]:
    """Yield what the server acknowledged and does not have."""
    here = in_quarantine(server, aside)
    for _, entry in server.feed():
        here[entry.ref.ledger_id].add(entry.ref.seq)
    for ledger_id, last in acked.items():
        missing = set(range(1, last + 1)) - here[ledger_id]
        if missing:
            yield f"of ledger {ledger_id} entries {sorted(missing)[:5]} are missing, and {last} was acknowledged"


def i3_units_add_up(after: After) -> Iterator[str]:
    """Per pass: units used are the sum over all ledgers of what stands, whatever the order of arrival."""
    expected = units_used([entry for _, entry in after.feed])
    servers, of_kiosks = rosters(after)
    for name, roster in {"the server": servers, **of_kiosks}.items():
        found: Counter[str] = Counter()
        for pass_id, _, _, _, units in roster["uses"]:
            found[str(pass_id)] += int(str(units))
        for pass_id in sorted({*expected, *found}):
            if expected[pass_id] != found[pass_id]:
                yield f"at {name} {found[pass_id]} units of {pass_id} are used, the entries say {expected[pass_id]}"


def fact_of(entry: Entry) -> AnyFact | None:
    """Return what an entry tells, or what is left of it without its person."""
    body = entry.body if entry.body is not None else entry.remainder
    return None if body is None else decode_fact(body)


def units_used(feed: list[Entry]) -> Counter[str]:
    """Add up charges by the plainest way there is: all that is there or summed up, but for what was reversed."""
    facts = {entry.ref: fact_of(entry) for entry in feed}
    reversed_: set[Ref] = {fact.ref for fact in facts.values() if isinstance(fact, Reversed)}
    sums = {(fact.ledger_id, fact.first): fact for fact in reversed(facts.values()) if isinstance(fact, Condensed)}
    used: Counter[str] = Counter()
    for condensed in sums.values():
        for charge in condensed.uses:
            used[charge.pass_id] += charge.units
    for ref, fact in facts.items():
        if ref in reversed_:
            continue
        if isinstance(fact, Tapped) and fact.member_id is not None and not isinstance(fact.verdict, Denied):
            used.update({charge.pass_id: 0 for charge in fact.verdict.charges})
            for charge in fact.verdict.charges:
                used[charge.pass_id] += charge.units
    used.update(debts_moved((ref, fact) for ref, fact in facts.items() if ref not in reversed_))
    return used


def debts_moved(standing: Iterable[tuple[Ref, AnyFact | None]]) -> Counter[str]:
    """Add up the debts that sales moved: unit by unit, each with the first sale that names it."""
    moved: Counter[str] = Counter()
    seen: set[tuple[str, int]] = set()
    for _, fact in sorted(standing, key=lambda one: (one[0].ledger_id, one[0].seq)):
        if not isinstance(fact, PassSold):
            continue
        for debt in fact.settles:
            units = {(debt.pass_id, unit) for unit in range(debt.first, debt.first + debt.units)}
            if debt.first and debt.pass_id != fact.pass_.id:
                units -= seen
                seen |= units
            moved[fact.pass_.id] += len(units)
            moved[debt.pass_id] -= len(units)
    return moved


def i4_rosters_are_equal(after: After) -> Iterator[str]:
    """When the faults stop and queues drain, all rosters are equal."""
    servers, of_kiosks = rosters(after)
    for name, roster in of_kiosks.items():
        for table, rows in roster.items():
            extra, missing = rows - servers[table], servers[table] - rows
            if extra or missing:
                yield f"{table} of {name}: {_some(extra)} only there, {_some(missing)} only at the server"


def _some(rows: frozenset[tuple[object, ...]]) -> str:
    return f"{len(rows)} rows" + "".join(f" {row}" for row in sorted(rows, key=str)[:2])


def i5_nobody_pays_twice(after: After) -> Iterator[str]:
    """No member pays twice for overlapping windows at one site once all is known."""
    read = msgspec.json.Decoder(tuple[Charge, ...]).decode
    with after.server.central.storage.reader() as connection:
        rows = connection.execute(
            select(visits)
            .where(visits.c.reversed_at.is_(None), visits.c.window_start.is_not(None))
            .order_by(visits.c.site_id, visits.c.member_id, visits.c.window_start)
        ).all()
    paid = [row for row in rows if read(row.charges)]
    for one, other in pairwise(paid):
        is_same = (one.member_id, one.site_id) == (other.member_id, other.site_id)
        if is_same and other.window_start < (one.window_cut or one.window_end):
            yield (
                f"{one.member_id} pays at {one.site_id} for {one.window_start:%d %H:%M}-{one.window_end:%H:%M} and for "
                f"{other.window_start:%d %H:%M}-{other.window_end:%H:%M} (entry {one.seq} of {one.ledger_id[:8]}, "
                f"{other.seq} of {other.ledger_id[:8]})"
            )


def i6_no_queue_stays_full(after: After) -> Iterator[str]:
    """No queue stays full after the faults stop, and no kiosk goes on failing."""
    for kiosk in after.kiosks:
        exchange = kiosk.worker._exchange
        waiting = kiosk.ledger.head.seq if exchange is None else exchange.waiting
        if waiting or kiosk.worker._failures:
            yield f"{kiosk.name} has {waiting} entries waiting after {kiosk.worker._failures} failures"


def i7_blocked_badges_are_refused(after: After) -> Iterator[str]:
    """A blocked badge is refused by every kiosk that has pulled since: by the law, asked at each kiosk."""
    status: dict[str, object] = {}
    for (kind, name), told in changes.nouns(after.feed).items():
        if kind == "badge":
            values = changes.expected(told)
            status[name] = values["status"] if values["member_id"] else "nobody's"
    for kiosk in after.kiosks:
        now = kiosk.clock.now()
        for badge_id in (badge_id for badge_id, last in status.items() if last == "blocked"):
            tap = Tap(uid=b"\x04simulated", monotonic=0.0)
            case = kiosk.ledger.roster.gather(
                tap, site_id=kiosk.site_id, badge_id=badge_id, now=now, clock=ClockQuality.TRUSTED
            )
            reason = rules.decide(case, now).reason
            if reason is not Reason.BADGE_BLOCKED:
                yield f"{kiosk.name} answers {reason} to the blocked badge {badge_id[:8]}"


def i8_what_was_erased_stays_so(after: After) -> Iterator[str]:
    """What was erased never returns, however often it is sent again."""
    for kiosk in after.kiosks:
        for ledger_id, seq in sorted(kiosk.erased):
            query = select(entries.c.body).where(entries.c.ledger_id == ledger_id, entries.c.seq == seq)
            if kiosk.ledger._database.connection.execute(query).scalar() is not None:
                yield f"entry {seq} of {ledger_id[:8]} was erased at {kiosk.name} and is back"


def i9_nothing_acknowledged_is_lost(after: After) -> Iterator[str]:
    """An acknowledged entry survives any crash of kiosk or server."""
    for kiosk in after.kiosks:
        here = own_entries(kiosk)
        for seq, digest in enumerate(kiosk.witnessed, 1):
            if seq in here and here[seq].hash != digest:
                yield f"entry {seq} of {kiosk.name} was committed, and is another one now"
        if kiosk.ledger.head.seq < len(kiosk.witnessed):
            yield f"{kiosk.name} committed {len(kiosk.witnessed)} entries and has {kiosk.ledger.head.seq}"


def i10_saying_it_again_changes_nothing(after: After) -> Iterator[str]:
    """Duplicates, reordering and replay change nothing: all that was kept of the traffic is sent once more.

    But for pushes from a card that is no more: where the server was put back since, they may be the last of their kind.
    """
    before, feed = rosters(after), after.server.feed()
    for kiosk in after.kiosks:
        for request in reversed(kiosk.line.pushes):
            if ledger_of(request) == kiosk.ledger.ledger_id:
                after.server(*request)
        for page in reversed(kiosk.pages):
            kiosk.ledger.add_from_feed(page.entries)
    if after.server.feed() != feed:
        yield f"pushes that came again put {len(after.server.feed()) - len(feed)} entries into the feed"
    if rosters(after) != before:
        yield "what came again changed a roster"


def i13_the_door_opens_for_entries_only(after: After) -> Iterator[str]:
    """No strike pulse without a committed entry."""
    yield from after.unlocked_without_entry


def i8_nothing_tells_of_who_was_forgotten(after: After) -> Iterator[str]:
    """Whoever was erased is in no body but those of the accounts, and in no roster."""
    gone = {fact.member_id for _, entry in after.feed if isinstance(fact := fact_of(entry), Erased)}
    servers, of_kiosks = rosters(after)
    for name, roster in {"the server": servers, **of_kiosks}.items():
        for table in ("members", "badges", "visits", "departures", "last_seen", "credits"):
            yield from (f"{table} at {name} know {one}" for one in gone if any(one in row for row in roster[table]))
    for name, found in everywhere(after).items():
        for entry in found:
            told = (entry.body or b"") + (entry.remainder or b"") if entry.kind in PERSONAL else b""
            if any(f'"{one}"'.encode() in told for one in gone):
                yield f"entry {entry.ref.seq} of {entry.ref.ledger_id[:8]} at {name} tells of who was erased: {told!r}"


def everywhere(after: After) -> dict[str, list[Entry]]:
    """Return all entries that stand at the server, and at each kiosk."""
    found = {kiosk.name: kiosk.ledger._database.connection.execute(select(entries)) for kiosk in after.kiosks}
    kept = {name: [one for one in map(from_row, rows) if isinstance(one, Entry)] for name, rows in found.items()}
    return {"the server": [entry for _, entry in after.feed], **kept}


CHECKS: dict[str, Callable[[After], Iterator[str]]] = {
    "I1": i1_every_entry_arrives_once,
    "I2": i2_no_gap_below_what_is_acknowledged,
    "I3": i3_units_add_up,
    "I4": i4_rosters_are_equal,
    "I5": i5_nobody_pays_twice,
    "I6": i6_no_queue_stays_full,
    "I7": i7_blocked_badges_are_refused,
    "I8": i8_what_was_erased_stays_so,
    "I8, persons": i8_nothing_tells_of_who_was_forgotten,
    "I9": i9_nothing_acknowledged_is_lost,
    "I10": i10_saying_it_again_changes_nothing,
    "I13": i13_the_door_opens_for_entries_only,
    "I14": changes.i14_changes_made_apart_stand,
    "I15": hostile.i15_no_entry_changes_what_is_not_its_writers,
}
"""I11 (poison delays nothing else) is I1 and I6 in lives with poison; I12 (clock jumps) is all of them with jumps."""


def violations(after: After) -> list[str]:
    """Check everything and return what is wrong, each with the name of what it breaks."""
    return [f"{name}: {what}" for name, check in CHECKS.items() for what in check(after)]
