"""Settings of every test: the garbage collector looks only at what the test made."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    # Modules, tests and their parameters stay to the end: without this each gc.collect() of a memory test
    # walks through all of them, which takes longer than the test.
    gc.collect()
    gc.freeze()
