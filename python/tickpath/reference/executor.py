"""The executor: one gated step per event, and a sink that cannot stop it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tickpath.core.state import Lifecycle
from tickpath.core.time import now
from tickpath.core.unraisable import report_unraisable
from tickpath.errors import ArgumentTypeError, ArgumentValueError, NotReady, Overrun
from tickpath.reference import arguments
from tickpath.reference.ack import Ack, ack_dtype
from tickpath.reference.ring import Reader, RingBuffer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Executor", "NoOpSink"]

T = TypeVar("T")

_READY = 2
_STATE_MASK = 0xFF
_EPOCH_SHIFT = 8
_ROW = struct.Struct("<QQQQB7x")
# Past the named tuple's own constructor, which would be one more frame per event.
_new_ack = tuple.__new__


class Sink(Protocol):
    """Whatever wants to see the acknowledgements."""

    def observe(self, event: Any, ack: Ack) -> None:
        """Called inline, once per acknowledgement."""


class NoOpSink:
    """The sink that does nothing, so that the executor need not ask whether there is one."""

    __slots__ = ()

    def observe(self, event: Any, ack: Ack) -> None:
        """Does nothing."""


class Executor(Reader[T]):
    """Processes a ring's events under the lifecycle's gate, which is read once per event.

    In INIT every call raises :class:`NotReady`, even with nothing to read. In WARMUP and DEGRADED
    events are processed with ``executed=False``, in READY with ``executed=True``.

    The sink's ``observe(event, ack)`` is called once per acknowledgement, after the cursor moved. An
    ``Exception`` of it is counted in :attr:`sink_errors` and the first one is reported through
    ``sys.unraisablehook``; the acknowledgement is returned all the same. ``KeyboardInterrupt`` and its
    like pass through: acknowledgements made before in the same batch were seen by the sink and are
    not returned.

    Raises ``ArgumentTypeError`` or ``ArgumentValueError`` on arguments that are none.
    """

    __slots__ = ("_load", "_observe", "_sink_errors")

    def __init__(
        self,
        ring: RingBuffer[T],
        lifecycle: Lifecycle,
        sink: Sink | None = None,
        *,
        start: str | int = "oldest",
    ) -> None:
        super().__init__(ring, start)
        if not isinstance(lifecycle, Lifecycle):
            raise ArgumentTypeError(f"lifecycle must be a Lifecycle, not {type(lifecycle).__name__}")
        if sink is None:
            sink = NoOpSink()
        if not callable(getattr(sink, "observe", None)):
            raise ArgumentTypeError(f"sink must have observe(event, ack), {type(sink).__name__} has none")
        self._load = lifecycle.gate.load
        self._observe = sink.observe
        self._sink_errors = 0

    @property
    def sink_errors(self) -> int:
        """How many times the sink raised an ``Exception``."""
        return self._sink_errors

    def process(self) -> Ack | None:
        """Processes the next event; ``None`` when caught up.

        Raises ``NotReady`` in INIT and ``Overrun`` if the event was overwritten.
        """
        word = self._load()
        if not word & _STATE_MASK:
            raise NotReady
        slot = self._slot
        base = self._base
        if slot.base != base:
            if slot.base < base:
                return None
            self._pass_turn()
            return self.process()
        # Only the turn has nothing after it, and it was written in no lap.
        self._slot = slot.next  # type: ignore[assignment]  # as in Consumer.poll()
        event = slot.item
        seq = base + slot.index
        decision_ts = now()
        executed = word & _STATE_MASK == _READY
        ack = _new_ack(Ack, (seq, decision_ts, now(), executed, word >> _EPOCH_SHIFT))
        try:
            self._observe(event, ack)
        except Exception as error:  # noqa: BLE001  the sink's fault must not cost the ack
            self._sink_failed(error)
        return ack

    def process_many(self, limit: int) -> list[Ack]:
        """Processes at most ``limit`` events, fewer when caught up.

        Raises as :meth:`process` does at the first event; an overrun met later ends the batch, and the
        next call raises it. ``limit`` is an int from 0.
        """
        limit = arguments.limit(limit)
        acks: list[Ack] = []
        process = self.process
        self._refuse_in_init()
        while len(acks) < limit:
            try:
                ack = process()
            except Overrun:
                # Somebody published in between: the iterable, a sink, a destructor.
                if acks:
                    break
                raise
            if ack is None:
                break
            acks.append(ack)
        return acks

    def process_into(self, array: npt.NDArray[np.void]) -> int:
        """Processes at most ``len(array)`` events into an array of ``ACK_DTYPE``; returns how many.

        Each row is written before the sink sees its acknowledgement. Raises as :meth:`process_many`
        does, ``ArgumentTypeError`` unless ``array`` is an array of ``ACK_DTYPE``, and
        ``ArgumentValueError`` unless it is writable, contiguous and of one dimension.
        """
        rows = _rows(array)
        self._refuse_in_init()
        load, pack_into, size = self._load, _ROW.pack_into, _ROW.size
        # process(), written out for batches: the row must be there before the sink is called.
        for offset in range(0, len(array) * size, size):
            word = load()
            if self._slot.base > self._base:
                try:
                    self._pass_turn()
                except Overrun:
                    if offset:
                        return offset // size
                    raise
            slot = self._slot
            base = self._base
            if slot.base < base:
                return offset // size
            self._slot = slot.next  # type: ignore[assignment]  # as in Consumer.poll()
            event = slot.item
            seq = base + slot.index
            decision_ts = now()
            executed = word & _STATE_MASK == _READY
            epoch = word >> _EPOCH_SHIFT
            ack = _new_ack(Ack, (seq, decision_ts, now(), executed, epoch))
            pack_into(rows, offset, seq, decision_ts, ack[2], epoch, executed)
            try:
                self._observe(event, ack)
            except Exception as error:  # noqa: BLE001  the sink's fault must not cost the ack
                self._sink_failed(error)
            # Before the next step: if the ring has let go of it, its destructor may publish.
            del event
        return len(array)

    def __repr__(self) -> str:
        return f"Executor(cursor={self.cursor()}, lost={self._lost}, shed={self._shed})"

    def _refuse_in_init(self) -> None:
        # Nothing leads back to INIT, so that once before a batch is enough.
        if not self._load() & _STATE_MASK:
            raise NotReady

    def _sink_failed(self, error: Exception) -> None:
        self._sink_errors += 1
        if self._sink_errors == 1:
            report_unraisable(error, self._observe)


def _rows(array: object) -> memoryview:
    """The bytes of an array of acknowledgements."""
    import numpy as np

    if not isinstance(array, np.ndarray) or array.dtype != ack_dtype():
        given = f"an array of {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        raise ArgumentTypeError(f"process_into() takes a NumPy array of ACK_DTYPE, not {given}")
    if array.ndim != 1 or not array.flags.c_contiguous or not array.flags.writeable:
        raise ArgumentValueError("process_into() takes a writable, contiguous array of one dimension")
    return array.view(np.uint8).data
