"""Parses the part of OpenStreetMap's opening_hours language that is accepted; reports what is not.

Accepted is what the library reads in the same way as the language's reference implementation (npm package
`opening_hours`): tests/hours/reference compares them. A rule has, in this order and each at most once: dates, weekdays,
times, a state (open, off, closed) and, after a state, a comment. Rules are separated by `;`, or by `, ` to add times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EASTER_DAYS = range(-60, 201)
"""How far from Easter a day can be without leaving its year."""
COMMON_YEAR = 2027
ALL_WEEK = frozenset(range(7))


class Problem(NamedTuple):
    """Why an expression is not accepted: `column` counts from 0, `code` is the code of the refusal."""

    column: int
    code: str


class ProblemError(ValueError):
    """A rule that is not accepted."""

    def __init__(self, column: int, code: str) -> None:
        self.problem = Problem(column, code)
        super().__init__(code)


class Rule(NamedTuple):
    """A parsed rule, or where it is not accepted."""

    start: int
    """Where it begins in the expression; columns count from 0."""
    text: str
    selector: str
    """Its dates and weekdays; with a problem, those of them that could be read."""
    opens: bool
    """Whether it can open: it is not `off` nor `closed`."""
    problem: Problem | None = None
    is_additional: bool = False
    """It follows a comma, and adds times to those before."""
    on_holidays: bool = False
    """It names public holidays."""
    on_single_days: bool = False
    """It is for days that are named one by one."""
    weekdays: frozenset[int] = ALL_WEEK
    """The weekdays on which it can begin, Monday is 0."""
    past_midnight: bool = False
    on_dates: bool = False
    """It names dates, months, weeks or years."""
    has_times: bool = False


_DAY = "|".join(DAYS)
_MONTH = "|".join(MONTHS)
_YEARS = r"\d{4}(?:-\d{4}|\+)?"
_DATE = re.compile(
    rf"(?P<from_year>\d{{4}} )?(?P<from_month>(?i:{_MONTH})) (?P<from_day>\d{{1,2}})(?![\d:])"
    rf"(?: ?- ?(?:(?:(?P<to_year>\d{{4}}) )?(?P<to_month>(?i:{_MONTH})) )?(?P<to_day>\d{{1,2}})(?![\d:]))?"
)
_EASTER = re.compile(r"easter(?: (?P<days>[+-]\d{1,3}) days?)?(?![ ]?-)")
_MONTHS = re.compile(
    rf"(?P<years>{_YEARS} )?(?i:{_MONTH})(?:-(?i:{_MONTH}))?(?:,(?i:{_MONTH})(?:-(?i:{_MONTH}))?)*"
    r"(?![A-Za-z/])(?! \d+(?!\d|:))"
)
_YEARS_ALONE = re.compile(rf"{_YEARS}(?=:? )")
_WEEKS = re.compile(r"week (?P<weeks>\d{1,2}(?:-\d{1,2}(?:/\d)?)?(?:,\d{1,2}(?:-\d{1,2}(?:/\d)?)?)*)")
_WEEKDAY = re.compile(
    rf"PH(?P<offset> [+-]1 day)?|(?P<first>(?i:{_DAY}))(?:\[(?P<nth>[-\d,]+)\]|-(?P<last>(?i:{_DAY})))?(?![\w\[-])"
)
_NTH = re.compile(r"-?[1-5]|[1-5]-[1-5]")
_TIMES = re.compile(r"(\d{1,2}):(\d\d) ?- ?(\d{1,2}):(\d\d)(?![+/\d:-])")
_STATE = re.compile(r"(?i:open|off|closed)(?=[ ;,]|$)")
_COMMENT = re.compile(r'"[^"]+"')
_OFF = re.compile(r"(?i:\b(?:off|closed)\b)")


def rules(expression: str) -> Iterator[Rule]:
    """Yield the rules of an expression, each with its problem if it has one; stop at a fallback (`||`)."""
    for match in re.finditer(r'(?:"[^"]*"|[^;"])+|;(?=\s*(?:;|$))', expression):
        text = match[0]
        start = match.start() + len(text) - len(text.lstrip())
        yield from _Reader(expression, start, match.end()).rules()


def unquoted(expression: str) -> str:
    """Return the expression with its comments blanked out, columns unchanged."""
    return re.sub(r'"[^"]*"', lambda comment: " " * len(comment[0]), expression)


class _Reader:
    """Parses the rules between two semicolons."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text, self._at, self._end = text, start, end
        self._only_years = False

    def rules(self) -> Iterator[Rule]:
        is_additional = False
        while True:
            self._only_years = False
            rule = self._rule()
            yield rule._replace(is_additional=is_additional)
            is_additional = True
            if rule.problem or not self._take(re.compile(r", (?=[A-Z]|\d{4})")):
                return

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at, self._end)
        if found:
            self._at = found.end()
        return found

    def _rule(self) -> Rule:
        start = selected = self._at
        rule = Rule(start=start, text="", selector="", opens=True)
        problem = None
        try:
            rule = self._selector(rule)
            selected = self._at
            rule = self._hours_and_state(rule, start=start)
        except ProblemError as error:
            problem = error.problem
            self._at = self._end
            is_off = _OFF.search(unquoted(self._text[start : self._end]).partition("||")[0])
            rule = rule._replace(opens=is_off is None)
        text = self._text[start : self._at].strip()
        return rule._replace(text=text, selector=self._text[start:selected].strip(" :"), problem=problem)

    def _selector(self, rule: Rule) -> Rule:
        start = self._at
        if self._take(re.compile(r"24/7(?=[ ;]|$)")):
            self._take(re.compile(" "))
            return rule
        rule = rule._replace(on_single_days=self._dates())
        has_dates = self._at > start
        rule = rule._replace(on_dates=has_dates)
        if has_dates and not self._take(re.compile(r":? ")) and self._at < self._end:
            raise self._stuck()
        return self._weekdays(rule, has_dates=has_dates)

    def _dates(self) -> bool:
        """Read dates, and tell whether they are days named one by one."""
        single = True
        if self._take(_WEEKS):
            return False
        while True:
            if found := self._take(_DATE):
                _check_date(found)
                single = single and found["to_day"] is None
            elif found := self._take(_EASTER):
                if int(found["days"] or 0) not in EASTER_DAYS:
                    raise ProblemError(found.start(), "HOURS_DATE")
            elif found := self._take(_MONTHS):
                _check_months(found, self._text, self._end)
                return False
            elif self._take(_YEARS_ALONE):
                self._only_years = True
                return False
            else:
                return False
            if not self._take(re.compile(r",(?=[A-Za-z]{3,6} |\d{4} |easter)")):
                return single

    def _weekdays(self, rule: Rule, *, has_dates: bool) -> Rule:
        days: set[int] = set()
        start, holidays = self._at, False
        while found := self._take(_WEEKDAY):
            is_in_list = found.start() > start or "," in self._text[rule.start : start]
            is_one = not is_in_list and re.fullmatch(r"-?\d", found["nth"] or "")
            if found["nth"] and has_dates and not is_one:  # the reference takes one nth day of a month
                raise ProblemError(found.start(), "HOURS_DATE")
            if found["first"] is None:
                holidays, days = True, set(ALL_WEEK)
            else:
                days |= _weekdays_of(found)
            if not self._take(re.compile(rf",(?=PH|(?i:{_DAY}))")):
                break
        if self._at == start:
            return rule
        if not self._take(re.compile(" ")) and self._at < self._end and self._text[self._at] != ",":
            raise self._stuck()
        return rule._replace(weekdays=frozenset(days), on_holidays=holidays)

    def _hours_and_state(self, rule: Rule, *, start: int) -> Rule:
        times = self._times()
        self._take(re.compile(" "))
        state = self._take(_STATE)
        if state and self._take(re.compile(r' (?=")')) and not self._take(_COMMENT):
            raise self._stuck()
        end = r"\s*$|, (?=[A-Z]|\d{4})" if times or state else r"\s*$"
        if not re.compile(end).match(self._text, self._at, self._end) or self._at == start:
            raise self._stuck()
        opens = state is None or state[0].lower() == "open"
        if opens and not times and self._only_years:  # the reference goes on beyond the year
            raise ProblemError(start, "HOURS_DATE")
        past_midnight = any(end > 24 * 60 for _, end in times)
        return rule._replace(opens=opens, past_midnight=past_midnight, has_times=bool(times))

    def _times(self) -> list[tuple[int, int]]:
        """Read times, as minutes of the day from and to; beyond 24 hours where they pass midnight."""
        times = []
        while found := self._take(_TIMES):
            start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
            is_time = start < 24 * 60 and end <= 48 * 60 and start != end and max(int(found[2]), int(found[4])) < 60
            if not is_time:
                raise ProblemError(found.start(), "HOURS_TIMES")
            times.append((start, end if end > start else end + 24 * 60))
            if not self._take(re.compile(r", ?(?=\d{1,2}:)")):
                break
        return times

    def _stuck(self) -> ProblemError:
        """Return the problem at which reading stops, with what to write instead."""
        rest = self._text[self._at : self._end].lstrip()
        column = self._end - len(rest) if rest else self._at
        hints = (
            (r'"|unknown|\|\|', "HOURS_STATE"),
            (r"\+|\(|(?i:sunrise|sunset|dawn|dusk)|\d{1,2}:\d\d", "HOURS_TIMES"),
            (r"SH\b", "HOURS_SCHOOL"),
            (rf"PH\b|(?i:{_DAY})\b", "HOURS_HOLIDAYS"),
            (rf"\d{{4}}\b|-|\d|easter|(?i:{_MONTH})\b", "HOURS_DATE"),
        )
        code = next((code for hint, code in hints if re.match(hint, rest)), "HOURS_SYNTAX")
        return ProblemError(column, code)


