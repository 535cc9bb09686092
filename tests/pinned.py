"""Digests that are the same on every machine and under every Python; a change of meaning changes them."""

from __future__ import annotations

__all__ = ["DIGESTS"]

#: Of shipped drills in virtual time. When one changes, say in CHANGELOG.md what changed in the simulation.
DIGESTS = {
    "market-data-outage": "3a2ece158e6bb83ebbcc890e08904c89f8918643d833842d2c84eec1b8681355",
    "overlapping-outages": "43de523cfcb2db8feb351c5ba5031e2b186b82ad4c7c8e77071086b38d012352",
}
