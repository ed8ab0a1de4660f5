"""The words after a tap and between two: by reason, by member, by site."""

import re
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from kiosk import hours, notices
from kiosk.model import ClockQuality, Denied, Granted, Member, Opening, Reason, Signal, Window
from kiosk.notices import Button, Health, Notice, Offer
from kiosk.notices.language import Language
from kiosk.rules import decide, extras
from tests.office.ledgers.judged_taps import CAMILLE, MONDAY, JudgedTap, denied, granted
from tests.rules.house import NIGHT_AND_DAY, SERRE, TEN, House, at, case, sold

TAPS = {told.name: told for told in (*granted(), *denied())}


def said(name: str, language: str = "fr", **more) -> Notice:
    told = TAPS[name]
    return notices.notice(told.verdict, told.case, told.now, language=language, **more)


# ---------------------------------------------------------------- every reason


def test_every_reason_code_has_its_notice_in_both_languages() -> None:
    assert {told.verdict.reason for told in TAPS.values()} == set(Reason)
    for name in TAPS:
        one, other = said(name), said(name, "en")
        assert one.title != other.title
        assert one.lines
        assert len(one.lines) == len(other.lines)


@pytest.mark.parametrize(
    ("name", "signal", "title", "lines"),
    [
        ("entry", "granted", "Entrée validée", ["Jusqu’à 12:05", "Il vous reste 6 entrées"]),
        (
            "entry-short",
            "granted",
            "Entrée validée",
            ["Vous avez 1 h 50", "Jusqu’à la fermeture à 17:00", "Il vous reste 6 entrées"],
        ),
        ("entry-early", "granted", "Entrée validée", ["De 14:00 à 17:00", "Il vous reste 6 entrées"]),
        ("entry-weekly", "attention", "Entrée validée", ["Jusqu’à 12:05", "Il vous reste 2 entrées cette semaine"]),
        ("low", "attention", "Entrée validée", ["Jusqu’à 12:05", "Il vous reste 2 entrées"]),
        (
            "last",
            "attention",
            "Entrée validée",
            ["Jusqu’à 12:05", "C’était la dernière entrée : renouvelez à l’accueil"],
        ),
        (
            "expiring",
            "attention",
            "Entrée validée",
            ["Jusqu’à 12:05", "Il vous reste 6 entrées", "Votre carte expire dans 7 jours, le 20 juillet"],
        ),
        ("re-entry", "re_entry", "Rebonjour", ["Encore 15 min", "Jusqu’à 12:05, sans décompte"]),
        (
            "second-half",
            "granted",
            "Entrée validée",
            [
                "Jusqu’à 17:00",
                "Il vous reste 5 entrées",
                "5 € rendus sur votre compte : deux demi-journées au prix d’une journée",
            ],
        ),
        (
            "courtesy",
            "attention",
            "Entrée offerte",
            ["Encore 10 min", "Jusqu’à la fermeture à 17:00", "Aucune entrée décomptée"],
        ),
        ("unlimited", "granted", "Entrée validée", ["Jusqu’à 17:00"]),
        ("unlimited-24-7", "granted", "Entrée validée", ["Entrées illimitées"]),
        ("debt", "attention", "Entrée à régler", ["Jusqu’à 12:05", "Carte épuisée : une entrée à régler à l’accueil"]),
        ("staff", "granted", "Hôte", ["Bonne journée !"]),
        ("clock-grace", "attention", "Entrez", ["La borne n’est pas sûre de l’heure", "Aucune entrée décomptée"]),
        ("closed", "denied", "Fermé", ["Ouvre demain à 14:00"]),
        ("holiday", "denied", "Fermé", ["Ouvre jeudi à 14:00", "Jour férié : Fête nationale"]),
        ("full", "denied", "Complet", ["12 personnes présentes", "Revenez un peu plus tard, ou voyez avec l’accueil"]),
        ("no-entries", "denied", "Carte épuisée", ["10 entrées : 50 € à l’accueil"]),
        ("no-entries-weekly", "denied", "Carte épuisée", ["Nouvelles entrées lundi 20 juillet"]),
        ("expired", "denied", "Carte expirée", ["Expirée depuis le 30 juin", "10 entrées : 50 € à l’accueil"]),
        ("not-yet", "denied", "Pas encore valable", ["Valable dès le samedi 1er août"]),
        (
            "not-here",
            "denied",
            "Non valable ici",
            ["Votre carte n’est pas valable ici : La Serre", "Adressez-vous à l’accueil"],
        ),
        ("no-pass", "denied", "Pas de carte d’entrées", ["Adressez-vous à l’accueil"]),
        ("unknown", "denied", "Badge inconnu", ["Donnez ce code à l’accueil : votre badge sera enregistré"]),
        ("blocked", "denied", "Badge bloqué", ["Adressez-vous à l’accueil"]),
        ("suspended", "denied", "Accès suspendu", ["Adressez-vous à l’accueil"]),
        (
            "read-error",
            "denied",
            "Badge non lu",
            ["Posez-le sans bouger", "Gardez-le à plat sur le lecteur jusqu’à la réponse de l’écran"],
        ),
        (
            "clock",
            "fault",
            "Heure incertaine",
            ["Adressez-vous à l’accueil", "Après une coupure de courant, la borne attend d’être remise à l’heure"],
        ),
        (
            "out-of-service",
            "fault",
            "Hors service",
            ["Votre entrée ne peut pas être enregistrée", "Adressez-vous à l’accueil"],
        ),
    ],
)
def test_a_tap_is_answered_with(name, signal, title, lines) -> None:
    notice = said(name)
    plain = [line.replace("\u202f", " ").replace("\u00a0", " ") for line in notice.lines]
    assert (notice.signal, notice.title, plain) == (Signal(signal), title, lines)


