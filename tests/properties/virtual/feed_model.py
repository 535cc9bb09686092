"""The feed of a virtual run in a few plain lines: what is published when, whatever is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Every:
    """Counts to every n-th; another number begins anew."""

    every: int = 0
    count: int = 0

    def set(self, every: int) -> None:
        if every != self.every:
            self.every, self.count = every, 0

    def reaches(self) -> bool:
        self.count += 1
        return 0 < self.every <= self.count


@dataclass
class FeedModel:
    """Publishes what is planned at ``planned_ns``: ``published`` has (moment, number) by sequence."""

    planned_ns: list[int]
    knobs: dict[str, int] = field(default_factory=dict)
    published: list[tuple[int, int]] = field(default_factory=list)
    withheld: int = 0
    is_over: bool = False
    next: int = 0
    gap_left: int = 0
    burst_left: int = 0
    burst_ns: int = 0
    burst_asked: int | None = None
    duplicate: Every = field(default_factory=Every)
    reorder: Every = field(default_factory=Every)
    in_hand: int | None = None
    last: int | None = None

    @property
    def head(self) -> int:
        return len(self.published)

    @property
    def is_frozen(self) -> bool:
        return bool(self.knobs.get("feed_freeze")) and self.next < len(self.planned_ns)

    def next_due_ns(self) -> int | None:
        """When it does something next, as far as nobody tells it anything."""
        if self.is_over or self.is_frozen:
            return None
        return self.planned_ns[self.next] if self.next < len(self.planned_ns) else 0

    def act(self, now_ns: int) -> None:
        if self.is_over or self.is_frozen:
            return
        self._look(now_ns)
        while self.next < len(self.planned_ns):
            due_ns = self.planned_ns[self.next]
            if self.burst_left:
                due_ns = min(due_ns, self.burst_ns)
            if due_ns > now_ns:
                return
            self._take(now_ns)
        self.is_over = True

    def _look(self, now_ns: int) -> None:
        self.duplicate.set(self.knobs.get("feed_duplicate", 0))
        self.reorder.set(self.knobs.get("feed_reorder", 0))
        if (gap := self.knobs.pop("feed_gap", None)) is not None:
            self.gap_left = gap
        if (burst := self.knobs.pop("feed_burst", None)) is not None:
            self.burst_left, self.burst_ns = burst, now_ns

    def _take(self, now_ns: int) -> None:
        number, self.next = self.next, self.next + 1
        self.burst_left = max(0, self.burst_left - 1)
        in_gap, self.gap_left = self.gap_left > 0, max(0, self.gap_left - 1)
        if self.knobs.get("feed_outage") or self.knobs.get("feed_stale"):
            self.withheld += 1 + (self.in_hand is not None)
            self.in_hand = None
            if not self.knobs.get("feed_outage") and self.last is not None:
                self.published.append((now_ns, self.last))
        elif in_gap:
            self.withheld += 1
            self._late(now_ns)
        elif self.reorder.reaches() and number + 1 < len(self.planned_ns) and self.in_hand is None:
            self.reorder.count = 0
            self.in_hand = number
        else:
            self._deliver(now_ns, number)
            self._late(now_ns)

    def _late(self, now_ns: int) -> None:
        late, self.in_hand = self.in_hand, None
        if late is not None:
            self._deliver(now_ns, late)

    def _deliver(self, now_ns: int, number: int) -> None:
        self.published.append((now_ns, number))
        self.last = number
        if self.duplicate.reaches():
            self.duplicate.count = 0
            self.published.append((now_ns, number))
