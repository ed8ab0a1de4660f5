"""A damaged database is repaired at the start: nothing readable is lost, and no entry's name is used twice."""

import re
import shutil
import sqlite3
from contextlib import closing

import pytest

from kiosk.facts import Happened
from kiosk.ledger import LedgerDamagedError, open_ledger, open_reader, repair
from kiosk.store.database import failing_as
from kiosk.store.database.head_file import HeadFile
from tests.crash_states.damage import Life, as_a_kiosk, as_it_is, case, under_its_name
from tests.office.ledgers.small_house import edit, fresh, house_facts, let_in, taps

CASES = range(24)
HARD = (161, 247, 252, 657)
"""What only shows as the end of the ledger is looked for; a name in the schema that is no text; a bit in an index."""


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    return Life.lived(tmp_path_factory.mktemp("damage") / "life")


@pytest.fixture
def book(tmp_path, moment):
    with fresh(tmp_path, moment) as ledger:
        ledger.append(*house_facts())
        for _ in range(6):
            taps(ledger, moment)
            moment.moves(hours=5)
    return tmp_path / "kiosk.db"


def whole(path, moment, *copies):
    return repair.open_repaired(path, stamp=moment, copies=copies)


@pytest.mark.parametrize("number", [*CASES, *HARD])
def test_whatever_the_card_did_the_kiosk_opens_and_no_entry_is_doubled(life, tmp_path, number):
    assert case(life, number, tmp_path / "case").faults == ()


@pytest.mark.parametrize("twin", [under_its_name, as_it_is])
def test_a_kiosk_that_keeps_its_name_or_does_not_mend_is_caught(life, tmp_path, twin):
    assert any(case(life, number, tmp_path / "case", opener=twin).faults for number in CASES)


def test_a_case_whose_look_breaks_off_is_a_wrong_one_and_names_its_seed(life, tmp_path):
    def without_entries(path, moment, copies):
        opened, story = as_a_kiosk(path, moment, copies)
        opened._database.connection.exec_driver_sql("ALTER TABLE entries RENAME TO hidden")
        return opened, story

    found = case(life, 5, tmp_path / "case", opener=without_entries)
    assert found.what.startswith("case 5: ")
    assert "it cannot be looked at" in found.faults[-1]


def test_a_sound_ledger_is_left_as_it_is(book, moment):
    with open_reader(book) as before:
        name, head = before.ledger_id, before.head
    ledger, story = whole(book, moment)
    with ledger:
        assert story is None
        assert (ledger.ledger_id, ledger.head) == (name, head)
    assert not (book.parent / "damaged").exists()


def damage_table(path, table, moment):
    """Zero the page at the root of a table."""
    with open_ledger(path, stamp=moment) as ledger:
        connection = ledger._database.connection
        page = connection.exec_driver_sql(f"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'").scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = bytes(size)
    path.write_bytes(data)


def test_a_damaged_roster_is_folded_anew_and_the_ledger_keeps_its_name(book, moment):
    damage_table(book, "passes", moment)
    with open_reader(book) as before:
        name, head = before.ledger_id, before.head
    ledger, story = whole(book, moment)
    with ledger:
        assert (story.renewed, story.lost, story.entries) == (False, 0, head.seq)
        assert (ledger.ledger_id, ledger.head) == (name, head)
        assert ledger.roster_differences() == ledger.verify() == ledger.damage() == ()
        assert ledger.roster.holdings("lea", moment.now)


def test_a_column_whose_name_was_damaged_is_missed_at_the_start(book, moment):
    with closing(sqlite3.connect(book, isolation_level=None)) as card:
        card.execute("PRAGMA writable_schema=ON")
        changed = "UPDATE sqlite_schema SET sql = replace(sql, 'month', 'mon4h') WHERE name = 'last_seen'"
        assert card.execute(changed).rowcount == 1
    ledger, story = whole(book, moment)
    with ledger:
        assert story is not None
        assert (*ledger.verify(), *ledger.roster_differences()) == ()


def test_damage_that_is_seen_later_is_mended_at_the_next_start(book, moment):
    damage_table(book, "departures", moment)
    repair.mark_as_damaged(book, "page 7 is never used")
    ledger, story = whole(book, moment)
    with ledger:
        assert "page 7" in story.why
        assert ledger.damage() == ()
    ledger, story = whole(book, moment)
    ledger.close()
    assert story is None


def change_index(path):
    """Change a letter of an early entry's name in the index, so that those behind it are not found."""
    with closing(sqlite3.connect(path)) as card:
        size, name = card.execute("PRAGMA page_size").fetchone()[0], card.execute("SELECT * FROM ledger").fetchone()[0]
        index = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_entries_1'"
        start = (card.execute(index).fetchone()[0] - 1) * size
    data = bytearray(path.read_bytes())
    places = [one.start() for one in re.finditer(name.encode(), data[start : start + size])]
    data[start + places[-3] + 20] = ord("z")
    path.write_bytes(data)


