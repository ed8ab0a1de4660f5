"""The faults of the simulator: lines, deaths, restored copies, cloned cards, wrong clocks, poison, full disks.

Each takes the world and a random generator, makes the fault happen, and returns whether it could.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy import select

from kiosk.facts import AnyFact, Entry, Happened, MemberSet
from kiosk.model import Member, Ref
from kiosk.store.chain import SALT_BYTES, entry_hash
from kiosk.store.entry_rows import INSERT, to_row
from kiosk.store.tables import entries
from tests.simulator import forgetting as forgetting
from tests.simulator import life as life
from tests.simulator.hostile import hostile
from tests.simulator.kiosk import Kiosk
from tests.simulator.line import ONCE

if TYPE_CHECKING:
    from tests.simulator.world import World

TEN_YEARS = timedelta(days=3652)


def cut_line(world: World, random: Random) -> bool:
    """Cut off a kiosk: its requests, or the answers, or both, until `mend_line`."""
    line = random.choice(world.kiosks).line
    line.is_cut_out, line.is_cut_back = random.choice(((True, True), (True, False), (False, True)))
    return True


def mend_line(world: World, random: Random) -> bool:
    cut = [kiosk.line for kiosk in world.kiosks if kiosk.line.is_cut_out or kiosk.line.is_cut_back]
    for line in cut[: random.randrange(3)]:
        line.is_cut_out = line.is_cut_back = False
    return bool(cut)


def spoil_request(world: World, random: Random) -> bool:
    """Let something befall one of a kiosk's next requests."""
    random.choice(world.kiosks).line.next_faults[:0] = ["" for _ in range(random.randrange(2))] + [random.choice(ONCE)]
    return True


def upgrade_kiosk(world: World, random: Random) -> bool:
    """Upgrade a kiosk that was of an earlier release until now."""
    behind = [kiosk for kiosk in world.kiosks if kiosk.is_of_earlier_release and not kiosk.is_disk_full]
    if not behind:
        return False
    world.upgrade(random.choice(behind))
    return True


def late_arrival(world: World, random: Random) -> bool:
    """Have a request arrive that its kiosk has given up, after others that were made later."""
    waiting = [kiosk.line for kiosk in world.kiosks if kiosk.line.late]
    if not waiting or not world.server.is_up:
        return False
    line = random.choice(waiting)
    world.quietly(lambda: line.deliver(line.late.pop(random.randrange(len(line.late)))))
    return True


def old_push_again(world: World, random: Random) -> bool:
    """Have a push arrive once more that was answered long ago."""
    line = random.choice(world.kiosks).line
    if not line.pushes or not world.server.is_up:
        return False
    world.quietly(lambda: line.deliver(random.choice(line.pushes)))
    return True


def old_page_again(world: World, random: Random) -> bool:
    """Have a kiosk take in a page of the feed again, in another order."""
    kiosk = random.choice(world.kiosks)
    if not kiosk.pages or kiosk.is_disk_full:
        return False
    page = list(random.choice(kiosk.pages).entries)
    random.shuffle(page)
    kiosk.does(lambda: kiosk.ledger.add_from_feed(page[: random.randrange(1, len(page) + 1)]))
    return True


def kill_kiosk(world: World, random: Random) -> bool:
    """Kill a kiosk now, or before one of the next statements or calls that it makes."""
    kiosk = random.choice(world.kiosks)
    if random.random() < 0.3:
        kiosk.die()
    else:
        kiosk.fuse.left = random.randrange(1, 60)
    return True


def kill_server(world: World, random: Random) -> bool:
    if not world.server.is_up:
        return False
    if random.random() < 0.3:
        world.server.die()
    else:
        world.server.fuse.left = random.randrange(1, 60)
    return True


def stop_server(world: World, random: Random) -> bool:
    """Stop the server in good order, until somebody starts it."""
    world.server.stop()
    return True


def copy_kiosk(world: World, random: Random) -> bool:
    kiosk = random.choice(world.kiosks)
    world.cards[kiosk.name] = (kiosk.ledger.ledger_id, kiosk.copied())
    return True


