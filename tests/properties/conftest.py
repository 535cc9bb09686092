"""Settings of every test: which Hypothesis profile is used.

``TICKPATH_HYPOTHESIS_PROFILE=deep`` runs the property tests longer and with fresh seeds, which are
printed on failure; the default ``quick`` takes the same examples every time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A busy machine must not fail a test: neither by a deadline nor by slow generation.
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile(
    "quick", _patient, derandomize=True, max_examples=150, stateful_step_count=50, database=None
)
settings.register_profile("deep", _patient, max_examples=3000, stateful_step_count=120, print_blob=True)
settings.load_profile(os.environ.get("TICKPATH_HYPOTHESIS_PROFILE", "quick"))