def test_entries_that_an_index_hides_are_found_again(book, moment):
    with open_reader(book) as before:
        name, kept = before.ledger_id, [entry.hash for entry in before.entries()]
    change_index(book)
    ledger, story = as_a_kiosk(book, moment, [])
    with ledger:
        assert story is not None
        assert (story.renewed, story.lost) == (False, 0)
        assert (ledger.ledger_id, [entry.hash for entry in ledger.entries()]) == (name, kept)


def test_a_look_that_believes_the_indexes_finds_nothing_wrong_where_entries_are_hidden(book, moment):
    change_index(book)
    with open_ledger(book, stamp=moment) as ledger:
        assert len(list(ledger.entries())) < ledger.head.seq
        assert ledger._database.connection.exec_driver_sql("PRAGMA quick_check").scalars().all() == ["ok"]
        assert any("index" in line for line in ledger.damage())


def test_an_end_that_was_lost_is_missed_and_its_names_are_not_used_again(book, moment):
    with open_ledger(book, stamp=moment) as ledger:
        shutil.copy(book, book.with_name("before.db"))
        lost = ledger.append(let_in(moment.now, "ten"), Happened(what="nothing"))
    shutil.copy(book.with_name("before.db"), book)
    ledger, story = whole(book, moment)
    with ledger:
        assert (story.lost, story.renewed) == (2, True)
        assert list(ledger.former_ledgers) == [lost[0].ref.ledger_id]
        assert taps(ledger, moment).seq == 1
        assert ledger.verify() == ledger.roster_differences() == ()


def test_what_a_damaged_database_lost_comes_from_a_copy(book, moment):
    shutil.copy(book, book.with_name("copy.db"))
    with open_reader(book) as before:
        head = before.head
    book.write_bytes(bytes(book.stat().st_size))
    ledger, story = whole(book, moment, book.with_name("copy.db"))
    with ledger:
        assert (story.entries, story.copies, story.renewed) == (head.seq, head.seq, False)
        assert ledger.head == head
        assert ledger.roster_differences() == ()


def test_without_anything_left_a_kiosk_begins_anew_and_nothing_bears_an_old_name(book, moment):
    with open_reader(book) as before:
        name, head = before.ledger_id, before.head
    book.unlink()
    ledger, story = whole(book, moment)
    with ledger:
        assert (story.entries, story.lost, story.renewed) == (0, head.seq, True)
        assert ledger.ledger_id != name
        assert list(ledger.former_ledgers) == [name]


def test_damaged_files_are_kept_three_times(book, moment):
    for number in range(5):
        book.write_bytes(b"damaged %d" % number)
        ledger, _ = whole(book, moment)
        with ledger:
            ledger.append(*house_facts())
    kept = sorted((book.parent / "damaged").glob("*/kiosk.db"))
    assert [file.read_bytes() for file in kept] == [b"damaged 2", b"damaged 3", b"damaged 4"]


def test_a_start_that_was_cut_short_goes_on_with_what_was_put_aside(book, moment):
    with open_reader(book) as before:
        head = before.head
    damage_table(book, "passes", moment)
    (book.parent / "damaged" / "000001").mkdir(parents=True)
    book.rename(book.parent / "damaged" / "000001" / book.name)
    ledger, story = whole(book, moment)
    with ledger:
        assert (story.entries, story.renewed) == (head.seq, False)
        assert ledger.head == head


def test_an_entry_that_was_edited_is_not_taken_over(book, moment):
    edit(book, "UPDATE entries SET body = 'forged' WHERE seq = 3")
    damage_table(book, "passes", moment)
    ledger, story = whole(book, moment)
    with ledger:
        assert story.renewed
        assert 3 not in [entry.ref.seq for entry in ledger.entries(of=next(iter(ledger.former_ledgers)))]


def test_the_note_tells_nothing_when_it_is_damaged(tmp_path):
    note = tmp_path / "kiosk.db.head"
    note.write_bytes(b"\xff" * 160)
    assert HeadFile(tmp_path / "kiosk.db").read() is None


def test_an_empty_note_beside_a_ledger_of_days_tells_of_a_loss(book, moment):
    with open_ledger(book, stamp=moment) as ledger:
        moment.moves(minutes=11)
        taps(ledger, moment)
    book.with_name(f"{book.name}.head").write_bytes(b"")
    ledger, report = whole(book, moment)
    ledger.close()
    assert report.renewed


def test_a_text_with_flipped_bits_is_damage_wherever_it_is_met(book):
    edit(book, "UPDATE entries SET ledger_id = CAST(x'ff' || ledger_id AS TEXT) WHERE seq = 2")
    with closing(sqlite3.connect(book)) as connection, pytest.raises(LedgerDamagedError), failing_as("x"):
        connection.execute("SELECT ledger_id FROM entries").fetchall()


@pytest.mark.parametrize(("leave", "renewed"), [("an empty note", False), ("no note", True)])
def test_an_empty_note_of_the_head_beside_a_new_sound_ledger_is_no_damage(tmp_path, moment, leave, renewed):
    with fresh(tmp_path, moment) as ledger:
        ledger.append(*house_facts())
    book = tmp_path / "kiosk.db"
    note = book.with_name(f"{book.name}.head")
    note.unlink()
    if leave == "an empty note":
        note.touch()
    ledger, report = whole(book, moment)
    ledger.close()
    assert (report is not None and report.renewed) == renewed
