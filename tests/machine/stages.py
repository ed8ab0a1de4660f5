"""The stages of `make vm`; each can be run alone once `image` and `install` have been."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from hardware.simulator.cards import Ntag
from hardware.simulator.chip import Pn532
from kiosk.screen.sdl import pygame
from tests.machine import image
from tests.machine.guest import HEIGHT, WIDTH, Guest, GuestError

CARDS = [Ntag(bytes.fromhex("04A2B3") + number.to_bytes(4)) for number in range(1, 7)]
AWAY_SECONDS = 1.7
"""The reader takes a card for the same touch until it was away for 1.5 s."""
SITE = """
[site]
id = "la-serre"
name = "La Serre"
zone = "Europe/Paris"
country = "FR"
currency = "EUR"
language = "fr"
hours = "24/7"
"""
SETTLING_SECONDS = 10.0
"""An emulated machine draws its first picture for seconds after it is ready."""
HOSTS_BUTTON, DIGITS, ERASE = "570,905 0.3", ("714,246 0.2", "715,456 0.2"), "531,877 1.5"
"""Where a finger touches, in thousandths of the screen: the notice's button; on the pad 2 and 5, and back, held."""
KIOSK = "/usr/local/bin/kiosk"
UNIT = "kiosk.service"
SAID_OF_THE_READER = (
    f"journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID {UNIT}) -o cat --no-pager "
    "| grep -E 'reader (up|down)' | tail -1"
)
"""The last word on it by the process that serves now."""


@dataclass
class Bench:
    """Where the machine's files are, the reader that is plugged into it, and what was measured."""

    folder: Path
    release: Path
    debian: int
    chip: Pn532
    seed: int
    cuts: int
    figures: dict[str, Any] = field(default_factory=dict)

    def told(self, what: str, value: object) -> None:
        """Note a figure, and print it."""
        self.figures[what] = value
        print(f"  {what}: {value}", flush=True)

    @contextmanager
    def machine(self, disk: str, *, data: str | None = None, screen: bool = True) -> Iterator[Guest]:
        """A machine that runs on this disk of the folder, and is talked to."""
        where = self.folder / data if data else None
        with Guest(self.folder, self.folder / disk, reader=self.chip.port, data=where, screen=screen) as guest:
            yield guest.boot()

    def fresh(self, disk: str) -> str:
        """A copy of the installed machine's disk, to do things to."""
        image.copy(self.folder / "installed.img", self.folder / disk)
        return disk


def require(holds: object, what: str) -> None:
    """Stop the stage when something does not hold."""
    if not holds:
        raise GuestError(what)


def status(guest: Guest) -> dict[str, Any]:
    """What the kiosk in the machine says of itself."""
    answer: dict[str, Any] = json.loads(guest.run(f"{KIOSK} status --json"))
    return answer


def pid(guest: Guest) -> str:
    """The process that serves."""
    return guest.run(f"systemctl show -P MainPID {UNIT}")


def put_script(guest: Guest, name: str) -> str:
    """Put one of the scripts beside this file into the machine; return the command that runs it."""
    path = Path(__file__).parent / name
    guest.run(f"cat > /root/{name} <<'END'\n{path.read_text()}END")
    return f"/opt/kiosk/current/bin/python /root/{name}"


def serving(guest: Guest, seconds: float = 600.0) -> float:
    """Wait until the kiosk is ready and its reader answers; return the seconds that it took. Raises GuestError."""
    began = time.monotonic()
    guest.wait(f"systemctl is-active {UNIT}", seconds=seconds)
    while "reader up" not in guest.run(SAID_OF_THE_READER):
        if time.monotonic() > began + seconds:
            about = guest.run(
                f"{KIOSK} status || true; journalctl -b -o short-monotonic --no-pager -u {UNIT} | tail -20; "
                "journalctl -b -k -o short-monotonic --no-pager | grep -iE 'tty|usb' | tail -20; cat /proc/devices"
            )
            raise GuestError(f"the reader does not answer after {seconds:g} s\n{about}")
        time.sleep(1.0)
    return time.monotonic() - began


# ---------------------------------------------------------------- stages


