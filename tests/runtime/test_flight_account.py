"""What a recorder says that it did: empty where nothing was, and one failure for each dump that had one."""

from __future__ import annotations

from typing import Any

from tickpath.config.flight import FlightSettings
from tickpath.runtime.flight_recorder.account import DumpNote, FlightAccount, Suppressed


def note(number: int, failure: str | None) -> DumpNote:
    names = (
        *("events", "events_overwritten", "events_not_kept"),
        *("acks", "acks_overwritten", "acks_not_kept"),
    )
    counts: dict[str, Any] = dict.fromkeys(names, 0)
    return DumpNote(number=number, at_ns=5, fired=(), files=(), failure=failure, **counts)


def test_an_account_of_nothing_is_empty_and_not_unknown() -> None:
    account = FlightAccount(settings=FlightSettings(), folder=None)
    assert (account.dumps, account.suppressed) == ((), ())
    assert (account.windows_unknown, account.acks_unseen, account.failures) == (0, 0, 0)
    assert account.transitions_unseen == 0
    assert Suppressed("end", "gap", 3) == Suppressed(trigger="end", why="gap", count=3)


def test_a_dump_of_which_a_file_is_missing_is_a_failure() -> None:
    notes = (note(1, None), note(2, "No space left on device: here"), note(3, ""))
    assert FlightAccount(settings=FlightSettings(), folder="here", dumps=notes).failures == 2
