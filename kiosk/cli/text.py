"""Answers as lines of text for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import singledispatch

from kiosk.answers import (
    Account,
    Answered,
    Done,
    DoorOpened,
    Exported,
    FirstStart,
    Hours,
    HoursPreview,
    Inside,
    Judged,
    LedgerReport,
    Media,
    PassLine,
    People,
    Person,
    Products,
    Report,
    SaleLine,
    SalePreview,
    ServerLink,
    Status,
    Taps,
    Till,
    UnknownBadges,
    VisitLine,
    Week,
)
from kiosk.cli.week_text import preview_lines, week_lines
from kiosk.codes import HEALTH, reason_text
from kiosk.model import Day, Denied, Duration, Opening, Product, Reason, Spans, Unlimited

HEAD_DIGITS = 16
"""Digits of a hash that are printed: 64 bits cannot be forged by trying."""


@singledispatch
def lines(answered: Answered) -> Iterator[str]:
    """Yield the lines of an answer."""
    raise TypeError(f"there is no text for {answered!r}")


@lines.register
def _done(done: Done) -> Iterator[str]:
    yield from done.said


@lines.register
def _door_opened(opened: DoorOpened) -> Iterator[str]:
    yield from opened.said


def _table(rows: Iterable[Sequence[str]], *, empty: str) -> Iterator[str]:
    """Yield rows in aligned columns."""
    rows = list(rows)
    if not rows:
        yield empty
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def entries(count: int) -> str:
    """Return `1 entry`, `2 entries`."""
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _moment(at: datetime) -> str:
    return f"{_day(at)} {at:%H:%M}"


def _day(on: date) -> str:
    return f"{on:%a} {on:%Y-%m-%d}"


def _till(until: datetime | None) -> str:
    return f"until {until:%H:%M}" if until else ""


# ---------------------------------------------------------------- members


@lines.register
def _people(answer: People) -> Iterator[str]:
    rows = [(one.name, _standing(one), _left(one), _badges(one.badges), one.id) for one in answer.people]
    yield from _table(rows, empty="No such member.")


def _standing(person: Person) -> str:
    role = "host" if person.role == "staff" else "member"
    return f"{role}, suspended" if person.status == "suspended" else role


def _left(person: Person) -> str:
    parts = ["unlimited"] if person.unlimited else []
    parts += [f"{person.left} left"] if person.left is not None else []
    return ", ".join(parts) or ("" if person.role == "staff" else "no valid pass")


def _badges(count: int) -> str:
    return {0: "no badge", 1: "1 badge"}.get(count, f"{count} badges")


@lines.register
def _unknown(answer: UnknownBadges) -> Iterator[str]:
    rows = [(badge.code, _moment(badge.at)) for badge in answer.badges]
    yield from _table(rows, empty="No unknown badge was tapped.")


@lines.register
def _account(account: Account) -> Iterator[str]:
    member = account.member
    host = ", host" if member.role == "staff" else ""
    suspended = ", suspended" if member.status == "suspended" else ""
    yield f"{member.name}{host}{suspended} (id {member.id})"
    if account.credit_cents:
        yield f"In their favour: {account.credit_cents / 100:.2f} {account.currency}"
    yield "\nBadges"
    yield from _table([(f"  {badge.code}", badge.status) for badge in account.badges], empty="  none")
    yield "\nPasses"
    yield from _table([_pass(one) for one in account.passes], empty="  none")
    yield "\nVisits of the last 40 days"
    yield from _table([_visit(visit) for visit in account.visits], empty="  none")


def _pass(one: PassLine) -> tuple[str, ...]:
    per = "" if one.per == "once" else f" this {one.per}"
    left = "unlimited" if one.left is None else f"{one.left} of {one.total} left{per}"
    dates = f"{one.valid_from} to {one.valid_until}" if one.valid_until else f"from {one.valid_from}"
    state = {"valid": "", "not_yet": "not valid yet", "expired": "expired"}[one.validity]
    shared = f"shared with {', '.join(one.shared_with)}" if one.shared_with else ""
    return f"  {one.product}", left, dates, ", ".join(filter(None, (state, shared))), f"id {one.id}"


def _visit(visit: VisitLine) -> tuple[str, ...]:
    paid = f"-{visit.units}" if visit.units else ""
    back = f"taken back by {visit.reversed_by}" if visit.reversed_by else ""
    guest = f"guest {visit.guest}" if visit.guest else ""
    return f"  {_moment(visit.at)}", _till(visit.until), visit.reason, paid, f"no. {visit.seq}", guest, back


# ---------------------------------------------------------------- the site


@lines.register
def _products(answer: Products) -> Iterator[str]:
    rows = [
        (
            one.id,
            one.name,
            f"{one.price_cents / 100:.2f} {answer.currency}",
            _terms(one),
            "" if one.on_sale else "off sale",
        )
        for one in answer.products
    ]
    yield from _table(rows, empty="Nothing is sold yet: name products in the file for `kiosk site import`.")


def _terms(product: Product) -> str:
    per = "" if product.per == "once" else f" a {product.per}"
    count = f"{entries(product.units)}{per}, " if product.units is not None else ""
    return f"{count}{_cover(product)}{_validity(product)}"


def _cover(product: Product) -> str:
    match product.cover:
        case Duration(minutes=minutes):
            return f"{minutes // 60} h {minutes % 60:02} each" if minutes % 60 else f"{minutes // 60} h each"
        case Spans(spans=spans):
            return "each " + " or ".join(f"{span.start:%H:%M}-{span.end:%H:%M}" for span in spans)
        case Day(boundary=boundary):
            return f"each a day until {boundary:%H:%M}"
        case Unlimited():
            return "unlimited"


def _validity(product: Product) -> str:
    if product.valid_days == 0:
        return ", valid the day it begins"
    if product.valid_days is not None:
        return f", valid {product.valid_days} days"
    if product.valid_months is not None:
        return f", valid {product.valid_months} months"
    return ", valid this calendar month" if product.calendar_month else ""


@lines.register
def _sale_preview(sale: SalePreview) -> Iterator[str]:
    names, last = " and ".join(sale.members), sale.valid_until
    dates = f"from {sale.valid_from} to {last}" if last else f"from {sale.valid_from}, without end"
    yield f"{sale.product} for {names}, {sale.cents / 100:.2f} {sale.currency}: {dates}."
    if sale.owed:
        yield f"{entries(sale.owed)} owed come off it."


@lines.register
def _inside(inside: Inside) -> Iterator[str]:
    rows = [(one.name or "1 person (erased)", f"since {one.since:%H:%M}", _till(one.until)) for one in inside.people]
    yield from _table(rows, empty="Nobody is in.")


@lines.register
def _taps(taps: Taps) -> Iterator[str]:
    rows = [
        (
            f"{tap.at:%H:%M:%S}",
            "granted" if tap.granted else "denied",
            tap.reason,
            tap.name or "",
            "by hand" if tap.source == "staff" else "",
        )
        for tap in taps.taps
    ]
    yield from _table(rows, empty=f"No tap on {_day(taps.on)}.")


def _opening(opening: Opening) -> str:
    state = "open" if opening.is_open else "closed"
    why = f" ({opening.because})" if opening.because else ""
    hosts = ", as a host said" if opening.overridden else ""
    return f"{state}{why}{hosts}" + (f" until {_moment(opening.changes_at)}" if opening.changes_at else "")


@lines.register
def _hours(hours: Hours) -> Iterator[str]:
    yield f"{hours.site.name}: {_opening(hours.opening)}"
    yield f"Hours: {hours.site.hours}"
    for number, rule in enumerate(hours.site.exceptions, 1):
        yield f"Exception {number}: {rule}"
    yield "\nNext openings"
    rows = [(f"  {_day(one.start)}", f"{one.start:%H:%M}-{_end(one.start, one.end)}") for one in hours.next]
    if hours.opening.is_open and hours.next:
        rows[0] = (rows[0][0], f"now-{_end(hours.next[0].start, hours.next[0].end)}")
    yield from _table(rows, empty="  none within a year")


lines.register(Week, week_lines)
lines.register(HoursPreview, preview_lines)


def _end(start: datetime, end: datetime) -> str:
    return f"{end:%H:%M}" if end.date() == start.date() else _moment(end)


def _why(reason: Reason) -> str:
    said = reason_text(reason)
    return f"{said[0].lower()}{said[1:]} ({reason})"


@lines.register
def _judged(judged: Judged) -> Iterator[str]:
    verdict = judged.verdict
    if isinstance(verdict, Denied):
        opens = f"; opens {_moment(judged.opens)}" if judged.opens else ""
        fix = f"; {verdict.product}: {verdict.price_cents / 100:.2f}" if verdict.product and verdict.price_cents else ""
        yield f"{judged.name}: denied: {_why(verdict.reason)}{opens}{fix}"
        return
    left = f", {verdict.units_left} left" if verdict.units_left is not None else ""
    yield f"{judged.name}: granted: {_why(verdict.reason)} {_till(judged.until)}".rstrip() + left


# ---------------------------------------------------------------- the kiosk


@lines.register
def _ledger(report: LedgerReport) -> Iterator[str]:
    bodies = f", {report.erased} {'body' if report.erased == 1 else 'bodies'} erased" if report.erased else ""
    book = f"Ledger {report.ledger_id}, {entries(report.entries)}{_head(report.head)}{bodies}"
    if report.snapshot_at is not None:
        book += f"; the roster stands on the server's snapshot at {report.snapshot_at}, what is older was not compared"
    if not report.faults:
        yield f"{book}: all as it should be."
        return
    found = f"{len(report.faults)} {report.found}{'s' if len(report.faults) > 1 else ''}"
    yield f"{book}: {found}, mended." if report.mended else f"{book}: {found}."
    yield from (f"  {fault}" for fault in report.faults)


def _head(head: str) -> str:
    """Return the last entry's sequence number and the beginning of its hash."""
    seq, _, digest = head.partition(":")
    return f", head {seq}:{digest[:HEAD_DIGITS]}" if head else ""


