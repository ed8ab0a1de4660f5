"""Cards that authenticate themselves: NXP's published values recomputed, and a simulated card beside copies of it.

AN12196 is NXP's application note on the NTAG 424 DNA, AN12343 the one on MIFARE DESFire Light, whose session keys are
made alike, AN10922 the one on diversified keys. NXP's links use zero as the key; one with other keys comes from the
tests of `sdm-backend` (github.com/nfc-developer/sdm-backend).
"""

from contextlib import closing
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest

from hardware.frontend import open_frontend
from hardware.ntag424 import (
    NotProvedError,
    Session,
    authenticate,
    cmac,
    decrypt,
    diversify,
    prove,
    read_uid,
    session_keys,
    short_mac,
    verify_sun,
    wrap_native,
)
from hardware.simulator.cards import Type4Card
from hardware.simulator.chip import Pn532
from hardware.simulator.ntag424 import Ntag424

ZERO = bytes(16)
KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
UID = bytes.fromhex("04DE5F1EACC040")


def hexa(text):
    return bytes.fromhex(text)


# ---------------------------------------------------------------- SUN, published


def sun(picc_data, mac, *, meta_key=ZERO, file_key=ZERO, **more):
    return verify_sun(hexa(picc_data), hexa(mac), meta_key=meta_key, file_key=lambda uid: file_key, **more)


def test_the_link_of_an12196_on_page_12():
    found = sun("EF963FF7828658A599F3041510671E88", "94EED9EE65337086")
    assert (found.uid, found.counter, found.file_data) == (UID, 61, None)


ENCRYPTED = {"picc_data": "FD91EC264309878BE6345CBE53BADF40", "mac": "ECC1E7F6C6C73BF6"}
SIGNED = b"CEE9A53E3E463EF1F459635736738962&cmac="


def test_the_link_with_encrypted_data_of_an12196_on_page_18():
    data = hexa("CEE9A53E3E463EF1F459635736738962")
    found = sun(**ENCRYPTED, mac_input=SIGNED, encrypted_file_data=data)
    assert (found.uid, found.counter, found.file_data) == (hexa("04958CAA5C5E80"), 8, b"x" * 16)


def test_the_link_of_sdm_backend_with_keys_of_its_own():
    found = sun(
        "8ACADDEF0A9B62CDAE39A16B83FC14DE",
        "238B2543A8DEBAD8",
        meta_key=hexa("42aff114f2cb3b6141be6dc95dfc5416"),
        file_key=hexa("b62a9baf092439bd43c62aee96b970c5"),
        mac_input=b"B8436E11F627BB7F543FCC0C1E0D1A89",
        encrypted_file_data=hexa("B8436E11F627BB7F543FCC0C1E0D1A89"),
    )
    assert (found.uid, found.counter) == (hexa("041d3c8a2d6b80"), 291)
    assert found.file_data == b"NTXXqno_oBFpwy-V"


@pytest.mark.parametrize("digit", [0, 15])
def test_a_link_with_one_other_digit_proves_nothing(digit):
    mac = "94EED9EE65337086"
    altered = mac[:digit] + ("0" if mac[digit] != "0" else "1") + mac[digit + 1 :]
    with pytest.raises(NotProvedError, match="not signed"):
        sun("EF963FF7828658A599F3041510671E88", altered)


def test_a_link_whose_signed_text_was_changed_proves_nothing():
    with pytest.raises(NotProvedError, match="not signed"):
        sun(**ENCRYPTED, mac_input=b"D" + SIGNED[1:])


def test_a_link_of_another_house_proves_nothing():
    with pytest.raises(NotProvedError, match="meta key"):
        sun("EF963FF7828658A599F3041510671E88", "94EED9EE65337086", meta_key=KEY)


