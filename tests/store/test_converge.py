"""Rosters are equal wherever the same entries are known, whatever their order of arrival."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.facts import (
    AnyFact,
    BadgeSet,
    Condensed,
    Erased,
    HoursOverridden,
    Left,
    MemberSet,
    ProductSet,
    Reversed,
    SiteSet,
    Tapped,
)
from kiosk.model import Badge, Charge, Debt, Denied, Granted, Member, Override, Reason, Ref, Window
from kiosk.store import chain
from kiosk.store.chain import Head
from kiosk.store.fold.refold import folded_anew
from tests.office.ledgers.feed import Feed, Node, Placed, pages, rows
from tests.office.ledgers.small_house import MONDAY, StampClock, let_in, sold_to
from tests.rules.house import SERRE, TEN

NAMES = ("a", "b", "c")
"""Of ledgers, and of the members."""
SITES = ("la-serre", "les-tuves")


@pytest.fixture
def nodes(tmp_path):
    with ExitStack() as stack:
        yield tuple(stack.enter_context(Node(tmp_path, name)) for name in NAMES)


@pytest.fixture
def feed():
    return Feed()


def all_know_all(feed: Feed, nodes: Sequence[Node]) -> None:
    for node in nodes:
        feed.takes(node)
    for node in nodes:
        node.learns(feed.entries)


def check_converged(feed: Feed, nodes: Sequence[Node]) -> None:
    """Check that all rosters are what the feed adds up to, and that each node can prove its own."""
    expected = feed.roster()
    for node in nodes:
        assert node.roster() == expected
        assert node.ledger.roster_differences() == ()
        assert node.ledger.verify(head=node.ledger.head) == ()


# ---------------------------------------------------------------- the last word on a noun


def test_the_feed_decides_between_two_words_on_a_member(nodes, feed):
    a, b, _ = nodes
    a.writes(MemberSet(member=Member(id="lea", name="Léa of a")))
    b.moment.moves(hours=-5)
    b.writes(MemberSet(member=Member(id="lea", name="Léa of b")))
    for node in (a, b):
        feed.takes(node)
    for node in nodes:
        node.learns(feed.entries)
    assert {node.ledger.roster.member("lea").name for node in nodes} == {"Léa of b"}
    check_converged(feed, nodes)


def test_an_own_word_stands_until_the_feed_has_it_and_then_takes_its_place(nodes, feed):
    a, b, _ = nodes
    b.writes(MemberSet(member=Member(id="lea", name="Léa of b")))
    feed.takes(b)
    a.writes(MemberSet(member=Member(id="lea", name="Léa of a")))
    a.learns(feed.entries)
    assert a.ledger.roster.member("lea").name == "Léa of a"
    assert a.ledger.roster_differences() == ()
    feed.takes(a)
    b.writes(MemberSet(member=Member(id="lea", name="Léa of b again")))
    feed.takes(b)
    a.learns(feed.entries[:2])
    assert a.ledger.roster.member("lea").name == "Léa of a"
    a.learns(feed.entries)
    assert a.ledger.roster.member("lea").name == "Léa of b again"


def test_a_page_that_overtook_the_echo_of_an_own_word_is_not_forgotten(nodes, feed):
    a, b, _ = nodes
    a.writes(MemberSet(member=Member(id="lea", name="Léa of a")))
    feed.takes(a)
    b.writes(MemberSet(member=Member(id="lea", name="Léa of b")))
    feed.takes(b)
    a.learns(feed.entries[1:])
    assert a.ledger.roster.member("lea").name == "Léa of a"
    a.learns(feed.entries[:1])
    assert a.ledger.roster.member("lea").name == "Léa of b"
    assert a.ledger.roster_differences() == ()


class ByArrival(Node):
    """The bad twin: whatever arrived last is the last word."""

    arrived = 10**6

    def learns(self, page: Sequence[Placed]) -> None:
        for _, entry in page:
            self.arrived += 1
            super().learns([(self.arrived, entry)])


def test_a_roster_where_the_last_arrival_wins_does_not_converge(tmp_path, feed):
    with ByArrival(tmp_path, "a") as a, ByArrival(tmp_path, "b") as b:
        a.writes(MemberSet(member=Member(id="lea", name="Léa of a")))
        b.writes(MemberSet(member=Member(id="lea", name="Léa of b")))
        for node in (a, b):
            feed.takes(node)
        b.learns(feed.entries[1:])
        for node in (a, b):
            node.learns(feed.entries)
        with pytest.raises(AssertionError):
            check_converged(feed, (a, b))


# ---------------------------------------------------------------- what refers to something that comes later


def visit_of(node: Node, ref: Ref):
    return node.ledger.roster.visit(ref)


def test_a_reversal_that_comes_before_its_visit_gives_the_entry_back_all_the_same(nodes, feed):
    a, b, _ = nodes
    a.writes(sold_to("lea"))
    (tap,) = a.writes(let_in(MONDAY, "ten", credit_cents=300))
    (again,) = a.writes(let_in(MONDAY, reason=Reason.RE_ENTRY))
    a.moment.moves(minutes=1)
    a.writes(Reversed(ref=tap.ref, reason="by mistake", by="self"))
    feed.takes(a)
    for placed in reversed(feed.entries):
        b.learns([placed])
    check_converged(feed, (a, b))
    assert b.ledger.roster.holdings("lea", MONDAY)[0].used == 0
    assert b.ledger.roster.credit_cents("lea") == 0
    assert (visit_of(b, tap.ref).reversed_by, visit_of(b, tap.ref).window.end) == ("self", a.moment.now)
    assert visit_of(b, again.ref).present_until == a.moment.now


def test_a_departure_that_comes_before_its_visit_ends_it(nodes, feed):
    a, b, _ = nodes
    (tap,) = a.writes(let_in(MONDAY))
    at = a.moment.moves(hours=1)
    a.writes(Left(member_id="lea", site_id=SERRE.id))
    feed.takes(a)
    b.learns(feed.entries[1:])
    b.learns(feed.entries[:1])
    assert (visit_of(b, tap.ref).left_at, visit_of(b, tap.ref).present_until) == (at, at)
    check_converged(feed, (a, b))


def test_a_visit_elsewhere_between_a_visit_and_a_departure_is_the_one_that_was_left(nodes, feed):
    """Two doors of one site: in by one, in again by the other, out. The middle one is heard of last."""
    a, b, c = nodes
    (first,) = a.writes(let_in(MONDAY))
    b.moment.moves(hours=1)
    (second,) = b.writes(let_in(b.moment.now))
    left = c.moment.moves(hours=2)
    c.writes(Left(member_id="lea", site_id=SERRE.id))
    for node in (c, a, b):
        feed.takes(node)
    a.learns(feed.entries)
    assert (visit_of(a, first.ref).left_at, visit_of(a, first.ref).present_until) == (None, b.moment.now)
    assert (visit_of(a, second.ref).left_at, visit_of(a, second.ref).present_until) == (left, left)
    all_know_all(feed, nodes)
    check_converged(feed, nodes)


def test_a_pass_is_charged_before_its_sale_is_heard_of(nodes, feed):
    a, b, c = nodes
    a.writes(MemberSet(member=Member(id="lea", name="Léa")), sold_to("lea"))
    b.writes(BadgeSet(badge=Badge(id="b-lea", member_id="lea")), let_in(MONDAY, "ten"))
    for node in (b, a):
        feed.takes(node)
    c.learns(feed.entries[:2])
    assert (c.ledger.roster.holdings("lea", MONDAY), c.ledger.roster.member("lea")) == ((), None)
    c.learns(feed.entries)
    assert c.ledger.roster.holdings("lea", MONDAY)[0].used == 1
    check_converged(feed, (c,))


def test_two_kiosks_that_spend_the_last_entry_both_count(nodes, feed):
    a, b, _ = nodes
    a.writes(sold_to("lea"))
    feed.takes(a)
    b.learns(feed.entries)
    a.writes(*[let_in(MONDAY, "ten") for _ in range(9)], let_in(MONDAY, "ten"))
    b.writes(let_in(MONDAY, "ten"))
    all_know_all(feed, nodes)
    assert {node.ledger.roster.holdings("lea", MONDAY)[0].used for node in nodes} == {11}
    check_converged(feed, nodes)


def test_the_first_of_two_reversals_counts_whichever_is_heard_of_first(nodes, feed):
    a, b, c = nodes
    (tap,) = a.writes(let_in(MONDAY, "ten"))
    feed.takes(a)
    for node, minutes, by in ((b, 20, "desk"), (c, 10, "self")):
        node.learns(feed.entries)
        node.moment.moves(minutes=minutes)
        node.writes(Reversed(ref=tap.ref, reason="by mistake", by=by))
        feed.takes(node)
    all_know_all(feed, nodes)
    assert {visit_of(node, tap.ref).reversed_by for node in nodes} == {"self"}
    assert {visit_of(node, tap.ref).window.end for node in nodes} == {c.moment.now}
    check_converged(feed, nodes)


# ---------------------------------------------------------------- any life of a network: what happens

HOURS = st.integers(0, 5).map(lambda hours: MONDAY + timedelta(hours=hours))
"""Few instants, so that many things happen at the same one."""
MEMBERS = st.sampled_from(NAMES)
REFS = st.builds(Ref, ledger_id=st.sampled_from([*NAMES, "x"]), seq=st.integers(1, 6))
DEBTS = st.lists(
    st.builds(Debt, pass_id=st.sampled_from(["p1", "p2"]), units=st.integers(1, 2), first=st.integers(0, 2)), max_size=2
).map(tuple)
CHARGES = st.lists(st.builds(Charge, pass_id=st.sampled_from(["p1", "p2"]), units=st.integers(1, 2)), max_size=2).map(
    tuple
)


def granted(until, reason, charges, cents, stays):
    window = Window(start=MONDAY, end=until)
    return Granted(
        reason=reason, window=window, charges=charges, credit_cents=cents, present_until=until if stays else None
    )


TAPS = st.builds(
    Tapped,
    site_id=st.sampled_from(SITES),
    member_id=MEMBERS,
    verdict=st.builds(
        granted,
        HOURS,
        st.sampled_from([Reason.ENTRY_USED, Reason.RE_ENTRY]),
        CHARGES,
        st.sampled_from([0, 500]),
        st.sampled_from([True, True, False]),
    ),
)
WORDS: list[st.SearchStrategy[AnyFact]] = [
    st.builds(SiteSet, site=st.sampled_from(["one", "two"]).map(lambda name: replace(SERRE, name=name))),
    st.builds(ProductSet, product=st.sampled_from([5000, 6000]).map(lambda cents: replace(TEN, price_cents=cents))),
    st.builds(MemberSet, member=st.builds(Member, id=MEMBERS, name=st.sampled_from(["Ann", "Bob"]))),
    st.builds(BadgeSet, badge=st.builds(Badge, id=st.just("b1"), member_id=st.sampled_from([None, *NAMES]))),
    st.builds(
        HoursOverridden,
        site_id=st.sampled_from(SITES),
        override=st.none() | st.builds(Override, state=st.just("closed"), since=HOURS, until=HOURS),
    ),
]
FACTS: st.SearchStrategy[AnyFact] = st.one_of(
    TAPS,
    TAPS,
    st.builds(Reversed, ref=REFS, reason=st.just(""), by=MEMBERS),
    st.builds(Reversed, ref=REFS, reason=st.just(""), by=MEMBERS),
    st.builds(Left, member_id=MEMBERS, site_id=st.sampled_from(SITES)),
    st.builds(
        lambda holder, pass_id, settles: sold_to(holder, pass_id=pass_id, settles=settles),
        MEMBERS,
        st.sampled_from(["p1", "p2"]),
        DEBTS,
    ),
    st.just(Tapped(site_id=SERRE.id, verdict=Denied(reason=Reason.UNKNOWN_BADGE), badge_id="b1")),
    st.builds(Erased, member_id=MEMBERS),
    *WORDS,
)
# ---------------------------------------------------------------- any order

NOTHING = st.just("")
DAY: st.SearchStrategy[AnyFact] = st.one_of(
    st.builds(
        lambda until, reason, charges: let_in_until(until, reason, charges),
        HOURS,
        st.sampled_from([Reason.ENTRY_USED, Reason.RE_ENTRY, Reason.RE_ENTRY]),
        CHARGES,
    ),
    st.just(Left(member_id="lea", site_id=SERRE.id)),
    st.builds(
        Reversed, ref=st.builds(Ref, ledger_id=st.just("a"), seq=st.integers(1, 3)), reason=st.just(""), by=MEMBERS
    ),
    st.builds(
        lambda settles, name: sold_to(name, pass_id="p1", settles=settles), DEBTS, st.sampled_from(["lea", "host"])
    ),
    st.just(Tapped(site_id=SERRE.id, verdict=Denied(reason=Reason.UNKNOWN_BADGE), badge_id="b1")),
    st.builds(MemberSet, member=st.builds(Member, id=st.just("lea"), name=st.sampled_from(["Ann", "Bob"]))),
    st.builds(BadgeSet, badge=st.builds(Badge, id=st.just("b1"), member_id=st.sampled_from([None, "lea"]))),
    st.sampled_from(["lea", "host"]).map(lambda name: Erased(member_id=name)),
    st.builds(
        Condensed,
        ledger_id=st.sampled_from("ab"),
        first=st.just(1),
        last=st.integers(1, 4),
        uses=CHARGES.filter(lambda charges: len({charge.pass_id for charge in charges}) == len(charges)),
    ),
)
"""What happens to one person on one day: everything touches everything."""


def let_in_until(until, reason, charges):
    return Tapped(site_id=SERRE.id, member_id="lea", verdict=granted(until, reason, charges, 0, stays=True))


@st.composite
def days(draw) -> list[Placed]:
    """The entries of a day in two ledgers, in the feed's order, which is not that of their instants."""
    facts = draw(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4), DAY), min_size=2, max_size=9))
    heads: dict[str, Head] = {}
    placed = []
    condensed: set[str] = set()
    for position, (name, hour, fact) in enumerate(facts, start=1):
        if isinstance(fact, Condensed):
            if fact.ledger_id in condensed:
                continue  # one stretch begins where the last one ended, so none is there twice
            condensed.add(fact.ledger_id)
        stamp = StampClock(MONDAY + timedelta(hours=hour))()
        (entry,) = chain.seal([fact], ledger_id=name, head=heads.get(name, Head()), stamp=stamp)
        heads[name] = Head(seq=entry.ref.seq, hash=entry.hash)
        placed.append((position, entry))
    return placed


