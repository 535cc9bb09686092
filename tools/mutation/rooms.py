"""Which modules are mutated, and which tests judge each: the one table."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "tickpath"

ROOMS = ("core/state", "control/failure", "control/health", "runtime")


@dataclass(frozen=True)
class Judges:
    """The tests of a module: ``quick`` ones first, without those marked slow; then these, and ``deep``.

    A file, or one test in it: ``tests/a/test_b.py::test_c``.
    """

    modules: str
    """A pattern of paths below ``python/tickpath``; the first that matches counts."""
    quick: tuple[str, ...]
    deep: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Where they stand."""
        return tuple(ROOT / test.partition("::")[0] for test in (*self.quick, *self.deep))

    @property
    def has_slow(self) -> bool:
        """Whether some of the quick files' tests are slow."""
        return any("mark.slow" in file.read_text(encoding="utf-8") for file in self.files[: len(self.quick)])


_PROBES = ("tests/control/test_probes.py", "tests/control/test_probe_windows.py")
_HEALTH = (
    "tests/control/test_monitor.py",
    *_PROBES,
    "tests/control/test_object_looks.py",
    "tests/control/test_watch.py",
    "tests/control/test_watch_thread.py",
)
_INJECTOR = (
    "tests/control/test_injector.py",
    "tests/control/test_injector_rollback.py",
    "tests/control/test_injector_arguments.py",
)
_RECORDS = "tests/runtime/test_records.py"
_SESSION = (
    "tests/runtime/test_session_parts.py",
    "tests/runtime/test_session_account.py",
    "tests/runtime/test_session_ends.py",
    "tests/runtime/test_session_virtual.py",
)

# What only threads show: an end before the begin, a stop, a sink that is left behind.
_LIVE = (
    "tests/runtime/test_session.py::test_a_stop_ends_the_run_and_accounts_for_it",
    "tests/runtime/test_session_live.py::test_a_run_can_be_ended_before_its_feed_begins",
    "tests/runtime/test_session_live.py::test_a_sink_that_does_not_see_the_run_to_its_end_fails_it_and_is_named",
)

