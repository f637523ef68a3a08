"""The command line: its help, its list of commands, its exit codes, and how a run ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING

import click

from modulex_mem0 import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["ExitCode", "requires_extra", "root", "run"]

_PROGRAM = "modulex-mem0"
# The variable through which a shell's completion script runs the command; its name is click's.
_COMPLETE = "_MODULEX_MEM0_COMPLETE"
# The first line of each command's help, repeated here so that listing the commands imports none of them.
_SUMMARIES = {
    "demo": "Show the whole story, offline and without an account, in a few seconds.",
    "integrations": "List what is installed, and what failed to load.",
    "auth": "Show how to authenticate with an integration.",
    "test-credential": "Ask the service whether a credential works.",
    "credentials": "Store credentials under names, encrypted, and test them.",
    "actions": "List an integration's actions, or describe one.",
    "call": "Call an action and print its output as JSON.",
    "import": "Import conversations or memories from a file or a URL.",
    "serve": "Serve a page, a REST API and MCP on one address.",
    "temporal": "Run a worker, through which Temporal workflows call actions.",
    "mcp": "Serve an integration's actions to agents over MCP.",
    "sandbox": "Start a local server that speaks Mem0's API.",
    "manifest": "Write the manifest of an integration to files, or check those files.",
    "check": "Check an integration against the contract, and rate it on the quality scale.",
    "docs": "Write the page of an integration, or check it.",
    "n8n": "Write the package of an integration for n8n, or check it.",
    "langflow": "Write the components of an integration for Langflow, or check them.",
    "new": "Begin an integration: small, complete, and passing its checks.",
}


class ExitCode(IntEnum):
    """The exit codes of the command; they are part of its interface."""

    SUCCESS = 0
    FAILURE = 1
    #: The command line is wrong: an unknown name, an unreadable file, input that is not a JSON object.
    USAGE = 2
    #: Ctrl-C: 128 plus the number of the signal, as in shells.
    INTERRUPTED = 130


class _LazyGroup(click.Group):
    """A group that imports a command only when it runs: `do-this` is `command` in `commands/do_this.py`.

    A word of Python gets an underscore: `import` is in `commands/import_.py`.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order of the help."""
        return list(_SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for an unknown name."""
        if cmd_name not in _SUMMARIES:
            return None
        name = cmd_name.replace("-", "_")
        module = import_module(f"modulex_mem0.cli.commands.{name}{'_' if iskeyword(name) else ''}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem[str]"]:
        """The names of commands and options that begin like this, without importing the commands."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - needed for completion alone

        names = [CompletionItem(name, help=text) for name, text in _SUMMARIES.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; the message for an unknown one suggests the nearest."""
        name = args[0]
        if name not in _SUMMARIES and ctx.resilient_parsing:
            # The line is being completed: nothing is known of what follows an unknown command.
            return name, click.Command(name), []
        if name not in _SUMMARIES and not name.startswith("-"):
            ctx.fail(f"there is no command {name!r}{_suggestion(name)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--log-level",
    type=click.Choice(("debug", "info", "warning", "error")),
    help="Write log lines of this level and above to standard error, with secrets masked.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def root(log_level: str | None) -> None:
    """Long-term memory through Mem0 for any workflow platform.

    Finds the installed integrations through pluggy, shows what a host would show of them, and calls their actions with
    validated inputs and outputs. Credentials come from the environment variables that an integration declares
    (`modulex-mem0 auth` lists them), from a file, or from the stored ones (`modulex-mem0 credentials`), never from the
    command line, where a process list would show them.

    \b
    Examples:
      modulex-mem0 demo
      modulex-mem0 actions search_memories
      export MEM0_API_KEY=...           # or, offline: modulex-mem0 sandbox
      modulex-mem0 test-credential
      modulex-mem0 call add_memories -p user_id=alice -p messages='I cook.'
      modulex-mem0 call search_memories -p user_id=alice -p query=cooking

    \b
    Exit codes:
      0    success
      1    failure: the service, the network, the credential or a value in the
           input; the message says which
      2    the command line is wrong: an unknown name, an unreadable file,
           input that is not a JSON object
      130  interrupted with Ctrl-C

    Results go to standard output; messages, progress and log lines go to standard error.
    """  # noqa: D301 - a real backspace is click's mark for a paragraph that is not rewrapped
    if log_level is not None:
        import logging  # noqa: PLC0415 - 4 of the 55 ms of `--help`

        # The runtime has masked secrets before a line gets here.
        logging.basicConfig(
            level=log_level.upper(), stream=sys.stderr, format="{levelname} {name}: {message}", style="{"
        )


def run() -> int:
    """Run the command with the arguments of the process and return its exit code."""
    # NO_COLOR is a convention (no-color.org) that click leaves to its callers.
    colour = False if os.environ.get("NO_COLOR") else None
    if os.environ.get(_COMPLETE):
        from modulex_mem0.cli import completion  # noqa: PLC0415 - needed for completion alone

        completion.register()
    try:
        code = root.main(prog_name=_PROGRAM, standalone_mode=False, color=colour, complete_var=_COMPLETE)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ExceptionGroup as group:
        # How the tasks of a server end that reads and writes the streams itself.
        if (cause := _os_error(group)) is None:
            raise
        click.echo(f"{_PROGRAM}: cannot go on: {cause.strerror or cause}", err=True)
        return ExitCode.FAILURE
    except click.Abort:
        click.echo(f"{_PROGRAM}: interrupted", err=True)
        return ExitCode.INTERRUPTED
    return code if isinstance(code, int) else ExitCode.SUCCESS


def _os_error(error: Exception) -> OSError | None:
    """The operating system's error that a group consists of; None if there is any other in it."""
    if not isinstance(error, ExceptionGroup):
        return error if isinstance(error, OSError) else None
    found = [_os_error(inner) for inner in error.exceptions]
    return None if None in found else found[0]


def _suggestion(name: str) -> str:
    """A clause about a name that is no command: it may be an action, or a misspelt command."""
    # Imported here: 150 ms, which only an error pays.
    from modulex_mem0.cli import options  # noqa: PLC0415
    from modulex_mem0.runtime import did_you_mean  # noqa: PLC0415

    with suppress(click.ClickException):
        own = options.find_integration(options.discovered(), options.default_integration())
        if any(action.name == name for action in options.manifest_of(own).actions):
            return f"; did you mean 'call {name}'?"
    return did_you_mean(name, _SUMMARIES)


@contextmanager
def requires_extra(extra: str, what: str) -> Iterator[None]:
    """Report a missing package of an extra in one line; wrap imports that need the extra in this.

    Args:
        extra: The extra's name.
        what: What needs it, as the subject of the message.

    Raises:
        click.ClickException: A package is missing; the message has the command that installs it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("modulex_mem0"):
            raise
        package = error.name.partition(".")[0]
        raise click.ClickException(
            f"{what} needs {package}; install it with: pip install 'modulex-mem0[{extra}]'"
        ) from None
