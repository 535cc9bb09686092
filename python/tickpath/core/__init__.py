"""The face of the hot path: bus, execution, ingest, state and time."""
