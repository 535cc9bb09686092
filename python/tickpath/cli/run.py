"""``tickpath run``: a feed through ring and executor, live or in virtual time, and the account of it."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from tickpath.cli.app import CODES, ended_by_a_signal, one_line
from tickpath.cli.feeds import load
from tickpath.cli.flight_options import recorder_of, say_what_failed
from tickpath.cli.output import print_result
from tickpath.cli.run_options import refuse_what_does_not_fit, run_options
from tickpath.cli.run_settings import feed_config, feed_options, replay_command, run_settings
from tickpath.cli.source_options import source_options
from tickpath.cli.streams import say
from tickpath.config.acks import with_acks
from tickpath.core.whole_file import open_lines
from tickpath.errors import EngineFailed
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickpath.cli.progress import RunProgress
    from tickpath.cli.watch import Terminal, Watch
    from tickpath.config.run import RunSettings
    from tickpath.config.scenario import Scenario
    from tickpath.control.metrics import LatencySink
    from tickpath.core.ingest import MarketDataSource
    from tickpath.lab.latency_over_time import LatencyOverTime
    from tickpath.runtime.result import RunResult
    from tickpath.runtime.session import Session

__all__ = ["command"]

Loading = Callable[[int, int, int], object]


_EXAMPLES = """\b
Examples:
  tickpath run
  tickpath run --rate 1000000 --events 2000000 --seed 7
  tickpath run --feed lobster:AAPL_message_1.zip --speed 1000
  tickpath run --feed collector:btcusdt.gz --feed collector:ethusdt.gz --speed 100 --json
  tickpath run --consumer log,after=executor,service=2000 --service lognormal:500:0.3
  tickpath run market-data-outage --mode virtual
  tickpath run my-scenario.toml --feed lobster:AAPL_message_1.zip --json
  tickpath run feed-freeze --mode virtual --report out.html
  tickpath run feed-freeze --parity
  tickpath run overlapping-outages --check-determinism
  tickpath run --watch --events 3000000 --consumer log,service=20000
  tickpath run feed-freeze --mode virtual --flight-recorder flights --dump-on transition
  tickpath run --flight-recorder flights --last 10000 --dump-on "p99>50us" --dump-on signal
  tickpath run --http 9464 --probe-file /run/tickpath.json
  tickpath run --feed table:trades.csv --columns ts_ns=time:us,price_e9=price,size_e9=qty --max

Kinds of feed: auto, lobster, collector, dbn, itch, table. A path alone is "auto".

Exit codes: 0 passed; 1 failed (ledger, executed outside READY, an overrun where it is to raise);
2 bad input or usage; 130 interrupted.
"""


@click.command("run", epilog=_EXAMPLES)
@click.argument("scenario", required=False, metavar="[SCENARIO]")
@click.option(
    "--mode",
    type=click.Choice(["live", "virtual"]),
    default="live",
    show_default=True,
    help="On threads of this machine, or by an exact model of time: the same twice.",
)
@source_options
@run_options
def command(**options: Any) -> int:
    """Run a feed through the ring, the executor and other consumers, and account for every event.

    Without arguments: live, 300,000 synthetic events at 100,000 a second, 65,536 slots. SCENARIO is a
    scenario file or the name of a shipped drill (tickpath drill list): faults, probes, runbooks and all.
    """
    refuse_what_does_not_fit(options)
    if options["scenario"] is not None:
        from tickpath.cli.run_scenario import refuse_what_the_file_says

        refuse_what_the_file_says(options)
    if options["parity"] or options["check_determinism"]:
        return _compare(options)
    try:
        verdict = _run(options)
    except KeyboardInterrupt:
        # The second signal means now, and before the run there is none: no account.
        return ended_by_a_signal()
    return CODES[verdict]


def _compare(options: Mapping[str, Any]) -> int:
    from tickpath.cli.run_checks import run_determinism, run_parity

    context = click.get_current_context()
    given = context.get_parameter_source("seed") is click.core.ParameterSource.COMMANDLINE
    of_run: dict[str, Any] = {
        "feeds": options["feeds"],
        "symbol": options["symbol"],
        "seed": options["seed"] if given else None,
        "as_json": options["as_json"],
        "quiet": options["quiet"],
    }
    if options["parity"]:
        return run_parity(options["scenario"], **of_run)
    return run_determinism(options["scenario"], **of_run)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be run."""

    settings: RunSettings
    scenario: Scenario | None
    seed: int | None
    config: dict[str, Any]
    replay: str
    sink: bool
    load: Callable[[Loading], tuple[_Asked, MarketDataSource]]
    """Its events; and the same once more, for a recording may change how it is run."""


