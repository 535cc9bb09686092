"""The endpoints' server, stepped by hand: limits to the nanosecond and the byte, and a machine that fails."""

from __future__ import annotations

import json
import os
import selectors
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.runtime.boards import Clock, ready_board
from tickpath.errors import EndpointsUnavailable
from tickpath.runtime.endpoints import Endpoints, HttpAddress

S = 1_000_000_000
ANY_PORT = HttpAddress("127.0.0.1", 0)
READYZ = b"GET /readyz HTTP/1.1\r\n\r\n"


class Connection:
    """A client: what it sends, in so many pieces, and what it is sent."""

    def __init__(self, clock: Clock, *pieces: bytes, each_ns: int = 0) -> None:
        self._clock, self._pieces, self._each_ns = clock, list(pieces), each_ns
        self.asked: list[Any] = []
        self.sent = b""

    def settimeout(self, seconds: float) -> None:
        self.asked.append(seconds)

    def setblocking(self, flag: bool) -> None:
        self.asked.append(flag)

    def recv(self, size: int) -> bytes:
        self._clock.at_ns += self._each_ns
        self.asked.append(size)
        piece = self._pieces.pop(0) if self._pieces else b""
        assert len(piece) <= size
        return piece

    def sendall(self, data: bytes) -> None:
        self.sent += data

    send = sendall

    def shutdown(self, how: int) -> None:
        self.asked.append(("shutdown", how))

    def close(self) -> None:
        self.asked.append("close")


class Refusing(Connection):
    """A client that is gone when it is sent something."""

    def sendall(self, data: bytes) -> None:
        raise OSError(f"nobody takes {len(data)} bytes")

    send = sendall


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The machine's clock, as the server reads it."""
    made = Clock(5 * S)
    monkeypatch.setattr("tickpath.runtime.endpoints.server.now", made)
    return made


@pytest.fixture
def server() -> Iterator[Any]:
    """A server that was not started: nobody but the test steps it."""
    made = Endpoints(ready_board(), ANY_PORT, connections_max=2)
    yield made
    # Not stopped: that would wait for whomever a test that failed has left there.
    for each in (made._selector, made._listener, made._wake, made._waker):
        each.close()


def attended(server: Any, connection: Any) -> Any:
    """``connection`` after the server has attended to it, as the thread of its own does."""
    assert server._slots.acquire(blocking=False)
    server._open.append(connection)
    server._attend(connection)
    assert connection not in server._open
    return connection


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["error"]


