"""A side of a comparison, read from a file of ``tickpath run --json``, and checked as far as it is used.

A file holds one object, or several one after the other, as ``>>`` leaves them. Whatever is wrong is a
``ReportError`` that names file, run and field; nothing else is raised for any content. Blocks while it reads.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from tickpath.control.metrics import LatencyHistogram
from tickpath.errors import ArgumentValueError, ReportError
from tickpath.lab.report import PERCENTILES, SCHEMA

__all__ = ["RunReading", "Side", "StageReading", "read_side"]

#: Runs a side: exact intervals of more take minutes, and say no more.
_RUNS_MAX = 200
_VERDICTS = ("pass", "fail", "interrupted")
#: Of a compressed V2 encoding: cookie and length, then, compressed: cookie, length of counts, settings.
_COMPRESSED_HEADER = 8
_HEADER = 40
_COOKIE = bytes.fromhex("1c849313")
_SETTINGS = slice(8, _HEADER)
#: More than 34,000 buckets of nine bytes.
_PLAIN_MAX = 400_000
#: Parts that say what was run and on what, as :mod:`tickpath.lab.compare.comparable` compares them.
_PARTS = ("config", "machine", "feed", "clock", "ledger", "latency_by_consumer", "histograms")


@dataclass(frozen=True, slots=True)
class StageReading:
    """The latency of one stage of one consumer in one run."""

    percentiles_ns: Mapping[str, int | None]
    """By field; ``None`` is unknown."""
    at_floor: frozenset[str]
    """The percentiles that the machine's own pauses explain."""
    histogram: LatencyHistogram | None
    """Every sample; ``None`` if there are none."""


@dataclass(frozen=True, slots=True)
class RunReading:
    """One run, as far as it is compared."""

    where: str
    """File, and if it holds several runs the number of this one."""
    verdict: str
    """``pass``, ``fail`` or ``interrupted``."""
    mode: str
    """``live`` or ``virtual``."""
    seed: int | None
    """Of the feed."""
    digest: str | None
    """In virtual time."""
    report: Mapping[str, Any]
    """The whole object."""
    stages: Mapping[tuple[str, str], StageReading]
    """By consumer and stage."""
    published: Mapping[str, int]
    """By consumer."""
    missed: Mapping[str, int]
    """By consumer: events lost or skipped."""
    missed_by_machine: frozenset[str]
    """Consumers whose losses are the machine's."""


@dataclass(frozen=True, slots=True)
class Side:
    """The runs of one file, in its order; at least one."""

    path: str
    """The file."""
    runs: tuple[RunReading, ...]
    """Its runs."""


