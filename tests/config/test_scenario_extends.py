"""One scenario file over another: tables merge, the rest replaces, circles are refused with their chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tickpath.config.scenario import (
    Scenario,
    ScenarioError,
    load_scenario,
    read_scenario,
    scenario_from_table,
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files, ``name=text``; the path of the first."""

    def files(**texts: str) -> Path:
        for name, text in texts.items():
            (tmp_path / f"{name}.toml").write_text(text)
        return tmp_path / f"{next(iter(texts))}.toml"

    return files


def test_tables_merge_and_arrays_replace(write: Write) -> None:
    top = write(
        top='extends = "base.toml"\nseed = 2\nring.capacity_slots = 5\nconsumers = [{name = "c"}]',
        base='name = "base"\nseed = 1\nring.huge_pages = true\nring.capacity_slots = 9\n'
        'consumers = [{name = "a"}, {name = "b"}]\nexecutor.thread.wait = "park"',
    )
    scenario = load_scenario(top)
    assert (scenario.name, scenario.seed) == ("base", 2)
    assert (scenario.ring.capacity_slots, scenario.ring.huge_pages) == (5, True)
    assert scenario.stages == ("executor", "c")
    assert scenario.executor.thread.wait == "park"


def test_a_chain_is_laid_over_from_its_end(write: Write) -> None:
    top = write(
        a='extends = "b.toml"\nseed = 1',
        b='extends = "c.toml"\nseed = 2\nname = "b"',
        c='seed = 3\nname = "c"\ndescription = "c"',
    )
    scenario = load_scenario(top)
    assert (scenario.seed, scenario.name, scenario.description) == (1, "b", "c")


def test_each_value_knows_the_file_it_came_from(write: Write) -> None:
    top = write(
        top='extends = "base.toml"\nring.capacity_slots = 5',
        base='ring.huge_pages = true\nprobes = [{kind = "backlog"}]',
    )
    origins = read_scenario(top).origins
    base = str(top.parent / "base.toml")
    assert origins.of("ring.capacity_slots") == str(top)
    assert [origins.of(key) for key in ("ring.huge_pages", "probes", "probes[0].stage")] == [base] * 3


def test_an_error_names_the_file_that_says_the_value(write: Write) -> None:
    top = write(
        top='extends = "base.toml"\nseed = -1\nring.capacity_slots = 5',
        base='injections = [{kind = "stall", at_ns = -1}]\nring.huge_pages = 1\nring.capacity_slots = 0',
    )
    with pytest.raises(ScenarioError) as refused:
        load_scenario(top)
    base = str(top.parent / "base.toml")
    found = [(problem.origin, problem.key) for problem in refused.value.problems]
    assert found == [(str(top), "seed"), (base, "ring.huge_pages"), (base, "injections[0].at_ns")]


def test_a_table_of_another_kind_replaces_the_whole(write: Write) -> None:
    base = 'executor.service = {kind = "lognormal", ns = 5, sigma = 1}'
    other = write(top='extends = "base.toml"\nexecutor.service = {kind = "constant", ns = 9}', base=base)
    assert (load_scenario(other).executor.service.ns, load_scenario(other).executor.service.sigma) == (9, 0)
    none = write(top='extends = "base.toml"\nexecutor.service = {kind = "none"}', base=base)
    assert load_scenario(none).executor.service == Scenario().executor.service
    same = write(top='extends = "base.toml"\nexecutor.service.ns = 9', base=base)
    assert (load_scenario(same).executor.service.ns, load_scenario(same).executor.service.sigma) == (9, 1)


def test_files_take_the_place_of_a_synthetic_feed_and_back(write: Write) -> None:
    top = write(
        files='extends = "model.toml"\nfeed.files = [{path = "a"}]\nfeed.policy = "skip"',
        model='feed = {model = "poisson", symbols = 3, speed = 2}',
    )
    scenario = load_scenario(top)
    assert (scenario.feed.model, scenario.feed.symbols, scenario.feed.speed) == (None, None, 2)
    back = load_scenario(write(again='extends = "files.toml"\nfeed.model = "constant"'))
    assert (back.feed.files, back.feed.policy, back.feed.model, back.feed.speed) == ((), None, "constant", 2)


