"""The status as Prometheus metrics, through the maintained client library (extra ``http``).

Times are in seconds, as Prometheus wants them, the latencies in buckets from 50 ns to 1 s. What is unknown
has no sample. Every name is listed in ``docs/operating/endpoints.md``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tickpath.core.state import State
from tickpath.errors import EndpointsUnavailable
from tickpath.runtime.lag import unread_by
from tickpath.runtime.status import gated_by_state

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

    from tickpath.control.health.look import Look
    from tickpath.runtime.status import RuntimeStatus

__all__ = ["exposition", "require_client"]

_NS_PER_S = 1_000_000_000
_INSTALL = "pip install 'tickpath[http]'"

_Labelled = tuple[tuple[str, ...], float | None]


def require_client() -> None:
    """Raises ``EndpointsUnavailable``, with what to install, if the client library is not there."""
    if importlib.util.find_spec("prometheus_client") is None:
        raise EndpointsUnavailable(
            f"the HTTP endpoints need prometheus-client, which is not installed: {_INSTALL}"
        )


def exposition(status: RuntimeStatus) -> tuple[str, bytes]:
    """The content type and the text of ``status``."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Collected(status))
    return CONTENT_TYPE_LATEST, generate_latest(registry)


class _Collected:
    """The families of one status; nothing outlives the answer."""

    def __init__(self, status: RuntimeStatus) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status
        yield from _lifecycle(status)
        yield from _probes(status)
        yield from _control(status)
        if status.look is not None:
            yield from _feed(status.look)
            yield from _stages(status.look)
        yield from _latency(status)


def _lifecycle(status: RuntimeStatus) -> Iterator[Metric]:
    yield _gauge("tickpath_ready", "Whether the run is ready.", [((), float(status.is_ready))])
    yield _gauge("tickpath_alive", "Whether the control plane steps.", [((), float(not status.not_alive))])
    yield _gauge("tickpath_started", "Whether it was ever ready.", [((), float(not status.not_started))])
    yield _gauge("tickpath_epoch", "Transitions of the lifecycle so far.", [((), status.epoch)])
    yield _gauge(
        "tickpath_state",
        "1 for the state the lifecycle is in.",
        [((state.name,), float(state is status.state)) for state in State],
        "state",
    )
    yield _counter(
        "tickpath_transitions",
        "Moves of the lifecycle.",
        [((source.name, target.name), count) for source, target, count in status.transitions],
        *("source", "target"),
    )
    # Two without an owner may have the same words: counted together, for a sample is told apart by its
    # labels.
    causes: dict[tuple[str, ...], int] = {}
    for cause in status.causes:
        labels = (cause.words, cause.owner)
        causes[labels] = causes.get(labels, 0) + 1
    yield _gauge(
        "tickpath_cause_held", "Causes of degradation that are held.", causes.items(), "cause", "owner"
    )


def _probes(status: RuntimeStatus) -> Iterator[Metric]:
    probes = status.probes
    yield _gauge(
        "tickpath_probe_verdict",
        "1 for the verdict of each health probe.",
        [
            ((probe.name, verdict), float(verdict == probe.verdict))
            for probe in probes
            for verdict in ("ok", "failing", "unknown")
        ],
        *("probe", "verdict"),
    )
    values = [((probe.name,), probe.value) for probe in probes]
    yield _gauge("tickpath_probe_value", "What each probe found, in its own unit.", values, "probe")
    most = [((probe.name,), probe.threshold) for probe in probes]
    yield _gauge("tickpath_probe_threshold", "The largest value that is ok.", most, "probe")


def _control(status: RuntimeStatus) -> Iterator[Metric]:
    from prometheus_client.core import SummaryMetricFamily

    control = status.control
    steps = SummaryMetricFamily("tickpath_control_step_seconds", "What the control steps took.")
    steps.add_metric((), control.steps, control.total_ns / _NS_PER_S)
    yield steps
    longest = None if control.max_ns is None else control.max_ns / _NS_PER_S
    yield _gauge("tickpath_control_step_max_seconds", "The longest control step.", [((), longest)])
    if status.look is not None:
        refused = [((), status.look.refused_moves)]
        yield _counter("tickpath_refused_moves", "Moves that the lifecycle refused.", refused)
        yield _gauge("tickpath_run_seconds", "Run time.", [((), status.look.at_ns / _NS_PER_S)])


def _feed(look: Look) -> Iterator[Metric]:
    feed = look.feed
    yield _counter("tickpath_events_published", "Events put into the ring.", [((), feed.published)])
    yield _counter("tickpath_feed_gaps", "Transport sequences that were missed.", [((), feed.gaps)])
    yield _counter("tickpath_feed_repeats", "Duplicates and heartbeats.", [((), feed.repeats)])
    yield _counter("tickpath_feed_reordered", "Events that came late.", [((), feed.reordered)])
    if look.sink is not None:
        yield _counter("tickpath_sink_shown", "Acks the sink was shown.", [((), look.sink.shown)])
        yield _counter("tickpath_sink_dropped", "Acks it was not shown.", [((), look.sink.dropped)])


def _stages(look: Look) -> Iterator[Metric]:
    stages = look.stages.items()
    for name, what, values in (
        ("processed", "Events read to their end, executed or gated.", [s.processed for _, s in stages]),
        ("executed", "Events executed.", [s.executed for _, s in stages]),
        ("lost", "Events overwritten before they were read.", [s.lost for _, s in stages]),
        ("shed", "Events skipped on purpose.", [s.shed for _, s in stages]),
    ):
        labelled = [((stage,), value) for stage, value in zip(look.stages, values, strict=True)]
        yield _counter(f"tickpath_events_{name}", what, labelled, "stage")
    gated = [
        ((name, state.name), count)
        for name, stage in stages
        for state, count in zip(State, gated_by_state(stage) or (), strict=False)
    ]
    yield _counter("tickpath_events_gated", "Events gated, by state.", gated, "stage", "state")
    unread = [((name,), unread_by(stage)) for name, stage in stages]
    yield _gauge("tickpath_events_unread", "Published events a stage has not come to.", unread, "stage")


def _latency(status: RuntimeStatus) -> Iterator[Metric]:
    from prometheus_client.core import HistogramMetricFamily

    latency = status.latency
    if latency is None:
        return
    buckets = [
        (repr(bound_ns / _NS_PER_S), float(count))
        for bound_ns, count in zip(latency.bounds_ns, latency.counts, strict=True)
    ]
    buckets.append(("+Inf", float(latency.count)))
    what = "From decision to completion of an event, as far as its ack was seen."
    family = HistogramMetricFamily("tickpath_ack_latency_seconds", what)
    family.add_metric((), buckets, latency.sum_ns / _NS_PER_S)
    yield family
    dropped = [((), latency.dropped)]
    yield _counter("tickpath_ack_latency_dropped", "Acks missed by the buckets.", dropped)


def _gauge(name: str, what: str, samples: Iterable[_Labelled], *labels: str) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return _filled(GaugeMetricFamily(name, what, labels=labels), samples)


def _counter(name: str, what: str, samples: Iterable[_Labelled], *labels: str) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    return _filled(CounterMetricFamily(name, what, labels=labels), samples)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, samples: Iterable[_Labelled]) -> Metric:
    for labels, value in samples:
        if value is not None:
            family.add_metric(labels, value)
    return family
