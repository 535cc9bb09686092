"""``tickpath run --watch`` as a process in a terminal of its own, driven by keys and sizes.

More of the kind, some seconds each, is in ``watch_in_terminals.py``, which ``make watch`` passes.
"""

from __future__ import annotations

import pytest

from tests.cli.terminals import Terminal
from tests.cli.watch_in_terminals import CONSUMERS, LONG, has_figures, published, report_of


@pytest.mark.slow
def test_the_figures_move_the_picture_fits_every_size_and_q_ends_it_with_its_account() -> None:
    with Terminal() as terminal, terminal.process(*LONG, *CONSUMERS) as process:
        first = published(terminal.wait(has_figures))
        terminal.wait(lambda text: published(text) > first)
        terminal.resize(24, 5)
        terminal.wait(lambda text: "READY" in text and len(text) <= 24 * 5 + 5)
        terminal.resize(220, 50)
        text = terminal.wait(lambda text: "lifecycle" in text and "published → completed" in text)
        assert "slow" in text
        terminal.press("q")
        report = report_of(process)
        terminal.wait_as_before()
    assert (process.returncode, report["verdict"], report["shutdown"]["by"]) == (130, "interrupted", ["q"])
    assert report["ledger"]["balanced"] is True
    assert set(report["ledger"]["consumers"]) == {"executor", "log", "slow"}
    assert report["watch"]["frames"] >= 3
