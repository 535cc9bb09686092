"""``tickpath run --watch`` in this process, on a real terminal: what it draws, obeys, and puts back."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cli.moments import degraded_board
from tests.cli.terminals import PATIENCE_S, Terminal
from tickpath.cli import main
from tickpath.cli.watch import Terminal as Screen
from tickpath.cli.watch import Watch, why_no_screen
from tickpath.cli.watch import watch as module
from tickpath.runtime.lag import Lag
from tickpath.runtime.shutdown import Shutdown

RUN = ["run", "--watch", "--floor-ms", "0.1", "--json"]


class Seat(Terminal):
    """A terminal that becomes this process's own stdin and stderr, once the test itself runs."""

    def take(self, monkeypatch: pytest.MonkeyPatch) -> Seat:
        # Pytest puts streams of its own there between a fixture and its test.
        monkeypatch.setattr(sys, "stdin", self.file("r"))
        monkeypatch.setattr(sys, "stderr", self.file("w"))
        return self


@pytest.fixture
def seat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seat]:
    """A terminal, which is to be left as it was."""
    for name in ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    with Seat() as seat:
        yield seat
        seat.wait_as_before()


class Run:
    """A session, as far as a watch asks it."""

    events_planned, plan_length_ns = 300_000, 3_000_000_000

    def __init__(self) -> None:
        self.board = degraded_board()
        self.lifecycle = self.board.lifecycle
        self.shutdown = Shutdown(0)
        self.lags: Callable[[], dict[str, Lag]] = dict

    def ack_window(self) -> None:
        """It has no ring of acks."""


def watching(run: Run) -> Watch:
    given: Any = run
    return Watch(given, Screen(sys.stderr, sys.stdin), "a run")


def report_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


