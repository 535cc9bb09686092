"""The life of a process: composition, warm-up, readiness, shutdown."""
