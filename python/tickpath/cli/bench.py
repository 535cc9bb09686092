"""``tickpath bench``: tickpath and its peers in the same run, taking turns, and one table of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tickpath.cli.app import CODES, ended_by_a_signal
from tickpath.cli.numbers import WholeNumber
from tickpath.cli.output import print_result
from tickpath.cli.streams import say
from tickpath.core.time import now
from tickpath.lab.bench.bench import BenchSettings
from tickpath.lab.bench.parts import PARTS
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["command"]

_OBJECT_TIER = "object-tier"
_EXAMPLES = """\b
Examples:
  tickpath bench
  tickpath bench --quick --only threads --only processes
  tickpath bench --picture latency.svg --json > bench.json

Peers that are not installed are named: pip install 'tickpath[peers]'.
"""


@click.command("bench", epilog=_EXAMPLES)
@click.option(
    "--only",
    "parts",
    type=click.Choice(list(PARTS)),
    multiple=True,
    help="Measure this part; repeat for several. All without it.",
)
@click.option(
    "--rounds",
    type=WholeNumber(min=1, max=10_000),
    metavar="N",
    help="Rounds of each part, however long they take; 9 by default (3 with --quick), or fewer in time.",
)
@click.option(
    "--quick", is_flag=True, help="Smaller and fewer rounds: some 20 seconds instead of two minutes."
)
@click.option(
    "--also",
    metavar="INTERPRETER",
    help="Repeat the object tier under this Python, with the packages of this one.",
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw the latency distributions, as .svg or .png; needs tickpath[picture].",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/bench/1) and nothing else."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(**options: Any) -> int:
    """Measure tickpath, plain Python and other queues side by side: every peer in turn, ratios of one round.

    Without arguments: every part, at most two minutes. Exit code 1 if a promise of the project is not kept.
    """
    settings = BenchSettings(
        parts=tuple(name for name in PARTS if name in options["parts"]) or tuple(PARTS),
        rounds=options["rounds"],
        quick=options["quick"],
    )
    try:
        with StopSignals() as signals:
            _refuse_what_cannot_be_done(settings, options)
            report = _measured(settings, options, signals)
            # First: a picture that cannot be written takes no figure with it.
            _print(report, as_json=options["as_json"])
            if options["picture"] is not None:
                _draw(report, options["picture"])
    except KeyboardInterrupt:
        # The second signal means now, and before the first round there is nothing to tell.
        return ended_by_a_signal()
    return CODES[report["verdict"]]


def _refuse_what_cannot_be_done(settings: BenchSettings, options: Mapping[str, Any]) -> None:
    """Before anything is measured, and not after two minutes."""
    also = options["also"]
    if also is not None and _OBJECT_TIER not in settings.parts:
        raise click.UsageError(
            f"--also repeats the object tier, and --only leaves it out: add --only {_OBJECT_TIER}"
        )
    if also is not None:
        from tickpath.lab.bench.other_python import why_it_cannot

        reason = why_it_cannot(also)
        if reason is not None:
            raise click.UsageError(f"--also {reason}")
    if options["picture"] is None:
        return
    from tickpath.lab.bench.picture import why_not_drawn

    reason = why_not_drawn(options["picture"])
    if reason is not None:
        raise click.UsageError(f"--picture {reason}")
    if not any(PARTS[name].has_latency for name in settings.parts):
        drawn = ", ".join(name for name, entry in PARTS.items() if entry.has_latency)
        raise click.UsageError(
            f"--picture draws latencies, and none are measured: add --only with one of {drawn}"
        )


def _measured(settings: BenchSettings, options: Mapping[str, Any], signals: StopSignals) -> dict[str, Any]:
    """Measures everything, and makes the report of what there is when a signal comes."""
    from tickpath.cli.progress import RunProgress
    from tickpath.lab.bench.bench import measure_parts
    from tickpath.lab.bench.report import bench_report

    begin_ns = now()
    signals.defer()

    def interrupted() -> bool:
        return signals.requested

    also = None
    with RunProgress(quiet=options["quiet"]) as progress:
        parts = measure_parts(settings, should_stop=interrupted, on_round=progress.measuring)
        if options["also"] is not None and not interrupted():
            from tickpath.lab.bench.other_python import under

            if not options["quiet"]:
                say(f"tickpath: measuring {_OBJECT_TIER} under {options['also']}")
            also = under(options["also"], settings, interrupted)
    return bench_report(settings, parts, interrupted=interrupted(), wall_ns=now() - begin_ns, also=also)


def _draw(report: Mapping[str, Any], path: Path) -> None:
    from tickpath.lab.bench.picture import draw

    if not draw(report, path):
        say(f"tickpath: no latencies were measured: {path} was not drawn")


def _print(report: Mapping[str, Any], *, as_json: bool) -> None:
    from tickpath.lab.bench.table import print_bench

    print_result(report, lambda console: print_bench(report, console), as_json=as_json)
