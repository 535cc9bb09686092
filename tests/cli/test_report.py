"""``--report``: a page beside what is printed, whole or not at all, and refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab.pages import parsed
from tickpath.cli import main

RUN = ["run", "feed-freeze", "--mode", "virtual", "--quiet"]
DRILL = ["drill", "run", "feed-freeze", "--quiet"]


def test_the_page_has_the_command_that_runs_the_same_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out.html"
    path.write_text("an older one")
    assert main([*RUN, "--json", "--report", str(path)]) == 0
    report = json.loads(capsys.readouterr().out)
    page = parsed(path.read_bytes())
    assert page.wrong == []
    assert "tickpath run feed-freeze --mode virtual --seed 1" in page.words
    assert report["digest"] in page.words
    assert report["latency_over_time"]["slices"]
    assert list(tmp_path.iterdir()) == [path]


def test_without_it_nothing_is_recorded_over_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["latency_over_time"] is None
    assert report["config"]["ack_capacity"] is None


def test_a_drill_has_its_grade_and_several_are_on_one_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out.html"
    assert main([*DRILL, "feed-gap", "--break", "--seed", "7", "--report", str(path)]) == 1
    capsys.readouterr()
    page = parsed(path.read_bytes())
    assert page.wrong == []
    assert page.tags["article"] == 2
    assert "tickpath drill run feed-gap --mode virtual --seed 7 --break" in page.words
    assert "executed while not READY" in page.words


@pytest.mark.parametrize("command", [RUN, DRILL], ids=["run", "drill"])
@pytest.mark.parametrize(("name", "words"), [("nowhere/out.html", "no folder"), (".", "is a folder")])
def test_a_place_for_no_file_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], name: str, words: str
) -> None:
    assert main([*command, "--report", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tickpath: error: --report ")
    assert words in err


def test_a_page_that_cannot_be_written_takes_no_figure_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*RUN, "--json", "--report", "/dev/full"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["verdict"] == "pass"
    assert "cannot be written" in err


def test_what_is_read_or_written_as_well_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "mine.toml"
    scenario.write_text('extends = "feed-freeze"\n')
    link = tmp_path / "link.html"
    link.symlink_to(scenario)
    commands = [
        ["run", str(scenario), "--mode", "virtual", "--report", str(link)],
        ["drill", "run", str(scenario), "--report", str(scenario)],
        [*RUN, "--hlog", str(tmp_path / "a"), "--report", str(tmp_path / "a")],
    ]
    for command in commands:
        assert main(command) == 2
        assert "name another" in capsys.readouterr().err
    assert scenario.read_text() == 'extends = "feed-freeze"\n'


def test_two_runs_have_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "out.html")
    assert main(["run", "feed-freeze", "--check-determinism", "--report", path]) == 2
    assert "--report is for one run" in capsys.readouterr().err
