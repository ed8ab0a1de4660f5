"""Stages that install: the bare system, the release, upgrades that hold and upgrades that are taken back."""

from __future__ import annotations

import time

from tests.machine import image
from tests.machine.bench import CARDS, KIOSK, UNIT, Bench, pid, require, serving, status, tap
from tests.machine.guest import Guest, GuestError

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


def make_image(bench: Bench) -> None:
    """Make the system that the machine starts from."""
    began = time.monotonic()
    image.make(bench.folder, bench.release, bench.debian)
    bench.told("image made in s", round(time.monotonic() - began))


def install(bench: Bench) -> None:
    """Install the release, and set up a site: the disk that all further stages copy."""
    disk = "installed.img"
    image.copy(bench.folder / "base.img", bench.folder / disk)
    with bench.machine(disk) as guest:
        bench.told("bare system booted after s", round(guest.booted_after))
        began = time.monotonic()
        # The settings of this machine: a reader behind a USB serial port, nothing on pins.
        guest.run("mkdir -p /etc/kiosk")
        guest.run('printf \'site = "la-serre"\\n[reader]\\npath = "tty:USB0:pn532"\\n\' > /etc/kiosk/kiosk.toml')
        print(guest.run(_script(bench), seconds=1800))
        bench.told("installed in s (emulated)", round(time.monotonic() - began))
        _set_up(guest)
        guest.shut_down()


def _script(bench: Bench) -> str:
    """The installer, as it was unpacked in the machine."""
    return f"/root/kiosk-{bench.release.name.split('-')[1]}/systemd/install --no-apt"


def again(bench: Bench) -> None:
    """Install a second time, which restarts nothing; see that the machine is as promised."""
    with bench.ready() as guest:
        before = pid(guest)
        began = time.monotonic()
        guest.run(_script(bench), seconds=1800)
        bench.told("installed again in s (emulated)", round(time.monotonic() - began))
        if pid(guest) != before:
            said = guest.run(f"journalctl -b --no-pager -u {UNIT} | tail -30")
            raise GuestError(f"a second installation restarts a kiosk that had not changed\n{said}")
        _promises(bench, guest)


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


def upgrades(bench: Bench) -> None:
    """A good new version runs in the place of the old; each bad one is taken back, with all that was recorded."""
    version = bench.release.name.split("-")[1]
    with bench.ready() as guest:
        tree, script = f"/root/kiosk-{version}", f"/root/kiosk-{version}/systemd/install --no-apt"
        first = guest.run("readlink /opt/kiosk/current")
        tap(bench, CARDS[0], 3.0)
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
