"""How deep the models are explored: a little in the suite, and far with ``make models``.

``TICKPATH_HYPOTHESIS_PROFILE=deep`` takes fresh seeds, which a failure prints; ``TICKPATH_EXAMPLES`` says
how many examples each test takes then.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import settings

IS_DEEP = os.environ.get("TICKPATH_HYPOTHESIS_PROFILE") == "deep"
EXAMPLES = int(os.environ.get("TICKPATH_EXAMPLES", "1000"))


def examples(count: int) -> settings:
    """Settings of a test that takes ``count`` examples in the suite."""
    return settings() if IS_DEEP else settings(max_examples=count)


def machine(rules: Any, *, examples: int, steps: int = 40) -> Any:
    """The test of a state machine that takes so many runs of so many steps in the suite."""
    case = rules.TestCase
    if not IS_DEEP:
        case.settings = settings(max_examples=examples, stateful_step_count=steps)
    # Finding a failure takes seconds, making it small may take minutes.
    return pytest.mark.slow(pytest.mark.timeout(7_200 if IS_DEEP else 600)(case))
