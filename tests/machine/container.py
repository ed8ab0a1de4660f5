"""`make container`: the installer, the packages and the units under systemd, at the speed of the machine itself.

A Debian whose first process is systemd, in a container: without a kernel, devices or power of its own; `make vm` has
these. Needs root, and makes the archive of a bare system if it is not there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.machine.image import root_archive, run

KIOSK = "/usr/local/bin/kiosk"
SETTINGS = 'site = "la-serre"\\n[reader]\\npath = "tty:USB0:pn532"\\n'
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
INDEX = "PIP_NO_INDEX=1 PIP_FIND_LINKS=/root/index"
"""Where pip looks in the container, which has no network: a folder in the place of an index."""
STEPS = ("release", "clone", "packages", "media", "central")
SPOILT = {
    "a version that cannot start": "s#^ExecStart=.*#ExecStart=/bin/false#",
    "a version that upgrades the ledger and dies": (
        's#^ExecStart=.*#ExecStart=/usr/bin/python3 -c "import sqlite3 as s; c = s.connect('
        "\\x27/var/lib/kiosk/ledger.db\\x27); c.execute(\\x27UPDATE alembic_version SET version_num = 9\\x27); "
        'c.commit(); 1/0"#'
    ),
}
"""What is done to the unit of a version so that it must be taken back."""


class ContainerError(RuntimeError):
    """A command in the container failed, or did not have its effect."""


class Container:
    """A running container; leaving `with` ends it."""

    def __init__(self, root: Path) -> None:
        options = ("--register=no", "--keep-unit", "--quiet", "--private-network", "--machine=kiosk-container")
        self._log = root.with_suffix(".log").open("w")
        self._process = subprocess.Popen(
            ["systemd-nspawn", *options, "-D", root, "-b"], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        self._first = ""

    def __enter__(self) -> Self:
        """Wait until its units run."""
        end = time.monotonic() + 120
        while time.monotonic() < end and not self._first:
            if self._process.poll() is not None:
                raise ContainerError(f"systemd-nspawn ended with {self._process.returncode}: see {self._log.name}")
            found = subprocess.run(["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True)
            self._first = found.stdout.partition("\n")[0]
            time.sleep(0.2)
        self.wait("systemctl is-system-running | grep -Eq 'running|degraded'")
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ContainerError):
            self.run("systemctl poweroff --no-block")
        try:
            self._process.wait(40)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait(20)
        self._log.close()

    def run(self, command: str, *, seconds: float = 120.0, check: bool = True) -> str:
        """Run a shell command as root; return what it printed. Raises ContainerError when it fails, unless told not."""
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            ["nsenter", "-t", self._first, "-a", "sh", "-c", command],
            capture_output=True,
            text=True,
            timeout=seconds,
            env=environment,
        )
        said = (done.stdout + done.stderr).strip()
        if check and done.returncode:
            raise ContainerError(f"{command}: exit code {done.returncode}\n{said}")
        return said

    def wait(self, command: str, *, seconds: float = 60.0) -> None:
        """Repeat a command until it succeeds."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(ContainerError):
                self.run(command)
                return
            if time.monotonic() > end:
                raise ContainerError(f"{command}: not after {seconds:g} s")
            time.sleep(0.3)


def require(holds: object, what: str) -> None:
    """Stop when something does not hold."""
    if not holds:
        raise ContainerError(what)


