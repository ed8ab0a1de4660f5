"""The installer's own pieces; the whole of it is tried in a container and in a machine (docs/install.md)."""

import re
import subprocess
from pathlib import Path

import pytest

INSTALL = (Path(__file__).parents[1] / "systemd/install").read_text()

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
        f"set -eu; PATH={bin_}:$PATH; name=kiosk; version=1; source={folder}; locked={folder}/requirements.txt\n"
        f'{build[0]}\nbuild {folder}/made || {{ echo "not made"; exit 0; }}\necho made'
    )
    done = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[0] == "made"


@pytest.fixture(params=["release", "clone"])
def source(request, tmp_path):
    (tmp_path / "systemd").mkdir()
    (tmp_path / "requirements.txt").write_text("click==1 \\\n    --hash=sha256:0\n")
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
