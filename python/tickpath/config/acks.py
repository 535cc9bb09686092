"""Who looks at acks needs a ring of them: settings without one get it, and one that was asked for stays."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from tickpath.config.engine import ACK_CAPACITY, EngineSettings

__all__ = ["with_acks"]

_Settings = TypeVar("_Settings", bound=EngineSettings)


def with_acks(settings: _Settings, *, slots: int = ACK_CAPACITY) -> _Settings:
    """``settings`` with a ring of so many acks, if they have none."""
    if settings.ack_capacity is not None:
        return settings
    return dataclasses.replace(settings, ack_capacity=slots)
