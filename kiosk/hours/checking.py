"""Checks opening hours before they are stored, and closes rules stored earlier that are no longer accepted."""

from __future__ import annotations

import re
from collections.abc import Sequence

import opening_hours
from opening_hours import OpeningHours

from kiosk.hours import language
from kiosk.hours.holidays import REGIONS, has_calendar, is_read_in_regions
from kiosk.hours.language import Rule

ADVICE = {
    "HOURS_SYNTAX": "cannot be read from there on; write it like “Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off”",
    "HOURS_STATE": "say plainly whether this is open: before a comment write open or off, as in: open “by appointment”",
    "HOURS_TIMES": "write times of day, from and to, like 10:00-12:00",
    "HOURS_DATE": "there are no such days, or not everybody reads them alike; write “Dec 24-26”, or both years: "
    "“2026 Dec 24-2027 Jan 02”",
    "HOURS_DAYS": "say for which days; hours of every day come first",
    "HOURS_HOLIDAYS": "write weekdays and public holidays (PH) in one list, like “Mo-Fr,PH 10:00-12:00”",
    "HOURS_REGION": "name public holidays (PH) of a region without other dates or hours past midnight",
    "HOURS_SCHOOL": "school holidays (SH) are not known here; write their dates",
    "HOURS_HOLIDAYS_LAST": "this rule would undo the one for PH before it; put PH last",
    "HOURS_CLOSED_LAST": "this rule would undo a closing before it; put the closing last",
    "HOURS_NIGHT": "a rule before tells of the next day and cuts the night off; write this rule first",
}
"""Code of a problem -> what to write instead."""
_STATE_OR_TIMES = re.compile(r'\d{1,2}:\d\d|\(|"|\|\||(?i:\b(?:sunrise|sunset|dawn|dusk|open|off|closed|unknown)\b)')


class HoursError(ValueError):
    """Hours that are not accepted. `column` counts from 1; None: the whole expression.

    kiosk.notices.refusals has the words for `code` and `facts` in other languages.
    """

    def __init__(self, expression: str, column: int | None, problem: str, *, code: str) -> None:
        self.expression = expression
        self.column = column
        self.code = code
        rest = "" if column is None else expression[column - 1 :][:20]
        self.facts = {"hours": expression, "column": str(column or 1), "rest": rest}
        place = "" if column is None else f", column {column} (at “{rest}”)"
        super().__init__(f"opening hours “{expression}”{place}: {problem}")


def check(hours: str, exceptions: Sequence[str], calendar: str) -> None:
    """Refuse hours that cannot be read, or that other readers of the language would read differently.

    Raises HoursError with the column and what to write instead, for: a syntax error; an unknown country; anything that
    is not plainly open or closed; days that do not exist; school holidays, which the library does not know; a rule
    after the public holidays' rule, which would open on holidays, or after any other closing that it would undo; in a
    region with holidays of its own, public holidays together with dates or hours past midnight.
    """
    country = calendar[:2]
    _check_calendar(calendar)
    for expression in (hours, *exceptions):
        _check_syntax(expression, country)
        found = list(language.rules(expression))
        problem = next((rule.problem for rule in found if rule.problem), None) or language.across(found)
        if problem is None and calendar in REGIONS:
            unread = (rule for rule in found if rule.on_holidays and not is_read_in_regions(rule))
            problem = next((language.Problem(rule.start, "HOURS_REGION") for rule in unread), None)
        if problem:
            raise _error(expression, problem.column + 1, problem.code)


def check_night(hours: str, exception: str) -> None:
    """Refuse an exception past midnight whose end the usual hours would cut off. Raises HoursError."""
    problem = language.across([*language.rules(hours), *language.rules(exception)])
    if problem and problem.code == "HOURS_NIGHT":
        raise _error(exception, problem.column + 1, problem.code)


def _error(expression: str, column: int | None, code: str) -> HoursError:
    return HoursError(expression, column, ADVICE[code], code=code)


def or_closed(expression: str) -> str:
    """Return an expression with each rule that is not accepted closed on its days; empty when nothing is left.

    For hours stored by a release that accepted more.
    """
    found = list(language.rules(expression))
    kept = ""
    for number, rule in enumerate(found):
        text = rule.text if rule.problem is None else _closed(expression, rule)
        if not rule.problem and number and rule.opens and not rule.selector:
            text = "off"
        if text:
            behind = ", " if rule.is_additional and rule.problem is None else "; "
            kept += behind * bool(kept) + text
    problem = language.across(found)
    if kept and problem and problem.code == "HOURS_HOLIDAYS_LAST":
        kept = "; ".join([kept, *(rule.text for rule in found if rule.on_holidays and not rule.opens)])
    undone = [
        one.text
        for number, one in enumerate(found)
        if one.problem is None and any(language.undoes(later, one) for later in found[number:])
    ]
    kept = "; ".join([kept, *undone]) if kept else ""
    return kept if opening_hours.validate(kept) else ""


def _closed(expression: str, rule: Rule) -> str:
    """Return a rule that closes on the days of a rule that is not accepted."""
    text = expression[rule.start :].partition(";")[0].partition("||")[0].strip()
    if not rule.opens and opening_hours.validate(text):
        return text
    days = text[: found.start()] if (found := _STATE_OR_TIMES.search(text)) else text
    days = re.sub(r"\s*,\s*", ",", days.strip(" :,"))
    closed = f"{days} off".strip()
    return closed if opening_hours.validate(closed) else ""


def _check_calendar(calendar: str) -> None:
    country = calendar[:2]
    if calendar != country and calendar not in REGIONS:
        advice = f"no public holidays are known for region {calendar!r}; write one of {', '.join(REGIONS)}, or none"
        raise HoursError("PH", None, advice, code="HOURS_COUNTRY")
    if not has_calendar(country):
        advice = f"no calendar of public holidays for country {country!r}; write FR"
        raise HoursError("PH", None, advice, code="HOURS_COUNTRY")


def _check_syntax(expression: str, country: str) -> None:
    try:
        OpeningHours(expression, country=country)
    except opening_hours.ParserError as error:  # type: ignore[attr-defined]
        found = re.search(r"--> \d+:(\d+)", str(error))
        raise _error(expression, int(found[1]) if found else None, "HOURS_SYNTAX") from error
