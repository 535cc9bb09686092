"""Draw ``docs/guides/watch-a-run.svg``: what ``tickpath run --watch`` shows of a real run.

The run is the scenario of the guide, live, in this process; the picture kept is the first one in which it is
degraded, exported by Rich, which draws it on terminals, too.
"""

from __future__ import annotations

import dataclasses
import io
import re
import select
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.segment import Segment, Segments

from tickpath.cli.watch import Watch
from tickpath.config.engine import ACK_CAPACITY
from tickpath.core.state import State
from tickpath.lab.drill import load_drill
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.session import Session

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "guides" / "watch-a-run.md"
COLUMNS, LINES = 100, 28

Lines = list[list[Segment]]


class Camera:
    """Stands where the terminal would, and keeps the first picture of a degraded run."""

    has_keys = True

    def __init__(self, session: Session) -> None:
        self._session = session
        self.console = Console(
            file=io.StringIO(), force_terminal=True, color_system="truecolor", width=COLUMNS
        )
        self.kept: Lines | None = None

    def is_ours(self) -> bool:
        """Nobody else has it."""
        return True

    def enter(self) -> None:
        """Nothing is to be prepared."""

    def draw(self, render: Callable[[Console, int, int], Lines]) -> None:
        """Keep the picture, if it is worth it; make it in any case, for what it takes is on the next."""
        picture = render(self.console, COLUMNS, LINES)
        self.console.print(Segments([segment for line in picture for segment in line]))
        if self.kept is None and self._session.lifecycle.state is State.DEGRADED:
            self.kept = picture

    def keys(self, wake_fd: int, timeout_s: float) -> str:
        """Wait; nobody presses any."""
        select.select([wake_fd], [], [], timeout_s)
        return ""

    def leave(self) -> None:
        """Nothing is to be put back."""


def main() -> int:
    """Run, keep, export."""
    block = re.search(r"```toml[^\n]*\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    if block is None:
        raise SystemExit(f"{GUIDE} has no scenario")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frozen.toml"
        path.write_text(block[1], encoding="utf-8")
        scenario = load_drill(str(path))
        settings = dataclasses.replace(scenario.run_settings(), ack_capacity=ACK_CAPACITY)
        session = Session(load_source(scenario), settings, scenario=scenario)
    camera: Any = Camera(session)
    with Watch(session, camera, "frozen.toml") as watch:
        session.run(on_start=watch.begin, on_look=watch.look)
    if camera.kept is None:
        raise SystemExit("the run was never seen degraded")
    recorded = Console(
        record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor", width=COLUMNS
    )
    for line in camera.kept:
        recorded.print(Segments([*line, Segment.line()]), end="")
    svg = recorded.export_svg(title="tickpath run frozen.toml --watch", unique_id="watch")
    # No font from the network: the reader's own will do.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace")
    GUIDE.with_suffix(".svg").write_text(svg, encoding="utf-8")
    sys.stdout.write(f"{GUIDE.with_suffix('.svg')}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
