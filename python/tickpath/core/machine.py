"""The machine a run would find: cores, halves, quotas, control groups, and its floor without a run.

Linux; elsewhere what cannot be read is ``None``. What these say is what the engine itself goes by: which
cores it takes first, how many threads may spin, what it marks ``at_floor``.

Watching takes whole cores while it lasts; the rest reads a few small files and returns.
"""

from __future__ import annotations

from tickpath._native import CoreFloor, MachineWatch, Topology, control_groups

__all__ = ["CoreFloor", "MachineWatch", "Topology", "control_groups"]
