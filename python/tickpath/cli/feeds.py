"""``--feed KIND:PATH`` and its companions, turned into a source."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from tickpath.core.ingest import KINDS, MarketDataSource
from tickpath.errors import ArgumentValueError

__all__ = ["KINDS", "Feed", "FeedOptions", "load", "parse_columns", "parse_feed"]

#: A mapping as text and as ``MarketDataSource.from_table`` takes it.
Columns = dict[str, str | int | tuple[str | int, str]]

#: Called while files are loaded, with bytes read, bytes in all, and events so far.
OnProgress = Callable[[int, int, int], object]

_LOOKS_LIKE_A_KIND = re.compile(r"[A-Za-z0-9_-]{2,}:")


@dataclass(frozen=True, slots=True)
class Feed:
    """One ``--feed``."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """What the command line says about the feed."""

    feeds: tuple[Feed, ...]
    columns: Columns
    symbol: str | None
    policy: str
    out_of_order: str
    model: Literal["hawkes", "poisson", "constant"]
    rate_hz: float
    events: int
    seed: int


def parse_feed(text: str) -> Feed:
    """``KIND:PATH`` or a path alone; a usage error names the kinds there are."""
    kind, colon, path = text.partition(":")
    if colon and kind in KINDS:
        if not path:
            raise click.BadParameter(f"{text!r} names no file: expected {kind}:PATH")
        return Feed(kind, path)
    if _LOOKS_LIKE_A_KIND.match(text) and not Path(text).exists():
        raise click.BadParameter(f"{text!r}: {kind!r} is no kind of feed; expected one of {', '.join(KINDS)}")
    if not text:
        raise click.BadParameter("no file is named: expected KIND:PATH")
    return Feed("auto", text)


def parse_columns(text: str) -> Columns:
    """``FIELD=COLUMN[:UNIT],...`` as the mapping that ``MarketDataSource.from_table`` takes."""
    from tickpath.core.ingest.table_mapping import parse_columns as parse

    try:
        return parse(text)
    except ArgumentValueError as error:
        raise click.BadParameter(str(error)) from None


def load(options: FeedOptions, on_progress: OnProgress) -> MarketDataSource:
    """Loads or generates the source. Raises ``SourceError`` and its like, and usage errors."""
    if not options.feeds:
        return MarketDataSource.synthetic(
            model=options.model,
            rate_hz=options.rate_hz,
            events=options.events,
            seed=options.seed,
            progress=on_progress,
        )
    kinds = {feed.kind for feed in options.feeds}
    if len(kinds) > 1:
        raise click.UsageError(
            f"--feed with different kinds ({', '.join(sorted(kinds))}): give all the same kind, or none"
        )
    kind = kinds.pop()
    if kind == "table" and not options.columns:
        raise click.UsageError(
            "--feed table: needs --columns, which say what its columns mean: "
            "--columns ts_ns=time:us,price_e9=price"
        )
    if kind != "table" and options.columns:
        raise click.UsageError(
            f"--columns are of tables, and this feed is {kind}: say --feed table:{options.feeds[0].path}"
        )
    return _load_files(kind, [feed.path for feed in options.feeds], options, on_progress)


def _load_files(
    kind: str, paths: Sequence[str], options: FeedOptions, on_progress: OnProgress
) -> MarketDataSource:
    arguments: dict[str, Any] = {
        "kind": kind,
        "policy": options.policy,
        "symbol": options.symbol,
        "out_of_order": options.out_of_order,
        "progress": on_progress,
    }
    if options.columns:
        arguments["columns"] = options.columns
    return MarketDataSource.from_files(paths, **arguments)
