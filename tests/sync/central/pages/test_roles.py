"""Who may do what on the pages: a table of every action, and the result for each role."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest
from litestar.routes import HTTPRoute
from msgspec.structs import replace

from kiosk.facts import SiteSet
from kiosk.store.codes import claim_code
from sync.central import pages
from sync.central.accounts.staff import Role
from sync.central.pages.framework.routes import ROLE
from tests.office.servers.office import PASSWORD, Browser, Office, lea_comes, stranger_taps
from tests.office.servers.server import spoilt
from tests.rules.house import SERRE

TUVES = replace(SERRE, id="les-tuves", name="Les Tuves")
ANYBODY, READER, HOST, OWN_HOST, MANAGER = range(5)
"""Who may: anybody; who is signed in; any host; a host of the site whose thing it is; a network manager."""


class Action(NamedTuple):
    """A page that is looked at, or a form that is sent."""

    needs: int
    method: str
    path: str
    fields: dict[str, str] = {}  # noqa: RUF012


TABLE = (
    Action(ANYBODY, "GET", "/sign-in"),
    Action(ANYBODY, "POST", "/sign-in"),
    Action(ANYBODY, "GET", "/language/{code:str}"),
    Action(ANYBODY, "GET", "/{rest:path}"),
    Action(ANYBODY, "POST", "/{rest:path}"),
    Action(READER, "GET", "/"),
    Action(READER, "GET", "/live"),
    Action(READER, "GET", "/me"),
    Action(READER, "GET", "/site"),
    Action(READER, "POST", "/me/password"),
    Action(READER, "GET", "/me/codes"),
    Action(READER, "POST", "/me/codes"),
    Action(READER, "GET", "/members"),
    Action(READER, "GET", "/members/{member_id:str}"),
    Action(READER, "GET", "/badges"),
    Action(READER, "GET", "/sales"),
    Action(READER, "GET", "/sales/export"),
    Action(READER, "GET", "/hours"),
    Action(READER, "GET", "/products"),
    Action(READER, "GET", "/kiosks"),
    Action(READER, "GET", "/alarms"),
    Action(HOST, "GET", "/members/new"),
    Action(HOST, "POST", "/members/new"),
    Action(HOST, "GET", "/members/{member_id:str}/edit"),
    Action(HOST, "POST", "/members/{member_id:str}/edit"),
    Action(HOST, "GET", "/members/{member_id:str}/sell"),
    Action(HOST, "POST", "/members/{member_id:str}/sell"),
    Action(HOST, "GET", "/members/{member_id:str}/export"),
    Action(HOST, "GET", "/members/{member_id:str}/suspend"),
    Action(HOST, "GET", "/members/{member_id:str}/restore"),
    Action(HOST, "GET", "/members/{member_id:str}/check-in"),
    Action(HOST, "GET", "/members/{member_id:str}/badges/{code:str}"),
    Action(HOST, "GET", "/hours/today"),
    Action(HOST, "POST", "/members/{member_id:str}/suspend"),
    Action(HOST, "POST", "/members/{member_id:str}/restore"),
    Action(HOST, "POST", "/members/{member_id:str}/check-in"),
    Action(HOST, "POST", "/members/{member_id:str}/leave"),
    Action(HOST, "POST", "/members/{member_id:str}/badges"),
    Action(HOST, "POST", "/members/{member_id:str}/badges/{code:str}", {"state": "lost"}),
    Action(HOST, "POST", "/badges", {"code": "X"}),
    Action(HOST, "POST", "/hours/today", {"what": "close"}),
    Action(HOST, "POST", "/hours/week"),
    Action(HOST, "POST", "/hours/written", {"hours": "Mo 09:00-12:00"}),
    Action(HOST, "POST", "/hours/exceptions"),
    Action(HOST, "POST", "/hours/exceptions/remove"),
    Action(OWN_HOST, "GET", "/members/{member_id:str}/visits/{ledger_id:str}/{seq:str}/undo"),
    Action(OWN_HOST, "POST", "/members/{member_id:str}/visits/{ledger_id:str}/{seq:str}/undo", {"reason": "slip"}),
    Action(OWN_HOST, "GET", "/members/{member_id:str}/passes/{pass_id:str}/cancel"),
    Action(OWN_HOST, "POST", "/members/{member_id:str}/passes/{pass_id:str}/cancel", {"reason": "slip"}),
    Action(OWN_HOST, "POST", "/alarms", {"alarm": "{alarm}"}),
    Action(OWN_HOST, "POST", "/site", {"site": "la-serre"}),
    Action(MANAGER, "GET", "/members/{member_id:str}/erase"),
    Action(MANAGER, "POST", "/members/{member_id:str}/erase"),
    Action(MANAGER, "GET", "/products/new"),
    Action(MANAGER, "POST", "/products/new"),
    Action(MANAGER, "GET", "/products/{product_id:str}"),
    Action(MANAGER, "POST", "/products/{product_id:str}"),
    Action(MANAGER, "GET", "/sites"),
    Action(MANAGER, "GET", "/sites/new"),
    Action(MANAGER, "POST", "/sites/new"),
    Action(MANAGER, "GET", "/sites/{site_id:str}"),
    Action(MANAGER, "POST", "/sites/{site_id:str}"),
    Action(MANAGER, "GET", "/sites/{site_id:str}/retire"),
    Action(MANAGER, "POST", "/sites/{site_id:str}/retire", {"retired": "no"}),
    Action(MANAGER, "POST", "/kiosks/code"),
    Action(MANAGER, "GET", "/kiosks/{kiosk_id:str}/revoke"),
    Action(MANAGER, "POST", "/kiosks/{kiosk_id:str}/revoke"),
    Action(MANAGER, "GET", "/quarantine"),
    Action(MANAGER, "GET", "/quarantine/{quarantine_id:str}"),
    Action(MANAGER, "POST", "/quarantine/{quarantine_id:str}/replay"),
    Action(MANAGER, "POST", "/quarantine/{quarantine_id:str}/dismiss"),
    Action(MANAGER, "GET", "/accounts"),
    Action(MANAGER, "POST", "/accounts"),
    Action(MANAGER, "GET", "/accounts/{account_id:str}"),
    Action(MANAGER, "POST", "/accounts/{account_id:str}", {"what": "codes"}),
    Action(MANAGER, "GET", "/audit"),
    Action(READER, "POST", "/sign-out"),
)
"""Members, their badges and passes belong to the network; visits, sales, alarms, hours and desks to a site."""


def opens_les_tuves(house: Office) -> None:
    """Another site joins the network, and Rose is its host."""
    house.central.books.append(SiteSet(site=TUVES), by="server")
    house.central.accounts.add("rose", PASSWORD, Role.HOST, site_id=TUVES.id)


def things(house: Office) -> dict[str, str]:
    """Something of La Serre for every place in a path: a visit, a sale, a kiosk, an alarm, something set aside."""
    kiosk = house.kiosk("Porte de La Serre")
    kiosk.push(lea_comes())
    kiosk.sealed(stranger_taps())
    kiosk.push(stranger_taps())  # the entry before is missing: an alarm
    paired = house.central.kiosks.by_token(kiosk.token)
    assert paired is not None
    house.central.intake.push(paired, spoilt(kiosk.ledger_id, b'{"seq":9,"nonsense":true}'))
    return {
        "{member_id:str}": "lea",
        "{pass_id:str}": "ten",
        "{product_id:str}": "ten",
        "{site_id:str}": SERRE.id,
        "{ledger_id:str}": kiosk.ledger_id,
        "{seq:str}": "1",
        "{code:str}": claim_code("b-lea"),
        "{kiosk_id:str}": paired.kiosk_id,
        "{quarantine_id:str}": house.central.quarantine.listed()[0].quarantine_id,
        "{account_id:str}": house.central.accounts.find("louis").account_id,
        "{rest:path}": "nothing",
        "{alarm}": house.central.alarms.listed()[0].alarm_id,
    }


def filled(text: str, names: dict[str, str]) -> str:
    text = text.replace("/language/{code:str}", "/language/fr").replace("/{rest:path}", "/nothing")
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def test_the_table_has_every_action_of_the_pages_with_the_role_that_its_handler_names() -> None:
    roles = {None: ANYBODY, Role.READ_ONLY: READER, Role.HOST: HOST, Role.MANAGER: MANAGER}
    told = {(one.method, one.path): HOST if one.needs == OWN_HOST else one.needs for one in TABLE}
    told[("POST", "/site")] = READER  # whoever sits at several desks: hosts have but their own
    found = {}
    for route in pages.router().routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            for method in handler.http_methods & {"GET", "POST"}:
                if ROLE in handler.opt:
                    found[(method, route.path)] = roles[handler.opt[ROLE]]
    assert told == found


@pytest.mark.parametrize(
    ("house_on_each", "name", "may"),
    [
        ("sqlite", "louis", {ANYBODY, READER}),
        ("sqlite", "rose", {ANYBODY, READER, HOST}),
        ("sqlite", "anne", {ANYBODY, READER, HOST, OWN_HOST}),
        ("sqlite", "chef", {ANYBODY, READER, HOST, OWN_HOST, MANAGER}),
        ("postgresql", "chef", {ANYBODY, READER, HOST, OWN_HOST, MANAGER}),  # every page and form on it, too
    ],
    indirect=["house_on_each"],
)
def test_each_role_may_do_what_the_table_says_and_what_it_may_not_changes_nothing(house_on_each, name, may) -> None:
    house = house_on_each
    opens_les_tuves(house)
    who, names = house.as_(name), things(house)
    who.client.cookies.set("__Host-site", SERRE.id)
    seal = who.seal("/")
    if name == "louis":
        may = may | {"/site"}  # who only reads sits at the desk of any site
    for action in TABLE:
        before = _state(house)
        status = _does(who, action, names, seal=seal)
        if action.needs in may or action.path in may:
            expected = {404} if action.path == "/{rest:path}" else {200, 303, 422}
            assert status in expected, (name, action, status)
        else:
            assert status == 403, (name, action, status)
            assert _state(house) == before, (name, action)


def _does(who: Browser, action: Action, names: dict[str, str], *, seal: str) -> int:
    path = filled(action.path, names)
    if path == "/live":
        return 200  # it never ends: a test in a browser follows it
    if "/badges/" in path and action.method == "GET":
        path += "?state=lost"
    if action.method == "GET":
        return int(who.get(path).status_code)
    fields = {name: filled(value, names) for name, value in action.fields.items()}
    return int(who.bare(path, csrf=seal, desk=SERRE.id, **fields).status_code)


def _state(house: Office) -> tuple[Any, ...]:
    central = house.central
    return (
        central.feed.last_position(),
        central.alarms.listed(),
        central.kiosks.listed(),
        central.accounts.listed(),
        central.quarantine.listed(),
    )


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_from_everywhere(house) -> None:
    visitor, names = house.visitor(), things(house)
    before, seal = _state(house), visitor.seal("/sign-in")
    for action in TABLE:
        if action.needs != ANYBODY:
            path = filled(action.path, names)
            answer = visitor.get(path) if action.method == "GET" else visitor.bare(path, csrf=seal, **action.fields)
            assert answer.headers.get("location", "").startswith("/sign-in"), action
    assert _state(house) == before


def test_a_host_is_told_whose_the_sale_is_and_is_not_offered_to_take_it_back(house) -> None:
    opens_les_tuves(house)
    anne, rose = house.as_("anne"), house.as_("rose")
    path = "/members/lea/passes/ten/cancel"
    assert path in anne.get("/members/lea").text
    assert path not in rose.get("/members/lea").text
    assert "concerne un autre site" in re.sub(r"\s", " ", rose.get(path).text)
