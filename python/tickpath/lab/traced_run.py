"""``python -m tickpath.lab.traced_run SCENARIO --trace FILE``: one run in virtual time that writes its trace.

The process that :mod:`tickpath.lab.determinism` starts, twice. It prints nothing; exit code 0 says that the
trace is whole, whatever the run's verdict.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import TYPE_CHECKING, Any

from tickpath.errors import TickpathError
from tickpath.lab.drill import load_drill
from tickpath.lab.recording import Recording
from tickpath.lab.scenario_run import run_scenario
from tickpath.lab.step_trace import StepTrace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickpath.control.failure.causes import Cause
    from tickpath.control.health.look import Look
    from tickpath.runtime.control_plane import ControlPlane

__all__ = ["main", "step_values"]

_FEED = ("published", "newest_ns", "gaps", "repeats", "reordered", "withheld", "held", "done")
_STAGE = ("processed", "executed", "lost", "shed", "cursor", "backlog", "over_limit", "epoch_seen")
_SINK = ("shown", "dropped")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs, and writes the trace."""
    parser = argparse.ArgumentParser(prog="python -m tickpath.lab.traced_run")
    parser.add_argument("scenario")
    parser.add_argument("--trace", required=True)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--feed", action="append", default=[], metavar="KIND:PATH")
    parser.add_argument("--symbol")
    given = parser.parse_args(arguments)
    try:
        _run(given)
    except TickpathError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _run(given: argparse.Namespace) -> None:
    recording = None
    if given.feed:
        files = [(kind, path) for kind, _, path in (feed.partition(":") for feed in given.feed)]
        recording = Recording.load(files, symbol=given.symbol)
    with open(given.trace, "w", encoding="ascii") as out:
        trace = StepTrace(out)
        facts = run_scenario(
            load_drill(given.scenario),
            "virtual",
            seed=given.seed,
            recording=recording,
            observe=lambda look, *seen: trace.write(look.at_ns, step_values(look, *seen)),
        )
        trace.write(
            facts.ended_ns or 0,
            {
                "verdict": facts.verdict,
                "reasons": list(facts.reasons),
                "books": {name: dataclasses.asdict(books) for name, books in facts.books.items()},
                "lifecycle": [
                    [move.at_ns, move.source.name, move.target.name, move.cause] for move in facts.moves
                ],
                "p99_ns": facts.p99_ns,
                "digest": facts.digest,
            },
        )


def step_values(look: Look, plane: ControlPlane, causes: tuple[Cause, ...], digest: str) -> dict[str, Any]:
    """What the control side saw at ``look``, and what stood after its turn."""
    return {
        "state": look.state.name,
        "epoch": look.epoch,
        "feed": {name: getattr(look.feed, name) for name in _FEED},
        "stages": {
            stage: {name: getattr(counters, name) for name in _STAGE}
            for stage, counters in look.stages.items()
        },
        "sink": None if look.sink is None else {name: getattr(look.sink, name) for name in _SINK},
        "clock_skew_ns": look.clock_skew_ns,
        "refused_moves": look.refused_moves,
        "injected": list(plane.injector.active),
        "causes": [[cause.words, cause.owner] for cause in causes],
        "audited": len(plane.automation.audit),
        "acks": digest,
    }


if __name__ == "__main__":
    sys.exit(main())
