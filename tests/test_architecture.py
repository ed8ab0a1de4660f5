"""Who may import whom: the table of docs/architecture.md, enforced by reading the imports."""

import ast
import itertools
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
OURS = ("kiosk", "hardware", "sync")
HOUSES = (*OURS, "sync.central")
"""Packages whose modules and packages are rooms; `from` them a room is imported, not a name."""

MAY_IMPORT = {
    "hardware": "gpiozero",
    "hardware.frontend": "hardware nfc",
    "hardware.ntag424": "hardware cryptography",
    "hardware.simulator": "hardware gpiozero",
    "kiosk.__main__": "kiosk.cli",
    "kiosk.answering": (
        "kiosk.answers kiosk.badges kiosk.clock kiosk.commands kiosk.desk kiosk.export kiosk.health kiosk.ledger "
        "kiosk.model kiosk.report kiosk.roster kiosk.sums kiosk.threads msgspec"
    ),
    "kiosk.answers": "kiosk.commands kiosk.model kiosk.report msgspec",
    "kiosk.badges": "kiosk.files",
    "kiosk.bounds": "kiosk.facts kiosk.local_time kiosk.model msgspec",
    "kiosk.cli": (
        "hardware.errors hardware.frontend hardware.pins kiosk.answering kiosk.answers kiosk.badges kiosk.clock "
        "kiosk.codes kiosk.commands kiosk.daemon kiosk.demo kiosk.desk kiosk.export kiosk.files kiosk.health "
        "kiosk.hours kiosk.languages kiosk.ledger kiosk.model kiosk.notices kiosk.payments kiosk.settings "
        "kiosk.threads kiosk.upkeep kiosk.uplink sync.address click msgspec"
    ),
    "kiosk.clock": "kiosk.model",
    "kiosk.codes": "kiosk.model",
    "kiosk.commands": "kiosk.model msgspec",
    "kiosk.daemon": (
        "hardware.door hardware.indicator hardware.pins hardware.reader kiosk.answering kiosk.badges kiosk.clock "
        "kiosk.door kiosk.files kiosk.health kiosk.ledger kiosk.messages kiosk.model kiosk.screen kiosk.settings "
        "kiosk.threads kiosk.upkeep kiosk.uplink"
    ),
    "kiosk.demo": (
        "hardware.simulator kiosk.answers kiosk.badges kiosk.clock kiosk.commands kiosk.daemon kiosk.desk kiosk.door "
        "kiosk.facts kiosk.hours kiosk.ledger kiosk.messages kiosk.model kiosk.notices kiosk.rules kiosk.screen "
        "kiosk.settings kiosk.store kiosk.uplink sync.central.accounts sync.central.http sync.central.pages "
        "sync.central.server sync.central.settings sync.pairing litestar msgspec"
    ),
    "kiosk.desk": (
        "kiosk.answers kiosk.badges kiosk.bounds kiosk.commands kiosk.facts kiosk.hours kiosk.languages kiosk.ledger "
        "kiosk.local_time kiosk.messages kiosk.model kiosk.payments kiosk.roster kiosk.rules kiosk.settings "
        "kiosk.store argon2 phonenumbers msgspec"
    ),
    "kiosk.door": (
        "kiosk.answers kiosk.badges kiosk.desk kiosk.facts kiosk.hours kiosk.ledger kiosk.local_time kiosk.messages "
        "kiosk.model kiosk.notices kiosk.roster kiosk.rules kiosk.threads msgspec"
    ),
    "kiosk.export": "kiosk.answers kiosk.facts kiosk.files kiosk.ledger kiosk.model kiosk.notices msgspec",
    "kiosk.facts": "kiosk.model msgspec",
    "kiosk.files": "",
    "kiosk.health": (
        "hardware.frontend kiosk.answers kiosk.clock kiosk.door kiosk.ledger kiosk.messages kiosk.model kiosk.notices "
        "kiosk.settings kiosk.upkeep kiosk.uplink msgspec"
    ),
    "kiosk.hours": "kiosk.local_time kiosk.model msgspec opening_hours",
    "kiosk.languages": "",
    "kiosk.ledger": (
        "kiosk.bounds kiosk.clock kiosk.facts kiosk.files kiosk.messages kiosk.model kiosk.roster kiosk.rules "
        "kiosk.store kiosk.sums msgspec sqlalchemy"
    ),
    "kiosk.local_time": "",
    "kiosk.messages": "kiosk.facts kiosk.model",
    "kiosk.model": "msgspec",
    "kiosk.notices": (
        "kiosk.answers kiosk.codes kiosk.facts kiosk.languages kiosk.local_time kiosk.model kiosk.payments babel"
    ),
    "kiosk.payments": "",
    "kiosk.report": (
        "kiosk.facts kiosk.local_time kiosk.model kiosk.payments kiosk.store kiosk.sums msgspec sqlalchemy"
    ),
    "kiosk.roster": "kiosk.model kiosk.store sqlalchemy",
    "kiosk.rules": "kiosk.hours kiosk.local_time kiosk.model msgspec",
    "kiosk.screen": (
        "kiosk.answers kiosk.codes kiosk.commands kiosk.files kiosk.messages kiosk.model kiosk.notices kiosk.payments "
        "arabic_reshaper bidi fontpkg_atkinson_hyperlegible msgspec"
    ),
    "kiosk.screen.sdl": "pygame",
    "kiosk.settings": "kiosk.hours kiosk.languages kiosk.local_time kiosk.model msgspec",
    "kiosk.store": "kiosk.bounds kiosk.facts kiosk.files kiosk.messages kiosk.model kiosk.payments msgspec sqlalchemy",
    "kiosk.store.migrations": "alembic sqlalchemy",
    "kiosk.sums": (
        "kiosk.bounds kiosk.facts kiosk.hours kiosk.local_time kiosk.messages kiosk.model kiosk.rules kiosk.store "
        "msgspec sqlalchemy"
    ),
    "kiosk.threads": "kiosk.messages kiosk.model",
    "kiosk.upkeep": (
        "kiosk.answers kiosk.clock kiosk.commands kiosk.files kiosk.ledger kiosk.model kiosk.settings kiosk.store"
    ),
    "kiosk.strike_at_rest": "hardware.door hardware.pins kiosk.settings",
    "kiosk.uplink": (
        "kiosk.answers kiosk.badges kiosk.clock kiosk.commands kiosk.door kiosk.ledger kiosk.settings kiosk.threads "
        "sync.address sync.client sync.listener sync.pairing sync.transport sync.wire sync.worker msgspec"
    ),
    "sync.address": "",
    "sync.backoff": "",
    "sync.central": "",
    "sync.central.__main__": "sync.central.cli",
    "sync.central.accounts": "kiosk.facts kiosk.model kiosk.store sync.central.storage argon2 pyotp sqlalchemy",
    "sync.central.alarms": "kiosk.model sync.central.storage msgspec sqlalchemy",
    "sync.central.cli": (
        "kiosk.files kiosk.threads sync.central.accounts sync.central.http sync.central.logs sync.central.orders "
        "sync.central.pages sync.central.server sync.central.settings sync.central.storage click msgspec"
    ),
    "sync.central.feed": (
        "kiosk.bounds kiosk.facts kiosk.messages kiosk.model kiosk.store sync.central.alarms sync.central.kiosks "
        "sync.central.storage sync.wire msgspec sqlalchemy"
    ),
    "sync.central.http": (
        "kiosk.store sync.central.feed sync.central.kiosks sync.central.logs sync.central.messages "
        "sync.central.server sync.central.settings sync.central.storage sync.wire litestar msgspec prometheus_client "
        "uvicorn"
    ),
    "sync.central.kiosks": (
        "kiosk.badges kiosk.model kiosk.store sync.central.alarms sync.central.settings sync.central.storage "
        "sync.wire msgspec sqlalchemy"
    ),
    "sync.central.logs": "msgspec",
    "sync.central.messages": (
        "kiosk.codes kiosk.hours kiosk.model sync.central.kiosks sync.central.server sync.central.settings "
        "sync.central.storage sync.central.words msgspec sqlalchemy"
    ),
    "sync.central.orders": (
        "kiosk.store kiosk.threads sync.central.accounts sync.central.kiosks sync.central.roster sync.central.server "
        "sync.central.settings sync.central.storage msgspec"
    ),
    "sync.central.pages": (
        "kiosk.answers kiosk.codes kiosk.commands kiosk.desk kiosk.export kiosk.facts kiosk.hours kiosk.ledger "
        "kiosk.local_time kiosk.model kiosk.notices kiosk.payments kiosk.roster kiosk.settings kiosk.store "
        "sync.central.accounts sync.central.alarms sync.central.kiosks sync.central.logs sync.central.roster "
        "sync.central.server sync.central.storage sync.central.words fontpkg_atkinson_hyperlegible jinja2 "
        "litestar markupsafe msgspec pyotp segno sqlalchemy"
    ),
    "sync.central.roster": (
        "kiosk.facts kiosk.hours kiosk.local_time kiosk.model kiosk.roster kiosk.rules kiosk.store kiosk.sums "
        "sync.central.alarms sync.central.feed sync.central.storage sync.wire msgspec sqlalchemy"
    ),
    "sync.central.server": (
        "kiosk.clock sync.central.accounts sync.central.alarms sync.central.feed sync.central.kiosks "
        "sync.central.roster sync.central.settings sync.central.storage"
    ),
    "sync.central.settings": "msgspec",
    "sync.central.storage": "kiosk.files kiosk.model kiosk.store sync.central.settings alembic psycopg sqlalchemy",
    "sync.central.words": "kiosk.notices babel",
    "sync.client": "sync.wire msgspec",
    "sync.exchange": "kiosk.bounds kiosk.facts kiosk.ledger kiosk.messages sync.client sync.outbox sync.wire",
    "sync.listener": "sync.client",
    "sync.outbox": "kiosk.facts kiosk.ledger kiosk.messages sync.client sync.wire msgspec",
    "sync.pairing": "kiosk.files sync.client sync.wire msgspec",
    "sync.transport": "sync.address sync.client requests urllib3",
    "sync.wire": "kiosk.facts kiosk.model msgspec",
    "sync.worker": "kiosk.ledger kiosk.messages sync.backoff sync.client sync.exchange sync.wire",
}
"""Module or package -> what it may import beside itself and the standard library; a package with all below it."""

