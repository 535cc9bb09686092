"""Tables of a result: the same figures in polars, pandas and Arrow, and what a notebook shows of them."""

from __future__ import annotations

import dataclasses
import importlib
import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, get_args

import polars
import pyarrow
import pytest

from tickpath.config.engine import ConsumerSettings, ServiceTime
from tickpath.config.run import RunSettings
from tickpath.config.words import duration
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import State, Transition
from tickpath.errors import ArgumentValueError, PackageMissing
from tickpath.runtime.notebook import html_table, html_verdict
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
    assert words[:9] == [
        *("PASS", "mode", "virtual", "run time", duration(result.record and result.record.wall_ns)),
        *("lifecycle", "INIT → WARMUP (run started) → READY (200 warm-up events processed)"),
        *("executed outside READY", "0"),
    ]
    ledger, latency = words.index("Ledger"), words.index("Latency")
    assert words[ledger + 1 : ledger + 10] == [
        *("consumer", "published", "executed", "gated", "read"),
        *("lost", "shed", "unread", "balanced"),
    ]
    assert words[ledger + 10 : ledger + 12] == ["executor", "2,000"]
    assert words[latency + 1 : latency + 9] == [
        "consumer",
        "stage",
        "count",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
    ]
    # Of each of two consumers, all states together, five stages.
    rows = words[latency + 9 :]
    assert rows[:3] == ["executor", "intended to published", "2,000"]
    assert [rows.count(name) for name in ("executor", "slow")] == [5, 5]


def test_a_run_that_left_nothing_has_something_to_show(nothing: RunResult) -> None:
    assert Balanced(nothing._repr_html_()).words == [
        *("INTERRUPTED", "mode", "live", "wall time", "unknown", "lifecycle", "INIT"),
        *("executed outside READY", "0"),
    ]


def test_the_lifecycle_is_told_move_by_move(nothing: RunResult) -> None:
    moves = (
        Transition(1, State.INIT, State.WARMUP, 0, ""),
        Transition(2, State.WARMUP, State.DEGRADED, 5, "no data"),
    )
    failed = dataclasses.replace(nothing, verdict="fail", reasons=("one", "two"), history=moves)
    words = Balanced(failed._repr_html_()).words
    assert words[:2] == ["FAIL", ": one; two"]
    assert "INIT → WARMUP → DEGRADED (no data)" in words
    assert failed.table("lifecycle").rows == (
        (1, 0, "INIT", "WARMUP", ""),
        (2, 5, "WARMUP", "DEGRADED", "no data"),
    )


def test_a_table_in_html_is_exactly_this() -> None:
    headings = ("name", "p99_9_ns", "at_ns", "share", "ok", "cause_of")
    rows = [("a_b", 1_500, None, 0.25, True, ""), ("c", 0, 7, None, False, "x")]
    assert html_table(headings, rows, "Of <it>") == (
        '<table style="color:inherit"><caption>Of &lt;it&gt;</caption><thead><tr>'
        "<th>name</th><th>p99.9</th><th>at</th><th>share</th><th>ok</th><th>cause of</th></tr></thead><tbody>"
        '<tr><td style="text-align:left">a_b</td><td style="text-align:right">1.50 µs</td>'
        '<td style="text-align:left">unknown</td><td style="text-align:right">0.25</td>'
        '<td style="text-align:left">yes</td><td style="text-align:left"></td></tr>'
        '<tr><td style="text-align:left">c</td><td style="text-align:right">0 ns</td>'
        '<td style="text-align:right">7 ns</td><td style="text-align:left">unknown</td>'
        '<td style="text-align:left">no</td><td style="text-align:left">x</td></tr></tbody></table>'
    )
    assert html_table(("n",), [(1_234,)]) == (
        '<table style="color:inherit"><thead><tr><th>n</th></tr></thead><tbody>'
        '<tr><td style="text-align:right">1,234</td></tr></tbody></table>'
    )


def test_a_verdict_has_its_colour_and_its_reasons() -> None:
    colours = {"pass": "#2e9e44", "fail": "#d9434e", "interrupted": "#c77700", "other": "inherit"}
    for verdict, colour in colours.items():
        assert html_verdict(verdict) == (f'<p><strong style="color:{colour}">{verdict.upper()}</strong></p>')
    assert html_verdict("fail", ["a", "<b>"]).endswith("</strong>: a; &lt;b&gt;</p>")


