"""tickpath: a laboratory for the execution path of a trading system.

A market-data feed, recorded or synthetic, is published into a lock-free broadcast ring
(``tickpath.core.bus``), fanned out to consumers that each keep a place of their own, and processed by an
executor (``tickpath.core.execution``) that an explicit lifecycle gates (``tickpath.core.state``). The hot
path is Rust on pinned threads; a slow consumer never holds the producer back, and what it lost is counted
exactly.

Python owns the rest: ``tickpath.control`` injects failures and aggregates metrics without ever standing
on the hot path, ``tickpath.runtime`` runs a session, and ``tickpath run`` on the command line does all of
it on your data and says how far each figure can be trusted. Importing this package loads none of its
parts; every error is a class of ``tickpath.errors``.
"""

TYPE_CHECKING = False  # checkers take it for true; importing it would cost more than this package

__all__ = ["__version__"]

__version__: str
"""The version of the installed package: the one in Cargo.toml."""

if not TYPE_CHECKING:  # a checker would take the function for an attribute of every name

    def __getattr__(name: str) -> str:
        """Read the version when it is asked for: the metadata reader costs more than this package."""
        if name != "__version__":
            raise AttributeError(f"module 'tickpath' has no attribute {name!r}")
        from importlib.metadata import version

        return version("tickpath")