def make_image(bench: Bench) -> None:
    """Make the system that the machine starts from."""
    began = time.monotonic()
    image.make(bench.folder, bench.release, bench.debian)
    bench.told("image made in s", round(time.monotonic() - began))


def install(bench: Bench) -> None:
    """Install the release, twice; set up a site; see that the machine is as promised."""
    disk = "installed.img"
    image.copy(bench.folder / "base.img", bench.folder / disk)
    with bench.machine(disk) as guest:
        bench.told("bare system booted after s", round(guest.booted_after))
        version = bench.release.name.split("-")[1]
        script = f"/root/kiosk-{version}/systemd/install --no-apt"
        began = time.monotonic()
        # The settings of this machine: a reader behind a USB serial port, nothing on pins.
        guest.run("mkdir -p /etc/kiosk")
        guest.run('printf \'site = "la-serre"\\n[reader]\\npath = "tty:USB0:pn532"\\n\' > /etc/kiosk/kiosk.toml')
        print(guest.run(script, seconds=1800))
        bench.told("installed in s (emulated)", round(time.monotonic() - began))
        _set_up(guest)
        before = pid(guest)
        guest.run(script, seconds=1800)
        require(pid(guest) == before, "a second installation restarts a kiosk that had not changed")
        _promises(bench, guest)
        guest.shut_down()


def _set_up(guest: Guest) -> None:
    """Describe the site, and give everybody a card; nothing is said of the reader before."""
    guest.run(f"cat > /root/site.toml <<'END'\n{SITE}END\n{KIOSK} site import /root/site.toml")
    for number, card in enumerate(CARDS, 1):
        guest.run(f"{KIOSK} member add 'Membre {number}' --staff")
        guest.run(f"{KIOSK} badge assign 'Membre {number}' --number {card.uid.hex()}")
    serving(guest)


def _promises(bench: Bench, guest: Guest) -> None:
    """What the units promise, seen on the running system."""
    user = guest.run(f"ps -o user= -p {pid(guest)}")
    require(user == "kiosk", f"the kiosk runs as {user}")
    ports = guest.run("ss -Hltnup")
    require("kiosk" not in ports and "python" not in ports, f"a port is open: {ports}")
    bench.told("ports open on the machine", len(ports.splitlines()))
    words = guest.run(
        "journalctl -b --no-pager SYSLOG_IDENTIFIER=systemd "
        "| grep -iE 'unknown (key|section|lvalue)|failed to parse' || true"
    )
    require(not words, f"systemd does not understand: {words}")
    # What the bare system wrote there before stays; nothing is added to it.
    log = guest.run("ls -l /proc/$(systemctl show -P MainPID systemd-journald)/fd | grep /var/log || true")
    require(not log, f"the log is on the disk: {log}")
    require(guest.run("stat -c %G /dev/ttyUSB0") == "dialout", "the reader's port is not for dialout")
    require("ID_MM_DEVICE_IGNORE=1" in guest.run("udevadm info /dev/ttyUSB0"), "ModemManager may touch the reader")
    bench.told("exposure", guest.run(f"systemd-analyze security {UNIT} | tail -1 | grep -oE '[0-9]+[.][0-9]'"))
    bench.told("hardware watchdog", guest.run("systemctl show -P RuntimeWatchdogUSec"))
    refused = guest.run(
        "systemd-run -qP -p SocketBindDeny=any python3 -c \"import socket; socket.socket().bind(('0.0.0.0', 8080)); "
        "print('opened')\" "
        "2>&1 || true"
    )
    bench.told("a program under SocketBindDeny opens a port", "refused" if "not permitted" in refused else refused)
    print(guest.run(f"{KIOSK} doctor || true"))


