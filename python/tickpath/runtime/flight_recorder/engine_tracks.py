"""The engine's tracks of a trace: every event and ack of the dump, and what the control steps counted.

The feed's slice of an event is from when it was due, and the event before was published, to its publication;
the executor's from decision to completion; an ack's has no length. What is between an event's publication
and its execution is the ring: the counter ``waiting`` is exact, and covers what the dump covers. Plain
consumers keep no stamps of single events: they have a slice for each control step in which they read.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tickpath.runtime.flight_recorder.trace_events import counter, instant, micros_of, slice_

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from tickpath.runtime.flight_recorder.dump import FlightDump
    from tickpath.runtime.flight_recorder.trace_events import Times, Window

    Seqs = NDArray[np.uint64]

__all__ = ["PID", "lines", "tracks"]

PID = 1
_FEED, _RING, _EXECUTOR, _ACKS, _LOSSES, _CONSUMERS = 101, 102, 103, 104, 105, 111


def tracks(dump: FlightDump) -> dict[int, str]:
    """The tracks, by number."""
    names = {_FEED: "1 feed", _RING: "2 ring", _EXECUTOR: "3 executor", _ACKS: "4 acks", _LOSSES: "5 losses"}
    for index, name in enumerate(_consumers(dump)):
        names[_CONSUMERS + index] = f"6 consumer {name}"
    return names


def lines(dump: FlightDump, window: Window) -> Iterator[str]:
    """Everything of the engine."""
    import numpy as np

    seqs, published, intended, payloads = _publications(dump)
    acks, origin_ns = dump.acks, dump.origin_ns
    acked = acks["seq"]
    decided = acks["decision_ts"].astype(np.int64) - origin_ns
    completed = acks["completion_ts"].astype(np.int64) - origin_ns
    published = _rising(published, window)
    due = np.where(intended < 0, published, np.minimum(intended, published))
    before = np.concatenate([published[:1] * 0 + window.begin_ns, published[:-1]])
    begun = np.minimum(np.maximum(due, before), published)
    # Two cores that read one clock may disagree by the last few nanoseconds; no arrow leads back for that.
    decided = np.maximum(decided, acks["published_ns"].astype(np.int64) - origin_ns)
    ends = _rising(np.maximum(completed, decided), window)
    begins = np.minimum(_after(decided, ends, window), ends)
    publications = _feed(seqs, begun, published, published - due, intended >= 0, payloads)
    executions = _executor(acks, begins, ends)
    for (seq, at, line), is_acked in zip(publications, np.isin(seqs, acked).tolist(), strict=True):
        yield line
        if is_acked:
            # Each arrow's end beside its slice: of two things at one moment viewers take the first one first.
            yield _arrow("s", _FEED, seq, at)
            yield from next(executions)
    yield from _waiting(seqs, published, acked, begins)
    yield from _steps(dump)


def _consumers(dump: FlightDump) -> list[str]:
    return [name for name in (dump.looks[-1].stages if dump.looks else ()) if name != "executor"]


def _publications(dump: FlightDump) -> tuple[Seqs, Times, Times, list[str]]:
    """Of each event that is known, its sequence, both stamps as run time (below 0: no plan), and its payload.

    An ack knows the stamps of its event, so that the publication of one that is no longer in the ring, or
    came after the copy, is known all the same.
    """
    import numpy as np

    events, acks, origin_ns, head = dump.events, dump.acks, dump.origin_ns, dump.tail.events_head
    first = head - len(events)
    older, newer = acks[acks["seq"] < first], acks[acks["seq"] >= head]
    own = np.arange(first, head, dtype=np.uint64)
    seqs = np.concatenate([older["seq"], own, newer["seq"]])
    published = np.concatenate([older["published_ns"], events["ts_ns"], newer["published_ns"]])
    intended = np.concatenate([older["intended_ns"], events["intended_ns"], newer["intended_ns"]])
    # 0 is the first moment of virtual time; by a machine's clock it is no plan, and lies before any run.
    due = intended.astype(np.int64) - origin_ns
    columns = [events[name].tolist() for name in ("symbol", "kind", "side", "price_e9", "size_e9")]
    payloads = [
        f',"symbol":{symbol},"kind":{kind},"side":{side},"price_e9":{price},"size_e9":{size}'
        for symbol, kind, side, price, size in zip(*columns, strict=True)
    ]
    return (
        seqs,
        published.astype(np.int64) - origin_ns,
        due,
        [""] * len(older) + payloads + [""] * len(newer),
    )


def _rising(times: Times, window: Window) -> Times:
    """``times`` without those that go back: a clock that was stepped makes slices that cannot be drawn."""
    import numpy as np

    straight: Times = np.maximum(np.maximum.accumulate(times), window.begin_ns)
    window.straightened += int((straight != times).sum())
    return straight


def _after(times: Times, ends: Times, window: Window) -> Times:
    """``times``, none of them before the end of the one before."""
    import numpy as np

    before = np.concatenate([ends[:1] * 0 + window.begin_ns, ends[:-1]])
    straight: Times = np.maximum(times, before)
    window.straightened += int((straight != times).sum())
    return straight


def _feed(
    seqs: Seqs, begun: Times, published: Times, late: Times, planned: NDArray[np.bool_], payloads: list[str]
) -> Iterator[tuple[int, str, str]]:
    """Of each publication its sequence, the slice's begin, and its line."""
    columns = zip(
        seqs.tolist(),
        micros_of(begun),
        micros_of(published - begun),
        late.tolist(),
        planned.tolist(),
        payloads,
        strict=True,
    )
    for seq, at, lasted, late_ns, is_planned, payload in columns:
        lateness = f',"late_ns":{late_ns}' if is_planned else ""
        args = f'"args":{{"seq":{seq}{lateness}{payload}}}'
        yield seq, at, _slice(_FEED, at, lasted, "publish", "feed", args)


