"""Whatever the text of a scenario file: settings, or a ``ScenarioError`` that names what is wrong (atheris).

    python -m tools.fuzz.scenario CORPUS [libFuzzer's options]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tickpath", "tomllib"]):
    from tickpath.config.scenario import load_scenario
    from tickpath.errors import ScenarioError
    from tickpath.lab.drill import shipped_scenarios

_SHIPPED = shipped_scenarios()
_FILE = Path(tempfile.mkdtemp(prefix="tickpath-fuzz-")) / "scenario.toml"


def one(data: bytes) -> None:
    """One file; an exception that escapes is a finding."""
    _FILE.write_bytes(data)
    try:
        scenario = load_scenario(_FILE, builtin=_SHIPPED)
    except ScenarioError as error:
        if not error.problems or any("\n" in str(problem) for problem in error.problems):
            raise AssertionError(repr(str(error))) from error
    else:
        scenario.run_settings()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
