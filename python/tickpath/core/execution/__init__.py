"""The executor: one event at a time, gated by the lifecycle, acknowledged."""
