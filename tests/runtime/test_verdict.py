"""The verdict: every way in which a run that looks fine is not."""

from __future__ import annotations

import pytest

from tickpath.core.state import State, Transition
from tickpath.runtime.verdict import EpochRow, executed_outside_ready, judge

HISTORY = (
    Transition(1, State.INIT, State.WARMUP, 10, ""),
    Transition(2, State.WARMUP, State.READY, 20, ""),
    Transition(3, State.READY, State.DEGRADED, 30, ""),
)
EPOCHS: list[EpochRow] = [(1, 0, 9, 0, 10), (2, 10, 29, 20, 0), (3, 30, 34, 0, 5)]


def proof(
    epochs: list[EpochRow] = EPOCHS,
    history: tuple[Transition, ...] = HISTORY,
    *,
    complete: bool = True,
    executed: int = 20,
    gated: int = 15,
) -> int | None:
    return executed_outside_ready(epochs, history, complete=complete, executed=executed, gated=gated)


def test_a_table_that_fits_the_history_proves_it() -> None:
    assert proof() == 0


@pytest.mark.parametrize("row", [(1, 0, 9, 3, 7), (3, 30, 34, 3, 2)])
def test_what_was_executed_under_another_state_is_counted(row: EpochRow) -> None:
    epochs = [row if known[0] == row[0] else known for known in EPOCHS]
    assert proof(epochs, executed=23, gated=12) == 3


def test_without_the_whole_history_there_is_no_proof() -> None:
    assert proof(complete=False) is None
    assert proof(history=HISTORY[:2]) is None
    assert proof([(0, 0, 0, 0, 1)], gated=1, executed=0) is None


@pytest.mark.parametrize(("executed", "gated"), [(21, 15), (19, 15), (20, 14), (20, 16)])
def test_a_table_that_does_not_add_up_to_the_ledger_proves_nothing(executed: int, gated: int) -> None:
    assert proof(executed=executed, gated=gated) is None


def test_the_verdict_and_its_reasons() -> None:
    assert judge(balanced=True, outside_ready=0, interrupted=False) == ("pass", ())
    assert judge(balanced=True, outside_ready=0, interrupted=True) == ("interrupted", ())


def test_who_was_to_lose_nothing_and_did_is_named() -> None:
    overruns = {"risk": 7, "log": 1}
    verdict, reasons = judge(balanced=True, outside_ready=0, interrupted=False, overruns=overruns)
    assert verdict == "fail"
    assert reasons == (
        "risk was overrun by 7 events, and its policy is to raise",
        "log was overrun by 1 events, and its policy is to raise",
    )


@pytest.mark.parametrize(
    ("balanced", "outside_ready", "reason"),
    [
        (False, 0, "the ledger does not balance"),
        (True, None, "there is no proof that nothing was executed outside READY"),
        (True, 7, "7 events were executed outside READY"),
    ],
)
@pytest.mark.parametrize("interrupted", [False, True])
def test_a_failure_is_one_whether_or_not_it_was_interrupted(
    balanced: bool, outside_ready: int | None, reason: str, interrupted: bool
) -> None:
    verdict, reasons = judge(balanced=balanced, outside_ready=outside_ready, interrupted=interrupted)
    assert (verdict, reasons) == ("fail", (reason,))


def test_a_sink_that_did_not_see_the_end_fails_the_run_in_its_own_words() -> None:
    verdict = judge(balanced=True, outside_ready=0, interrupted=True, sink_failure="the sink was left behind")
    assert verdict == ("fail", ("the sink was left behind",))


def test_every_reason_is_given() -> None:
    _, reasons = judge(
        balanced=False, outside_ready=2, interrupted=False, overruns={"risk": 7}, sink_failure="the sink"
    )
    assert [reason.split(" ")[0] for reason in reasons] == ["the", "2", "risk", "the"]
