"""The ledger: what is written is there, in order, chained, by one writer; a change behind its back is found."""

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import CacheStats
from sqlalchemy.exc import OperationalError

from kiosk.facts import Happened, Left
from kiosk.ledger import (
    Head,
    LedgerBusyError,
    LedgerError,
    decode_fact,
    open_ledger,
    open_reader,
)
from kiosk.model import Ref
from kiosk.store import chain
from tests.office.ledgers.small_house import MONDAY, StampClock, edit, fresh, gathered, house_facts, let_in, taps
from tests.rules.house import SERRE


@pytest.fixture
def book(tmp_path, moment):
    with fresh(tmp_path, moment) as ledger:
        yield ledger


@pytest.fixture
def written(tmp_path, moment):
    """The path of a ledger of nine entries, closed."""
    with fresh(tmp_path, moment) as ledger:
        ledger.append(*house_facts())
        for _ in range(3):
            ledger.append(let_in(moment.moves(hours=4), "ten"))
    return tmp_path / "kiosk.db"


def faults_of(path, head=None):
    with open_reader(path) as ledger:
        return [str(fault).split(": ", 1)[0].split()[1] + ": " + fault.what for fault in ledger.verify(head=head)]


# ---------------------------------------------------------------- appending


def test_entries_are_numbered_from_one_without_gaps(book, moment):
    first = book.append(*house_facts())
    second = book.append(let_in(moment.now, "ten"))
    assert [entry.ref.seq for entry in first + second] == [1, 2, 3, 4, 5, 6, 7]
    assert tuple(book.entries()) == first + second


def test_appending_nothing_writes_nothing(book):
    assert book.append() == ()
    assert book.head == Head()


def test_a_ledger_keeps_its_name_and_its_entries_over_a_restart(tmp_path, moment):
    with fresh(tmp_path, moment) as ledger:
        name, entries = ledger.ledger_id, ledger.append(*house_facts())
    with open_ledger(tmp_path / "kiosk.db", stamp=moment) as ledger:
        assert ledger.ledger_id == name
        assert tuple(ledger.entries()) == entries
        assert ledger.append(Happened(what="started"))[0].previous == entries[-1].hash


def test_two_new_databases_are_two_ledgers(tmp_path, moment):
    names = set()
    for name in ("one.db", "two.db"):
        with open_ledger(tmp_path / name, stamp=moment) as ledger:
            names.add(ledger.ledger_id)
    assert len(names) == 2


def test_a_fact_comes_back_as_it_was_written(book, moment):
    facts = (*house_facts(), let_in(moment.now, "ten"), Left(member_id="lea", site_id=SERRE.id))
    book.append(*facts)
    assert tuple(decode_fact(entry.body) for entry in book.entries()) == facts


def test_entries_can_be_read_from_a_place_on_and_backwards(book):
    book.append(*(Happened(what="door", detail=str(number)) for number in range(1203)))
    seqs = [entry.ref.seq for entry in book.entries(after=400)]
    assert seqs == list(range(401, 1204))
    assert [entry.ref.seq for entry in book.entries(after=1198, limit=3)] == [1199, 1200, 1201]
    assert [entry.ref.seq for entry in book.entries(after=100, limit=0)] == []
    assert [entry.ref.seq for entry in book.entries_backwards()] == list(range(1203, 0, -1))


def test_an_error_in_a_fact_leaves_nothing_behind_and_the_ledger_usable(book):
    before = book.append(*house_facts())
    nonsense = Happened(what=object())  # type: ignore[arg-type]  # cannot be written as JSON
    with pytest.raises(TypeError):
        book.append(Happened(what="first of two"), nonsense)
    assert tuple(book.entries()) == before
    assert book.append(Happened(what="on with it"))[0].ref.seq == 7


# ---------------------------------------------------------------- the chain


