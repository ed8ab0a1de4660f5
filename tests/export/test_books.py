"""The books on a USB stick: a folder stands for the stick, a text for the kernel's list of mounts."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import resource
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from kiosk.answers import Done, Medium, Refused
from kiosk.desk import pins
from kiosk.export.books import copied, media
from kiosk.facts import Happened, MemberSet, PassSold
from kiosk.model import Member, Pass
from tests.office.kiosks.stepped import CARNET, KEY, SERRES, SteppedKiosk


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "media" / "CLÉ 16"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    counter = SteppedKiosk(tmp_path)
    counter.tap(counter.joins("lea"))
    counter.later(seconds=20)
    counter.tap(b"\x04nobody")
    terms = CARNET
    sold = Pass(id="p", terms=terms, holders=("lea",), sold_at=counter.clock.now(), valid_from=date(2026, 6, 1))
    counter.ledger.append(PassSold(pass_=sold, site_id=SERRES.id, price_cents=5050))
    yield counter
    counter.close()


def copy(counter: SteppedKiosk, stick: Path, *, medium: str | None = None) -> Done | Refused:
    path = Path(counter.ledger._name)
    among = (Medium(path=str(stick), name=stick.name, free=10**9),)
    return copied(path, site_id=SERRES.id, medium=medium or str(stick), now=counter.clock.now(), among=among)


def written(answer: Done | Refused) -> Path:
    assert isinstance(answer, Done)
    return Path(answer.id or "")


def rows(folder: Path) -> list[list[str]]:
    text = (folder / "journal.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


# ---------------------------------------------------------------- which sticks there are


def test_sticks_that_can_be_written_are_found_among_the_mounts(tmp_path, stick):
    locked = tmp_path / "media" / "locked"
    locked.mkdir()
    mounts = tmp_path / "mounts"
    space = str(stick).replace(" ", "\\040")
    mounts.write_text(
        f"/dev/sda1 {space} vfat rw,nosuid 0 0\n/dev/sdb1 {locked} iso9660 ro 0 0\n"
        f"/dev/root / ext4 rw 0 0\n/dev/sdc1 {tmp_path}/media/gone vfat rw 0 0\nodd\n"
    )
    found = media(mounts, [tmp_path / "media"])
    assert [(one.path, one.name) for one in found] == [(str(stick), "CLÉ 16")]
    assert found[0].free > 0


def test_the_sticks_of_this_machine_are_only_those_under_media():
    assert all(one.path.startswith(("/media/", "/run/media/")) for one in media())


# ---------------------------------------------------------------- what is on them


def test_the_journal_opens_in_a_spreadsheet_and_tells_each_event(counter, stick):
    folder = written(copy(counter, stick))
    assert folder.name == "kiosk-la-serre-2026-06-01-090520"
    assert (folder / "journal.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    heading, *lines = rows(folder)
    assert heading == ["N°", "Date", "Heure", "Opération", "Nom", "Détails", "Entrées", "Montant", "Moyen de paiement"]
    assert len(lines) == counter.ledger.head.seq
    taps = [line[1:] for line in lines if line[3] in ("entrée", "refus")]
    assert taps == [
        ["2026-06-01", "09:05:00", "entrée", "lea", "Entrée utilisée", "-1", "", ""],
        ["2026-06-01", "09:05:20", "refus", "", "Badge inconnu", "", "", ""],
    ]
    assert lines[-1][3:] == ["vente", "lea", "Carnet", "10", "50,50", "espèces"]


def test_the_ledger_is_there_whole_with_its_hashes(counter, stick):
    folder = written(copy(counter, stick))
    lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    entries = list(counter.ledger.entries())
    assert [line["hash"] for line in lines] == [entry.hash.hex() for entry in entries]
    assert [line["body"] for line in lines] == [(entry.body or b"").decode() for entry in entries]


def test_nobody_who_finds_the_stick_can_try_pins(counter, stick):
    counter.joins("claire", staff=True)
    hashed = pins.hash_pin("4711", KEY)
    counter.ledger.append(MemberSet(member=Member(id="claire", name="claire", role="staff", pin=hashed)))
    folder = written(copy(counter, stick))
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"argon2" not in everything
    assert hashed.encode() in Path(counter.ledger._name).read_bytes() + wal(counter)  # the search finds it where it is
    line = json.loads((folder / "ledger.jsonl").read_text().splitlines()[-1])
    assert (line["body"], line["salt"]) == (None, None)
    assert line["without_pin"]["member"]["name"] == "claire"


def wal(counter: SteppedKiosk) -> bytes:
    file = Path(f"{counter.ledger._name}-wal")
    return file.read_bytes() if file.exists() else b""


def test_the_copy_of_the_ledger_verifies_without_the_pins(counter, stick):
    counter.ledger.append(MemberSet(member=Member(id="claire", name="claire", role="staff", pin="$argon2id$x")))
    counter.ledger.append(MemberSet(member=Member(id="zoe", name="zoe")))
    text = (written(copy(counter, stick)) / "ledger.jsonl").read_text()
    assert faults_of(text) == []
    assert faults_of(text.replace("zoe", "eve")) != []


def faults_of(text: str) -> list[int]:
    """Return the lines of a copy whose hashes do not fit, checked with nothing but the copy."""
    found, previous = [], ""
    for line in map(json.loads, text.splitlines()):
        body, salt = line["body"], bytes.fromhex(line["salt"] or "")
        is_whole = body is None or hashlib.sha256(salt + body.encode()).hexdigest() == line["body_hash"]
        is_next = line["seq"] == 1 or line["previous"] == previous
        found += [] if is_whole and is_next else [line["seq"]]
        previous = line["hash"]
    return found


def test_a_word_of_warning_lies_beside_them(counter, stick):
    folder = written(copy(counter, stick))
    assert "données personnelles" in (folder / "LISEZ-MOI.txt").read_text()
    assert sorted(path.name for path in stick.iterdir()) == [folder.name]


def test_a_name_that_looks_like_a_formula_is_no_formula(counter, stick):
    counter.ledger.append(MemberSet(member=Member(id="evil", name='=HYPERLINK("x")')))
    assert rows(written(copy(counter, stick)))[-1][4] == '\'=HYPERLINK("x")'


# ---------------------------------------------------------------- what can go wrong


def test_a_place_that_is_no_stick_is_refused(counter, stick, tmp_path):
    answer = copy(counter, stick, medium=str(tmp_path))
    assert isinstance(answer, Refused)
    assert answer.code == "NO_MEDIUM"


def test_a_stick_that_was_pulled_out_is_told(counter, stick):
    stick.rmdir()
    answer = copy(counter, stick)
    assert isinstance(answer, Refused)
    assert answer.code == "MEDIUM_FAILED"


def test_a_copy_that_breaks_off_leaves_nothing_half_written(counter, stick):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        answer = copy(counter, stick)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(answer, Refused)
    assert answer.code == "MEDIUM_FAILED"
    assert list(stick.iterdir()) == []


def test_the_same_minute_twice_overwrites_nothing(counter, stick):
    first = written(copy(counter, stick))
    again = copy(counter, stick)
    assert isinstance(again, Refused)
    assert (first / "journal.csv").exists()
    assert [path.name for path in stick.iterdir()] == [first.name]


def test_members_without_events_are_in_it_too(counter, stick):
    name = "Zoé"
    counter.ledger.append(MemberSet(member=Member(id="zoe", name=name)), Happened(what="door_forced"))
    events = [(line[3], line[4], line[5]) for line in rows(written(copy(counter, stick)))]
    assert ("membre", name, "") in events
    assert ("incident", "", "door_forced") in events


def test_conflicts_are_told_in_words_also_those_that_an_earlier_release_wrote_as_a_sentence(counter, stick):
    counter.ledger.append(
        Happened(what="overdraft", note="below_zero", facts={"pass_id": "p", "member": "lea", "left": -1}),
        Happened(what="overdraft", detail="pass p of lea stands at -1"),
        Happened(what="blocked_badge", note="of a later release", facts={"member": "lea"}),
        Happened(what="overlap", note="charged_twice", facts={"member": "lea"}),
    )
    events = [(line[4], line[5]) for line in rows(written(copy(counter, stick))) if line[3] == "incident"]
    assert events == [
        ("lea", "Plus d’entrées utilisées que la carte n’en avait. La carte est à -1."),
        ("", "Plus d’entrées utilisées que la carte n’en avait. pass p of lea stands at -1"),
        ("lea", "Un badge bloqué a ouvert une porte qui ne le savait pas encore"),
        ("lea", "Compté deux fois à deux portes\u202f; la seconde a été rendue"),
    ]
