"""Filters once they are understood: a tree of conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modulex_mem0.sandbox.clock import Instant

Scalar = str | tuple[str, ...] | Instant | tuple[Instant, ...] | None


@dataclass(frozen=True)
class Condition:
    """One comparison.

    Attributes:
        field: What is compared, named as in a filter.
        operator: ``eq``, ``ne``, ``in``, ``present``, ``absent``, ``gt``, ``gte``, ``lt``, ``lte``, ``contains`` or
            ``icontains``, as far as the field knows it.
        value: What it is compared with; of metadata, the value as JSON.
        key: Of metadata, the top-level key.
    """

    field: str
    operator: str
    value: Scalar = None
    key: str = ""


@dataclass(frozen=True)
class All:
    """True if every part is."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Some:
    """True if at least one part is."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    """True if its part is not."""

    part: Node


Node = Condition | All | Some | Not


def conditions(node: Node) -> Iterator[tuple[Condition, bool]]:
    """Every condition of a tree, with whether it is asked for positively (outside of any ``NOT``)."""
    waiting: list[tuple[Node, bool]] = [(node, True)]
    while waiting:
        current, positive = waiting.pop()
        if isinstance(current, Condition):
            yield current, positive
        elif isinstance(current, Not):
            waiting.append((current.part, False))
        else:
            waiting.extend((part, positive) for part in current.parts)