def test_the_hash_is_computed_as_documented(book):
    (entry,) = book.append(Happened(what="started"))

    def field(data):
        return len(data).to_bytes(4, "big") + data

    def number(value):
        return field(value.to_bytes(8, "big", signed=True))

    at = int(MONDAY.timestamp()) * 1_000_000
    text = b"".join(
        (
            field(b"kiosk ledger entry 1"),
            field(book.ledger_id.encode()),
            number(1),
            number(at),
            field(b"boot-1"),
            number(at * 1000),
            field(b"trusted"),
            field(b"incident"),
            field(hashlib.sha256(entry.salt + entry.body).digest()),
            field(bytes(32)),
        )
    )
    assert entry.body == b'{"kind":"incident","what":"started"}'
    assert len(entry.salt) == 16
    assert entry.hash == hashlib.sha256(text).digest()


def test_two_equal_facts_have_different_hashes_of_their_bodies(book):
    one, two = book.append(Happened(what="started"), Happened(what="started"))
    assert one.body == two.body
    assert one.body_hash != two.body_hash


def test_an_untouched_ledger_has_no_fault(written):
    assert faults_of(written) == []


KIND = "was changed: a column holds a value of another kind"
CHANGED = "was changed: its hash does not fit what it says"
REPLACED = "does not follow entry {}: one of the two was replaced or moved"


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ("body = CAST(replace(body, 'ENTRY_USED', 'RE_ENTRY') AS BLOB)", ["7: its body was changed"]),
        ("salt = zeroblob(16)", ["7: its body was changed"]),
        ("salt = NULL", ["7: is half erased: of body and salt one is left"]),
        ("body_hash = zeroblob(32)", ["7: its body was changed", f"7: {CHANGED}"]),
        ("at = at + 1", [f"7: {CHANGED}"]),
        ("boot_id = 'other'", [f"7: {CHANGED}"]),
        ("monotonic_ns = 0", [f"7: {CHANGED}"]),
        ("clock = 'untrusted'", [f"7: {CHANGED}"]),
        ("kind = 'incident'", [f"7: {CHANGED}"]),
        ("previous = zeroblob(32)", [f"7: {REPLACED.format(6)}", f"7: {CHANGED}"]),
        ("body = 'a text'", [f"7: {KIND}"]),
        ("seq = 2.5", ["2.5: is in no place: only whole numbers are", "8: entry 7 is missing before it"]),
        ("seq = 'x'", ["8: entry 7 is missing before it", "x: is in no place: only whole numbers are"]),
        ("at = 'yesterday'", [f"7: {KIND}"]),
        ("at = 9223372036854775807", ["7: was changed: its stamp says nonsense (date value out of range)"]),
        ("clock = 'sundial'", ["7: was changed: its stamp says nonsense ('sundial' is not a valid ClockQuality)"]),
        ("hash = zeroblob(32)", [f"7: {CHANGED}", f"8: {REPLACED.format(7)}"]),
    ],
)
def test_an_edited_entry_is_found(written, change, faults):
    edit(written, f"UPDATE entries SET {change} WHERE seq = 7")
    assert faults_of(written) == faults


def test_a_missing_entry_is_found(written):
    edit(written, "DELETE FROM entries WHERE seq = 7")
    assert faults_of(written) == ["8: entry 7 is missing before it"]


def test_a_missing_beginning_is_found(written):
    edit(written, "DELETE FROM entries WHERE seq <= 3")
    assert faults_of(written) == ["4: entries 1 to 3 are missing before it"]


def test_entries_that_changed_places_are_found(written):
    edit(
        written,
        "UPDATE entries SET seq = 100 WHERE seq = 7",
        "UPDATE entries SET seq = 7 WHERE seq = 8",
        "UPDATE entries SET seq = 8 WHERE seq = 100",
    )
    assert faults_of(written) == [
        f"7: {REPLACED.format(6)}",
        f"7: {CHANGED}",
        f"8: {REPLACED.format(7)}",
        f"8: {CHANGED}",
        f"9: {REPLACED.format(8)}",
    ]


