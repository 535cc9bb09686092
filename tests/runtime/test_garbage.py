"""The collector's old objects: frozen for the length of a run, thawed whatever happens, nobody else's not."""

from __future__ import annotations

import gc
import weakref

import pytest

from tests.forks import WELL, WITH_FORKS, code_of_fork, held_by_another
from tests.runtime.looks import seen
from tickpath.config.scenario.surroundings import WarmupSettings
from tickpath.runtime.warmup import FrozenGarbage, WarmUp, garbage


@pytest.fixture
def nothing_frozen() -> None:
    """Something may have frozen what was there before it; thawed, so that a test sees its own."""
    gc.unfreeze()


@pytest.mark.usefixtures("nothing_frozen")
def test_old_objects_are_frozen_and_the_certificate_says_how_many() -> None:
    warmup = WarmUp(WarmupSettings(kind="count"), events=1)
    with warmup.prepare() as frozen:
        assert frozen.objects
        # A frozen object that nobody refers to is freed all the same.
        assert 0 < gc.get_freeze_count() <= frozen.objects
        warmup.begin()
        warmup.step(seen(1))
    assert gc.get_freeze_count() == 0
    assert warmup.certificate is not None
    assert warmup.certificate.gc_frozen_objects == frozen.objects


@pytest.mark.usefixtures("nothing_frozen")
def test_they_are_thawed_whatever_happens() -> None:
    with pytest.raises(KeyError), FrozenGarbage():
        raise KeyError
    assert gc.get_freeze_count() == 0


@pytest.mark.usefixtures("nothing_frozen")
def test_the_last_of_several_contexts_thaws() -> None:
    first, second = FrozenGarbage(), FrozenGarbage()
    with first:
        with second:
            pass
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
    assert second.objects == first.objects


def test_what_somebody_else_has_frozen_stays_frozen() -> None:
    gc.freeze()
    try:
        with FrozenGarbage() as frozen:
            assert frozen.objects == 0
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def test_before_the_first_context_nothing_is_frozen_by_us() -> None:
    assert FrozenGarbage().objects is None
    gc.freeze()
    try:
        freezer = garbage._Freezer()
        assert freezer.enter() == 0
        freezer.leave()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.me = self


@pytest.mark.usefixtures("nothing_frozen")
def test_what_is_garbage_by_then_is_freed_and_not_frozen() -> None:
    gc.disable()
    try:
        gone = weakref.ref(Cycle())
        with FrozenGarbage():
            assert gone() is None
    finally:
        gc.enable()


@WITH_FORKS
def test_a_fork_does_not_wait_for_a_thread_that_it_does_not_have() -> None:
    def freezes() -> bool:
        with FrozenGarbage():
            return True

    with held_by_another(garbage._freezer._lock):
        assert code_of_fork(freezes) == WELL
