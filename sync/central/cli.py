"""The command line `kiosk-central`: runs the server, and administers kiosks, accounts and copies."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from kiosk.files import drop_root
from kiosk.threads.control_socket import ControlServer
from sync.central import orders
from sync.central.accounts.staff import Role
from sync.central.orders import AnyOrder
from sync.central.server import Central
from sync.central.settings import Settings, in_state_folder, load

F = TypeVar("F", bound=Callable[..., Any])
CONFIG = Path("/etc/kiosk/central.toml")
VARIABLE = "KIOSK_CENTRAL_CONFIG"
ROLES = click.Choice([role.value for role in Role])

ASKS_FOR_HELP = "kiosk.asks_for_help"


class Group(click.Group):
    """A command group that prints expected errors as one sentence and exits with 1, without a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note whether only help was asked for, which needs no settings."""
        ctx.meta[ASKS_FOR_HELP] = bool({"-h", "--help"} & set(args))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; print an expected error as a sentence."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, click.ClickException):
            raise
        except OSError as error:
            named = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
            raise click.ClickException(named) from error
        except ValueError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config", metavar="FILE", type=click.Path(path_type=Path), help=f"Settings.  [default: ${VARIABLE}, or {CONFIG}]"
)
@click.option("--database", metavar="PATH|URL", help="A SQLite file, or a postgresql:// URL.")
@click.version_option(package_name="kiosk")
@click.pass_context
def central(context: click.Context, config: Path | None, database: str | None) -> None:
    """The central server of a network of kiosks."""
    if not context.meta.get(ASKS_FOR_HELP):
        context.obj = _settings(config, database)


def _settings(config: Path | None, database: str | None) -> Settings:
    told = config or (Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None)
    settings = load(told or CONFIG) if told or CONFIG.exists() else in_state_folder(Settings())
    settings = replace(settings, database=database) if database else settings
    if "://" in settings.database and not settings.is_postgres:
        where = "--database" if database else settings.database_file or told or CONFIG
        kind = settings.database.partition("://")[0]
        raise click.ClickException(
            f'{where}: "{kind}://" is no database that the server knows: give the path of a SQLite file, such as '
            "central.db, or a URL like postgresql://user@host/name"
        )
    folder = Path(settings.database).parent
    if not settings.is_postgres and not folder.is_dir():
        raise click.ClickException(f"there is no folder {folder} for the database: make it, or say --database")
    return settings


def _drop_root(settings: Settings) -> None:
    """When run by root, become the owner of the server's data, so that new files belong to the service."""
    if not settings.is_postgres:
        drop_root(Path(settings.database).parent)


def main() -> None:
    """Run the command line."""
    central(prog_name="kiosk-central")


def _do(settings: Settings, order: AnyOrder) -> None:
    _drop_root(settings)
    for line in orders.carry_out(settings, order):
        click.echo(line)


# ---------------------------------------------------------------- the server


@central.command()
@click.option("--host", help="Address to listen on, instead of the settings'.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of the settings'.")
@click.pass_obj
def run(settings: Settings, host: str | None, port: int | None) -> None:
    """Run the server.

    It speaks plain HTTP: put a reverse proxy with TLS in front of it.
    """
    # What serves takes half a second to load, and no other command needs it.
    from sync.central import logs, pages
    from sync.central.http.app import create_app
    from sync.central.http.serving import Server

    _drop_root(settings)
    logs.write_json()
    # uvicorn shuts down at a signal, and then lets it take its usual effect: this one, so that we clean up as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app = create_app(settings, routes=[pages.router()])
    with _listening(app.state.central):
        where = {"host": host or settings.host, "port": port or settings.port}
        server = Server(app, **where, forwarded_allow_ips=list(settings.proxies))
        with suppress(KeyboardInterrupt):
            server.run()
    if not server.started or app.state.central.roster_thread.is_dead:
        sys.exit(1)  # the log says why: its port is in use, or a thread of it has ended