@pytest.mark.slow
def test_the_account_is_that_of_a_run_which_nobody_watched_and_says_what_watching_took(
    seat: Seat, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seat.take(monkeypatch)
    arguments = [*RUN, "--events", "10000", "--consumer", "log"]
    assert main(arguments) == 0
    watched = report_of(capsys)
    assert main([word for word in arguments if word != "--watch"]) == 0
    alone = report_of(capsys)
    assert (alone["watch"], alone["config"]["ack_capacity"]) == (None, None)
    assert watched["ledger"]["consumers"].keys() == alone["ledger"]["consumers"].keys()
    assert watched["ledger"]["balanced"] is True
    assert watched.keys() == alone.keys()
    cost = watched["watch"]
    assert cost["frames"] >= 1
    assert 0 < cost["frame_ns_max"] <= cost["processor_ns"]
    assert b"synthetic hawkes" in terminal.raw


@pytest.mark.slow
@pytest.mark.parametrize("how", ["q", "SIGINT", "SIGTERM"])
def test_a_run_that_is_ended_from_outside_is_drained_and_accounted_for(
    how: str, seat: Seat, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seat.take(monkeypatch)
    # A plan of minutes: only what is asked for ends it.
    look, steps = Watch.look, []

    def counted(self: Watch, seen: Any) -> None:
        look(self, seen)
        steps.append(seen)
        if len(steps) == 3 and how == "q":
            terminal.press("xq")
        elif len(steps) == 3:
            signal.raise_signal(signal.Signals[how])

    monkeypatch.setattr(Watch, "look", counted)
    assert main([*RUN, "--model", "constant", "--rate", "1000", "--events", "100000"]) == 130
    report = report_of(capsys)
    assert (report["verdict"], report["shutdown"]["by"]) == ("interrupted", [how])
    assert (report["shutdown"]["drained"], report["ledger"]["balanced"]) == (True, True)


def test_no_picture_without_a_terminal_that_can_move_its_cursor(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat.take(monkeypatch)
    assert why_no_screen(sys.stderr) is None
    monkeypatch.setenv("TERM", "dumb")
    assert why_no_screen(sys.stderr) == "TERM=dumb says that the terminal cannot move its cursor"
    monkeypatch.delenv("TERM")
    assert why_no_screen(sys.stderr) == "TERM does not say what the terminal can do"
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        assert why_no_screen(nowhere) == "stderr is no terminal"
    # Whatever Rich is told to believe.
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        assert why_no_screen(nowhere) == "stderr is no terminal"


def test_where_nothing_can_be_drawn_there_are_plain_lines_and_the_same_account(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "--watch", "--events", "2000", "--rate", "1e6", "--floor-ms", "0.1", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["watch"] is None
    assert err.splitlines()[0] == (
        "tickpath: nothing to draw --watch on, for stderr is no terminal: a line now and then in its place"
    )
    assert "\x1b" not in err


@pytest.mark.parametrize("other", [["--quiet"], ["--mode", "virtual"], ["feed-freeze", "--parity"]])
def test_what_leaves_no_room_for_a_picture_is_refused(
    other: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--watch", *other]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), "--watch" in err) == ("", 1, True)


@pytest.mark.parametrize(("no_color", "colours"), [(None, True), ("1", False)])
def test_who_wants_no_colour_gets_none(
    no_color: str | None, colours: bool, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seat.take(monkeypatch)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    with watching(Run()) as watch:
        watch.begin()
        terminal.wait(lambda text: "market data outage" in text)
    # 30 to 37 and their bright sisters; what is bold or dim stays so.
    assert any(b"\x1b[%dm" % code in terminal.raw for code in range(30, 38)) is colours


def test_the_picture_follows_the_size_of_the_window(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = seat.take(monkeypatch)
    with watching(Run()) as watch:
        watch.begin()
        terminal.wait(lambda text: "market data outage" in text)
        terminal.resize(16, 3)
        terminal.wait(lambda text: text.startswith("DEGRADED") and len(text) < 16 * 3 + 3)
        terminal.resize(180, 40)
        terminal.wait(lambda text: "1 of 2 probes ok" in text and "market data outage" in text)


def test_what_goes_wrong_while_drawing_ends_the_picture_and_not_the_run(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seat.take(monkeypatch)
    run = Run()

    def broken() -> dict[str, Lag]:
        raise RuntimeError("planted")

    with watching(run) as watch:
        watch.begin()
        terminal.wait(lambda text: "market" in text)
        run.lags = broken
        terminal.press("x")
        watch._thread.join()  # type: ignore[union-attr]
        terminal.wait_as_before()
        sys.stderr.write("meanwhile\n")
    terminal.wait(lambda text: "the picture of --watch ended before the run: planted" in text)
    assert "meanwhile" in terminal.text()


def test_an_error_of_the_run_leaves_the_terminal_as_it_was(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seat.take(monkeypatch)

    def failing() -> None:
        with watching(Run()) as watch:
            watch.begin()
            terminal.wait(lambda text: "market" in text)
            assert not terminal.is_as_before
            sys.stderr.write("a warning of somebody\n")
            raise ValueError("planted")

    with pytest.raises(ValueError, match="planted"):
        failing()
    terminal.wait_as_before()
    terminal.wait(lambda text: "a warning of somebody" in text)


@pytest.mark.parametrize("interruptions", [1, 3])
def test_a_signal_while_it_is_put_back_does_not_keep_it_from_that(
    interruptions: int, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seat.take(monkeypatch)
    leave, left = Screen.leave, []

    def interrupted(self: Screen) -> None:
        left.append(1)
        if len(left) <= interruptions:
            raise KeyboardInterrupt
        leave(self)

    def ended() -> None:
        with watching(Run()) as watch:
            watch.begin()
            terminal.wait(lambda text: "market" in text)

    monkeypatch.setattr(Screen, "leave", interrupted)
    stderr = sys.stderr
    with pytest.raises(KeyboardInterrupt):
        ended()
    assert sys.stderr is stderr
    terminal.wait_as_before()


def test_keys_that_are_no_letters_end_nothing_and_hanging_up_is_no_key(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seat.take(monkeypatch)
    run, obeyed = Run(), []
    obey = Watch._obey

    def kept(self: Watch, keys: str) -> None:
        obey(self, keys)
        obeyed.append(keys)

    monkeypatch.setattr(Watch, "_obey", kept)
    with watching(run) as watch:
        watch.begin()
        terminal.wait(lambda text: "market" in text)
        terminal.press("\x1b[15;q")
        terminal.wait(lambda _: len(obeyed) > 2)
        assert not run.shutdown.is_requested
        terminal.press("q")
        terminal.wait(lambda _: "q" in obeyed)
        assert run.shutdown.is_requested


def test_without_a_keyboard_there_is_a_picture_all_the_same(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seat.take(monkeypatch)
    monkeypatch.setattr(sys, "stdin", None)
    with watching(Run()) as watch:
        watch.begin()
        text = terminal.wait(lambda text: "Ctrl-C" in text)
    assert "q or" not in text


def test_a_picture_every_quarter_of_a_second_and_none_once_the_last_stage_has_left(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = seat.take(monkeypatch)
    monkeypatch.setattr(module, "_FRAME_S", 0.001)

    class Over:
        """What an engine says once its stages have left."""

        begin_ns, pause_ns_max = 0, None
        feed = type("Feed", (), {"done": True})
        stages = (type("Stage", (), {"epoch_seen": None}),)

    turns = threading.Semaphore(0)
    with watching(Run()) as watch:
        monkeypatch.setattr(watch, "_obey", lambda _keys: turns.release())
        watch.begin()
        terminal.wait(lambda _: watch.cost.frames > 3)
        over: Any = Over()
        watch.look(over)
        for _ in range(2):
            # One that was under way, and then one that knows; those before may have drawn.
            while turns.acquire(blocking=False):
                pass
            assert turns.acquire(timeout=PATIENCE_S)
        frames = watch.cost.frames
        for _ in range(20):
            assert turns.acquire(timeout=PATIENCE_S)
        assert watch.cost.frames == frames
