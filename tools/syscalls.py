"""Show, by strace, that the threads of a steady run make no system call between first and last event.

The program traced marks the begin and the end of each hot thread's work with a call to ``getppid``, which
nothing else in it makes; what stands between two marks of a thread is counted. It runs with few events and
with a hundred times as many, and both counts must be 0. Then a call is planted in each stage in turn, and
must be seen.

    python tools/syscalls.py PROGRAM    PROGRAM EVENTS [STAGE] is the run; STAGE has a call planted in it

Exit code 1 if a promise does not hold, 2 if it could not be looked at.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

EVENTS = 3_000
STAGES = ("feed", "executor")
MARK = "getppid"
PLANTED = "getuid"
# `1234 read(0, ...` begins a call; `1234 <... read resumed>` ends one, and signals and exits are no calls.
CALL = re.compile(r"^(\d+) +([a-z_]\w*)\(")


class Untraceable(Exception):
    """There is nothing to judge: no strace, no permission, or a run that failed."""


def between_marks(trace: str) -> list[Counter[str]]:
    """Return what each marked thread called between its two marks."""
    found: dict[str, Counter[str]] = {}
    marks: Counter[str] = Counter()
    for line in trace.splitlines():
        if not (match := CALL.match(line)):
            continue
        thread, call = match[1], match[2]
        if call == MARK:
            marks[thread] += 1
            found.setdefault(thread, Counter())
        elif marks[thread] == 1:
            found[thread][call] += 1
    if not marks or set(marks.values()) != {2}:
        message = f"expected two calls of {MARK} in each marked thread, found {sorted(marks.values())}"
        raise Untraceable(message)
    return list(found.values())


def traced(program: str, *arguments: str) -> list[Counter[str]]:
    """Run ``program`` under strace and return the calls of its hot threads."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "trace"
        command = ["strace", "-f", "-qq", "-o", str(out), program, *arguments]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ours
        if done.returncode != 0:
            message = f"`{' '.join(command)}` ended with {done.returncode}: {done.stderr.strip()}"
            raise Untraceable(message)
        return between_marks(out.read_text(encoding="utf-8"))


def judge(program: str) -> list[str]:
    """Run everything, print a line for each run, and return what does not hold."""
    wrong = []
    for events in (EVENTS, 100 * EVENTS):
        threads = traced(program, str(events))
        total = sum(threads, Counter[str]())
        sys.stdout.write(f"{events:>8} events, {len(threads)} hot threads: {total.total()} system calls\n")
        if len(threads) != len(STAGES):
            wrong.append(f"{len(threads)} hot threads marked instead of {len(STAGES)}")
        if total:
            wrong.append(f"system calls between the first and the last of {events} events: {dict(total)}")
    for stage in STAGES:
        calls = [thread[PLANTED] for thread in traced(program, str(EVENTS), stage)]
        sys.stdout.write(f"{EVENTS:>8} events, a call planted in the {stage}: {sum(calls)} seen\n")
        if sum(1 for count in calls if count >= 1) != 1:
            wrong.append(f"a call planted in the {stage} was seen in these numbers by thread: {calls}")
    return wrong


def main(arguments: list[str]) -> int:
    """Judge the program named; return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    if shutil.which("strace") is None:
        sys.stderr.write("strace not found; install it (Debian: apt-get install strace), then try again\n")
        return 2
    try:
        wrong = judge(arguments[0])
    except Untraceable as reason:
        sys.stderr.write(f"{reason}\nA container has to allow tracing: docker run --cap-add SYS_PTRACE\n")
        return 2
    for line in wrong:
        sys.stderr.write(f"FAILED: {line}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
