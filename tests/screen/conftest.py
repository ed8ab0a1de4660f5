"""What the tests of the screen share."""

import pytest

from tests.office.watch import Watch


@pytest.fixture
def watch() -> Watch:
    """The clock by which notices end and the screen goes to sleep."""
    return Watch()
