"""Exports to a USB stick: the books (a journal for spreadsheets, the ledger as JSON lines), or one member's data.

Never runs in the controller's thread, because a stick may be slow. The words of the journal are in
kiosk.notices.journal.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from kiosk.answers import Done, Exported, Medium, Refused
from kiosk.export import csv_export
from kiosk.facts import Entry
from kiosk.files import move_into_place, sync, write_whole
from kiosk.ledger import LedgerError, LedgerReader, decode_fact, open_reader
from kiosk.model import Site
from kiosk.notices import Language
from kiosk.notices import journal as words_of

MOUNTS = Path("/proc/self/mounts")
ROOTS = (Path("/media"), Path("/run/media"))
"""Where systems put the sticks that are plugged in."""


class ExportError(OSError):
    """The export failed: a sentence, and a code of kiosk.notices.refusals."""

    def __init__(self, message: str, code: str) -> None:
        self.code = code
        super().__init__(message)


def media(mounts: Path = MOUNTS, roots: Iterable[Path] = ROOTS) -> tuple[Medium, ...]:
    """Return the sticks that can be written to, by name."""
    found = []
    for line in mounts.read_text(errors="replace").splitlines():
        fields = line.split()
        place = Path(_unescaped(fields[1])) if len(fields) > 3 else None
        if place and "rw" in fields[3].split(",") and any(place.is_relative_to(root) for root in roots):
            found += _medium(place)
    return tuple(sorted(found, key=lambda medium: medium.path))


def _medium(place: Path) -> list[Medium]:
    """Return a stick, None for one that was pulled out a moment ago."""
    try:
        return [Medium(path=str(place), name=place.name, free=shutil.disk_usage(place).free)]
    except OSError:
        return []


def _unescaped(path: str) -> str:
    r"""Return a path of the kernel's mount list with its spaces, which the kernel writes as `\040`."""
    return path.encode().decode("unicode_escape").encode("latin-1").decode(errors="replace")


def copied(
    path: Path, *, site_id: str, medium: str, now: datetime, among: Iterable[Medium] | None = None
) -> Done | Refused:
    """Copy the books of the ledger at a path to one of the sticks, and return the answer."""
    if medium not in [one.path for one in (media() if among is None else among)]:
        return Refused(message=f"{medium} is no stick that is plugged in", code="NO_MEDIUM")
    return copied_into(path, Path(medium), site_id=site_id, now=now)


def copied_into(path: Path, into: Path, *, site_id: str, now: datetime) -> Done | Refused:
    """Copy the books of the ledger at a path into a folder, and return the answer."""
    try:
        with open_reader(path) as ledger:
            site = ledger.roster.site(site_id)
            if site is None:
                message = f"the site {site_id} is not known yet: there is nothing to copy"
                return Refused(message=message, code="NO_SITE")
            folder = export(ledger, site, into, now=now)
    except ExportError as error:
        return Refused(message=str(error), code=error.code)
    except LedgerError as error:
        return Refused(message=str(error), code="LEDGER_FAILED")
    return Done(said=(f"The books are in {folder}. They hold personal data: keep them locked away.",), id=str(folder))


def handed_over(
    told: Exported, *, site_id: str, medium: str, now: datetime, among: Iterable[Medium] | None = None
) -> Done | Refused:
    """Write a member's data to one of the sticks, as a file that is there whole or not at all."""
    if medium not in [one.path for one in (media() if among is None else among)]:
        return Refused(message=f"{medium} is no stick that is plugged in", code="NO_MEDIUM")
    folder, text = Path(medium), msgspec.json.format(msgspec.json.encode(told.document), indent=2).decode() + "\n"
    target = folder / f"kiosk-{site_id}-{_plain(told.name)}-{now:%Y-%m-%d-%H%M%S}.json"
    try:
        if not folder.is_dir():  # pulled out: nothing may be written where it was mounted
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        write_whole(target, text.encode())
    except OSError as error:
        failed = _failed(folder, error)
        return Refused(message=str(failed), code=failed.code)
    return Done(said=(f"It is in {target}, for {told.name}.",), id=str(target))


