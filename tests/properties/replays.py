"""A run that failed, as the file that replays it: printed, and taken out of what was printed."""

from __future__ import annotations

from tests.runtime.scenario_text import toml_of
from tickpath.config.scenario import Scenario

_BEGIN, _END = "# ---- found.toml", "# ---- end of found.toml"


def replay_of(scenario: Scenario) -> str:
    """What a person needs: the file, and the command."""
    command = "tickpath run found.toml --mode virtual"
    return f"to replay it save this as found.toml and say: {command}\n{_BEGIN}\n{toml_of(scenario)}{_END}"


def printed_files(text: str) -> list[str]:
    """The files in what a failing test printed, in order."""
    return [part.split(_END)[0] for part in text.split(f"{_BEGIN}\n")[1:]]
