"""An engine and the process around it: forks, a second interpreter, the interpreter's end."""

from __future__ import annotations

import subprocess
import sys

import pytest

ENGINE = """
import os, signal, sys
from tickpath.config.engine import ConsumerSettings, EngineSettings, ThreadSettings
from tickpath.core.engine import Engine
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle
signal.alarm(20)  # a child that hangs must not hang the test
source = MarketDataSource.synthetic(model="constant", rate_hz=1e4, events=100_000)
thread = ThreadSettings(wait="park")
settings = EngineSettings(
    capacity=64,
    feed=thread,
    executor=ConsumerSettings(name="executor", thread=thread),
    consumers=(ConsumerSettings(name="log", after=("executor",), thread=thread),),
    floor_window_ns=0,
)
class Tape:
    def observe(self, event, ack):
        pass
engine = Engine(source, Lifecycle(), settings, sink=Tape())
engine.start()
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("end", ["", "del engine", "engine.stop()", "sys.kept = engine"])
def test_an_interpreter_ends_quietly_around_a_running_engine(end: str) -> None:
    assert run(ENGINE + end) == ""


@pytest.mark.slow
def test_a_fork_cannot_wait_for_threads_that_it_does_not_have() -> None:
    # Joining them would hang, or end in a panic.
    assert run(
        ENGINE
        + """
child = os.fork()
if child == 0:
    for method in (lambda: engine.wait(1), engine.finish, engine.start):
        try:
            method()
        except Exception as error:
            print(type(error).__name__, flush=True)
    engine.stop()
    sys.exit(0)  # drops the engine
print(os.waitpid(child, 0)[1])
engine.stop()
print(engine.finish().balanced)
"""
    ).split() == ["EngineFailed"] * 3 + ["0", "True"]


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the module has another name from 3.13 on")
def test_a_second_interpreter_is_refused() -> None:
    assert (
        run("""
import sys, tickpath._native
import _xxsubinterpreters as interpreters
other = interpreters.create()
interpreters.run_string(other, f'''
import sys
sys.path[:0] = {sys.path!r}
try:
    import tickpath._native
except ImportError:
    print("refused")
''')
interpreters.destroy(other)
""")
        == "refused"
    )
