"""What systemd is told, over real sockets; and that it cannot fail a run."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.boards import Board, Clock, ready_board
from tickpath.control.failure.causes import Cause, hold
from tickpath.core.state import State
from tickpath.runtime.notify import SystemdNotifier

SECOND_NS = 1_000_000_000


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The service manager's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(str(tmp_path / "notify"))
        ours.setblocking(False)
        yield ours


def told(manager: socket.socket) -> list[str]:
    """The datagrams that have come."""
    messages = []
    while True:
        try:
            messages.append(manager.recv(4_096).decode())
        except BlockingIOError:
            return messages


def notifier(manager: socket.socket, clock: Clock, **environ: str) -> SystemdNotifier:
    return SystemdNotifier({"NOTIFY_SOCKET": manager.getsockname(), **environ}, clock=clock)


def test_ready_is_told_once_and_the_status_once_a_second(manager: socket.socket) -> None:
    clock, board = Clock(), Board(State.WARMUP)
    systemd = notifier(manager, clock)
    systemd.step(board)
    assert told(manager) == ["STATUS=WARMUP, not ready: state is WARMUP, expected READY"]
    board.move(State.READY)
    board.see()
    systemd.step(board)
    assert told(manager) == ["READY=1\nSTATUS=READY, ready, 78 events published"]
    clock.at_ns += SECOND_NS - 1
    systemd.step(board)
    assert told(manager) == []
    clock.at_ns += 1
    systemd.step(board)
    assert told(manager) == ["STATUS=READY, ready, 78 events published"]
    systemd.stopping("SIGTERM")
    assert told(manager) == ["STOPPING=1\nSTATUS=stopping: SIGTERM"]
    assert systemd.failures == 0


def test_the_watchdog_is_fed_at_half_its_time(manager: socket.socket) -> None:
    clock, board = Clock(), ready_board()
    systemd = notifier(manager, clock, WATCHDOG_USEC="2000", WATCHDOG_PID=str(os.getpid()))
    fed = []
    for _ in range(5):
        systemd.step(board)
        fed.append(told(manager).count("WATCHDOG=1"))
        clock.at_ns += 500_000
    assert fed == [1, 0, 1, 0, 1]


@pytest.mark.parametrize("environ", [{}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}])
def test_without_a_watchdog_of_ours_none_is_fed(manager: socket.socket, environ: dict[str, str]) -> None:
    systemd = notifier(manager, Clock(), **environ)
    systemd.step(ready_board())
    assert "WATCHDOG=1" not in told(manager)


def test_the_words_of_a_cause_cannot_say_more_than_they_should(manager: socket.socket) -> None:
    board = Board(State.WARMUP, State.READY)
    board.see()
    hold(board.lifecycle, Cause("outage\nREADY=1"))
    notifier(manager, Clock()).step(board)
    (message,) = told(manager)
    assert message.splitlines() == [message]


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0tickpath-test-" + str(os.getpid()))
        manager.setblocking(False)
        name = "@" + manager.getsockname()[1:].decode()
        systemd = SystemdNotifier({"NOTIFY_SOCKET": name}, clock=Clock())
        systemd.stopping()
        assert told(manager) == ["STOPPING=1\nSTATUS=stopping"]


@pytest.mark.parametrize("path", ["/nonexistent/notify", "/" + "x" * 300, "nul\0inside"])
def test_what_cannot_be_sent_is_counted_and_nothing_else(path: str) -> None:
    systemd = SystemdNotifier({"NOTIFY_SOCKET": path}, clock=Clock())
    systemd.step(ready_board())
    systemd.stopping()
    assert systemd.failures == 2


def test_a_manager_that_does_not_listen_is_not_waited_for(manager: socket.socket) -> None:
    clock, board = Clock(), ready_board()
    systemd = notifier(manager, clock)
    while not systemd.failures:
        systemd.step(board)
        clock.at_ns += SECOND_NS
    assert told(manager)


def test_without_a_manager_nothing_is_sent() -> None:
    systemd = SystemdNotifier({}, clock=Clock())
    systemd.step(ready_board())
    systemd.stopping()
    assert systemd.failures == 0
