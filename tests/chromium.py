"""Debian's Chromium without a screen, for the tests that look at pages: started by their make targets alone.

Everywhere else they are skipped: a browser is nothing that a test suite starts by the way.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSER = os.environ.get("TICKPATH_BROWSER")


def leave_out(items: list[pytest.Item], folder: Path, reason: str) -> None:
    """Skips those of ``folder``, where nobody has named a browser."""
    if BROWSER is None:
        skip = pytest.mark.skip(reason=reason)
        for item in items:
            if folder in item.path.parents:
                item.add_marker(skip)


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """The browser, as playwright knows it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()
