"""The engine's tracks, on dumps made by hand: every slice, arrow and counter, and how bad stamps show."""

from __future__ import annotations

from typing import Any

from tests.runtime.flight_dumps import Done, Published, drawn, dump_of, window_of
from tests.runtime.looks import Stage, look
from tickpath.runtime.flight_recorder.engine_tracks import PID, lines, tracks
from tickpath.runtime.flight_recorder.trace_events import Window

FEED, RING, EXECUTOR, ACKS, LOSSES = 101, 102, 103, 104, 105


def told(window: Window, *parts: Any, **given: Any) -> list[tuple[Any, ...]]:
    """What is drawn of events and acks."""
    return drawn(lines(dump_of(*parts, **given), window))


def of(track: int, told: list[tuple[Any, ...]], phase: str = "X") -> list[tuple[Any, ...]]:
    """What is drawn on one track, without the track: begin, length, name, figures."""
    return [line[2:] for line in told if line[:2] == (phase, track)]


def spans(track: int, told: list[tuple[Any, ...]]) -> list[tuple[int, int]]:
    """Begin and end of the slices of a track."""
    return [(begin, begin + length) for begin, length, *_ in of(track, told)]


def test_the_tracks_have_these_names_and_numbers() -> None:
    assert PID == 1
    plain = {FEED: "1 feed", RING: "2 ring", EXECUTOR: "3 executor", ACKS: "4 acks", LOSSES: "5 losses"}
    assert tracks(dump_of()) == plain
    # The stages of the last look: a consumer's track goes by its place.
    looks = (look(), look(old=Stage()), look(log=Stage(), risk=Stage()))
    assert tracks(dump_of(looks=looks)) == {**plain, 111: "6 consumer log", 112: "6 consumer risk"}


def test_an_event_is_written_from_its_publication_to_its_ack_byte_by_byte() -> None:
    events = (Published(10_000, 8_500), Published(20_000))
    acks = (Done(6, 12_000, 13_250, 10_000, 8_500, epoch=3),)
    assert list(lines(dump_of(events, acks, events_head=8), window_of(1_000))) == [
        (
            '{"ph":"X","pid":1,"tid":101,"ts":8.5,"dur":1.5,"name":"publish","cat":"feed",'
            '"args":{"seq":6,"late_ns":1500,"symbol":700,"kind":80,"side":1,"price_e9":500,"size_e9":600}}'
        ),
        '{"ph":"s","pid":1,"tid":101,"ts":8.5,"id":6,"name":"event","cat":"flow"}',
        (
            '{"ph":"X","pid":1,"tid":103,"ts":12.0,"dur":1.25,"name":"execute","cat":"executor",'
            '"args":{"seq":6,"epoch":3,"waited_ns":2000}}'
        ),
        '{"ph":"t","pid":1,"tid":103,"ts":12.0,"id":6,"name":"event","cat":"flow"}',
        (
            '{"ph":"X","pid":1,"tid":104,"ts":13.25,"dur":0,"name":"ack","cat":"ack",'
            '"args":{"seq":6,"executed":true}}'
        ),
        '{"ph":"f","pid":1,"tid":104,"ts":13.25,"id":6,"name":"event","cat":"flow","bp":"e"}',
        # Nobody planned the second one, so that it is not late, and lasts no time.
        (
            '{"ph":"X","pid":1,"tid":101,"ts":20.0,"dur":0.0,"name":"publish","cat":"feed",'
            '"args":{"seq":7,"symbol":701,"kind":81,"side":-1,"price_e9":501,"size_e9":601}}'
        ),
        '{"ph":"C","pid":1,"tid":102,"ts":12.0,"name":"ring","cat":"counter","args":{"waiting":0}}',
        '{"ph":"C","pid":1,"tid":102,"ts":20.0,"name":"ring","cat":"counter","args":{"waiting":1}}',
    ]


def test_what_was_gated_says_so_and_is_acked_as_not_executed() -> None:
    drawn_of = told(
        window_of(), (Published(10_000, 10_000),), (Done(0, 12_000, 12_500, 10_000, epoch=1, executed=False),)
    )
    assert of(EXECUTOR, drawn_of) == [(12_000, 500, "gated", {"seq": 0, "epoch": 1, "waited_ns": 2_000})]
    assert of(ACKS, drawn_of) == [(12_500, 0, "ack", {"seq": 0, "executed": False})]


def test_a_slice_of_the_feed_begins_when_its_event_was_due_and_the_one_before_was_out() -> None:
    events = (
        Published(10_000, 2_000),  # due before the window, which begins at 4,000
        Published(15_000, 9_000),  # due while the one before was published
        Published(30_000, 22_000),
        Published(40_000, 41_000),  # stamped before it was due: in time
        Published(50_000),
    )
    feed = of(FEED, told(window_of(4_000), events))
    assert [(begin, length, figures.get("late_ns")) for begin, length, _, figures in feed] == [
        (4_000, 6_000, 8_000),
        (10_000, 5_000, 6_000),
        (22_000, 8_000, 8_000),
        (40_000, 0, 0),
        (50_000, 0, None),
    ]


