"""The locked versions are those of what pyproject.toml asks for: an installation gets nothing else."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BOTH = PROJECT["dependencies"]
DOOR, CENTRAL = PROJECT["optional-dependencies"]["door"], PROJECT["optional-dependencies"]["central"]


def missing(asked: list[str], locked: str) -> set[str]:
    """Which of the packages that are asked for have no locked version."""
    names = {re.split(r"[\[<>=;~! ]", one)[0].lower().replace("_", "-") for one in asked}
    return names - set(re.findall(r"^([a-z0-9.-]+)==", locked, re.MULTILINE))


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ("requirements-door.txt", BOTH + DOOR),
        ("requirements-central.txt", BOTH + CENTRAL),
        ("requirements-dev.txt", BOTH + DOOR + CENTRAL),
    ],
)
def test_every_package_that_is_asked_for_is_locked(file: str, asked: list[str]) -> None:
    assert missing(asked, (ROOT / file).read_text()) == set()


def test_a_package_that_was_added_and_not_locked_is_seen() -> None:
    assert missing(["segno>=1.6", "psycopg[binary]>=3.2"], "psycopg==3.2.1 \\\n    --hash=sha256:0\n") == {"segno"}


@pytest.mark.parametrize(("file", "others"), [("requirements-door.txt", CENTRAL), ("requirements-central.txt", DOOR)])
def test_door_and_server_bring_nothing_that_only_the_other_needs(file: str, others: list[str]) -> None:
    locked = (ROOT / file).read_text()
    assert len(missing(others, locked)) == len(others)
    assert missing(others, (ROOT / "requirements-dev.txt").read_text()) == set()