@contextmanager
def _listening(server: Central) -> Iterator[None]:
    """Accept orders on a socket while the server runs; PostgreSQL needs none."""
    if server.settings.is_postgres:
        yield
        return
    control = ControlServer(orders.socket_of(server.settings), partial(orders.answered, server), group="kiosk-central")
    stop = threading.Event()
    thread = threading.Thread(target=control.run, args=(stop, lambda: None), name="orders", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        control.close()


@central.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Create or upgrade the database.

    `run` does the same when it starts.
    """
    _drop_root(settings)
    server = Central(settings)
    server.books.fold()
    click.echo(f"The database of network {settings.network} is ready; its feed ends at {server.feed.last_position()}.")
    server.close()


@central.command()
@click.argument("to", type=click.Path(path_type=Path), metavar="FILE")
@click.pass_obj
def backup(settings: Settings, to: Path) -> None:
    """Copy the database to FILE while the server runs."""
    from sync.central.storage import backups

    click.echo(backups.copy(settings, to))


@central.command()
@click.option("--today", default="", metavar="DATE", help="Confirm the date, where the server's clock is not sure.")
@click.pass_obj
def retention(settings: Settings, *, today: str) -> None:
    """Erase old personal data now.

    Visits are erased after three months, customers after three years. The running server does this every day, once its
    time service and a kiosk, or two kiosks, agree with its clock.
    """
    _do(settings, orders.Forget(today=today))


@central.command()
@click.confirmation_option(prompt="All kiosks will fetch the roster anew. Go on?")
@click.pass_obj
def restored(settings: Settings) -> None:
    """Tell the server that its database was restored.

    Needed only for a copy that was not made by `backup`. All kiosks then fetch a new snapshot.
    """
    _do(settings, orders.Restored())


# ---------------------------------------------------------------- kiosks


@central.group()
def kiosk() -> None:
    """List, pair and revoke kiosks."""


def _page_option(function: F) -> F:
    return click.option("--page", type=click.IntRange(1), default=1, help=f"Of {orders.PAGE_LINES} lines.")(function)


@kiosk.command("list")
@_page_option
@click.pass_obj
def list_kiosks(settings: Settings, *, page: int) -> None:
    """List the kiosks with their health."""
    _do(settings, orders.ListKiosks(page=page))


@kiosk.command()
@click.argument("name")
@click.option("--site", metavar="ID", help="The site at whose door it is.")
@click.pass_obj
def pair(settings: Settings, name: str, site: str | None) -> None:
    """Print a pairing code for a new kiosk called NAME."""
    _do(settings, orders.MakeCode(name=name, site_id=site))


@kiosk.command()
@click.argument("name")
@click.pass_obj
def revoke(settings: Settings, name: str) -> None:
    """Revoke a kiosk.

    NAME is its name or id. The server accepts nothing from it any more.
    """
    _do(settings, orders.Revoke(kiosk=name))


# ---------------------------------------------------------------- accounts


@central.group()
def account() -> None:
    """List, add and change the accounts of the web pages."""


def _password_option(function: F) -> F:
    return click.option(
        "--password",
        prompt=True,
        hide_input=True,
        confirmation_prompt=True,
        envvar="KIOSK_CENTRAL_PASSWORD",
        help="Asked for when it is not given: on a command line others may see it.",
    )(function)


def _role_options(function: F) -> F:
    role = click.option("--role", type=ROLES, default=Role.HOST.value, show_default=True)(function)
    return click.option("--site", metavar="ID", help="The site of a host, by its id.")(role)


@account.command("list")
@_page_option
@click.pass_obj
def list_accounts(settings: Settings, *, page: int) -> None:
    """List the accounts."""
    _do(settings, orders.ListAccounts(page=page))


@account.command()
@click.argument("name")
@_role_options
@_password_option
@click.pass_obj
def add(settings: Settings, *, name: str, role: str, site: str | None, password: str) -> None:
    """Add an account called NAME."""
    _do(settings, orders.AddAccount(name=name, password=password, role=Role(role), site_id=site))


@account.command()
@click.argument("name")
@click.option("--forget-codes", is_flag=True, help="Also forget the one-time codes, for a lost phone.")
@_password_option
@click.pass_obj
def password(settings: Settings, *, name: str, forget_codes: bool, password: str) -> None:
    """Change the password of NAME; ends all sessions."""
    _do(settings, orders.SetPassword(name=name, password=password, forget_totp=forget_codes))


@account.command()
@click.argument("name")
@_role_options
@click.pass_obj
def role(settings: Settings, *, name: str, role: str, site: str | None) -> None:
    """Change the role of NAME; ends all sessions."""
    _do(settings, orders.SetRole(name=name, role=Role(role), site_id=site))


@account.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Enable it again.")
@click.pass_obj
def disable(settings: Settings, *, name: str, undo: bool) -> None:
    """Disable or enable an account; ends all sessions."""
    _do(settings, orders.SetDisabled(name=name, disabled=not undo))
