"""What a test asks of another process: importable by name, as multiprocessing wants it."""

from __future__ import annotations

from tickpath.config.engine import EngineSettings
from tickpath.core.engine import Engine
from tickpath.core.ingest import MarketDataSource
from tickpath.core.state import Lifecycle

__all__ = ["balanced_run"]


def balanced_run(settings: EngineSettings) -> bool:
    """Make a source and an engine from ``settings``, and say whether its books balanced."""
    source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=100)
    engine = Engine(source, Lifecycle(), settings)
    engine.start()
    engine.stop()
    return engine.finish().balanced