def _executor(acks: NDArray[np.void], begins: Times, ends: Times) -> Iterator[tuple[str, ...]]:
    """Of each ack the slices of its execution and of itself, and the arrow that leads over both."""
    import numpy as np

    waited = acks["decision_ts"].astype(np.int64) - acks["published_ns"].astype(np.int64)
    columns = zip(
        acks["seq"].tolist(),
        micros_of(begins),
        micros_of(ends - begins),
        micros_of(ends),
        acks["epoch"].tolist(),
        waited.tolist(),
        acks["executed"].tolist(),
        strict=True,
    )
    for seq, at, lasted, end, epoch, waited_ns, executed in columns:
        name = "execute" if executed else "gated"
        work = f'"args":{{"seq":{seq},"epoch":{epoch},"waited_ns":{waited_ns}}}'
        ack = f'"args":{{"seq":{seq},"executed":{"true" if executed else "false"}}}'
        yield (
            _slice(_EXECUTOR, at, lasted, name, "executor", work),
            _arrow("t", _EXECUTOR, seq, at),
            _slice(_ACKS, end, "0", "ack", "ack", ack),
            _arrow("f", _ACKS, seq, end),
        )


def _slice(tid: int, at: str, lasted: str, name: str, cat: str, args: str) -> str:
    """A slice of numbers and words of ours alone, which need no escapes: there are thousands."""
    return (
        f'{{"ph":"X","pid":{PID},"tid":{tid},"ts":{at},"dur":{lasted},"name":"{name}","cat":"{cat}",{args}}}'
    )


def _arrow(phase: str, tid: int, seq: int, at: str) -> str:
    """The begin, a step or the end of the arrow of event ``seq``, on the slice that begins there."""
    binds = ',"bp":"e"' if phase == "f" else ""
    return (
        f'{{"ph":"{phase}","pid":{PID},"tid":{tid},"ts":{at},"id":{seq},"name":"event","cat":"flow"{binds}}}'
    )


def _waiting(seqs: Seqs, published: Times, acked: Seqs, begins: Times) -> Iterator[str]:
    """How many events were in the ring that the executor had not begun, at each change of that."""
    import numpy as np

    at = np.concatenate([published, begins])
    # Behind the newest published and the last begun of that moment.
    newest = np.searchsorted(published, at, side="right")
    last = np.searchsorted(begins, at, side="right")
    known = (newest > 0) & (last > 0)
    at, newest, last = at[known], newest[known], last[known]
    waiting = np.maximum(seqs[newest - 1].astype(np.int64) - acked[last - 1].astype(np.int64), 0)
    order = np.argsort(at)
    at, waiting = at[order], waiting[order]
    changes = np.ones(len(at), dtype=np.bool_)
    changes[1:] = waiting[1:] != waiting[:-1]
    for stamp, value in zip(micros_of(at[changes]), waiting[changes].tolist(), strict=True):
        yield (
            f'{{"ph":"C","pid":{PID},"tid":{_RING},"ts":{stamp},"name":"ring","cat":"counter",'
            f'"args":{{"waiting":{value}}}}}'
        )


def _steps(dump: FlightDump) -> Iterator[str]:
    """What the control steps counted: backlogs, what the consumers read, and losses."""
    consumers = {name: _CONSUMERS + index for index, name in enumerate(_consumers(dump))}
    for look in dump.looks:
        behind = {name: stage.backlog for name, stage in look.stages.items()}
        yield counter(PID, _RING, look.at_ns, "backlog", behind)
    for before, look in pairwise(dump.looks):
        for name, stage in look.stages.items():
            was = before.stages[name]
            lost, read = stage.lost - was.lost, stage.processed - was.processed
            if lost:
                yield instant(PID, _LOSSES, look.at_ns, f"{name} lost {lost}", "loss", {"total": stage.lost})
            if name in consumers and read:
                args = {"events": read, "cursor": stage.cursor, "backlog": stage.backlog, "lost": stage.lost}
                tid = consumers[name]
                yield slice_(PID, tid, before.at_ns, look.at_ns, f"read {read}", "consumer", args)
