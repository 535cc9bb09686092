"""The group of commands, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import click

from tickpath.cli.interrupts import EXIT_INTERRUPTED, outside_a_run
from tickpath.cli.streams import say, settle
from tickpath.errors import TickpathError

__all__ = [
    "CODES",
    "EXIT_BAD_INPUT",
    "EXIT_FAILED",
    "EXIT_INTERRUPTED",
    "EXIT_PASSED",
    "CommandGroup",
    "ended_by_a_signal",
    "one_line",
    "run_command_line",
]

EXIT_PASSED = 0
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
CODES = {"pass": EXIT_PASSED, "fail": EXIT_FAILED, "interrupted": EXIT_INTERRUPTED}
"""The exit code of each verdict."""

#: Command, and what ``tickpath --help`` says of it.
_COMMANDS = {
    "demo": "See all of it in ten seconds: a run, four faults, and the account of them.",
    "run": "Run a feed through the ring and the executor, and account for it.",
    "drill": "Inject a fault, see it answered, and grade what came of it.",
    "compare": "Compare two runs by their reports, and say whether one is worse.",
    "doctor": "Say which percentiles this machine can be believed about, and what to change.",
    "size": "Size the ring and the service time for a feed.",
    "sweep": "Run a scenario at every point of a grid, in virtual time: one table, one picture.",
    "runbook": "List, show and rehearse what is done about each cause of degradation.",
    "config": "Explain and check scenario files.",
    "bench": "Measure tickpath and its peers side by side, in turns.",
}


def ended_by_a_signal(more: str = "") -> int:
    """Says that a command was told to end at once, and what there is of it; the exit code."""
    if outside_a_run.is_said:
        say("tickpath: interrupted after the account: what was to be written after it may not be there")
    else:
        say(f"tickpath: interrupted, ended without an account{more}")
    return EXIT_INTERRUPTED


def _load(name: str) -> click.Command:
    """The command of that name: what one needs, the others do not wait for."""
    match name:
        case "run":
            from tickpath.cli.run import command
        case "demo":
            from tickpath.cli.demo import command
        case "drill":
            from tickpath.cli.drill import command
        case "compare":
            from tickpath.cli.compare import command
        case "doctor":
            from tickpath.cli.doctor import command
        case "size":
            from tickpath.cli.size import command
        case "sweep":
            from tickpath.cli.sweep import command
        case "runbook":
            from tickpath.cli.runbook import command
        case "config":
            from tickpath.cli.config import command
        case _:
            from tickpath.cli.bench import command
    return command


class CommandGroup(click.Group):
    """Says its help where no command is named, and its commands where the name is none of theirs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the arguments; without any the help is all there is to do."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that ``args`` begin with."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from tickpath.config.suggest import suggestion

            known = self.list_commands(ctx)
            expected = f"{ctx.command_path} has {', '.join(known)}"
            ctx.fail(f"No such command '{name}'{suggestion(name, known).rstrip('?')}; {expected}")
        return super().resolve_command(ctx, args)


class _LazyGroup(CommandGroup):
    """Loads a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load ``cmd_name``; ``None`` if there is no such command."""
        return _load(cmd_name) if cmd_name in _COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 passed, 1 failed, 2 bad input or usage, 130 interrupted.",
)
@click.version_option(package_name="tickpath", prog_name="tickpath", message="%(prog)s %(version)s")
def _group() -> None:
    """A laboratory for the execution path of a trading system.

    Start with: tickpath demo
    """


def run_command_line(arguments: list[str] | None) -> int:
    """Runs the command and returns its exit code; every error of ours is one line on stderr."""
    try:
        code = _group.main(arguments, prog_name="tickpath", standalone_mode=False)
    except click.exceptions.Abort:
        # What click makes of KeyboardInterrupt.
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        # Lists of choices run over several lines.
        return _bad_input(" ".join(error.format_message().split()))
    except (TickpathError, MemoryError) as error:
        return _bad_input(str(error) or "not enough memory")
    except (BrokenPipeError, SystemExit):
        # SystemExit is what click makes of a broken pipe. Whoever read it (``| head``) has seen enough.
        settle()
        return EXIT_PASSED
    except OSError as error:
        settle()
        return _unwritten(error)
    failure = settle()
    if failure is not None:
        return _unwritten(failure)
    return code if isinstance(code, int) else EXIT_PASSED


def _bad_input(message: str) -> int:
    say(f"tickpath: error: {one_line(message)}")
    return EXIT_BAD_INPUT


def _unwritten(error: OSError) -> int:
    say(f"tickpath: error: the output cannot be written: {one_line(str(error))}")
    return EXIT_FAILED


def one_line(message: str) -> str:
    """``message`` without what moves a terminal's cursor: names of files may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in message)
