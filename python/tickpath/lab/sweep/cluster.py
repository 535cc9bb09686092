"""The runs of a sweep on a Dask cluster that runs already: ``dask://HOST:PORT``, its scheduler's address.

Runs go there in batches, a few more than its threads can do at once, and each batch answers as a whole. The
scheduler gives what a dead worker was at to another one; a batch that workers keep dying of is taken apart,
and the run that they die of is a failed one. What comes twice is kept once. A scheduler that is gone ends the
sweep, and what was done by then is kept.

Every worker needs the same version of tickpath, and a scenario's recordings under the same paths.
``distributed`` is an extra, imported when it is needed; it has threads of its own. Blocks until the next
batch has ended, at most a twentieth of a second beyond a signal.
"""

from __future__ import annotations

import collections
import hashlib
import importlib.util
import itertools
import logging
import pickle
import queue
import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

import tickpath
from tickpath.core.time import now
from tickpath.errors import SweepFailed, SweepRefused
from tickpath.lab.sweep.one_run import Done, Runs, failed

if TYPE_CHECKING:
    from types import TracebackType

    from tickpath.lab.sweep.grid import Grid

__all__ = ["DaskCluster", "do_batch"]

_ADDRESS = re.compile(r"dask://([^/\s]+:\d+)/?")
#: What these have to say of a cluster that goes away, we say.
_LOGS = ("distributed", "distributed.client")
_CONNECT_S = 10
_LOOK_S = 0.05
_GATHER_S = 30
#: A batch takes about so long: long beside what a task costs, short beside what a dead worker may cost.
_BATCH_NS = 500_000_000
_BATCH_MAX = 512
_PIECES_MAX = 8
_COUNT_THREADS_NS = 2_000_000_000
#: How often a run is sent, if it is the cluster that loses it: a scheduler that forgot it, a lost answer.
_SENT_MAX = 4

Batch = tuple[str, int, list[Done]]
"""The version that did it, how long it took in nanoseconds, and its runs."""


class DaskCluster:
    """A client of the cluster; a context. Raises ``SweepRefused``, with what to do, if it cannot be used."""

    def __init__(self, address: str) -> None:
        match = _ADDRESS.fullmatch(address)
        if match is None:
            raise SweepRefused(f"--engine is local or dask://HOST:PORT, got {address[:80]!r}")
        if importlib.util.find_spec("distributed") is None:
            raise SweepRefused(
                f"{address} needs distributed, which is not installed: pip install 'tickpath[dask]'"
            )
        # Here already: it takes its time, and a signal later on is not to end it.
        import distributed  # noqa: F401

        self.name = f"dask://{match[1]}"
        self._scheduler = f"tcp://{match[1]}"
        self._client: Any = None
        self._log_levels: dict[str, int] = {}

    def __enter__(self) -> Self:
        from distributed import Client

        for name in _LOGS:
            self._log_levels[name] = logging.getLogger(name).level
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._client = Client(self._scheduler, timeout=_CONNECT_S, set_as_default=False)
            self._same_version(self._client.run(_version_there()))
        except OSError as error:
            self._close()
            raise SweepRefused(f"{self.name}: no Dask scheduler answers there: {error}") from error
        except BaseException:
            self._close()
            raise
        return self

    def _same_version(self, versions: dict[str, Any]) -> None:
        for worker, version in versions.items():
            if version != tickpath.__version__:
                has = f"has tickpath {version}" if version else "has no tickpath"
                raise SweepRefused(
                    f"{self.name}: its worker {worker} {has}, and this is {tickpath.__version__}: install "
                    "the same version on every worker"
                )

    def do(
        self, grid: Grid, runs: Iterator[int], count: int, should_stop: Callable[[], bool]
    ) -> Iterator[list[Done]]:
        """See ``SweepEngine``."""
        work = _Work(self._client, self.name, grid, runs, count)
        try:
            while work.busy:
                if should_stop():
                    return
                yield work.step()
        finally:
            work.cancel()

    def _close(self) -> None:
        if self._client is not None:
            self._client.close(timeout=1)
            self._client = None
        for name, level in self._log_levels.items():
            logging.getLogger(name).setLevel(level)

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._close()


