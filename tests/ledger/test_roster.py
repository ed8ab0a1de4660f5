"""The roster: what entries add up to, at any kiosk and however often they are folded."""

import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.facts import (
    BadgeSet,
    Happened,
    HoursOverridden,
    Left,
    MemberSet,
    PassSold,
    ProductSet,
    Reversed,
    SiteSet,
    Tapped,
)
from kiosk.ledger import decode_fact
from kiosk.model import (
    Badge,
    Case,
    Charge,
    ClockQuality,
    Debt,
    Denied,
    Granted,
    Member,
    Override,
    Reason,
    Ref,
    Source,
    Tap,
    Window,
)
from kiosk.roster import RosterError, claim_code
from tests.office.ledgers.small_house import MONDAY, StampClock, fresh, gathered, house_facts, let_in, sold_to
from tests.rules.house import HOST, LEA, SERRE, TEN
from tests.simulator.invariants import debts_moved


@pytest.fixture
def book(tmp_path, moment):
    with fresh(tmp_path, moment) as ledger:
        ledger.append(*house_facts())
        yield ledger
        assert ledger.roster_differences() == ()


def until(**after):
    """The window that begins on Monday at 09:05."""
    return Window(start=MONDAY, end=MONDAY + timedelta(**after))


def used(book, member="lea"):
    return {h.pass_.id: h.used for h in book.roster.holdings(member, MONDAY)}


def reverses(book, ref, by="desk"):
    return book.append(Reversed(ref=ref, reason="by mistake", by=by))[0].ref


# ---------------------------------------------------------------- what a tap gathers


def test_a_tap_gathers_the_badge_its_member_and_their_passes(book, moment):
    case = gathered(book, moment.now)
    assert (case.site, case.badge, case.member) == (SERRE, Badge(id="b-lea", member_id="lea"), LEA)
    assert [(h.pass_, h.used, h.recent) for h in case.holdings] == [(sold_to("lea").pass_, 0, ())]
    assert (case.visits, case.override, case.staff_present, case.people_in) == ((), None, False, 0)
    assert (case.clock, case.claim_code) == (ClockQuality.TRUSTED, None)


def test_an_unknown_badge_gathers_a_claim_code_and_nobody(book, moment):
    case = gathered(book, moment.now, badge_id="b-nobody")
    assert (case.badge, case.member, case.holdings, case.visits) == (None, None, (), ())
    assert case.claim_code == claim_code("b-nobody")


def test_a_badge_that_was_taken_back_has_a_claim_code_again(book, moment):
    book.append(BadgeSet(badge=Badge(id="b-lea", member_id=None)))
    case = gathered(book, moment.now)
    assert (case.badge, case.member) == (Badge(id="b-lea", member_id=None), None)
    assert case.claim_code == claim_code("b-lea")


def test_a_card_that_could_not_be_read_gathers_nobody(book, moment):
    case = gathered(book, moment.now, badge_id=None)
    assert (case.badge, case.member, case.claim_code) == (None, None, None)


def test_staff_check_a_member_in_without_a_badge(book, moment):
    tap = Tap(uid=None, monotonic=0.0, source=Source.STAFF, member_id="lea")
    case = book.roster.gather(tap, site_id=SERRE.id, badge_id=None, now=moment.now, clock=ClockQuality.HOLDOVER)
    assert (case.badge, case.member, len(case.holdings), case.clock) == (None, LEA, 1, ClockQuality.HOLDOVER)


def test_a_kiosk_without_its_site_says_what_to_do(book, moment):
    with pytest.raises(RosterError, match="'les-tuves' is not known here: import it"):
        gathered(book, moment.now, site_id="les-tuves")


def test_the_last_word_on_a_site_a_product_a_member_and_a_badge_counts(book):
    site, member = replace(SERRE, name="La Grande Serre"), replace(LEA, name="Léa Roux", status="suspended")
    badge, product = Badge(id="b-lea", member_id="lea", status="lost"), replace(TEN, price_cents=6000)
    book.append(SiteSet(site=site), MemberSet(member=member), BadgeSet(badge=badge), ProductSet(product=product))
    roster = book.roster
    assert (roster.site("la-serre"), roster.sites()) == (site, (site,))
    assert (roster.product("ten"), roster.products()) == (product, (product,))
    assert (roster.member("lea"), roster.members()) == (member, (HOST, member))
    assert (roster.badge("b-lea"), roster.badges("lea")) == (badge, (badge,))
    assert (roster.member_count(), roster.holdings("lea", MONDAY)[0].pass_.terms) == (2, TEN)


