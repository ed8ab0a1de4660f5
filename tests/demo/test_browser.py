"""The demo in a browser, over HTTP: frames as they come, clicks and keys as the window takes them, who is refused."""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

os.environ["SDL_VIDEODRIVER"] = "dummy"

from kiosk.demo.browser import Browser
from kiosk.demo.remote import Remote
from kiosk.demo.tray import TRAY, TrayPanel
from kiosk.messages import Touch
from kiosk.screen.door.shown_notice import TOO_SOON_SECONDS
from kiosk.screen.drawing.theme import WHITE, contrast
from kiosk.screen.panel import PanelTouch
from kiosk.screen.sdl import pygame
from kiosk.screen.window import Screen
from tests.office.watch import Watch
from tests.pictures.door import tray_view
from tests.pictures.picture import WIDE
from tests.screen.test_window import ENTRY, IDLE, middle_of_undo
from tests.sync.central.pages.test_browser import CHROMIUM, QUIET


class Visitor:
    """A screen in memory, served, and a browser's requests."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.tray = TrayPanel()
        self.screen = Screen(WIDE, panel=self.tray, monotonic=self.watch)
        remote = Remote()
        self.screen.on_frame = remote.framed
        self.browser = Browser(remote, 0)
        self.port = int(self.browser.address.rsplit(":", 1)[1].strip("/"))

    def ask(self, method: str, path: str, told: object = None, **headers: str) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        line.request(method, path, None if told is None else json.dumps(told), headers)
        answer = line.getresponse()
        found = (answer.status, answer.read())
        line.close()
        return found


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    visitor = Visitor()
    with visitor.browser:
        yield visitor
    visitor.screen.close()


def test_the_page_and_the_frame_that_was_drawn_last(visitor, tmp_path) -> None:
    visitor.screen.idle(IDLE)
    visitor.tray.view = tray_view()
    visitor.screen.draw()
    status, page = visitor.ask("GET", "/")
    assert status == 200
    assert b'new EventSource("frames")' in page
    status, png = visitor.ask("GET", "/frame.png?1")
    (tmp_path / "frame.png").write_bytes(png)
    seen = pygame.image.load(str(tmp_path / "frame.png"))
    window = pygame.display.get_surface()
    assert window is not None
    assert seen.get_size() == (800, 720)
    assert pygame.image.tostring(seen, "RGB") == pygame.image.tostring(window, "RGB")


def test_every_new_frame_is_told_to_whoever_looks(visitor) -> None:
    line = http.client.HTTPConnection("127.0.0.1", visitor.port, timeout=10)
    line.request("GET", "/frames")
    events = line.getresponse()
    assert events.headers["Content-Type"] == "text/event-stream"
    for number, view in enumerate((IDLE, ENTRY), start=1):
        (visitor.screen.idle if view is IDLE else visitor.screen.show)(view)
        visitor.screen.draw()
        assert events.readline() == f"data: {number}\n".encode()
        assert events.readline() == b"\n"
    events.close()
    line.close()


def test_a_click_is_a_touch_on_the_screen_and_on_the_tray(visitor) -> None:
    visitor.screen.show(ENTRY)
    visitor.tray.view = tray_view()
    visitor.screen.draw()
    visitor.watch.seconds += TOO_SOON_SECONDS
    x, y = middle_of_undo()
    assert visitor.ask("POST", "/touch", {"x": x, "y": y})[0] == 204
    assert visitor.ask("POST", "/touch", {"x": 60, "y": 510})[0] == 204
    touched = visitor.screen.events()
    assert touched == [Touch(button="undo", notice=ENTRY.number), PanelTouch("badge:camille")]


def test_a_finger_is_laid_down_slides_and_is_lifted_one_after_the_other(visitor) -> None:
    visitor.screen.idle(IDLE)
    visitor.screen.draw()
    pygame.event.clear()
    for how, x in (("down", 100), ("move", 140), ("move", 5000), ("up", 5000)):
        assert visitor.ask("POST", "/touch", {"x": x, "y": 50, "how": how})[0] == 204
    kinds = (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP)
    seen = [(event.type, event.pos) for event in pygame.event.get() if event.type in kinds]
    down, move, up = kinds
    assert seen == [(down, (100, 50)), (move, (140, 50)), (move, (799, 50)), (up, (799, 50))]


def test_the_page_tells_of_a_mouse_that_drags_as_it_goes(visitor) -> None:
    visitor.screen.idle(IDLE)
    visitor.screen.draw()
    pygame.event.clear()
    with sync_playwright() as play, play.chromium.launch(executable_path=CHROMIUM, args=QUIET) as browser:
        page = browser.new_page()
        page.goto(visitor.browser.address)
        page.wait_for_function("document.getElementById('screen').naturalWidth > 100")
        box = page.locator("#screen").bounding_box()
        assert box
        page.mouse.move(box["x"] + 100, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + 160, box["y"] + 60)
        with page.expect_response(lambda answer: '"up"' in (answer.request.post_data or "")):
            page.mouse.up()
        page.mouse.move(box["x"] + 300, box["y"] + 60)  # lifted: no more of its business
    kinds = (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP)
    seen = [(event.type, event.pos) for event in pygame.event.get() if event.type in kinds]
    assert seen == [(kinds[0], (100, 50)), (kinds[1], (160, 60)), (kinds[2], (160, 60))]


def test_keys_arrive_as_keys(visitor) -> None:
    for key in ("Enter", "é"):
        assert visitor.ask("POST", "/key", {"key": key, "shift": False})[0] == 204
    events = [(event.type, getattr(event, "text", None)) for event in pygame.event.get() if event.type in (768, 771)]
    assert events == [(pygame.KEYDOWN, None), (pygame.TEXTINPUT, "é")]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/touch", {"x": 1}),
        ("/touch", {"x": "a", "y": 2}),
        ("/touch", [1, 2]),
        ("/touch", {"x": 1, "y": 2, "how": "throw"}),
        ("/key", {"key": "F13"}),
        ("/key", 7),
    ],
)
def test_what_is_neither_touch_nor_key_is_refused_with_an_example(visitor, path, told) -> None:
    status, said = visitor.ask("POST", path, told)
    assert status == 400
    assert b'{"x": 10, "y": 20} is a touch' in said


def test_a_touch_beside_the_frame_is_nothing(visitor) -> None:
    visitor.screen.idle(IDLE)
    visitor.screen.draw()
    pygame.event.clear()
    assert visitor.ask("POST", "/touch", {"x": 5000, "y": 5000})[0] == 204
    assert [event for event in pygame.event.get() if event.type == pygame.MOUSEBUTTONDOWN] == []


def test_a_page_of_elsewhere_is_refused(visitor) -> None:
    own = f"127.0.0.1:{visitor.port}"
    assert visitor.ask("GET", "/frame.png", Host="evil.example:80")[0] == 403
    assert visitor.ask("POST", "/touch", {"x": 1, "y": 1}, Host=own, Origin="http://evil.example")[0] == 403
    assert visitor.ask("POST", "/touch", {"x": 1, "y": 1}, Host=own, Origin=f"http://{own}")[0] == 204


def test_it_listens_on_loopback_only(visitor) -> None:
    assert visitor.browser.address.startswith("http://127.0.0.1:")
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if f":{visitor.port:04X} " in line
    ]
    assert {address.split(":")[0] for address in listening} == {"0100007F"}


def test_there_is_no_other_page(visitor) -> None:
    assert visitor.ask("GET", "/../etc/passwd")[0] == 404
    assert visitor.ask("POST", "/frame.png", {})[0] == 400
    assert visitor.ask("POST", "/key", {"key": "x" * 500})[0] == 400


def test_the_whole_demo_is_used_from_a_browser(tmp_path) -> None:
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    command: list[str | Path] = [Path(sys.executable).with_name("kiosk"), "demo", "--alone", "--browser", "--port", "0"]
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout
        assert demo.stdin
        kill = threading.Timer(60, demo.kill)
        kill.start()
        address = next(line for line in demo.stdout if line.startswith("screen")).split()[1]
        port = int(address.rsplit(":", 1)[1].strip("/"))
        events = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        events.request("GET", "/frames")
        told = events.getresponse()
        assert told.readline().startswith(b"data: ")
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        line.request("POST", "/touch", json.dumps({"x": 60, "y": 510}))
        assert line.getresponse().status == 204
        verdict = next(said for said in demo.stdout if "ENTRY_USED" in said)
        for one in (told, events, line):
            one.close()
        demo.stdin.write("quit\n")
        demo.stdin.flush()
        demo.stdout.read()
        kill.cancel()
    assert "Camille Roux" in verdict
    assert demo.returncode == 0


def test_the_words_on_the_tray_have_a_contrast_of_seven_to_one() -> None:
    assert contrast(WHITE, TRAY) >= 7