def test_an_entry_that_was_sealed_anew_breaks_the_chain_after_it(written):
    reseal(written, 7, kind="incident")
    assert faults_of(written) == [f"8: {REPLACED.format(7)}"]


def test_a_ledger_whose_end_was_cut_off_looks_whole_to_whoever_does_not_remember_it(written):
    edit(written, "DELETE FROM entries WHERE seq > 7")
    assert faults_of(written) == []


def test_a_ledger_whose_end_was_cut_off_is_found_out_by_its_head(written):
    with open_reader(written) as ledger:
        head = ledger.head
    assert faults_of(written, head) == []
    edit(written, "DELETE FROM entries WHERE seq > 7")
    assert faults_of(written, head) == ["8: is missing, as is all after entry 7: the end was cut off"]


def test_a_ledger_that_was_written_anew_is_found_out_by_a_head_on_the_way(written):
    with open_reader(written) as ledger:
        remembered = next(ledger.entries(after=7))
    head = Head(seq=8, hash=remembered.hash)
    reseal(written, 8, kind="incident")
    reseal(written, 9)
    assert faults_of(written) == []
    assert faults_of(written, head) == ["8: is not the one that was remembered; the ledger was rewritten"]


def test_the_beginning_of_a_remembered_hash_is_enough(written):
    with open_reader(written) as ledger:
        head = ledger.head
    assert faults_of(written, Head(seq=9, hash=head.hash[:4])) == []
    assert len(faults_of(written, Head(seq=9, hash=b"else"))) == 1


def test_a_ledger_without_entries_is_found_out_by_its_roster(written):
    edit(written, "DELETE FROM entries")
    assert faults_of(written) == ["1: is missing, as are all after it, and yet the roster is not empty"]


def test_a_ledger_whose_name_was_changed_is_found_out(written):
    edit(written, "UPDATE ledger SET ledger_id = 'mine'")
    (strange,) = faults_of(written)
    assert strange == "1: and 8 more are of another ledger than this one, mine"


def test_a_ledger_that_lost_its_name_is_refused_in_a_sentence(written, moment):
    edit(written, "DELETE FROM ledger")
    with pytest.raises(LedgerError, match="has lost its name"):
        open_reader(written)
    with pytest.raises(LedgerError, match="has lost its name"):
        open_ledger(written, stamp=moment)


@pytest.mark.parametrize("body", ["x'00ff'", "x'7b22'", "x'22ff22'", "x''"])
def test_a_body_that_is_no_json_is_told_and_passed_over(written, body):
    edit(written, f"UPDATE entries SET body = {body} WHERE seq = 7")
    assert faults_of(written) == ["7: its body was changed"]
    with open_reader(written) as ledger:
        assert {one.table for one in ledger.roster_differences()} == {"uses", "visits"}


def test_a_ledger_can_grow_after_its_head_was_remembered(tmp_path, written, moment):
    with open_ledger(written, stamp=moment) as ledger:
        head = ledger.head
        ledger.append(Happened(what="started"))
        assert ledger.verify(head=head) == ()


def reseal(path, seq, **changes):
    """Forge an entry with all its hashes right, as somebody can who has read how it is done."""
    with open_reader(path) as ledger:
        before = Head() if seq == 1 else next(ledger.entries(after=seq - 2))
        entry = msgspec.structs.replace(next(ledger.entries(after=seq - 1)), previous=before.hash, **changes)
    digest = chain.entry_hash(
        ref=entry.ref, stamp=entry.stamp, kind=entry.kind, body_hash=entry.body_hash, previous=entry.previous
    )
    edit(
        path,
        f"UPDATE entries SET kind = '{entry.kind}', previous = x'{entry.previous.hex()}', hash = x'{digest.hex()}'"
        f" WHERE seq = {seq}",
    )


