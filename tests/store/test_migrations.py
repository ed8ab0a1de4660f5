"""The schema: made and upgraded in steps, refused when it is newer, and not loaded at a usual start."""

import sqlite3
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from kiosk.facts import Happened
from kiosk.ledger import LedgerError, LedgerTooNewError, open_ledger, open_reader
from kiosk.ledger.repair import open_repaired
from kiosk.store import migrations
from kiosk.store.database import reading_engine
from kiosk.store.tables import LEDGER, REVISION, ROSTER, STAGED
from tests.crash_states.lives import older
from tests.office.ledgers.small_house import edit, fresh, house_facts, taps


@pytest.fixture
def written(tmp_path, moment):
    with fresh(tmp_path, moment) as ledger:
        ledger.append(*house_facts())
        taps(ledger, moment)
    return tmp_path / "kiosk.db"


def revision_of(path):
    with sqlite3.connect(path) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    return revision


def test_the_newest_revision_is_the_one_that_the_tables_belong_to():
    assert max(migrations.revisions()) == REVISION


def differences(path):
    """What would have to change for a database to have the tables of kiosk.store.tables."""
    wanted = MetaData()
    for table in (*LEDGER.sorted_tables, *ROSTER.sorted_tables, *STAGED.sorted_tables):
        table.to_metadata(wanted)
    engine = reading_engine(path)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), wanted)
    engine.dispose()
    return found


def test_the_revisions_lead_to_the_tables_that_the_kiosk_uses(written):
    assert differences(written) == []


@pytest.mark.parametrize("change", ["ALTER TABLE sites ADD COLUMN colour", "DROP INDEX visits_of_member"])
def test_a_table_that_differs_would_be_found(written, change):
    connection = sqlite3.connect(written)
    connection.execute(change)
    connection.close()
    assert len(differences(written)) == 1


@pytest.mark.parametrize("table", [*LEDGER.sorted_tables, *ROSTER.sorted_tables, *STAGED.sorted_tables], ids=str)
def test_a_table_can_be_made_by_postgresql_too(table):
    words = str(CreateTable(table).compile(dialect=postgresql.dialect()))
    assert words.strip().startswith(f"CREATE TABLE {table.name} (")
    assert "ROWID" not in words


def test_a_new_database_is_made_at_the_newest_revision(tmp_path, moment):
    with open_ledger(tmp_path / "new.db", stamp=moment) as ledger:
        assert ledger.append(Happened(what="started"))[0].ref.seq == 1
    assert revision_of(tmp_path / "new.db") == REVISION


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_an_older_database_is_upgraded_and_its_roster_folded(tmp_path, written, moment, revision):
    path = older(tmp_path / "older.db", written, revision)
    with open_reader(written) as before, open_ledger(path, stamp=moment) as after:
        assert after.ledger_id == before.ledger_id
        assert tuple(after.entries()) == tuple(before.entries())
        assert after.verify(head=before.head) == ()
        assert after.roster_differences() == ()
        assert after.roster.holdings("lea", moment.now) == before.roster.holdings("lea", moment.now)
        assert after.roster.holdings("lea", moment.now)[0].used == 1
    assert revision_of(path) == REVISION


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(tmp_path, written, moment):
    path = older(tmp_path / "older.db", written)
    edit(path, "UPDATE entries SET body = NULL, salt = NULL WHERE seq = 7")
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="1 entries are erased"):
        open_ledger(path, stamp=moment)
    assert revision_of(path) == "0001"
    with sqlite3.connect(path) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    connection.close()
    assert tables == {"alembic_version", "ledger", "entries"}
    assert path.read_bytes() == before


def test_a_database_that_a_newer_kiosk_upgraded_is_refused_and_left_alone(written, moment):
    edit(written, "UPDATE alembic_version SET version_num = '9999'")
    before = written.read_bytes()
    with pytest.raises(LedgerTooNewError) as error:
        open_ledger(written, stamp=moment)
    assert f"kiosk.db has schema 9999, this kiosk knows up to {REVISION}: a newer version upgraded it" in str(
        error.value
    )
    assert written.read_bytes() == before


def test_a_database_that_a_newer_kiosk_upgraded_is_not_mended_either(written, moment):
    """It is sound: whoever goes back to an older release must not lose what the newer one recorded."""
    edit(written, "UPDATE alembic_version SET version_num = '9999'")
    before = written.read_bytes()
    with pytest.raises(LedgerTooNewError):
        open_repaired(written, stamp=moment)
    assert written.read_bytes() == before
    assert not written.with_name("damaged").exists()


def test_a_reader_of_another_schema_is_told_so(written):
    edit(written, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(LedgerError, match=f"has schema 0001, this kiosk reads {REVISION}"):
        open_reader(written)


START = """
import sys
from pathlib import Path
from kiosk.ledger import open_ledger
from tests.office.ledgers.small_house import StampClock
with open_ledger(Path(sys.argv[1]), stamp=StampClock()) as ledger:
    print(ledger.head.seq, "alembic" in sys.modules, "mako" in sys.modules)
"""


def start(path):
    done = subprocess.run([sys.executable, "-c", START, str(path)], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_usual_start_does_not_load_alembic_and_an_upgrade_does(tmp_path, written):
    assert start(written) == ["7", "False", "False"]
    assert start(older(tmp_path / "older.db", written)) == ["7", "True", "True"]
