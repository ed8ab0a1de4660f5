"""The emulated PN532 and its cards: what the manual and the data sheets say, and what nfcpy's own tag classes see."""

from contextlib import closing, contextmanager
from random import Random

import nfc
import nfc.clf
import nfc.tag
import pytest
import serial
from nfc.clf import pn532, transport

from hardware.badge import technology
from hardware.errors import HardwareError
from hardware.simulator.cards import IsoDepCard, MifareClassic, Ntag, Phone, Type4Card
from hardware.simulator.chip import Pn532
from hardware.simulator.firmware import CommandError, Firmware, crc_a
from hardware.simulator.frames import ACK, ERROR, NACK, frame, take_frame

UID = bytes.fromhex("04A1B2C3D4E5F6")
NDEF = bytes.fromhex("D1010C55046578616D706C652E6F7267")  # the address https://example.org
GET_VERSION = frame(b"\xd4\x02")
VERSION = frame(b"\xd5\x03\x32\x01\x06\x07")

# ---------------------------------------------------------------- frames


@pytest.mark.parametrize("size", [1, 2, 254, 255, 256, 265])
def test_a_frame_holds_what_was_put_in(size):
    payload = bytes(range(1, 256))[:size] + bytes(max(0, size - 255))
    assert take_frame(bytearray(frame(payload))) == payload


def test_frames_are_those_of_the_manual():
    assert bytes.fromhex("0000FF02FED4022A00") == GET_VERSION
    assert bytes.fromhex("0000FF01FF7F8100") == ERROR


def test_a_frame_that_comes_in_pieces_is_taken_when_it_is_whole():
    received = bytearray()
    for byte in GET_VERSION[:-1]:
        received.append(byte)
        assert take_frame(received) is None
    received.append(GET_VERSION[-1])
    assert take_frame(received) == b"\xd4\x02"


def test_frames_are_found_among_noise_and_one_after_the_other():
    received = bytearray(b"\x55\x55\x00" + ACK + NACK + GET_VERSION + b"\x00")
    assert [take_frame(received) for _ in range(4)] == [ACK, NACK, b"\xd4\x02", None]


@pytest.mark.parametrize("position", [3, 4, 5, 6, 7])
def test_a_frame_with_a_broken_byte_is_dropped(position):
    broken = bytearray(GET_VERSION)
    broken[position] ^= 0x10
    assert take_frame(broken + GET_VERSION) in {b"\xd4\x02", None}
    assert take_frame(bytearray(broken)) is None


# ---------------------------------------------------------------- the line


@contextmanager
def line(speed=115200, **settings):
    with Pn532(**settings) as chip, serial.Serial(chip.port, speed) as port:
        yield chip, port


def ask(port, content, size):
    """The next bytes that the chip says; too few when it falls silent for ten seconds."""
    port.timeout = 10.0
    port.write(content)
    return port.read(size)


def answers(port, content, expected):
    return ask(port, content, len(expected)) == expected


def is_silent(port, content):
    port.timeout = 0.05
    port.write(content)
    return port.read(1) == b""


def test_a_command_is_acknowledged_and_answered():
    with line() as (_, port):
        assert answers(port, GET_VERSION, ACK + VERSION)


def test_the_last_answer_is_sent_again_when_the_host_did_not_get_it():
    with line() as (_, port):
        assert answers(port, GET_VERSION, ACK + VERSION)
        assert answers(port, NACK, VERSION)


def test_an_acknowledgement_of_the_host_ends_a_command():
    with line(wire=True) as (_, port):
        assert is_silent(port, frame(b"\xd4\x4a\x01\x00") + ACK)


def test_unknown_commands_and_missing_parameters_get_the_error_frame():
    with line() as (_, port):
        assert answers(port, frame(b"\xd4\xee"), ACK + ERROR)
        assert answers(port, frame(b"\xd4\x32"), ACK + ERROR)
        assert answers(port, frame(b"\xd4\x10\x7f"), ACK + ERROR)


def test_a_host_at_another_speed_is_not_heard():
    with line(speed=921600) as (chip, port):
        assert is_silent(port, GET_VERSION)
        port.baudrate = 115200
        assert answers(port, GET_VERSION, ACK + VERSION)
        assert chip.commands == {0x02: 1}


def test_a_chip_that_does_not_care_hears_it():
    with line(speed=921600, strict_baud=False) as (_, port):
        assert answers(port, GET_VERSION, ACK + VERSION)


def test_a_new_speed_begins_with_the_acknowledgement_of_the_host():
    with line() as (_, port):
        assert answers(port, frame(b"\xd4\x10\x07"), ACK + frame(b"\xd5\x11"))
        assert answers(port, GET_VERSION, ACK + VERSION)
        port.write(ACK)
        port.baudrate = 921600
        assert answers(port, GET_VERSION, ACK + VERSION)


