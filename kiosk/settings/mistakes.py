"""Reads a TOML file written by people: all its mistakes at once, each with path, value and what to write instead.

The tables of a file are described by frozen structs whose fields have a `msgspec.Meta`: its description says what is
expected, and its `extra` may have a `read` function (text -> value, ValueError with a sentence) and mark a `secret`.
The structs are in kiosk.settings.config and kiosk.settings.site_file.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect, structs

T = TypeVar("T", bound=msgspec.Struct)

Absent = msgspec.UNSET
"""A setting that the file does not have."""

HIDDEN = "********"
"""What is shown of a secret."""


class Mistake(msgspec.Struct, frozen=True):
    """One thing to correct. `path` is dotted (`door.strike`); `column` (from 1) points into a text value."""

    path: str
    message: str
    value: object = Absent
    column: int | None = None

    def __str__(self) -> str:
        """Return two lines, three with a caret: the place and the value found, then what is expected."""
        if self.value is Absent:
            return f"{self.path}\n    {self.message}" if self.path else self.message
        head = f"{self.path} = "
        lines = [head + written(self.value)]
        if self.column is not None and isinstance(self.value, str):
            shown = len(written(self.value[: self.column - 1])) - 1  # the quote before it, not the one after
            lines.append(" " * (len(head) + shown) + "^")
        return "\n".join([*lines, f"    {self.message}"])


class MistakesError(ValueError):
    """All mistakes in a file."""

    def __init__(self, source: str, found: Iterable[Mistake]) -> None:
        self.source = source
        self.found = tuple(found)
        count = "1 mistake" if len(self.found) == 1 else f"{len(self.found)} mistakes"
        body = "\n".join(str(one) for one in self.found)
        super().__init__(f"{source}: {count}\n" + "\n".join(f"  {line}" for line in body.splitlines()))


def read_toml(path: Path, *, example: Path) -> dict[str, Any]:
    """Return the tables of a TOML file in UTF-8. Raises MistakesError when it cannot be read or is not TOML.

    `example` is a file from which a missing one can be copied.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")  # some Windows editors put a mark before the text
        return tomllib.loads(text)
    except FileNotFoundError:
        advice = f"there is no such file: copy {example} there and change it"
        raise MistakesError(str(path), [Mistake("", advice)]) from None
    except OSError as error:
        raise MistakesError(str(path), [Mistake("", f"cannot be read: {error.strerror or error}")]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MistakesError(str(path), [Mistake("", f"line {line} is not in UTF-8: save the file as UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise MistakesError(str(path), [Mistake("", _syntax(str(error), text))]) from None


_LOOKS_SECRET = re.compile(r"[\w+/=-]{32,}")
"""A key or a token in a line that is shown because its syntax is wrong."""


def _syntax(message: str, text: str) -> str:
    """Return the parser's message with the line itself and a caret under the column."""
    place = re.search(r"line (\d+), column (\d+)", message)
    if place is None:
        return message
    line, column = int(place[1]), int(place[2])
    lines = text.splitlines()
    shown = _LOOKS_SECRET.sub(lambda run: "*" * len(run[0]), lines[line - 1]) if line <= len(lines) else ""
    return f"{message}\n    {shown.expandtabs(1)}\n    {' ' * (column - 1)}^"


def build(kind: type[T], table: object, *, found: list[Mistake], path: str = "") -> T | None:
    """Return a struct of this kind from a TOML table; None when something is wrong, which is added to `found`."""
    if not isinstance(table, Mapping):
        found.append(Mistake(path, f"expected a table: write [{path}] and its settings under it", table))
        return None
    before = len(found)
    fields = structs.fields(kind)
    _find_unknown(table, fields, found=found, path=path)
    values = {field.name: _value(field, table, found=found, path=path) for field in fields}
    if len(found) > before:
        return None
    return kind(**{name: value for name, value in values.items() if value is not Absent})


def _find_unknown(
    table: Mapping[str, object], fields: Iterable[structs.FieldInfo], *, found: list[Mistake], path: str
) -> None:
    where = f"[{path}]" if path else "this file"
    known = {field.encode_name: field for field in fields}
    hide = any(extra(field.type, "secret") for field in known.values())  # it may be a secret under a mistyped name
    for key in table:
        if key not in known:
            advice = did_you_mean(key, known) or f"; it knows {', '.join(known)}"
            value = HIDDEN if hide else table[key]
            found.append(Mistake(join(path, key), f"is not a setting of {where}{advice}", value))


def _value(field: structs.FieldInfo, table: Mapping[str, object], *, found: list[Mistake], path: str) -> object:
    path = join(path, field.encode_name)
    value = table.get(field.encode_name, Absent)
    table_kind = field.type if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct) else None
    if value is Absent and field.required:
        if table_kind is not None:
            return build(table_kind, {}, found=found, path=path)
        found.append(Mistake(path, f"is missing: expected {expected(field.type)}"))
    if value is Absent:
        return Absent
    if table_kind is not None:
        return build(table_kind, value, found=found, path=path)
    try:
        return _leaf(field.type, value)
    except ValueError as error:
        shown = HIDDEN if extra(field.type, "secret") else value
        found.append(Mistake(path, str(error), shown, getattr(error, "column", None)))
        return Absent


def _leaf(kind: Any, value: object) -> object:
    """Return the value of a setting. Raises ValueError with a sentence about what is expected."""
    read: Callable[[Any], object] | None = extra(kind, "read")
    if read is not None:
        return read(value)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        near = did_you_mean(value, _choices(kind)) if isinstance(value, str) else ""
        raise ValueError(f"expected {expected(kind)}{near}") from None


def _parts(kind: inspect.Type) -> Iterator[inspect.Type]:
    """Return a type and the alternatives of a union, with their metadata."""
    yield kind
    inner = (kind.type,) if isinstance(kind, inspect.Metadata) else getattr(kind, "types", ())
    for part in inner:
        yield from _parts(part)


def extra(kind: Any, key: str) -> Any:
    """Return what the metadata of an annotation has under this key; None without."""
    told = (part.extra or {} for part in _parts(inspect.type_info(kind)) if isinstance(part, inspect.Metadata))
    return next((one[key] for one in told if key in one), None)


def expected(kind: Any) -> str:
    """Return in words what an annotation allows."""
    for part in _parts(inspect.type_info(kind)):
        if isinstance(part, inspect.Metadata) and part.extra_json_schema:
            return str(part.extra_json_schema["description"])
    choices = _choices(kind)
    if choices:
        return "one of " + ", ".join(f'"{choice}"' for choice in choices)
    return next(_PLAIN[type(part)] for part in _parts(inspect.type_info(kind)) if type(part) in _PLAIN)


_PLAIN: dict[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.StrType: "a text between quotes",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.VarTupleType: "a list between [ and ]",
    inspect.DictType: "a table",
    inspect.StructType: "a table",
    inspect.AnyType: "a value",
}


def _choices(kind: Any) -> tuple[str, ...]:
    literals = (part.values for part in _parts(inspect.type_info(kind)) if isinstance(part, inspect.LiteralType))
    return tuple(str(value) for values in literals for value in values)


def near(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known words most like this one, best first, at most three; accents and case do not count."""
    by_fold = {fold(one): one for one in known}
    return tuple(by_fold[one] for one in difflib.get_close_matches(fold(word), list(by_fold), n=3, cutoff=0.6))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "strike"?`, or nothing when no known word is like it."""
    found = near(word, known)
    return f'; did you mean "{found[0]}"?' if found else ""


def fold(text: str) -> str:
    """Return text for comparing: no accents, no case, single spaces (`Céline MARTIN` is `celine martin`)."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def join(path: str, key: str) -> str:
    """Return the dotted path of a setting, its parts quoted if TOML requires it."""
    part = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else written(key)
    return f"{path}.{part}" if path else part


def written(value: object) -> str:
    """Return a value as written in a TOML file."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{join('', key)} = {written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(one) for one in value) + "]"
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)
