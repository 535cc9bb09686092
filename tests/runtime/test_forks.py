"""Forks of a process with a running engine: an operation is refused or harmless, and the parent goes on."""

from __future__ import annotations

import pytest

from tests.core.engine.depth import FORKS
from tests.runtime.zygote import Ended, ends

#: What a parent says that was not disturbed.
PARENT = """
def undisturbed(engine):
    before = engine.snapshot().published
    while engine.snapshot().published == before: pass
    engine.stop()
    record, account = engine.finish(), engine.sink_account
    print(record.balanced, account.shown + account.dropped == record.stages[0].ledger.executed)
class Sink:
    def observe(self, event, ack): pass
"""
#: What is tried in a fork. Each prints its name, and what it came to.
OPERATIONS = (
    PARENT
    + """
unstarted = Engine(SOURCES[1e6], ready(), SETTINGS, sink=Sink())
engine = running(Sink())
reader, acks, window, lifecycle = engine.ring.reader(), engine.acks(), engine.ack_window(), ready()
while engine.snapshot().published < 300 or acks.available() < 100: pass
events = SOURCES[1e4].events[:4]
ring = RingBuffer(4)
ring.publish_many(range(3))
consumer, metrics = Consumer(ring), Metrics()
executor = Executor(ring, lifecycle, LatencySink(metrics))
def whole_run(engine):
    engine.start()
    engine.stop()
    return engine.finish().balanced
REFUSED = {
    "wait": lambda: engine.wait(1), "finish": engine.finish, "start": engine.start,
    "snapshot": engine.snapshot, "release": engine.release, "stop_intake": engine.stop_intake,
    "has_seen": lambda: engine.has_seen(2), "fence": lambda: engine.fence(timeout_ms=1),
    "publish": lambda: engine.ring.publish_many(events),
    "another on its ring": lambda: running(ring=engine.ring),
}
HARMLESS = {
    "stop": engine.stop, "freeze": lambda: engine.faults.feed_freeze(True),
    "stall": lambda: engine.sink_stall(True),
    "counters": engine.sink_counters, "now": engine.now_ns,
    "read": lambda: reader.reset_to_oldest() and reader.poll(),
    "acks": lambda: acks.available() >= 100, "window": window.take, "publish": lambda: ring.publish("x"),
    "poll": lambda: consumer.poll_many(9), "process": lambda: executor.process_many(9),
    "metrics": lambda: metrics.snapshot().count == 4 or print("NOT COUNTED"),
    "lifecycle": lambda: lifecycle.transition_to(State.DEGRADED),
    "one of its own": lambda: running(Sink()).stop(),
    "one that was made before": lambda: whole_run(unstarted) or print("NOT BALANCED"),
}
child = os.fork()
if child == 0:
    for name, operation in REFUSED.items():
        try: print("NOT REFUSED", name, operation())
        except Exception as error: print(name, type(error).__name__, sep=": ")
    for name, operation in HARMLESS.items():
        try: operation()
        except Exception as error: print("NOT HARMLESS", name, repr(error))
    sys.exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lifecycle.state.name, metrics.snapshot().count)
undisturbed(engine)
print(whole_run(unstarted))
"""
)
#: Forks at whatever moment, of a process whose threads move lifecycles, simulate, and are shown acks.
MOMENTS = (
    PARENT
    + """
engine, lifecycle = running(Sink()), ready()
virtual = VirtualEngine(SOURCES[1e4], ready(), SETTINGS)
virtual.start()
over = threading.Event()
def moves():
    for state in itertools.cycle((State.DEGRADED, State.WARMUP, State.READY)):
        lifecycle.transition_to(state)
        if over.is_set(): return
def simulates():
    while not over.is_set() and not virtual.advance(virtual.now_ns() + 1_000_000_000): pass
threads = [threading.Thread(target=moves), threading.Thread(target=simulates)]
for thread in threads: thread.start()
codes = set()
for number in range(FORKS):
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        for operation in (engine.snapshot, lambda: engine.has_seen(1), lambda: engine.fence(timeout_ms=1)):
            try: operation(); os._exit(1)
            except Exception: pass
        def refused(operation):
            try: operation()
            except Exception as error:
                if "was driving" not in str(error): os._exit(2)
                return True
            return False
        looks = virtual.snapshot, lambda: virtual.has_seen(1), lambda: virtual.advance(virtual.now_ns() + 1)
        if len({refused(look) for look in looks}) != 1: os._exit(4)
        told = []
        lifecycle.subscribe(told.append)
        lifecycle.transition_to(next(state for state in State if lifecycle.can_transition_to(state)))
        if told[-1].epoch != lifecycle.epoch or len(lifecycle.history) == 0: os._exit(3)
        if number % 3 == 0: os._exit(0)
        if number % 3 == 1: del engine; gc.collect()
        threads = None
        sys.exit(0)
    codes.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
over.set()
for thread in threads: thread.join()
print(codes)
undisturbed(engine)
"""
)
#: Forks while another thread starts an engine, which calibrates its clock first.
STARTS = (
    PARENT
    + """
import dataclasses
engine = Engine(SOURCES[1e4], ready(), dataclasses.replace(SETTINGS, clock="auto"), sink=Sink())
starting, codes = threading.Thread(target=engine.start), set()
starting.start()
while starting.is_alive() or not codes:
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        for operation in (lambda: engine.wait(1), engine.finish):
            try: operation()
            except Exception: pass
        del engine
        os._exit(0)
    codes.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(codes)
undisturbed(engine)
"""
)
#: A whole session with everybody outside, forked in the middle of a control step.
SESSION = """
import http.client, pathlib, socket
from tickpath.config.run import RunSettings
from tickpath.control.automation import AuditEntry, AuditTrail
from tickpath.runtime.endpoints import HttpAddress
from tickpath.runtime.supervision import Supervision
folder = pathlib.Path(tempfile.mkdtemp())
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(str(folder / "notify"))
os.environ["NOTIFY_SOCKET"] = str(folder / "notify")
settings = RunSettings(
    floor_window_ns=0, warmup_events=10, control_interval_ns=1_000_000, feed=THREAD,
    executor=ConsumerSettings(name="executor", thread=THREAD),
)
session, forked = Session(SOURCES[1e4], settings), []
outside = Supervision(session.board, http=HttpAddress("127.0.0.1", 0), probe_file=folder / "probe.json")
audit_file = open(folder / "audit", "w")
audit = AuditTrail(audit_file)
def entry(step): return AuditEntry(at_ns=0, runbook="", trigger="", step=step, event="acted")
def on_look(seen):
    outside.step()
    if forked or not session.board.is_ready: return
    audit.add(entry("parent"))
    client = socket.create_connection(tuple(outside.url.removeprefix("http://").split(":")))
    client.sendall(b"GET /livez HTTP/1.1\\r\\n")
    while not outside._endpoints._open: time.sleep(0)
    forked.append(os.fork())
    if forked[0] == 0:
        audit.add(entry("child"))
        sys.exit(5)
    print(os.waitstatus_to_exitcode(os.waitpid(forked[0], 0)[1]))
    status = json.loads((folder / "probe.json").read_text())
    print(status["phase"], status["pid"] == os.getpid(), sorted(file.name for file in folder.iterdir()))
    client.sendall(b"\\r\\n")
    print(client.makefile().readline().split()[0])
    audit.add(entry("parent again"))
    session.shutdown.request("test")
with outside:
    result = session.run(on_start=lambda: outside.begin(session.acks()), on_look=on_look)
print(result.verdict, result.record.balanced)
audit_file.close()
print([json.loads(line)["step"] for line in (folder / "audit").read_text().splitlines()])
manager.setblocking(False)
told = []
try:
    while True: told.append(manager.recv(4096))
except BlockingIOError: print(sum(b"STOPPING=1" in message for message in told))
print(json.loads((folder / "probe.json").read_text())["phase"])
"""
#: Other processes that are started while an engine runs.
OTHERS = (
    PARENT
    + """
import multiprocessing, subprocess
engine = running(Sink())
print(subprocess.run(["true"]).returncode)
print(os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1])
for method in METHODS:
    context = multiprocessing.get_context(method)
    with context.Pool(1) as pool:
        print(pool.apply(repr, (SETTINGS,)) == repr(SETTINGS))
        runs = engine, engine.ring, engine.ring.reader(), Session(SOURCES[1e4])
        for given in (*runs, SOURCES[1e4], ready(), Metrics()):
            try: print("NOT REFUSED", given, pool.apply(repr, (given,)))
            except TypeError as error: assert "pickle" in str(error), error
        print(pool.apply(RUN, (SETTINGS,)))
undisturbed(engine)
"""
)


