"""How 64-byte messages get from one process to another: one class per peer.

A transport is made in the parent, pickled into both workers, and opened there as one of its ends. The
parent imports no peer but one whose object has to be made before the workers start (faster-fifo).
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tickpath.lab.bench.exchange import give_way

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import SpawnContext

__all__ = ["MESSAGE_BYTES", "TRANSPORTS", "Transport", "TransportKind"]

MESSAGE_BYTES = 64
_BLOCKS = "blocks"
_POLLS = "polls, yields"
_FASTER_FIFO_BYTES = 4_000_000
_ICEORYX2_BUFFER = 4_096


class Transport(Protocol):
    """Both ends of a way between two processes; can be pickled into them."""

    def sender(self) -> Callable[[bytes], object]:
        """Opens the sending end, in the sender's process."""

    def receiver(self) -> Callable[[], bytes]:
        """Opens the receiving end, in the receiver's process; what it returns waits for a message."""

    def release(self) -> None:
        """Lets go of what this process holds: the parent's part once both workers have it, a worker's end."""


class _Queue:
    def __init__(self, context: SpawnContext, _folder: Path) -> None:
        self._queue = context.Queue()

    def sender(self) -> Callable[[bytes], object]:
        # A worker that is told to end does not wait for the queue's thread.
        self._queue.cancel_join_thread()
        return self._queue.put

    def receiver(self) -> Callable[[], bytes]:
        get: Callable[[], bytes] = self._queue.get
        return get

    def release(self) -> None:
        self._queue.close()


class _Pipe:
    def __init__(self, context: SpawnContext, _folder: Path) -> None:
        self._receiving, self._sending = context.Pipe(duplex=False)

    def sender(self) -> Callable[[bytes], object]:
        return self._sending.send_bytes

    def receiver(self) -> Callable[[], bytes]:
        return self._receiving.recv_bytes

    def release(self) -> None:
        self._receiving.close()
        self._sending.close()


class _Zmq:
    """PUSH to PULL over a Unix socket."""

    def __init__(self, _context: SpawnContext, folder: Path) -> None:
        self._address = f"ipc://{folder / 'zmq'}"
        self._opened: Any = None

    def sender(self) -> Callable[[bytes], object]:
        import zmq

        self._opened = zmq.Context()
        socket = self._opened.socket(zmq.PUSH)
        socket.connect(self._address)
        send: Callable[[bytes], object] = socket.send
        return send

    def receiver(self) -> Callable[[], bytes]:
        import zmq

        self._opened = zmq.Context()
        socket = self._opened.socket(zmq.PULL)
        socket.bind(self._address)
        receive: Callable[[], bytes] = socket.recv
        return receive

    def release(self) -> None:
        if self._opened is not None:
            self._opened.destroy(linger=0)


class _FasterFifo:
    def __init__(self, _context: SpawnContext, _folder: Path) -> None:
        import faster_fifo

        self._queue = faster_fifo.Queue(max_size_bytes=_FASTER_FIFO_BYTES)

    def sender(self) -> Callable[[bytes], object]:
        put: Callable[[bytes], object] = self._queue.put
        return put

    def receiver(self) -> Callable[[], bytes]:
        get = self._queue.get

        def take() -> bytes:
            message: bytes = get(timeout=3_600)
            return message

        return take

    def release(self) -> None:
        """Shared memory: it goes with the last process that has it."""


class _Iceoryx2:
    """Publish and subscribe over shared memory; a full subscriber holds the publisher back."""

    def __init__(self, _context: SpawnContext, folder: Path) -> None:
        self._service = f"tickpath/bench/{folder.name}"

    def _open(self) -> Any:
        import iceoryx2 as iox2

        iox2.set_log_level(iox2.LogLevel.Error)
        node = (
            iox2.NodeBuilder.new()
            .signal_handling_mode(iox2.SignalHandlingMode.Disabled)
            .create(iox2.ServiceType.Ipc)
        )
        service = (
            node.service_builder(iox2.ServiceName.new(self._service))
            .publish_subscribe(_message_type())
            .enable_safe_overflow(False)
            .subscriber_max_buffer_size(_ICEORYX2_BUFFER)
            .open_or_create()
        )
        return iox2, service

    def sender(self) -> Callable[[bytes], object]:
        iox2, service = self._open()
        publisher = (
            service.publisher_builder()
            .backpressure_strategy(iox2.BackpressureStrategy.RetryUntilDelivered)
            .create()
        )
        kind = _message_type()

        def put(message: bytes) -> None:
            publisher.send_copy(kind.from_buffer_copy(message))

        return put

    def receiver(self) -> Callable[[], bytes]:
        _, service = self._open()
        receive = service.subscriber_builder().create().receive

        def take() -> bytes:
            while (sample := receive()) is None:
                give_way()
            message = bytes(sample.payload().contents)
            sample.delete()
            return message

        return take

    def release(self) -> None:
        """What a worker holds goes with it."""


def _message_type() -> Any:
    import ctypes

    class Message(ctypes.Structure):
        """Eight words."""

        _fields_ = (("words", ctypes.c_uint64 * (MESSAGE_BYTES // 8)),)

    return Message


@dataclass(frozen=True, slots=True)
class TransportKind:
    """A peer: what has to be installed for it, and how it is made."""

    name: str
    waits: str
    make: Callable[[SpawnContext, Path], Transport]
    module: str | None = None
    distribution: str | None = None

    def absent(self) -> str | None:
        """Why it cannot take part; ``None`` if it can."""
        if self.module is None or importlib.util.find_spec(self.module) is not None:
            return None
        return f"not installed: pip install {self.distribution}"


TRANSPORTS = (
    TransportKind("multiprocessing.Pipe", _BLOCKS, _Pipe),
    TransportKind("multiprocessing.Queue", _BLOCKS, _Queue),
    TransportKind("pyzmq, ipc", _BLOCKS, _Zmq, "zmq", "pyzmq"),
    TransportKind("faster-fifo", _BLOCKS, _FasterFifo, "faster_fifo", "faster-fifo"),
    TransportKind("iceoryx2", _POLLS, _Iceoryx2, "iceoryx2", "iceoryx2"),
)