def test_a_damaged_page_is_told(tmp_path, moment, written):
    with open_ledger(written, stamp=moment) as ledger:
        assert ledger.damage() == ()
    with sqlite3.connect(written) as plain:
        (page,) = plain.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'uses'").fetchone()
        (size,) = plain.execute("PRAGMA page_size").fetchone()
    plain.close()
    data = bytearray(written.read_bytes())
    data[(page - 1) * size : page * size] = bytes(size)
    written.write_bytes(data)
    with open_reader(written) as ledger:
        assert ledger.damage() != ()


# ---------------------------------------------------------------- erasing


def bytes_on_disk(path):
    return b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))


def test_an_erased_entry_leaves_a_chain_that_verifies(book, tmp_path, moment):
    book.append(*house_facts())
    (entry,) = book.append(Happened(what="met", detail="a secret to be forgotten"))
    book.append(let_in(moment.now, "ten"))
    book.checkpoint()
    assert b"a secret to be forgotten" in bytes_on_disk(tmp_path / "kiosk.db")
    book.erase(entry.ref)
    book.checkpoint()
    assert b"a secret to be forgotten" not in bytes_on_disk(tmp_path / "kiosk.db")
    assert entry.salt not in bytes_on_disk(tmp_path / "kiosk.db")
    assert book.verify() == ()
    assert book.erased() == 1
    (erased,) = book.entries(after=6, limit=1)
    assert (erased.body, erased.salt, erased.hash) == (None, None, entry.hash)


def test_only_an_entry_that_exists_can_be_erased(book):
    with pytest.raises(LookupError, match="no entry 4"):
        book.erase(Ref(ledger_id=book.ledger_id, seq=4))


# ---------------------------------------------------------------- the roster is the fold


def test_folding_anew_gives_the_same_roster(book, moment):
    book.append(*house_facts())
    taps(book, moment)
    assert book.roster_differences() == ()


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("UPDATE uses SET units = 0", "uses ten {id} 7: units is 0, the entries say 1"),
        ("DELETE FROM badges", "badges b-lea: missing"),
        ("INSERT INTO credits VALUES ('me', 1, 'lea', 100000)", "credits me 1 lea: no entry says so"),
    ],
)
def test_a_roster_that_was_changed_by_hand_is_told_and_repaired(tmp_path, written, moment, change, difference):
    edit(written, change if "UPDATE" not in change else change + " WHERE seq = 7")
    with open_ledger(written, stamp=moment) as ledger:
        before = ledger.roster_differences()
        assert [str(one).startswith(difference.format(id=ledger.ledger_id)) for one in before] == [True]
        assert ledger.repair_roster() == before
        assert ledger.roster_differences() == ()
        (holding,) = ledger.roster.holdings("lea", moment.now)
        assert (holding.used, ledger.roster.credit_cents("lea")) == (3, 0)
        assert gathered(ledger, moment.now).member is not None


@pytest.mark.parametrize(
    ("doc", "told"),
    [("json_set(doc, '$.name', 'Eve')", "members lea: name changed"), ("'{'", "members lea: doc changed")],
)
def test_a_document_that_was_changed_is_told_by_its_fields(written, doc, told):
    edit(written, f"UPDATE members SET doc = {doc} WHERE id = 'lea'")
    with open_reader(written) as ledger:
        assert [str(one) for one in ledger.roster_differences()] == [told]


@pytest.mark.parametrize("doc", ["'{}'", "'{'", "7"])
def test_a_damaged_roster_is_an_error_that_says_how_to_mend_it(written, moment, doc):
    edit(written, f"UPDATE members SET doc = {doc}")
    with open_ledger(written, stamp=moment) as ledger:
        with pytest.raises(LedgerError, match="rebuild --repair"):
            ledger.roster.members()
        with pytest.raises(LedgerError, match="rebuild --repair"):
            ledger.roster.find_members("lea")
        ledger.repair_roster()
        assert ledger.roster.members()


