"""``tickpath sweep``: a scenario at every point of a grid, in virtual time; one table and one picture."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tickpath.cli.app import CODES, ended_by_a_signal, one_line
from tickpath.cli.numbers import WholeNumber
from tickpath.cli.output import print_result
from tickpath.cli.progress import RunProgress
from tickpath.cli.streams import say
from tickpath.config.scenario.explain import table_of
from tickpath.core.whole_file import write_whole
from tickpath.lab.drill import load_drill
from tickpath.lab.machine import cores
from tickpath.lab.sweep.axes import parse_axes, parse_seeds
from tickpath.lab.sweep.cluster import DaskCluster
from tickpath.lab.sweep.folder import Folder
from tickpath.lab.sweep.grid import Grid, judge, without_effect
from tickpath.lab.sweep.local import InProcess, LocalProcesses
from tickpath.lab.sweep.picture import draw
from tickpath.lab.sweep.report import sweep_report
from tickpath.lab.sweep.sweep import go_through, refuse_too_many
from tickpath.lab.sweep.sweep_text import print_sweep
from tickpath.lab.sweep.table import load_packages, table_bytes
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from tickpath.lab.sweep.local import SweepEngine
    from tickpath.lab.sweep.sweep import Swept
    from tickpath.lab.sweep.table import Format


__all__ = ["command"]

_LOCAL = "local"
_TABLES = {"parquet": "sweep.parquet", "arrow": "sweep.arrow"}
_PICTURE = "sweep.svg"
_EXAMPLES = """\b
Examples:
  tickpath sweep feed.toml --set ring.capacity=256..4096x2 --set executor.service_ns=1000,4000 --seeds 100
  tickpath sweep slow-consumer --set consumers[log].overrun=oldest,head --set ring.capacity_slots=1024,8192
  tickpath sweep feed.toml --set feed.rate_hz=50000..200000+25000 --seeds 5..9 --json
  tickpath sweep feed.toml --set ring.capacity=256..65536x2 --seeds 1000 --engine dask://scheduler:8786

A sweep that was ended, however it was, goes on where it was with the same command. It needs
pip install 'tickpath[sweep]', on a Dask cluster 'tickpath[dask]'.

Exit codes: 0 every run passed; 1 runs failed or ended with an error, or not all could be done (objectives
that are not met are a column, and no failure); 2 bad input or usage; 130 interrupted.
"""


@click.command("sweep", epilog=_EXAMPLES)
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="PATH=VALUES",
    help="What is varied: a key of the scenario file; values between commas or ranges (1..9+2, 256..4096x2). "
    "Repeat for a grid.",
)
@click.option(
    "--seeds",
    metavar="N | FIRST..LAST",
    help="Each point with the seeds 0 to N-1, or FIRST to LAST; without it with the scenario's own.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the sweep is kept: NAME-sweep by default, after the scenario's name.",
)
@click.option(
    "--engine",
    default=_LOCAL,
    show_default=True,
    metavar="local | dask://HOST:PORT",
    help="Processes of this machine, or a Dask cluster that runs already.",
)
@click.option(
    "--processes",
    type=WholeNumber(min=1, max=4096),
    metavar="N",
    help="Local: one for each core that this process may use by default; 1 needs no other process.",
)
@click.option(
    "--format",
    "table",
    type=click.Choice(list(_TABLES)),
    default="parquet",
    show_default=True,
    help="Of the table.",
)
@click.option(
    "--runs-max",
    type=WholeNumber(min=1, max=10_000_000),
    default=100_000,
    show_default=True,
    metavar="N",
    help="A larger grid is refused before anything is run.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Do runs that ended with an error once more: for what was the machine's fault.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/sweep/1) and nothing else."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(**options: Any) -> int:
    """Run SCENARIO, a file or a shipped drill, at every point of a grid of settings, in virtual time.

    Writes a table with a row for each run, and heat maps of p99 and losses.
    """
    # Everything that takes its time, first: an import that a signal ends cannot be made again.
    load_packages()
    engine = _engine(options)
    try:
        with StopSignals() as signals:
            report = _swept(options, engine, signals)
            _print(report, as_json=options["as_json"])
    except KeyboardInterrupt:
        # The second signal means now, and before the first run there is nothing to tell. The rows are kept.
        return ended_by_a_signal("; the same command goes on from here")
    return CODES[report["verdict"]]


def _swept(
    options: Mapping[str, Any], engines: AbstractContextManager[SweepEngine], signals: StopSignals
) -> dict[str, Any]:
    """Judges, runs, writes and reports."""
    with RunProgress(quiet=options["quiet"]) as progress:
        grid, name = _grid(options, progress)
    path = options["output"] or Path(f"{name}-sweep")
    idle = without_effect(grid)
    if idle and not options["quiet"]:
        say(f"tickpath: {', '.join(idle)}: no run in virtual time depends on it, whatever its value")
    with engines as engine, Folder(path, grid, again=options["again"]) as folder:
        with RunProgress(quiet=options["quiet"]) as progress:
            if not options["quiet"]:
                _announce(grid, folder, engine)
            signals.defer()
            swept = go_through(
                grid,
                folder,
                engine,
                should_stop=lambda: signals.requested,
                on_progress=progress.sweeping,
            )
        files = _write(swept, folder, options["table"])
    return sweep_report(swept, engine=engine.name, files=files, known_without_effect=idle)


def _grid(options: Mapping[str, Any], progress: RunProgress) -> tuple[Grid, str]:
    """What is to be run, judged as far as it can be beforehand; and the scenario's name."""
    scenario = load_drill(options["scenario"])
    axes = parse_axes(table_of(scenario), options["assignments"])
    seeds = None if options["seeds"] is None else parse_seeds(options["seeds"])
    grid = Grid.of(scenario, options["scenario"], axes, seeds)
    refuse_too_many(grid, options["runs_max"])
    judge(grid, progress.judging)
    return grid, scenario.name


def _engine(options: Mapping[str, Any]) -> AbstractContextManager[SweepEngine]:

    asked, processes = options["engine"], options["processes"]
    if asked != _LOCAL:
        if processes is not None:
            raise click.UsageError("--processes is of this machine, and --engine names a cluster: give one")
        return DaskCluster(asked)
    processes = processes or cores() or 1
    return contextlib.nullcontext(InProcess() if processes == 1 else LocalProcesses(processes))


def _announce(grid: Grid, folder: Folder, engine: SweepEngine) -> None:
    done = folder.done_before
    points, seeds = (
        f"{grid.points:,} point{_s(grid.points)}",
        f"{len(grid.seeds):,} seed{_s(len(grid.seeds))}",
    )
    before = f", {done:,} of them done before" if done else ""
    say(
        f"tickpath: sweeping {len(grid):,} run{_s(len(grid))} ({points}, {seeds}) into "
        f"{one_line(str(folder.path))}, on {engine.name}{before}"
    )


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _write(swept: Swept, folder: Folder, table: Format) -> dict[str, str]:
    """Table and picture of what there is; nothing of nothing."""
    if not swept.tally.runs:
        return {}
    made: tuple[tuple[str, str, Callable[[], bytes]], ...] = (
        ("table", _TABLES[table], lambda: table_bytes(swept.tally, folder.rows(), table)),
        ("picture", _PICTURE, lambda: draw(swept.tally)),
    )
    files = {}
    for what, name, content in made:
        place = folder.path / name
        write_whole(place, content())
        files[what] = str(place)
    return files


def _print(report: Mapping[str, Any], *, as_json: bool) -> None:

    print_result(report, lambda console: print_sweep(report, console), as_json=as_json)
