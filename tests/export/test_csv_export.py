"""Files for spreadsheets: what people wrote is text there, never a formula."""

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.export import csv_export
from kiosk.export.csv_export import amount, lines

OWASP = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What begins a formula, by OWASP's page on CSV injection."""
cells = st.text(max_size=12) | st.builds(str.__add__, st.sampled_from(OWASP), st.text(max_size=12))


def read(text: str) -> list[list[str]]:
    """The cells as a spreadsheet finds them."""
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def formulas(rows: list[list[str]]) -> list[str]:
    """The cells of a file that begin a formula."""
    return [cell for row in read("".join(lines(rows))) for cell in row if cell.startswith(OWASP)]


@given(st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=4))
@example([["-1+1", "-2", "Anne", '=HYPERLINK("http://example.org";"x")']])
@example([["-5 Avenue; =1+1", "\n=1+1", '"=1+1']])
def test_no_cell_begins_a_formula_and_no_text_is_lost(rows) -> None:
    assert formulas(rows) == []
    found = read("".join(lines(rows)))
    kept = [[cell.removeprefix("'") if cell[1:].startswith(OWASP) else cell for cell in row] for row in found]
    written = [[cell.removeprefix("'") if cell[1:].startswith(OWASP) else cell for cell in row] for row in rows]
    assert kept == written


def test_an_amount_below_zero_stays_a_number() -> None:
    assert read("".join(lines([[amount(-1250, ","), "-12,50"]]))) == [["-12,50", "'-12,50"]]


def test_a_file_that_lets_negative_looking_names_pass_is_found(monkeypatch) -> None:
    monkeypatch.setattr(csv_export, "FORMULA_STARTS", "=+@\t\r")
    assert formulas([["-1+cmd|' /C calc'!A0"]]) == ["-1+cmd|' /C calc'!A0"]
