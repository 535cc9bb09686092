"""Options of ``tickpath run`` about stages, read and written: consumers, service times, priorities, sink."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import click
import pytest

from tickpath.cli import main
from tickpath.cli.stages import consumer_text, parse_consumer, parse_priority, parse_service, service_text
from tickpath.config.engine import ConsumerSettings, ServiceTime, ThreadSettings

FAST = ["--rate", "1e6", "--events", "1000", "--floor-ms", "0.1", "--quiet"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``tickpath run ARGUMENTS``: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["run", *arguments])
        return code, *capsys.readouterr()

    return call


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("500", ServiceTime.constant(500)),
        ("exp:0.5", ServiceTime.exponential(0.5)),
        ("lognormal:500:0.3", ServiceTime.lognormal(500, 0.3)),
    ],
)
def test_a_service_time_is_read_and_written(text: str, service: ServiceTime) -> None:
    assert parse_service(text) == service
    assert parse_service(service_text(service)) == service


@pytest.mark.parametrize(
    ("text", "consumer"),
    [
        ("log", ConsumerSettings(name="log")),
        ("log,after=executor+risk", ConsumerSettings(name="log", after=("executor", "risk"))),
        ("a,overrun=head,seed=7", ConsumerSettings(name="a", overrun="head", seed=7)),
        ("a,wait=park,core=1", ConsumerSettings(name="a", thread=ThreadSettings(wait="park", core=1))),
        ("a,core=none", ConsumerSettings(name="a", thread=ThreadSettings(core=None))),
        ("a,service=exp:2000", ConsumerSettings(name="a", service=ServiceTime.exponential(2_000))),
    ],
)
def test_a_consumer_is_read_and_written(text: str, consumer: ConsumerSettings) -> None:
    assert parse_consumer(text) == consumer
    assert parse_consumer(consumer_text(consumer)) == consumer


def test_a_priority_is_read() -> None:
    assert parse_priority("fifo:50") == {"realtime_priority": 50}
    assert parse_priority("nice:-10") == {"nice": -10}


@pytest.mark.parametrize(
    "text", ["", "fast", "-1", "exp", "exp:x", "exp:-1", "lognormal:1", "exp:1:2", "nan", "exp:nan"]
)
def test_no_service_time_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no service time"):
        parse_service(text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--consumer", ""], "1 to 64 letters"),
        (["--consumer", "a b"], "1 to 64 letters"),
        (["--consumer", "a,colour=red"], "after="),
        (["--consumer", "a,after"], "after="),
        (["--consumer", "a,wait=sleep"], "auto, spin, yield, park"),
        (["--consumer", "a,overrun=ignore"], "raise, oldest, head, detach"),
        (["--consumer", "a,core=x"], "core"),
        (["--consumer", "a,service=fast"], "no service time"),
        (["--consumer", "a,after=b"], "no such stage"),
        (["--consumer", "a,after="], "no such stage"),
        (["--consumer", "a", "--consumer", "a"], "two stages"),
        (["--consumer", "executor"], "two stages"),
        (["--consumer", "a,after=b", "--consumer", "b,after=a"], "circle"),
        (["--consumer", "a,after=executor", "--executor-after", "a"], "circle"),
        (["--executor-after", "b"], "no such stage"),
        (["--service", "fast"], "no service time"),
        (["--service", "1", "--stamp-per", "batch"], "exclude each other"),
        (["--priority", "fifo:0"], "no priority"),
        (["--priority", "high"], "fifo:1..99"),
        (["--ack-capacity", "0"], "--ack-capacity"),
        (["--clock", "wall"], "--clock"),
        (["--overrun", "ignore"], "--overrun"),
        (["--stamp-per", "minute"], "--stamp-per"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_makes_no_sense_is_one_line_and_code_2(run: Run, arguments: list[str], words: str) -> None:
    code, stdout, stderr = run(*arguments, "--json")
    assert (code, stdout) == (2, "")
    assert stderr.count("\n") == 1
    assert words in stderr


def test_more_spinning_threads_than_cores_are_one_line_and_code_2(run: Run) -> None:
    spinning = [word for n in range(300) for word in ("--consumer", f"c{n},wait=spin")]
    code, stdout, stderr = run(*FAST, *spinning)
    assert (code, stdout) == (2, "")
    assert stderr.count("\n") == 1
    assert "park" in stderr


def test_a_run_with_everything_is_reported_and_can_be_replayed(run: Run) -> None:
    arguments = [
        *FAST,
        *("--seed", "7", "--wait", "park", "--service", "lognormal:500:0.3", "--overrun", "head", "--sink"),
        *("--consumer", "risk,wait=park", "--consumer", "log,after=executor+risk,service=exp:200,core=none"),
        *("--executor-after", "risk", "--ack-capacity", "512", "--clock", "monotonic", "--hold-back"),
    ]
    code, stdout, _ = run(*arguments, "--json")
    report: dict[str, Any] = json.loads(stdout)
    assert (code, report["verdict"]) == (0, "pass")
    assert list(report["ledger"]["consumers"]) == ["executor", "risk", "log"]
    assert report["ledger"]["consumers"]["log"]["read"] == 1_000
    assert report["config"]["executor"]["after"] == ["risk"]
    assert report["config"]["executor"]["seed"] == 7
    assert report["config"]["hold_back"] is True
    assert report["machine"]["stages"]["log"]["core"] is None
    assert report["clock"]["source"] == "clock_gettime"
    assert report["observer"]["shown"] + report["observer"]["dropped"] == 1_000

    code, text, _ = run(*arguments)
    assert code == 0
    for words in ("log: published to completed", "acks shown", "risk", "executor on core", "(park)"):
        assert words in text
    # The table of facts folds long lines.
    facts = text[text.index("replay") : text.index("Ledger")]
    again = shlex.split(" ".join(line.strip() for line in facts.splitlines()).removeprefix("replay"))[2:]
    code, stdout, _ = run(*again, "--json", "--quiet")
    assert code == 0
    assert json.loads(stdout)["config"] == report["config"]


def test_one_stamp_per_batch_is_said(run: Run) -> None:
    code, text, _ = run(*FAST, "--stamp-per", "batch", "--consumer", "log")
    assert code == 0
    assert "one stamp for up to 64 events" in text


def test_an_overrun_that_is_to_raise_fails_the_run(run: Run) -> None:
    strict = "strict,overrun=raise,wait=park,service=1000000"
    arguments = ["--max", "--events", "1000", "--floor-ms", "0.1", "--capacity", "8", "--consumer", strict]
    code, stdout, _ = run(*arguments, "--quiet", "--json")
    report = json.loads(stdout)
    assert (code, report["verdict"]) == (1, "fail")
    assert report["reasons"][0].startswith("strict was overrun by ")
