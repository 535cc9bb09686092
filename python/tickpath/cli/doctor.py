"""``tickpath doctor``: which percentiles this machine can be believed about, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tickpath.cli.app import CODES, ended_by_a_signal
from tickpath.cli.numbers import Number, WholeNumber
from tickpath.cli.output import print_result
from tickpath.cli.progress import RunProgress
from tickpath.lab.doctor.percentiles import NAMES
from tickpath.runtime.signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["command"]

_NS_PER_S = 1_000_000_000
_EXAMPLES = """\b
Examples:
  tickpath doctor
  tickpath doctor --latency-ns 50000 --seconds 30
  tickpath doctor --core 2 --core 3 --require p99.9
  tickpath doctor --json

Exit codes: 0 examined, and --require is supported if it was given; 1 the percentile of --require is not
supported, or not known; 2 bad input or usage; 130 interrupted, with an account of what was watched.
"""


@click.command("doctor", epilog=_EXAMPLES)
@click.option(
    "--latency-ns",
    type=WholeNumber(min=1, max=2**63 - 1),
    default=10_000,
    show_default=True,
    metavar="NS",
    help="How long the latencies are that you want to believe.",
)
@click.option(
    "--seconds",
    type=Number(min=0, max=3600),
    default=2.0,
    show_default=True,
    metavar="S",
    help="How long each core is watched; 0 only reads what the machine says of itself.",
)
@click.option(
    "--core",
    "cores",
    type=WholeNumber(min=0, max=1 << 16),
    multiple=True,
    metavar="N",
    help="A core of your run, once for each; without it the two a run would take, and others beside them.",
)
@click.option(
    "--require",
    type=click.Choice(NAMES),
    help="The percentile that has to be supported: exit code 1 if it is not.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/doctor/1) and nothing else."
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
def command(**options: Any) -> int:
    """Say which percentiles this machine can be believed about, and what to change.

    What stalls a thread longest comes first. It takes the cores that it watches while it watches them;
    nothing is changed, and no rights are needed.
    """
    try:
        report = _examined(options)
    except KeyboardInterrupt:
        # The second signal means now.
        return ended_by_a_signal()
    return CODES[report["verdict"]]


def _examined(options: Mapping[str, Any]) -> dict[str, Any]:
    from tickpath.lab.doctor.examination import Question, examine
    from tickpath.lab.doctor.system_files import SystemFiles
    from tickpath.lab.doctor.text import print_doctor

    question = Question(
        latency_ns=options["latency_ns"],
        length_ns=round(options["seconds"] * _NS_PER_S),
        cores=tuple(dict.fromkeys(options["cores"])),
        require=options["require"],
    )
    with StopSignals() as signals:
        signals.defer()
        with RunProgress(quiet=options["quiet"]) as progress:
            report = examine(
                question,
                SystemFiles(),
                progress=progress.watching,
                should_stop=lambda: signals.requested,
            )
        print_result(report, lambda console: print_doctor(report, console), as_json=options["as_json"])
    return report
