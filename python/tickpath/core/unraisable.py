"""Errors that must not stop the one they happen to: a listener's, a sink's.

Python has a place for them, ``sys.unraisablehook``, which prints them with their traceback unless
somebody installed a hook of his own (pytest does).
"""

from __future__ import annotations

from tickpath._native import report_unraisable

__all__ = ["report_unraisable", "said"]


def said(error: BaseException) -> str:
    """What ``error`` is, in a line; also of one whose own text raises."""
    name = type(error).__name__
    try:
        return f"{name}: {error}"
    except Exception:  # noqa: BLE001  somebody else's __str__
        return f"{name}, whose text cannot be had"
