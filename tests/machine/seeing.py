"""Stages at the screen: the idle picture and notices, a finger on it, a screen pulled, a picture turned."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from kiosk.screen.drawing.theme import CLOSED
from tests.machine import image
from tests.machine.bench import (
    AWAY_SECONDS,
    CARDS,
    DETAIL,
    KIOSK,
    READY_DISK,
    READY_MEMORY,
    SETTLING_SECONDS,
    UNIT,
    Bench,
    Picture,
    await_picture,
    pid,
    put_script,
    require,
    serving,
    status,
    take_picture,
    tap,
)
from tests.machine.guest import Guest, GuestError

FEW = 8
"""Colours of a screen on which nothing is drawn."""
PIN = "2580"
HOSTS_BUTTON, ERASE, OK, MEMBERS = "570,905 0.3", "531,877 4.0", "894,877 0.3", "826,280 0.3"
"""Where a finger touches, in thousandths of the screen: the notice's button; on the pad the key that erases, held; the
key that ends the PIN; the menu's third button."""
DIGITS = {"2": "713,246 0.2", "5": "713,456 0.2", "8": "713,665 0.2", "0": "713,877 0.2"}
ACCENT = "256,592 3.0 500,592 2.0"
"""The keyboard's e, held, then a slide to the third of its accents."""
TURNED = {90: "57,500 0.3", 270: "943,500 0.3"}
"""The notice's button on a screen that hangs on its side: by the degrees that the picture is turned."""
NOTICE_SECONDS = 3.0
"""After its first frame a notice still moves, and goes after 8 s."""
NOTICED_SECONDS = 60.0
BAR = 0.04
"""At least so much of a scene of the hosts' side has the colour of the bar above it, and of a notice nothing."""
OUTLET = "/sys/class/drm/card*-Virtual-1/status"


def ready(bench: Bench) -> None:
    """Boot without a reader to the idle picture, and freeze the machine there: other stages go on from it."""
    image.copy(bench.folder / "installed.img", bench.folder / READY_DISK)
    with Guest(bench.folder, bench.folder / READY_DISK, reader=bench.chip.port, plugged=False) as guest:
        guest.boot()
        bench.told("booted after s", round(guest.booted_after))
        bench.told("ready after further s", round(guest.wait(f"systemctl is-active {UNIT}", seconds=600.0)))
        _seen(bench, guest, "no-reader")
        guest.freeze(bench.folder / READY_MEMORY)


def taps(bench: Bench) -> None:
    """Boot to ready, see the idle screen and a notice, and lay cards on the reader."""
    with bench.machine(bench.fresh("work.img")) as guest:
        bench.told("booted after s", round(guest.booted_after))
        bench.told("ready and reader found after further s", round(serving(guest), 1))
        bench.told("screen", guest.run(f"{KIOSK} doctor | grep -i screen"))
        idle = _seen(bench, guest, "idle")
        before = status(guest)["entries"]
        bench.chip.put(CARDS[0])
        await_picture(bench, guest, "notice", idle, still=False)
        time.sleep(NOTICE_SECONDS)
        notice = take_picture(bench, guest, "notice")
        require(notice.differs_from(idle), f"the notice is gone: {notice.path}")
        bench.told("colours of the notice", notice.colours)
        bench.chip.take()
        time.sleep(AWAY_SECONDS)
        for card in CARDS[1:]:
            tap(bench, card, 3.0)
        after = status(guest)["entries"]
        bench.told("taps laid / entries written", f"{len(CARDS)} / {after - before}")
        require(after - before >= len(CARDS), "not every tap became an entry")
        print(guest.run(f"{KIOSK} member inside; journalctl -u kiosk -o cat --no-pager | tail -5"))


def _seen(bench: Bench, guest: Guest, name: str) -> Picture:
    """Wait until the screen shows more than one colour here and there. Raises GuestError."""
    end = time.monotonic() + 120.0
    while (shown := take_picture(bench, guest, name)).colours <= FEW:
        require(time.monotonic() < end, f"nobody sees anything on the screen: {shown.path}")
        time.sleep(2.0)
    time.sleep(SETTLING_SECONDS)
    shown = take_picture(bench, guest, name)
    bench.told(f"colours of the picture {name}", shown.colours)
    return shown


def touch(bench: Bench) -> None:
    """Touch the screen: tap a button of a notice and the digits of a PIN, hold a key that erases, slide to a letter."""
    with bench.ready() as guest:
        guest.run(f"printf '{PIN}\\n{PIN}\\n' | {KIOSK} pin 'Membre 1'")
        finger = _plug_in_touchscreen(guest)
        _seen(bench, guest, "idle")
        pad = _opens_the_pad(bench, guest, finger, HOSTS_BUTTON, "touched")
        typed = _type(bench, guest, finger, PIN[:2], "digits", pad)
        finger(ERASE)
        erased = await_picture(bench, guest, "erased", typed, share=DETAIL)
        require(not erased.differs_from(pad, DETAIL), f"not all was erased: {erased.path}")
        whole = _type(bench, guest, finger, PIN, "pin", erased)
        finger(OK)
        menu = await_picture(bench, guest, "menu", whole)
        finger(MEMBERS)
        members = await_picture(bench, guest, "members", menu)
        finger(ACCENT)
        await_picture(bench, guest, "slid", members, share=DETAIL)


def _type(
    bench: Bench, guest: Guest, finger: Callable[[str], None], digits: str, name: str, before: Picture
) -> Picture:
    """Touch digits, each when the one before is seen."""
    for digit in digits:
        finger(DIGITS[digit])
        before = await_picture(bench, guest, name, before, share=DETAIL)
    return before


