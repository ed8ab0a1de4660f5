"""The pictures of members, passes and the till."""

from collections.abc import Iterator

from tests.picture import Picture


def pictures(language: str) -> Iterator[Picture]:
    """Every picture of this area in a language; `name` begins with "people-"."""
    yield from ()
