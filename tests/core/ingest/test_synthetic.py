"""Goal: a synthetic stream is what its arguments say, byte for byte, and as bursty as the recording.

Method: pinned digests of small streams, exact arithmetic for the constant model, and Fano factors
(variance over mean of the counts in a window) against stored targets and against the real file.
"""

from __future__ import annotations

import hashlib
import math
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tickpath import _native
from tickpath.core.ingest import EVENT_DTYPE, MarketDataSource
from tickpath.core.ingest.synthetic import MODELS, generate
from tickpath.errors import ArgumentTypeError, ArgumentValueError

RECORDING = Path(__file__).parents[3].parent / "shared" / "data" / "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip"
RECORDED_EVENTS = 118_497
RECORDED_SPAN_S = 23_400
RECORDED_HZ = RECORDED_EVENTS / RECORDED_SPAN_S
RECORDED_FANO = {10_000_000: 5.348, 1_000_000_000: 21.968}
SEEDS = (0, 1, 7, 42, 2**64 - 1)


def events_of(model: str, rate_hz: float, events: int, **more: Any) -> np.ndarray[Any, Any]:
    return MarketDataSource.synthetic(model=model, rate_hz=rate_hz, events=events, **more).events  # type: ignore[arg-type]


def fano(stamps_ns: np.ndarray[Any, Any], window_ns: int, windows: int | None = None) -> float:
    numbers = (stamps_ns // np.uint64(window_ns)).astype(np.int64)
    windows = windows or int(numbers[-1])
    counts = np.bincount(numbers[numbers < windows], minlength=windows)
    return float(counts.var() / counts.mean())


@pytest.mark.parametrize(
    ("model", "digest"),
    [
        ("hawkes", "4624339a94eb5d1b162c855d763f51d72b9ce454471d221c60abb47fef419fcc"),
        ("poisson", "2826be5f0af8eca20dc6634c1f0935b7a0ca2843528d4419d3dcdc584a5daeec"),
        ("constant", "0f941cfcf1da1000ad8d42cd8710ee858178be2050e678f90fc687d53c3df66b"),
    ],
)
def test_the_bytes_of_a_seed_are_pinned(model: str, digest: str) -> None:
    stream = events_of(model, 100_000.0, 5_000, symbols=3, seed=12345)
    assert stream.dtype == EVENT_DTYPE
    assert hashlib.sha256(stream.tobytes()).hexdigest() == digest


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("events", [1, 2, 16_383, 16_384, 16_385])
def test_exactly_as_many_events_as_asked_for_from_stamp_zero(model: str, events: int) -> None:
    stream = events_of(model, 1e6, events)
    assert len(stream) == events
    assert stream["ts_ns"][0] == 0
    assert (np.diff(stream["ts_ns"].astype(np.int64)) >= 0).all()
    assert (stream["sequence"] == np.arange(1, events + 1)).all()
    assert not stream["intended_ns"].any()


@pytest.mark.parametrize(("model", "deviations"), [("hawkes", math.sqrt(27)), ("poisson", 1.0)])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_rate_is_the_one_asked_for(model: str, deviations: float, seed: int) -> None:
    events = 20_000
    stream = events_of(model, 2e5, events, seed=seed)
    realised_hz = (events - 1) / (int(stream["ts_ns"][-1]) / 1e9)
    # The number of events in a given time has the standard deviation sqrt(fano * events): five of them.
    assert abs(realised_hz / 2e5 - 1) < 5 * deviations / math.sqrt(events), f"seed {seed}: {realised_hz}"


@pytest.mark.parametrize("rate_hz", [1.0, 3.0, 7.7, 1e5 / 3, 44_100.0, 123_456.789, 999_999_999.0, 1e9])
def test_constant_spacing_is_exact_and_never_drifts(rate_hz: float) -> None:
    stamps = events_of("constant", rate_hz, 5_000)["ts_ns"]
    exact = Fraction(rate_hz)
    for i in (*range(50), 2_500, 4_998, 4_999):
        assert stamps[i] == math.floor(i * 1_000_000_000 / exact), i


def test_another_seed_gives_another_stream() -> None:
    assert (events_of("hawkes", 1e5, 1000, seed=1) == events_of("hawkes", 1e5, 1000, seed=1)).all()
    assert (events_of("hawkes", 1e5, 1000, seed=1) != events_of("hawkes", 1e5, 1000, seed=2)).any()


def test_a_shorter_stream_is_the_beginning_of_a_longer_one() -> None:
    assert (events_of("hawkes", 1e5, 20_000)[:5_000] == events_of("hawkes", 1e5, 5_000)).all()


def test_time_is_compressed_and_the_shape_kept() -> None:
    slow = events_of("hawkes", RECORDED_HZ, 5_000, seed=3)["ts_ns"].astype(float)
    fast = events_of("hawkes", RECORDED_HZ * 1000, 5_000, seed=3)["ts_ns"].astype(float)
    assert np.abs(slow / 1000 - fast).max() <= 1.01


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_hawkes_is_as_bursty_as_the_stored_targets(seed: int) -> None:
    stamps = events_of("hawkes", RECORDED_HZ, RECORDED_EVENTS, seed=seed)["ts_ns"]
    for window_ns, recorded in RECORDED_FANO.items():
        ratio = fano(stamps, window_ns) / recorded
        assert 0.75 <= ratio <= 1.25, f"seed {seed}, windows of {window_ns} ns: {ratio}"


@pytest.mark.skipif(not RECORDING.exists(), reason=f"needs the real recording {RECORDING}")
@pytest.mark.slow
def test_the_stored_targets_are_the_recording_s() -> None:
    with zipfile.ZipFile(RECORDING) as archive:
        (member,) = (name for name in archive.namelist() if "message" in name)
        times = [line.partition(b",")[0] for line in archive.read(member).splitlines()]
    # Decimal seconds with their trailing zeros stripped: padded to nine decimals before they are read.
    parts = (time.partition(b".") for time in times)
    stamps = np.array([int(s) * 10**9 + int(f.ljust(9, b"0")) for s, _, f in parts], np.uint64)
    assert len(stamps) == RECORDED_EVENTS
    midnight_to_open = np.uint64(34_200 * 10**9)
    for window_ns, recorded in RECORDED_FANO.items():
        measured = fano(stamps - midnight_to_open, window_ns, RECORDED_SPAN_S * 10**9 // window_ns)
        assert measured == pytest.approx(recorded, rel=1e-3)


def test_poisson_is_not_bursty() -> None:
    stamps = events_of("poisson", 1e6, 30_000)["ts_ns"]
    assert fano(stamps, 100_000) == pytest.approx(1, abs=0.2)


def test_symbols_are_named_and_used_evenly() -> None:
    source = MarketDataSource.synthetic(rate_hz=1e5, events=30_000, symbols=3)
    assert source.symbols == ("SYM0", "SYM1", "SYM2")
    counts = np.bincount(source.events["symbol"], minlength=3)
    # Orders about older orders repeat a symbol, so the deviation is larger than a coin's.
    assert (np.abs(counts - 10_000) < 1_000).all(), counts


def test_the_fields_are_plausible() -> None:
    stream = events_of("hawkes", 1e5, 20_000)
    assert set(np.unique(stream["kind"])) == {1, 2, 3, 4, 5}
    assert set(np.unique(stream["side"])) == {-1, 1}
    assert (stream["size_e9"] % 100_000_000_000 == 0).all()
    assert (stream["price_e9"] % 10_000_000 == 0).all()
    submissions = stream[stream["kind"] == 1]["order_id"]
    assert (submissions == np.arange(1, len(submissions) + 1)).all()


def test_the_account_says_what_was_generated() -> None:
    source = MarketDataSource.synthetic(model="poisson", rate_hz=10, events=5, seed=9)
    assert len(source) == 5
    assert source.skipped == []
    assert source.meta["sources"][0]["kind"] == "synthetic"
    assert (source.meta["model"], source.meta["rate_hz"], source.meta["seed"]) == ("poisson", 10.0, 9)


@pytest.mark.parametrize("rate_hz", [0, -1.0, math.nan, math.inf, 1.1e9, 10**400, 1e-300])
def test_a_rate_that_makes_no_stream_is_refused(rate_hz: float) -> None:
    with pytest.raises(ArgumentValueError, match=r"rate_hz|Hz"):
        MarketDataSource.synthetic(rate_hz=rate_hz, events=10)


@pytest.mark.parametrize("events", [0, -1, 2**28 + 1, 10**12, 10**30])
def test_a_number_of_events_out_of_range_is_refused(events: int) -> None:
    with pytest.raises(ArgumentValueError, match=r"events=.*out of range"):
        MarketDataSource.synthetic(rate_hz=1, events=events)


def test_more_events_than_the_free_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickpath.core.ingest.synthetic._free_bytes", lambda: 56 * 99)
    assert len(MarketDataSource.synthetic(rate_hz=1, events=99)) == 99
    with pytest.raises(ArgumentValueError, match="lower events to 99 at most"):
        MarketDataSource.synthetic(rate_hz=1, events=100)


@pytest.mark.parametrize(
    ("files", "events"),
    [
        ({"/proc/meminfo": "MemAvailable: 7 kB"}, 7 * 1024 // 56),
        (
            {
                "/proc/meminfo": "MemTotal: 90 kB\nMemAvailable: 7 kB",
                "/sys/fs/cgroup/memory.max": "5600\n",
                "/sys/fs/cgroup/memory.current": "560\n",
            },
            90,
        ),
        ({"/proc/meminfo": "MemAvailable: 7 kB", "/sys/fs/cgroup/memory.max": "max"}, 7 * 1024 // 56),
        ({"/sys/fs/cgroup/memory.max": "56"}, None),
    ],
    ids=["a machine", "a container with less", "a container without a limit", "not Linux"],
)
def test_the_free_memory_is_the_machines_or_the_containers_if_that_is_less(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], events: int | None
) -> None:
    class Told(type(Path())):  # type: ignore[misc]  # a path of this system
        def read_text(self, *_: Any) -> str:
            try:
                return files[str(self)]
            except KeyError:
                raise FileNotFoundError(str(self)) from None

    monkeypatch.setattr("tickpath.core.ingest.synthetic.Path", Told)
    if events is None:
        assert len(MarketDataSource.synthetic(rate_hz=1, events=1_000)) == 1_000
        return
    assert len(MarketDataSource.synthetic(rate_hz=1, events=events)) == events
    with pytest.raises(ArgumentValueError, match=f"lower events to {events} at most"):
        MarketDataSource.synthetic(rate_hz=1, events=events + 1)


@pytest.mark.parametrize(
    ("name", "value"), [("symbols", 0), ("symbols", 65_537), ("seed", -1), ("seed", 2**64)]
)
def test_other_numbers_out_of_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(ArgumentValueError, match=rf"{name}=.*out of range"):
        MarketDataSource.synthetic(rate_hz=1, events=1, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate_hz", "1"),
        ("rate_hz", None),
        ("model", 5),
        ("events", 1.5),
        ("events", True),
        ("symbols", "2"),
        ("seed", None),
    ],
)
def test_arguments_of_another_type_are_refused(name: str, value: object) -> None:
    arguments: dict[str, Any] = {"rate_hz": 1.0, "events": 1, name: value}
    with pytest.raises(ArgumentTypeError, match=name):
        MarketDataSource.synthetic(**arguments)


def test_a_number_too_long_to_be_written_is_refused_as_well() -> None:
    with pytest.raises(ArgumentValueError, match="events=a positive integer of 16610 bits is out of range"):
        MarketDataSource.synthetic(rate_hz=1, events=10**5000)
    with pytest.raises(ArgumentValueError, match="rate_hz=a negative integer of 16610 bits makes no stream"):
        MarketDataSource.synthetic(rate_hz=-(10**5000), events=1)


@pytest.mark.parametrize(
    ("model", "meant"), [("hawks", "hawkes"), ("Poison", "poisson"), ("CONSTANT", "constant")]
)
def test_a_mistyped_model_is_answered_with_the_one_meant(model: str, meant: str) -> None:
    with pytest.raises(ArgumentValueError, match=f'did you mean "{meant}"'):
        MarketDataSource.synthetic(model=model, rate_hz=1, events=1)  # type: ignore[arg-type]


def test_progress_is_told_and_can_end_the_work() -> None:
    class Enough(Exception):
        pass

    seen: list[tuple[int, int, int]] = []
    generate("poisson", rate_hz=1e6, events=1000, progress=lambda *told: seen.append(told))
    assert seen[-1] == (56_000, 56_000, 1000)

    def stop(*_: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        generate("poisson", rate_hz=1e6, events=1000, progress=stop)


def test_the_limits_of_both_sides_are_the_same() -> None:
    for events in (2**28 + 1, 2**40):
        with pytest.raises(ArgumentValueError, match="events="):
            _native.synthetic_events("poisson", 1.0, events, 1, 0, None)
    with pytest.raises(ArgumentValueError, match="symbols="):
        _native.synthetic_events("poisson", 1.0, 1, 65_537, 0, None)


def test_the_progress_is_told_and_what_it_raises_ends_the_work() -> None:
    seen: list[tuple[int, int, int]] = []
    MarketDataSource.synthetic(rate_hz=1e5, events=1_000, progress=lambda *args: seen.append(args))
    assert seen[-1] == (56_000, 56_000, 1_000)

    def refuse(*_: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        MarketDataSource.synthetic(rate_hz=1e5, events=1_000, progress=refuse)
