"""The options that say what is fed and at which pace: the same for every command that takes a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from tickpath.cli.feeds import parse_columns, parse_feed
from tickpath.cli.numbers import Number, WholeNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["refuse_two_paces", "refuse_what_would_be_ignored", "source_options", "with_options"]

_Command = TypeVar("_Command", bound="Callable[..., Any]")

_OPTIONS = (
    click.option(
        "--feed",
        "feeds",
        type=parse_feed,
        multiple=True,
        metavar="KIND:PATH",
        help="Recorded market data; repeat to merge several by stamp. Synthetic without it.",
    ),
    click.option(
        "--columns",
        type=parse_columns,
        metavar="FIELD=COLUMN[:UNIT],...",
        help="Which columns of a table are which fields.",
    ),
    click.option("--symbol", metavar="NAME", help="Name of the instrument, where the file does not say."),
    click.option(
        "--policy",
        type=click.Choice(["strict", "skip"]),
        default="strict",
        show_default=True,
        help="A bad row stops the load, or is skipped, counted and listed.",
    ),
    click.option(
        "--out-of-order",
        type=click.Choice(["refuse", "sort", "clamp"]),
        default="refuse",
        show_default=True,
        help="What to do about stamps that run backwards.",
    ),
    click.option(
        "--rate",
        "rate_hz",
        type=Number(min=0, min_open=True, max=1e9),
        metavar="HZ",
        help=(
            "Events per second: mean of a synthetic feed (100,000 by default), constant pace of a recording."
        ),
    ),
    click.option(
        "--speed",
        type=Number(min=0, min_open=True),
        metavar="X",
        help="Times as fast as recorded; 1 by default.",
    ),
    click.option(
        "--events",
        type=WholeNumber(min=1),
        metavar="N",
        help="Synthetic events (300,000 by default), or at most so many of a recording.",
    ),
    click.option(
        "--seed",
        type=WholeNumber(min=0, max=2**64 - 1),
        default=0,
        show_default="0",
        metavar="N",
        help="Of the synthetic feed, and of the executor's service times.",
    ),
    click.option(
        "--model",
        type=click.Choice(["hawkes", "poisson", "constant"]),
        default="hawkes",
        show_default=True,
        help="Arrivals of the synthetic feed.",
    ),
    click.option(
        "--max-gap-ms",
        type=Number(min=0, max=1e12),
        default=1_000.0,
        show_default=True,
        metavar="MS",
        help="Longest idle gap of a recording, after --speed.",
    ),
)


def source_options(command: _Command) -> _Command:
    """Gives a command the options of its feed, in their order."""
    return with_options(command, _OPTIONS)


def with_options(command: _Command, options: Sequence[Callable[[_Command], _Command]]) -> _Command:
    """Gives a command these options, in their order."""
    for option in reversed(options):
        command = option(command)
    return command


def refuse_two_paces(options: Mapping[str, Any]) -> None:
    """A feed has one pace."""
    paces = [
        name
        for name, given in (
            ("--rate", options["rate_hz"]),
            ("--speed", options["speed"]),
            ("--max", options.get("as_fast_as_possible") or None),
        )
        if given is not None
    ]
    if len(paces) > 1:
        raise click.UsageError(f"{' and '.join(paces)} exclude each other: give one pace")


def refuse_what_would_be_ignored(options: Mapping[str, Any]) -> None:
    """Options that say something about a feed of the other sort; --seed alone may always be given."""
    names: tuple[str, ...]
    if options["feeds"]:
        names, reason = ("model",), "is of the synthetic feed, and --feed gives a recorded one"
    else:
        names = ("columns", "symbol", "policy", "out_of_order")
        reason = "is of a recorded feed: name one with --feed"
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} {reason}")
