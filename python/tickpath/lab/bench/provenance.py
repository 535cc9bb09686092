"""What the figures were measured on: machine, interpreter, versions, and whether the build is a release."""

from __future__ import annotations

import mmap
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["PEERS", "build_of", "machine", "native", "versions"]

#: Distributions whose version stands in the report, ours first.
PEERS = ("tickpath", "numpy", "pyzmq", "faster-fifo", "iceoryx2")
#: What the compiler leaves in a library built with debug assertions, and in no other.
_DEBUG_MARK = b"unsafe precondition(s) violated"


def machine() -> dict[str, Any]:
    """The machine and the interpreter; unknown is ``None``."""
    from tickpath.lab.machine import machine_facts

    return {
        **machine_facts(),
        "load_1min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "executable": sys.executable,
        "compiler": platform.python_compiler(),
    }


def versions() -> dict[str, str | None]:
    """Version by distribution; ``None`` where it is not installed."""
    found: dict[str, str | None] = {}
    for name in PEERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def native() -> dict[str, Any]:
    """The native module: its file, and ``release`` or ``debug``, as far as that can be told."""
    from tickpath import _native

    path = _native.__file__
    return {"path": path, "build": build_of(Path(path)) if path else None}


def build_of(library: Path) -> str | None:
    """``debug`` if ``library`` was built with debug assertions, ``release`` if it was not.

    ``None`` if it cannot be read.
    """
    try:
        with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return "debug" if content.find(_DEBUG_MARK) >= 0 else "release"
    except (OSError, ValueError):
        return None