NOBODY_IMPORTS = {
    "kiosk.daemon": {"kiosk.demo", "kiosk.cli"},
    "kiosk.demo": {"kiosk.cli"},
    "kiosk.cli": {"kiosk.__main__"},
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> dict[str, str]:
    return {module_of(path): path.read_text() for top in OURS for path in sorted((ROOT / top).rglob("*.py"))}


@cache
def imported(source: str) -> tuple[str, ...]:
    """Return every module that a source names, at the top and inside functions alike."""
    return tuple(_imported(source))


def _imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if node.module in HOUSES
                else {node.module or ""}
            )


def is_below(module: str, top: str) -> bool:
    return module == top or module.startswith(top + ".")


def rule_for(module: str) -> str | None:
    """Return the longest name of the table that is this module or a package around it."""
    return max((top for top in MAY_IMPORT if is_below(module, top)), key=len, default=None)


def breaches(modules: dict[str, str]) -> list[str]:
    found = []
    for module, source in modules.items():
        if module in OURS or ("." not in module and module not in MAY_IMPORT):
            continue
        top = rule_for(module)
        if top is None:
            found.append(f"{module} is not in the table")
            continue
        allowed = [top, *MAY_IMPORT[top].split()]
        for name in imported(source):
            library = name.split(".")[0]
            if library in sys.stdlib_module_names or any(is_below(name, good) for good in allowed):
                continue
            found.append(f"{module} imports {name}")
    for hidden, readers in NOBODY_IMPORTS.items():
        outside = (module for module in modules if not any(is_below(module, one) for one in (hidden, *readers)))
        found += [
            f"{module} imports {name}"
            for module in outside
            for name in imported(modules[module])
            if is_below(name, hidden)
        ]
    return found


