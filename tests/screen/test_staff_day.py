"""A day of a host, played from outside: a real window on a real X server, real clicks."""

from __future__ import annotations

import pytest

from tests.pictures.staff_day import PLAYS, play


@pytest.mark.parametrize("scene", PLAYS, ids=lambda scene: f"{scene.language}-{scene.size[0]}x{scene.size[1]}")
def test_a_newcomer_is_enrolled_and_a_host_has_a_whole_day(scene, tmp_path) -> None:
    play(scene, tmp_path)
