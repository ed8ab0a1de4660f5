"""The commands in README and docs exist, with the options and arguments that are shown."""

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kiosk.cli import kiosk
from sync.central.cli import central

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = {"kiosk": kiosk, "kiosk-central": central}
SHOWN = re.compile(r"^(?:sudo )?(?:\S*/bin/)?(kiosk-central|kiosk)(?= [a-z-])(.*)$")


def commands_in(text: str) -> Iterator[tuple[str, bool]]:
    """Each command that a document shows, and whether it stands in a block, complete and to be typed."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for line in "".join(blocks).splitlines():
        yield re.split(r" {2,}| #|; ", line.strip())[0], True
    prose = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose):
        yield " ".join(span.split()), False


def fault(shown: str, *, is_complete: bool) -> str | None:
    """Why a command cannot be typed as it is shown; None for what can, and for what is no command of ours."""
    found = SHOWN.match(shown)
    if found is None:
        return None
    command: click.Command = COMMANDS[found[1]]
    words = shlex.split(found[2])
    context = click.Context(command, info_name=found[1])
    while isinstance(command, click.Group):
        while words and words[0].startswith("-"):
            words = words[2:] if words[0] in ("--config", "--database") else words[1:]
        if not words or words[0].isupper():
            return None
        name = words.pop(0)
        step = command.get_command(context, name)
        if step is None:
            return f"{command.name} has no command {name}"
        command = step
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    unknown = [word for word in words if word.startswith("-") and word.partition("=")[0] not in options]
    if unknown:
        return f"{command.name} has no option {unknown[0]}"
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    given = _arguments(command, words)
    if is_complete and given < sum(one.required for one in arguments):
        return f"{command.name} needs more arguments"
    if given > len(arguments) and not any(one.nargs == -1 for one in arguments):
        return f"{command.name} takes fewer arguments"
    return None


def _arguments(command: click.Command, words: list[str]) -> int:
    with_value = {
        name for one in command.params if isinstance(one, click.Option) and not one.is_flag for name in one.opts
    }
    values = [after for word, after in itertools.pairwise(words) if word in with_value]
    return len([word for word in words if not word.startswith("-")]) - len(values)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_a_document_can_be_typed_as_shown(document) -> None:
    found = [(shown, fault(shown, is_complete=whole)) for shown, whole in commands_in(document.read_text())]
    assert [(shown, why) for shown, why in found if why] == []


def test_the_documents_show_commands_at_all() -> None:
    shown = [shown for path in DOCUMENTS for shown, _ in commands_in(path.read_text()) if SHOWN.match(shown)]
    assert len(shown) > 40


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        ('kiosk-central kiosk code "front door"', "kiosk has no command code"),
        ("kiosk hours shut", "hours has no command shut"),
        ("kiosk member add Anne --stuff", "add has no option --stuff"),
        ("sudo kiosk restore", "restore needs more arguments"),
        ("kiosk status now", "status takes fewer arguments"),
    ],
)
def test_a_command_that_does_not_exist_is_found(shown, why) -> None:
    assert fault(shown, is_complete=True) == why
