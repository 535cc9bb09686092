"""Words of scenario files that other rooms know too: states, kinds of feed, models, runbooks."""

from __future__ import annotations

import inspect
from typing import get_args

from tickpath.config.scenario import feed, injections, responses, surroundings
from tickpath.control.automation.runbooks import SHIPPED
from tickpath.core.ingest import KINDS
from tickpath.core.ingest.synthetic import EVENTS_MAX, MODELS, SYMBOLS_MAX
from tickpath.core.state import Lifecycle, State


def test_the_states_are_the_lifecycles() -> None:
    assert get_args(injections.StateWord) == tuple(state.name for state in State)


def test_the_feeds_are_those_of_ingest() -> None:
    assert get_args(feed.FileKind) == KINDS
    assert sorted(get_args(feed.Model)) == sorted(MODELS)
    feed.FeedSettings(events=EVENTS_MAX, symbols=SYMBOLS_MAX)


def test_the_standard_runbooks_are_those_that_are_shipped() -> None:
    assert tuple(SHIPPED) == responses.STANDARD_RUNBOOKS


def test_the_history_is_as_long_as_the_lifecycles() -> None:
    default = inspect.signature(Lifecycle).parameters["history_limit"].default
    assert default == surroundings.LifecycleSettings().history_limit
