"""``tickpath compare``: two runs, or two groups of them, by their reports: what differs, what is worse."""

from __future__ import annotations

from typing import Any

import click

from tickpath.cli.app import EXIT_FAILED, EXIT_PASSED
from tickpath.cli.numbers import Number
from tickpath.cli.output import print_result
from tickpath.errors import ArgumentValueError

__all__ = ["command"]

_EXAMPLES = """\b
Examples:
  tickpath run --seed 7 --json > A.json
  tickpath compare A.json B.json
  tickpath compare A.json B.json --fail-on p99=5% --fail-on lost=0 --json
  tickpath compare A.json B.json --allow config.capacity
  for i in 1 2 3 4 5; do tickpath run --json >> A.json; done

A limit is [CONSUMER/][STAGE.]PERCENTILE=LIMIT or [CONSUMER/]lost=LIMIT: p99=10%, p99.9=50us,
intended_to_completed.p50=5%, log/lost=0. Without --fail-on: p50=10%, p99=10%, lost=0.

Exit codes: 0 no regression was shown; 1 one was, or with --strict something is undecided; 2 bad input,
or runs that cannot be compared.
"""


@click.command("compare", epilog=_EXAMPLES)
@click.argument("a", metavar="A.json", type=click.Path())
@click.argument("b", metavar="B.json", type=click.Path())
@click.option(
    "--fail-on",
    "fail_on",
    multiple=True,
    metavar="METRIC=LIMIT",
    help="What may become worse by how much; repeat it for more.",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="KEY",
    help="What may differ between the runs: config, config.capacity, machine, feed, seed, mode, ...",
)
@click.option(
    "--confidence",
    type=Number(min=0.5, max=0.9999),
    default=0.95,
    show_default=True,
    metavar="SHARE",
    help="How sure a difference has to be to count.",
)
@click.option("--strict", is_flag=True, help="What is undecided or unknown fails, too.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/compare/1) and nothing else."
)
def command(**options: Any) -> int:
    """Compare two runs by what tickpath run --json printed of them: A before, B after.

    A file may hold several runs, one after the other: then the spread between runs is what a difference is
    held against.
    """
    from tickpath.lab.compare import compare_sides, parse_limit, read_side
    from tickpath.lab.compare.comparable import check_comparable
    from tickpath.lab.compare.limits import DEFAULT_LIMITS
    from tickpath.lab.compare.text import print_comparison

    try:
        limits = [parse_limit(text) for text in options["fail_on"] or DEFAULT_LIMITS]
    except ArgumentValueError as error:
        raise click.UsageError(f"--fail-on {error}") from None
    a, b = read_side(options["a"]), read_side(options["b"])
    allowed = check_comparable(a, b, options["allowed"])
    report = compare_sides(a, b, limits, confidence=options["confidence"], allowed=allowed)
    print_result(report, lambda console: print_comparison(report, console), as_json=options["as_json"])
    open_questions = report["undecided"] + report["unknown"]
    failed = report["verdict"] == "fail" or (options["strict"] and open_questions)
    return EXIT_FAILED if failed else EXIT_PASSED
