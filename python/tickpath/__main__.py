"""``python -m tickpath``."""

from __future__ import annotations

import sys

from tickpath.cli import main

if __name__ == "__main__":
    sys.exit(main())