class Trial:
    """What is tried, one thing after the other, on one system."""

    def __init__(self, system: Container, version: str) -> None:
        self.figures: dict[str, object] = {}
        self._system, self._version = system, version
        self._tree = f"/root/kiosk-{version}"

    def told(self, what: str, value: object) -> None:
        """Note a figure, and print it."""
        self.figures[what] = value
        print(f"  {what}: {value}", flush=True)

    def release(self) -> None:
        """A release: installed, installed again, upgraded, taken back twice, uninstalled."""
        run, script = self._system.run, f"{self._tree}/systemd/install --no-apt"
        run(f"mkdir -p /etc/kiosk && printf '{SETTINGS}' > /etc/kiosk/kiosk.toml")
        began = time.monotonic()
        print(run(script, seconds=900))
        self.told("installed in s", round(time.monotonic() - began))
        before = self._pid()
        said = run(script, seconds=300)
        require(self._pid() == before, f"a second installation restarts a kiosk that had not changed\n{said}")
        run(f"cat > /root/site.toml <<'END'\n{SITE}END\n{KIOSK} site import /root/site.toml")
        run(f"{KIOSK} member add 'Zoé Martin'")
        first, head = self._current(), self._head()
        self._edit("s/^Description=.*/& (next)/")
        began = time.monotonic()
        run(script, seconds=900)
        self.told("upgraded in s", round(time.monotonic() - began))
        second = self._current()
        require(first != second and "(next)" in run("systemctl show -P Description kiosk"), "nothing was upgraded")
        self._nothing_lost(head)
        for what, edit in SPOILT.items():
            run(f"cp {self._tree}/systemd/kiosk.service /root/unit")
            self._edit(edit)
            said = run(script, seconds=900, check=False)
            run(f"cp /root/unit {self._tree}/systemd/kiosk.service")
            require("taken back" in said, said)
            require(self._current() == second, f"{what} is still there")
            self._nothing_lost(head)
            self.told(what, said.splitlines()[-1])
        run(f"{self._tree}/systemd/install --uninstall")
        self._gone("uninstalled; kept")

    def clone(self) -> None:
        """A clone, which carries no packages: they come from an index, each checked against its locked hash."""
        run, script = self._system.run, f"{INDEX} /root/clone/systemd/install --no-apt"
        run(f"mkdir -p /etc/kiosk && printf '{SETTINGS}' > /etc/kiosk/kiosk.toml")
        began = time.monotonic()
        run(script, seconds=900)
        self.told("installed from a clone in s", round(time.monotonic() - began))
        run(f"{KIOSK} status")
        before = self._pid()
        run(script, seconds=300)
        require(self._pid() == before, "a second installation from a clone restarts the kiosk")
        spoilt = "sed -i 's/sha256:[0-9a-f]/sha256:0/' /root/clone/requirements-door.txt"
        said = run(
            f"cp /root/clone/requirements-door.txt /root/locked && {spoilt} && {script}", seconds=900, check=False
        )
        require("DO NOT MATCH THE HASHES" in said and "what runs now goes on" in said, said)
        require(self._pid() == before, "packages with other hashes took the place of the kiosk that ran")
        self.told("packages whose hashes are others", said.splitlines()[-1])
        run(f"cp /root/locked /root/clone/requirements-door.txt && {script} --uninstall")
        self._gone("uninstalled from the clone; kept")

    def packages(self) -> None:
        """A Debian package by apt: installed, upgraded, removed, purged; the ledger is there after each."""
        run, apt = self._system.run, "DEBIAN_FRONTEND=noninteractive apt-get -y -qq"
        began = time.monotonic()
        run(f"{apt} install /root/kiosk.deb", seconds=900)
        self.told("installed by apt in s", round(time.monotonic() - began))
        head, first = self._head(), self._current()
        run("dpkg-deb -R /root/kiosk.deb /root/next && sed -i 's/^Version: .*/&+next/' /root/next/DEBIAN/control")
        run("echo '# next' >> /root/next/usr/share/kiosk/systemd/kiosk.service")
        run("dpkg-deb -Znone -b /root/next /root/next.deb")
        began = time.monotonic()
        run(f"{apt} install /root/next.deb", seconds=900)
        self.told("upgraded by apt in s", round(time.monotonic() - began))
        require(run("dpkg-query -W -f '${Version}' kiosk").endswith("+next"), "not upgraded by apt")
        require(self._current() != first, "the old version runs on after the upgrade by apt")
        self._nothing_lost(head)
        run(f"{apt} remove kiosk")
        self._gone("removed by apt; kept")
        run(f"{apt} install /root/next.deb", seconds=900)
        self._nothing_lost(head)
        run(f"{apt} purge kiosk")
        kept = run("ls /var/lib/kiosk /etc/kiosk 2>/dev/null", check=False)
        require("ledger.db" in kept and "kiosk.toml" not in kept, f"after a purge: {kept}")
        self.told("purged by apt; kept", " ".join(kept.split()))

    def media(self) -> None:
        """Sticks and disks for copies: the kiosk may write to them, there or not, and nowhere else."""
        run = self._system.run
        run(f"mkdir -p /etc/kiosk && printf '{SETTINGS}' > /etc/kiosk/kiosk.toml")
        run("rmdir /media 2>/dev/null || true; umount /media 2>/dev/null || true")
        run(f"{self._tree}/systemd/install --no-apt", seconds=900)
        run(f"{KIOSK} status")
        self.told("without /media", run("ls -d /media 2>/dev/null || echo it serves", check=False))
        run("mkdir -p /media && mount -t tmpfs -o uid=kiosk tmpfs /media && systemctl restart kiosk")
        self._system.wait(f"{KIOSK} status")
        inside = f"nsenter -t {self._pid()} -m setpriv --reuid kiosk --clear-groups"
        run(f"{inside} touch /media/copy && test -e /media/copy")
        refused = run(f"{inside} touch /srv/copy /var/tmp/copy 2>&1", check=False)
        require(refused.count("cannot touch '/srv") == 1, f"the kiosk may write elsewhere: {refused}")
        self.told("a stick under /media", "written to; elsewhere refused")
        run(f"umount -l /media; {self._tree}/systemd/install --uninstall")

    def central(self) -> None:
        """The central server beside a kiosk, each with its secret as a credential that only its service can read."""
        run = self._system.run
        run("mkdir -p -m 700 /etc/credstore && cd /etc/credstore && umask 077 && "
            "echo sqlite-by-credential.db > kiosk-central.database.url")  # fmt: skip
        run("mkdir -p /etc/kiosk && echo 'database_file = \"/run/credentials/kiosk-central.service/database.url\"' "
            "> /etc/kiosk/central.toml")  # fmt: skip
        began = time.monotonic()
        print(run(f"{self._tree}/systemd/install --no-apt --central", seconds=900))
        self.told("central server installed in s", round(time.monotonic() - began))
        self._system.wait("test -e /var/lib/kiosk-central/sqlite-by-credential.db")
        answer = run("python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/').status)\"")
        require(answer == "200", f"the server answers {answer}")
        self.told("central server's database, named by a credential", "sqlite-by-credential.db")
        run("mv /var/lib/kiosk/badge.key /etc/credstore/kiosk.badge.key && chown root: /etc/credstore/*")
        run(f"mkdir -p /etc/kiosk && printf '{SETTINGS}[paths]\\nbadge_key = "
            "\"/run/credentials/kiosk.service/badge.key\"\\n' > /etc/kiosk/kiosk.toml")  # fmt: skip
        run(f"{self._tree}/systemd/install --no-apt", seconds=900)
        run(f"cat > /root/site.toml <<'END'\n{SITE}END\n{KIOSK} site import /root/site.toml")
        run(f"{KIOSK} member add 'Awa Diop' && {KIOSK} badge assign 'Awa Diop' --number 04a2b30000000001")
        require(run("ls /var/lib/kiosk/badge.key 2>/dev/null", check=False) == "", "a second key was made")
        refused = run("setpriv --reuid kiosk --clear-groups cat /etc/credstore/kiosk.badge.key 2>&1", check=False)
        require("Permission denied" in refused, f"the key can be read outside of the service: {refused}")
        self.told("a badge hidden by the key of a credential", "kept; outside of the service: permission denied")
        for option in ("--central", ""):
            run(f"{self._tree}/systemd/install --uninstall {option}")

    # ------------------------------------------------------------ inside

    def _pid(self) -> str:
        return self._system.run("systemctl show -P MainPID kiosk")

    def _current(self) -> str:
        return self._system.run("readlink /opt/kiosk/current")

    def _edit(self, how: str) -> None:
        """Change the unit of the version that will be installed."""
        unit = f"{self._tree}/systemd/kiosk.service"
        self._system.run(f"cat > /root/edit.sed <<'END'\n{how}\nEND\nsed -i -f /root/edit.sed {unit}")

    def _head(self) -> str:
        """The head of the ledger: whatever comes after, this stays part of it."""
        return str(json.loads(self._system.run(f"{KIOSK} status --json"))["head"])

    def _nothing_lost(self, head: str) -> None:
        self._system.wait(f"{KIOSK} ledger verify --head {head}")

    def _gone(self, what: str) -> None:
        left = self._system.run(
            "ls -d /opt/kiosk /etc/systemd/system/kiosk* /etc/udev/rules.d/*kiosk* /usr/local/bin/kiosk 2>/dev/null",
            check=False,
        )
        require(not left, f"left behind: {left}")
        kept = self._system.run("ls /var/lib/kiosk /etc/kiosk")
        require("ledger.db" in kept and "kiosk.toml" in kept, f"not kept: {kept}")
        self.told(what, " ".join(kept.split()))


