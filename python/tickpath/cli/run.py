"""``tickpath run``: a feed through the ring and the executor, live, and the account of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from tickpath.cli.app import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_PASSED, one_line
from tickpath.cli.feeds import FeedOptions, load
from tickpath.cli.numbers import CAPACITY_MAX, Number
from tickpath.cli.output import print_result
from tickpath.cli.run_settings import feed_config, feed_options, replay_command, run_settings
from tickpath.cli.source_options import refuse_two_paces, refuse_what_would_be_ignored, source_options
from tickpath.cli.stages import parse_consumer, parse_priority, parse_service
from tickpath.cli.streams import say
from tickpath.config.engine import OverrunPolicy, Wait
from tickpath.config.run import RunSettings
from tickpath.errors import EngineFailed
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickpath.control.metrics import LatencySink
    from tickpath.runtime.session import RunResult

__all__ = ["command"]

_EXIT_CODES = {"pass": EXIT_PASSED, "fail": EXIT_FAILED, "interrupted": EXIT_INTERRUPTED}


_EXAMPLES = """\b
Examples:
  tickpath run
  tickpath run --rate 1000000 --events 2000000 --seed 7
  tickpath run --feed lobster:AAPL_message_1.zip --speed 1000
  tickpath run --feed collector:btcusdt.gz --feed collector:ethusdt.gz --speed 100 --json
  tickpath run --consumer log,after=executor,service=2000 --service lognormal:500:0.3
  tickpath run --feed table:trades.csv --columns ts_ns=time:us,price_e9=price,size_e9=qty --max

Kinds of feed: auto, lobster, collector, dbn, itch, table. A path alone is "auto".

