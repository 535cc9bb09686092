"""A process of ours that the machine gives no thread: its parent hears why, and nobody reads a traceback."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tickpath.lab import child
from tickpath.lab.bench import workers
from tickpath.lab.sweep import local

WHY = "the machine gave it no thread: can't start new thread"


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """A control pipe, in a process without threads whose stdout is its own."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    ours, theirs = multiprocessing.Pipe()
    system = SimpleNamespace(
        open=lambda *_: -1, dup2=lambda *_: None, devnull=os.devnull, O_WRONLY=os.O_WRONLY
    )
    with monkeypatch.context() as without:
        without.setattr(threading.Thread, "start", refuse)
        # Not the whole process's: pytest captures with it.
        without.setattr(child, "os", system)
        yield ours, theirs
    for file in (ours, theirs):
        file.close()


def test_the_sweep_says_what_its_processes_were_not_given(
    pipe: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pipe
    local._work(None, theirs)  # type: ignore[arg-type]
    theirs.close()

    class Ended:
        control = ours

        def __init__(self, *_given: object) -> None:
            pass

        def fate(self) -> str:
            return "exit code 0"

    monkeypatch.setattr(local, "Child", Ended)
    hand = local._Hand(None, None)  # type: ignore[arg-type]
    with pytest.raises(EOFError):
        list(hand.answers())
    assert (hand.fate(), hand.is_ready) == (f"exit code 0 ({WHY})", False)


def test_a_bench_names_the_worker_in_its_row(pipe: tuple[Any, Any]) -> None:
    ours, theirs = pipe

    class Transport:
        released = 0

        def release(self) -> None:
            self.released += 1

    transport: Any = Transport()
    workers._work(transport, lambda: None, theirs, lambda _end, _command: None)
    assert ours.recv() == (workers.FAILED, f"ThreadUnavailable: {WHY}")
    assert transport.released == 1
