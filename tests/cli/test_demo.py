"""``tickpath demo`` end to end: live once and short, on threads of this machine, and in virtual time."""

from __future__ import annotations

import json

import pytest

from tests.lab.demo.test_show import OBSERVER
from tickpath.cli import main
from tickpath.lab.demo.acts import ACTS
from tickpath.lab.demo.show import Size


def test_in_virtual_time_it_says_the_same_twice(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for _ in range(2):
        assert main(["demo", "--mode", "virtual", "--quick", "--json"]) == 0
        stdout, stderr = capsys.readouterr()
        report = json.loads(stdout)
        assert (stdout.count("\n"), stderr, report["schema"]) == (1, "", "tickpath/demo/1")
        del report["wall_ns"]
        for act in report["acts"]:
            del act["wall_ns"]
        printed.append(report)
    assert printed[0] == printed[1]
    assert printed[0]["replay"] == "tickpath demo --seed 1 --quick --mode virtual"


@pytest.mark.slow
def test_live_every_ledger_balances_and_the_signal_is_a_real_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last act alone: half a second.
    small = Size(steady_events=10_000, pairs=1, pair_events=1_000, acts=ACTS[3:])
    monkeypatch.setattr(Size, "quick", lambda: small)
    code = main(["demo", "--quick", "--json"])
    stdout, stderr = capsys.readouterr()
    report = json.loads(stdout)
    assert (report["mode"], report["digest"]) == ("live", None)
    assert (report["ledger"]["balanced"], report["executed_outside_ready"]) == (True, 0)
    last = {row["name"]: row["measured"] for row in report["acts"][0]["grade"]}
    assert (last["ended by"], last["events left unread"]) == ("SIGTERM", 0)
    assert report["observer"]["unaccounted"] == 0
    assert tuple(report["observer"]) == OBSERVER
    assert "tickpath: SIGTERM under load" in stderr
    # How long things took is the machine's: what it made too late is said.
    assert code == (1 if report["reasons"] else 0)
    assert len(report["virtual"]["digest"]) == 64
