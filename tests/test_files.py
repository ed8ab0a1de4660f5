"""Files that are there whole or not at all: a disk that fills up leaves the old content, and no draft."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.files import write_whole


@contextmanager
def full_disk(largest: int = 10) -> Iterator[None]:
    """Have the kernel refuse to let a file of this process grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_written_for_its_owner_in_a_folder_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "state" / "badge.key"
    write_whole(path, b"secret")
    assert path.read_bytes() == b"secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_disk_that_is_full_leaves_the_old_content_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    write_whole(path, b"old")
    with full_disk(), pytest.raises(OSError, match="File too large"):
        write_whole(path, b"n" * 100)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_straight_into_the_file_would_have_ruined_it(tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    path.write_bytes(b"old")
    with full_disk(), pytest.raises(OSError, match="File too large"):
        path.write_bytes(b"n" * 100)
    assert path.read_bytes() != b"old"


def test_without_overwrite_a_file_of_another_process_stays(tmp_path: Path) -> None:
    path = tmp_path / "badge.key"
    write_whole(path, b"theirs", overwrite=False)
    write_whole(path, b"ours", overwrite=False)
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]
