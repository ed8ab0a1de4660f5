"""The `kiosk` command against real files, a real ledger and a real socket: kiosk.cli."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from msgspec import structs

import kiosk as package
from kiosk import codes, commands
from kiosk.answers import Done, decode_answer, encode_answer
from kiosk.badges import badge_id, badge_key, key_mark
from kiosk.cli import kiosk
from kiosk.cli.terminal import decode_argument
from kiosk.clock import WallClock
from kiosk.commands import ListUnknownBadges, TapCard, decode_command
from kiosk.facts import Happened, Tapped
from kiosk.ledger import Ledger, open_ledger
from kiosk.model import Denied, Reason
from kiosk.notices import Health
from kiosk.threads.control_socket import ControlServer
from tests.office.kiosks.host import answering
from tests.office.ledgers.small_house import lay_new_ledger

LA_SERRE = Path(package.__file__).parent / "examples" / "la-serre.toml"
UID = bytes.fromhex("04a23b12c05e80")
ONE = "from kiosk.cli import main; main()"
NEXT = "--"
IN_TURN = f"""
import sys
from itertools import groupby
from kiosk.cli import main
for is_next, words in [(is_next, list(words)) for is_next, words in groupby(sys.argv[1:], "{NEXT}".__eq__)]:
    sys.argv = ["kiosk", *words]
    try:
        is_next or main()
    except SystemExit as end:
        print("{NEXT}", flush=True)
        if end.code:
            raise
"""
"""Runs commands in one process: `--` stands between them, and after the output of each."""


class Terminal:
    """A machine with settings in a folder of its own, and a terminal on it. Its site is always open."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.settings = folder / "kiosk.toml"
        self.settings.write_text(
            'site = "la-serre"\n[reader]\npath = "tty:S0:pn532"\n'
            f'[paths]\nstate = "{self.state}"\nsocket = "{folder}/kiosk.sock"\n',
            encoding="utf-8",
        )
        text = LA_SERRE.read_text(encoding="utf-8")
        text = text.replace("Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off", "24/7").replace(
            "exceptions =", "#exceptions ="
        )
        self.site = folder / "site.toml"
        self.site.write_text(text, encoding="utf-8")

    def lays_site(self) -> None:
        """Import the site into a new ledger, made beforehand."""
        self.state.mkdir(mode=0o750)
        lay_new_ledger(self.state / "ledger.db")
        self.reads("site", "import", str(self.site))

    def prompted(self, typed: str, *words: str) -> Result:
        """Run a command, and type what it asks for."""
        env = {"KIOSK_CONFIG": str(self.settings)}
        return CliRunner().invoke(kiosk, words, input=typed or None, env=env, prog_name="kiosk")

    def types(self, *words: str) -> Result:
        return self.prompted("", *words)

    def reads(self, *words: str) -> str:
        result = self.types(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.reads(*words, "--json"))

    def is_refused(self, *words: str) -> str:
        result = self.types(*words)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit), result.exception
        return result.stderr

    def edits(self, statement: str) -> None:
        """Change the ledger's database behind the kiosk's back."""
        with closing(sqlite3.connect(self.state / "ledger.db")) as database:
            assert database.execute(statement).rowcount
            database.commit()

    @contextmanager
    def running(self, answer: Callable[[Ledger, bytes], bytes] | None = None) -> Iterator[Ledger]:
        """Answer at the socket and hold the ledger, as a running kiosk does."""
        ledger = open_ledger(self.state / "ledger.db", stamp=WallClock().stamp)
        reply = answer or self.answer
        server = ControlServer(self.folder / "kiosk.sock", lambda line: reply(ledger, line))
        stop = threading.Event()
        thread = threading.Thread(target=server.run, args=(stop, lambda: None))
        thread.start()
        try:
            yield ledger
        finally:
            stop.set()
            thread.join()
            server.close()
            ledger.close()

    def answer(self, ledger: Ledger, line: bytes) -> bytes:
        key = badge_key(self.state / "badge.key")
        return answering(ledger, WallClock(), key).answer_line(line)


