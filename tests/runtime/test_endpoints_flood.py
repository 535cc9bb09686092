"""Fifty bad clients at once: each is answered or refused, and the run beside them does not know of it."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.boards import ready_board
from tickpath.runtime.endpoints import Endpoints, HttpAddress

CLIENTS = 50
GOOD = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
#: What clients send, and what may come back if they are attended to; 0: nothing.
REQUESTS: dict[bytes, set[int]] = {
    GOOD: {200},
    b"GET /readyz HTTP/1.1\r\n\r\n": {200, 503},
    b"BREW /pot HTTP/1.1\r\n\r\n": {405},
    b"GET /" + b"a" * 100_000: {414},
    b"GET /readyz HTTP/1.1\r\n" + b"X: y\r\n" * 50_000: {431},
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 600 + b"\r\n\r\n": {400},
    b"GET /readyz HT": {408},
    b"": {0, 408},
    b"\r\n\r\n": {400},
    b"GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n": {421},
}


def ask(place: tuple[str, int], request: bytes, *, leave: bool) -> int:
    """The status that came back; 0 for none: the server, or ``leave``, hung up."""
    try:
        with socket.create_connection(place, timeout=30) as client:
            client.sendall(request)
            if leave:
                return 0
            answer = b""
            while more := client.recv(65_536):
                answer += more
    except (ConnectionError, TimeoutError):
        return 0
    return int(answer.split(b" ")[1]) if answer else 0


def flood(place: tuple[str, int], until: Callable[[], bool], seed: int) -> Counter[tuple[bytes, int]]:
    """Fifty clients who ask until they are told to stop; how often each request got which answer."""
    print(f"seed {seed}")  # noqa: T201  what repeats it
    seen: Counter[tuple[bytes, int]] = Counter()
    lock = threading.Lock()

    def client(number: int) -> None:
        dice = random.Random(f"{seed} {number}")  # noqa: S311  no secret
        while True:
            request, leave = dice.choice([*REQUESTS]), dice.random() < 0.2
            status = ask(place, request, leave=leave)
            with lock:
                seen[request, status] += 1
            if until():
                return

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    return seen


def descriptors() -> int:
    table = Path("/proc/self/fd")
    return len(list(table.iterdir())) if table.is_dir() else 0


@pytest.mark.slow
def test_each_of_fifty_is_answered_or_refused_and_nothing_is_left() -> None:
    before = descriptors(), threading.active_count()
    with Endpoints(ready_board(), HttpAddress("127.0.0.1", 0), patience_ns=50_000_000) as server:
        place = (server.address.host, server.address.port)
        rounds = iter(range(3 * CLIENTS))
        seen = flood(place, lambda: next(rounds, None) is None, seed=random.SystemRandom().getrandbits(32))
        wrong = {
            (request[:30], status): count
            for (request, status), count in seen.items()
            if status not in REQUESTS[request] | {0, 503}
        }
        assert wrong == {}
        assert sum(seen.values()) >= 3 * CLIENTS
        # One that asks as it should is still answered.
        assert ask(place, GOOD, leave=False) == 200
        assert server.failures == 0
    assert (descriptors(), threading.active_count()) == before


@pytest.mark.slow
def test_a_run_does_not_know_of_them() -> None:
    command = [sys.executable, "-m", "tickpath", "run", "--events", "60000", "--http", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        told = ""
        while "answering at" not in told:
            told = process.stderr.readline()
            assert told, "the run has ended"
        port = int(told.rpartition(":")[2].split()[0].rstrip("/"))
        seen = flood(("127.0.0.1", port), lambda: process.poll() is not None, seed=1)
        stdout, stderr = process.communicate(timeout=60)
    report = json.loads(stdout)
    assert (process.returncode, stderr.count("Traceback")) == (0, 0), stderr
    assert seen[GOOD, 200] > 0
    assert report["ledger"]["balanced"] is True
    executor = report["ledger"]["consumers"]["executor"]
    assert (executor["published"], executor["lost"]) == (60_000, 0)
