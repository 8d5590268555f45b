"""What the tests of the core share."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def sigterm_is_heard_afterwards() -> Iterator[None]:
    """A worker's work in this process ends deaf to SIGTERM, and all processes started later would inherit that."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
