"""What ``tickpath run SCENARIO`` runs: the file, and what the command line puts in its place.

The feed, its pace and the seed may be given beside a file, and any setting of the file with ``--set``;
everything else is the file's, which may extend another.
"""

from __future__ import annotations

import dataclasses
import shlex
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tickpath.config.scenario.explain import table_of
from tickpath.config.scenario.override import overridden
from tickpath.lab.drill import load_drill
from tickpath.lab.recording import Recording
from tickpath.lab.scenario_source import load_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tickpath.config.scenario import Scenario
    from tickpath.core.ingest import MarketDataSource

__all__ = ["loaded", "refuse_what_the_file_says", "scenario_asked", "scenario_of"]

#: What may be said beside a scenario file. The rest of what there is says how it is run and shown.
_BESIDE = frozenset(
    {
        "feeds",
        "symbol",
        "seed",
        "rate_hz",
        "speed",
        "as_fast_as_possible",
        "events",
        "scenario",
        "assignments",
        "mode",
        "hlog",
        "report",
        "audit",
        "http",
        "http_allow_remote",
        "probe_file",
        "watch",
        "flight_recorder",
        "last",
        "dump_on",
        "dumps_max",
        "flight_arrow",
        "parity",
        "check_determinism",
        "as_json",
        "quiet",
    }
)


def refuse_what_the_file_says(options: Mapping[str, Any]) -> None:
    """Options that are settings of the file are refused: which of the two was meant would be a guess."""
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in _BESIDE or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        raise click.UsageError(
            f"{parameter.opts[-1]} is a setting of {options['scenario']}: change it there, in a file that "
            "extends it, or with --set PATH=VALUE (tickpath config explain names the keys)"
        )


def scenario_of(options: Mapping[str, Any]) -> Scenario:
    """The scenario, as far as it is known before its events are there. Raises ``ScenarioError``."""
    scenario = overridden(load_drill(options["scenario"]), options["assignments"])
    if click.get_current_context().get_parameter_source("seed") is ParameterSource.COMMANDLINE:
        scenario = dataclasses.replace(scenario, seed=options["seed"])
    # A recording is fitted to the time that the scenario's own feed takes, whatever is said of its pace.
    return scenario if options["feeds"] else _paced(scenario, options)


def loaded(
    scenario: Scenario, options: Mapping[str, Any], progress: Callable[[int, int, int], object]
) -> tuple[Scenario, MarketDataSource]:
    """``scenario`` as it is run, and its events. Raises ``SourceError`` and its like."""
    if not options["feeds"]:
        return scenario, load_source(scenario, progress)
    files = [(feed.kind, feed.path) for feed in options["feeds"]]
    recording = Recording.load(files, symbol=options["symbol"], progress=progress)
    return _paced(recording.fit(scenario), options), recording.source


def _paced(scenario: Scenario, options: Mapping[str, Any]) -> Scenario:
    feed = dataclasses.replace(scenario.feed, **_pace(scenario, options))
    return dataclasses.replace(scenario, feed=feed)


def _pace(scenario: Scenario, options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the feed that were given on the command line."""
    given: dict[str, Any] = {}
    if options["events"] is not None:
        given["events"] = options["events"]
    if options["as_fast_as_possible"]:
        given["pace"] = "max"
    elif options["speed"] is not None:
        given |= {"pace": "recorded", "speed": options["speed"]}
    elif options["rate_hz"] is not None:
        given["rate_hz"] = options["rate_hz"]
        if not scenario.feed.synthetic:
            given["pace"] = "constant"
        elif scenario.feed.pace == "max":
            # In the place of the file's --max, as --speed is.
            given["pace"] = "recorded"
    return given


def scenario_asked(scenario: Scenario, options: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Every setting of ``scenario``, as a file would say it, and the command that runs the same again."""
    words = ["tickpath", "run", options["scenario"], "--mode", options["mode"], "--seed", str(scenario.seed)]
    for feed in options["feeds"]:
        words += ["--feed", f"{feed.kind}:{feed.path}"]
    words += [] if options["symbol"] is None else ["--symbol", options["symbol"]]
    for option, value in (
        ("--events", options["events"]),
        ("--rate", options["rate_hz"]),
        ("--speed", options["speed"]),
    ):
        words += [] if value is None else [option, str(value).removesuffix(".0")]
    for assignment in options["assignments"]:
        words += ["--set", assignment]
    words += ["--max"] if options["as_fast_as_possible"] else []
    return {"scenario": table_of(scenario), "sink": scenario.engine.sink}, shlex.join(words)