@pytest.fixture
def bare(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def terminal(bare: Terminal) -> Terminal:
    bare.lays_site()
    return bare


# ---------------------------------------------------------------- a site without a screen


def test_a_site_is_run_from_the_command_line_alone(terminal):
    assert "Céline Martin is a member now." in terminal.reads("member", "add", "Céline Martin")
    assert "has a badge now" in terminal.reads("badge", "assign", "celine", "--number", UID.hex())
    later = str(datetime.now(UTC).date() + timedelta(days=7))
    tried = terminal.reads("pass", "sell", "carte-10", "celine", "--from", later, "--dry-run")
    assert f"from {later}, without end" in tried
    assert "sold" not in tried
    sold = terminal.reads("pass", "sell", "carte-10", "celine")
    assert "without end" in sold.splitlines()[0]
    assert "sold to Céline Martin for 50.00 EUR" in sold
    account = terminal.reads("member", "show", "MARTIN")
    assert "Carte de 10 entrées" in account
    assert "10 of 10 left" in account
    assert "Accueil MSAP: granted: host (STAFF)" in terminal.reads("member", "in", "accueil")
    assert "Accueil MSAP  since" in terminal.reads("member", "inside")
    assert "STAFF" in terminal.reads("member", "taps")
    assert "has left" in terminal.reads("member", "out", "accueil")
    assert "Nobody is in." in terminal.reads("member", "inside")
    assert "is reported lost" in terminal.reads("badge", "lost", "celine")
    assert "Closed until midnight" in terminal.reads("hours", "close")
    assert "closed, as a host said" in terminal.reads("hours")
    assert "usual hours apply: open now" in terminal.reads("hours", "back")
    assert "Added" in terminal.reads("hours", "exception", "add", '2099 Dec 24-31 off "fêtes"')
    assert 'Exception 1: 2099 Dec 24-31 off "fêtes"' in terminal.reads("hours")
    assert "stick" in terminal.reads("export")
    assert "Nothing was changed" in terminal.reads("hours", "open", "00:00", "--preview")
    assert "2099 Aug 03-14 off" in terminal.reads("hours", "exception", "close", "2099-08-03", "2099-08-14")
    assert "2099 Jul 14 10:00-16:00" in terminal.reads("hours", "exception", "open", "2099-07-14", "10:00-16:00")
    assert "Mo-Fr 08:00-18:00; PH off" in terminal.reads("hours", "set", "Mo-Fr 08:00-18:00; PH off")
    assert "Not as usual\n  from 2099-07-14: 2099 Jul 14 10:00-16:00" in terminal.reads("hours", "week")
    assert "all as it should be" in terminal.reads("ledger", "verify")
    assert "all as it should be" in terminal.reads("ledger", "rebuild")
    assert "Kiosk: not running" in terminal.reads("status")
    assert "La Serre is retired." in terminal.reads("site", "retire", "la-serre")
    assert "kiosk site retire la-serre --undo" in terminal.is_refused("pass", "sell", "carte-10", "celine")
    assert "La Serre is back: write its hours." in terminal.reads("site", "retire", "la-serre", "--undo")


def test_lists_that_are_empty_say_so_and_lists_are_aligned(terminal):
    assert "Nobody is in." in terminal.reads("member", "inside")
    assert "No unknown badge" in terminal.reads("badge", "unknown")
    assert "No tap on Mon 2020-06-01." in terminal.reads("member", "taps", "--on", "2020-06-01")
    terminal.reads("member", "add", "Élodie de la Fontaine")
    first, second = terminal.reads("member", "list").splitlines()
    assert first.index("host") == second.index("member")
    assert "carte-10  Carte de 10 entrées  50.00 EUR  10 entries, 3 h each" in terminal.reads("pass", "products")


def test_scripts_read_json(terminal):
    made = terminal.json("member", "add", "Zoé")
    assert made["answer"] == "done"
    assert terminal.json("member", "show", made["id"])["member"]["name"] == "Zoé"
    assert terminal.json("pass", "products")["products"][0]["id"] == "carte-10"
    assert terminal.json("status")["site"] == "La Serre"
    assert terminal.json("hours")["opening"]["is_open"]
    assert terminal.json("member", "inside")["people"] == []
    result = terminal.types("member", "show", "nobody", "--json")
    assert (result.exit_code, json.loads(result.stdout)["answer"]) == (1, "refused")


def test_importing_a_site_twice_changes_nothing_the_second_time(bare):
    assert "Site La Serre added." in bare.reads("site", "import", str(bare.site))
    assert "like that already" in bare.reads("site", "import", str(bare.site))
    assert "no mistakes. La Serre, products: 1" in bare.reads("site", "check", str(bare.site))


# ---------------------------------------------------------------- mistakes


def test_an_unknown_name_is_refused_with_the_one_that_was_meant(terminal):
    terminal.reads("member", "add", "Céline Martin")
    assert 'no member is called "Celine Martn"; did you mean "Céline Martin"?' in terminal.is_refused(
        "pass", "sell", "carte-10", "Celine Martn"
    )
    assert 'did you mean "carte-10"?' in terminal.is_refused("pass", "sell", "carnet-01", "celine")
    terminal.reads("member", "add", "Paul Martin")
    assert "did you mean one of these?\n  Céline Martin" in terminal.is_refused("member", "show", "martin")


def test_an_empty_machine_can_be_set_up_without_a_file(bare):
    start = ("site", "start", "--name", "La Serre", "--host", "Claire", "--country", "BE", "--zone", "Europe/Brussels")
    assert "set up. Claire is its first host" in bare.prompted("4711\n4711\n", *start).stdout
    assert "Claire" in bare.reads("member", "list")
    assert "is set up." in bare.reads("site", "start")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["membr"], "Did you mean 'member'"),
        (["member", "lst"], "Did you mean 'list'"),
        (["status", "--jsn"], "--json"),
        (["pass", "sell", "carte-10"], "Missing argument"),
        (["pass", "undo", "celine"], "--reason"),
        (["hours", "--next", "0"], "1<=x<=366"),
        (["hours", "set", "Mo-Fr 0900"], "column 7"),
        (["hours", "set", "Jun-Aug Mo-Fr 09:00-17:00"], "more than the hours of a week"),
        (["hours", "exception", "open", "2099-07-14", "16:00-10:00"], "ends before it starts"),
        (["ledger", "verify", "--head", "46"], "like 46:3f2a91c0"),
        (["member", "taps", "--on", "yesterday"], "write it like 2026-06-01"),
    ],
)
def test_wrong_usage_is_exit_code_2_with_a_hint(terminal, words, told):
    result = terminal.types(*words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_bad_hours_point_at_the_column_and_nothing_is_imported(bare):
    bare.site.write_text(bare.site.read_text(encoding="utf-8").replace("24/7", "Mo 09:00-1700"), encoding="utf-8")
    told = bare.is_refused("site", "import", str(bare.site)).splitlines()
    hours, caret = next((line, after) for line, after in pairwise(told) if "site.hours" in line)
    assert hours[caret.index("^") :] == '1700"'
    assert not bare.state.exists()


def test_foreseen_trouble_is_one_sentence_and_no_traceback(bare):
    assert "run `kiosk site import FILE` first" in bare.is_refused("member", "list")
    told = bare.is_refused("site", "import", "/nowhere.toml")
    assert f"there is no such file: copy {LA_SERRE} there and change it" in told
    bare.state.write_text("a file where a folder belongs")
    assert bare.is_refused("site", "import", str(bare.site)).startswith("Error: ")


def test_a_check_in_that_is_denied_is_exit_code_1(terminal):
    terminal.reads("member", "add", "Zoé")
    terminal.reads("member", "suspend", "zoe")
    result = terminal.types("member", "in", "zoe")
    assert (result.exit_code, result.stdout) == (1, "Zoé: denied: member suspended (MEMBER_SUSPENDED)\n")


def test_a_ledger_that_was_edited_is_told_and_is_exit_code_1(terminal):
    terminal.reads("member", "add", "Zoé")
    zoe = "instr(CAST(body AS TEXT), 'Zoé')"
    terminal.edits(f"UPDATE entries SET body = CAST(replace(body, 'Zoé', 'Eve') AS BLOB) WHERE {zoe}")
    result = terminal.types("ledger", "verify")
    assert result.exit_code == 1
    assert "its body was changed" in result.stdout


def test_every_code_has_its_words():
    assert set(codes.REASONS) == set(Reason)
    assert [code for code in Health if not (codes.HEALTH[code].short and codes.HEALTH[code].idle)] == []


def test_the_health_of_a_running_kiosk_is_told_in_words(terminal):
    def unwell(ledger: Ledger, line: bytes) -> bytes:
        status = decode_answer(terminal.answer(ledger, line))
        return encode_answer(structs.replace(status, running=True, health=("reader_down", "door_held_open")))

    with terminal.running(unwell):
        told = terminal.reads("status")
    assert "Kiosk: running, needs a look\n  reader_down: The way out is free; the reader is silent" in told
    assert "\n  door_held_open: Badges are read; the door stands open" in told


def test_whoever_wrote_down_the_head_finds_a_ledger_that_was_cut_short(terminal):
    terminal.reads("member", "add", "Zoé")
    seq, _, digest = terminal.json("ledger", "verify")["head"].partition(":")
    head = f"{seq}:{digest[:16]}"
    assert f"head {head}" in terminal.reads("status")
    assert "all as it should be" in terminal.reads("ledger", "verify", "--head", head)
    assert "all as it should be" in terminal.reads("ledger", "verify", "--head", f"{seq}:{digest[:7]}")
    terminal.edits(f"DELETE FROM entries WHERE seq = {seq}")
    assert "all as it should be" in terminal.reads("ledger", "verify")
    result = terminal.types("ledger", "verify", "--head", head)
    assert result.exit_code == 1
    assert "the end was cut off" in result.stdout


def test_erased_bodies_are_counted_and_are_no_fault(terminal):
    terminal.edits("UPDATE entries SET body = NULL, salt = NULL WHERE seq <= 2")
    assert "2 bodies erased: all as it should be" in terminal.reads("ledger", "verify")


def test_a_repair_says_what_it_mended_and_is_exit_code_0(terminal):
    terminal.edits("UPDATE members SET doc = '{}' WHERE role = 'staff'")
    assert "rebuild --repair" in terminal.is_refused("member", "list")
    assert terminal.types("ledger", "rebuild").exit_code == 1
    told = terminal.reads("ledger", "rebuild", "--repair")
    assert "1 difference, mended." in told
    assert max(map(len, told.splitlines())) < 200
    assert "all as it should be" in terminal.reads("ledger", "rebuild", "--repair")
    assert "Accueil" in terminal.reads("member", "list")


def test_of_a_roster_that_came_from_the_server_it_is_told_what_was_not_compared(terminal):
    terminal.edits("INSERT INTO cursors VALUES ('snapshot', '12')")
    assert "stands on the server's snapshot at 12" in terminal.reads("ledger", "rebuild")
    assert "snapshot" not in terminal.reads("ledger", "verify")


# ---------------------------------------------------------------- settings


def test_check_prints_the_settings_or_every_mistake(bare):
    assert 'site = "la-serre"' in bare.reads("check")
    bare.settings.write_text(
        bare.settings.read_text(encoding="utf-8").replace("tty:S0:pn532", "/dev/ttyS0")
        + "[door]\nstrike = 4\ncontact = 14\n",
        encoding="utf-8",
    )
    told = bare.is_refused("check")
    assert "3 mistakes" in told
    assert "door.strike = 4\n      GPIO 4 is pulled up" in told
    assert "door.contact = 14\n      GPIO 14 is the serial port" in told
    assert 'reader.path = "/dev/ttyS0"\n      write tty:S0:pn532' in told


def test_check_tells_scripts_too_and_reads_the_file_it_is_given(bare):
    assert bare.json("check")["mistakes"] == []
    other = bare.folder / "other.toml"
    other.write_text('sit = "x"\n', encoding="utf-8")
    result = bare.types("check", str(other), "--json")
    assert result.exit_code == 1
    assert [one["path"] for one in json.loads(result.stdout)["mistakes"]] == ["sit", "site", "reader.path"]


def test_run_refuses_dangerous_pins_before_anything_is_opened(bare):
    bare.settings.write_text(bare.settings.read_text(encoding="utf-8") + "[door]\nstrike = 4\n", encoding="utf-8")
    assert "GPIO 4 is pulled up" in bare.is_refused("run")
    assert not bare.state.exists()


def test_run_tells_of_a_damaged_badge_key_in_a_sentence(terminal, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    (terminal.state / "badge.key").write_bytes(b"short")
    assert "restore your copy of the badge key" in terminal.is_refused("run")


def test_a_lost_badge_key_is_told_once_a_badge_was_hidden_with_it(terminal, monkeypatch):
    key = terminal.state / "badge.key"
    key.unlink()
    terminal.reads("member", "list")  # no badge yet: a new key harms nobody
    terminal.reads("badge", "assign", "accueil", "--number", UID.hex())
    key.unlink()
    told = "badge.key is missing, and 1 badge was hidden with it"
    assert told in terminal.is_refused("member", "list")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    assert told in terminal.is_refused("run")
    assert not key.exists()


def test_another_badge_key_than_the_one_that_proved_itself_is_told_at_the_start(terminal, monkeypatch):
    terminal.reads("badge", "assign", "accueil", "--number", UID.hex())
    key = terminal.state / "badge.key"
    with open_ledger(terminal.state / "ledger.db", stamp=WallClock().stamp) as ledger:
        ledger.keep_key_mark(key_mark(key.read_bytes()))
    terminal.reads("member", "list")
    key.write_bytes(bytes(range(1, 33)))
    told = "is another key than the ledger's badges were hidden with"
    assert told in terminal.is_refused("member", "list")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    assert told in terminal.is_refused("run")


def test_an_exception_is_said_as_open_or_closed_with_its_times_before_it_is_taken(terminal):
    said = terminal.reads("hours", "exception", "add", "2035 Jul 16 10:00-12:00")
    before, _, after = said.partition("Added: ")
    assert "10:00" in before
    assert "12:00" in before
    assert "read as" in after


def test_a_secret_in_the_settings_is_not_printed(bare):
    key = "5e" * 32
    bare.settings.write_text(bare.settings.read_text(encoding="utf-8") + f'[badges]\nkey = "{key}"\n', encoding="utf-8")
    shown = bare.reads("check")
    assert 'key = "********"' in shown
    assert key not in shown


def test_the_settings_can_be_named_on_the_command_line(terminal, tmp_path):
    result = CliRunner().invoke(kiosk, ["status", "--config", str(terminal.settings)], env={"KIOSK_CONFIG": "/nowhere"})
    assert result.exit_code == 0
    assert "La Serre" in result.stdout


# ---------------------------------------------------------------- with a kiosk running


def test_while_a_kiosk_runs_it_is_the_one_that_is_asked(terminal):
    with terminal.running() as ledger:
        before = ledger.head.seq
        terminal.reads("member", "add", "Zoé")
        assert ledger.head.seq == before + 1
        assert "Zoé" in terminal.reads("member", "list")


def test_the_books_are_checked_beside_a_running_kiosk_without_asking_it(terminal):
    with terminal.running(lambda ledger, line: b"") as ledger:
        ledger.append(Happened(what="written meanwhile"))
        assert "all as it should be" in terminal.reads("ledger", "verify")
        assert "all as it should be" in terminal.reads("ledger", "rebuild")


def test_a_ledger_that_is_held_by_nobody_who_answers_is_left_alone(terminal):
    with open_ledger(terminal.state / "ledger.db", stamp=WallClock().stamp):
        assert "is held by process" in terminal.is_refused("member", "add", "Zoé")


def test_an_answer_that_gets_lost_is_not_a_reason_to_do_it_again(terminal):
    def lose(ledger: Ledger, line: bytes) -> bytes:
        terminal.answer(ledger, line)
        raise OSError("the kiosk ends here")

    with terminal.running(lose) as ledger:
        before = ledger.head.seq
        assert "see what was done before you try again" in terminal.is_refused("member", "add", "Zoé")
        assert ledger.head.seq == before + 1


def test_a_badge_is_assigned_by_tapping_it(terminal: Terminal) -> None:
    terminal.reads("member", "add", "Zoé")

    def somebody_taps_when_asked(ledger: Ledger, line: bytes) -> bytes:
        command = decode_command(line)
        if isinstance(command, ListUnknownBadges) and command.since is not None:
            name = badge_id(UID, badge_key(terminal.state / "badge.key"))
            ledger.append(Tapped(site_id="la-serre", verdict=Denied(reason=Reason.UNKNOWN_BADGE), badge_id=name))
        return terminal.answer(ledger, line)

    with terminal.running(somebody_taps_when_asked):
        result = terminal.types("badge", "assign", "zoe")
        assert "Tap the new badge of Zoé" in result.stderr
        assert result.stdout == "Zoé has a badge now.\n"
        assert terminal.json("member", "show", "zoe")["badges"][0]["status"] == "active"


def test_a_badge_that_was_tapped_before_is_not_taken_for_the_new_one(terminal):
    terminal.reads("member", "add", "Zoé")
    with terminal.running() as ledger:
        ledger.append(Tapped(site_id="la-serre", verdict=Denied(reason=Reason.UNKNOWN_BADGE), badge_id="ab" * 16))
        assert "no unknown badge was tapped" in terminal.is_refused("badge", "assign", "zoe", "--wait", "1")


def test_without_a_kiosk_no_tap_can_be_waited_for(terminal):
    terminal.reads("member", "add", "Zoé")
    assert "name the badge with --number" in terminal.is_refused("badge", "assign", "zoe")
    assert "no member is called" in terminal.is_refused("badge", "assign", "nobody")


def test_a_card_is_put_on_the_reader_of_the_running_demo(terminal, monkeypatch):
    heard = []

    def demo(_: Ledger, line: bytes) -> bytes:
        heard.append(decode_command(line))
        return encode_answer(Done(said=("celine: ENTRY_USED",)))

    monkeypatch.setenv("XDG_STATE_HOME", str(terminal.folder))
    assert "start `kiosk demo`" in terminal.is_refused("tap", "celine")
    (terminal.folder / "kiosk-demo").mkdir()
    shutil.copy(terminal.settings, terminal.folder / "kiosk-demo" / "kiosk.toml")
    assert "start `kiosk demo`" in terminal.is_refused("tap", "celine")
    with terminal.running(demo):
        assert terminal.reads("tap", "celine") == "celine: ENTRY_USED\n"
        terminal.reads("tap")
    assert heard == [TapCard(card="celine"), TapCard()]


# ---------------------------------------------------------------- the process


def process(*words: str, program: str = ONE, **environment: str) -> subprocess.CompletedProcess[bytes]:
    keep = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, env=keep | environment, check=False
    )


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from kiosk.cli import kiosk; kiosk(['--help'], standalone_mode=False);"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = told.splitlines()[-1]
    assert "'click'" in loaded
    for heavy in ("pygame", "sqlalchemy", "nfc", "gpiozero", "alembic", "opening_hours", "babel", "requests"):
        assert f"'{heavy}'" not in loaded


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C.UTF-8"},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
)
def test_accents_are_understood_and_printed_in_any_locale(terminal, locale):
    add, show, keep = ("member", "add", "Élise Le Cœur"), ("member", "list"), ("member", "list", "--json")
    environment = {"KIOSK_CONFIG": str(terminal.settings), **locale}
    done = process(*add, NEXT, *show, NEXT, *keep, program=IN_TURN, **environment)
    assert done.returncode == 0, done.stderr
    _, shown, kept, _ = done.stdout.split(f"{NEXT}\n".encode())
    assert any(form in shown for form in ("Élise".encode(), "Élise".encode("latin-1"), b"Elise Le Coeur"))
    assert json.loads(kept.decode("latin-1" if "latin" in str(locale) else "utf-8"))["people"][-1]["name"] == (
        "Élise Le Cœur"
    )


