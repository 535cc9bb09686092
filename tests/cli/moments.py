"""Moments of a run made by hand, and the screens that are made of them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from tests.runtime.boards import Board
from tests.runtime.looks import Feed, Stage, look
from tickpath.cli.watch.cost import WatchCost
from tickpath.cli.watch.moment import Moment, Plan, Rates
from tickpath.cli.watch.picture import picture_of
from tickpath.control.failure.causes import Cause, hold
from tickpath.control.health.monitor import ProbeStatus
from tickpath.core.state import State
from tickpath.runtime.lag import Lag

MS = 1_000_000


@dataclass
class Acks:
    """What a window of acks held."""

    count: int = 25_000
    executed: int = 25_000
    p50_ns: int | None = 125
    p99_ns: int | None = 9_930
    max_ns: int | None = 130_000
    service_p50_ns: int | None = 10
    service_p99_ns: int | None = 11
    in_ring_p50_ns: int | None = 115
    in_ring_p99_ns: int | None = 9_910
    late_p50_ns: int | None = 14
    late_p99_ns: int | None = 523_000
    dropped: int = 0


@dataclass
class Probes:
    """A monitor with readings."""

    readings: tuple[ProbeStatus, ...] = ()


def probe(name: str, verdict: Any, value: float | None) -> ProbeStatus:
    """A probe as of the last step."""
    return ProbeStatus(name, f"cause of {name}", verdict, value, 150.0, "ms", 400 * MS, verdict == "failing")


def degraded_board() -> Board:
    """The board of a run whose feed has frozen; two consumers, one of which was overrun."""
    monitor = Probes((probe("feed_staleness", "failing", 230.5), probe("backlog", "ok", 3.0)))
    board = Board(State.WARMUP, State.READY, monitor=monitor)
    hold(
        board.lifecycle,
        Cause("market data outage", "probe:feed_staleness", "230.5 ms, at most 150", 550 * MS),
    )
    board.move(State.DEGRADED)
    slow = Stage(processed=4_000, executed=0, lost=1_000, shed=12, backlog=60)
    executor = Stage(processed=70_000, executed=69_000, backlog=5, epoch_seen=3)
    feed = Feed(published=70_005, repeats=3)
    seen = look(800 * MS, feed=feed, executor=executor, state=State.DEGRADED, epoch=3, slow=slow)
    board.step(seen)
    return board


def moment(board: Board | None = None, **given: Any) -> Moment:
    """A moment of the run of ``board``; what is not given is unremarkable."""
    board = degraded_board() if board is None else board
    lags = {"executor": Lag(5, 51_000, False), "slow": Lag(60, None, False)}
    made: dict[str, Any] = {
        "plan": Plan("feed-freeze", 300_000, 3_000 * MS),
        "status": board.read(),
        "feed_per_s": 100_012,
        "stages_per_s": {"executor": 99_998, "slow": 19_876},
        "lags": lags,
        "acks": Acks(),
        "acks_ns": 250 * MS,
        "moves": board.lifecycle.history,
        "begin_ns": None,
        "pause_ns_max": 4_030_000,
        "cost": WatchCost(),
        "has_keys": True,
    }
    return Moment(**(made | given))


def screen(shown: Moment, columns: int = 100, lines: int = 30, *, encoding: str = "utf-8") -> list[str]:
    """The lines of the picture, without colours."""
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding), width=columns, height=lines)
    picture = picture_of(shown, console, columns, lines)
    return ["".join(segment.text for segment in line) for line in picture]


__all__ = ["Acks", "Board", "Rates", "degraded_board", "moment", "screen"]
