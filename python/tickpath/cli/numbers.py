"""Numbers as options take them."""

from __future__ import annotations

import math
from typing import Any

import click

__all__ = ["CAPACITY_MAX", "Number", "WholeNumber"]

#: The most slots a ring can be asked for.
CAPACITY_MAX = 2**63 - 1


class Number(click.FloatRange):
    """A number in a range; NaN compares with nothing and would pass for one."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert ``value`` to a finite number in the range."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


class WholeNumber(click.IntRange):
    """A whole number in a range, called so where something else was given."""

    name = "whole number"
