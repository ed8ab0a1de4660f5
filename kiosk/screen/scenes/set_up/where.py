"""The first start: the country, and with it time zone, holidays and currency."""

from __future__ import annotations

import dataclasses

from kiosk.answers import Answered, FirstStart
from kiosk.commands import Command, ShowFirstStart
from kiosk.notices import Language, places
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, GAP, INK, LEAD, QUIET
from kiosk.screen.scene import Ask, Back, Context, Effects, Go
from kiosk.screen.scenes.set_up.steps import Draft, NextStep, Step, place_name
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, grid, row
from kiosk.screen.widgets.listing import Listing, Row


class SpaceWhere(Step):
    """The country by the machine's time zone, to confirm or to change."""

    number = 2
    default = "here"

    def __init__(self, context: Context, draft: Draft, then: NextStep) -> None:
        super().__init__(context, draft)
        self._then = then

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("Where is the kiosk?")

    def opened(self) -> Effects:
        """Ask for the machine's time zone."""
        return Ask(ShowFirstStart(), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the place of the machine's time zone, unless one was chosen."""
        if not isinstance(answer, FirstStart):
            return super().answered(command, answer)
        self.draft.countries = answer.countries
        found = None if self.draft.is_placed else places.place_at(answer.zone, answer.countries)
        self.draft.place = found or self.draft.place
        return None

    def touched(self, target: str) -> Effects:
        """Go on, or choose another country."""
        if target == "elsewhere":
            return Go(CountryLetters(self.context, self.draft))
        if target == "region":
            return Go(Regions(self.context, self.draft))
        self.draft.is_placed = True
        words = Language(self.words.code, self.draft.place.zone)
        return Go(self._then(dataclasses.replace(self.context, words=words), self.draft))

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the place, its local time, and the buttons."""
        place, words = self.draft.place, self.words
        foot, rect = canvas.split(rect, 72, side="bottom")
        elsewhere = Choice(target="elsewhere", label=words.say("Elsewhere"), enabled=bool(self.draft.countries))
        here = Choice(target="here", label=words.say("Yes, here"), look="main", picture="tick")
        region = Choice(target="region", label=words.say("Alsace, Moselle"))
        row(canvas, foot, [elsewhere, *([region] if places.regions_here(place) else []), here])
        clock = Language(words.code, place.zone).time(self.context.now())
        paid = words.say("Paid in: {currency}", currency=places.currency_name(words, place.currency))
        column = [
            canvas.line(place_name(words, place), LEAD, INK, bold=True),
            canvas.line(sentence(places.zone_name(words, place.zone)) + f" · {clock}", BODY, INK, before=8),
            canvas.line(paid, BODY, INK, before=4),
            canvas.line(words.say("Opening hours and public holidays go by this."), BODY - 4, QUIET, before=12),
        ]
        canvas.column(rect, column, align="center", valign="middle")


class Regions(Step):
    """The regions that have additional public holidays."""

    number = 2

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft)
        words = context.words
        rows = [Row(id=one, title=places.region_name(words, one)) for one in places.regions_here(draft.place)]
        self._list = Listing([Row(id="none", title=words.say("Elsewhere in metropolitan France")), *rows])

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("Which public holidays?")

    def touched(self, target: str) -> Effects:
        """Choose a region, or none."""
        chosen = self._list.chosen(target)
        if chosen is None:
            return None
        self.draft.place = self.draft.place._replace(region="" if chosen == "none" else chosen)
        self.draft.is_placed = True
        return Back(to=SpaceWhere)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the list."""
        self._list.draw(canvas, rect)


class CountryLetters(Step):
    """The first letters of countries."""

    number = 2

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("The country begins with…")

    def touched(self, target: str) -> Effects:
        """Show the countries of a letter."""
        letter = target.removeprefix("letter:")
        return Go(Countries(self.context, self.draft, places.by_letter(self.words, self.draft.countries)[letter]))

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw them."""
        letters = places.by_letter(self.words, self.draft.countries)
        choices = [Choice(target=f"letter:{letter}", label=letter) for letter in letters]
        grid(canvas, rect, choices, columns=4 if canvas.is_portrait else 7, highest=84, gap=10)


class Countries(Step):
    """The countries of a letter."""

    number = 2

    def __init__(self, context: Context, draft: Draft, countries: tuple[str, ...]) -> None:
        super().__init__(context, draft)
        rows = [Row(id=one, title=places.country_name(context.words, one)) for one in countries]
        self._list = Listing(rows)

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("Which country?")

    def touched(self, target: str) -> Effects:
        """Choose a country; ask for the time zone if it has several."""
        country = self._list.chosen(target)
        if country is None:
            return None
        zones = places.zones(country)
        if len(zones) > 1:
            return Go(Zones(self.context, self.draft, country))
        return take(self.draft, country, zones[0])

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the list."""
        self._list.draw(canvas, rect)


class Zones(Step):
    """The time zones of a large country, by their cities."""

    number = 2

    def __init__(self, context: Context, draft: Draft, country: str) -> None:
        super().__init__(context, draft)
        self._country, words = country, context.words
        clocks = {zone: Language(words.code, zone).time(context.now()) for zone in places.zones(country)}
        self._list = Listing([Row(id=zone, title=places.city(words, zone), right=clocks[zone]) for zone in clocks])

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("Which clock?")

    def touched(self, target: str) -> Effects:
        """Choose a zone."""
        zone = self._list.chosen(target)
        return None if zone is None else take(self.draft, self._country, zone)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the list."""
        canvas_rect = canvas.split(rect, GAP, side="top")[1]
        self._list.draw(canvas, canvas_rect)


def take(draft: Draft, country: str, zone: str) -> Effects:
    """Store the chosen place in the draft, and show it."""
    draft.place, draft.is_placed = places.place(country, zone), True
    return Back(to=SpaceWhere)
