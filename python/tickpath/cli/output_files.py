"""Files that a command writes beside what it prints: the option, and what is refused before anything runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tickpath.core.whole_file import is_special, why_not_written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["refuse_overwriting", "refuse_unwritable", "report_option"]

_Command = TypeVar("_Command", bound="Callable[..., Any]")


def report_option(help_text: str) -> Callable[[_Command], _Command]:
    """The option ``--report FILE``."""
    return click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help=help_text)


def refuse_unwritable(option: str, path: Path | None) -> None:
    """Bad usage, before anything runs, if the file of ``--option`` cannot be written."""
    reason = None if path is None else why_not_written(path)
    if reason is not None:
        raise click.UsageError(f"--{option} {reason}")


def refuse_overwriting(option: str, path: Path | None, others: Mapping[str, str | Path | None]) -> None:
    """Bad usage if the file of ``--option`` is one of ``others``, which are read, or written as well."""
    if path is None or is_special(path):
        return
    place = os.path.realpath(path)
    for name, other in others.items():
        if other is not None and os.path.realpath(other) == place:
            raise click.UsageError(f"--{option} {path} is the file of {name}: name another")
