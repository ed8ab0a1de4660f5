"""The installer's own pieces; the whole of it is tried in a container and in a machine (docs/install.md)."""

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL = (ROOT / "systemd/install").read_text()
PACKAGE = (ROOT / "systemd/package").read_text()
DRAWS_WITH = {"python3-pygame", "libegl1", "libgles2", "libgl1", "libgl1-mesa-dri"}
"""Debian packages without which a screen that has no desktop stays black."""
CARRIED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]

PYTHON = """#!/bin/sh
# python3 -m venv ... FOLDER: an environment in which pip fails
for folder; do :; done
mkdir -p "$folder/bin"
printf '#!/bin/sh\\nexit 1\\n' >"$folder/bin/python"
printf '#!/bin/sh\\nexit 0\\n' >"$folder/bin/kiosk"
chmod +x "$folder/bin/python" "$folder/bin/kiosk"
"""


def is_taken_for_complete(folder, *, script=INSTALL):
    """Whether the installer, whose pip fails, believes that the environment was made."""
    build = re.search(r"^build\(\) \{.*?^\}", script, re.MULTILINE | re.DOTALL)
    assert build
    bin_ = folder / "bin"
    bin_.mkdir()
    (bin_ / "python3").write_text(PYTHON)
    (bin_ / "python3").chmod(0o755)
    asked = (
        f"set -eu; PATH={bin_}:$PATH; name=kiosk; version=1; source={folder}; locked={folder}/requirements-door.txt\n"
        f'{build[0]}\nbuild {folder}/made || {{ echo "not made"; exit 0; }}\necho made'
    )
    done = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[0] == "made"


@pytest.fixture(params=["release", "clone"])
def source(request, tmp_path):
    (tmp_path / "systemd").mkdir()
    (tmp_path / "requirements-door.txt").write_text("click==1 \\\n    --hash=sha256:0\n")
    for name in ("kiosk", "hardware", "sync", *(["wheels"] if request.param == "release" else [])):
        (tmp_path / name).mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (tmp_path / name).write_text("")
    return tmp_path


def test_an_environment_whose_packages_cannot_be_had_is_not_taken_for_complete(source):
    assert not is_taken_for_complete(source)


def test_a_step_whose_failure_is_passed_over_is_found(source):
    careless = re.sub(r"(\$pip .*) \|\| (return 1|\{.*\})", r"\1", INSTALL)
    assert is_taken_for_complete(source, script=careless)


def left_behind(carried):
    """Files that the programs need beside their code, and that an installed one would not have."""
    needed = {
        path
        for package in ("kiosk", "hardware", "sync")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    return needed - {path for name, globs in carried.items() for each in globs for path in (ROOT / name).glob(each)}


def test_what_is_installed_has_all_its_words_pages_and_examples():
    assert left_behind(CARRIED) == set()


@pytest.mark.parametrize(
    ("package", "glob"),
    [
        ("sync", "central/locale/**/*"),
        ("sync", "central/templates/**/*"),
        ("kiosk", "locale/**/*"),
        ("hardware", "py.typed"),
    ],
)
def test_files_that_are_not_carried_along_are_found(package, glob):
    assert left_behind({**CARRIED, package: [each for each in CARRIED[package] if each != glob]})


@cache
def brought(script=INSTALL, name="kiosk"):
    """The Debian packages that the installer sees to, but for the one that only some distributions have."""
    packages = re.search(r"^packages\(\) \{.*?^\}", script, re.MULTILINE | re.DOTALL)
    assert packages
    asked = f"name={name}\n{packages[0]}\npackages"
    told = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, check=True).stdout
    return set(told.split()) - {"python3-lgpio"}


@cache
def depended_on(script=PACKAGE, name="kiosk"):
    """What the Debian package depends on, read from how it is made."""
    made = f'make_deb() {{ [ $1 != {name} ] || echo "$4"; }}\n' + script[script.index("        python_here=") :]
    made = made.partition(";;")[0]
    told = subprocess.run(["sh", "-c", made], capture_output=True, text=True, check=True).stdout
    return {one.split()[0] for one in told.split(",")}


