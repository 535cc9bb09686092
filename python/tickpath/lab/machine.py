"""What the operating system says of the machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

__all__ = ["cores", "cpu_model", "machine_facts"]

_CPU_INFO = Path("/proc/cpuinfo")


def cores() -> int | None:
    """Cores this process may use; those of the machine where it does not say which."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        # There is no such call, or a filter of system calls refuses it.
        return os.cpu_count()


def cpu_model() -> str | None:
    """The processor's model name."""
    try:
        text = _CPU_INFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return None


def machine_facts() -> dict[str, Any]:
    """System, processor, cores and interpreter, as every report has them; unknown is ``None``."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "cpu": cpu_model(),
        "cores": cores(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }
