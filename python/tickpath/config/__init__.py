"""Frozen settings with units in their names: what can be set, its default, and what is refused.

``engine`` holds those of an engine, ``run`` those of a run, ``scenario`` those of a scenario file, and what
reads it; ``fields`` and ``checks`` say what a setting may be. It lies below everything and imports only the
errors, and the native module for the rules that are written in Rust.
"""