def _plain(name: str) -> str:
    """Return a name as part of a file name that is valid on any stick: `lea-martin`."""
    bare = "".join(one for one in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(one))
    return "-".join(re.findall(r"[a-z0-9]+", bare))[:40] or "member"


def _failed(folder: Path, error: OSError) -> ExportError:
    code = "MEDIUM_FULL" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "MEDIUM_FAILED"
    return ExportError(f"{folder}: {error.strerror or error}", code)


def export(ledger: LedgerReader, site: Site, folder: Path, *, now: datetime) -> Path:
    """Write the books into a new folder on the stick; it is there whole, or not at all.

    Raises ExportError when the stick is full, cannot be written or is gone; LedgerError when the ledger fails.
    """
    words = Language(site.language, site.zone)
    target = folder / f"kiosk-{site.id}-{words.local(now):%Y-%m-%d-%H%M%S}"
    draft = target.with_name(f".{target.name}.part")
    try:
        draft.mkdir()
        try:
            _write(draft / "journal.csv", _journal(ledger, words))
            _write(draft / "ledger.jsonl", map(_as_json, ledger.entries()))
            _write(draft / words_of.note_name(words), iter([words_of.note(words, site.name, now)]))
            move_into_place(draft, target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        raise _failed(folder, error) from error
    return target


def _write(path: Path, lines: Iterator[str]) -> None:
    """Write lines and wait until they are on the stick, which may be pulled right after."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
    sync(path)


# ---------------------------------------------------------------- the journal


def _journal(ledger: LedgerReader, words: Language) -> Iterator[str]:
    """Yield a line for each entry."""
    names: dict[str, str] = {}
    rows = (_row(ledger, entry, words, names) for entry in ledger.entries())
    return csv_export.lines(chain([words_of.headings(words)], rows))


def _row(ledger: LedgerReader, entry: Entry, words: Language, names: dict[str, str]) -> tuple[str, ...]:
    fact = decode_fact(entry.body) if entry.body else None
    told = words_of.told(words, entry.kind, fact)
    who = told.member_id
    if who is not None and who not in names:
        member = ledger.roster.member(who)
        names[who] = member.name if member else who
    local = words.local(entry.stamp.at)
    amount = "" if told.cents is None else csv_export.amount(told.cents, words_of.point(words))
    units = "" if told.units is None else csv_export.Number(told.units)
    return (
        str(entry.ref.seq),
        f"{local:%Y-%m-%d}",
        f"{local:%H:%M:%S}",
        told.what,
        names.get(who or "", ""),
        told.why,
        units,
        amount,
        told.method,
    )


# ---------------------------------------------------------------- the ledger


def _as_json(entry: Entry) -> str:
    """Return an entry with everything its hash covers, as a line of JSON.

    A host's entry contains the hash of their PIN. Its body is left out, as if erased, together with its salt, so that
    no PIN can be tried out against the body's hash. The rest of the body is written beside it; the chain can still be
    verified.
    """
    hidden = _without_pin(entry)
    body, salt = (None, None) if hidden is not None else (entry.body, entry.salt)
    line = {
        **msgspec.structs.asdict(entry.ref),
        "at": entry.stamp.at,
        "boot_id": entry.stamp.boot_id,
        "monotonic_ns": entry.stamp.monotonic_ns,
        "clock": entry.stamp.clock,
        "kind": entry.kind,
        "body": None if body is None else body.decode(),
        "salt": None if salt is None else salt.hex(),
        "body_hash": entry.body_hash.hex(),
        "previous": entry.previous.hex(),
        "hash": entry.hash.hex(),
    }
    told = {"without_pin": hidden} if hidden is not None else {}
    return msgspec.json.encode(line | told).decode() + "\n"


def _without_pin(entry: Entry) -> dict[str, Any] | None:
    """Return the fields of a body except its PIN; None for a body without one."""
    if entry.body is None or b'"pin"' not in entry.body:
        return None
    said = msgspec.json.decode(entry.body)
    member = said.get("member")
    if not isinstance(member, dict) or not member.get("pin"):
        return None
    return {**said, "member": {name: value for name, value in member.items() if name != "pin"}}
