"""What the documents point at exists: links, anchors, paths in back-quotes, make targets, commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from tests.docs.blocks import ROOT, blocks, commands, documents
from tickpath.cli.app import _group

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FOLDERS = ("rust/", "python/", "tests/", "benches/", "docs/", "tools/", ".ci/")
FILE = re.compile(r"[\w./-]+\.(?:py|pyi|rs|md|toml|lock)")


def prose(path: Path) -> str:
    """Return a document without its fenced blocks."""
    text = path.read_text(encoding="utf-8")
    for block in blocks(path):
        text = text.replace(block.text, "")
    return text


def links(path: Path) -> list[str]:
    """Return the targets of a document's links; what stands in back-quotes is code (``Ring[T](n)``)."""
    return LINK.findall(re.sub(r"`[^`\n]*`", "", prose(path)))


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def ids(path: Path) -> str:
    """Return a test's id."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", documents(), ids=ids)
def test_every_link_leads_somewhere(path: Path) -> None:
    dead = []
    for target in links(path):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("path", documents(), ids=ids)
def test_every_path_in_the_text_exists(path: Path) -> None:
    named = re.findall(r"`([^`\n]+)`", prose(path))
    paths = [
        name
        for name in named
        if name.startswith(FOLDERS)
        and not re.search(r"[*<>{}…\s]", name)
        and (name.endswith("/") or FILE.fullmatch(name))
    ]
    assert [name for name in paths if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", documents(), ids=ids)
def test_every_make_target_in_the_text_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"(?:`|^\$ |&& )make ([a-z][a-z-]*)", text, re.MULTILINE)
    assert [name for name in named if name not in targets] == []


def accept(command: click.Command, words: list[str], parent: click.Context | None = None) -> None:
    """Take ``words`` as the command line does; what is wrong with them raises. Nothing is run."""
    with command.make_context("tickpath", words, parent=parent) as ctx:
        rest = [*ctx._protected_args, *ctx.args]
        if isinstance(command, click.Group) and rest:
            _, below, rest = command.resolve_command(ctx, rest)
            assert below is not None
            accept(below, rest, ctx)


@pytest.mark.parametrize("path", documents(), ids=ids)
def test_every_command_in_the_text_is_one(path: Path) -> None:
    named = re.findall(r"`(tickpath [a-z][^`]*)`", prose(path))
    for block in blocks(path):
        if block.language == "console" and "no-run" in block.marks:
            named += [command for command in commands(block) if command.startswith("tickpath ")]
    wrong = []
    for name in named:
        words = shlex.split(re.split(r" [|>&]", name)[0])[1:]
        try:
            accept(_group, words)
        except (click.exceptions.Exit, click.MissingParameter):
            # Asked for the help, or only the command is meant.
            continue
        except click.UsageError as error:
            wrong.append(f"{name}: {error.format_message()}")
    assert wrong == []


def test_every_document_is_on_the_map() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target.partition("#")[0]).resolve() for target in links(index)}
    missing = [ids(path) for path in (ROOT / "docs").rglob("*.md") if path != index and path not in linked]
    assert missing == [], "add it to docs/index.md"
