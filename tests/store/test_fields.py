"""Changes of one noun without knowledge of each other: all stand, protections stay, in every order of arrival."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.model import Badge, Member, Override, Product, Ref, Site
from kiosk.store.fold import fields
from kiosk.store.fold.fields import Event, State
from tests.office.ledgers.small_house import MONDAY
from tests.rules.house import SERRE, TEN

Change = tuple[str, Any]
Changeable = Site | Product | Member | Badge
LEA = Member(id="lea", name="Léa")
BADGE = Badge(id="b1", member_id="lea")
CHRISTMAS, NEW_YEAR = "2026 Dec 24 off", '2026 Dec 31 10:00-12:00 "short"'


def event(noun: Any, seq: int, *, ledger: str = "k", position: int | None = None, **told: Any) -> Event:
    bare = Event(ref=Ref(ledger_id=ledger, seq=seq), position=position, saw=told.get("saw", {}))
    return fields.event(bare, noun, told.get("changed"))


class Writer:
    """Somebody who sees a noun and changes it, and hears of nobody else's changes."""

    def __init__(self, name: str, base: State, noun: Changeable, *, names_fields: bool = True) -> None:
        self.name, self.state, self.noun, self.names_fields = name, base, noun, names_fields
        self.written: list[Event] = []
        self.meant: dict[str, Any] = {}
        """Field -> what the writer left it at, of those that the writer changed."""

    def writes(self, change: Change) -> None:
        after = changed(self.noun, change)
        named = fields.differences(self.noun, after)
        if not named:
            return
        bare = Event(
            ref=Ref(ledger_id=self.name, seq=len(self.written) + 1), saw=fields.joined(fields.known(self.state))
        )
        self.meant |= {field: fields.parts(after).get(field, False) for field in named}
        new = fields.event(bare, after, named if self.names_fields else None)
        self.written.append(new)
        self.state = fields.add(self.state, new, is_whole=not self.names_fields)
        self.noun = fields.merged(self.state, type(self.noun), self.noun.id)


def changed(noun: Any, change: Change) -> Any:
    field, value = change
    if field == "+":
        return replace(noun, exceptions=(*(one for one in noun.exceptions if one != value), value))
    if field == "-":
        return replace(noun, exceptions=tuple(one for one in noun.exceptions if one != value))
    if field == "policy":
        return replace(noun, policy=replace(noun.policy, **value))
    return replace(noun, **{field: value})


def one_of(field: str, *values: Any) -> st.SearchStrategy[Change]:
    return st.tuples(st.just(field), st.sampled_from(values))


RULES = (CHRISTMAS, NEW_YEAR, "2026 Dec 24 10:00-12:00", "2026 Jul 14 10:00-17:00")
NOUNS: dict[str, tuple[Any, st.SearchStrategy[Change]]] = {
    "member": (
        LEA,
        one_of("name", "Léa M.", "Léa N.")
        | one_of("status", "active", "suspended")
        | one_of("role", "member", "staff")
        | one_of("note", None, "calls first")
        | one_of("large_text", True, False),
    ),
    "badge": (BADGE, one_of("status", "active", "lost", "blocked") | one_of("member_id", None, "lea", "sam")),
    "product": (
        TEN,
        one_of("price_cents", 4000, 6000) | one_of("on_sale", True, False) | one_of("valid_days", 30, 60, None),
    ),
    "site": (
        replace(SERRE, exceptions=(CHRISTMAS,)),
        one_of("hours", "Mo 09:00-12:00", "Tu 09:00-12:00")
        | one_of("+", *RULES)
        | one_of("-", *RULES)
        | one_of("policy", {"capacity": 8}, {"capacity": 9}, {"guests": 0}),
    ),
}


@st.composite
def apart(draw: Callable[..., Any]) -> tuple[Changeable, list[Change], list[Change], list[bool]]:
    """A noun, what two change of it apart, and how their entries follow each other in the feed."""
    noun, changes = NOUNS[draw(st.sampled_from(sorted(NOUNS)))]
    lists = draw(st.lists(changes, max_size=5)), draw(st.lists(changes, max_size=5))
    return noun, *lists, draw(st.lists(st.booleans(), min_size=10, max_size=10))


def shuffled_together(one: Sequence[Event], other: Sequence[Event], turns: list[bool]) -> list[Event]:
    queues, feed = [list(one), list(other)], []
    for turn in turns:
        queue = queues[turn] or queues[not turn]
        if queue:
            feed.append(queue.pop(0))
    return [replace(one, position=number) for number, one in enumerate(feed, 2)]


