"""Scenario files read and laid over each other: TOML to one table, and which file each value came from.

A file that ``extends`` another is laid over it: tables merge, everything else replaces. Reading is the only
thing that blocks, and only regular files are read.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tickpath.config.checks import shown
from tickpath.config.suggest import suggestion
from tickpath.errors import ScenarioError, ScenarioProblem

__all__ = ["FILE_BYTES_MAX", "Builtin", "Layer", "Origins", "layered", "read_layer", "refuse_depth"]

#: Shipped scenarios: their names and where they are.
Builtin = Mapping[str, "str | os.PathLike[str]"]

FILE_BYTES_MAX = 1 << 18
_DEPTH_MAX = 8
_CHAIN_MAX = 16
_PLACE = re.compile(
    r"(?P<reason>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL
)
_MARKS = ((b"\xef\xbb\xbf", "UTF-8"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
#: Keys of [feed] that say what kind of feed it is: those of one kind put the other's away.
_FEED_KINDS = (("files", "symbol", "policy", "out_of_order", "columns"), ("model", "symbols"))


@dataclass(slots=True)
class Origins:
    """Where each value came from: of a table key by key, of all else as a whole."""

    origin: str
    keys: dict[str, Origins] = field(default_factory=dict)

    def of(self, path: str) -> str:
        """The origin of the key at ``path``, or of the nearest table around it."""
        here = self
        for key in re.findall(r"[^.\[\]]+", path):
            if key not in here.keys:
                break
            here = here.keys[key]
        return here.origin


@dataclass(frozen=True, slots=True)
class Layer:
    """One table and how to find what it extends."""

    origin: str
    """What messages call it."""
    folder: str
    """What relative paths in it start from."""
    table: Mapping[Any, Any]
    """What it says."""
    place: str = ""
    """Its file, without links; empty for what is no file."""


def refused(origin: str, reason: str, key: str = "") -> ScenarioError:
    """The error of one problem."""
    return ScenarioError((ScenarioProblem(origin, key, reason),))


def read_layer(given: str | os.PathLike[str], builtin: Builtin, *, folder: str = "") -> Layer:
    """Reads a file, or the shipped scenario of that name. Raises ``ScenarioError``."""
    name = os.fsdecode(given)
    if not name:
        raise refused(
            '""', "names no file: expected the path of a scenario file, or the name of a shipped one"
        )
    if name in builtin:
        return _read(os.fsdecode(builtin[name]), name)
    path = str(Path(folder, name))
    for shipped, place in builtin.items():
        # One that is shipped extends another by its file's name: say which.
        if "\0" not in path and os.path.realpath(place) == os.path.realpath(path):
            return _read(path, shipped)
    if isinstance(given, str) and not name.endswith(".toml") and not _exists(path):
        known = f" (shipped: {', '.join(builtin)})" if builtin else ""
        hint = suggestion(name, builtin)
        raise refused(
            name or '""', f"there is no such file, and no shipped scenario of that name{hint}{known}"
        )
    return _read(path, path)


def _exists(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:  # a name with a NUL
        return False


def _read(path: str, origin: str) -> Layer:
    content = _content(path, origin)
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            raise refused(origin, f"begins with a {encoding} byte order mark: save it as UTF-8 without one")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"byte {error.start} ({content[error.start]:#04x})"
        raise refused(origin, f"is not UTF-8 at {where}: save it as UTF-8{_or_meant(origin)}") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError((_syntax_problem(str(error), origin, text),)) from None
    except (RecursionError, ValueError) as error:
        deep = isinstance(error, RecursionError)
        reason = "is nested too deeply" if deep else f"holds a value that cannot be read: {error}"
        raise refused(origin, reason) from None
    refuse_depth(table, origin)
    return Layer(origin, str(Path(path).parent), table, os.path.realpath(path))


def _content(path: str, origin: str) -> bytes:
    """A pipe could block for ever, a device never end: only regular files are opened."""
    try:
        found = Path(path).stat()
        regular = stat.S_ISREG(found.st_mode)
        content = b""
        if regular and found.st_size <= FILE_BYTES_MAX:
            with open(path, "rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise refused(origin, "there is no such file") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise refused(origin, f"cannot be read: {why}") from None
    if not regular:
        what = "a directory" if stat.S_ISDIR(found.st_mode) else "no regular file"
        raise refused(origin, f"is {what}: expected a scenario file")
    if max(found.st_size, len(content)) > FILE_BYTES_MAX:
        raise refused(
            origin, f"is larger than {FILE_BYTES_MAX:,} bytes: no scenario file is{_or_meant(origin)}"
        )
    return content


def _syntax_problem(message: str, origin: str, text: str) -> ScenarioProblem:
    found = _PLACE.fullmatch(message)
    reason = found["reason"] if found else message
    if found and found["line"]:
        line, column = int(found["line"]), int(found["column"])
    else:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
        reason = f"{reason}, at the end of the file"
    return ScenarioProblem(origin, "", f"is no TOML: {reason}{_or_meant(origin)}", line, column)


def _or_meant(origin: str) -> str:
    """What a file that is no scenario may be, by its name."""
    return "" if origin.endswith(".toml") else "; a recording is given with --feed"


def refuse_depth(table: Mapping[Any, Any], origin: str) -> None:
    """Raises ``ScenarioError`` for a table nested too deeply: what walks it after this may recurse."""
    level: list[object] = [table]
    for _ in range(_DEPTH_MAX):
        level = [
            item
            for outer in level
            for item in (outer.values() if isinstance(outer, Mapping) else outer)  # type: ignore[attr-defined]
            if isinstance(item, Mapping | list | tuple)
        ]
        if not level:
            return
    raise refused(origin, f"is nested deeper than {_DEPTH_MAX} tables: no scenario is")


def layered(layer: Layer, builtin: Builtin) -> tuple[dict[Any, Any], Origins]:
    """``layer`` laid over what it extends. Raises ``ScenarioError``, also for a circle, with its chain."""
    chain = [layer]
    while (base := chain[-1].table.get("extends")) is not None:
        last = chain[-1]
        if not isinstance(base, str) or not base:
            wrong = f"must be the path of a file or the name of a shipped scenario, got {shown(base)}"
            raise refused(last.origin, wrong, "extends")
        try:
            found = read_layer(base, builtin, folder=last.folder)
        except ScenarioError as error:
            raise _in_chain(error, chain) from None
        names = " -> ".join(each.origin for each in [*chain, found])
        if found.place in [each.place for each in chain]:
            raise refused(layer.origin, f"goes in a circle: {names}", "extends")
        if len(chain) >= _CHAIN_MAX:
            raise refused(layer.origin, f"goes through more than {_CHAIN_MAX} files: {names}", "extends")
        chain.append(found)
    table: dict[Any, Any] = {}
    origins = Origins(layer.origin)
    for each in reversed(chain):
        said = {key: value for key, value in each.table.items() if key != "extends"}
        _lay_over(table, _located(said, each.folder), origins, each.origin)
    return table, origins


def _in_chain(error: ScenarioError, chain: list[Layer]) -> ScenarioError:
    """The file that cannot be read, and who extends it."""
    by = " <- ".join(each.origin for each in reversed(chain))
    return ScenarioError(
        tuple(problem._replace(reason=f"{problem.reason} (extended by {by})") for problem in error.problems)
    )


def _located(table: dict[Any, Any], folder: str) -> dict[Any, Any]:
    """Relative paths of recordings start from the file that names them."""
    feed = table.get("feed")
    files = feed.get("files") if isinstance(feed, Mapping) else None
    if not folder or not isinstance(feed, Mapping) or not isinstance(files, list):
        return table
    moved = [
        {**file, "path": str(Path(folder, file["path"]))}
        if isinstance(file, Mapping) and isinstance(file.get("path"), str) and file["path"]
        else file
        for file in files
    ]
    return {**table, "feed": {**feed, "files": moved}}


def _lay_over(
    under: dict[Any, Any], over: Mapping[Any, Any], origins: Origins, origin: str, path: str = ""
) -> None:
    """Lays ``over`` over ``under``, in place; a table of another ``kind`` replaces the whole."""
    if path == "feed":
        _put_away(under, over, origins)
    for key, value in over.items():
        below = under.get(key)
        if not isinstance(value, Mapping):
            under[key] = value
            origins.keys[key] = Origins(origin)
            continue
        if not isinstance(below, dict) or below.get("kind") != value.get("kind", below.get("kind")):
            under[key] = {}
            origins.keys[key] = Origins(origin)
        _lay_over(under[key], value, origins.keys[key], origin, f"{path}.{key}" if path else str(key))


def _put_away(under: dict[Any, Any], over: Mapping[Any, Any], origins: Origins) -> None:
    """A synthetic feed over files, or files over a synthetic feed: what only the other has is gone."""
    for these, those in (_FEED_KINDS, reversed(_FEED_KINDS)):
        if these[0] in over and not any(key in over for key in those):
            for key in those:
                under.pop(key, None)
                origins.keys.pop(key, None)
