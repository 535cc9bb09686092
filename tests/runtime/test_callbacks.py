"""Whatever a callback raises, wherever it is called: it goes where it is said to, and loses nothing."""

from __future__ import annotations

import gc
import sys
import weakref
from typing import Any

import pytest

from tests.control.fake_world import World
from tests.runtime.callbacks import SCENES, After, Scene
from tickpath.control.metrics import Metrics


class Unspeakable(Exception):
    """An error that cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


ERRORS = [ValueError, Unspeakable, MemoryError]
PASSING = [KeyboardInterrupt, SystemExit]


class Raises:
    """A callback that raises ``error``, the first time it is called; then it answers 0."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error = error()
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        if self.calls == 1:
            raise self.error
        return 0


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What went to ``sys.unraisablehook``."""
    found: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: found.append(report.exc_value))
    return found


def came_through(scene: Scene, call: Raises, after: list[After]) -> tuple[object, BaseException | None]:
    """What the scene returned, or what came through to its caller, without its traceback."""
    try:
        return scene.play(call, after), None
    except BaseException as error:  # noqa: BLE001  that is the question
        return None, error.with_traceback(None)


def where_from(error: BaseException | None) -> list[BaseException]:
    """The error and those that it says it came from."""
    chain = []
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


@pytest.mark.parametrize("error", [*ERRORS, *PASSING], ids=lambda error: error.__name__)
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_what_a_callback_raises_goes_where_it_is_said_to_go(
    scene: Scene, error: type[BaseException], reports: list[BaseException]
) -> None:
    call, after = Raises(error), list[After]()
    result, passed = came_through(scene, call, after)
    assert call.calls >= 1
    is_passing = error in PASSING and scene.goes != "always"
    if scene.goes == "told":
        assert str(call.error if error is not Unspeakable else "no words") in str(passed)
    elif scene.goes == "through" or is_passing:
        assert call.error in where_from(passed)
        assert reports == []
    else:
        assert passed is None
        assert reports == ([call.error] if scene.goes in ("reported", "always") else [])
    if scene.goes == "audited" and not is_passing:
        assert isinstance(result, World)
        said = [entry.detail for entry in result.audit if entry.event in ("raised", "unclear")]
        assert len(said) == 1
        assert error.__name__ in said[0]
    for question in after:
        question()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_nothing_keeps_a_callback_that_has_raised(scene: Scene, reports: list[BaseException]) -> None:
    call = Raises(ValueError)
    seen = weakref.ref(call)
    came_through(scene, call, [])
    call.error.__traceback__ = call.error.__context__ = None
    reports.clear()
    del call
    # What is dropped in a fast call goes with the next one that is not.
    Metrics().snapshot()
    gc.collect()
    assert seen() is None
