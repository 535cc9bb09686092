"""The readiness probe: why the system is not ready, as unmet conditions with their numbers.

Not built yet: this package is empty. A run is READY when its warm-up events were processed
(``tickpath.runtime.session``).
"""
