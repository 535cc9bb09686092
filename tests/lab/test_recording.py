"""A recording in the place of a synthetic feed lasts as long as that would have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tickpath.config.scenario import Scenario
from tickpath.config.scenario.feed import FeedSettings
from tickpath.errors import ArgumentValueError
from tickpath.lab.recording import Recording


def lobster(folder: Path, seconds: list[int]) -> str:
    path = folder / "AAPL_2012-06-21_34200000_57600000_message_1.csv"
    path.write_text("".join(f"{34_200 + second},1,7,100,5853300,1\n" for second in seconds))
    return str(path)


def scenario(events: int) -> Scenario:
    return Scenario(feed=FeedSettings(model="poisson", rate_hz=10.0, events=events))


def test_it_is_played_as_much_faster_as_makes_it_last_as_long(tmp_path: Path) -> None:
    recording = Recording.load([("lobster", lobster(tmp_path, [0, 10, 40, 100]))])
    feed = recording.fit(scenario(events=20)).feed
    # 100 s of recording in the 2 s of 20 events at 10 a second.
    assert (feed.pace, feed.speed, feed.events) == ("recorded", 50.0, 4)
    assert [file.kind for file in feed.files] == ["lobster"]


def test_no_more_of_it_is_played_than_the_scenario_has_events(tmp_path: Path) -> None:
    recording = Recording.load([("auto", lobster(tmp_path, [0, 10, 40, 100]))])
    feed = recording.fit(scenario(events=2)).feed
    assert (feed.events, feed.speed) == (2, 50.0)


def test_what_has_no_length_is_played_at_a_constant_rate(tmp_path: Path) -> None:
    recording = Recording.load([("lobster", lobster(tmp_path, [7, 7, 7, 7]))])
    feed = recording.fit(scenario(events=20)).feed
    assert (feed.pace, feed.events) == ("constant", 4)
    assert feed.rate_hz == pytest.approx(2.0)


def test_several_files_are_one_feed(tmp_path: Path) -> None:
    first = lobster(tmp_path, [0, 10])
    second = tmp_path / "MSFT_2012-06-21_34200000_57600000_message_1.csv"
    second.write_text(Path(first).read_text())
    recording = Recording.load([("auto", first), ("auto", str(second))])
    assert len(recording.source) == 4
    assert recording.fit(scenario(events=20)).feed.events == 4


def test_a_table_whose_columns_nobody_names_is_told_where_they_are_named() -> None:
    with pytest.raises(ArgumentValueError, match=r"name it under \[feed\] of the file, as files ="):
        Recording.load([("table", "trades.csv")])
