"""Plain-text tables; the last column takes the width that is left and wraps."""

import shutil
from collections.abc import Sequence
from textwrap import wrap

__all__ = ["table", "text_width"]

_GAP = "  "
_NARROWEST = 16


def text_width() -> int:
    """How wide text may be: as wide as the terminal, within reason; 100 where there is none."""
    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 120))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, indent: int = 0) -> str:
    """A table as lines of text.

    Args:
        headers: The names of the columns.
        rows: The cells; an empty one is shown as `-`.
        indent: Spaces before each line.
    """
    cells = [[cell or "-" for cell in row] for row in rows]
    columns = list(zip(headers, *cells, strict=True))
    widths = [max(map(len, column)) for column in columns[:-1]]
    left = indent + sum(width + len(_GAP) for width in widths)
    last = max(_NARROWEST, text_width() - left)
    lines: list[str] = []
    for row in [list(headers), *cells]:
        fixed = "".join(cell.ljust(width) + _GAP for cell, width in zip(row, widths, strict=False))
        first, *more = wrap(row[-1], last, break_long_words=False, break_on_hyphens=False) or ["-"]
        lines += [" " * indent + fixed + first, *(" " * left + line for line in more)]
    return "\n".join(line.rstrip() for line in lines)