def test_run_time_0_is_a_plan_in_virtual_time_and_by_a_machine_s_clock_the_first_moment() -> None:
    first = (Published(5_000, 0),)
    for origin_ns in (0, 1, 7_000_000_000):
        ((begin, length, _, figures),) = of(FEED, told(window_of(), first, origin_ns=origin_ns))
        assert (begin, length, figures["late_ns"]) == (0, 5_000, 5_000)
    ((begin, length, _, figures),) = of(FEED, told(window_of(), (Published(5_000),), origin_ns=1))
    assert (begin, length, "late_ns" in figures) == (5_000, 0, False)


def test_a_machine_that_was_on_for_a_year_has_stamps_to_the_nanosecond() -> None:
    origin_ns = 365 * 86_400 * 1_000_000_000 + 1
    acks = (Done(0, 2_003, 3_004, 1_001, 999), Done(1, 5_000, 6_001, 5_005))
    drawn_of = told(window_of(), (Published(1_001, 999),), acks, origin_ns=origin_ns)
    assert spans(FEED, drawn_of) == [(999, 1_001), (5_005, 5_005)]
    assert spans(EXECUTOR, drawn_of) == [(2_003, 3_004), (5_005, 6_001)]
    assert [figures["waited_ns"] for *_, figures in of(EXECUTOR, drawn_of)] == [1_002, -5]


def test_an_ack_tells_of_events_that_the_ring_has_no_more_or_had_not_yet() -> None:
    # Of the events the ring had 12 and 13; 10 and 11 are overwritten, 14 and 15 came after the copy.
    acks = tuple(
        Done(seq, 1_000 * seq + 200, 1_000 * seq + 300, 1_000 * seq, 1_000 * seq - 100)
        for seq in range(10, 16)
    )
    events = (Published(12_000, 11_900), Published(13_000, 12_900))
    drawn_of = told(window_of(), events, acks, events_head=14)
    assert [(begin, length, figures) for begin, length, _, figures in of(FEED, drawn_of)] == [
        (9_900, 100, {"seq": 10, "late_ns": 100}),
        (10_900, 100, {"seq": 11, "late_ns": 100}),
        (
            *(11_900, 100),
            {
                "seq": 12,
                "late_ns": 100,
                "symbol": 700,
                "kind": 80,
                "side": 1,
                "price_e9": 500,
                "size_e9": 600,
            },
        ),
        (
            *(12_900, 100),
            {
                "seq": 13,
                "late_ns": 100,
                "symbol": 701,
                "kind": 81,
                "side": -1,
                "price_e9": 501,
                "size_e9": 601,
            },
        ),
        (13_900, 100, {"seq": 14, "late_ns": 100}),
        (14_900, 100, {"seq": 15, "late_ns": 100}),
    ]
    assert of(FEED, drawn_of, "s") == [(1_000 * seq - 100, seq) for seq in range(10, 16)]
    assert of(EXECUTOR, drawn_of, "t") == [(1_000 * seq + 200, seq) for seq in range(10, 16)]
    assert of(ACKS, drawn_of, "f") == [(1_000 * seq + 300, seq) for seq in range(10, 16)]


def test_an_event_s_arrow_stands_behind_its_own_slice() -> None:
    # The first one's ack is no longer there, the last one's not yet.
    events = (Published(1_000), Published(2_000), Published(3_000))
    drawn_of = told(window_of(), events, (Done(1, 2_100, 2_200, 2_000),))
    assert [line[:2] for line in drawn_of if line[0] != "C"] == [
        *[("X", FEED), ("X", FEED), ("s", FEED)],
        *[("X", EXECUTOR), ("t", EXECUTOR), ("X", ACKS), ("f", ACKS), ("X", FEED)],
    ]


def test_a_clock_that_goes_back_moves_slices_up_and_each_is_counted() -> None:
    events = (Published(10_000, 9_000), Published(4_000, 3_000), Published(10_000), Published(12_000, 11_000))
    window = window_of()
    feed = of(FEED, told(window, events))
    assert [(begin, length, figures.get("late_ns")) for begin, length, _, figures in feed] == [
        (9_000, 1_000, 1_000),
        (10_000, 0, 7_000),
        (10_000, 0, None),
        (11_000, 1_000, 1_000),
    ]
    assert window.straightened == 1
    # Nothing is drawn before the window, not even what is stamped so.
    window = window_of(6_000)
    assert spans(FEED, told(window, (Published(5_000), Published(5_999), Published(6_000)))) == [
        (6_000, 6_000),
        *[(6_000, 6_000)] * 2,
    ]
    assert window.straightened == 2