def test_what_is_not_there_is_none(book):
    roster, ref = book.roster, Ref(ledger_id="no", seq=1)
    nothing = (roster.site("x"), roster.product("x"), roster.member("x"), roster.badge("x"), roster.visit(ref))
    assert nothing == (None,) * 5
    assert (roster.sale_of("x"), roster.find_badge("XXXX"), roster.override("x", MONDAY)) == (None,) * 3
    assert (roster.badges("x"), roster.holdings("x", MONDAY), roster.credit_cents("x")) == ((), (), 0)


# ---------------------------------------------------------------- visits and uses


def test_a_granted_tap_is_a_visit_and_takes_units_off_the_pass(book, moment):
    (entry,) = book.append(let_in(moment.now, "ten", hours=3))
    (visit,) = gathered(book, moment.now).visits
    assert book.roster.visit(entry.ref) == visit
    assert (visit.ref, visit.at, visit.member_id, visit.site_id) == (entry.ref, MONDAY, "lea", SERRE.id)
    assert (visit.window, visit.charges) == (until(hours=3), (Charge(pass_id="ten", units=1),))
    assert (visit.reason, visit.present_until) == (Reason.ENTRY_USED, MONDAY + timedelta(hours=3.5))
    assert (visit.left_at, visit.reversed_at, visit.reversed_by) == (None, None, None)
    (holding,) = book.roster.holdings("lea", moment.now)
    assert (holding.used, [(use.at, use.units) for use in holding.recent]) == (1, [(MONDAY, 1)])


def test_a_refusal_is_no_visit_and_costs_nothing(book, moment):
    verdict = Denied(reason=Reason.CLOSED)
    book.append(Tapped(site_id=SERRE.id, verdict=verdict, badge_id="b-lea", member_id="lea"))
    case = gathered(book, moment.now)
    assert (case.visits, case.people_in, used(book)) == ((), 0, {"ten": 0})


def test_visits_are_told_newest_first_for_forty_days(book, moment):
    refs = [book.append(let_in(moment.moves(days=15), "ten"))[0].ref for _ in range(4)]
    assert [visit.ref for visit in gathered(book, moment.now).visits] == refs[:0:-1]
    (holding,) = book.roster.holdings("lea", moment.now)
    assert holding.used == 4
    assert [use.at for use in holding.recent] == [MONDAY + timedelta(days=days) for days in (30, 45, 60)]


def test_visits_of_all_sites_are_told_in_their_order_between_two_instants(book, moment):
    first = book.append(let_in(moment.now, "ten"))[0].ref
    second = book.append(let_in(moment.moves(hours=1), site_id="les-tuves"))[0].ref
    third = book.append(let_in(moment.moves(hours=1), member="host"))[0].ref
    told = [visit.ref for visit in book.roster.visits(MONDAY, MONDAY + timedelta(hours=2))]
    assert told == [first, second]
    told = [visit.ref for visit in book.roster.visits(MONDAY, MONDAY + timedelta(days=1), site_id=SERRE.id)]
    assert told == [first, third]


def test_two_charges_on_one_pass_are_two_units(book, moment):
    book.append(let_in(moment.now, "ten", "ten"))
    assert used(book) == {"ten": 2}


def test_a_company_shares_its_entries(book, moment):
    book.append(sold_to("lea", "host", pass_id="company"))
    book.append(let_in(moment.now, "company"), let_in(moment.now, "company", member="host"))
    assert (used(book), used(book, "host")) == ({"ten": 0, "company": 2}, {"company": 2})


def test_a_credit_is_what_the_house_owes(book, moment):
    first, _ = book.append(let_in(moment.now, "ten", credit_cents=500), let_in(moment.now, credit_cents=250))
    assert book.roster.credit_cents("lea") == 750
    reverses(book, first.ref)
    assert book.roster.credit_cents("lea") == 250


# ---------------------------------------------------------------- who is in


def people(book, moment):
    who = [visit.member_id for visit in book.roster.inside(SERRE.id, moment.now)]
    case = gathered(book, moment.now)
    assert book.roster.people_in(SERRE.id, moment.now) == case.people_in
    return who, case.people_in, case.staff_present


def test_presence_ends_by_itself(book, moment):
    book.append(let_in(moment.now, "ten", hours=3))
    moment.moves(hours=3, minutes=29)
    assert people(book, moment) == (["lea"], 1, False)
    moment.moves(minutes=1)
    assert people(book, moment) == ([], 0, False)


