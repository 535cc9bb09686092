"""The result on stdout: one JSON object, or text made for the terminal's width."""

from __future__ import annotations

import io
import json
import shutil
import sys
from typing import TYPE_CHECKING

import click

from tickpath.cli.streams import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

__all__ = ["print_result"]

#: Width of the text where there is no terminal to ask.
_PLAIN_WIDTH = 130


def print_result(report: Mapping[str, object], render: Callable[[Console], object], *, as_json: bool) -> None:
    """Writes ``report`` as JSON, or what ``render`` prints. A reader that has gone is no error."""
    try:
        if as_json:
            # ASCII: names of files may hold what no encoding has.
            click.echo(json.dumps(report))
        else:
            from rich.console import Console

            # Rendered first and written in one piece: Rich has its own idea of a closed pipe.
            text = io.StringIO()
            at_terminal = sys.stdout.isatty()
            width = shutil.get_terminal_size().columns if at_terminal else _PLAIN_WIDTH
            render(Console(file=text, force_terminal=at_terminal, width=width))
            encoding = sys.stdout.encoding or "utf-8"
            click.echo(text.getvalue().encode(encoding, "replace").decode(encoding), nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read it has seen enough; the verdict stands.
        settle()
