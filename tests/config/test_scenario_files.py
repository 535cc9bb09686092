"""Scenario files: what is wrong with one is said with file, key, value and what was expected; all at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tickpath.config.scenario import (
    Scenario,
    ScenarioError,
    load_scenario,
    read_scenario,
    scenario_from_table,
)
from tickpath.config.scenario.injections import FeedOutageSettings, SlowConsumerSettings
from tickpath.config.scenario.probes import BacklogSettings
from tickpath.errors import ArgumentTypeError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "incident.toml"


def problems(path: Path | str) -> list[str]:
    with pytest.raises(ScenarioError) as refused:
        load_scenario(path)
    return [str(problem) for problem in refused.value.problems]


WHOLE = """
schema = "tickpath/scenario/1"
name = "open-burst"
description = '''two
lines'''
seed = 7

[feed]
rate_hz = 50_000
events = 1_000

[ring]
capacity_slots = 1_000

[executor]
service = { kind = "lognormal", ns = 2_000, sigma = 0.5 }
latency_limit_ns = 50_000
[executor.thread]
core = "none"
wait = "park"

[[consumers]]
name = "logger"
after = ["executor"]
thread.core = 1

[[injections]]
kind = "feed_outage"
in_state = "READY"
after_ns = 5
duration_events = 10

[[injections]]
kind = "slow_consumer"
name = "slow-logger"
at_event = 100
stage = "logger"
extra_ns = 3

[[probes]]
kind = "backlog"
stage = "logger"
backlog_share_max = 1

[[runbooks]]
name = "slow-consumer"
params = { stage = "logger", looks = 3 }

[objectives]
expects_causes = ["execution backlog"]
degrades = true