def test_a_link_of_another_card_of_the_house_proves_nothing():
    with pytest.raises(NotProvedError, match="not signed"):
        sun("EF963FF7828658A599F3041510671E88", "94EED9EE65337086", file_key=KEY)


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_a_link_of_another_length_is_no_link(size):
    with pytest.raises(NotProvedError):
        sun("AB" * size, "94EED9EE65337086")


# ---------------------------------------------------------------- EV2First, published

RND_A = hexa("13C5DB8A5930439FC3DEF9A4C675360F")
RND_B = hexa("B9E2FC789B64BF237CCCAA20EC7E6E48")
TABLE_14 = [
    (hexa("9071000002000000"), hexa("A04C124213C186F22399D33AC2A3021591AF")),
    (
        hexa("90AF00002035C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D00"),
        hexa("3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F081206639100"),
    ),
]


def script(exchanges):
    """A card that knows one conversation, and answers nothing else."""
    left = list(exchanges)

    def send(command):
        expected, answer = left.pop(0)
        assert command == expected
        return answer

    return send


def test_the_reader_speaks_as_in_table_14_of_an12196():
    session = authenticate(script(TABLE_14), ZERO, rnd_a=RND_A)
    assert session.transaction == hexa("9D00C4DF")
    assert session.encryption_key == hexa("1309C877509E5A215007FF0ED19CA564")
    assert session.mac_key == hexa("4C6626F5E72EA694202139295C7A7FC7")


def test_the_software_card_speaks_as_in_table_14_of_an12196():
    drawn = {16: RND_B, 4: hexa("9D00C4DF")}
    card = Ntag424(UID, random_bytes=drawn.__getitem__)
    assert [card.apdu(command) for command, _ in TABLE_14] == [answer for _, answer in TABLE_14]


def test_the_true_uid_is_told_as_in_table_28_of_an12196():
    session = Session(
        encryption_key=hexa("2B4D963C014DC36F24F69A50A394F875"),
        mac_key=hexa("379D32130CE61705DD5FD8C36B95D764"),
        transaction=hexa("DF055522"),
    )
    told = [(hexa("90510000088E2C155ADDA99BE300"), hexa("70756055688505B52A5E26E59E329CD6595F672298EA41B79100"))]
    assert read_uid(script(told), session) == hexa("04958CAA5C5E80")


def test_session_keys_are_made_as_in_an12343():
    keys = session_keys(ZERO, hexa("B04D0787C93EE0CC8CACC8E86F16C6FE"), hexa("FA659AD0DCA738DD65DC7DC38612AD81"))
    assert keys == (hexa("63DC07286289A7A6C0334CA31C314A04"), hexa("774F26743ECE6AF5033B6AE8522946F6"))


# ---------------------------------------------------------------- diversified keys, published


def test_a_cards_key_is_made_as_in_an10922():
    key = diversify(KEY, hexa("04782E21801D80"), hexa("3042F54E585020416275"))
    assert key == hexa("A8DD63A3B89D54B37CA802473FDA9175")


@pytest.mark.parametrize("system", [b"too short", bytes(25)], ids=["16 at least with the UID", "31 at most"])
def test_a_system_name_for_which_an10922_differs_from_a_cmac_is_refused(system):
    with pytest.raises(ValueError, match="16 to 31 bytes"):
        diversify(KEY, bytes(6) if len(system) < 10 else UID, system)


def test_the_cmac_is_that_of_nist():
    """SP 800-38B, D.1, examples 1 and 2."""
    key = hexa("2B7E151628AED2A6ABF7158809CF4F3C")
    assert cmac(key, b"") == hexa("BB1D6929E95937287FA37D129B756746")
    assert cmac(key, hexa("6BC1BEE22E409F96E93D7E117393172A")) == hexa("070A16B46B4D4144F79BDD9DD04A287C")


# ---------------------------------------------------------------- a card, its copies, and a listener


def test_a_card_with_the_key_proves_who_it_is():
    assert prove(Ntag424(UID, KEY).apdu, KEY) == UID


