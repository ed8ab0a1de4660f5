"""A kiosk joins a network: `kiosk pair`, with and without a running kiosk, and what is stored."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

from kiosk.cli import kiosk
from kiosk.demo.bench import Bench
from kiosk.demo.server import DemoServer
from kiosk.facts import ProductSet, SiteSet
from kiosk.ledger import open_ledger, open_reader
from kiosk.model import Granted
from kiosk.settings.config import Config, load, resolved
from sync import pairing
from sync.client import Client
from sync.pairing import Pairing, PairingError
from sync.transport import HttpTransport
from tests.office.kiosks.running import RunningKiosk
from tests.office.kiosks.stepped import CARNET, KEY, SERRES
from tests.office.network.linked import LiveServer
from tests.sync.test_worker import until


@pytest.fixture
def hub(tmp_path):
    with LiveServer(tmp_path / "hub") as hub:
        hub.central.books.append(SiteSet(site=SERRES), ProductSet(product=CARNET), by="host")
        yield hub


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The settings of a machine on which nothing has run yet."""
    file = tmp_path / "kiosk.toml"
    file.write_text(
        f'site = "la-serre"\n[reader]\npath = "tty:S0:pn532"\n[paths]\nstate = "{tmp_path}/state"\n'
        f'socket = "{tmp_path}/none.sock"\n[badges]\nkey = "{KEY.hex()}"\n'
    )
    return file


def types(settings: Path, *words: str) -> Result:
    return CliRunner().invoke(kiosk, words, env={"KIOSK_CONFIG": str(settings)}, prog_name="kiosk")


def is_refused(settings: Path, *words: str) -> str:
    result = types(settings, *words)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    return result.stderr


# ---------------------------------------------------------------- without a kiosk that runs


def test_a_new_machine_is_paired_by_a_code_and_keeps_its_token_to_itself(tmp_path, hub, settings):
    result = types(settings, "pair", hub.url, hub.code())
    assert result.exit_code == 0, result.output
    assert f"paired with {hub.url}" in result.output
    file = tmp_path / "state" / "server.json"
    kept = pairing.read(file)
    assert kept is not None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept.token not in result.output + repr(kept)
    [one] = hub.central.kiosks.listed()
    assert hub.central.kiosks.by_token(kept.token) == one
    with open_ledger(tmp_path / "state" / "ledger.db", stamp=lambda: pytest.fail("nothing is written")) as ledger:
        assert one.ledger_id == ledger.ledger_id


@pytest.mark.parametrize(
    "write", [str.lower, lambda code: f"{code[:4]}-{code[4:]}", lambda code: f" {code[:4]} {code[4:]}"]
)
def test_a_code_may_be_typed_as_people_do(hub, settings, write):
    assert types(settings, "pair", hub.url, write(hub.code())).exit_code == 0


def test_a_wrong_code_is_refused_in_a_sentence_and_nothing_is_kept(tmp_path, hub, settings):
    assert "the code is wrong" in is_refused(settings, "pair", hub.url, "ABCDEFGH")
    assert not (tmp_path / "state" / "server.json").exists()


def test_a_code_is_good_for_one_kiosk(hub, settings):
    code = hub.code()
    assert types(settings, "pair", hub.url, code).exit_code == 0
    assert "the code is wrong" in is_refused(settings, "pair", hub.url, code)


def test_an_address_without_tls_is_refused_before_anything_is_sent(settings):
    assert "use https://" in is_refused(settings, "pair", "http://kiosks.example.org", "ABCDEFGH")


def test_a_server_that_is_not_there_is_told(settings):
    assert "does not answer" in is_refused(settings, "pair", "http://127.0.0.1:9", "ABCDEFGH")


def test_a_site_that_the_server_does_not_expect_is_told(hub, settings):
    code = hub.central.kiosks.new_code(name="door", site_id="la-ruche")
    assert '"la-ruche"' in types(settings, "pair", hub.url, code).output


