"""The server's database: made and upgraded, on both kinds, and who may open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, inspect, text

from kiosk.model import Ref
from kiosk.store.database import LedgerBusyError, LedgerError
from kiosk.store.tables import ROSTER
from sync.central.alarms import register
from sync.central.alarms.register import Kind, Note
from sync.central.server import Central
from sync.central.settings import Settings
from sync.central.storage import migrations, network
from sync.central.storage.migrations.versions import r0007_alarm_facts
from sync.central.storage.tables import CENTRAL
from tests.office.servers.postgres import cluster
from tests.office.servers.server import serving


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path: Path) -> str:
    return str(tmp_path / "new.db") if request.param == "sqlite" else cluster().new_database()


def test_a_database_that_is_made_has_the_tables_that_are_spelt(empty: str) -> None:
    wanted = MetaData()
    for table in (*CENTRAL.sorted_tables, *ROSTER.sorted_tables):
        table.to_metadata(wanted)
    with serving(empty) as central, central.storage.reader() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [one for one in compare_metadata(context, wanted) if not _is_alembics(one)]
    assert found == []


def _is_alembics(difference: tuple[Any, ...]) -> bool:
    return bool(difference[0] == "remove_table" and difference[1].name == migrations.VERSIONS)


def test_every_table_of_the_server_leads_with_the_network() -> None:
    assert {next(iter(table.primary_key.columns)).name for table in CENTRAL.sorted_tables} == {"network_id"}
    for table in CENTRAL.sorted_tables:
        assert all(next(iter(index.columns)).name == "network_id" for index in table.indexes)


def test_opening_again_changes_nothing(empty: str) -> None:
    with serving(empty) as central:
        born = network.load(central.storage)
    with serving(empty) as central:
        assert network.load(central.storage) == born


def test_a_database_of_a_newer_version_is_left_alone(empty: str) -> None:
    with serving(empty) as central, central.storage.writing() as connection:
        connection.execute(text(f"UPDATE {migrations.VERSIONS} SET version_num = '9999'"))
    with pytest.raises(LedgerError, match="schema 9999"), serving(empty):
        pass


def test_former_ledgers_of_one_kiosk_each_are_kept_when_others_may_have_kept_them_too(empty: str) -> None:
    engine = create_engine(empty if "://" in empty else f"sqlite:///{empty}")
    with engine.begin() as connection:
        migrations.upgrade(connection, "0005")
        connection.execute(
            text("INSERT INTO former_ledgers VALUES ('main', 'old', 'north'), ('other', 'old', 'south')")
        )
    engine.dispose()
    with serving(empty) as central, central.storage.writing() as connection:
        connection.execute(text("INSERT INTO former_ledgers VALUES ('main', 'old', 'west')"))
        kept = {tuple(row) for row in connection.execute(text("SELECT * FROM former_ledgers"))}
    assert kept == {("main", "old", "north"), ("main", "old", "west"), ("other", "old", "south")}


OF_THE_RELEASE_BEFORE = {
    "gap:a": ("entry 7 is missing, 9 is known", "missing", {"n": 7, "known": 9}),
    "overdraft:a:3": (
        "pass p1 of Ana of Gap stands at -2", "below_zero", {"pass_id": "p1", "member": "Ana of Gap", "left": -2}
    ),
    "overlap:a:4": (
        "lea was charged twice: by entry 4 of b as well", "charged_twice", {"member": "lea", "n": 4, "ledger": "b"}
    ),
    "restored:a": (
        "acknowledged up to 5, and 3 is here: put back from a copy?", "sent_before", {"n": 5, "known": 3}
    ),
    "strange:a": ("something that no release wrote", "", {"sentence": "something that no release wrote"}),
}  # fmt: skip


def test_alarms_that_stand_are_read_into_code_and_facts_once_and_for_all(empty: str) -> None:
    engine = create_engine(empty if "://" in empty else f"sqlite:///{empty}")
    rows = [{"id": key, "kind": key.split(":")[0], "said": one[0]} for key, one in OF_THE_RELEASE_BEFORE.items()]
    with engine.begin() as connection:
        migrations.upgrade(connection, "0006")
        columns = "network_id, alarm_id, kind, ledger_id, seq, detail, times, first_at, last_at"
        statement = f"INSERT INTO alarms ({columns}) VALUES ('main', :id, :kind, 'a', 1, :said, 2, 0, 0)"
        connection.execute(text(statement), rows)
    engine.dispose()
    with serving(empty) as central:
        found = {alarm.alarm_id: (alarm.note, alarm.facts) for alarm in central.alarms.listed()}
        assert {alarm.times for alarm in central.alarms.listed()} == {2}
    assert found == {key: one[1:] for key, one in OF_THE_RELEASE_BEFORE.items()}


def test_conflicts_that_a_release_before_told_of_are_not_told_again(empty: str) -> None:
    engine = create_engine(empty if "://" in empty else f"sqlite:///{empty}")
    with engine.begin() as connection:
        migrations.upgrade(connection, "0007")
        columns = "network_id, alarm_id, kind, ledger_id, seq, note, facts, times, first_at, last_at"
        rows = [
            {"id": "overlap:a:4", "kind": "overlap", "seq": 4},
            {"id": "again", "kind": "overlap", "seq": 4},
            {"id": "gap:a", "kind": "gap", "seq": 7},
        ]
        statement = f"INSERT INTO alarms ({columns}) VALUES ('main', :id, :kind, 'a', :seq, '', '{{}}', 1, 0, 0)"
        connection.execute(text(statement), rows)
    engine.dispose()
    with serving(empty) as central, central.storage.writing() as connection:
        assert not register.report_conflict(connection, "main", Kind.OVERLAP, Ref(ledger_id="a", seq=4))
        assert register.report_conflict(connection, "main", Kind.OVERLAP, Ref(ledger_id="a", seq=5))
        kept = connection.execute(text("SELECT kind, seq FROM conflicts ORDER BY seq")).all()
        assert [tuple(row) for row in kept] == [("overlap", 4), ("overlap", 5)]
        assert central.alarms.count() == len(rows)


def test_every_code_that_the_upgrade_writes_is_a_note_of_today() -> None:
    assert set(r0007_alarm_facts.SENTENCES) <= set(Note)


def test_a_second_server_on_a_sqlite_file_is_turned_away_and_on_postgresql_is_welcome(empty: str) -> None:
    with serving(empty) as one:
        if one.storage.is_postgres:
            with serving(empty) as other:
                assert network.load(other.storage) == network.load(one.storage)
        else:
            with pytest.raises(LedgerBusyError):
                Central(Settings(database=empty))


def test_networks_on_one_postgresql_have_rosters_of_their_own() -> None:
    database = cluster().new_database()
    with serving(database, network="one") as one, serving(database, network="two"):
        with one.storage.reader() as connection:
            schemas = inspect(connection).get_schema_names()
        assert {"roster_one", "roster_two"} <= set(schemas)


@pytest.mark.parametrize("url", ["postgresql://x@/y?host=/nowhere", "postgres://[", "postgresql:x"])
def test_a_database_that_cannot_be_reached_is_a_sentence(url: str) -> None:
    with pytest.raises(LedgerError), serving(url):
        pass


def test_a_file_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be opened"), serving(str(tmp_path / "no" / "where.db")):
        pass
