"""``tickpath drill``: scenarios that inject a fault, run, and are graded by what came of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from tickpath.cli.app import CODES, EXIT_PASSED, ended_by_a_signal
from tickpath.cli.feeds import parse_feed
from tickpath.cli.output import print_result
from tickpath.cli.output_files import refuse_overwriting, refuse_unwritable, report_option
from tickpath.cli.progress import RunProgress
from tickpath.core.time import now
from tickpath.lab.drill import drill_names, load_drill, run_drill
from tickpath.lab.drill_report import drill_list, drill_report
from tickpath.lab.recording import Recording
from tickpath.lab.scenario_run import run_scenario
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tickpath.config.scenario import Scenario
    from tickpath.lab.drill import DrillResult
    from tickpath.lab.facts import DrillFacts, Mode
    from tickpath.lab.report import Report

__all__ = ["command"]

_EXAMPLES = """\b
Examples:
  tickpath drill list
  tickpath drill run feed-freeze
  tickpath drill run feed-freeze --break
  tickpath drill run --all --json
  tickpath drill run feed-freeze --report out.html
  tickpath drill run market-data-outage --mode live
  tickpath drill run my-incident.toml --feed collector:btcusdt.gz --symbol BTCUSDT

Exit codes: 0 passed; 1 a drill failed its objectives, or books, or executed outside READY; 2 bad input
or usage; 130 interrupted.
"""


@click.group("drill", epilog=_EXAMPLES, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """Inject a fault, see it detected and answered, and grade what came of it."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return EXIT_PASSED


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/drill-list/1).")
def list_command(*, as_json: bool) -> int:
    """Name the shipped drills."""
    from tickpath.lab.drill_text import print_drill_list

    report = drill_list([load_drill(name) for name in drill_names()])
    print_result(report, lambda console: print_drill_list(report, console), as_json=as_json)
    return EXIT_PASSED


@command.command("run", epilog=_EXAMPLES)
@click.argument("names", nargs=-1, metavar="[NAME | SCENARIO.toml]...")
@click.option("--all", "run_all", is_flag=True, help="Every shipped drill.")
@click.option(
    "--mode",
    type=click.Choice(["virtual", "live"]),
    default="virtual",
    show_default=True,
    help="By an exact model of time, or on threads of this machine.",
)
@click.option(
    "--break",
    "broken",
    is_flag=True,
    help="Switch off what the scenario names under [break]: the drill has to fail then.",
)
@click.option(
    "--feed",
    "feeds",
    type=parse_feed,
    multiple=True,
    metavar="KIND:PATH",
    help="A recording in place of the scenario's feed, as fast as makes it last as long.",
)
@click.option("--symbol", metavar="NAME", help="Name of the instrument, where the file does not say.")
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**64 - 1),
    metavar="N",
    help="In place of the scenario's own.",
)
@report_option("Write the drills as one HTML page that needs no network: pictures, tables, grades.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/drill/1) and nothing else."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def run_command(**options: Any) -> int:
    """Run drills and grade them."""
    scenarios = _scenarios(options)
    refuse_unwritable("report", options["report"])
    read = [*options["names"], *(feed.path for feed in options["feeds"])]
    refuse_overwriting("report", options["report"], dict(zip(read, read, strict=True)))
    begin_ns = now()
    told: list[tuple[Mapping[str, Any], str]] = []
    try:
        with StopSignals() as signals:
            results = _run_all(scenarios, options, signals, told)
            report = drill_report(
                results,
                mode=options["mode"],
                wall_ns=now() - begin_ns,
                left_out=len(scenarios) - len(results),
            )
            # First: a page that cannot be written takes no grade with it.
            _print(report, options)
            if options["report"] is not None:
                from tickpath.core.whole_file import write_whole
                from tickpath.lab.page import drills_page

                write_whole(options["report"], drills_page(report, told))
    except KeyboardInterrupt:
        # The second signal means now, and before the first drill there is nothing to tell.
        return ended_by_a_signal()
    return CODES[report["verdict"]]


def _scenarios(options: Mapping[str, Any]) -> list[Scenario]:
    """What is to be run; every file is read and checked before the first one runs."""
    names: Sequence[str] = options["names"]
    if options["run_all"] == bool(names):
        raise click.UsageError(
            "name the drills to run, or give --all: tickpath drill list names them"
            if not names
            else f"--all runs every drill: leave it out, or {', '.join(names)}"
        )
    if options["symbol"] is not None and not options["feeds"]:
        raise click.UsageError("--symbol is of a recorded feed: name one with --feed")
    return [load_drill(name) for name in (names or drill_names())]


def _run_all(
    scenarios: Sequence[Scenario],
    options: Mapping[str, Any],
    signals: StopSignals,
    told: list[tuple[Mapping[str, Any], str]],
) -> list[DrillResult]:
    """Every scenario in turn, up to the one that a signal ends; ``told`` gets what a page shows of each."""
    results: list[DrillResult] = []
    names = options["names"] or drill_names()
    report_to: Callable[[Report], object] | None = None
    with RunProgress(quiet=options["quiet"]) as progress:
        recording = None
        if options["feeds"]:
            recording = Recording.load(
                [(feed.kind, feed.path) for feed in options["feeds"]],
                symbol=options["symbol"],
                progress=progress.loading,
            )
        signals.defer()

        def run(scenario: Scenario, mode: Mode) -> DrillFacts:
            return run_scenario(
                scenario,
                mode,
                seed=options["seed"],
                recording=recording,
                should_stop=lambda: signals.requested,
                report_to=report_to,
            )

        for number, scenario in enumerate(scenarios):
            if signals.requested:
                break
            progress.drilling(scenario.name, number, len(scenarios))
            replay = _replay(names[number], scenario, options)
            report_to = None if options["report"] is None else _teller(told, replay)
            results.append(run_drill(scenario, options["mode"], run, broken=options["broken"]))
    return results


def _teller(told: list[tuple[Mapping[str, Any], str]], replay: str) -> Callable[[Report], object]:
    return lambda run: told.append((run, replay))


def _replay(name: str, scenario: Scenario, options: Mapping[str, Any]) -> str:
    """The command that runs one of the drills again."""
    seed = scenario.seed if options["seed"] is None else options["seed"]
    words = ["tickpath", "drill", "run", name, "--mode", options["mode"], "--seed", str(seed)]
    words += ["--break"] if options["broken"] else []
    for feed in options["feeds"]:
        words += ["--feed", f"{feed.kind}:{feed.path}"]
    words += [] if options["symbol"] is None else ["--symbol", options["symbol"]]
    return shlex.join(words)


def _print(report: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    from tickpath.lab.drill_text import print_drills

    summary = len(report["drills"]) + report["left_out"] > 1
    print_result(
        report,
        lambda console: print_drills(report, console, summary=summary),
        as_json=options["as_json"],
    )
