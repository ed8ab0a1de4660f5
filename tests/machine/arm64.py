"""`make arm64`: the kiosk's package on an arm64 Debian, and the core of its tests there, under qemu-user.

The system is a folder whose programs are emulated one by one; it has no kernel and no systemd of its own (`make vm`
has). Needs root.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.machine.image import run

PACKAGES = (
    "python3,python3-venv,python3-pygame,libusb-1.0-0,libegl1,libgles2,libgl1,libgl1-mesa-dri,ca-certificates,systemd"
)
"""What the package depends on: nothing is fetched when it is installed."""
TOOLS = ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "hypothesis", "sortedcontainers")
CORE = (
    "rules/rules rules/rules_properties hours/hours rules/passes rules/tariffs badges ledger/ledger ledger/faults "
    "store/migrations rules/corrections desk/forgetting ledger/roster door/controller whole/one_tap rules/scenarios "
    "hardware/door hardware/indicator hardware/reader hardware/chip hardware/ntag424 sync/central/kiosks/badge_key "
    "clock ledger/timekeeping upkeep/backup settings/config threads/control_socket settings/site_file "
    "notices/language notices/notices hours/local_time screen/now threads/workers whole/daemon cli/cli"
)
"""Rules, ledger, reader, door, clock, the daemon, the command: whatever needs no browser and no database server."""
NOT_HERE = (
    "hardware/chip.py::test_a_new_speed_begins_with_the_acknowledgement_of_the_host",
    "hardware/chip.py::test_a_chip_that_is_plugged_in_again_has_forgotten_its_speed",
    "hardware/reader.py::test_a_reader_whose_process_was_killed_at_high_speed_is_opened",
    "hardware/reader.py::test_without_our_help_it_stays_deaf",
    "hardware/reader.py::test_our_reader_is_never_put_to_sleep_but_plain_nfcpy_does_it",
)
"""They set a pseudo-terminal to 921600 baud; the emulator knows no speed above 460800 and hands on none."""
SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources")
"""What this system has its packages from."""
MAGIC = rb"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = rb"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
BINFMT = Path("/proc/sys/fs/binfmt_misc")


def enable_emulation() -> None:
    """Have the kernel start arm64 programs by qemu-aarch64-static, inside of other roots too."""
    if not (BINFMT / "register").exists():
        run("mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT)
    if not (BINFMT / "qemu-aarch64").exists():
        where = shutil.which("qemu-aarch64-static")
        (BINFMT / "register").write_bytes(b":qemu-aarch64:M::%s:%s:%s:F" % (MAGIC, MASK, (where or "").encode()))


def make_root(root: Path) -> None:
    """Unpack a bare Debian for arm64, made once."""
    archive = root.with_suffix(".tar")
    if not archive.exists():
        part = archive.with_suffix(".part")
        options = ["--architectures=arm64", "--variant=minbase", f"--include={PACKAGES}", "--format=tar"]
        sources = [one for one in SOURCES if Path(one).exists()]
        run("mmdebstrap", *options, '--aptopt=APT::Install-Recommends "false"', "", part, *sources)
        part.rename(archive)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    run("tar", "-C", root, "-xf", archive)


def inside(root: Path, command: str, *, check: bool = True) -> str:
    """Run a shell command as root of the other system; return what it printed. Raises SystemExit when it fails."""
    mounts = f"mount -t proc proc {root}/proc && mount --rbind /dev {root}/dev && mount -t tmpfs tmpfs {root}/tmp"
    environment = {
        "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "QEMU_CPU": "cortex-a72",  # the plainest is many times faster than the default, which can do everything
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["nice", "-n", "19", "unshare", "--mount", "sh", "-c", f'{mounts} && exec chroot {root} sh -c "$0"', command],
        env=environment,
        capture_output=True,
        text=True,
    )
    if check and done.returncode:
        raise SystemExit(f"{command}: exit code {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return (done.stdout + done.stderr).strip()


def fetch_tools(root: Path) -> None:
    """Put what the tests need beside the package into the other system, at its locked versions."""
    locked = Path("requirements-dev.txt").read_text().splitlines()
    names = [line.split()[0] for line in locked if line.split("==")[0] in TOOLS]
    platforms = [f"--platform=manylinux{version}_aarch64" for version in ("2014", "_2_17", "_2_28")]
    python = os.environ.get("PYTHON", ".venv/bin/python")
    where = root / "root/tools"
    run(python, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", *platforms, "--python-version=3.11",
        "-d", where, *names)  # fmt: skip


def main() -> int:
    """Install the package on an arm64 Debian, run the core of the tests there; 0 when all of it holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.machine.arm64", description=main.__doc__)
    parser.add_argument("package", type=Path, help="what `make deb ARCHITECTURE=arm64` made")
    parser.add_argument("--folder", type=Path, default=Path("build/arm64-root"), help="for some 3 GB [%(default)s]")
    parser.add_argument("--core", default=CORE, metavar="NAMES", help="the files of tests to run")
    given = parser.parse_args()
    root: Path = given.folder.resolve()
    clock = Stopwatch()
    enable_emulation()
    make_root(root)
    clock.told("a bare Debian for arm64")
    shutil.copy(given.package, root / "root/kiosk.deb")
    shutil.copy(
        given.package.with_name(given.package.name.replace("kiosk_", "kiosk-central_")), root / "root/central.deb"
    )
    print(inside(root, "dpkg -i /root/kiosk.deb"))
    clock.told("the package installed")
    print(inside(root, "uname -m; kiosk --version; kiosk check /etc/kiosk/kiosk.toml; kiosk doctor", check=False))
    clock.told("check and doctor")
    shutil.copytree("tests", root / "root/checkout/tests")
    for name in ("pyproject.toml", "requirements-door.txt"):
        shutil.copy(name, root / "root/checkout")
    fetch_tools(root)
    pip = "/opt/kiosk/current/bin/python -m pip install -q --no-index --root-user-action ignore"
    inside(root, f"{pip} --no-deps --find-links /root/tools {' '.join(TOOLS)}")
    inside(root, "dpkg -x /root/central.deb /root/central")
    wheels = "--find-links /usr/share/kiosk/wheels --find-links /root/central/usr/share/kiosk-central/wheels"
    inside(root, f"{pip} {wheels} 'kiosk[central]'")
    clock.told("pytest installed")
    files = " ".join(f"tests/{_test_file(name)}.py" for name in given.core.split())
    files += "".join(f" --deselect tests/{_test_file(name)}" for name in NOT_HERE)
    tests = f"cd /root/checkout && /opt/kiosk/current/bin/python -m pytest -k 'not postgresql' {files}"
    said = inside(root, f"{tests} && echo the core holds", check=False)
    print(said[-4000:])
    clock.told("the core of the tests")
    shutil.rmtree(root)
    return 0 if "the core holds" in said.splitlines()[-1] else 1


def _test_file(name: str) -> str:
    """Return the path under tests/ of `room/subject`: `rules/hours` is `rules/test_hours`."""
    room, _, subject = name.rpartition("/")
    return f"{room}/test_{subject}" if room else f"test_{subject}"


class Stopwatch:
    """Tells how long each step took."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def told(self, what: str) -> None:
        """Print the seconds since the last step."""
        now = time.monotonic()
        print(f"{what}: {now - self._began:.0f} s", flush=True)
        self._began = now


if __name__ == "__main__":
    raise SystemExit(main())
