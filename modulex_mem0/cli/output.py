"""The forms in which commands print: JSON, running text, numbered steps, tables, and an action's hints."""

import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from shlex import quote
from textwrap import fill, indent
from typing import Any

from modulex_mem0.contract import AuthScheme, ErrorCode, ErrorInfo, Hints, Profile

__all__ = [
    "call_command",
    "error_advice",
    "export_lines",
    "hint_words",
    "json_line",
    "json_text",
    "numbered",
    "table",
    "text_width",
    "wrapped",
]

# What JSON allows in a string and a terminal would obey: control characters, line separators, the direction of text.
_CONTROL = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_GAP = "  "
# Errors after which a change may have been made all the same, and whose own advice does not say so.
_UNCERTAIN = (ErrorCode.SERVICE_ERROR, ErrorCode.TIMEOUT, ErrorCode.CONNECTION_FAILED, ErrorCode.BAD_RESPONSE)
# The least width of the column that wraps, and a width that no table reaches.
_NARROWEST, _UNLIMITED = 16, 100_000


def json_text(value: object) -> str:
    """Indented JSON, with letters of every script as they are, and without a newline at the end."""
    return _escaped(json.dumps(value, indent=2, ensure_ascii=False))


def json_line(value: object) -> str:
    """JSON on one line."""
    return _escaped(json.dumps(value, ensure_ascii=False))


def hint_words(hints: Hints) -> str:
    """The hints that are set, such as `read-only, idempotent`."""
    return ", ".join(name.replace("_", "-") for name, is_set in hints if is_set) or "changes data"


def call_command(integration: str, action: str, input: Mapping[str, Any]) -> str:
    """The command that calls an action, to be copied into a shell."""
    from modulex_mem0.cli.options import own_integration  # noqa: PLC0415 - it imports what a message rarely needs

    option = "" if integration == own_integration() else f" --integration {quote(integration)}"
    return f"modulex-mem0 call {quote(action)}{option} --input {quote(json_line(input))}"


def error_advice(error: ErrorInfo, profile: Profile, *, changes: bool = False) -> Iterator[str]:
    """What to do about an error, a line each: the advice of its code, whether to repeat, and what to export.

    Args:
        error: The error.
        profile: The integration's, whose environment variables are named when a credential is missing.
        changes: Whether the call changes something, so that repeating it could change that twice.
    """
    yield error.code.advice
    if error.retryable:
        after = "" if error.retry_after is None else f" after {error.retry_after:g} s"
        yield f"It is safe to repeat the call{after}."
    elif changes and error.code in _UNCERTAIN:
        yield "It may not be safe to repeat the call: it may have taken effect, so check first."
    if error.code is ErrorCode.MISSING_CREDENTIAL and profile.auth_schemes:
        yield from export_lines(profile.auth_schemes[0])


def export_lines(scheme: AuthScheme) -> Iterator[str]:
    """Lines for a shell that set a scheme's credential, with placeholders; optional ones are comments."""
    for field in scheme.fields:
        if field.application:
            continue
        value = field.default or f"<{field.format or field.display_name}>"
        line = f"export {field.environment_variable}={quote(value)}"
        yield line if field.required else f"# optional: {line}"


def text_width() -> int:
    """The width of running text: the terminal's, between 60 and 120 columns; 100 where there is no terminal."""
    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 120))


def wrapped(text: str, margin: str, *, hanging: str | None = None) -> str:
    """A paragraph that fits `text_width`.

    Args:
        text: The paragraph.
        margin: What each line begins with.
        hanging: What the lines after the first begin with instead.
    """
    return fill(text, text_width(), initial_indent=margin, subsequent_indent=margin if hanging is None else hanging)


def numbered(steps: Iterable[str]) -> str:
    """A numbered list, indented."""
    return "\n".join(wrapped(step, f"  {number}. ", hanging="     ") for number, step in enumerate(steps, 1))


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, margin: int = 0) -> str:
    """A table without borders. On a terminal, the last column wraps; elsewhere each row is one line, for grep.

    Args:
        headers: The names of the columns.
        rows: The cells; an empty one is shown as `-`.
        margin: Spaces before each line.
    """
    # Imported here: rich takes 20 ms, a tenth of a command that prints no table.
    from rich.cells import cell_len  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style=None)
    for number, header in enumerate(headers, 1):
        # Bold letters alone, not the whole cell, so that the padding at the end of a line can be cut off.
        grid.add_column(Text.assemble((header, "bold")), no_wrap=number < len(headers), overflow="fold")
    cells = [[cell or "-" for cell in row] for row in rows]
    for row in cells:
        grid.add_row(*map(Text, row))
    if sys.stdout.isatty():
        # A terminal too narrow for the other columns breaks lines itself: rich would break names, or cut them short.
        others = list(zip(headers, *cells, strict=True))[:-1]
        narrowest = sum(max(map(cell_len, column)) + len(_GAP) for column in others) + _NARROWEST
        width = max(shutil.get_terminal_size().columns - margin, narrowest)
    else:
        width = _UNLIMITED
    # The style is always rendered: click.echo takes it out if no terminal reads it or NO_COLOR is set. The height is
    # there because without one TERM=dumb would make the width 80.
    console = Console(width=width, height=24, force_terminal=True, color_system="standard", legacy_windows=False)
    with console.capture() as captured:
        console.print(grid)
    return indent("\n".join(line.rstrip() for line in captured.get().splitlines()), " " * margin)


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
