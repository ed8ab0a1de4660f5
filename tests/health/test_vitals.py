"""The state of each part of the kiosk: kiosk.health.machine on files of a system, kiosk.health.vitals on facts."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from kiosk.answers import Status
from kiosk.health import machine
from kiosk.health import vitals as judged
from kiosk.health.vitals import Surroundings, medium_troubles, troubles, vitals
from kiosk.messages import ReaderDown, ReaderUp
from kiosk.model import ClockQuality, Opening
from kiosk.notices import Language
from kiosk.notices.vitals import part_words
from kiosk.upkeep.backup import LastCopy

NOW = datetime(2026, 6, 1, 7, 5, tzinfo=UTC)
GIGABYTE = 10**9
FINE = Status(
    site="La Serre",
    now=NOW,
    clock=ClockQuality.TRUSTED,
    opening=Opening(is_open=True),
    people_in=0,
    staff_present=False,
    members=1,
    ledger_id="l",
    entries=1,
    running=True,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The files of a Pi on a cable."""
    for name, text in {
        "sys/class/net/lo/operstate": "unknown\n",
        "sys/class/net/eth0/operstate": "up\n",
        "sys/class/net/wlan0/operstate": "down\n",
        "sys/class/net/wlan0/wireless/x": "",
        "proc/net/route": "Iface\tDestination\tGateway\neth0\t00000000\t0101A8C0\neth0\t0001A8C0\t00000000\n",
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
        "sys/fs/ext4/mmcblk0p2/errors_count": "0\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


CARD = Path("/var/lib/kiosk/backup")
PI = machine.MachineFacts(
    disk=machine.Disk(free=20 * GIGABYTE, total=30 * GIGABYTE, read_only=False, errors=0),
    network=machine.Network(link="eth0", leads_on=True),
    versions=machine.Versions(kiosk="1", python="3.13", sqlite="3.46", system="Debian", model="Pi 5"),
)
AROUND = Surroundings(
    machine=PI,
    reader=ReaderUp(name="PN532"),
    strike_wired=True,
    contact_wired=True,
    paired=True,
    copies=(LastCopy(CARD, NOW.date()),),
)


def seen(**changes) -> Surroundings:
    parts = {name: changes.pop(name) for name in ("disk", "network", "undervoltage") if name in changes}
    return dataclasses.replace(AROUND, machine=dataclasses.replace(PI, **parts), **changes)


def told(status: Status = FINE, **changes) -> dict[str, tuple[str, str]]:
    return {one.part: (one.state, one.code) for one in vitals(status, seen(**changes))}


def test_a_kiosk_that_lacks_nothing_is_good_in_every_part():
    assert {state for state, _ in told().values()} == {"good"}
    assert list(told()) == ["reader", "screen", "door", "disk", "clock", "network", "exchange", "copy", "versions"]


@pytest.mark.parametrize(
    ("days", "paired", "clock", "code"),
    [
        (98, False, "trusted", "clock_unconfirmed"),
        (98, False, "holdover", "clock_unconfirmed"),
        (98, False, "untrusted", "clock_untrusted"),
        (98, True, "trusted", "clock_trusted"),
        (96, False, "trusted", "clock_trusted"),
    ],
)
def test_passages_that_wait_to_be_forgotten_are_told_where_no_server_forgets_them(days, paired, clock, code):
    status = replace(FINE, clock=clock, oldest_passage=NOW - timedelta(days=days))
    assert told(status, paired=paired)["clock"][1] == code


@pytest.mark.parametrize("trouble", ["screen_dark", "screen_black", "screen_pulled"])
def test_a_screen_that_nobody_sees_is_a_fault_with_advice_in_both_languages(trouble):
    assert told(screen_trouble=trouble)["screen"] == ("fault", trouble)
    for language in ("en", "fr"):
        words = part_words(Language(language, "UTC"), "screen", trouble, {"drawn_by": "KMSDRM"}, now=NOW)
        assert words.said
        assert words.advice


def test_what_draws_the_screen_is_told():
    (screen,) = (one for one in vitals(FINE, seen(screen_drawn_by="KMSDRM 800x480, opengles2")) if one.part == "screen")
    words = part_words(Language("en", "UTC"), "screen", screen.code, screen.facts, now=NOW)
    assert words.said == "KMSDRM 800x480, opengles2"


def test_too_little_voltage_is_a_fault_while_it_lasts(tmp_path):
    watch = tmp_path / "sys/class/hwmon/hwmon0"
    watch.mkdir(parents=True)
    (watch / "name").write_text("rpi_volt\n")
    (watch / "in0_lcrit_alarm").write_text("1\n")
    assert machine.undervoltage(tmp_path)
    assert told(undervoltage=True)["power"] == ("fault", "power_low")
    (watch / "in0_lcrit_alarm").write_text("0\n")
    assert not machine.undervoltage(tmp_path)
    assert "power" not in told()


@pytest.mark.parametrize(
    ("health", "part", "found"),
    [
        ("door_forced_open", "door", ("fault", "door_forced_open")),
        ("door_held_open", "door", ("fault", "door_held_open")),
        ("exit_button_stuck", "door", ("fault", "exit_button_stuck")),
        ("door_contact_flutters", "door", ("fault", "door_contact_flutters")),
        ("badge_on_reader", "reader", ("attention", "badge_on_reader")),
        ("ledger_failed", "disk", ("fault", "ledger_failed")),
        ("change_lost", "exchange", ("attention", "change_lost")),
        ("feed_set_aside", "exchange", ("attention", "feed_set_aside")),
        ("server_unreachable", "exchange", ("attention", "exchange_unreachable")),
    ],
)
def test_what_the_controller_knows_shows_in_its_part(health, part, found):
    assert told(replace(FINE, health=(health,)))[part] == found


@pytest.mark.parametrize(
    ("changes", "part", "found"),
    [
        ({"reader": ReaderDown(error="unplugged")}, "reader", ("fault", "reader_down")),
        ({"reader": None}, "reader", ("attention", "reader_silent")),
        ({"strike_wired": False}, "door", ("absent", "door_not_wired")),
        ({"contact_wired": False}, "door", ("good", "door_without_contact")),
        ({"paired": False}, "exchange", ("absent", "exchange_alone")),
        ({"network": machine.Network(link=None)}, "network", ("absent", "network_none")),
        ({"network": machine.Network(link="eth0")}, "network", ("attention", "network_leads_nowhere")),
        ({"network": machine.Network(link="wlan0", wireless=True, leads_on=True)}, "network", ("good", "network_wifi")),
    ],
)
def test_what_is_missing_or_broken_is_told_with_its_gravity(changes, part, found):
    assert told(**changes)[part] == found


@pytest.mark.parametrize(
    ("free", "errors", "read_only", "found"),
    [
        (400, 0, False, ("attention", "disk_low")),
        (400, 3, False, ("attention", "disk_errors")),
        (49, 3, False, ("fault", "disk_full")),
        (9000, 0, True, ("fault", "disk_read_only")),
    ],
)
def test_the_gravest_trouble_of_a_disk_is_told(free, errors, read_only, found):
    disk = machine.Disk(free=free * 10**6, total=30 * GIGABYTE, read_only=read_only, errors=errors)
    assert told(disk=disk)["disk"] == found


@pytest.mark.parametrize(
    ("free", "total", "errors", "found"),
    [
        (200_000_000, 256_000_000, 0, ()),
        (40_000_000, 256_000_000, 0, ("disk_low",)),
        (400_000_000, 30_000_000_000, 2, ("disk_failing", "disk_low")),
    ],
    ids=["small partition", "small and full", "large, failing and full"],
)
def test_people_far_away_are_told_of_a_disk_by_what_it_is_for(free, total, errors, found):
    assert troubles(machine.Disk(free=free, total=total, read_only=False, errors=errors)) == found


@pytest.mark.parametrize(
    ("days", "there", "state", "code"),
    [
        (0, True, "good", "medium_copied"),
        (4, True, "attention", "medium_old"),
        (None, True, "attention", "medium_none"),
        (None, False, "fault", "medium_missing"),
    ],
)
def test_the_copy_on_a_second_medium_has_an_age_and_a_state_of_its_own(days, there, state, code):
    on = None if days is None else NOW.date() - timedelta(days=days)
    copies = (LastCopy(CARD, NOW.date()), LastCopy(Path("/media/stick"), on, there))
    parts = told(copies=copies)
    assert parts["copy"] == ("good", "copy_made")
    assert parts["medium"] == (state, code)
    assert medium_troubles(copies, NOW.date()) == ((code,) if code in ("medium_old", "medium_missing") else ())


def test_clock_queue_and_copy_are_told_as_they_are():
    assert told(replace(FINE, clock=ClockQuality.HOLDOVER))["clock"] == ("good", "clock_holdover")
    assert told(replace(FINE, clock=ClockQuality.UNTRUSTED))["clock"] == ("fault", "clock_untrusted")
    assert told(replace(FINE, waiting=12))["exchange"] == ("good", "exchange_waiting")
    assert told(copies=(LastCopy(CARD, NOW.date() - timedelta(days=3)),))["copy"] == ("good", "copy_made")
    assert told(copies=(LastCopy(CARD, NOW.date() - timedelta(days=4)),))["copy"] == ("attention", "copy_old")
    assert told(copies=(LastCopy(CARD, None),))["copy"] == ("attention", "copy_none")


def test_a_machine_is_read_from_the_files_of_its_system(root):
    found = machine.look(root, root)
    assert found.network == machine.Network(link="eth0", leads_on=True)
    assert (found.versions.model, found.versions.system) == (
        "Raspberry Pi 4 Model B Rev 1.4",
        "Debian GNU/Linux 12 (bookworm)",
    )
    assert found.disk.errors == 0
    assert 0 < found.disk.free <= found.disk.total


def test_a_cable_that_is_pulled_and_a_disk_that_errs_are_seen(root):
    (root / "sys/class/net/eth0/operstate").write_text("down\n")
    (root / "sys/fs/ext4/mmcblk0p2/errors_count").write_text("2\n")
    found = machine.look(root, root)
    assert found.network.link is None
    assert found.disk.errors == 2


def test_wireless_without_a_way_out_leads_nowhere(root):
    (root / "proc/net/route").write_text("Iface\tDestination\n")
    (root / "sys/class/net/eth0/operstate").write_text("down\n")
    (root / "sys/class/net/wlan0/operstate").write_text("up\n")
    assert machine.network(root) == machine.Network(link="wlan0", wireless=True)


def test_a_system_without_any_of_these_files_is_no_error(tmp_path):
    assert machine.network(tmp_path).link is None
    assert machine.versions(tmp_path).model


# ---------------------------------------------------------------- in words


def codes() -> list[str]:
    """Every code that kiosk.health.vitals can answer, as its source has them."""
    source = Path(judged.__file__).read_text()
    found = set(re.findall(r'"((?:reader|door|disk|clock|network|exchange|copy|ledger)_\w+)"', source))
    return sorted(found - {"disk_failing"})  # said to the server alone, which has its own words


FACTS = {
    "name": "PN532", "free": "12500000000", "total": "30000000000", "errors": "1", "link": "eth0", "waiting": "3",
    "on": "2026-05-31", "kiosk": "1.0", "system": "Debian", "model": "Pi 5",
}  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("code", codes())
def test_every_code_is_told_in_words(code, language):
    told_of = part_words(Language(language, "Europe/Paris"), code.split("_")[0], code, FACTS, now=NOW)
    assert told_of.said != code


def test_what_is_wrong_comes_with_what_to_do():
    french = Language("fr", "Europe/Paris")
    assert part_words(french, "disk", "disk_low", FACTS, now=NOW)[1] == "12,5\u00a0Go libres sur 30"
    wrong = [
        code for code in codes() if re.search("(down|silent|low|full|errors|only|failed|untrusted|_old|_open)$", code)
    ]
    assert all(part_words(french, "", code, FACTS, now=NOW).advice for code in wrong)


def test_a_code_of_a_newer_kiosk_is_told_as_it_is():
    assert part_words(Language("fr", "UTC"), "flux", "flux_low", {}, now=NOW) == ("flux", "flux_low", "")
