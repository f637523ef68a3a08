"""A session of the demo: the account in the sandbox, calls that are printed and checked, and the printing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import click
from pydantic import SecretStr

from modulex_mem0.cli.output import json_line, table, text_width, wrapped
from modulex_mem0.contract import Integration
from modulex_mem0.runtime import Result, Runtime

__all__ = ["INTEGRATION", "DemoError", "DemoSession", "expect"]

#: The integration that the sandbox stands in for.
INTEGRATION = "mem0"

_MARGIN = "   "


class DemoError(Exception):
    """A step did not do what it should; the message says what was expected."""


def expect(condition: bool, what: str) -> None:
    """Go on only if the demo does what it should.

    Raises:
        DemoError: The condition is false.
    """
    if not condition:
        raise DemoError(f"expected {what}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSession:
    """A runtime and the account of a sandbox. Prints plain text, with colour only on a terminal.

    Attributes:
        runtime: Calls the integration, as any host would.
        base_url: Where the sandbox serves.
        api_key: The key that it accepts.
    """

    runtime: Runtime
    base_url: str
    api_key: SecretStr

    @property
    def integration(self) -> Integration:
        """The integration that the demo shows."""
        return self.runtime.integrations[INTEGRATION]

    def credential(self, api_key: SecretStr | None = None) -> dict[str, str | SecretStr]:
        """The credential of a call, with the sandbox's key unless another is given."""
        return {"api_key": api_key or self.api_key, "base_url": self.base_url}

    async def call_silently(self, action: str, input: Mapping[str, Any]) -> Result:
        """Call an action; print nothing."""
        return await self.runtime.call(INTEGRATION, action, input, credential=self.credential())

    async def call(self, action: str, input: Mapping[str, Any]) -> dict[str, Any]:
        """Print a call, make it, and return its output.

        Raises:
            DemoError: The call failed.
        """
        self.print_request(action, input)
        result = await self.call_silently(action, input)
        expect(result.success, f"{action} to succeed, got {json.dumps(result.output.get('error'))}")
        return result.output

    async def call_refused(self, action: str, input: Mapping[str, Any], code: str, detail: str) -> None:
        """Print a call that has to fail, make it, and print the error.

        Args:
            action: The action.
            input: The input that is to be refused.
            code: The expected error code.
            detail: An expected part of the message.

        Raises:
            DemoError: The call succeeded, or the error is another one.
        """
        self.print_request(action, input)
        result = await self.call_silently(action, input)
        line = str(result.output["error"])
        expect(not result.success, f"{action} to refuse the input")
        expect(line.startswith(f"{code}: ") and "\n" not in line, f"one line that begins with {code}, got {line!r}")
        expect(detail in line, f"a message that contains {detail!r}, got {line!r}")
        self.print_error(line)

    def print_heading(self, number: int, title: str) -> None:
        """Print the title of a step."""
        click.echo()
        click.secho(f"{number}. {title}", bold=True)

    def print_text(self, text: str) -> None:
        """Print a paragraph."""
        click.echo(wrapped(text, _MARGIN))

    def print_lines(self, text: str) -> None:
        """Print lines without rewrapping them."""
        click.echo(indent(text, _MARGIN))

    def print_table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table."""
        click.echo(table(headers, rows, margin=len(_MARGIN)))

    def print_request(self, what: str, value: object) -> None:
        """Print what goes into the runtime."""
        self._print_json(click.style(">", fg="cyan"), f"{what} ", value)

    def print_reply(self, value: object) -> None:
        """Print what comes out of it."""
        self._print_json(click.style("<", fg="green"), "", value)

    def print_error(self, line: str) -> None:
        """Print the one line of an error, however long."""
        click.echo(f"{_MARGIN}{click.style('<', fg='yellow')} {line}")

    def _print_json(self, mark: str, label: str, value: object) -> None:
        width = text_width() - len(_MARGIN) - 2
        first, _, rest = (label + _layout(value, width, len(label))).partition("\n")
        click.echo(f"{_MARGIN}{mark} {first}")
        if rest:
            click.echo(indent(rest, _MARGIN + "  "))


def _layout(value: object, width: int, used: int = 0) -> str:
    """JSON on one line if it fits, else one item a line, and so on inwards."""
    line = json_line(value)
    if used + len(line) <= width or not isinstance(value, dict | list) or not value:
        return line
    if isinstance(value, dict):
        items = [
            f"{(key := json.dumps(name, ensure_ascii=False))}: {_layout(item, width - 3, len(key) + 2)}"
            for name, item in value.items()
        ]
        opening, closing = "{", "}"
    else:
        items = [_layout(item, width - 3) for item in value]
        opening, closing = "[", "]"
    body = indent(",\n".join(items), "  ")
    return f"{opening}\n{body}\n{closing}"
