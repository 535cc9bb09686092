"""Sweeps: a scenario run in virtual time at every point of a grid, with many seeds: a table and a picture.

``axes`` reads what is varied, ``grid`` numbers the runs and judges them before the first, ``one_run`` runs
one and makes a row of it, ``folder`` keeps what was done, ``local`` and ``cluster`` are the two engines,
``sweep`` goes through with it, ``columns``, ``table`` and ``picture`` are the result.
"""
