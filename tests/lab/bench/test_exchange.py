"""Messages from a sender to a receiver: contenders in turns, who fails is named and left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lab.bench.scripted import ScriptedExchange, budget
from tickpath.lab.bench.exchange import Cut, Exchange, PeerFailed, compare
from tickpath.lab.bench.figures import Spread
from tickpath.lab.bench.part import Figure, PartResult
from tickpath.lab.bench.threads import ThreadExchange, event_ring

Contenders = dict[str, Callable[[], Exchange] | str]


def openers(*exchanges: ScriptedExchange) -> Contenders:
    return {exchange.name: lambda exchange=exchange: exchange for exchange in exchanges}  # type: ignore[misc]


def run(contenders: Contenders, rounds: int = 3) -> PartResult:
    return compare(contenders, budget(rounds), base="ours", message="text")


def row(result: PartResult, what: str, contender: str) -> Figure:
    [found] = [f for f in result.figures if f.what.startswith(what) and f.contender == contender]
    return found


def test_each_contender_has_a_row_for_one_way_and_one_for_the_flood() -> None:
    result = run(openers(ScriptedExchange("ours", 1_000, 10.0), ScriptedExchange("theirs", 3_000, 25.0)))
    assert [(f.what, f.contender) for f in result.figures] == [
        ("one way, text", "ours"),
        ("one way, text", "theirs"),
        ("flood, text", "ours"),
        ("flood, text", "theirs"),
    ]
    one_way, flood = row(result, "one way", "theirs"), row(result, "flood", "theirs")
    assert one_way.ns == Spread(3_000.0, 3_000.0, 3_000.0, 3)
    assert one_way.times_base == Spread(3.0, 3.0, 3.0, 3)
    assert flood.times_base == Spread(2.5, 2.5, 2.5, 3)
    assert (flood.latency, one_way.waits, result.rounds) == (None, "waits not", 3)


def test_the_samples_of_all_rounds_make_one_distribution_without_the_warm_up() -> None:
    latency = row(run(openers(ScriptedExchange("ours", 1_000, 10.0))), "one way", "ours").latency
    assert latency is not None
    assert latency.count == 3 * 40


def test_the_order_rotates() -> None:
    log: list[str] = []
    run(openers(*(ScriptedExchange(name, 1, 1.0, log) for name in ("ours", "a", "b"))), rounds=2)
    assert log == ["ours", "a", "b", "ours", "a", "b", "a", "b", "ours"]


def test_a_contender_that_fails_is_named_keeps_its_earlier_rounds_and_is_closed() -> None:
    # Phase 0 is the warm-up; 3 is the way of the second round.
    failing = ScriptedExchange("theirs", 4_000, 20.0, failures={3: PeerFailed("hung: no word")})
    ours = ScriptedExchange("ours", 1_000, 10.0)
    result = run(openers(ours, failing))
    theirs = row(result, "one way", "theirs")
    assert theirs.missing == "hung: no word"
    assert theirs.ns == Spread(4_000.0, 4_000.0, 4_000.0, 1)
    assert theirs.times_base == Spread(4.0, 4.0, 4.0, 1)
    assert row(result, "one way", "ours").ns == Spread(1_000.0, 1_000.0, 1_000.0, 3)
    assert (failing.closed, ours.closed) == (True, True)


def test_a_flood_that_fails_takes_the_round_of_its_contender_with_it() -> None:
    failing = ScriptedExchange("theirs", 4_000, 20.0, failures={2: PeerFailed("died")})
    result = run(openers(ScriptedExchange("ours", 1_000, 10.0), failing))
    theirs = row(result, "one way", "theirs")
    assert (theirs.ns, theirs.latency, theirs.missing) == (None, None, "died")


def test_a_contender_that_cannot_be_opened_or_is_absent_is_named() -> None:
    def refuses() -> Exchange:
        raise PeerFailed("could not be made")

    contenders: Contenders = {
        **openers(ScriptedExchange("ours", 1_000, 10.0)),
        "refuses": refuses,
        "absent": "not installed: pip install it",
    }
    result = run(contenders)
    assert row(result, "flood", "refuses").missing == "could not be made"
    absent = row(result, "one way", "absent")
    assert (absent.missing, absent.ns, absent.waits) == ("not installed: pip install it", None, None)


def test_an_interruption_keeps_the_rounds_before_it_and_closes_everything() -> None:
    ours = ScriptedExchange("ours", 1_000, 10.0)
    cut = ScriptedExchange("theirs", 1_000, 10.0, failures={3: Cut()})
    result = run(openers(ours, cut))
    assert result.rounds == 1
    assert row(result, "one way", "ours").ns == Spread(1_000.0, 1_000.0, 1_000.0, 1)
    assert (ours.closed, cut.closed) == (True, True)


def test_without_anybody_left_nothing_is_measured() -> None:
    result = run({"ours": "not here"})
    assert [figure.ns for figure in result.figures] == [None, None]


@pytest.mark.parametrize("make", [event_ring])
def test_a_message_between_two_threads_arrives_with_its_stamp(
    make: Callable[[], tuple[Callable[[int], object], Callable[[], int]]],
) -> None:
    put, take = make()
    put(7)
    put(9)
    assert (take(), take()) == (7, 9)
    exchange = ThreadExchange("ours", "polls", make, lambda: False)
    latencies = exchange.one_way(20)
    assert len(latencies) == 20
    assert min(latencies) > 0
    assert exchange.flood(20) > 0


def test_a_receiver_that_gets_nothing_is_reported_and_not_waited_for() -> None:
    def make() -> tuple[Callable[[int], object], Callable[[], int]]:
        import threading

        return (lambda _stamp: None), (lambda: 0 if threading.Event().wait() else 1)

    exchange = ThreadExchange("deaf", "blocks", make, lambda: False, silence_max_s=0.05)
    with pytest.raises(PeerFailed, match="did not get every message within"):
        exchange.flood(1)


def test_an_interrupt_ends_the_wait_for_a_receiver() -> None:
    def make() -> tuple[Callable[[int], object], Callable[[], int]]:
        import threading

        return (lambda _stamp: None), (lambda: 0 if threading.Event().wait() else 1)

    with pytest.raises(Cut):
        ThreadExchange("deaf", "blocks", make, lambda: True).one_way(5)
