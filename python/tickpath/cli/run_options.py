"""The options of ``tickpath run`` beside those of its feed, and what is refused of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click
from click.core import ParameterSource

from tickpath.cli.flight_options import FLIGHT_OPTIONS, refuse_flight_options
from tickpath.cli.numbers import CAPACITY_MAX, Number, WholeNumber
from tickpath.cli.output_files import refuse_overwriting, refuse_unwritable, report_option
from tickpath.cli.source_options import refuse_two_paces, refuse_what_would_be_ignored, with_options
from tickpath.cli.stages import parse_consumer, parse_priority, parse_service
from tickpath.config.engine import OverrunPolicy, Wait
from tickpath.errors import ArgumentValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["refuse_what_does_not_fit", "run_options"]

_Command = TypeVar("_Command", bound="Callable[..., Any]")

_BESIDE_A_COMPARISON = frozenset(
    {"scenario", "feeds", "symbol", "seed", "parity", "check_determinism", "as_json", "quiet"}
)
_LIVE_ONLY = frozenset(
    {
        "wait",
        "claim_lines",
        "clock",
        "huge_pages",
        "lock_memory",
        "priority",
        "floor_ms",
        "http",
        "http_allow_remote",
        "probe_file",
        "watch",
    }
)

_OPTIONS = (
    click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="PATH=VALUE",
        help="In place of a setting of the scenario file: ring.capacity_slots=1024. Repeat for more.",
    ),
    click.option("--max", "as_fast_as_possible", is_flag=True, help="As fast as possible, without a plan."),
    click.option(
        "--capacity",
        type=WholeNumber(min=1, max=CAPACITY_MAX),
        default=65_536,
        show_default=True,
        metavar="N",
        help="Slots of the ring.",
    ),
    click.option(
        "--warmup-events",
        type=WholeNumber(min=0),
        metavar="N",
        help="Events before READY; 1,000 or a tenth of a short feed by default.",
    ),
    click.option(
        "--wait",
        type=click.Choice(get_args(Wait)),
        default="auto",
        show_default=True,
        help="How feed and executor wait; auto spins on a core of its own.",
    ),
    click.option(
        "--service",
        type=parse_service,
        metavar="TIME",
        help="How long the executor works on an event: NS, exp:MEAN_NS or lognormal:MEDIAN_NS:SIGMA.",
    ),
    click.option(
        "--overrun",
        type=click.Choice(get_args(OverrunPolicy)),
        default="oldest",
        show_default=True,
        help="What the executor does when it was overrun.",
    ),
    click.option(
        "--consumer",
        "consumers",
        type=parse_consumer,
        multiple=True,
        metavar="NAME[,KEY=VALUE...]",
        help="Another consumer; keys: after=A+B, overrun=, wait=, core=, service=, seed=. Repeat for more.",
    ),
    click.option(
        "--executor-after", multiple=True, metavar="NAME", help="The executor comes after this consumer."
    ),
    click.option(
        "--stamp-per",
        type=click.Choice(["event", "batch"]),
        default="event",
        show_default=True,
        help="batch: one stamp for up to 64 events, so that less is known of each.",
    ),
    click.option("--sink", is_flag=True, help="Show every ack to a latency sink, on a thread of its own."),
    click.option(
        "--ack-capacity",
        type=WholeNumber(min=1, max=CAPACITY_MAX),
        metavar="N",
        help="Slots of the ack ring; 65,536 for a sink.",
    ),
    click.option(
        "--hold-back",
        is_flag=True,
        help="Measuring device: hold the feed to three quarters of the ring, so that nothing is lost.",
    ),
    click.option(
        "--claim-lines",
        is_flag=True,
        help="The executor takes each line over as it reads it: for full speed, where nobody else reads.",
    ),
    click.option(
        "--clock",
        type=click.Choice(["auto", "monotonic"]),
        default="auto",
        show_default=True,
        help="auto takes stamps from the processor's counter where it can be trusted.",
    ),
    click.option("--huge-pages", is_flag=True, help="Ask for huge pages under the rings."),
    click.option("--lock-memory", is_flag=True, help="Ask for the rings never to be paged out."),
    click.option(
        "--priority",
        type=parse_priority,
        metavar="KIND:N",
        help="Of feed and executor: fifo:1..99 or nice:-20..19.",
    ),
    click.option(
        "--floor-ms",
        type=Number(min=0, max=60_000),
        default=100.0,
        show_default=True,
        metavar="MS",
        help="How long the machine's own pauses are measured before the run and after it.",
    ),
    click.option(
        "--hlog",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the histograms as a log for the HdrHistogram tools, a line for each consumer and stage.",
    ),
    report_option("Write the run as one HTML page that needs no network: pictures, tables, settings."),
    click.option(
        "--parity",
        is_flag=True,
        help="Run the scenario in virtual time and live, and compare what happened.",
    ),
    click.option(
        "--check-determinism",
        is_flag=True,
        help="Run the scenario twice in fresh processes, in virtual time: the first step that differs.",
    ),
    click.option(
        "--http",
        metavar="[HOST:]PORT",
        help="Answer /livez, /readyz, /startupz and /metrics there while it runs; loopback by default.",
    ),
    click.option(
        "--http-allow-remote", is_flag=True, help="Let --http listen at an address that others can reach."
    ),
    click.option(
        "--watch",
        is_flag=True,
        help="Show the run while it goes on: rates, latencies, lags, causes; q ends it in order.",
    ),
    click.option(
        "--probe-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Keep a JSON status there while it runs, replaced at each change of readiness.",
    ),
    click.option(
        "--audit",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write a line of JSON for each thing that a runbook does.",
    ),
    *FLIGHT_OPTIONS,
    click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/run/1) and nothing else."
    ),
    click.option("--quiet", "-q", is_flag=True, help="No progress on stderr."),
)


def run_options(command: _Command) -> _Command:
    """Gives ``tickpath run`` its options, in their order."""
    return with_options(command, _OPTIONS)


def refuse_what_does_not_fit(options: Mapping[str, Any]) -> None:
    """Options that exclude each other, or that nothing would come of."""
    refuse_two_paces(options)
    refuse_what_would_be_ignored(options)
    _refuse_beside_a_comparison(options)
    refuse_flight_options(options)
    if options["mode"] == "virtual":
        _refuse_in_virtual_time()
    if options["http"] is not None:
        from tickpath.runtime.endpoints import parse_address

        try:
            parse_address(options["http"], allow_remote=options["http_allow_remote"])
        except ArgumentValueError as error:
            raise click.UsageError(f"--http: {error}") from None
    elif options["http_allow_remote"]:
        raise click.UsageError("--http-allow-remote says where --http may listen: give --http too")
    if options["watch"] and options["quiet"]:
        raise click.UsageError("--watch draws on stderr, and --quiet leaves it empty: give one of them")
    if options["assignments"] and options["scenario"] is None:
        raise click.UsageError("--set changes a setting of a scenario: name one, or use the options")
    if options["audit"] is not None and options["scenario"] is None:
        raise click.UsageError("--audit writes what runbooks do, and only a scenario has any: name one")
    for option in ("hlog", "report", "audit", "probe_file"):
        refuse_unwritable(option.replace("_", "-"), options[option])
    others = {f"--{name.replace('_', '-')}": options[name] for name in ("hlog", "audit", "probe_file")}
    others |= {"the scenario": options["scenario"]} | {
        f"--feed {each.path}": each.path for each in options["feeds"]
    }
    refuse_overwriting("report", options["report"], others)


def _refuse_beside_a_comparison(options: Mapping[str, Any]) -> None:
    """What two runs of the same scenario leave no place for."""
    flags = [flag for flag in ("parity", "check_determinism") if options[flag]]
    if not flags:
        return
    name = f"--{flags[0].replace('_', '-')}"
    if len(flags) > 1:
        raise click.UsageError("--parity and --check-determinism exclude each other: ask one after the other")
    if options["scenario"] is None:
        raise click.UsageError(f"{name} compares two runs of a scenario: name one")
    for option in _given(lambda parameter: parameter not in _BESIDE_A_COMPARISON):
        raise click.UsageError(
            f"{option} is for one run, and {name} makes two of its own: of the feed it takes --feed, "
            "--symbol and --seed"
        )


def _refuse_in_virtual_time() -> None:
    """What is of threads and machines, and of whoever watches them."""
    for option in _given(lambda parameter: parameter in _LIVE_ONLY):
        raise click.UsageError(
            f"{option} is for a live run: one in virtual time has no threads and no machine, and is over "
            "before anybody could ask"
        )


def _given(is_meant: Callable[[str], bool]) -> Iterator[str]:
    """The options on the command line that are meant."""
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        if is_meant(name) and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            yield parameter.opts[0]
