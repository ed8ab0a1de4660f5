"""Every refusal that a host can see has words in each language of the screen."""

import ast
from pathlib import Path
from string import Formatter

import pytest

import kiosk
from kiosk.answers import Refused
from kiosk.bounds import SENTENCES
from kiosk.commands import ShowAccount
from kiosk.desk.visits import WHY_NOT as WHY_A_VISIT_STANDS
from kiosk.hours.checking import ADVICE
from kiosk.notices import Language, languages, refusal
from kiosk.notices.refusals import SAID
from kiosk.uplink import PAIRING_REFUSALS, pairing_refusal_code
from sync.client import SyncError
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk

PACKAGE = Path(kiosk.__file__).parent
REFUSING = ("DeskError", "ExportError", "HoursError", "Refused")
OF_HOURS = {"hours", "column", "rest"}
"""Facts that come with every mistake in hours."""
OWN_WORDS = {"message", "near", "code", "facts"}
HANDED_ON = {"code", "error.code", "found.code", "failed.code", "why_not", "pairing_refusal_code(error)"}
"""Codes that come from elsewhere: of an error or a bound, of a visit that stands, of a pairing that failed."""


def refusals(source: str) -> list[tuple[int, str, set[str]]]:
    """Line, code and facts of every refusal that a source makes; a code of `` for one without."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if name not in REFUSING:
            continue
        given = {word.arg or "**": word.value for word in node.keywords}
        code = given.get("code", node.args[1] if name == "ExportError" and len(node.args) > 1 else None)
        said = code.value if isinstance(code, ast.Constant) else ast.unparse(code) if code else ""
        facts = set(given) - OWN_WORDS | (OF_HOURS if name == "HoursError" else set())
        found.append((node.lineno, str(said), facts))
    return found


def in_the_source() -> dict[str, set[str]]:
    """Every code that is written in the package, with the facts that come with it wherever it is."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for _, code, facts in refusals(path.read_text()):
            found[code] = found.get(code, facts) & facts
    return found


def every_code() -> set[str]:
    indirect = {
        *ADVICE,
        *WHY_A_VISIT_STANDS,
        *PAIRING_REFUSALS.values(),
        "PAIRING_WAIT",
        "MEDIUM_FULL",
        "MEDIUM_FAILED",
        *SENTENCES.keys() - {"OTHER_KIND"},
    }
    return (set(in_the_source()) - HANDED_ON) | indirect


def test_every_refusal_of_the_source_has_a_code_and_every_code_has_words():
    assert every_code() == set(SAID)


def test_a_refusal_without_a_code_is_found():
    assert refusals('raise DeskError("no")') == [(1, "", set())]
    assert refusals('Refused(message="no", code="NEW")') == [(1, "NEW", set())]
    assert "NEW" not in SAID


@pytest.mark.parametrize("language", languages())
def test_every_refusal_is_said_whole_in_every_language(language):
    words, english = Language(language, "Europe/Paris"), Language("en", "Europe/Paris")
    written = in_the_source()
    for code in sorted(every_code()):
        facts = {name: f"<{name}>" for name in written.get(code, set())}
        facts |= {"minutes": "<minutes>"} if code == "PAIRING_WAIT" else {}
        facts |= {name: f"<{name}>" for name in OF_HOURS} if code in ADVICE else {}
        facts |= {name: f"<{name}>" for _, name, _, _ in Formatter().parse(SENTENCES.get(code, "")) if name}
        refused = Refused(message="the English of the command line", code=code, facts=facts)
        said = refusal(words, refused)
        assert said
        assert "{" not in said, code
        assert refused.message not in said
        assert language == "en" or said != refusal(english, refused), f"{code} is English in {language}"


def test_a_code_that_nobody_knows_is_told_without_the_english_sentence():
    refused = Refused(message="an English sentence", code="OF_TOMORROW")
    said = refusal(Language("fr", "Europe/Paris"), refused)
    assert "an English" not in said
    assert "OF_TOMORROW" in said


def below(kind: type[Exception]) -> set[type[Exception]]:
    return {kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))}


def test_every_way_in_which_a_server_can_fail_to_answer_has_words():
    codes = {kind.__name__: pairing_refusal_code(kind("in English")) for kind in below(SyncError)}
    assert len(codes) > 5
    assert set(codes.values()) <= set(SAID)
    assert codes["OtherLedgerError"] == codes["NotTrustedError"] == "PAIRING_CODE"
    assert pairing_refusal_code(SyncError("slow down", retry_after=90.0)) == "PAIRING_WAIT"


def test_a_member_who_was_forgotten_meanwhile_is_told_in_french(tmp_path):
    counter = SteppedKiosk(tmp_path)
    counter.joins("claire", staff=True)
    side = HostsSide(counter, "desk")
    refused = side.perform(ShowAccount(member="gone"))
    assert isinstance(refused, Refused)
    assert refusal(Language("fr", "Europe/Paris"), refused) == "Ce membre n’est plus connu"
    counter.close()
