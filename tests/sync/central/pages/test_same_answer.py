"""The pages answer a host as a kiosk does in the same state, because both use the desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import desk
from kiosk.answers import Refused
from kiosk.commands import CancelSale, Command, Undo
from kiosk.desk import DeskError
from kiosk.facts import AnyFact, PassSold
from kiosk.model import Debt, Ref
from kiosk.notices.refusals import refusal
from sync.central.words import Words
from tests.office.ledgers.small_house import MONDAY, StampClock, fresh, house_facts, let_in, sold_to
from tests.office.servers.office import Office, mistakes, office, went
from tests.rules.house import SERRE

FRENCH = Words("fr", SERRE.zone)


class Both:
    """A kiosk of La Serre and the server, which have the same entries of that kiosk."""

    def __init__(self, house: Office, folder: Path) -> None:
        self.house, self.moment = house, StampClock()
        self.ledger = fresh(folder, self.moment)
        self.ledger.append(*house_facts())
        self.pushing = house.kiosk()

    def happens(self, *facts: AnyFact) -> int:
        """Write facts at the kiosk and send them; returns the last one's number in the ledger that was sent."""
        self.ledger.append(*facts)
        self.pushing.push(*facts)
        return self.pushing.head.seq

    def at_kiosk(self, command: Command) -> str:
        """What the kiosk says to a command, in French; empty when it does it."""
        try:
            desk.perform(command, self.ledger, self.house.moment.now, site_id=SERRE.id, badge_key=bytes(32))
        except DeskError as error:
            said = refusal(FRENCH, Refused(message=str(error), code=error.code, facts=error.facts))
            return re.sub(r"\s", " ", said)
        return ""

    def on_page(self, path: str, reason: str) -> str:
        """What the page says to the same, sent as a form; empty when it does it."""
        answer = self.house.as_("anne").send(path, reason=reason)
        return "" if answer.status_code == 303 else mistakes(answer)[0]  # with plain blanks


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with office(tmp_path) as house:
        found = Both(house, tmp_path)
        yield found
        found.ledger.close()


def undo_path(both: Both, seq: int) -> str:
    return f"/members/lea/visits/{both.pushing.ledger_id}/{seq}/undo"


def test_the_first_of_two_half_days_that_became_a_day_stands_while_the_second_does(both) -> None:
    first = both.happens(let_in(MONDAY, "ten"))
    both.house.moment.moves(hours=5)
    second = both.happens(let_in(both.moment.moves(hours=5), "ten", credit_cents=300))
    said = both.at_kiosk(Undo(member="lea", reason="slip", seq=both.ledger.head.seq - 1))
    assert said == "Rendez d’abord la demi-journée suivante de cette date"
    assert both.on_page(undo_path(both, first), "slip") == said
    assert both.at_kiosk(Undo(member="lea", reason="slip")) == both.on_page(undo_path(both, second), "slip") == ""
    again = Undo(member="lea", reason="slip")
    assert both.at_kiosk(again) == both.on_page(undo_path(both, first), "slip") == ""


def test_a_sale_that_took_over_a_debt_is_taken_back_and_one_that_was_used_stands(both) -> None:
    for _ in range(11):
        both.happens(let_in(both.moment.moves(hours=4), "ten"))
        both.house.moment.moves(hours=4)
    new: PassSold = sold_to("lea", pass_id="new", settles=(Debt(pass_id="ten", units=1),), when=MONDAY)
    both.happens(new)
    page = both.house.as_("anne").get("/members/lea").text
    assert "/members/lea/passes/new/cancel" in page
    for pass_id, is_done in (("ten", False), ("new", True)):
        said = both.at_kiosk(CancelSale(pass_id=pass_id, reason="slip"))
        assert (said == "") == is_done
        assert both.on_page(f"/members/lea/passes/{pass_id}/cancel", "slip") == said


@pytest.mark.parametrize("reason", ["appelé au 06 12 34 56 78", "écrit à lea@example.org"])
def test_telephone_numbers_and_mail_addresses_are_no_reasons(both, reason) -> None:
    seq = both.happens(let_in(MONDAY, "ten"))
    said = both.at_kiosk(Undo(member="lea", reason=reason))
    assert said
    assert both.on_page(undo_path(both, seq), reason) == said
    assert both.at_kiosk(CancelSale(pass_id="ten", reason=reason)) == said
    assert both.on_page("/members/lea/passes/ten/cancel", reason) == said


def test_a_reason_in_words_is_taken(both) -> None:
    seq = both.happens(let_in(MONDAY, "ten"))
    assert went(both.house.as_("anne").send(undo_path(both, seq), reason="passé par erreur")).startswith("/members/lea")
    assert both.house.central.books.roster.visit(Ref(ledger_id=both.pushing.ledger_id, seq=seq)).reversed_at
