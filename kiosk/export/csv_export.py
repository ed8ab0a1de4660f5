"""Rows of words as a file that a spreadsheet opens at a double click. What the words are is their writer's.

Spreadsheets that are set up for France part cells at semicolons, as the comma is in their numbers; and Excel takes a
file for the system's old encoding unless it begins with the mark of UTF-8. LibreOffice understands both as well.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

MARK = "\ufeff"


class _Line:
    """What csv writes to: it keeps the line."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The rows as lines of the file, headings first, the mark of UTF-8 before all."""
    line, mark = _Line(), MARK
    writer = csv.writer(line, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
        yield mark + line.text
        mark = ""


def amount(cents: int, point: str) -> str:
    """An amount as a cell: no sign of money, no blank, and the decimal point that the spreadsheet expects."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}{point}{abs(cents) % 100:02}"


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: names come from people."""
    is_number = cell[1:2].isdigit()
    return f"'{cell}" if cell and (cell[0] in "=+@\t\r" or (cell[0] == "-" and not is_number)) else cell
