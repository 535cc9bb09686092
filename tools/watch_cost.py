"""Measure what ``tickpath run --watch`` costs a run: the same run with it and without, in turns.

Each round has three runs in an order that rotates: alone; with the ring of acks that the picture takes its
latencies from (``--ack-capacity``); watched, in a terminal of its own that a thread empties. A ratio is that
of one round, so that the machine's mood hits both sides alike; median of the rounds, lowest and highest.

    python tools/watch_cost.py [ROUNDS] [--rate HZ] [--events N]
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from tickpath.lab.bench.figures import Spread, ratio

CASES = {"alone": [], "acks": ["--ack-capacity", "65536"], "watched": ["--watch"]}
FIGURES = {
    "p50": ("published_to_completed", "p50_ns"),
    "p99": ("published_to_completed", "p99_ns"),
    "p99.9": ("published_to_completed", "p99_9_ns"),
    "the feed's own lateness, p50": ("intended_to_published", "p50_ns"),
    "the feed's own lateness, p99": ("intended_to_published", "p99_ns"),
}
PAIRS = (("watched", "alone"), ("acks", "alone"), ("watched", "acks"))


def emptied(fd: int) -> None:
    """Read a terminal until whoever had it has gone."""
    try:
        while os.read(fd, 65_536):
            pass
    except OSError:
        return


def run(arguments: Sequence[str]) -> dict[str, Any]:
    """Run ``tickpath run ARGUMENTS`` with a terminal as its stderr; its report."""
    master, slave = pty.openpty()
    reader = threading.Thread(target=emptied, args=(master,))
    reader.start()
    try:
        done = subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-m", "tickpath", "run", *arguments, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=slave,
            check=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )
    finally:
        os.close(slave)
        reader.join()
        os.close(master)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def shown(spread: Spread | None) -> str:
    """Show a ratio as people read it."""
    return "unknown" if spread is None else f"{spread.median:.2f} [{spread.low:.2f}, {spread.high:.2f}]"


def main() -> int:
    """Measure, and print a table of ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("rounds", nargs="?", type=int, default=7)
    parser.add_argument("--rate", type=float, default=100_000)
    parser.add_argument("--events", type=int, default=200_000)
    given = parser.parse_args()
    plan = ["--rate", str(given.rate), "--events", str(given.events), "--seed", "7"]
    rounds: list[dict[str, dict[str, Any]]] = []
    names = list(CASES)
    for number in range(given.rounds):
        turns = names[number % 3 :] + names[: number % 3]
        rounds.append({name: run([*plan, *CASES[name]]) for name in turns})
    out = [f"{given.rounds} rounds of {given.events:,} events at {given.rate:,.0f} a second; ratios"]
    out += [f"{'':<30}" + "".join(f"{above + ' / ' + below:>26}" for above, below in PAIRS)]
    for figure, (stage, percentile) in FIGURES.items():
        values = [
            {name: report["latency"][stage][percentile] for name, report in each.items()} for each in rounds
        ]
        out.append(f"{figure:<30}" + "".join(f"{shown(ratio(values, *pair)):>26}" for pair in PAIRS))
    watches = [each["watched"]["watch"] for each in rounds]
    lost = {
        name: sum(each[name]["ledger"]["consumers"]["executor"]["lost"] for each in rounds) for name in names
    }
    share = Spread.of(100 * watch["processor_ns"] / watch["watched_ns"] for watch in watches)
    picture = Spread.of(watch["processor_ns"] / watch["frames"] / 1e6 for watch in watches)
    meanwhile = Spread.of(watch["p50_ratio"] for watch in watches if watch["p50_ratio"] is not None)
    out += [
        f"a picture: {shown(picture)} ms of a processor; {shown(share)} % of one core",
        f"in the same run, the median while it draws against that between: {shown(meanwhile)}",
        "events lost by the executor: " + ", ".join(f"{name} {count:,}" for name, count in lost.items()),
    ]
    sys.stdout.write("\n".join(out) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
