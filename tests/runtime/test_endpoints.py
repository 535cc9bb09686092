"""The endpoints over real sockets: what they answer, what they refuse, and that they leave nothing behind."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.runtime.boards import INTERVAL_NS, Board, Clock, ready_board
from tickpath.core.state import State
from tickpath.errors import ArgumentValueError, EndpointsUnavailable
from tickpath.runtime.endpoints import Endpoints, HttpAddress

ANY_PORT = HttpAddress("127.0.0.1", 0)


@pytest.fixture
def board() -> Board:
    return ready_board()


@pytest.fixture
def server(board: Board) -> Iterator[Endpoints]:
    with Endpoints(board, ANY_PORT) as endpoints:
        yield endpoints


def talk(server: Endpoints, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to ``request``, as it goes over the wire."""
    with socket.create_connection((server.address.host, server.address.port), timeout=20) as client:
        client.sendall(request)
        return received(client)


def received(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    answer = b""
    while more := client.recv(65_536):
        answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), headers, body


def get(server: Endpoints, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    return talk(server, f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def verdict(server: Endpoints, path: str) -> tuple[int, list[str]]:
    """The status of a probe, and what it says is unmet."""
    status, headers, body = get(server, path)
    assert headers["Content-Type"] == "application/json"
    return status, [condition["name"] for condition in json.loads(body)["unmet"]]


def test_a_run_that_is_ready_says_so(server: Endpoints) -> None:
    for path in ("/livez", "/readyz", "/startupz", "/readyz?verbose=1"):
        assert verdict(server, path) == (200, [])
    assert server.failures == 0


def test_a_run_that_is_not_ready_says_why(server: Endpoints, board: Board) -> None:
    board.move(State.DEGRADED)
    board.see()
    assert verdict(server, "/readyz") == (503, ["state"])
    assert verdict(server, "/livez") == (200, [])
    assert verdict(server, "/startupz") == (200, [])
    _, _, body = get(server, "/readyz")
    assert json.loads(body)["unmet"][0] == {
        "name": "state",
        "value": "DEGRADED",
        "expected": "READY",
        "detail": "",
    }


def test_a_run_that_has_never_been_ready_has_not_started() -> None:
    board = Board(State.WARMUP)
    board.see()
    with Endpoints(board, ANY_PORT) as server:
        assert verdict(server, "/startupz") == (503, ["state"])
        assert verdict(server, "/livez") == (200, [])


def test_a_control_plane_that_does_not_step_is_not_alive(server: Endpoints, board: Board) -> None:
    board.clock.at_ns += 5 * INTERVAL_NS + 1
    assert verdict(server, "/livez") == (503, ["control"])
    assert verdict(server, "/readyz") == (503, ["control"])


def test_other_clients_understand_it(server: Endpoints, board: Board) -> None:
    url = f"{server.url}/readyz"
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310  our own server
        assert (answer.status, json.load(answer)["ok"]) == (200, True)
    board.move(State.DEGRADED)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url, timeout=20)  # noqa: S310  our own server
    with refused.value as error:
        assert (error.code, json.load(error)["ok"]) == (503, False)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/nothing"])
def test_head_is_get_without_the_body(server: Endpoints, path: str) -> None:
    status, headers, body = get(server, path)
    assert get(server, path, "HEAD") == (status, headers, b"")
    assert int(headers["Content-Length"]) == len(body) > 0


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET / HTTP/1.1", 404),
        ("GET /readyz/ HTTP/1.1", 404),
        ("GET /../etc/passwd HTTP/1.1", 404),
        ("POST /readyz HTTP/1.1", 405),
        ("get /readyz HTTP/1.1", 405),
        ("OPTIONS * HTTP/1.1", 405),
        ("GET /readyz", 400),
        ("GET  HTTP/1.1", 400),
        ("GET /readyz HTTP/2.0", 505),
        ("\x16\x03\x01 hello", 400),
        ("", 400),
    ],
)
def test_what_is_not_answered_says_why(server: Endpoints, request_line: str, expected: int) -> None:
    status, headers, body = talk(server, f"{request_line}\r\n\r\n".encode("latin-1"))
    assert status == expected
    assert json.loads(body)["error"]
    assert ("Allow" in headers) == (expected == 405)


def test_a_body_is_not_read_and_does_not_cost_the_answer(server: Endpoints) -> None:
    body = b"x" * 100_000
    head = f"POST /readyz HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert talk(server, head + body)[0] == 405


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (b"GET /" + b"x" * 10_000, 414),
        (b"GET /readyz HTTP/1.1\r\nX: " + b"x" * 10_000, 431),
        (b"GET /readyz HTTP/1.1\n\n", 400),
    ],
)
def test_a_request_without_an_end_is_cut_off(server: Endpoints, request_bytes: bytes, expected: int) -> None:
    assert talk(server, request_bytes)[0] == expected


def test_a_client_that_does_not_go_on_is_given_up(board: Board) -> None:
    with Endpoints(board, ANY_PORT, patience_ns=50_000_000) as server:
        assert talk(server, b"GET /readyz HT")[0] == 408