def _health(status: Status) -> Iterator[str]:
    """Yield a line for each fault."""
    for code in status.health:
        said = HEALTH[code].idle or HEALTH[code].short if code in HEALTH else "needs a look"
        yield f"  {code}: {said}"


@lines.register
def _status(status: Status) -> Iterator[str]:
    host = "a host is here" if status.staff_present else "no host is here"
    yield f"{status.site}: {_opening(status.opening)}"
    yield f"People in: {status.people_in}, {host}"
    yield f"Clock: {_moment(status.now)}, {status.clock}"
    yield f"Ledger: {entries(status.entries)}{_head(status.head)}, {status.members} members ({status.ledger_id})"
    well = "needs a look" if status.health else "all well"
    yield f"Kiosk: {f'running, {well}' if status.running else 'not running'}"
    yield from _health(status)
    if status.mistakes:
        yield f"Mistakes: {status.mistakes} commands failed by a fault in the program: journalctl -u kiosk says which"
    if status.mending:
        yield f"Mended: {status.mending}"
    yield f"Server: {_server(status.server) if status.server else 'none, the kiosk is not paired'}"
    yield from _vitals(status)


@lines.register
def _media(media: Media) -> Iterator[str]:
    rows = [(one.path, f"{one.free / 10**9:.1f} GB free") for one in media.media]
    yield from _table(rows, empty="No USB stick is plugged in and mounted under /media or /run/media.")