def put_clone(home: Path) -> None:
    """Put what is in the repository into `clone`, and what an index would have for it into `index`."""
    files = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, files):
        (home / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, home / "clone" / name)
    shutil.copytree("build/downloads", home / "index")
    run(".venv/bin/python", "-m", "pip", "download", "-q", "-d", home / "index", "setuptools>=77")


def main() -> int:
    """Try release and package in a container; 0 when all of it holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.machine.container", description=main.__doc__)
    parser.add_argument("--release", type=Path, required=True, help="what `make release` made")
    parser.add_argument("--deb", type=Path, required=True, help="what `make deb` made of it")
    parser.add_argument("--folder", type=Path, default=Path("build/vm"), help="for a system of 2 GB [%(default)s]")
    parser.add_argument("steps", nargs="*", choices=(*STEPS, []), metavar="STEP", help=f"{', '.join(STEPS)}; or all")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    root = given.folder.resolve() / "container"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    run("tar", "-C", root, "--exclude=./boot/*", "--exclude=./usr/lib/modules/*", "-xf", root_archive(root.parent))
    (root / "etc/machine-id").write_text("")
    run("tar", "-C", root / "root", "-xf", given.release)
    shutil.copy(given.deb, root / "root/kiosk.deb")
    put_clone(root / "root")
    failed = False
    with Container(root) as system:
        trial = Trial(system, given.release.name.split("-")[1])
        for step in [getattr(trial, name) for name in given.steps or STEPS]:
            print(step.__doc__, flush=True)
            try:
                step()
            except (ContainerError, subprocess.TimeoutExpired) as error:
                failed = True
                print(f"  FAILED: {error}", flush=True)
    shutil.rmtree(root)
    print("\nsummary")
    for what, value in trial.figures.items():
        print(f"  {what:<60} {value}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