def test_a_reader_can_prove_the_roster_too(written):
    with open_reader(written) as ledger:
        assert ledger.roster_differences() == ()
    edit(written, "DELETE FROM uses WHERE seq = 7")
    with open_reader(written) as ledger:
        assert len(ledger.roster_differences()) == 1


def test_what_was_erased_cannot_be_repaired_away(book, moment):
    book.append(*house_facts())
    ref = taps(book, moment)
    book.erase(ref)
    with pytest.raises(LedgerError, match="1 entries are erased"):
        book.repair_roster()
    (holding,) = book.roster.holdings("lea", moment.now)
    assert holding.used == 1


def test_what_a_newer_kiosk_wrote_is_kept_and_passed_over(tmp_path, written, moment):
    write_unknown(written, kind="locker", body=b'{"kind":"locker","number":12}')
    write_unknown(written, kind="tap", body=b'{"kind":"tap","site_id":"la-serre","verdict":{"verdict":"perhaps"}}')
    with open_ledger(written, stamp=moment) as ledger:
        assert ledger.verify() == ()
        assert ledger.roster_differences() == ()
        assert ledger.append(Happened(what="started"))[0].ref.seq == 12
        assert [entry.kind for entry in ledger.entries(after=9)] == ["locker", "tap", "incident"]


def write_unknown(path, *, kind, body):
    with open_reader(path) as ledger:
        head, name = ledger.head, ledger.ledger_id
    salt, stamp = bytes(16), StampClock()()
    ref, body_hash = Ref(ledger_id=name, seq=head.seq + 1), hashlib.sha256(salt + body).digest()
    digest = chain.entry_hash(ref=ref, stamp=stamp, kind=kind, body_hash=body_hash, previous=head.hash)
    at = int(stamp.at.timestamp()) * 1_000_000
    blobs = ", ".join(f"x'{blob.hex()}'" for blob in (body, salt, body_hash, head.hash, digest))
    values = f"'{name}', {ref.seq}, {at}, '{stamp.boot_id}', {stamp.monotonic_ns}, 'trusted', '{kind}', {blobs}"
    edit(path, f"INSERT INTO entries VALUES ({values}, NULL, NULL)")


# ---------------------------------------------------------------- one writer


SECOND = """
import sys
from pathlib import Path
from kiosk.ledger import *
from tests.office.ledgers.small_house import StampClock
"""
HOLD = (
    SECOND + "ledger = open_ledger(Path(sys.argv[1]), stamp=StampClock()); print('held', flush=True); sys.stdin.read()"
)


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_second_writer_is_turned_away_and_told_who_writes(book, tmp_path):
    with pytest.raises(LedgerBusyError, match=f"held by process {os.getpid()}") as error:
        open_ledger(tmp_path / "kiosk.db", stamp=StampClock())
    assert error.value.pid == os.getpid()
    book.append(Happened(what="undisturbed"))


def test_another_process_is_turned_away_until_the_writer_is_gone_even_by_kill(tmp_path):
    path = tmp_path / "kiosk.db"
    with start(HOLD, path) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LedgerBusyError) as error:
            open_ledger(path, stamp=StampClock())
        assert error.value.pid == holder.pid
        holder.send_signal(signal.SIGKILL)
    with open_ledger(path, stamp=StampClock()) as ledger:
        assert ledger.append(Happened(what="started"))[0].ref.seq == 1


def test_the_right_to_write_is_given_back_when_opening_fails(tmp_path):
    path = tmp_path / "kiosk.db"
    path.write_bytes(b"this is not a database" * 100)
    for _ in range(2):
        with pytest.raises(LedgerError, match=r"kiosk\.db cannot be opened: file is not a database"):
            open_ledger(path, stamp=StampClock())


def test_a_ledger_where_nothing_can_be_written_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "no-such-folder" / "kiosk.db"
    with pytest.raises(LedgerError) as error:
        open_ledger(path, stamp=StampClock())
    assert str(error.value) == f"{path} cannot be opened: No such file or directory"


