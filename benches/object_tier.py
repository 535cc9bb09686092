"""The object tier against the reference, ``collections.deque`` and ``queue.SimpleQueue``.

``make bench`` runs it on the installed release package. Prints one table and exits with 1 if a target
of the project is not reached; ``--json`` prints one JSON object instead; ``--also PYTHON`` repeats the
measurement under a second interpreter with the same installed package.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import platform
import queue
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tickpath
from benches.interleaved import Samples, Workload, measure
from tickpath import reference
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.bus import Consumer, RingBuffer
from tickpath.core.execution import ACK_DTYPE, Executor
from tickpath.core.execution.observability import NoOpSink
from tickpath.core.state import Lifecycle, State

EVENTS = 1_000
BATCH = 256
CAPACITY = 1_024


class Target(NamedTuple):
    """A promise: ``slower`` takes at least (or at most) ``bound`` times as long as ``faster``."""

    what: str
    slower: str
    faster: str
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, ratio: float) -> bool:
        """Whether a measured ratio keeps the promise; one without bounds is only shown."""
        return (self.at_least is None or ratio >= self.at_least) and (
            self.at_most is None or ratio <= self.at_most
        )

    def bound(self) -> str:
        """The promise in words."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return f"at most {self.at_most:g}" if self.at_most is not None else ""


TARGETS = [
    Target("publish + poll: reference / native", "reference pair", "native pair", at_least=3.2),
    Target("publish + poll: native / deque append + popleft", "native pair", "deque pair", at_most=1.15),
    Target("publish + poll: reference / deque", "reference pair", "deque pair", at_most=4.0),
    Target("publish + poll: native / SimpleQueue put + get", "native pair", "simplequeue pair"),
    Target("the same, methods looked up at each call: native / deque", "native lookup", "deque lookup"),
    Target("publish + process, NoOpSink: reference / native", "reference noop", "native noop", at_least=4),
    Target(
        "publish + process, LatencySink: reference / native",
        "reference latency",
        "native latency",
        at_least=4.5,
    ),
    Target("Metrics.observe: reference / native", "reference observe", "native observe", at_least=2.5),
    Target(
        "Metrics.observe with histogram: reference / native",
        "reference observe histogram",
        "native observe histogram",
        at_least=5,
    ),
    Target(
        "reference publish + process / native publish_many(256) + process_into(256)",
        "reference noop",
        "native batch",
        at_least=10,
    ),
]


def ready() -> Lifecycle:
    """A lifecycle in READY."""
    lifecycle = Lifecycle()
    lifecycle.transition_to(State.WARMUP)
    lifecycle.transition_to(State.READY)
    return lifecycle


def pair(put: Callable[[object], object], take: Callable[[], object]) -> tuple[Workload, int]:
    """Put one item, take one, a thousand times; distinct items, bound methods."""
    items = [object() for _ in range(EVENTS)]

    def run() -> None:
        for item in items:
            put(item)
            take()

    return run, EVENTS


def observe(metrics: Any) -> tuple[Workload, int]:
    """Count a thousand latencies: most of some hundred nanoseconds, one in fifty up to 100 us."""
    latencies = [
        (number * 7919) % 100_000 if number % 50 == 0 else 100 + (number * 7919) % 400
        for number in range(EVENTS)
    ]
    call = metrics.observe

    def run() -> None:
        for latency_ns in latencies:
            call(latency_ns)

    return run, EVENTS


def batches() -> tuple[Workload, int]:
    """Publish 256 items in one call and process them into an array in another, four times."""
    ring: RingBuffer[object] = RingBuffer(CAPACITY)
    executor = Executor(ring, ready(), NoOpSink())
    items = [object() for _ in range(BATCH)]
    acks = np.zeros(BATCH, ACK_DTYPE)

    def run() -> None:
        for _ in range(4):
            ring.publish_many(items)
            executor.process_into(acks)

    return run, 4 * BATCH


def lookups() -> dict[str, tuple[Workload, int]]:
    """The pair as most people write it: the methods looked up at each call."""
    items = [object() for _ in range(EVENTS)]
    ring: RingBuffer[object] = RingBuffer(CAPACITY)
    consumer = Consumer(ring)
    deque: collections.deque[object] = collections.deque()

    def native() -> None:
        for item in items:
            ring.publish(item)
            consumer.poll()

    def peer() -> None:
        for item in items:
            deque.append(item)
            deque.popleft()

    return {"native lookup": (native, EVENTS), "deque lookup": (peer, EVENTS)}


