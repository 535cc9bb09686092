"""The monitor: when causes are raised and cleared, what it shows, and what a broken probe does to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.looks import MS, Feed, Told, lifecycle_in, look, reported
from tickpath.config.scenario.probes import FeedStalenessSettings, RefusedMovesSettings, standard_probes
from tickpath.control.failure import Cause, held, held_causes, hold
from tickpath.control.health import HealthMonitor, Hysteresis, Reading, Verdict, Watch
from tickpath.core.state import State
from tickpath.errors import ArgumentTypeError, ArgumentValueError

F: Verdict = "failing"
K: Verdict = "ok"
U: Verdict = "unknown"


def raised_steps(verdicts: list[Verdict], raise_after: int, clear_after: int) -> list[int]:
    """The steps after which the cause was held."""
    lifecycle = lifecycle_in(State.READY)
    monitor = HealthMonitor([Watch(Told([*verdicts]), raise_after, clear_after)], lifecycle)
    steps = []
    for step in range(len(verdicts)):
        monitor.step(look(step))
        if held_causes(lifecycle):
            steps.append(step)
    return steps


@pytest.mark.parametrize(
    ("verdicts", "raise_after", "clear_after", "expected"),
    [
        ([K, F, F, K, K], 1, 1, [1, 2]),
        ([F, F, F, F, K], 3, 1, [2, 3]),
        ([F, F, K, F, F], 3, 1, []),
        ([F, K, K, F, K], 1, 2, [0, 1, 3, 4]),
        ([F, K, F, K, K], 1, 2, [0, 1, 2, 3]),
        ([F, U, F, U, U], 2, 1, [2, 3, 4]),
        ([F, U, K, U, K], 1, 2, [0, 1, 2, 3]),
        ([U, U, U, U, U], 1, 1, []),
    ],
)
def test_hysteresis_works_both_ways_and_unknown_changes_nothing(
    verdicts: list[Verdict], raise_after: int, clear_after: int, expected: list[int]
) -> None:
    assert raised_steps(verdicts, raise_after, clear_after) == expected


@pytest.mark.parametrize("which", ["raise_after", "clear_after"])
def test_patience_is_an_integer_from_one(which: str) -> None:
    bad: Any
    for bad in (0, -1, True, 1.5, "2"):
        with pytest.raises((ArgumentTypeError, ArgumentValueError), match=f"^{which} must be an integer"):
            Hysteresis(**{which: bad})
    Hysteresis(**{which: 1_000_000})
    with pytest.raises(ArgumentValueError, match="from 1 to 1,000,000, got 1000001"):
        Hysteresis(**{which: 1_000_001})


def test_without_patience_the_first_verdict_decides() -> None:
    hysteresis = Hysteresis()
    assert [hysteresis.step(verdict) for verdict in (F, K, F)] == [True, True, True]
    watch = Watch(Told([]))
    assert (watch.raise_after, watch.clear_after) == (1, 1)


class TestCauses:
    def test_a_cause_has_owner_evidence_and_since(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        monitor = HealthMonitor.of([FeedStalenessSettings(name="feed", staleness_ns_max=5 * MS)], lifecycle)
        feed = Feed(published=1, newest_ns=0)
        assert monitor.step(look(5 * MS, feed=feed)) == ()
        (change,) = monitor.step(look(6 * MS, feed=feed))
        expected = Cause(
            "market data outage",
            "probe:feed",
            "6,000,000 ns without a new event, at most 5,000,000 is ok",
            6 * MS,
        )
        assert held(lifecycle) == (expected,)
        assert (change.at_ns, change.probe, change.cause, change.raised) == (6 * MS, "feed", expected, True)
        assert change.reading == Reading("failing", 6 * MS, 5 * MS, "ns without a new event")

    @pytest.mark.parametrize(
        ("value", "threshold", "evidence"),
        [
            (None, 2.5, "unknown apples, at most 2.5 is ok"),
            (1 / 3, 12_000, "0.333333 apples, at most 12,000 is ok"),
            (1_234_567.8, 0.0, "1.23457e+06 apples, at most 0 is ok"),
            (1_234_567, 123_456.0, "1,234,567 apples, at most 123,456 is ok"),
        ],
    )
    def test_evidence_reads_as_people_write_it(
        self, value: float | None, threshold: float, evidence: str
    ) -> None:
        class Apples(Told):
            def read(self, look: Any) -> Reading:
                return Reading("failing", value, threshold, "apples")

        (change,) = HealthMonitor([Apples([])], lifecycle_in(State.READY)).step(look(7))
        assert (change.cause.evidence, change.cause.since_ns) == (evidence, 7)

    def test_the_change_that_clears_says_what_it_was(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        monitor = HealthMonitor([Told([F, K])], lifecycle)
        (raised,) = monitor.step(look(10))
        (cleared,) = monitor.step(look(20))
        assert (cleared.at_ns, cleared.raised, cleared.cause) == (20, False, raised.cause)
        assert held(lifecycle) == ()

    def test_the_same_words_of_two_probes_are_two_causes(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        monitor = HealthMonitor([Told([F, K, K], "one"), Told([F, F, K], "two")], lifecycle)
        words = []
        for step in range(3):
            monitor.step(look(step))
            words.append(held_causes(lifecycle))
        assert words == [("told so", "told so"), ("told so",), ()]

    def test_changes_come_in_the_order_of_the_probes(self) -> None:
        probes = [Told([F, K], name) for name in ("b", "a", "c")]
        monitor = HealthMonitor(probes, lifecycle_in(State.READY))
        assert [change.probe for change in monitor.step(look(0))] == ["b", "a", "c"]
        assert [change.probe for change in monitor.step(look(1))] == ["b", "a", "c"]

    def test_the_lifecycle_is_never_moved(self) -> None:
        for state in State:
            lifecycle = lifecycle_in(state)
            epoch = lifecycle.epoch
            monitor = HealthMonitor([Told([F, K])], lifecycle)
            for step in range(2):
                monitor.step(look(step))
            assert (lifecycle.state, lifecycle.epoch, lifecycle.refused_moves) == (state, epoch, 0)

    def test_a_cause_of_somebody_else_is_left_alone(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        theirs = Cause("told so", "operator")
        hold(lifecycle, theirs)
        monitor = HealthMonitor([Told([F, K])], lifecycle)
        for step in range(2):
            monitor.step(look(step))
        monitor.close()
        assert held(lifecycle) == (theirs,)

    def test_a_closed_monitor_holds_nothing_and_begins_anew(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        monitor = HealthMonitor([Told([F, F])], lifecycle)
        monitor.step(look(0))
        monitor.close()
        assert held(lifecycle) == ()
        assert [change.raised for change in monitor.step(look(1))] == [True]
        assert held_causes(lifecycle) == ("told so",)


class TestReadings:
    def test_before_the_first_step_everything_is_unknown(self) -> None:
        monitor = HealthMonitor.of(standard_probes(), lifecycle_in(State.INIT))
        assert monitor.unknown == tuple(probe.name for probe in standard_probes())
        figures = [
            (status.verdict, status.value, status.threshold, status.what, status.since_ns)
            for status in monitor.readings
        ]
        assert figures == [("unknown", None, None, "", None)] * len(figures)
        assert not any(status.raised for status in monitor.readings)

    def test_what_it_says_cannot_be_changed(self) -> None:
        monitor = HealthMonitor([Told([F])], lifecycle_in(State.READY))
        (change,) = monitor.step(look(0))
        said: Any
        for said, name in (
            (change, "raised"),
            (monitor.readings[0], "raised"),
            (Watch(Told([])), "raise_after"),
        ):
            with pytest.raises(AttributeError):
                setattr(said, name, False)

    def test_since_is_when_the_verdict_began(self) -> None:
        monitor = HealthMonitor([Watch(Told([U, F, F, K, U, U]), 2, 1)], lifecycle_in(State.READY))
        seen = []
        for step in range(6):
            monitor.step(look(step * 10))
            (status,) = monitor.readings
            seen.append((status.verdict, status.since_ns, status.raised))
        assert seen == [
            ("unknown", 0, False),
            ("failing", 10, False),
            ("failing", 10, True),
            ("ok", 30, False),
            ("unknown", 40, False),
            ("unknown", 40, False),
        ]
        assert monitor.unknown == ("told",)

    def test_a_status_has_the_figures(self) -> None:
        monitor = HealthMonitor([Told([F])], lifecycle_in(State.READY))
        monitor.step(look(0))
        (status,) = monitor.readings
        assert (status.name, status.cause, status.value, status.threshold, status.what) == (
            *("told", "told so", 3),
            *(2, "things"),
        )


class TestBrokenProbes:
    def test_it_is_unknown_counted_and_reported_once(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        broken = Told([ValueError("one"), ValueError("two"), K], "broken", "broken")
        monitor = HealthMonitor([broken, Told([F, F, F])], lifecycle)
        with reported() as errors:
            for step in range(2):
                monitor.step(look(step))
        assert [str(error) for error in errors] == ["one"]
        status = monitor.readings[0]
        assert (status.value, status.threshold, status.what) == (None, 0, "ValueError")
        assert (monitor.errors, monitor.unknown, held_causes(lifecycle)) == (2, ("broken",), ("told so",))
        monitor.step(look(2))
        assert monitor.unknown == ()

    def test_it_is_reported_as_the_probes_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Any] = []
        monkeypatch.setattr("sys.unraisablehook", lambda args: seen.append(args.object))
        broken = Told([ValueError()])
        HealthMonitor([broken], lifecycle_in(State.READY)).step(look(0))
        assert seen == [broken]

    def test_one_that_fails_and_then_breaks_is_not_cleared_by_that(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        monitor = HealthMonitor([Told([F, OSError()])], lifecycle)
        with reported():
            for step in range(2):
                monitor.step(look(step))
        assert held_causes(lifecycle) == ("told so",)

    def test_one_that_answers_with_something_else_is_broken_too(self) -> None:
        class Strange(Told):
            def read(self, look: Any) -> Any:
                return ("failing", 3, 2)

        monitor = HealthMonitor([Strange([])], lifecycle_in(State.READY))
        with reported() as errors:
            assert monitor.step(look(0)) == ()
        assert (monitor.errors, monitor.unknown, len(errors)) == (1, ("told",), 1)

    def test_an_interrupt_is_no_broken_probe(self) -> None:
        class Interrupted(Told):
            def read(self, look: Any) -> Any:
                raise KeyboardInterrupt

        monitor = HealthMonitor([Interrupted([])], lifecycle_in(State.READY))
        with pytest.raises(KeyboardInterrupt):
            monitor.step(look(0))
        assert monitor.errors == 0


class TestAcknowledging:
    def test_it_clears_at_the_next_step(self) -> None:
        lifecycle = lifecycle_in(State.READY)
        monitor = HealthMonitor.of([RefusedMovesSettings()], lifecycle)
        monitor.step(look(0, refused_moves=1))
        assert monitor.acknowledge("state corruption")
        assert held_causes(lifecycle) == ("state corruption",)
        monitor.step(look(1, refused_moves=1))
        assert held_causes(lifecycle) == ()

    def test_a_cause_that_ends_by_itself_needs_none(self) -> None:
        monitor = HealthMonitor([Told([F])], lifecycle_in(State.READY))
        assert not monitor.acknowledge("told so")
        assert not monitor.acknowledge("never heard of")


class TestArguments:
    def test_settings_that_are_not_enabled_make_no_probe(self) -> None:
        settings = [FeedStalenessSettings(enabled=False), RefusedMovesSettings(raise_after=3, clear_after=2)]
        monitor = HealthMonitor.of(settings, lifecycle_in(State.READY))
        assert [status.name for status in monitor.readings] == ["refused-moves"]
        raised = [bool(monitor.step(look(step, refused_moves=1))) for step in range(3)]
        assert raised == [False, False, True]
        monitor.acknowledge("state corruption")
        assert [bool(monitor.step(look(step, refused_moves=1))) for step in (3, 4)] == [False, True]

    def test_two_probes_of_one_name_are_refused(self) -> None:
        with pytest.raises(ArgumentValueError, match="told"):
            HealthMonitor([Told([]), Told([])], lifecycle_in(State.READY))

    def test_only_a_probe_is_a_probe(self) -> None:
        bad: Any
        for bad in (object(), "probe", None, Cause("no name")):
            with pytest.raises(ArgumentTypeError, match=rf"read\(look\), got {type(bad).__name__}$"):
                HealthMonitor([bad], lifecycle_in(State.READY))
        for missing, value in (("name", 5), ("cause", None), ("read", "later")):
            probe = Told([])
            setattr(probe, missing, value)
            with pytest.raises(ArgumentTypeError, match=r"^a probe must have name, cause and read\(look\)"):
                HealthMonitor([Watch(probe)], lifecycle_in(State.READY))

        class Named:
            name = cause = "named"

        bad = Named()
        with pytest.raises(ArgumentTypeError, match=r"got Named$"):
            HealthMonitor([bad], lifecycle_in(State.READY))

    def test_only_a_lifecycle_is_a_lifecycle(self) -> None:
        bad: Any = "lifecycle"
        with pytest.raises(ArgumentTypeError, match=r"^lifecycle must be a Lifecycle, not str$"):
            HealthMonitor([], bad)


def figured(reading: Reading) -> HealthMonitor:
    """A monitor of a probe that always says this."""

    class Probe:
        name, cause = "mine", "mine"

        def read(self, _look: object) -> Reading:
            return reading

    return HealthMonitor([Probe()], lifecycle_in(State.READY))


def test_a_verdict_that_is_none_is_unknown_and_reported() -> None:
    with reported() as errors:
        monitor = figured(Reading("fine", 0, 1))  # type: ignore[arg-type]
        assert monitor.step(look(0)) == ()
    assert (monitor.unknown, monitor.errors) == (("mine",), 1)
    assert [type(error) for error in errors] == [ArgumentTypeError]


def test_an_answer_that_is_no_reading_is_named() -> None:
    with reported() as errors:
        figured("fine").step(look(0))  # type: ignore[arg-type]  # that is the point
    assert [str(error) for error in errors] == ["read(look) must return a Reading, got str"]


def test_figures_that_are_no_numbers_raise_the_cause_all_the_same() -> None:
    (change,) = figured(Reading("failing", "many", 1, "of them")).step(look(0))  # type: ignore[arg-type]
    assert change.cause.evidence == "unknown of them, at most 1 is ok"
