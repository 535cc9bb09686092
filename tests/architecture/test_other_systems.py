"""What Linux has and others lack: every module is imported without it, and what can do without it, does."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.test_public_names import MODULES

#: What CPython has on Windows neither as a module ...
MISSING_MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
#: ... nor as a name of one.
MISSING_NAMES = {
    "os": (
        "fork",
        "getloadavg",
        "getpgrp",
        "getuid",
        "sched_getaffinity",
        "sched_setaffinity",
        "sysconf",
        "tcgetpgrp",
    ),
    "signal": ("SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "pthread_kill", "pthread_sigmask"),
    "socket": ("AF_UNIX", "SOCK_CLOEXEC"),
}
WITHOUT = f"""
# These may have imported them.
import importlib, os, multiprocessing, shutil, signal, socket, subprocess, sys, tempfile
for name in {MISSING_MODULES}:
    sys.modules[name] = None
for module, names in {MISSING_NAMES}.items():
    for name in names:
        vars(sys.modules[module]).pop(name, None)
"""


def run(program: str) -> str:
    """What it prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_can_be_imported_without_posix() -> None:
    modules = [name for name in MODULES if name != "tickpath.lab.bench.workers"]
    assert run(f"for name in {modules}: importlib.import_module(name)\nprint('all')") == "all\n"


def test_a_run_in_virtual_time_and_a_live_one_end_in_a_pass() -> None:
    program = """
from tickpath.cli.app import run_command_line
virtual = run_command_line(["run", "feed-freeze", "--mode", "virtual", "--json"])
live = run_command_line(["run", "--events", "2000", "--max", "--json"])
print(virtual, live)
"""
    assert run(program).splitlines()[-1] == "0 0"
