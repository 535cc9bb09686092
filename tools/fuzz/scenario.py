"""Whatever the text of a scenario file: settings, or a ``ScenarioError`` that names what is wrong (atheris).

    python -m tools.fuzz.scenario CORPUS [libFuzzer's options]

Half of the inputs are made by libFuzzer from bytes, and are broken TOML as a rule; for the other half
``tables.py`` changes keys and values of a file that can be read.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["tickpath", "tomllib"]):
    from tickpath.config.scenario import load_scenario
    from tickpath.errors import ScenarioError
    from tickpath.lab.drill import shipped_scenarios

# Behind the instrumented ones: it imports tomllib too.
from tools.fuzz import tables

_SHIPPED = shipped_scenarios()
# Beside copies of the shipped ones, which extend each other by the names of their files.
_FILE = Path(tempfile.mkdtemp(prefix="tickpath-fuzz-")) / "scenario.toml"
for base in tables.SHIPPED.glob("*.toml"):
    shutil.copy(base, _FILE.parent)


def one(data: bytes) -> None:
    """One file; an exception that escapes is a finding."""
    _FILE.write_bytes(data)
    try:
        scenario = load_scenario(_FILE, builtin=_SHIPPED)
    except ScenarioError as error:
        if not error.problems or not all(_is_legible(str(problem)) for problem in error.problems):
            raise AssertionError(repr(str(error))) from error
    else:
        scenario.run_settings()


def _is_legible(text: str) -> bool:
    return text.isprintable() and len(text) < 2_000


def mutated(data: bytes, max_bytes: int, seed: int) -> bytes:
    """Another file from this one."""
    chance = Random(seed)  # noqa: S311 - libFuzzer's seed
    changed = tables.changed(data, chance) if chance.random() < 0.5 else None
    if changed is None or len(changed) > max_bytes:
        return bytes(atheris.Mutate(data, max_bytes))
    return changed


if __name__ == "__main__":
    atheris.Setup(sys.argv, one, custom_mutator=mutated)
    atheris.Fuzz()
