"""The machine's settings: kiosk.settings.config, and kiosk.settings.mistakes that reads them."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import pytest

from kiosk.settings.config import EXAMPLE, Config, Settings, config_file, demo_folder, load, resolved
from kiosk.settings.mistakes import MistakesError

SMALL = 'site = "la-serre"\n[reader]\npath = "tty:S0:pn532"\n'
KEY = "ab" * 32


def mistakes(tmp_path: Path, text: str) -> str:
    with pytest.raises(MistakesError) as error:
        load(written(tmp_path, text))
    return str(error.value)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "kiosk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_site_and_a_reader_are_all_a_kiosk_needs(tmp_path):
    config = load(written(tmp_path, SMALL))
    assert config.site == "la-serre"
    assert config.door.strike is None
    assert config.paths.state == Path("/var/lib/kiosk")
    assert config.paths.socket == Path("/run/kiosk/kiosk.sock")
    assert config.paths.key_file == Path("/var/lib/kiosk/badge.key")


def test_the_example_is_valid_and_documents_every_setting():
    config = load(EXAMPLE)
    first, *parts = EXAMPLE.read_text(encoding="utf-8").split("\n[")
    shown = {"": first} | {part.split("]")[0]: part for part in parts}
    for name in Config.__struct_fields__:
        table = getattr(config, name)
        keys = table.__struct_fields__ if isinstance(table, Settings) else (name,)
        where = name if isinstance(table, Settings) else ""
        for key in keys:
            assert re.search(rf"^#?{key} = ", shown[where], re.MULTILINE), f"{where}.{key} is not documented"


def test_the_settings_that_the_example_comments_out_are_the_defaults(tmp_path):
    text = re.sub(r"^#(?!key)(\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    shown, default = load(written(tmp_path, text)), load(EXAMPLE)
    assert shown.door == default.door
    assert shown.paths.key_file == default.paths.key_file
    assert shown.paths.socket == default.paths.socket
    assert shown.screen.fullscreen == default.screen.fullscreen


def test_all_mistakes_are_told_at_once(tmp_path):
    told = mistakes(
        tmp_path,
        """
        [reader]
        pth = "tty:S0:pn532"
        [door]
        strike = 99
        unlock_seconds = "five"
        active_high = 1
        [screen]
        reader_side = "lft"
        [paths]
        state = "var/lib"
        """,
    )
    assert "8 mistakes" in told
    for path in ("site", "reader.pth", "reader.path", "door.strike", "door.unlock_seconds", "door.active_high"):
        assert re.search(rf"^  {re.escape(path)}\b", told, re.MULTILINE), path


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("[door]\nstrik = 17", 'door.strik = 17\n      is not a setting of [door]; did you mean "strike"?'),
        ("[dor]\nstrike = 17", 'dor = {strike = 17}\n      is not a setting of this file; did you mean "door"?'),
        ("[door]\nstrike = true", "door.strike = true\n      expected a BCM pin number, 0 to 27"),
        ("[door]\nunlock_seconds = 0", "door.unlock_seconds = 0\n      expected a number of seconds, 0.5 to 60"),
        ('[screen]\nreader_side = "rigth"', 'did you mean "right"?'),
        ('[screen]\nlanguage = "de"', 'expected one of "en", "fr"'),
        ("[screen]\nsize = [800]", "expected width and height in pixels, such as [800, 480]"),
        ('[paths]\nsocket = "kiosk.sock"', 'expected an absolute path, such as "/var/lib/kiosk"'),
        ("[door]\nzzz = 1", "it knows strike, contact, exit_button"),
    ],
)
def test_a_mistake_says_where_what_and_what_instead(tmp_path, setting, told):
    assert told in mistakes(tmp_path, f"{SMALL}\n{setting}\n")


def test_a_table_written_as_a_value_is_told(tmp_path):
    assert "door = 17\n      expected a table: write [door]" in mistakes(tmp_path, f"door = 17\n{SMALL}")


def test_a_slip_of_toml_shows_the_line_and_the_column(tmp_path):
    told = mistakes(tmp_path, 'site = "la-serre"\n[reader]\npath = tty\n')
    assert "line 3, column 8" in told
    assert "path = tty\n             ^" in told


def test_a_file_that_is_missing_a_folder_or_not_utf8_is_said_in_a_sentence(tmp_path):
    latin = tmp_path / "latin.toml"
    latin.write_bytes("site = 'a'\n# é\n".encode("latin-1"))
    for path, told in (
        (tmp_path / "none.toml", "there is no such file"),
        (tmp_path, "cannot be read: Is a directory"),
        (latin, "line 2 is not in UTF-8"),
    ):
        with pytest.raises(MistakesError, match=told):
            load(path)


def test_an_editors_mark_before_the_text_does_no_harm(tmp_path):
    path = tmp_path / "kiosk.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load(path).site == "la-serre"


def test_the_resolved_settings_read_back_as_the_same_settings(tmp_path):
    config = load(EXAMPLE)
    assert load(written(tmp_path, resolved(config))) == config


def test_a_secret_is_never_shown(tmp_path):
    config = load(written(tmp_path, f'{SMALL}[badges]\nkey = "{KEY}"\n'))
    assert config.badges.key is not None
    assert config.badges.key.reveal() == KEY
    for shown in (resolved(config), repr(config), str(config.badges.key), f"{config}"):
        assert KEY not in shown
        assert "********" in shown


@pytest.mark.parametrize(
    "line", [f'key = "{KEY}0"', f'ky = "{KEY}"', f"key = {KEY}", f"key = '{KEY}", f'key = ["{KEY}"]', f'key = "{KEY}']
)
def test_a_mistaken_secret_is_not_shown_either(tmp_path, line):
    told = mistakes(tmp_path, f"{SMALL}[badges]\n{line}\n")
    assert KEY[:32] not in told


def test_the_settings_file_is_the_one_given_then_the_environments_then_the_systems():
    assert config_file("/a", {"KIOSK_CONFIG": "/b"}) == Path("/a")
    assert config_file(None, {"KIOSK_CONFIG": "/b"}) == Path("/b")
    assert config_file(None, {}) == Path("/etc/kiosk/kiosk.toml")


def test_the_demo_keeps_its_things_where_programs_keep_their_state():
    assert demo_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/kiosk-demo")
    assert demo_folder({}) == Path.home() / ".local/state/kiosk-demo"


def test_every_pin_is_known_by_its_settings_path():
    config = load(EXAMPLE)
    assert config.pins() == {
        "door.strike": 17,
        "door.contact": 27,
        "door.exit_button": 22,
        "indicator.red": 23,
        "indicator.green": 24,
        "indicator.blue": 25,
        "indicator.buzzer": 16,
    }


def test_key_and_token_may_lie_elsewhere_than_the_data(tmp_path):
    config = load(
        written(
            tmp_path,
            """
            site = "la-serre"
            [reader]
            path = "tty:S0:pn532"
            [paths]
            badge_key = "/run/credentials/kiosk.service/badge.key"
            server_token = "/run/credentials/kiosk.service/server.json"
            """,
        )
    )
    assert config.paths.key_file == Path("/run/credentials/kiosk.service/badge.key")
    assert config.paths.pairing == Path("/run/credentials/kiosk.service/server.json")


def test_quiet_hours_are_two_times_of_day(tmp_path):
    config = load(written(tmp_path, SMALL + '[sound]\nquiet = "22:00 - 07:30"\n'))
    assert config.sound.quiet_times == (time(22), time(7, 30))
    for wrong in ("22:00", "22:00-22:00", "25:00-07:00", "night"):
        told = mistakes(tmp_path, SMALL + f'[sound]\nquiet = "{wrong}"\n')
        assert 'expected two times of day, such as "22:00-07:00"' in told