def test_nobody_is_in_before_they_came(book, moment):
    book.append(let_in(moment.now, "ten"))
    moment.moves(minutes=-1)
    assert people(book, moment) == ([], 0, False)


def test_a_host_is_present_and_does_not_count_among_the_people_in(book, moment):
    book.append(let_in(moment.now, "ten"), let_in(moment.now, member="host", reason=Reason.STAFF))
    assert people(book, moment) == (["lea", "host"], 1, True)
    moment.moves(hours=5)
    assert people(book, moment) == ([], 0, False)


def test_a_host_at_another_site_is_not_present_here(book, moment):
    book.append(let_in(moment.now, member="host", reason=Reason.STAFF, site_id="les-tuves"))
    assert people(book, moment) == ([], 0, False)


def test_coming_back_replaces_the_presence_before(book, moment):
    book.append(let_in(moment.now, "ten"))
    (again,) = book.append(let_in(moment.moves(hours=2), reason=Reason.RE_ENTRY, hours=1))
    assert [visit.ref for visit in book.roster.inside(SERRE.id, moment.now)] == [again.ref]
    assert people(book, moment) == (["lea"], 1, False)
    newest, oldest = gathered(book, moment.now).visits
    assert (newest.present_until, oldest.present_until) == (moment.now + timedelta(hours=1.5), moment.now)


def test_who_says_that_they_leave_is_gone_and_pays_the_same(book, moment):
    book.append(let_in(moment.now, "ten"))
    at = moment.moves(hours=1)
    book.append(Left(member_id="lea", site_id=SERRE.id))
    assert people(book, moment) == ([], 0, False)
    (visit,) = gathered(book, moment.now).visits
    assert (visit.left_at, visit.present_until, visit.window) == (
        at,
        at,
        until(hours=3),
    )
    assert used(book) == {"ten": 1}


def test_leaving_twice_or_without_having_come_changes_nothing(book, moment):
    book.append(Left(member_id="lea", site_id=SERRE.id), let_in(moment.now, "ten"))
    book.append(Left(member_id="lea", site_id="les-tuves"), Left(member_id="host", site_id=SERRE.id))
    assert people(book, moment) == (["lea"], 1, False)
    first = moment.moves(hours=1)
    book.append(Left(member_id="lea", site_id=SERRE.id))
    moment.moves(hours=1)
    book.append(Left(member_id="lea", site_id=SERRE.id))
    assert gathered(book, moment.now).visits[0].left_at == first


# ---------------------------------------------------------------- staff's word on the hours


def closes(book, moment, *, hours=8.0, state="closed"):
    override = Override(state=state, since=moment.now, until=moment.now + timedelta(hours=hours))
    book.append(HoursOverridden(site_id=SERRE.id, override=override))
    return override


def test_the_last_override_counts_until_it_is_over_or_taken_back(book, moment):
    closes(book, moment, state="open")
    last = closes(book, moment, hours=2)
    assert (book.roster.override(SERRE.id, moment.now), gathered(book, moment.now).override) == (last, last)
    moment.moves(hours=2)
    assert (book.roster.override(SERRE.id, moment.now), gathered(book, moment.now).override) == (None, None)
    closes(book, moment)
    book.append(HoursOverridden(site_id=SERRE.id, override=None))
    assert (book.roster.override(SERRE.id, moment.now), gathered(book, moment.now).override) == (None, None)


def test_whoever_came_before_staff_closed_counts_as_gone_while_it_is_so(book, moment):
    book.append(let_in(moment.now, "ten"))
    moment.moves(hours=1)
    closes(book, moment, hours=1)
    assert people(book, moment) == ([], 0, False)
    book.append(let_in(moment.moves(minutes=1), member="host", reason=Reason.STAFF))
    assert people(book, moment) == (["host"], 0, True)
    moment.moves(hours=1)
    assert people(book, moment) == (["lea", "host"], 1, True)


def test_closing_leaves_windows_as_they_were_bought_for_the_rules_to_judge(book, moment):
    book.append(let_in(moment.now, "ten"))
    moment.moves(hours=1)
    closes(book, moment)
    (visit,) = gathered(book, moment.now).visits
    assert visit.window == until(hours=3)


# ---------------------------------------------------------------- reversals