def test_a_request_is_answered_and_what_is_still_sent_is_read_away(server: Any, clock: Clock) -> None:
    client = attended(server, Connection(clock, READYZ[:9], READYZ[9:], b"more", each_ns=S // 4))
    assert client.sent.startswith(b"HTTP/1.1 200 OK\r\n")
    # Two seconds for the request, two for the answer, and two for what comes after it.
    assert client.asked == [
        *(2.0, 8_192, 1.75, 8_192 - 9),
        *(2.0, ("shutdown", socket.SHUT_WR)),
        *(2.0, 8_192, 1.75, 8_192),
        "close",
    ]
    assert server.failures == 0


def test_what_is_read_away_has_an_end(server: Any, clock: Clock) -> None:
    client = attended(server, Connection(clock, READYZ, *[b"x"] * 9, each_ns=S))
    assert client.asked[2:] == [2.0, ("shutdown", socket.SHUT_WR), 2.0, 8_192, 1.0, 8_192, "close"]


def test_a_nanosecond_is_a_time_to_read_in(clock: Clock) -> None:
    server: Any = Endpoints(ready_board(), ANY_PORT, patience_ns=1)
    client = attended(server, Connection(clock, READYZ, b"more"))
    assert client.asked == [1e-9, 8_192, 1e-9, ("shutdown", socket.SHUT_WR), *(1e-9, 8_192) * 2, "close"]
    server.stop()


def test_who_says_nothing_is_told_nothing(server: Any, clock: Clock) -> None:
    for pieces in ((), (b"GET /readyz",)):
        client = attended(server, Connection(clock, *pieces))
        assert (client.sent, client.asked[-1]) == (b"", "close")
        assert ("shutdown", socket.SHUT_WR) not in client.asked


def test_a_place_is_given_back_by_whoever_leaves(server: Any, clock: Clock) -> None:
    for client in (Connection(clock), Refusing(clock, READYZ), Connection(clock, READYZ)) * 2:
        attended(server, client)
    other: Any = Connection(clock)
    server._open.append(other)
    attended(server, Connection(clock))
    assert server._open == [other]
    assert server.failures == 0


def test_a_request_may_take_its_time_to_the_nanosecond(server: Any, clock: Clock) -> None:
    late = (408, "the request took longer than 2 s")
    in_time: Any = Connection(clock, READYZ[:9], READYZ[9:], each_ns=S)
    assert server._reply(in_time, clock.at_ns + S + 1).status == 200
    too_late: Any = Connection(clock, READYZ[:9], READYZ[9:], each_ns=S)
    assert error_of(server._reply(too_late, clock.at_ns + S)) == late
    timed_out: Any = Connection(clock)
    timed_out.recv = lambda _size: (_ for _ in ()).throw(TimeoutError)
    assert error_of(server._reply(timed_out, clock.at_ns + S)) == late


@pytest.mark.parametrize(
    ("head", "status", "error"),
    [
        (b"x" * 8_192, 414, "a request is a line of 8192 bytes at most"),
        (b"GET /\r\n" + b"x" * 8_185, 431, "a request is a line and headers of 8192 bytes at most"),
        (b"GET /" + b"x" * 8_185 + b"\r\n", 431, "a request is a line and headers of 8192 bytes at most"),
    ],
)
def test_a_request_has_so_many_bytes_at_most(
    server: Any, clock: Clock, head: bytes, status: int, error: str
) -> None:
    assert error_of(server._reply(Connection(clock, head), clock.at_ns + S)) == (status, error)


def test_a_request_of_exactly_so_many_bytes_is_answered(server: Any, clock: Clock) -> None:
    head = b"GET /readyz?" + b"x" * (8_192 - len(READYZ) - 1) + b" HTTP/1.1\r\n\r\n"
    assert len(head) == 8_192
    assert server._reply(Connection(clock, head), clock.at_ns + S).status == 200
    # One byte less, and it has not come to its end.
    assert server._reply(Connection(clock, head[:-1]), clock.at_ns + S) is None


def test_bytes_of_any_kind_are_a_line(server: Any, clock: Clock) -> None:
    answer = server._reply(Connection(clock, b"GET /\xff\xfe HTTP/1.1\r\n\r\n"), clock.at_ns + S)
    assert error_of(answer) == (404, "there is no such path")


def test_a_fault_of_ours_is_reported_with_whose_it_is(
    server: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", reported.append)
    monkeypatch.setattr(server._board, "read", lambda: 1 // 0)
    for failures in (1, 2):
        answer = server._reply(Connection(clock, READYZ), clock.at_ns + S)
        assert error_of(answer) == (500, "the status could not be read: see the run's stderr")
        assert server.failures == failures
    assert (reported[0].exc_type, reported[0].object) == (ZeroDivisionError, server)


class Listener:
    """A listener that hands out what a test gives it."""

    def __init__(self, *coming: Any) -> None:
        self._coming = list(coming)

    def accept(self) -> tuple[Any, str]:
        first = self._coming.pop(0)
        if isinstance(first, Exception):
            raise first
        return first, "somebody"

    def close(self) -> None:
        """Nothing to close."""


def test_a_client_that_is_gone_before_it_is_taken_is_no_failure(server: Any) -> None:
    # Nobody waits in accept(): a stop would have to wait for him.
    assert not server._listener.getblocking()
    server._listener.close()
    server._listener = Listener(BlockingIOError())
    server._accept()
    assert server.failures == 0


def test_it_sleeps_until_somebody_comes_or_it_is_to_stop(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched: list[Any] = []
    turns = iter(["a client", "a stop"])

    class Selector:
        def close(self) -> None:
            watched.append("closed")

        def register(self, file: Any, events: int) -> None:
            watched.append((file, events))

        def select(self) -> None:
            if next(turns) == "a stop":
                server._stopping.set()

    server._listener.close()
    listener = server._listener = Listener(BlockingIOError())
    server._selector.close()
    server._selector = Selector()
    server._serve()
    # Asked once for a client; after the stop no more.
    assert watched == [(listener, selectors.EVENT_READ), (server._wake, selectors.EVENT_READ)]
    assert (list(turns), listener._coming) == ([], [])


def test_want_of_descriptors_is_counted_and_waited_out(server: Any) -> None:
    waits: list[float] = []
    server._listener.close()
    server._listener = Listener(OSError(24, "too many"), OSError(24, "too many"))
    server._stopping.wait = waits.append
    server._accept()
    server._accept()
    assert (server.failures, waits) == (2, [0.1, 0.1])


def test_one_too_many_is_told_so_without_waiting(server: Any, clock: Clock) -> None:
    polite, gone = Connection(clock), Refusing(clock)
    server._listener.close()
    server._listener = Listener(polite, gone)
    for _ in range(2):
        assert server._slots.acquire(blocking=False)
    server._accept()
    server._accept()
    assert polite.sent.startswith(b"HTTP/1.1 503 ")
    assert b"there are 2 connections already" in polite.sent
    # What is there is read away without waiting: closing on it would take the answer along.
    assert (polite.asked, gone.asked) == ([False, 8_192, "close"], [False, 8_192, "close"])
    assert (server._open, server.failures) == ([], 0)
    for _ in range(2):
        server._slots.release()


class NoThread:
    """A machine that has none left."""

    ident = None

    def __init__(self, **_given: Any) -> None: ...

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


def test_a_client_for_whom_there_is_no_thread_is_counted_and_let_go(
    server: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [Connection(clock) for _ in range(3)]
    server._listener.close()
    server._listener = Listener(*clients)
    with monkeypatch.context() as without:
        without.setattr(threading, "Thread", NoThread)
        for failures in (1, 2, 3):
            server._accept()
            assert server.failures == failures
    assert [client.asked for client in clients] == [["close"]] * 3
    assert server._open == []


def test_threads_are_daemons_and_named(server: Any, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    made: list[dict[str, Any]] = []

    class Thread:
        ident = None

        def __init__(self, **given: Any) -> None:
            made.append(given)

        def start(self) -> None:
            made[-1]["started"] = True

    client = Connection(clock)
    server._listener.close()
    server._listener = Listener(client)
    with monkeypatch.context() as watched:
        watched.setattr(threading, "Thread", Thread)
        server._accept()
        Endpoints(ready_board(), ANY_PORT).stop()
    assert server._open == [client]
    assert made[0] == {
        "target": server._attend,
        "args": (client,),
        "name": "http endpoint",
        "daemon": True,
        "started": True,
    }
    assert (made[1]["name"], made[1]["daemon"]) == ("http endpoints", True)
    server._leave(client)


def test_no_thread_for_the_server_ends_it_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setattr(threading, "Thread", NoThread)
        server = Endpoints(ready_board(), ANY_PORT)
    place = (server.address.host, server.address.port)
    with pytest.raises(EndpointsUnavailable, match=r"^the machine gave no thread for HTTP: can't start new"):
        server.start()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=20)


def test_a_fork_closes_what_it_inherited_and_nobody_else_s(
    server: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Connection(clock)
    server._open.append(client)
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        server.stop()
    # Closed, and not hung up on.
    assert client.asked == ["close"]
    assert (server._listener.fileno(), server._wake.fileno(), server._waker.fileno()) == (-1, -1, -1)
    assert server._selector.get_map() is None
    assert not server._stopping.is_set()