def read_side(path: str) -> Side:
    """The runs in the file at ``path``. Raises ``ReportError``."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise ReportError(f"{path} is no text: {error}") from error
    objects = _objects(path, text)
    if len(objects) > _RUNS_MAX:
        raise ReportError(f"{path} holds {len(objects):,} runs: expected at most {_RUNS_MAX}")
    several = len(objects) > 1
    return Side(
        path,
        tuple(
            _run(f"{path}, run {number}" if several else path, value)
            for number, value in enumerate(objects, 1)
        ),
    )


def _objects(path: str, text: str) -> list[Any]:
    """The JSON values in ``text``, one after the other."""
    decoder, at, found = json.JSONDecoder(parse_constant=_no_number), 0, []
    try:
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            value, at = decoder.raw_decode(text, at)
            found.append(value)
    except json.JSONDecodeError as error:
        raise ReportError(
            f"{path}: line {error.lineno}, column {error.colno} is no JSON ({error.msg}): expected what "
            "tickpath run --json prints"
        ) from error
    except (RecursionError, ValueError) as error:
        raise ReportError(f"{path} is no report: {error}") from error
    if not found:
        raise ReportError(f"{path} is empty: expected what tickpath run --json prints")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _run(where: str, value: Any) -> RunReading:
    if not isinstance(value, dict) or "schema" not in value:
        raise ReportError(f"{where} is no report: expected an object of the schema {SCHEMA}")
    if value["schema"] != SCHEMA:
        raise ReportError(f"{where} is of the schema {str(value['schema'])[:80]!r}: expected {SCHEMA!r}")
    read = _Reader(where)
    for part in _PARTS:
        read.table(value, part)
    consumers = read.table(value["ledger"], "consumers", "ledger")
    by_machine = read.table(value["ledger"], "loss_is_machines", "ledger")
    if "executor" not in consumers:
        raise ReportError(f"{where}: ledger.consumers has no executor")
    books = {name: read.table(consumers, name, "ledger.consumers") for name in consumers}
    at = "ledger.consumers.{}"
    return RunReading(
        where=where,
        verdict=read.word(value, "verdict", _VERDICTS),
        mode=read.word(value, "mode", ("live", "virtual")),
        seed=read.count(value, "seed"),
        digest=read.text(value, "digest"),
        report=value,
        stages=_stages(read, value),
        published={name: read.known(each, "published", at.format(name)) for name, each in books.items()},
        missed={
            name: sum(read.known(each, term, at.format(name)) for term in ("lost", "shed"))
            for name, each in books.items()
        },
        missed_by_machine=frozenset(name for name, is_machines in by_machine.items() if is_machines is True),
    )


def _stages(read: _Reader, value: Mapping[str, Any]) -> dict[tuple[str, str], StageReading]:
    stages = {}
    encoded = read.table(value["histograms"], "consumers", "histograms")
    for consumer in value["latency_by_consumer"]:
        by_stage = read.table(value["latency_by_consumer"], consumer, "latency_by_consumer")
        texts = read.table(encoded, consumer, "histograms.consumers") if consumer in encoded else {}
        for stage in by_stage:
            at = f"latency_by_consumer.{consumer}.{stage}"
            figures = read.table(by_stage, stage, f"latency_by_consumer.{consumer}")
            marks = figures.get("at_floor")
            if not isinstance(marks, list) or not all(isinstance(mark, str) for mark in marks):
                read.wrong(f"{at}.at_floor", marks, "a list of percentiles")
            stages[consumer, stage] = StageReading(
                {name: read.count(figures, name, at) for name in PERCENTILES},
                frozenset(marks),
                _histogram(read, at, texts.get(stage), figures),
            )
    return stages


def _histogram(read: _Reader, at: str, text: Any, figures: Mapping[str, Any]) -> LatencyHistogram | None:
    samples = read.known(figures, "count", at)
    if not samples:
        return None
    if not isinstance(text, str):
        read.wrong(f"histograms for {at}", text, "a histogram in base64")
    extremes = (read.count(figures, "min_ns", at), read.count(figures, "max_ns", at))
    try:
        plain = _plain(base64.b64decode(text, validate=True))
        histogram = LatencyHistogram.from_v2(plain, *extremes)
    except (ArgumentValueError, binascii.Error, ValueError, zlib.error) as error:
        raise ReportError(f"{read.where}: the histogram for {at} cannot be read: {error}") from error
    if histogram.count != samples:
        raise ReportError(
            f"{read.where}: the histogram for {at} holds {histogram.count:,} samples, and its count is "
            f"{samples:,}"
        )
    return histogram


def _plain(encoded: bytes) -> bytes:
    """What is compressed in ``encoded``, if it is a histogram as a run has it: a decoder believes its header.

    One that is not may say that it has as many buckets as no memory holds. Raises ``ValueError``.
    """
    inflater = zlib.decompressobj()
    plain = inflater.decompress(encoded[_COMPRESSED_HEADER:], _PLAIN_MAX)
    if not inflater.eof:
        raise ValueError("it is cut off, or larger than a run's can be")
    if plain[_SETTINGS] != _settings_of_ours() or plain[:4] != _COOKIE:
        raise ValueError("its header is not that of a run's histogram")
    if int.from_bytes(plain[4:8], "big") != len(plain) - _HEADER:
        raise ValueError("its length is not what its header says")
    return plain


@cache
def _settings_of_ours() -> bytes:
    return zlib.decompress(LatencyHistogram().to_v2()[_COMPRESSED_HEADER:])[_SETTINGS]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Fields of one run, each of the type that it must have."""

    where: str

    def wrong(self, field: str, value: Any, expected: str) -> NoReturn:
        """Raises ``ReportError``."""
        shown = "missing" if value is None else repr(value)[:80]
        raise ReportError(f"{self.where}: {field} is {shown}: expected {expected}")

    def table(self, owner: Mapping[str, Any], name: str, at: str = "") -> Mapping[str, Any]:
        """A table."""
        value = owner.get(name)
        if not isinstance(value, dict):
            self.wrong(_path(at, name), value, "a table")
        return value

    def word(self, owner: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
        """One of several words."""
        value = owner.get(name)
        if value not in known or not isinstance(value, str):
            self.wrong(name, value, " or ".join(known))
        return value

    def text(self, owner: Mapping[str, Any], name: str) -> str | None:
        """Text, or unknown."""
        value = owner.get(name)
        if value is not None and not isinstance(value, str):
            self.wrong(name, value, "text or null")
        return value

    def count(self, owner: Mapping[str, Any], name: str, at: str = "") -> int | None:
        """A whole number from 0, or unknown."""
        value = owner.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 64:
            self.wrong(_path(at, name), value, "a whole number from 0 to 2^64 - 1, or null")
        return value

    def known(self, owner: Mapping[str, Any], name: str, at: str) -> int:
        """A whole number from 0."""
        value = self.count(owner, name, at)
        if value is None:
            self.wrong(_path(at, name), None, "a whole number from 0")
        return value


def _path(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