def test_a_reversal_gives_the_unit_back_and_ends_window_and_presence(book, moment):
    (entry,) = book.append(let_in(moment.now, "ten"))
    at = moment.moves(minutes=1)
    reverses(book, entry.ref, by="self")
    (visit,) = gathered(book, moment.now).visits
    assert (visit.reversed_at, visit.reversed_by) == (at, "self")
    assert (visit.window, visit.present_until) == (until(minutes=1), at)
    assert visit.charges == (Charge(pass_id="ten", units=1),)
    (holding,) = book.roster.holdings("lea", moment.now)
    assert (holding.used, holding.recent) == (0, ())
    assert people(book, moment) == ([], 0, False)


def test_a_reversal_long_after_changes_no_time(book, moment):
    (entry,) = book.append(let_in(moment.now, "ten"))
    at = moment.moves(days=5)
    reverses(book, entry.ref)
    (visit,) = gathered(book, moment.now).visits
    assert (visit.reversed_at, used(book)) == (at, {"ten": 0})
    assert visit.window == until(hours=3)
    assert visit.present_until == MONDAY + timedelta(hours=3.5)


def test_a_window_that_had_not_begun_is_left_empty(book, moment):
    start = moment.now + timedelta(minutes=5)
    (entry,) = book.append(let_in(start, "ten"))
    moment.moves(minutes=1)
    reverses(book, entry.ref)
    assert book.roster.visit(entry.ref).window == Window(start=start, end=start)


def test_the_free_re_entries_into_a_window_end_with_it(book, moment):
    (entry,) = book.append(let_in(moment.now, "ten"))
    at = moment.moves(seconds=30)
    book.append(let_in(at, reason=Reason.RE_ENTRY, hours=3 - 30 / 3600))
    (other,) = book.append(let_in(at, reason=Reason.RE_ENTRY, hours=3 - 30 / 3600, site_id="les-tuves"))
    reverses(book, entry.ref, by="self")
    elsewhere, second, first = gathered(book, moment.now).visits
    assert (elsewhere.ref, elsewhere.window) == (other.ref, Window(start=at, end=MONDAY + timedelta(hours=3)))
    assert first.window == until(seconds=30)
    assert second.window == Window(start=at, end=at)
    assert second.reversed_at is None
    assert people(book, moment) == ([], 0, False)


def test_reversing_twice_or_a_reversal_or_nothing_changes_nothing(book, moment):
    first, second = book.append(let_in(moment.now, "ten"), let_in(moment.now, "ten"))
    at = moment.moves(minutes=1)
    reversal = reverses(book, first.ref)
    moment.moves(minutes=1)
    for ref in (first.ref, reversal, Ref(ledger_id=book.ledger_id, seq=2), Ref(ledger_id="other", seq=second.ref.seq)):
        reverses(book, ref, by="lea")
    assert (book.roster.visit(first.ref).reversed_at, book.roster.visit(first.ref).reversed_by) == (at, "desk")
    assert used(book) == {"ten": 1}


# ---------------------------------------------------------------- sales


def test_a_debt_moves_to_the_pass_that_is_sold(book, moment):
    for _ in range(11):
        book.append(let_in(moment.now, "ten"))
    book.append(sold_to("lea", pass_id="new", settles=(Debt(pass_id="ten", units=1),)))
    assert used(book) == {"ten": 10, "new": 1}


def test_a_sale_that_is_reversed_voids_the_pass_and_the_debt_is_owed_again(book, moment):
    for _ in range(11):
        book.append(let_in(moment.now, "ten"))
    (sale,) = book.append(sold_to("lea", pass_id="new", settles=(Debt(pass_id="ten", units=1),)))
    assert book.roster.sale_of("new") == sale.ref
    reverses(book, sale.ref)
    assert used(book) == {"ten": 11}
    assert book.roster.sale_of("new") is None


def test_a_reversed_debt_goes_back_to_the_pass_it_was_made_on(book, moment):
    entries = [book.append(let_in(moment.now, "ten"))[0] for _ in range(11)]
    book.append(sold_to("lea", pass_id="new", settles=(Debt(pass_id="ten", units=1),)))
    reverses(book, entries[-1].ref)
    assert used(book) == {"ten": 9, "new": 1}


def test_passes_are_told_oldest_first_and_expired_ones_too(book):
    old = sold_to("lea", pass_id="old", when=MONDAY - timedelta(days=400))
    book.append(replace(old, pass_=replace(old.pass_, valid_until=date(2025, 12, 31))))
    assert list(used(book)) == ["old", "ten"]


# ---------------------------------------------------------------- unknown badges


def refuses_unknown(book, badge_id, site_id=SERRE.id):
    verdict = Denied(reason=Reason.UNKNOWN_BADGE, claim_code=claim_code(badge_id))
    book.append(Tapped(site_id=site_id, verdict=verdict, badge_id=badge_id))


