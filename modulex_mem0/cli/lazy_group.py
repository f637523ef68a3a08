"""A click group that imports a command's module only when that command is asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group whose command `do-this` is the attribute `command` of the module `<package>.do_this`.

    Args:
        package: Where the modules of the commands are.
        summaries: What the group's help says of each command, by the command's name, in the order of the help.
        settings: What `click.Group` takes.
    """

    def __init__(self, *, package: str, summaries: Mapping[str, str], **settings: Any) -> None:  # noqa: ANN401
        super().__init__(**settings)
        self._package = package
        self._summaries = summaries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order of the help."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for a name that is not one."""
        if cmd_name not in self._summaries:
            return None
        module = import_module(f"{self._package}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with, or say which one may have been meant."""
        name = args[0]
        if name not in self._summaries and not name.startswith("-"):
            from modulex_mem0.runtime import did_you_mean  # noqa: PLC0415 - only a mistake pays for it

            ctx.fail(f"there is no command {name!r}{did_you_mean(name, self._summaries)}")
        return super().resolve_command(ctx, args)
