"""The calls of the wire as a kiosk makes them, over a line that answers as told and over real sockets."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync import wire
from sync.address import AddressError, check_url
from sync.client import (
    Client,
    GoneError,
    HttpAnswer,
    NotTrustedError,
    RejectedError,
    SyncError,
    UnknownCallError,
    UnreachableError,
)
from sync.transport import HttpTransport
from sync.wire import Beacon, Push, Pushed, ServerTime

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TOKEN = "kt_Zm9yLW5vLW9uZXMtZXllcw"
PUSHED = msgspec.json.encode(Pushed(acked=3, now=NOON))


class ScriptedTransport:
    """A transport that gives the answers it was told to, and remembers what it was asked."""

    def __init__(self, *answers: HttpAnswer) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, str, Mapping[str, str], bytes | None]] = []

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        self.asked.append((method, path, headers, body))
        return self._answers.pop(0)


def ok(body: bytes, **headers: str) -> HttpAnswer:
    return HttpAnswer(status=200, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body)


def failing(status: int, body: bytes = b"", **headers: str) -> SyncError:
    """What a push raises when this is answered."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(SyncError) as caught:
        Client(ScriptedTransport(HttpAnswer(status=status, headers=told, body=body)), token=TOKEN).push(
            Push(ledger_id="l")
        )
    return caught.value


# ---------------------------------------------------------------- what is said


def test_a_push_is_json_with_the_token_and_its_answer_is_read():
    line = ScriptedTransport(ok(PUSHED))
    assert Client(line, token=TOKEN).push(Push(ledger_id="l", beacon=Beacon(waiting=2))).acked == 3
    [(method, path, headers, body)] = line.asked
    assert (method, path) == ("POST", wire.ENTRIES)
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert body is not None
    assert "content-encoding" not in headers
    assert msgspec.json.decode(body, type=Push).beacon.waiting == 2


def test_a_long_body_travels_compressed_both_ways():
    line = ScriptedTransport(ok(gzip.compress(PUSHED), content_encoding="gzip"))
    words = Push(ledger_id="l" * (wire.COMPRESS_OVER + 1))
    assert Client(line).push(words).acked == 3
    [(_, _, headers, body)] = line.asked
    assert headers["accept-encoding"] == "gzip"
    assert headers["content-encoding"] == "gzip"
    assert body is not None
    assert msgspec.json.decode(gzip.decompress(body), type=Push) == words


def test_a_cursor_may_hold_any_letters():
    line = ScriptedTransport(ok(msgspec.json.encode(wire.FeedPage(cursor="x"))))
    Client(line).feed("g1/2 &é")
    assert line.asked[0][1] == "/v1/feed?after=g1%2F2+%26%C3%A9"


def test_the_fields_of_a_later_release_are_passed_over():
    later = b'{"acked": 7, "now": "2026-06-01T12:00:00Z", "mood": "fine"}'
    assert Client(ScriptedTransport(ok(later))).push(Push(ledger_id="l")).acked == 7


def wired(seq: int) -> wire.WireEntry:
    return wire.WireEntry(
        ledger_id="l", seq=seq, at=NOON, boot_id="b", monotonic_ns=1, clock="trusted", kind="left", body=b"{}",
        salt=b"", body_hash=b"", previous=b"", hash=b"",
    )  # fmt: skip


def test_an_entry_of_the_feed_that_cannot_be_read_holds_no_other_up(caplog):
    entries = tuple(wire.FeedEntry(position=seq, entry=wired(seq)) for seq in (1, 2, 3))
    spoilt = msgspec.json.encode(wire.FeedPage(entries=entries, cursor="c")).replace(b'"seq":2', b'"seq":"two"')
    page, unreadable = Client(ScriptedTransport(ok(spoilt))).feed()
    assert unreadable == 1
    assert [one.position for one in page.entries] == [1, 3]
    assert "is skipped" in caplog.text


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError), (401, NotTrustedError), (403, NotTrustedError), (404, UnknownCallError),
        (409, RejectedError), (410, GoneError), (413, RejectedError), (422, RejectedError), (429, SyncError),
        (500, SyncError), (502, SyncError), (503, SyncError), (302, SyncError),
    ],
)  # fmt: skip
def test_a_status_says_whether_the_same_can_ever_succeed(status, kind):
    assert type(failing(status)) is kind


