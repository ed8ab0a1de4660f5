"""The server's settings: where the database is, whose network it serves, and more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

MEGABYTE = 1024 * 1024
STATE_FOLDER = "/var/lib/kiosk-central"
"""Where the server keeps its data, unless its service is given another folder ($STATE_DIRECTORY)."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server's settings; everything has a default that suits one small network."""

    database: str = "central.db"
    """Path of a SQLite file, or the URL of a PostgreSQL database (`postgresql://user@host/name`). A relative path in
    the settings file is in the state folder."""
    database_file: str | None = None
    """A file that holds what `database` would say: for a URL with a password, such as a credential of the service."""
    network: str = "main"
    """Id of the network served. Every table of the server leads with it, so that networks can share a database."""
    host: str = "127.0.0.1"
    """Address to listen on; TLS is the business of a reverse proxy before it."""
    port: int = 8080
    body_bytes: int = 2 * MEGABYTE
    """Largest body of a request as it travels; a full push is about 0.4 MB before it is compressed."""
    unpacked_bytes: int = 8 * MEGABYTE
    """Largest body of a request once decompressed."""
    silent_minutes: float = 2.0
    """A kiosk not heard of for this long counts as silent: three beacons of 36 seconds at most, and a little."""
    alarms_to: tuple[str, ...] = ()
    """E-mail addresses to which alarms are sent."""
    alarms_from: str = "kiosk-central@localhost"
    smtp_host: str = "localhost"
    smtp_port: int = 25
    smtp_tls: Literal["no", "starttls", "tls"] = "no"
    smtp_user: str = ""
    smtp_password_file: str = ""
    """File that holds the password and nothing else."""
    webhook: str = ""
    """Web address to which alarms are posted, as JSON with `title` and `text`."""
    language: Literal["fr", "en"] = "fr"
    """Of these messages."""
    zone: str = "Europe/Paris"
    """Time zone of the times in them."""
    badge_key: str = ""
    """File of the key by which the network's kiosks hide badge numbers; by default beside the SQLite database, or in
    the service's state folder. Without one kiosks keep keys of their own, and know each other's badges only if these
    are set alike."""
    managers_need_codes: bool = True
    """Whether network managers must set up one-time codes before they see anything else."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses of the reverse proxies that are believed when they say where a request comes from."""
    hosts: tuple[str, ...] = ()
    """Names under which the server is called; others are refused. Empty: any."""

    @property
    def badge_key_file(self) -> Path | None:
        """Where the network's badge key is kept."""
        if self.badge_key:
            return Path(self.badge_key)
        if not self.is_postgres:
            return Path(self.database).with_suffix(".badge.key")
        return state_folder() / f"{self.network}.badge.key" if "STATE_DIRECTORY" in os.environ else None

    @property
    def is_postgres(self) -> bool:
        """Whether the database is PostgreSQL."""
        return self.database.startswith(("postgresql:", "postgres:", "postgresql+psycopg:"))


def state_folder() -> Path:
    """The folder of the server's data."""
    folder = os.environ.get("STATE_DIRECTORY", STATE_FOLDER)  # set by systemd; several are separated by colons
    return Path(folder.partition(":")[0])


def in_state_folder(settings: Settings) -> Settings:
    """Settings whose SQLite file is in the state folder, unless its path is absolute."""
    if "://" in settings.database or settings.is_postgres:
        return settings
    return msgspec.structs.replace(settings, database=str(state_folder() / settings.database))


def load(path: Path) -> Settings:
    """Read settings from a TOML file. Raises OSError, or ValueError with a sentence."""
    try:
        settings = msgspec.toml.decode(path.read_bytes(), type=Settings)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    if settings.database_file is None:
        return in_state_folder(settings)
    database = Path(settings.database_file).read_text().strip()
    if not database:
        raise ValueError(f"{settings.database_file} is empty: it should hold the database's path or URL")
    return in_state_folder(msgspec.structs.replace(settings, database=database))
