"""The root file system of the machine: made once, natively, from Debian's packages."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

PACKAGES = (
    "systemd-sysv systemd-timesyncd udev dbus kmod linux-image-amd64 initramfs-tools busybox e2fsprogs overlayroot "
    "python3-venv python3-pygame fonts-dejavu-core fonts-wqy-microhei libusb-1.0-0 libegl1 libgles2 libgl1 "
    "libgl1-mesa-dri ca-certificates cage xwayland seatd qemu-guest-agent iproute2 procps"
)
"""What a kiosk needs of the system, and what lets us talk to the machine. The installer finds nothing missing."""
SIZE = "3G"
MODULES = "virtio_pci virtio_blk ext4 overlay"
"""All that the first stage needs to find the disk: it is a third of the time to boot."""

SLOW = "[Manager]\nRuntimeWatchdogSec=60s\n"
"""Under emulation on a busy machine the first process has been seen to stand still for the 14 s of a real one."""

SUITES = {12: "bookworm", 13: "trixie"}
"""Releases of Debian that the kiosk is tried on; Raspberry Pi OS goes by the same names."""


def run(*command: str | Path, **more: object) -> None:
    """Run a command at the lowest priority; its output is shown when it fails."""
    done = subprocess.run(["nice", "-n", "19", *map(str, command)], capture_output=True, text=True, **more)  # type: ignore[call-overload]
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def root_archive(folder: Path, debian: int = 12) -> Path:
    """The bare system, as an archive; made anew when its packages change."""
    suite = SUITES[debian]
    archive = folder / f"root-{suite}-{hashlib.sha256(PACKAGES.encode()).hexdigest()[:8]}.tar"
    if not archive.exists():
        part = archive.with_suffix(".part")
        options = ["--variant=minbase", f"--include={PACKAGES.replace(' ', ',')}"]
        options += ["--format=tar", '--aptopt=APT::Install-Recommends "false"']
        run("mmdebstrap", *options, suite, part)
        part.rename(archive)
    return archive


def make(folder: Path, release: Path, debian: int = 12) -> None:
    """Make `base.img` with a release unpacked in /root, and the kernel and first stage beside it."""
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    run("tar", "-C", tree, "-xf", root_archive(folder.parent, debian))
    (tree / "etc/fstab").write_text("/dev/vda / ext4 noatime 0 1\n")
    (tree / "etc/hostname").write_text("kiosk-vm\n")
    (tree / "etc/machine-id").write_text("uninitialized\n")
    (tree / "etc/systemd/system.conf.d").mkdir()
    (tree / "etc/systemd/system.conf.d/slow.conf").write_text(SLOW)  # read after the kiosk's own: by name
    run("tar", "-C", tree / "root", "-xf", release)
    (tree / "etc/initramfs-tools/conf.d/small").write_text("MODULES=list\nCOMPRESS=lz4\n")
    with (tree / "etc/initramfs-tools/modules").open("a") as modules:
        modules.write(MODULES.replace(" ", "\n") + "\n")
    run("chroot", tree, "update-initramfs", "-u")
    for name in ("vmlinuz", "initrd.img"):
        shutil.copy(next((tree / "boot").glob(f"{name}-*")), folder / name)
    disk("base.img", folder, SIZE, "-d", tree)
    shutil.rmtree(tree)


def disk(name: str, folder: Path, size: str, *options: str | Path) -> Path:
    """Make a disk with one ext4 file system."""
    path = folder / name
    path.unlink(missing_ok=True)
    with path.open("wb") as empty:
        empty.truncate(0)
    run("truncate", f"--size={size}", path)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-E", "lazy_itable_init=0,lazy_journal_init=0", *options, path)
    return path


def copy(source: Path, target: Path) -> None:
    """Copy a disk, its holes left out."""
    run("cp", "--sparse=always", "--reflink=auto", source, target)
