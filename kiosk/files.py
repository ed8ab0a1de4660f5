"""Writes files that are on the disk whole, or not at all, whenever the power fails, and as the right user.

A file is written under another name beside its place, synced, renamed, and its folder synced. Not used for databases
(kiosk.store.database) and files that grow line by line.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

OWNER_ONLY = 0o600
"""For secrets."""


def write_whole(path: Path, content: bytes, *, mode: int = OWNER_ONLY, overwrite: bool = True) -> None:
    """Write a file in one step, making its folder if needed; after a power cut it has the old content or the new.

    Without `overwrite` an existing file stays, even one that another process made a moment ago. Raises OSError; then
    nothing was changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as written:
            written.write(content)
        if overwrite:
            move_into_place(draft, path)
        else:
            sync(draft)
            with suppress(FileExistsError):
                os.link(draft, path)
            sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def move_into_place(draft: Path, target: Path) -> None:
    """Give a file or folder its final name once its content is on the disk, replacing a file of that name.

    Both are in one folder. The files in a folder must be synced before. Raises OSError.
    """
    sync(draft)
    draft.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def takes_writes(folder: Path, size: int) -> bool:
    """Tell whether a file of so many bytes can be written in this folder now; the file is removed again."""
    try:
        write_whole(folder / ".probe", bytes(size))
        (folder / ".probe").unlink()
    except OSError:
        return False
    return True


def drop_root(folder: Path) -> None:
    """When run by root, become the owner of this folder: the service could not open files that root makes there."""
    if os.geteuid() != 0 or not folder.exists():
        return
    owner = folder.stat()
    if owner.st_uid != 0:
        os.setgroups([owner.st_gid])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
