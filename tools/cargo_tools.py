"""Where a tool of cargo's is: on the path, or where the Makefile has built it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

__all__ = ["TOOLS", "cargo_tool"]

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "build" / "tools" / "bin"


def cargo_tool(name: str) -> str:
    """Return the path of ``name``; who has none is told how to get it."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), str(TOOLS))))
    if found is None:
        sys.exit(
            f"{name} is missing: `make {(TOOLS / name).relative_to(ROOT)}` builds it (some minutes, once)"
        )
    return found
