"""A page as its parser sees it: which elements, which text, and what does not hold together."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

__all__ = ["Page", "parsed"]

_VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})
_ALONE = frozenset({"path", "rect"})
#: Attributes that name other elements.
_POINTING = ("aria-labelledby", "aria-describedby")


class Page(HTMLParser):
    """What was found; ``wrong`` is empty for a page that holds together."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.text: list[str] = []
        self.addresses: list[str] = []
        self.ids: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._open: list[str] = []
        self._pointed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in _VOID:
            self._open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids[value or ""] += 1
            elif name in _POINTING or (name == "href" and (value or "").startswith("#")):
                self._pointed += (value or "").removeprefix("#").split()
            elif name in ("src", "href", "action", "xlink:href"):
                self.addresses.append(value or "")
            elif name.startswith("on"):
                self.wrong.append(f"<{tag} {name}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _ALONE | _VOID:
            self.wrong.append(f"<{tag}/>")
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in ("script", "style"):
            self.text.append(data)

    def close(self) -> None:
        super().close()
        self.wrong += [f"<{tag}> left open" for tag in self._open]
        self.wrong += [f"id {name} {times} times" for name, times in self.ids.items() if times > 1]
        self.wrong += [f"no {name} to point at" for name in self._pointed if name not in self.ids]

    @property
    def words(self) -> str:
        """All its text."""
        return " ".join("".join(self.text).split())


def parsed(content: bytes) -> Page:
    """The page behind ``content``."""
    page = Page()
    page.feed(content.decode("utf-8"))
    page.close()
    return page
