"""Whoever steals the card of a kiosk finds no address, telephone number, badge number or key on it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.answers import Refused
from kiosk.commands import (
    AddMember,
    AssignBadge,
    CancelSale,
    ChangeMember,
    Command,
    ReplaceBadge,
    SellPass,
    Undo,
)
from kiosk.facts import BadgeSet, MemberSet
from kiosk.model import Badge, Denied, Member
from tests.office.kiosks.stepped import KEY, SteppedKiosk

E_MAIL, PHONE = "camille.roux@example.org", "06 12 34 56 78"
UIDS = tuple(bytes.fromhex(f"04a23b12c05e{number:02x}") for number in range(0x80, 0x88))


@pytest.fixture
def counter(tmp_path: Path, caplog) -> Iterator[SteppedKiosk]:
    caplog.set_level(logging.DEBUG)
    counter = SteppedKiosk(tmp_path)
    counter.joins("Anne", staff=True)
    yield counter
    counter.close()


def asks(counter: SteppedKiosk, command: Command) -> bool:
    """A host asks for something; tell whether it was done."""
    return not isinstance(counter.asks(command), Refused)


def lives(counter: SteppedKiosk) -> None:
    """Half a year: people join, tap, are refused, lose badges, buy; hosts try to write down how to reach them."""
    for number, uid in enumerate(UIDS[:4]):
        name = f"Camille {'ABCD'[number]}"
        assert asks(counter, AddMember(name=name))
        assert asks(counter, AssignBadge(member=name, number=uid.hex(":")))
        assert asks(counter, SellPass(members=(name,), product="carte-10"))
        assert not asks(counter, AddMember(name=f"{name} {E_MAIL}"))
        assert not asks(counter, ChangeMember(member=name, note=f"appeler {PHONE}"))
        assert not asks(counter, ChangeMember(member=name, pseudonym=E_MAIL))
        assert not asks(counter, Undo(member=name, reason=f"demandé par {E_MAIL}"))
        assert not asks(counter, SellPass(members=(name,), product="carte-10", method=PHONE))
        assert not asks(counter, CancelSale(pass_id="x", reason=PHONE))
    for week in range(26):
        for uid in UIDS[: 5 + week % 3]:
            counter.tap(uid)
            counter.later(minutes=20)
        counter.later(days=7, minutes=-20 * (5 + week % 3))
        if week % 8 == 0:
            counter.ledger.checkpoint()
    counter.tap(UIDS[7])
    refused = counter.verdicts[-1]
    assert isinstance(refused, Denied)
    assert asks(counter, ReplaceBadge(member="Camille A", code=refused.claim_code))


def found_in(folder: Path, log: str) -> set[str]:
    """Which secrets lie somewhere in the files or the log, however they are written."""
    whole = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()) + log.encode()
    secrets = {E_MAIL: (E_MAIL,), PHONE: (PHONE, PHONE.replace(" ", "")), "key": (KEY, KEY.hex())}
    for uid in UIDS:
        secrets[uid.hex()] = (uid, uid.hex(), uid.hex().upper(), uid.hex(":"), uid.hex(":").upper(), str(uid))
    return {
        name
        for name, forms in secrets.items()
        if any((form if isinstance(form, bytes) else form.encode()) in whole for form in forms)
    }


def test_a_long_life_leaves_nothing_on_the_card_that_reaches_a_person_or_copies_a_badge(counter, tmp_path, caplog):
    lives(counter)
    assert found_in(tmp_path, caplog.text) == set()


def test_what_would_be_written_down_would_be_found(counter, tmp_path, caplog):
    """The twin: an address in a name, the bare number of a badge."""
    counter.ledger.append(
        MemberSet(member=Member(id="m", name=f"Camille {E_MAIL}")),
        BadgeSet(badge=Badge(id=UIDS[0].hex(), member_id="m")),
    )
    logging.getLogger("kiosk").info("the key is %s", KEY.hex())
    assert found_in(tmp_path, caplog.text) == {E_MAIL, UIDS[0].hex(), "key"}
