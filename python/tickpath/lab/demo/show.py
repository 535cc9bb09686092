"""The whole of ``tickpath demo``, as ``tickpath/demo/1``: every field in ``docs/reference/demo-json.md``.

Live it takes some eight seconds, most of which is the length of its feeds; in virtual time what the
simulation takes. Who asks for the end gets it at the next control step, and an account of what was played.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tickpath.core.time import now
from tickpath.errors import EngineFailed
from tickpath.lab.demo.acts import ACTS, Act, play
from tickpath.lab.demo.steady import observer_cost, steady_state
from tickpath.lab.drill_report import drill_object
from tickpath.lab.machine import machine_facts
from tickpath.lab.report_text import duration

if TYPE_CHECKING:
    from tickpath.lab.demo.acts import Stage

__all__ = ["SCHEMA", "Size", "perform"]

SCHEMA = "tickpath/demo/1"
_TERMS = ("published", "executed", "gated", "lost", "shed", "unread")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is played."""

    steady_events: int = 100_000
    """Of the steady state, at 100,000 a second."""
    pairs: int = 3
    """Of runs with and without a sink."""
    pair_events: int = 10_000
    """Of each of these."""
    acts: tuple[Act, ...] = ACTS
    """Which acts."""

    @classmethod
    def quick(cls) -> Size:
        """A look at each kind of thing, in some two seconds."""
        return cls(steady_events=40_000, pairs=1, pair_events=2_000, acts=(ACTS[1], ACTS[3]))


@dataclass(slots=True)
class _Show:
    """What was played so far."""

    steady: dict[str, Any] | None = None
    observer: dict[str, Any] | None = None
    acts: list[dict[str, Any]] = field(default_factory=list)
    digests: list[str | None] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What a bug ended."""
    interrupted: bool = False


def perform(stage: Stage, size: Size) -> dict[str, Any]:
    """Plays all of it; the report. What was live is played in virtual time as well, for its digest."""
    show, virtual, begin_ns = _Show(), None, now()
    try:
        _play(show, stage, size)
        if stage.mode == "live" and not show.interrupted and not stage.should_stop():
            virtual = perform(replace(stage, mode="virtual", progress=lambda *_: None), size)
    except KeyboardInterrupt:
        # The second signal means now: what was under way has no account, what was over has one.
        show.interrupted = True
    except EngineFailed as error:
        show.broken.append(str(error))
    show.interrupted = show.interrupted or stage.should_stop()
    return _report(show, stage, size, virtual, now() - begin_ns)


def _play(show: _Show, stage: Stage, size: Size) -> None:
    show.steady = steady_state(stage, size.steady_events)
    if show.steady["verdict"] == "interrupted" or stage.should_stop():
        return
    show.observer = observer_cost(stage, size.pairs, size.pair_events)
    for act in size.acts:
        if stage.should_stop():
            return
        result, waiting = play(act, stage)
        show.acts.append({**drill_object(result), "title": act.title, "waiting": waiting})
        show.digests.append(result.facts.digest)
        if result.verdict == "interrupted":
            show.interrupted = True
            return


def _report(
    show: _Show, stage: Stage, size: Size, virtual: dict[str, Any] | None, wall_ns: int
) -> dict[str, Any]:
    reasons = _reasons(show, stage)
    verdict = "fail" if reasons else "interrupted" if show.interrupted else "pass"
    command = f"tickpath demo --seed {stage.seed}" + ("" if size == Size() else " --quick")
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "reasons": reasons,
        "notes": [] if stage.mode == "virtual" else _notes(show),
        "mode": stage.mode,
        "seed": stage.seed,
        "digest": _digest(show, size),
        "virtual": None if virtual is None else {"digest": virtual["digest"], "same": _same(show, virtual)},
        "wall_ns": wall_ns,
        "replay": command + (" --mode virtual" if stage.mode == "virtual" else ""),
        "machine": machine_facts(),
        "steady": show.steady,
        "observer": show.observer,
        "acts": show.acts,
        "acts_planned": len(size.acts),
        "ledger": _ledger(show),
        "executed_outside_ready": _outside_ready(show),
    }


def _digest(show: _Show, size: Size) -> str | None:
    """Over the digests of all the runs; ``None`` live, and of a show that was not played to its end."""
    digests = [show.steady["digest"] if show.steady else None, *show.digests]
    if len(digests) != len(size.acts) + 1 or None in digests:
        return None
    return hashlib.sha256("\n".join(map(str, digests)).encode()).hexdigest()


def _same(show: _Show, virtual: dict[str, Any]) -> bool:
    """Whether the acts have the same causes in the same order, and end in the same state."""
    return [_story(act) for act in show.acts] == [_story(act) for act in virtual["acts"]]


def _story(act: dict[str, Any]) -> tuple[list[str], str | None]:
    raised = [event["cause"] for event in act["health"] if event["raised"]]
    return raised, act["lifecycle"][-1]["target"] if act["lifecycle"] else None


def _notes(show: _Show) -> list[str]:
    """What a busy machine does to a run whose promises are kept: READY is refused, and rightly."""
    steady = show.steady
    if steady is None or steady["verdict"] != "pass" or _warm(steady):
        return []
    return ["no steady state: latencies never became flat, so READY was refused and nothing executed"]


def _reasons(show: _Show, stage: Stage) -> list[str]:
    reasons = list(show.broken)
    steady = show.steady
    if steady is not None and steady["verdict"] == "fail":
        reasons += [f"the steady state: {reason}" for reason in steady["reasons"]]
    if stage.mode == "virtual":
        reasons += _notes(show)
    if show.observer is not None and show.observer["unaccounted"]:
        reasons.append(f"{show.observer['unaccounted']:,} events of the observer's runs are unaccounted for")
    for act in show.acts:
        if act["verdict"] == "fail":
            rows = [row for row in act["grade"] if row["verdict"] in ("fail", "unknown")]
            paused = [
                row["measured"] for row in act["grade"] if row["name"] == "longest pause of the machine"
            ]
            machine = f" (the machine stood still for {duration(paused[0])} meanwhile)" if paused else ""
            reasons.append(f"{act['name']}: " + ", ".join(row["name"] for row in rows) + machine)
    return reasons


def _warm(steady: dict[str, Any]) -> bool:
    return any(warmup["verdict"] == "passed" for warmup in steady["warmups"])


def _books(show: _Show) -> list[dict[str, Any]]:
    """The ledgers of the runs, the steady state's first."""
    return [*([show.steady["ledger"]] if show.steady else []), *(act["ledger"] for act in show.acts)]


def _ledger(show: _Show) -> dict[str, Any]:
    """The executor's books over all runs, and whether every ledger balances."""
    books = _books(show)
    terms = {name: sum(each["consumers"]["executor"][name] for each in books) for name in _TERMS}
    return {"balanced": all(each["balanced"] for each in books), "runs": len(books), "executor": terms}


def _outside_ready(show: _Show) -> int | None:
    """Over all runs; ``None`` if one of them has no proof."""
    steady = [show.steady["executed_outside_ready"]] if show.steady else []
    outside = [*steady, *(act["executed_outside_ready"] for act in show.acts)]
    return None if None in outside else sum(outside)
