"""Members and badges at the desk: kiosk.desk.members, in a real ledger."""

from __future__ import annotations

from kiosk.answers import (
    People,
    UnknownBadges,
)
from kiosk.badges import badge_id
from kiosk.commands import (
    AddMember,
    AssignBadge,
    ChangeMember,
    CheckIn,
    ListMembers,
    ListUnknownBadges,
    ReturnBadge,
    SellPass,
    SetBadge,
    ShowAccount,
)
from kiosk.model import Denied, Reason
from tests.office.kiosks.host import KEY, UID

# ---------------------------------------------------------------- members


def test_a_member_is_found_by_id_or_any_part_of_the_name_without_accents(with_celine):
    account = with_celine.does(ShowAccount(member="Céline Martin"))
    for text in ("celine", "MARTIN", "martin céline", account.member.id):
        assert with_celine.does(ShowAccount(member=text)).member == account.member


def test_a_mistyped_name_suggests_the_likely_ones_and_is_never_taken_for_them(with_celine):
    error = with_celine.is_refused(SellPass(members=("Celine Martn",), product="carte-10"))
    assert error.near == ("Céline Martin",)
    assert with_celine.left("celine") == 10


def test_an_ambiguous_name_lists_the_candidates(with_celine):
    with_celine.does(AddMember(name="Paul Martin"))
    error = with_celine.is_refused(ShowAccount(member="martin"))
    assert [name.split(" (")[0] for name in error.near] == ["Céline Martin", "Paul Martin"]


def test_a_whole_name_wins_over_a_longer_one(host):
    host.does(AddMember(name="Anne Roy"))
    host.does(AddMember(name="Marie-Anne Roy"))
    assert host.does(ShowAccount(member="anne roy")).member.name == "Anne Roy"
    assert "several" in str(host.is_refused(ShowAccount(member="roy")))


def test_a_second_member_of_the_same_name_wants_to_be_meant(with_celine):
    assert "there is a Céline Martin already" in str(with_celine.is_refused(AddMember(name="celine MARTIN")))
    assert with_celine.does(AddMember(name="Céline Martin", anyway=True)).changed
    assert len(with_celine.does(ListMembers(text="martin")).people) == 2


def test_a_member_without_a_name_or_with_a_strange_language_is_refused(host):
    assert "needs a name" in str(host.is_refused(AddMember(name="  ")))
    assert host.is_refused(AddMember(name="Zoé", language="de")).near == ("en", "fr")


def test_changing_a_member_tells_what_changed_and_changes_nothing_twice(with_celine):
    suspend = ChangeMember(member="celine", status="suspended")
    assert with_celine.does(suspend).said == ("Céline Martin: status suspended.",)
    assert not with_celine.does(suspend).changed
    assert with_celine.does(CheckIn(member="celine")).verdict.reason is Reason.MEMBER_SUSPENDED


def test_the_list_of_members_tells_what_is_left(with_celine):
    people = with_celine.does(ListMembers())
    assert isinstance(people, People)
    assert [(one.name, one.role, one.left) for one in people.people] == [
        ("Accueil MSAP", "staff", None),
        ("Céline Martin", "member", 10),
    ]


# ---------------------------------------------------------------- badges


def test_a_badge_is_assigned_by_its_number_however_it_is_written(with_celine):
    with_celine.does(AssignBadge(member="celine", number=UID))
    assert with_celine.tap(UID).reason is Reason.ENTRY_USED
    again = with_celine.does(AssignBadge(member="celine", number=UID.replace(":", " ").lower()))
    assert not again.changed


def test_a_badge_is_assigned_by_the_code_that_its_tap_showed(with_celine):
    verdict = with_celine.tap(UID)
    assert isinstance(verdict, Denied)
    unknown = with_celine.does(ListUnknownBadges())
    assert isinstance(unknown, UnknownBadges)
    assert [one.code for one in unknown.badges] == [verdict.claim_code]
    with_celine.does(AssignBadge(member="celine", code=str(verdict.claim_code).lower()))
    assert with_celine.tap(UID).reason is Reason.ENTRY_USED
    assert with_celine.does(ListUnknownBadges()).badges == ()


def test_a_code_that_nobody_saw_suggests_those_shown_lately(with_celine):
    code = with_celine.tap(UID).claim_code
    assert with_celine.is_refused(AssignBadge(member="celine", code="????")).near == (code,)


def test_a_badge_that_somebody_carries_is_not_taken_from_them(with_celine):
    with_celine.does(AddMember(name="Paul"))
    with_celine.does(AssignBadge(member="celine", number=UID))
    assert "Céline Martin carries this badge" in str(with_celine.is_refused(AssignBadge(member="paul", number=UID)))
    with_celine.does(ReturnBadge(member="celine"))
    assert with_celine.does(AssignBadge(member="paul", number=UID)).changed


def test_a_lost_badge_is_refused_at_the_door_until_it_is_found(with_celine):
    with_celine.does(AssignBadge(member="celine", number=UID))
    assert with_celine.does(SetBadge(status="lost", member="celine")).changed
    assert with_celine.tap(UID).reason is Reason.BADGE_BLOCKED
    assert not with_celine.does(SetBadge(status="lost", number=UID)).changed
    with_celine.does(SetBadge(status="active", member="celine"))
    assert with_celine.tap(UID).reason is Reason.ENTRY_USED


def test_a_member_with_two_badges_is_asked_which(with_celine):
    first = with_celine.does(AssignBadge(member="celine", number=UID)).id
    second = with_celine.does(AssignBadge(member="celine", number="04:11:22:33")).id
    error = with_celine.is_refused(SetBadge(status="blocked", member="celine"))
    assert set(error.near) == {first, second}
    with_celine.does(SetBadge(status="blocked", member="celine", code=second))
    states = {badge.code: badge.status for badge in with_celine.does(ShowAccount(member="celine")).badges}
    assert states == {first: "active", second: "blocked"}


def test_a_badge_command_that_names_no_badge_says_what_is_missing(with_celine):
    for command in (
        AssignBadge(member="celine"),
        AssignBadge(member="celine", number=UID, code="ABCD"),
        SetBadge(status="lost"),
    ):
        assert "which badge?" in str(with_celine.is_refused(command))
    assert "no badge number" in str(with_celine.is_refused(AssignBadge(member="celine", number="12")))
    assert "nobody carries" in str(with_celine.is_refused(SetBadge(status="lost", number=UID)))
    assert "has no badge" in str(with_celine.is_refused(ReturnBadge(member="celine")))


def test_the_number_of_a_badge_is_nowhere_in_the_ledger(with_celine, tmp_path):
    with_celine.does(AssignBadge(member="celine", number=UID))
    raw = bytes.fromhex(UID.replace(":", ""))
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    name = badge_id(raw, KEY).encode()
    assert name in kept  # the search bites
    for form in (raw, raw.hex().encode(), raw.hex().upper().encode(), UID.encode()):
        assert form not in kept


def test_a_name_that_somebody_has_is_asked_about_in_any_order_of_its_words_also_when_a_member_is_renamed(host):
    host.does(AddMember(name="Élise Le-Goff"))
    host.does(AddMember(name="Paul Roy"))
    for name in ("le goff elise", "ELISE LE GOFF"):
        assert host.is_refused(AddMember(name=name)).code == "NAME_TAKEN"
        assert host.is_refused(ChangeMember(member="paul", name=name)).code == "NAME_TAKEN"
    assert host.does(ChangeMember(member="elise", name="Le Goff Élise")).changed
    assert host.does(ChangeMember(member="paul", name="elise le goff", anyway=True)).changed
