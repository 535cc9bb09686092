"""Runbooks of the feed: it is gone, it repeats itself, it is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickpath.control.automation.runbook import Runbook
from tickpath.control.automation.runbooks.steps import clear, degrade, recover

if TYPE_CHECKING:
    from tickpath.control.automation.runbooks.steps import Limits

__all__ = ["feed_integrity", "market_data_outage", "stale_feed"]


def market_data_outage(limits: Limits) -> Runbook:
    """Nothing arrives."""
    return Runbook(
        name="market-data-outage",
        title="The feed is gone: execute nothing on what is old, until it is back",
        row="Market Data Outage",
        triggers=("market data outage",),
        steps=(degrade(limits), clear(limits), recover(limits)),
        description=(
            "Without market data every decision is one about the past. Execution is gated until events have "
            "come again for long enough, and then goes on by itself. If the feed stays away, a person is "
            "asked."
        ),
    )


def stale_feed(limits: Limits) -> Runbook:
    """Connected, and nothing new."""
    return Runbook(
        name="stale-feed",
        title="The feed is connected and repeats itself: as good as gone",
        row=None,
        triggers=("stale feed",),
        steps=(degrade(limits), clear(limits), recover(limits)),
        description=(
            "Heartbeats and repeats are no market data. Answered like an outage, by a name of its own, "
            "because the person who is asked looks elsewhere: at the sender, not at the line."
        ),
    )


def feed_integrity(limits: Limits) -> Runbook:
    """Gaps, duplicates, events out of order."""
    return Runbook(
        name="feed-integrity",
        title="The feed has gaps, duplicates or events out of order: wait until it is clean",
        row=None,
        triggers=("feed integrity",),
        steps=(degrade(limits), clear(limits), recover(limits)),
        description=(
            "A book built from such a feed is wrong in ways that nobody sees. Execution is gated until the "
            "feed has been clean for long enough."
        ),
    )
