"""What each path answers, without a socket: status, headers and body to the byte."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.runtime.boards import Board, ready_board
from tickpath.core.state import State
from tickpath.runtime.endpoints.answers import PATHS, Answer, answer, problem
from tickpath.runtime.status import RuntimeStatus


def metrics(status: RuntimeStatus) -> tuple[str, bytes]:
    return "text/metrics", f"epoch {status.epoch}".encode()


def ask(request_line: str, board: Board | None = None) -> Answer:
    return answer(request_line, (board or ready_board()).read, metrics)


def refused(request_line: str) -> tuple[int, Any]:
    """The status, and the body without its braces."""
    found = ask(request_line)
    return found.status, json.loads(found.body)


def test_a_verdict_says_where_the_run_is() -> None:
    board = ready_board()
    board.move(State.DEGRADED)
    found = ask("GET /readyz HTTP/1.1", board)
    assert (found.status, found.content_type, found.headers, found.with_body) == (
        *(503, "application/json", ()),
        True,
    )
    assert found.body.endswith(b"}\n")
    assert json.loads(found.body) == {
        "ok": False,
        "state": "DEGRADED",
        "epoch": 3,
        "phase": "running",
        "at_ns": 2_000_000_000,
        "unmet": [
            {"name": "state", "value": "DEGRADED", "expected": "READY", "detail": ""},
            {"name": "fence:executor", "value": 2, "expected": 3, "detail": "the last epoch it has seen"},
        ],
    }
    fine = ask("GET /readyz HTTP/1.1")
    assert (fine.status, json.loads(fine.body)["ok"], json.loads(fine.body)["unmet"]) == (200, True, [])


@pytest.mark.parametrize(
    ("path", "statuses"), [("/livez", (200, 200)), ("/readyz", (503, 503)), ("/startupz", (503, 200))]
)
def test_each_path_has_its_own_question(path: str, statuses: tuple[int, int]) -> None:
    never_ready, not_any_more = Board(State.WARMUP), Board(State.WARMUP, State.READY, State.DEGRADED)
    for board, status in zip((never_ready, not_any_more), statuses, strict=True):
        board.see()
        assert ask(f"GET {path} HTTP/1.1", board).status == status
        # What comes after the path is nobody's business here.
        assert ask(f"GET {path}?a=b?c HTTP/1.0", board).status == status


def test_a_control_plane_that_is_silent_is_not_alive() -> None:
    board = ready_board()
    board.clock.at_ns += 10**9
    assert ask("GET /livez HTTP/1.1", board).status == 503


def test_metrics_are_what_they_are_made_of() -> None:
    assert ask("GET /metrics HTTP/1.1") == Answer(200, b"epoch 2", "text/metrics")


@pytest.mark.parametrize("path", [*PATHS, "/nothing"])
def test_head_is_get_whose_body_is_not_sent(path: str) -> None:
    got, head = ask(f"GET {path} HTTP/1.1"), ask(f"HEAD {path} HTTP/1.1")
    assert (got.status, got.body, got.content_type, got.headers) == (
        *(head.status, head.body, head.content_type),
        head.headers,
    )
    assert got.encode() == head.encode() + got.body
    assert (got.with_body, head.with_body) == (True, False)


def test_what_is_not_answered_says_why() -> None:
    not_a_request = (400, {"error": "a request begins with METHOD PATH HTTP/1.1"})
    for line in (
        "",
        "GET",
        "GET /readyz",
        "GET  HTTP/1.1",
        " /readyz HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET\t/a\tHTTP/1.1",
    ):
        assert refused(line) == not_a_request
    assert refused("GET /readyz HTTP/2.0") == (505, {"error": "this is HTTP/1.1, got HTTP/2.0"})
    # However long it is, not more than twenty characters are said.
    assert refused("GET /readyz " + "x" * 30) == (505, {"error": "this is HTTP/1.1, got " + "x" * 20})
    assert refused("POST /readyz HTTP/1.1") == (405, {"error": "only GET and HEAD are answered here"})
    assert refused("GET / HTTP/1.1") == (
        404,
        {
            "error": "there is no such path",
            "paths": ["/livez", "/readyz", "/startupz", "/metrics"],
        },
    )


def test_only_whoever_used_another_method_is_told_which_there_are() -> None:
    assert problem(405, "no").headers == (("Allow", "GET, HEAD"),)
    assert problem(404, "no").headers == ()
    assert problem(503, "no", more=7) == Answer(503, b'{"error": "no", "more": 7}\n')


def test_the_bytes_of_an_answer() -> None:
    made = Answer(405, b"body", headers=(("Allow", "GET"), ("X", "y")))
    assert made.encode() == (
        b"HTTP/1.1 405 Method Not Allowed\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: 4\r\n"
        b"Cache-Control: no-store\r\n"
        b"X-Content-Type-Options: nosniff\r\n"
        b"Allow: GET\r\n"
        b"X: y\r\n"
        b"Connection: close\r\n"
        b"\r\n"
        b"body"
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, "OK"),
        (400, "Bad Request"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (408, "Request Timeout"),
        (414, "URI Too Long"),
        (431, "Request Header Fields Too Large"),
        (500, "Internal Server Error"),
        (503, "Service Unavailable"),
        (505, "HTTP Version Not Supported"),
    ],
)
def test_every_status_has_its_words(status: int, words: str) -> None:
    assert Answer(status, b"").encode().startswith(f"HTTP/1.1 {status} {words}\r\n".encode())


@pytest.mark.parametrize(
    "headers",
    [
        *([], ["Accept: */*"], ["Host: localhost"], ["Host:127.0.0.1:9464"], ["HOST : [::1]:80"]),
        ["Accept: a:b", "host: LOCALHOST:1"],
    ],
)
def test_a_request_for_this_machine_is_answered(headers: list[str]) -> None:
    assert ask("\r\n".join(["GET /livez HTTP/1.1", *headers])).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        ["Host: evil.example:9464"],
        ["Accept: */*", "hOsT: evil.example"],
        ["Host: [::1]", "Host: evil.example:9"],
    ],
)
def test_a_request_for_another_host_is_refused_unless_others_may_ask(headers: list[str]) -> None:
    head = "\r\n".join(["GET /livez HTTP/1.1", *headers])
    assert refused(head) == (421, {"error": "this is localhost, not evil.example"})
    assert refused(head.replace("evil.example", "e" * 61))[1] == {
        "error": f"this is localhost, not {'e' * 60}"
    }
    assert ask(head).encode().startswith(b"HTTP/1.1 421 Misdirected Request\r\n")
    assert answer(head, ready_board().read, metrics, loopback=False).status == 200
