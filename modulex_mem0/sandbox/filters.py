"""Understanding, and refusing, the ``filters`` of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from modulex_mem0.sandbox.conditions import All, Node, Not, Some, conditions
from modulex_mem0.sandbox.errors import NO_ENTITY, ApiError, field_error, invalid_filters
from modulex_mem0.sandbox.filter_fields import READERS
from modulex_mem0.sandbox.scope import ENTITY_FIELDS

DEEPEST = 20
"""Most levels of AND, OR and NOT inside each other."""

MOST_CONDITIONS = 200
"""Most conditions in one filter; SQLite's limit on the depth of an expression is beyond it."""

_POSITIVE = frozenset({"eq", "in", "present"})


def parse_filters(raw: object) -> Node:
    """Read a filter.

    Raises:
        ApiError: 400, if it is missing, has a key or operator that the service does not take, or is too large.
    """
    if raw is None:
        raise field_error("filters", "This field is required.")
    if not isinstance(raw, Mapping):
        raise field_error("filters", f'Expected a dictionary of items but got type "{type(raw).__name__}".')
    if not raw:
        raise ApiError(400, {"error": NO_ENTITY})
    tree = _object(raw, 1)
    if sum(1 for _ in conditions(tree)) > MOST_CONDITIONS:
        raise invalid_filters(f"At most {MOST_CONDITIONS} conditions are allowed")
    return tree


def require_entity(tree: Node) -> None:
    """Insist that a filter names someone whose memories to look at.

    Raises:
        ApiError: 400, if no entity id is asked for outside of ``NOT`` and other than by ``ne``.
    """
    for condition, positive in conditions(tree):
        if positive and condition.field in ENTITY_FIELDS and condition.operator in _POSITIVE:
            return
    raise ApiError(400, {"error": NO_ENTITY})


def refuse_top_level_entities(body: Mapping[str, Any]) -> None:
    """Insist that entity ids are inside ``filters``.

    Raises:
        ApiError: 400, naming the misplaced ones.
    """
    misplaced = [field for field in ENTITY_FIELDS if body.get(field) is not None]
    if misplaced:
        names = ", ".join(misplaced)
        raise ApiError(400, {"error": f"Top-level entity parameters are not supported: {names}. Use filters instead."})


def _object(raw: object, depth: int) -> Node:
    if not isinstance(raw, Mapping):
        raise invalid_filters(f"Each condition must be an object, not {type(raw).__name__}")
    if depth > DEEPEST:
        raise invalid_filters(f"Filters may be nested {DEEPEST} levels deep")
    parts: list[Node] = []
    for key, value in raw.items():
        # The service's own oddity: an AND beside an OR makes it forget the OR.
        if key == "OR" and "AND" in raw:
            _several(key, value, depth)
        elif key in {"AND", "OR", "NOT"}:
            parts.append(_LOGIC[key](_several(key, value, depth)))
        elif key in READERS:
            parts.append(READERS[key](key, value))
        else:
            raise invalid_filters(f"Unsupported filter key: {key!r}. Allowed keys: {', '.join(_ALLOWED)}")
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _several(key: str, raw: object, depth: int) -> tuple[Node, ...]:
    items = [raw] if isinstance(raw, Mapping) else raw
    if not isinstance(items, list) or not items:
        raise invalid_filters(f"{key} must hold a list of at least one condition")
    return tuple(_object(item, depth + 1) for item in items)


_LOGIC: dict[str, Callable[[tuple[Node, ...]], Node]] = {
    "AND": All,
    "OR": Some,
    "NOT": lambda parts: Not(Some(parts)),
}
_ALLOWED = (*_LOGIC, *READERS)
