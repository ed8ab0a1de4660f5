"""The locked versions are those of what pyproject.toml asks for: an installation gets nothing else."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CENTRAL = PROJECT["optional-dependencies"]["central"]


def missing(asked: list[str], locked: str) -> set[str]:
    """Which of the packages that are asked for have no locked version."""
    names = {re.split(r"[\[<>=;~! ]", one)[0].lower().replace("_", "-") for one in asked}
    return names - set(re.findall(r"^([a-z0-9.-]+)==", locked, re.MULTILINE))


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ("requirements.txt", PROJECT["dependencies"]),
        ("requirements-central.txt", PROJECT["dependencies"] + CENTRAL),
        ("requirements-dev.txt", PROJECT["dependencies"] + CENTRAL),
    ],
)
def test_every_package_that_is_asked_for_is_locked(file: str, asked: list[str]) -> None:
    assert missing(asked, (ROOT / file).read_text()) == set()


def test_a_package_that_was_added_and_not_locked_is_seen() -> None:
    assert missing(["segno>=1.6", "psycopg[binary]>=3.2"], "psycopg==3.2.1 \\\n    --hash=sha256:0\n") == {"segno"}
