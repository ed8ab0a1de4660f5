"""Finds conflicts between entries of kiosks that could not hear each other.

Every admission stands. A conflict is reported by an alarm, and by an entry of the server's own ledger that all kiosks
get. Each entry of the feed is checked once, in the transaction that folds it, so that a conflict is reported exactly
once; what is found depends on the feed alone.

- *Overdraft*: more units were taken off a pass than the kiosk that let somebody in could know.
- *Overlap*: two kiosks of one site charged one member for windows that overlap, or one kiosk did, whose clock went back
  or was corrected. The later charge is given back.
- *Blocked badge*: a badge opened a door although its blocking is earlier in the feed. *Suspended member*: the same for
  a member.
- *Withdrawn product*: a pass was sold after its product was withdrawn elsewhere.
- *Refunded pass*: entries were used of a pass whose sale is cancelled, whichever of the two arrives first.
- *Changed apart*: two writers changed one field of a noun, neither in knowledge of the other (kiosk.store.fold.fields);
  for example one new badge given to two people, a day closed here and opened there, or two overrides of one day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

import msgspec
from sqlalchemy import Connection, Row, func, or_, select

from kiosk import local_time
from kiosk.facts import (
    AnyFact,
    BadgeSet,
    Entry,
    Happened,
    HoursOverridden,
    MemberSet,
    NounSet,
    PassSold,
    ProductSet,
    Reversed,
    SiteSet,
    Tapped,
    TimesCorrected,
)
from kiosk.hours import dated
from kiosk.model import Badge, Charge, Granted, Member, Pass, Product, Reason, Ref, Site, Source, Window
from kiosk.rules.passes import is_counted, period_start
from kiosk.store.chain import decode_fact
from kiosk.store.fold import fields
from kiosk.store.fold.nouns import state_of
from kiosk.store.tables import badges, members, passes, products, sales, sites, uses, visits
from sync.central.alarms import register
from sync.central.alarms.register import Facts, Kind, Note
from sync.central.feed.server_ledger import SERVER

JUDGED = ("tap", "times", "reversal", "sale", "site", "product", "member", "badge", "override")
"""Kinds of entries that may be in conflict with others."""
LONGEST_LIST = 200
"""Letters of the fields that an alarm names."""
REASON = "overlap"
LONGEST_WINDOW = timedelta(days=2)
"""Windows that began longer ago are not looked at; no product covers as long."""

_member = msgspec.json.Decoder(Member).decode
_badge = msgspec.json.Decoder(Badge).decode
_pass = msgspec.json.Decoder(Pass).decode
_product = msgspec.json.Decoder(Product).decode
_site = msgspec.json.Decoder(Site).decode
_charges = msgspec.json.Decoder(tuple[Charge, ...]).decode


class _Conflict(NamedTuple):
    """A conflict as a code and facts, the same in the alarm and in the server's ledger.

    The words for a new kind and its note are added to CONFLICTS and CONFLICT_NOTES of kiosk.codes.
    """

    kind: Kind
    ref: Ref
    subject: str
    """The pass, member, badge or the like that it is about: what is about one of them is one alarm."""
    note: Note
    facts: Facts
    site_id: str


def _overlap(one: str, other: str) -> bool:
    """Tell whether two exceptions of the hours have a day in common; those whose dates cannot be told may have."""
    a, b = dated.read_dates(one), dated.read_dates(other)
    return a is None or b is None or (a.first <= b.last and b.first <= a.last)


class Append(Protocol):
    """Writes entries of the server's own ledger in the transaction of a connection."""

    def __call__(self, connection: Connection, *facts: AnyFact) -> None:
        """Write them."""


def _order(row: Row[*tuple[Any, ...]]) -> tuple[datetime, datetime, str, int]:
    """Return a sort key: the visit with the greater one counts as the later of two."""
    return row.window_start, row.at, row.ledger_id, row.seq


