"""The settings of this machine: reader, pins, screen, paths, read from one TOML file into frozen structs.

What people change (site, hours, products, members) is in the ledger instead: kiosk.settings.site_file and kiosk.desk.
Whether pins and reader path suit the hardware is checked by hardware.pins and hardware.reader, which the caller calls.
kiosk/examples/kiosk.toml documents every setting.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, structs

from kiosk.languages import spoken
from kiosk.settings.mistakes import HIDDEN, Mistake, MistakesError, build, extra, join, read_toml, written

DEFAULT_FILE = Path("/etc/kiosk/kiosk.toml")
EXAMPLE = Path(__file__).parent.parent / "examples" / "kiosk.toml"
KEY_BYTES = 32


class Secret:
    """A text that is masked when printed, logged or shown in an error message."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN


def _absolute(value: object) -> Path:
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError('expected an absolute path, such as "/var/lib/kiosk"')
    return Path(value)


def _key(value: object) -> Secret:
    digits = value if isinstance(value, str) else ""
    if len(digits) != 2 * KEY_BYTES or set(digits) - set(string.hexdigits):
        raise ValueError(f"expected {2 * KEY_BYTES} hexadecimal digits; `openssl rand -hex {KEY_BYTES}` makes some")
    return Secret(digits)


def _between(value: object) -> str:
    text = value.replace(" ", "") if isinstance(value, str) else ""
    found = re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", text)
    if not found or text[:5] == text[6:]:
        raise ValueError('expected two times of day, such as "22:00-07:00"')
    return text


Pin = Annotated[int, Meta(ge=0, le=27, description="a BCM pin number, 0 to 27")]
Text = Annotated[str, Meta(min_length=1, description="a text between quotes")]
Absolute = Annotated[Path, Meta(extra={"read": _absolute}, description="an absolute path")]
Key = Annotated[Secret, Meta(extra={"read": _key, "secret": True}, description="64 hexadecimal digits")]
Seconds = Annotated[float, Meta(ge=0.5, le=60, description="a number of seconds, 0.5 to 60")]
SpringSeconds = Annotated[float, Meta(ge=0, le=30, description="a number of seconds, 0 to 30")]
LongSeconds = Annotated[float, Meta(ge=1, le=3600, description="a number of seconds, 1 to 3600")]
Quiet = Annotated[
    str,
    Meta(extra={"read": _between}, description='two times of day, such as "22:00-07:00"'),
]
Tongue = Annotated[str, Meta(extra={"read": spoken}, description='the code of a language, such as "fr"')]
Minutes = Annotated[float, Meta(ge=0, le=1440, description="a number of minutes, 0 to 1440")]
Pixels = Annotated[
    tuple[Annotated[int, Meta(ge=240, le=7680)], Annotated[int, Meta(ge=240, le=4320)]],
    Meta(description="width and height in pixels, such as [800, 480]"),
]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the file."""


class Reader(Settings, frozen=True):
    """The badge reader."""

    path: Annotated[str, Meta(min_length=1, description='how to reach the reader, such as "tty:S0:pn532"')]


class Door(Settings, frozen=True):
    """Strike, contact and exit button. A pin that is not given is not wired."""

    strike: Pin | None = None
    contact: Pin | None = None
    exit_button: Pin | None = None
    active_high: bool = True
    unlock_seconds: Seconds = 5.0
    held_open_seconds: LongSeconds = 30.0
    spring_seconds: SpringSeconds = 3.0
    """After an expected closing a door may spring back for so long without being reported as forced."""
    force: bool = False
    """Use pins and polarities that hardware.pins advises against."""


class Indicator(Settings, frozen=True):
    """Light and buzzer. A pin that is not given is not wired."""

    red: Pin | None = None
    green: Pin | None = None
    blue: Pin | None = None
    buzzer: Pin | None = None


class Screen(Settings, frozen=True):
    """The display."""

    fullscreen: bool = True
    size: Pixels | None = None
    """None: all of the display, or 800x480 in a window."""
    rotation: Literal[0, 90, 180, 270] = 0
    """Degrees by which the picture is turned clockwise, and touches with it."""
    language: Tongue | None = None
    """None: the site's."""
    reader_side: Literal["left", "right", "top", "bottom"] = "right"
    """Where the reader is, seen from the screen: the picture of the badge points there."""
    dim_minutes: Minutes = 3.0
    dark_minutes: Minutes = 10.0
    """After so long outside hours without a tap or a touch; 0: never."""


