"""The demo on a web page, for a machine without a display: screen and tray, on loopback only.

The page shows the last frame as a picture and is told by server-sent events when there is a new one. Clicks, touches
and keys on the page become touches and keys of the screen. Whoever can open the page can use the simulated kiosk,
nothing else.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from kiosk.demo.remote import Remote

HOST = "127.0.0.1"
PORT = 8765
NAMES = ("127.0.0.1", "localhost")
"""Host names that are answered: a foreign page that resolves its name to this address is refused."""
STILL_SECONDS = 10.0
"""How long a browser waits for a frame before it gets a sign of life."""
MOST_BYTES = 200

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>kiosk demo</title><link rel="icon" href="data:,">
<style>
html, body { margin: 0; height: 100%; background: #303438; }
body { display: flex; align-items: center; justify-content: center; }
img { max-width: 100vw; max-height: 100vh; cursor: pointer; touch-action: none; }
.gone { opacity: .3; }
</style>
<img id="screen" alt="The kiosk's screen, and under it the tray of badges" draggable="false">
<script>
const screen = document.getElementById("screen");
const send = (path, what) => fetch(path, {method: "POST", body: JSON.stringify(what)});
const frames = new EventSource("frames");
frames.onmessage = event => { screen.src = "frame.png?" + event.data; screen.classList.remove("gone"); };
frames.onerror = () => screen.classList.add("gone");
let told = Promise.resolve(), on = null;
const finger = (event, how) => {
  const box = screen.getBoundingClientRect();
  const scale = screen.naturalWidth / box.width;
  const x = Math.floor((event.clientX - box.left) * scale), y = Math.floor((event.clientY - box.top) * scale);
  event.preventDefault();
  told = told.then(() => send("touch", {x, y, how})).catch(() => {});
};
screen.addEventListener("pointerdown", event => {
  if (on !== null || event.button !== 0) return;
  on = event.pointerId;
  screen.setPointerCapture(on);
  finger(event, "down");
});
screen.addEventListener("pointermove", event => { if (event.pointerId === on) finger(event, "move"); });
for (const end of ["pointerup", "pointercancel"]) screen.addEventListener(end, event => {
  if (event.pointerId !== on) return;
  on = null;
  finger(event, "up");
});
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey && event.key.length > 1) return;
  event.preventDefault();
  send("key", {key: event.key, shift: event.shiftKey});
});
</script>
"""


class Browser:
    """The web server of the page. It serves inside `with`, in threads of its own."""

    def __init__(self, remote: Remote, port: int = PORT) -> None:
        """Raises OSError when the port is taken; 0 takes any that is free."""
        self.remote = remote
        self._server = _Server((HOST, port), _Visit)
        self._server.remote = remote
        self.address = f"http://{HOST}:{self._server.server_port}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="browser", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    remote: Remote

    def __init__(self, *told: Any) -> None:
        self.stopping = threading.Event()
        super().__init__(*told)

    def handle_error(self, *told: Any) -> None:
        """Ignore a browser that closed the connection in the middle of an answer; report all else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*told)


class _Visit(BaseHTTPRequestHandler):
    """One request."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the page, a frame, or the numbers of frames as they come."""
        answers: dict[str, Callable[[], None]] = {"/": self._page, "/frame.png": self._frame, "/frames": self._frames}
        answer = answers.get(self.path.partition("?")[0])
        if not self._is_ours():
            self._say(HTTPStatus.FORBIDDEN, b"only from this machine")
        elif answer is None:
            self._say(HTTPStatus.NOT_FOUND, b"there is no such page")
        else:
            answer()

    def do_POST(self) -> None:
        """Take a touch or a key."""
        if not self._is_ours():
            self.close_connection = True
            self._say(HTTPStatus.FORBIDDEN, b"only from this machine")
            return
        deeds = {"/touch": self._touch, "/key": self._key}
        length = self.headers.get("Content-Length", "")
        if self.path not in deeds or not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            self._say(HTTPStatus.BAD_REQUEST, b"a touch or a key is expected")
            return
        try:
            told = json.loads(self.rfile.read(int(length)))
            is_done = deeds[self.path](told)
        except (ValueError, TypeError, KeyError):
            is_done = False
        if is_done:
            self._say(HTTPStatus.NO_CONTENT, b"")
        else:
            self._say(HTTPStatus.BAD_REQUEST, b'{"x": 10, "y": 20} is a touch, {"key": "Enter"} a key')

    def log_message(self, *_: object) -> None:
        """Keep the terminal to what the kiosk does."""

    # ------------------------------------------------------------ inside

    def _is_ours(self) -> bool:
        """Whether a browser on this machine asks for this page, and not another page of it in its name."""
        host = self.headers.get("Host", "").rpartition(":")[0]
        origin = self.headers.get("Origin")
        own = (f"http://{name}:{self.server.server_port}" for name in NAMES)
        return host in NAMES and (origin is None or origin in own)

    def _page(self) -> None:
        self._say(HTTPStatus.OK, PAGE.encode(), "text/html; charset=utf-8")

    def _frame(self) -> None:
        self._say(HTTPStatus.OK, self.server.remote.png(), "image/png")

    def _frames(self) -> None:
        """Tell the number of each frame until the browser or the demo is gone."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        known = 0
        try:
            while not self.server.stopping.is_set():
                number = self.server.remote.wait(known, STILL_SECONDS)
                self.wfile.write(f"data: {number}\n\n".encode() if number != known else b": still here\n\n")
                known = number
        except OSError:
            return  # the browser was closed

    def _touch(self, told: dict[str, Any]) -> bool:
        """A touch; or a finger laid down, moved or lifted, which a page tells one after the other."""
        remote, at = self.server.remote, (int(told["x"]), int(told["y"]))
        {"touch": remote.touch, "down": remote.lay, "move": remote.slide, "up": remote.lift}[told.get("how", "touch")](
            at
        )
        return True

    def _key(self, told: dict[str, Any]) -> bool:
        return self.server.remote.press(str(told["key"]), shift=bool(told.get("shift")))

    def _say(self, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(body)