def test_installer_and_debian_package_bring_what_the_screen_is_drawn_with():
    assert brought() >= DRAWS_WITH
    assert brought() <= depended_on()


def test_a_server_needs_nothing_to_draw_with():
    assert not DRAWS_WITH & (brought(name="kiosk-central") | depended_on(name="kiosk-central"))


@pytest.mark.parametrize("missing", sorted(DRAWS_WITH))
def test_an_installer_or_a_package_that_leaves_the_screen_black_is_found(missing):
    assert not brought(re.sub(rf" {missing}(?=\s)", "", INSTALL)) >= DRAWS_WITH
    assert not brought() <= depended_on(re.sub(rf", {missing}(?=[,\"])", "", PACKAGE))


SYSTEMCTL = """#!/bin/sh
case "$*" in
    *timesyncd*) exit 5 ;;
esac
"""


def places_files(folder, *, script=INSTALL):
    """Whether the installer gets past its files where no systemd-timesyncd is there to be restarted."""
    place = re.search(r"^place\(\) \{.*?^\}", script, re.MULTILINE | re.DOTALL)
    assert place
    for name, body in (
        ("systemctl", SYSTEMCTL),
        ("systemd-sysusers", "#!/bin/sh\n"),
        ("systemd-tmpfiles", "#!/bin/sh\n"),
    ):
        (folder / name).write_text(body)
        (folder / name).chmod(0o755)
    (folder / "kiosk.timesyncd.conf").write_text("[Time]\n")
    asked = (
        f"set -eu; PATH={folder}:$PATH; name=kiosk; runs_systemd() {{ true; }}\n"
        f"files() {{ echo kiosk.timesyncd.conf {folder}/placed; }}\n{place[0]}\nplace {folder}; echo placed"
    )
    done = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, check=False)
    assert (folder / "placed").exists()
    return done.stdout == "placed\n"


def test_a_machine_whose_time_another_program_keeps_is_installed_to_the_end(tmp_path):
    assert places_files(tmp_path)


def test_an_installer_that_restarts_a_service_that_is_not_there_is_found(tmp_path):
    careless = re.sub(r"! systemctl cat .* \|\| (systemctl try-restart)", r"\1", INSTALL)
    assert not places_files(tmp_path, script=careless)


VERSIONS = re.compile(r"\(3, (\d+)\) <= sys.version_info < \(3, (\d+)\)")


def test_make_pip_and_the_packages_agree_on_the_versions_of_python():
    supported = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    [(first, end)] = re.findall(r"^>=3\.(\d+),<3\.(\d+)$", supported)
    for script in (INSTALL, (ROOT / "Makefile").read_text()):
        assert VERSIONS.findall(script) == [(first, end)]
        assert f"Python 3.{first} to 3.{int(end) - 1} is needed" in script
    assert f"python3 (>= 3.{first}), python3 (<< 3.{end})" in PACKAGE
    minors = " ".join(str(minor) for minor in range(int(first), int(end)))
    assert f"for minor in {minors}; do" in PACKAGE


def asked(*options):
    return subprocess.run(["sh", ROOT / "systemd/install", *options], capture_output=True, text=True)


def test_a_dry_run_says_what_would_be_done_and_changes_nothing():
    said = asked("--dry-run", "--central")
    assert said.returncode == 0, said.stderr
    assert "would write /etc/systemd/system/kiosk-central.service\n" in said.stdout
    assert not Path("/opt/kiosk-central").exists()
    assert not Path("/etc/systemd/system/kiosk-central.service").exists()


def test_an_option_that_does_not_exist_is_named():
    said = asked("--dry-rum")
    assert said.returncode != 0
    assert "--dry-rum is no option" in said.stderr


def test_uninstalling_what_is_not_installed_says_so():
    said = asked("--dry-run", "--central", "--uninstall")
    assert (said.returncode, said.stdout) == (0, "kiosk-central is not installed: there is nothing to take away.\n")
