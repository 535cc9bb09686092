"""What an executor shows to the outside: the sink's protocol, and the sink that does nothing.

The protocol lives here; implementations may live anywhere (``tickpath.control.metrics.LatencySink``)
and import nothing of this package: it is structural.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from tickpath._native import Ack, NoOpSink

__all__ = ["NoOpSink", "ObservabilitySink"]


@runtime_checkable
class ObservabilitySink(Protocol):
    """Anything with ``observe(event, ack)``.

    >>> class Tape:
    ...     def observe(self, event, ack):
    ...         print(event, ack.seq)
    >>> isinstance(Tape(), ObservabilitySink), isinstance(NoOpSink(), ObservabilitySink)
    (True, True)
    """

    def observe(self, event: Any, ack: Ack, /) -> None:
        """Look at an event and its ack; called inline, once per ack, in sequence order.

        >>> from types import SimpleNamespace
        >>> Tape().observe("tick", SimpleNamespace(seq=7))
        tick 7
        """
