"""Health probes: a verdict (ok, failing, unknown) with value, threshold and since, from counters only.

Not built yet: this package is empty. Until then the figures are read where they are counted
(``Consumer.available()`` and ``lost``, ``Executor.sink_errors``, ``Metrics.snapshot()``).
"""
