"""Pages to open, and a browser to open them in: ``make report-browser``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium, leave_out
from tickpath.cli import main

#: What a scenario may be called.
EVIL = "</script><b id=evil>evil</b> & \"'"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    leave_out(items, Path(__file__).parent, "a browser is started by make report-browser alone")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a screen."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of the command line, by what they are of."""
    folder = tmp_path_factory.mktemp("pages")
    named = folder / "named.toml"
    description = EVIL.replace('"', '\\"')
    named.write_text(f'extends = "feed-freeze"\ndescription = "{description}"\n', encoding="utf-8")
    consumer = ("--consumer", "log,service=2000")
    commands = {
        "live": ["run", "--rate", "200000", "--events", "100000", *consumer],
        "scenario": ["run", "overlapping-outages", "--mode", "virtual"],
        "named": ["run", str(named), "--mode", "virtual"],
        "without-plan": ["run", "--max", "--events", "100000"],
        "drill": ["drill", "run", "overlapping-outages", "--break"],
        "drills": ["drill", "run", "--all"],
    }
    written = {}
    for name, words in commands.items():
        written[name] = folder / f"{name}.html"
        assert main([*words, "--quiet", "--report", str(written[name])]) == (1 if name == "drill" else 0)
    return written
