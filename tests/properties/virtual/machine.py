"""The virtual engine beside its model: the same orders at the same moments, and nothing may differ.

Everything is compared after each order: clock, feed, each stage's books and cursor, the digest of the acks;
and at the end the record, and a session that runs the same as a scenario file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import event, note

from tests.properties.replays import replay_of
from tests.properties.virtual.model import RunModel
from tests.properties.virtual.script import Fault, Script
from tickpath.config.fields import NS_MAX
from tickpath.control.metrics import LatencySink, Metrics
from tickpath.core.engine import EngineRecord, VirtualEngine
from tickpath.core.state import InvalidTransition, Lifecycle, State
from tickpath.core.state.states import LEGAL_MOVES
from tickpath.lab.scenario_source import load_source
from tickpath.runtime.session import Session
from tickpath.runtime.verdict import executed_outside_ready

SWITCHES = ("feed_outage", "feed_freeze", "feed_stale")
EVERIES = ("feed_duplicate", "feed_reorder")
COUNTDOWNS = ("feed_gap", "feed_burst")


class Tape:
    """A sink that writes down what it is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []
        self.published_ns: dict[int, int] = {}

    def observe(self, event: Any, ack: Any) -> None:
        self.published_ns[ack.seq] = int(event["ts_ns"])
        self.seen.append((ack.seq, ack.decision_ts, ack.completion_ts, ack.epoch, ack.executed))


