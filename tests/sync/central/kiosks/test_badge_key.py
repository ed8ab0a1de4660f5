"""All kiosks of a network hide badge numbers with one key: each receives it when it is paired, and nobody else does."""

from __future__ import annotations

import logging
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.badges import badge_id
from kiosk.facts import BadgeSet, MemberSet, ProductSet, SiteSet
from kiosk.ledger import open_ledger, open_reader
from kiosk.model import Badge, Granted, Member
from kiosk.settings.config import Config, load, resolved
from sync.central.kiosks.badge_key import BadgeKeyError
from sync.central.kiosks.pairing import Paired
from sync.central.server import Central
from sync.central.settings import Settings
from sync.wire import Enroll, Enrolled, cursor_position
from tests.office.kiosks.running import RunningKiosk
from tests.office.kiosks.stepped import CARNET, SERRES
from tests.office.ledgers.small_house import StampClock
from tests.office.network.linked import LiveServer
from tests.office.servers.server import NOON, serving
from tests.sync.test_news import until
from tests.sync.test_pairing import is_refused, on_a_bench, types

OWN, OTHER = bytes(range(32)), bytes(range(1, 33))
UID = bytes.fromhex("04a23b12c05e80")


def joins(central: Central, ledger_id: str, **told: object) -> bytes | None:
    """A kiosk shows a code; the key that it is given."""
    words = {"code": central.kiosks.new_code(name="door"), "ledger_id": ledger_id} | told
    paired = central.kiosks.enroll(msgspec.convert(words, Enroll))
    assert isinstance(paired, Paired)
    return paired.badge_key


# ---------------------------------------------------------------- which key it is


def test_kiosks_without_badges_are_given_one_key_for_all(tmp_path, database: str) -> None:
    file = tmp_path / "network.key"
    with serving(database, badge_key=str(file)) as central:
        key = joins(central, "a", badges=0)
        assert joins(central, "b", badges=0) == key == file.read_bytes()
        assert len(key or b"") == 32
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with serving(database, badge_key=str(file)) as central:
        assert joins(central, "c", badges=0) == key


def test_the_first_kiosk_with_badges_brings_its_key_for_all(tmp_path, database: str) -> None:
    with serving(database, badge_key=str(tmp_path / "key")) as central:
        assert joins(central, "a", badges=7, badge_key=OWN) == OWN
        assert joins(central, "b", badges=0) == OWN
        assert joins(central, "c", badges=3, badge_key=OWN) == OWN


def test_a_kiosk_whose_badges_are_hidden_otherwise_is_refused_and_its_code_stays_good(tmp_path, database: str) -> None:
    with serving(database, badge_key=str(tmp_path / "key")) as central:
        joins(central, "a", badges=7, badge_key=OWN)
        code = central.kiosks.new_code(name="door")
        with pytest.raises(BadgeKeyError, match="begin with an empty ledger"):
            central.kiosks.enroll(Enroll(code=code, ledger_id="b", badges=1, badge_key=OTHER))
        assert len(central.kiosks.listed()) == 1
        assert isinstance(central.kiosks.enroll(Enroll(code=code, ledger_id="c", badges=0)), Paired)


def test_a_kiosk_of_an_earlier_release_is_given_none_and_joins_all_the_same(tmp_path, database: str) -> None:
    with serving(database, badge_key=str(tmp_path / "key")) as central:
        assert joins(central, "a") is None
        assert joins(central, "b", badges=2, badge_key=OWN) == OWN


def test_a_key_that_the_server_lost_is_brought_back_by_a_kiosk_that_has_it_and_by_no_other(tmp_path, database) -> None:
    file = tmp_path / "key"
    with serving(database, badge_key=str(file)) as central:
        joins(central, "a", badges=2, badge_key=OWN)
        file.unlink()
        for told in ({"badges": 0}, {"badges": 2, "badge_key": OTHER}):
            with pytest.raises(BadgeKeyError, match="has lost its badge key"):
                joins(central, "b", **told)
        assert joins(central, "c", badges=2, badge_key=OWN) == OWN == file.read_bytes()


