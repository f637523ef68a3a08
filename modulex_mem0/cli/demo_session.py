"""What the demo prints: plain text, with colour only on a terminal."""

import json
from collections.abc import Sequence
from textwrap import fill, indent

import click

from modulex_mem0.cli.files import json_line
from modulex_mem0.cli.output import table, text_width

__all__ = ["Page"]

_MARGIN = "   "


class Page:
    """Prints the story, a paragraph at a time."""

    def heading(self, number: int, title: str) -> None:
        """Begin a step."""
        click.echo()
        click.secho(f"{number}. {title}", bold=True)

    def say(self, text: str) -> None:
        """A remark of the narrator's."""
        click.echo(fill(text, text_width(), initial_indent=_MARGIN, subsequent_indent=_MARGIN))

    def block(self, text: str) -> None:
        """Lines as they are."""
        click.echo(indent(text, _MARGIN))

    def rows(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table."""
        click.echo(table(headers, rows, indent=len(_MARGIN)))

    def sent(self, what: str, value: object) -> None:
        """What went into the runtime."""
        self._marked(click.style(">", fg="cyan"), f"{what} ", value)

    def received(self, value: object) -> None:
        """What came out of it."""
        self._marked(click.style("<", fg="green"), "", value)

    def refused(self, line: str) -> None:
        """The one line of an error, however long."""
        click.echo(f"{_MARGIN}{click.style('<', fg='yellow')} {line}")

    def _marked(self, mark: str, label: str, value: object) -> None:
        room = text_width() - len(_MARGIN) - 2
        text = label + _fitted(value, room, len(label))
        first, _, rest = text.partition("\n")
        click.echo(f"{_MARGIN}{mark} {first}")
        if rest:
            click.echo(indent(rest, _MARGIN + "  "))


def _fitted(value: object, room: int, taken: int = 0) -> str:
    """JSON on one line where it fits, else an item a line, and so on inwards."""
    line = json_line(value)
    if taken + len(line) <= room or not isinstance(value, dict | list) or not value:
        return line
    if isinstance(value, dict):
        items = [
            f"{(key := json.dumps(name, ensure_ascii=False))}: {_fitted(item, room - 3, len(key) + 2)}"
            for name, item in value.items()
        ]
        opening, closing = "{", "}"
    else:
        items = [_fitted(item, room - 3) for item in value]
        opening, closing = "[", "]"
    body = indent(",\n".join(items), "  ")
    return f"{opening}\n{body}\n{closing}"
