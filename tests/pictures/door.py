"""The pictures of the door: what members see between taps and after them, in every state. Judged by the real rules."""

from collections.abc import Iterator

from msgspec.structs import replace

from kiosk import hours, notices
from kiosk.answers import Account as AccountTold
from kiosk.answers import PassLine, VisitLine
from kiosk.commands import ShowAccount
from kiosk.demo.people import tray_badges
from kiosk.demo.tray import TRAY_BASE, TRAY_SHARE, draw_tray
from kiosk.demo.tray_words import Tray, put_into_words
from kiosk.model import Member, Override, Signal, Site
from kiosk.notices import Health, Idle, Language, Notice, Offer
from kiosk.rules import extras
from kiosk.screen.door.notice import draw_notice
from kiosk.screen.door.sleep import Light
from kiosk.screen.drawing.canvas import Canvas, cut
from kiosk.screen.scene import Context
from kiosk.screen.scenes.people.own_account import TABS, OwnAccount
from kiosk.screen.sdl import pygame
from tests.office.ledgers.judged_taps import CAMILLE, MONDAY, JudgedTap, denied, granted, ours, tell, visit
from tests.pictures.picture import WIDE, Asleep, Picture
from tests.rules.house import HOST, SERRE, at, case, on, sold

BUTTONS = {
    "entry": (Offer.GUEST, Offer.ACCOUNT),
    "no-entries": (Offer.ACCOUNT,),
    "re-entry": (Offer.LEAVE, Offer.EXTEND, Offer.GUEST, Offer.ACCOUNT),
    "re-entry-at-once": (Offer.LEAVE, Offer.UNDO, Offer.EXTEND, Offer.GUEST, Offer.ACCOUNT),
    "staff": (Offer.DESK, Offer.EVACUATION, Offer.ACCOUNT),
    "staff-again": (Offer.LEAVE, Offer.UNDO, Offer.GUEST, Offer.ACCOUNT, Offer.DESK, Offer.EVACUATION),
}
"""What some of them would offer; the others show none, to be looked at as they are without."""


def notice_of(told: JudgedTap, language: str) -> Notice:
    """What a tap shows, with the buttons that it would have."""
    offers = BUTTONS.get(told.name, ())
    return notices.notice(told.verdict, told.case, told.now, offers=offers, language=language)


def idles(language: str) -> Iterator[Picture]:
    """The idle screen in all its states."""

    def idle(name: str, when: str, *, site: Site = SERRE, override: Override | None = None, **more) -> Picture:
        now = at(when)
        view = notices.idle(
            site, hours.opening(site, override, now), now, language=language, **{"people_in": 4, **more}
        )
        return Picture(f"idle-{name}", view, language)

    here = [
        replace(CAMILLE, name=name, listed=True) for name in ("Camille", "Hugo", "Marie-Antoinette", "Zoé", "Karim")
    ]
    special = replace(SERRE, exceptions=('2026 Jul 15 10:00-16:00 open "Atelier couture"',))
    forever = replace(SERRE, hours="24/7")
    yield idle("open", "2026-07-13 09:42")
    yield idle("named", "2026-07-13 09:42", people_in=7, here=here)
    yield idle("closed", "2026-07-15 18:20", people_in=0)
    yield idle("holiday", "2026-07-14 10:03", people_in=0)
    yield idle("exception", "2026-07-15 11:30", site=special, people_in=1)
    yield idle("leave", "2026-08-04 10:00", people_in=0)
    yield idle("day-and-night", "2026-07-13 02:07", site=forever, people_in=1)
    yield idle("reader-down", "2026-07-13 09:42", health={Health.READER_DOWN})
    yield idle("clock", "2026-07-13 09:42", health={Health.CLOCK_UNTRUSTED})
    yield idle("server", "2026-07-13 09:42", health={Health.SERVER_UNREACHABLE})
    for side in ("left", "top", "bottom"):
        yield idle(f"reader-{side}", "2026-07-13 09:42", reader_side=side)
    yield idle(
        "long",
        "2026-09-23 20:00",
        site=replace(special, name=LONG_SITE),
        people_in=138,
        here=[*here, *here],
        health=set(Health),
    )


LONG_SITE = "Maison des associations et du télétravail de Villefranche-de-Rouergue"


