"""The hot path in plain Python: oracle of the tests, slow peer of the benchmarks.

The same names and the same behaviour as the object tier of ``tickpath.core.bus``,
``tickpath.core.execution`` and ``tickpath.control.metrics``, written to be read and as fast as plain
Python allows; :func:`simulate` is an executor in virtual time. It shares the lifecycle and the errors
with them and nothing else: no ring, cursor, step or counter here is the native one.

Threads: one at a time. Where the native tier is atomic under the interpreter's lock, this one is
many bytecodes long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickpath.core.state import Lifecycle, State, Transition
from tickpath.errors import InvalidTransition, NotPublished, NotReady, Overrun
from tickpath.reference.ack import Ack
from tickpath.reference.ack import ack_dtype as _ack_dtype
from tickpath.reference.executor import Executor, NoOpSink
from tickpath.reference.metrics import LatencySink, Metrics, Snapshot
from tickpath.reference.ring import Consumer, RingBuffer
from tickpath.reference.simulation import Simulated, simulate

if TYPE_CHECKING:
    import numpy as np

    ACK_DTYPE: np.dtype[np.void]

__all__ = [
    "ACK_DTYPE",
    "Ack",
    "Consumer",
    "Executor",
    "InvalidTransition",
    "LatencySink",
    "Lifecycle",
    "Metrics",
    "NoOpSink",
    "NotPublished",
    "NotReady",
    "Overrun",
    "RingBuffer",
    "Simulated",
    "Snapshot",
    "State",
    "Transition",
    "simulate",
]

if not TYPE_CHECKING:  # a checker would take the function for an attribute of every name

    def __getattr__(name: str) -> Any:
        # NumPy is loaded by whoever asks for the dtype, not by everyone who imports the package.
        if name == "ACK_DTYPE":
            return _ack_dtype()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
