"""Settings of every test: the garbage collector looks only at what the test made, and Ctrl-C interrupts."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator

import pytest

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def pytest_configure() -> None:
    # A shell starts what it puts into the background with SIGINT ignored, and every process inherits that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    # Modules, tests and their parameters stay to the end: without this each gc.collect() of a memory test
    # walks through all of them, which takes longer than the test.
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _signals_are_left_as_they_were() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    yield
    after = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        signal.signal(number, handler)
    assert after == before
