"""A member's own account: entries and expiry, last visits, settings, privacy.

It opens after a tap, without a PIN, and closes sooner than the hosts' scenes.
"""

from __future__ import annotations

from msgspec.structs import replace

from kiosk.answers import Account, Answered, Done, PassLine, VisitLine
from kiosk.commands import ChangeMember, Command, ShowAccount
from kiosk.model import Member
from kiosk.notices import Language, called, comes_for, languages
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, INK, TOUCH
from kiosk.screen.scene import Ask, Context, Effects, Scene, Swap
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, grid, tabs
from kiosk.screen.widgets.listing import Listing, Row

TABS = ("entries", "visits", "settings", "privacy")
SOUNDS = ("usual", "slow", "none")


class OwnAccount(Scene):
    """Four tabs; touching a setting changes it at once."""

    quiet_seconds = 30.0

    def __init__(self, context: Context, tab: str = "entries") -> None:
        super().__init__(context)
        self.tab = tab
        self.account: Account | None = None
        self._passes = Listing(name="pass", empty=self.words.say("No pass"))
        self._visits = Listing(name="visit", empty=self.words.say("No visit yet"))

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("My account")

    def opened(self) -> Effects:
        """Ask for the account, at first and after each change."""
        return Ask(ShowAccount(member=self.context.member_id), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the account, in its own language."""
        if isinstance(answer, Done):
            return self.opened()
        if not isinstance(answer, Account):
            return super().answered(command, answer)
        self.account = answer
        self._passes.show([self._pass(one) for one in answer.passes])
        self._visits.show([self._visit(one) for one in answer.visits])
        wanted = answer.member.language
        if wanted and wanted != self.words.code:
            words = Language(wanted, self.words.zone)
            return Swap(OwnAccount(_in(self.context, words), self.tab))
        return None

    def touched(self, target: str) -> Effects:
        """Show another tab, turn a page, or change a setting."""
        if target in TABS:
            self.tab = target
        for listing in (self._passes, self._visits):
            listing.chosen(target)
        return self._changed(self.account.member, target) if self.account else None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the tabs, and the content of the chosen one."""
        head, rest = canvas.split(rect, TOUCH + 4, side="top")
        labels = (
            self.words.say("Entries"),
            self.words.say("Visits"),
            self.words.say("Settings"),
            self.words.say("Privacy"),
        )
        choices = [Choice(target=tab, label=label) for tab, label in zip(TABS, labels, strict=True)]
        tabs(canvas, head, choices, chosen=self.tab)
        rest = canvas.split(rest, 12, side="top")[1]
        if self.account is None:
            return
        if self.tab == "entries":
            self._draw_entries(canvas, rest, self.account)
        elif self.tab == "visits":
            self._visits.draw(canvas, rest)
        else:
            self._draw_choices(canvas, rest, self.account.member)

    # ------------------------------------------------------------ entries and visits

    def _draw_entries(self, canvas: Canvas, rect: pygame.Rect, account: Account) -> None:
        if account.credit_cents:
            foot, rect = canvas.split(rect, 44, side="bottom")
            owed = self.words.say(
                "On your account: {money}", money=self.words.money(account.credit_cents, account.currency)
            )
            canvas.column(foot, [canvas.line(owed, BODY, INK)], valign="middle")
        self._passes.draw(canvas, rect)

    def _pass(self, held: PassLine) -> Row:
        now = self.context.now()
        if held.validity == "not_yet":
            when = self.words.say("valid from {date}", date=self.words.dated(held.valid_from, now))
        elif held.validity == "expired" and held.valid_until:
            when = self.words.say("ended on {date}", date=self.words.dated(held.valid_until, now))
        elif held.valid_until:
            when = self.words.say("valid until {date}", date=self.words.dated(held.valid_until, now))
        else:
            when = self.words.say("no end date")
        left = self.words.say("unlimited") if held.left is None else f"{held.left} / {held.total}"
        return Row(title=held.product, detail=when, right=left)

    def _visit(self, visit: VisitLine) -> Row:
        now = self.context.now()
        day = self.words.weekday(self.words.local(visit.at).date(), now)
        times = self.words.time(visit.at)
        if visit.until:
            times = self.words.say("{start} to {end}", start=times, end=self.words.time(visit.until))
        cost = self.words.count("{n} entry", "{n} entries", visit.units) if visit.units else self.words.say("free")
        if visit.reversed_by:
            cost = self.words.say("given back")
        if visit.guest:
            times = " · ".join((times, self.words.say("your guest")))
        return Row(title=f"{day[:1].upper()}{day[1:]}", detail=times, right=cost)

    # ------------------------------------------------------------ settings

    def _draw_choices(self, canvas: Canvas, rect: pygame.Rect, member: Member) -> None:
        choices = self._settings(member) if self.tab == "settings" else self._privacy(member)
        grid(canvas, rect, choices, columns=1, highest=92)

    def _settings(self, member: Member) -> list[Choice]:
        sounds = {
            "usual": self.words.say("Sound: usual"),
            "slow": self.words.say("Sound: slow and low"),
            "none": self.words.say("Sound: none"),
        }
        large = self.words.say("Large text: yes") if member.large_text else self.words.say("Large text: no")
        touch = self.words.say("Touch to change")
        return [
            Choice(target="language", label=self.words.say("Language: English"), detail=touch),
            Choice(target="large_text", label=large, detail=touch),
            Choice(target="sound", label=sounds[member.sound], detail=touch),
        ]

    def _privacy(self, member: Member) -> list[Choice]:
        name = called(member)
        greeting = self.words.say("Greeting: {name}", name=name) if name else self.words.say("Greeting: no name")
        listed = self.words.say("Named on the screen while I am here: no")
        if member.listed:
            listed = self.words.say("Named on the screen while I am here: yes")
        touch = self.words.say("Touch to change")
        choices = [
            Choice(target="greeting", label=greeting, detail=touch),
            Choice(target="listed", label=listed, detail=touch),
        ]
        if self.account and self.account.profiles:
            told = comes_for(self.words, member.profile) or self.words.say("not told")
            label = self.words.say("I come for: {profile}", profile=told)
            choices.append(
                Choice(target="profile", label=label, detail=self.words.say("For the counts, without a name"))
            )
        return choices

    def _changed(self, member: Member, target: str) -> Effects:
        """Return the command that changes a setting to its next value."""
        command = ChangeMember(member=member.id)
        match target:
            case "language":
                return Ask(replace(command, language=_after(self.words.code, languages())))
            case "large_text":
                return Ask(replace(command, large_text=not member.large_text))
            case "sound":
                return Ask(replace(command, sound=_after(member.sound, SOUNDS)))
            case "greeting":
                ways = ("first_name", "initials", *(("pseudonym",) if member.pseudonym else ()), "nothing")
                return Ask(replace(command, greeting=_after(member.greeting, ways)))
            case "listed":
                return Ask(replace(command, listed=not member.listed))
            case "profile":
                ways = ("", *(self.account.profiles if self.account else ()))
                return Ask(replace(command, profile=_after(member.profile, ways)))
        return None


def _after(one: str, ways: tuple[str, ...]) -> str:
    return ways[(ways.index(one) + 1) % len(ways)] if one in ways else ways[0]


def _in(context: Context, words: Language) -> Context:
    return Context(words=words, now=context.now, member_id=context.member_id, name=context.name)
