"""Who may import whom: the table of docs/architecture.md, enforced by reading the imports."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
OURS = ("kiosk", "hardware", "sync")

MAY_IMPORT = {
    "kiosk.model": "msgspec",
    "kiosk.mistakes": "msgspec",
    "kiosk.wall": "",
    "kiosk.clock": "kiosk.model",
    "kiosk.workers": "",
    "kiosk.control": "",
    "kiosk.badges": "",
    "kiosk.commands": "kiosk.model msgspec",
    "kiosk.answers": "kiosk.model kiosk.commands msgspec",
    "kiosk.machine": "",
    "kiosk.vitals": "kiosk.answers kiosk.machine kiosk.model",
    "kiosk.hours": "kiosk.model kiosk.wall opening_hours",
    "kiosk.week": "kiosk.model kiosk.hours kiosk.wall msgspec",
    "kiosk.rules": "kiosk.model kiosk.hours kiosk.wall msgspec",
    "kiosk.languages": "",
    "kiosk.notices": "kiosk.model kiosk.languages kiosk.answers babel",
    "kiosk.front": "kiosk.model kiosk.notices",
    "kiosk.timekeeping": "kiosk.model kiosk.ledger",
    "kiosk.syncing": "kiosk.model kiosk.ledger kiosk.store",
    "kiosk.store": "kiosk.model sqlalchemy msgspec",
    "kiosk.store.migrations": "sqlalchemy alembic",
    "kiosk.roster": "kiosk.model kiosk.store sqlalchemy msgspec",
    "kiosk.ledger": "kiosk.model kiosk.roster kiosk.store sqlalchemy",
    "kiosk.config": "kiosk.languages kiosk.mistakes msgspec",
    "kiosk.doctor": "kiosk.clock kiosk.config",
    "kiosk.site_words": "kiosk.model kiosk.mistakes",
    "kiosk.site_file": "kiosk.model kiosk.languages kiosk.hours kiosk.mistakes kiosk.site_words msgspec",
    "kiosk.desk": "argon2 kiosk.model kiosk.languages kiosk.commands kiosk.answers kiosk.wall kiosk.hours kiosk.week "
    "kiosk.rules kiosk.ledger kiosk.roster kiosk.store kiosk.badges kiosk.mistakes kiosk.site_file kiosk.site_words "
    "msgspec",
    "kiosk.after_tap": "kiosk.model kiosk.rules kiosk.notices",
    "kiosk.touched": "kiosk.model kiosk.after_tap kiosk.rules kiosk.roster kiosk.notices",
    "kiosk.showing": "kiosk.model kiosk.wall kiosk.front kiosk.after_tap kiosk.hours kiosk.notices msgspec",
    "kiosk.controller": "kiosk.model kiosk.front kiosk.after_tap kiosk.touched kiosk.showing kiosk.control "
    "kiosk.answers kiosk.desk kiosk.rules kiosk.notices kiosk.ledger kiosk.roster kiosk.badges kiosk.syncing "
    "kiosk.timekeeping kiosk.mending msgspec",
    "kiosk.sheet": "",
    "kiosk.export": "kiosk.answers kiosk.ledger kiosk.model kiosk.notices kiosk.sheet msgspec",
    "kiosk.pin_desk": "kiosk.answers kiosk.commands kiosk.control kiosk.desk kiosk.ledger kiosk.roster msgspec",
    "kiosk.nights": "",
    "kiosk.backup": "kiosk.config kiosk.ledger kiosk.store.database",
    "kiosk.mending": "kiosk.ledger kiosk.model",
    "kiosk.upkeep": "kiosk.backup kiosk.config kiosk.front kiosk.ledger kiosk.model",
    "kiosk.uplink": "kiosk sync msgspec",
    "kiosk.screen": "kiosk.model kiosk.notices kiosk.commands kiosk.answers fontpkg_atkinson_hyperlegible msgspec",
    "kiosk.screen.sdl": "pygame",
    "kiosk.daemon": "kiosk hardware msgspec",
    "kiosk.demo": "kiosk hardware",
    "kiosk.demo.beside": "kiosk sync msgspec litestar",
    "kiosk.cli": "kiosk hardware sync.address msgspec click",
    "hardware": "gpiozero",
    "hardware.frontend": "hardware nfc serial",
    "hardware.ntag424": "hardware cryptography",
    "hardware.simulator": "hardware gpiozero cryptography",
    "sync.wire": "kiosk.model msgspec",
    "sync.backoff": "",
    "sync.address": "",
    "sync.client": "sync.wire msgspec",
    "sync.transport": "sync.client sync.address requests urllib3",
    "sync.pairing": "sync.client sync.wire msgspec",
    "sync.outbox": "sync.client sync.wire kiosk.model kiosk.ledger msgspec",
    "sync.exchange": "sync.client sync.wire sync.outbox kiosk.model kiosk.ledger",
    "sync.listener": "sync.client",
    "sync.worker": "sync.client sync.wire sync.backoff sync.exchange kiosk.model kiosk.ledger kiosk.syncing",
    "sync.central": "kiosk.model kiosk.store kiosk.roster kiosk.rules kiosk.wall kiosk.control sync.wire sqlalchemy "
    "msgspec",
    "sync.central.badge_key": "sync.central kiosk.badges sync.wire sqlalchemy",
    "sync.central.accounts": "sync.central kiosk.model sqlalchemy argon2 pyotp",
    "sync.central.migrations": "sqlalchemy alembic",
    "sync.central.api": "sync.wire sync.central litestar msgspec",
    "sync.central.described": "sync.wire litestar msgspec",
    "sync.central.app": "sync.wire sync.central kiosk.store litestar msgspec",
    "sync.central.messenger": "sync.central kiosk.model kiosk.hours sqlalchemy msgspec",
    "sync.central.metrics": "sync.central prometheus_client",
    "sync.central.pages": "sync.central kiosk litestar msgspec sqlalchemy jinja2 markupsafe babel pyotp segno "
    "fontpkg_atkinson_hyperlegible",
    "sync.central.cli": "sync.central kiosk.control msgspec click",
    "sync.central.serving": "litestar uvicorn",
    "sync.central.zipping": "sync.wire litestar",
    "sync.central.__main__": "sync.central.cli",
}
"""Module or package -> what it may import beside itself and the standard library; a package with all below it."""

NOBODY_IMPORTS = {"kiosk.daemon": {"kiosk.demo", "kiosk.cli"}, "kiosk.demo": {"kiosk.cli"}, "kiosk.cli": set()}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> dict[str, str]:
    return {module_of(path): path.read_text() for top in OURS for path in sorted((ROOT / top).rglob("*.py"))}


def imported(source: str) -> Iterator[str]:
    """Yield every module that a source names, at the top and inside functions alike."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (
                {f"{node.module}.{alias.name}" for alias in node.names} if node.module in OURS else {node.module or ""}
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


def test_every_module_keeps_to_the_import_table() -> None:
    assert breaches(sources()) == []


def test_a_screen_that_reads_the_database_is_found() -> None:
    assert breaches({"kiosk.screen.spy": "def f():\n    import sqlalchemy"}) == ["kiosk.screen.spy imports sqlalchemy"]


def test_hardware_that_knows_members_is_found() -> None:
    assert breaches({"hardware.spy": "from kiosk import model"}) == ["hardware.spy imports kiosk.model"]


def test_a_module_outside_the_table_is_found() -> None:
    assert breaches({"kiosk.utils": ""}) == ["kiosk.utils is not in the table"]


def test_the_table_names_only_modules_that_exist() -> None:
    modules = sources()
    assert [top for top in MAY_IMPORT if top not in modules] == []


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
