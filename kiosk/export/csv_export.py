"""Writes rows as CSV that French Excel and LibreOffice open by a double click.

Cells are separated by semicolons, because French numbers have a comma. The file begins with the byte order mark of
UTF-8; without it Excel reads another encoding. No cell is a formula, since names and notes are typed by people.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

BYTE_ORDER_MARK = "\ufeff"
FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
"""Letters that begin a formula in some spreadsheet, by OWASP's page on CSV injection, full-width ones included."""


class Number(str):
    """A number as a cell, which may begin with a minus sign."""

    __slots__ = ()


class _Line:
    """A file object for csv.writer that keeps the last line."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the rows as lines of the file, headings first, the byte order mark before the first."""
    line, mark = _Line(), BYTE_ORDER_MARK
    writer = csv.writer(line, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writer.writerow([_without_formula(cell) for cell in row])
        yield mark + line.text
        mark = ""


def amount(cents: int, point: str) -> Number:
    """Return an amount as a cell: no currency, no blank, and the decimal point that the spreadsheet expects."""
    return Number(f"{'-' if cents < 0 else ''}{abs(cents) // 100}{point}{abs(cents) % 100:02}")


def _without_formula(cell: str) -> str:
    """Return a cell that is text in every spreadsheet: an apostrophe goes before what could begin a formula."""
    return f"'{cell}" if not isinstance(cell, Number) and cell.startswith(tuple(FORMULA_STARTS)) else cell
