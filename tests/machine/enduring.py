"""Stages that break something: the kiosk killed, the power cut, threads and kernel frozen, a disk that is only read."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from tests.machine import image
from tests.machine.bench import AWAY_SECONDS, CARDS, KIOSK, UNIT, Bench, pid, put_script, require, serving, status, tap
from tests.machine.guest import Guest

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
    with bench.ready() as guest:
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
    with bench.ready() as guest:
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
    guest.run("cp /root/good.toml /etc/kiosk/kiosk.toml; sync")  # the kernel is to hang before it writes that itself
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
        tap(bench, CARDS[0], 3.0)
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
