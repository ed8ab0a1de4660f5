"""Performs a command through the running kiosk's socket, or here when no kiosk runs, and prints the answer.

A running kiosk holds the lock of the ledger, so all changes go through it. Checks only read, and always run here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

import click
import msgspec

from kiosk.answers import Account, Answered, Judged, LedgerReport, Refused, decode_answer
from kiosk.cli.errors import RefusedError
from kiosk.cli.options import Call
from kiosk.cli.terminal import is_unicode
from kiosk.cli.text import lines
from kiosk.commands import Command, ShowAccount, encode_command
from kiosk.files import drop_root
from kiosk.model import Denied, Member
from kiosk.settings.config import Config
from kiosk.threads import control_socket

PATIENCE_SECONDS = 60.0
"""A little longer than the kiosk waits for its own answer (kiosk.answering), so that the refusal is the kiosk's."""


def do(call: Call, command: Command) -> None:
    """Perform a command and print the answer. Exits with 1 when it is refused."""
    show(call, ask(call.config(), command))


def do_without_kiosk(call: Call, command: Command) -> None:
    """Perform a long command here, while no kiosk runs, because taps would have to wait for it. Raises RefusedError."""
    from kiosk.ledger import LedgerBusyError

    try:
        show(call, _perform_here(call.config(), command))
    except LedgerBusyError as error:
        raise RefusedError(f"{error}: stop the kiosk first (sudo systemctl stop kiosk)") from error


def ask(config: Config, command: Command) -> Answered:
    """Return the answer to a command. Raises RefusedError when the kiosk cannot be reached."""
    answered = _ask_running(config.paths.socket, command)
    if answered is None:
        answered = _perform_here(config, command)
    return answered


def named_member(call: Call, config: Config, name: str) -> Member:
    """Return the member that a name means. Exits with 1 when it means nobody or several."""
    answered = ask(config, ShowAccount(member=name))
    if isinstance(answered, Account):
        return answered.member
    show(call, answered)
    raise click.exceptions.Exit(1)


def ask_running(config: Config, command: Command, *, otherwise: str) -> Answered:
    """Return the running kiosk's answer. Raises RefusedError, with the advice `otherwise` when no kiosk runs."""
    answered = _ask_running(config.paths.socket, command)
    if answered is None:
        raise RefusedError(f"no kiosk is running at {config.paths.socket}: {otherwise}")
    return answered


def _ask_running(socket: Path, command: Command) -> Answered | None:
    """Return the running kiosk's answer, None when no kiosk listens: then nothing was done."""
    try:
        return decode_answer(control_socket.ask(socket, encode_command(command), seconds=PATIENCE_SECONDS))
    except control_socket.ControlError as error:
        if isinstance(error.__cause__, (FileNotFoundError, ConnectionRefusedError)):
            return None
        if isinstance(error.__cause__, PermissionError):
            advice = "use sudo, or join the group `kiosk` (sudo usermod -aG kiosk $USER) and log in anew"
            raise RefusedError(f"you may not talk to the kiosk at {socket}: {advice}") from error
        raise RefusedError(f"{error}; see what was done before you try again") from error


def _perform_here(config: Config, command: Command) -> Answered:
    from kiosk.cli import alone  # loaded before root becomes somebody who may not read every library

    drop_root(config.paths.state)
    return alone.answer(config, command)


def inspect(call: Call, question: Literal["verified", "rebuilt"], **remembered: tuple[int, bytes] | None) -> None:
    """Check the ledger with a function of kiosk.desk.reports, also while the kiosk runs.

    `remembered` may be a `head` noted earlier: sequence number and hash, or the beginning of the hash.
    """
    from kiosk.desk import reports
    from kiosk.ledger import Head, open_reader

    config = call.config()
    drop_root(config.paths.state)
    with open_reader(config.paths.ledger) as ledger:
        heads = {name: Head(seq=known[0], hash=known[1]) for name, known in remembered.items() if known}
        show(call, getattr(reports, question)(ledger, **heads))


def show(call: Call, answered: Answered) -> None:
    """Print an answer, as text or JSON, and exit with 1 when it is a refusal."""
    if call.as_json:
        click.echo(json.dumps(msgspec.to_builtins(answered), indent=2, ensure_ascii=not is_unicode(sys.stdout)))
    elif isinstance(answered, Refused):
        raise RefusedError(answered.message, answered.near)
    else:
        for line in lines(answered):
            click.echo(line)
    if not is_fine(answered):
        click.get_current_context().exit(1)


def is_fine(answered: Answered) -> bool:
    """Tell whether the command was done and no fault was found."""
    match answered:
        case Refused():
            return False
        case Judged():
            return not isinstance(answered.verdict, Denied)
        case LedgerReport():
            return answered.mended or not answered.faults
    return True