def test_the_check_of_the_settings_tells_of_an_address_that_will_not_do(settings):
    settings.write_text(settings.read_text() + '[server]\nurl = "http://kiosks.example.org"\n')
    assert "server.url" in is_refused(settings, "check")
    settings.write_text(settings.read_text() + "plain_http = true\n")
    assert "server.url" not in types(settings, "check").output


# ---------------------------------------------------------------- the file


def test_pairing_anew_replaces_what_was_kept(tmp_path):
    file = tmp_path / "server.json"
    for token in ("one", "two"):
        pairing.keep(file, Pairing(url="https://a.example.org", token=token))
    assert pairing.read(file) == Pairing(url="https://a.example.org", token="two")
    assert [one.name for one in tmp_path.iterdir()] == ["server.json"]


def test_a_kiosk_that_was_never_paired_has_nothing(tmp_path):
    assert pairing.read(tmp_path / "server.json") is None


def test_a_damaged_file_says_what_to_do(tmp_path):
    (tmp_path / "server.json").write_bytes(b'{"url": "https')
    with pytest.raises(PairingError, match="kiosk pair"):
        pairing.read(tmp_path / "server.json")


# ---------------------------------------------------------------- with a kiosk that runs


def on_a_bench(folder: Path, config: Config) -> Path:
    """Settings by which commands find the kiosk of a bench."""
    file = folder / "kiosk.toml"
    file.write_text(resolved(config))
    return file


def test_a_running_kiosk_is_paired_through_its_socket_and_begins_to_send(tmp_path, hub):
    folder = tmp_path / "kiosk"
    folder.mkdir()
    with RunningKiosk(folder) as running:
        file = on_a_bench(running.folder, running.bench.config((480, 320)))
        assert load(file).paths.socket == running.socket
        assert types(file, "pair", hub.url, hub.code("bench")).exit_code == 0
        until(lambda: acknowledged(folder) > 0, hub)
        known = acknowledged(folder)
        running.tap("camille")
        until(lambda: acknowledged(folder) > known, hub)
        assert [worker.name for worker in running.kiosk.workers][-2:] == ["sync", "listener"]
    assert not running.main.is_alive()


def acknowledged(folder: Path) -> int:
    """The last entry that the server told the kiosk it has."""
    with open_reader(folder / "ledger.db") as ledger:
        return ledger.sent


def test_a_kiosk_with_a_damaged_pairing_serves_its_door_all_the_same(tmp_path):
    (tmp_path / "server.json").write_bytes(b"\0" * 40)
    with RunningKiosk(tmp_path) as running:
        assert isinstance(running.tap("camille"), Granted)
        assert "sync" not in [worker.name for worker in running.kiosk.workers]


def test_a_machine_that_was_set_up_anew_gets_its_roster_and_lets_people_in(tmp_path, hub, settings):
    first = hub.pairs(tmp_path / "first")
    uid = first.counter.joins("ana")
    first.settle()
    first.close()
    assert types(settings, "pair", hub.url, hub.code()).exit_code == 0
    config = load(settings)
    kept = pairing.read(config.paths.pairing)
    assert kept is not None
    again = hub.again(config.paths.state, token=kept.token)
    again.settle()
    assert again.counter.ledger.roster.site("la-serre") == SERRES
    assert isinstance(again.counter.tap(uid), Granted)
    again.close()


# ---------------------------------------------------------------- the demo


def test_the_server_of_the_demo_knows_its_kiosk_from_the_first_start_on(tmp_path):
    with Bench(tmp_path) as bench:
        config = bench.config((480, 320))
        bench.prepare(config)
        tokens = []
        for _ in range(2):
            with DemoServer(tmp_path, bench.clock.now) as beside:
                paired = beside.pair(config)
                assert paired.server.url == beside.url
                kept = pairing.read(config.paths.pairing)
                assert kept is not None
                tokens.append(kept.token)
                line = HttpTransport(beside.url)
                assert Client(line, token=kept.token).feed()[0].cursor
                line.close()
                answer = requests.get(beside.url + "/sign-in", timeout=10)
                assert answer.status_code == 200
        assert tokens[0] == tokens[1]
