"""The pictures of hours, health and the first start."""

from collections.abc import Iterator

from tests.picture import Picture


def pictures(language: str) -> Iterator[Picture]:
    """Every picture of this area in a language; `name` begins with "place-"."""
    yield from ()