def test_a_chip_that_is_plugged_in_again_has_forgotten_its_speed():
    with line() as (chip, port):
        assert answers(port, frame(b"\xd4\x10\x07"), ACK + frame(b"\xd5\x11"))
        port.baudrate = 921600
        assert answers(port, GET_VERSION, ACK + VERSION)
        chip.unplug()
        chip.replug()
        with serial.Serial(chip.port, 115200) as again:
            assert answers(again, GET_VERSION, ACK + VERSION)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_chip_that_died_says_so_instead_of_keeping_everyone_waiting():
    with line() as (chip, port):
        chip.put("no card at all")
        port.write(frame(b"\xd4\x4a\x01\x00"))
        with pytest.raises(HardwareError, match="has died"):
            take_for_ever(chip)


def take_for_ever(chip):
    while True:
        chip.take()


def test_there_is_no_fault_of_another_name():
    with pytest.raises(ValueError, match="no fault 'nosuch': there are silent, noack"):
        Pn532().fault = "nosuch"


# ---------------------------------------------------------------- the chip


def test_the_checksum_of_the_air_is_that_of_the_standard():
    assert crc_a(b"\x00\x00") == b"\xa0\x1e"
    assert crc_a(b"\x12\x34") == b"\x26\xcf"


def test_the_checksum_switch_decides_what_the_host_gets():
    firmware = Firmware()
    firmware.put(Ntag(UID))
    assert firmware.answer(0x4A, b"\x01\x00") == bytes.fromhex("01010044000704A1B2C3D4E5F6")
    assert firmware.answer(0x42, b"\x60") == bytes.fromhex("000004040201000F03")
    firmware.answer(0x08, b"\x63\x03\x00")
    assert firmware.answer(0x06, b"\x63\x03") == b"\x00"
    answer = firmware.answer(0x42, b"\x60")
    assert answer[1:] == bytes.fromhex("0004040201000F03") + crc_a(answer[1:-2])


def test_a_refusal_of_four_bits_is_a_broken_checksum_while_the_check_is_on():
    firmware = Firmware()
    firmware.put(Ntag(UID))
    firmware.answer(0x4A, b"\x01\x00")
    assert firmware.answer(0x42, b"\x30\xff") == b"\x02"
    firmware.answer(0x4A, b"\x01\x00")
    firmware.answer(0x08, b"\x63\x03\x00")
    assert firmware.answer(0x42, b"\x30\xff") == b"\x00\x00"


def test_a_search_for_one_number_finds_no_other():
    firmware = Firmware()
    firmware.put(Ntag(UID))
    assert firmware.answer(0x4A, b"\x01\x00\x88" + UID)[:2] == b"\x01\x01"
    assert firmware.answer(0x4A, b"\x01\x00\x88" + UID[:-1] + b"\x00") == b"\x00"
    assert firmware.answer(0x4A, b"\x01\x01\x00\xff\xff\x01\x00") == b"\x00"


def test_the_chip_reads_a_type_2_card_by_itself():
    firmware = Firmware()
    firmware.put(Ntag(UID))
    firmware.answer(0x4A, b"\x01\x00")
    assert firmware.answer(0x40, b"\x01\x30\x03")[:5] == bytes.fromhex("00E1101200")
    assert firmware.answer(0x40, b"\x01\x30\xff") == b"\x01"
    firmware.answer(0x52, b"\x00")
    assert firmware.answer(0x40, b"\x01\x30\x03") == b"\x27"


def test_left_to_itself_the_chip_activates_a_card_that_speaks_blocks():
    firmware = Firmware()
    firmware.put(Type4Card(UID))
    assert firmware.answer(0x4A, b"\x01\x00").endswith(UID + bytes.fromhex("0578807002"))
    firmware.answer(0x12, b"\x00")
    assert firmware.answer(0x4A, b"\x01\x00").endswith(UID)


def test_without_a_field_there_is_no_card():
    firmware = Firmware()
    firmware.put(Ntag(UID))
    firmware.answer(0x4A, b"\x01\x00")
    firmware.answer(0x32, b"\x01\x02")
    assert firmware.answer(0x42, b"\x60") == b"\x01"


def test_commands_that_it_lacks_are_refused():
    with pytest.raises(CommandError):
        Firmware().answer(0x8C, b"")


# ---------------------------------------------------------------- cards, as nfcpy sees them


@contextmanager
def tag_of(card):
    """The tag that nfcpy makes of a card on the emulated reader."""
    with Pn532() as chip, closing(nfc.ContactlessFrontend()) as clf:
        chip.put(card)
        clf.device = pn532.init(transport.TTY(chip.port))
        yield nfc.tag.activate(clf, clf.sense(nfc.clf.RemoteTarget("106A")))


@pytest.mark.parametrize(("model", "capacity"), [("NTAG213", 142), ("NTAG215", 492), ("NTAG216", 868)])
def test_an_ntag_is_known_for_what_it_is_and_its_message_read(model, capacity):
    with tag_of(Ntag(UID, model, ndef=NDEF)) as tag:
        assert technology(tag) == model
        assert tag.identifier == UID
        assert tag.ndef.octets == NDEF
        assert tag.ndef.records[0].iri == "https://example.org"
        assert tag.ndef.capacity == capacity
        assert tag.is_present


