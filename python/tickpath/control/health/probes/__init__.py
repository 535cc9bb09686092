"""The probes that tickpath ships: a file for each, one question each, and ``probe_of`` that makes them.

Each takes its settings (``tickpath.config.scenario.probes``); a threshold is the largest value that is ok.
"""

from __future__ import annotations

from tickpath.control.health.probes.backlog import Backlog
from tickpath.control.health.probes.clock_skew import ClockSkew
from tickpath.control.health.probes.cursor_progress import CursorProgress
from tickpath.control.health.probes.feed_integrity import FeedIntegrity
from tickpath.control.health.probes.feed_staleness import FeedStaleness
from tickpath.control.health.probes.kinds import probe_of
from tickpath.control.health.probes.latency import Latency
from tickpath.control.health.probes.overrun_rate import OverrunRate
from tickpath.control.health.probes.refused_moves import RefusedMoves
from tickpath.control.health.probes.sink_loss import SinkLoss

__all__ = [
    "Backlog",
    "ClockSkew",
    "CursorProgress",
    "FeedIntegrity",
    "FeedStaleness",
    "Latency",
    "OverrunRate",
    "RefusedMoves",
    "SinkLoss",
    "probe_of",
]
