"""Fixtures of the tests of the screen."""

import pytest

from tests.office.watch import Watch


@pytest.fixture
def watch() -> Watch:
    """The clock by which notices end and the screen goes to sleep."""
    return Watch()
