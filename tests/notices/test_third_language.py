"""A third language needs only a catalogue: tried on a copy of the package with one more folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

import kiosk
from kiosk.languages import catalogue_files

PACKAGE = Path(kiosk.__file__).parent
PEOPLE = """
import sys
from pathlib import Path
from kiosk import notices
from kiosk.settings.config import load
from kiosk.clock import WallClock
from kiosk.commands import AddMember
from kiosk.ledger import open_ledger
from kiosk.desk import Desk, perform_at
from kiosk.settings.site_file import read_site
from kiosk.model import Member
from kiosk.notices import Language, languages
from datetime import UTC, datetime, timedelta

folder = Path(sys.argv[1])
(folder / "kiosk.toml").write_text('site = "a"\\n[reader]\\npath = "tty:S0:pn532"\\n[screen]\\nlanguage = "de"\\n')
print(load(folder / "kiosk.toml").screen.language)
site = read_site(folder / "site.toml").site
print(site.language)
with open_ledger(folder / "ledger.db", stamp=WallClock().stamp) as ledger:
    moment = WallClock().stamp()
    desk = Desk(books=ledger, site_id="a", badge_key=bytes(32), now=moment.at, clock=moment.clock)
    perform_at(desk, AddMember(name="Greta", language="de"))
now = datetime(2026, 7, 13, 7, 5, tzinfo=UTC)
print(notices.goodbye(site, Member(id="g", name="Greta", language="de"), now).title)
words = Language("de", "Europe/Paris")
print(words.count("You have {n} entry left", "You have {n} entries left", 5))
print(words.weekday(now.date(), now))
print(words.money(5000, "EUR"))
print(",".join(languages()))
"""
SITE = """
[site]
id = "a"
name = "Haus"
zone = "Europe/Paris"
hours = "Mo-Fr 09:00-17:00"
language = "de"
"""


def german() -> Catalog:
    """The French catalogue's texts, as somebody would begin to translate them."""
    made = Catalog(locale="de")
    for path in catalogue_files("fr"):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id:
                    form = message.id if isinstance(message.id, str) else message.id[1]
                    german = "Bis bald" if form == "Goodbye" else f"DE {form}"
                    made.add(message.id, german if isinstance(message.id, str) else (german, german))
    return made


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the package, which a test may spoil."""
    shutil.copytree(PACKAGE, tmp_path / "kiosk", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "site.toml").write_text(SITE)
    return tmp_path


def speak(folder: Path, told: str = PEOPLE) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", told, str(folder)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def test_a_catalogue_is_all_that_a_third_language_needs(copied) -> None:
    folder = copied / "kiosk" / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "all.po").open("wb") as file:
        write_po(file, german())
    told = speak(copied)
    assert told.stderr == ""
    screen, site, goodbye, entries, day, money, codes = told.stdout.splitlines()
    assert (screen, site, goodbye, entries) == ("de", "de", "Bis bald", "DE You have 5 entries left")
    assert "13" in day
    assert "Juli" in day
    assert money.replace("\u00a0", " ") == "50 €"
    assert codes == "en,de,fr"


def test_without_the_catalogue_the_language_is_refused_with_those_there_are(copied) -> None:
    told = speak(copied)
    assert told.returncode != 0
    assert 'expected one of "en", "fr"' in told.stderr


FIRST_START = """
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.entrances import ENTRANCES
from kiosk.screen.scene import Context
from kiosk.screen.sdl import pygame
from kiosk.notices import Language
from datetime import UTC, datetime

now = lambda: datetime(2026, 6, 1, 7, tzinfo=UTC)
scene = ENTRANCES["set_up"](Context(words=Language("fr", "Europe/Paris"), now=now, member_id=""))
canvas = Canvas(pygame.Surface((800, 480)))
scene.draw(canvas)
print(",".join(one.line.text for one in canvas.written))
step = scene.touched("language:de").to
print(step.title(), "|", step.draft.command().language)
"""


def test_the_first_start_offers_a_third_language_by_itself(copied) -> None:
    folder = copied / "kiosk" / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "all.po").open("wb") as file:
        write_po(file, german())
    told = speak(copied, FIRST_START)
    assert told.stderr == ""
    written, chosen = told.stdout.splitlines()
    assert written.replace("\N{NO-BREAK SPACE}", " ") == (
        "Retour,1/10 · Langue · Language · DE Language,Quitter,Français,English,Deutsch"
    )
    assert chosen.endswith("DE Where is the kiosk? | de")
