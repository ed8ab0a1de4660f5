"""A real network: two kiosks and the server as processes, a browser, and cables that are pulled."""

from __future__ import annotations

from tests.office.network.two_doors import network, play


def test_two_kiosks_that_were_cut_off_agree_again_and_follow_what_staff_change(tmp_path) -> None:
    """Signing in, pairing, a tap that arrives live, both cables pulled, both tapped, agreement, other hours."""
    said: list[str] = []
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    with network(tmp_path) as net:
        play(net, pictures, said.append)
    assert said[-1] == "closed on the page: Fermé at the north door, Fermé at the south door"
