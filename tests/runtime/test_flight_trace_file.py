"""A whole trace of a dump made by hand: its frame, its names, and the window that it covers."""

from __future__ import annotations

import json

import pytest

from tests.runtime.flight_dumps import Done, Published, dump_of, move
from tests.runtime.flight_traces import Trace
from tests.runtime.looks import Stage, look
from tickpath.control.failure import Cause
from tickpath.core.state import State
from tickpath.runtime.flight_recorder.dump import CauseMove, FlightDump
from tickpath.runtime.flight_recorder.trace import chrome_trace

NAMES = """{"traceEvents":[
{"ph":"M","pid":1,"tid":0,"name":"process_name","args":{"name":"engine"}},
{"ph":"M","pid":2,"tid":0,"name":"process_name","args":{"name":"control plane"}},
{"ph":"M","pid":1,"tid":101,"name":"thread_name","args":{"name":"1 feed"}},
{"ph":"M","pid":1,"tid":102,"name":"thread_name","args":{"name":"2 ring"}},
{"ph":"M","pid":1,"tid":103,"name":"thread_name","args":{"name":"3 executor"}},
{"ph":"M","pid":1,"tid":104,"name":"thread_name","args":{"name":"4 acks"}},
{"ph":"M","pid":1,"tid":105,"name":"thread_name","args":{"name":"5 losses"}},
{"ph":"M","pid":1,"tid":111,"name":"thread_name","args":{"name":"6 consumer log"}},
{"ph":"M","pid":2,"tid":11,"name":"thread_name","args":{"name":"1 lifecycle"}},
{"ph":"M","pid":2,"tid":12,"name":"thread_name","args":{"name":"2 causes"}},
{"ph":"M","pid":2,"tid":13,"name":"thread_name","args":{"name":"3 injections"}},
{"ph":"M","pid":2,"tid":14,"name":"thread_name","args":{"name":"4 runbooks"}},
{"ph":"M","pid":2,"tid":15,"name":"thread_name","args":{"name":"5 triggers"}},
"""


def test_a_file_is_names_then_the_engine_then_the_control_plane_then_what_it_says_of_itself() -> None:
    dump = dump_of(
        (Published(880_000), Published(870_000)),
        looks=(look(850_000, log=Stage(backlog=3)),),
        transitions=(
            move(1, 100_000, State.WARMUP, cause="run started"),
            move(2, 860_000, State.READY, State.WARMUP, cause="wärm"),
        ),
        causes=(CauseMove(849_999, Cause("halt", "operator"), raised=True),),
        provenance={"scenario": "gölden"},
    )
    lines = [
        (
            '{"ph":"X","pid":1,"tid":101,"ts":880.0,"dur":0.0,"name":"publish","cat":"feed",'
            '"args":{"seq":0,"symbol":700,"kind":80,"side":1,"price_e9":500,"size_e9":600}}'
        ),
        (
            '{"ph":"X","pid":1,"tid":101,"ts":880.0,"dur":0.0,"name":"publish","cat":"feed",'
            '"args":{"seq":1,"symbol":701,"kind":81,"side":-1,"price_e9":501,"size_e9":601}}'
        ),
        (
            '{"ph":"C","pid":1,"tid":102,"ts":850.0,"name":"backlog","cat":"counter",'
            '"args":{"executor":0,"log":3}}'
        ),
        (
            '{"ph":"X","pid":2,"tid":11,"ts":850.0,"dur":10.0,"name":"WARMUP","cat":"lifecycle",'
            '"args":{"epoch":1,"cause":"run started","since_ns":100000}}'
        ),
        (
            '{"ph":"X","pid":2,"tid":11,"ts":860.0,"dur":40.0,"name":"READY","cat":"lifecycle",'
            '"args":{"epoch":2,"cause":"w\\u00e4rm","since_ns":860000}}'
        ),
        (
            '{"ph":"i","pid":2,"tid":15,"ts":900.0,"s":"t","name":"end","cat":"trigger",'
            '"args":{"evidence":"the run is over"}}'
        ),
    ]
    said = {
        **dump.metadata(),
        "window_ns": [850_000, 900_000],
        "before_window": {"causes": 1},
        "straightened": 1,
    }
    whole = NAMES + ",\n".join(lines) + f'\n],"otherData":{json.dumps(said)}}}\n'
    assert chrome_trace(dump).decode("ascii") == dump.trace().decode("ascii") == whole
    Trace(dump.trace())


@pytest.mark.parametrize(
    ("dump", "begin_ns"),
    [
        (dump_of(), 900_000),
        (dump_of(looks=(look(700_000), look(100_000))), 700_000),
        (dump_of([Published(600_000), Published(650_000)], looks=(look(700_000),)), 600_000),
        (dump_of([Published(800_000)], looks=(look(700_000),)), 700_000),
        (
            dump_of(
                [Published(600_000)],
                [Done(0, 650_000, 660_000, 500_000, 400_000), Done(1, 650_000, 660_000, 550_000)],
            ),
            500_000,
        ),
        (dump_of([Published(600_000)], [Done(0, 700_000, 700_000, 610_000)]), 600_000),
        # By a clock that was set back before anything else happened.
        (dump_of([Published(-5)]), 0),
        (dump_of([Published(1)]), 1),
    ],
)
def test_a_window_begins_with_the_oldest_of_steps_events_and_acks(dump: FlightDump, begin_ns: int) -> None:
    assert Trace(dump.trace()).metadata["window_ns"] == [begin_ns, 900_000]
