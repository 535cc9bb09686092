"""``tickpath run SCENARIO --parity`` and ``--check-determinism``: a scenario run twice, and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.cli.app import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_PASSED
from tickpath.cli.output import print_result
from tickpath.cli.streams import say
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickpath.cli.feeds import Feed
    from tickpath.lab.facts import DrillFacts, Mode

__all__ = ["run_determinism", "run_parity"]


def run_parity(
    name: str, *, feeds: Sequence[Feed], symbol: str | None, seed: int | None, as_json: bool, quiet: bool
) -> int:
    """Runs the scenario ``name`` in virtual time and live, and prints both side by side; the exit code."""
    from tickpath.cli.progress import RunProgress
    from tickpath.lab.drill import load_drill
    from tickpath.lab.drill_text import print_parity
    from tickpath.lab.parity import compare, parity_report
    from tickpath.lab.recording import Recording
    from tickpath.lab.scenario_run import run_scenario

    scenario = load_drill(name)
    told: list[DrillFacts] = []
    try:
        with StopSignals() as signals, RunProgress(quiet=quiet) as progress:
            recording = None
            if feeds:
                files = [(feed.kind, feed.path) for feed in feeds]
                recording = Recording.load(files, symbol=symbol, progress=progress.loading)
            signals.defer()
            modes: tuple[Mode, ...] = ("virtual", "live")

            def should_stop() -> bool:
                # Asked at each control step.
                number = len(told)
                progress.drilling(f"{scenario.name}, {modes[number]}", number, len(modes))
                return signals.requested

            for mode in modes:
                told.append(
                    run_scenario(
                        scenario,
                        mode,
                        seed=seed,
                        recording=recording,
                        should_stop=should_stop,
                    )
                )
                if signals.requested:
                    break
            interrupted = signals.requested
    except KeyboardInterrupt:
        interrupted = True
    if interrupted:
        # Half of a story cannot be compared.
        say("tickpath: interrupted, nothing was compared")
        return EXIT_INTERRUPTED
    virtual, live = told
    report = parity_report(compare(virtual, live), virtual)
    print_result(report, lambda console: print_parity(report, console), as_json=as_json)
    return EXIT_PASSED if report["verdict"] == "pass" else EXIT_FAILED


def run_determinism(
    name: str, *, feeds: Sequence[Feed], symbol: str | None, seed: int | None, as_json: bool, quiet: bool
) -> int:
    """Runs the scenario ``name`` twice in fresh processes, and says where they part; the exit code."""
    from tickpath.cli.progress import RunProgress
    from tickpath.lab.determinism import check_determinism, determinism_report
    from tickpath.lab.drill import load_drill
    from tickpath.lab.drill_text import print_determinism

    # Before two processes find the same mistake in it.
    scenario = load_drill(name)
    arguments = [name]
    arguments += [] if seed is None else ["--seed", str(seed)]
    for feed in feeds:
        arguments += ["--feed", f"{feed.kind}:{feed.path}"]
    arguments += [] if symbol is None else ["--symbol", symbol]
    try:
        with StopSignals() as signals, RunProgress(quiet=quiet) as progress:
            # Raised between two looks, and not in the middle of starting a process.
            signals.defer()

            def meanwhile() -> None:
                signals.insist()
                progress.comparing(scenario.name)

            checked = check_determinism(arguments, meanwhile=meanwhile)
    except KeyboardInterrupt:
        say("tickpath: interrupted, nothing was compared")
        return EXIT_INTERRUPTED
    report = determinism_report(checked, scenario=scenario.name, seed=scenario.seed if seed is None else seed)
    print_result(report, lambda console: print_determinism(report, console), as_json=as_json)
    return EXIT_PASSED if report["verdict"] == "pass" else EXIT_FAILED
