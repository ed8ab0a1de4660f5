"""The pictures of members, passes and the till."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kiosk.commands import ChangeMember, SellPass
from kiosk.screen.scenes.people.members import Members
from kiosk.screen.scenes.sales.till import SalesOfDay
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk
from tests.office.ledgers.small_house import edit, template
from tests.pictures.picture import Picture

LONG = "Jean-Baptiste Delacroix-Montgolfier"
STRANGER = bytes([4]) + b"noone."


def pictures(language: str) -> Iterator[Picture]:
    """Every picture of this area in a language; `name` begins with "people-"."""
    with tempfile.TemporaryDirectory() as folder:
        counter = SteppedKiosk(_named(Path(folder)))
        for name in (LONG, "Élise Le Goff", "Éliane Petit", "Théo Martin"):
            counter.joins(name)
        counter.joins("claire", staff=True)
        counter.tap(STRANGER)
        yield from _members(counter, language)
        yield from _member(counter, language)
        yield from _sales(counter, language)
        counter.close()


def _named(folder: Path) -> Path:
    """A folder with a ledger that always has the same name, so that its receipts are always numbered alike."""
    shutil.copy(template(), folder / "ledger.db")
    edit(folder / "ledger.db", "UPDATE ledger SET ledger_id = 'gallery'")
    return folder


def _side(counter: SteppedKiosk, language: str, scene: type = Members) -> HostsSide:
    return HostsSide(counter, scene, language=language)


def _members(counter: SteppedKiosk, language: str) -> Iterator[Picture]:
    yield Picture("people-unknown-badge", _side(counter, language).stage, language)
    side = _side(counter, language)
    side.type("Eli")
    yield Picture("people-search", side.stage, language)
    side = _side(counter, language)
    side.type("e")
    side.press("enter")
    yield Picture("people-found", side.stage, language)
    side = _side(counter, language)
    side.touch(_badge_on(side))
    side.type("jean")
    side.touch(f"row:{LONG}")
    yield Picture("people-claim", side.stage, language)


def _at(counter: SteppedKiosk, language: str, name: str, *touches: str) -> HostsSide:
    side = _side(counter, language)
    side.type(name.split()[0])
    side.touch(f"row:{name}")
    for target in touches:
        side.touch(target)
    return side


def _badge_on(side: HostsSide) -> str:
    """The row of the first badge."""
    return next(one for one in side.targets() if one.startswith("row:badge"))


def _member(counter: SteppedKiosk, language: str) -> Iterator[Picture]:
    side = _side(counter, language)
    side.perform(ChangeMember(member=LONG, note="Préfère le bureau près de la fenêtre, parle anglais"))
    yield Picture("people-member", _at(counter, language, LONG).stage, language)
    yield Picture("people-badge", _at(counter, language, LONG, "badge").stage, language)
    side = _at(counter, language, LONG)
    side.touch(_badge_on(side))
    yield Picture("people-one-badge", side.stage, language)
    side = _at(counter, language, "Théo Martin")
    for _ in range(2):
        side.touch(_badge_on(side))
        if "lost" in side.targets():
            side.touch("lost")
            side.touch("yes")
    yield Picture("people-lost-badge", side.stage, language)
    yield Picture("people-note", _at(counter, language, LONG, "note").stage, language)
    yield Picture("people-more", _at(counter, language, LONG, "more").stage, language)
    suspended = _at(counter, language, "Éliane Petit", "more", "suspend", "yes", "more")
    yield Picture("people-suspended", suspended.stage, language)
    yield Picture("people-kept", _at(counter, language, LONG, "more", "export").stage, language)
    yield Picture("people-forget", _at(counter, language, LONG, "more", "erase").stage, language)


def _sales(counter: SteppedKiosk, language: str) -> Iterator[Picture]:
    yield Picture("people-sell", _at(counter, language, LONG, "sell").stage, language)
    yield Picture("people-pay", _at(counter, language, LONG, "favourite").stage, language)
    sold = _at(counter, language, LONG, "favourite", "pay:card")
    yield Picture("people-receipt", sold.stage, language)
    side = _at(counter, language, "Élise Le Goff", "favourite", "pay:cash", "take-back")
    yield Picture("people-take-back", side.stage, language)
    side.settle()  # whoever drew the picture drew it in other sizes
    side.touch("why:wrong member")
    side.perform(SellPass(members=("Théo Martin",), product="carte-10", method="cheque"))
    yield Picture("people-till", _side(counter, language, SalesOfDay).stage, language)
    before = _side(counter, language, SalesOfDay)
    before.touch("day:<")
    yield Picture("people-till-before", before.stage, language)