def test_the_servers_own_sentence_is_told():
    said = msgspec.json.encode(wire.Problem(code="too_many", detail="too many requests"))
    assert str(failing(429, said)) == "POST /v1/entries: 429 too many requests"


@pytest.mark.parametrize(("said", "seconds"), [("120", 120.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-3", None)])
def test_a_pause_that_is_asked_for_in_seconds_is_understood(said, seconds):
    assert failing(503, retry_after=said).retry_after == seconds


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"<html>Welcome to the hotel, please sign in</html>"),
        ok(b'{"acked": "three"}'),
        ok(b""),
        ok(b"no gzip at all", content_encoding="gzip"),
        ok(gzip.compress(PUSHED)[:-9], content_encoding="gzip"),
    ],
    ids=["sign-in page", "other types", "nothing", "not packed", "cut off"],
)
def test_what_does_not_speak_the_language_is_an_error_not_an_answer(answer):
    with pytest.raises(SyncError):
        Client(ScriptedTransport(answer)).push(Push(ledger_id="l"))


def test_an_answer_that_unpacks_without_end_is_cut():
    bomb = gzip.compress(bytes(80 << 20))
    with pytest.raises(SyncError, match="64 MB"):
        Client(ScriptedTransport(ok(bomb, content_encoding="gzip"))).time()


def test_the_token_is_in_no_error_no_log_and_no_print(caplog):
    caplog.set_level(logging.DEBUG)
    with listening(Silent) as port, Line_(port) as line:
        client = Client(line, token=TOKEN)
        with pytest.raises(UnreachableError) as caught:
            client.time()
    assert TOKEN not in caplog.text + str(caught.value) + repr(client) + repr(caught.value)


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "is_plain_allowed"),
    [
        ("https://kiosks.example.org", False), ("https://kiosks.example.org:8443/la-serre", False),
        ("http://127.0.0.1:8000", False), ("http://localhost:8000", False), ("http://[::1]:8000", False),
        ("http://192.168.1.9:8000", True),
    ],
)  # fmt: skip
def test_an_address_that_will_do(url, is_plain_allowed):
    assert check_url(f" {url}/ ", plain_http=is_plain_allowed) == url


@pytest.mark.parametrize(
    "url",
    [
        "kiosks.example.org", "ftp://kiosks.example.org", "https://", "https://me:secret@kiosks.example.org",
        "https://kiosks.example.org/?a=b", "https://kiosks.example.org:eighty", "http://kiosks.example.org",
        "http://192.168.1.9", "http://127.0.0.1.example.org", "https://[::1",
    ],
)  # fmt: skip
def test_an_address_that_will_not_do(url):
    with pytest.raises(AddressError):
        check_url(url)


# ---------------------------------------------------------------- real sockets


class Silent(BaseHTTPRequestHandler):
    """Takes a request and never answers."""

    def do_GET(self) -> None:
        self.server.taken.set()  # type: ignore[attr-defined]
        self.server.over.wait()  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        pass


class TalkingServer(Silent):
    """Tells the time, as it should."""

    body = msgspec.json.encode(ServerTime(now=NOON))
    status = 200

    def do_GET(self) -> None:
        self.server.heard.append(self.headers.get("authorization"))  # type: ignore[attr-defined]
        self.send_response(self.status)
        self.send_header("location", "http://" + self.headers["host"] + "/elsewhere")
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.give()

    def give(self) -> None:
        self.wfile.write(self.body)


class Moved(TalkingServer):
    status = 302


class Dripping(TalkingServer):
    """Gives one byte, then another, and so on for ever."""

    def give(self) -> None:
        while not self.server.over.wait(0.02):  # type: ignore[attr-defined]
            try:
                self.wfile.write(b"0")
            except OSError:
                return