def test_executions_follow_each_other_whatever_their_stamps_say() -> None:
    window = window_of(500)
    acks = (
        Done(0, 400, 1_000, 300),  # begun before the window
        Done(1, 2_000, 3_000, 1_000),
        Done(2, 2_500, 4_000, 1_000),  # begun before the one before had ended: moved up
        Done(3, 5_000, 4_500, 1_000),  # done before it had begun: takes no time
        Done(4, 5_500, 4_800, 5_800),  # of a core whose clock is behind the feed's
        Done(5, 5_900, 5_700, 1_000),  # done before the one before: moved up
    )
    drawn_of = told(window, (), acks)
    assert spans(EXECUTOR, drawn_of) == [
        (500, 1_000),
        (2_000, 3_000),
        (3_000, 4_000),
        (5_000, 5_000),
        (5_800, 5_800),
        (5_900, 5_900),
    ]
    assert [begin for begin, *_ in of(ACKS, drawn_of)] == [1_000, 3_000, 4_000, 5_000, 5_800, 5_900]
    # What it waited is what the stamps say.
    waits = [figures["waited_ns"] for *_, figures in of(EXECUTOR, drawn_of)]
    assert waits == [100, 1_000, 1_500, 4_000, -300, 4_900]
    # The first event was published before the window, too, and two were after the one of the clock behind.
    assert window.straightened == 4


def test_ends_that_go_back_are_moved_up_and_counted() -> None:
    window = window_of()
    acks = (Done(0, 1_000, 5_000, 0), Done(1, 2_000, 4_000, 0), Done(2, 6_000, 7_000, 0))
    assert spans(EXECUTOR, told(window, (), acks)) == [(1_000, 5_000), (5_000, 5_000), (6_000, 7_000)]
    # Its end, and its begin.
    assert window.straightened == 2


def waiting(*parts: Any, **given: Any) -> list[tuple[int, int]]:
    """The counter of the ring: moment and value."""
    counted = of(RING, told(window_of(), *parts, **given), "C")
    return [(at_ns, figures["waiting"]) for at_ns, name, figures in counted if name == "ring"]


def test_the_ring_s_counter_changes_with_each_publication_and_execution() -> None:
    events = tuple(Published(at_ns) for at_ns in (1_000, 2_000, 3_000, 3_000, 9_000))
    acks = (
        Done(0, 1_500, 1_600, 1_000),
        Done(1, 4_000, 5_000, 2_000),
        Done(2, 5_000, 6_000, 3_000),
        Done(3, 9_000, 9_500, 3_000),
    )
    # At 3,000 two came at once; at 9,000 one came and one was begun, and that is no change.
    assert waiting(events, acks) == [(1_500, 0), (2_000, 1), (3_000, 3), (4_000, 2), (5_000, 1)]
    # Before the first that was begun, nobody knows how many there were.
    assert waiting(events, acks[2:]) == [(5_000, 1)]
    # Of a ring whose events are gone, those that the acks know.
    assert waiting((), acks) == [(1_500, 0), (2_000, 1), (3_000, 3), (4_000, 2), (5_000, 1), (9_000, 0)]


def test_the_ring_s_counter_is_never_negative_and_needs_events_and_acks() -> None:
    # By a clock behind the feed's: it begins when the event was published, at the earliest.
    assert waiting((Published(1_000),), (Done(0, 500, 2_000, 1_000),)) == [(1_000, 0)]
    # Straightened, the first event came after the second one's execution: before it nothing is known.
    assert waiting(
        (Published(9_000), Published(4_000), Published(4_200)), (Done(1, 4_500, 4_600, 4_000),)
    ) == [(9_000, 1)]
    assert waiting((Published(1_000),)) == []
    assert waiting() == []


def test_steps_count_backlogs_and_what_consumers_read_and_lost() -> None:
    first = look(
        100_000,
        executor=Stage(processed=5, backlog=1),
        log=Stage(processed=3, lost=2, backlog=4),
        risk=Stage(),
    )
    second = look(
        200_000,
        executor=Stage(processed=9, lost=7, backlog=2),
        log=Stage(processed=10, lost=6, cursor=16, backlog=8),
        risk=Stage(),
    )
    third = look(
        300_000,
        executor=Stage(processed=9, lost=7),
        log=Stage(processed=10, lost=6, cursor=16),
        risk=Stage(processed=1, cursor=1),
    )
    counted = '{"ph":"C","pid":1,"tid":102,"ts":%s,"name":"backlog","cat":"counter","args":%s}'
    lost = '{"ph":"i","pid":1,"tid":105,"ts":200.0,"s":"t","name":"%s","cat":"loss","args":{"total":%s}}'
    read = '{"ph":"X","pid":1,"tid":%s,"ts":%s,"dur":100.0,"name":"%s","cat":"consumer","args":%s}'
    assert list(lines(dump_of(looks=(first, second, third)), window_of())) == [
        counted % ("100.0", '{"executor":1,"log":4,"risk":0}'),
        counted % ("200.0", '{"executor":2,"log":8,"risk":0}'),
        counted % ("300.0", '{"executor":0,"log":0,"risk":0}'),
        lost % ("executor lost 7", 7),
        lost % ("log lost 4", 6),
        read % (111, "100.0", "read 7", '{"events":7,"cursor":16,"backlog":8,"lost":6}'),
        read % (112, "200.0", "read 1", '{"events":1,"cursor":1,"backlog":0,"lost":0}'),
    ]
