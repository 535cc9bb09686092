"""The text on stdout: as wide as what it goes to, in the letters that it has, without blanks at line ends."""

from __future__ import annotations

import io
import re
import sys

import pytest

from tickpath.cli import main

SIZE = ["size", "--events", "2000", "--service-ns", "5000", "--quiet"]


class Stdout(io.TextIOWrapper):
    """A stdout that keeps what it is told, and may be a terminal."""

    def __init__(self, encoding: str, *, is_terminal: bool) -> None:
        self.told = io.BytesIO()
        self.is_terminal = is_terminal
        super().__init__(self.told, encoding=encoding)

    def isatty(self) -> bool:
        return self.is_terminal

    def text(self) -> str:
        self.flush()
        return self.told.getvalue().decode(self.encoding)


def told(
    monkeypatch: pytest.MonkeyPatch, encoding: str, *, columns: int | None = None, arguments: list[str] = SIZE
) -> str:
    out = Stdout(encoding, is_terminal=columns is not None)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("NO_COLOR", "1")
    if columns is not None:
        monkeypatch.setenv("COLUMNS", str(columns))
    assert main(arguments) == 0
    return out.text()


def test_where_there_is_no_utf_8_tables_and_units_are_of_plain_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = told(monkeypatch, "ascii")
    assert "| nothing lost |" in text
    assert "5.00 us" in text
    assert "?" not in text


def test_what_an_encoding_has_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    text = told(monkeypatch, "latin-1")
    assert "| nothing lost |" in text
    assert "5.00 µs" in text


def test_with_utf_8_it_is_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    text = told(monkeypatch, "utf-8")
    assert "│ nothing lost │" in text
    assert "5.00 µs" in text


def test_a_name_that_an_encoding_lacks_can_be_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    path = f"{tmp_path}/Ф.csv"
    with open(path, "w", encoding="ascii") as file:
        file.write("t\n1\n2\n")
    feed = ["--feed", f"table:{path}", "--columns", "ts_ns=t"]
    text = told(monkeypatch, "ascii", arguments=["size", *feed, "--service-ns", "5", "--quiet"])
    assert "\\u0424.csv" in text


@pytest.mark.parametrize("columns", [None, 100, 40])
def test_no_line_ends_with_blanks(monkeypatch: pytest.MonkeyPatch, columns: int | None) -> None:
    for line in told(monkeypatch, "utf-8", columns=columns).split("\n"):
        assert line == line.rstrip(" ")


@pytest.mark.parametrize("term", ["xterm", "dumb"])
@pytest.mark.parametrize("columns", [80, 40])
def test_on_a_narrow_terminal_every_figure_is_whole(
    monkeypatch: pytest.MonkeyPatch, columns: int, term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    text = told(monkeypatch, "utf-8", columns=columns)
    assert max(len(re.sub("\x1b\\[[0-9;]*m", "", line)) for line in text.splitlines()) <= columns
    assert "…" not in text
    for name in ("events", "min", "p50", "p99.9", "max"):
        assert name in text
    assert text.count("µs") >= 4
