"""The two implementations of the object tier, for tests that hold for both."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tickpath import reference
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.bus import Consumer, RingBuffer
from tickpath.core.execution import ACK_DTYPE, Ack, Executor
from tickpath.core.execution.observability import NoOpSink

NATIVE: Any = SimpleNamespace(
    RingBuffer=RingBuffer,
    Consumer=Consumer,
    Executor=Executor,
    Ack=Ack,
    NoOpSink=NoOpSink,
    Metrics=Metrics,
    LatencySink=LatencySink,
    ACK_DTYPE=ACK_DTYPE,
)
TIERS: dict[str, Any] = {"native": NATIVE, "reference": reference}
