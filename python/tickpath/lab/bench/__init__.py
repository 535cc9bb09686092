"""Every peer in the same run, taking turns: the parts of ``tickpath bench`` and what is made of them.

A part is anything with :class:`~tickpath.lab.bench.part.Part`'s ``name``, ``title`` and ``run(budget)``;
``tickpath.lab.bench.parts`` lists them. Importing this package loads the contract and nothing measured.
"""

from tickpath.lab.bench.figures import Latency, Spread
from tickpath.lab.bench.part import Budget, Figure, Part, PartResult, Promise, Sizes

__all__ = ["Budget", "Figure", "Latency", "Part", "PartResult", "Promise", "Sizes", "Spread"]
