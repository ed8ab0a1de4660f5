"""Every command that README and docs show exists as shown: its name, its options, the number of arguments."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import click.testing
import pytest

from kiosk.cli import kiosk
from sync.central.cli import central

ROOT = Path(__file__).parents[2]
PROGRAMS: dict[str, click.Command] = {"kiosk": kiosk, "kiosk-central": central}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:\$ )?(?:sudo )?(?:\S*/)?(kiosk(?:-central)?|make|python -m) (.+)")


def shown(page: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the commands of a page: program, words, and whether it is a line of a block, which is to be typed."""
    lines = [line.strip() for block in FENCED.findall(page) for line in block.splitlines()]
    inline = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", FENCED.sub("", page))]
    in_blocks = [re.split(r" {3,}| +# |; ", line)[0] for line in lines]
    for line, is_complete in (*((line, True) for line in in_blocks), *((line, False) for line in inline)):
        if found := COMMAND.fullmatch(line):
            yield found[1], found[2], is_complete


def mistake(program: str, words: str, is_complete: bool = True) -> str | None:
    """Return what is wrong with a command; None: nothing. In a sentence a command need not be complete."""
    if words.split()[0].isupper():  # COMMAND, VERB: any
        return None
    if program == "make":
        return make_mistake(words)
    if program == "python -m":
        return None if importlib.util.find_spec(words.split()[0]) else "there is no such module"
    command, left, context = PROGRAMS[program], shlex.split(words), click.Context(PROGRAMS[program], info_name=program)
    try:
        while True:
            values, left, _ = command.make_parser(context).parse_args(left)
            if "help" in values or not isinstance(command, click.Group) or not left:
                break
            _, found, left = command.resolve_command(context, left)
            assert found is not None
            command, context = found, click.Context(found, info_name=found.name, parent=context)
    except click.UsageError as error:
        return error.message
    is_name_alone = not is_complete and words.split() == path(context)
    if "help" in values or isinstance(command, click.Group) or is_name_alone:
        return None
    missing = [one.name for one in command.params if one.required and one.value_is_missing(values.get(one.name or ""))]
    return f"{missing} is missing, {left} is too much" if left else None if not missing else f"{missing} is missing"


def path(context: click.Context) -> list[str]:
    """Return the words of a command without its program, options and arguments."""
    return [*path(context.parent), context.info_name or ""] if context.parent else []


def make_mistake(words: str) -> str | None:
    """Return which word is no target of the Makefile; settings such as ARGS= are no targets."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = [word for word in shlex.split(words) if "=" not in word]
    return next((f"make has no {word}" for word in asked if word not in targets), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_the_page_exists(page) -> None:
    found = [(one, mistake(*one)) for one in shown(page.read_text(encoding="utf-8"))]
    assert [(one, why) for one, why in found if why] == []


def test_the_first_steps_that_the_help_shows_exist() -> None:
    steps = list(shown(f"```\n{kiosk.help}\n```"))
    assert len(steps) >= 3
    assert [one for one in steps if mistake(*one)] == []


def test_commands_are_found_on_the_pages() -> None:
    found = [one for page in PAGES for one in shown(page.read_text())]
    assert {"check", "pass sell carte-10 celine", "--help"} <= {
        words for program, words, _ in found if program == "kiosk"
    }
    assert len(found) > 40


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("kiosk-central", "kiosk code"),
        ("kiosk", "member enroll"),
        ("kiosk", "badge assign --member celine"),
        ("kiosk", "pass sell carte-10"),
        ("kiosk", "restore"),
        ("kiosk", "hours shut"),
        ("kiosk", "status now"),
        ("kiosk", "status --colour"),
        ("kiosk", "badge assign celine now and here"),
        ("make", "coffee"),
        ("python -m", "tests.nothing"),
    ],
)
def test_a_command_that_does_not_exist_is_found(program, words) -> None:
    assert mistake(program, words)


def every_command(group: click.Group, *names: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*names, name)
        if isinstance(command, click.Group):
            yield from every_command(command, *names, name)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_says_what_it_does(program) -> None:
    root = PROGRAMS[program]
    assert isinstance(root, click.Group)
    for names in every_command(root):
        told = click.testing.CliRunner().invoke(root, [*names, "--help"])
        assert told.exit_code == 0, names
        assert f"Usage: {program if program in told.output else root.name} {' '.join(names)}" in told.output, names
