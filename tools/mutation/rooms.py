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
    """The tests of a module: ``quick`` ones first, without those marked slow; then all, and ``deep``."""

    modules: str
    """A pattern of paths below ``python/tickpath``; the first that matches counts."""
    quick: tuple[str, ...]
    deep: tuple[str, ...] = ()


_PROBES = ("tests/control/test_probes.py", "tests/control/test_probe_windows.py")
_HEALTH = (
    "tests/control/test_monitor.py",
    *_PROBES,
    "tests/control/test_object_looks.py",
    "tests/control/test_watch_thread.py",
)
_INJECTOR = (
    "tests/control/test_injector.py",
    "tests/control/test_injector_rollback.py",
    "tests/control/test_injector_arguments.py",
)
_SESSION = ("tests/runtime/test_session.py", "tests/runtime/test_session_virtual.py")

JUDGES = (
    Judges(
        "core/state/*",
        (
            "tests/core/test_state.py",
            "tests/core/test_state_refusals.py",
            "tests/core/test_state_races.py",
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
    Judges("runtime/warmup/*", ("tests/runtime/test_warmup.py",), _SESSION),
    Judges("runtime/readiness/*", ("tests/runtime/test_readiness.py",), _SESSION),
    Judges("runtime/shutdown/*", ("tests/runtime/test_shutdown.py",), _SESSION),
    Judges(
        "runtime/endpoints/*",
        (
            "tests/runtime/test_endpoints.py",
            "tests/runtime/test_prometheus.py",
            "tests/runtime/test_http_address.py",
        ),
    ),
    Judges(
        "runtime/flight_recorder/*",
        (
            "tests/runtime/test_flight_watch.py",
            "tests/runtime/test_flight_trace.py",
            "tests/runtime/test_flight_recorder.py",
            "tests/runtime/test_flight_arguments.py",
        ),
    ),
    Judges("runtime/control_plane.py", ("tests/runtime/test_control_plane.py",), _SESSION),
    Judges("runtime/notify.py", ("tests/runtime/test_notify.py",)),
    Judges("runtime/operator.py", ("tests/runtime/test_operator.py",), _SESSION),
    Judges("runtime/probe_file.py", ("tests/runtime/test_probe_file.py",), _SESSION),
    Judges("runtime/signals.py", ("tests/runtime/test_signals.py",), _SESSION),
    Judges("runtime/status.py", ("tests/runtime/test_status.py",), _SESSION),
    Judges("runtime/steering.py", ("tests/runtime/test_steering.py",), _SESSION),
    Judges("runtime/supervision.py", ("tests/runtime/test_supervision.py",), _SESSION),
    Judges("runtime/verdict.py", ("tests/runtime/test_verdict.py",), _SESSION),
    Judges("runtime/*", _SESSION, ("tests/runtime/test_session_live.py",)),
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
