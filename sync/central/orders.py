"""Orders: requests of the server's command line, and their answers as lines to print.

On SQLite only the running server writes, so an order is sent to it over a unix socket beside the database, as a line of
JSON; where no server runs, or on PostgreSQL, the command line opens the database. Nothing here prints or listens.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from kiosk.store.database import LedgerBusyError, LedgerError
from kiosk.threads.control_socket import ask
from sync.central.accounts.staff import AccountError, Role
from sync.central.kiosks.paired import Kiosk
from sync.central.kiosks.pairing import CODE_LASTS
from sync.central.roster import retention
from sync.central.server import Central
from sync.central.settings import Settings
from sync.central.storage import network

PAGE_LINES = 200
"""Lines of a list that are printed at once."""


class Order(msgspec.Struct, frozen=True, kw_only=True, tag_field="order", forbid_unknown_fields=True):
    """Base of all orders."""


class ListKiosks(Order, frozen=True, kw_only=True, tag="list_kiosks"):
    """List the kiosks, PAGE_LINES at a time."""

    page: int = 1


class MakeCode(Order, frozen=True, kw_only=True, tag="make_code"):
    """Make a pairing code for a kiosk with this name, at this site."""

    name: str
    site_id: str | None = None


class Revoke(Order, frozen=True, kw_only=True, tag="revoke"):
    """Revoke the kiosk with this name or id."""

    kiosk: str


class ListAccounts(Order, frozen=True, kw_only=True, tag="list_accounts"):
    """List the accounts, PAGE_LINES at a time."""

    page: int = 1


class AddAccount(Order, frozen=True, kw_only=True, tag="add_account"):
    """Add an account."""

    name: str
    password: str
    role: Role
    site_id: str | None = None


class SetPassword(Order, frozen=True, kw_only=True, tag="set_password"):
    """Change the password of an account; `forget_totp` also ends its one-time codes."""

    name: str
    password: str
    forget_totp: bool = False


class SetRole(Order, frozen=True, kw_only=True, tag="set_role"):
    """Change the role of an account."""

    name: str
    role: Role
    site_id: str | None = None


class SetDisabled(Order, frozen=True, kw_only=True, tag="set_disabled"):
    """Disable or enable an account."""

    name: str
    disabled: bool


class Forget(Order, frozen=True, kw_only=True, tag="forget"):
    """Erase old data now, instead of tonight."""

    today: str = ""
    """The date that whoever asks confirms, where the server's clock has no second witness."""


class Restored(Order, frozen=True, kw_only=True, tag="restored"):
    """Tell the server that its database was restored from a copy."""


AnyOrder = (
    ListKiosks | MakeCode | Revoke | ListAccounts | AddAccount | SetPassword | SetRole | SetDisabled | Forget | Restored
)


class OrderAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an order: lines, or why it was not done."""

    lines: tuple[str, ...] = ()
    refused: str | None = None


class OrderError(ValueError):
    """The order cannot be carried out; the message says why."""


_decode = msgspec.json.Decoder(AnyOrder).decode
_answer = msgspec.json.Decoder(OrderAnswer).decode
_encode = msgspec.json.Encoder().encode


def socket_of(settings: Settings) -> Path:
    """Return the socket at which the running server listens for orders."""
    return Path(f"{settings.database}.sock")


def carry_out(settings: Settings, order: AnyOrder) -> tuple[str, ...]:
    """Carry out an order, by the running server if there is one. Raises OrderError, LedgerError, ControlError."""
    if not settings.is_postgres and not Path(settings.database).exists():
        raise OrderError(f"{settings.database} does not exist: make it by `kiosk-central migrate`, or say --database")
    try:
        central = Central(settings)
    except LedgerBusyError:
        answer = _answer(ask(socket_of(settings), _encode(order)))
    else:
        try:
            answer = perform(central, order)
        finally:
            central.close()
    if answer.refused is not None:
        raise OrderError(answer.refused)
    return answer.lines


def answered(central: Central, line: bytes) -> bytes:
    """Carry out an order given as a line of JSON; raises nothing."""
    try:
        return _encode(perform(central, _decode(line)))
    except msgspec.DecodeError as error:
        return _encode(OrderAnswer(refused=f"the running server does not know that order: {error}"))


def perform(central: Central, order: AnyOrder) -> OrderAnswer:
    """Carry out an order."""
    try:
        return OrderAnswer(lines=tuple(_PERFORMED_BY[type(order)](central, order)))
    except (OrderError, AccountError, LedgerError) as error:
        return OrderAnswer(refused=str(error))


# ---------------------------------------------------------------- one function for each order


def _page(lines: list[str], number: int) -> list[str]:
    """Return a page of a list, and where it goes on. Raises OrderError for a page that there is not."""
    pages = max(1, -(-len(lines) // PAGE_LINES))
    if not 1 <= number <= pages:
        raise OrderError(f"there is no page {number}: the last one is {pages}")
    shown = lines[(number - 1) * PAGE_LINES : number * PAGE_LINES]
    return [*shown, f"Page {number} of {pages}: the next by --page {number + 1}"] if number < pages else shown


def _list_kiosks(central: Central, order: ListKiosks) -> list[str]:
    every = [_told(central, kiosk) for kiosk in central.kiosks.listed()]
    return _page(every, order.page) or ["No kiosk is paired: make a code by `kiosk pair`."]


def _told(central: Central, kiosk: Kiosk) -> str:
    if kiosk.revoked_at is not None:
        state = f"shut out since {kiosk.revoked_at:%Y-%m-%d}"
    elif kiosk.seen_at is None:
        state = "not heard of yet"
    else:
        state = f"{'silent' if central.kiosks.is_silent(kiosk) else 'heard'} since {kiosk.seen_at:%Y-%m-%d %H:%M} UTC"
    waiting = f", {kiosk.beacon.waiting} waiting" if kiosk.beacon.waiting else ""
    health = f", {' '.join(kiosk.beacon.health)}" if kiosk.beacon.health else ""
    return f"{kiosk.kiosk_id}  {kiosk.name} at {kiosk.site_id or 'no site'}: {state}{waiting}{health}"


def _make_code(central: Central, order: MakeCode) -> list[str]:
    sites = [site.id for site in central.books.roster.sites()]
    if order.site_id is not None and sites and order.site_id not in sites:
        raise OrderError(f'there is no site "{order.site_id}"; there are: {", ".join(sites)}')
    code = central.kiosks.new_code(name=order.name, site_id=order.site_id)
    minutes = int(CODE_LASTS.total_seconds()) // 60
    return [f"{code[:4]} {code[4:]}", f"For {minutes} minutes and one kiosk. There: kiosk pair URL {code}"]


def _revoke(central: Central, order: Revoke) -> list[str]:
    kiosks = [
        one for one in central.kiosks.listed() if order.kiosk in (one.kiosk_id, one.name) and one.revoked_at is None
    ]
    if not kiosks:
        raise OrderError(f'no kiosk "{order.kiosk}" is paired')
    if len(kiosks) > 1:
        raise OrderError(f'"{order.kiosk}" is several kiosks: say which by its id')
    central.kiosks.revoke(kiosks[0].kiosk_id)
    return [f"{kiosks[0].name} is revoked. It keeps the data that it has; to let it in again, pair it again."]


def _list_accounts(central: Central, order: ListAccounts) -> list[str]:
    every = [
        f"{one.name}: {one.role}{f' of {one.site_id}' if one.site_id else ''}"
        f"{', one-time codes' if one.has_totp else ''}{', shut out' if one.disabled_at else ''}"
        for one in central.accounts.listed()
    ]
    return _page(every, order.page) or ["Nobody may sign in: make an account by `account add`."]


def _add_account(central: Central, order: AddAccount) -> list[str]:
    account = central.accounts.add(order.name, order.password, order.role, site_id=order.site_id)
    return [f"{account.name} may sign in as {account.role}."]


def _set_password(central: Central, order: SetPassword) -> list[str]:
    account = central.accounts.find(order.name)
    central.accounts.set_password(account, order.password)
    if order.forget_totp:
        central.accounts.set_totp(account, None)
    return [f"{account.name} has a new password, and is signed out everywhere."]


def _set_role(central: Central, order: SetRole) -> list[str]:
    account = central.accounts.find(order.name)
    central.accounts.set_role(account, order.role, site_id=order.site_id)
    return [f"{account.name} is {order.role} now."]


def _set_disabled(central: Central, order: SetDisabled) -> list[str]:
    account = central.accounts.find(order.name)
    central.accounts.set_disabled(account, disabled=order.disabled)
    return [f"{account.name} is {'shut out' if order.disabled else 'let in again'}."]


def _forget(central: Central, order: Forget) -> list[str]:
    today = central.now().date().isoformat()
    why = retention.doubt(central.books, is_synchronised=central.is_synchronised())
    if why and order.today != today:
        advice = f"if today is {today}, say so: kiosk-central retention --today {today}"
        raise OrderError(f"nothing was erased: {why}; {advice}")
    done = retention.forget_old(central.books)
    stretches = f"{done.stretches} {'stretch' if done.stretches == 1 else 'stretches'} of passages condensed"
    return [f"{stretches}, {done.members} {'customer' if done.members == 1 else 'customers'} forgotten."]


def _restored(central: Central, _: Restored) -> list[str]:
    with central.storage.writing() as connection:
        network.begin_generation_and_ledger(connection, central.settings.network)
    return ["The feed begins anew: all kiosks send again what is missing here, and fetch the roster."]


_PERFORMED_BY: dict[type[Order], Callable[[Central, Any], list[str]]] = {
    ListKiosks: _list_kiosks,
    MakeCode: _make_code,
    Revoke: _revoke,
    ListAccounts: _list_accounts,
    AddAccount: _add_account,
    SetPassword: _set_password,
    SetRole: _set_role,
    SetDisabled: _set_disabled,
    Forget: _forget,
    Restored: _restored,
}
