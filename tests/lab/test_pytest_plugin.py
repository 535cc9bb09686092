"""The pytest plugin in sessions of its own: what it collects, what passes, what a failure says."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

LATE = """
schema = "tickpath/scenario/1"
extends = "feed-freeze"
name = "late"
description = "Detected too late for what was promised."

[objectives]
detect_ns_max = 60_000_000
"""
IN_TIME = LATE.replace("60_000_000", "170_000_000").replace('"late"', '"in-time"')


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "120")
    return pytester


def run(session: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    plugin = "tickpath.lab.pytest_plugin"
    return session.runpytest_inprocess("-p", plugin, "-p", "no:cacheprovider", "-v", *arguments)


def test_a_drill_file_among_the_tests_is_two_tests(session: pytest.Pytester) -> None:
    (session.path / "in-time.drill.toml").write_text(IN_TIME)
    (session.path / "other.toml").write_text("not ours")
    result = run(session)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*in-time.drill.toml::passes PASSED*", "*fails without probe:feed-staleness PASSED*"]
    )


def test_a_failure_is_told_as_the_command_line_tells_it(session: pytest.Pytester) -> None:
    (session.path / "late.drill.toml").write_text(LATE)
    result = run(session)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*FAIL: late*",
            "*550.000 ms *health *market data outage: raised",
            "time to detect*150 ms*60.0 ms*fail*",
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_drill_that_would_not_notice_fails(session: pytest.Pytester) -> None:
    blind = IN_TIME + '\n[break]\ndisable = "probe:backlog"\n'
    (session.path / "blind.drill.toml").write_text(blind)
    result = run(session)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["it has to fail without probe:backlog, and it passed: it would not notice"])


def test_a_file_that_is_wrong_is_an_error_with_its_place(session: pytest.Pytester) -> None:
    (session.path / "wrong.drill.toml").write_text(LATE.replace("detect_ns_max", "detect_ns_mx"))
    result = run(session)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*wrong.drill.toml*detect_ns_mx*"])


def test_the_fixture_holds_a_test_to_the_grade_and_returns_what_happened(session: pytest.Pytester) -> None:
    (session.path / "late.toml").write_text(LATE)
    session.makepyfile(
        """
        import pytest

        def test_shipped(drill):
            result = drill("market-data-outage")
            assert result.facts.executed_outside_ready == 0
            assert result.facts.books["executor"].lost == 0

        def test_broken(drill):
            assert not drill("market-data-outage", broken=True).grade.passed

        def test_late(drill):
            drill("late.toml")
        """
    )
    result = run(session)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*FAIL: late*"])


def test_the_mode_is_an_option(session: pytest.Pytester) -> None:
    session.makepyfile(
        "def test_mode(drill, request): assert request.config.getoption('--drill-mode') == 'live'"
    )
    run(session, "--drill-mode", "live").assert_outcomes(passed=1)
    assert run(session, "--drill-mode", "often").ret == pytest.ExitCode.USAGE_ERROR
