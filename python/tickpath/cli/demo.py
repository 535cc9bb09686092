"""``tickpath demo``: all of it in ten seconds, on one screen, with an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tickpath.cli.app import CODES, ended_by_a_signal
from tickpath.cli.numbers import WholeNumber
from tickpath.cli.output import print_result
from tickpath.cli.progress import RunProgress
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["command"]

_EXAMPLES = """\b
Examples:
  tickpath demo
  tickpath demo --mode virtual --seed 7
  tickpath demo --quick --json

Exit codes: 0 every act did what it was to, every ledger balances and nothing was executed outside READY;
1 something of that is not so; 2 bad usage; 130 interrupted, with an account of what was played.
"""


@click.command("demo", epilog=_EXAMPLES)
@click.option(
    "--mode",
    type=click.Choice(["live", "virtual"]),
    default="live",
    show_default=True,
    help="On threads of this machine, or by an exact model of time: the same on every machine.",
)
@click.option(
    "--seed",
    type=WholeNumber(min=0, max=2**64 - 1),
    default=1,
    show_default=True,
    metavar="N",
    help="Where all draws begin.",
)
@click.option("--quick", is_flag=True, help="A shorter run and two of the acts, in some two seconds.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/demo/1) and nothing else."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(**options: Any) -> int:
    """See all of it in ten seconds: a run, four faults, and the account of them.

    A feed in its steady state, with what the machine does to it and what an observer costs; then a slow
    logger, a feed that freezes in mid-burst, two causes that overlap, and SIGTERM under load. It needs no
    root, no network and no file.
    """
    try:
        report = _performed(options)
    except KeyboardInterrupt:
        # Before there was anything to account for.
        return ended_by_a_signal()
    return CODES[report["verdict"]]


def _performed(options: Mapping[str, Any]) -> dict[str, Any]:
    # Before a signal may end it: it cannot be imported again, and the account needs it.
    import numpy as np  # noqa: F401

    from tickpath.lab.demo.acts import Stage
    from tickpath.lab.demo.show import Size, perform
    from tickpath.lab.demo.text import print_demo

    size = Size.quick() if options["quick"] else Size()
    with StopSignals() as signals:
        signals.defer()
        with RunProgress(quiet=options["quiet"]) as progress:
            stage = Stage(
                mode=options["mode"],
                seed=options["seed"],
                should_stop=lambda: signals.requested,
                # In virtual time it is over before anybody could look.
                progress=progress.playing if options["mode"] == "live" else lambda *_: None,
            )
            report = perform(stage, size)
        print_result(report, lambda console: print_demo(report, console), as_json=options["as_json"])
    return report