def _opens_the_pad(
    bench: Bench,
    guest: Guest,
    finger: Callable[[str], None],
    button: str,
    name: str,
) -> Picture:
    """Lay a host's badge down, and touch the button of its notice that leads to the hosts' side.

    A notice goes after 8 s, and an emulated machine that stands still for a moment may draw it too late to be touched.
    The next try is another host's: who is in already has other buttons.
    """
    idle = take_picture(bench, guest, name)
    for card in CARDS:
        bench.chip.put(card)
        notice = await_picture(bench, guest, name, idle, still=False)
        finger(button)
        bench.chip.take()
        pad = await_picture(bench, guest, name, notice)
        if pad.share_of(CLOSED.band) > BAR:
            return pad
        time.sleep(2 * NOTICE_SECONDS)
    raise GuestError(f"the touch opened nothing: {pad.path}")


def turned(bench: Bench) -> None:
    """Turn the picture for a screen that hangs on its side, and touch what it shows there."""
    for degrees, button in TURNED.items():
        with bench.ready() as guest:
            finger = _plug_in_touchscreen(guest)
            guest.run(f"printf '[screen]\\nrotation = {degrees}\\n' >> /etc/kiosk/kiosk.toml")
            guest.run(f"systemctl restart {UNIT}", seconds=300)
            serving(guest)
            _seen(bench, guest, f"turned-{degrees}")
            _opens_the_pad(bench, guest, finger, button, f"turned-{degrees}-touched")
        bench.chip.take()


DARK = """
mkdir -p /run/systemd/system/kiosk.service.d
printf '[Service]\\nEnvironment=SDL_FRAMEBUFFER_ACCELERATION=0\\n' > /run/systemd/system/kiosk.service.d/dark.conf
systemctl daemon-reload
systemctl restart kiosk
"""
"""Has SDL do without OpenGL, without which it cannot open a display by itself."""


def compositor(bench: Bench) -> None:
    """Keep the first way to the screen shut: the kiosk is seen and touched by way of a compositor."""
    with bench.ready() as guest:
        finger = _plug_in_touchscreen(guest)
        guest.run(DARK, seconds=400)
        serving(guest)
        bench.told("screen when the first way is shut", guest.run(f"{KIOSK} doctor | grep -i screen"))
        bench.told("memory in KiB", guest.run("ps -eo rss,comm --no-headers | grep -E 'cage|Xwayland|kiosk' | xargs"))
        _seen(bench, guest, "compositor")
        _opens_the_pad(bench, guest, finger, HOSTS_BUTTON, "compositor-touched")


VOLT = """
mkdir -p /run/volt/hwmon0 /run/systemd/system/kiosk.service.d
echo rpi_volt > /run/volt/hwmon0/name; echo 0 > /run/volt/hwmon0/in0_lcrit_alarm
printf '[Service]\\nBindReadOnlyPaths=/run/volt:/sys/class/hwmon\\n' > /run/systemd/system/kiosk.service.d/volt.conf
systemctl daemon-reload
systemctl restart kiosk
"""
"""Gives the kiosk a stand-in for the kernel's watch on a Pi's supply, which this machine has not."""


def pulled(bench: Bench) -> None:
    """Pull the screen and plug it in again, let the supply sag: each is told, and told to be over."""
    with bench.ready() as guest:
        guest.run(VOLT, seconds=300)
        serving(guest)
        _seen(bench, guest, "plugged")
        was = pid(guest)
        _told(bench, guest, f"echo off | tee {OUTLET}", "screen_pulled", "screen pulled")
        require(pid(guest) == was, "a pulled screen restarts the kiosk")
        began = time.monotonic()
        guest.run(f"echo detect | tee {OUTLET}")
        guest.wait(f'now=$(systemctl show -P MainPID {UNIT}); [ "$now" != {was} ] && [ "$now" != 0 ]', seconds=120)
        bench.told("screen plugged in: a new start after s", round(time.monotonic() - began))
        serving(guest)
        _told(bench, guest, ":", "screen_shown", "screen plugged in: said to be seen after further s")
        _seen(bench, guest, "plugged-again")  # in another size: the kernel forgets the one it was started with
        alarm = "/run/volt/hwmon0/in0_lcrit_alarm"
        _told(bench, guest, f"echo 1 > {alarm}", "power_low", "supply sags")
        _told(bench, guest, f"echo 0 > {alarm}", "power_low", "supply mended", gone=True)


def _told(bench: Bench, guest: Guest, command: str, code: str, what: str, *, gone: bool = False) -> None:
    """Do something, and wait until `kiosk status` has a code or no longer has it. Raises GuestError."""
    ask = f"{KIOSK} status --json > /run/said && {'! ' * gone}grep -q {code} /run/said"
    began = time.monotonic()
    guest.run(command)
    guest.wait(ask, seconds=NOTICED_SECONDS)
    bench.told(f"{what}: told after s", round(time.monotonic() - began))


def _plug_in_touchscreen(guest: Guest) -> Callable[[str], None]:
    """Make a touchscreen in the machine; return what moves a finger over it, see touchscreen.py."""
    command = put_script(guest, "touchscreen.py")
    guest.run(
        "modprobe uinput; : > /run/fingers; "
        f"systemd-run -q --unit=touchscreen sh -c 'tail -f /run/fingers | {command} > /run/lifted'"
    )
    guest.wait("grep -q plugged /run/lifted")
    lifted = itertools.count(1)

    def finger(way: str) -> None:
        guest.run(f"echo '{way}' >> /run/fingers")
        guest.wait(f"grep -q 'lifted {next(lifted)}$' /run/lifted")

    return finger