def test_what_the_control_plane_did_is_in_its_tables(nothing: RunResult) -> None:
    reading = SimpleNamespace(value=3.5, threshold=1.0)
    cause = SimpleNamespace(words="no data")
    control: Any = SimpleNamespace(
        health=(SimpleNamespace(at_ns=1, probe="age", cause=cause, raised=True, reading=reading),),
        injections=(SimpleNamespace(at_ns=2, name="gap", kind="feed_gap", event="start"),),
        audit=(SimpleNamespace(at_ns=3, runbook="r", trigger="t", step="s", event="acted", detail="d"),),
    )
    run = dataclasses.replace(nothing, control=control)
    assert _rows(run.table("health")) == [
        {"at_ns": 1, "probe": "age", "cause": "no data", "raised": True, "value": 3.5, "threshold": 1.0}
    ]
    assert _rows(run.table("injections")) == [
        {"at_ns": 2, "name": "gap", "kind": "feed_gap", "event": "start"}
    ]
    audited = {"at_ns": 3, "runbook": "r", "trigger": "t", "step": "s", "event": "acted", "detail": "d"}
    assert _rows(run.table("audit")) == [audited]


def test_the_machines_floor_is_the_last_row_of_the_latencies(nothing: RunResult) -> None:
    names = ("count", "min_ns", "p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "p99_99_ns", "max_ns", "dropped")
    figures = dict(zip(names, range(1, 10), strict=True))
    warm = SimpleNamespace(stage="polled_to_completed", state=int(State.WARMUP), **figures)
    never = SimpleNamespace(stage="polled_to_completed", state=int(State.READY), **(figures | {"count": 0}))
    record: Any = SimpleNamespace(stages=(), latency_by_state=(warm, never), floor=SimpleNamespace(**figures))
    run = dataclasses.replace(nothing, record=record)
    assert run.table("latency").rows == (
        ("executor", "WARMUP", "polled_to_completed", *range(1, 10)),
        (None, None, "machine_floor", *range(1, 10)),
    )
    record.wall_ns = 5
    # Nobody's: no consumer is named.
    assert (
        '<td style="text-align:left"></td><td style="text-align:left">machine floor</td>' in run._repr_html_()
    )
    assert Balanced(run._repr_html_()).words[-7:] == [
        "machine floor",
        "1",
        "3 ns",
        "4 ns",
        "5 ns",
        "6 ns",
        "8 ns",
    ]


FIGURES = "count min_ns p50_ns p90_ns p99_ns p99_9_ns p99_99_ns max_ns dropped"
COLUMNS: dict[TableName, str] = {
    "ledger": "consumer published executed gated read lost shed unread balanced",
    "latency": f"consumer state stage {FIGURES}",
    "lifecycle": "epoch at_ns source target cause",
    "epochs": "epoch first_seq last_seq executed gated",
    "health": "at_ns probe cause raised value threshold",
    "injections": "at_ns name kind event",
    "audit": "at_ns runbook trigger step event detail",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_its_name_and_its_columns(name: TableName, nothing: RunResult) -> None:
    table = nothing.table(name)
    assert (table.name, " ".join(column for column, _ in table.columns)) == (name, COLUMNS[name])


def test_the_types_are_those_of_the_columns_whatever_is_in_them() -> None:
    kinds = ("integer", "text", "flag", "number")
    table = ResultTable("t", tuple((kind, kind) for kind in kinds), ((None,) * 4,))
    assert [str(kind) for kind in table.to_pandas().dtypes] == ["Int64", "string", "boolean", "Float64"]
    assert [str(field.type) for field in table.to_arrow().schema] == ["int64", "string", "bool", "double"]
    polars_kinds = [polars.Int64, polars.String, polars.Boolean, polars.Float64]
    assert table.to_polars().dtypes == polars_kinds


def test_a_table_is_what_it_is() -> None:
    table = ResultTable("t", (("n", "integer"),), ((1,),))
    assert table._repr_html_() == html_table(["n"], [(1,)])
    # Who asks for another type by Arrow's interface is given it, if it can be had.
    narrow = pyarrow.schema([pyarrow.field("n", pyarrow.int8())])
    assert pyarrow.table(table, schema=narrow).schema == narrow
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.name = "u"  # type: ignore[misc]
    arrow = ResultTable("t", (("n", "integer"), ("at_ns", "integer")), ()).to_arrow()
    assert [field.metadata for field in arrow.schema] == [None, {b"unit": b"ns"}]


def test_what_others_have_named_is_text_and_nothing_else(nothing: RunResult) -> None:
    trap = '<script>alert("1")</script>'
    move = Transition(1, State.INIT, State.WARMUP, 0, trap)
    hostile = dataclasses.replace(nothing, reasons=(trap,), history=(move,))
    for html in (hostile._repr_html_(), html_table([trap], [(trap,)], trap)):
        assert "<script" not in html
        assert trap in "".join(Balanced(html).words)


@pytest.mark.parametrize(("rows", "more"), [(200, ""), (201, "1"), (1_250, "1,050")])
def test_a_long_table_is_cut_and_says_so(rows: int, more: str) -> None:
    html = html_table(["n"], [(number,) for number in range(rows)])
    assert len(re.findall("<tr>", html)) == 201
    assert html.partition("</table>")[2] == (f"<p>{more} more rows</p>" if more else "")
