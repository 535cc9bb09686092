"""HTTP for whoever supervises a run: alive, ready, started, metrics. Opt-in, loopback by default.

``server`` is threads and sockets, ``answers`` what each path says, ``metrics`` the Prometheus text (extra
``http``), ``address`` who may listen where. See ``docs/operating/endpoints.md``.
"""

from __future__ import annotations

from tickpath.runtime.endpoints.address import HttpAddress, parse_address
from tickpath.runtime.endpoints.server import Endpoints

__all__ = ["Endpoints", "HttpAddress", "parse_address"]