def _weekdays_of(found: re.Match[str]) -> set[int]:
    first = DAYS.index(found["first"].capitalize())
    if found["nth"]:
        for nth in found["nth"].split(","):
            ends = nth.split("-")
            if not _NTH.fullmatch(nth) or (all(ends) and len(ends) == 2 and ends[0] > ends[1]):
                raise ProblemError(found.start("nth"), "HOURS_DATE")
    last = DAYS.index(found["last"].capitalize()) if found["last"] else first
    return {(first + n) % 7 for n in range((last - first) % 7 + 1)}


def _check_date(found: re.Match[str]) -> None:
    """Refuse days that do not exist, ranges that run backwards, and dates that the two readers read differently."""
    year, to_year = found["from_year"], found["to_year"]
    first = _day(found, year, found["from_month"], found["from_day"])
    if found["to_day"] is None:
        return
    last = _day(found, to_year or year, found["to_month"] or found["from_month"], found["to_day"])
    is_backwards = last < first and (year or first.month == last.month)
    one_year = bool(year) != bool(to_year) and found["to_month"] is not None
    # The reference reads no range that ends with February unless it names the month twice.
    is_end_of_february = found["to_month"] is None and (last.month, last.day) in ((2, 28), (2, 29))
    if is_backwards or one_year or is_end_of_february or (to_year and not year):
        raise ProblemError(found.start(), "HOURS_DATE")