def test_unknown_badges_are_found_by_their_codes_the_newest_first(book, moment):
    refuses_unknown(book, "b-one")
    refuses_unknown(book, "b-two")
    then = moment.moves(minutes=5)
    refuses_unknown(book, "b-one")
    told = book.roster.recent_unknown(SERRE.id, MONDAY)
    assert told == ((claim_code("b-one"), then), (claim_code("b-two"), MONDAY))
    assert book.roster.recent_unknown(SERRE.id, then) == told[:1]
    assert book.roster.recent_unknown("les-tuves", MONDAY) == ()
    assert book.roster.find_badge(f" {claim_code('b-two').lower()} ") == "b-two"


def test_a_badge_that_somebody_carries_is_unknown_no_more(book):
    refuses_unknown(book, "b-new")
    refuses_unknown(book, "b-new", site_id="les-tuves")
    book.append(BadgeSet(badge=Badge(id="b-new", member_id="lea")))
    assert book.roster.recent_unknown(SERRE.id, MONDAY) == ()
    assert book.roster.find_badge(claim_code("b-new")) is None


def test_a_claim_code_is_four_characters_that_are_hard_to_mistake():
    codes = [claim_code(f"badge {number}") for number in range(2000)]
    assert {len(code) for code in codes} == {4}
    assert not set("".join(codes)) & set("0O1IL2Z5S8BGQUVAEIOU")
    assert len(set(codes)) > 1950


def test_the_code_of_a_badge_never_changes():
    assert claim_code("b-lea") == "67PN"


# ---------------------------------------------------------------- finding members


@pytest.fixture
def crowd(book):
    names = {"e1": "Élise Le-Goff", "e2": "Elise Martin", "f1": "François L’Œuvre", "m1": "Marie-Élise Roux"} | {
        "x1": "Ada Lamarck"
    }
    book.append(*(MemberSet(member=Member(id=key, name=name)) for key, name in names.items()))
    return book.roster


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("élise", ["e1", "e2", "m1"]),
        ("ELISE", ["e1", "e2", "m1"]),
        ("le goff", ["e1"]),
        ("goff elise", ["e1"]),
        ("oeuvre", ["f1"]),
        ("L'Œuvre", ["f1"]),
        ("francois", ["f1"]),
        ("lise", ["e1", "e2", "m1"]),
        ("e2", ["e2"]),
        ("Elsie Le Gof", ["e1"]),
        ("Fransois", ["f1"]),
        ("mar", ["e2", "lea", "m1", "x1"]),
        ("zzz", []),
        ("%", []),
        ("", []),
    ],
)
def test_members_are_found_by_what_somebody_types(crowd, text, found):
    assert [member.id for member in crowd.find_members(text)] == found


# ---------------------------------------------------------------- any life

NAMES = ("ann", "bob", "cat")
SITES = ("la-serre", "les-tuves")


@st.composite
def facts(draw, seq):
    """Any fact about three people and two sites; what it refers to may or may not exist."""
    member, site = draw(st.sampled_from(NAMES)), draw(st.sampled_from(SITES))
    at = MONDAY + timedelta(minutes=draw(st.integers(-5000, 5000)))
    earlier = st.integers(1, seq + 1)
    passes = st.builds("p{}".format, earlier)
    charges = st.lists(st.builds(Charge, pass_id=passes, units=st.integers(1, 3)), max_size=2).map(tuple)
    debts = st.lists(st.builds(Debt, pass_id=passes, units=st.integers(1, 3), first=st.integers(0, 4)), max_size=2).map(
        tuple
    )
    match draw(st.sampled_from("tttttssrrrdlombh")):
        case "t":
            verdict = Granted(
                reason=draw(st.sampled_from([Reason.ENTRY_USED, Reason.RE_ENTRY, Reason.STAFF])),
                window=draw(st.sampled_from([None, Window(start=at, end=at + timedelta(hours=3))])),
                charges=draw(charges),
                credit_cents=draw(st.sampled_from([0, 0, 500])),
                present_until=draw(st.sampled_from([None, at + timedelta(hours=4)])),
            )
            return Tapped(site_id=site, verdict=verdict, member_id=draw(st.sampled_from([member, member, None])))
        case "s":
            return sold_to(member, draw(st.sampled_from(NAMES)), pass_id=f"p{seq}", settles=draw(debts), when=at)
        case "r":
            return Reversed(
                ref=Ref(ledger_id=draw(st.sampled_from(["own", "own", "x"])), seq=draw(earlier)), reason="", by=""
            )
        case "d":
            return Tapped(site_id=site, verdict=Denied(reason=Reason.UNKNOWN_BADGE), badge_id=f"b-{member}")
        case "l":
            return Left(member_id=member, site_id=site)
        case "o":
            override = Override(
                state=draw(st.sampled_from(["open", "closed"])), since=at, until=at + timedelta(hours=2)
            )
            return HoursOverridden(site_id=site, override=draw(st.sampled_from([None, override])))
        case "m":
            return MemberSet(member=Member(id=member, name=draw(st.text(max_size=8))))
        case "b":
            return BadgeSet(badge=Badge(id=f"b-{member}", member_id=draw(st.sampled_from([None, *NAMES]))))
        case _:
            return Happened(what="door")


