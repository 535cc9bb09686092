"""Programs that end as programs do, many for the price of one start: each is a fork of one interpreter.

The fork is made before anything of tickpath runs. It runs the preamble, then the program, and ends by running
off the end of its script, so that everything an interpreter does at its end is done.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = ["ENGINE", "Ended", "ends"]

#: A small engine that runs until it is stopped, with events that flow.
ENGINE = """
def running(sink=None, rate_hz=1e4, ring=None):
    engine = Engine(SOURCES[rate_hz], ready(), SETTINGS, sink=sink, ring=ring)
    engine.start()
    return engine
def ready():
    lifecycle = Lifecycle()
    lifecycle.transition_to(State.WARMUP)
    lifecycle.transition_to(State.READY)
    return lifecycle
"""

_ZYGOTE = """
import atexit, faulthandler, gc, itertools, json, os, pickle, signal, sys, tempfile, threading, time
import numpy as np
from tickpath.config.engine import ConsumerSettings, EngineSettings, ThreadSettings
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.bus import Consumer, EventRing, Overrun, RingBuffer
from tickpath.core.engine import Engine, VirtualEngine
from tickpath.core.execution import Executor
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle, State
from tickpath.runtime.session import Session
THREAD = ThreadSettings(wait="park")
SETTINGS = EngineSettings(
    pace="recorded", capacity=256, ack_capacity=256, feed=THREAD, floor_window_ns=0, faults=True,
    clock="monotonic",
    executor=ConsumerSettings(name="executor", thread=THREAD),
    consumers=(ConsumerSettings(name="log", after=("executor",), thread=THREAD),),
)
#: Seconds' worth of events, but for the fastest.
SOURCES = {
    rate_hz: MarketDataSource.synthetic(model="constant", rate_hz=rate_hz, events=events)
    for rate_hz, events in ((100.0, 2_000), (1e4, 200_000), (1e6, 2_000))
}
asked = json.loads(sys.stdin.read())
files = {name: (tempfile.TemporaryFile(), tempfile.TemporaryFile()) for name in asked["programs"]}
children = {}
program = ""
for name in asked["programs"]:
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # one that hangs is ended by it, and must not hang the test
        for number, file in enumerate(files[name], start=1):
            os.dup2(file.fileno(), number)
        program = asked["programs"][name]
        break
    children[name] = child
    if asked["in_turn"]:
        children[name] = os.waitpid(child, 0)[1]
else:
    ended = {}
    for name, child in children.items():
        status = child if asked["in_turn"] else os.waitpid(child, 0)[1]
        texts = []
        for file in files[name]:
            file.seek(0)
            texts.append(file.read().decode())
        ended[name] = [os.waitstatus_to_exitcode(status), *texts]
    print(json.dumps(ended))
del asked, files, children
if program:
    exec(program)
"""


class Ended(NamedTuple):
    """How a program ended."""

    code: int
    """Its exit code; a signal as a negative number."""
    out: str
    """What it printed."""
    err: str
    """What it printed elsewhere."""


def ends(programs: Mapping[str, str], preamble: str = ENGINE, *, in_turn: bool = True) -> dict[str, Ended]:
    """Run each program after ``preamble``, one after the other or side by side, and say how it ended."""
    whole = {name: f"{preamble}\n{program}\n" for name, program in programs.items()}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", _ZYGOTE],
        input=json.dumps({"programs": whole, "in_turn": in_turn}),
        capture_output=True,
        text=True,
        timeout=25 * len(programs) + 30,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert (done.returncode, done.stderr) == (0, "")
    return {name: Ended(*ended) for name, ended in json.loads(done.stdout).items()}
