"""The face of the hot path: bus, execution, ingest, state and time.

It knows nothing of the control plane, of sessions or of the command line, and reads no clock but its own.
"""