JUDGES = (
    Judges(
        "core/state/*",
        (
            "tests/core/test_state.py",
            "tests/core/test_state_refusals.py",
            "tests/core/test_state_races.py",
            "tests/core/test_state_forks.py",
            "tests/contract/test_state_codes.py",
        ),
    ),
    Judges("control/failure/causes.py", ("tests/control/test_causes.py", "tests/control/test_failure.py")),
    Judges("control/failure/scenario.py", ("tests/control/test_failure.py", "tests/control/test_causes.py")),
    Judges("control/failure/external_signal.py", ("tests/control/test_causes.py",)),
    Judges("control/failure/*knobs.py", ("tests/control/test_failure_knobs.py", *_INJECTOR)),
    Judges("control/failure/*", _INJECTOR, ("tests/properties/test_injector.py",)),
    Judges("control/health/probes/*", _PROBES),
    Judges("control/health/*", _HEALTH, ("tests/properties/test_health.py",)),
    Judges("runtime/warmup/garbage.py", ("tests/runtime/test_garbage.py",)),
    Judges(
        "runtime/warmup/*",
        ("tests/runtime/test_warmup_account.py", "tests/runtime/test_warmup.py", _RECORDS),
        ("tests/properties/test_warmup.py",),
    ),
    Judges("runtime/readiness/*", ("tests/runtime/test_readiness.py", _RECORDS)),
    Judges("runtime/shutdown/*", ("tests/runtime/test_shutdown.py", _RECORDS)),
    Judges("runtime/endpoints/address.py", ("tests/runtime/test_http_address.py", _RECORDS)),
    Judges("runtime/endpoints/metrics.py", ("tests/runtime/test_prometheus.py",)),
    Judges("runtime/endpoints/answers.py", ("tests/runtime/test_answers.py", _RECORDS)),
    Judges(
        "runtime/endpoints/*",
        ("tests/runtime/test_endpoints_by_hand.py", "tests/runtime/test_endpoints_places.py"),
        ("tests/runtime/test_endpoints.py",),
    ),
    Judges("runtime/latency_buckets.py", ("tests/runtime/test_latency_buckets.py", _RECORDS)),
    Judges("runtime/control_plane.py", ("tests/runtime/test_control_plane.py", _RECORDS)),
    Judges("runtime/drivers.py", ("tests/runtime/test_drivers.py",)),
    Judges("runtime/lag.py", ("tests/runtime/test_lag.py",)),
    Judges("runtime/notebook.py", ("tests/runtime/test_tables.py",)),
    Judges("runtime/tables.py", ("tests/runtime/test_tables.py",)),
    Judges("runtime/flight_recorder/account.py", ("tests/runtime/test_flight_account.py", _RECORDS)),
    Judges("runtime/flight_recorder/metadata.py", ("tests/runtime/test_flight_metadata.py",)),
    Judges("runtime/flight_recorder/trace_events.py", ("tests/runtime/test_flight_trace_events.py",)),
    Judges("runtime/flight_recorder/trace.py", ("tests/runtime/test_flight_trace_file.py",)),
    Judges("runtime/flight_recorder/control_tracks.py", ("tests/runtime/test_flight_control_tracks.py",)),
    Judges("runtime/flight_recorder/engine_tracks.py", ("tests/runtime/test_flight_engine_tracks.py",)),
    Judges(
        "runtime/flight_recorder/dump.py",
        ("tests/runtime/test_flight_dump.py", _RECORDS),
        ("tests/runtime/test_flight_tables.py",),
    ),
    Judges("runtime/flight_recorder/dump_signal.py", ("tests/runtime/test_flight_signal.py",)),
    Judges("runtime/flight_recorder/watch.py", ("tests/runtime/test_flight_watch.py", _RECORDS)),
    Judges(
        "runtime/flight_recorder/*",
        ("tests/runtime/test_flight_recorder_by_hand.py", "tests/runtime/test_flight_files.py"),
        ("tests/runtime/test_flight_arguments.py", "tests/runtime/test_flight_recorder.py"),
    ),
    Judges("runtime/notify.py", ("tests/runtime/test_notify.py",)),
    Judges("runtime/operator.py", ("tests/runtime/test_operator.py",)),
    Judges("runtime/probe_file.py", ("tests/runtime/test_probe_file.py",)),
    Judges("runtime/signals.py", ("tests/runtime/test_signals.py",)),
    Judges("runtime/stop_signals.py", ("tests/runtime/test_signals.py",)),
    Judges("runtime/standstill.py", ("tests/runtime/test_control_plane.py",)),
    Judges("runtime/status.py", ("tests/runtime/test_status.py", _RECORDS)),
    Judges(
        "runtime/steering.py", ("tests/runtime/test_steering_account.py", "tests/runtime/test_steering.py")
    ),
    Judges("runtime/supervision.py", ("tests/runtime/test_supervision_by_hand.py",)),
    Judges("runtime/verdict.py", ("tests/runtime/test_verdict.py",)),
    Judges(
        "runtime/result.py",
        (_RECORDS, *_SESSION, "tests/runtime/test_tables.py"),
    ),
    Judges(
        "runtime/session.py",
        (*_SESSION, "tests/runtime/test_session.py::test_what_is_none_is_refused_before_anything_runs"),
        _LIVE,
    ),
    Judges("runtime/*", _SESSION, _LIVE),
)


def judges_of(module: str) -> Judges:
    """The tests that judge ``module``, a path below the package."""
    return next(judges for judges in JUDGES if fnmatchcase(module, judges.modules))


def room_of(module: str) -> str:
    """The room that ``module`` is in."""
    return next(room for room in ROOMS if module.startswith(f"{room}/"))


def modules_of(patterns: list[str]) -> list[str]:
    """The modules of the rooms that one of ``patterns`` names: a room, a folder, a file; all, without any."""
    modules = [
        path.relative_to(PACKAGE).as_posix()
        for room in ROOMS
        for path in sorted((PACKAGE / room).rglob("*.py"))
    ]
    if not patterns:
        return modules
    wanted = [pattern.removeprefix("python/tickpath/").rstrip("/") for pattern in patterns]
    return [
        module
        for module in modules
        if any(
            module == want or module.startswith(f"{want}/") or fnmatchcase(module, want) for want in wanted
        )
    ]