class Sounds(Settings, frozen=True):
    """Loudspeaker and buzzer."""

    volume: Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")] = 0.6
    """Of the loudspeaker; 0: none. A buzzer has no volume."""
    quiet: Quiet | None = None
    """Local times between which neither loudspeaker nor buzzer sounds."""

    @property
    def quiet_times(self) -> tuple[time, time] | None:
        """The two times of `quiet`."""
        if self.quiet is None:
            return None
        since, until = self.quiet.split("-")
        return time.fromisoformat(since), time.fromisoformat(until)


class Paths(Settings, frozen=True):
    """Where the kiosk keeps its files."""

    state: Absolute = Path("/var/lib/kiosk")
    socket: Absolute = Path("/run/kiosk/kiosk.sock")
    badge_key: Absolute | None = None
    """The file of the badge key; None: `badge.key` among the state."""
    server_token: Absolute | None = None
    """The file of what the central server gave; None: `server.json` among the state."""

    @property
    def ledger(self) -> Path:
        """The ledger's database."""
        return self.state / "ledger.db"

    @property
    def key_file(self) -> Path:
        """The badge key, made at the first start unless `badges.key` gives one."""
        return self.badge_key or self.state / "badge.key"

    @property
    def backup(self) -> Path:
        """The copies of the ledger."""
        return self.state / "backup"

    @property
    def pairing(self) -> Path:
        """What the central server gave to this kiosk: its token."""
        return self.server_token or self.state / "server.json"


class Badges(Settings, frozen=True):
    """How badge numbers are hidden."""

    key: Key | None = None
    """For kiosks that share members, and so must hide numbers alike; None: the key file."""

    @property
    def given(self) -> str | None:
        """The key in plain text, for kiosk.badges; None if the file has none."""
        return self.key.reveal() if self.key else None


class Server(Settings, frozen=True):
    """The central server of a paired kiosk. Its address is checked in sync.address."""

    url: Text | None = None
    """Its address; None: the one at which the kiosk was paired."""
    plain_http: bool = False
    """Connect without TLS: for a private network."""
    certificates: Absolute | None = None
    """The file of a private authority's certificates; None: the public authorities."""
    every_seconds: LongSeconds = 30.0
    """Between two exchanges, give or take a fifth; an entry is sent at once."""


class Backup(Settings, frozen=True):
    """Copies of the ledger, one each night: in `backup` below the state folder and in the folder set here."""

    folder: Absolute | None = None
    """A folder on a second medium, such as a USB stick; it gets the badge key and the pairing as well. None: none."""


class Config(Settings, frozen=True):
    """All settings of one kiosk."""

    site: Annotated[str, Meta(pattern="^[a-z0-9-]+$", description='the id of the site served here, such as "la-serre"')]
    reader: Reader
    door: Door = Door()
    indicator: Indicator = Indicator()
    screen: Screen = Screen()
    sound: Sounds = Sounds()
    paths: Paths = Paths()
    badges: Badges = Badges()
    server: Server = Server()
    backup: Backup = Backup()

    def pins(self) -> dict[str, int | None]:
        """Return all pins by their settings path (`door.strike`), for hardware.pins.check_pins."""
        door = {name: getattr(self.door, name) for name in ("strike", "contact", "exit_button")}
        wired = {"door": door, "indicator": structs.asdict(self.indicator)}
        return {f"{table}.{name}": pin for table, pins in wired.items() for name, pin in pins.items()}


def config_file(given: str | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file to read: the one given, else the one in KIOSK_CONFIG, else /etc/kiosk/kiosk.toml."""
    return Path(given or environment.get("KIOSK_CONFIG") or DEFAULT_FILE)


def demo_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of `kiosk demo`: its data and `kiosk.toml`, by which other commands find it."""
    return Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "kiosk-demo"


def load(path: Path) -> Config:
    """Read the settings from a file. Raises MistakesError with everything that is wrong."""
    found: list[Mistake] = []
    config = build(Config, read_toml(path, example=EXAMPLE), found=found)
    if config is None:
        raise MistakesError(str(path), found)
    return config


def resolved(config: Config) -> str:
    """Return all settings in use as TOML, defaults included and secrets masked. Pins not wired are comments."""
    return "\n".join(_lines(config, "")) + "\n"


def _lines(settings: Settings, path: str) -> Iterator[str]:
    tables = []
    for field in structs.fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, Settings):
            tables.append((join(path, field.name), value))
        elif value is None:
            yield f"# {field.name} is not set"
        else:
            yield f"{field.name} = {written(HIDDEN if extra(field.type, 'secret') else value)}"
    for name, table in tables:
        yield f"\n[{name}]"
        yield from _lines(table, name)