def test_bytes_that_are_no_utf8_are_read_as_western_european():
    assert decode_argument(os.fsdecode("Élise".encode("cp1252"))) == "Élise"
    assert decode_argument(os.fsdecode("Élise".encode())) == "Élise"
    assert decode_argument("Élise") == "Élise"


def test_what_root_leaves_belongs_to_the_owner_of_the_state(terminal):
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    for path in (terminal.folder, terminal.state, *terminal.state.iterdir()):
        os.chown(path, 65534, 65534)
    for parent in terminal.folder.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    (terminal.state / "badge.key").unlink()
    done = process("member", "add", "Zoé", KIOSK_CONFIG=str(terminal.settings))
    assert done.returncode == 0, done.stderr
    assert {path.stat().st_uid for path in terminal.state.iterdir()} == {65534}


def test_every_command_has_help_and_every_argument_a_place_in_it():
    def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*path, name))

    for path in walk(kiosk, ()):
        result = CliRunner().invoke(kiosk, [*path, "--help"])
        assert result.exit_code == 0
        assert len(result.stdout.split("\n")[2].strip()) > 10, path


def test_every_command_of_the_desk_can_be_typed():
    source = "".join(path.read_text(encoding="utf-8") for path in Path(package.__file__).parent.glob("cli/**/*.py"))
    missing = [kind.__name__ for kind in commands.Asked.__args__ if f"{kind.__name__}(" not in source]
    assert set(missing) == {
        "SignIn",  # whoever may type here need not sign in
        "SetHours",  # `kiosk hours set` says them as a grid of the week
        "SetSite",  # `kiosk site import` makes a site as its file describes it
        "SetProduct",  # and its products
    }
