"""The way to the server over the network, with requests: time limits that hold, and a close that cuts a call short.

What is said is sync.client's matter. Redirects are not followed, so the token never travels to another host.
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


class Line:
    """A line to one server, for one thread; `close` may come from any."""

    def __init__(
        self,
        url: str,
        *,
        certificates: Path | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        """`url` is one that `check_url` returned. `certificates`: of a private authority, in place of the public ones.

        Connecting may take `connect_seconds` for each of the server's network addresses.
        """
        self._url = url
        self._limits = (connect_seconds, read_seconds)
        self._whole_seconds = whole_seconds
        self._plugs = _Plugs()
        self._session = requests.Session()
        self._session.verify = str(certificates) if certificates else True
        self._session.trust_env = not is_this_machine(urlsplit(url).hostname or "")
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(self._plugs))

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        """Make one request and return its answer, whatever the status. Raises UnreachableError without one."""
        timer = threading.Timer(self._whole_seconds, self._plugs.pull)
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
            auth=_as_given,
            timeout=self._limits,
            allow_redirects=False,
            stream=True,
        ) as response:
            told = {name.lower(): value for name, value in response.headers.items()}
            return HttpAnswer(status=response.status_code, headers=told, body=_read(response))

    def close(self) -> None:
        """End the line for good; a call under way ends now, with UnreachableError."""
        self._plugs.pull(for_good=True)
        self._session.close()


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave the request as it is: without an `auth`, requests would take one from the machine's .netrc."""
    return request


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    while piece := response.raw.read(_PIECE, decode_content=False):
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise OSError("its answer is too long")
    return bytes(body)


def _reason(error: Exception) -> str:
    """Say in a word what happened: the libraries' own sentences are long, and end in names of their objects."""
    causes: list[BaseException] = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    told = next((one for one in reversed(causes) if isinstance(one, OSError) and one.strerror), None)
    if told:
        return str(told.strerror)
    is_late = any(isinstance(one, (TimeoutError, urllib3.exceptions.TimeoutError)) for one in causes)
    return "timed out" if is_late else type(error).__name__


# ---------------------------------------------------------------- to be able to cut a call short


class _Plugs:
    """The sockets in use, so that another thread can shut them: a thread that waits for one then wakes up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._closed = False

    def add(self, plug: socket.socket) -> None:
        """Remember a socket. Raises OSError when the line was closed meanwhile."""
        with self._lock:
            self._sockets = {one for one in self._sockets if one.fileno() >= 0} | {plug}
            if self._closed:
                raise OSError("the line is closed")

    def pull(self, *, for_good: bool = False) -> None:
        """Shut every socket."""
        with self._lock:
            self._closed = self._closed or for_good
            for plug in self._sockets:
                try:
                    plug.shutdown(socket.SHUT_RDWR)
                except OSError:  # it has ended by itself
                    continue


class _Adapter(HTTPAdapter):
    """Lets the sockets that requests opens be remembered."""

    def __init__(self, plugs: _Plugs) -> None:
        self._plugs = plugs
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Build the pools, whose connections tell of their sockets."""
        super().init_poolmanager(*args, **options)
        plugs = self._plugs

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                plugs.add(self.sock)

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                plugs.add(self.sock)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
