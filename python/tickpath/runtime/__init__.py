"""The life of a process: who composes source, lifecycle and engine, and how a run begins and ends.

``session`` is the composition root, ``verdict`` judges a run, ``signals`` turns Ctrl-C into an orderly
end. ``warmup``, ``readiness`` and ``shutdown`` are not built yet.
"""
