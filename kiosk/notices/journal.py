"""Words of the exported journal: headings, events, reasons; and the note on the stick."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from kiosk import payments
from kiosk.codes import CONFLICT_NOTES, CONFLICTS, reason_text
from kiosk.facts import (
    BadgeSet,
    Fact,
    Happened,
    HoursOverridden,
    Left,
    MemberSet,
    MonthSummed,
    PassSold,
    ProductSet,
    Reversed,
    SiteSet,
    Tapped,
)
from kiosk.model import Denied, Granted, Verdict
from kiosk.notices.conflicts import conflict_note
from kiosk.notices.language import Language


class EntryWords(NamedTuple):
    """A ledger entry in words."""

    what: str
    member_id: str | None = None
    why: str = ""
    units: int | None = None
    """Entries taken off a pass, or sold."""
    cents: int | None = None
    method: str = ""
    """How a sale was paid."""


def headings(words: Language) -> tuple[str, ...]:
    """Return the headings of the columns."""
    return (
        words.say("No."),
        words.say("Date"),
        words.say("Time"),
        words.say("Event"),
        words.say("Name"),
        words.say("Details"),
        words.say("Entries"),
        words.say("Amount"),
        words.say("Paid by"),
    )


def point(words: Language) -> str:
    """Return the decimal point of the language."""
    return "," if words.code == "fr" else "."


def note_name(words: Language) -> str:
    """Return the name of the file that is to be read first."""
    return words.say("READ-ME.txt")


def note(words: Language, site: str, now: datetime) -> str:
    """Return the note on what is on the stick and that it is personal data."""
    lines = (
        words.say("Books of {site}, copied {moment}.", site=site, moment=words.moment(now, now)),
        "",
        words.say("journal.csv: one line for each event, for a spreadsheet."),
        words.say("ledger.jsonl: the ledger as the kiosk keeps it, with its hashes, for whoever checks the books."),
        "",
        words.say("These files hold personal data: names, and who came when."),
        words.say("Keep them locked away, give them to nobody who has no right to them, and delete them after use."),
    )
    return "\r\n".join(lines) + "\r\n"


def told(words: Language, kind: str, fact: Fact | None) -> EntryWords:
    """Return an entry in words; if its body was erased or is unknown, by its kind."""
    match fact:
        case Tapped():
            return _tap(words, fact.verdict, fact.member_id)
        case PassSold():
            who = next(iter(fact.pass_.holders), None)
            name = fact.pass_.terms.name
            return EntryWords(
                words.say("sale"),
                who,
                name,
                units=fact.pass_.terms.units,
                cents=payments.received(fact.method, fact.price_cents),
                method=_method(words, fact.method),
            )
        case Reversed():
            return EntryWords(words.say("taken back"), why=f"{fact.ref.seq}: {fact.reason}")
        case Left():
            return EntryWords(words.say("left"), fact.member_id)
        case None:
            return EntryWords(words.say("erased"), why=kind)
    return _setting(words, kind, fact)


def _method(words: Language, stored: str) -> str:
    payment = payments.read(stored)
    return payment.words or words.say(payments.LABELS[payment.method])


def _tap(words: Language, verdict: Verdict, member_id: str | None) -> EntryWords:
    why = words.say(reason_text(verdict.reason))
    if isinstance(verdict, Granted):
        return EntryWords(words.say("entry"), member_id, why, units=-sum(charge.units for charge in verdict.charges))
    assert isinstance(verdict, Denied)
    return EntryWords(words.say("refused"), member_id, why)


def _setting(words: Language, kind: str, fact: Fact) -> EntryWords:
    match fact:
        case MemberSet():
            return EntryWords(words.say("member"), fact.member.id)
        case BadgeSet():
            return EntryWords(words.say("badge"), fact.badge.member_id)
        case ProductSet():
            return EntryWords(words.say("tariff"), why=fact.product.name, cents=fact.product.price_cents)
        case SiteSet():
            return EntryWords(words.say("place"), why=fact.site.hours)
        case HoursOverridden():
            return EntryWords(words.say("hours"), why=fact.override.state if fact.override else "")
        case Happened():
            return EntryWords(words.say("incident"), str(fact.facts.get("member", "")) or None, _happened(words, fact))
        case MonthSummed():
            return EntryWords(words.say("sums of a month"), why=fact.month)
    return EntryWords(kind)


def _happened(words: Language, fact: Happened) -> str:
    """Return an incident in words: for a conflict its note or the text of an earlier release; else its code."""
    if fact.what not in CONFLICTS:
        return " ".join(filter(None, (fact.what, fact.detail)))
    said = words.say(CONFLICTS[fact.what].said)
    sentence = CONFLICT_NOTES.get(fact.note)
    note = conflict_note(words, sentence, fact.facts) if sentence else fact.detail
    return ". ".join(filter(None, (said, note)))
