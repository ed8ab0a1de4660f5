"""The pages of staff: kiosks, alarms, what is set aside, accounts and the journal."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from kiosk.facts import Happened
from kiosk.model import Ref
from sync.central.alarms import register
from sync.central.alarms.register import Facts, Note
from sync.central.storage.tables import alarms
from tests.office.servers.office import lea_comes, mistakes, read, went, within
from tests.office.servers.server import spoilt
from tests.rules.house import SERRE

# ---------------------------------------------------------------- kiosks, alarms, quarantine


def test_a_pairing_code_is_shown_once_and_pairs(house) -> None:
    manager = house.as_("chef")
    page = read(manager.send("/kiosks/code", of="/kiosks", name="porte", site=SERRE.id))
    code = within(r"kiosk pair \S+ (\w{8})", page)
    assert code not in read(manager.get("/kiosks"))
    answer = house.visitor().client.post("/v1/enroll", json={"code": code, "ledger_id": "l-1"})
    assert answer.json()["site_id"] == SERRE.id
    assert "porte" in read(manager.get("/kiosks"))
    assert mistakes(manager.send("/kiosks/code", of="/kiosks", name="", site="nowhere")) == [
        "Nommez la borne par son emplacement, comme « porte d’entrée »",
        "Choisissez un site",
    ]


def test_a_kiosk_is_shown_with_its_health_and_queue_then_as_silent_and_is_shut_out(house) -> None:
    kiosk, manager = house.kiosk(), house.as_("chef")
    kiosk.push(lea_comes(), health=("disk_low",), waiting=7)
    page = manager.get("/kiosks").text
    assert "La carte mémoire est presque pleine" in page
    assert '<td data-label="À envoyer">6</td>' in page  # one of the seven came with the word of them
    house.moment.moves(minutes=16)
    assert "Muette" in read(manager.get("/kiosks"))
    assert "1 borne ne donne plus de nouvelles" in read(manager.get("/"))
    path = within(r'href="(/kiosks/[^/"]+/revoke)"', page)
    went(manager.send(path, of="/kiosks"))
    assert house.central.kiosks.by_token(kiosk.token) is None
    assert manager.send("/kiosks/x/revoke", of="/kiosks").status_code == 404


def test_an_alarm_is_counted_shown_and_settled(house) -> None:
    kiosk, host = house.kiosk(), house.as_("anne")
    kiosk.sealed(Happened(what="lost on the way"))
    kiosk.push(lea_comes())
    page = host.get("/alarms").text
    assert "Il manque des écritures d’une borne" in page
    assert 'class="tally">1<' in page
    alarm = house.central.alarms.listed()[0].alarm_id
    went(host.send("/alarms", alarm=alarm))
    assert "Tout va bien." in read(host.get("/alarms"))


def test_what_is_set_aside_is_shown_tried_again_and_settled(house) -> None:
    kiosk, manager = house.kiosk(), house.as_("chef")
    paired = house.central.kiosks.by_token(kiosk.token)
    house.central.intake.push(paired, spoilt(kiosk.ledger_id, b'{"seq":1,"nonsense":true}'))
    page = manager.get("/quarantine").text
    assert "nonsense" in manager.get(within(r'href="(/quarantine/[^/"]+)"', page)).text
    assert manager.get("/quarantine/nothing").status_code == 404
    replay = within(r'action="(/quarantine/[^/"]+/replay)"', page)
    assert mistakes(manager.send(replay, of="/quarantine"))[0].startswith("Toujours impossible")
    went(manager.send(replay.replace("replay", "dismiss"), of="/quarantine"))
    assert "Rien n’est mis de côté." in read(manager.get("/quarantine"))
    assert manager.send(replay, of="/").status_code == 404


# ---------------------------------------------------------------- accounts, journal


def test_an_account_is_made_and_signs_in(house) -> None:
    manager = house.as_("chef")
    fields = {"name": "Paul", "password": "douze lettres et plus", "role": "host", "site": SERRE.id}
    went(manager.send("/accounts", **fields))
    assert house.central.sessions.sign_in("paul", "douze lettres et plus").token
    assert mistakes(manager.send("/accounts", **fields)) == ["Un compte porte déjà ce nom"]
    assert len(mistakes(manager.send("/accounts", name="", password="short", role="king"))) == 3
    assert mistakes(manager.send("/accounts", **fields | {"name": "Rose", "site": ""})) == [
        "Choisissez le site dont la personne est hôte"
    ]


def test_an_account_is_shut_out_at_once_and_nobody_shuts_themselves_out(house) -> None:
    manager, host = house.as_("chef"), house.as_("anne")
    ids = {one.name: one.account_id for one in house.central.accounts.listed()}
    went(manager.send(f"/accounts/{ids['anne']}", of="/accounts", what="disable"))
    assert host.get("/").status_code == 303
    went(manager.send(f"/accounts/{ids['anne']}", of="/accounts", what="enable"))
    assert house.as_("anne").get("/").status_code == 200
    assert manager.send(f"/accounts/{ids['chef']}", of="/accounts", what="disable").status_code == 404


def test_the_journal_tells_who_did_what(house) -> None:
    host, manager = house.as_("anne"), house.as_("chef")
    host.send("/members/lea/sell", product="ten", method="cash")
    host.send("/hours/today", of="/hours", what="close")
    page = read(manager.get("/audit"))
    assert re.search(r"anne Vente\s?: 10 entrées à Léa Martin, 50", page)
    assert "anne Fermé pour la journée" in page
    older = manager.get("/audit?before=2")
    assert "le serveur" in older.text


@pytest.mark.parametrize(("note", "is_ours"), [("missing", True), ("something_of_2031", False)])
def test_a_note_of_another_release_is_shown_as_it_is_and_said_to_be_so(house, note, is_ours) -> None:
    ledger = house.kiosk().ledger_id
    with house.central.storage.writing() as connection:
        of, now = house.central.settings.network, house.moment.now
        ref, facts = Ref(ledger_id=ledger, seq=0), Facts(n=7, known=9)
        register.raise_alarm(connection, of, "gap:x", ref=ref, note=Note.MISSING, facts=facts, now=now)
        connection.execute(update(alarms).values(note=note))
    page = house.as_("anne").get("/alarms").text
    assert (f'<code lang="en">{note} n=7 known=9</code>' in page) is not is_ours
    assert ("Dans les mots d’une autre version" in page) is not is_ours
    assert ("L’écriture 7 manque, alors que l’écriture 9 est là." in page) is is_ours
