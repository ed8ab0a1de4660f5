"""The WAL: when it is moved into the database, and what can delay that."""

from pathlib import Path

import pytest

from kiosk.facts import Happened
from kiosk.ledger import open_reader
from kiosk.messages import ReaderUp, Tick
from kiosk.store.database import WAL_LIMIT_BYTES, WAL_WORTH_EMPTYING, one_state
from tests.office.kiosks.stepped import SteppedKiosk


@pytest.fixture
def counter(tmp_path):
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


def grows(counter: SteppedKiosk, tmp_path: Path) -> int:
    """Write so much at once as a roster that is put in the place of another; return the size of the WAL."""
    counter.ledger.append(Happened(what="a long story " * 250_000))
    return wal(tmp_path)


def wal(tmp_path: Path) -> int:
    return (tmp_path / "ledger.db-wal").stat().st_size


def test_a_wal_that_grew_is_empty_as_soon_as_nobody_waits(counter, tmp_path) -> None:
    assert grows(counter, tmp_path) > WAL_LIMIT_BYTES
    counter.controller.inbox.put(Tick())
    counter.controller.handle(ReaderUp(name="PN532"))
    assert wal(tmp_path) > WAL_LIMIT_BYTES
    counter.controller.inbox.get()
    counter.controller.handle(ReaderUp(name="PN532"))
    assert wal(tmp_path) == 0


def test_a_small_wal_is_left_alone_while_people_come(counter, tmp_path) -> None:
    counter.ledger.checkpoint()
    counter.controller.handle(counter.tapped(counter.joins("camille")))
    assert 0 < wal(tmp_path) < WAL_WORTH_EMPTYING


def test_whoever_still_reads_in_the_wal_delays_that_and_nobody_waits_for_it(counter, tmp_path) -> None:
    with open_reader(tmp_path / "ledger.db") as reader:
        with one_state(reader._database.connection):
            before = reader.head
            size = grows(counter, tmp_path)
            counter.controller.handle(ReaderUp(name="PN532"))
            assert wal(tmp_path) == size
            assert reader.head == before
        counter.controller.handle(ReaderUp(name="PN532"))
        assert wal(tmp_path) == 0
        assert reader.head == counter.ledger.head


def test_without_a_free_moment_the_file_is_cut_to_its_limit_when_it_is_begun_anew(counter, tmp_path) -> None:
    assert grows(counter, tmp_path) > WAL_LIMIT_BYTES
    counter.tap(counter.joins("camille"))
    assert wal(tmp_path) == WAL_LIMIT_BYTES