def taps(bench: Bench) -> None:
    """Boot to ready, see the idle screen, and lay cards on the reader."""
    with bench.machine(bench.fresh("work.img")) as guest:
        bench.told("booted after s", round(guest.booted_after))
        bench.told("ready and reader found after further s", round(serving(guest), 1))
        ready = guest.run(f"systemd-analyze blame --no-pager | grep {UNIT} || true")
        bench.told("kiosk's own start", ready)
        bench.told("screen", guest.run(f"{KIOSK} doctor | grep -i screen"))
        picture = _picture(bench, guest, "idle")
        require(picture.colours > 8, f"nobody sees anything on the screen: {picture.path}")
        before = status(guest)["entries"]
        for card in CARDS:
            _tap(bench, card, 3.0)
        after = status(guest)["entries"]
        bench.told("taps laid / entries written", f"{len(CARDS)} / {after - before}")
        require(after - before >= len(CARDS), "not every tap became an entry")
        print(guest.run(f"{KIOSK} member inside; journalctl -u kiosk -o cat --no-pager | tail -5"))


def _tap(bench: Bench, card: Ntag, seconds: float) -> None:
    bench.chip.put(card)
    time.sleep(seconds)
    bench.chip.take()
    time.sleep(AWAY_SECONDS)


class Picture(NamedTuple):
    """What the machine's screen showed: its pixels, three bytes each, and the file they were kept in."""

    path: Path
    pixels: bytes

    @property
    def colours(self) -> int:
        """How many different colours there are."""
        return len({self.pixels[at : at + 3] for at in range(0, len(self.pixels), 3)})

    def differs_from(self, other: Picture) -> bool:
        """Whether more changed than the clock: a thirtieth of the pixels."""
        places = range(0, len(self.pixels), 3)
        changed = sum(self.pixels[at : at + 3] != other.pixels[at : at + 3] for at in places)
        return changed > len(places) / 30


def _picture(bench: Bench, guest: Guest, name: str) -> Picture:
    """Keep what the machine's screen shows, as `name`.png."""
    raw, path = bench.folder / "screen.ppm", bench.folder / f"{name}.png"
    monitor = guest.monitor()
    monitor.ask("screendump", filename=str(raw))
    monitor.close()
    pygame.image.save(pygame.image.load(str(raw)), str(path))
    picture = Picture(path, raw.read_bytes()[-3 * WIDTH * HEIGHT :])
    bench.told(f"colours of the picture {name}", picture.colours)
    return picture


def _changed(bench: Bench, guest: Guest, name: str, before: Picture, seconds: float = 40.0) -> Picture:
    """Wait until the screen shows something else. Raises GuestError."""
    end = time.monotonic() + seconds
    while True:
        picture = _picture(bench, guest, name)
        if picture.differs_from(before):
            return picture
        require(time.monotonic() < end, f"the screen does not change: {picture.path}")
        time.sleep(0.5)


def touch(bench: Bench) -> None:
    """Touch the screen: tap a button of a notice, tap digits of a PIN, hold the key that erases them."""
    with bench.machine(bench.fresh("work.img")) as guest:
        serving(guest)
        time.sleep(SETTLING_SECONDS)
        finger = _plug_in_touchscreen(guest)
        idle = _picture(bench, guest, "idle")
        bench.chip.put(CARDS[0])
        notice = _changed(bench, guest, "notice", idle)
        finger(HOSTS_BUTTON)
        bench.chip.take()
        pad = _changed(bench, guest, "touch-tap", notice)
        require(pad.differs_from(idle), f"the touch opened nothing: {pad.path}")
        for digit in DIGITS:
            finger(digit)
        time.sleep(SETTLING_SECONDS / 2)
        typed = _picture(bench, guest, "touch-digits")
        finger(ERASE)
        time.sleep(SETTLING_SECONDS / 2)
        erased = _picture(bench, guest, "touch-hold")
        require(typed.pixels != pad.pixels, f"no digit was typed: {typed.path}")
        require(erased.pixels != typed.pixels, f"nothing was erased: {erased.path}")


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


STANDIN = """
mkdir -p /opt/standin /run/systemd/system/kiosk.service.d
printf '[Service]\\nEnvironment=PYTHONPATH=/opt/standin LINES=/run/kiosk/lines\\n' \
    > /run/systemd/system/kiosk.service.d/standin.conf
printf '[door]\\nstrike = 17\\nunlock_seconds = 60\\n' >> /etc/kiosk/kiosk.toml
systemctl daemon-reload
systemctl restart kiosk
"""
"""Gives the kiosk a stand-in for the library of its lines: this machine has none."""


