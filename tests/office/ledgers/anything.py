"""Facts of any kind, made from the classes of kiosk.facts: most are possible, some tell what cannot be.

A kind or a field that is added there is made here without a change. `Random` decides, so that a seed makes them again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
from msgspec import inspect as kinds

from kiosk.facts import AnyFact
from tests.office.ledgers.small_house import MONDAY
from tests.rules.house import SERRE

IDS = ("lea", "ten", "b-lea", "host", SERRE.id, "les-tuves", "m1", "")
TEXTS = {
    "zone": ("Europe/Paris", "America/Cayenne"),
    "hours": ("Mo,Tu 09:00-17:00; PH off", "24/7", "off", "nonsense"),
    "exceptions": ('2026 Aug 03-14 off "congés"', "2026 Jul 14 10:00-12:00", "off off"),
    "access_hours": ("24/7", "Mo-Fr 10:00-12:00", "???"),
    "converts_hours": ("24/7",),
    "language": ("fr", "en", "tlh"),
    "currency": ("EUR", "XXX", "coins"),
    "country": ("FR", "DE", "ZZ"),
    "region": ("", "FR-57", "ZZ-1"),
    "month": ("2026-07", "never"),
    "changed": ("name", "hours", "zone", "status", "policy.capacity", "exceptions/off", "cover", "no such field"),
    "method": ("cash", "gift", "other: troc"),
}
NASTY: tuple[Any, ...] = (
    "x" * 10_000,
    "\U0001f600" * 300,
    "zero\0byte",
    "bell\x07",
    "%",
    "{0}{name}",
    "<script>",
    "Mars/Phobos",
    2**62,
    -(2**62),
    2**64,
    10**6,
    -1,
    1e308,
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "2099-12-31",
    "9999-12-31",
    None,
    True,
    [],
    ["x"] * 300,
    {},
)
"""What no field may say, or what only some may."""


def fact(random: Random) -> dict[str, Any]:
    """A fact as JSON has it: one in three with something nasty in it."""
    made: dict[str, Any] = _value(random.choice(_FACTS), "", random)
    if random.random() < 1 / 3:
        _spoil(made, random)
    return made


def body(random: Random) -> tuple[str, bytes]:
    """The kind of an entry, and its body: one in thirty is no fact at all."""
    made = fact(random)
    if random.random() < 1 / 30:
        return made["kind"], random.choice((b"", b"\xff\xfe", b"[]", b"null", b"{", b'{"kind":"moon"}', b"[" * 5_000))
    return made["kind"], msgspec.json.encode(made)


def _spoil(made: Any, random: Random) -> None:
    """Put something nasty in the place of one value, at any depth."""
    while True:
        places = [key for key in made if key != "kind"] if isinstance(made, dict) else range(len(made))
        if not places:
            return
        place = random.choice(list(places))
        inside = made[place]
        if not isinstance(inside, dict | list) or not inside or random.random() < 1 / 10:
            made[place] = random.choice(NASTY)
            return
        made = inside


def _value(kind: kinds.Type, field: str, random: Random) -> Any:
    match kind:
        case kinds.StructType():
            return _struct(kind, random)
        case kinds.UnionType():
            return _value(random.choice(kind.types), field, random)
        case kinds.VarTupleType():
            return [_value(kind.item_type, field, random) for _ in range(random.choice((0, 1, 1, 2, 3)))]
        case kinds.DictType():
            return {random.choice(("n", "member", "ledger", "field")): _value(kind.value_type, field, random)}
        case kinds.LiteralType():
            return random.choice(kind.values)
        case kinds.EnumType():
            return random.choice([one.value for one in kind.cls])
        case kinds.StrType():
            return random.choice(TEXTS.get(field, IDS))
    return _PLAIN[type(kind)](random)


_PLAIN: dict[type[kinds.Type], Callable[[Random], Any]] = {
    kinds.NoneType: lambda _: None,
    kinds.BoolType: lambda random: random.random() < 1 / 2,
    kinds.IntType: lambda random: random.choice((0, 1, 2, 3, 10, 180, 5_000)),
    kinds.DateTimeType: lambda random: (MONDAY + timedelta(minutes=random.randrange(-90_000, 90_000))).isoformat(),
    kinds.DateType: lambda random: (MONDAY.date() + timedelta(days=random.randrange(-400, 400))).isoformat(),
    kinds.TimeType: lambda random: random.choice(("00:00:00", "09:00:00", "13:30:00", "23:59:59")),
}


def _struct(kind: kinds.StructType, random: Random) -> dict[str, Any]:
    made = {} if kind.tag_field is None else {kind.tag_field: kind.tag}
    for field in kind.fields:
        if field.required or random.random() < 1 / 3:
            made[field.encode_name] = _value(field.type, field.name, random)
    return made


_ANY = kinds.type_info(AnyFact)
assert isinstance(_ANY, kinds.UnionType)
_FACTS = [one for one in _ANY.types if isinstance(one, kinds.StructType)]
