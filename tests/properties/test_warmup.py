"""The warm-up against its definition: whatever medians and steps come, it ends, and passes only if flat."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.depth import examples
from tests.runtime.looks import Window, seen
from tickpath.config.scenario.surroundings import WarmupSettings
from tickpath.runtime.warmup import WarmUp

ROUND = 100


@examples(60)
@given(
    medians_ns=st.lists(st.none() | st.integers(0, 1_000), max_size=60),
    steps=st.lists(st.integers(1, 3 * ROUND), min_size=200, max_size=200),
    rounds_max=st.integers(2, 12),
    holds=st.booleans(),
)
def test_it_always_ends_by_the_cap(
    medians_ns: list[int | None], steps: list[int], rounds_max: int, holds: bool
) -> None:
    settings = WarmupSettings(
        round_events=ROUND, tolerance=0.1, rounds_min=2, rounds_max=rounds_max, flat_rounds=2, hold_feed=holds
    )
    warmup, window, cursor = WarmUp(settings), Window(*medians_ns), 0
    warmup.begin()
    for moved in steps:
        cursor += moved
        warmup.step(seen(cursor), window)
    assert not warmup.is_running
    certificate = warmup.certificate
    assert certificate is not None
    assert settings.rounds_min <= len(certificate.rounds) <= rounds_max
    assert certificate.verdict in ("passed", "failed")
    last = [each.p50_ns for each in certificate.rounds[-2:]]
    is_flat = None not in last and max(last) - min(last) <= 0.1 * min(last)  # type: ignore[type-var, operator]
    assert (certificate.verdict == "passed") is is_flat