@pytest.mark.parametrize("damage", [OTHER, b"short"])
def test_a_file_that_is_not_the_networks_key_is_told_and_never_handed_over(tmp_path, database: str, damage) -> None:
    file = tmp_path / "key"
    with serving(database, badge_key=str(file)) as central:
        joins(central, "a", badges=2, badge_key=OWN)
        file.write_bytes(damage)
        with pytest.raises(BadgeKeyError, match="restore your copy"):
            joins(central, "b", badges=0)


def test_on_sqlite_the_key_is_beside_the_database_and_elsewhere_in_the_state_of_the_service(monkeypatch) -> None:
    assert Settings(database="/x/central.db").badge_key_file == Path("/x/central.badge.key")
    assert Settings(database="postgresql:///x").badge_key_file is None
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/kiosk-central")
    assert Settings(database="postgresql:///x").badge_key_file == Path("/var/lib/kiosk-central/main.badge.key")
    assert Settings(database="postgresql:///x", badge_key="/k").badge_key_file == Path("/k")


# ---------------------------------------------------------------- a kiosk that joins


@pytest.fixture
def hub(tmp_path):
    with LiveServer(tmp_path / "hub") as hub:
        hub.central.books.append(SiteSet(site=SERRES), ProductSet(product=CARNET), by="host")
        yield hub


def machine(folder: Path, name: str) -> Path:
    """The settings of a machine on which nothing has run yet; no key stands in them."""
    state = folder / name
    state.mkdir()
    file = state / "kiosk.toml"
    file.write_text(
        f'site = "la-serre"\n[reader]\npath = "tty:S0:pn532"\n'
        f'[paths]\nstate = "{state}"\nsocket = "{state}/none.sock"\n'
    )
    return file


def config_of(machine: Path) -> Config:
    return load(machine)


def carries(machine: Path, name: str, key: bytes) -> None:
    """Somebody carries a badge at this machine, hidden with this key."""
    config = config_of(machine)
    config.paths.key_file.write_bytes(key)
    with open_ledger(config.paths.ledger, stamp=StampClock()) as ledger:
        badge = Badge(id=badge_id(UID, key), member_id=name)
        ledger.append(MemberSet(member=Member(id=name, name=name)), BadgeSet(badge=badge))


def test_two_new_machines_hide_a_number_alike(tmp_path, hub) -> None:
    one, two = machine(tmp_path, "one"), machine(tmp_path, "two")
    for each in (one, two):
        result = types(each, "pair", hub.url, hub.code(each.parent.name))
        assert result.exit_code == 0, result.output
        assert "with their key" not in result.output
    keys = {config_of(each).paths.key_file.read_bytes() for each in (one, two)}
    assert len(keys) == 1
    assert stat.S_IMODE(config_of(two).paths.key_file.stat().st_mode) == 0o600


def test_a_machine_with_badges_brings_its_key_and_one_with_others_stays_outside(tmp_path, hub) -> None:
    one, two, three = machine(tmp_path, "one"), machine(tmp_path, "two"), machine(tmp_path, "three")
    carries(one, "ana", OWN)
    carries(two, "ben", OTHER)
    assert types(one, "pair", hub.url, hub.code()).exit_code == 0
    assert "begin with an empty ledger" in is_refused(two, "pair", hub.url, hub.code())
    assert not config_of(two).paths.pairing.exists()
    assert config_of(two).paths.key_file.read_bytes() == OTHER
    assert types(three, "pair", hub.url, hub.code()).exit_code == 0
    assert config_of(three).paths.key_file.read_bytes() == OWN


def test_settings_that_say_another_key_are_refused_and_those_that_say_the_same_are_kept(tmp_path, hub) -> None:
    one, two, three = machine(tmp_path, "one"), machine(tmp_path, "two"), machine(tmp_path, "three")
    carries(one, "ana", OWN)
    two.write_text(two.read_text() + f'[badges]\nkey = "{OTHER.hex()}"\n')
    three.write_text(three.read_text() + f'[badges]\nkey = "{OWN.hex()}"\n')
    assert types(one, "pair", hub.url, hub.code()).exit_code == 0
    assert "remove [badges] key from its settings" in is_refused(two, "pair", hub.url, hub.code())
    assert types(three, "pair", hub.url, hub.code()).exit_code == 0
    assert not config_of(three).paths.key_file.exists()


