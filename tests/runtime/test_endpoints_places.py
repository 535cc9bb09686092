"""Where and how many: the endpoints' addresses, and the limits of their limits."""

from __future__ import annotations

import errno
import selectors
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.boards import ready_board
from tickpath.errors import ArgumentValueError, EndpointsUnavailable
from tickpath.runtime.endpoints import Endpoints, HttpAddress

ANY_PORT = HttpAddress("127.0.0.1", 0)


def descriptors() -> set[str]:
    """Those that this process has open, where the system says so."""
    folder = Path("/proc/self/fd")
    return {entry.name for entry in folder.iterdir()} if folder.exists() else set()


def test_an_address_that_cannot_be_had_is_said_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EndpointsUnavailable) as refused:
            Endpoints(ready_board(), HttpAddress("127.0.0.1", port))
    words = str(refused.value)
    assert words.startswith(f"cannot listen for HTTP at 127.0.0.1:{port}: Address already in use")
    assert words.endswith("; port 0 takes any that is free")
    assert "Errno" not in words
    assert isinstance(refused.value.__cause__, OSError)
    # An error without words of the system's speaks for itself.
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(socket, "create_server", lambda *_, **__: (_ for _ in ()).throw(OSError("no luck")))
        with pytest.raises(EndpointsUnavailable, match=r"at 127\.0\.0\.1:0: no luck; port"):
            Endpoints(ready_board(), ANY_PORT)


@pytest.mark.parametrize(
    ("module", "name"), [(selectors, "DefaultSelector"), (socket, "create_server"), (socket, "socketpair")]
)
def test_without_descriptors_it_is_refused_and_keeps_none(
    module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: Any, **_more: Any) -> Any:
        raise OSError(errno.EMFILE, "Too many open files")

    before = descriptors()
    with monkeypatch.context() as without:
        without.setattr(module, name, full)
        with pytest.raises(
            EndpointsUnavailable, match=r"at 127\.0\.0\.1:0: Too many open files; port"
        ) as refused:
            Endpoints(ready_board(), ANY_PORT)
    # Closed, and not only left to whoever collects what the error still holds.
    assert descriptors() == before, refused
    Endpoints(ready_board(), ANY_PORT).stop()
    assert descriptors() == before


@pytest.mark.parametrize(
    ("host", "family"), [("::1", socket.AF_INET6), ("127.0.0.1", socket.AF_INET), ("XX::", socket.AF_INET6)]
)
def test_it_listens_at_an_address_of_either_version(host: str, family: int) -> None:
    asked: list[Any] = []

    def create(place: Any, *, family: int) -> socket.socket:
        asked.append((place, family))
        return real(("127.0.0.1", 0))

    real = socket.create_server
    with pytest.MonkeyPatch.context() as watched:
        watched.setattr(socket, "create_server", create)
        Endpoints(ready_board(), HttpAddress(host, 7)).stop()
    assert asked == [((host, 7), family)]


@pytest.mark.parametrize(
    ("which", "low", "high"), [("connections_max", 1, 1_024), ("patience_ns", 1, 60_000_000_000)]
)
def test_a_limit_has_limits(which: str, low: int, high: int) -> None:
    for good in (low, high):
        given: dict[str, int] = {which: good}
        Endpoints(ready_board(), ANY_PORT, **given).stop()
    for bad in (low - 1, high + 1):
        given = {which: bad}
        with pytest.raises(
            ArgumentValueError, match=f"^{which} must be an integer from {low} to {high:,}, got"
        ):
            Endpoints(ready_board(), ANY_PORT, **given)


def test_eight_are_attended_to_unless_told_otherwise() -> None:
    server: Any = Endpoints(ready_board(), ANY_PORT)
    assert [server._slots.acquire(blocking=False) for _ in range(9)] == [True] * 8 + [False]
    for _ in range(8):
        server._slots.release()
    server.stop()
    # Each place was waited for.
    assert not server._slots.acquire(blocking=False)
