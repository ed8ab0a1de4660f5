"""Badge numbers and the key that hides them: kiosk.badges."""

from __future__ import annotations

import pytest

from kiosk.badges import BadgeError, badge_id, badge_key, key_mark, read_uid

KEY = bytes(range(32))


def test_a_number_reads_the_same_however_it_is_written():
    assert read_uid("04:A2:3B:12") == read_uid("04 a2 3b 12") == read_uid("04a23b12") == bytes.fromhex("04a23b12")


@pytest.mark.parametrize("number", ["", "04A", "04A23B", "xyz", "04:A2:3B:12:05"])
def test_what_is_no_badge_number_is_refused_with_an_example(number):
    with pytest.raises(BadgeError, match=r"such as 04:A2"):
        read_uid(number)


def test_a_number_that_changes_at_each_tap_cannot_be_assigned():
    with pytest.raises(BadgeError, match="changes at each tap"):
        read_uid("08:11:22:33")
    assert read_uid("08:11:22:33:44:55:66")  # seven bytes are a fixed number


def test_the_name_of_a_badge_depends_on_number_and_key_and_does_not_hold_the_number():
    uid = bytes.fromhex("04a23b12c05e80")
    name = badge_id(uid, KEY)
    assert len(name) == 32
    assert uid.hex() not in name
    assert name != badge_id(uid, bytes(32))
    assert name != badge_id(uid[:-1] + b"\x81", KEY)


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    file = tmp_path / "state" / "badge.key"
    key = badge_key(file)
    assert len(key) == 32
    assert badge_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_two_kiosks_make_two_keys(tmp_path):
    assert badge_key(tmp_path / "a") != badge_key(tmp_path / "b")


def test_a_lost_key_is_not_replaced_while_badges_are_hidden_with_it(tmp_path):
    with pytest.raises(BadgeError, match="is missing, and 3 badges were hidden with it: restore your copy"):
        badge_key(tmp_path / "badge.key", hidden=3)
    assert not list(tmp_path.iterdir())
    assert badge_key(tmp_path / "badge.key", given=KEY.hex(), hidden=3) == KEY
    assert badge_key(tmp_path / "badge.key", hidden=0)


def test_a_damaged_key_is_an_error_and_is_left_alone(tmp_path):
    file = tmp_path / "badge.key"
    file.write_bytes(b"short")
    with pytest.raises(BadgeError, match="5 bytes instead of 32"):
        badge_key(file)
    assert file.read_bytes() == b"short"


def test_a_key_in_the_settings_is_used_and_no_file_is_made(tmp_path):
    assert badge_key(tmp_path / "badge.key", given=KEY.hex()) == KEY
    assert not list(tmp_path.iterdir())


def test_a_key_file_of_zeros_is_no_key(tmp_path):
    (tmp_path / "badge.key").write_bytes(bytes(32))
    with pytest.raises(BadgeError, match="holds zeros and no key: restore your copy"):
        badge_key(tmp_path / "badge.key")
    (tmp_path / "badge.key").write_bytes(bytes(31) + b"\1")
    assert badge_key(tmp_path / "badge.key")[-1] == 1


def test_another_key_than_the_one_that_hid_the_badges_is_refused(tmp_path):
    file = tmp_path / "badge.key"
    key = badge_key(file)
    assert badge_key(file, hidden=3, mark=key_mark(key)) == key
    file.write_bytes(bytes(range(1, 33)))
    with pytest.raises(BadgeError, match="is another key than the ledger's badges were hidden with: restore"):
        badge_key(file, hidden=3, mark=key_mark(key))
    with pytest.raises(BadgeError, match=r"\[badges\] key in the settings is another key"):
        badge_key(file, given=KEY.hex(), hidden=1, mark=key_mark(key))
    assert badge_key(file, hidden=0, mark=key_mark(key))
