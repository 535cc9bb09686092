"""``tickpath config``: scenario files explained, checked, and described for editors. Runs nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tickpath.cli.app import EXIT_BAD_INPUT, EXIT_PASSED, one_line
from tickpath.cli.output import print_result, print_whole
from tickpath.cli.streams import say
from tickpath.config.scenario import Scenario, ScenarioError, read_scenario
from tickpath.lab.drill import load_drill, shipped_scenarios

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from tickpath.config.scenario.explain import Setting

__all__ = ["command"]

_EXAMPLES = """\b
Examples:
  tickpath config explain
  tickpath config explain feed-freeze --json
  tickpath config check my-incident.toml
  tickpath config schema > scenario.schema.json

Exit codes: 0 done; 2 a scenario that is wrong, or usage.
"""


@click.group("config", epilog=_EXAMPLES, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """Explain and check scenario files."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return EXIT_PASSED


@command.command("explain")
@click.argument("scenario", required=False, metavar="[NAME | SCENARIO.toml]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (tickpath/config-explain/1).")
def explain(*, scenario: str | None, as_json: bool) -> int:
    """Every setting of SCENARIO: value, default, unit, meaning, and the file that says it.

    Without SCENARIO every setting there is, with its default.
    """
    from tickpath.config.scenario.explain import every_setting, explained, table_of

    loaded = None if scenario is None else read_scenario(scenario, builtin=shipped_scenarios())
    settings = every_setting() if loaded is None else explained(loaded)
    report = {
        "schema": "tickpath/config-explain/1",
        "source": scenario,
        "scenario": table_of(Scenario() if loaded is None else loaded.scenario),
        "settings": [_as_json(setting) for setting in settings],
    }
    print_result(report, lambda console: _print(report, console), as_json=as_json)
    return EXIT_PASSED


def _as_json(setting: Setting) -> dict[str, Any]:
    from tickpath.config.scenario.explain import UNSET

    required = setting.default is UNSET
    return {
        "key": setting.key,
        "value": setting.value,
        "default": None if required else setting.default,
        "required": required,
        "unit": setting.unit or None,
        "allowed": setting.allowed,
        "meaning": setting.meaning,
        "origin": setting.origin,
    }


@command.command("check")
@click.argument("scenarios", nargs=-1, required=True, metavar="(NAME | SCENARIO.toml)...")
def check(*, scenarios: tuple[str, ...]) -> int:
    """Say everything that is wrong with scenario files, a line each on stderr."""
    wrong = False
    for given in scenarios:
        try:
            found = load_drill(given)
        except ScenarioError as error:
            wrong = True
            for problem in error.problems:
                say(f"tickpath: error: {one_line(str(problem))}")
        else:
            counts = f"injections {len(found.injections)}, probes {len(found.probes)}, "
            click.echo(f"{one_line(given)}: right: {found.name}, {counts}runbooks {len(found.runbooks)}")
    return EXIT_BAD_INPUT if wrong else EXIT_PASSED


@command.command("schema")
def schema() -> int:
    """Print the JSON Schema of scenario files, for editors (draft 2020-12)."""
    from tickpath.config.scenario.schema import json_schema

    print_whole(json.dumps(json_schema(), indent=2) + "\n")
    return EXIT_PASSED


def _print(report: Mapping[str, Any], console: Console) -> None:
    """A line of what it is, then what it means; what differs from its default stands out."""
    from rich.padding import Padding
    from rich.text import Text

    section = None
    for setting in report["settings"]:
        top = setting["key"].partition(".")[0]
        if section is not None and top != section and "." in setting["key"]:
            console.print()
        section = top
        line = Text(f"{setting['key']} = ", style="bold" if setting["origin"] != "default" else "")
        line.append(
            "(required)" if setting["required"] and report["source"] is None else _said(setting["value"])
        )
        line.append(f"  {'; '.join(_beside(setting, whole=report['source'] is None))}", style="dim not bold")
        console.print(line, highlight=False, soft_wrap=True)
        console.print(Padding(Text(setting["meaning"]), (0, 0, 0, 4), expand=False), highlight=False)


def _beside(setting: Mapping[str, Any], *, whole: bool) -> list[str]:
    """Unit, and what it may be, or else where it is from and what it would be."""
    words = [setting["unit"]] if setting["unit"] else []
    if whole:
        words.append(setting["allowed"])
    elif setting["origin"] == "default":
        words.append("default")
    else:
        default = "" if setting["required"] else f" (default {_said(setting['default'])})"
        words.append(f"from {one_line(setting['origin'])}{default}")
    return words


def _said(value: object) -> str:
    """A value as JSON would say it, which is how a file does; a dash for what is not set."""
    return "-" if value is None else json.dumps(value, ensure_ascii=False)