def test_both_kinds_of_feed_in_one_file_are_refused(write: Write) -> None:
    with pytest.raises(ScenarioError, match="model belongs to a synthetic feed"):
        load_scenario(write(top='feed = {model = "poisson", files = [{path = "a"}]}'))


def test_a_path_starts_from_the_file_that_says_it(write: Write, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "base.toml").write_text('extends = "../root.toml"\nfeed.files = [{path = "a.csv"}]')
    top = write(top='extends = "deep/base.toml"', root="seed = 4")
    scenario = load_scenario(top)
    assert scenario.seed == 4
    assert scenario.feed.files[0].path == str(tmp_path / "deep" / "a.csv")


def test_a_shipped_scenario_is_extended_by_name_and_called_so(write: Write) -> None:
    shipped = {"burst": write(burst='extends = "base.toml"\nseed = -1'), "base": write(base="ring = 1")}
    top = write(top='extends = "burst"\nname = "mine"')
    with pytest.raises(ScenarioError) as refused:
        load_scenario(top, builtin=shipped)
    assert [(p.origin, p.key) for p in refused.value.problems] == [("burst", "seed"), ("base", "ring")]


def test_a_circle_is_refused_with_its_chain(write: Write) -> None:
    top = write(a='extends = "b.toml"', b='extends = "c.toml"', c='extends = "./a.toml"')
    with pytest.raises(ScenarioError) as refused:
        load_scenario(top)
    (problem,) = refused.value.problems
    a, b, c = (str(top.parent / f"{name}.toml") for name in "abc")
    assert problem.key == "extends"
    assert problem.reason == f"goes in a circle: {a} -> {b} -> {c} -> {a}"


def test_a_circle_is_seen_through_links_and_names(write: Write, tmp_path: Path) -> None:
    itself = write(a='extends = "link.toml"')
    (tmp_path / "link.toml").symlink_to(itself)
    with pytest.raises(ScenarioError, match="goes in a circle"):
        load_scenario(itself)
    with pytest.raises(ScenarioError, match="goes in a circle: a -> "):
        load_scenario("a", builtin={"a": itself})


def test_a_chain_has_an_end(write: Write) -> None:
    texts = {f"n{n}": f'extends = "n{n + 1}.toml"' for n in range(20)}
    with pytest.raises(ScenarioError, match=r"more than 16 files: .*n0.toml -> .*n1.toml"):
        load_scenario(write(**texts))


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (None, "base.toml: there is no such file (extended by "),
        ("a = =", "base.toml, line 1, column 5: is no TOML: "),
    ],
)
def test_what_is_extended_and_cannot_be_read_is_named_with_who_extends_it(
    write: Write, base: str | None, words: str
) -> None:
    top = write(top='extends = "base.toml"', **({} if base is None else {"base": base}))
    with pytest.raises(ScenarioError) as refused:
        load_scenario(top)
    assert words in str(refused.value)
    assert f"(extended by {top})" in str(refused.value)


def test_a_base_whose_name_holds_a_nul_is_refused(write: Write) -> None:
    # Found by fuzzing: it was a ValueError, where there are shipped scenarios to compare it with.
    top = write(top='extends = "\\u0000"')
    with pytest.raises(ScenarioError, match="no such file"):
        load_scenario(top, builtin={"other": top})


@pytest.mark.parametrize("name", ["a\nb.toml", "\x1b[2J", "a\u2028b"])
def test_what_a_file_calls_another_is_shown_on_one_line(write: Write, name: str) -> None:
    # Found by what fuzzing asks of every problem.
    top = write(top=f"extends = {json.dumps(name)}")
    with pytest.raises(ScenarioError) as refused:
        load_scenario(top)
    assert str(refused.value).isprintable()


def test_a_table_extends_too(write: Write) -> None:
    base = write(base="seed = 3")
    assert scenario_from_table({"extends": str(base), "name": "mine"}).seed == 3
