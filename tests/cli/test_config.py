"""``tickpath config``: what is explained loads again, what is wrong is a line each, the schema is one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tickpath.cli import main
from tickpath.config.scenario import Scenario, load_scenario, scenario_from_table
from tickpath.lab.drill import shipped_scenarios

Config = Callable[..., tuple[int, str, str]]
SHIPPED = shipped_scenarios()


@pytest.fixture
def config(capsys: pytest.CaptureFixture[str]) -> Config:
    """Run ``tickpath config ARGUMENTS``: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["config", *arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "incident.toml"
    path.write_text(
        'extends = "feed-freeze"\nname = "incident"\nfeed = {rate_hz = 9, files = [{path = "a"}]}\n'
        'executor.thread.core = "none"\n'
    )
    return path


def explained(config: Config, *arguments: str) -> dict[str, Any]:
    code, out, err = config("explain", *arguments, "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    report: dict[str, Any] = json.loads(out)
    assert report["schema"] == "tickpath/config-explain/1"
    return report


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_explained_loads_again_to_the_same(config: Config, name: str) -> None:
    report = explained(config, name)
    assert scenario_from_table(report["scenario"]) == load_scenario(name, builtin=SHIPPED)


def test_a_file_is_explained_with_the_origin_of_each_value(config: Config, file: Path) -> None:
    report = explained(config, str(file))
    assert scenario_from_table(report["scenario"]) == load_scenario(file, builtin=SHIPPED)
    settings = {setting["key"]: setting for setting in report["settings"]}
    assert settings["name"] | {"meaning": ""} == {
        "key": "name",
        "value": "incident",
        "default": "scenario",
        "required": False,
        "unit": None,
        "allowed": "a name of letters, digits, _, - and ., at most 64",
        "meaning": "",
        "origin": str(file),
    }
    assert settings["description"]["origin"] == "feed-freeze"
    assert settings["ring.capacity_slots"]["origin"] == "base"
    assert settings["ring.capacity_slots"]["unit"] == "slots"
    assert settings["ring.huge_pages"]["origin"] == "default"
    assert settings["executor.thread.core"]["value"] is None
    assert settings["feed.files[0].path"]["required"] is True
    assert "feed.model" not in {key for key, each in settings.items() if each["origin"] == "base"}


def test_without_a_scenario_every_setting_is_explained(config: Config) -> None:
    report = explained(config)
    assert scenario_from_table(report["scenario"]) == Scenario()
    keys = [setting["key"] for setting in report["settings"]]
    assert len(keys) == len(dict.fromkeys(keys)) > 150
    of_kinds = {"injections[feed_gap].events", "probes[latency].over_limit_share_max"}
    assert of_kinds | {"break.disable"} <= set(keys)


@pytest.mark.parametrize("arguments", [(), ("feed-freeze",)])
def test_the_text_tells_every_setting(config: Config, arguments: tuple[str, ...]) -> None:
    code, out, err = config("explain", *arguments)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    for setting in explained(config, *arguments)["settings"]:
        assert any(line.startswith(f"{setting['key']} = ") for line in lines), setting["key"]


def test_a_right_file_is_right(config: Config, file: Path) -> None:
    code, out, err = config("check", str(file), "feed-freeze")
    assert (code, err, out.count("\n")) == (0, "", 2)
    assert out.startswith(f"{file}: right: incident, injections 1, ")


def test_what_is_wrong_is_a_line_each(config: Config, file: Path) -> None:
    file.write_text("seeed = 1\nring.capacity_slots = 0\n")
    code, out, err = config("check", "feed-freeze", str(file))
    assert (code, out.count("\n")) == (2, 1)
    first, second = err.splitlines()
    assert first == f'tickpath: error: {file}: seeed is no key of this table; did you mean "seed"?'
    assert second.startswith(f"tickpath: error: {file}: ring.capacity_slots must be an integer from 1")


@pytest.mark.parametrize(
    ("runbook", "words"),
    [
        ('name = "market-data-outag"', 'did you mean "market-data-outage"?'),
        ('name = "sink-loss", enabled = false, params = { nope = 1 }', 'has no parameter "nope"'),
        ('name = "slow-consumer", params = { stage = "executo" }', 'did you mean "executor"?'),
    ],
)
def test_a_runbook_that_there_is_not_is_wrong(config: Config, file: Path, runbook: str, words: str) -> None:
    """Which there are, the settings do not know; a run would be refused all the same."""
    file.write_text(f'runbooks = [{{ name = "cold-start" }}, {{ {runbook} }}]')
    code, out, err = config("check", str(file))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"tickpath: error: {file}: runbooks[1] is wrong: ")
    assert words in err


@pytest.mark.parametrize("command", ["explain", "check"])
def test_a_name_that_is_mistyped_is_a_line_on_stderr(config: Config, command: str) -> None:
    code, out, err = config(command, "feed-freez")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert 'did you mean "feed-freeze"?' in err


def test_a_file_that_is_wrong_is_explained_in_one_line(config: Config, file: Path) -> None:
    file.write_text("seeed = 1\nring.capacity_slots = 0\n'a\\u001b' = 1")
    code, out, err = config("explain", str(file), "--json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "seeed" in err
    assert "capacity_slots" in err
    assert "\x1b" not in err


def test_the_schema_is_printed(config: Config) -> None:
    code, out, err = config("schema")
    assert (code, err) == (0, "")
    assert json.loads(out)["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("arguments", [("--help",), ("check",), ("explain", "a", "b")])
def test_usage_is_an_exit_code(config: Config, arguments: tuple[str, ...]) -> None:
    code, _, _ = config(*arguments)
    assert code == (0 if arguments == ("--help",) else 2)


@pytest.mark.parametrize("group", ["config", "drill", "runbook"])
def test_a_group_alone_shows_its_commands(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([group, "--help"]) == 0
    asked, _ = capsys.readouterr()
    assert main([group]) == 0
    alone, err = capsys.readouterr()
    assert (alone, err) == (asked, "")
