"""A machine that gives no thread, no core, no priority, no huge page and no locked memory, one by one.

Rights are taken in forks of a process that has them: from root by becoming a user with no rights, and from
anybody by a seccomp filter that refuses system calls.
"""

from __future__ import annotations

import json
import os
import platform

import pytest

from tests.runtime.zygote import ENGINE, ends

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not hasattr(os, "sched_setaffinity"), reason="what is refused here is Linux's to give"
    ),
]

NOBODY = """
import resource
def tasks(): return len(os.listdir("/proc/self/task"))
before = tasks()
running(Sink()).stop()  # what is imported once is there
os.setgid(54321), os.setuid(54321)
def limit(threads):
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    resource.setrlimit(resource.RLIMIT_NPROC, (hard if threads is None else threads, hard))
"""
SINK = """
class Sink:
    def observe(self, event, ack): pass
"""
#: Each thread of an engine is refused once: the sink's, the feed's, the executor's, the consumer's.
THREADS = f"""
{SINK}
from tickpath.config.scenario.probes import BacklogSettings
from tickpath.control.health import monitor_objects, probe_of
from tickpath.errors import EndpointsUnavailable, EngineFailed, ThreadUnavailable
from tickpath.lab.bench.batches import Feed
from tickpath.lab.bench.exchange import PeerFailed
from tickpath.lab.bench.threads import POLLS, ThreadExchange, event_ring
from tickpath.core.engine import ping_pong
from tickpath.runtime.endpoints import Endpoints, HttpAddress
from tickpath.cli.app import run_command_line
from tests.runtime.boards import ready_board
import tickpath.cli.run, tickpath.lab.report, tickpath.lab.report_text, tickpath.runtime.supervision
import prometheus_client
{NOBODY}
gc.collect()
def settled():
    # A thread that was joined is the kernel's for a moment more; one that is left behind stays.
    while tasks() > before: pass
def refused(threads, kind, f):
    settled()
    limit(before + threads)
    try: print("GIVEN", f())
    except kind as error: assert "no thread" in str(error), error
    finally: limit(None)
    settled()
for threads in range(4):
    ring, lifecycle = EventRing(256), ready()
    engine = Engine(SOURCES[1e6], lifecycle, SETTINGS, ring=ring, sink=Sink())
    refused(threads, EngineFailed, engine.start)
    assert (ring.head(), engine.sink_counters(), engine.acks()) == (0, None, None)
    try: print("FINISHED", engine.finish())
    except EngineFailed as error: assert "not started" in str(error)
    assert ring.publish_many(SOURCES[1e6].events[:3]) == 0
    engine.start()
    record, account = engine.finish(), engine.sink_account
    assert record.balanced and account.shown + account.dropped == record.stages[0].ledger.executed
    assert ring.publish_many(SOURCES[1e6].events[:3]) == 2003
    print(threads)
lifecycle, ring = ready(), RingBuffer(8)
probe = probe_of(BacklogSettings(stage="executor", backlog_share_max=0.5))
watch = monitor_objects([probe], ring=ring, lifecycle=lifecycle, executor=Executor(ring, lifecycle))
refused(0, ThreadUnavailable, watch.start)
with watch: assert watch.is_running
endpoints = Endpoints(ready_board(), HttpAddress("127.0.0.1", 0))
address = endpoints.address
refused(0, EndpointsUnavailable, endpoints.start)
with Endpoints(ready_board(), address) as again: assert again.address == address
if len(os.sched_getaffinity(0)) > 1: refused(0, EngineFailed, lambda: ping_pong(10))
refused(0, ThreadUnavailable, Feed(1).run)
refused(0, PeerFailed, lambda: ThreadExchange("x", POLLS, event_ring, lambda: False).flood(1))
settled()
limit(before + 1)
print(run_command_line(["run", "--events", "100", "--max", "--quiet", "--json"]))
"""
#: Everything that can be wished of the machine.
WISHES = """
import resource
def waits(**given): return ThreadSettings(wait="park", park_ns=1_000, **given)
WISHES = EngineSettings(
    pace="max", capacity=65_536, ack_capacity=65_536, huge_pages=True, lock_memory=True,
    floor_window_ns=100_000,
    feed=waits(core=min(os.sched_getaffinity(0)), realtime_priority=50),
    executor=ConsumerSettings(name="executor", thread=waits(core=1_000)),
    consumers=(ConsumerSettings(name="log", thread=waits(nice=-20)),),
)
def run():
    engine = Engine(SOURCES[1e6], ready(), WISHES)
    engine.start()
    record = engine.finish()
    assert record.balanced and record.stages[0].ledger.executed == 2_000
    for fact in dict.fromkeys(record.refused): print(fact)
"""
NO_RIGHTS = """
os.setgid(54321), os.setuid(54321)
resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
run()
"""
#: A filter of four kinds of instruction: load the number of the call, compare, allow, refuse with EPERM.
NO_CALLS = """
import ctypes, struct
def refuse(*calls):
    code = [(0x20, 0, 0, 0)]
    code += [(0x15, len(calls) - number, 0, call) for number, call in enumerate(calls)]
    code += [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x00050001)]
    text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(text)))
    libc = ctypes.CDLL(None)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
MADVISE, SETPRIORITY, SETSCHEDULER, MLOCK, SETAFFINITY, GETAFFINITY, MLOCK2 = 28, 141, 144, 149, 203, 204, 325
"""


