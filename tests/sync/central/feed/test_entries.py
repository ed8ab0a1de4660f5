"""What a kiosk sends is stored: once, byte for byte, and no bad entry delays a good one."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.facts import Happened, MemberSet
from kiosk.model import Member
from kiosk.store import chain
from sync import wire
from sync.central.feed.intake import OtherLedgerError
from sync.central.feed.push_reader import LONGEST_ID, NoPushError
from sync.central.feed.stream import GoneError
from sync.central.storage import network
from sync.central.storage import tables as central_tables
from sync.wire import Beacon, Outcome
from tests.office.ledgers.small_house import house_facts
from tests.office.servers.postgres import cluster
from tests.office.servers.server import (
    MemoryLedger,
    ServerClock,
    fed,
    kinds,
    outcomes,
    pairs,
    push_of,
    sends,
    serving,
    spoilt,
)

ACCEPTED, DUPLICATE, QUARANTINED = Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.QUARANTINED


def started(count: int) -> list[Happened]:
    return [Happened(what="started", detail=str(number)) for number in range(count)]


def test_entries_come_back_in_the_feed_byte_for_byte(database: str) -> None:
    ledger = MemoryLedger()
    sent = ledger.writes(*house_facts())
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        pushed = sends(central, kiosk, sent)
        assert outcomes(pushed) == [ACCEPTED] * len(sent)
        assert pushed.acked == len(sent)
        assert fed(central, kiosk) == sent


def test_entries_outlive_the_server(database: str) -> None:
    sent = MemoryLedger().writes(*house_facts())
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent)
    with serving(database) as central:
        assert fed(central, kiosk) == sent
        assert central.books.roster.member("lea") is not None


def test_what_comes_twice_is_kept_once_even_years_later(database: str) -> None:
    sent, hands = MemoryLedger().writes(*house_facts()), ServerClock()
    with serving(database, hands) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent[:4])
        hands.moves(days=1000)
        assert outcomes(sends(central, kiosk, sent)) == [DUPLICATE] * 4 + [ACCEPTED] * 2
        assert outcomes(sends(central, kiosk, [*sent, *sent])) == [DUPLICATE] * 12
        assert fed(central, kiosk) == sent


def test_the_same_entry_twice_in_one_push_is_kept_once(database: str) -> None:
    sent = MemoryLedger().writes(*started(2))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        assert outcomes(sends(central, kiosk, [*sent, *sent])) == [ACCEPTED, ACCEPTED, DUPLICATE, DUPLICATE]
        assert fed(central, kiosk) == sent


def test_nothing_to_send_asks_where_the_server_stands(database: str) -> None:
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        assert sends(central, kiosk, []).acked == 0
        sends(central, kiosk, MemoryLedger().writes(*started(3)))
        assert sends(central, kiosk, []).acked == 3


def test_a_gap_is_an_alarm_until_it_is_filled(database: str) -> None:
    sent = MemoryLedger().writes(*started(6))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        assert sends(central, kiosk, sent[:2]).acked == 2
        assert sends(central, kiosk, sent[4:]).acked == 2
        assert kinds(central) == ["gap"]
        assert sends(central, kiosk, sent[2:3]).acked == 3
        assert kinds(central) == ["gap"]
        assert sends(central, kiosk, sent[3:4]).acked == 6
        assert kinds(central) == []


def test_a_poison_entry_at_the_head_of_500_delays_none_of_the_others(database: str) -> None:
    sent = MemoryLedger().writes(*started(500))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        pushed = central.intake.push(kiosk, spoilt(kiosk.ledger_id, b'{"seq":1,"at":[]}', *sent[1:]))
        assert outcomes(pushed) == [QUARANTINED] + [ACCEPTED] * 499
        assert pushed.acked == 500
        assert fed(central, kiosk) == sent[1:]
        assert central.quarantine.count() == 1
        assert [(aside.seq, central.quarantine.raw(aside.quarantine_id)) for aside in central.quarantine.listed()] == [
            (1, b'{"seq":1,"at":[]}')
        ]


def test_a_push_with_bytes_that_are_no_utf8_costs_only_the_entry_they_are_in(database: str) -> None:
    clock = b'"clock":"'
    head, middle = push_of("ledger-a", MemoryLedger().writes(*started(2))).split(clock, 1)
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        pushed = central.intake.push(kiosk, head + clock + b"\xff" + middle)
        assert outcomes(pushed) == [QUARANTINED, ACCEPTED]
        assert pushed.acked == 2


def test_an_id_of_as_many_letters_as_are_allowed_is_folded(database: str) -> None:
    with serving(database) as central:
        kiosk, longest = pairs(central).kiosk, "é" * LONGEST_ID
        sends(central, kiosk, MemoryLedger().writes(MemberSet(member=Member(id=longest, name="Zoé"))))
        assert central.books.roster.member(longest) is not None
        assert kinds(central) == []


def test_an_id_that_no_index_takes_stops_nobody_where_it_is_in_the_feed_already(database: str) -> None:
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + 10_000)))  # of the kind that does not compress
    long, zoe = (MemberSet(member=Member(id=one, name="Zoé")) for one in (letters, "zoe"))
    with serving(database) as central:
        central.books.append(long, zoe, by="a release that let it pass")
        assert central.books.roster.member("zoe") is not None
        assert central.books.roster.member(letters) is None
        assert kinds(central) == ["unfoldable"]


@pytest.mark.parametrize("nonsense", [b"null", b'{"seq":"two"}', b"[[[]]]", b'{"seq":-1}', b'{"seq":1e400}', b'"\xff"'])
def test_an_entry_that_does_not_tell_its_place_has_the_one_between_its_neighbours(
    database: str, nonsense: bytes
) -> None:
    sent = MemoryLedger().writes(*started(3))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        pushed = central.intake.push(kiosk, spoilt(kiosk.ledger_id, sent[0], nonsense, sent[2]))
        assert [status.seq for status in pushed.statuses] == [1, 2, 3]
        assert outcomes(pushed) == [ACCEPTED, QUARANTINED, ACCEPTED]
        assert pushed.acked == 3


def test_one_entry_alone_that_nobody_can_read_is_settled_too(database: str) -> None:
    sent = MemoryLedger().writes(*started(2))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent)
        assert central.intake.push(kiosk, spoilt(kiosk.ledger_id, b"7")).acked == 3


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[]", b'{"entries":[]}', b'{"ledger_id":"ledger-a","entries":7}']
)
def test_what_is_no_push_is_told_so(database: str, body: bytes) -> None:
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        with pytest.raises(NoPushError, match="no push"):
            central.intake.push(kiosk, body)


def test_more_entries_than_a_page_are_refused_whole(database: str) -> None:
    sent = MemoryLedger().writes(*started(wire.PAGE + 1))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        with pytest.raises(NoPushError, match="at most 500"):
            sends(central, kiosk, sent)
        assert fed(central, kiosk) == []


def test_a_beacon_that_cannot_be_read_delays_no_entry(database: str) -> None:
    body = push_of("ledger-a", MemoryLedger().writes(*started(2)))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        assert central.intake.push(kiosk, body.replace(b'"beacon":{}', b'"beacon":[7]')).acked == 2
        assert central.intake.push(kiosk, b'{"ledger_id":"ledger-a","beacon":[7]}').acked == 2


def resealed(entry, body: bytes):
    """The entry with another body, and hashes that fit it."""
    body_hash = sha256(entry.salt + body).digest()
    digest = chain.entry_hash(
        ref=entry.ref, stamp=entry.stamp, kind=entry.kind, body_hash=body_hash, previous=entry.previous
    )
    return replace(entry, body=body, body_hash=body_hash, hash=digest)


def member_with_id(member_id: str) -> bytes:
    return msgspec.json.encode({"kind": "member", "member": {"id": member_id, "name": "Zoé"}})


SPOILT = {
    "unknown clock": lambda words, _: replace(words, clock="atomic"),
    "hash mismatch: the body": lambda words, _: replace(words, body=words.body + b" "),
    "hash mismatch: the entry": lambda words, _: replace(words, monotonic_ns=words.monotonic_ns + 1),
    "half erased": lambda words, _: replace(words, salt=None),
    "other ledger": lambda words, _: replace(words, ledger_id="another"),
    "malformed: a number": lambda words, _: replace(words, monotonic_ns=2**63),
    "malformed: a hash": lambda words, _: replace(words, previous=b"short"),
    "malformed: a word": lambda words, _: replace(words, kind="zero\0byte"),
    "malformed: its instant": lambda words, _: replace(words, at=words.at.replace(tzinfo=None)),
    "malformed: a word of its body": lambda _, entry: wire.to_wire(resealed(entry, b'{"a":[{"b":"\\u0000"}]}')),
    "malformed: its body is nested": lambda _, entry: wire.to_wire(
        resealed(entry, b'{"a":' + b"[" * 9000 + b'"\\u0000"' + b"]" * 9000 + b"}")
    ),
    "malformed: a word has more than 200 letters": lambda words, _: replace(words, kind="k" * 201),
    "malformed: an id in its body": lambda _, entry: wire.to_wire(resealed(entry, member_with_id("m" * 10_000))),
    "malformed: its body is no JSON object: 'utf-8'": lambda _, entry: wire.to_wire(resealed(entry, b'{"a":"\xff"}')),
    "malformed: its body is no": lambda _, entry: wire.to_wire(resealed(entry, b"no json")),
}


@pytest.mark.parametrize("reason", SPOILT)
def test_an_entry_that_cannot_be_taken_is_set_aside_with_its_reason(database: str, reason: str) -> None:
    sent = MemoryLedger().writes(*started(3))
    bad = SPOILT[reason](wire.to_wire(sent[1]), sent[1])
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        for expected in ([ACCEPTED, QUARANTINED, ACCEPTED], [DUPLICATE, QUARANTINED, DUPLICATE]):
            pushed = sends(central, kiosk, [sent[0], bad, sent[2]])
            assert outcomes(pushed) == expected
            assert pushed.statuses[1].reason.startswith(reason)
            assert pushed.acked == 3
        (aside,) = central.quarantine.listed()
        assert msgspec.json.decode(central.quarantine.raw(aside.quarantine_id), type=wire.WireEntry) == bad


def test_an_entry_of_a_kind_that_nobody_knows_passes_through(database: str) -> None:
    (entry,) = MemoryLedger().writes(*started(1))
    entry = resealed(entry, b'{"kind":"moonphase","full":true}')
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        assert outcomes(sends(central, kiosk, [entry])) == [ACCEPTED]
        assert fed(central, kiosk) == [entry]
        assert kinds(central) == []


def test_what_was_set_aside_is_taken_when_it_is_replayed_by_a_release_that_can(database: str) -> None:
    sent = MemoryLedger().writes(*house_facts())
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        good = msgspec.json.encode(wire.to_wire(sent[2]))
        pushed = central.intake.push(
            kiosk, spoilt(kiosk.ledger_id, *sent[:2], good.replace(b"trusted", b"trusty!"), *sent[3:])
        )
        assert pushed.acked == 6
        assert central.books.roster.member("lea") is None
        (aside,) = central.quarantine.listed()
        assert (central.quarantine.replay(aside.quarantine_id) or "").startswith("unknown clock")
        _mend(central, aside.quarantine_id, good)
        assert central.quarantine.replay(aside.quarantine_id) is None
        assert central.quarantine.listed() == ()
        assert central.books.roster.member("lea") is not None
        with pytest.raises(LookupError):
            central.quarantine.replay(aside.quarantine_id)


def _mend(central, quarantine_id: str, raw: bytes) -> None:
    """Stand in for a release that reads what this one could not."""
    table = central_tables.quarantine
    with central.storage.writing() as connection:
        connection.execute(table.update().where(table.c.quarantine_id == quarantine_id).values(raw=raw))


# ---------------------------------------------------------------- what the server's memory reveals


def test_two_entries_of_one_place_are_a_fork_and_both_are_kept(database: str) -> None:
    one, clone = MemoryLedger(), MemoryLedger()
    shared = one.writes(*started(2))
    clone.entries = list(shared)
    ours, theirs = one.writes(Happened(what="ours")), clone.writes(Happened(what="theirs"))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, [*shared, *ours])
        assert kinds(central) == []
        pushed = sends(central, kiosk, theirs)
        assert pushed.statuses[0].reason.startswith("fork")
        assert pushed.acked == 3
        assert kinds(central) == ["fork"]
        assert fed(central, kiosk) == [*shared, *ours]
        (aside,) = central.quarantine.listed()
        assert (
            wire.from_wire(msgspec.json.decode(central.quarantine.raw(aside.quarantine_id), type=wire.WireEntry))
            == theirs[0]
        )


def test_a_fork_inside_one_push_is_a_fork_as_well(database: str) -> None:
    ours, theirs = MemoryLedger().writes(Happened(what="ours")), MemoryLedger().writes(Happened(what="theirs"))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        assert outcomes(sends(central, kiosk, [*ours, *theirs])) == [ACCEPTED, QUARANTINED]
        assert kinds(central) == ["fork"]


def test_an_entry_that_does_not_follow_the_one_before_is_kept_and_told(database: str) -> None:
    one, other = MemoryLedger(), MemoryLedger()
    one.writes(*started(3))
    other.writes(*started(3))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        assert outcomes(sends(central, kiosk, [*one.entries[:2], other.entries[2]])) == [ACCEPTED] * 3
        assert kinds(central) == ["chain"]


@pytest.mark.parametrize("cut", [1, 2])
def test_a_chain_is_followed_over_the_edges_of_pushes_in_any_order(database: str, cut: int) -> None:
    one = MemoryLedger()
    one.writes(*started(4))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, one.entries[cut:])
        sends(central, kiosk, one.entries[:cut])
        assert kinds(central) == []


@pytest.mark.parametrize("cut", [1, 2])
def test_a_broken_chain_shows_over_the_edges_of_pushes_too(database: str, cut: int) -> None:
    one, other = MemoryLedger(), MemoryLedger()
    one.writes(*started(4))
    other.writes(*started(4))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, one.entries[cut:])
        sends(central, kiosk, other.entries[:cut])
        assert kinds(central) == ["chain"]


def test_a_first_entry_that_follows_something_is_told(database: str) -> None:
    second = MemoryLedger().writes(*started(2))[1]
    forged = replace(second, ref=replace(second.ref, seq=1))
    digest = chain.entry_hash(
        ref=forged.ref, stamp=forged.stamp, kind=forged.kind, body_hash=forged.body_hash, previous=forged.previous
    )
    with serving(database) as central:
        sends(central, pairs(central).kiosk, [replace(forged, hash=digest)])
        assert kinds(central) == ["chain"]


def test_a_ledger_that_was_cut_off_is_told_until_it_has_grown_again(database: str) -> None:
    ledger = MemoryLedger()
    sent = ledger.writes(*started(5))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent, Beacon(sent=0, waiting=5))
        assert kinds(central) == []
        sends(central, kiosk, [], Beacon(sent=3, waiting=0))
        assert kinds(central) == ["truncated"]
        ledger.entries = ledger.entries[:3]
        sends(central, kiosk, ledger.writes(*started(2)), Beacon(sent=3, waiting=2))
        assert kinds(central) == ["fork"]


def test_of_two_machines_with_one_ledger_the_one_behind_is_believed(database: str) -> None:
    sent = MemoryLedger().writes(*started(5))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent, Beacon(waiting=5, head=5))
        seen = central.feed.page(kiosk, None).cursor
        sends(central, kiosk, [], Beacon(sent=3, head=3, seen=seen))
        sends(central, kiosk, [], Beacon(sent=5, head=5, seen=seen))
        assert kinds(central) == ["fork"]


def test_a_beacon_that_was_on_its_way_for_long_accuses_nobody(database: str) -> None:
    sent = MemoryLedger().writes(*started(5))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent[:3], Beacon(waiting=3, head=3))
        late = Beacon(sent=3, head=3, seen=central.feed.page(kiosk, None).cursor)
        sends(central, kiosk, sent[3:], Beacon(sent=3, waiting=2, head=5))
        for _ in range(2):
            sends(central, kiosk, [], late)
            assert kinds(central) == ["truncated"]
        sends(central, kiosk, [], Beacon(sent=5, head=5, seen=central.feed.page(kiosk, None).cursor))
        assert kinds(central) == []


@pytest.mark.parametrize("seen", ["", "nonsense", "\0", "{generation}.999.", "{generation}.5.000000000000", "other.5."])
def test_a_beacon_from_another_past_of_the_feed_accuses_nobody_of_going_on_elsewhere(database: str, seen: str) -> None:
    sent = MemoryLedger().writes(*started(5))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent, Beacon(waiting=5, head=5))
        seen = seen.format(generation=network.load(central.storage).generation)
        sends(central, kiosk, [], Beacon(sent=3, head=3, seen=seen))
        assert kinds(central) == ["truncated"]


def test_a_push_that_is_lost_and_sent_again_is_no_truncation(database: str) -> None:
    sent = MemoryLedger().writes(*started(5))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        for _ in range(2):
            sends(central, kiosk, sent, Beacon(sent=0, waiting=5))
        sends(central, kiosk, [], Beacon(sent=5, waiting=0))
        assert kinds(central) == []


def test_a_server_put_back_from_an_old_copy_begins_a_new_feed_and_takes_all_again(database: str) -> None:
    ledger = MemoryLedger()
    sent = ledger.writes(*started(5))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        before, cursor = network.load(central.storage), central.feed.page(kiosk, None).cursor
        sends(central, kiosk, sent[:2], Beacon(sent=0, waiting=5))
        pushed = sends(central, kiosk, [], Beacon(sent=4, waiting=1))
        assert pushed.acked == 2
        assert kinds(central) == ["restored"]
        renewed = network.load(central.storage)
        assert (renewed.generation, renewed.ledger_id) != (before.generation, before.ledger_id)
        with pytest.raises(GoneError):
            central.feed.page(kiosk, cursor)
        sends(central, kiosk, [], Beacon(sent=4, waiting=1))
        assert network.load(central.storage).generation == renewed.generation
        assert sends(central, kiosk, sent[2:], Beacon(sent=2, waiting=3)).acked == 5
        assert kinds(central) == []


def test_a_kiosk_cannot_speak_for_another(database: str) -> None:
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        with pytest.raises(OtherLedgerError):
            central.intake.push(kiosk, push_of("ledger-b", []))


def test_networks_that_share_a_database_do_not_see_each_other() -> None:
    database, sent = cluster().new_database(), MemoryLedger().writes(*house_facts())
    with serving(database, network="one") as one, serving(database, network="two") as two:
        kiosk = pairs(one).kiosk
        sends(one, kiosk, sent)
        other = pairs(two).kiosk
        assert fed(two, other) == []
        assert two.books.roster.members() == ()
        assert outcomes(sends(two, other, sent)) == [ACCEPTED] * 6
        assert one.feed.last_position() == two.feed.last_position() == 6
