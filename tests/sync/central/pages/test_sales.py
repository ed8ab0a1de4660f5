"""The sales of a site on the pages: by day and by month, their sums, the bookkeeper's file, and taking one back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, event

from kiosk.facts import Erased, MemberSet, PassSold, Reversed, SiteSet
from kiosk.model import Member, Ref
from sync.central.accounts.staff import Role
from tests.office.ledgers.small_house import sold_to
from tests.office.servers.office import PASSWORD, Office, PushingKiosk, read, went, within
from tests.rules.house import SERRE

TUVES = replace(SERRE, id="les-tuves", name="Les Tuves", currency="CHF")
MONDAY, TUESDAY = "2026-07-13", "2026-07-14"


def sale(house: Office, pass_id: str, member: str = "lea", *, method: str = "card", site: str = SERRE.id) -> PassSold:
    """A card of ten, sold now."""
    sold = sold_to(member, pass_id=pass_id, when=house.moment.now)
    return replace(sold, site_id=site, method=method)


def two_days(house: Office) -> PushingKiosk:
    """On Monday three cards are sold, one of them for nothing; on Tuesday one of them is cancelled."""
    kiosk = house.kiosk("Porte d’entrée")
    house.moment.moves(hours=2)
    kiosk.push(sale(house, "p1"), replace(sale(house, "p2", method="free"), price_cents=0))
    house.moment.moves(days=1)
    kiosk.push(Reversed(ref=Ref(ledger_id=kiosk.ledger_id, seq=1), reason="slip", by="desk"))
    return kiosk


def page_of(house: Office, path: str, name: str = "anne") -> str:
    """What somebody reads at an address, with plain blanks."""
    return re.sub(r"\s+", " ", read(house.as_(name).get(path)))


def sheet(house: Office, query: str, name: str = "louis") -> list[list[str]]:
    """The file of a day or month as a French spreadsheet takes it apart."""
    answer = house.as_(name).get(f"/sales/export?{query}")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))


# ---------------------------------------------------------------- a day


def test_a_day_shows_when_what_to_whom_how_for_how_much_and_where_it_was_sold(house) -> None:
    kiosk = two_days(house)
    page = page_of(house, f"/sales?on={MONDAY}")
    receipt = house.central.books.roster.receipt(Ref(ledger_id=kiosk.ledger_id, seq=1))
    assert "Lundi 13 juillet" in page
    assert "11:05 Léa Martin 10 entrées" in page
    assert re.search(rf"carte bancaire {receipt} Porte d’entrée 50 €", page)
    assert "espèces" in page
    assert "le site web" in page
    assert "Annulée 14 juillet, 11:05" in page


def test_each_way_to_pay_is_summed_for_the_day_and_the_month(house) -> None:
    two_days(house)
    monday, tuesday = page_of(house, f"/sales?on={MONDAY}"), page_of(house, "/sales")
    of_day, of_month = monday.split("La journée")[1].split("Juillet 2026")
    assert re.findall(r"(\w+) (\d+) ventes?[^€]*?(\d+) €", of_day) == [
        ("bancaire", "1", "50"), ("Espèces", "1", "50"), ("Cadeau", "1", "0"),
    ]  # fmt: skip
    assert "Total 100 €" in of_day
    assert "Carte bancaire 1 vente · 1 annulée 0 €" in of_month
    assert "Total 50 €" in of_month
    assert "Total \u221250 €" in tuesday.split("La journée")[1].split("Juillet 2026")[0]


def test_a_month_leads_to_its_days_and_a_day_to_those_beside_it(house) -> None:
    two_days(house)
    anne = house.as_("anne")
    month = anne.get("/sales?month=2026-07")
    assert re.findall(r'href="/sales\?on=([\d-]+)"', month.text) == [MONDAY, TUESDAY]
    assert "Total 50 €" in re.sub(r"\s+", " ", read(month))
    assert 'rel="next"' not in month.text
    assert 'href="/sales?month=2026-06" rel="prev"' in month.text
    day = anne.get(f"/sales?on={MONDAY}").text
    assert f'href="/sales?on={TUESDAY}" rel="next"' in day
    assert 'rel="next"' not in anne.get(f"/sales?on={TUESDAY}").text
    assert 'href="/sales?month=2026-07" rel="next"' in anne.get("/sales?month=2026-06").text


@pytest.mark.parametrize(
    "asked", ["on=yesterday", "on=", "month=13", "month=2026-13", "on=0001-01-01", "on=9999-12-31", "month=9999-12"]
)
def test_an_address_that_names_no_day_leads_to_one_that_there_is(house, asked) -> None:
    assert read(house.as_("anne").get(f"/sales?{asked}"))
    assert house.as_("anne").get(f"/sales/export?{asked}").status_code == 200


def test_a_name_that_is_forgotten_is_missed_and_the_money_stays(house) -> None:
    two_days(house)
    house.central.books.append(Erased(member_id="lea", by="chef"), by="chef")
    page = page_of(house, f"/sales?on={MONDAY}")
    assert "Léa" not in page
    assert "nom effacé" in page
    assert "Total 100 €" in page


# ---------------------------------------------------------------- days that clocks make longer or shorter


@pytest.mark.parametrize(
    ("day", "begins", "hours", "day_after"),
    [("2027-03-28", "2027-03-27T23:00Z", 23, "2027-03-29"), ("2026-10-25", "2026-10-24T22:00Z", 25, "2026-10-26")],
)
def test_a_day_goes_from_midnight_to_midnight_on_the_wall_when_clocks_change(
    house, day, begins, hours, day_after
) -> None:
    kiosk, start = house.kiosk(), datetime.fromisoformat(begins)
    for number, minutes in enumerate((-1, 0, hours * 60 - 1, hours * 60)):
        house.moment.now = start + timedelta(minutes=minutes)
        kiosk.push(sale(house, f"p{number}"))
    assert [row[1] for row in sheet(house, f"on={day}")[1:]] == ["00:00", "23:59"]
    assert [row[1] for row in sheet(house, f"on={day_after}")[1:]] == ["00:00"]


# ---------------------------------------------------------------- taking back


def test_a_sale_is_taken_back_from_the_day_and_leads_back_to_it(house) -> None:
    house.kiosk().push(sale(house, "p1", method="cheque"))
    anne = house.as_("anne")
    day = f"/sales?on={MONDAY}"
    link = within(r'href="(/members/lea/passes/p1/cancel\?[^"]+)"', anne.get(day).text)
    assert f'href="{day}"' in anne.get(link).text
    assert went(anne.send(link, reason="erreur")) == f"{day}&done=given-back"
    after = anne.get(day).text
    assert "passes/p1/cancel" not in after
    assert "chèque 1 vente · 1 annulée 0 €" in re.sub(r"\s+", " ", read(anne.get(day))).lower()


def test_the_way_back_leads_nowhere_else(house) -> None:
    house.kiosk().push(sale(house, "p1"))
    anne = house.as_("anne")
    path = "/members/lea/passes/p1/cancel?back=//evil.example/sales"
    assert went(anne.send(path, reason="erreur")) == "/members/lea?done=given-back"


def test_who_only_reads_sees_the_sales_and_no_way_to_take_one_back(house) -> None:
    two_days(house)
    assert "Léa Martin" in page_of(house, f"/sales?on={MONDAY}", "louis")
    assert "/cancel" not in house.as_("louis").get(f"/sales?on={MONDAY}").text
    assert "/cancel" in house.as_("anne").get(f"/sales?on={MONDAY}").text


def test_a_host_sees_the_sales_of_their_own_site_in_its_money(house) -> None:
    two_days(house)
    house.central.books.append(SiteSet(site=TUVES), by="server")
    house.central.books.append(sale(house, "p9", method="cash", site=TUVES.id), by="server")
    house.central.accounts.add("rose", PASSWORD, Role.HOST, site_id=TUVES.id)
    rose = page_of(house, "/sales?month=2026-07", "rose")
    assert "Total 50 CHF" in rose
    assert "€" not in rose
    assert [row[-2:] for row in sheet(house, "month=2026-07", "rose")[1:]] == [["50,00", "CHF"]]
    assert "CHF" not in page_of(house, "/sales?month=2026-07", "anne")


# ---------------------------------------------------------------- the bookkeeper's file


def test_the_file_of_a_month_has_a_line_for_money_that_came_and_one_for_money_that_went_back(house) -> None:
    two_days(house)
    headings, *rows = sheet(house, "month=2026-07")
    assert headings == [
        "Date", "Heure", "Reçu", "Opération", "Membre", "Carte", "Moyen de paiement", "Vendu par", "Montant", "Monnaie"
    ]  # fmt: skip
    assert [(row[0], row[1], row[3], row[6], row[8]) for row in rows] == [
        (MONDAY, "09:05", "vente", "espèces", "50,00"),
        (MONDAY, "11:05", "vente", "carte bancaire", "50,00"),
        (MONDAY, "11:05", "vente", "cadeau", "0,00"),
        (TUESDAY, "11:05", "annulation", "carte bancaire", "-50,00"),
    ]
    assert len({row[2] for row in rows}) == 3
    answer = house.as_("louis").get("/sales/export?month=2026-07")
    assert answer.headers["content-disposition"] == 'attachment; filename="ventes-la-serre-2026-07.csv"'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_the_file_is_in_the_language_of_the_site_whoever_fetches_it(house) -> None:
    two_days(house)
    reader = house.as_("louis")
    in_french = reader.get(f"/sales/export?on={MONDAY}").content
    reader.get("/language/en")
    assert reader.get(f"/sales/export?on={MONDAY}").content == in_french
    house.central.books.append(SiteSet(site=replace(SERRE, language="en")), by="server")
    assert [row[8] for row in sheet(house, f"on={TUESDAY}")] == ["Amount", "-50.00"]


def test_a_name_that_a_spreadsheet_would_take_for_a_formula_is_harmless(house) -> None:
    house.central.books.append(MemberSet(member=Member(id="x", name="=1+1")), by="server")
    house.kiosk().push(sale(house, "p1", "x"))
    assert "'=1+1" in [row[4] for row in sheet(house, f"on={MONDAY}")]


# ---------------------------------------------------------------- many


def many(house: Office, count: int) -> None:
    people = [Member(id=f"n{number}", name=f"Nom {number:03}") for number in range(count)]
    house.central.books.append(*(MemberSet(member=one) for one in people), by="server")
    kiosk = house.kiosk(f"borne {count}")
    for number, one in enumerate(people):
        house.moment.moves(seconds=20)
        kiosk.push(sale(house, f"{count}-{number}", one.id))


def test_a_long_day_has_pages_the_latest_sale_first(house) -> None:
    many(house, 60)
    anne = house.as_("anne")
    first, second = anne.get(f"/sales?on={MONDAY}").text, anne.get(f"/sales?on={MONDAY}&page=2").text
    names = [re.findall(r">(Nom \d+)<", page) for page in (first, second)]
    assert names == [[f"Nom {n:03}" for n in range(59, 9, -1)], [f"Nom {n:03}" for n in range(9, -1, -1)]]
    assert f'href="/sales?on={MONDAY}&amp;page=2"' in first or f'href="/sales?on={MONDAY}&page=2"' in first


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that any database is asked in between."""
    asked: list[str] = []

    def note(*words: object) -> None:
        asked.append(str(words[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["/sales", "/sales?month=2026-07", "/sales/export?month=2026-07"])
def test_a_page_of_many_sales_asks_the_database_as_often_as_one_of_few(house, path) -> None:
    anne = house.as_("anne")
    many(house, 2)
    with counted() as of_few:
        anne.get(path)
    kiosk_sales(house, 40)
    with counted() as of_many:
        anne.get(path)
    assert 0 < len(of_many) == len(of_few)


def kiosk_sales(house: Office, count: int) -> None:
    """As many more of the server's own ledger, to other people."""
    people = [Member(id=f"k{number}", name=f"Nom {number:03}") for number in range(count)]
    house.central.books.append(*(MemberSet(member=one) for one in people), by="server")
    house.central.books.append(*(sale(house, f"k{number}", f"k{number}") for number in range(count)), by="server")


def test_asking_for_each_receipt_by_itself_would_be_found(house) -> None:
    kiosk_sales(house, 5)
    with counted() as asked:
        for one in house.central.books.roster.sales_of("k0") + house.central.books.roster.sales_of("k1"):
            assert house.central.books.roster.receipt(one.ref) == one.receipt
    assert len([text for text in asked if "count(" in text.lower()]) == 4


def test_receipts_told_together_are_those_told_one_by_one(house) -> None:
    two_days(house)
    kiosk_sales(house, 4)
    since, until = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)
    found = house.central.books.roster.sales(SERRE.id, since, until)
    assert len(found) == 7
    assert [one.receipt for one in found] == [house.central.books.roster.receipt(one.ref) for one in found]
