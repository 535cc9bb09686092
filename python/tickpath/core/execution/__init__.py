"""The executor: one event at a time, gated by the lifecycle, acknowledged.

``ACK_DTYPE`` is the NumPy layout of an ack, little-endian, 40 bytes: ``seq``, ``decision_ts``,
``completion_ts`` and ``epoch`` (u64), ``executed`` (u8) and 7 zero bytes. NumPy is imported when it is
first asked for.

>>> from tickpath.core.bus import RingBuffer
>>> from tickpath.core.state import Lifecycle, State
>>> ring, lifecycle = RingBuffer[str](8), Lifecycle()
>>> executor = Executor(ring, lifecycle)
>>> ring.publish("tick")
0
>>> _ = lifecycle.transition_to(State.WARMUP)
>>> ack = executor.process()
>>> (ack.seq, ack.executed, ack.epoch)
(0, False, 1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickpath._native import Ack, Executor
from tickpath.errors import NotReady

if TYPE_CHECKING:
    import numpy as np

    ACK_DTYPE: np.dtype[np.void]

__all__ = ["ACK_DTYPE", "Ack", "Executor", "NotReady"]


def _ack_dtype() -> np.dtype[np.void]:
    import numpy as np

    words = ["seq", "decision_ts", "completion_ts", "epoch"]
    return np.dtype(
        {
            "names": [*words, "executed"],
            "formats": ["<u8"] * len(words) + ["u1"],
            "itemsize": 40,
        }
    )


if not TYPE_CHECKING:  # a checker would take the function for an attribute of every name

    def __getattr__(name: str) -> Any:
        if name == "ACK_DTYPE":
            globals()[name] = dtype = _ack_dtype()
            return dtype
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
