"""Reports on a kiosk and its ledger: status, faults of the chain, differences of the roster."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from kiosk import hours
from kiosk.answers import LedgerReport, Status
from kiosk.commands import RepairRoster, ShowStatus
from kiosk.desk.desk import Desk
from kiosk.desk.opening import local_opening
from kiosk.ledger import Head, LedgerReader


def show_status(desk: Desk, _command: ShowStatus) -> Status:
    """Return the state of site and ledger; the kiosk adds whether it runs, and its health."""
    roster, site = desk.roster, desk.site
    inside = [roster.member(visit.member_id) for visit in roster.inside(site.id, desk.now)]
    override = roster.override(site.id, desk.now)
    return Status(
        site=site.name,
        now=desk.local(desk.now),
        clock=desk.clock,
        opening=local_opening(desk, hours.opening(site, override, desk.now)),
        people_in=roster.people_in(site.id, desk.now),
        staff_present=any(member is not None and member.role == "staff" for member in inside),
        members=roster.member_count(),
        ledger_id=desk.ledger.ledger_id,
        entries=desk.ledger.head.seq,
        head=_head(desk.ledger),
        waiting=desk.ledger.waiting,
        oldest_passage=roster.oldest_passage(),
    )


def repair_roster(desk: Desk, _command: RepairRoster) -> LedgerReport:
    """Rebuild the roster from the entries, and replace it where it differs."""
    found = _report(desk.ledger, desk.ledger.repair_roster())
    return structs.replace(found, found="difference", mended=True)


def verified(ledger: LedgerReader, head: Head | None = None) -> LedgerReport:
    """Return the faults of a ledger's chain; `head` is an entry that somebody noted earlier."""
    return _report(ledger, ledger.verify(head=head))


def rebuilt(ledger: LedgerReader) -> LedgerReport:
    """Return the rows of the roster that are not what the entries add up to."""
    report = _report(ledger, ledger.roster_differences())
    return structs.replace(report, found="difference", snapshot_at=ledger.snapshot_position)


def _report(ledger: LedgerReader, faults: Iterable[object]) -> LedgerReport:
    return LedgerReport(
        ledger_id=ledger.ledger_id,
        entries=ledger.head.seq,
        faults=tuple(map(str, faults)),
        head=_head(ledger),
        erased=ledger.erased(),
    )


def _head(ledger: LedgerReader) -> str:
    head = ledger.head
    return f"{head.seq}:{head.hash.hex()}" if head.seq else ""
