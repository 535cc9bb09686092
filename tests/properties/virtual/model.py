"""A whole virtual run in plain Python: feed, ring, executor, consumers and gate, exact to the nanosecond.

It has no ring, no thread and no optimisation: an event is a number, a stage a cursor. At each moment at which
anything happens the feed publishes what is due, then each stage, upstream first, goes on as far as it gets
without time going by. Written from ``docs/concepts/virtual-time.md``, ``engine.md`` and ``faults.md``.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from typing import Any

from tests.properties.virtual.feed_model import FeedModel
from tickpath.config.engine import ConsumerSettings, EngineSettings
from tickpath.core.state import State

U64_MAX = (1 << 64) - 1
SERVICE_NS_MAX = 60_000_000_000
_ROW = struct.Struct("<5Q")


@dataclass
class StageModel:
    """One reading stage."""

    settings: ConsumerSettings
    upstreams: list[StageModel]
    cursor: int = 0
    progress: int | None = 0
    """What those behind it may read up to; ``None`` if it holds nobody up."""
    done_ns: int | None = None
    is_over: bool = False
    ended_by: tuple[int, int] | None = None
    counts: dict[Any, int] = field(default_factory=dict)
    over_limit: int = 0
    word: tuple[int, State] = (0, State.INIT)
    acks: list[tuple[int, int, int, int, bool]] = field(default_factory=list)
    last: tuple[Any, bool] = ("", False)

    @property
    def is_executor(self) -> bool:
        return self.settings.name == "executor"

    def add(self, what: Any, count: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + count

    def shown(self) -> tuple[dict[Any, int], int, int]:
        """Books, cursor and over-limit count as the control side sees them: without an event under way."""
        counts = dict(self.counts)
        if self.done_ns is None:
            return counts, self.cursor, self.over_limit
        what, was_over = self.last
        counts[what] -= 1
        return counts, self.cursor - 1, self.over_limit - was_over


class RunModel:
    """The run that ``settings`` make of events due at ``planned_ns``; ``faults`` says if any may happen."""

    def __init__(self, settings: EngineSettings, planned_ns: list[int]) -> None:
        self.capacity = settings.capacity
        self.feed = FeedModel(list(planned_ns))
        self.now_ns = 0
        self.word = (0, State.INIT)
        self.is_over = self.is_stopped = False
        self.slow: dict[str, tuple[float, int]] = {}
        self.stalled: set[str] = set()
        self.clock_offset_ns = 0
        made: dict[str, StageModel] = {}
        left = [settings.executor, *settings.consumers]
        # Upstream first, and in the order of the settings where that leaves a choice.
        while left:
            ready = next(one for one in left if all(name in made for name in one.after))
            left.remove(ready)
            made[ready.name] = StageModel(ready, [made[name] for name in ready.after])
        self.stages = made
        self.end_ns = 0

    # What the control side does.

    def move(self, state: State) -> None:
        self.word = (self.word[0] + 1, state)

    def stop(self) -> None:
        self.is_stopped = True

    def stop_intake(self) -> None:
        del self.feed.planned_ns[self.feed.next :]
        self.feed.in_hand = None

    def advance(self, until_ns: int | None) -> None:
        """Everything up to the end of the moment ``until_ns``; ``None`` is as far as it goes by itself."""
        next_ns: int | None = self.now_ns
        while not self.is_over:
            if next_ns is None or (until_ns is not None and next_ns > until_ns):
                if until_ns is not None:
                    self.now_ns = max(self.now_ns, until_ns)
                return
            self.now_ns = next_ns
            self._moment()
            if self.is_stopped and not self.feed.is_over:
                # By a stage, in this moment: the others see it in the same one.
                self._moment()
            self.is_over = self.feed.is_over and all(one.is_over for one in self.stages.values())
            dues = [one.done_ns for one in self.stages.values()] + [self.feed.next_due_ns()]
            # A feed that has nothing left to publish, and was not looked at since, ends when it is.
            next_ns = min((max(due, self.now_ns) for due in dues if due is not None), default=None)

    def is_behind(self) -> bool:
        """Whether anything is left to be published, or to be read by a stage that still reads."""
        reading = [one for one in self.stages.values() if not one.is_over]
        return not self.feed.is_over or any(one.shown()[1] < self.feed.head for one in reading)

    def digest(self) -> str:
        rows = [_ROW.pack(*ack) for ack in self.completed_acks()]
        return hashlib.sha256(b"".join(rows)).hexdigest()

    def completed_acks(self) -> list[tuple[int, int, int, int, bool]]:
        executor = self.stages["executor"]
        return executor.acks[:-1] if executor.done_ns is not None else executor.acks

    # How it goes.

    def _moment(self) -> None:
        if self.is_stopped:
            self.feed.is_over = True
        else:
            self.feed.act(self.now_ns)
        for stage in self.stages.values():
            if not stage.is_over and (stage.done_ns is None or stage.done_ns <= self.now_ns):
                self._take_turns(stage)

    def _take_turns(self, stage: StageModel) -> None:
        stage.done_ns, stage.progress = None, stage.cursor
        while not self.is_stopped:
            if stage.settings.name in self.stalled:
                return
            stage.word = self.word
            if self._waits(stage):
                return
            if stage.cursor == self.feed.head:
                if self.feed.is_over:
                    break
                return
            if stage.cursor < self.feed.head - self.capacity:
                if not self._recover(stage):
                    break
            elif self._process(stage):
                return
            stage.progress = stage.cursor
        stage.progress, stage.is_over = None, True
        if stage.is_executor:
            self.end_ns = self.now_ns

    def _waits(self, stage: StageModel) -> bool:
        """Whether it may not read, even if there is something."""
        if stage.is_executor and self.word[1] is State.INIT:
            return True
        return any(one.progress is not None and one.progress <= stage.cursor for one in stage.upstreams)

    def _recover(self, stage: StageModel) -> bool:
        policy, head = stage.settings.overrun, self.feed.head
        oldest = head - self.capacity
        if policy in ("raise", "detach"):
            stage.ended_by = (stage.cursor, oldest - stage.cursor)
            self.is_stopped = self.is_stopped or policy == "raise"
            return False
        target = head if policy == "head" else head - (self.capacity + 1) // 2
        stage.add("lost", oldest - stage.cursor)
        stage.add("shed", target - oldest)
        stage.cursor = target
        return True

    def _process(self, stage: StageModel) -> bool:
        """Takes one event; whether that takes time."""
        service_ns = self._service_ns(stage)
        done_ns = self.now_ns + service_ns
        decided, completed = self._stamp(self.now_ns), self._stamp(done_ns)
        published_ns, _number = self.feed.published[stage.cursor]
        epoch, state = stage.word
        what: Any = "read"
        if stage.is_executor:
            what = "executed" if state is State.READY else ("gated", state)
            stage.acks.append((stage.cursor, decided, completed, epoch, state is State.READY))
        limit_ns = stage.settings.latency_limit_ns
        was_over = limit_ns is not None and completed - published_ns > limit_ns
        stage.add(what)
        stage.over_limit += was_over
        stage.last = (what, was_over)
        stage.cursor += 1
        if service_ns:
            stage.done_ns = done_ns
        return service_ns > 0

    def _service_ns(self, stage: StageModel) -> int:
        service, load = stage.settings.service, stage.settings.load_factor
        drawn = int(service.ns) if service.kind == "constant" else min(service.samples_ns, default=0)
        if load:
            backlog = min(self.feed.head - stage.cursor, self.capacity)
            drawn = min(int(drawn * (1.0 + load * (backlog / self.capacity))), SERVICE_NS_MAX)
        factor, extra_ns = self.slow.get(stage.settings.name, (1.0, 0))
        return min(min(int(drawn * factor), SERVICE_NS_MAX) + extra_ns, SERVICE_NS_MAX)

    def _stamp(self, moment_ns: int) -> int:
        return max(0, min(moment_ns + self.clock_offset_ns, U64_MAX))

    def books(self) -> dict[str, tuple[int, ...]]:
        """(executed, gated by state, read, lost, shed, unread) of each stage of a run that is over."""
        found = {}
        for name, stage in self.stages.items():
            gone = max(0, self.feed.head - self.capacity - stage.cursor)
            counts = stage.counts
            found[name] = (
                counts.get("executed", 0),
                *(counts.get(("gated", state), 0) for state in State),
                counts.get("read", 0),
                counts.get("lost", 0) + gone,
                counts.get("shed", 0),
                self.feed.head - stage.cursor - gone,
            )
        return found
