"""The pages of staff: what every page keeps to, its headers, its language, and what it says when something is wrong."""

from __future__ import annotations

import re
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from kiosk.facts import MemberSet
from kiosk.model import Member
from sync.central.pages.framework import static_files
from sync.central.pages.framework.page_request import TEMPLATES
from sync.central.words import catalogue_file, preferred
from tests.notices.test_language import faults, forms
from tests.notices.test_language import french as kiosk_french

# ---------------------------------------------------------------- headers, languages, errors


def test_every_page_forbids_frames_foreign_scripts_and_guesses_of_type(house) -> None:
    for answer in (
        house.visitor().get("/sign-in"),
        house.as_("anne").get("/"),
        house.visitor().get("/static/kiosk.js"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert house.as_("anne").get("/").headers["cache-control"] == "no-store"


def test_no_page_has_script_or_style_in_it() -> None:
    for file in TEMPLATES.iterdir():
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src)|https?://", file.read_text()), file.name


def test_the_language_follows_the_browser_then_the_switch(house) -> None:
    visitor = house.visitor()
    assert '<html lang="en">' in visitor.get("/sign-in", **{"accept-language": "de, en-GB;q=0.8, fr;q=0.3"}).text
    assert '<html lang="fr">' in visitor.get("/sign-in", **{"accept-language": "de"}).text
    assert visitor.get("/language/en?back=/sign-in").headers["location"] == "/sign-in"
    assert '<html lang="en">' in visitor.get("/sign-in", **{"accept-language": "fr"}).text
    assert visitor.get("/language/xx").status_code == 404


def test_a_browser_s_wishes_are_weighed() -> None:
    assert preferred("fr;q=0.2, en;q=0.9") == "en"
    assert preferred("de-DE, fr-CH;q=0.9") == "fr"
    assert preferred("") is preferred("*") is preferred("en;q=0") is None


def test_what_is_not_there_is_told_on_a_page(house) -> None:
    host = house.as_("anne")
    for path in (
        "/nothing",
        "/no/thing",
        "/members/nobody",
        "/members/lea/passes/x/cancel",
        "/members/lea/visits/x/1/undo",
    ):
        answer = host.get(path)
        assert answer.status_code == 404
        assert "<h1>Introuvable</h1>" in answer.text


def test_only_the_listed_files_are_served(house) -> None:
    visitor = house.visitor()
    for path in static_files.FILES:
        assert visitor.get(path).status_code == 200
    for path in ("/static/..%2Fpages%2Ftoday.py", "/static/today.py", "/fonts/LICENSE"):
        assert visitor.get(path).status_code == 404


def test_names_are_escaped(house) -> None:
    house.central.books.append(MemberSet(member=Member(id="x", name="<script>alert(1)</script>")), by="server")
    page = house.as_("anne").get("/members").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


# ---------------------------------------------------------------- words


FRENCH = catalogue_file("fr")


def messages() -> Catalog:
    """What the pages say, in English."""
    found = Catalog()
    methods = [
        ("pages/**.py", "python"),
        ("messages/**.py", "python"),
        ("words.py", "python"),
        ("templates/**.html", "jinja2.ext:babel_extract"),
    ]
    words = {"say": None, "page_say": None, "count": (1, 2), "_": None}
    options = {"templates/**.html": {"silent": "false"}}
    for _, _, message, _, _ in extract_from_dir(
        TEMPLATES.parent, method_map=methods, options_map=options, keywords=words
    ):
        found.add(message)
    return found


def own_messages() -> Catalog:
    """What the pages say that the kiosk's catalogue does not translate already: nothing is translated twice."""
    shared = read_po(BytesIO(kiosk_french().encode()))
    found = Catalog()
    for message in messages():
        if message.id and message.id not in shared:
            found.add(message.id)
    return found


def test_the_french_catalogue_of_the_pages_translates_every_text_with_the_same_facts() -> None:
    assert faults(FRENCH.read_text(encoding="utf-8"), own_messages()) == []
    assert len(messages()) > 300


def test_the_french_of_the_pages_is_set_as_french_is_set() -> None:
    given = read_po(BytesIO(FRENCH.read_bytes()))
    texts = [text for one in given if one.id for text in forms(one.string)]
    assert [text for text in texts if re.search(r"'|[  ][;:!?]|« | »|\.\.\.", text)] == []
