"""Everybody outside, over real sockets and files, while a run is really under way; and nobody after it."""

from __future__ import annotations

import dataclasses
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tickpath.config.engine import ConsumerSettings, ServiceTime, ThreadSettings
from tickpath.config.run import RunSettings
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import State
from tickpath.errors import ArgumentValueError, EndpointsUnavailable
from tickpath.runtime.endpoints import HttpAddress
from tickpath.runtime.session import RunResult, Session
from tickpath.runtime.supervision import Supervision

PARK = ThreadSettings(wait="park")
ANY_PORT = HttpAddress("127.0.0.1", 0)
SETTINGS = RunSettings(
    floor_window_ns=100_000, warmup_events=10, ack_capacity=4_096, control_interval_ns=1_000_000
)


def session(**changes: Any) -> Session:
    """A run that warms up at once and then lasts for minutes, unless somebody ends it."""
    source = MarketDataSource.synthetic(model="constant", rate_hz=1_000.0, events=100_000)
    return Session(source, dataclasses.replace(SETTINGS, **changes))


def get(url: str, path: str) -> tuple[int, str]:
    client = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read().decode()
    finally:
        client.close()


def run(session: Session, outside: Supervision, at_step: Callable[[State], object]) -> RunResult:
    """Runs as the command line does; ``at_step`` is told the state after each control step."""

    def on_look(_seen: Any) -> None:
        outside.step()
        at_step(session.lifecycle.state)

    return session.run(on_start=lambda: outside.begin(session.acks()), on_look=on_look)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The service manager's end of its socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(str(tmp_path / "notify"))
        ours.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield ours


def told(manager: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(manager.recv(4_096).decode())
        except BlockingIOError:
            return messages


def test_a_live_run_answers_while_it_runs_and_not_any_more_afterwards() -> None:
    live = session()
    answers: dict[str, list[tuple[int, str]]] = {}

    with Supervision(live.board, http=ANY_PORT) as outside:
        url = outside.url
        assert url is not None

        def at_step(state: State) -> None:
            paths = ("/livez", "/startupz", "/readyz", "/metrics")
            if state.name not in answers:
                answers[state.name] = [get(url, path) for path in paths]
            if state is State.READY:
                latency = get(url, "/metrics")[1]
                if "tickpath_ack_latency_seconds_count 0.0" not in latency:
                    answers["METRICS"] = [(200, latency)]
                    live.shutdown.request("the test")

        result = run(live, outside, at_step)
    assert result.verdict == "interrupted"
    for status, body in (answer for each in ("WARMUP", "READY") for answer in answers.get(each, [])):
        assert status in (200, 503)
        assert body
    ready = answers["READY"]
    assert [status for status, _ in ready[:2]] == [200, 200]
    assert json.loads(ready[1][1])["ok"] is True
    assert 'tickpath_state{state="READY"} 1.0' in ready[3][1]
    assert "tickpath_ack_latency_seconds_count" in answers["METRICS"][0][1]
    host, port = url.removeprefix("http://").split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=20)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("http")] == []


def test_the_endpoints_are_gone_when_the_run_raises() -> None:
    class Enough(Exception):
        pass

    def raise_at_once(_state: State) -> None:
        raise Enough

    live = session()
    with pytest.raises(Enough), Supervision(live.board, http=ANY_PORT) as outside:
        run(live, outside, raise_at_once)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("http")] == []


def test_a_port_that_is_taken_is_known_before_the_run(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        probe_file = tmp_path / "probe.json"
        outside = Supervision(session().board, http=HttpAddress("127.0.0.1", port), probe_file=probe_file)
        with pytest.raises(EndpointsUnavailable), outside:
            raise AssertionError("it was entered")
    assert not probe_file.exists()


def test_the_probe_file_says_ready_and_at_the_end_stopped(tmp_path: Path) -> None:
    live, path = session(), tmp_path / "probe.json"
    seen: list[dict[str, Any]] = []

    def at_step(_state: State) -> None:
        seen.append(json.loads(path.read_text(encoding="utf-8")))
        if seen[-1]["ready"]:
            live.shutdown.request("the test")

    with Supervision(live.board, probe_file=path) as outside:
        assert outside.url is None
        run(live, outside, at_step)
    assert seen[0]["ready"] is False
    assert any(each["ready"] for each in seen)
    last = json.loads(path.read_text(encoding="utf-8"))
    assert (last["phase"], last["ready"], last["state"]) == ("stopped", False, "READY")
    assert last["unmet"]
    assert [file.name for file in tmp_path.iterdir()] == ["probe.json"]


def test_a_probe_file_that_cannot_be_is_said_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(ArgumentValueError, match="folder"):
        Supervision(session().board, probe_file=tmp_path)


def test_systemd_is_told_ready_once_and_stopping_when_the_end_begins(manager: socket.socket) -> None:
    # The logger is behind when the end is asked for, and drains for some steps.
    log = ConsumerSettings(name="log", service=ServiceTime.constant(2_000_000))
    live = session(consumers=(log,), feed=PARK, executor=ConsumerSettings(name="executor", thread=PARK))
    phases: list[str] = []
    asked: list[str] = []
    messages: list[str] = []

    def at_step(_state: State) -> None:
        messages.extend(told(manager))
        if any(message.startswith("STOPPING=1") for message in messages):
            phases.append(live.board.phase)
        behind = live.board.read().look
        is_told = any(message.startswith("READY=1") for message in messages)
        if is_told and behind is not None and behind.stages["log"].backlog > 50:
            asked.append("the test")
            if len(asked) == 1:
                live.shutdown.request("the test")

    with Supervision(live.board) as outside:
        run(live, outside, at_step)
    messages.extend(told(manager))
    assert [message.split("\n")[0] for message in messages].count("READY=1") == 1
    assert [message.split("\n")[0] for message in messages].count("STOPPING=1") == 1
    # Not at the very end: while it drains.
    assert "draining" in phases


def test_nobody_is_told_where_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    live = session()
    with Supervision(live.board) as outside:
        result = run(live, outside, lambda _state: live.shutdown.request("the test"))
    assert (outside.url, result.verdict) == (None, "interrupted")
