"""What each path answers, as a function of the status: no socket, no thread.

``/livez`` (is the control plane alive), ``/readyz`` (is the run ready), ``/startupz`` (was it ever) answer
200 or 503, with why not as JSON; ``/metrics`` is Prometheus text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tickpath.runtime.endpoints.address import is_local

if TYPE_CHECKING:
    from tickpath.runtime.readiness import UnmetCondition
    from tickpath.runtime.status import RuntimeStatus

__all__ = ["PATHS", "Answer", "answer", "problem"]

PATHS = ("/livez", "/readyz", "/startupz", "/metrics")
_METHODS = ("GET", "HEAD")
_PORT = re.compile(r":\d*$")
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    414: "URI Too Long",
    421: "Misdirected Request",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    """The status code."""
    body: bytes
    """The body; its length is told even where it is not sent."""
    content_type: str = "application/json"
    """What the body is."""
    headers: tuple[tuple[str, str], ...] = field(default=())
    """Other headers."""
    with_body: bool = True
    """Whether the body is sent: not to HEAD."""

    def encode(self) -> bytes:
        """The bytes to send; the connection is closed after them."""
        lines = [
            f"HTTP/1.1 {self.status} {_REASONS[self.status]}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            *(f"{name}: {value}" for name, value in self.headers),
            "Connection: close",
        ]
        head = "\r\n".join([*lines, "", ""]).encode("ascii")
        return head + self.body if self.with_body else head


def problem(status: int, what: str, **more: Any) -> Answer:
    """An answer that says what was wrong with the request."""
    headers = (("Allow", ", ".join(_METHODS)),) if status == 405 else ()
    return Answer(status, _json({"error": what, **more}), headers=headers)


def answer(
    head: str,
    read: Callable[[], RuntimeStatus],
    metrics: Callable[[RuntimeStatus], tuple[str, bytes]],
    *,
    loopback: bool = True,
) -> Answer:
    """The answer to a request that begins with ``head``: its first line and its headers.

    ``read`` gives the status, ``metrics`` its content type and text. With ``loopback`` a request that was
    meant for a host of another name is refused: it was sent here by a name that was made to point here, as a
    web page can have a browser do to read what is on this machine (DNS rebinding).
    """
    request_line, *headers = head.split("\r\n")
    words = request_line.split(" ")
    if len(words) != 3 or not all(words):
        return problem(400, "a request begins with METHOD PATH HTTP/1.1")
    method, target, version = words
    if not version.startswith("HTTP/1."):
        return problem(505, f"this is HTTP/1.1, got {version[:20]}")
    if method not in _METHODS:
        return problem(405, f"only {' and '.join(_METHODS)} are answered here")
    strangers = [host for host in _hosts(headers) if loopback and not is_local(host)]
    if strangers:
        return problem(421, f"this is localhost, not {strangers[0][:60]}")
    path = target.partition("?")[0]
    found = _of_path(path, read, metrics)
    return found if method == "GET" else replace(found, with_body=False)


def _hosts(headers: Sequence[str]) -> list[str]:
    """Who the request was meant for, without the port; nobody is asked to say so."""
    named = (line.partition(":") for line in headers)
    return [_PORT.sub("", value.strip()) for name, _, value in named if name.strip().lower() == "host"]


def _of_path(
    path: str,
    read: Callable[[], RuntimeStatus],
    metrics: Callable[[RuntimeStatus], tuple[str, bytes]],
) -> Answer:
    if path not in PATHS:
        return problem(404, "there is no such path", paths=list(PATHS))
    status = read()
    if path == "/metrics":
        content_type, text = metrics(status)
        return Answer(200, text, content_type)
    if path == "/livez":
        return _verdict(status, status.not_alive)
    return _verdict(status, status.unmet if path == "/readyz" else status.not_started)


def _verdict(status: RuntimeStatus, unmet: Sequence[UnmetCondition]) -> Answer:
    body = {
        "ok": not unmet,
        "state": status.state.name,
        "epoch": status.epoch,
        "phase": status.phase,
        "at_ns": status.at_ns,
        "unmet": [condition.as_json() for condition in unmet],
    }
    return Answer(503 if unmet else 200, _json(body))


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode("ascii") + b"\n"
