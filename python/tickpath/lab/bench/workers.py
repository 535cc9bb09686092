"""The two processes of a contender, and what they are told: a loop in each, watched by the parent.

Each worker obeys commands from its control pipe and answers there. It ignores Ctrl-C (the parent ends
it), and ends by itself when the parent is gone, however deep it sits in a peer's blocking call.
"""

from __future__ import annotations

import contextlib
import struct
import time
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from tickpath.lab.bench.transports import MESSAGE_BYTES
from tickpath.lab.child import be_a_child

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.lab.bench.transports import Transport

__all__ = ["FAILED", "FLOOD", "ONE_WAY", "receive", "send"]

ONE_WAY = "one_way"
FLOOD = "flood"
FAILED = "failed"
_MESSAGE = struct.Struct(f"<Q{MESSAGE_BYTES - 8}x")

#: A command: the phase, how many messages, and the seconds between two of them.
Command = tuple[str, int, float]


def receive(transport: Transport, control: Connection) -> None:
    """The receiver's process: answers ``ready`` when it waits for the first message, then the result."""

    def obey(take: Callable[[], bytes], phase: str, messages: int) -> object:
        control.send("ready")
        if phase == FLOOD:
            for _ in range(messages):
                take()
            return time.perf_counter_ns()
        latencies = []
        for _ in range(messages):
            message = take()
            now_ns = time.perf_counter_ns()
            latencies.append(now_ns - _MESSAGE.unpack(message)[0])
        return latencies

    _work(transport, transport.receiver, control, lambda take, command: obey(take, command[0], command[1]))


def send(transport: Transport, control: Connection) -> None:
    """The sender's process: answers with the stamp of the first message, when all are on their way."""

    def obey(put: Callable[[bytes], object], command: Command) -> object:
        phase, messages, gap_s = command
        pack = _MESSAGE.pack
        begin_ns = time.perf_counter_ns()
        if phase == FLOOD:
            message = pack(0)
            for _ in range(messages):
                put(message)
            return begin_ns
        for _ in range(messages):
            put(pack(time.perf_counter_ns()))
            time.sleep(gap_s)
        return begin_ns

    _work(transport, transport.sender, control, obey)


def _work(
    transport: Transport,
    open_end: Callable[[], Any],
    control: Connection,
    obey: Callable[[Any, Command], object],
) -> None:
    # A parent that has gone, or has closed the pipe, hears nothing any more.
    with contextlib.suppress(OSError):
        try:
            be_a_child()
            end = open_end()
            control.send("open")
            while (command := _next(control)) is not None:
                control.send(obey(end, command))
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its row in the table
            control.send((FAILED, f"{type(error).__name__}: {error}"))
    transport.release()


def _next(control: Connection) -> Command | None:
    """The next command; ``None`` when the parent has closed the pipe."""
    try:
        command: Command = control.recv()
    except EOFError:
        return None
    return command
