"""Notes, new badges, the till, a person's data and erasing at the command line, on real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_cli import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    terminal = Terminal(tmp_path)
    terminal.lays_site()
    terminal.reads("member", "add", "Céline Martin")
    return terminal


def test_a_note_is_kept_and_an_address_in_it_is_refused(terminal):
    terminal.reads("member", "note", "celine", "parle anglais")
    assert terminal.json("member", "show", "celine")["member"]["note"] == "parle anglais"
    assert "no e-mail addresses" in terminal.is_refused("member", "note", "celine", "celine@example.org")


def test_a_badge_is_replaced_in_one_step(terminal):
    terminal.reads("badge", "assign", "celine", "--number", "04:A2:3B:12:C0:5E:80")
    said = terminal.reads("badge", "replace", "celine", "--number", "04:A2:3B:12:C0:5E:81")
    assert "is reported lost" in said


def test_the_till_tells_the_receipts_of_the_day_and_its_sums(terminal):
    sold = terminal.json("pass", "sell", "carte-10", "celine", "--method", "card")
    told = terminal.reads("pass", "till")
    assert sold["receipt"] in told
    assert "card: 50.00 (1 sold, 0 cancelled)" in told
    assert "In all: 50.00 EUR" in told


def test_the_report_counts_who_came_and_what_was_sold(terminal):
    terminal.reads("pass", "sell", "carte-10", "celine", "--method", "card")
    told = terminal.reads("report")
    assert "people came" in told
    assert "Sold: 50.00 EUR; 10 entries, 10 of them not used yet, worth 50.00 EUR." in told
    found = terminal.json("report", "--since", "2020-01", "--until", "2020-12")
    assert (found["figures"]["visits"], found["accounts"]["units_sold"]) == (0, 0)
    assert '"2020-13" is no month' in terminal.is_refused("report", "--since", "2020-13")


def test_the_books_are_copied_into_a_folder_and_that_is_recorded(terminal, tmp_path):
    into = tmp_path / "books"
    assert "is no folder and no stick" in terminal.is_refused("export", str(into))
    into.mkdir()
    told = terminal.reads("export", str(into))
    (folder,) = into.iterdir()
    assert str(folder) in told
    assert {one.name for one in folder.iterdir()} >= {"journal.csv", "ledger.jsonl"}
    assert f"books_exported {into} by desk" in (folder / "journal.csv").read_text()


def test_a_member_is_exported_and_then_forgotten_after_a_question(terminal):
    assert terminal.json("member", "export", "celine")["document"]["member"]["name"] == "Céline Martin"
    assert '"name": "Céline Martin"' in terminal.reads("member", "export", "celine")
    asked = terminal.prompted("n\n", "member", "erase", "celine")
    assert "Erase the data of Céline Martin on all kiosks?" in asked.stderr
    assert asked.exit_code == 1
    assert "Céline Martin" in terminal.reads("member", "list")
    assert "forgotten" in terminal.reads("member", "erase", "celine", "--yes")
    assert "no member is called" in terminal.is_refused("member", "show", "celine")


@pytest.mark.parametrize("words", [("member", "erase"), ("pin",)])
@pytest.mark.parametrize(("name", "told"), [("martin", "may be several members"), ("zzz", "`kiosk member list`")])
def test_a_name_that_does_not_mean_one_member_is_refused_before_any_question(terminal, words, name, told):
    terminal.reads("member", "add", "Paul Martin")
    refused = terminal.prompted("y\n", *words, name)
    assert refused.exit_code == 1
    assert told in refused.stderr
    assert "Erase" not in refused.stderr
    assert "PIN" not in refused.stderr


def test_a_member_is_erased_after_a_yes(terminal):
    assert "forgotten" in terminal.prompted("y\n", "member", "erase", "celine").stdout


def test_a_command_that_has_just_started_forgets_nothing_by_a_clock_without_witnesses(terminal):
    assert "nothing is forgotten until" in terminal.is_refused("retention")
