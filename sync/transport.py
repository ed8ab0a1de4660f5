"""HTTP transport with requests: time limits that hold, and a `close` that ends a running call.

The content of the calls is in sync.client. Redirects are not followed, so the token is never sent to another host.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from sync.address import is_this_machine
from sync.client import LARGEST_ANSWER, HttpAnswer, UnreachableError

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
"""Longest silence of the server within an answer."""
WHOLE_SECONDS = 60.0
"""For one call from its beginning to its end: a server that gives one byte every nine seconds is never silent."""
_PIECE = 1 << 16


class HttpTransport:
    """Sends requests to one server, from one thread; `close` may be called from any."""

    def __init__(
        self,
        url: str,
        *,
        certificates: Path | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        """`url` was checked by `check_url`. `certificates`: those of a private authority, replacing the public ones.

        Connecting may take `connect_seconds` for each of the server's network addresses.
        """
        self._url = url
        self._limits = (connect_seconds, read_seconds)
        self._whole_seconds = whole_seconds
        self._open_sockets = _OpenSockets()
        self._session = requests.Session()
        self._session.verify = str(certificates) if certificates else True
        self._session.trust_env = not is_this_machine(urlsplit(url).hostname or "")
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(self._open_sockets))

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        """Make one request and return its answer, whatever the status. Raises UnreachableError without one."""
        timer = threading.Timer(self._whole_seconds, self._open_sockets.shut_down)
        timer.daemon = True
        timer.start()
        try:
            return self._request(method, path, headers, body)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"{self._url} does not answer: {_reason(error)}") from error
        finally:
            timer.cancel()

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        with self._session.request(
            method,
            self._url + path,
            headers=dict(headers),
            data=body,
            auth=_without_credentials,
            timeout=self._limits,
            allow_redirects=False,
            stream=True,
        ) as response:
            told = {name.lower(): value for name, value in response.headers.items()}
            return HttpAnswer(status=response.status_code, headers=told, body=_read(response))

    def close(self) -> None:
        """Close the transport for good; a running call fails at once with UnreachableError."""
        self._open_sockets.shut_down(for_good=True)
        self._session.close()


def _without_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no credentials: without an `auth`, requests would take one from the machine's .netrc."""
    return request


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    while piece := response.raw.read(_PIECE, decode_content=False):
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise OSError("its answer is too long")
    return bytes(body)


def _reason(error: Exception) -> str:
    """Return the cause in a few words: the libraries' own messages are long and contain names of objects."""
    causes: list[BaseException] = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    told = next((one for one in reversed(causes) if isinstance(one, OSError) and one.strerror), None)
    if told:
        return str(told.strerror)
    is_late = any(isinstance(one, (TimeoutError, urllib3.exceptions.TimeoutError)) for one in causes)
    return "timed out" if is_late else type(error).__name__


# ---------------------------------------------------------------- to be able to cut a call short


class _OpenSockets:
    """The open sockets, so that another thread can shut them down and wake a thread that waits for one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._closed = False

    def add(self, sock: socket.socket) -> None:
        """Remember a socket. Raises OSError when the transport was closed meanwhile."""
        with self._lock:
            self._sockets = {one for one in self._sockets if one.fileno() >= 0} | {sock}
            if self._closed:
                raise OSError("the transport is closed")

    def shut_down(self, *, for_good: bool = False) -> None:
        """Shut down every socket; `for_good`: also those that are added later."""
        with self._lock:
            self._closed = self._closed or for_good
            for sock in self._sockets:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:  # it has ended by itself
                    continue


class _Adapter(HTTPAdapter):
    """An adapter of requests that records the sockets it opens."""

    def __init__(self, sockets: _OpenSockets) -> None:
        self._open_sockets = sockets
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Build connection pools that record their sockets."""
        super().init_poolmanager(*args, **options)
        sockets = self._open_sockets

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
