"""The command line: one file per command, loaded when it is called."""

from __future__ import annotations

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Runs ``tickpath`` with ``arguments`` (those of the process by default); the exit code.

    0 done and passed, 1 failed its objectives or its ledger, 2 bad input or usage, 130 interrupted.
    """
    try:
        from tickpath.cli.app import run_command_line

        return run_command_line(arguments)
    except KeyboardInterrupt:
        # Before there was anything to account for.
        return 130
