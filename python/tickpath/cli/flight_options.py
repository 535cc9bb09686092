"""``--flight-recorder`` and what belongs to it: the options, what is refused of them, and the recorder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tickpath.cli.app import one_line
from tickpath.cli.numbers import WholeNumber
from tickpath.cli.streams import say
from tickpath.config.flight import DUMP_ON, DUMP_ON_HELP, LAST_MAX, FlightSettings, parse_trigger
from tickpath.errors import ArgumentValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickpath.runtime.flight_recorder import FlightAccount, FlightRecorder

__all__ = ["FLIGHT_OPTIONS", "recorder_of", "refuse_flight_options", "say_what_failed"]

_DEFAULTS = FlightSettings()


def _triggers(text: str) -> tuple[str, ...]:
    """One trigger, or several with commas between them."""
    try:
        return tuple(parse_trigger(word.strip()).text for word in text.split(","))
    except ArgumentValueError as error:
        raise click.BadParameter(str(error)) from None


FLIGHT_OPTIONS = (
    click.option(
        "--flight-recorder",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Write the last events, acks and transitions there when something happens, for ui.perfetto.dev.",
    ),
    click.option(
        "--last",
        type=WholeNumber(min=1, max=LAST_MAX),
        default=_DEFAULTS.last,
        show_default=True,
        metavar="N",
        help="How many of each the flight recorder writes.",
    ),
    click.option(
        "--dump-on",
        type=_triggers,
        multiple=True,
        metavar="TRIGGER[,...]",
        help=f"When it writes: {DUMP_ON_HELP}. Commas or repeat for more; {', '.join(DUMP_ON)} by default.",
    ),
    click.option(
        "--dumps-max",
        type=WholeNumber(min=1, max=10_000),
        default=_DEFAULTS.dumps_max,
        show_default=True,
        metavar="N",
        help="How often it writes in one run; what triggers beyond that is counted.",
    ),
    click.option(
        "--flight-arrow",
        is_flag=True,
        help="Write events and acks as Arrow files, too (needs tickpath[arrow]).",
    ),
)


def refuse_flight_options(options: Mapping[str, Any]) -> None:
    """Options of a recorder that is not there, and a folder that cannot take its files."""
    folder: Path | None = options["flight_recorder"]
    if folder is None:
        context = click.get_current_context()
        for name in ("last", "dump_on", "dumps_max", "flight_arrow"):
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                option = f"--{name.replace('_', '-')}"
                raise click.UsageError(f"{option} is of a flight recorder: give --flight-recorder FOLDER too")
        return
    try:
        _settings(options)
    except ArgumentValueError as error:
        raise click.UsageError(f"--dump-on: {error}") from None
    if options["flight_arrow"]:
        from tickpath.runtime.flight_recorder.dump import check_arrow

        try:
            check_arrow()
        except ArgumentValueError as error:
            raise click.UsageError(f"--flight-arrow: {error}") from None
    reason = _why_not(folder)
    if reason is not None:
        raise click.UsageError(f"--flight-recorder {one_line(str(folder))}: {reason}")


def _why_not(folder: Path) -> str | None:
    """Why dumps cannot be written to ``folder``, which is made if it is not there; ``None`` if they can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        earlier = next(folder.glob("[0-9][0-9][0-9][0-9]-*.trace.json"), None)
    except OSError as error:
        return f"it cannot be made: {error.strerror or error}"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "it cannot be written to"
    if earlier is not None:
        return f"it holds dumps of an earlier run ({earlier.name}): name another folder, or remove them"
    return None


def _settings(options: Mapping[str, Any]) -> FlightSettings:
    dump_on = tuple(trigger for said in options["dump_on"] for trigger in said)
    return FlightSettings(last=options["last"], dump_on=dump_on or DUMP_ON, dumps_max=options["dumps_max"])


def recorder_of(options: Mapping[str, Any], seed: int | None, replay: str) -> FlightRecorder | None:
    """The recorder that was asked for; ``None`` if none was."""
    if options["flight_recorder"] is None:
        return None
    from tickpath.runtime.flight_recorder import FlightRecorder

    provenance: dict[str, Any] = {"scenario": options["scenario"], "seed": seed, "replay": replay}
    if options["mode"] == "live":
        # A run in virtual time is the same on every machine, and so are its files.
        from tickpath.lab.machine import machine_facts

        provenance["machine"] = machine_facts()
    return FlightRecorder(
        options["flight_recorder"], _settings(options), arrow=options["flight_arrow"], provenance=provenance
    )


def say_what_failed(account: FlightAccount | None) -> None:
    """A line for dumps that could not be written."""
    failures = [dump.failure for dump in account.dumps if dump.failure] if account is not None else []
    if failures:
        dumps = "1 dump" if len(failures) == 1 else f"{len(failures)} dumps"
        say(f"tickpath: {dumps} of the flight recorder could not be written: {one_line(failures[0])}")