class _Work:
    """What is to be done, and what is under way."""

    def __init__(self, client: Any, name: str, grid: Grid, runs: Iterator[int], count: int) -> None:
        self._client, self._name = client, name
        self._grid = pickle.dumps(grid)
        self._sweep = hashlib.sha256(self._grid).hexdigest()
        self._call = _call_there()
        self._runs, self._left = runs, count
        self._again: collections.deque[list[int]] = collections.deque()
        self._under_way: dict[str, tuple[Any, list[int]]] = {}
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._sent: collections.Counter[int] = collections.Counter()
        self._each_ns = _BATCH_NS
        self._threads, self._counted_ns = 0, 0
        self._numbers, self._began_ns = itertools.count(), now()

    @property
    def busy(self) -> bool:
        """Whether there is something to be done, or to be waited for."""
        return bool(self._left or self._again or self._under_way)

    def step(self) -> list[Done]:
        """Sends what there is room for, waits for a while, and takes what has ended."""
        self._look_at_the_cluster()
        while (self._left or self._again) and len(self._under_way) < 2 * self._threads + 1:
            self._send(self._next())
        done: list[Done] = []
        try:
            done += self._taken(self._ended.get(timeout=_LOOK_S))
            while True:
                done += self._taken(self._ended.get_nowait())
        except queue.Empty:
            return done

    def cancel(self) -> None:
        """What is under way is no longer wanted."""
        futures = [future for future, _ in self._under_way.values()]
        self._under_way.clear()
        if futures and self._client.status == "running":
            self._client.cancel(futures, force=True)

    def _look_at_the_cluster(self) -> None:
        if self._client.status in ("closing", "closed"):
            raise SweepFailed(f"{self._name}: the scheduler is gone; what was done is kept")
        if self._client.status == "running" and now() - self._counted_ns > _COUNT_THREADS_NS:
            try:
                self._threads = sum(self._client.nthreads().values())
            except OSError:
                # It is being lost: the next look says so, unless it comes back.
                return
            self._counted_ns = now()

    def _next(self) -> list[int]:
        if self._again:
            return self._again.popleft()
        wanted = min(_BATCH_MAX, _BATCH_NS // max(self._each_ns, 1))
        # Towards the end in smaller pieces: nobody is to wait long for the last one. What is too small waits
        # for the cluster more than it works.
        fair = max(self._left // (4 * max(self._threads, 1)), wanted // _PIECES_MAX)
        batch = list(itertools.islice(self._runs, max(1, min(wanted, fair))))
        self._left -= len(batch)
        return batch

    def _send(self, batch: list[int]) -> None:
        # Of this process alone: another one in the same sweep is given answers of its own.
        key = f"tickpath-sweep-{self._sweep[:16]}-{self._began_ns}-{next(self._numbers)}"
        future = self._client.submit(self._call, self._sweep, self._grid, batch, key=key, pure=False)
        self._under_way[key] = future, batch
        future.add_done_callback(self._ended.put)

    def _taken(self, future: Any) -> list[Done]:
        """The runs of a batch; nothing yet of one that is sent again."""
        found = self._under_way.pop(future.key, None)
        if found is None:
            return []
        _, batch = found
        try:
            version, took_ns, done = future.result(timeout=_GATHER_S)
        except Exception as error:  # noqa: BLE001 - of any class: distributed raises what the worker raised
            return self._failed(batch, error)
        if version != tickpath.__version__:
            raise SweepFailed(
                f"{self._name}: a worker has tickpath {version}, and this is {tickpath.__version__}; what "
                "was done is kept"
            )
        self._each_ns = took_ns // len(batch)
        return list(done)

    def _failed(self, batch: list[int], error: Exception) -> list[Done]:
        """A batch that workers died of is taken apart; one that was forgotten or lost is sent again."""
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            if len(batch) == 1:
                return [failed(batch[0], "every worker that it was given to died of it")]
            self._again.extend([run] for run in batch)
            return []
        if not isinstance(error, (OSError, TimeoutError)) and type(error).__name__ not in _FORGOTTEN:
            words = f"{type(error).__name__}: {error}"
            raise SweepFailed(
                f"{self._name}: a worker cannot do it: {words}; what was done is kept"
            ) from error
        self._sent.update(batch)
        if max(self._sent[run] for run in batch) >= _SENT_MAX:
            raise SweepFailed(
                f"{self._name}: the cluster forgot the same batch {_SENT_MAX} times; what was done is kept"
            ) from error
        self._again.append(batch)
        return []


#: Names of what the client raises for a task that the scheduler has forgotten, or whose answer is lost.
_FORGOTTEN = frozenset({"CancelledError", "FutureCancelledError", "FuturesCancelledError", "LostWorkerError"})

_RUNS: collections.OrderedDict[str, Runs] = collections.OrderedDict()
_GRIDS_KEPT_MAX = 2
_LOCK = threading.Lock()


# What is sent by value: a scheduler needs no tickpath, and a worker without it can say so.


def _version_there() -> Callable[[], str]:
    def version() -> str:
        try:
            import tickpath
        except ImportError:
            return ""
        return tickpath.__version__

    return version


def _call_there() -> Callable[[str, bytes, list[int]], Batch]:
    def call(sweep: str, grid: bytes, batch: list[int]) -> Batch:
        from tickpath.lab.sweep.cluster import do_batch

        return do_batch(sweep, grid, batch)

    return call


def do_batch(sweep: str, grid: bytes, batch: list[int]) -> Batch:
    """On a worker: those runs of ``grid``, whose digest ``sweep`` is. What it loads is kept for the next."""
    begin_ns = now()
    doer = _runs_of(sweep, grid)
    done = [found for run in batch if (found := doer.do(run)) is not None]
    return tickpath.__version__, now() - begin_ns, done


def _runs_of(sweep: str, grid: bytes) -> Runs:
    with _LOCK:
        found = _RUNS.pop(sweep, None)
        if found is None:
            # What a cluster sends its workers is trusted by them, whatever it is.
            found = Runs(pickle.loads(grid))  # noqa: S301
        _RUNS[sweep] = found
        while len(_RUNS) > _GRIDS_KEPT_MAX:
            _RUNS.popitem(last=False)
        return found
