"""How deep the tests go that have no natural end: a little in the suite, and far with ``make soak``."""

from __future__ import annotations

import os

_IS_SOAK = "TICKPATH_SOAK" in os.environ

EVERY_DRILL_LIVE = _IS_SOAK
RANDOM_RUNS = 100 if _IS_SOAK else 12
STARTS = 1_000 if _IS_SOAK else 200
INTERRUPTED_RUNS = 100 if _IS_SOAK else 2
SIGNALLED_COMMANDS = 400 if _IS_SOAK else 2
INTERPRETER_ENDS = 20 if _IS_SOAK else 1
FORKS = 300 if _IS_SOAK else 10
ENGINES_AT_ONCE = 1_000 if _IS_SOAK else 32