def test_a_phone_is_told_why_it_is_no_badge() -> None:
    assert "téléphone" in " ".join(said("phone").lines)


def test_an_unknown_badge_shows_its_code_for_long_enough_to_write_it_down() -> None:
    assert (said("unknown").code, said("unknown").seconds) == ("K7PX", 20)
    assert said("entry").seconds == 8


def test_a_blocked_badge_and_a_suspended_member_show_no_name() -> None:
    for name in ("blocked", "suspended"):
        shown = said(name)
        assert shown.greeting is None
        assert shown.punch is None
        assert "Camille" not in str(shown)
    assert "Camille" in str(said("entry"))


@pytest.mark.parametrize(
    ("chosen", "greeting"),
    [
        ({"greeting": "first_name"}, "Bonjour Jean-Pierre"),
        ({"greeting": "initials"}, "Bonjour J.-P.\u00a0L.\u00a0R."),
        ({"greeting": "pseudonym", "pseudonym": "Moustache"}, "Bonjour Moustache"),
        ({"greeting": "pseudonym"}, None),
        ({"greeting": "nothing"}, None),
    ],
)
def test_members_are_greeted_as_they_chose(chosen, greeting) -> None:
    told = TAPS["entry"]
    somebody = Member(id="lea", name="Jean-Pierre Le Roux", **chosen)
    assert notices.notice(told.verdict, replace(told.case, member=somebody), told.now).greeting == greeting


def test_a_member_without_a_name_is_not_greeted() -> None:
    told = TAPS["entry"]
    nameless = replace(told.case, member=Member(id="lea", name=" "))
    assert notices.notice(told.verdict, nameless, told.now).greeting is None


def test_after_six_it_is_evening() -> None:
    assert said("unlimited-24-7").greeting == "Bonsoir Camille"


def test_the_member_s_language_wins_over_the_screen_s_and_that_over_the_site_s() -> None:
    told = TAPS["entry"]
    english = replace(told.case, member=replace(CAMILLE, language="en"))
    assert notices.notice(told.verdict, english, told.now, language="fr").title == "Entry recorded"
    assert notices.notice(told.verdict, told.case, told.now, language="en").title == "Entry recorded"
    assert notices.notice(told.verdict, told.case, told.now).title == "Entrée validée"
    klingon = replace(told.case, member=replace(CAMILLE, language="tlh"))
    assert notices.notice(told.verdict, klingon, told.now).title == "Entrée validée"


def test_buttons_are_those_that_the_caller_offers() -> None:
    assert said("entry").buttons == ()
    assert said("re-entry", offers=(Offer.UNDO, Offer.LEAVE)).buttons == (
        Button(id="leave", label="Je pars"),
        Button(id="undo", label="Annuler"),
    )


# ---------------------------------------------------------------- the card


def card(name: str) -> tuple[int | None, int, int, int]:
    punch = said(name).punch
    assert punch
    return punch.total, punch.used, punch.fresh, punch.owed


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("entry", (10, 4, 1, 0)),
        ("last", (10, 10, 1, 0)),
        ("re-entry", (10, 4, 0, 0)),
        ("debt", (10, 10, 0, 1)),
        ("entry-weekly", (3, 1, 1, 0)),
        ("unlimited", (None, 0, 0, 0)),
        ("no-entries", (10, 10, 0, 0)),
        ("expired", (10, 6, 0, 0)),
        ("not-yet", (10, 0, 0, 0)),
    ],
)
def test_the_card_is_punched_as_it_is_used(name, expected) -> None:
    assert card(name) == expected


