"""What the options of ``tickpath run`` say, as settings, and the command that says the same again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from tickpath.cli.feeds import FeedOptions
from tickpath.cli.stages import consumer_text, service_text
from tickpath.config.engine import ConsumerSettings, Pace, ServiceTime, ThreadSettings
from tickpath.config.run import SYNTHETIC_EVENTS, SYNTHETIC_RATE_HZ, RunSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "feed_config",
    "feed_options",
    "pace_settings",
    "replay_command",
    "run_settings",
]

_NS_PER_MS = 1_000_000


def run_settings(options: Mapping[str, Any]) -> RunSettings:
    """The settings of the run."""
    thread = ThreadSettings(wait=options["wait"], **(options["priority"] or {}))
    executor = ConsumerSettings(
        name="executor",
        after=options["executor_after"],
        overrun=options["overrun"],
        thread=thread,
        service=options["service"] or ServiceTime(),
        seed=options["seed"],
        claim_lines=options["claim_lines"],
    )
    return RunSettings(
        capacity=options["capacity"],
        **pace_settings(options),
        warmup_events=options["warmup_events"],
        feed=thread,
        executor=executor,
        consumers=options["consumers"],
        stamp_per=options["stamp_per"],
        ack_capacity=options["ack_capacity"],
        hold_back=options["hold_back"],
        huge_pages=options["huge_pages"],
        lock_memory=options["lock_memory"],
        clock=options["clock"],
        floor_window_ns=int(options["floor_ms"] * _NS_PER_MS),
    )


def pace_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that say when the feed publishes, and how much."""
    pace: Pace = "recorded"
    if options.get("as_fast_as_possible"):
        pace = "max"
    elif options["rate_hz"] is not None and options["feeds"]:
        pace = "constant"
    return {
        "pace": pace,
        "speed": options["speed"] or 1.0,
        "rate_hz": options["rate_hz"] if pace == "constant" else None,
        "max_gap_ns": int(options["max_gap_ms"] * _NS_PER_MS),
        "events_max": options["events"],
    }


def feed_options(options: Mapping[str, Any]) -> FeedOptions:
    """What is said about the feed."""
    return FeedOptions(
        feeds=options["feeds"],
        columns=options["columns"] or {},
        symbol=options["symbol"],
        policy=options["policy"],
        out_of_order=options["out_of_order"],
        model=options["model"],
        rate_hz=options["rate_hz"] or SYNTHETIC_RATE_HZ,
        events=options["events"] or SYNTHETIC_EVENTS,
        seed=options["seed"],
    )


def feed_config(feed: FeedOptions) -> dict[str, Any]:
    """The settings of the feed; those that do not apply are ``None``."""
    recorded = bool(feed.feeds)
    return {
        "feeds": [f"{given.kind}:{given.path}" for given in feed.feeds],
        "columns": feed.columns or None,
        "symbol": feed.symbol,
        "policy": feed.policy if recorded else None,
        "out_of_order": feed.out_of_order if recorded else None,
        "model": None if recorded else feed.model,
        "model_rate_hz": None if recorded else feed.rate_hz,
        "model_events": None if recorded else feed.events,
    }


def replay_command(settings: RunSettings, feed: FeedOptions, *, sink: bool, mode: str = "live") -> str:
    """The command that runs the same again; defaults are left out."""
    words = ["tickpath", "run", *_given("--mode", mode, "live")]
    for given in feed.feeds:
        words += ["--feed", f"{given.kind}:{given.path}"]
    if feed.columns:
        words += ["--columns", ",".join(_column(*item) for item in feed.columns.items())]
    if feed.feeds:
        words += _given("--symbol", feed.symbol, None) + _given("--policy", feed.policy, "strict")
        words += _given("--out-of-order", feed.out_of_order, "refuse")
        words += _given("--rate", settings.rate_hz, None) + _given("--events", settings.events_max, None)
        words += _given("--seed", settings.executor.seed, 0)
    else:
        words += ["--model", feed.model, *_given("--rate", feed.rate_hz, SYNTHETIC_RATE_HZ)]
        words += ["--events", str(feed.events), "--seed", str(feed.seed)]
    words += ["--max"] if settings.pace == "max" else _given("--speed", settings.speed, 1.0)
    words += _given("--capacity", settings.capacity, 65_536)
    words += _given("--max-gap-ms", settings.max_gap_ns / _NS_PER_MS, 1_000.0)
    words += _given("--warmup-events", settings.warmup_events, None)
    words += _stages(settings)
    words += ["--sink"] if sink else []
    words += _given("--floor-ms", settings.floor_window_ns / _NS_PER_MS, 100.0)
    return shlex.join(words)


def _stages(settings: RunSettings) -> list[str]:
    """Options of threads, stages, memory and clock."""
    executor, thread = settings.executor, settings.executor.thread
    words = _given("--wait", thread.wait, "auto") + _given("--overrun", executor.overrun, "oldest")
    words += _given("--service", service_text(executor.service), "")
    for name in executor.after:
        words += ["--executor-after", name]
    for consumer in settings.consumers:
        words += ["--consumer", consumer_text(consumer)]
    words += _given("--stamp-per", settings.stamp_per, "event")
    words += _given("--ack-capacity", settings.ack_capacity, None)
    words += _given("--clock", settings.clock, "auto")
    if thread.realtime_priority is not None:
        words += ["--priority", f"fifo:{thread.realtime_priority}"]
    if thread.nice is not None:
        words += ["--priority", f"nice:{thread.nice}"]
    flags = {
        "--hold-back": settings.hold_back,
        "--claim-lines": executor.claim_lines,
        "--huge-pages": settings.huge_pages,
        "--lock-memory": settings.lock_memory,
    }
    return words + [flag for flag, is_set in flags.items() if is_set]


def _given(option: str, value: Any, default: Any) -> list[str]:
    if value == default:
        return []
    return [option, str(value).removesuffix(".0")]


def _column(field: str, column: str | int | tuple[str | int, str]) -> str:
    name, unit = column if isinstance(column, tuple) else (column, "")
    text = f"#{name}" if isinstance(name, int) else name
    return f"{field}={text}:{unit}" if unit else f"{field}={text}"
