"""Is a run in virtual time the same twice? Found out by two fresh processes with different hash seeds.

Each process runs the scenario and writes its trace (:mod:`tickpath.lab.step_trace`); then the traces are
compared line by line and the digests with them. Whatever depends on the order of a hash, on an address or
on a clock shows here as the first step at which the two runs part.

Blocks until both processes have ended; they are ended with it if it is interrupted. The traces
lie in a temporary folder that goes with them.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickpath.errors import EngineFailed
from tickpath.lab.step_trace import Difference, first_difference

__all__ = ["DETERMINISM_SCHEMA", "Determinism", "check_determinism", "determinism_report"]

DETERMINISM_SCHEMA = "tickpath/determinism/1"

#: Any two that differ: with 0 the hashes of strings are not randomised at all.
_HASH_SEEDS = ("0", "4242")
_MODULE = "tickpath.lab.traced_run"
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Determinism:
    """What two runs of the same had to say."""

    steps: int
    """Lines of the first trace: control steps, and the end."""
    digests: tuple[str | None, str | None]
    """Of the two runs."""
    difference: Difference | None
    """The first one; ``None`` if the traces are the same."""

    @property
    def same(self) -> bool:
        """Whether traces and digests agree."""
        return self.difference is None and self.digests[0] is not None and self.digests[0] == self.digests[1]


def check_determinism(
    arguments: Sequence[str], *, meanwhile: Callable[[], object] = lambda: None
) -> Determinism:
    """Runs ``python -m tickpath.lab.traced_run ARGUMENTS --trace FILE`` twice and compares.

    ``meanwhile`` is called every twentieth of a second; what it raises ends both, and comes through. Raises
    ``EngineFailed`` with the words of a process that did not come to its end.
    """
    with tempfile.TemporaryDirectory(prefix="tickpath-") as folder:
        traces = [Path(folder) / f"run-{number}.jsonl" for number in range(len(_HASH_SEEDS))]
        _run_all(arguments, traces, meanwhile)
        with open(traces[0], encoding="utf-8") as first, open(traces[1], encoding="utf-8") as second:
            difference = first_difference(first, second)
        ends = [_end(trace) for trace in traces]
    steps, digests = ends[0][0], (ends[0][1], ends[1][1])
    return Determinism(steps, digests, difference)


def determinism_report(checked: Determinism, *, scenario: str, seed: int) -> dict[str, Any]:
    """The object ``tickpath/determinism/1``; its fields stand in ``docs/reference/drill-json.md``."""
    found = checked.difference
    return {
        "schema": DETERMINISM_SCHEMA,
        "scenario": scenario,
        "seed": seed,
        "verdict": "pass" if checked.same else "fail",
        "steps": checked.steps,
        "digests": list(checked.digests),
        "difference": None
        if found is None
        else {
            "step": found.step,
            "at_ns": found.at_ns,
            "field": found.field,
            "first": found.first,
            "second": found.second,
        },
    }


def _run_all(arguments: Sequence[str], traces: Sequence[Path], meanwhile: Callable[[], object]) -> None:
    """Side by side: they share nothing."""
    with contextlib.ExitStack() as around:
        processes = [
            around.enter_context(_running([*arguments, "--trace", str(trace)], hash_seed))
            for trace, hash_seed in zip(traces, _HASH_SEEDS, strict=True)
        ]
        said = [_words_of(process, meanwhile) for process in processes]
    for process, words in zip(processes, said, strict=True):
        if process.returncode:
            last = words.strip().splitlines()[-1:] or ["it said nothing"]
            raise EngineFailed(f"a run of the check ended with exit code {process.returncode}: {last[0]}")


def _words_of(process: subprocess.Popen[str], meanwhile: Callable[[], object]) -> str:
    """What it said until its end."""
    while True:
        meanwhile()
        try:
            return process.communicate(timeout=_LOOK_S)[1]
        except subprocess.TimeoutExpired:
            continue


@contextlib.contextmanager
def _running(arguments: Sequence[str], hash_seed: str) -> Iterator[subprocess.Popen[str]]:
    """A run of the check, which does not outlive this."""
    with _begin(arguments, hash_seed) as process:
        try:
            yield process
        finally:
            process.kill()


def _begin(arguments: Sequence[str], hash_seed: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
        [sys.executable, "-m", _MODULE, *arguments],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A Ctrl-C at the terminal is ours to answer.
        start_new_session=True,
    )


def _end(trace: Path) -> tuple[int, str | None]:
    """Number of lines, and the digest in the last."""
    last, lines = "", 0
    with open(trace, encoding="utf-8") as text:
        for line in text:
            last, lines = line, lines + 1
    values = json.loads(last) if last else {}
    digest = values.get("digest")
    return lines, digest if isinstance(digest, str) else None
