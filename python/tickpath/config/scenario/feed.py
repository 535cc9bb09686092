"""What a scenario says about its feed: a synthetic stream, or recorded files, and how it is paced."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from tickpath.config.engine import DurationNs, Pace, RateHz, ThreadSettings
from tickpath.config.fields import Number, Text, Whole, check_fields
from tickpath.config.run import DEFAULTS, SYNTHETIC_EVENTS, SYNTHETIC_RATE_HZ
from tickpath.errors import ArgumentValueError

__all__ = ["FeedFile", "FeedSettings"]


FileKind = Literal["auto", "lobster", "collector", "dbn", "itch", "table"]
Model = Literal["hawkes", "poisson", "constant"]
Policy = Literal["strict", "skip"]
OutOfOrder = Literal["refuse", "sort", "clamp"]

_FilePath = Annotated[str, Text(r"[^\0]+", "the name of a file")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFile:
    """A recording.

    >>> FeedFile(path="AAPL_message_1.zip").kind
    'auto'
    """

    kind: FileKind = "auto"
    """Its format; ``auto`` finds it from the content."""
    path: _FilePath
    """Where it is; in a scenario file relative to that file."""

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """Either a synthetic stream (``model``, ``symbols``) or ``files``; and how it is paced.

    >>> FeedSettings(model="poisson", rate_hz=25_000, events=40_000).pace
    'recorded'
    """

    model: Model | None = None
    """Arrivals of a synthetic stream; ``None`` is ``hawkes``, unless there are files."""
    rate_hz: RateHz | None = None
    """Events per second: the mean of a synthetic stream (``None`` is 100,000), and those of the pace
    ``constant``."""
    events: Annotated[int, Whole(1, 1 << 28)] | None = None
    """Length of a synthetic stream (``None`` is 300,000); at most so many of a recording."""
    symbols: Annotated[int, Whole(1, 1 << 16)] | None = None
    """Instruments of a synthetic stream; ``None`` is 1, unless there are files."""
    files: tuple[FeedFile, ...] = ()
    """Recordings of one kind, merged by stamp."""
    symbol: Annotated[str, Text(r".+", "the name of the instrument")] | None = None
    """Name of the instrument of the files; ``None`` takes it from the file."""
    policy: Policy | None = None
    """What a bad row of a file does: ``strict`` (as ``None``) stops the load, ``skip`` counts it."""
    out_of_order: OutOfOrder | None = None
    """What to do about stamps that run backwards; ``None`` is ``refuse``."""
    columns: Annotated[str, Text(r".+", "columns as FIELD=COLUMN[:UNIT],…")] | None = None
    """Which columns of a ``table`` are which fields: ``ts_ns=time:us,price_e9=price``."""
    pace: Pace = DEFAULTS.pace
    """``recorded`` (as generated, for a synthetic stream), ``constant`` at ``rate_hz``, or ``max``."""
    speed: Annotated[float, Number(0, above=True)] = DEFAULTS.speed
    """How many times as fast as recorded; for the pace ``recorded``."""
    max_gap_ns: DurationNs = DEFAULTS.max_gap_ns
    """The longest idle gap in the run, after ``speed``; for the pace ``recorded``."""
    thread: ThreadSettings = field(default_factory=ThreadSettings)
    """The feed's thread, in a live run."""

    def __post_init__(self) -> None:
        check_fields(self)
        of_files = ("symbol", "policy", "out_of_order", "columns")
        wrong = ("model", "symbols") if self.files else of_files
        for name in wrong:
            if (value := getattr(self, name)) is not None:
                whose, what = ("a synthetic feed", "files") if self.files else ("files", "none")
                raise ArgumentValueError(
                    f"{name} belongs to {whose}, and this feed has {what}: got {value!r}"
                )
        if len({file.kind for file in self.files}) > 1:
            kinds = ", ".join(file.kind for file in self.files)
            raise ArgumentValueError(f"the files must be of one kind, or all auto, got {kinds}")
        if self.files and (self.files[0].kind == "table") != (self.columns is not None):
            raise ArgumentValueError(
                "columns belong to files of the kind table, which need them: "
                f"got columns={self.columns!r} and the kind {self.files[0].kind}"
            )

    @property
    def synthetic(self) -> bool:
        """Whether the stream is generated."""
        return not self.files

    @property
    def model_or_default(self) -> Model:
        """Arrivals of the synthetic stream."""
        return self.model or "hawkes"

    @property
    def model_rate_hz(self) -> float:
        """Mean rate of the synthetic stream, in events per second."""
        return SYNTHETIC_RATE_HZ if self.rate_hz is None else self.rate_hz

    @property
    def model_events(self) -> int:
        """Length of the synthetic stream."""
        return SYNTHETIC_EVENTS if self.events is None else self.events