def put_kiosk_back(world: World, random: Random) -> bool:
    """Put an old copy of its card into a kiosk."""
    fitting = [k for k in world.kiosks if world.cards.get(k.name, ("",))[0] == k.ledger.ledger_id]
    if not fitting:
        return False
    kiosk = random.choice(fitting)
    kiosk.put_in(world.cards[kiosk.name][1])
    return True


def renew_ledger(world: World, random: Random) -> bool:
    """Have a kiosk go on in a new ledger, as it does when its card was put back or mended; some lose their pairing."""
    kiosk = random.choice(world.kiosks)
    known_as, card = world.cards.get(kiosk.name, ("", None))
    if kiosk.is_disk_full:
        return False
    if card is not None and known_as == kiosk.ledger.ledger_id and random.random() < 0.5:
        kiosk.put_in(card)
    kiosk.renew()
    if random.random() < 0.5 and world.server.is_up:
        world.pair(kiosk)
    return True


def clone_card(world: World, random: Random) -> bool:
    """Copy a kiosk's card, and run the copy in a second kiosk, beside the first."""
    kiosk = random.choice(world.kiosks)
    if len(world.kiosks) > world.most_kiosks or not kiosk.token:
        return False
    twin = world.new_kiosk(kiosk.site_id)
    twin.token = kiosk.token
    twin.put_in(kiosk.folder)
    return True


def image_kiosk_anew(world: World, random: Random) -> bool:
    """Give a kiosk an empty card, when all that it wrote has been sent."""
    kiosk = random.choice(world.kiosks)
    if not world.server.is_up or kiosk.ledger.waiting:
        return False
    world.image_anew(kiosk)
    return True


def copy_server(world: World, random: Random) -> bool:
    if not world.server.is_up:
        return False
    world.backup = (world.server.copy(), dict(world.acked))
    return True


def put_server_back(world: World, random: Random) -> bool:
    if world.backup is None:
        return False
    place, acked = world.backup
    world.server.put_back(place)
    world.acked = dict(acked)
    return True


def lose_own_of_server(world: World, random: Random) -> bool:
    """Put the server back to where it was before staff changed things on its pages, which kiosks have heard of."""
    if not world.server.is_up:
        return False
    world.server.fuse.left = 0
    place, acked = world.server.copy(), dict(world.acked)
    for _ in range(random.randrange(1, 4)):
        life.change_at_server(world, random)
    for kiosk in world.kiosks:
        if random.random() < 0.5 and not kiosk.ledger.waiting:
            kiosk.exchange()
    world.server.put_back(place)
    world.acked = acked
    for _ in range(random.randrange(4)):
        life.change_at_server(world, random)
    return True


def jump_clock(world: World, random: Random) -> bool:
    """Have a wall clock be wrong by up to ten years, or right again."""
    hours = timedelta(minutes=random.randrange(-180, 180))
    by = random.choice((TEN_YEARS, -TEN_YEARS, hours, hours, timedelta(0)))
    if random.random() < 0.1:
        world.server_wrong_by = by
    else:
        random.choice(world.kiosks).clock.wrong_by = by
    return True


def fill_disk(world: World, random: Random) -> bool:
    kiosk = random.choice(world.kiosks)
    kiosk.fill_disk(not kiosk.is_disk_full)
    return True


def erase_own(world: World, random: Random) -> bool:
    """Erase an entry of a kiosk's own of which it has not heard by the feed: sent already, or not."""
    kiosk = random.choice(world.kiosks)
    query = select(entries.c.seq).where(
        entries.c.ledger_id == kiosk.ledger.ledger_id, entries.c.position.is_(None), entries.c.body.is_not(None)
    )
    unheard = kiosk.ledger._database.connection.execute(query.order_by(entries.c.seq)).scalars().all()
    if not unheard or kiosk.is_disk_full:
        return False
    ref = Ref(ledger_id=kiosk.ledger.ledger_id, seq=random.choice(unheard))
    kiosk.does(lambda: _erase(kiosk, ref))
    return True