def test_a_ledger_is_opened_in_one_thread_and_used_in_another(book, moment):
    book.append(*house_facts())
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(taps, book, moment).result().seq == 7


def test_a_life_of_taps_opens_the_database_for_writing_once(tmp_path):
    script = SECOND + (
        "from tests.office.ledgers.small_house import *\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(args[0]) if event == 'sqlite3.connect' else None)\n"
        "moment = StampClock()\n"
        "with open_ledger(Path(sys.argv[1]), stamp=moment) as ledger:\n"
        "    ledger.append(*house_facts())\n"
        "    for _ in range(50): taps(ledger, moment); moment.moves(hours=1)\n"
        "    ledger.checkpoint(); ledger.verify(); ledger.roster_differences()\n"
        "    with open_reader(Path(sys.argv[1])) as reader: reader.verify()\n"
        "print(*(uri.partition('?')[2] for uri in opened if uri.startswith('file:')), sep='\\n')\n"
    )
    with start(script, tmp_path / "kiosk.db") as life:
        output, _ = life.communicate()
    assert output.splitlines() == ["mode=rw&psow=0", "mode=ro"]


def test_a_ledger_that_is_opened_again_finds_its_statements_compiled(tmp_path, moment):
    with fresh(tmp_path, moment) as book:
        book.append(*house_facts(), *house_facts())
    found = []

    def note(connection, cursor, statement, parameters, context, executemany):
        found.append(context.cache_hit)

    event.listen(Engine, "after_cursor_execute", note)
    try:
        with open_ledger(tmp_path / "kiosk.db", stamp=moment) as book:
            assert book.head.seq == 2 * len(house_facts())
            book.append(*house_facts())
    finally:
        event.remove(Engine, "after_cursor_execute", note)
    assert CacheStats.CACHE_HIT in found
    assert CacheStats.CACHE_MISS not in found


def test_the_writing_connection_has_the_settings_that_keep_what_it_acknowledges(book):
    names = "journal_mode synchronous foreign_keys busy_timeout journal_size_limit wal_autocheckpoint secure_delete"
    names += " trusted_schema cell_size_check"
    values = {n: book._database.connection.exec_driver_sql(f"PRAGMA {n}").scalar() for n in names.split()}
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "journal_size_limit": 2 * 1024 * 1024,
        "wal_autocheckpoint": 800,
        "secure_delete": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
    }


def test_a_checkpoint_empties_the_wal(book, tmp_path):
    book.append(*house_facts())
    assert (tmp_path / "kiosk.db-wal").stat().st_size > 0
    book.checkpoint()
    assert (tmp_path / "kiosk.db-wal").stat().st_size == 0
    assert len(list(book.entries())) == 6


# ---------------------------------------------------------------- readers


def test_a_reader_sees_what_is_committed_while_the_writer_writes(book, tmp_path, moment):
    book.append(*house_facts())
    with open_reader(tmp_path / "kiosk.db") as reader:
        assert reader.head == book.head
        book.append(let_in(moment.now, "ten"))
        assert reader.head == book.head
        assert reader.roster.people_in(SERRE.id, moment.now) == 1
        assert reader.ledger_id == book.ledger_id


def test_a_reader_cannot_write(book, tmp_path):
    with open_reader(tmp_path / "kiosk.db") as reader, pytest.raises(OperationalError, match="readonly database"):
        reader._database.connection.exec_driver_sql("DELETE FROM ledger")


def test_a_reader_of_nothing_is_told_so(tmp_path):
    with pytest.raises(LedgerError, match=r"nothing\.db does not exist"):
        open_reader(tmp_path / "nothing.db")
    assert not (tmp_path / "nothing.db").exists()


def test_a_reader_of_something_else_is_told_so(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    with pytest.raises(LedgerError, match="not a ledger of the kiosk"):
        open_reader(path)
