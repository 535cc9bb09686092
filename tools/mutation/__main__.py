"""The command: ``make mutants-python ARGS="core/state"``; see tests/MUTATION.md."""

from __future__ import annotations

import argparse
import os
import select
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.mutation.basis import basis_of
from tools.mutation.judge import Child, Court
from tools.mutation.mutants import Mutant, mutants_of
from tools.mutation.record import RESULTS, Record, Result, known_survivors, report, source_of
from tools.mutation.rooms import Judges, judges_of, modules_of, room_of


@dataclass
class Case:
    """A mutant to be judged: first by the quick tests, and if they pass by all."""

    mutant: Mutant
    judges: Judges
    basis: str
    cpu_s: dict[str, float]
    stage: str = "quick"
    seconds: float = 0.0
    was_late: bool = False


def tests_of(judges: Judges, stage: str) -> list[str]:
    """Pytest's arguments for a stage."""
    if stage == "quick":
        return ["-m", "not slow", *judges.quick]
    if not judges.has_slow:
        return list(judges.deep)
    return [*judges.quick, *judges.deep] if judges.deep else ["-m", "slow", *judges.quick]


def stages_of(judges: Judges) -> tuple[str, ...]:
    """The stages that have tests: without deep ones the second is for slow tests, if there are any."""
    return ("quick", "all") if judges.deep or judges.has_slow else ("quick",)


def baseline(court: Court, module: str, source: str, judges: Judges) -> dict[str, float]:
    """How long each stage takes without a mutation; it must pass."""
    times: dict[str, float] = {}
    for stage in stages_of(judges):
        output = RESULTS / "baseline.txt"
        child = Child(court.start(module, source, tests_of(judges, stage), 60, output), 60)
        while (result := child.result()) is None:
            select.select([child], [], [], 1)
        if result[0] != "survived":
            print(output.read_text(encoding="utf-8", errors="replace")[-3000:])
            raise SystemExit(
                f"{module}: without a mutation its tests end with {result[0]!r}: mend that first"
            )
        times[stage] = result[1]
    return times


def judge(court: Court, cases: Iterator[Case], jobs: int) -> Iterator[tuple[Case, str]]:
    """Judges ``jobs`` at a time; each case with its outcome, as they end."""
    running: list[tuple[Case, Child]] = []
    waiting: list[Case] = []
    try:
        while True:
            while len(running) < jobs and (case := waiting.pop() if waiting else next(cases, None)):
                cpu_s, tests = case.cpu_s[case.stage], tests_of(case.judges, case.stage)
                pid = court.start(case.mutant.module, case.mutant.source, tests, cpu_s)
                running.append((case, Child(pid, cpu_s)))
            if not running:
                return
            select.select([child for _, child in running], [], [], 1)
            for case, child in tuple(running):
                result = child.result()
                if result is None:
                    continue
                running.remove((case, child))
                case.seconds += result[1]
                outcome = result[0]
                if outcome == "survived" and case.stage == "quick" and "all" in case.cpu_s:
                    case.stage = "all"
                    waiting.append(case)
                elif outcome == "late" and not case.was_late:
                    case.was_late = True
                    waiting.append(case)
                else:
                    yield case, "timeout" if outcome == "late" else outcome
    finally:
        for _, child in running:
            child.kill()


class Campaign:
    """The rooms that were asked for, mutant by mutant."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._records: dict[str, Record] = {}
        self._results: dict[str, list[Result]] = {}
        self._left_out: dict[str, int] = {}
        self._court = Court()

    def run(self) -> bool:
        """Judges what is to be judged; whether every room passes."""
        modules = modules_of(self._options.modules)
        if not modules:
            raise SystemExit(
                f"no module is named by {self._options.modules}: give a room, a folder or a file"
            )
        for case, outcome in judge(self._court, self._cases(modules), self._options.jobs):
            mutant = case.mutant
            if outcome == "no tests":
                raise SystemExit(f"pytest found no tests for {mutant.module}: see tools/mutation/rooms.py")
            room = room_of(mutant.module)
            result = self._records[room].put(mutant, outcome, case.seconds, case.basis)
            self._results[room].append(result)
            if outcome in {"survived", "timeout"}:
                where = f"{mutant.module}:{mutant.line}"
                print(f"{outcome}: {mutant.id} {where} {mutant.before}  →  {mutant.after}", flush=True)
        known = known_survivors()
        verdicts = [
            report(
                room, sorted(results, key=lambda each: (each.module, each.line)), self._left_out[room], known
            )
            for room, results in self._results.items()
        ]
        return all(verdicts)

    def _cases(self, modules: list[str]) -> Iterator[Case]:
        for module in modules:
            source, judges, room = source_of(module), judges_of(module), room_of(module)
            mutants, prose = mutants_of(module, source)
            record = self._records.setdefault(room, Record(room))
            results = self._results.setdefault(room, [])
            self._left_out[room] = self._left_out.get(room, 0) + prose
            basis = basis_of(source, judges)
            todo: list[Mutant] = []
            for mutant in mutants:
                kept = record.get(mutant)
                if kept is not None and self._holds(kept, basis):
                    results.append(kept)
                else:
                    todo.append(mutant)
            if todo:
                cpu_s = baseline(self._court, module, source, judges)
                print(f"{module}: {len(todo)} of {len(mutants)} mutants, {cpu_s}", flush=True)
                yield from (Case(mutant, judges, basis, cpu_s) for mutant in todo)

    def _holds(self, kept: Result, basis: str) -> bool:
        return kept.basis == basis or (self._options.survivors and kept.outcome != "survived")


def show(court: Court, name: str, modules: list[str]) -> None:
    """Prints one mutant and what its tests say."""
    for module in modules:
        source = source_of(module)
        for mutant in mutants_of(module, source)[0]:
            if mutant.id == name:
                print(
                    f"{module}:{mutant.line} {mutant.scope}\n- {mutant.before}\n+ {mutant.after}", flush=True
                )
                for stage in stages_of(judges_of(module)):
                    tests = tests_of(judges_of(module), stage)
                    child = Child(court.start(module, mutant.source, tests, 60, Path("/dev/stdout")), 60)
                    while (result := child.result()) is None:
                        select.select([child], [], [], 1)
                    print(stage, *result)
                return
    raise SystemExit(f"no mutant is called {name}")


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make mutants-python ARGS=…")
    parser.add_argument(
        "modules", nargs="*", help="rooms, folders or files below python/tickpath; all four rooms without"
    )
    parser.add_argument(
        "--survivors", action="store_true", help="judge again what survived, keep what was caught"
    )
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--show", metavar="ID", help="print one mutant and what its tests say")
    options = parser.parse_args()
    if options.show:
        show(Court(), options.show, modules_of(options.modules))
        return 0
    return 0 if Campaign(options).run() else 1


if __name__ == "__main__":
    sys.exit(main())
