"""Two processes a peer: those that work are measured, those that hang, die or raise are named and ended."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.bench import scripted
from tests.lab.bench.scripted import budget
from tickpath.lab.bench.exchange import Cut, PeerFailed
from tickpath.lab.bench.processes import BASE, Processes, ProcessExchange
from tickpath.lab.bench.transports import TRANSPORTS, TransportKind

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]


def opened(kind: TransportKind) -> ProcessExchange:
    return ProcessExchange(kind, lambda: False, silence_max_s=0.5)


def blocks_ctrl_c(process: multiprocessing.process.BaseProcess) -> bool:
    """Whether a Ctrl-C at its terminal did not even reach it while it was imported."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        pytest.skip("no /proc on this machine")
    blocked = next(line for line in status.read_text().splitlines() if line.startswith("SigBlk:"))
    return bool(int(blocked.split()[1], 16) >> (signal.SIGINT - 1) & 1)


def test_a_peer_that_works_is_measured_and_leaves_no_process() -> None:
    exchange = opened(scripted.WORKS)
    try:
        assert all(map(blocks_ctrl_c, multiprocessing.active_children()))
        latencies = exchange.one_way(30)
        assert len(latencies) == 30
        assert min(latencies) > 0
        assert exchange.flood(100) > 0
        assert len(exchange.one_way(5)) == 5
    finally:
        exchange.close()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (scripted.HANGS, r"hung: no word from its receiver within .* \(10 messages\)"),
        (scripted.DIES, r"its receiver ended with exit code 7"),
        (scripted.RAISES, r"its sender failed: RuntimeError: no route"),
    ],
    ids=["hangs", "dies", "raises"],
)
def test_a_peer_that_fails_in_a_phase_is_named_and_ended(kind: TransportKind, reason: str) -> None:
    exchange = opened(kind)
    try:
        with pytest.raises(PeerFailed, match=reason):
            exchange.one_way(10)
    finally:
        exchange.close()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (scripted.WILL_NOT_OPEN, "its receiver failed: OSError: no memory to share"),
        (scripted.CANNOT_BE_MADE, "could not be made: OSError: no queue"),
    ],
    ids=["will not open", "cannot be made"],
)
def test_a_peer_that_cannot_start_is_named_and_leaves_no_process(kind: TransportKind, reason: str) -> None:
    with pytest.raises(PeerFailed, match=reason):
        opened(kind)
    assert multiprocessing.active_children() == []


def test_what_a_peer_prints_does_not_reach_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    opened(scripted.PRINTS).close()
    assert capfd.readouterr().out == ""


def test_a_worker_ends_with_its_parent_even_in_a_call_that_never_returns() -> None:
    program = """
from tests.lab.bench import scripted
from tickpath.lab.bench.processes import ProcessExchange
def main():
    exchange = ProcessExchange(scripted.HANGS, lambda: False)
    print("waiting", flush=True)
    exchange.one_way(10)
if __name__ == "__main__":
    main()
"""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "waiting\n"
        process.kill()
        # The workers hold this pipe: it ends when the last of them has.
        process.stderr.read()


def test_an_interrupt_ends_the_wait() -> None:
    with pytest.raises(Cut):
        ProcessExchange(scripted.WORKS, lambda: True)
    assert multiprocessing.active_children() == []


def test_the_part_measures_what_works_and_names_the_rest() -> None:
    result = Processes([scripted.WORKS, scripted.RAISES, scripted.ABSENT]).run(budget(1))
    one_way = {f.contender: f for f in result.figures if f.what.startswith("one way")}
    assert list(one_way) == [BASE, "works", "raises", "absent"]
    assert one_way["works"].ns is not None
    assert one_way["works"].times_base is not None
    assert one_way["raises"].missing == "its sender failed: RuntimeError: no route"
    assert one_way["absent"].missing == "not installed: pip install no-such-thing"


@pytest.mark.parametrize("kind", TRANSPORTS, ids=lambda kind: kind.name)
def test_every_peer_that_is_installed_delivers(kind: TransportKind) -> None:
    reason = kind.absent()
    if reason is not None:
        pytest.skip(f"{kind.name}: {reason}")
    exchange = ProcessExchange(kind, lambda: False)
    try:
        assert len(exchange.one_way(20)) == 20
        assert exchange.flood(200) > 0
    finally:
        exchange.close()