Exit codes: 0 passed; 1 failed (ledger, executed outside READY, an overrun where it is to raise);
2 bad input or usage; 130 interrupted.
"""


@click.command("run", epilog=_EXAMPLES)
@click.argument("scenario", required=False, metavar="[SCENARIO.toml]")
@click.option("--mode", type=click.Choice(["live", "virtual"]), default="live", show_default=True)
@source_options
@click.option("--max", "as_fast_as_possible", is_flag=True, help="As fast as possible, without a plan.")
@click.option(
    "--capacity",
    type=click.IntRange(min=1, max=CAPACITY_MAX),
    default=65_536,
    show_default=True,
    metavar="N",
    help="Slots of the ring.",
)
@click.option(
    "--warmup-events",
    type=click.IntRange(min=0),
    metavar="N",
    help="Events before READY; 1,000 or a tenth of a short feed by default.",
)
@click.option(
    "--wait",
    type=click.Choice(get_args(Wait)),
    default="auto",
    show_default=True,
    help="How feed and executor wait; auto spins on a core of its own.",
)
@click.option(
    "--service",
    type=parse_service,
    metavar="TIME",
    help="How long the executor works on an event: NS, exp:MEAN_NS or lognormal:MEDIAN_NS:SIGMA.",
)
@click.option(
    "--overrun",
    type=click.Choice(get_args(OverrunPolicy)),
    default="oldest",
    show_default=True,
    help="What the executor does when it was overrun.",
)
@click.option(
    "--consumer",
    "consumers",
    type=parse_consumer,
    multiple=True,
    metavar="NAME[,KEY=VALUE...]",
    help="Another consumer; keys: after=A+B, overrun=, wait=, core=, service=, seed=. Repeat for more.",
)
@click.option(
    "--executor-after", multiple=True, metavar="NAME", help="The executor comes after this consumer."
)
@click.option(
    "--stamp-per",
    type=click.Choice(["event", "batch"]),
    default="event",
    show_default=True,
    help="batch: one stamp for up to 64 events, so that less is known of each.",
)
@click.option("--sink", is_flag=True, help="Show every ack to a latency sink, on a thread of its own.")
@click.option(
    "--ack-capacity",
    type=click.IntRange(min=1, max=CAPACITY_MAX),
    metavar="N",
    help="Slots of the ack ring; 65,536 for a sink.",
)
@click.option(
    "--hold-back",
    is_flag=True,
    help="Measuring device: hold the feed to three quarters of the ring, so that nothing is lost.",
)
@click.option(
    "--claim-lines",
    is_flag=True,
    help="The executor takes each line over as it reads it: for full speed, where nobody else reads.",
)
@click.option(
    "--clock",
    type=click.Choice(["auto", "monotonic"]),
    default="auto",
    show_default=True,
    help="auto takes stamps from the processor's counter where it can be trusted.",
)
@click.option("--huge-pages", is_flag=True, help="Ask for huge pages under the rings.")
@click.option("--lock-memory", is_flag=True, help="Ask for the rings never to be paged out.")
@click.option(
    "--priority",
    type=parse_priority,
    metavar="KIND:N",
    help="Of feed and executor: fifo:1..99 or nice:-20..19.",
)
@click.option(
    "--floor-ms",
    type=Number(min=0, max=60_000),
    default=100.0,
    show_default=True,
    metavar="MS",
    help="How long the machine's own pauses are measured before the run and after it.",
)
@click.option(
    "--hlog",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the histograms as a log for the HdrHistogram tools, a line for each consumer and stage.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/run/1) and nothing else."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(**options: Any) -> int:
    """Run a feed through the ring, the executor and other consumers, live, and account for every event.

    Without arguments: 300,000 synthetic events at 100,000 a second, 65,536 slots.
    """
    _refuse_what_is_not_there(options)
    refuse_two_paces(options)
    refuse_what_would_be_ignored(options)
    settings, feed = run_settings(options), feed_options(options)
    try:
        with StopSignals() as signals:
            result, report = _run(settings, feed, signals, options)
            # First: a log that cannot be written takes no figure with it.
            _print(report, replay_command(settings, feed, sink=options["sink"]), as_json=options["as_json"])
            if options["hlog"] is not None:
                _write_hlog(result, options["hlog"])
    except KeyboardInterrupt:
        # The second signal means now, and before the run there is none: no account.
        say("tickpath: interrupted, ended without an account")
        return EXIT_INTERRUPTED
    return _EXIT_CODES[result.verdict]


def _refuse_what_is_not_there(options: Mapping[str, Any]) -> None:
    if options["scenario"] is not None:
        raise click.UsageError(
            f"scenario files ({options['scenario']}) are not supported by this version: use the options of "
            "tickpath run --help"
        )
    if options["mode"] == "virtual":
        raise click.UsageError("--mode virtual is not supported by this version: use --mode live")
    if options["hlog"] is not None:
        from tickpath.lab.histogram_log import why_not_written

        reason = why_not_written(options["hlog"])
        if reason is not None:
            raise click.UsageError(f"--hlog {reason}")


def _run(
    settings: RunSettings, feed: FeedOptions, signals: StopSignals, options: Mapping[str, Any]
) -> tuple[RunResult, dict[str, Any]]:
    """Loads, runs and reports."""
    from tickpath.cli.progress import RunProgress
    from tickpath.lab.feed_account import account_of, nothing_loaded
    from tickpath.lab.report import run_report
    from tickpath.runtime.session import RunResult, Session

    account = nothing_loaded()
    with RunProgress(quiet=options["quiet"]) as progress:
        try:
            source = load(feed, progress.loading)
            account = account_of(source, settings.events_max)
            session = Session(source, settings, sink=_sink() if options["sink"] else None)
            signals.defer()
        except KeyboardInterrupt:
            result = RunResult.without_record(settings, "interrupted")
        else:
            try:
                result = session.run(
                    on_start=lambda: progress.announce(session.events_planned, session.plan_length_ns),
                    should_stop=lambda: signals.requested,
                    on_look=lambda seen: progress.running(seen, session.events_planned),
                )
            except EngineFailed as error:
                result = RunResult.without_record(settings, "fail", str(error))
    seed = None if feed.feeds else feed.seed
    config = {**feed_config(feed), "sink": options["sink"]}
    return result, run_report(result, account, seed=seed, config=config)


def _sink() -> LatencySink:
    from tickpath.control.metrics import LatencySink, Metrics

    return LatencySink(Metrics(histogram=True))


def _print(report: Mapping[str, Any], replay: str, *, as_json: bool) -> None:
    from tickpath.lab.report_text import print_report

    print_result(report, lambda console: print_report(report, console, replay=replay), as_json=as_json)


def _write_hlog(result: RunResult, path: Path) -> None:
    from tickpath.lab.histogram_log import write_run_hlog

    if result.record is None or not write_run_hlog(result.record, path):
        say(f"tickpath: no latencies were recorded: {one_line(str(path))} was not written")
