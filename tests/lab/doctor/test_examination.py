"""The doctor's verdict: by the rules that mark a run's percentiles, on floors made by hand and its own."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from tests.lab.doctor.machines import QUIET, machine
from tickpath.core.machine import MachineWatch
from tickpath.errors import ArgumentValueError
from tickpath.lab.doctor.examination import Question, examine
from tickpath.lab.doctor.percentiles import NAMES, percentile_rows, supported_up_to, why_not
from tickpath.lab.doctor.system_files import SystemFiles
from tickpath.lab.doctor.text import headline, print_doctor
from tickpath.lab.doctor.watching import cores_to_watch, watch_cores


def floor(*floor_ns: int | None) -> Any:
    """A floor with these percentiles."""
    names = ("p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "p99_99_ns")
    figures = SimpleNamespace(count=5_000, **dict(zip(names, floor_ns, strict=True)))
    explained = [None if ns is None else ns + ns // 4 for ns in floor_ns]
    return SimpleNamespace(figures=figures, explained_up_to_ns=explained, pauses_beyond=[9] * 5)


@pytest.mark.parametrize(
    ("latency_ns", "up_to", "first_not"),
    [
        (1_001, "p99", ("p99.9", False)),
        (1_000, "p99", ("p99.9", False)),
        (125, "p90", ("p99", False)),
        (126, "p99", ("p99.9", False)),
        (5_001, "p99.9", ("p99.99", None)),
        (5, None, ("p50", False)),
    ],
)
def test_a_percentile_is_supported_where_a_run_s_would_not_be_marked(
    latency_ns: int, up_to: str | None, first_not: tuple[str, bool | None]
) -> None:
    rows = percentile_rows(floor(5, 9, 100, 4_000, None), latency_ns)
    assert supported_up_to(rows) == up_to
    refused = why_not(rows)
    assert refused is not None
    assert (refused.percentile, refused.supported) == first_not
    assert (refused.samples, refused.pauses_beyond) == (5_000, 9)


def test_all_of_them_may_be_supported() -> None:
    rows = percentile_rows(floor(5, 9, 10, 11, 12), 10_000)
    assert (supported_up_to(rows), why_not(rows)) == ("p99.99", None)


def report_for(**question: Any) -> dict[str, Any]:
    """This machine's, watched for no time to speak of."""
    return examine(Question(**{"latency_ns": 10_000, "length_ns": 2_000_000, **question}), SystemFiles())