@lines.register
def _first_start(start: FirstStart) -> Iterator[str]:
    yield "This kiosk waits to be set up." if start.is_open else "This kiosk is set up."
    yield from _vitals(start.status)


def _vitals(status: Status) -> Iterator[str]:
    if not status.vitals:
        return
    from kiosk.notices.language import Language  # slow to import: only where its words are printed
    from kiosk.notices.vitals import part_words

    words = Language("en", str(getattr(status.now.tzinfo, "key", "UTC")))
    told = [part_words(words, one.part, one.code, one.facts, now=status.now) for one in status.vitals]
    yield ""
    yield from _table([(f"  {one.part}", one.said, one.advice) for one in told], empty="")


def _server(link: ServerLink) -> str:
    waiting = f"{entries(link.waiting)} waiting" if link.waiting else "nothing waiting"
    seen = f"its feed is known up to {link.seen}" if link.seen is not None else "nothing of its feed is known yet"
    told = [link.url, waiting, f"it has ours up to {link.sent}", seen]
    if link.heard_seconds_ago is not None:
        told.append(f"heard {_ago(link.heard_seconds_ago)} ago")
    if link.trouble:
        told.append(f"now {link.trouble}")
    return ", ".join(told)


def _ago(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


# ---------------------------------------------------------------- the till, and what a member is given


@lines.register
def _day_of_the_till(till: Till) -> Iterator[str]:
    yield f"{_day(till.on)}, {till.currency}"
    yield from _table((_sale(sale) for sale in till.sales), empty="Nothing was sold.")
    for sale in till.taken_back:
        yield f"Taken back: {'  '.join(_sale(sale))}"
    for one in till.sums:
        yield f"{one.method}: {one.cents / 100:.2f} ({one.sales} sold, {one.taken_back} cancelled)"
    yield f"In all: {till.total_cents / 100:.2f} {till.currency}"


def _sale(sale: SaleLine) -> tuple[str, ...]:
    who = " and ".join(sale.members) or "-"
    stands = "cancelled" if sale.taken_back_at else ""
    return f"{sale.at:%H:%M}", sale.receipt, f"{sale.cents / 100:.2f}", sale.method, sale.product, who, stands


@lines.register
def _report(report: Report) -> Iterator[str]:
    figures, accounts = report.figures, report.accounts
    yield f"{report.site}, {figures.since} to {figures.until}"
    yield f"{figures.people} people came {figures.visits} times, {figures.first_time} of them for the first time."
    yield f"Open {figures.held} times ({figures.planned} planned), {figures.minutes_open / 60:.0f} hours in all."
    if figures.peak:
        peak = figures.peak
        yield f"At most {peak.people} people at once: {_day(peak.on)}, from {peak.hour}:00."
    if figures.wanted:
        half = "mornings" if figures.wanted.is_morning else "afternoons"
        yield f"Asked for: {DAYS[figures.wanted.weekday]} {half}, {figures.wanted.taps} taps while it was closed."
    sold, worth = (f"{cents / 100:.2f} {report.currency}" for cents in (accounts.cents, accounts.worth_cents))
    yield f"Sold: {sold}; {accounts.units_sold} entries, {accounts.units_left} of them not used yet, worth {worth}."
    yield ""
    rows = ((one.month, one.held, one.visits, one.people, one.first_time) for one in figures.months)
    heading = ("month", "openings", "visits", "people", "new")
    yield from _table((tuple(map(str, row)) for row in (heading, *rows)), empty="")
    if figures.late_visits:
        yield f"{figures.late_visits} visits were told after their month was summed."


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@lines.register
def _exported(exported: Exported) -> Iterator[str]:
    yield json.dumps(exported.document, indent=2, ensure_ascii=False)
