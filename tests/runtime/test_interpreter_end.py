"""An interpreter that ends around a running engine: as it was told to, and nobody is unwound half way.

Each program below stops where it would hurt most; what is checked is its exit code, and that nothing but what
it prints itself was printed.
"""

from __future__ import annotations

import pytest

from tests.core.engine.depth import INTERPRETER_ENDS
from tests.runtime.zygote import Ended, ends

#: Sinks by what they do with an ack, while the interpreter ends.
SINK = """
class Sink:
    seen = threading.Event()
    def observe(self, event, ack):
        self.seen.set()
        {body}
engine = running(Sink(), rate_hz=1e6)
Sink.seen.wait()
"""
SINKS = {
    "sleeps": "time.sleep(0.001)",
    "computes": "sum(range(100_000))",
    "never comes back": "while True: pass",
    "blocks": "threading.Event().wait()",
    "raises": "sys.unraisablehook = lambda _: None; raise ValueError",
}
#: Threads that are somewhere in tickpath all the time, the interpreter's lock in hand or not.
BUSY = """
def busy():
    {before}
    begun.set()
    while True:
        {body}
begun = threading.Event()
threading.Thread(target=busy, daemon=True).start()
begun.wait()
"""
#: What is published, and takes its time to go.
ITEM = """
    class Item:
        def __del__(self): sum(range(1_000))"""
THREADS = {
    "waits for an engine": ("engine = running(rate_hz=100.0)", "engine.wait(50)"),
    "finishes an engine": ("engine = running(rate_hz=100.0)", "engine.finish()"),
    "looks at an engine": (
        "engine = running(rate_hz=100.0)",
        "engine.snapshot(), engine.fence(timeout_ms=1)",
    ),
    "starts and drops engines": ("", "running(rate_hz=100.0)"),
    "drives a virtual engine": (
        "engine = VirtualEngine(SOURCES[100.0], ready(), SETTINGS); engine.start()",
        "engine.advance(engine.now_ns() + 10)",
    ),
    "shows a sink every event": (
        """
    ring = RingBuffer(64)
    class Sink:
        def observe(self, event, ack): sum(range(10_000))
    executor = Executor(ring, ready(), Sink())""",
        "ring.publish(1); executor.process()",
    ),
    "publishes what a generator gives": (
        """
    ring = RingBuffer(64)
    def items():
        while True:
            time.sleep(0.0001)
            yield 1""",
        "ring.publish_many(items())",
    ),
    "is overrun": (
        "ring = RingBuffer(4); consumer = Consumer(ring)",
        """
        ring.publish_many(range(9))
        try: consumer.poll()
        except Overrun: consumer.reset_to_head()""",
    ),
    "publishes what has a destructor": (
        f"ring = RingBuffer(4){ITEM}",
        "ring.publish(Item()); ring.publish_many([Item(), Item()])",
    ),
    "drops what has a destructor": (f"pass{ITEM}", "RingBuffer(4).publish_many([Item(), Item()])"),
    "counts numbers of its own": (
        """
    metrics = Metrics()
    class Number:
        def __index__(self): return sum(range(1_000))""",
        "metrics.observe(Number())",
    ),
    "publishes many": (
        "ring = EventRing(4096); events = SOURCES[1e6].events",
        "ring.publish_many(events)",
    ),
}
ACCOUNT = """
def account(where):
    engine.stop()
    record = engine.finish()
    print(where, record.balanced, engine.sink_account.shown + engine.sink_account.dropped
          == record.stages[0].ledger.executed, flush=True)
class Sink:
    def observe(self, event, ack): time.sleep(0.0001)
"""
#: Where an engine is kept.
PLACES = {
    "off the end": "engine = running()",
    "dropped": "engine = running(); del engine",
    "stopped": "engine = running(); engine.stop()",
    "in a module": "sys.kept = running()",
    "in a class": "class Keeps: engine = running()",
    "in a cycle": "kept = []; kept.append(kept); kept.append(running())",
    "in a cycle of its sink": """
class Sink:
    def observe(self, event, ack): pass
sink = Sink(); sink.engine = running(sink)""",
    "in a generator": """
def holds():
    engine = running()
    yield
kept = holds(); next(kept)""",
    "in a local of a thread": """
kept = threading.local(); kept.engine = running()
threading.Thread(target=lambda: setattr(kept, "engine", running())).start()""",
    "collected at the end": "atexit.register(gc.collect); kept = [running()]; kept.append(kept); del kept",
    "on a thread": "threading.Thread(target=running).start()",
    "many": "kept = [running(rate_hz=100.0) for _ in range(8)]",
    "with a watch": """
from tickpath.config.scenario.probes import BacklogSettings
from tickpath.control.health import monitor_objects, probe_of
engine, ring, lifecycle = running(), RingBuffer(8), ready()
probe = probe_of(BacklogSettings(stage="executor", backlog_share_max=0.5))
executor = Executor(ring, lifecycle)
monitor_objects([probe], ring=ring, lifecycle=lifecycle, executor=executor, interval_ns=1).start()""",
    "a session on a thread": """
begun = threading.Event()
session = Session(SOURCES[100.0])
threading.Thread(target=session.run, kwargs={"on_start": begun.set}, daemon=True).start()
begun.wait()""",
}
#: The places that differ most, where there is no time for all.
_FEW = ("in a cycle of its sink", "collected at the end", "with a watch", "a session on a thread")
PROGRAMS = {
    **{f"sink that {name}": SINK.format(body=body) for name, body in SINKS.items()},
    **{
        f"thread that {name}": BUSY.format(before=before, body=body)
        for name, (before, body) in THREADS.items()
    },
    **(PLACES if INTERPRETER_ENDS > 1 else {name: PLACES[name] for name in _FEW}),
}
#: Programs that end in a way of their own: what they print, and with which code.
ENDINGS = {
    "sys.exit": ("engine = running(); sys.exit(3)", 3, ""),
    "os._exit": ("engine = running(); os._exit(4)", 4, ""),
    "exit of a thread": ("engine = running(); threading.Thread(target=sys.exit).start()", 0, ""),
    "an account when it is asked for at the end": (
        f"{ACCOUNT}\nengine = running(Sink()); atexit.register(account, 'atexit')",
        0,
        "atexit True True",
    ),
    "an account before the engine was even made": (
        f"{ACCOUNT}\natexit.register(account, 'atexit')\nengine = running(Sink())",
        0,
        "atexit True True",
    ),
    "an account by a thread that outlives the program": (
        f"{ACCOUNT}\nengine = running(Sink()); threading.Thread(target=account, args=['thread']).start()",
        0,
        "thread True True",
    ),
    "an account in a destructor": (
        f"""{ACCOUNT}
class Keeps:
    def __del__(self): account("__del__")
engine, kept = running(Sink()), Keeps()
del kept""",
        0,
        "__del__ True True",
    ),
}