def strike(bench: Bench) -> None:
    """Kill the kiosk in mid-pulse: its unit drives the strike to rest, before the kiosk is started anew."""
    module = Path(__file__).parent / "standin/lgpio.py"
    with bench.machine(bench.fresh("work.img"), screen=False) as guest:
        serving(guest)
        guest.run(f"mkdir -p /opt/standin; cat > /opt/standin/lgpio.py <<'END'\n{module.read_text()}END")
        guest.run(STANDIN, seconds=400)
        serving(guest)
        guest.run(f"{KIOSK} open")
        energised = guest.run("tail -1 /run/kiosk/lines").split()
        require(energised[1:] == ["17", "1"], f"the strike is not energised: {energised}")
        killed = float(guest.run(f"kill -9 {pid(guest)}; cut -d' ' -f1 /proc/uptime"))
        guest.wait("tail -1 /run/kiosk/lines | grep -q ' 17 0$'", seconds=60)
        rows = [row.split() for row in guest.run("cat /run/kiosk/lines").splitlines()]
        rest = next(float(at) for at, _, level in rows if float(at) > killed and level == "0")
        bench.told("killed in mid-pulse: strike at rest after s (emulated)", round(rest - killed, 1))


def cuts(bench: Bench) -> None:
    """Cut the power in the middle of taps, again and again; nothing that was told is lost."""
    draw = random.Random(bench.seed)
    disk = bench.fresh("cuts.img")
    heads = bench.folder / "heads.log"
    heads.write_text("")
    booted, told = [], 0
    for number in range(1, bench.cuts + 1):
        with bench.machine(disk, screen=False) as guest:
            booted.append(round(guest.booted_after + serving(guest)))
            _nothing_lost(guest, heads)
            before = heads.read_text().count("\n")
            tell = put_script(guest, "heads.py")
            guest.run(f"{tell} /dev/virtio-ports/kiosk.heads >/root/heads.err 2>&1 &")
            _wait_for_more(heads, before)
            _tap_until(bench, draw.uniform(8.0, 18.0), draw)
            guest.cut_power()
        bench.chip.take()
        fresh = heads.read_text().count("\n") - before - 1  # the first was there before the first tap
        told += fresh
        print(f"  cut {number}: {fresh} heads told since the start, the last {_last(heads)}", flush=True)
    with bench.machine(disk, screen=False) as guest:
        serving(guest)
        said = _nothing_lost(guest, heads)
    bench.told("power cuts", bench.cuts)
    bench.told("ledger heads told to the outside", told)
    bench.told("boot to serving in s, shortest / longest", f"{min(booted)} / {max(booted)}")
    bench.told("after the last cut", said.splitlines()[-1])


def _tap_until(bench: Bench, seconds: float, draw: random.Random) -> None:
    """Lay cards on the reader for so long; the last one may lie there, in whatever state its tap is."""
    end = time.monotonic() + seconds
    while True:
        bench.chip.put(draw.choice(CARDS))
        time.sleep(max(0.0, min(draw.uniform(0.2, 2.5), end - time.monotonic())))
        if time.monotonic() >= end:
            return
        bench.chip.take()
        time.sleep(AWAY_SECONDS)


def _wait_for_more(heads: Path, lines: int, seconds: float = 120.0) -> None:
    """Wait until the kiosk's head is told to the outside at all."""
    end = time.monotonic() + seconds
    while heads.read_text().count("\n") <= lines:
        require(time.monotonic() < end, f"no head of the ledger is told after {seconds:g} s")
        time.sleep(0.2)


def _last(heads: Path) -> str | None:
    """The last head that was told in full."""
    whole = heads.read_text().rpartition("\n")[0].splitlines()
    return whole[-1] if whole else None


def _nothing_lost(guest: Guest, heads: Path) -> str:
    """The chain verifies, and holds what the kiosk last told before its power was cut."""
    last = _last(heads)
    return guest.run(f"{KIOSK} ledger verify" + (f" --head {last}" if last else ""))


