"""Settings of every test here: which Hypothesis profile is used, and how deep it goes (``depth.py``).

``quick``, the default, takes the same examples every time; ``deep`` takes fresh ones, and prints their seed
and what reproduces a failure.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

from tests.properties.depth import EXAMPLES

# A busy machine must not fail a test: neither by a deadline nor by slow generation. What an example has in
# common with others that fail is not worth the minutes that it takes to find out.
_patient = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
)

settings.register_profile(
    "quick", _patient, derandomize=True, max_examples=150, stateful_step_count=50, database=None
)
settings.register_profile(
    "deep", _patient, max_examples=EXAMPLES, stateful_step_count=80, print_blob=True, database=None
)
settings.load_profile(os.environ.get("TICKPATH_HYPOTHESIS_PROFILE", "quick"))