[break]
disable = "probe:backlog-logger"
"""


def test_a_file_says_what_it_says(file: Path) -> None:
    file.write_text(WHOLE)
    scenario = load_scenario(file)
    assert (scenario.name, scenario.description, scenario.seed) == ("open-burst", "two\nlines", 7)
    assert (scenario.feed.rate_hz, scenario.ring.capacity_slots) == (50_000, 1_000)
    assert (scenario.executor.name, scenario.executor.service.sigma) == ("executor", 0.5)
    assert (scenario.executor.thread.core, scenario.executor.thread.wait) == (None, "park")
    assert (scenario.stages, scenario.consumers[0].thread.core) == (("executor", "logger"), 1)
    assert scenario.injections == (
        FeedOutageSettings(in_state="READY", after_ns=5, duration_events=10),
        SlowConsumerSettings(name="slow-logger", at_event=100, stage="logger", extra_ns=3),
    )
    assert scenario.probes == (BacklogSettings(stage="logger", backlog_share_max=1),)
    assert scenario.runbooks[0].params == {"stage": "logger", "looks": 3}
    assert (scenario.objectives.degrades, scenario.break_.disable) == (True, "probe:backlog-logger")
    assert scenario.objectives.expects_causes == ("execution backlog",)


def test_an_empty_file_is_the_default(file: Path) -> None:
    file.write_text("")
    assert load_scenario(file) == Scenario() == scenario_from_table({})


def test_an_empty_list_names_none_on_purpose() -> None:
    assert scenario_from_table({"probes": [], "runbooks": []}).probes == ()
    assert scenario_from_table({}).probes == Scenario().probes != ()


SNIPPETS: list[tuple[str, str, list[str]]] = [
    ("seeed = 3", "seeed", ['did you mean "seed"?']),
    ("qqq = 3", "qqq", ["(known: name, description, seed"]),
    ("ring.capcity = 3", "ring.capcity", ['did you mean "capacity_slots"?']),
    ('"a b" = 3', "'a b'", ["is no key"]),
    ("ring = 3", "ring", ["must be a table, got 3 (int)"]),
    ("ring = []", "ring", ["must be a table, got", "list"]),
    ("injections = 3", "injections", ["must be an array, got 3 (int)"]),
    ("injections = [3]", "injections[0]", ["must be a table, got 3 (int)"]),
    ("injections = {}", "injections", ["must be an array", "dict"]),
    ("ring.capacity_slots = 0", "ring.capacity_slots", ["integer from 1", "got 0"]),
    ("ring.capacity_slots = '8'", "ring.capacity_slots", ["must be an integer, got '8' (str)"]),
    ("ring.capacity_slots = 8.0", "ring.capacity_slots", ["must be an integer, got 8.0 (float)"]),
    ("ring.capacity_slots = true", "ring.capacity_slots", ["must be an integer, got True (bool)"]),
    ("ring.capacity_slots = 1979-05-27", "ring.capacity_slots", ["must be an integer", "date"]),
    (
        f"ring.capacity_slots = 0x{'f' * 5000}",
        "ring.capacity_slots",
        ["got a positive integer of 20000 bits"],
    ),
    ("ring.huge_pages = 1", "ring.huge_pages", ["True or False, got 1 (int)"]),
    ("feed.speed = nan", "feed.speed", ["a number above 0, and finite, got nan"]),
    ("feed.speed = inf", "feed.speed", ["finite, got inf"]),
    (f"feed.speed = 0x{'f' * 5000}", "feed.speed", ["finite, got a positive integer of 20000 bits"]),
    ("feed.rate_hz = 2e9", "feed.rate_hz", ["1,000,000,000", "got 2000000000.0"]),
    ('feed.pace = "constnat"', "feed.pace", ["recorded, constant, max", 'did you mean "constant"?']),
    ("feed.pace = 1", "feed.pace", ["one of recorded, constant, max, got 1 (int)"]),
    ('feed.pace = "constant"\nfeed.files = [{path = "a"}]', "", ["needs rate_hz"]),
    ("feed.files = [{}]", "feed.files[0].path", ["is missing: it must be text"]),
    ("feed.files = ['a']", "feed.files[0]", ["must be a table, got 'a' (str)"]),
    ('executor.name = "x"', "", ["the executor is called 'executor', got 'x'"]),
    ('executor.thread.core = "al"', "executor.thread.core", ['"auto", a number or None', "got 'al'"]),
    ("executor.thread.core = -1", "executor.thread.core", ["from 0 to 65,536, got -1"]),
    ("executor.thread = {nice = 1, realtime_priority = 1}", "executor.thread", ["exclude each other"]),
    ('executor.service.kind = "gauss"', "executor.service.kind", ["lognormal", "got 'gauss'"]),
    ("executor.service.ns = 5", "executor.service", ["a service time of the kind none has no ns, got 5"]),
    ('executor.after = "a"', "executor.after", ["must be an array, got 'a' (str)"]),
    ("executor.after = [1]", "executor.after[0]", ["must be text, got 1 (int)"]),
    ('executor.after = ["b"]', "", ["b"]),
    ("consumers = [{}]", "consumers[0].name", ["is missing: it must be text"]),
    ('consumers = [{name = "a b"}]', "consumers[0]", ["a b"]),
    ('injections = [{kind = "feed_outge"}]', "injections[0].kind", ['did you mean "feed_outage"?']),
    ("injections = [{kind = 3}]", "injections[0].kind", ["must be one of feed_outage", "got 3 (int)"]),
    ("injections = [{at_ns = 3}]", "injections[0].kind", ["is missing: expected one of feed_outage"]),
    ('injections = [{kind = "stall"}]', "injections[0]", ["stall: expected exactly one of at_ns"]),
    (
        'injections = [{kind = "stall", at_ns = 1, duration_ns = -5}]',
        "injections[0].duration_ns",
        ["an integer from 1", "got -5"],
    ),
    (
        'injections = [{kind = "feed_gap", at_ns = 1, events = 2, duration_ns = 5}]',
        "injections[0].duration_ns",
        ["is no key of this table"],
    ),
    ('injections = [{kind = "feed_gap", at_ns = 1}]', "injections[0].events", ["missing", "an integer"]),
    (
        'injections = [{kind = "stall", in_state = "REDY"}]',
        "injections[0].in_state",
        ['did you mean "READY"?'],
    ),
    ('probes = [{kind = "backlog", stage = "x"}]', "probes[0].stage", ["must be a stage (executor)"]),
    ('runbooks = [{name = "a"}, {name = "a"}]', "runbooks[1].name", ["runbooks[0]"]),
    ('runbooks = [{name = "a", params = {x = [1]}}]', "runbooks[0].params.x", ["text, a number"]),
    (
        'runbooks = [{name = "a", params = {x = nan}}]',
        "runbooks[0].params.x",
        ["got nan"],
    ),
    ('break.disable = "probe:backlg"', "break.disable", ['did you mean "backlog"?']),
    ('break.disable = "backlog"', "break.disable", ['"probe:NAME" or "runbook:NAME"', "got 'backlog'"]),
    ("objectives.degrades = 1", "objectives.degrades", ["True or False"]),
    ('schema = "tickpath/scenario/2"', "schema", ["must be tickpath/scenario/1, got 'tickpath/scenario/2'"]),
    ("extends = 3", "extends", ["must be the path of a file", "got 3 (int)"]),
    ('extends = ""', "extends", ["must be the path of a file"]),
    (f'name = "{"x" * 5000}"', "name", ["(5000 characters)"]),
]


@pytest.mark.parametrize(("text", "key", "words"), SNIPPETS, ids=[text[:40] for text, _, _ in SNIPPETS])
def test_an_error_names_file_key_value_and_what_was_expected(
    file: Path, text: str, key: str, words: list[str]
) -> None:
    file.write_text(text + "\n")
    (problem,) = problems(file)
    assert problem.startswith(f"{file}: {key} " if key else f"{file}: ")
    assert [word for word in words if word not in problem] == []
    assert len(problem) < 1_000


def test_all_that_is_wrong_is_said_at_once(file: Path) -> None:
    wrong = [text for text, key, _ in SNIPPETS if "." in key and text.startswith(("ring.", "feed.s", "obj"))]
    lines = {text.partition(" = ")[0]: text for text in wrong}
    file.write_text("\n".join(lines.values()) + '\nseeed = 1\ninjections = [{kind = "x"}, {kind = "y"}]\n')
    assert len(problems(file)) == len(lines) + 3


def test_a_message_stays_readable_however_much_is_wrong(file: Path) -> None:
    file.write_text("\n".join(f"wrong_{n} = {n}" for n in range(5_000)))
    with pytest.raises(ScenarioError) as refused:
        load_scenario(file)
    assert len(refused.value.problems) == 100
    assert str(refused.value).endswith("; and 90 more")


SYNTAX = [
    ("a = = 3", 1, 5),
    ("[ring]\ncapacity_slots 5", 2, 16),
    ("name = 'open", 1, 13),
    ("a = 1\na = 2", 2, 6),
    ("[ring", 1, 6),
    ("a = 1\n[", 2, 2),
]


@pytest.mark.parametrize(("text", "line", "column"), SYNTAX, ids=[text for text, _, _ in SYNTAX])
def test_a_syntax_error_has_line_and_column(file: Path, text: str, line: int, column: int) -> None:
    file.write_text(text)
    with pytest.raises(ScenarioError) as refused:
        load_scenario(file)
    (problem,) = refused.value.problems
    assert (problem.line, problem.column) == (line, column)
    assert str(problem).startswith(f"{file}, line {line}, column {column}: is no TOML: ")


BYTES = [
    (b"\xef\xbb\xbfname = 'a'", "begins with a UTF-8 byte order mark"),
    ("name = 'a'".encode("utf-16"), "begins with a UTF-16 byte order mark"),
    (b"name = '\xe4'", "is not UTF-8 at byte 8 (0xe4)"),
    (b"a = " + b"[" * 10_000, "is nested too deeply"),
    (b"[" + b".".join([b"a"] * 5_000) + b"]", "is nested deeper than 8 tables"),
    (b"a = " + b"9" * 5_000, "holds a value that cannot be read"),
    (b"#" * ((1 << 18) + 1), "is larger than 262,144 bytes"),
    (b"a = '\0'", "is no TOML"),
]


@pytest.mark.parametrize(("content", "words"), BYTES, ids=[words for _, words in BYTES])
def test_hostile_content_is_refused_in_a_line(file: Path, content: bytes, words: str) -> None:
    file.write_bytes(content)
    (problem,) = problems(file)
    assert words in problem
    assert len(problem) < 1_000


@pytest.mark.parametrize("content", [b"time,price\n", b"\x1f\x8b\x08", b"#" * ((1 << 18) + 1)])
def test_what_is_a_recording_by_its_name_is_told_where_it_goes(tmp_path: Path, content: bytes) -> None:
    for name, is_told in (("trades.csv.gz", True), ("incident.toml", False)):
        (tmp_path / name).write_bytes(content)
        (problem,) = problems(tmp_path / name)
        assert problem.endswith("; a recording is given with --feed") == is_told


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.toml") == [f"{tmp_path}/none.toml: there is no such file"]
    assert problems(tmp_path) == [f"{tmp_path}: is a directory: expected a scenario file"]
    os.mkfifo(tmp_path / "pipe")
    assert problems(tmp_path / "pipe") == [f"{tmp_path}/pipe: is no regular file: expected a scenario file"]
    assert "names no file" in problems("")[0]
    assert "no such file" in problems("a\0b")[0]
    assert "cannot be read" in problems(tmp_path / "a\0b.toml")[0]
    assert "cannot be read" in problems(tmp_path / ("x" * 5_000 + ".toml"))[0]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(file: Path) -> None:
    file.write_text("")
    file.chmod(0)
    assert problems(file) == [f"{file}: cannot be read: Permission denied"]


def test_a_name_of_no_shipped_scenario_is_told_from_a_file(file: Path) -> None:
    file.write_text("")
    with pytest.raises(ScenarioError, match=r'did you mean "feed-freeze".*shipped: feed-freeze, other'):
        load_scenario("feed-freez", builtin={"feed-freeze": file, "other": file})
    assert load_scenario("feed-freeze", builtin={"feed-freeze": file}) == Scenario()


@pytest.mark.parametrize("wrong", [None, 3, b"a.toml", ["a.toml"]])
def test_what_is_no_path_is_refused(wrong: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="must be the path of a file or a name"):
        load_scenario(wrong)


@pytest.mark.parametrize("wrong", [None, 3, [], "name = 1"])
def test_what_is_no_table_is_refused(wrong: Any) -> None:
    with pytest.raises(ScenarioError, match="object: must be a table, got"):
        scenario_from_table(wrong, "object")


def test_a_table_without_end_is_refused() -> None:
    deep: dict[str, Any] = {}
    deep["ring"] = deep
    with pytest.raises(ScenarioError, match="object: is nested deeper than 8"):
        scenario_from_table(deep, "object")


def test_recordings_are_looked_for_beside_the_file_that_names_them(file: Path) -> None:
    file.write_text('feed.files = [{path = "aapl.csv"}, {path = "/data/msft.csv"}]')
    paths = [recording.path for recording in load_scenario(file).feed.files]
    assert paths == [str(file.parent / "aapl.csv"), "/data/msft.csv"]


def test_an_error_can_be_pickled_and_caught_as_a_value_error(file: Path) -> None:
    import pickle

    file.write_text("a = 1")
    with pytest.raises(ValueError, match="is no key") as refused:
        read_scenario(file)
    again = pickle.loads(pickle.dumps(refused.value))
    assert isinstance(refused.value, ScenarioError)
    assert again.problems == refused.value.problems