class Apart:
    """What two changed apart, and the feed that came of it."""

    def __init__(self, told: Any, *, names_fields: bool = True) -> None:
        self.noun, changes, others, turns = told
        self.base = fields.add(State(), event(self.noun, 1, ledger="first", position=1))
        self.kiosk = Writer("k", self.base, self.noun, names_fields=names_fields)
        self.server = Writer("s", self.base, self.noun, names_fields=names_fields)
        for writer, some in ((self.kiosk, changes), (self.server, others)):
            for change in some:
                writer.writes(change)
        self.is_whole = not names_fields
        self.feed = shuffled_together(self.kiosk.written, self.server.written, turns)

    def folded(self, state: State, events: Sequence[Event]) -> State:
        for one in events:
            state = fields.add(state, one, is_whole=self.is_whole)
        return state

    def merged(self, state: State) -> Changeable:
        found: Changeable = fields.merged(state, type(self.noun), self.noun.id)
        return found

    @property
    def end(self) -> dict[str, Any]:
        return fields.parts(self.merged(self.folded(self.base, self.feed)))


def check_both_stand(one: Apart) -> None:
    words = [one.kiosk.meant, one.server.meant]
    for mine, theirs in (words, reversed(words)):
        for field in mine.keys() - theirs.keys():
            assert one.end.get(field, False) == mine[field]
    for field in words[0].keys() & words[1].keys():
        assert one.end.get(field, False) in (words[0][field], words[1][field])


@settings(max_examples=300, deadline=None)
@given(apart())
def test_what_only_one_of_two_changed_is_not_undone_by_the_other(told):
    check_both_stand(Apart(told))


def test_entries_that_carry_the_whole_noun_undo_it():
    """The bad twin: releases that named no fields."""
    told = NOUNS["site"][0], [("hours", "Mo 09:00-12:00")], [("+", NEW_YEAR)], [False, True]
    check_both_stand(Apart(told))
    with pytest.raises(AssertionError):
        check_both_stand(Apart(told, names_fields=False))


@settings(max_examples=300, deadline=None)
@given(apart())
def test_nothing_that_protects_is_lifted_by_who_did_not_know_it(told):
    one = Apart(told)
    for writer in (one.kiosk, one.server):
        for field, value in writer.meant.items():
            if value in fields.PROTECTS.get(field, ()):
                assert one.end[field] in fields.PROTECTS[field]


@settings(max_examples=300, deadline=None)
@given(apart())
def test_of_two_changes_of_one_field_the_later_stands_unless_the_other_protects(told):
    one = Apart(told)
    last = {field: value for entry in one.feed for field, value in entry.sets.items()}
    for field, value in last.items():
        if field not in fields.PROTECTS and not fields.closes(field):
            assert one.end.get(field, False) == value


