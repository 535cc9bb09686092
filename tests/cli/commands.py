"""Every command of ``tickpath``, small: for the tests that hold for each of them."""

from __future__ import annotations

FAST = ["--events", "2000", "--rate", "1e6", "--floor-ms", "0.1"]
#: As long as a moment within it can be met by another process.
LONGER = ["--events", "20000", "--rate", "200000", "--floor-ms", "1"]
BENCH = ["bench", "--quick", "--rounds", "1", "--json"]
SWEEP = [
    *["sweep", "feed-freeze", "--set", "ring.capacity=64,16384", "--seeds", "4"],
    *["--output", "{folder}/kept.sweep", "--json"],
]

#: Those that are over soon, in this process as well.
SMALL: dict[str, list[str]] = {
    "help": ["--help"],
    "version": ["--version"],
    "run --help": ["run", "--help"],
    "run live": ["run", *FAST, "--json"],
    "run virtual": ["run", *FAST[:4], "--mode", "virtual", "--sink", "--json"],
    "drill list": ["drill", "list", "--json"],
    "demo": ["demo", "--mode", "virtual", "--quick", "--json"],
    "doctor": ["doctor", "--seconds", "0.02", "--json"],
    "size": ["size", *FAST[:4], "--service-ns", "500", "--json"],
    "runbook list": ["runbook", "list", "--json"],
    "runbook show": ["runbook", "show", "execution-backlog", "--json"],
    "runbook dry-run": ["runbook", "dry-run", "cold-start", "--state", "INIT", "--json"],
    "config explain": ["config", "explain", "feed-freeze", "--json"],
    "config check": ["config", "check", "feed-freeze"],
    "config schema": ["config", "schema"],
}

#: Every one; ``{folder}`` is a folder for what it writes.
ALL: dict[str, list[str]] = {
    **SMALL,
    "run live": ["run", *LONGER, "--json"],
    "run text": ["run", *LONGER],
    "run stages": ["run", *LONGER, "--sink", "--consumer", "slow,overrun=head,service=50000", "--json"],
    "run http": [
        *["run", *LONGER, "--http", "0", "--probe-file", "{folder}/kept.probe"],
        *["--hlog", "{folder}/kept.hlog", "--json"],
    ],
    "run scenario live": ["run", "market-data-outage", "--audit", "{folder}/kept.audit", "--json"],
    "run scenario virtual": ["run", "market-data-outage", "--mode", "virtual", "--json"],
    "run parity": ["run", "feed-freeze", "--parity", "--json"],
    "run check-determinism": ["run", "feed-freeze", "--check-determinism", "--json"],
    "run report": ["run", *LONGER, "--report", "{folder}/kept.html", "--json"],
    "drill run": ["drill", "run", "feed-freeze", "--json"],
    "drill run report": ["drill", "run", "--all", "--report", "{folder}/kept.html", "--json"],
    "drill run live": ["drill", "run", "feed-freeze", "--mode", "live", "--json"],
    "drill run all": ["drill", "run", "--all", "--json"],
    "demo": ["demo", "--quick", "--json"],
    "doctor": ["doctor", "--seconds", "0.5", "--json"],
    "sweep": [*SWEEP, "--processes", "2"],
    "sweep here": [*SWEEP, "--processes", "1"],
    "bench threads": [*BENCH, "--only", "threads"],
    "bench processes": [*BENCH, "--only", "processes"],
    "bench object-tier": [*BENCH, "--only", "object-tier"],
    "bench engine": [*BENCH, "--only", "engine"],
    "bench also": [*BENCH, "--only", "object-tier", "--also", "{python}"],
}


def prints_json(arguments: list[str]) -> bool:
    """Whether what it prints is one object."""
    return "--json" in arguments or arguments == ["config", "schema"]