class CutOff(TalkingServer):
    def give(self) -> None:
        self.wfile.write(self.body[:5])
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[Silent]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.taken, self.over = threading.Event(), threading.Event()
        self.heard: list[str | None] = []

    def handle_error(self, *_: object) -> None:
        """Kiosks that hang up are what these tests are about."""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def listening(handler: type[Silent]) -> Iterator[int]:
    with serving(Server(handler)) as server:
        yield server.server_port


@contextmanager
def Line_(port: int, **limits: float) -> Iterator[HttpTransport]:  # noqa: N802 - reads as the class it makes
    line = HttpTransport(f"http://127.0.0.1:{port}", **({"read_seconds": 0.2} | limits))  # type: ignore[arg-type]
    try:
        yield line
    finally:
        line.close()


def test_a_real_server_is_asked_and_answers():
    with serving(Server(TalkingServer)) as server, Line_(server.server_port, read_seconds=10) as line:
        assert Client(line, token=TOKEN).time().now == NOON
        assert server.heard == [f"Bearer {TOKEN}"]


def test_a_server_that_takes_the_call_and_is_silent_is_given_up():
    with listening(Silent) as port, Line_(port) as line, pytest.raises(UnreachableError, match="timed out"):
        Client(line).time()


def test_a_black_hole_that_accepts_and_never_reads_is_given_up():
    with (
        socket.create_server(("127.0.0.1", 0)) as hole,
        Line_(hole.getsockname()[1]) as line,
        pytest.raises(UnreachableError, match="timed out"),
    ):
        Client(line).time()


def test_nobody_at_the_port_is_told_at_once():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with Line_(port) as line, pytest.raises(UnreachableError, match="refused"):
        Client(line).time()


def test_a_server_that_is_never_silent_and_never_done_is_cut_off():
    with (
        listening(Dripping) as port,
        Line_(port, read_seconds=10, whole_seconds=0.3) as line,
        pytest.raises(UnreachableError),
    ):
        line("GET", "/", {}, None)


def test_an_answer_that_ends_too_soon_is_none():
    with listening(CutOff) as port, Line_(port, read_seconds=10) as line, pytest.raises(UnreachableError):
        Client(line).time()


def test_closing_the_line_ends_a_call_that_waits():
    with serving(Server(Silent)) as server, Line_(server.server_port, read_seconds=600) as line:
        ended: list[BaseException] = []

        def call() -> None:
            try:
                Client(line).time()
            except UnreachableError as error:
                ended.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        assert server.taken.wait(10)
        line.close()
        thread.join(10)
        assert len(ended) == 1
        with pytest.raises(UnreachableError):
            Client(line).time()


def test_a_redirect_is_not_followed_so_the_token_goes_nowhere_else():
    with serving(Server(Moved)) as server, Line_(server.server_port, read_seconds=10) as line:
        with pytest.raises(SyncError, match="302"):
            Client(line, token=TOKEN).time()
        assert len(server.heard) == 1


def test_no_other_credentials_of_the_machine_are_sent(tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\ndefault login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(Server(TalkingServer)) as server, Line_(server.server_port, read_seconds=10) as line:
        line._session.trust_env = True
        Client(line, token=TOKEN).time()
        assert server.heard == [f"Bearer {TOKEN}"]


# ---------------------------------------------------------------- TLS


@contextmanager
def tls(folder: Path) -> Iterator[tuple[int, Path]]:
    """A server with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a kiosk's test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority, pem = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(key.private_bytes(*plain) + authority.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = Server(TalkingServer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield server.server_port, authority


def test_a_server_that_nobody_vouches_for_is_not_talked_to(tmp_path):
    with tls(tmp_path) as (port, _):
        line = HttpTransport(f"https://127.0.0.1:{port}")
        with pytest.raises(UnreachableError):
            Client(line, token=TOKEN).time()
        line.close()


def test_a_server_that_ones_own_authority_vouches_for_is(tmp_path):
    with tls(tmp_path) as (port, authority):
        line = HttpTransport(f"https://127.0.0.1:{port}", certificates=authority)
        assert Client(line, token=TOKEN).time().now == NOON
        line.close()