def erase(world: World, random: Random) -> bool:
    """Erase what a kiosk knows of an incident, its own or another's, that the server has."""
    kiosk = random.choice(world.kiosks)
    known = [
        entry.ref
        for page in kiosk.pages
        for _, entry in page.entries
        if entry.kind == "incident" and (entry.ref.ledger_id, entry.ref.seq) not in kiosk.erased
    ]
    if not known or kiosk.is_disk_full:
        return False
    ref = random.choice(known)
    kiosk.does(lambda: _erase(kiosk, ref))
    return True


def _erase(kiosk: Kiosk, ref: Ref) -> None:
    try:
        kiosk.ledger.erase(ref)
    except LookupError:
        return
    kiosk.erased.add((ref.ledger_id, ref.seq))


def poison(world: World, random: Random) -> bool:
    """Put an entry into a kiosk's ledger that somebody will choke on."""
    kiosk = random.choice(world.kiosks)
    if kiosk.is_disk_full:
        return False
    dose = random.choice((_of_the_future, _malformed, _altered, _unreadable))
    kiosk.does(lambda: dose(kiosk))
    return True


def _of_the_future(kiosk: Kiosk) -> None:
    sealed(kiosk, b'{"kind":"levitation","member":{"id":"lea"},"metres":2}', "levitation")


def _malformed(kiosk: Kiosk) -> None:
    sealed(kiosk, b"\xff\x00 no JSON at all", "tap")


def _altered(kiosk: Kiosk) -> None:
    """A sound entry, whose body somebody with the card in hand has changed since: its hash no longer fits."""
    member = MemberSet(member=Member(id="made-up", name="as it was written"))
    _spoilt(kiosk, "body = CAST(replace(body, 'written', 'altered') AS BLOB)", member)


def _unreadable(kiosk: Kiosk) -> None:
    _spoilt(kiosk, "at = 'yesterday'", Happened(what="poisoned"))


def _spoilt(kiosk: Kiosk, change: str, fact: AnyFact) -> None:
    entry = kiosk.ledger.append(fact)[0]
    kiosk.ledger._database.connection.exec_driver_sql(
        f"UPDATE entries SET {change} WHERE ledger_id = ? AND seq = ?", (entry.ref.ledger_id, entry.ref.seq)
    )


def sealed(kiosk: Kiosk, body: bytes, kind: str) -> None:
    """Write an entry with any body, chained as it should be."""
    head, stamp, salt = kiosk.ledger.head, kiosk.clock.stamp(), os.urandom(SALT_BYTES)
    ref = Ref(ledger_id=kiosk.ledger.ledger_id, seq=head.seq + 1)
    body_hash = sha256(salt + body).digest()
    digest = entry_hash(ref=ref, stamp=stamp, kind=kind, body_hash=body_hash, previous=head.hash)
    entry = Entry(
        ref=ref, stamp=stamp, kind=kind, body=body, salt=salt, body_hash=body_hash, previous=head.hash, hash=digest
    )
    kiosk.ledger._database.connection.execute(INSERT, to_row(entry))


TROUBLES: dict[Callable[[World, Random], bool], float] = {
    cut_line: 6,
    mend_line: 6,
    spoil_request: 14,
    late_arrival: 6,
    upgrade_kiosk: 2,
    old_push_again: 4,
    old_page_again: 4,
    kill_kiosk: 6,
    kill_server: 4,
    stop_server: 1,
    copy_kiosk: 2,
    put_kiosk_back: 1,
    renew_ledger: 1.5,
    clone_card: 0.5,
    image_kiosk_anew: 0.5,
    copy_server: 1.5,
    put_server_back: 0.7,
    lose_own_of_server: 0.7,
    jump_clock: 2,
    fill_disk: 2,
    erase: 3,
    erase_own: 1.5,
    poison: 3,
    hostile: 3,
    **forgetting.STEPS,
}
"""What can go wrong, and how often beside the others."""
