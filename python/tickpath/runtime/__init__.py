"""The life of a process: who composes source, lifecycle and engine, and how a run begins and ends.

``session`` is the composition root, ``verdict`` judges a run. ``warmup``, ``readiness`` and ``shutdown`` say
when a run may execute, why it may not, and how it ends; ``signals`` turns Ctrl-C into an orderly end.
``status`` is the run as of one moment, shared by ``notify`` (systemd), ``probe_file`` and ``endpoints``
(HTTP).
"""
