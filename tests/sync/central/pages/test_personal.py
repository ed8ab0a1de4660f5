"""The pages for what a member may ask of the data about them: a copy, or to be forgotten."""

from __future__ import annotations

import json

from kiosk.facts import Erased
from sync.central.accounts import audit
from tests.office.servers.office import Office, mistakes


def test_a_host_gets_all_that_is_kept_about_a_member_as_a_file(house: Office) -> None:
    answer = house.as_("anne").get("/members/lea/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="lea.json"'
    document = json.loads(answer.text)
    assert document["member"]["name"] == "Léa Martin"
    assert {one["fact"]["kind"] for one in document["history"]} == {"member", "badge", "sale"}


def test_a_manager_forgets_a_member_after_ticking_that_they_are_sure(house: Office) -> None:
    chef = house.as_("chef")
    assert mistakes(chef.send("/members/lea/erase")) != []
    answer = chef.send("/members/lea/erase", sure="yes")
    assert answer.headers["location"] == "/members?done=member-erased"
    assert house.central.books.roster.member("lea") is None
    assert chef.get("/members/lea").status_code == 404
    facts = [
        line.fact
        for line in audit.lines(
            house.central.storage,
        )
        if isinstance(line.fact, Erased)
    ]
    assert facts == [Erased(member_id="lea", by="chef")]
    assert chef.get("/audit").status_code in (200, 404)


def test_a_host_cannot_forget_anybody(house: Office) -> None:
    assert house.as_("anne").get("/members/lea/erase").status_code == 403
    assert house.central.books.roster.member("lea") is not None
