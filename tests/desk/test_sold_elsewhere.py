"""A sale is cancelled at any kiosk of its site that knows of it; at another site the refusal says where."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kiosk.answers import Done
from kiosk.commands import CancelSale, CheckIn, ListProducts, SellPass, ShowTill
from kiosk.desk import DeskError
from kiosk.facts import SiteSet
from kiosk.model import Site
from tests.office.kiosks.pair import Pair, does
from tests.office.kiosks.stepped import SteppedKiosk

WHY = "an error"


def refused(counter: SteppedKiosk, command, *, site: str = "la-serre") -> DeskError:
    with pytest.raises(DeskError) as error:
        does(counter, command, site=site)
    return error.value


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        counters = []
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            counters.append(SteppedKiosk(tmp_path / name, is_blank=name == "other"))
            stack.callback(counters[-1].close)
        pair = Pair(*counters)
        pair.one.joins("lea", units=0)
        pair.exchange()
        assert does(pair.other, ListProducts()).products
        yield pair


def sold(counter: SteppedKiosk) -> str:
    counter.later(seconds=1)
    done = does(counter, SellPass(members=("lea",), product="carte-10"))
    assert isinstance(done, Done)
    return str(done.id)


def test_a_sale_of_another_kiosk_of_the_site_is_taken_back_and_all_see_it(pair):
    pass_id = sold(pair.one)
    pair.exchange()
    pair.other.later(minutes=1)
    done = does(pair.other, CancelSale(pass_id=pass_id, reason=WHY))
    pair.exchange()
    for counter in (pair.one, pair.other):
        till = does(counter, ShowTill())
        assert till.total_cents == 0
        assert [line.receipt for line in till.taken_back] == [done.receipt]
        assert counter.ledger.roster.holdings("lea", counter.clock.now()) == ()
        assert refused(counter, CancelSale(pass_id=pass_id, reason=WHY)).code == "NO_SUCH_SALE"


def test_before_the_sale_has_arrived_it_is_no_sale_here(pair):
    pass_id = sold(pair.one)
    assert refused(pair.other, CancelSale(pass_id=pass_id, reason=WHY)).code == "NO_SUCH_SALE"


def test_entries_used_at_either_kiosk_keep_the_sale(pair):
    pass_id = sold(pair.one)
    pair.exchange()
    does(pair.other, CheckIn(member="lea"))
    assert refused(pair.other, CancelSale(pass_id=pass_id, reason=WHY)).code == "PASS_USED"
    pair.exchange()
    assert refused(pair.one, CancelSale(pass_id=pass_id, reason=WHY)).code == "PASS_USED"


def test_taken_back_at_both_kiosks_at_once_it_is_taken_back_once(pair):
    pass_id = sold(pair.one)
    pair.exchange()
    for counter in (pair.one, pair.other):
        counter.later(minutes=1)
        does(counter, CancelSale(pass_id=pass_id, reason=WHY))
    pair.exchange()
    for counter in (pair.one, pair.other):
        till = does(counter, ShowTill())
        assert (till.total_cents, len(till.taken_back)) == (0, 1)


def test_at_another_site_one_is_told_where_to_take_it_back(pair):
    pass_id = sold(pair.one)
    pair.exchange()
    there = Site(id="les-tuves", name="Les Tuves", zone="Europe/Paris", hours="24/7")
    pair.other.ledger.append(SiteSet(site=there))
    error = refused(pair.other, CancelSale(pass_id=pass_id, reason=WHY), site="les-tuves")
    assert (error.code, error.facts) == ("SOLD_AT", {"site": "La Serre"})
