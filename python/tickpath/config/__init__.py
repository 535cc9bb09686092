"""Frozen settings with units in their names: what can be set, its default, and what is refused.

``run`` holds those of a live run; scenario files are not built yet. It lies below everything and imports only
the errors.
"""