def test_a_long_message_is_read_and_another_written():
    with tag_of(Ntag(UID, "NTAG215", ndef=NDEF * 20)) as tag:
        assert tag.ndef.octets == NDEF * 20
        tag.ndef.octets = NDEF
        assert tag.ndef.has_changed is False


def test_an_ntag_asks_for_its_password():
    card = Ntag(UID, ndef=NDEF)
    card.protect(b"open", pack=b"ok", from_page=4, reading_too=True)
    with tag_of(card) as tag:
        assert tag.ndef is None
        assert tag.authenticate(b"shut" + b"ok") is False
    with tag_of(card) as tag:
        assert tag.authenticate(b"open" + b"ok") is True
        assert tag.ndef.octets == NDEF


def test_nfcpy_sets_a_password_itself():
    card = Ntag(UID, ndef=NDEF)
    with tag_of(card) as tag:
        assert tag.protect(b"sesame", read_protect=True, protect_from=4) is True
    with tag_of(card) as tag:
        assert tag.authenticate(b"sesame") is True


def test_an_ntag_counts_its_reads_once_a_field():
    card = Ntag(UID)
    card.protect(b"open", pack=b"ok", from_page=0xFF)
    with tag_of(card) as tag:
        tag.read(0)
        tag.read(4)
        assert tag.transceive(b"\x39\x02") == b"\x01\x00\x00"


def test_an_ntag_has_more_to_tell():
    with tag_of(Ntag(UID)) as tag:
        assert tag.signature == bytes(32)
        assert tag.transceive(b"\x3a\x00\x02")[:9] == UID[:3] + bytes([0x88 ^ 0x04 ^ 0xA1 ^ 0xB2]) + UID[3:] + b"\x04"
        assert tag.transceive(b"\x39\x02") == b"\x00"  # the counter is off


def test_the_memory_wraps_and_ends():
    with tag_of(Ntag(UID)) as tag:
        assert tag.read(44)[4:7] == UID[:3]
        with pytest.raises(nfc.tag.TagCommandError):
            tag.read(45)
        assert tag.read(0)[:3] == UID[:3]


def test_the_number_of_a_card_cannot_be_written():
    with tag_of(Ntag(UID)) as tag, pytest.raises(nfc.tag.TagCommandError):
        tag.write(0, b"\x04\x00\x00\x00")


def test_of_a_mifare_classic_there_is_the_number_only():
    with tag_of(MifareClassic(b"\xde\xad\xbe\xef")) as tag:
        assert (tag.identifier, technology(tag), tag.is_present) == (b"\xde\xad\xbe\xef", "MIFARE Classic", False)


@pytest.mark.parametrize("copies", [1, 40])
def test_the_message_of_a_type_4_card_is_read_in_as_many_parts_as_it_takes(copies):
    with tag_of(Type4Card(UID, ndef=NDEF * copies)) as tag:
        assert technology(tag) == "ISO-DEP"
        assert tag.ndef.octets == NDEF * copies
        assert tag.is_present


class Echo(IsoDepCard):
    """Says what it is told."""

    def apdu(self, command):
        return command + b"\x90\x00"


def test_long_questions_and_answers_are_chained():
    question = bytes(range(256)) * 3
    with tag_of(Echo(UID)) as tag:
        assert tag.transceive(question) == question + b"\x90\x00"
        assert tag.transceive(b"again") == b"again\x90\x00"
        assert tag.is_present


def test_a_block_that_got_lost_is_sent_again():
    card = Echo(UID)
    card.exchange(b"\xe0\x80")
    answer = card.exchange(b"\x02hello")
    assert answer == b"\x02hello\x90\x00"
    assert card.exchange(b"\xb2") == answer  # R(NAK) with the block's own number
    assert card.exchange(b"\xb3") == b"\xa2"  # and with the next: is anybody there?


def test_a_card_that_is_told_to_rest_wants_to_be_activated_again():
    card = Echo(UID)
    card.exchange(b"\xe0\x80")
    assert card.exchange(b"\xc2") == b"\xc2"
    assert card.exchange(b"\x02hello") is None
    assert card.exchange(b"\xe0\x80") == card.ats


def test_a_phone_has_no_message_and_a_new_number_at_each_field():
    phone = Phone(Random(3))
    with tag_of(phone) as tag:
        assert tag.ndef is None
        assert tag.identifier == phone.uid
    with tag_of(phone) as later:
        assert later.identifier != tag.identifier
        assert later.identifier[0] == 0x08


def test_a_number_of_a_length_that_no_card_has_is_refused():
    with pytest.raises(ValueError, match="4 or 7 bytes, not 5"):
        MifareClassic(bytes(5))
