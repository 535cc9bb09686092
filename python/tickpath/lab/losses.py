"""Whose a loss was: ours, or that of a machine that stood still for longer than the ring holds.

A ring is full after ``capacity / rate``. A loss is the machine's if each overrun was found between the start
of a recorded pause of the machine that was longer than this and as long after its end as it was long: by then
what it held up is published, and read or lost. What is not recorded explains nothing: then it is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickpath.core.engine import EngineRecord, StageRecord
    from tickpath.runtime.session import RunResult

__all__ = ["Pause", "is_machines", "loss_account", "pauses_in_run", "ring_full_after_ns"]

Pause = tuple[int, int]
"""``(start_ns, length_ns)``."""


def loss_account(result: RunResult) -> dict[str, Any]:
    """The part of the ledger about losses; without any, nobody's pauses are of interest."""
    record = result.record
    full_after_ns = ring_full_after_ns(result)
    lossy = [stage for stage in record.stages if _missed(stage)] if record else []
    pauses: list[Pause] = []
    if record is not None and full_after_ns is not None and lossy:
        pauses = [pause for pause in pauses_in_run(record) if pause[1] > full_after_ns]
    return {
        "ring_full_after_ns": full_after_ns,
        "machine_pauses": [{"start_ns": start, "length_ns": length} for start, length in pauses],
        "loss_is_machines": {stage.name: is_machines(stage, pauses) for stage in lossy},
    }


def ring_full_after_ns(result: RunResult) -> int | None:
    """After how long the ring is full at the mean rate: that of the plan, or without one the feed's own."""
    record = result.record
    events, length_ns = result.events_planned, result.plan_length_ns
    if record is not None and length_ns is None:
        events, length_ns = record.stages[0].ledger.published, record.wall_ns
    if not events or not length_ns:
        return None
    return result.settings.capacity * length_ns // events


def pauses_in_run(record: EngineRecord) -> list[Pause]:
    """The recorded pauses that began or lasted while the run was under way, by their start."""
    begin_ns = record.begin_ns
    if begin_ns is None:
        return []
    return [
        (start_ns, length_ns)
        for start_ns, length_ns in record.floor_pauses
        if start_ns + length_ns > begin_ns and start_ns < record.end_ns
    ]


def is_machines(stage: StageRecord, pauses: Sequence[Pause]) -> bool:
    """Whether each overrun of ``stage`` followed one of ``pauses``, and they account for all it missed."""
    if stage.overruns_forgotten or not stage.overruns:
        return False
    accounted = sum(skipped for _, skipped in stage.overruns)
    # One that its policy has ended reads no further: the rest is gone by that.
    if stage.ended_by is None and accounted != _missed(stage):
        return False
    return all(
        any(start_ns <= at_ns <= start_ns + 2 * length_ns for start_ns, length_ns in pauses)
        for at_ns, _ in stage.overruns
    )


def _missed(stage: StageRecord) -> int:
    return stage.ledger.lost + stage.ledger.shed
