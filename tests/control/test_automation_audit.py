"""The audit trail: lines that parse, in the order of time, the same bytes every time; and a full disk."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.control.fake_world import STEP_NS, World
from tickpath.control.automation import AuditEntry, AuditTrail
from tickpath.control.automation.audit import AUDIT_SCHEMA, EVENTS
from tickpath.control.automation.runbooks import build_all
from tickpath.core.state import State


def busy_run(file: io.StringIO) -> World:
    """A run in which several things go wrong, and one is escalated."""
    world = World(build_all(), state=State.WARMUP, audit=AuditTrail(file))
    world.broken["reset_clock"] = RuntimeError("no such clock\n")
    for cause in ("market data outage", "clock skew", "state corruption"):
        world.hold(cause)
        world.step(2)
    world.clear("market data outage")
    world.step(5)
    world.automation.acknowledge("state corruption")
    world.step(5)
    return world


def test_each_entry_is_one_line_of_json_in_the_order_of_time() -> None:
    file = io.StringIO()
    world = busy_run(file)
    lines: list[dict[str, Any]] = [json.loads(line) for line in file.getvalue().splitlines()]
    assert len(lines) == len(world.audit) == len(world.audit.entries) > 20
    for line, entry in zip(lines, world.audit, strict=True):
        assert (
            list(line)
            == sorted(line)
            == [*("at_ns", "detail", "event", "runbook", "schema", "step", "trigger")]
        )
        assert line["schema"] == AUDIT_SCHEMA == "tickpath/audit/1"
        assert line["event"] in EVENTS
        del line["schema"]
        assert AuditEntry(**line) == entry
    times = [line["at_ns"] for line in lines]
    assert times == sorted(times)
    assert set(times) <= {step * STEP_NS for step in range(40)}


def test_the_same_run_writes_the_same_bytes() -> None:
    one, two = io.StringIO(), io.StringIO()
    busy_run(one)
    busy_run(two)
    assert one.getvalue() == two.getvalue() != ""


def test_what_the_file_refuses_is_counted_and_stays_in_memory() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    world = busy_run(Full())
    assert world.audit.unwritten == len(world.audit) > 20

    closed = io.StringIO()
    closed.close()
    trail = AuditTrail(closed)
    trail.add(AuditEntry(0, "book", "trouble", "", "triggered"))
    assert (trail.unwritten, len(trail)) == (1, 1)


def test_an_entry_cannot_be_changed() -> None:
    entry = AuditEntry(0, "book", "trouble", "", "triggered")
    with pytest.raises(AttributeError):
        entry.detail = "something else"  # type: ignore[misc]
