"""What is a regression: limits on what may become worse, as ``--fail-on`` writes them.

Pure functions over immutable values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tickpath.config.words import NS_PER_UNIT
from tickpath.errors import ArgumentValueError
from tickpath.lab.report import STAGES

__all__ = ["DEFAULT_LIMITS", "PERCENTILE_NAMES", "Limit", "parse_limit"]

DEFAULT_LIMITS = ("p50=10%", "p99=10%", "lost=0")
"""What is asked where nobody says otherwise."""

PERCENTILE_NAMES = {
    "p50": "p50_ns",
    "p90": "p90_ns",
    "p99": "p99_ns",
    "p99.9": "p99_9_ns",
    "p99.99": "p99_99_ns",
}
"""The percentiles as they are written, and their fields."""

_EXPECTED = (
    "expected [CONSUMER/][STAGE.]PERCENTILE=LIMIT or [CONSUMER/]lost=LIMIT, such as p99=10%, p99.9=50us, "
    "log/lost=0 or intended_to_completed.p50=5%"
)
_AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(%|ns|us|µs|ms|s)?")
_DEFAULT_STAGE = "published_to_completed"


@dataclass(frozen=True, slots=True)
class Limit:
    """By how much one figure may become worse."""

    text: str
    """As it was written."""
    consumer: str
    """Whose figure."""
    stage: str | None
    """Of which stage; ``None`` for losses."""
    percentile: str | None
    """Which percentile, as it is written; ``None`` for losses."""
    share: float | None
    """As a share of what it was (of losses: of what was published); ``None`` if :attr:`amount` is given."""
    amount: int | None
    """In nanoseconds, or in events."""

    @property
    def metric(self) -> str:
        """Of what, in full."""
        what = "lost" if self.stage is None else f"{self.stage}.{self.percentile}"
        return f"{self.consumer}/{what}"


def parse_limit(text: str) -> Limit:
    """The limit that ``text`` says. Raises ``ArgumentValueError``."""
    metric, equals, amount = text.partition("=")
    consumer, slash, what = metric.rpartition("/")
    consumer = consumer if slash else "executor"
    stage, percentile = _stage_of(what)
    matched = _AMOUNT.fullmatch(amount.strip())
    if not equals or not consumer or matched is None or (stage is None and what != "lost"):
        raise ArgumentValueError(f"{text!r} is no limit: {_EXPECTED}")
    number, unit = matched.groups()
    if unit == "%":
        return Limit(text, consumer, stage, percentile, float(number) / 100, None)
    if (stage is None) == (unit is not None):
        expected = "a number of events or a share" if stage is None else "a share or a time with its unit"
        raise ArgumentValueError(f"{text!r} is no limit: {what} takes {expected}; {_EXPECTED}")
    return Limit(text, consumer, stage, percentile, None, round(float(number) * NS_PER_UNIT[unit or "ns"]))


def _stage_of(what: str) -> tuple[str | None, str | None]:
    """Stage and percentile of ``p99`` or ``intended_to_completed.p99.9``; ``None`` if it is no such thing."""
    if what in PERCENTILE_NAMES:
        return _DEFAULT_STAGE, what
    stage, _, percentile = what.partition(".")
    if stage in STAGES and percentile in PERCENTILE_NAMES:
        return stage, percentile
    return None, None
