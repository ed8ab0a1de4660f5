"""The command line of the server: with and without a running one, on both databases."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

from kiosk.store.database import LedgerError
from sync.central.cli import central as command
from sync.central.feed.stream import GoneError
from sync.central.settings import Settings
from sync.central.storage import backups, network
from tests.office.ledgers.small_house import house_facts
from tests.office.servers.postgres import binaries
from tests.office.servers.server import MemoryLedger, fed, new_database, pairs, sends, serving

PASSWORD = {"KIOSK_CENTRAL_PASSWORD": "a password of some length"}


def says(database: str, *words: str, env: dict[str, str] | None = None, code: int = 0) -> str:
    result: Result = CliRunner().invoke(command, ["--database", database, *words], env=env or PASSWORD)
    assert result.exit_code == code, result.output
    return result.output


def test_accounts_are_made_changed_and_listed(database: str) -> None:
    assert "make an account" in says(database, "account", "list")
    says(database, "account", "add", "Anne", "--role", "manager")
    says(database, "account", "add", "paul", "--role", "host", "--site", "la-serre")
    assert says(database, "account", "list") == "anne: manager\npaul: host of la-serre\n"
    says(database, "account", "role", "paul", "--role", "read_only")
    says(database, "account", "disable", "anne")
    assert says(database, "account", "list") == "anne: manager, shut out\npaul: read_only\n"
    says(database, "account", "disable", "anne", "--undo")
    says(database, "account", "password", "anne", env={"KIOSK_CENTRAL_PASSWORD": "another long password"})
    with serving(database) as central:
        assert central.sessions.sign_in("anne", "another long password").token


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("account", "role", "nobody", "--role", "manager"), 'there is no account "nobody"'),
        (("account", "add", "paul"), "say which"),
        (("account", "add", " ", "--role", "manager"), "needs a name"),
        (("kiosk", "revoke", "door"), 'no kiosk "door" is paired'),
    ],
)
def test_what_cannot_be_done_is_a_sentence(database: str, words: tuple[str, ...], told: str) -> None:
    output = says(database, *words, code=1)
    assert told in output
    assert "Traceback" not in output


def test_a_password_that_is_short_and_a_name_that_is_taken_are_refused(database: str) -> None:
    assert "at least 12" in says(
        database, "account", "add", "a", "--role", "manager", env={"KIOSK_CENTRAL_PASSWORD": "short"}, code=1
    )
    says(database, "account", "add", "a", "--role", "manager")
    assert "already" in says(database, "account", "add", "A", "--role", "manager", code=1)


def test_a_kiosk_is_paired_listed_and_shut_out(database: str) -> None:
    code = says(database, "kiosk", "pair", "North door").splitlines()[0]
    assert len(code.replace(" ", "")) == 8
    with serving(database) as central:
        pairs(central, name="South door")
    assert "South door at la-serre: not heard of yet" in says(database, "kiosk", "list")
    says(database, "kiosk", "revoke", "South door")
    assert "shut out since 2" in says(database, "kiosk", "list")


def test_a_code_for_a_site_that_nobody_knows_is_refused(database: str) -> None:
    with serving(database) as central:
        central.books.append(*house_facts(), by="anne")
    assert "there are: la-serre" in says(database, "kiosk", "pair", "door", "--site", "elsewhere", code=1)


def test_a_database_that_is_not_there_is_not_made_by_asking(tmp_path: Path) -> None:
    assert "does not exist" in says(str(tmp_path / "none.db"), "kiosk", "list", code=1)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [(b"port = 'x'", "port"), (b"colour = 1", "colour"), (b"=", "central.toml"), (b"\xff", "central.toml")],
)
def test_settings_that_cannot_be_read_are_told(tmp_path: Path, text: bytes, told: str) -> None:
    file = tmp_path / "central.toml"
    file.write_bytes(text)
    result = CliRunner().invoke(command, ["--config", str(file), "kiosk", "list"])
    assert result.exit_code == 1
    assert told in result.output


def test_a_network_with_an_odd_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no network id"), serving(str(tmp_path / "x.db"), network='x"; DROP'):
        pass


# ---------------------------------------------------------------- with a running server


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(database: str) -> Iterator[str]:
    """`kiosk-central run`, until it is asked to end; it ends well."""
    port = free_port()
    words = [sys.executable, "-m", "sync.central", "--database", database, "run", "--port", str(port)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, env={**os.environ, **PASSWORD})
    assert process.stderr
    for line in process.stderr:
        if b"Uvicorn running" in line:
            break
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        process.stderr.close()
        assert process.wait(20) == 0


def test_the_running_server_takes_orders_and_tidies_up(database: str, tmp_path: Path) -> None:
    with running(database) as url:
        assert requests.get(f"{url}/health", timeout=10).json()["status"] == "ok"
        assert requests.get(f"{url}/sign-in", timeout=10).status_code == 200
        assert len(says(database, "kiosk", "pair", "door").splitlines()[0].replace(" ", "")) == 8
        says(database, "account", "add", "anne", "--role", "manager")
        assert 'no account "x"' in says(database, "account", "role", "x", "--role", "manager", code=1)
    assert says(database, "account", "list") == "anne: manager\n"
    assert list(tmp_path.glob("*.sock")) == []


# ---------------------------------------------------------------- copies


def test_a_copy_has_everything_and_begins_a_feed_of_its_own(tmp_path: Path) -> None:
    database, copy = new_database("sqlite", tmp_path), tmp_path / "copy.db"
    sent = MemoryLedger().writes(*house_facts())
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent)
        cursor = central.feed.page(kiosk, None).cursor
        says(database, "backup", str(copy))
        own = network.load(central.storage).ledger_id
    assert not list(tmp_path.glob("copy.db-*"))
    assert copy.stat().st_mode & 0o777 == 0o600
    with serving(str(copy)) as restored:
        assert fed(restored, kiosk) == sent
        assert network.load(restored.storage).ledger_id != own
        with pytest.raises(GoneError):
            restored.feed.page(kiosk, cursor)
    with serving(database) as central:
        assert central.feed.page(kiosk, cursor).entries == ()


def test_a_copy_is_not_written_over_another(database: str, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_bytes(b"precious")
    assert "is not written over" in says(database, "backup", str(tmp_path / "copy.db"), code=1)
    assert (tmp_path / "copy.db").read_bytes() == b"precious"


def test_a_copy_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        backups.copy(Settings(database=str(tmp_path / "none.db")), tmp_path / "copy.db")
    with pytest.raises(LedgerError, match="cannot be written"):
        backups.copy(Settings(database=new_database("sqlite", tmp_path)), tmp_path / "nowhere" / "copy.db")
    assert list(tmp_path.glob("copy*")) == []


def test_postgresql_is_copied_by_its_own_tool_and_told_when_it_is_back(tmp_path: Path, monkeypatch) -> None:
    database, copy = new_database("postgresql", tmp_path), tmp_path / "copy.dump"
    monkeypatch.setenv("PATH", f"{binaries()}:{os.environ['PATH']}")
    assert "kiosk-central restored" in says(database, "backup", str(copy))
    assert copy.read_bytes().startswith(b"PGDMP")
    assert copy.stat().st_mode & 0o777 == 0o600
    with serving(database) as central:
        before = network.load(central.storage).generation
    says(database, "restored", "--yes")
    with serving(database) as central:
        assert network.load(central.storage).generation != before


def test_a_copy_of_postgresql_shows_its_password_in_no_command_line(tmp_path: Path, monkeypatch) -> None:
    told = tmp_path / "told"
    (tmp_path / "pg_dump").write_text(f'#!/bin/sh\necho "$@" > {told}; echo "$PGPASSWORD" >> {told}\n')
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    settings = Settings(database="postgresql+psycopg://anne:s%40cret@db.example/kiosks?sslmode=require")
    backups.copy(settings, tmp_path / "copy.dump")
    arguments, secret = told.read_text().splitlines()
    assert "--dbname=postgresql://anne@db.example/kiosks?sslmode=require" in arguments
    assert secret == "s@cret"


@pytest.mark.parametrize("order", [("run",), ("kiosk", "list"), ("migrate",)])
def test_a_database_of_no_known_kind_is_told_with_where_it_was_said_and_how_to_say_it(order, tmp_path) -> None:
    wrong, right = "mysql://root@host/kiosks", "postgresql://user@host/name"
    told = says(wrong, *order, code=1)
    assert told.startswith('Error: --database: "mysql://" is no database')
    assert right in told
    assert "root" not in told, "what is in an address may be secret"
    file = tmp_path / "central.toml"
    file.write_text(f'database = "{wrong}"')
    result = CliRunner().invoke(command, ["--config", str(file), *order])
    assert result.output.startswith(f"Error: {file}: ")
