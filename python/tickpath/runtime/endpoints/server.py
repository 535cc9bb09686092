"""The HTTP server: a daemon thread that answers from the board, and nothing else.

One thread accepts, and each connection gets a short-lived one; at most ``connections_max`` of them, the
others are refused with 503. One request a connection. A request line and headers of more than 8 KiB, a client
that takes longer than ``patience_ns`` over one of them, a body, a method that is not GET or HEAD: refused. It
sleeps while nobody asks. Only the interpreter's lock is shared with the control plane, and nothing with the
hot path.

Threads: any; starts and stops once.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import TYPE_CHECKING, Self

from tickpath.config.checks import whole
from tickpath.core.fork import HomeProcess
from tickpath.core.time import now
from tickpath.core.unraisable import report_unraisable
from tickpath.errors import EndpointsUnavailable
from tickpath.runtime.endpoints.address import HttpAddress, is_local
from tickpath.runtime.endpoints.answers import Answer, answer, problem
from tickpath.runtime.endpoints.metrics import exposition, require_client

if TYPE_CHECKING:
    from tickpath.runtime.status import StatusBoard

__all__ = ["Endpoints"]

_REQUEST_BYTES_MAX = 8_192
_CONNECTIONS_MAX = 1_024
_NS_PER_S = 1_000_000_000
_PATIENCE_NS = 2 * _NS_PER_S
#: After a failure to accept, such as no file descriptors, for as long.
_BREATH_S = 0.1
_HEAD_END = b"\r\n\r\n"
#: What somebody types who talks to it by hand; he is not left waiting.
_BARE_END = b"\n\n"


class Endpoints:
    """Answers at ``address`` from what ``board`` says; a context that starts and stops.

    The port is bound here, so that a port that is taken is known before the run begins. Raises
    ``EndpointsUnavailable`` if the address cannot be bound or the extra ``http`` is not installed, and
    ``ArgumentTypeError`` or ``ArgumentValueError`` for limits that make no sense.

    >>> from tickpath.core.state import Lifecycle
    >>> from tickpath.runtime.readiness import Readiness
    >>> from tickpath.runtime.status import StatusBoard
    >>> lifecycle = Lifecycle()
    >>> board = StatusBoard(lifecycle, Readiness(lifecycle, interval_ns=10_000_000))
    >>> with Endpoints(board, HttpAddress("127.0.0.1", 0)) as endpoints:
    ...     endpoints.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        board: StatusBoard,
        address: HttpAddress,
        *,
        connections_max: int = 8,
        patience_ns: int = _PATIENCE_NS,
    ) -> None:
        whole("connections_max", connections_max, 1, _CONNECTIONS_MAX)
        whole("patience_ns", patience_ns, 1, 60 * _NS_PER_S)
        require_client()
        self._board = board
        self._connections_max = connections_max
        self._patience_ns = patience_ns
        self._slots = threading.BoundedSemaphore(connections_max)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._failures = 0
        self._stopping = threading.Event()
        self._home = HomeProcess()
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        try:
            with contextlib.ExitStack() as made:
                # All of it here: a process may be out of descriptors for any of them.
                self._selector = made.enter_context(selectors.DefaultSelector())
                self._listener = made.enter_context(
                    socket.create_server((address.host, address.port), family=family)
                )
                self._waker, self._wake = socket.socketpair()
                made.pop_all()
        except OSError as error:
            why = error.strerror or error
            raise EndpointsUnavailable(
                f"cannot listen for HTTP at {address}: {why}; port 0 takes any that is free"
            ) from error
        self._listener.setblocking(False)
        self._bound: tuple[str, int] = self._listener.getsockname()[:2]
        self._thread = threading.Thread(target=self._serve, name="http endpoints", daemon=True)

    @property
    def address(self) -> HttpAddress:
        """Where it listens, with the port that was found for port 0."""
        host, port = self._bound
        return HttpAddress(host, port)

    @property
    def url(self) -> str:
        """The same as the begin of a URL."""
        return f"http://{self.address}"

    @property
    def failures(self) -> int:
        """Requests that were not answered for a fault of ours or for want of threads."""
        return self._failures

    def start(self) -> None:
        """Begins to answer. Raises ``EndpointsUnavailable``, and is over, if there is no thread to be had.

        >>> from http.client import HTTPConnection
        >>> endpoints = Endpoints(board, HttpAddress("127.0.0.1", 0))
        >>> endpoints.start()
        >>> connection = HTTPConnection(endpoints.address.host, endpoints.address.port)
        >>> connection.request("GET", "/livez")
        >>> connection.getresponse().status
        200
        >>> connection.close(), endpoints.stop()
        (None, None)
        """
        try:
            self._thread.start()
        except RuntimeError as error:
            self.stop()
            raise EndpointsUnavailable(f"the machine gave no thread for HTTP: {error}") from error

    def stop(self) -> None:
        """Closes everything and waits until no thread of it is left; may be called again.

        In a fork, which has none of the threads, only what was inherited is closed: connections and requests
        are the other process's, and go on.

        >>> endpoints = Endpoints(board, HttpAddress("127.0.0.1", 0))
        >>> endpoints.stop(), endpoints.stop()  # never started, and stopped twice
        (None, None)
        """
        if not self._home.is_here():
            self._selector.close()
            for inherited in (self._listener, self._waker, self._wake, *self._open):
                inherited.close()
            return
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._waker.close()
        if self._thread.ident is not None:
            self._thread.join()
        self._selector.close()
        self._listener.close()
        self._wake.close()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)
        # Each connection has given its place back when its thread is done.
        for _ in range(self._connections_max):
            self._slots.acquire()

    def _serve(self) -> None:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        while not self._stopping.is_set():
            self._selector.select()
            if not self._stopping.is_set():
                self._accept()

    def _accept(self) -> None:
        try:
            connection, _peer = self._listener.accept()
        except BlockingIOError:
            return  # gone before it was taken
        except OSError:
            self._failures += 1
            self._stopping.wait(_BREATH_S)
            return
        if not self._slots.acquire(blocking=False):
            refusal = problem(503, f"there are {self._connections_max} connections already")
            _send_at_once(connection, refusal)
            return
        with self._lock:
            self._open.append(connection)
        try:
            threading.Thread(
                target=self._attend, args=(connection,), name="http endpoint", daemon=True
            ).start()
        except RuntimeError:
            self._failures += 1
            self._leave(connection)

    def _attend(self, connection: socket.socket) -> None:
        try:
            deadline_ns = now() + self._patience_ns
            reply = self._reply(connection, deadline_ns)
            if reply is not None:
                connection.settimeout(self._patience_ns / _NS_PER_S)
                connection.sendall(reply.encode())
                connection.shutdown(socket.SHUT_WR)
                _read_away(connection, now() + self._patience_ns)
        except OSError:
            pass  # the client has left, or was hung up on
        finally:
            self._leave(connection)

    def _reply(self, connection: socket.socket, deadline_ns: int) -> Answer | None:
        """The answer to what comes; ``None`` if nothing came."""
        try:
            head = _read_head(connection, deadline_ns)
        except TimeoutError:
            return problem(408, f"the request took longer than {self._patience_ns / _NS_PER_S:g} s")
        if _HEAD_END not in head:
            if _BARE_END in head:
                return problem(400, "the lines of a request end with CR and LF")
            line_end = b"\r\n" in head
            if len(head) < _REQUEST_BYTES_MAX:
                return None
            what = "a line and headers" if line_end else "a line"
            limit = f"a request is {what} of {_REQUEST_BYTES_MAX} bytes at most"
            return problem(431 if line_end else 414, limit)
        try:
            return answer(
                head.partition(_HEAD_END)[0].decode("latin-1"),
                self._board.read,
                exposition,
                loopback=is_local(self._bound[0]),
            )
        except Exception as error:  # noqa: BLE001  a fault of ours ends one answer, and nothing else
            self._failures += 1
            report_unraisable(error, self)
            return problem(500, "the status could not be read: see the run's stderr")

    def _leave(self, connection: socket.socket) -> None:
        with self._lock:
            self._open = [other for other in self._open if other is not connection]
        connection.close()
        self._slots.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()


def _read_head(connection: socket.socket, deadline_ns: int) -> bytes:
    """Bytes up to the end of the headers, the limit, or the end; raises ``TimeoutError`` at the deadline."""
    head = b""
    while _HEAD_END not in head and _BARE_END not in head and len(head) < _REQUEST_BYTES_MAX:
        left_ns = deadline_ns - now()
        if left_ns <= 0:
            raise TimeoutError
        connection.settimeout(left_ns / _NS_PER_S)
        more = connection.recv(_REQUEST_BYTES_MAX - len(head))
        if not more:
            break
        head += more
    return head


def _read_away(connection: socket.socket, deadline_ns: int) -> None:
    """What the client still sends, within bounds: closing on unread bytes would take the answer with it."""
    while (left_ns := deadline_ns - now()) > 0:
        connection.settimeout(left_ns / _NS_PER_S)
        if not connection.recv(_REQUEST_BYTES_MAX):
            return


def _send_at_once(connection: socket.socket, reply: Answer) -> None:
    try:
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            # Closing on unread bytes would take the answer with it.
            connection.recv(_REQUEST_BYTES_MAX)
        connection.send(reply.encode())
    except OSError:
        pass
    finally:
        connection.close()


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
