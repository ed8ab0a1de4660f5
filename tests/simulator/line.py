"""A line between a kiosk and the server inside the simulator, with faults on order."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from sync import wire
from sync.client import HttpAnswer, Transport, UnreachableError
from sync.wire import Pushed

ONCE = ("lost", "late", "twice", "torn", "captive", "busy", "newer", "older")
"""What can befall one request: its answer lost; itself late beyond patience, or doubled; its answer cut off; a page by
a stranger in between; a server that asks to be left alone; a release on either side that says more than this knows, or
less."""

Sent = tuple[str, str, Mapping[str, str], bytes | None]
"""A request: method, path, headers, body."""


@dataclass
class Line:
    """A line to the server with faults on order."""

    server: Transport
    burn: Callable[[], None]
    on_acked: Callable[[str, Pushed], None]
    is_cut_out: bool = False
    """Requests do not arrive."""
    is_cut_back: bool = False
    """Answers do not arrive."""
    next_faults: list[str] = field(default_factory=list)
    late: list[Sent] = field(default_factory=list)
    """Requests that are still on their way, in no order."""
    pushes: list[Sent] = field(default_factory=list)
    """The last pushes that were answered."""
    calls: int = 0
    speaks: str = ""
    """"newer" or "older": the kiosk's release, in all that it says, beside the server's."""
    is_turned_away: bool = False
    """The server does not know this kiosk, or no longer."""

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        self.calls += 1
        self.burn()
        fault = self.next_faults.pop() if self.next_faults else ""
        if self.is_cut_out:
            raise UnreachableError("no way there")
        if fault == "late":
            self.late.append((method, path, headers, body))
            raise UnreachableError("timed out")
        if fault == "captive":
            return HttpAnswer(status=200, body=b"<html>Welcome to our hotel</html>")
        if fault == "busy":
            return HttpAnswer(status=503, headers={"retry-after": "20"})
        if "newer" in (fault, self.speaks):
            headers, body = _with_more_to_say(headers, body)
        if "older" in (fault, self.speaks):
            headers, body = _with_less_to_say(headers, body)
        answer = self.deliver((method, path, headers, body))
        if fault == "twice":
            answer = self.deliver((method, path, headers, body))
        if self.is_cut_back or fault == "lost":
            raise UnreachableError("no way back")
        self.burn()
        return _tampered(_tampered(answer, self.speaks), fault)

    def deliver(self, request: Sent) -> HttpAnswer:
        """Have the server answer, and remember what it promised, whether or not the kiosk hears of it."""
        answer = self.server(*request)
        self.is_turned_away = answer.status == UNAUTHORIZED
        _, path, _, body = request
        if path == wire.ENTRIES and body and answer.status == OK:
            self.pushes = [*self.pushes[-7:], request]
            self.on_acked(ledger_of(request), msgspec.json.decode(plain(answer.body), type=Pushed))
        return answer


OK, UNAUTHORIZED = 200, 401


def plain(body: bytes) -> bytes:
    """A body as it was before it was compressed."""
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def ledger_of(push: Sent) -> str:
    """The ledger whose entries a push carries."""
    return str(msgspec.json.decode(plain(push[3] or b""))["ledger_id"])


def _with_more_to_say(headers: Mapping[str, str], body: bytes | None) -> tuple[Mapping[str, str], bytes | None]:
    """A push as the next release might make it: words that this one does not know, at every level."""
    if body is None:
        return headers, body
    push = msgspec.json.decode(plain(body))
    push["mood"] = {"of": "the kiosk"}
    for entry in push.get("entries", ()):
        entry["colour"] = "blue"
    kept = {name: value for name, value in headers.items() if name != "content-encoding"}
    return kept, msgspec.json.encode(push)


def _with_less_to_say(headers: Mapping[str, str], body: bytes | None) -> tuple[Mapping[str, str], bytes | None]:
    """A push as the release before might have made it: without what need not be said."""
    if body is None:
        return headers, body
    push = msgspec.json.decode(plain(body))
    push["beacon"] = {"sent": push.get("beacon", {}).get("sent", 0)}
    kept = {name: value for name, value in headers.items() if name != "content-encoding"}
    return kept, msgspec.json.encode(push)


def _tampered(answer: HttpAnswer, fault: str) -> HttpAnswer:
    if fault == "torn":
        return HttpAnswer(status=answer.status, headers=answer.headers, body=answer.body[: len(answer.body) // 2])
    if fault == "older" and answer.status == OK:
        said = msgspec.json.decode(plain(answer.body))
        said.pop("had", None)
        return HttpAnswer(status=OK, body=msgspec.json.encode(said))
    if fault == "newer" and answer.status == OK:
        said = {**msgspec.json.decode(plain(answer.body)), "weather": ["rain"]}
        return HttpAnswer(status=OK, body=msgspec.json.encode(said))
    return answer
