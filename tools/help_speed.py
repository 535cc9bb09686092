"""How long `tickpath --help` takes beside Python with click: more than three times as long is an error.

In turns, a process each; what counts is the least processor time of each, which no other load makes less.
"""

from __future__ import annotations

import os
import subprocess
import sys

ROUNDS = 15
RATIO_MAX = 3.0
HELP = (sys.executable, "-m", "tickpath", "--help")
CLICK = (sys.executable, "-c", "import click")


def processor_s(command: tuple[str, ...]) -> float:
    """Return the processor time of one process, in seconds."""
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> int:
    """Measure, print, judge."""
    rounds = [(processor_s(HELP), processor_s(CLICK)) for _ in range(ROUNDS)]
    ours, theirs = (min(times) for times in zip(*rounds, strict=True))
    sys.stdout.write(
        f"tickpath --help: {ours * 1_000:.0f} ms; import click: {theirs * 1_000:.0f} ms; "
        f"{ours / theirs:.2f} times as long (at most {RATIO_MAX:g})\n"
    )
    return 0 if ours <= RATIO_MAX * theirs else 1


if __name__ == "__main__":
    sys.exit(main())