def test_a_client_that_goes_on_byte_by_byte_has_no_more_time_than_others(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(0)
    monkeypatch.setattr("tickpath.runtime.endpoints.server.now", clock)
    timeouts_s: list[float] = []

    class Dripping:
        """A connection on which a byte comes every 300 ms."""

        def settimeout(self, seconds: float) -> None:
            timeouts_s.append(seconds)

        def recv(self, _size: int) -> bytes:
            clock.at_ns += 300_000_000
            return b"x"

    server = Endpoints(board, ANY_PORT, patience_ns=1_000_000_000)
    dripping: Any = Dripping()
    answer = server._reply(dripping, 1_000_000_000)
    server.stop()
    assert answer is not None
    assert (answer.status, timeouts_s) == (408, [1.0, 0.7, 0.4, 0.1])


def test_a_client_that_leaves_is_no_failure(server: Endpoints) -> None:
    for request in (b"", b"GET /readyz"):
        with socket.create_connection((server.address.host, server.address.port), timeout=20) as client:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
    assert verdict(server, "/readyz") == (200, [])
    assert server.failures == 0


def test_no_more_than_so_many_connections_are_attended_to(board: Board) -> None:
    with Endpoints(board, ANY_PORT, connections_max=2) as server:
        place = (server.address.host, server.address.port)
        with (
            socket.create_connection(place, timeout=20),
            socket.create_connection(place, timeout=20) as second,
        ):
            with socket.create_connection(place, timeout=20) as third:
                status, _, body = received(third)
            assert (status, json.loads(body)["error"]) == (503, "there are 2 connections already")
            second.sendall(b"GET /readyz HTTP/1.1\r\n\r\n")
            assert received(second)[0] == 200


def test_stopping_hangs_up_on_whoever_is_there(board: Board) -> None:
    server = Endpoints(board, ANY_PORT, patience_ns=60_000_000_000)
    server.start()
    place = (server.address.host, server.address.port)
    with socket.create_connection(place, timeout=20) as client:
        # Attended to: the answer to another one says that the first was taken before.
        assert get(server, "/livez")[0] == 200
        server.stop()
        server.stop()
        assert client.recv(1) == b""
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("http")] == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=20)


def test_a_server_that_was_not_started_can_be_stopped(board: Board) -> None:
    server = Endpoints(board, ANY_PORT)
    place = (server.address.host, server.address.port)
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=20)


def test_the_port_that_was_found_is_told(server: Endpoints) -> None:
    assert server.address.port > 0
    assert server.url == f"http://127.0.0.1:{server.address.port}"


def test_a_port_that_is_taken_is_known_before_the_run(server: Endpoints, board: Board) -> None:
    with pytest.raises(EndpointsUnavailable, match=f"cannot listen for HTTP at {server.address}"):
        Endpoints(board, server.address)


def test_a_fault_of_ours_ends_one_answer_and_nothing_else(
    server: Endpoints, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", reported.append)
    with monkeypatch.context() as broken:
        broken.setattr(board, "read", lambda: 1 // 0)
        assert get(server, "/readyz")[0] == 500
    assert verdict(server, "/readyz") == (200, [])
    assert (server.failures, len(reported)) == (1, 1)


def test_without_the_client_library_it_says_what_to_install(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EndpointsUnavailable, match=r"pip install 'tickpath\[http\]'"):
        Endpoints(board, ANY_PORT)


@pytest.mark.parametrize("limits", [{"connections_max": 0}, {"patience_ns": 0}])
def test_limits_are_checked(board: Board, limits: dict[str, int]) -> None:
    with pytest.raises(ArgumentValueError, match=next(iter(limits))):
        Endpoints(board, ANY_PORT, **limits)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *((host, 200) for host in ("localhost", "LOCALHOST:9464", "127.0.0.1:1", "127.9.9.9", "[::1]:9464")),
        *(
            (host, 421)
            for host in ("evil.example", "evil.example:9464", "10.0.0.1", "localhost.evil.example", "", "[")
        ),
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(server: Endpoints, host: str, expected: int) -> None:
    request = f"GET /readyz HTTP/1.1\r\nAccept: */*\r\nhOsT: {host}\r\n\r\n".encode()
    assert talk(server, request)[0] == expected


def test_a_second_host_does_not_help(server: Endpoints) -> None:
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert talk(server, request)[0] == 421


def test_what_follows_a_request_is_no_part_of_it(server: Endpoints) -> None:
    request = b"GET /readyz HTTP/1.1\r\n\r\nGET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    assert talk(server, request)[0] == 200


def test_line_ends_of_another_kind_are_named(server: Endpoints) -> None:
    body = talk(server, b"GET /readyz HTTP/1.1\n\n")[2]
    assert json.loads(body) == {"error": "the lines of a request end with CR and LF"}


def test_where_others_are_allowed_in_any_name_will_do(board: Board) -> None:
    with Endpoints(board, HttpAddress("0.0.0.0", 0)) as server:  # noqa: S104  what an operator allowed
        place = ("127.0.0.1", server.address.port)
        with socket.create_connection(place, timeout=20) as client:
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: tickpath.example\r\n\r\n")
            assert received(client)[0] == 200