#: As many as a program has the time for.
FORKS_EACH = 10
#: Three ways of multiprocessing, where there is time for their starts.
_METHODS = ["fork", "spawn", "forkserver"] if FORKS > 100 else ["fork"]
PROGRAMS = {
    "operations": OPERATIONS,
    **{f"moments {number}": f"FORKS = {FORKS_EACH}\n{MOMENTS}" for number in range(FORKS // FORKS_EACH)},
    "starts": STARTS,
    "session": SESSION,
    "others": f"METHODS = {_METHODS}\nfrom tests.core.engine.elsewhere import balanced_run as RUN\n{OTHERS}",
}


@pytest.fixture(scope="module")
def ended() -> dict[str, Ended]:
    """Each program, run to its end."""
    return ends(PROGRAMS)


def said(ended: Ended) -> list[str]:
    """Return the lines that a program printed; it must have ended well."""
    assert (ended.code, ended.err) == (0, ""), ended.out
    return ended.out.splitlines()


@pytest.mark.slow
def test_in_a_fork_what_needs_the_engine_is_refused_and_the_rest_is_its_own(ended: dict[str, Ended]) -> None:
    refused = ["wait", "finish", "start", "snapshot", "release", "stop_intake", "has_seen", "fence"]
    assert said(ended["operations"]) == [
        *(f"{name}: EngineFailed" for name in refused),
        "publish: ProducerBusy",
        "another on its ring: ProducerBusy",
        "7 READY 0",
        "True True",
        "True",
    ]


@pytest.mark.slow
def test_a_fork_at_any_moment_neither_hangs_nor_disturbs_its_parent(ended: dict[str, Ended]) -> None:
    moments = [said(found) for name, found in ended.items() if name.startswith("moments")]
    assert moments == [["{0}", "True True"]] * (FORKS // FORKS_EACH)
    assert said(ended["starts"]) == ["{0}", "True True"]


@pytest.mark.slow
def test_a_fork_says_nothing_to_those_outside_who_listen_to_its_parent(ended: dict[str, Ended]) -> None:
    assert said(ended["session"]) == [
        "5",
        "running True ['audit', 'notify', 'probe.json']",
        "HTTP/1.1",
        "interrupted True",
        "['parent', 'parent again']",
        "1",
        "stopped",
    ]


@pytest.mark.slow
def test_settings_go_to_other_processes_and_runs_do_not(ended: dict[str, Ended]) -> None:
    assert said(ended["others"]) == ["0", "0", *["True", "True"] * len(_METHODS), "True True"]
