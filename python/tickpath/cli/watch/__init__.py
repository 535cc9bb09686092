"""The live view of a run: ``tickpath run --watch``.

``watch`` is the thread that looks and draws, ``moment`` what it sees, ``picture`` what is made of that for a
screen of any size, ``terminal`` the screen itself and its keys, ``cost`` what all of it takes. It reads what
the control plane leaves on the status board, the counters of the stages and the ring of acks; the hot path
knows nothing of it. See ``docs/guides/watch-a-run.md``.
"""

from __future__ import annotations

from tickpath.cli.watch.cost import WatchCost
from tickpath.cli.watch.terminal import Terminal, why_no_screen
from tickpath.cli.watch.watch import Watch

__all__ = ["Terminal", "Watch", "WatchCost", "why_no_screen"]
