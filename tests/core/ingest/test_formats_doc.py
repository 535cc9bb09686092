"""docs/reference/formats.md against the loaders: the kind codes in its tables are the ones that come out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.core.ingest.recordings import dbn, dbn_mbo, itch, itch_directory, itch_head, itch_system
from tests.core.ingest.test_collector import SHAPES
from tests.core.ingest.test_itch import LENGTHS
from tickpath.core.ingest import MarketDataSource

ROOT = Path(__file__).resolve().parents[3]


def table(section: str) -> dict[str, int]:
    """First cell and code of each row of the section's table."""
    text = (ROOT / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")
    body = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \| (\d+) \|", body, re.MULTILINE)
    return {what: int(code) for what, code in rows}


def kinds(tmp_path: Path, data: bytes) -> list[int]:
    path = tmp_path / "any"
    path.write_bytes(data)
    return [int(kind) for kind in MarketDataSource.from_file(path).events["kind"]]


def test_lobster(tmp_path: Path) -> None:
    data = b"".join(b"1,%d,1,1,1,1\n" % code for code in range(1, 8))
    assert kinds(tmp_path, data) == list(table("LOBSTER").values())


def test_dbn(tmp_path: Path) -> None:
    for what, code in table("DBN").items():
        letter = re.findall(r"`(.)`", what)[0]
        assert kinds(tmp_path, dbn(dbn_mbo(1, action=letter.encode()))) == [code]
    assert len(table("DBN")) == 7


def test_itch(tmp_path: Path) -> None:
    documented = {what[1]: code for what, code in table("ITCH").items()}
    assert set(documented) == set(LENGTHS)
    for tag, code in documented.items():
        message = itch_head(tag.encode(), 1, 12).ljust(LENGTHS[tag], b"\0")
        if tag in "RHYLKJhAFPQINO":
            at = {"L": 15, "A": 24, "F": 24, "P": 24, "Q": 19, "I": 28}.get(tag, 11)
            message = message[:at] + b"ACME    " + message[at + 8 :]
        if tag in "AFP":
            message = message[:19] + b"B" + message[20:]
        start = itch(itch_system(), itch_directory("ACME", 1))
        assert kinds(tmp_path, start + itch(message))[-1] == code


@pytest.mark.parametrize("name", SHAPES)
def test_collector(tmp_path: Path, name: str) -> None:
    text, (code, *_) = SHAPES[name]
    assert kinds(tmp_path, text + b"\n") == [code]
    assert code in table("Collector").values()


def test_collector_names_every_code_once() -> None:
    assert sorted(table("Collector").values()) == sorted({code for _, (code, *_) in SHAPES.values()})
