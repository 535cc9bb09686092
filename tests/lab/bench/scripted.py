"""Contenders that do what a test wants, and a budget without a clock.

In a module of its own: the workers of ``processes`` import what they unpickle.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tickpath.lab.bench.exchange import Cut, PeerFailed
from tickpath.lab.bench.part import Budget, Sizes
from tickpath.lab.bench.transports import TransportKind

TINY = Sizes(turns=2, one_way_messages=40, flood_messages=20, engine_events=2_000, engine_paced_events=1_200)


def budget(rounds: int = 3, **more: Any) -> Budget:
    """A budget of few small rounds."""
    return Budget(rounds=rounds, sizes=TINY, **more)


class ScriptedExchange:
    """Says what it was told to say; ``failures`` maps the number of a phase, from 0, to what it raises."""

    waits = "waits not"

    def __init__(
        self,
        name: str,
        one_way_ns: int,
        flood_ns: float,
        log: list[str] | None = None,
        failures: dict[int, PeerFailed | Cut] | None = None,
    ) -> None:
        self.name = name
        self.closed = False
        self._one_way_ns, self._flood_ns = one_way_ns, flood_ns
        self._log = [] if log is None else log
        self._failures = failures or {}
        self._phases = 0

    def one_way(self, messages: int) -> Sequence[int]:
        """So many times the same."""
        self._next()
        self._log.append(self.name)
        return [self._one_way_ns] * messages

    def flood(self, messages: int) -> float:
        """Always the same."""
        self._next()
        return self._flood_ns

    def close(self) -> None:
        """Remembered."""
        self.closed = True

    def _next(self) -> None:
        phase, self._phases = self._phases, self._phases + 1
        if phase in self._failures:
            raise self._failures[phase]


class _Pipe:
    """A transport that works, and can be told otherwise by the classes below."""

    def __init__(self, context: Any, _folder: Path) -> None:
        self.receiving, self.sending = context.Pipe(duplex=False)

    def sender(self) -> Callable[[bytes], object]:
        send: Callable[[bytes], object] = self.sending.send_bytes
        return send

    def receiver(self) -> Callable[[], bytes]:
        receive: Callable[[], bytes] = self.receiving.recv_bytes
        return receive

    def release(self) -> None:
        self.receiving.close()
        self.sending.close()


class _Hangs(_Pipe):
    def sender(self) -> Callable[[bytes], object]:
        return lambda _message: None


class _Dies(_Pipe):
    def receiver(self) -> Callable[[], bytes]:
        return lambda: os._exit(7)


class _Raises(_Pipe):
    def sender(self) -> Callable[[bytes], object]:
        def send(_message: bytes) -> None:
            raise RuntimeError("no route")

        return send


class _Prints(_Pipe):
    def sender(self) -> Callable[[bytes], object]:
        os.write(1, b"a word from our sponsors")
        return super().sender()


class _WillNotOpen(_Pipe):
    def receiver(self) -> Callable[[], bytes]:
        raise OSError("no memory to share")


class _CannotBeMade:
    def __init__(self, _context: Any, _folder: Path) -> None:
        raise OSError("no queue")


WORKS = TransportKind("works", "blocks", _Pipe)
HANGS = TransportKind("hangs", "blocks", _Hangs)
DIES = TransportKind("dies", "blocks", _Dies)
RAISES = TransportKind("raises", "blocks", _Raises)
PRINTS = TransportKind("prints", "blocks", _Prints)
WILL_NOT_OPEN = TransportKind("will not open", "blocks", _WillNotOpen)
CANNOT_BE_MADE = TransportKind("cannot be made", "blocks", _CannotBeMade)  # type: ignore[arg-type]
ABSENT = TransportKind("absent", "blocks", _Pipe, "no_such_module_anywhere", "no-such-thing")
