"""HTTP client of the central server: one method per call, one root of errors. It neither waits nor retries.

Bytes are sent by a transport (the real one is sync.transport); when to call, and what to do with the answers, is
decided in sync.exchange and sync.worker.
"""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol, TypeVar
from urllib.parse import urlencode

import msgspec

from sync import wire
from sync.wire import Enroll, Enrolled, FeedPage, NewsAnswer, Problem, Push, Pushed, ServerTime, SnapshotPage

log = logging.getLogger(__name__)
T = TypeVar("T")

LARGEST_ANSWER = 64 << 20
"""Bytes, unpacked: a page of 500 entries has some hundred thousand."""
_GZIP = 16 + zlib.MAX_WBITS
_NOT_TRUSTED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_UNKNOWN = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
_NOT_ABOUT_THE_BODY = {
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class SyncError(OSError):
    """A call failed. The server may have carried it out all the same: only its answer would tell."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """`retry_after`: for how many seconds the server asked not to be called."""
        super().__init__(message)
        self.retry_after = retry_after


class UnreachableError(SyncError):
    """The server did not answer: no network, no server at the address, too slow, or disconnected."""


class GoneError(SyncError):
    """The server no longer has this cursor, or this snapshot: start with a new snapshot."""


class NotTrustedError(SyncError):
    """The server does not accept this kiosk's token, or its pairing code."""


class OtherLedgerError(NotTrustedError):
    """The server knows this kiosk, but accepts no entries of this ledger from it."""


class UnknownCallError(SyncError):
    """The server does not know this call: it is of an earlier release, or not ours."""


class RejectedError(SyncError):
    """The server rejects this body, and would reject it again."""


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """The answer to an HTTP request. Header names are in lower case; the body is as received, maybe compressed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Transport(Protocol):
    """Sends one HTTP request to the server and returns the answer."""

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        """Make one request and return its answer, whatever the status. Raises UnreachableError without one."""


class Client:
    """Makes the calls of one kiosk to its server."""

    def __init__(self, transport: Transport, *, token: str | None = None, version: str = "") -> None:
        """`token` is the one received by `enroll`; only `enroll` and `time` need none."""
        self._transport, self._token = transport, token
        self._agent = f"kiosk/{version}" if version else "kiosk"

    def enroll(self, words: Enroll) -> Enrolled:
        """Pair with the network by a code. Raises SyncError; NotTrustedError when the code is wrong."""
        return _decode(self._call("POST", wire.ENROLL, words), Enrolled)

    def push(self, words: Push) -> Pushed:
        """Send entries. Raises SyncError; RejectedError when the server rejects what was sent."""
        return _decode(self._call("POST", wire.ENTRIES, words), Pushed)

    def feed(self, cursor: str | None = None) -> tuple[FeedPage, int]:
        """Return the page of the feed after a cursor, and how many of its entries cannot be read.

        Raises SyncError; GoneError for an unknown cursor.
        """
        page, faults = _reading(wire.read_feed, self._call("GET", _with(wire.FEED, after=cursor)))
        for fault in faults:
            log.error("an entry of the server's feed cannot be read, and is skipped: %s", fault)
        return page, len(faults)

    def news(self, cursor: str, *, wait: int = wire.WAIT_SECONDS) -> bool:
        """Wait at most so many seconds for an entry after a cursor; tell whether there is one. Raises SyncError.

        A server of an earlier release does not know this call: UnknownCallError.
        """
        return _decode(self._call("GET", _with(wire.NEWS, after=cursor, wait=str(wait))), NewsAnswer).news

    def snapshot(self, page: str | None = None) -> SnapshotPage:
        """Return a page of the roster, the first one without a token. Raises SyncError."""
        return _decode(self._call("GET", _with(wire.SNAPSHOT, page=page)), SnapshotPage)

    def time(self) -> ServerTime:
        """Return the server's time. Raises SyncError."""
        return _decode(self._call("GET", wire.TIME), ServerTime)

    def _call(self, method: str, path: str, words: wire.WireStruct | None = None) -> bytes:
        headers = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": self._agent}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        body = None
        if words is not None:
            headers["content-type"] = "application/json"
            body = msgspec.json.encode(words)
            if len(body) > wire.COMPRESS_OVER:
                headers["content-encoding"] = "gzip"
                body = gzip.compress(body, compresslevel=6, mtime=0)
        answer = self._transport(method, path, headers, body)
        unpacked = _unpacked(answer)
        if not HTTPStatus(200) <= answer.status < HTTPStatus(300):
            raise _error(method, path, answer, unpacked)
        return unpacked


def _with(path: str, **parameters: str | None) -> str:
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _unpacked(answer: HttpAnswer) -> bytes:
    if answer.headers.get("content-encoding", "").lower() != "gzip":
        return answer.body
    stream = zlib.decompressobj(_GZIP)
    try:
        body = stream.decompress(answer.body, LARGEST_ANSWER)
    except zlib.error as error:
        raise SyncError(f"the server's answer cannot be unpacked: {error}") from error
    if not stream.eof:
        raise SyncError(f"the server's answer is cut off, or unpacks to more than {LARGEST_ANSWER >> 20} MB")
    return body


def _decode(body: bytes, kind: type[T]) -> T:
    return _reading(lambda json: msgspec.json.decode(json, type=kind), body)


def _reading(read: Callable[[bytes], T], body: bytes) -> T:
    """Read an answer; the page of a proxy on the way (such as a hotel's sign-in) raises SyncError."""
    try:
        return read(body)
    except msgspec.DecodeError as error:
        raise SyncError(f"the answer is not understood: {error}") from error


def _error(method: str, path: str, answer: HttpAnswer, body: bytes) -> SyncError:
    """Return the error for a failed status; its class says whether sending the same again can help."""
    said = _problem(body)
    sentence = f"{method} {path.partition('?')[0]}: {answer.status} {said.detail}".rstrip()
    if answer.status == HTTPStatus.GONE:
        kind: type[SyncError] = GoneError
    elif said.code == wire.OTHER_LEDGER:
        kind = OtherLedgerError
    elif answer.status in _NOT_TRUSTED:
        kind = NotTrustedError
    elif answer.status in _UNKNOWN:
        kind = UnknownCallError
    elif HTTPStatus(400) <= answer.status < HTTPStatus(500) and answer.status not in _NOT_ABOUT_THE_BODY:
        kind = RejectedError
    else:
        kind = SyncError
    return kind(sentence, retry_after=_seconds(answer.headers.get("retry-after")))


def _problem(body: bytes) -> Problem:
    try:
        return msgspec.json.decode(body, type=Problem)
    except msgspec.DecodeError:
        return Problem(code="", detail="")


def _seconds(retry_after: str | None) -> float | None:
    """Read a Retry-After in seconds. One with a date is ignored, because it needs a trusted clock."""
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
