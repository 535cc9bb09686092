"""What a run leaves behind: the engine's record, the control plane's account, and the verdict on both.

Frozen; any thread may read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tickpath.runtime.control_plane import ControlAccount

if TYPE_CHECKING:
    from tickpath.config.run import RunSettings
    from tickpath.config.scenario import Scenario
    from tickpath.core.engine import EngineRecord, SinkAccount
    from tickpath.core.state import Transition
    from tickpath.runtime.drivers import Mode
    from tickpath.runtime.flight_recorder import FlightAccount
    from tickpath.runtime.shutdown import ShutdownResult
    from tickpath.runtime.status import ControlCost
    from tickpath.runtime.tables import ResultTable, TableName
    from tickpath.runtime.verdict import Verdict

__all__ = ["RunResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A run that has ended; ``record`` is ``None`` if it left none (see :meth:`without_record`)."""

    settings: RunSettings
    """What was asked of the engine."""
    scenario: Scenario | None = None
    """What was asked of the control plane; ``None`` for a plain run, in which nobody watches."""
    mode: Mode = "live"
    """Which driver ran it."""
    warmup_events: int | None
    """How many events the warm-up was to have; ``None`` if evidence decided, or it never came to that."""
    verdict: Verdict
    """``pass``, ``fail`` or ``interrupted``."""
    reasons: tuple[str, ...]
    """Why it failed."""
    record: EngineRecord | None
    """What the engine left behind."""
    history: tuple[Transition, ...]
    """The lifecycle's transitions."""
    executed_outside_ready: int | None
    """Events executed under another state than READY; ``None`` if that cannot be proved."""
    events_planned: int | None
    """Events the feed was to publish."""
    plan_length_ns: int | None
    """When the last of them was due, after the first; ``None`` without a plan."""
    gaps_capped: int | None
    """Idle gaps that were cut short."""
    left_out_ns: int | None
    """Idle time left out, in nanoseconds of the run."""
    sink: SinkAccount | None = None
    """What the sink was shown and what not; ``None`` without one."""
    control: ControlAccount = field(default_factory=ControlAccount)
    """What the control plane saw and did."""
    control_cost: ControlCost | None = None
    """What its steps took of the processor; ``None`` in virtual time, where that says nothing."""
    shutdown: ShutdownResult | None = None
    """How an orderly end went; ``None`` if nobody asked for one."""
    flight: FlightAccount | None = None
    """What the flight recorder did; ``None`` without one."""

    def table(self, name: TableName) -> ResultTable:
        """One part of it as a table, which goes to polars, pandas and Arrow.

        ``name`` is ``ledger``, ``latency``, ``lifecycle``, ``epochs``, ``health``, ``injections`` or
        ``audit``. Raises ``ArgumentValueError`` for any other.
        """
        from tickpath.runtime.tables import table_of

        return table_of(self, name)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from tickpath.runtime.notebook import html_of

        return html_of(self)

    @classmethod
    def without_record(
        cls,
        settings: RunSettings,
        verdict: Verdict,
        *reasons: str,
        scenario: Scenario | None = None,
        mode: Mode = "live",
    ) -> RunResult:
        """A run that left nothing to account for: interrupted before it began, or ended by a bug."""
        return cls(
            settings=settings,
            scenario=scenario,
            mode=mode,
            warmup_events=None,
            verdict=verdict,
            reasons=reasons,
            record=None,
            history=(),
            executed_outside_ready=0 if verdict == "interrupted" else None,
            events_planned=None,
            plan_length_ns=None,
            gaps_capped=None,
            left_out_ns=None,
        )
