"""The desk: books, site and moment for a command; finds the member, product or badge that a text names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from kiosk import bounds, hours, local_time
from kiosk.badges import BadgeError, badge_id, read_uid
from kiosk.desk.books import Books
from kiosk.facts import AnyFact, Entry
from kiosk.ledger import Ledger
from kiosk.model import Badge, ClockQuality, Member, Product, Site
from kiosk.roster import Roster
from kiosk.settings.mistakes import near
from kiosk.store.codes import claim_code
from kiosk.store.names import folded


class DeskError(ValueError):
    """The command cannot be done; the message says why, with similar names that may have been meant.

    The message is for the command line; the screen has its words for `code` and `facts` in kiosk.notices.refusals.
    """

    def __init__(self, message: str, near: Iterable[str] = (), *, code: str, **facts: str) -> None:
        self.near, self.code, self.facts = tuple(near), code, facts
        super().__init__(message)


def _refuse_out_of_bounds(fact: AnyFact) -> None:
    found = bounds.excess(fact)
    if found is not None:
        field = found.field.rpartition(".")[2]
        raise DeskError(str(found), code=found.code, **found.facts, field=field)


def refuse_unknown_region(region: str, country: str) -> None:
    """Raise DeskError for a region whose public holidays are not known."""
    known = hours.regions(country)
    if region and region not in known:
        message = f'"{region}" is no region of {country} with public holidays of its own'
        raise DeskError(message, known, code="NO_SUCH_REGION", region=region, field="region")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything that a command works with: books, site, badge key and instant."""

    books: Books
    site_id: str
    badge_key: bytes
    now: datetime
    clock: ClockQuality = ClockQuality.TRUSTED

    @property
    def roster(self) -> Roster:
        """The roster, for reading."""
        return self.books.roster

    def append(self, *facts: AnyFact) -> tuple[Entry, ...]:
        """Write facts, all or none. Raises DeskError for one that tells more than the bounds of kiosk.bounds allow."""
        for fact in facts:
            _refuse_out_of_bounds(fact)
        return self.books.append(*facts)

    @property
    def own_ledger(self) -> Ledger | None:
        """The ledger of this kiosk; None at the central server, whose books cover all sites."""
        return self.books if isinstance(self.books, Ledger) else None

    @property
    def ledger(self) -> Ledger:
        """The ledger of this kiosk. Raises DeskError at the central server."""
        if self.own_ledger is None:
            raise DeskError("only a kiosk can do this", code="NOT_HERE")
        return self.own_ledger

    @property
    def country(self) -> str:
        """The country of the site, ISO 3166 with two letters; before the site is known, the default of kiosk.model."""
        site = self.roster.site(self.site_id)
        return site.country if site else Site(id="", name="", zone="", hours="").country

    @cached_property
    def site(self) -> Site:
        """The site served here. Raises DeskError before the first import."""
        site = self.roster.site(self.site_id)
        if site is None:
            others = [other.id for other in self.roster.sites()]
            advice = f" (known: {', '.join(others)})" if others else ""
            message = f'site "{self.site_id}" is not known yet{advice}: run `kiosk site import FILE`'
            raise DeskError(message, others, code="NO_SITE")
        return site

    def refuse_if_retired(self) -> None:
        """Raise DeskError when the site is closed for good: nothing is sold there, and its hours stay `off`."""
        if self.site.retired:
            message = f"{self.site.name} is retired: `kiosk site retire {self.site.id} --undo` takes it back"
            raise DeskError(message, code="SITE_RETIRED", site=self.site.name)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return local_time.zone(self.site.zone)

    def local(self, instant: datetime) -> datetime:
        """Return an instant as local time of the site."""
        return local_time.within_calendar(instant).astimezone(self.zone)

    def local_or_none(self, instant: datetime | None) -> datetime | None:
        """Return an instant as local time of the site, None for None."""
        return None if instant is None else self.local(instant)

    @property
    def today(self) -> date:
        """The local date."""
        return local_time.today(self.zone, self.now)

    def day(self, on: date) -> tuple[datetime, datetime]:
        """Return the instants at which a local date begins and ends; the end is not part of it."""
        return local_time.midnight(self.zone, on), local_time.midnight(self.zone, local_time.day_after(on))

    # ------------------------------------------------------------ what people name

    def member(self, text: str) -> Member:
        """Return the one member that a text names: an id, or words of the name, without regard to accents and case.

        A whole name wins over longer ones (`Anne Roy`, `Marie-Anne Roy`). Raises DeskError for nobody or several.
        """
        words = folded(text).split()
        found = self.roster.find_members(text)
        if len(found) == 1 and found[0].id == text.strip():
            return found[0]
        exact = [member for member in found if folded(member.name) == " ".join(words)]
        named = exact or [member for member in found if all(word in folded(member.name) for word in words)]
        if len(named) == 1:
            return named[0]
        if named:
            message = f'"{text}" may be several members: say more of the name, or the id'
            raise DeskError(message, map(_with_id, named), code="WHICH_MEMBER", name=text)
        message = f'no member is called "{text}"' + ("" if found else ": `kiosk member list` lists all")
        raise DeskError(message, (member.name for member in found), code="NO_MEMBER", name=text)

    def product(self, text: str) -> Product:
        """Return the product with this id or name. Raises DeskError for none, or one that is no longer sold."""
        products = self.roster.products()
        named = {folded(word): product for product in products for word in (product.name, product.id)}
        product = named.get(folded(text))
        if product is None:
            likely = near(text, [word for one in products if one.on_sale for word in (one.id, one.name)])
            on_sale = [one.id for one in products if one.on_sale]
            raise DeskError(f'no product is called "{text}"', likely or on_sale, code="NO_PRODUCT")
        if not product.on_sale:
            sold = (one.id for one in products if one.on_sale)
            raise DeskError(f'"{product.name}" is no longer sold', sold, code="NOT_ON_SALE", product=product.name)
        return product

    def badge_of_number(self, number: str) -> str:
        """Return the id of the badge with this number. Raises DeskError if it is not a badge number."""
        try:
            return badge_id(read_uid(number), self.badge_key)
        except BadgeError as error:
            raise DeskError(str(error), code="BADGE_NUMBER") from None

    def badge_of_code(self, code: str) -> str:
        """Return the id of the badge denied under this claim code.

        Raises DeskError for a code that was not shown lately.
        """
        found = self.roster.find_badge(code)
        if found is None:
            since = self.now - timedelta(days=1)
            recent = [one for one, _ in self.roster.recent_unknown(self.site_id, since)]
            message = f'no unknown badge has the code "{code}": tap the badge and read the code anew'
            raise DeskError(message, recent, code="NO_SUCH_CODE", badge=code)
        return found

    def carried(self, *, member: str | None, number: str | None, code: str | None) -> Badge:
        """Return a badge that somebody carries, by its number, or by its member and, if they have several, its code."""
        if number is not None:
            badge = self.roster.badge(self.badge_of_number(number))
            if badge is None or badge.member_id is None:
                raise DeskError(f"nobody carries the badge {number}", code="NOBODYS_BADGE")
            return badge
        if member is None:
            raise DeskError("which badge? Name its member, or give its number", code="NO_BADGE_NAMED")
        return self._badge_of(self.member(member), code)

    def _badge_of(self, carrier: Member, code: str | None) -> Badge:
        badges = {claim_code(badge.id): badge for badge in self.roster.badges(carrier.id)}
        if code is not None:
            badges = {one: badge for one, badge in badges.items() if one == code.strip().upper()}
        if len(badges) == 1:
            return next(iter(badges.values()))
        if badges:
            message = f"{carrier.name} has several badges: say which by its code"
            raise DeskError(message, badges, code="WHICH_BADGE", name=carrier.name)
        known = [claim_code(badge.id) for badge in self.roster.badges(carrier.id)]
        message = f"{carrier.name} has no {'such ' if code else ''}badge"
        raise DeskError(message, known, code="NO_SUCH_BADGE", name=carrier.name)


def _with_id(member: Member) -> str:
    return f"{member.name} ({member.id})"