def test_this_machine_is_examined_by_the_core_s_own_rules() -> None:
    report = report_for()
    assert (report["schema"], report["verdict"]) == ("tickpath/doctor/1", "pass")
    seen = [row for row in report["percentiles"] if row["floor_ns"] is not None]
    assert [row["percentile"] for row in report["percentiles"]] == list(NAMES)
    # 200 samples a core and 2 ms, and more only if it was held up: a p90 has ten beyond it.
    assert {"p50", "p90"} <= {row["percentile"] for row in seen}
    assert all(row["samples"] == report["floor"]["count"] >= 200 for row in seen)
    assert all(row["explained_up_to_ns"] == row["floor_ns"] + row["floor_ns"] // 4 for row in seen)
    assert report["floor"]["watched_ns"] >= 2_000_000 * len(report["floor"]["cores"])
    assert (
        report["floor"]["count"]
        == sum(core["watched_ns"] for core in report["cores"] if core["core"] in report["floor"]["cores"])
        // 10_000
    )
    text = io.StringIO()
    print_doctor(report, Console(file=text, width=80))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(lines[:2]).startswith("Can support ")
    for name in (finding["name"].replace("_", " ") for finding in report["findings"]):
        assert any(line.startswith(name) for line in lines), name


def test_a_percentile_that_is_required_and_not_known_fails() -> None:
    report = report_for(require="p99.99")
    assert report["verdict"] == "fail"
    assert report["reasons"][0].startswith("p99.99 is not known: ")
    assert report_for(length_ns=0, require="p50")["verdict"] == "fail"
    assert report_for(latency_ns=1, require="p50")["reasons"][0].startswith("p50 is not supported for lat")
    assert report_for(latency_ns=10**12, require="p50")["verdict"] == "pass"


def test_nothing_watched_is_said_and_no_core_that_is_not_there_is_a_crash() -> None:
    report = report_for(length_ns=0)
    assert (report["supports"], report["floor"]["count"]) == (None, 0)
    assert headline(report).endswith("p50 is not known: too few samples (0).")
    report = report_for(cores=(65_000,))
    assert (report["supports"], len(report["refused"])) == (None, 1)
    assert "65000" in report["refused"][0]


def test_it_stops_when_it_is_told_to_and_accounts_for_what_it_saw() -> None:
    asked = iter([False, True])
    report = examine(
        Question(latency_ns=10_000, length_ns=10**12, cores=(0,)),
        SystemFiles(),
        should_stop=lambda: next(asked),
    )
    assert report["verdict"] == "interrupted"
    assert report["floor"]["watched_ns"] >= 100_000_000


def test_pairs_of_cores_have_a_slice_in_turn() -> None:
    slices: list[tuple[list[int | None], int]] = []

    def look(cores: list[int | None], length_ns: int) -> list[str]:
        slices.append((cores, length_ns))
        return []

    watch: Any = SimpleNamespace(watch=look)
    watched = watch_cores(watch, SystemFiles(Path("/nowhere")), (3, 2, 1), length_ns=250_000_000)
    assert slices == [(cores, ns) for ns in (100_000_000, 100_000_000, 50_000_000) for cores in ([3, 2], [1])]
    assert watched.stolen_ns == {3: None, 2: None, 1: None}
    slices.clear()
    watch_cores(watch, SystemFiles(Path("/nowhere")), (3, 2), length_ns=1, at_once=0)
    assert slices == [([3], 1), ([2], 1)]


def test_stolen_time_is_that_of_the_slices(tmp_path: Path) -> None:
    files = machine(tmp_path, QUIET, [0, 1])

    def watch_once(_cores: list[int], _ns: int) -> list[str]:
        stolen = QUIET["proc/stat"].replace(" 7 1 0 0", " 7 3 0 0")
        (tmp_path / "proc/stat").write_text(stolen, encoding="utf-8")
        return ["pin thread to core 0: no"]

    watch: Any = SimpleNamespace(watch=watch_once)
    watched = watch_cores(watch, files, (1, 0), length_ns=200_000_000)
    assert watched.stolen_ns == {1: 20_000_000, 0: 0}
    assert watched.refused == ["pin thread to core 0: no"]


def test_the_cores_of_a_run_come_first_and_eight_are_enough() -> None:
    many: Any = SimpleNamespace(best_first=list(range(20, 0, -1)))
    assert cores_to_watch(many, ()) == (20, 19, 18, 17, 16, 15, 14, 13)
    assert cores_to_watch(many, (4,)) == (4,)
    assert cores_to_watch(SimpleNamespace(best_first=[]), ()) == (None,)  # type: ignore[arg-type]


def test_a_slice_is_no_longer_than_a_signal_may_wait() -> None:
    with pytest.raises(ArgumentValueError, match="length_ns must be at most"):
        MachineWatch().watch([None], 1_000_000_001)


def fields(value: Any, path: str = "") -> Iterator[str]:
    """Every field below ``value``; those of a list's objects once."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from (field for inner in value for field in fields(inner, f"{path}[]"))
    else:
        yield path


DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "reference" / "doctor-json.md"
PAGE = DOCUMENT.parents[1] / "operating" / "doctor.md"


def test_every_field_and_every_finding_is_documented() -> None:
    report = json.loads(json.dumps(report_for(), allow_nan=False))
    present = set(fields(report))
    documented = {
        name
        for row in re.findall(
            r"^\| ((?:`[^`]+`(?:, )?)+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
        )
        for name in re.findall(r"`([^`]+)`", row)
    }
    # A core has the fields of the floor, and they are said once.
    figures = {f"cores[].{name}" for name in report["floor"] if name != "cores"}
    assert sorted((present - figures) ^ (documented - {"cores[]"})) == []
    assert figures <= present
    text = PAGE.read_text(encoding="utf-8")
    for finding in report["findings"]:
        assert f"| `{finding['name'].replace('_', ' ')}` |" in text
        assert f"`{finding['name']}`" in DOCUMENT.read_text(encoding="utf-8")