def tier(name: str, ring_type: Any, consumer: Any, executor: Any, noop: Any, metrics: Any, sink: Any) -> Any:
    """The workloads of one implementation."""
    polled, processed, counted = ring_type(CAPACITY), ring_type(CAPACITY), ring_type(CAPACITY)
    return {
        f"{name} pair": pair(polled.publish, consumer(polled).poll),
        f"{name} noop": pair(processed.publish, executor(processed, ready(), noop()).process),
        f"{name} latency": pair(counted.publish, executor(counted, ready(), sink(metrics())).process),
        f"{name} observe": observe(metrics()),
        f"{name} observe histogram": observe(metrics(histogram=True)),
    }


def build() -> dict[str, tuple[Workload, int]]:
    """Every workload, anew."""
    r = reference
    deque: collections.deque[object] = collections.deque()
    simple: queue.SimpleQueue[object] = queue.SimpleQueue()
    return {
        **tier("native", RingBuffer, Consumer, Executor, NoOpSink, Metrics, LatencySink),
        **tier("reference", r.RingBuffer, r.Consumer, r.Executor, r.NoOpSink, r.Metrics, r.LatencySink),
        "native batch": batches(),
        "deque pair": pair(deque.append, deque.popleft),
        "simplequeue pair": pair(simple.put, simple.get),
        **lookups(),
    }


def report(samples: Samples, runs: int, rounds: int) -> dict[str, Any]:
    """The JSON object: ratios with spread, medians per workload, machine."""
    rows = []
    for target in TARGETS:
        ratio = samples.ratio(target.slower, target.faster)
        rows.append(
            {
                "what": target.what,
                "ratio": round(ratio.median, 3),
                "spread": [round(ratio.low, 3), round(ratio.high, 3)],
                "at_least": target.at_least,
                "at_most": target.at_most,
                "reached": target.holds(ratio.median),
            }
        )
    return {
        "schema": "tickpath/bench-object-tier/1",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "executable": sys.executable,
        "compiler": platform.python_compiler(),
        "machine": platform.processor() or platform.machine(),
        "runs": runs,
        "rounds": rounds,
        "events_per_round": EVENTS,
        "ns_per_event": {name: round(samples.ns(name), 1) for name in samples.runs[0]},
        "ratios": rows,
    }


def print_table(result: dict[str, Any]) -> None:
    """The same for people."""
    print(f"{result['python']} ({result['executable']}, {result['compiler']})")
    print(f"{result['runs']} runs of {result['rounds']} rounds; median of the runs [lowest, highest]\n")
    width = max(len(row["what"]) for row in result["ratios"])
    targets = {target.what: target for target in TARGETS}
    for row in result["ratios"]:
        low, high = row["spread"]
        bound = targets[row["what"]].bound()
        verdict = ("ok    " if row["reached"] else "MISSED") if bound else "      "
        print(f"{row['what']:<{width}}  {row['ratio']:6.2f} [{low:5.2f}, {high:5.2f}]  {verdict} {bound}")
    print("\nmedian ns per event, loop included:")
    for name, ns in result["ns_per_event"].items():
        print(f"  {name:<30} {ns:8.1f}")
    print()


def under(python: str, runs: int, rounds: int) -> dict[str, Any]:
    """The same measurement under another interpreter, with this one's installed packages."""
    root = Path(__file__).parents[1]
    places = [root, *(Path(str(module.__file__)).parents[1] for module in (tickpath, np))]
    command = [python, "-m", "benches.object_tier", "--json", f"--runs={runs}", f"--rounds={rounds}"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
    # The command is this file, under an interpreter that the caller named.
    done = subprocess.run(  # noqa: S603
        command, cwd=root, env=environment, stdout=subprocess.PIPE, check=False
    )
    if not done.stdout:
        raise SystemExit(f"benches: {python} ended with {done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> int:
    """Measure, print, and say by the exit code whether every target was reached."""
    parser = argparse.ArgumentParser(prog="benches.object_tier", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="runs, each with new objects (default 9)")
    parser.add_argument("--rounds", type=int, default=60, help="rounds a run (default 60)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--also", metavar="PYTHON", help="repeat under this interpreter")
    arguments = parser.parse_args()

    def progress(run: int) -> None:
        print(f"run {run + 1} of {arguments.runs}", file=sys.stderr)

    samples = measure(build, runs=arguments.runs, rounds=arguments.rounds, on_run=progress)
    result = report(samples, arguments.runs, arguments.rounds)
    if arguments.also:
        result["also"] = under(arguments.also, arguments.runs, arguments.rounds)
    if arguments.json:
        print(json.dumps(result))
    else:
        print_table(result)
        if arguments.also:
            print_table(result["also"])
    return 0 if all(row["reached"] for row in result["ratios"]) else 1


if __name__ == "__main__":
    sys.exit(main())
