"""What the runtime hands out: frozen, with its fields named, and empty where nothing was."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, FrozenInstanceError, fields
from typing import Any

import pytest

from tickpath.config.run import RunSettings
from tickpath.config.scenario import Scenario
from tickpath.runtime.control_plane import ControlAccount, ControlErrors
from tickpath.runtime.endpoints.address import HttpAddress
from tickpath.runtime.endpoints.answers import Answer
from tickpath.runtime.flight_recorder import DumpNote, Fired, FlightAccount, FlightDump, Suppressed
from tickpath.runtime.latency_buckets import LatencyBuckets
from tickpath.runtime.readiness import UnmetCondition
from tickpath.runtime.result import RunResult
from tickpath.runtime.shutdown import ShutdownResult
from tickpath.runtime.status import ControlCost, RuntimeStatus
from tickpath.runtime.warmup import WarmupCertificate, WarmupProgress, WarmupRound, WarmupStep

RECORDS = (
    *(Answer, ControlAccount, ControlCost, ControlErrors, DumpNote, Fired, FlightAccount, FlightDump),
    *(HttpAddress, LatencyBuckets, RunResult, Suppressed),
    *(RuntimeStatus, ShutdownResult, UnmetCondition, WarmupCertificate, WarmupProgress, WarmupRound),
    WarmupStep,
)


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_cannot_be_changed(record: Any) -> None:
    blank = record.__new__(record)
    for field in fields(record):
        with pytest.raises(FrozenInstanceError):
            setattr(blank, field.name, None)


BY_NAME = (DumpNote, FlightAccount, FlightDump, RunResult, RuntimeStatus, ShutdownResult, WarmupCertificate)


@pytest.mark.parametrize("record", BY_NAME)
def test_a_record_of_many_fields_takes_them_by_name(record: Any) -> None:
    kinds = {parameter.kind for parameter in inspect.signature(record).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


def test_an_account_of_nothing_is_empty_and_not_unknown() -> None:
    account = ControlAccount()
    assert (account.steps, account.injections, account.health, account.audit) == (0, (), (), ())
    assert (account.escalations, account.certificates) == (0, ())
    assert account.errors == ControlErrors(injections=0, probes=0, audit_lines=0)
    assert ControlCost() == ControlCost(steps=0, total_ns=0, max_ns=None)
    assert UnmetCondition("state", "INIT", "READY") == UnmetCondition("state", "INIT", "READY", detail="")
    assert WarmupStep("continue") == WarmupStep("continue", reason="", hold_at=None)
    assert Answer(200, b"") == Answer(200, b"", "application/json", headers=(), with_body=True)


def test_a_result_of_a_plain_run_needs_to_say_no_more() -> None:
    named = {name: name for name, field in RunResult.__dataclass_fields__.items() if field.default is MISSING}
    del named["control"]
    given: dict[str, Any] = {**named}
    result = RunResult(**given)
    assert (result.scenario, result.mode, result.sink) == (None, "live", None)
    assert (result.control, result.control_cost, result.shutdown) == (ControlAccount(), None, None)


@pytest.mark.parametrize(("verdict", "outside_ready"), [("interrupted", 0), ("fail", None)])
def test_a_run_without_a_record_says_why_and_claims_nothing(verdict: Any, outside_ready: int | None) -> None:
    settings, scenario = RunSettings(), Scenario()
    bare = RunResult.without_record(settings, verdict)
    assert (bare.settings, bare.scenario, bare.mode) == (settings, None, "live")
    assert (bare.verdict, bare.reasons, bare.executed_outside_ready) == (verdict, (), outside_ready)
    assert (bare.record, bare.history, bare.warmup_events) == (None, (), None)
    assert (bare.events_planned, bare.plan_length_ns, bare.gaps_capped, bare.left_out_ns) == (None,) * 4
    assert (bare.sink, bare.control_cost, bare.shutdown) == (None, None, None)
    assert bare.control == ControlAccount()
    told = RunResult.without_record(settings, verdict, "one", "two", scenario=scenario, mode="virtual")
    assert (told.scenario, told.mode, told.reasons) == (scenario, "virtual", ("one", "two"))
