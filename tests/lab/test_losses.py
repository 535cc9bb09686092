"""Whose a loss was: attributed to a recorded pause of the machine, or to nobody but us."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from tickpath.config.run import RunSettings
from tickpath.lab.losses import is_machines, loss_account
from tickpath.lab.report_text import print_report
from tickpath.runtime.session import RunResult

#: 65,536 slots at a million a second.
FULL_AFTER_NS = 65_536_000
LONG = (1_000_000_000, 100_000_000)


def stage(*overruns: tuple[int, int], name: str = "executor", lost: int | None = None, **given: Any) -> Any:
    missed = sum(skipped for _, skipped in overruns) if lost is None else lost
    ledger = SimpleNamespace(published=10_000_000, lost=missed, shed=0)
    plain = {"overruns": list(overruns), "overruns_forgotten": 0, "ended_by": None}
    return SimpleNamespace(name=name, ledger=ledger, **{**plain, **given})


def result(*stages: Any, pauses: Any = (LONG,), plan_length_ns: int | None = 10_000_000_000) -> Any:
    record = SimpleNamespace(
        stages=list(stages),
        begin_ns=500_000_000,
        end_ns=10_500_000_000,
        wall_ns=20_000_000_000,
        floor_pauses=list(pauses),
    )
    return SimpleNamespace(
        record=record,
        settings=RunSettings(),
        events_planned=10_000_000,
        plan_length_ns=plan_length_ns,
    )


def test_a_loss_after_a_pause_longer_than_the_ring_is_the_machines() -> None:
    account = loss_account(result(stage((1_100_000_000, 40_000))))
    assert account == {
        "ring_full_after_ns": FULL_AFTER_NS,
        "machine_pauses": [{"start_ns": LONG[0], "length_ns": LONG[1]}],
        "loss_is_machines": {"executor": True},
    }


@pytest.mark.parametrize(
    ("at_ns", "expected"),
    [(999_999_999, False), (1_000_000_000, True), (1_200_000_000, True), (1_200_000_001, False)],
)
def test_it_follows_the_pause_or_does_not(at_ns: int, expected: bool) -> None:
    assert is_machines(stage((at_ns, 7)), [LONG]) is expected


def test_a_pause_that_the_ring_outlasts_explains_nothing() -> None:
    short = (LONG[0], FULL_AFTER_NS)
    account = loss_account(result(stage((1_010_000_000, 7)), pauses=[short]))
    assert account["machine_pauses"] == []
    assert account["loss_is_machines"] == {"executor": False}


def test_a_pause_before_or_after_the_run_explains_nothing() -> None:
    for start_ns in (0, 10_500_000_000):
        pause = (start_ns, 400_000_000)
        account = loss_account(result(stage((start_ns + 1, 7)), pauses=[pause]))
        assert account["loss_is_machines"] == {"executor": False}, start_ns


def test_every_overrun_has_to_follow_one() -> None:
    both = stage((1_050_000_000, 7), (5_000_000_000, 1))
    assert loss_account(result(both))["loss_is_machines"] == {"executor": False}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"lost": 8}, False),  # one that no overrun accounts for, such as at a stop
        ({"lost": 8, "ended_by": (3, 7)}, True),  # what its policy left is gone by that
        ({"overruns_forgotten": 1}, False),
    ],
)
def test_what_is_not_recorded_is_ours(given: dict[str, Any], expected: bool) -> None:
    assert is_machines(stage((1_050_000_000, 7), **given), [LONG]) is expected


def test_consumers_are_judged_apart_and_those_that_lost_nothing_not_at_all() -> None:
    slow = stage((9_000_000_000, 7), name="slow")
    account = loss_account(result(stage((1_050_000_000, 7)), stage(name="log"), slow))
    assert account["loss_is_machines"] == {"executor": True, "slow": False}


def test_without_a_loss_no_pause_is_listed() -> None:
    account = loss_account(result(stage()))
    assert account == {"ring_full_after_ns": FULL_AFTER_NS, "machine_pauses": [], "loss_is_machines": {}}


def test_without_a_plan_the_rate_is_what_the_feed_came_to() -> None:
    account = loss_account(result(stage(), plan_length_ns=None))
    assert account["ring_full_after_ns"] == 2 * FULL_AFTER_NS


def test_a_run_that_left_nothing_knows_nothing() -> None:
    nothing = loss_account(RunResult.without_record(RunSettings(), "interrupted"))
    assert nothing == {"ring_full_after_ns": None, "machine_pauses": [], "loss_is_machines": {}}


def test_both_are_said_to_people(report: dict[str, Any]) -> None:
    missed = {**report["ledger"]["consumers"]["executor"], "lost": 1_234}
    ledger = {
        **report["ledger"],
        **loss_account(result(stage((1_100_000_000, 7)))),
        "consumers": {"executor": missed},
    }

    def text(ledger: dict[str, Any]) -> str:
        out = io.StringIO()
        print_report({**report, "ledger": ledger}, Console(file=out, width=200), replay="tickpath run")
        return out.getvalue()

    assert (
        "executor missed 1,234 events: the machine's: each time after a pause longer than the 65.5 ms "
        "in which the ring is full (1 such, the longest 100 ms)"
    ) in text(ledger)
    ours = {**ledger, "loss_is_machines": {"executor": False}, "machine_pauses": []}
    assert "1,234 events: no recorded pause of the machine explains it" in text(ours)
    assert "missed" not in text({**ledger, "loss_is_machines": {}})