def test_who_comes_back_with_an_unlimited_pass_is_told_of_no_end() -> None:
    house = House()
    house.sell(NIGHT_AND_DAY, at("2026-07-01 10:00"))
    house.tap(at("2026-07-13 20:00"))
    again, known = at("2026-07-13 20:30"), house.case()
    told = notices.notice(house.tap(again), known, again)
    assert (told.signal, told.lines) == (Signal.RE_ENTRY, ("Entrées illimitées",))
    assert told.punch
    assert told.punch.total is None


def test_there_is_no_card_where_it_would_explain_nothing() -> None:
    for name in ("courtesy", "staff", "closed", "full", "no-pass", "unknown", "read-error", "clock"):
        assert said(name).punch is None, name


def test_somebody_who_still_owes_sees_it_when_they_come_again() -> None:
    owing = notices.notice(Denied(reason=Reason.NO_ENTRIES_LEFT), case(sold(used=11)), MONDAY)
    assert owing.punch
    assert (owing.punch.used, owing.punch.owed) == (10, 1)


# ---------------------------------------------------------------- what no tap answers


def test_every_reason_to_refuse_an_undo_is_explained() -> None:
    codes = ("ALREADY_REVERSED", "TOO_LATE", "NOTHING_TO_UNDO", "ONCE_A_DAY", "MONTH_USED_UP")
    told = [notices.undo_refused(SERRE, CAMILLE, code).lines[0] for code in codes]
    assert len(set(told)) == len(codes)


def test_an_undone_entry_tells_the_new_balance() -> None:
    assert notices.undone(SERRE, CAMILLE, 8).lines == ("Il vous reste 8 entrées", "Votre créneau est terminé")
    assert notices.undone(SERRE, CAMILLE, None).lines == ("Votre créneau est terminé",)


def test_who_leaves_is_wished_a_good_day_or_evening() -> None:
    assert notices.goodbye(SERRE, CAMILLE, MONDAY).lines[0] == "Bonne journée\u202f!"
    assert notices.goodbye(SERRE, CAMILLE, at("2026-07-13 17:00")).lines[0] == "Bonne soirée\u202f!"


def test_a_kiosk_that_does_not_know_its_site_can_still_say_that_it_is_out_of_service() -> None:
    assert notices.out_of_service().title == "Hors service"
    assert notices.out_of_service(replace(SERRE, language="en")).title == "Out of service"


def test_a_line_for_the_terminal_tells_everything() -> None:
    told = TAPS["entry"]
    line = notices.log_line(told.verdict, told.case, told.now, "en")
    assert line == "09:05 granted ENTRY_USED Camille Roux: Entry recorded. Until 12:05. You have 6 entries left."
    host = TAPS["staff"]
    assert notices.log_line(host.verdict, host.case, host.now, "fr").endswith("Bonne journée\u202f!")
    unknown = TAPS["unknown"]
    assert notices.log_line(unknown.verdict, unknown.case, unknown.now).endswith("[K7PX]")


# ---------------------------------------------------------------- the idle screen


def idle(when: str, **more):
    now = at(when)
    return notices.idle(SERRE, hours.opening(SERRE, None, now), now, **{"people_in": 0, **more})


def test_the_idle_screen_tells_the_hours_and_why() -> None:
    assert (idle("2026-07-13 09:42").state, idle("2026-07-13 09:42").change) == ("Ouvert", "Jusqu’à 17:00")
    holiday = idle("2026-07-14 10:00")
    assert (holiday.state, holiday.change) == ("Fermé", "Ouvre jeudi à 14:00")
    assert holiday.because == "Jour férié\u202f: Fête nationale"
    assert idle("2026-08-04 10:00").because == "Congés"
    assert idle("2026-07-15 10:00").because is None


def test_a_holiday_without_a_name_is_still_told() -> None:
    shut = Opening(is_open=False, is_holiday=True)
    view = notices.idle(SERRE, shut, MONDAY, people_in=0)
    assert (view.because, view.change) == ("Jour férié", "Pas d’ouverture prévue")


def test_a_house_that_never_closes_says_so() -> None:
    assert notices.idle(SERRE, Opening(is_open=True), MONDAY, people_in=0).change == "Jour et nuit"