def room_of(module: str) -> str | None:
    """Return the room a module is in: what stands right below a house. None for what is not ours, and for a house."""
    house = max((one for one in HOUSES if module.startswith(one + ".")), key=len, default=None)
    return None if house is None or module in HOUSES else f"{house}.{module[len(house) + 1 :].split('.')[0]}"


def arrows(modules: dict[str, str]) -> dict[str, set[str]]:
    """Return for each room the other rooms that it imports."""
    found: dict[str, set[str]] = {}
    for module, source in modules.items():
        if room := room_of(module):
            others = {room_of(name) for name in imported(source)} - {None, room}
            found.setdefault(room, set()).update(one for one in others if one)
    return found


def circle(modules: dict[str, str]) -> list[str]:
    """Return rooms that import each other in a circle, each the next one; empty when there is none."""
    try:
        TopologicalSorter(arrows(modules)).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_every_module_keeps_to_the_import_table() -> None:
    assert breaches(sources()) == []


def test_a_screen_that_reads_the_database_is_found() -> None:
    assert breaches({"kiosk.screen.spy": "def f():\n    import sqlalchemy"}) == ["kiosk.screen.spy imports sqlalchemy"]


def test_hardware_that_knows_members_is_found() -> None:
    assert breaches({"hardware.spy": "from kiosk import model"}) == ["hardware.spy imports kiosk.model"]


