"""``MarketDataSource``: a recording or a synthetic stream in memory, ready to be published."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn, final

from tickpath import _native
from tickpath.errors import ArgumentTypeError, ArgumentValueError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Kind = Literal["auto", "lobster", "collector", "dbn", "itch", "table"]
    Policy = Literal["strict", "skip"]
    OutOfOrder = Literal["refuse", "sort", "clamp"]
    Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    Columns = Mapping[str, str | int | tuple[str | int, str]]
    Progress = Callable[[int, int, int], object]

__all__ = ["KINDS", "MarketDataSource", "RowError"]

KINDS = ("auto", "lobster", "collector", "dbn", "itch", "table")
"""What ``kind`` may be; ``"auto"`` finds a recording's format from its content."""


class RowError(NamedTuple):
    """A row, record or message that was left out under ``policy="skip"``.

    >>> RowError("trades.csv", line=7, byte_offset=None, field="price", reason="is no number").field
    'price'
    """

    path: str
    """The file, or a description of the table."""
    line: int | None
    """Line number from 1, for formats made of lines."""
    byte_offset: int | None
    """Offset into the decompressed stream, for formats made of records."""
    field: str | None
    """The field that is wrong, if it is one field."""
    reason: str
    """What was found and what was expected."""


_Parts = tuple[_native.Events, Sequence[str], Iterable[tuple[Any, ...]], Mapping[str, Any]]
"""What a loader returns: events, names of the symbols, rows left out, and the account (``meta``)."""