def watchdogs(bench: Bench) -> None:
    """Freeze the screen, the controller, the whole process, the kernel: each time something starts it anew."""
    with bench.machine(bench.fresh("work.img")) as guest:
        serving(guest)
        freezer = put_script(guest, "freeze.py")
        frozen: dict[str, Callable[[str], str]] = {
            "screen": lambda one: f"{freezer} {one} 0 >/dev/null 2>&1 &",
            "controller": lambda one: f"{freezer} {one} 1 >/dev/null 2>&1 &",
            "whole process": lambda one: f"kill -STOP {one}",
        }
        for what, freeze in frozen.items():
            was = pid(guest)
            guest.run(freeze(was))
            seconds = guest.wait(
                f'now=$(systemctl show -P MainPID {UNIT}); [ "$now" != {was} ] && [ "$now" != 0 ] '
                f"&& systemctl is-active {UNIT}",
                seconds=240,
            )
            guest.run("pkill -f '[f]reeze.py' || true")
            serving(guest)
            bench.told(f"frozen {what}: serving again after s", round(seconds))
        found = guest.run(f"journalctl -u {UNIT} -o cat --no-pager | grep -c 'Watchdog timeout' || true")
        require(int(found) >= 3, f"only {found} watchdog timeouts in the log")
        _hot(bench, guest)
        _hang_kernel(bench, guest)


def _hot(bench: Bench, guest: Guest) -> None:
    """A kiosk whose settings are broken is tried for ever, and never in a hurry; mended, it serves."""
    guest.run("cp /etc/kiosk/kiosk.toml /root/good.toml; echo broken > /etc/kiosk/kiosk.toml")
    guest.run(f"systemctl restart {UNIT} || true")
    time.sleep(180)
    starts = guest.run(f"systemctl show -P NRestarts {UNIT}")
    bench.told("starts in 3 minutes with broken settings", starts)
    require(3 <= int(starts) <= 9, "the pace of restarts")
    guest.run("cp /root/good.toml /etc/kiosk/kiosk.toml")
    bench.told("mended: serving after s", round(guest.wait(f"{KIOSK} status", seconds=240)))


def _hang_kernel(bench: Bench, guest: Guest) -> None:
    """A kernel that stands still is reset by the hardware watchdog."""
    monitor = guest.monitor()
    began = time.monotonic()
    boot = guest.run("cat /proc/sys/kernel/random/boot_id; sysctl -qw kernel.panic=0 kernel.sysrq=1")
    guest.run("nohup sh -c 'sleep 1; echo c > /proc/sysrq-trigger' >/dev/null 2>&1 &")
    events: list[str] = []
    while "RESET" not in events and time.monotonic() < began + 240:
        events += monitor.events()
    monitor.close()
    bench.told("hung kernel: events", ", ".join(dict.fromkeys(one for one in events if one)))
    require("WATCHDOG" in events, "the hardware watchdog did not bite")
    bench.told("hung kernel: reset after s", round(time.monotonic() - began))
    guest.boots_again()
    require(guest.run("cat /proc/sys/kernel/random/boot_id") != boot, "it is the same boot")
    serving(guest)


