"""Nothing on a French page is English: every page and every refusal is read, word for word."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from kiosk.facts import BadgeSet, Condensed, Happened, MemberSet, Reversed, SiteSet
from kiosk.model import Badge, Member, Reason, Ref
from kiosk.notices.view import Health
from kiosk.store.codes import claim_code
from sync.central.alarms import register
from sync.central.alarms.register import Facts, Kind, Note
from sync.central.feed import ingest, push_reader
from sync.central.feed.push_reader import RefusedEntry
from sync.central.pages.framework import codes
from sync.central.storage.tables import alarms
from sync.central.words import Words
from sync.wire import LATER_RELEASE
from tests.notices.test_language import forms, french
from tests.notices.test_language import messages as of_the_kiosk
from tests.office.servers.office import PASSWORD, STRANGER, Browser, Office, lived_in
from tests.rules.house import SERRE
from tests.sync.central.pages.test_words import FRENCH, messages

PROPER = {"english", "front", "door", "locomotive"}
"""Names: of a language, as its speakers call it; and what tests call things."""


def words_of(texts: Iterator[str] | list[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[a-zà-ÿœ]+", re.sub(r"\{[^}]*\}", " ", text).lower())}


@cache
def english() -> set[str]:
    """The words of the English texts that no French text uses, of three letters or more: the, entry, cannot ..."""
    said = [text for catalogue in (messages(), of_the_kiosk()) for one in catalogue for text in forms(one.id)]
    translated = re.findall(r'msgstr(?:\[\d\])? "(.*)"', FRENCH.read_text(encoding="utf-8") + french())
    return {word for word in words_of(said) - words_of(translated) - PROPER if len(word) > 2}


def seen(page: str) -> str:
    """What somebody reads or hears of a page, apart from what is code or data as it came."""
    text = re.sub(r"(?s)<(code|script|style|svg|head)\b.*?</\1>", " ", page)
    spoken = re.findall(r'(?:aria-label|title|alt|data-label|data-say|placeholder)="([^"]*)"', text)
    typed = re.findall(r'<input[^>]*type="text" value="([^"]*)"', text)
    hours = re.compile(r"\b(Mo|Tu|We|Th|Fr|PH)\b")  # these are typed in OpenStreetMap's language
    fields = [one for one in spoken + typed if not hours.search(one)]
    title = re.findall(r"<title>(.*?)</title>", page)
    return html.unescape(" ".join([*title, *fields, re.sub(r"<[^>]+>", " ", text)]))


def left_english(page: str) -> set[str]:
    return words_of([seen(page)]) & english()


def links(page: str) -> set[str]:
    found = {html.unescape(one) for one in re.findall(r'href="(/[^"]*)"', page)}
    return {one for one in found if not one.startswith(("/language", "/static", "/fonts")) and "export" not in one}


def crawl(browser: Browser, start: str = "/") -> Iterator[tuple[str, str]]:
    """Every page that a link leads to; of many that differ by their date alone, the first few."""
    todo, done = [start], set[str]()
    while todo:
        path = todo.pop()
        kind = re.sub(r"on=\d{4}-\d\d-\d\d|month=\d{4}-\d\d|before=\d+|page=\d+", "n", path)
        if kind in done:
            continue
        done.add(kind)
        answer = browser.get(path)
        if answer.status_code in (200, 404, 403):
            yield path, answer.text
            todo += sorted(links(answer.text))


# ---------------------------------------------------------------- a house in which everything has happened


FACTS = Facts(
    n=7,
    known=9,
    ledger="x",
    pass_id="ten",
    member="lea",
    left=-1,
    badge="b",
    error="E",
    field="f",
    site="s",
    product="p",
)
"""More than any note has."""


def reasons() -> set[str]:
    """Why the server sets something aside: the texts of its source that begin with a stable word and a colon."""
    tree = ast.parse(Path(push_reader.__file__).read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    told = {text for text in texts if re.match(r"(malformed|other ledger|half erased|hash mismatch): ", text)}
    return told | {ingest.FORK, f"{push_reader.OUT_OF_BOUNDS}: note", f"{LATER_RELEASE}: a later release wrote it"}


def everything_happens(house: Office) -> None:
    """Every kind of alarm, of thing set aside, of trouble of a kiosk, and of line in the journal."""
    lived_in(house)
    now, of, ledger = house.moment.now, house.central.settings.network, house.central.kiosks.listed()[0].ledger_id
    with house.central.storage.writing() as connection:
        for number, note in enumerate(Note):
            kind, ref = list(Kind)[number % len(Kind)], Ref(ledger_id=ledger, seq=0)
            register.raise_alarm(connection, of, f"{kind}:{number}", ref=ref, note=note, facts=FACTS, now=now)
        for number, kind in enumerate(Kind):
            ref = Ref(ledger_id=ledger, seq=number)
            register.raise_alarm(
                connection, of, f"{kind}:last", ref=ref, note=Note.MISSING, facts=FACTS, now=now, times=3
            )
        later = alarms.c.alarm_id.endswith(":last")
        connection.execute(update(alarms).where(later).values(note="of_a_later_release", facts="{}"))
        aside = [RefusedEntry(seq=90 + n, reason=why, raw=b"%d" % n) for n, why in enumerate(sorted(reasons()))]
        ingest.store(connection, of, ledger, before=ingest.progress(connection, of, ledger), batch=aside, now=now)
    told = [Happened(what=kind, detail="said in English", site_id=SERRE.id) for kind in Kind]
    gone = Condensed(ledger_id="of a kiosk that is gone", first=1, last=1)
    visit = Ref(ledger_id=ledger, seq=2)
    house.central.books.append(*told, gone, Reversed(ref=visit, reason="overlap", by="server"), by="server")
    house.central.books.append(SiteSet(site=replace(SERRE, id="gap", name="La Locomotive")), by="chef")
    for n, health in enumerate((*Health, "disk_low", "of_a_later_release")):
        house.kiosk(f"Borne {n}").push(health=(str(health),))


@pytest.fixture
def full(house: Office) -> Office:
    everything_happens(house)
    return house


@pytest.mark.parametrize("name", ["chef", "anne", "louis"])
def test_no_page_that_a_link_leads_to_says_anything_in_english(full, name) -> None:
    if name == "chef":
        _acts(full.as_("chef"), full)
    browser = full.as_(name)
    browser.client.cookies.set("__Host-site", SERRE.id)
    pages = dict(crawl(browser))
    assert len(pages) > (30 if name == "chef" else 12)
    assert {path: found for path, page in pages.items() if (found := left_english(page))} == {}


def _acts(chef: Browser, house: Office) -> None:
    """The manager does one of everything, so that the journal tells of it."""
    account = house.central.accounts.find("louis").account_id
    alarm = house.central.alarms.listed()[0].alarm_id
    aside = house.central.quarantine.listed()[-1].quarantine_id
    chef.send("/kiosks/code", of="/kiosks", name="porte", site=SERRE.id)
    chef.send("/alarms", alarm=alarm)
    chef.send(f"/quarantine/{aside}/dismiss", of="/quarantine")
    chef.send(f"/kiosks/{house.central.kiosks.listed()[-1].kiosk_id}/revoke", of="/kiosks")
    chef.send("/accounts", name="Rose", password=PASSWORD, role="host", site=SERRE.id)
    for what in ("disable", "enable", "codes"):
        chef.send(f"/accounts/{account}", of="/accounts", what=what)
    chef.send(f"/accounts/{account}", of="/accounts", what="role", role="host", site=SERRE.id)
    chef.send(f"/accounts/{account}", of="/accounts", what="role", role="read_only")
    chef.send(f"/accounts/{account}", of="/accounts", what="password", password=PASSWORD)
    for today in ({"what": "close"}, {"what": "back"}, {"what": "open", "until": "19:30"}):
        chef.send("/hours/today", of="/hours", **today)
    chef.send("/members/m1/sell", product="ten", method="cash")
    chef.send("/members/m1/check-in", of="/members/m1")
    chef.send("/members/m1/leave", of="/members/m1")
    chef.send("/members/m4/erase", sure="yes")
    dated = {"first": "2026-12-24", "last": "2026-12-26", "state": "off", "label": "fêtes"}
    chef.send("/hours/exceptions", of="/hours", **dated)


def test_every_answer_at_the_door_has_words_in_french(house) -> None:
    for reason in Reason:
        page = house.as_("anne").get(f"/members/lea?refused={reason}").text
        assert reason not in seen(page)
        assert left_english(page) == set()


LONG = "x" * 250
DAY = {"first": "2026-12-24", "last": "2026-12-24"}
REFUSED: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("/me/password", "/me", {"old": "wrong", "new": "short"}),
    ("/me/password", "/me", {"old": PASSWORD, "new": LONG}),
    ("/me/codes", "", {"code": "1"}),
    ("/site", "/", {"site": "nowhere"}),
    ("/members/new", "", {}),
    ("/members/new", "", {"name": LONG}),
    ("/members/new", "", {"name": "lea@example.org", "greeting": "pseudonym", "pseudonym": "06 12 34 56 78"}),
    ("/members/new", "", {"name": "Léa Martin"}),
    ("/members/lea/edit", "", {"name": LONG}),
    ("/members/lea/edit", "", {"name": "Léa", "greeting": "pseudonym", "pseudonym": "lea@example.org"}),
    ("/members/lea/sell", "", {}),
    ("/members/lea/sell", "", {"product": "ten", "method": "cash", "starts": "1999-01-01"}),
    ("/members/lea/sell", "", {"product": "ten", "method": "cash", "starts": "2999-01-01"}),
    ("/members/lea/sell", "", {"product": "ten", "method": "cash", "starts": "soon"}),
    ("/members/lea/passes/ten/cancel", "", {}),
    ("/members/lea/passes/ten/cancel", "", {"reason": "erreur"}),
    ("/members/lea/erase", "", {}),
    ("/members/lea/badges", "/members/lea", {}),
    ("/members/lea/badges", "/members/lea", {"code": "ZZZZ"}),
    ("/members/lea/badges", "/members/lea", {"code": claim_code("b-m1")}),
    ("/members/lea/badges", "/members/lea", {"code": claim_code("b-barred")}),
    ("/members/lea/badges/{badge}", "/members/lea", {"state": "eaten"}),
    ("/badges", "", {"code": claim_code(STRANGER)}),
    ("/badges", "", {"code": claim_code(STRANGER), "member": "Personne Inconnue"}),
    ("/badges", "", {"code": claim_code(STRANGER), "member": "Marc Faure"}),
    ("/badges", "", {"code": "ZZZZ", "member": "Léa Martin"}),
    ("/hours/today", "/hours", {"what": "open", "until": "soon"}),
    ("/hours/today", "/hours", {"what": "open", "until": "07:00"}),
    ("/hours/week", "/hours", {"day-1": "le matin"}),
    ("/hours/written", "/hours", {}),
    ("/hours/written", "/hours", {"hours": "Mo 8-25"}),
    ("/hours/written", "/hours", {"hours": "SH off; Mo 09:00-12:00"}),
    ("/hours/written", "/hours", {"hours": "PH off; Mo 09:00-12:00"}),
    ("/hours/exceptions", "/hours", {"state": "open"}),
    ("/hours/exceptions", "/hours", {"first": "2026-12-31", "last": "2026-12-24"}),
    ("/hours/exceptions", "/hours", {"first": "2020-12-24", "last": "2020-12-24"}),
    ("/hours/exceptions", "/hours", DAY | {"first": "soon"}),
    ("/hours/exceptions", "/hours", DAY | {"state": "open", "times": "12:00-09:00, 1"}),
    ("/hours/exceptions/remove", "/hours", {"rule": "2020 Dec 24 off"}),
    ("/products/new", "", {"price": "cher", "cover": "un peu", "units": "0", "valid": "plus", "access": "24/8"}),
    ("/products/ten", "", {"name": "X", "price": "5", "cover": "3h", "units": "1", "converts_to": "ten"}),
    ("/sites/new", "", {}),
    ("/sites/new", "", {"name": "X", "zone": "Europe/Paris", "country": "XX", "hours": "Mo 09:00-12:00"}),
    ("/kiosks/code", "/kiosks", {"site": "nowhere"}),
    ("/kiosks/x/revoke", "/kiosks", {}),
    ("/quarantine/{aside}/replay", "/quarantine", {}),
    ("/quarantine/x/dismiss", "/quarantine", {}),
    ("/accounts", "", {"role": "king", "password": "short"}),
    ("/accounts", "", {"name": "anne", "role": "host", "password": LONG}),
    ("/accounts/{account}", "/accounts", {"what": "role", "role": "host"}),
    ("/accounts/{account}", "/accounts", {"what": "password", "password": "short"}),
    ("/accounts/{self}", "/accounts", {"what": "disable"}),
    ("/nothing", "/", {}),
)  # fmt: skip


def test_no_refusal_of_any_form_says_anything_in_english(full) -> None:
    barred = Badge(id="b-barred", member_id=None, status="lost")
    full.central.books.append(BadgeSet(badge=barred), MemberSet(member=Member(id="m9", name="Marc Faure")), by="server")
    chef = full.as_("chef")
    chef.client.cookies.set("__Host-site", SERRE.id)
    accounts = {one.name: one.account_id for one in full.central.accounts.listed()}
    names = {
        "aside": full.central.quarantine.listed()[0].quarantine_id,
        "account": accounts["louis"],
        "self": accounts["chef"],
        "badge": claim_code("b-lea"),
    }
    for path, of, fields in REFUSED:
        answer = chef.send(path.format(**names), of=of.format(**names), **fields)
        assert answer.status_code in (404, 409, 422), (path, fields, answer.status_code, answer.headers)
        assert left_english(answer.text) == set(), (path, fields)


def test_what_goes_wrong_beyond_the_forms_is_told_in_french(full) -> None:
    anne, visitor = full.as_("anne"), full.visitor()
    answers: list[tuple[int, Any]] = [
        (403, anne.get("/accounts")),
        (403, anne.bare("/members/lea/suspend")),
        (404, anne.get("/members/nobody")),
        (404, anne.get("/members/lea/visits/x/1/undo")),
        (404, anne.get("/members/lea/visits/x/first/undo")),
        (404, anne.bare("/nothing/at/all", csrf=anne.seal("/"))),
        (413, anne.bare("/members/new", csrf=anne.seal("/"), name="x" * 3_000_000)),
        (422, visitor.send("/sign-in", name="x", password="y")),
    ]
    for status, answer in answers:
        assert answer.status_code == status, answer.text
        assert "<html" in answer.text
        assert left_english(answer.text) == set(), status


def test_a_database_that_does_not_answer_is_told_in_french(house) -> None:
    anne = house.as_("anne")
    with house.central.storage.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE networks RENAME TO elsewhere")
        connection.exec_driver_sql("ALTER TABLE sessions RENAME TO elsewhere_too")
    answer = anne.get("/")
    with house.central.storage.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO networks")
        connection.exec_driver_sql("ALTER TABLE elsewhere_too RENAME TO sessions")
    assert answer.status_code == 503
    assert answer.text == "La base de données ne répond pas"


def test_the_address_of_a_form_opened_as_a_page_leads_to_the_form(house) -> None:
    anne = house.as_("anne")
    ways = {
        "/hours/week": "/hours",
        "/hours/exceptions/remove": "/hours",
        "/members/lea/leave": "/members/lea",
        "/quarantine/x/replay": "/quarantine",
        "/kiosks/code": "/kiosks",
        "/me/password": "/me",
        "/sign-out": "/",
        "/hours/written": "/hours",
    }
    assert {path: anne.get(path).headers.get("location") for path in ways} == ways


# ---------------------------------------------------------------- that all this would bite


def test_every_note_of_an_alarm_and_every_reason_has_words_of_its_own() -> None:
    words = Words("fr", "Europe/Paris")
    for note in Note:
        assert codes.note(words, note, FACTS, {}), note
    assert codes.note(words, "of_a_later_release", FACTS, {}) == ""
    assert codes.note(words, Note.MISSING, {"text": "of another release"}, {}) == ""
    assert len(reasons()) > 8
    unknown = codes.reason(words, "of a later release")
    assert all(codes.reason(words, reason) != unknown for reason in reasons())


@pytest.mark.parametrize("facts", ['{"a":1.5}', '{"a":null,"n":true}', '{"a":{"b":[1]}}', "[]", "{"])
def test_facts_that_another_release_stored_otherwise_end_no_page(house, facts) -> None:
    lived_in(house)
    with house.central.storage.writing() as connection:
        connection.execute(update(alarms).values(note="of_a_later_release", facts=facts))
    chef = house.as_("chef")
    assert chef.get("/").status_code == chef.get("/alarms").status_code == 200


def test_a_page_in_english_is_found(house) -> None:
    lived_in(house)
    anne = house.as_("anne")
    anne.get("/language/en")
    for path, page in crawl(anne):
        assert len(left_english(page)) > 5, path


@pytest.mark.parametrize(
    "sentence",
    ["entry 7 is missing", "no member is called", "The badge had been blocked", "cannot be read", "disk_low"],
)
def test_an_english_sentence_on_a_french_page_is_found(house, sentence) -> None:
    page = house.as_("anne").get("/").text
    assert left_english(page) == set()
    assert left_english(page.replace("Aujourd’hui</h1>", f"{sentence}</h1>"))