FILTERED = {
    "denied": "refuse(MADVISE, SETPRIORITY, SETSCHEDULER, MLOCK, SETAFFINITY, MLOCK2)\nrun()",
    "blind": "refuse(SETAFFINITY, GETAFFINITY)\nrun()",
}
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
HAS_FILTER = platform.machine() == "x86_64"
PROGRAMS = {
    **({"no rights": NO_RIGHTS} if IS_ROOT else {}),
    **(FILTERED if HAS_FILTER else {}),
    "single": "os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})\nrun()",
    **({"threads": THREADS} if IS_ROOT else {}),
}
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become a user of its own")
needs_filter = pytest.mark.skipif(not HAS_FILTER, reason="the calls are numbered for x86-64")


@pytest.fixture(scope="module")
def facts() -> dict[str, list[str]]:
    """What each program said; each must have ended well."""
    found = ends(PROGRAMS, f"{ENGINE}{WISHES}{NO_CALLS}")
    badly = {name: ended for name, ended in found.items() if ended.code}
    assert badly == {}
    return {name: ended.out.splitlines() for name, ended in found.items()}


def unlike(lines: list[str], *words: str) -> list[str]:
    """Return the words that no line begins with, and the lines that begin with none of them."""
    missing = [word for word in words if not any(line.startswith(word) for line in lines)]
    return missing + [line for line in lines if not line.startswith(words)]


@needs_root
def test_without_threads_each_start_fails_leaves_nothing_behind_and_can_be_made_again(
    facts: dict[str, list[str]],
) -> None:
    *stages, report, code = facts["threads"]
    assert stages == ["0", "1", "2", "3"]
    assert code == "1"
    run = json.loads(report)
    assert run["verdict"] == "fail"
    assert "the machine gave no thread" in run["reasons"][0]


@needs_root
def test_without_rights_a_run_is_the_same_and_says_what_it_did_not_get(facts: dict[str, list[str]]) -> None:
    # Whether there are huge pages is not a matter of rights.
    lines = [line for line in facts["no rights"] if not line.startswith("huge pages")]
    wishes = ("lock", "give a thread real-time", "give a thread nice", "pin a stage to core 1000")
    assert unlike(lines, *wishes) == []
    assert any("ulimit -l` is 0 bytes" in line for line in lines)


@needs_filter
def test_what_the_kernel_refuses_is_a_fact_of_the_run_and_never_its_end(facts: dict[str, list[str]]) -> None:
    wishes = ("huge", "touch", "lock", "give a thread real-time", "give a thread nice", "pin thread")
    assert unlike(facts["denied"], *wishes, "pin a stage") == []
    assert facts["blind"][0].startswith(
        "a core for each stage: the machine does not say which cores there are"
    )
    assert any(line.startswith("pin thread to core") for line in facts["blind"])


def test_on_one_core_nothing_is_pinned_and_it_says_so(facts: dict[str, list[str]]) -> None:
    assert facts["single"][0].startswith("a core for each stage: only 1 core can be used")
