"""Reports in a real browser: nothing fetched, nothing on the console, nothing too wide, readable by keys.

Pictures of each page, light, dark and at a phone's width, are left in ``build/report`` to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import EVIL
from tickpath.lab.page import BYTES_MAX

NAMES = ("live", "scenario", "named", "without-plan", "drill", "drills")
VIEWS = (("light", 1200), ("dark", 1200), ("light", 390), ("dark", 390))
PICTURES = Path(__file__).resolve().parents[2] / "build" / "report"

#: Text whose contrast with what is behind it is below 4.5 to 1, as WCAG 2 asks of it.
FAINT = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] > 0.9) return color;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, style, .skip")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.add(`${element.tagName}.${element.className} ${contrast.toFixed(2)}`);
  }
  return [...faint];
}"""


class Opened:
    """A page, and what the browser said of it."""

    def __init__(self, browser: Any, path: Path, scheme: str, width: int) -> None:
        self.complaints: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._requested)
        self.page.goto(path.as_uri())

    def _requested(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.complaints.append(f"fetched {request.url}")


@pytest.fixture(params=VIEWS, ids=lambda view: f"{view[0]}-{view[1]}")
def view(request: pytest.FixtureRequest) -> tuple[str, int]:
    seen: tuple[str, int] = request.param
    return seen


@pytest.fixture(params=NAMES)
def opened(
    request: pytest.FixtureRequest, browser: Any, pages: dict[str, Path], view: tuple[str, int]
) -> Iterator[Opened]:
    each = Opened(browser, pages[request.param], *view)
    PICTURES.mkdir(parents=True, exist_ok=True)
    scheme, width = view
    each.page.screenshot(path=PICTURES / f"{request.param}-{scheme}-{width}.png", full_page=True)
    yield each
    each.page.close()


def test_nothing_is_said_fetched_cut_off_or_faint(opened: Opened, view: tuple[str, int]) -> None:
    page, (_, width) = opened.page, view
    assert opened.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(FAINT) == []
    # Everything that is folded away, too.
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(FAINT) == []
    assert opened.complaints == []


def test_pages_are_small_and_names_stay_text(browser: Any, pages: dict[str, Path]) -> None:
    for path in pages.values():
        assert path.stat().st_size <= BYTES_MAX
    opened = Opened(browser, pages["named"], "light", 1200)
    assert opened.page.locator("#evil").count() == 0
    assert EVIL in opened.page.locator(".lead").inner_text()
    assert opened.complaints == []
    opened.page.close()


def test_a_picture_is_read_by_pointer_and_by_keys(browser: Any, pages: dict[str, Path]) -> None:
    opened = Opened(browser, pages["scenario"], "light", 1200)
    chart = opened.page.locator("[data-chart]").first
    readout = chart.locator(".readout")
    rows = chart.locator("tr[data-x]")
    assert readout.inner_text() == ""
    chart.locator(".plot").focus()
    opened.page.keyboard.press("ArrowRight")
    first = readout.inner_text()
    opened.page.keyboard.press("ArrowRight")
    second = readout.inner_text()
    assert first != second
    for said, row in ((first, 0), (second, 1)):
        for cell in rows.nth(row).locator("th, td").all():
            assert (cell.text_content() or "") in said
    opened.page.keyboard.press("End")
    assert (rows.last.locator("th").text_content() or "") in readout.inner_text()
    area = chart.locator(".area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    opened.page.mouse.move(box["x"] + 1, box["y"] + box["height"] / 2)
    assert readout.inner_text() == first
    assert chart.locator(".cursor").is_visible()
    assert opened.complaints == []
    opened.page.close()


def test_everything_that_scrolls_or_folds_is_reached_by_tab(browser: Any, pages: dict[str, Path]) -> None:
    opened = Opened(browser, pages["scenario"], "light", 390)
    page = opened.page
    wanted = page.evaluate(
        "[...document.querySelectorAll('a, summary, [tabindex]')].filter((e) => e.checkVisibility()).length"
    )
    reached = set()
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert len(reached) == wanted
    page.close()


def test_it_says_the_same_without_its_script(browser: Any, pages: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["scenario"].as_uri())
    assert page.locator("svg .line, path.line").count() > 20
    assert page.get_by_text("As a table").count() == page.locator("[data-chart]").count()
    context.close()
