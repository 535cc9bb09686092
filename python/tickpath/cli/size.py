"""``tickpath size``: the ring and the service time that a feed allows, computed in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tickpath.cli.app import CODES
from tickpath.cli.feeds import FeedOptions, load
from tickpath.cli.numbers import CAPACITY_MAX, WholeNumber
from tickpath.cli.output import print_result
from tickpath.cli.run_settings import feed_config, feed_options, pace_settings
from tickpath.cli.source_options import refuse_two_paces, refuse_what_would_be_ignored, source_options
from tickpath.cli.stages import parse_service
from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime
from tickpath.lab.sizing import SizingAnswer, SizingQuestion
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["command"]

_SERVICE_NS_MAX = 60_000_000_000
_EXAMPLES = """\b
Examples:
  tickpath size --service-ns 5000
  tickpath size --service-ns 5000 --capacity 64
  tickpath size --feed lobster:AAPL_message_1.zip --speed 100 --p99-ns-max 1000000
  tickpath size --feed lobster:AAPL_message_1.zip --p99-ns-max 1000000 --capacity 512 --json
  tickpath size --rate 200000 --events 1000000 --service lognormal:2000:0.5 --seed 7

Exit codes: 0 the limits are kept, or none were given; 1 they are not (--capacity loses events, p99 is above
--p99-ns-max); 2 bad input or usage; 130 interrupted.
"""


@click.command("size", epilog=_EXAMPLES)
@source_options
@click.option(
    "--service-ns",
    type=WholeNumber(min=0, max=_SERVICE_NS_MAX),
    metavar="NS",
    help="How long the executor takes for an event, the same for every one.",
)
@click.option(
    "--service",
    type=parse_service,
    metavar="TIME",
    help="Drawn service times, for an estimate: exp:MEAN_NS or lognormal:MEDIAN_NS:SIGMA, with --seed.",
)
@click.option(
    "--capacity",
    type=WholeNumber(min=1, max=CAPACITY_MAX),
    metavar="N",
    help="What a ring of so many slots would lose; it is to lose nothing.",
)
@click.option(
    "--overrun",
    type=click.Choice(["oldest", "head"]),
    default="oldest",
    show_default=True,
    help="What the executor does when it was overrun, for --capacity.",
)
@click.option(
    "--p99-ns-max",
    type=WholeNumber(min=0, max=2**63 - 1),
    metavar="NS",
    help="99 % of the events are to be completed so soon after publication.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/size/1) and nothing else."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(**options: Any) -> int:
    """Say how many slots a feed needs under a service time, and how long its events take then.

    With --capacity or --p99-ns-max also the longest constant service time that keeps them; without a service
    time only that. Nothing is run: the answer is that of a run in virtual time, the same on every machine.
    """
    refuse_two_paces(options)
    refuse_what_would_be_ignored(options)
    question, feed = _question(options), feed_options(options)
    report = _answered(question, feed, options)
    _print(report, as_json=options["as_json"])
    return CODES[report["verdict"]]


def _question(options: Mapping[str, Any]) -> SizingQuestion:
    if options["service_ns"] is not None and options["service"] is not None:
        raise click.UsageError("--service-ns and --service exclude each other: give one service time")
    service = options["service"]
    if options["service_ns"] is not None:
        service = ServiceTime.constant(options["service_ns"])
    if service is None and options["capacity"] is None and options["p99_ns_max"] is None:
        raise click.UsageError(
            "nothing is asked: give --service-ns, or a limit (--p99-ns-max, --capacity) to find the longest "
            "service time for"
        )
    executor = ConsumerSettings(name="executor", overrun=options["overrun"], seed=options["seed"])
    return SizingQuestion(
        settings=EngineSettings(executor=executor, **pace_settings(options)),
        service=service,
        capacity_slots=options["capacity"],
        p99_ns_max=options["p99_ns_max"],
    )


def _answered(question: SizingQuestion, feed: FeedOptions, options: Mapping[str, Any]) -> dict[str, Any]:
    """Loads and computes; what an interrupt leaves is reported as such."""
    # Before a signal may end it: it cannot be imported again, and the report needs it.
    import numpy as np  # noqa: F401

    from tickpath.cli.progress import RunProgress
    from tickpath.lab.feed_account import account_of, nothing_loaded
    from tickpath.lab.sizing import answer, sizing_report

    account, source = nothing_loaded(), None
    with RunProgress(quiet=options["quiet"]) as progress, StopSignals():
        try:
            source = load(feed, progress.loading)
            account = account_of(source, question.settings.events_max)
            answered = answer(source, question, on_progress=progress.sizing)
        except KeyboardInterrupt:
            answered = SizingAnswer(verdict="interrupted")
    stamps = None if source is None else source.events["ts_ns"]
    return sizing_report(
        question,
        answered,
        account,
        seed=None if feed.feeds else feed.seed,
        config=feed_config(feed),
        recorded_ts_ns=lambda event: 0 if stamps is None else int(stamps[event]),
    )


def _print(report: Mapping[str, Any], *, as_json: bool) -> None:
    from tickpath.lab.sizing_text import print_sizing

    print_result(report, lambda console: print_sizing(report, console), as_json=as_json)
