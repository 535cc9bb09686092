"""A run, or drills, as one HTML page that needs nothing else: no network, no other file.

It is made of the objects of :mod:`tickpath.lab.report` and :mod:`tickpath.lab.drill_report` and nothing else,
so that it says the same as ``--json``. Every picture has a table beside it, and the page says the same
without its script. The same objects make the same bytes.

Jinja fills in the templates, because it escapes whatever is put into them; the pictures are SVG and HTML from
the same templates. Rendering takes some milliseconds a run and blocks for nothing else.
"""

from tickpath.lab.page.page import BYTES_MAX, drills_page, run_page

__all__ = ["BYTES_MAX", "drills_page", "run_page"]
