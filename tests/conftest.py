"""Settings of every test: the garbage collector looks only at what the test made, and Ctrl-C interrupts."""

from __future__ import annotations

import gc
import signal


def pytest_configure() -> None:
    # A shell starts what it puts into the background with SIGINT ignored, and every process inherits that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    # Modules, tests and their parameters stay to the end: without this each gc.collect() of a memory test
    # walks through all of them, which takes longer than the test.
    gc.collect()
    gc.freeze()
