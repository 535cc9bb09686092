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


def test_the_manager_is_the_environment_s_and_the_clock_the_machine_s(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    systemd = SystemdNotifier()
    board = ready_board()
    for _ in range(3):
        systemd.step(board)
    # Each once: a second has not passed, nor half a minute.
    first, second = told(manager)
    assert (first, second.split("\n")[0]) == ("WATCHDOG=1", "READY=1")
    systemd.stopping()
    assert told(manager) == ["STOPPING=1\nSTATUS=stopping"]


def test_an_environment_without_a_manager_is_asked_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd = SystemdNotifier()
    systemd.step(ready_board())
    systemd.stopping()
    assert systemd.failures == 0


def test_ready_is_once_and_what_came_after_is_in_the_status(manager: socket.socket) -> None:
    clock, board = Clock(), ready_board()
    systemd = notifier(manager, clock)
    systemd.step(board)
    assert told(manager)[0].startswith("READY=1\n")
    clock.at_ns += SECOND_NS // 2
    board.move(State.DEGRADED)
    systemd.step(board)
    board.move(State.READY)
    board.see()
    clock.at_ns += SECOND_NS // 2 - 1
    systemd.step(board)
    assert told(manager) == []
    clock.at_ns += 1
    systemd.step(board)
    systemd.step(board)
    assert told(manager) == ["STATUS=READY, ready, 78 events published"]
    clock.at_ns += SECOND_NS
    systemd.step(board)
    assert len(told(manager)) == 1


@pytest.mark.parametrize(("usec", "fed"), [("2001", [1, 0, 1]), ("1", [1, 1, 0]), ("0", [0, 0, 0])])
def test_half_of_the_watchdog_s_time_is_to_the_nanosecond(
    manager: socket.socket, usec: str, fed: list[int]
) -> None:
    clock, board = Clock(), ready_board()
    systemd = notifier(manager, clock, WATCHDOG_USEC=usec)
    found = []
    for step_ns in (1_000_499, 1, 0):
        systemd.step(board)
        found.append(told(manager).count("WATCHDOG=1"))
        clock.at_ns += step_ns
    assert found == fed


@pytest.mark.parametrize("usec", ["", "-5", "²", "1e3", " 7"])
def test_a_watchdog_of_no_time_is_none(manager: socket.socket, usec: str) -> None:
    notifier(manager, Clock(), WATCHDOG_USEC=usec).step(ready_board())
    assert "WATCHDOG=1" not in told(manager)


def test_a_fork_says_nothing_and_counts_that(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd = notifier(manager, Clock())
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        systemd.stopping()
        systemd.stopping()
    assert (told(manager), systemd.failures) == ([], 2)
    systemd.stopping("here")
    assert (told(manager), systemd.failures) == (["STOPPING=1\nSTATUS=stopping: here"], 2)


def test_without_sockets_of_that_kind_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    systemd = SystemdNotifier({"NOTIFY_SOCKET": "/somewhere"}, clock=Clock())
    monkeypatch.delattr(socket, "AF_UNIX")
    systemd.stopping()
    systemd.stopping()
    assert systemd.failures == 2


def test_words_that_are_no_text_are_sent_all_the_same(manager: socket.socket) -> None:
    systemd = notifier(manager, Clock())
    systemd.stopping("half of a pair: \ud800")
    assert (told(manager), systemd.failures) == (["STOPPING=1\nSTATUS=stopping: half of a pair: ?"], 0)