@settings(max_examples=300, deadline=None)
@given(apart(), st.randoms(use_true_random=False))
def test_all_come_to_the_same_in_whatever_order_they_hear(told, random):
    one = Apart(told)
    expected = one.folded(one.base, one.feed)
    arriving = [*one.feed, *one.feed[: len(one.feed) // 2]]
    random.shuffle(arriving)
    assert one.folded(one.base, arriving) == expected
    for writer in (one.kiosk, one.server):  # whose own entries have no place before they come back
        assert one.folded(writer.state, one.feed) == expected


@settings(max_examples=200, deadline=None)
@given(apart(), st.integers(0, 10))
def test_who_has_own_entries_waiting_sees_what_all_will_see_once_they_follow(told, heard):
    """Own entries without a place come after what was heard: just as if they got the next places."""
    one = Apart(told)
    page = [replace(entry, position=number) for number, entry in enumerate(one.server.written[:heard], 2)]
    waiting = one.folded(one.kiosk.state, page)
    following = [replace(entry, position=number) for number, entry in enumerate(one.kiosk.written, 100)]
    assert one.merged(waiting) == one.merged(one.folded(one.folded(one.base, page), following))


@settings(max_examples=200, deadline=None)
@given(apart())
def test_who_knows_of_both_changes_settles_what_was_contested(told):
    one = Apart(told)
    state = one.folded(one.base, one.feed)
    noun = one.merged(state)
    field, value = ("name", "settled") if hasattr(noun, "name") else ("member_id", "settled")
    bare = Event(ref=Ref(ledger_id="s", seq=100), position=100, saw=fields.joined(fields.known(state)))
    after = fields.add(state, fields.event(bare, replace(noun, **{field: value}), (field,)))
    assert [*fields.contested(after, bare.ref)] == []
    assert getattr(one.merged(after), field) == value


# ---------------------------------------------------------------- one by one


def test_a_suspension_that_a_cut_off_kiosk_did_not_know_outlives_its_lifting_of_an_earlier_one():
    suspended, active = replace(LEA, status="suspended"), LEA
    state = fields.add(State(), event(suspended, 1, ledger="first", position=1))
    lifted = event(active, 1, ledger="s", position=2, changed=("status",), saw={"first": 1})
    again = event(suspended, 2, ledger="s", position=3, changed=("status",), saw={"first": 1, "s": 1})
    kiosks = event(active, 1, ledger="k", position=4, changed=("status",), saw={"first": 1})
    for one in (lifted, again, kiosks):
        state = fields.add(state, one)
    assert fields.merged(state, Member, "lea").status == "suspended"
    assert [found.field for found in fields.contested(state, kiosks.ref)] == ["status"]
    knowing = event(active, 2, ledger="k", position=5, changed=("status",), saw={"first": 1, "s": 2, "k": 1})
    assert fields.merged(fields.add(state, knowing), Member, "lea").status == "active"


def test_one_new_badge_given_to_two_people_is_contested():
    state = fields.add(State(), event(BADGE, 1, ledger="a", position=1))
    other = event(replace(BADGE, member_id="sam"), 1, ledger="b", position=2)
    state = fields.add(state, other)
    assert fields.merged(state, Badge, "b1").member_id == "sam"
    (found,) = fields.contested(state, other.ref)
    assert (found.field, found.stands, found.yields) == ("member_id", other.ref, Ref(ledger_id="a", seq=1))


def test_a_closing_comes_after_an_opening_that_did_not_know_it():
    opens = "2026 Dec 24 10:00-12:00"
    state = fields.add(State(), event(SERRE, 1, ledger="first", position=1))
    named = (fields.EXCEPTION + CHRISTMAS,), (fields.EXCEPTION + opens,)
    closing = event(replace(SERRE, exceptions=(CHRISTMAS,)), 1, ledger="s", position=2, changed=named[0])
    unknowing = event(replace(SERRE, exceptions=(opens,)), 1, ledger="k", position=3, changed=named[1])
    both = fields.add(fields.add(state, closing), unknowing)
    assert fields.merged(both, Site, SERRE.id).exceptions == (opens, CHRISTMAS)
    knowing = replace(unknowing, saw={"s": 1})
    both = fields.add(fields.add(state, closing), knowing)
    assert fields.merged(both, Site, SERRE.id).exceptions == (CHRISTMAS, opens)


def test_a_site_retired_apart_from_new_hours_stays_closed():
    state = fields.add(State(), event(SERRE, 1, ledger="first", position=1))
    retired = replace(SERRE, retired=True, hours="off")
    state = fields.add(state, event(retired, 1, ledger="s", position=2, changed=fields.differences(SERRE, retired)))
    state = fields.add(state, event(replace(SERRE, hours="24/7"), 1, position=3, changed=("hours",)))
    assert fields.merged(state, Site, SERRE.id).hours == "off"


def test_a_word_that_keeps_open_does_not_lift_a_closing_it_did_not_know():
    def word(ledger: str, position: int, state: str, hours: tuple[int, int]) -> Event:
        at = [MONDAY.replace(hour=hour).isoformat() for hour in hours]
        value = {"state": state, "since": at[0], "until": at[1]}
        return Event(ref=Ref(ledger_id=ledger, seq=position), position=position, sets={fields.OVERRIDE: value})

    closed = fields.add(State(), word("s", 1, "closed", (10, 16)))
    opened = fields.add(closed, word("k", 2, "open", (11, 18)))
    told = fields.word(opened)
    assert isinstance(told, Override)
    assert told.state == "closed"
    later = fields.add(closed, word("k", 2, "open", (16, 18)))
    told = fields.word(later)
    assert isinstance(told, Override)
    assert told.state == "open"


def test_each_number_of_the_rules_and_each_exception_is_a_field_of_its_own():
    after = replace(SERRE, policy=replace(SERRE.policy, guests=5), exceptions=(*SERRE.exceptions, CHRISTMAS))
    assert set(fields.differences(SERRE, after)) == {"policy.guests", "exceptions/" + CHRISTMAS}
    assert set(fields.differences(after, SERRE)) == {"policy.guests", "exceptions/" + CHRISTMAS}
    assert fields.differences(SERRE, SERRE) == ()


def test_terms_that_only_make_sense_together_change_together():
    assert set(fields.differences(TEN, replace(TEN, units=5))) == set(fields.TOGETHER[0])


@pytest.mark.parametrize("after", [("b", "a"), ("x", "a", "b"), ("a", "x", "b"), ("b",), ("a", "b", "x"), ()])
def test_exceptions_end_up_in_the_order_in_which_they_were_written(after):
    before = replace(SERRE, exceptions=("a", "b"))
    written = replace(before, exceptions=after)
    state = fields.add(State(), event(before, 1, ledger="first", position=1))
    named = fields.differences(before, written)
    if named:
        state = fields.add(state, event(written, 1, position=2, changed=named, saw={"first": 1}))
    assert fields.merged(state, Site, SERRE.id).exceptions == after
