"""Without a name the help, with a wrong one what there is. Every help has an example."""

from __future__ import annotations

import click
import pytest

from tickpath.cli import main
from tickpath.cli.app import _group

GROUPS = ((), ("drill",), ("runbook",), ("config",))


def commands(group: click.Group, *words: str) -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command below ``group``, with the words that call it."""
    found: list[tuple[tuple[str, ...], click.Command]] = []
    with click.Context(group, info_name="tickpath") as ctx:
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            found.append(((*words, name), command))
            if isinstance(command, click.Group):
                found += commands(command, *words, name)
    return found


COMMANDS = [words for words, _ in commands(_group)]


@pytest.mark.parametrize("words", GROUPS, ids=lambda words: " ".join(("tickpath", *words)))
def test_without_a_command_the_help_says_which_there_are(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words]) == 0
    stdout, stderr = capsys.readouterr()
    assert stdout.startswith(f"Usage: {' '.join(('tickpath', *words))} ")
    assert "\nCommands:\n" in stdout
    assert stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["rn"],
            "No such command 'rn'; did you mean \"run\"; tickpath has demo, run, drill, compare, doctor, ",
        ),
        (["drill", "feed-freeze"], "No such command 'feed-freeze'; tickpath drill has list, run\n"),
        (["config", "explian"], '; did you mean "explain"; tickpath config has check, explain, schema\n'),
    ],
)
def test_a_wrong_command_is_one_line_with_those_there_are(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    stdout, stderr = capsys.readouterr()
    assert (stdout, stderr.count("\n")) == ("", 1)
    assert said in stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_help_has_an_example_and_says_its_commands_whole(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"tickpath {words[0]}" in said.partition("Example")[2]
    commands_said = said.partition("\nCommands:\n")[2].partition("\n\n")[0]
    assert "..." not in commands_said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["size", "--service-ns", "5us"], "'5us' is not a valid whole number"),
        (["run", "--capacity", "1e3"], "'1e3' is not a valid whole number"),
        (["run", "--rate", "100k"], "'100k' is not a valid number"),
    ],
)
def test_a_number_that_is_none_is_called_so(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