def test_each_proof_is_another():
    card, heard = Ntag424(UID, KEY), []

    def send(command):
        heard.append(command)
        return card.apdu(command)

    prove(send, KEY)
    prove(send, KEY)
    assert not set(heard[2:4]) & set(heard[6:8])


def is_refused(card, key=KEY):
    with pytest.raises(NotProvedError):
        prove(card.apdu, key)
    return True


def test_a_card_with_another_key_is_refused_by_the_reader_and_refuses_it():
    assert is_refused(Ntag424(UID, ZERO))


def test_a_blank_card_with_a_copied_number_is_refused():
    assert is_refused(Type4Card(UID))


class Parrot(Type4Card):
    """A copy that plays back what it overheard of a real card, in the same order."""

    def __init__(self, uid, overheard):
        super().__init__(uid)
        self.overheard = list(overheard)

    def apdu(self, command):
        return self.overheard.pop(0)


def overheard(card):
    answers = []

    def send(command):
        answers.append(card.apdu(command))
        return answers[-1]

    prove(send, KEY)
    return answers


def test_a_recorded_proof_cannot_be_played_back():
    assert is_refused(Parrot(UID, overheard(Ntag424(UID, KEY))))


def believing_reader(send, key):
    """The bad twin: a reader that trusts any answer of the right shape."""
    send(wrap_native(0x71, b"\0\0"))
    reply = send(wrap_native(0xAF, bytes(32)))[:-2]
    return bool(decrypt(key, reply))


def test_a_reader_that_does_not_check_would_believe_it():
    assert believing_reader(Parrot(UID, overheard(Ntag424(UID, KEY))[1:]).apdu, KEY)


@pytest.mark.parametrize(("answer", "byte"), list(product([1, 2, 3], [0, 5, 15])))
def test_an_answer_that_was_changed_on_the_way_is_refused(answer, byte):
    card, count = Ntag424(UID, KEY), iter(range(4))

    def meddle(command):
        said = bytearray(card.apdu(command))
        if next(count) == answer:
            said[byte] ^= 0x40
        return bytes(said)

    with pytest.raises(NotProvedError):
        prove(meddle, KEY)


@pytest.mark.parametrize("size", [0, 1, 16, 25, 60])
def test_an_answer_of_another_length_is_refused(size):
    with pytest.raises(NotProvedError):
        authenticate(lambda command: bytes(size) + b"\x91\xaf", KEY)


def test_the_software_card_tells_its_uid_to_no_stranger():
    card = Ntag424(UID, KEY)
    assert card.apdu(wrap_native(0x51, bytes(8))) == b"\x91\x9d"
    authenticate(card.apdu, KEY)
    assert card.apdu(wrap_native(0x51, short_mac(ZERO, b""))) == b"\x91\x1e"


# ---------------------------------------------------------------- through the reader


LINK = "https://example.org/b?picc_data={picc}&cmac={mac}"


@pytest.fixture
def bench():
    """A reader with an open driver, and a way to lay a card on it and have it activated."""
    with Pn532() as chip, closing(open_frontend(f"pty:{chip.port}")) as reader:

        def activate(card):
            chip.put(card)
            return reader.activate(reader.sense())

        yield activate


def test_a_card_proves_itself_through_the_real_driver(bench):
    tag = bench(Ntag424(UID, KEY))
    assert prove(tag.transceive, KEY) == UID


def read_link(tag):
    """What a telephone finds on the card. `.iri`, because nfcpy's `.uri` encodes the signs between parameters."""
    found = parse_qs(urlsplit(tag.ndef.records[0].iri).query)
    return verify_sun(hexa(found["picc_data"][0]), hexa(found["cmac"][0]), meta_key=KEY, file_key=lambda uid: KEY)


def test_the_link_on_the_card_is_signed_and_counts_its_readings(bench):
    card = Ntag424(UID, KEY, link=LINK)
    first, second = read_link(bench(card)), read_link(bench(card))
    assert first.uid == second.uid == UID
    assert second.counter > first.counter
