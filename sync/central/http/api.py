"""Handlers of the kiosks' calls, version 1. What the calls do is in the other rooms."""

from __future__ import annotations

import zlib
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, Parameter, RawBody

from sync import wire
from sync.central.feed.ingest import QuarantineFullError
from sync.central.feed.intake import OtherLedgerError
from sync.central.feed.push_reader import NoPushError
from sync.central.feed.stream import GoneError
from sync.central.http.callers import CALLS_AT_ONCE, WAITS_AT_ONCE, AnyRequest, kiosk_of, kiosks_only, timed
from sync.central.http.openapi import described, refuses
from sync.central.http.problems import ProblemError, problem, too_much
from sync.central.kiosks.badge_key import BadgeKeyError
from sync.central.kiosks.pairing import PairingRefused
from sync.central.server import Central

_enroll = msgspec.json.Decoder(wire.Enroll).decode
MAX_CURSOR = 200
FULL_SECONDS = 600.0
"""After which a kiosk tries again whose quarantine was full: people have to look at it."""
LONGEST_WAIT = 60
"""Seconds that a kiosk may ask the server to wait for news."""
_CALL, _WAIT = kiosks_only("call", CALLS_AT_ONCE), kiosks_only("wait", WAITS_AT_ONCE)


def unpacked(request: AnyRequest, body: bytes, limit: int) -> bytes:
    """Decompress a body. Raises ProblemError for one that is too long or damaged."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return body
    if encoding != "gzip":
        raise ProblemError(415, "encoding", f"a body is plain or gzip, not {encoding[:20]}")
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, limit)
    except zlib.error as error:
        raise ProblemError(400, "gzip", f"the body is no gzip: {error}") from None
    if unpacker.unconsumed_tail:
        raise ProblemError(413, "too_long", f"the body is longer than {limit} bytes once it is unpacked")
    if not unpacker.eof:
        raise ProblemError(400, "gzip", "the body ends in the middle of its gzip")
    return plain


@post(
    wire.ENROLL,
    sync_to_thread=True,
    status_code=200,
    operation_class=described(wire.Enroll),
    security=[{}],
    responses=refuses(400, 403, 409, 413, 415, 429),
    summary="Pair a kiosk by the code that staff read out",
)
def enroll(request: AnyRequest, body: RawBody, central: NamedDependency[Central]) -> Response[wire.Enrolled]:
    """Answer 403 for a code that is wrong, used or expired; 429 after too many tries.

    409 when the kiosk hides badge numbers with another key than the network's; the code stays valid then.
    """
    plain = unpacked(request, body, central.settings.unpacked_bytes)
    try:
        asked = _enroll(plain)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProblemError(400, "malformed", f"the body is no enrolment: {error}") from None
    if "\0" in asked.ledger_id + asked.name + asked.version or len(asked.ledger_id) > 100:
        raise ProblemError(400, "malformed", "the body is no enrolment: it names no ledger")
    try:
        paired = central.kiosks.enroll(asked)
    except BadgeKeyError as error:
        raise ProblemError(409, "badge_key", str(error)) from None
    if isinstance(paired, PairingRefused) and paired.is_taken:
        detail = "a kiosk that is in use has this ledger: shut it out on the server's page of kiosks, then pair again"
        raise ProblemError(409, "taken", detail)
    if isinstance(paired, PairingRefused):
        if paired.wait is not None:
            seconds = str(round(paired.wait.total_seconds()) + 1)
            raise ProblemError(429, "too_many_tries", "too many tries: wait and try again", {"retry-after": seconds})
        raise ProblemError(403, "wrong_code", "the code is wrong, was used, or has expired: ask for a new one")
    kiosk = paired.kiosk
    answer = wire.Enrolled(
        token=paired.token,
        kiosk_id=kiosk.kiosk_id,
        site_id=kiosk.site_id,
        now=kiosk.paired_at,
        badge_key=paired.badge_key,
    )
    return Response(answer, headers={"cache-control": "no-store"})


@post(
    wire.ENTRIES,
    sync_to_thread=True,
    middleware=[_CALL],
    status_code=200,
    operation_class=described(wire.Push),
    responses=refuses(400, 401, 403, 413, 415, 429),
    summary="Take in entries of a ledger; answered when they are on the disk",
)
def entries(request: AnyRequest, body: RawBody, central: NamedDependency[Central]) -> wire.Pushed:
    """Answer a status for each entry, and the `seq` up to which the ledger is stored without a gap."""
    kiosk, now = kiosk_of(request), central.now().timestamp()
    if wait := central.disk_share.wait(kiosk.kiosk_id, now):
        raise too_much(wait, "this kiosk has filled its share of the disk: wait before the next call")
    plain = unpacked(request, body, central.settings.unpacked_bytes)
    for limit in (central.rate_limit, central.disk_share):
        limit.spend(kiosk.kiosk_id, len(plain), now)
    try:
        with timed(central, kiosk):
            return central.intake.push(kiosk, plain)
    except NoPushError as error:
        raise ProblemError(400, "malformed", str(error)) from None
    except QuarantineFullError as error:
        raise too_much(FULL_SECONDS, str(error)) from None
    except OtherLedgerError as error:
        raise ProblemError(403, wire.OTHER_LEDGER, str(error)) from None


@get(
    wire.FEED,
    sync_to_thread=True,
    middleware=[_CALL],
    responses=refuses(400, 401, 410, 429),
    summary="The entries of all ledgers after a cursor",
)
def feed(
    request: AnyRequest,
    central: NamedDependency[Central],
    after: Annotated[str | None, Parameter(description="Cursor of the page before", max_length=MAX_CURSOR)] = None,
) -> wire.FeedPage:
    """Answer 410 for a cursor that this feed does not know: start from a snapshot."""
    kiosk = kiosk_of(request)
    try:
        with timed(central, kiosk):
            return central.feed.page(kiosk, after)
    except GoneError as error:
        raise ProblemError(410, "gone", str(error)) from None


@get(wire.NEWS, middleware=[_WAIT], responses=refuses(400, 401, 429), summary="Wait for something after a cursor")
async def news(
    central: NamedDependency[Central],
    after: Annotated[str, Parameter(description="Cursor of a page of the feed", max_length=MAX_CURSOR)],
    wait: Annotated[float, Parameter(description="Seconds", ge=0, le=LONGEST_WAIT)] = wire.WAIT_SECONDS,
) -> wire.NewsAnswer:
    """Answer as soon as the feed has an entry after the cursor, or when the time is over. Sends no entries."""
    return wire.NewsAnswer(news=await central.feed.has_news(after, wait))


@get(
    wire.SNAPSHOT,
    sync_to_thread=True,
    middleware=[_CALL],
    summary="The folded roster in pages, all of one instant",
    responses={
        200: ResponseSpec(data_container=wire.SnapshotPage, description="A page", generate_examples=False),
        **refuses(400, 401, 410, 429),
    },
)
def snapshot(
    request: AnyRequest,
    central: NamedDependency[Central],
    page: Annotated[str | None, Parameter(description="`next` of the page before", max_length=MAX_CURSOR)] = None,
) -> Response[bytes]:
    """Answer 410 for a token of a snapshot that is no longer kept: start again without one."""
    try:
        with timed(central, kiosk_of(request)):
            found = central.snapshots.page(page)
    except GoneError as error:
        raise ProblemError(410, "gone", str(error)) from None
    return Response(msgspec.json.encode(found), media_type="application/json")


@get(wire.TIME, sync_to_thread=False, summary="The server's clock", security=[{}])
def time(central: NamedDependency[Central]) -> Response[wire.ServerTime]:
    """Answer without a token: a kiosk may need the time before it can check the server's certificate."""
    return Response(wire.ServerTime(now=central.now()), headers={"cache-control": "no-store"})


@get("/v1/{rest:path}", include_in_schema=False, sync_to_thread=False)
def unknown(rest: FromPath[str]) -> Response[bytes]:  # noqa: ARG001
    """Answer a call that this release does not know."""
    return problem(404, "not_found", "this server knows no such call")


@post("/v1/{rest:path}", include_in_schema=False, sync_to_thread=False)
def sent_unknown(rest: FromPath[str]) -> Response[bytes]:  # noqa: ARG001
    """Like `unknown`, for POST."""
    return problem(404, "not_found", "this server knows no such call")


CALLS = [enroll, entries, feed, news, snapshot, time, unknown, sent_unknown]
