"""Tables in Markdown, aligned so that they can be read in a terminal too."""

from collections.abc import Iterable, Sequence

__all__ = ["number", "table"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    rule = ["-" * width if column == 0 else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    lines = [cells[0], rule, *cells[1:]]
    return "\n".join("| " + " | ".join(_padded(row, widths)) + " |" for row in lines)


def number(value: float | None, unit: str = "") -> str:
    """With three significant digits, and a dash for what was not measured."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        told = f"{value:,.0f}"
    elif abs(value) >= 10:
        told = f"{value:.1f}"
    else:
        told = f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3f}"
    return f"{told} {unit}".rstrip()


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
