"""A scenario: everything that a run or a drill is made of, frozen, with every default."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from tickpath.config.engine import ConsumerSettings, Seed
from tickpath.config.fields import SEED_MAX, Text, check_fields
from tickpath.config.run import RunSettings
from tickpath.config.scenario.feed import FeedSettings
from tickpath.config.scenario.injections import AnyInjection, Name
from tickpath.config.scenario.operator import OperatorSettings
from tickpath.config.scenario.probes import AnyProbe, standard_probes
from tickpath.config.scenario.responses import (
    BreakSettings,
    ObjectiveSettings,
    RunbookSettings,
    standard_runbooks,
)
from tickpath.config.scenario.surroundings import (
    ControlSettings,
    EngineRest,
    LifecycleSettings,
    RingSettings,
    WarmupSettings,
)
from tickpath.config.suggest import suggestion
from tickpath.errors import ArgumentValueError

__all__ = ["SCHEMA", "Scenario", "contradictions"]

SCHEMA = "tickpath/scenario/1"
"""What a scenario file says it is."""


_Switched = TypeVar("_Switched", AnyProbe, RunbookSettings)


def _executor() -> ConsumerSettings:
    return ConsumerSettings(name="executor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A run: its feed, its stages, what goes wrong, who notices, who answers, and how it is graded.

    Raises ``ArgumentTypeError`` and ``ArgumentValueError``.

    >>> scenario = Scenario(name="quiet", seed=7)
    >>> scenario.stages, scenario.warmup.kind
    (('executor',), 'evidence')
    """

    name: Name = "scenario"
    """In lists and reports."""
    description: Annotated[str, Text(r"[\s\S]{0,10000}", "text of at most 10,000 characters")] = ""
    """What it is about, for people."""
    seed: Seed = 0
    """Where all draws begin: the synthetic feed, and the service times of every stage."""
    feed: FeedSettings = field(default_factory=FeedSettings)
    """Where the events come from, and when."""
    ring: RingSettings = field(default_factory=RingSettings)
    """The ring and its memory."""
    engine: EngineRest = field(default_factory=EngineRest)
    """Stamps, clock and sink."""
    executor: ConsumerSettings = field(default_factory=_executor)
    """The stage that executes, gated by the lifecycle; always called ``executor``."""
    consumers: tuple[ConsumerSettings, ...] = ()
    """The plain consumers, and who reads after whom."""
    lifecycle: LifecycleSettings = field(default_factory=LifecycleSettings)
    """The lifecycle of the run."""
    warmup: WarmupSettings = field(default_factory=WarmupSettings)
    """When WARMUP ends."""
    control: ControlSettings = field(default_factory=ControlSettings)
    """The control side's intervals and deadlines."""
    injections: tuple[AnyInjection, ...] = ()
    """What goes wrong, and when."""
    probes: tuple[AnyProbe, ...] = field(default_factory=standard_probes)
    """Who notices; a file that names none has the standard ones."""
    runbooks: tuple[RunbookSettings, ...] = field(default_factory=standard_runbooks)
    """Who answers; a file that names none has all that are shipped."""
    operator: tuple[OperatorSettings, ...] = ()
    """What an operator does by hand, and when."""
    objectives: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    """What the run is graded by."""
    break_: BreakSettings = field(default_factory=BreakSettings)
    """What the variant that must fail lacks."""

    def __post_init__(self) -> None:
        check_fields(self)
        self.run_settings()
        for place, problem in contradictions(
            self.stages, self.injections, self.probes, self.runbooks, self.break_
        ):
            raise ArgumentValueError(f"{place} {problem}")

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages, the executor first."""
        return ("executor", *(consumer.name for consumer in self.consumers))

    def broken(self) -> Scenario:
        """This without the probe or the runbook that ``break`` names: a drill that must fail.

        Raises ``ArgumentValueError`` if it names none.

        >>> from tickpath.config.scenario import scenario_from_table
        >>> drill = scenario_from_table({"break": {"disable": "probe:feed-staleness"}})
        >>> [probe.name for probe in drill.broken().probes if not probe.enabled]
        ['feed-staleness']
        """
        what, _, name = (self.break_.disable or "").partition(":")
        if not name:
            raise ArgumentValueError(
                f"the scenario {self.name} names nothing to switch off: expected [break] with "
                'disable = "probe:NAME" or "runbook:NAME"'
            )
        if what == "probe":
            return dataclasses.replace(self, probes=tuple(_without(probe, name) for probe in self.probes))
        return dataclasses.replace(self, runbooks=tuple(_without(book, name) for book in self.runbooks))

    def run_settings(self) -> RunSettings:
        """The settings of the engine and of who steers it; each stage's draws begin elsewhere.

        >>> settings = Scenario(seed=7).run_settings()
        >>> settings.capacity, settings.executor.seed, settings.control_interval_ns
        (65536, 7, 10000000)
        """
        feed, ring, engine = self.feed, self.ring, self.engine
        return RunSettings(
            capacity=ring.capacity_slots,
            pace=feed.pace,
            speed=feed.speed,
            rate_hz=self._rate_hz(),
            max_gap_ns=feed.max_gap_ns,
            events_max=feed.events,
            feed=feed.thread,
            executor=self._seeded(self.executor, 0),
            consumers=tuple(self._seeded(stage, n) for n, stage in enumerate(self.consumers, start=1)),
            stamp_per=engine.stamp_per,
            ack_capacity=engine.ack_capacity_slots,
            hold_back=ring.hold_back,
            touch_memory=ring.touch_memory,
            huge_pages=ring.huge_pages,
            lock_memory=ring.lock_memory,
            clock=engine.clock,
            floor_window_ns=engine.floor_window_ns,
            # Responses turn the same knobs: a stage that skips to the head, a clock that is set back.
            faults=bool(self.injections) or any(book.enabled for book in self.runbooks),
            warmup_events=self.warmup.events,
            control_interval_ns=self.control.interval_ns,
        )

    def _rate_hz(self) -> float | None:
        if self.feed.pace != "constant":
            return None
        return self.feed.model_rate_hz if self.feed.synthetic else self.feed.rate_hz

    def _seeded(self, stage: ConsumerSettings, position: int) -> ConsumerSettings:
        """A seed of its own for each stage, or equal models would draw equal times."""
        return dataclasses.replace(stage, seed=(self.seed + stage.seed + position) & SEED_MAX)


def _without(member: _Switched, name: str) -> _Switched:
    return dataclasses.replace(member, enabled=False) if member.name == name else member


def contradictions(
    stages: Sequence[str],
    injections: Sequence[AnyInjection],
    probes: Sequence[AnyProbe],
    runbooks: Sequence[RunbookSettings],
    break_: BreakSettings,
) -> list[tuple[str, str]]:
    """What does not fit together: where, as a key path, and what is wrong with it."""
    found: list[tuple[str, str]] = []
    groups: dict[str, Sequence[AnyInjection | AnyProbe | RunbookSettings]] = {
        "injections": injections,
        "probes": probes,
        "runbooks": runbooks,
    }
    for group, members in groups.items():
        first: dict[str, int] = {}
        for index, member in enumerate(members):
            earlier = first.setdefault(member.name, index)
            if earlier != index:
                same = f"must differ from the name of {group}[{earlier}], got {member.name!r} twice"
                found.append((f"{group}[{index}].name", same))
            stage = getattr(member, "stage", None)
            if stage is not None and stage not in stages:
                known = f"must be a stage ({', '.join(stages)}), got {stage!r}"
                found.append((f"{group}[{index}].stage", known + suggestion(stage, stages)))
    if break_.disable is not None:
        what, _, name = break_.disable.partition(":")
        names = [member.name for member in (probes if what == "probe" else runbooks)]
        if name not in names:
            known = f"must name one of the {what}s ({', '.join(names) or 'there are none'}), got {name!r}"
            found.append(("break.disable", known + suggestion(name, names)))
    return found