def test_the_gravest_trouble_is_told_and_what_to_do() -> None:
    assert idle("2026-07-13 09:42").health == "Tout fonctionne"
    view = idle("2026-07-13 09:42", health={Health.BADGE_REFUSED, Health.READER_DOWN}, clock=ClockQuality.UNTRUSTED)
    assert view.health == "La sortie reste libre\u202f; le lecteur est muet\u202f: vérifiez son câble"
    assert view.trouble
    assert not view.can_tap
    assert view.hint == "Hors service"


def test_an_uncertain_clock_is_told_but_taps_are_welcome() -> None:
    view = idle("2026-07-13 09:42", clock=ClockQuality.UNTRUSTED)
    assert view.health.startswith("Les badges sont lus\u202f; heure incertaine\u202f: ")
    assert view.can_tap


def test_every_trouble_has_its_words_and_an_unknown_one_is_shown_by_its_code() -> None:
    told = {idle("2026-07-13 09:42", health={code}).health for code in Health}
    assert len(told) == len(Health)
    assert all(re.fullmatch(r"[^;:]+\u202f; [^;:]+\u202f: [^;:]+", said) for said in told), (
        "what works; what not: what to do"
    )
    assert idle("2026-07-13 09:42", health={"flooded"}).health == "À vérifier\u202f: flooded"


@pytest.mark.parametrize(
    ("people", "text"), [(0, "Personne pour l’instant"), (1, "1 personne présente"), (12, "12 personnes présentes")]
)
def test_people_are_counted(people, text) -> None:
    assert idle("2026-07-13 09:42", people_in=people).people == text


def test_the_hint_points_to_the_reader() -> None:
    sides = {side: idle("2026-07-13 09:42", reader_side=side).where for side in ("left", "right", "top", "bottom")}
    assert len(set(sides.values())) == 4
    assert sides["left"] == "sur le lecteur, à gauche"


# ---------------------------------------------------------------- odd verdicts


def test_a_verdict_with_hardly_any_facts_is_still_told() -> None:
    for reason in Reason:
        for verdict in (Granted(reason=reason), Denied(reason=reason)):
            told = JudgedTap("bare", verdict, case(), MONDAY)
            if isinstance(verdict, Denied) and reason in GRANTING:
                continue
            assert notices.notice(told.verdict, told.case, told.now).title


GRANTING = {Reason.STAFF, Reason.RE_ENTRY, Reason.COURTESY, Reason.UNLIMITED, Reason.ENTRY_USED, Reason.DEBT}


def test_the_last_day_of_a_pass_is_told_as_such() -> None:
    verdict = Granted(
        reason=Reason.UNLIMITED,
        window=Window(start=MONDAY, end=MONDAY + timedelta(hours=1)),
        expires_on=date(2026, 7, 13),
        warn_expiry=True,
    )
    assert notices.notice(verdict, case(), MONDAY).lines[-1] == "Dernier jour de votre carte"


@pytest.mark.parametrize(("language", "said"), [("fr", "\u221212,50\xa0€"), ("en", "\u2212€12.50")])
def test_money_that_goes_back_has_a_minus_and_not_a_hyphen(language, said) -> None:
    assert Language(language, "Europe/Paris").money(-1250, "EUR") == said


# ---------------------------------------------------------------- several passes


def test_card_and_questions_are_about_all_passes_that_can_be_used() -> None:
    old, new = sold(replace(TEN, id="old"), used=8), sold(replace(TEN, id="new"), when="2026-07-02 10:00")
    asked = case(old, new)
    verdict = decide(asked, MONDAY)
    told = notices.notice(verdict, asked, MONDAY, language="fr")
    assert told.punch is not None
    assert (told.punch.total, told.punch.used, told.punch.fresh, told.punch.name) == (20, 9, 1, "Toutes vos cartes")
    assert "Il vous reste 11 entrées" in told.lines
    bought = extras.guest(asked, MONDAY)
    assert bought is not None
    assert "Il vous restera 11 entrées" in notices.guest_question(asked, bought, MONDAY, language="fr").lines
    assert "Il vous reste 11 entrées" in notices.guest_in(asked, bought, MONDAY, undo=True, language="fr").lines
    assert extras.usable(asked, MONDAY) == 12


def test_with_one_pass_the_card_is_that_pass() -> None:
    asked = case(sold(replace(TEN, id="old"), used=8))
    punch = notices.notice(decide(asked, MONDAY), asked, MONDAY, language="fr").punch
    assert punch is not None
    assert (punch.total, punch.used, punch.name) == (10, 9, TEN.name)
