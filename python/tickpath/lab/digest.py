"""The digest of a run in virtual time: one line that two equal runs share, and no two others.

SHA-256 over the acks as rows of ``ACK_DTYPE``, then the canonical JSON of lifecycle and ledger: sorted
keys, no white space, ASCII. Nothing in it depends on the machine, the interpreter or its hashes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tickpath.lab.accounts import ledger_account, lifecycle_account

if TYPE_CHECKING:
    from tickpath.runtime.result import RunResult

__all__ = ["run_digest"]


def run_digest(result: RunResult) -> str | None:
    """The digest of ``result``; ``None`` for a live run, and for one that left no record."""
    record = result.record
    if result.mode != "virtual" or record is None:
        return None
    tail = {"ledger": ledger_account(record), "lifecycle": lifecycle_account(result.history)}
    return record.digest(json.dumps(tail, sort_keys=True, separators=(",", ":")).encode("ascii"))