def test_the_key_is_in_its_two_files_and_nowhere_else(tmp_path, hub, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    one, two = machine(tmp_path, "one"), machine(tmp_path, "two")
    carries(one, "ana", OWN)
    said = [types(each, "pair", hub.url, hub.code()).output for each in (one, two)]
    with_it = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file() and holds(file)}
    assert with_it == {"one/badge.key", "two/badge.key", "hub/central.badge.key"}
    told = "".join(said) + caplog.text + resolved(config_of(one))
    told += repr(Enroll(code="x", ledger_id="y", badge_key=OWN)) + repr(Enrolled(**enrolled()))
    assert not any(spelt in told.encode() for spelt in spellings())


def enrolled() -> dict[str, Any]:
    return {"token": "t", "kiosk_id": "k", "site_id": None, "now": NOON, "badge_key": OWN}


def spellings() -> tuple[bytes, ...]:
    return OWN, OWN.hex().encode(), msgspec.json.encode(OWN).strip(b'"'), repr(OWN).encode()


def holds(file: Path) -> bool:
    content = file.read_bytes()
    return any(spelt in content for spelt in spellings())


def test_a_scan_would_find_the_key_where_it_does_not_belong(tmp_path) -> None:
    (tmp_path / "log").write_bytes(b"enrolled with " + msgspec.json.encode(Enrolled(**enrolled())))
    assert holds(tmp_path / "log")


def test_a_kiosk_that_runs_takes_the_key_and_knows_a_badge_of_elsewhere_at_once(tmp_path, hub) -> None:
    """A machine that was set up anew: nothing on it yet, and the members' badges are known in a moment."""
    folder, other = tmp_path / "anew", machine(tmp_path, "other")
    folder.mkdir()
    carries(other, "ana", OWN)
    assert types(other, "pair", hub.url, hub.code()).exit_code == 0
    with RunningKiosk(folder, is_blank=True) as running:
        camille = running.bench.cards["camille"].uid
        badge = Badge(id=badge_id(camille, OWN), member_id="ana")
        hub.central.books.append(
            MemberSet(member=Member(id="ana", name="Ana", role="staff")), BadgeSet(badge=badge), by="host"
        )
        file = on_a_bench(folder, running.bench.config((480, 320)))
        assert types(file, "pair", hub.url, hub.code("anew")).exit_code == 0
        end = hub.central.feed.last_position()
        until(lambda: seen(folder) >= end)
        assert isinstance(running.tap("camille"), Granted)


def seen(folder: Path) -> int:
    """How far the kiosk knows the server's feed."""
    with open_reader(folder / "ledger.db") as ledger:
        return cursor_position(ledger.cursor or "") or 0


# ---------------------------------------------------------------- what a kiosk tells of its server


def test_the_status_tells_what_waits_and_when_the_server_was_last_heard(tmp_path, hub) -> None:
    folder = tmp_path / "kiosk"
    folder.mkdir()
    with RunningKiosk(folder) as running:
        file = on_a_bench(folder, running.bench.config((480, 320)))
        assert "not paired" in types(file, "status").stdout
        assert types(file, "pair", hub.url, hub.code("bench")).exit_code == 0
        until(lambda: link_of(file)["heard_seconds_ago"] is not None)
        link = link_of(file)
        assert (link["url"], link["waiting"], link["trouble"]) == (hub.url, 0, "")
        assert link["sent"] > 0
        assert (link["seen"], link["heard_seconds_ago"]) > (0, -1)
        hub.stop()
        running.tap("camille")
        until(lambda: "does not answer" in types(file, "status").stdout)
        assert "waiting" in types(file, "status").stdout
        hub.start()
    told = types(file, "status").stdout  # the same without a kiosk that runs, from its files
    assert "not running" in told
    assert hub.url in told


def link_of(file: Path) -> dict[str, Any]:
    """What `kiosk status --json` says of the server."""
    told: dict[str, Any] = msgspec.json.decode(types(file, "status", "--json").stdout)["server"]
    return told