@final
class MarketDataSource:
    """Events in memory, in the order in which they are published; immutable.

    Made by ``from_file``, ``from_files``, ``from_table`` or ``synthetic``. Each of them either loads what
    it was asked for or raises: nothing is lost unsaid.

    >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1_000_000, events=3)
    >>> source.events["ts_ns"].tolist()
    [0, 1000, 2000]
    >>> len(source), source.symbols, source.skipped
    (3, ('SYM0',), [])
    """

    __slots__ = ("_array", "_meta", "_native_events", "_skipped", "_symbols")

    def __init__(self, parts: _Parts) -> None:
        """Take over what a loader returned; use the class methods."""
        events, symbols, skipped, meta = parts
        self._native_events = events
        self._symbols = tuple(symbols)
        self._skipped = tuple(RowError(*row) for row in skipped)
        self._meta = MappingProxyType(dict(meta))
        self._array: npt.NDArray[np.void] | None = None

    @classmethod
    def from_file(
        cls,
        path: Path,
        *,
        kind: Kind = "auto",
        policy: Policy = "strict",
        symbol: str | None = None,
        out_of_order: OutOfOrder = "refuse",
        columns: Columns | None = None,
        progress: Progress | None = None,
    ) -> MarketDataSource:
        r"""Load one file: plain, or compressed by gzip, zstd or zip, whatever its name.

        - ``kind``: the format, or ``"auto"``; ``"table"`` (csv, parquet) needs ``columns`` (``from_table``).
        - ``policy``: ``"strict"`` raises at the first bad row, ``"skip"`` leaves bad rows out and lists them.
        - ``symbol``: the name of every event's instrument, instead of what the file or its name says.
        - ``out_of_order``: what to do with stamps that run backwards: ``"refuse"`` raises at the first,
          ``"sort"`` sorts (stable), ``"clamp"`` raises each to the largest before it.
        - ``progress``: called with bytes done, bytes in all, and events so far; what it raises ends the load.

        Raises ``SourceNotFound``, ``SourceUnreadable``, ``BadRow``, ``OutOfOrder`` or another
        ``SourceError``, which name the place; ``ArgumentTypeError`` and ``ArgumentValueError`` for bad
        arguments.

        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "ticks.csv")
        ...     _ = file.write_text("time,price\n5,10.5\n7,10.25\n")
        ...     columns = {"ts_ns": ("time", "us"), "price_e9": "price"}
        ...     source = MarketDataSource.from_file(file, kind="table", columns=columns)
        >>> source.events["ts_ns"].tolist(), source.symbols
        ([5000, 7000], ('',))
        >>> MarketDataSource.from_file("ticks.csv.gz")
        Traceback (most recent call last):
        tickpath.errors.SourceNotFound: ticks.csv.gz: there is no such file
        """
        return cls.from_files(
            [_path(path)],
            kind=kind,
            policy=policy,
            symbol=symbol,
            out_of_order=out_of_order,
            columns=columns,
            progress=progress,
        )

    @classmethod
    def from_files(
        cls,
        paths: Iterable[Path],
        *,
        kind: Kind = "auto",
        policy: Policy = "strict",
        symbol: str | None = None,
        out_of_order: OutOfOrder = "refuse",
        columns: Columns | None = None,
        progress: Progress | None = None,
    ) -> MarketDataSource:
        r"""Load several files as one source, merged by stamp.

        Equal stamps come in the order of ``paths``, and within a file in its own order. A symbol that several
        files name is one symbol. Files whose stamps count from different origins are refused with
        ``SourceError``. Everything else is as for ``from_file``, applied to each file.

        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = [pathlib.Path(folder, name) for name in ("a.csv", "b.csv")]
        ...     for file, time in zip(files, (7, 5)):
        ...         _ = file.write_text(f"time,price\n{time},10.5\n")
        ...     source = MarketDataSource.from_files(
        ...         files, kind="table", columns={"ts_ns": "time", "price_e9": "price"}
        ...     )
        >>> source.events["ts_ns"].tolist()
        [5, 7]
        """
        if isinstance(paths, str | bytes | os.PathLike):
            raise ArgumentTypeError(f"paths must be several paths, got one ({paths!r}): use from_file for it")
        try:
            given = iter(paths)
        except TypeError:
            raise ArgumentTypeError(f"paths must be several paths, got {type(paths).__name__}") from None
        names = [_path(path) for path in given]
        if not names:
            raise ArgumentValueError("paths names no file: expected at least one")
        _check_words(kind=kind, policy=policy, out_of_order=out_of_order)
        _check(kind=kind, symbol=symbol, columns=columns, progress=progress)
        if kind == "table":
            return cls(_tables(names, columns or {}, policy, symbol, out_of_order, progress))
        events, symbols, skipped, sources = _native.load_recording(
            names, kind=kind, policy=policy, symbol=symbol, out_of_order=out_of_order, progress=progress
        )
        return cls((events, symbols, skipped, _meta(sources)))

    @classmethod
    def from_table(
        cls,
        obj: object,
        *,
        columns: Columns,
        policy: Policy = "strict",
        symbol: str | None = None,
        out_of_order: OutOfOrder = "refuse",
        progress: Progress | None = None,
    ) -> MarketDataSource:
        """Load a table: NumPy, pandas, polars, Arrow, or the path of a csv or parquet file.

        ``columns`` maps our field names to the table's, with the unit where there is one:
        ``{"ts_ns": ("time", "us"), "price_e9": "price"}``. A stamp without a unit counts nanoseconds; dates
        as text are refused. Everything else is as for ``from_file``.

        >>> import numpy as np
        >>> ticks = np.array([(1, 10.5), (2, 10.25)], dtype=[("time", "i8"), ("price", "f8")])
        >>> columns = {"ts_ns": ("time", "us"), "price_e9": "price"}
        >>> source = MarketDataSource.from_table(ticks, columns=columns)
        >>> source.events["ts_ns"].tolist(), source.events["price_e9"].tolist()
        ([1000, 2000], [10500000000, 10250000000])
        """
        _check_words(policy=policy, out_of_order=out_of_order)
        _check(kind="table", symbol=symbol, columns=columns, progress=progress)
        return cls(_table(obj, columns, policy, symbol, out_of_order, progress))

    @classmethod
    def synthetic(
        cls,
        *,
        model: Literal["hawkes", "poisson", "constant"] = "hawkes",
        rate_hz: float,
        events: int,
        symbols: int = 1,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> MarketDataSource:
        """Generate exactly ``events`` events at a mean rate of ``rate_hz`` per second; seeded.

        ``model`` says when they arrive: ``"constant"`` evenly, ``"poisson"`` independently of each other,
        ``"hawkes"`` in bursts, an arrival making others likelier. ``symbols`` is of how many instruments they
        are. The formulas are in ``docs/concepts/ingest-synthetic.md``; time and memory are O(``events``).
        ``progress`` is called as by ``from_file``. Raises ``ArgumentTypeError`` and ``ArgumentValueError``.

        >>> first, same, other = (
        ...     MarketDataSource.synthetic(rate_hz=1e6, events=100, seed=seed).events for seed in (1, 1, 2)
        ... )
        >>> len(first), bool((first == same).all()), bool((first == other).all())
        (100, True, False)
        """
        from tickpath.core.ingest import synthetic

        _check(kind="auto", symbol=None, columns=None, progress=progress)
        return cls(
            synthetic.generate(
                model, rate_hz=rate_hz, events=events, symbols=symbols, seed=seed, progress=progress
            )
        )

    @property
    def events(self) -> npt.NDArray[np.void]:
        """The events as a read-only NumPy array of ``EVENT_DTYPE``, without a copy."""
        if self._array is None:
            import numpy as np

            from tickpath.core.ingest.event import EVENT_DTYPE

            buffer: Any = self._native_events  # the buffer protocol has no type before 3.12
            self._array = np.frombuffer(buffer, dtype=EVENT_DTYPE)
        return self._array

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names that the events' ``symbol`` field indexes."""
        return self._symbols

    @property
    def skipped(self) -> list[RowError]:
        """The rows left out, at most a million of each file; ``meta`` counts all of them."""
        return list(self._skipped)

    @property
    def meta(self) -> Mapping[str, Any]:
        """Where the events came from: ``origin`` of the stamps, and ``sources``, an account of each file."""
        return self._meta

    @property
    def native(self) -> _native.Events:
        """The events as the engine takes them."""
        return self._native_events

    def __arrow_c_schema__(self) -> object:
        """The schema of the events as Arrow columns: ``ArrowRows`` of none of them has it too."""
        return _native.ArrowRows(self.events[:0]).__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """The events as an Arrow record batch; each call copies them into columns, as ``ArrowRows`` does."""
        return _native.ArrowRows(self.events).__arrow_c_array__(requested_schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The events as an Arrow stream of one batch; each call copies them, as ``__arrow_c_array__``."""
        return _native.ArrowRows(self.events).__arrow_c_stream__(requested_schema)

    def __reduce__(self) -> NoReturn:
        raise ArgumentTypeError(
            "a MarketDataSource can be neither copied nor pickled: it never changes, so that one is enough "
            "in a process; for another send what it was made from, or its events, a NumPy array"
        )

    def __len__(self) -> int:
        """How many events there are."""
        return len(self._native_events)

    def __repr__(self) -> str:
        return f"MarketDataSource({len(self)} events, {len(self._symbols)} symbols)"


def _path(path: object) -> str:
    if not isinstance(path, str | bytes | os.PathLike):
        raise ArgumentTypeError(f"path must be a str, bytes or os.PathLike, got {type(path).__name__}")
    return os.fsdecode(path)


_WORDS = {"kind": KINDS, "policy": ("strict", "skip"), "out_of_order": ("refuse", "sort", "clamp")}


def _check_words(**words: object) -> None:
    for name, word in words.items():
        if not isinstance(word, str):
            raise ArgumentTypeError(f"{name} must be a str, got {type(word).__name__}")
        if word not in _WORDS[name]:
            raise ArgumentValueError(f"{name} must be one of {', '.join(_WORDS[name])}; got {word!r}")


def _check(*, kind: str, symbol: object, columns: object, progress: object) -> None:
    if symbol is not None and not isinstance(symbol, str):
        raise ArgumentTypeError(f"symbol must be a str, got {type(symbol).__name__}")
    if symbol == "":
        raise ArgumentValueError("symbol is empty: expected the name of the instrument")
    if progress is not None and not callable(progress):
        raise ArgumentTypeError(f"progress must be callable, got {type(progress).__name__}")
    if columns is None and kind == "table":
        raise ArgumentValueError(
            'kind "table" needs columns, which say what its columns mean: {"ts_ns": ("time", "us"), …}'
        )
    if columns is not None and kind != "table":
        raise ArgumentValueError(f'columns belong to kind "table", not to {kind!r}')


def _meta(sources: list[dict[str, Any]]) -> dict[str, Any]:
    return {"origin": sources[0]["origin"], "sources": tuple(MappingProxyType(source) for source in sources)}


def _table(
    obj: object,
    columns: Columns,
    policy: str,
    symbol: str | None,
    out_of_order: str,
    progress: Progress | None,
) -> _Parts:
    from tickpath.core.ingest import table

    return table.load(
        obj, columns=columns, policy=policy, symbol=symbol, out_of_order=out_of_order, progress=progress
    )


def _part_of(progress: Progress | None, before: int, size: int, total: int, events: int) -> Progress | None:
    """``progress`` as one file of several sees it: ``size`` of ``total`` bytes, ``before`` of them done."""
    if progress is None:
        return None
    return lambda done, of, seen: progress(before + size * done // max(of, 1), total, events + seen)


def _tables(
    paths: list[str],
    columns: Columns,
    policy: str,
    symbol: str | None,
    out_of_order: str,
    progress: Progress | None,
) -> _Parts:
    """Load each table, and merge them by stamp."""
    # A file that is not there is named by its loader.
    sizes = [pathlib.Path(path).stat().st_size if pathlib.Path(path).is_file() else 0 for path in paths]
    loaded: list[_Parts] = []
    for path, size in zip(paths, sizes, strict=True):
        before, events_before = sum(sizes[: len(loaded)]), sum(len(part[0]) for part in loaded)
        part = _part_of(progress, before, size, sum(sizes), events_before)
        loaded.append(_table(path, columns, policy, symbol, out_of_order, part))
    if len(loaded) == 1:
        return loaded[0]
    numbers: dict[str, int] = {}
    parts = [
        (events, [numbers.setdefault(name, len(numbers)) for name in symbols])
        for events, symbols, _, _ in loaded
    ]
    skipped = [row for _, _, rows, _ in loaded for row in rows]
    sources = tuple(source for _, _, _, meta in loaded for source in meta["sources"])
    meta = {**loaded[0][3], "sources": sources}
    return _native.merge_events(parts), tuple(numbers), skipped, meta
