"""Between two processes, messages of 64 bytes: Python's own ways, and those peers that are installed.

Sender and receiver are processes of their own, started once and told what to do; this process only
watches. A peer that hangs, dies or raises is ended and named, and nobody waits for it longer than the
watchdog's time. tickpath's ring stays within a process: beside the others it shows what leaving it costs.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tickpath.core.time import now
from tickpath.lab.bench import workers
from tickpath.lab.bench.exchange import GAP_S, Cut, PeerFailed, compare
from tickpath.lab.bench.threads import POLLS, ThreadExchange, event_ring
from tickpath.lab.bench.transports import MESSAGE_BYTES, TRANSPORTS
from tickpath.lab.child import Child, blocked
from tickpath.runtime.stop_signals import heeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tickpath.lab.bench.exchange import Exchange
    from tickpath.lab.bench.part import Budget, PartResult
    from tickpath.lab.bench.transports import TransportKind

__all__ = ["BASE", "ProcessExchange", "Processes"]

BASE = "tickpath EventRing, threads"
#: How long a worker may take to start and open its end, and to answer beyond what the messages take.
START_MAX_S = 30.0
SILENCE_MAX_S = 10.0
_LOOK_S = 0.05
_NS_PER_S = 1_000_000_000


class ProcessExchange:
    """A peer's two processes under watch."""

    def __init__(
        self,
        kind: TransportKind,
        should_stop: Callable[[], bool],
        *,
        start_max_s: float = START_MAX_S,
        silence_max_s: float = SILENCE_MAX_S,
    ) -> None:
        self.name = kind.name
        self.waits = kind.waits
        self._should_stop = should_stop
        self._silence_max_s = silence_max_s
        self._workers: list[Child] = []
        # Short: the path of a Unix socket has at most 107 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix="tickpath-", ignore_cleanup_errors=True)
        try:
            self._start(kind, start_max_s)
        except BaseException:
            self.close()
            raise

    def _start(self, kind: TransportKind, start_max_s: float) -> None:
        context = multiprocessing.get_context("spawn")
        try:
            transport = kind.make(context, Path(self._folder.name))
        except Exception as error:
            raise PeerFailed(f"could not be made: {type(error).__name__}: {error}") from error
        # The receiver first: who sends before anybody listens may lose.
        for role, work in (("receiver", workers.receive), ("sender", workers.send)):
            try:
                self._workers.append(Child(context, role, work, transport))
            except OSError as error:
                raise PeerFailed(f"the machine gave no process for its {role}: {error}") from error
            self._answers(self._workers[-1:], f"starting its {role}", start_max_s)
        transport.release()

    def one_way(self, messages: int) -> Sequence[int]:
        """See ``Exchange``."""
        latencies, _ = self._phase(workers.ONE_WAY, messages, GAP_S)
        result: Sequence[int] = latencies
        return result

    def flood(self, messages: int) -> float:
        """See ``Exchange``."""
        end_ns, begin_ns = self._phase(workers.FLOOD, messages, 0.0)
        took_ns: int = end_ns - begin_ns
        return took_ns / messages

    def _phase(self, phase: str, messages: int, gap_s: float) -> tuple[Any, Any]:
        """What receiver and sender answered."""
        receiver, sender = self._workers
        what = f"{messages:,} messages"
        self._tell(receiver, (phase, messages, gap_s))
        self._answers([receiver], what, self._silence_max_s)
        self._tell(sender, (phase, messages, gap_s))
        # A sleep takes longer than it is asked for, on a busy machine many times as long.
        answers = self._answers(self._workers, what, self._silence_max_s + 10 * messages * gap_s)
        return answers[0], answers[1]

    def _tell(self, worker: Child, command: workers.Command) -> None:
        try:
            worker.control.send(command)
        except OSError as error:
            raise PeerFailed(f"its {worker.role} is gone ({worker.fate()})") from error

    def _answers(self, asked: Iterable[Child], what: str, silence_max_s: float) -> list[Any]:
        """One answer of each, in their order; ``PeerFailed`` when one is late, dead or has failed."""
        order = list(asked)
        answers: dict[Connection, Any] = {}
        pending = {worker.control: worker for worker in order}
        until_ns = now() + int(silence_max_s * _NS_PER_S)
        while pending:
            if self._should_stop():
                raise Cut
            for ready in wait(list(pending), _LOOK_S):
                worker = pending.pop(cast("Connection", ready))
                answers[worker.control] = self._answer(worker)
            if pending and now() >= until_ns:
                silent = " and ".join(worker.role for worker in pending.values())
                raise PeerFailed(f"hung: no word from its {silent} within {silence_max_s:.0f} s ({what})")
        return [answers[worker.control] for worker in order]

    def _answer(self, worker: Child) -> Any:
        try:
            answer = worker.control.recv()
        except (EOFError, OSError) as error:
            raise PeerFailed(f"its {worker.role} ended with {worker.fate()}") from error
        if isinstance(answer, tuple) and answer[0] == workers.FAILED:
            raise PeerFailed(f"its {worker.role} failed: {answer[1]}")
        return answer

    def close(self) -> None:
        """Ends both processes, whatever they do; who is impatient waits these few seconds."""
        with blocked(*heeded()):
            for worker in reversed(self._workers):
                worker.end()
            self._workers.clear()
            self._folder.cleanup()


class Processes:
    """The part."""

    name = "processes"
    title = "two processes, messages of 64 bytes"

    def __init__(self, kinds: Sequence[TransportKind] = TRANSPORTS) -> None:
        self._kinds = kinds

    def run(self, budget: Budget) -> PartResult:
        """Measures within ``budget``."""
        contenders: dict[str, Callable[[], Exchange] | str] = {
            BASE: lambda: ThreadExchange(BASE, POLLS, event_ring, budget.should_stop)
        }
        for kind in self._kinds:
            contenders[kind.name] = kind.absent() or _opener(kind, budget)
        return compare(contenders, budget, base=BASE, message=f"{MESSAGE_BYTES} bytes")


def _opener(kind: TransportKind, budget: Budget) -> Callable[[], Exchange]:
    return lambda: ProcessExchange(kind, budget.should_stop)
