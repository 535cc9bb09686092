"""How many slots a feed needs under a service time, and how long a service it allows: computed, not run.

One pass over the feed's plan says everything about one service time (``FeedPlan.size``, in Rust). The longest
service time that keeps the limits is found by bisection: a longer one never needs fewer slots, and completes
no event sooner.
Nothing here looks at a clock or at the machine: the same question has the same answer everywhere.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tickpath.config.checks import whole
from tickpath.config.engine import EngineSettings, ServiceTime
from tickpath.core.engine import FeedPlan
from tickpath.errors import ArgumentValueError
from tickpath.lab.report import feed_section, figures_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tickpath.core.engine import Sizing
    from tickpath.core.ingest import MarketDataSource
    from tickpath.lab.feed_account import FeedAccount

__all__ = ["SCHEMA", "SizingAnswer", "SizingQuestion", "answer", "longest", "sizing_report"]

SCHEMA = "tickpath/size/1"

_SLOTS_MAX = (1 << 63) - 1
_SERVICE_NS_MAX = 60_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingQuestion:
    """What is asked about a feed. Raises ``ArgumentTypeError`` and ``ArgumentValueError``."""

    settings: EngineSettings = field(default_factory=EngineSettings)
    """The feed's pace, and the executor's seed and overrun policy."""
    service: ServiceTime | None = None
    """How long the executor takes for an event; ``None`` to ask for the longest that keeps the limits."""
    capacity_slots: int | None = None
    """A ring of so many slots must lose nothing; ``None`` for no such limit."""
    p99_ns_max: int | None = None
    """At most so long from publication to completion, for 99 % of the events; ``None`` for no such limit."""

    def __post_init__(self) -> None:
        if self.capacity_slots is not None:
            whole("capacity_slots", self.capacity_slots, 1, _SLOTS_MAX)
        if self.p99_ns_max is not None:
            whole("p99_ns_max", self.p99_ns_max, 0, _SLOTS_MAX)
        if self.service is None and not self.has_limits:
            raise ArgumentValueError(
                "nothing is asked: give a service time, or a limit (capacity_slots, p99_ns_max) to find the "
                "longest one for"
            )

    @property
    def has_limits(self) -> bool:
        """Whether there is something to keep."""
        return self.capacity_slots is not None or self.p99_ns_max is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingAnswer:
    """What became of it; ``None`` where it was not asked, or not known yet when it was interrupted."""

    verdict: Literal["pass", "fail", "interrupted"]
    reasons: tuple[str, ...] = ()
    plan: FeedPlan | None = None
    sized: Sizing | None = None
    """With the service time that was asked about, and a ring in which nothing is lost."""
    in_ring: Sizing | None = None
    """The same with as many slots as were asked about."""
    service_ns_max: int | None = None
    """The longest constant service time that keeps the limits; ``None`` if none does."""
    at_service_ns_max: Sizing | None = None
    """With that service time, and a ring in which nothing is lost."""


def answer(
    source: MarketDataSource,
    question: SizingQuestion,
    *,
    on_progress: Callable[[int, int], object] | None = None,
) -> SizingAnswer:
    """Answer ``question`` about ``source``.

    ``on_progress`` is called now and then with the work done and all the work there is; what it raises passes
    through. Raises ``ArgumentValueError`` if there is no event, if the pace has no plan, or if there are too
    few events to speak of a p99.
    """
    plan = FeedPlan(source.native, question.settings)
    if not plan.events:
        raise ArgumentValueError("the feed has no events: there is nothing to size")
    work = _Work(plan, question, on_progress)
    sized = in_ring = at_max = longest_ns = None
    reasons: list[str] = []
    if question.service is not None:
        sized = work.size(question.service)
        if question.capacity_slots is not None:
            in_ring = work.size(question.service, question.capacity_slots)
        reasons += _broken(question, sized, in_ring)
    if question.has_limits:
        longest_ns = longest(lambda ns: work.keeps(ServiceTime.constant(ns)), work.ceiling_ns)
        if longest_ns is not None:
            at_max = work.size(ServiceTime.constant(longest_ns))
        elif question.service is None:
            reasons.append("no service time keeps the limits: the feed's own bursts break them")
    return SizingAnswer(
        verdict="fail" if reasons else "pass",
        reasons=tuple(reasons),
        plan=plan,
        sized=sized,
        in_ring=in_ring,
        service_ns_max=longest_ns,
        at_service_ns_max=at_max,
    )


def longest(keeps: Callable[[int], bool], ceiling_ns: int) -> int | None:
    """The largest ``ns`` up to ``ceiling_ns`` that ``keeps`` holds for; ``None`` if it does not hold for 0.

    ``keeps`` must not hold again above an ``ns`` for which it does not.

    >>> longest(lambda ns: ns * ns <= 50, 1_000)
    7
    """
    if not keeps(0):
        return None
    if keeps(ceiling_ns):
        return ceiling_ns
    good, bad = 0, ceiling_ns
    while bad - good > 1:
        middle = (good + bad) // 2
        if keeps(middle):
            good = middle
        else:
            bad = middle
    return good


class _Work:
    """Passes over the plan, one after the other, with one account of the progress."""

    def __init__(
        self, plan: FeedPlan, question: SizingQuestion, on_progress: Callable[[int, int], object] | None
    ) -> None:
        self._plan = plan
        self._question = question
        self._on_progress = on_progress
        limit_ns = question.p99_ns_max
        #: No event is completed sooner than its service takes.
        self.ceiling_ns = _SERVICE_NS_MAX if limit_ns is None else min(limit_ns, _SERVICE_NS_MAX)
        passes = 0 if question.service is None else 1 + (question.capacity_slots is not None)
        if question.has_limits:
            # Both ends, a pass for each halving, and the figures of what was found.
            passes += self.ceiling_ns.bit_length() + 3
        self._total = passes * plan.events
        self._before = 0

    def size(self, service: ServiceTime, capacity_slots: int | None = None) -> Sizing:
        """What becomes of the feed."""
        executor = dataclasses.replace(self._question.settings.executor, service=service)
        sized = self._plan.size(executor, capacity=capacity_slots, progress=self._tell)
        self._before += self._plan.events
        return sized

    def keeps(self, service: ServiceTime) -> bool:
        """Whether the limits are kept."""
        return not _broken(self._question, self.size(service), None)

    def _tell(self, done: int, _in_all: int, _events: int) -> None:
        if self._on_progress is not None:
            self._on_progress(self._before + done, self._total)


def _broken(question: SizingQuestion, sized: Sizing, in_ring: Sizing | None) -> list[str]:
    """The limits that are not kept, a sentence for each."""
    reasons = []
    slots, limit_ns = question.capacity_slots, question.p99_ns_max
    if slots is not None and sized.backlog > slots:
        text = f"a ring of {slots:,} slots loses events: {sized.backlog:,} would lose none"
        if in_ring is not None:
            missed = in_ring.lost + in_ring.shed
            text = (
                f"a ring of {slots:,} slots misses {missed:,} of {in_ring.published:,} events "
                f"({in_ring.lost:,} lost, {in_ring.shed:,} shed): {sized.backlog:,} slots would lose none"
            )
        reasons.append(text)
    if limit_ns is not None:
        p99_ns = (in_ring or sized).latency.p99_ns
        if p99_ns is None:
            raise ArgumentValueError(
                f"the p99 of {(in_ring or sized).read:,} events is unknown, fewer than ten lie beyond it: "
                "p99_ns_max needs a feed of at least 1,000 events"
            )
        if p99_ns > limit_ns:
            reasons.append(f"p99 is {p99_ns:,} ns, above {limit_ns:,} ns")
    return reasons


def sizing_report(
    question: SizingQuestion,
    answered: SizingAnswer,
    feed: FeedAccount,
    *,
    seed: int | None,
    config: Mapping[str, Any],
    recorded_ts_ns: Callable[[int], int],
) -> dict[str, Any]:
    """The object ``tickpath/size/1``; every field stands in ``docs/reference/size-json.md``.

    ``config`` is what was asked for beside ``question``; ``recorded_ts_ns`` tells an event's stamp by its
    index.
    """
    settings, plan = question.settings, answered.plan
    return {
        "schema": SCHEMA,
        "seed": seed,
        "verdict": answered.verdict,
        "reasons": list(answered.reasons),
        "config": {
            **config,
            **{name: getattr(settings, name) for name in _PACE_FIELDS},
            "service": _service(question.service),
            "service_seed": settings.executor.seed,
            "overrun": settings.executor.overrun,
            "capacity_slots": question.capacity_slots,
            "p99_ns_max": question.p99_ns_max,
        },
        "feed": {
            **feed_section(feed),
            "plan_length_ns": plan.length_ns if plan else None,
            "gaps_capped": plan.gaps_capped if plan else None,
            "left_out_ns": plan.left_out_ns if plan else None,
        },
        "sizing": _sizing(answered.sized, plan, recorded_ts_ns),
        "in_ring": _in_ring(answered.in_ring, question.capacity_slots),
        "service_ns_max": answered.service_ns_max,
        "at_service_ns_max": _sizing(answered.at_service_ns_max, plan, recorded_ts_ns),
    }


_PACE_FIELDS = ("pace", "speed", "rate_hz", "max_gap_ns", "events_max")


def _service(service: ServiceTime | None) -> dict[str, Any] | None:
    return None if service is None else {"kind": service.kind, "ns": service.ns, "sigma": service.sigma}


def _sizing(
    sized: Sizing | None, plan: FeedPlan | None, recorded_ts_ns: Callable[[int], int]
) -> dict[str, Any] | None:
    if sized is None or plan is None or sized.backlog_event is None:
        return None
    return {
        "capacity_slots_min": sized.backlog,
        "backlog": {
            "events": sized.backlog,
            "event": sized.backlog_event,
            "at_ns": sized.backlog_at_ns,
            "ts_ns": recorded_ts_ns(sized.backlog_event),
        },
        "latency": {"published_to_completed": figures_of(sized.latency)},
        "busy_ns": sized.busy_ns,
        "span_ns": sized.end_ns - sized.begin_ns,
        "utilisation": _share(sized.busy_ns, sized.end_ns - sized.begin_ns),
        "offered_load": _share(sized.busy_ns, plan.length_ns - sized.begin_ns),
    }


def _in_ring(sized: Sizing | None, capacity_slots: int | None) -> dict[str, Any] | None:
    if sized is None:
        return None
    names = ("published", "read", "lost", "shed", "overruns", "first_missed")
    return {
        "capacity_slots": capacity_slots,
        **{name: getattr(sized, name) for name in names},
        "latency": {"published_to_completed": figures_of(sized.latency)},
    }


def _share(part: int, whole_ns: int) -> float | None:
    return part / whole_ns if whole_ns else None
