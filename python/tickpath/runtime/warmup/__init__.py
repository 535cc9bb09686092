"""The warm-up controller: READY on evidence (latency flat over consecutive windows), with a certificate.

Not built yet: this package is empty. A run's warm-up is a number of events that are processed and
gated (``RunSettings.warmup_events``).
"""
