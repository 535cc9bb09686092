"""A sink that counts which acks took too long: what the latency probe reads over the object tier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tickpath.config.checks import whole

if TYPE_CHECKING:
    from tickpath.core.execution import Ack
    from tickpath.core.execution.observability import ObservabilitySink

__all__ = ["OverLimitSink"]

_NS_MAX = (1 << 63) - 1


class OverLimitSink:
    """Counts acks, and those that took longer than ``limit_ns`` from decision to completion.

    ``then`` is shown every ack afterwards. It runs inline with the executor and allocates nothing; its
    counters may be read from any thread. Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for a limit
    below 1.

    >>> sink = OverLimitSink(50_000)
    >>> sink.observed, sink.over_limit
    (0, 0)
    """

    __slots__ = ("_limit_ns", "_then", "observed", "over_limit")

    def __init__(self, limit_ns: int, then: ObservabilitySink | None = None) -> None:
        whole("limit_ns", limit_ns, 1, _NS_MAX)
        self._limit_ns = limit_ns
        self._then = then
        self.observed = 0
        self.over_limit = 0

    def observe(self, event: Any, ack: Ack) -> None:
        """Counts ``ack``.

        >>> from types import SimpleNamespace
        >>> for latency_ns in (40_000, 50_000, 80_000):
        ...     sink.observe("event", SimpleNamespace(latency_ns=latency_ns))
        >>> sink.observed, sink.over_limit  # at the limit is not over it
        (3, 1)
        """
        self.observed += 1
        if ack.latency_ns > self._limit_ns:
            self.over_limit += 1
        if self._then is not None:
            self._then.observe(event, ack)
