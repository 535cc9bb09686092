"""The warm-up: READY on evidence (latency flat over consecutive rounds) or after a number of events.

``controller`` says at each control step what to do, ``evidence`` judges the rounds, ``certificate`` keeps
what was seen, and ``garbage`` keeps the collector off what is old. See ``docs/concepts/warm-up.md``.
"""

from __future__ import annotations

from tickpath.runtime.warmup.certificate import WarmupCertificate, WarmupRound
from tickpath.runtime.warmup.controller import WarmUp, WarmupProgress, WarmupStep
from tickpath.runtime.warmup.evidence import AckWindow, WindowFigures
from tickpath.runtime.warmup.garbage import FrozenGarbage

__all__ = [
    "AckWindow",
    "FrozenGarbage",
    "WarmUp",
    "WarmupCertificate",
    "WarmupProgress",
    "WarmupRound",
    "WarmupStep",
    "WindowFigures",
]
