"""The pictures of the hosts’ own screens: menu, PIN, who is in, today, evacuation."""

from collections.abc import Iterator

from tests.picture import Picture


def pictures(language: str) -> Iterator[Picture]:
    """Every picture of this area in a language; `name` begins with "staff-"."""
    yield from ()
