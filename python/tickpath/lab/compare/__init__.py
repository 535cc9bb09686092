"""Runs compared by their ``--json`` reports: what differs, how sure that is, and whether it is a regression.

Two sides, A (before) and B (after), each of one run or several. With several runs a side the spread between
runs is what a difference is held against; with one there is none to know, and an interval speaks of those two
runs alone. Blocks while files are read; everything else computes.
"""

from tickpath.lab.compare.comparable import ALLOWED, Difference, differences_of
from tickpath.lab.compare.compare import COMPARE_SCHEMA, compare_sides
from tickpath.lab.compare.limits import Limit, parse_limit
from tickpath.lab.compare.reading import RunReading, Side, read_side

__all__ = [
    "ALLOWED",
    "COMPARE_SCHEMA",
    "Difference",
    "Limit",
    "RunReading",
    "Side",
    "compare_sides",
    "differences_of",
    "parse_limit",
    "read_side",
]