class ConflictFinder:
    """Finds conflicts between an entry just folded and those folded before."""

    def __init__(self, connection: Connection, network: str, *, now: datetime, append: Append) -> None:
        self._connection, self._network, self._now, self._append = connection, network, now, append

    def judge(self, entry: Entry, position: int) -> None:
        """Find and handle the conflicts of an entry."""
        fact = decode_fact(entry.body) if entry.kind in JUDGED and entry.body is not None else None
        if isinstance(fact, NounSet | HoursOverridden):
            self._look_for_other_changes(entry, fact)
        if isinstance(fact, PassSold):
            self._look_for_withdrawal(entry, fact, position)
        if isinstance(fact, Reversed):
            self._look_for_uses(entry, fact)
        if isinstance(fact, TimesCorrected):
            for timed in fact.times:
                self._finds_overlap(Ref(ledger_id=entry.ref.ledger_id, seq=timed.seq))
        if not isinstance(fact, Tapped) or not isinstance(fact.verdict, Granted):
            return
        self._look_for_blocked_badge(entry, fact, position)
        self._look_for_suspension(entry, fact)
        self._look_for_refund(entry, fact, fact.verdict)
        if fact.member_id is None or not fact.verdict.charges:
            return
        if not self._finds_overlap(entry.ref):
            self._look_for_overdraft(entry, fact, fact.verdict)

    def _tell(self, found: _Conflict, *remedy: AnyFact) -> bool:
        """Raise the alarm and write what corrects the conflict, once; the incident with each alarm that begins.

        Tells whether it was the first time.
        """
        if not register.report_conflict(self._connection, self._network, found.kind, found.ref):
            return False
        begins = register.raise_conflict(
            self._connection,
            self._network,
            found.kind,
            ref=found.ref,
            subject=found.subject,
            note=found.note,
            facts=found.facts,
            site_id=found.site_id,
            now=self._now,
        )
        happened = Happened(what=found.kind.value, note=found.note.value, facts=found.facts, site_id=found.site_id)
        if told := (*remedy, happened) if begins else remedy:
            self._append(self._connection, *told)
        return True

    # ------------------------------------------------------------ a badge that was blocked

    def _look_for_blocked_badge(self, entry: Entry, fact: Tapped, position: int) -> None:
        if fact.badge_id is None:
            return
        query = select(badges.c.doc).where(badges.c.id == fact.badge_id, badges.c.position < position)
        doc = self._connection.execute(query).scalar()
        if doc is None:
            return
        badge = _badge(doc)
        if badge.status != "active":
            conflict = _Conflict(
                kind=Kind.BLOCKED_BADGE,
                ref=entry.ref,
                subject=badge.id,
                note=Note.BADGE_LOST if badge.status == "lost" else Note.BADGE_BLOCKED,
                facts={"badge": badge.id[:12], "member": badge.member_id or ""},
                site_id=fact.site_id,
            )
            self._tell(conflict)

    def _look_for_suspension(self, entry: Entry, fact: Tapped) -> None:
        doc = self._connection.execute(select(members.c.doc).where(members.c.id == fact.member_id)).scalar()
        if doc is not None and _member(doc).status == "suspended":
            facts: Facts = {"member": fact.member_id or ""}
            member_id = fact.member_id or ""
            self._tell(_Conflict(Kind.SUSPENDED_MEMBER, entry.ref, member_id, Note.SUSPENDED, facts, fact.site_id))

    # ------------------------------------------------------------ a pass whose sale is cancelled

    def _look_for_refund(self, entry: Entry, fact: Tapped, verdict: Granted) -> None:
        charged = {charge.pass_id for charge in verdict.charges}
        query = select(passes.c.id).where(passes.c.id.in_(charged), passes.c.voided_at.is_not(None))
        for pass_id in self._connection.execute(query).scalars().all() if charged else ():
            self._tell_of_refund(entry.ref, fact.site_id, pass_id, fact.member_id)

    def _look_for_uses(self, entry: Entry, fact: Reversed) -> None:
        """Look for entries used of a pass whose sale is cancelled now: whoever cancelled it knew of none."""
        it = select(sales.c.pass_id, sales.c.site_id).filter_by(ledger_id=fact.ref.ledger_id, seq=fact.ref.seq)
        row = self._connection.execute(it).first()
        if row is None:
            return
        of_it = select(visits.c.member_id).join_from(
            uses, visits, (uses.c.ledger_id == visits.c.ledger_id) & (uses.c.seq == visits.c.seq)
        )
        used = self._connection.execute(of_it.where(uses.c.pass_id == row.pass_id, uses.c.units > 0)).first()
        if used is not None:
            self._tell_of_refund(entry.ref, row.site_id, row.pass_id, used.member_id)

    def _tell_of_refund(self, ref: Ref, site_id: str, pass_id: str, member_id: str | None) -> None:
        facts: Facts = {"pass_id": pass_id, "member": member_id or ""}
        self._tell(_Conflict(Kind.REFUNDED_PASS, ref, pass_id, Note.TAKEN_BACK, facts, site_id))

    def _look_for_withdrawal(self, entry: Entry, fact: PassSold, position: int) -> None:
        """Look whether what was sold had been withdrawn by another ledger earlier in the feed."""
        terms = fact.pass_.terms
        query = select(products.c.doc).where(
            products.c.id == terms.id, products.c.position < position, products.c.ledger_id != entry.ref.ledger_id
        )
        doc = self._connection.execute(query).scalar()
        if doc is not None and not _product(doc).on_sale:
            member = next(iter(fact.pass_.holders), "")
            facts: Facts = {"pass_id": fact.pass_.id, "member": member, "product": terms.id}
            found = _Conflict(Kind.WITHDRAWN_PRODUCT, entry.ref, terms.id, Note.SOLD_WITHDRAWN, facts, fact.site_id)
            self._tell(found)

    # ------------------------------------------------------------ changes of one field

    def _look_for_other_changes(self, entry: Entry, fact: NounSet | HoursOverridden) -> None:
        if (fact.saw if isinstance(fact, HoursOverridden) else fact.changed) is None:
            return  # an earlier release does not tell what its writer knew
        facts: Facts = {}
        match fact:
            case MemberSet():
                name, note, facts = fact.member.id, Note.MEMBER_CHANGED, {"member": fact.member.id}
            case BadgeSet():
                name, note = fact.badge.id, Note.BADGE_CHANGED
                facts = {"badge": fact.badge.id[:12], "member": fact.badge.member_id or ""}
            case HoursOverridden():
                name, note, facts = fact.site_id, Note.SITE_CHANGED, {"site": fact.site_id}
            case SiteSet():
                name, note, facts = fact.site.id, Note.SITE_CHANGED, {"site": fact.site.id}
            case ProductSet():
                name, note, facts = fact.product.id, Note.PRODUCT_CHANGED, {"product": fact.product.id}
            case _:
                return
        state = state_of(self._connection, entry.kind, name)
        found = [*fields.contested(state, entry.ref), *fields.contested_days(state, entry.ref, overlap=_overlap)]
        if found:
            lost, named = found[0].yields, ", ".join(one.field for one in found)[:LONGEST_LIST]
            told: Facts = {**facts, "field": named, "ledger": lost.ledger_id, "n": lost.seq}
            site_id = str(facts.get("site", ""))
            # The kiosk whose change does not stand learns of it by the incident: so it is one alarm for each of them.
            subject = f"{entry.kind} {name} {named} {lost.ledger_id}"
            self._tell(_Conflict(Kind.CHANGED_APART, entry.ref, subject, note, told, site_id))

    # ------------------------------------------------------------ windows that overlap

    def _finds_overlap(self, visited: Ref) -> bool:
        """Give back the later of two overlapping charges. Tell whether this visit was the later one."""
        query = select(visits).filter_by(ledger_id=visited.ledger_id, seq=visited.seq)
        this = self._connection.execute(query).first()
        if this is None or this.window_start is None or this.reversed_at is not None or not _charges(this.charges):
            return False
        for other in self._overlapping(this):
            later = max(this, other, key=_order)
            earlier = other if later is this else this
            ref = Ref(ledger_id=later.ledger_id, seq=later.seq)
            conflict = _Conflict(
                kind=Kind.OVERLAP,
                ref=ref,
                subject=this.member_id or "",
                note=Note.CHARGED_TWICE,
                facts={"member": this.member_id, "n": earlier.seq, "ledger": earlier.ledger_id},
                site_id=this.site_id,
            )
            if self._tell(conflict, Reversed(ref=ref, reason=REASON, by=SERVER)):
                self._charge_again(later)
            if later is this:
                return True
        return False

    def _charge_again(self, given_back: Row[*tuple[Any, ...]]) -> None:
        """Charge a visit again if the charge that it overlapped is itself given back now.

        Three kiosks that could not hear each other let somebody in at 9, at 11 and at 13, for three hours each. When
        the last two arrive, the server gives back the one of 13; when the first arrives at last, the one of 11. Then no
        charge covers the time from 13 on, and it is charged again: so what is paid does not depend on the order of
        arrival.
        """
        found = {row.window_start: row for row in self._charged_about(given_back, was_given_back=True)}
        for row in found.values():
            is_later = _order(row) > _order(given_back)
            is_free = all(other.window_start > row.window_start for other in self._overlapping(row))
            if is_later and is_free:
                window = Window(start=row.window_start, end=row.window_end)
                verdict = Granted(reason=Reason(row.reason), window=window, charges=_charges(row.charges))
                fact = Tapped(site_id=row.site_id, member_id=row.member_id, verdict=verdict, source=Source.STAFF)
                self._append(self._connection, fact)

    def _overlapping(self, this: Row[*tuple[Any, ...]]) -> Iterator[Any]:
        """Yield the other charged, unreversed visits whose windows overlap, in order."""
        return self._charged_about(this, was_given_back=False)

    def _charged_about(self, this: Row[*tuple[Any, ...]], *, was_given_back: bool) -> Iterator[Any]:
        """Yield the other charged visits whose windows overlap: those that stand, or were given back here.

        They are of other kiosks, or of one whose clock went back. A visit that the server gave back no longer stands,
        although that reversal comes later in the feed than this entry.
        """
        query = select(visits).where(
            visits.c.member_id == this.member_id,
            visits.c.site_id == this.site_id,
            visits.c.at > this.window_start - LONGEST_WINDOW,
            visits.c.window_start < this.window_end,
            visits.c.window_end > this.window_start,
            or_(visits.c.reversed_at.is_(None), visits.c.reversed_by == SERVER),
            or_(visits.c.ledger_id != this.ledger_id, visits.c.seq != this.seq),
        )
        for row in self._connection.execute(query.order_by(visits.c.at, visits.c.ledger_id, visits.c.seq)).all():
            ref = Ref(ledger_id=row.ledger_id, seq=row.seq)
            is_given_back = register.was_reported(self._connection, self._network, Kind.OVERLAP, ref)
            if _charges(row.charges) and is_given_back is was_given_back:
                yield row

    # ------------------------------------------------------------ more used than there was

    def _look_for_overdraft(self, entry: Entry, fact: Tapped, verdict: Granted) -> None:
        site = self._site(fact.site_id)
        for charge in verdict.charges:
            doc = self._connection.execute(select(passes.c.doc).where(passes.c.id == charge.pass_id)).scalar()
            if doc is None or site is None:
                continue
            left = self._left(_pass(doc), site, entry.stamp.at)
            allowed = site.policy.debt_limit if verdict.reason is Reason.DEBT else 0
            if left is not None and left < -allowed:
                conflict = _Conflict(
                    kind=Kind.OVERDRAFT,
                    ref=entry.ref,
                    subject=charge.pass_id,
                    note=Note.BELOW_ZERO,
                    facts={"pass_id": charge.pass_id, "member": fact.member_id or "", "left": left},
                    site_id=fact.site_id,
                )
                self._tell(conflict)

    def _site(self, site_id: str) -> Site | None:
        doc = self._connection.execute(select(sites.c.doc).where(sites.c.id == site_id)).scalar()
        return None if doc is None else _site(doc)

    def _left(self, sold: Pass, site: Site, at: datetime) -> int | None:
        """Return the units left on a pass, for an allowance those of this period."""
        terms = sold.terms
        if not is_counted(terms):
            return None
        query = select(func.coalesce(func.sum(uses.c.units), 0)).where(uses.c.pass_id == sold.id)
        if terms.per != "once":
            zone = local_time.zone(site.zone)
            first = period_start(terms.per, local_time.today(zone, at))
            length = timedelta(days=7) if terms.per == "week" else timedelta(days=31)
            begin = local_time.midnight(zone, first)
            after = local_time.midnight(zone, period_start(terms.per, first + length))
            query = query.where(uses.c.at >= begin, uses.c.at < after)
        return (terms.units or 0) - int(self._connection.execute(query).scalar_one())
