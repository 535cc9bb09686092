"""The site: ``make docs``. Sphinx reads the Markdown files where they lie, and docstrings.

The source folder is the project's root, so that the pages' links among each other are the ones that a
reader of the repository follows. What only a site needs is made while it is
built: the tables of contents, from the headings and links of ``docs/index.md``, and a page for each public
package, from the list that the versioning policy covers (``tools/public_api.py``).
"""

from __future__ import annotations

import importlib
import re
import sys
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.public_api import public_modules  # noqa: E402

project = "tickpath"
author = "the tickpath authors"
copyright = author  # noqa: A001
release = version = metadata.version("tickpath")

root_doc = "docs/index"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
include_patterns = ["docs/**", "*.md", "tests/*.md", "rust/README.md", "rust/core/tests/README.md"]
exclude_patterns = [".*", "build", "dist", "target*", "**/.*", "**/target*"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]

html_theme = "furo"
html_title = f"tickpath {version}"
html_show_sourcelink = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}

_LINK = re.compile(r"(!?)\[(?P<text>(?:`[^`\n]*`|[^\[\]`])*)\]\((?P<target>[^)\s]+)\)")


def _contents(index: str) -> str:
    """Hidden tables of contents, one for each heading of the map, of the pages that stand below it."""
    tables = []
    start, *sections = re.split(r"^## ", index, flags=re.MULTILINE)
    for section in [f"Start{start}", *sections]:
        caption = re.match(r"\w[\w ]*", section)
        pages = [
            match["target"].partition("#")[0].removesuffix(".md")
            for match in _LINK.finditer(section)
            if match["target"].partition("#")[0].endswith(".md")
        ]
        if caption and caption[0] == "Reference":
            pages.append("api/index")
        entries = "\n".join(dict.fromkeys(pages))
        tables.append(f"```{{toctree}}\n:hidden:\n:caption: {caption and caption[0]}\n\n{entries}\n```\n")
    return "\n".join(tables)


def _read(_app: Sphinx, docname: str, source: list[str]) -> None:
    """What a page says in the repository, as a page of the site."""
    folder = (ROOT / docname).parent

    def leads_to_code(match: re.Match[str]) -> str:
        target = (folder / match["target"].partition("#")[0]).resolve()
        if not target.exists() or target.suffix in {".md", ".svg", ".png"} or match["target"].startswith("#"):
            return match[0]
        # A file of the project that is no page: the site says where it lies.
        text, path = match["text"].strip("`"), target.relative_to(ROOT)
        return f"`{path}`" if text in str(path) else f"{match['text']} (`{path}`)"

    if not docname.startswith("docs/api/"):
        # The odd parts are blocks of code.
        parts = re.split(r"(^ *```.*?^ *```$)", source[0], flags=re.MULTILINE | re.DOTALL)
        source[0] = "".join(
            part if number % 2 else _LINK.sub(leads_to_code, part) for number, part in enumerate(parts)
        )
    if docname == root_doc:
        source[0] += "\n" + _contents(source[0])


def _write_reference(_app: Sphinx) -> None:
    """A page for each public package, below ``docs/api`` (not committed)."""
    folder = ROOT / "docs" / "api"
    folder.mkdir(exist_ok=True)
    names = [name for name in public_modules() if getattr(importlib.import_module(name), "__all__", ())]
    for name in names:
        title = f"``{name}``"
        text = f"{title}\n{'=' * len(title)}\n\n.. automodule:: {name}\n"
        page = folder / f"{name}.rst"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
    listed = "\n".join(f"   {name}" for name in names)
    (folder / "index.rst").write_text(
        "Classes and functions\n=====================\n\nEvery name that the versioning policy covers "
        "(:doc:`/docs/reference/stability`), from its docstring.\n\n"
        ".. toctree::\n   :maxdepth: 1\n\n" + listed + "\n",
        encoding="utf-8",
    )


def setup(app: Sphinx) -> None:
    """Connects what is made while the site is built."""
    app.connect("builder-inited", _write_reference)
    app.connect("source-read", _read)
