"""Table, picture and tally of a sweep: columns and types, what is unknown, what made no difference."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import polars
import pytest
from pyarrow import ipc, parquet

from tests.lab.sweep.small import AXES, SMALL, deep, grid_of, swept
from tickpath.config.scenario import scenario_from_table
from tickpath.config.scenario.override import overridden
from tickpath.errors import SweepRefused
from tickpath.lab.scenario_run import run_scenario
from tickpath.lab.sweep.columns import CONSUMER_FIGURES, FIGURES, TEXTS
from tickpath.lab.sweep.folder import Folder
from tickpath.lab.sweep.grid import Grid
from tickpath.lab.sweep.picture import draw
from tickpath.lab.sweep.report import sweep_report
from tickpath.lab.sweep.table import Format, need_packages, table_bytes


def file_of(grid: Grid, path: Path, kind: Format = "parquet") -> Path:
    """The table of a sweep that was gone through with."""
    result = swept(grid, path)
    with Folder(path, grid) as folder:
        place = path / f"sweep.{kind}"
        place.write_bytes(table_bytes(result.tally, folder.rows(), kind))
    return place


@pytest.fixture(name="table", scope="module")
def _table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return file_of(grid_of(*AXES), tmp_path_factory.mktemp("sweep"))


def test_there_is_a_row_for_each_run_with_its_settings_and_its_seed(table: Path) -> None:
    frame = polars.read_parquet(table)
    assert frame["run"].to_list() == list(range(12))
    settings = frame.select("ring.capacity_slots", "executor.service.ns", "seed").rows()
    assert settings == [(c, s, seed) for c in (8, 64) for s in (100, 900) for seed in range(3)]


def test_the_columns_are_typed_and_say_their_units(table: Path) -> None:
    schema = parquet.read_schema(table)
    consumers = [f"consumers[log].{figure}" for figure in CONSUMER_FIGURES]
    settings = ["ring.capacity_slots", "executor.service.ns"]
    assert schema.names == ["run", *settings, "seed", *TEXTS, *FIGURES, *consumers, "digest", "replay"]
    kinds = {name: str(schema.field(name).type) for name in schema.names}
    assert {kinds[name] for name in ("run", *settings, *FIGURES, *consumers)} == {"int64"}
    assert kinds["seed"] == "uint64"
    assert {kinds[name] for name in (*TEXTS, "digest", "replay")} == {"string"}
    assert schema.field("executor.service.ns").metadata == {b"unit": b"ns"}
    assert schema.field("ring.capacity_slots").metadata == {b"unit": b"slots"}
    about = json.loads(schema.metadata[b"tickpath"])
    assert (about["schema"], about["axes"], about["complete"]) == ("tickpath/sweep-rows/1", settings, True)


def test_a_row_says_what_a_run_of_its_settings_says(table: Path) -> None:
    for row in polars.read_parquet(table).rows(named=True):
        words = row["replay"].split()
        assert words[:7] == ["tickpath", "run", "small.toml", "--mode", "virtual", "--seed", str(row["seed"])]
        facts = run_scenario(overridden(SMALL, words[8::2]), "virtual", seed=row["seed"])
        books = facts.books["executor"]
        assert row["digest"] == facts.digest
        assert [row[name] for name in ("published", "executed", "gated", "lost", "shed", "unread")] == [
            getattr(books, name) for name in ("published", "executed", "gated", "lost", "shed", "unread")
        ]
        assert row["latency_ready_p99_ns"] == facts.p99_ns
        assert row["ended_ns"] == facts.ended_ns
        assert row["consumers[log].read"] == facts.books["log"].read


def test_a_percentile_with_too_few_samples_beyond_it_is_unknown(table: Path) -> None:
    frame = polars.read_parquet(table)
    whole = frame.filter(frame["latency_count"] == 1_500)
    assert whole.height > 0
    assert whole["latency_p99_ns"].null_count() == 0
    assert whole["latency_p99_9_ns"].null_count() == whole.height
    few = frame.filter(frame["latency_count"] < 1_000)
    assert few.height > 0
    assert few["latency_p99_ns"].null_count() == few.height
    assert few["latency_max_ns"].null_count() == 0


@pytest.mark.parametrize(
    ("assignment", "kind", "values"),
    [
        ("feed.speed=1,2.5", "double", [1.0, 2.5]),
        ("executor.overrun=oldest,head", "string", ["oldest", "head"]),
        ("ring.hold_back=true,false", "bool", [True, False]),
        ("engine.ack_capacity_slots=none,64", "string", ["none", "64"]),
        ("executor.service={kind='none'},{kind='constant',ns=3}", "string", None),
    ],
)
def test_a_setting_has_the_type_of_its_values(
    tmp_path: Path, assignment: str, kind: str, values: list[Any] | None
) -> None:
    found = parquet.read_table(file_of(grid_of(assignment, seeds=1), tmp_path))
    assert str(found.schema.field(1).type) == kind
    assert values is None or found.column(1).to_pylist() == values


def test_the_row_of_an_error_has_its_words_and_no_figures(tmp_path: Path) -> None:
    grid = grid_of(
        "executor.service.ns=100",
        "executor.service.kind=constant,lognormal",
        "executor.service.sigma=0,1",
        seeds=1,
    )
    frame = polars.read_parquet(file_of(grid, tmp_path))
    (row,) = frame.filter(frame["outcome"] == "error").rows(named=True)
    assert row["error"].startswith("ScenarioError: --set: executor.service is wrong")
    known = {name for name, value in row.items() if value is not None}
    assert known == {"run", *(axis.key for axis in grid.axes), "seed", "outcome", "error", "replay"}


def test_an_arrow_file_holds_the_same(tmp_path: Path, table: Path) -> None:
    arrow = ipc.open_file(file_of(grid_of(*AXES), tmp_path, "arrow")).read_all()
    assert arrow.equals(parquet.read_table(table))


def test_what_was_cut_short_says_so(tmp_path: Path) -> None:
    grid = grid_of(*AXES)
    place = file_of(grid, tmp_path)
    runs = tmp_path / "runs.jsonl"
    runs.write_bytes(b"".join(runs.read_bytes().splitlines(keepends=True)[:5]))
    with Folder(tmp_path, grid) as folder:
        from tickpath.lab.sweep.tally import Tally

        tally = Tally(grid)
        tally.take(folder.rows())
        place.write_bytes(table_bytes(tally, folder.rows(), "parquet"))
    found = parquet.read_table(place)
    assert found.num_rows == 5
    assert json.loads(found.schema.metadata[b"tickpath"])["complete"] is False


def test_what_made_no_difference_is_told(tmp_path: Path) -> None:
    idle = swept(grid_of("ring.capacity=1024,2048", "executor.service_ns=100,200"), tmp_path / "a")
    assert idle.tally.without_effect() == ("ring.capacity_slots",)
    fixed = scenario_from_table({"feed": {"model": "constant", "events": 50, "rate_hz": 1e6}})
    drawn = swept(grid_of("executor.service_ns=100,200", scenario=fixed, seeds=2), tmp_path / "b")
    assert drawn.tally.without_effect() == ("seeds",)
    assert swept(grid_of(*AXES), tmp_path / "c").tally.without_effect() == ()


def test_the_report_counts_points_and_names_the_worst(tmp_path: Path) -> None:
    result = swept(grid_of(*AXES), tmp_path)
    report = sweep_report(result, engine="here", files={}, known_without_effect=("x",))
    assert report["runs"] == {
        "planned": 12,
        "done": 12,
        "done_before": 0,
        "left": 0,
        "pass": 12,
        "fail": 0,
        "interrupted": 0,
        "error": 0,
        "objectives_failed": 0,
    }
    assert [point["settings"] for point in report["points"]] == [
        {"ring.capacity_slots": c, "executor.service.ns": s} for c in (8, 64) for s in (100, 900)
    ]
    missed = [point["missed"] for point in report["points"]]
    assert missed[1] > missed[3] >= missed[2]
    assert report["worst"]["latency_p99_ns"] == max(
        point["latency_p99_ns"]["max"] for point in report["points"] if point["latency_p99_ns"]["max"]
    )
    assert f"--seed {report['worst']['run'] % 3}" in report["worst"]["replay"]
    assert (report["without_effect"], json.loads(json.dumps(report))) == (["x"], report)


@pytest.mark.slow
@pytest.mark.parametrize(
    "assignments",
    [
        (),
        pytest.param(AXES[:1], marks=deep),
        pytest.param((*AXES, "executor.overrun=oldest,head", "feed.speed=1,2,3,4,5,6,7"), marks=deep),
        ("executor.service.ns=100", "executor.service.kind=constant,lognormal", "executor.service.sigma=0,1"),
    ],
)
def test_the_picture_is_drawn_and_the_same_again(tmp_path: Path, assignments: tuple[str, ...]) -> None:
    result = swept(grid_of(*assignments, seeds=1), tmp_path)
    picture = draw(result.tally)
    assert assignments or picture == draw(result.tally)
    assert picture.startswith(b"<?xml")
    assert b"<dc:date>" not in picture


def test_a_package_that_is_missing_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    need_packages()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SweepRefused, match=r"pyarrow for its table and .*pip install 'tickpath\[sweep\]'"):
        need_packages()
