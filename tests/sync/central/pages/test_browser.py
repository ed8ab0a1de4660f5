"""The staff's pages in a real browser: signing in, a tap that arrives live, pairing, hours, keyboard, accessibility."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from kiosk.facts import Happened
from sync import wire
from sync.central.accounts import audit
from tests.office.servers.office import PASSWORD, Office, lea_comes, lived_in, office, stranger_taps
from tests.rules.house import SERRE
from tests.sync.central.pages.test_roles import TABLE, filled, things

CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}
MAIN = (
    "/", "/members", "/members/lea", "/members/lea/edit", "/members/lea/sell", "/members/new", "/badges", "/hours",
    "/sales", "/sales?month=2026-07",
    "/hours?view=week", "/products", "/products/new", "/products/ten",
    "/kiosks", "/alarms", "/quarantine", "/accounts", "/audit", "/me",
    "/me/codes", "/sites", "/sites/new", "/sites/la-serre", "/members/lea/erase", "/members/lea/passes/ten/cancel",
    "/site", "/sites/la-serre/retire", "/hours/today?what=close", "/members/lea/suspend", "/members/lea/restore",
    "/members/lea/check-in",
    "/no-such-page",
)  # fmt: skip
NO_PAGES = ("/sign-in", "/language/{code:str}", "/live", "/sales/export", "/members/{member_id:str}/export")
"""What is read and is none of the pages of somebody who is signed in."""


def every_page(house: Office) -> list[str]:
    """The paths of all pages, in a house that is lived in."""
    anne = house.central.accounts.find("anne")
    visit = house.central.books.roster.visits_of("lea", house.moment.now)[0]
    names = things(house)
    return [
        *MAIN,
        f"/accounts/{anne.account_id}",
        f"/members/lea/visits/{visit.ref.ledger_id}/{visit.ref.seq}/undo",
        filled("/kiosks/{kiosk_id:str}/revoke", names),
        filled("/quarantine/{quarantine_id:str}", names),
        filled("/members/{member_id:str}/badges/{code:str}", names) + "?state=lost",
    ]


def test_every_page_that_there_is_is_looked_at(house) -> None:
    lived_in(house)
    looked_at = [path.partition("?")[0] for path in every_page(house)]
    routes = {action.path for action in TABLE if action.method == "GET"}.difference(NO_PAGES)
    shapes = {path: re.sub(r"\{rest:path\}", ".*", re.sub(r"\{\w+:str\}", "[^/]+", path)) for path in routes}
    assert [path for path, shape in shapes.items() if not any(re.fullmatch(shape, one) for one in looked_at)] == []


@contextmanager
def listening(house: Office) -> Iterator[str]:
    """The application on a port of its own, with the server that production has."""
    server = uvicorn.Server(uvicorn.Config(house.app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def house(tmp_path):
    with office(tmp_path) as found:
        yield found


@pytest.fixture
def address(house):
    with listening(house) as found:
        yield found


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, "--disable-sync"])
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium, address):
    """Open the pages as somebody who is signed in, in a window of a size, with scripts or without."""
    contexts = []

    def opened(name: str = "chef", *, size=DESKTOP, scripts: bool = True) -> Page:
        context = chromium.new_context(
            base_url=address, viewport=size, locale="fr-FR", java_script_enabled=scripts, reduced_motion="reduce"
        )
        contexts.append(context)
        page: Page = context.new_page()
        signs_in(page, name)
        return page

    yield opened
    for context in contexts:
        context.close()


def signs_in(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Nom", exact=True).fill(name)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", name="Aujourd’hui")).to_be_visible()


def push(address: str, kiosk, *facts) -> None:
    """A kiosk sends entries over HTTP."""
    headers = {"authorization": f"Bearer {kiosk.token}"}
    requests.post(address + wire.ENTRIES, data=kiosk.body(*facts), headers=headers, timeout=10).raise_for_status()


# ---------------------------------------------------------------- what staff do


def test_a_tap_shows_and_is_spoken_without_a_reload(house, address, browse) -> None:
    page, kiosk = browse("anne"), house.kiosk()
    expect(page.get_by_text("Personne n’est là.")).to_be_visible()
    expect(page.locator("html[data-following=yes]")).to_be_attached(timeout=15_000)
    page.evaluate("document.body.dataset.old = 'yes'")
    push(address, kiosk, lea_comes())
    expect(page.get_by_role("row", name="Léa Martin 09:05 12:05")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("status")).to_have_text("09:05, Léa Martin, Entrée utilisée")
    assert page.evaluate("document.body.dataset.old") == "yes"


def test_what_is_typed_or_was_refused_stays_when_a_tap_arrives(house, address, browse) -> None:
    kiosk = house.kiosk()
    push(address, kiosk, stranger_taps())
    page = browse("anne")
    page.goto("/badges")
    expect(page.locator("html[data-following=yes]")).to_be_attached(timeout=15_000)
    page.get_by_label("Donner le badge").fill("Léa M")
    with page.expect_response(re.compile("/badges$")):
        push(address, kiosk, lea_comes(), stranger_taps())
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.get_by_label("Donner le badge")).to_have_value("Léa M")
    page.get_by_label("Donner le badge").fill("Personne Inconnue")
    page.get_by_role("button", name="Donner").click()
    expect(page.locator("html[data-following=yes]")).to_be_attached(timeout=15_000)
    with page.expect_response(re.compile("/badges$")):
        push(address, kiosk, stranger_taps())
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.locator("[aria-invalid]")).to_have_value("Personne Inconnue")


def test_without_scripts_the_pages_say_the_same(house, address, browse) -> None:
    push(address, house.kiosk(), lea_comes())
    house.central.books.fold()
    page = browse("anne", scripts=False)
    expect(page.get_by_role("row", name="Léa Martin 09:05 12:05")).to_be_visible()
    page.get_by_role("link", name="Léa Martin").click()
    page.get_by_role("button", name="Enregistrer le départ (La Serre)").click()
    expect(page.get_by_text("Départ enregistré.")).to_be_visible()


def test_a_pairing_code_is_made_and_the_kiosk_shows_when_it_has_taken_it(house, address, browse) -> None:
    page = browse("chef")
    page.get_by_role("link", name="Bornes", exact=True).click()
    page.get_by_label("Nom", exact=False).fill("porte d’entrée")
    page.get_by_role("button", name="Créer un code").click()
    code = page.locator(".code").inner_text()
    answer = requests.post(address + wire.ENROLL, json={"code": code, "ledger_id": "l-1"}, timeout=10)
    assert answer.status_code in (200, 201)
    push(address, house.kiosk(), lea_comes())  # the page is told that there are news
    expect(page.get_by_role("rowheader", name="porte d’entrée")).to_be_visible(timeout=15_000)
    expect(page.locator(".code")).to_have_text(code)  # following the server sends no form again
    made = [
        line.fact
        for line in audit.lines(
            house.central.storage,
        )
        if isinstance(line.fact, Happened)
    ]
    assert [fact.detail for fact in made if fact.what == "pairing_code"] == ["porte d’entrée"]


def test_who_was_signed_out_elsewhere_is_led_to_sign_in(house, address, browse) -> None:
    page = browse("anne")
    expect(page.locator("html[data-following=yes]")).to_be_attached(timeout=15_000)
    page.context.clear_cookies()
    push(address, house.kiosk(), lea_comes())
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible(timeout=15_000)


def test_hours_are_changed_and_the_calendar_follows(house, browse) -> None:
    page = browse("anne")
    page.get_by_role("link", name="Horaires").click()
    page.get_by_label("Mercredi").fill("10h-16h")
    page.get_by_role("button", name="Enregistrer la semaine").click()
    expect(page.get_by_role("row", name="Mer. 15")).to_contain_text("10:00 – 16:00")
    page.get_by_role("button", name="Changer les horaires").click()
    expect(page.get_by_role("status").filter(has_text="enregistrés")).to_be_visible()
    expect(page.get_by_role("cell", name="15 10:00")).to_be_visible()
    assert "We 10:00-16:00" in house.central.books.roster.site(SERRE.id).hours


def test_a_mistake_is_summed_up_with_a_link_to_its_field(browse) -> None:
    page = browse("anne")
    page.goto("/hours")
    page.get_by_label("Mardi").fill("le matin")
    page.get_by_role("button", name="Enregistrer la semaine").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert page.title().startswith("Erreur")
    summary.get_by_role("link").click()
    expect(page.get_by_label("Mardi")).to_be_focused()
    told = "Erreur – Mardi\u202f: écrivez les horaires comme 09:00-12:30, 14:00-17:00"
    expect(page.get_by_label("Mardi")).to_have_accessible_description(told)


# ---------------------------------------------------------------- keyboard, phone, accessibility


def test_the_keyboard_reaches_the_content_first_and_leaves_the_menu(browse) -> None:
    page = browse("chef")
    page.goto("/members")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    menu = page.locator(".menu summary")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Journal")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Journal")).to_be_hidden()
    expect(menu).to_be_focused()


def violations(page: Page) -> list[str]:
    """What axe finds, contrast of 7:1 included."""
    options = {"rules": {"color-contrast-enhanced": {"enabled": True}}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def is_error(said: ConsoleMessage) -> bool:
    """Whether the browser says that something is wrong; that there is no such page is right."""
    return said.type == "error" and "404" not in said.text


@pytest.mark.parametrize(("size", "language"), [(DESKTOP, "en"), (PHONE, "fr")], ids=["desktop-en", "phone-fr"])
def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_the_window(house, browse, size, language) -> None:
    lived_in(house)
    page = browse("chef", size=size)
    page.goto(f"/language/{language}")
    page.on("console", lambda said: pytest.fail(said.text) if is_error(said) else None)
    for path in every_page(house):
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == language
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


def test_axe_finds_nothing_at_the_door_nor_on_a_page_of_errors(chromium, address) -> None:
    context = chromium.new_context(base_url=address, viewport=PHONE)
    page = context.new_page()
    page.goto("/sign-in")
    assert violations(page) == []
    page.get_by_role("main").get_by_role("button").click()
    assert violations(page) == []
    assert page.get_by_role("alert").is_visible()
    context.close()


def test_axe_would_find_a_field_without_a_label_and_pale_ink(browse) -> None:
    page = browse("anne")
    page.goto("/members")
    page.evaluate("document.querySelector('label').remove(); document.querySelector('h1').style.color = '#888'")
    assert {one.split(":")[0] for one in violations(page)} >= {"label", "color-contrast-enhanced"}