def upgrades(bench: Bench) -> None:
    """A good new version runs in the place of the old; each bad one is taken back, with all that was recorded."""
    version = bench.release.name.split("-")[1]
    with bench.machine(bench.fresh("work.img")) as guest:
        serving(guest)
        tree, script = f"/root/kiosk-{version}", f"/root/kiosk-{version}/systemd/install --no-apt"
        first = guest.run("readlink /opt/kiosk/current")
        _tap(bench, CARDS[0], 3.0)
        head = status(guest)["head"]
        guest.run(f"sed -i 's/^Description=.*/& (next)/' {tree}/systemd/kiosk.service")
        began = time.monotonic()
        guest.run(script, seconds=1800)
        bench.told("upgraded in s (emulated)", round(time.monotonic() - began))
        second = guest.run("readlink /opt/kiosk/current")
        require(first != second, "nothing was upgraded")
        spoil = (
            ("a version that cannot start", "sed -i 's#^ExecStart=.*#ExecStart=/bin/false#'"),
            (
                "a version that upgrades the ledger and dies",
                "sed -i 's#^ExecStart=.*#ExecStart=/usr/bin/python3 -c \"import sqlite3 as s; c = s.connect("
                "\\x27/var/lib/kiosk/ledger.db\\x27); c.execute(\\x27UPDATE alembic_version SET version_num = 9\\x27); "
                "c.commit(); 1/0\"#'",
            ),
        )
        for what, command in spoil:
            guest.run(f"cp {tree}/systemd/kiosk.service /root/unit; {command} {tree}/systemd/kiosk.service")
            said = guest.run(f"{script} 2>&1 || true", seconds=1800)
            guest.run(f"cp /root/unit {tree}/systemd/kiosk.service")
            require("taken back" in said, said)
            require(guest.run("readlink /opt/kiosk/current") == second, "the old version does not run")
            guest.wait(f"{KIOSK} ledger verify --head {head}")
            bench.told(what, said.splitlines()[-1])
        guest.run(f"{tree}/systemd/install --uninstall")
        left = guest.run("ls -d /opt/kiosk /etc/systemd/system/kiosk* /usr/local/bin/kiosk 2>/dev/null || true")
        require(not left, f"left behind: {left}")
        kept = guest.run("ls /var/lib/kiosk /etc/kiosk")
        require("ledger.db" in kept and "kiosk.toml" in kept, f"not kept: {kept}")
        bench.told("uninstalled; kept", " ".join(kept.split()))


SETTLED_SECONDS = 180
"""After a tap: a minute until the WAL is written back, and half of one until the kernel has written what it holds."""
READ_ONLY = """
set -e
systemctl stop kiosk
mount /dev/vdb /mnt && cp -a /var/lib/kiosk/. /mnt/ && chown kiosk:kiosk /mnt && umount /mnt
echo 'LABEL=kiosk-data /var/lib/kiosk ext4 noatime,nodev,nosuid,noexec 0 2' >> /etc/fstab
echo 'overlayroot="tmpfs:swap=0,recurse=0"' > /etc/overlayroot.local.conf
sync
"""
"""What the chapter of docs/install.md on a read-only system says, on a disk that has a file system already."""


def idle(bench: Bench, *, seconds: int = 600) -> None:
    """A read-only system with one data partition serves, keeps its taps over a cut, writes nothing while idle."""
    image.disk("data.img", bench.folder, "256M", "-L", "kiosk-data")
    with bench.machine(bench.fresh("work.img"), data="data.img") as guest:
        serving(guest)
        guest.run(READ_ONLY, seconds=600)
        guest.shut_down()
    with bench.machine("work.img", data="data.img") as guest:
        serving(guest)
        where = guest.run("findmnt -n -o FSTYPE /; findmnt -n -o SOURCE,FSTYPE /var/lib/kiosk")
        require(where.startswith("overlay") and "/dev/vdb" in where, f"not read-only: {where}")
        guest.run("touch /root/gone")
        _tap(bench, CARDS[0], 3.0)
        entries = status(guest)["entries"]
        time.sleep(SETTLED_SECONDS)
        before = _written(guest)
        time.sleep(seconds)
        after = _written(guest)
        for disk in before:
            bench.told(f"bytes written to {disk} in {seconds} idle seconds", (after[disk] - before[disk]) * 512)
    with bench.machine("work.img", data="data.img") as guest:
        serving(guest)
        require(status(guest)["entries"] >= entries, "the tap before the cut is lost")
        require(guest.run("ls /root/gone 2>/dev/null || true") == "", "the system partition was written to")


def _written(guest: Guest) -> dict[str, int]:
    """Sectors written since the start, by disk."""
    rows = [line.split() for line in guest.run("cat /proc/diskstats").splitlines()]
    return {row[2]: int(row[9]) for row in rows if row[2] in ("vda", "vdb")}


STAGES: dict[str, Callable[[Bench], None]] = {
    "image": make_image,
    "install": install,
    "taps": taps,
    "touch": touch,
    "strike": strike,
    "cuts": cuts,
    "watchdogs": watchdogs,
    "upgrades": upgrades,
    "idle": idle,
}
