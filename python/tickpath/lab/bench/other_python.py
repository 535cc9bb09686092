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

__all__ = ["under"]

#: Longer than the part takes here; an interpreter that takes longer does something else.
_SECONDS_MAX = 300.0
_LOOK_S = 0.05
_END_MAX_S = 10.0


def under(python: str, settings: BenchSettings, should_stop: Callable[[], bool]) -> dict[str, Any]:
    """The report of ``tickpath bench --only object-tier`` under ``python``.

    Raises ``ArgumentValueError`` if that interpreter cannot do it.
    """
    command = [python, "-m", "tickpath", "bench", "--only", "object-tier", "--json"]
    command += ["--quick"] if settings.quick else []
    command += [] if settings.rounds is None else ["--rounds", str(settings.rounds)]
    places = {Path(str(module.__file__)).parents[1] for module in (tickpath, np, click, rich)}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sorted(map(str, places)))}
    try:
        # The command is this one, under an interpreter that the caller named.
        process = subprocess.Popen(  # noqa: S603
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A Ctrl-C at the terminal reaches it through us, once.
            start_new_session=True,
        )
    except OSError as error:
        raise ArgumentValueError(f"{python} cannot be started: {error.strerror}") from error
    with process:
        stdout, stderr = _watched(process, should_stop)
    try:
        report: dict[str, Any] = json.loads(stdout)
    except ValueError:
        said = stderr.strip().splitlines()
        reason = f": {said[-1]}" if said else ""
        raise ArgumentValueError(
            f"{python} did not measure, it ended with code {process.returncode}{reason}; it has to be a "
            "CPython that can load the packages of this one"
        ) from None
    return report


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
