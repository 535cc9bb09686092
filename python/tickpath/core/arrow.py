"""Events and acks as Arrow columns, for polars, pandas, pyarrow, duckdb and their like.

``ArrowRows`` copies structured NumPy rows into columns, once, and shows them through Arrow's PyCapsule
interface; a ``MarketDataSource`` shows its events by itself. No Arrow library is needed for it: each consumer
brings its own. See ``docs/guides/arrow.md``.

>>> import numpy as np
>>> from tickpath.core.execution import ACK_DTYPE
>>> acks = np.zeros(3, ACK_DTYPE)  # as filled by Executor.process_into
>>> ArrowRows(acks)
ArrowRows(3 rows, 5 columns)
"""

from tickpath._native import ArrowRows

__all__ = ["ArrowRows"]
