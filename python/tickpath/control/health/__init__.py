"""Health probes (a later issue)."""