ERROR = "an error nobody catches"


@pytest.fixture(scope="module")
def ended() -> dict[str, Ended]:
    """Each program that ends in a way of its own, run to that end; the quiet ones once."""
    own = {name: program for name, (program, _, _) in ENDINGS.items()}
    return ends({**PROGRAMS, **own, ERROR: "engine = running(); raise KeyError('mine')"})


@pytest.mark.slow
def test_an_interpreter_ends_quietly_whatever_its_threads_are_in(ended: dict[str, Ended]) -> None:
    found = ended
    for left in reversed(range(INTERPRETER_ENDS)):
        badly = {name: found[name] for name in PROGRAMS if found[name] != Ended(0, "", "")}
        assert badly == {}
        found = ends(PROGRAMS) if left else {}


@pytest.mark.slow
def test_an_interpreter_ends_with_its_own_code_and_accounts_where_it_was_told_to(
    ended: dict[str, Ended],
) -> None:
    found = {name: (ended[name].code, ended[name].out.strip()) for name in ENDINGS}
    assert found == {name: (code, out) for name, (_, code, out) in ENDINGS.items()}


@pytest.mark.slow
def test_an_error_nobody_catches_ends_the_program_and_the_engine(ended: dict[str, Ended]) -> None:
    assert ended[ERROR].code == 1
    assert ended[ERROR].err.splitlines()[-1] == "KeyError: 'mine'"
    assert "Fatal" not in ended[ERROR].err