def service(language: str) -> Iterator[Picture]:
    """The notices that no tap answers."""
    site = replace(SERRE, language=language)
    yield Picture("undone", notices.undone(site, CAMILLE, 8), language)
    yield Picture("undo-refused", notices.undo_refused(site, CAMILLE, "ONCE_A_DAY"), language)
    asked = ours(sold(used=4), visits=(visit("2026-07-13 09:05", "2026-07-13 12:05"),), site=site)
    more, guest = extras.extension(asked, MONDAY), extras.guest(asked, MONDAY)
    assert more
    assert guest
    yield Picture("extend-question", notices.extension_question(asked, more, MONDAY), language)
    yield Picture("extended", notices.extended(asked, more, MONDAY, undo=True), language)
    yield Picture("guest-question", notices.guest_question(asked, guest, MONDAY), language)
    yield Picture("guest-in", notices.guest_in(asked, guest, MONDAY, undo=True), language)
    yield Picture("guest-refused", notices.extra_refused(asked, guests=2), language)
    yield Picture("kept", notices.kept(asked), language)
    yield Picture("goodbye", notices.goodbye(site, CAMILLE, MONDAY), language)


def nights(language: str) -> Iterator[Picture]:
    """The idle screen when nobody is expected any more."""
    views = {picture.name: picture.view for picture in idles(language)}
    closed = views["idle-closed"]
    assert isinstance(closed, Idle)
    yield Picture("night-dim", Asleep(closed, Light.DIM), language)
    late = replace(closed, time="02:17", minute=137)
    yield Picture("night-dark", Asleep(late, Light.DARK), language)
    yield Picture("night-trouble", Asleep(replace(late, trouble=True, minute=1000), Light.DARK), language)


def spoken(language: str) -> Iterator[Picture]:
    """What is said in words: every idle screen and notice."""
    yield from idles(language)
    for told in (*granted(), *denied()):
        yield Picture(told.name, notice_of(told, language), language)
    again = tell("staff-again", case(member=HOST))
    yield Picture(again.name, notice_of(again, language), language)
    yield from service(language)
    for told in larger():
        yield Picture(f"large-{told.name}", notice_of(told, language), language)


def larger() -> Iterator[JudgedTap]:
    """What somebody sees who asked for large words."""
    reader = replace(CAMILLE, large_text=True)
    for told in (*granted(), *denied()):
        if told.name in ("entry", "entry-short", "re-entry-at-once", "no-entries", "expiring"):
            yield replace_case(told, reader)


def replace_case(told: JudgedTap, member: Member) -> JudgedTap:
    return tell(told.name, replace(told.case, member=member), told.now)


def accounts(language: str) -> Iterator[Picture]:
    """What a member sees of themselves."""
    words = Language(language, SERRE.zone)
    member = replace(CAMILLE, language=language)
    passes = (
        PassLine(
            id="a", product="Carte de 10 entrées, 6 mois", validity="valid", left=7, total=10, per="once",
            valid_from=on("2026-07-01"), valid_until=on("2026-12-31"),
        ),
        PassLine(
            id="b", product="Mois illimité", validity="expired", left=None, total=None, per="once",
            valid_from=on("2026-06-01"), valid_until=on("2026-06-30"),
        ),
    )  # fmt: skip
    visits = tuple(
        VisitLine(
            seq=day, at=at(f"2026-07-{day:02} 09:05"), site="La Serre", reason="ENTRY_USED",
            until=at(f"2026-07-{day:02} 12:05"), units=day % 3 and 1, reversed_by="self" if day == 7 else None,
        )
        for day in (13, 9, 7, 6, 2, 1)
    )  # fmt: skip
    told = AccountTold(
        member=member, badges=(), passes=passes, visits=visits, credit_cents=500, currency="EUR",
        profiles=SERRE.policy.profiles,
    )  # fmt: skip
    for tab in TABS:
        scene = OwnAccount(Context(words=words, now=lambda: MONDAY, member_id="lea"), tab)
        scene.answered(ShowAccount(member="lea"), told)
        yield Picture(f"account-{tab}", scene, language)


def pictures(language: str) -> Iterator[Picture]:
    """Every picture of the door in a language."""
    yield from spoken(language)
    yield from accounts(language)
    yield from nights(language)


def tray_view() -> Tray:
    """The demo's tray while Camille's badge lies on the reader."""
    return put_into_words(
        SERRE,
        MONDAY,
        badges=tuple(tray_badges()),
        on_reader="camille",
        strike_open=True,
        signal=Signal.GRANTED,
        light=(40, 200, 90),
    )


def demo_window(language: str = "fr") -> pygame.Surface:
    """The demo's window: kiosk and tray."""
    window = pygame.Surface((WIDE[0], round(WIDE[1] / (1 - TRAY_SHARE))))
    shelf, kiosk = cut(window.get_rect(), window.get_height() - WIDE[1], side="bottom")
    told = next(granted())
    draw_notice(Canvas(window.subsurface(kiosk)), notice_of(told, language))
    draw_tray(Canvas(window.subsurface(shelf), TRAY_BASE), tray_view())
    return window
