"""``tickpath runbook``: what is done about each cause of degradation, shown and rehearsed; nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tickpath.cli.app import EXIT_PASSED, CommandGroup
from tickpath.cli.output import print_result
from tickpath.control.automation import dry_run, look_at
from tickpath.control.automation.runbooks import build, build_all
from tickpath.core.state import State
from tickpath.errors import ArgumentValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from tickpath.control.automation import RehearsedStep, Runbook, Step

__all__ = ["command"]

_EXAMPLES = """\b
Examples:
  tickpath runbook list
  tickpath runbook show execution-backlog
  tickpath runbook dry-run market-data-outage
  tickpath runbook dry-run market-data-outage --state DEGRADED --held "feed integrity" --json

Exit codes: 0 done; 2 bad input or usage.
"""
_WOULD = {
    "act": "would act",
    "wait": "would wait",
    "nothing": "nothing to do",
    "unknown": "not known",
}
_ANSWERS = {True: "holds", False: "does not hold", None: "not known"}


@click.group("runbook", cls=CommandGroup, epilog=_EXAMPLES)
def command() -> None:
    """List, show and rehearse the runbooks: what is done about each cause of degradation, step by step."""


@command.command(
    "list", short_help="Name the runbooks and what begins them.", epilog="Example: tickpath runbook list"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/runbook-list/1).")
def list_command(*, as_json: bool) -> int:
    """Name the shipped runbooks, their triggers, and the rows of the failure table they answer."""
    report = {
        "schema": "tickpath/runbook-list/1",
        "runbooks": [_summary(runbook) for runbook in build_all()],
    }
    print_result(report, lambda console: _print_list(report, console), as_json=as_json)
    return EXIT_PASSED


@command.command(
    "show",
    short_help="Print the steps of the runbook NAME.",
    epilog="Example: tickpath runbook show execution-backlog",
)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/runbook/1).")
def show_command(name: str, *, as_json: bool) -> int:
    """Print the runbook NAME: trigger, steps, what must hold before and after each, how long it may take."""
    runbook = build(name)
    report = {
        "schema": "tickpath/runbook/1",
        **_summary(runbook),
        "description": runbook.description,
        "steps": [_step(step) for step in runbook.steps],
    }
    print_result(report, lambda console: _print_runbook(report, console), as_json=as_json)
    return EXIT_PASSED


@command.command(
    "dry-run",
    short_help="Say what the runbook NAME would do now.",
    epilog="Example: tickpath runbook dry-run cold-start --state INIT",
)
@click.argument("name")
@click.option(
    "--state",
    type=click.Choice([state.name for state in State], case_sensitive=False),
    metavar=f"[{'|'.join(state.name for state in State)}]",
    default="READY",
    show_default=True,
    help="The state of the lifecycle.",
)
@click.option(
    "--cause", metavar="WORDS", help="What begins it; its own state or its first trigger by default."
)
@click.option(
    "--held", multiple=True, metavar="WORDS", help="Another cause that is held; repeat for several."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/runbook-dry-run/1).")
def dry_run_command(name: str, *, state: str, cause: str | None, held: tuple[str, ...], as_json: bool) -> int:
    """Rehearse the runbook NAME: what each step would find and do if it were reached now. Nothing is called.

    Only the state and the causes are given, so that conditions on counters are not known.
    """
    runbook = build(name)
    if cause is not None and not runbook.answers(cause):
        known = ", ".join(f'"{trigger}"' for trigger in runbook.triggers)
        raise ArgumentValueError(
            f'--cause: runbook {name} does not answer "{cause}": its triggers are {known}'
        )
    look = look_at(State[state.upper()])
    by_state = cause is None and look.state in runbook.states
    begun_by = f"state {look.state.name}" if by_state else (cause or runbook.triggers[0])
    causes = (*(() if by_state else (begun_by,)), *held)
    report = {
        "schema": "tickpath/runbook-dry-run/1",
        "name": runbook.name,
        "state": look.state.name,
        "trigger": begun_by,
        "causes": list(causes),
        "steps": [_rehearsed(step) for step in dry_run(runbook, look, causes=causes, trigger=begun_by)],
    }
    print_result(report, lambda console: _print_rehearsal(report, console), as_json=as_json)
    return EXIT_PASSED


def _summary(runbook: Runbook) -> dict[str, Any]:
    return {
        "name": runbook.name,
        "title": runbook.title,
        "row": runbook.row,
        "triggers": list(runbook.triggers),
        "states": [state.name for state in runbook.states],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "does": step.does,
        "acts": step.action is not None,
        "pre": step.pre.words if step.pre else None,
        "post": step.post.words if step.post else None,
        "gives_up": step.gives_up.words if step.gives_up else None,
        "timeout_ns": step.timeout_ns,
        "holds": step.holds,
        "undo": step.undo is not None,
        "undo_post": step.undo_post.words if step.undo_post else None,
    }


def _rehearsed(step: RehearsedStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "does": step.does,
        "would": step.would,
        "pre": step.pre,
        "pre_holds": step.pre_holds,
        "post": step.post,
        "post_holds": step.post_holds,
        "undo": step.undo,
        "timeout_ns": step.timeout_ns,
    }


def _print_list(report: Mapping[str, Any], console: Console) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("runbook", "row of the failure table", "begun by", "what it is about"):
        table.add_column(column, overflow="fold")
    for one in report["runbooks"]:
        table.add_row(one["name"], one["row"] or "", _begun_by(one), one["title"])
    console.print(table, highlight=False, markup=False)


def _print_runbook(report: Mapping[str, Any], console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    def line(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    line(f"{report['name']}: {report['title']}")
    line(f"  row of the failure table: {report['row'] or 'none'}")
    line(f"  begun by: {_begun_by(report)}")
    console.print(Padding(Text(report["description"]), (0, 0, 0, 2)))
    for number, step in enumerate(report["steps"], 1):
        line("")
        line(f"{number}. {step['name']}: {step['does']}")
        facts = {
            "before": step["pre"],
            "after": step["post"],
            "gives up at once when": step["gives_up"],
            "each wait takes at most": f"{step['timeout_ns'] / 1e9:g} s",
            "meanwhile": "no other runbook may bring READY back" if step["holds"] else None,
            "if it fails": _undo(step),
        }
        for name, words in facts.items():
            if words is not None:
                line(f"   {name}: {words}")


def _undo(step: Mapping[str, Any]) -> str:
    if not step["undo"]:
        return "a person is asked; what was done stays"
    return f"it is undone until {step['undo_post'] or 'it was called'}, and a person is asked"


def _print_rehearsal(report: Mapping[str, Any], console: Console) -> None:
    def line(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    held = ", ".join(report["causes"]) or "none"
    line(f"{report['name']} in {report['state']}, begun by: {report['trigger']}; causes held: {held}")
    for number, step in enumerate(report["steps"], 1):
        line(f"{number}. {step['name']}: {_WOULD[step['would']]}: {step['does']}")
        for name in ("pre", "post"):
            if step[name] is not None:
                label = "before" if name == "pre" else "after"
                line(f"   {label}: {step[name]}: {_ANSWERS[step[f'{name}_holds']]}")
    line("Nothing was called. Each step is judged as if it were reached now.")


def _begun_by(one: Mapping[str, Any]) -> str:
    return ", ".join([*one["triggers"], *(f"state {state}" for state in one["states"])])
