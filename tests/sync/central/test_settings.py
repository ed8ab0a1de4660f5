"""The server's settings: the example that is installed, and where its database is."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import kiosk
from sync.central.cli import central as command
from sync.central.settings import Settings, load

EXAMPLE = Path(kiosk.__path__[0]) / "examples/central.toml"
EXAMPLES_ONLY = ("database_file", "hosts", "badge_key", "alarms_to")
"""Settings of which the file shows an example and not the default."""


def test_the_example_is_valid_and_documents_every_setting_with_its_default(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    text = EXAMPLE.read_text()
    assert set(re.findall(r"^#?([a-z_]+) = ", text, re.MULTILINE)) == set(Settings.__struct_fields__)
    shown = tmp_path / "shown.toml"
    shown.write_text(re.sub(rf"^#(?!{'|'.join(EXAMPLES_ONLY)})([a-z_]+ = )", r"\1", text, flags=re.MULTILINE))
    assert load(shown) == load(EXAMPLE) == Settings(database=str(tmp_path / "central.db"))


@pytest.mark.parametrize("where", ["database", "database_file"])
def test_a_relative_database_of_the_settings_is_in_the_state_folder(where, tmp_path, monkeypatch) -> None:
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    state.mkdir()
    elsewhere.mkdir()
    (tmp_path / "named").write_text("network.db\n")
    written = {"database": "network.db", "database_file": str(tmp_path / "named")}[where]
    (tmp_path / "central.toml").write_text(f'{where} = "{written}"\n')
    monkeypatch.setenv("STATE_DIRECTORY", str(state))
    monkeypatch.chdir(elsewhere)
    done = CliRunner().invoke(command, ["--config", str(tmp_path / "central.toml"), "migrate"])
    assert done.exit_code == 0, done.output
    assert (state / "network.db").exists()
    assert list(elsewhere.iterdir()) == []


def test_a_database_named_on_the_command_line_is_where_the_caller_says(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(command, ["--database", "mine.db", "migrate"]).exit_code == 0
    assert (tmp_path / "mine.db").exists()


def test_a_url_of_postgresql_is_taken_as_it_is(tmp_path) -> None:
    (tmp_path / "central.toml").write_text('database = "postgresql://kiosk@/kiosk"\n')
    assert load(tmp_path / "central.toml").database == "postgresql://kiosk@/kiosk"


def test_a_folder_that_is_missing_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "gone"))
    monkeypatch.setenv("KIOSK_CENTRAL_CONFIG", str(EXAMPLE))
    done = CliRunner().invoke(command, ["account", "list"])
    assert done.exit_code == 1
    assert (
        done.output == f"Error: there is no folder {tmp_path / 'gone'} for the database: make it, or say --database\n"
    )