def _day(found: re.Match[str], year: str | None, month: str, day: str) -> date:
    """Return a day; without a year it must exist in every year."""
    number = int(year) if year else COMMON_YEAR
    try:
        return date(number, MONTHS.index(month.capitalize()) + 1, int(day))
    except ValueError:
        raise ProblemError(found.start(), "HOURS_DATE") from None


def _check_months(found: re.Match[str], text: str, end: int) -> None:
    """Refuse a year and a month without a weekday: the reference does not read it."""
    if found["years"] and not re.compile(rf":? (?:PH|(?i:{_DAY}))").match(text, found.end(), end):
        raise ProblemError(found.start(), "HOURS_DATE")


def undoes(rule: Rule, closing: Rule) -> bool:
    """Tell whether a rule opens, on any date, what an earlier rule closes on some days or at some times."""
    is_one = rule.opens and not rule.on_dates and not closing.opens and not closing.on_holidays
    is_wider = closing.weekdays < rule.weekdays or ("[" in closing.selector and "[" not in rule.selector)
    is_for_some = closing.on_dates or closing.has_times or is_wider
    return is_one and is_for_some and bool(closing.weekdays & rule.weekdays)


def across(found: list[Rule]) -> Problem | None:
    """Return the problem of rules that are accepted one by one but not together, None when there is none.

    The two readers disagree on what a later rule for every day leaves of earlier ones, and on the end of a night for
    which an earlier rule covers the next day. A rule after the one for public holidays would open on holidays, unless
    it is for single days; the same holds for a rule for every date after a closing.
    """
    after_holidays = False
    for number, rule in enumerate(found):
        if number and rule.opens and not rule.selector:
            return Problem(rule.start, "HOURS_DAYS")
        if after_holidays and rule.opens and not rule.on_holidays and not rule.on_single_days:
            return Problem(rule.start, "HOURS_HOLIDAYS_LAST")
        after_holidays = after_holidays or rule.on_holidays
        if any(undoes(rule, before) for before in found[:number]):
            return Problem(rule.start, "HOURS_CLOSED_LAST")
        next_days = {(day + 1) % 7 for day in rule.weekdays}
        if rule.opens and rule.past_midnight and any(one.weekdays & next_days for one in found[:number]):
            return Problem(rule.start, "HOURS_NIGHT")
    return None