@st.composite
def lives(draw):
    """Facts, and by how many minutes the clock moved before each; clocks go backwards too."""
    length = draw(st.integers(1, 30))
    return [(draw(st.integers(-600, 600)), draw(facts(seq))) for seq in range(1, length + 1)]


def standing(life):
    """What each pass and each member's credit must add up to, counted by the book and not by the fold."""
    charges: dict[int, tuple[str, int, tuple[Charge, ...]]] = {}
    sales: dict[int, PassSold] = {}
    for seq, fact in enumerate(life, start=1):
        if isinstance(fact, Tapped) and isinstance(fact.verdict, Granted) and fact.member_id:
            charges[seq] = (fact.member_id, fact.verdict.credit_cents, fact.verdict.charges)
        elif isinstance(fact, PassSold):
            sales[seq] = fact
    for fact in life:
        if isinstance(fact, Reversed) and fact.ref.ledger_id == "own":
            charges.pop(fact.ref.seq, None)
            sales.pop(fact.ref.seq, None)
    return charges, sales


@settings(max_examples=60, deadline=None)
@given(lives())
def test_any_life_folds_anew_to_the_same_roster_and_no_unit_is_lost_or_made(life):
    moment = StampClock()
    with tempfile.TemporaryDirectory() as folder, fresh(Path(folder), moment) as book:
        for minutes, fact in life:
            moment.moves(minutes=minutes)
            book.append(at_home(fact, book.ledger_id))
        assert book.roster_differences() == ()
        assert book.verify(head=book.head) == ()
        assert [decode_fact(entry.body or b"") for entry in book.entries()] == [
            at_home(fact, book.ledger_id) for _, fact in life
        ]
        charges, sales = standing([fact for _, fact in life])
        expected: Counter[str] = Counter()
        for _, _, taken in charges.values():
            expected.update({charge.pass_id: 0 for charge in taken})
            for charge in taken:
                expected[charge.pass_id] += charge.units
        own = ((Ref(ledger_id=book.ledger_id, seq=seq), sale) for seq, sale in sales.items())
        expected.update(debts_moved(own))
        held = {name: book.roster.holdings(name, moment.now) for name in NAMES}
        told = {h.pass_.id: h.used for holdings in held.values() for h in holdings}
        assert told == {sale.pass_.id: expected[sale.pass_.id] for sale in sales.values()}
        for name in NAMES:
            owed = sum(cents for member, cents, _ in charges.values() if member == name)
            assert book.roster.credit_cents(name) == owed
            assert book.roster.people_in(SITES[0], moment.now) <= len(NAMES)


def at_home(fact, ledger_id):
    """Let a reversal mean this ledger."""
    if isinstance(fact, Reversed) and fact.ref.ledger_id == "own":
        return replace(fact, ref=Ref(ledger_id=ledger_id, seq=fact.ref.seq))
    return fact


@settings(max_examples=20, deadline=None)
@given(lives(), st.integers(1, 10))
def test_it_makes_no_difference_how_many_facts_are_appended_at_once(life, size):
    facts_ = [fact for _, fact in life]
    cases: list[tuple[Case | None, ...]] = []
    for batch in (1, size):
        moment = StampClock()
        with tempfile.TemporaryDirectory() as folder, fresh(Path(folder), moment) as book:
            home = [at_home(fact, book.ledger_id) for fact in (SiteSet(site=SERRE), *facts_)]
            for start in range(0, len(home), batch):
                book.append(*home[start : start + batch])
            cases.append(tuple(gathered(book, moment.now, badge_id=f"b-{name}") for name in NAMES))
    assert cases[0] == cases[1]