def roster_of(entries: Sequence[Placed]):
    with folded_anew(entries) as folded:
        return rows(folded)


@settings(max_examples=100, deadline=None)
@given(days(), st.randoms(use_true_random=False))
def test_any_order_of_the_same_entries_adds_up_to_the_same(entries, random):
    shuffled = [*entries, *entries[: len(entries) // 2]]
    random.shuffle(shuffled)
    assert roster_of(shuffled) == roster_of(entries)


# ---------------------------------------------------------------- any exchange

NODE = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("writes"), NODE, st.tuples(st.integers(-2, 3), FACTS)),
    st.tuples(st.just("writes"), NODE, st.tuples(st.integers(-2, 3), FACTS)),
    st.tuples(st.just("sends"), NODE, st.none()),
    st.tuples(st.just("pulls"), NODE, st.tuples(st.integers(0, 10), st.integers(1, 6), st.booleans())),
)


def live(feed: Feed, nodes: Sequence[Node], step) -> None:
    """One step of a network's life; a page that is pulled may be any part of the feed, forwards or backwards."""
    what, number, how = step
    node = nodes[number]
    match what:
        case "writes":
            hours, fact = how
            node.moment.moves(hours=hours)
            node.writes(fact)
        case "sends":
            feed.takes(node)
        case "pulls":
            start, size, is_backwards = how
            page = feed.entries[start : start + size]
            for placed in reversed(page) if is_backwards else [None]:
                node.learns([placed] if placed else page)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=30), st.randoms(use_true_random=False))
def test_any_life_of_a_network_ends_in_equal_rosters(steps, random):
    feed = Feed()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        nodes = [stack.enter_context(Node(Path(folder), name)) for name in NAMES]
        for step in steps:
            live(feed, nodes, step)
        for node in nodes:
            feed.takes(node)
        for node in nodes:
            shuffled = list(feed.entries)
            random.shuffle(shuffled)
            for page in pages(shuffled, random.choice((1, 2, 7))):
                node.learns(page)
            node.learns(feed.entries)
        check_converged(feed, nodes)
