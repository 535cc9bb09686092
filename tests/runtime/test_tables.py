"""Tables of a result: the same figures in polars, pandas and Arrow, and what a notebook shows of them."""

from __future__ import annotations

import importlib
import re
import sys
from html.parser import HTMLParser
from typing import Any, get_args

import polars
import pyarrow
import pytest

from tickpath.config.engine import ConsumerSettings, ServiceTime
from tickpath.config.run import RunSettings
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import State, Transition
from tickpath.errors import ArgumentValueError, PackageMissing
from tickpath.runtime.notebook import html_table
from tickpath.runtime.result import RunResult
from tickpath.runtime.session import Session
from tickpath.runtime.tables import ResultTable, TableName

NAMES = get_args(TableName)


@pytest.fixture(scope="module")
def result() -> RunResult:
    """A run in virtual time with a consumer that is too slow for it."""
    slow = ConsumerSettings(name="slow", service=ServiceTime.constant(5_000), overrun="oldest")
    settings = RunSettings(capacity=64, consumers=(slow,), executor=ConsumerSettings(name="executor"))
    source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=2_000)
    return Session(source, settings, mode="virtual").run()


@pytest.fixture(scope="module")
def nothing() -> RunResult:
    """A run that was over before it began."""
    return RunResult.without_record(RunSettings(), "interrupted")


def test_the_ledger_is_that_of_the_record(result: RunResult) -> None:
    table = result.table("ledger")
    assert table["consumer"] == ("executor", "slow")
    assert result.record is not None
    for row, stage in zip(table.rows, result.record.stages, strict=True):
        figures = dict(zip([name for name, _ in table.columns], row, strict=True))
        assert figures["balanced"] is True
        terms = ("executed", "gated", "read", "lost", "shed", "unread")
        assert figures["published"] == sum(figures[name] for name in terms) == stage.ledger.published  # type: ignore[misc]
    assert table["lost"][1] or table["shed"][1]


def test_latencies_are_those_of_every_consumer_and_of_the_executor_by_state(result: RunResult) -> None:
    rows = _rows(result.table("latency"))
    assert {row["consumer"] for row in rows} == {"executor", "slow"}
    assert {row["state"] for row in rows if row["consumer"] == "executor"} == {None, "WARMUP", "READY"}
    counts = {
        row["state"]: row["count"]
        for row in rows
        if (row["consumer"], row["stage"]) == ("executor", "polled_to_completed")
    }
    epochs = _rows(result.table("epochs"))
    assert counts.pop(None) == sum(counts.values()) == sum(row["executed"] + row["gated"] for row in epochs)


def _rows(table: ResultTable) -> list[dict[str, Any]]:
    return [dict(zip([name for name, _ in table.columns], row, strict=True)) for row in table.rows]


@pytest.mark.parametrize("name", NAMES)
def test_every_library_gets_the_same_names_values_and_nulls(
    name: TableName, result: RunResult, nothing: RunResult
) -> None:
    for table in (result.table(name), nothing.table(name)):
        names = [column for column, _ in table.columns]
        expected = _rows(table)
        frame = table.to_polars()
        assert (frame.columns, frame.to_dicts()) == (names, expected)
        arrow = table.to_arrow()
        assert (arrow.column_names, arrow.to_pylist()) == (names, expected)
        assert polars.DataFrame(table).to_dicts() == expected
        assert pyarrow.table(table).to_pylist() == expected
        kinds = [str(field.type) for field in arrow.schema]
        known = {"integer": "int64", "number": "double", "text": "string", "flag": "bool"}
        assert kinds == [known[kind] for _, kind in table.columns]
        assert len(table) == len(frame)


def test_pandas_keeps_integers_exact_beside_what_is_unknown() -> None:
    pandas = importlib.import_module("pandas")
    large = (1 << 53) + 1
    columns = (("at_ns", "integer"), ("name", "text"), ("raised", "flag"), ("value", "number"))
    frame = ResultTable("t", columns, ((large, "a", True, 0.5), (None, None, None, None))).to_pandas()
    assert frame["at_ns"][0] == large
    assert [str(kind) for kind in frame.dtypes[:1]] == ["Int64"]
    assert frame.isna().iloc[1].all()
    assert isinstance(frame, pandas.DataFrame)


@pytest.mark.parametrize(
    ("package", "method", "extra"),
    [
        ("polars", "to_polars", "polars"),
        ("pandas", "to_pandas", "pandas"),
        ("pyarrow", "to_arrow", "arrow"),
        ("pyarrow", "__arrow_c_stream__", "arrow"),
    ],
)
def test_a_library_that_is_not_there_is_named_with_what_to_install(
    package: str, method: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(PackageMissing, match=rf"{package} is not installed.*tickpath\[{extra}\]"):
        getattr(ResultTable("t", (), ()), method)()


def test_a_name_that_is_none_is_answered_with_what_was_meant(result: RunResult) -> None:
    given: Any = "ledgers"
    with pytest.raises(ArgumentValueError, match='did you mean "ledger"'):
        result.table(given)
    with pytest.raises(ArgumentValueError, match='did you mean "executed"'):
        result.table("ledger")["exectued"]


class Balanced(HTMLParser):
    """Reads HTML whose tags must nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, _attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_notebook_shows_verdict_lifecycle_books_and_latencies(result: RunResult) -> None:
    words = Balanced(result._repr_html_()).words
    for said in ("PASS", "virtual", "Ledger", "executor", "slow", "2,000", "Latency", "p99.9"):
        assert said in words
    assert {"polled to completed", "executed outside READY"} <= set(words)
    assert any(word.startswith("INIT → WARMUP") for word in words)
    assert "published" in Balanced(result.table("ledger")._repr_html_()).words


def test_a_run_that_left_nothing_has_something_to_show(nothing: RunResult) -> None:
    words = Balanced(nothing._repr_html_()).words
    assert "INTERRUPTED" in words
    assert "unknown" in words
    assert "Ledger" not in words


def test_what_others_have_named_is_text_and_nothing_else(nothing: RunResult) -> None:
    trap = '<script>alert("1")</script>'
    move = Transition(1, State.INIT, State.WARMUP, 0, trap)
    hostile = RunResult.without_record(RunSettings(), "fail", trap)
    object.__setattr__(hostile, "history", (move,))
    for html in (hostile._repr_html_(), html_table([trap], [(trap,)], trap)):
        assert "<script" not in html
        assert trap in "".join(Balanced(html).words)


def test_a_long_table_is_cut_and_says_so() -> None:
    html = html_table(["n"], [(number,) for number in range(1_250)])
    assert len(re.findall("<tr>", html)) == 201
    assert "1,050 more rows" in html
