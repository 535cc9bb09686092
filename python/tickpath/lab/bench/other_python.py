"""The object tier under another interpreter, with the packages that this one has installed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import rich

import tickpath
from tickpath.errors import ArgumentValueError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickpath.lab.bench.bench import BenchSettings

__all__ = ["under", "why_it_cannot"]

#: Longer than the part takes here; an interpreter that takes longer does something else.
_SECONDS_MAX = 300.0
_LOOK_S = 0.05
_END_MAX_S = 10.0
_START_MAX_S = 60.0


def why_it_cannot(python: str) -> str | None:
    """Why ``python`` cannot measure; ``None`` if it loads the packages of this interpreter."""
    try:
        # Like the measurement below: a program that the caller named.
        done = subprocess.run(  # noqa: S603
            [python, "-c", "import click, numpy, rich, tickpath._native"],
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_MAX_S,
        )
    except OSError as error:
        return f"{python} cannot be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"{python} did not load the packages of this interpreter within {_START_MAX_S:.0f} s"
    return _reason(python, done.returncode, done.stderr) if done.returncode else None


def under(python: str, settings: BenchSettings, should_stop: Callable[[], bool]) -> dict[str, Any] | None:
    """The report of ``tickpath bench --only object-tier`` under ``python``.

    ``None`` if it was stopped before it had anything to tell. Raises ``ArgumentValueError`` if that
    interpreter does not do it.
    """
    command = [python, "-m", "tickpath", "bench", "--only", "object-tier", "--json", "--quiet"]
    command += ["--quick"] if settings.quick else []
    command += [] if settings.rounds is None else ["--rounds", str(settings.rounds)]
    # The command is this one, under an interpreter that the caller named.
    with subprocess.Popen(  # noqa: S603
        command,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A Ctrl-C at the terminal reaches it through us, once.
        start_new_session=True,
    ) as process:
        stdout, stderr = _watched(process, should_stop)
    try:
        report: dict[str, Any] = json.loads(stdout)
    except ValueError:
        if should_stop():
            return None
        raise ArgumentValueError(_reason(python, process.returncode, stderr)) from None
    return report


def _environment() -> dict[str, str]:
    places = {Path(str(module.__file__)).parents[1] for module in (tickpath, np, click, rich)}
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sorted(map(str, places)))}


def _reason(python: str, code: int, stderr: str) -> str:
    said = stderr.strip().splitlines()
    return (
        f"{python} cannot measure, it ended with code {code}{': ' + said[-1] if said else ''}; it has to be "
        "a CPython that loads the packages of this one"
    )


def _watched(process: subprocess.Popen[str], should_stop: Callable[[], bool]) -> tuple[str, str]:
    """Its output; told to end when we are, and ended when it does not."""
    looks_left = round(_SECONDS_MAX / _LOOK_S)
    told = False
    while True:
        try:
            return process.communicate(timeout=_LOOK_S)
        except subprocess.TimeoutExpired:
            looks_left -= 1
        if should_stop() and not told:
            told = True
            process.send_signal(signal.SIGINT)
            looks_left = min(looks_left, round(_END_MAX_S / _LOOK_S))
        if looks_left <= 0:
            process.kill()
