"""Whether a run passed: its ledger, and the proof that nothing was executed outside READY."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tickpath.core.state import State, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["EpochRow", "Verdict", "executed_outside_ready", "judge"]

Verdict = Literal["pass", "fail", "interrupted"]

EpochRow = tuple[int, int, int, int, int]
"""``(epoch, first_seq, last_seq, executed, gated)``, as the executor saw it."""


def executed_outside_ready(
    epochs: Iterable[EpochRow],
    history: Sequence[Transition],
    *,
    complete: bool,
    executed: int,
    gated: int,
) -> int | None:
    """How many events were executed under an epoch whose state was not READY.

    ``epochs`` is the executor's table, ``history`` the lifecycle's; ``executed`` and ``gated`` are the
    ledger's totals, which the table has to add up to. ``None``, unknown, where there is no proof: if
    table or history are not ``complete``, if an epoch is not in the history, or if the sums differ.
    """
    states = {transition.epoch: transition.target for transition in history}
    outside = executed_in_table = gated_in_table = 0
    for epoch, _first_seq, _last_seq, executed_here, gated_here in epochs:
        if epoch not in states:
            return None
        executed_in_table += executed_here
        gated_in_table += gated_here
        if states[epoch] is not State.READY:
            outside += executed_here
    if not complete or (executed_in_table, gated_in_table) != (executed, gated):
        return None
    return outside


def judge(
    *,
    balanced: bool,
    outside_ready: int | None,
    interrupted: bool,
    overruns: Mapping[str, int] | None = None,
    sink_failure: str | None = None,
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, and the reasons for it if it is ``fail``.

    ``overruns`` names the consumers that were to lose nothing and did, with how many events were gone.
    ``sink_failure`` says what became of a sink that did not see the run to its end. A failure stays one if
    the run was interrupted as well: the books must balance at any moment.
    """
    reasons = []
    if not balanced:
        reasons.append("the ledger does not balance")
    if outside_ready is None:
        reasons.append("there is no proof that nothing was executed outside READY")
    elif outside_ready:
        reasons.append(f"{outside_ready} events were executed outside READY")
    reasons += [
        f"{name} was overrun by {lost} events, and its policy is to raise"
        for name, lost in (overruns or {}).items()
    ]
    if sink_failure is not None:
        reasons.append(sink_failure)
    if reasons:
        return "fail", tuple(reasons)
    return ("interrupted" if interrupted else "pass"), ()