class VirtualPair:
    """An engine and its model, and the script of what was ordered."""

    def __init__(self, script: Script, *, faults: bool) -> None:
        self.script = script
        scenario = script.scenario()
        settings = replace(scenario.run_settings(), faults=faults)
        source = load_source(scenario)
        self.engine: VirtualEngine
        self.lifecycle = Lifecycle(lambda: self.engine.now_ns())  # noqa: PLW0108
        self.tape = Tape() if script.sink else None
        self.engine = VirtualEngine(source, self.lifecycle, settings, sink=self.tape)
        self.model = RunModel(settings, script.planned_ns([int(ns) for ns in source.events["ts_ns"]]))
        self.active: list[Fault] = []
        self.record: EngineRecord | None = None
        self._ordered_ns: int | None = None
        self._is_passed = False
        self.engine.start()
        # A session's first order comes when moment 0 has happened.
        self.advance(0)

    # Orders.

    @property
    def now_ns(self) -> int:
        return self.model.now_ns

    @property
    def is_over(self) -> bool:
        return self.model.is_over

    def advance(self, until_ns: int) -> None:
        self._is_passed = True
        over = self.engine.advance(until_ns)
        self.model.advance(until_ns)
        self.same("over", over, self.model.is_over)

    def advance_published(self, more: int) -> None:
        """To a moment that only the engine can name, and then to its end."""
        before = self.engine.snapshot().published
        over = self.engine.advance(until_published=before + more)
        seen, now_ns = self.engine.snapshot(), self.engine.now_ns()
        if not over and seen.published < before + more:
            # Nothing happens by itself any more.
            self._is_passed = True
            self.model.advance(None)
            return
        if not over and not self.script.faults:
            # A fault may make two of one that was due.
            self.same("published, exactly", seen.published, before + more)
        self.advance(now_ns)

    def to_order(self, interval_ns: int = 1) -> None:
        """To the next moment at which an order can be given: a control step, or any.

        A session gives all orders of a moment at once, when everything else in it has happened.
        """
        first_ns = self.now_ns + (self._ordered_ns == self.now_ns and self._is_passed)
        at_ns = max(interval_ns > 1, -(-first_ns // interval_ns)) * interval_ns
        if at_ns > self.now_ns:
            self.advance(at_ns)
        self._ordered_ns, self._is_passed = self.now_ns, False

    def move(self, state: State) -> None:
        self.to_order(self.script.interval_ns)
        legal = state in LEGAL_MOVES[self.lifecycle.state]
        self.same("legal", self.lifecycle.can_transition_to(state), legal)
        try:
            self.lifecycle.transition_to(state, "operator")
        except InvalidTransition:
            assert not legal
        else:
            assert legal
            self.model.move(state)
        self.script.moves.append((self.now_ns, state))

    def begin_fault(self, settings: Any) -> None:
        self.to_order()
        fault = Fault(settings, self.now_ns)
        self.script.faults.append(fault)
        if settings.kind in COUNTDOWNS:
            getattr(self.engine.faults, settings.kind)(settings.events)
            self.model.feed.knobs[settings.kind] = settings.events
            return
        self.active.append(fault)
        self._turn(settings)

    def end_fault(self, index: int) -> None:
        self.to_order()
        fault = self.active[index % len(self.active)]
        if fault.at_ns == self.now_ns:
            return
        self.active.remove(fault)
        fault.end_ns = self.now_ns
        self._turn(fault.settings)

    def _turn(self, settings: Any) -> None:
        """Sets a knob to what those who want something of it want together."""
        kind, faults, feed = settings.kind, self.engine.faults, self.model.feed
        assert faults is not None
        wishes = [one.settings for one in self.active if one.settings.kind == kind]
        if kind in SWITCHES:
            feed.knobs[kind] = bool(wishes)
            getattr(faults, kind)(bool(wishes))
        elif kind in EVERIES:
            feed.knobs[kind] = min((one.every for one in wishes), default=0)
            getattr(faults, kind)(feed.knobs[kind])
        elif kind == "clock_step":
            steps = sum(one.offset_ns for one in wishes)
            self.model.clock_offset_ns = max(-NS_MAX, min(steps, NS_MAX))
            faults.clock_step(self.model.clock_offset_ns)
        else:
            self._turn_stage(settings.stage, [one for one in wishes if one.stage == settings.stage], kind)

    def _turn_stage(self, stage: str, wishes: Sequence[Any], kind: str) -> None:
        assert self.engine.faults is not None
        if kind == "stall":
            (self.model.stalled.add if wishes else self.model.stalled.discard)(stage)
            self.engine.faults.stage_stall(stage, bool(wishes))
            return
        factor = max((one.factor for one in wishes), default=1.0)
        extra_ns = max((one.extra_ns for one in wishes), default=0)
        self.model.slow[stage] = (factor, extra_ns)
        self.engine.faults.stage_slow(stage, factor, extra_ns)

    def fence(self, intervals: int) -> None:
        """As far as every stage has seen the epoch, and then to the end of that moment."""
        until_ns = self.now_ns + intervals * self.script.interval_ns
        seen = self.engine._native.fence(self.lifecycle.epoch, until_ns)
        self.advance(self.engine.now_ns())
        epoch = self.lifecycle.epoch
        waiting = [name for name, one in self.model.stages.items() if not one.is_over and one.word[0] < epoch]
        self.same("fenced", seen, not waiting)

    def stop(self) -> None:
        """An orderly end, as a session makes it: no intake, and a drain up to a deadline."""
        self.to_order(self.script.interval_ns)
        if self.is_over:
            return
        self.script.stop_ns = asked_ns = self.now_ns
        if self.script.drain_ns:
            self.engine.stop_intake()
            self.model.stop_intake()
            self.advance(self.now_ns)
            interval_ns = self.script.interval_ns
            for _ in range(300):
                behind = self.model.is_behind()
                if self.is_over or not behind or self.now_ns - asked_ns >= self.script.drain_ns:
                    break
                self.advance(self.now_ns + interval_ns)
            else:
                # It will never end by itself, or take long: a second word means now.
                self.script.second_stop_ns = self.now_ns
        self.engine.stop()
        self.model.stop()

    # Comparisons.

    def same(self, what: str, found: Any, expected: Any) -> None:
        if found != expected:
            raise AssertionError(f"{what}: the engine has {found}, and the model {expected}")

    def compare(self) -> None:
        """The run as of now."""
        model, feed = self.model, self.model.feed
        seen = self.engine.snapshot()
        self.same("now_ns", self.engine.now_ns(), model.now_ns)
        self.same("published", seen.published, feed.head)
        self.same("withheld", seen.feed.withheld, feed.withheld)
        self.same("feed done", seen.feed.done, feed.is_over)
        order = ["executor", *(one.name for one in self.script.consumers)]
        for name, stage in zip(order, seen.stages, strict=True):
            expected = model.stages[name]
            counts, cursor, over_limit = expected.shown()
            if not model.is_over:
                self.same(f"cursor of {name}", stage.cursor, cursor)
                found = (stage.ledger.executed, list(stage.ledger.gated), stage.ledger.read)
                gated = [counts.get(("gated", state), 0) for state in State]
                books = (counts.get("executed", 0), gated, counts.get("read", 0))
                self.same(f"books of {name}", found, books)
                self.same(f"lost by {name}", stage.lost, counts.get("lost", 0))
                self.same(f"shed by {name}", stage.shed, counts.get("shed", 0))
            wanted = None if expected.settings.latency_limit_ns is None else over_limit
            self.same(f"over the limit of {name}", stage.over_limit, wanted)
            seen_epoch = None if expected.is_over else expected.word[0]
            self.same(f"epoch seen by {name}", stage.epoch_seen, seen_epoch)
        if self.record is None:
            self.same("acks", self.engine.acks_digest(), model.digest())

    def finish(self) -> None:
        """To the end, and everything that is left behind."""
        if not self.is_over and self.script.stop_ns is None:
            self.stop()
        self.model.advance(None)
        record = self.record = self.engine.finish()
        self.compare()
        self.same("acks", record.digest(b""), self.model.digest())
        self.same("books", books_of(record), self.model.books())
        self.check_record(record)
        if self.tape is not None:
            account, acks = self.engine.sink_account, self.model.completed_acks()
            assert account is not None
            self.same("shown and dropped", account.shown + account.dropped, len(acks))
            shown = set(self.tape.seen)
            self.same("shown", self.tape.seen, [ack for ack in acks if ack in shown])
            stamps = {seq: self.model.feed.published[seq][0] for seq in self.tape.published_ns}
            self.same("events shown", self.tape.published_ns, stamps)
        event(f"stopped: {record.stopped}, executed: {bool(self.model.stages['executor'].acks)}")

    def check_record(self, record: EngineRecord) -> None:
        assert record.balanced
        feed = record.feed
        assert feed.balanced
        assert feed.planned + feed.repeats == feed.published + feed.withheld + feed.unpublished
        executor = record.stages[0].ledger
        complete = record.epochs_overflow == 0 and self.lifecycle.history_dropped == 0
        outside = executed_outside_ready(
            record.epochs,
            self.lifecycle.history,
            complete=complete,
            executed=executor.executed,
            gated=sum(executor.gated),
        )
        self.same("executed outside READY", outside, 0)
        for stage in record.stages:
            ledger = stage.ledger
            processed = ledger.executed + sum(ledger.gated) + ledger.read
            assert {figures.count for figures in stage.latency} <= {processed}
            model = self.model.stages[stage.name]
            self.same(f"how {stage.name} ended", stage.ended_by, model.ended_by)
        acks = self.model.completed_acks()
        rows: dict[int, list[int]] = {}
        for seq, _decided, _completed, epoch, executed in acks:
            row = rows.setdefault(epoch, [seq, seq, 0, 0])
            row[1] = seq
            row[3 - executed] += 1
        self.same("epochs", record.epochs, [(epoch, *row) for epoch, row in rows.items()])

    def replay(self) -> None:
        """The same as a scenario: whatever the session does around it, the run is the same one."""
        scenario = self.script.scenario()
        sink = LatencySink(Metrics()) if self.script.sink else None
        result = Session(load_source(scenario), scenario=scenario, mode="virtual", sink=sink).run()
        assert result.record is not None
        assert result.control.errors.injections == 0
        self.same("books of the replay", books_of(result.record), self.model.books())
        self.same("acks of the replay", result.record.digest(b""), self.model.digest())
        self.same("executed outside READY in the replay", result.executed_outside_ready, 0)

    def say(self) -> None:
        """What a person needs to see it fail again: the run so far, and an end."""
        script = self.script
        stop_ns = script.stop_ns or (self.now_ns // script.interval_ns + 2) * script.interval_ns
        script.stop_ns = stop_ns
        script.second_stop_ns = script.second_stop_ns or stop_ns + script.interval_ns
        note(f"by the model the books are {json.dumps(self.model.books())}")
        note(replay_of(self.script.scenario()))


def books_of(record: EngineRecord) -> dict[str, tuple[int, ...]]:
    found = {}
    for stage in record.stages:
        books = stage.ledger
        found[stage.name] = (
            books.executed,
            *books.gated,
            books.read,
            books.lost,
            books.shed,
            books.unread,
        )
    return found