def test_a_module_outside_the_table_is_found() -> None:
    assert breaches({"kiosk.utils": ""}) == ["kiosk.utils is not in the table"]


def test_no_rooms_form_a_circle() -> None:
    assert circle(sources()) == []


def test_a_circle_of_rooms_is_found() -> None:
    built = {
        "sync.central.feed.ingest": "from sync.central.alarms import register",
        "sync.central.alarms.register": "from sync.central.storage import tables",
        "sync.central.storage.tables": "def late():\n    from sync.central import feed",
        "kiosk.model": "import msgspec",
    }
    found = circle(built)
    assert found[0] == found[-1]
    assert set(found) == {"sync.central.feed", "sync.central.alarms", "sync.central.storage"}
    assert all(there in arrows(built)[here] for here, there in itertools.pairwise(found))
    assert circle({**built, "sync.central.storage.tables": ""}) == []


def test_the_table_names_only_modules_that_exist() -> None:
    modules = sources()
    assert [top for top in MAY_IMPORT if top not in modules] == []


def documented(page: str) -> dict[str, set[str]]:
    """Return each room in the tables of a page, with what it may import of ours."""
    rows = re.findall(r"^\| `([\w.]+)` \| .* \| (.*) \|$", page, re.MULTILINE)
    return {
        room: {name if name.split(".")[0] in OURS else f"kiosk.{name}" for name in names.split(", ") if name != "-"}
        for room, names in rows
    }


def test_the_documentation_has_the_same_table() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    ours = {room: {name for name in names.split() if name.split(".")[0] in OURS} for room, names in MAY_IMPORT.items()}
    assert documented(page) == ours
    assert documented(page.replace("| `kiosk.badges` |", "| `kiosk.badge` |")) != ours


def test_there_are_files_to_read_and_their_sizes_are_told(capsys) -> None:
    modules = sources()
    lengths = [
        (node.end_lineno or 0) - node.lineno + 1
        for source in modules.values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    ]
    files = sorted(((source.count("\n"), module) for module, source in modules.items()), reverse=True)
    with capsys.disabled():
        print(
            f"\n{len(files)} modules, {sum(n for n, _ in files)} lines, median function {median(lengths):.0f} lines;",
            end=" ",
        )
        print("largest:", ", ".join(f"{module} {lines}" for lines, module in files[:5]))
    assert len(files) > 10
    assert median(lengths) <= 10
