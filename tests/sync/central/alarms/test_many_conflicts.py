"""However many conflicts one kiosk brings about, people get a few alarms, a few entries and a few messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kiosk.facts import AnyFact, Entry, MemberSet, Reversed
from kiosk.model import Member, Ref
from sync.central.alarms import register
from sync.central.alarms.register import MOST_ALIKE, Kind, Note
from sync.central.feed import stream
from sync.central.messages.alarm_messages import MOST_LINES, alarm_message
from sync.central.messages.messenger import MESSAGES_AT_ONCE, Messenger, Trouble
from sync.central.server import Central
from sync.central.settings import Settings
from sync.central.storage.tables import conflicts, feed
from sync.wire import Beacon
from tests.office.ledgers.small_house import MONDAY, house_facts, let_in
from tests.office.servers.mailbox import Mailbox, post_office
from tests.office.servers.office import Office, lea_comes, read
from tests.office.servers.server import NOON, MemoryLedger, ServerClock, pairs, sends, serving

MANY = 60


class MadKiosk:
    """A kiosk that sends whatever it likes."""

    def __init__(self, central: Central, name: str = "mad") -> None:
        self._central, self._ledger = central, MemoryLedger(f"ledger-{name}")
        self.paired = pairs(central, self._ledger.ledger_id, name=name)

    def says(self, *facts: AnyFact, times: int = 1) -> None:
        for _ in range(times):
            sends(self._central, self.paired.kiosk, self._ledger.writes(*facts))


@pytest.fixture
def central(database: str) -> Iterator[Central]:
    with serving(database) as found:
        found.books.append(*house_facts(), by="server")
        yield found


def suspend(central: Central, count: int) -> list[str]:
    names = [f"member-{number}" for number in range(count)]
    central.books.append(
        *(MemberSet(member=Member(id=name, name=name, status="suspended")) for name in names), by="server"
    )
    return names


def incidents(central: Central) -> int:
    """How many conflicts every kiosk is told of."""
    query = select(func.count()).select_from(feed).where(feed.c.kind == "incident")
    with central.storage.reader() as connection:
        return int(connection.execute(query).scalar_one())


def reported(central: Central) -> int:
    with central.storage.reader() as connection:
        return int(connection.execute(select(func.count()).select_from(conflicts)).scalar_one())


def test_conflicts_about_one_member_are_one_alarm_with_a_number(central: Central) -> None:
    (name,) = suspend(central, 1)
    MadKiosk(central).says(*(let_in(MONDAY, member=name) for _ in range(MANY)))
    (alarm,) = central.alarms.listed()
    assert (alarm.kind, alarm.times) == ("suspended_member", MANY)
    assert (reported(central), incidents(central)) == (MANY, 1)


def test_reversals_that_cannot_be_are_one_alarm_of_the_pass(central: Central) -> None:
    sale = next(entry for _, entry in _feed(central) if entry.kind == "sale")
    calm = MadKiosk(central, "calm")
    calm.says(lea_comes())
    MadKiosk(central).says(*(Reversed(ref=sale.ref, reason="mistake", by="staff") for _ in range(MANY)))
    refunds = [alarm for alarm in central.alarms.listed() if alarm.kind == "refunded_pass"]
    assert len(refunds) == 1
    assert incidents(central) <= 2


def _feed(central: Central) -> list[tuple[int, Entry]]:
    with central.storage.reader() as connection:
        return stream.entries(connection, "main", after=0, size=1000)


def test_of_conflicts_about_many_members_a_few_are_listed_and_the_others_are_one_more(central: Central) -> None:
    names = suspend(central, MANY)
    mad, calm = MadKiosk(central), MadKiosk(central, "calm")
    mad.says(*(let_in(MONDAY, member=name) for name in names))
    calm.says(let_in(MONDAY, member=names[-1]))
    found = central.alarms.listed()
    assert len(found) == MOST_ALIKE + 1 + 1
    (others,) = [alarm for alarm in found if alarm.note == Note.MANY_MORE]
    assert others.times == MANY - MOST_ALIKE
    assert [alarm.times for alarm in found if alarm.ref and alarm.ref.ledger_id == "ledger-calm"] == [1]
    assert incidents(central) == len(found)
    assert sum(alarm.times for alarm in found) == reported(central) == MANY + 1


def test_with_an_alarm_for_each_entry_there_would_be_as_many(central: Central) -> None:
    with central.storage.writing() as connection:
        for seq in range(MANY):
            ref, each = Ref(ledger_id="a", seq=seq), f"{Kind.SUSPENDED_MEMBER}:a:{seq}"
            register.raise_alarm(connection, "main", each, ref=ref, note=Note.SUSPENDED, facts={}, now=NOON)
    assert len(central.alarms.listed()) == MANY


def test_an_alarm_that_was_settled_begins_again_with_the_next_conflict_and_is_told_again(central: Central) -> None:
    (name,) = suspend(central, 1)
    mad = MadKiosk(central)
    mad.says(let_in(MONDAY, member=name), times=2)
    assert central.alarms.dismiss(central.alarms.listed()[0].alarm_id)
    assert central.alarms.listed() == ()
    mad.says(let_in(MONDAY, member=name), times=2)
    (alarm,) = central.alarms.listed()
    assert (alarm.times, incidents(central)) == (4, 2)


def test_an_alarm_id_names_no_person(central: Central) -> None:
    (name,) = suspend(central, 1)
    MadKiosk(central).says(let_in(MONDAY, member=name))
    (alarm,) = central.alarms.listed()
    assert name not in alarm.alarm_id


# ---------------------------------------------------------------- what a page shows


def test_a_host_sees_the_alarms_of_the_own_site_and_no_others(house: Office) -> None:
    house.central.books.append(MemberSet(member=Member(id="m1", name="Zoé", status="suspended")), by="server")
    house.kiosk("Porte").push(let_in(MONDAY, member="m1"), let_in(MONDAY, member="m1"))
    house.kiosk("Tuves", site_id="les-tuves").push(let_in(MONDAY, member="m1", site_id="les-tuves"))
    alarm, _ = sorted(house.central.alarms.listed(), key=lambda one: -one.times)
    assert alarm.times == 2
    assert house.central.alarms.listed(site_id="la-serre") == (alarm,)
    assert house.central.alarms.count(site_id="la-serre") == 1
    assert alarm not in house.central.alarms.listed(site_id="les-tuves")
    assert "2 times since" in read(house.as_("anne").get("/alarms", **{"accept-language": "en"}))


def test_the_list_is_paged_by_the_database(central: Central) -> None:
    names = suspend(central, MOST_ALIKE)
    mad = MadKiosk(central)
    for name in names:
        mad.says(let_in(MONDAY, member=name))
    every = central.alarms.listed()
    pages = [central.alarms.listed(first=first, most=4) for first in (0, 4, 8)]
    assert [len(page) for page in pages] == [4, 4, 2]
    assert sum(pages, ()) == every
    assert central.alarms.count() == len(every) == sum(central.alarms.tally().values())


# ---------------------------------------------------------------- messages


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with post_office() as found:
        yield found


def test_what_goes_wrong_at_once_is_one_message(database: str, post: Mailbox) -> None:
    with serving(database, ServerClock(), language="en", **post.told) as central:
        central.books.append(*house_facts(), by="server")
        names = suspend(central, MANY)
        MadKiosk(central).says(*(let_in(MONDAY, member=name) for name in names))
        Messenger(central, alarm_message).step()
        assert len(post.posts) == len(post.mails) == 1
        assert post.subjects == [f"{MOST_ALIKE + 1} messages about the kiosks"]
        assert f"({MOST_ALIKE + 1})" in post.posts[0]["text"]


def test_a_flood_of_troubles_is_told_every_five_minutes_and_none_is_left_out(database: str, post: Mailbox) -> None:
    hands = ServerClock()
    with serving(database, hands, language="en", **post.told) as central:
        mad = MadKiosk(central)
        messenger = Messenger(central, alarm_message)

        def flutters(*health: str) -> None:
            hands.moves(seconds=15)
            sends(central, mad.paired.kiosk, [], Beacon(health=health))
            messenger.step()

        for _ in range(80):  # forty minutes
            flutters("ledger_failed")
            flutters()
        assert MESSAGES_AT_ONCE < len(post.mails) <= MESSAGES_AT_ONCE + 40 / 5 + 1
        told = len(post.mails)
        flutters("door_down")
        flutters()
        hands.moves(minutes=10)
        flutters()
        last = "".join(str(mail) for mail in post.mails[told:])
        assert "door" in last, "it was over before anybody could be told"


def test_without_a_pace_there_would_be_a_message_each_time(database: str, post: Mailbox) -> None:
    hands = ServerClock()
    with serving(database, hands, language="en", **post.told) as central:
        mad, messenger = MadKiosk(central), Messenger(central, alarm_message)
        for number in range(30):
            hands.moves(seconds=15)
            sends(central, mad.paired.kiosk, [], Beacon(health=("ledger_failed",) if number % 2 else ()))
            messenger._limit.spend("", -1.0, central.now().timestamp())
            messenger.step()
        assert len(post.mails) > 25


def test_a_message_about_very_much_has_a_bounded_length() -> None:
    settings = Settings(language="en")
    many = [Trouble(trouble_id=str(n), code="silent", where=f"door {n}", since=NOON) for n in range(500)]
    subject, told = alarm_message(settings, *many)
    assert subject == "500 messages about the kiosks"
    assert len(told.splitlines()) == MOST_LINES + 3
    assert f"And {500 - MOST_LINES} more." in told


def test_times_of_troubles_are_told_when_there_is_one() -> None:
    one = Trouble(trouble_id="x", code="silent", where="door", since=NOON - timedelta(hours=1))
    assert "Since" in alarm_message(Settings(language="en"), one)[1]