def _asked(options: Mapping[str, Any]) -> _Asked:
    """What the options, or the scenario file, ask for; nothing is loaded yet."""
    if options["scenario"] is not None:
        from tickpath.cli.run_scenario import scenario_of

        return _asked_by(scenario_of(options), options)
    settings, feed = run_settings(options), feed_options(options)
    asked = _Asked(
        settings,
        None,
        None if feed.feeds else feed.seed,
        {**feed_config(feed), "sink": options["sink"], "scenario": None},
        replay_command(settings, feed, sink=options["sink"], mode=options["mode"]),
        options["sink"],
        lambda loading: (asked, load(feed, loading)),
    )
    return asked


def _asked_by(scenario: Scenario, options: Mapping[str, Any]) -> _Asked:
    from tickpath.cli.run_scenario import loaded, scenario_asked

    def load(loading: Loading) -> tuple[_Asked, MarketDataSource]:
        fitted, source = loaded(scenario, options, loading)
        return _asked_by(fitted, options), source

    config, replay = scenario_asked(scenario, options)
    return _Asked(
        scenario.run_settings(), scenario, scenario.seed, config, replay, scenario.engine.sink, load
    )


def _run(options: Mapping[str, Any]) -> str:
    """Loads, runs and reports; the verdict."""
    # Everything that takes its time: an import that a signal ends cannot be made again, NumPy's above all.
    import numpy as np  # noqa: F401

    from tickpath.cli.progress import RunProgress
    from tickpath.lab.feed_account import account_of, nothing_loaded
    from tickpath.lab.latency_over_time import LatencyOverTime
    from tickpath.lab.report import run_report
    from tickpath.runtime.flight_recorder import DumpSignal
    from tickpath.runtime.result import RunResult
    from tickpath.runtime.session import Session

    account, mode, told = nothing_loaded(), options["mode"], None
    asked = _asked(options)
    screen, watch = _screen(options), None
    recorder = recorder_of(options, asked.seed, asked.replay)
    with StopSignals() as signals, contextlib.ExitStack() as recording:
        if recorder is not None:
            # To the last line: what comes too late is no reason to end by it.
            recording.enter_context(DumpSignal(recorder))
        with contextlib.ExitStack() as around:
            progress = around.enter_context(RunProgress(quiet=options["quiet"]))
            audit = _opened(options["audit"], around)
            try:
                asked, source = asked.load(progress.loading)
                settings = asked.settings if recorder is None else recorder.fit(asked.settings)
                settings = _with_acks(settings, options, is_watched=screen is not None)
                account = account_of(source, settings.events_max)
                session = Session(
                    source,
                    settings,
                    scenario=asked.scenario,
                    mode=mode,
                    sink=_sink() if asked.sink else None,
                    audit_file=audit,
                    recorder=recorder,
                )
                if screen is not None:
                    watch = _watching(session, screen, options, around)
                over_time = None if options["report"] is None else LatencyOverTime(session)
                signals.defer(session.shutdown.request)
            except KeyboardInterrupt:
                result = RunResult.without_record(
                    asked.settings, "interrupted", scenario=asked.scenario, mode=mode
                )
            else:
                try:
                    result = _supervised(session, options, progress, watch, over_time)
                    told = None if over_time is None else over_time.account(result)
                except EngineFailed as error:
                    result = RunResult.without_record(
                        settings, "fail", str(error), scenario=asked.scenario, mode=mode
                    )
        if recorder is not None:
            # Also what was asked for meanwhile.
            result = dataclasses.replace(result, flight=recorder.account)
            say_what_failed(result.flight)
        cost = None if watch is None else watch.cost.as_json()
        report = run_report(result, account, seed=asked.seed, config=asked.config, watch=cost, over_time=told)
        # First: a file that cannot be written takes no figure with it.
        _print(report, asked.replay, as_json=options["as_json"])
        if options["report"] is not None:
            _write_report(report, asked.replay, options["report"])
        if options["hlog"] is not None:
            _write_hlog(result, options["hlog"])
    return result.verdict


