"""Reads the feed: entries of all ledgers after a cursor, in the order in which they were committed."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from kiosk.facts import Entry
from kiosk.store import entry_rows
from kiosk.store.entry_rows import read_row
from sync.central.storage import network
from sync.central.storage.tables import feed
from sync.wire import PAGE, FeedEntry, FeedPage, cursor_position, to_wire

_PAGE = (
    select(feed.c.position, *(feed.c[name] for name in entry_rows.COLUMNS))
    .where(feed.c.network_id == bindparam("network"), feed.c.position > bindparam("after"))
    .order_by(feed.c.position)
    .limit(bindparam("size"))
)


_HASH = select(feed.c.hash).where(feed.c.network_id == bindparam("network"), feed.c.position == bindparam("position"))
MARK_BYTES = 6


class GoneError(LookupError):
    """The feed does not know this cursor any more: the kiosk must start from a snapshot."""


class OtherHistoryError(GoneError):
    """A cursor of this generation whose position is empty or holds another entry: the server was restored."""


def cursor(connection: Connection, network_id: str, generation: str, position: int) -> str:
    """Return the cursor for a position.

    It also identifies the entry at that position. A server restored from a copy gives out the later positions again; a
    kiosk that had read beyond the copy would otherwise miss the entries that have these positions now.
    """
    return _cursor(generation, position, _mark(connection, network_id, position) or "")


def _cursor(generation: str, position: int, mark: str) -> str:
    return f"{generation}.{position}.{mark}"


def _mark(connection: Connection, network_id: str, position: int) -> str | None:
    """Return a digest of the entry at a position, None when there is none."""
    digest = connection.execute(_HASH, {"network": network_id, "position": position}).scalar()
    return None if digest is None else bytes(digest)[:MARK_BYTES].hex()


def page(connection: Connection, network_id: str, after: str | None, *, size: int = PAGE) -> FeedPage:
    """Return the entries after a cursor; without one, from the beginning. Raises GoneError."""
    generation = network.read(connection, network_id).generation
    place, mark = (0, "") if after is None else _known_place(connection, network_id, generation, after)
    rows = connection.execute(_PAGE, {"network": network_id, "after": place, "size": size + 1}).all()
    entries = tuple(FeedEntry(position=row.position, entry=to_wire(read_row(row))) for row in rows[:size])
    if entries:
        place, mark = entries[-1].position, entries[-1].entry.hash[:MARK_BYTES].hex()
    return FeedPage(entries=entries, cursor=_cursor(generation, place, mark), more=len(rows) > size)


def checked_position(connection: Connection, network_id: str, cursor: str) -> int:
    """Return the position of a cursor. Raises GoneError for a cursor that is not of this feed."""
    return _known_place(connection, network_id, network.read(connection, network_id).generation, cursor)[0]


def _known_place(connection: Connection, network_id: str, generation: str, cursor: str) -> tuple[int, str]:
    """Return the position and the mark of a cursor. Raises GoneError for one that is not of this feed."""
    place, mark = _read_cursor(cursor, generation)
    if place > 0:
        stands = _mark(connection, network_id, place)
        if stands is None:
            raise OtherHistoryError("the cursor is beyond the end of the feed")
        if mark not in ("", stands):  # a release before this one gave cursors without
            raise OtherHistoryError("the feed has another entry at the cursor")
    return place, mark


def _read_cursor(text: str, generation: str) -> tuple[int, str]:
    """Return position and mark of a cursor. Raises GoneError for one of another generation, or an unreadable one."""
    of, _, rest = text.partition(".")
    number, _, mark = rest.partition(".")
    if of != generation or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise GoneError("the cursor is not of this feed")
    return int(number), mark


def position_of(text: str | None) -> int:
    """Return the position in a cursor of any generation, unchecked; 0 for none."""
    return cursor_position(text or "") or 0


def entries(connection: Connection, network_id: str, *, after: int, size: int) -> list[tuple[int, Entry]]:
    """Return entries of the feed with their positions, for the server itself."""
    rows = connection.execute(_PAGE, {"network": network_id, "after": after, "size": size})
    return [(row.position, read_row(row)) for row in rows]
