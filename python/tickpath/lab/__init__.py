"""What is made of runs: drills and their grades, comparisons of runs, and reports for machines and people.

``scenario_run`` runs a scenario and says what happened (``facts``), ``grading`` grades it, ``drill`` does
both, and ``scenarios/`` has those that are shipped. ``parity`` and ``determinism`` compare two runs.
``report`` is a run as an object, ``report_text`` as text; ``sizing`` computes what a feed needs, and
``bench`` measures.
"""