def _screen(options: Mapping[str, Any]) -> Terminal | None:
    """Where the run is shown, if that was asked for and can be."""
    if not options["watch"]:
        return None
    from tickpath.cli.watch import Terminal, why_no_screen

    reason = why_no_screen(sys.stderr)
    if reason is None:
        return Terminal(sys.stderr, sys.stdin)
    say(f"tickpath: nothing to draw --watch on, for {reason}: a line now and then in its place")
    return None


def _watching(
    session: Session, screen: Terminal, options: Mapping[str, Any], around: contextlib.ExitStack
) -> Watch:
    """The run's picture, which is gone with ``around``."""
    from tickpath.cli.watch import Watch

    files = [Path(feed.path).name for feed in options["feeds"]]
    what = options["scenario"] or (files[0] if files else f"synthetic {options['model']}")
    # Once more, should a signal come in the very call of the other.
    around.callback(screen.leave)
    return around.enter_context(Watch(session, screen, one_line(what)))


def _supervised(
    session: Session,
    options: Mapping[str, Any],
    progress: RunProgress,
    watch: Watch | None,
    over_time: LatencyOverTime | None,
) -> RunResult:
    """The run, with everybody outside who is to be told of it."""
    from tickpath.runtime.endpoints import parse_address
    from tickpath.runtime.supervision import Supervision

    http = options["http"]
    address = None if http is None else parse_address(http, allow_remote=options["http_allow_remote"])
    supervision = Supervision(session.board, http=address, probe_file=options["probe_file"])
    is_live = options["mode"] == "live"
    # A run in virtual time is over before anybody could be told of it.
    with supervision if is_live else contextlib.nullcontext() as outside:
        if outside is not None and outside.url is not None:
            say(f"tickpath: answering at {outside.url}")

        def on_start() -> None:
            if outside is not None:
                outside.begin(session.acks())
            progress.announce(session.events_planned, session.plan_length_ns)
            if watch is not None:
                watch.begin()

        def on_look(seen: Any) -> None:
            if outside is not None:
                outside.step()
            if over_time is not None:
                over_time.look(seen)
            if watch is None:
                progress.running(seen, session.events_planned)
            else:
                watch.look(seen)

        result = session.run(on_start=on_start, on_look=on_look)
    if supervision.probe_file_failures:
        name, times = one_line(str(options["probe_file"])), supervision.probe_file_failures
        say(f"tickpath: the probe file {name} could not be written {times} times")
    return result


def _with_acks(settings: RunSettings, options: Mapping[str, Any], *, is_watched: bool) -> RunSettings:
    """Who watches, scrapes ``/metrics`` or reads a report is to find latencies: they come from a ring."""
    is_asked = (is_watched or options["http"] is not None) and settings.stamp_per != "batch"
    return with_acks(settings) if is_asked or options["report"] is not None else settings


def _opened(path: Path | None, around: contextlib.ExitStack) -> TextIO | None:
    if path is None:
        return None
    try:
        # Line by line: what was done stands there even if the process is killed.
        file = open_lines(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.UsageError(f"--audit {one_line(str(path))} cannot be written: {reason}") from error
    around.callback(_close, file)
    return file


def _close(file: TextIO) -> None:
    """The lines that it did not take are counted; the report comes all the same."""
    with contextlib.suppress(OSError):
        file.close()


def _sink() -> LatencySink:
    from tickpath.control.metrics import LatencySink, Metrics

    return LatencySink(Metrics(histogram=True))


def _print(report: Mapping[str, Any], replay: str, *, as_json: bool) -> None:
    from tickpath.lab.report_text import print_report

    print_result(report, lambda console: print_report(report, console, replay=replay), as_json=as_json)


def _write_report(report: Mapping[str, Any], replay: str, path: Path) -> None:
    from tickpath.core.whole_file import write_whole
    from tickpath.lab.page import run_page

    write_whole(path, run_page(report, replay=replay))


def _write_hlog(result: RunResult, path: Path) -> None:
    from tickpath.lab.histogram_log import write_run_hlog

    if result.record is None or not write_run_hlog(result.record, path):
        say(f"tickpath: no latencies were recorded: {one_line(str(path))} was not written")
