"""Mem0's filter language, checked before it is sent: its server drops or misreads what is refused here.

Sibling keys are ANDed; `AND` and `OR` hold lists, `NOT` a list or an object. Reference: the filter section of Mem0's
API documentation.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from modulex_mem0.mem0.parameters.json_values import JsonObject

__all__ = ["ListFilters", "SearchFilters"]

_ENTITIES = frozenset({"user_id", "agent_id", "app_id", "run_id"})
_DATES = frozenset({"created_at", "updated_at", "timestamp", "expiration_date"})
_TEXTS = frozenset({"text", "keywords_search", "keywords"})
_FIELDS = sorted(_ENTITIES | _DATES | _TEXTS | {"categories", "metadata", "memory_ids"})
_OPERATORS = {
    "entity": ("eq", "ne", "in"),
    "date": ("gt", "gte", "lt", "lte", "ne", "in"),
    "text": ("eq", "ne", "contains", "icontains"),
    "categories": ("in", "contains"),
    "metadata": ("eq", "ne", "contains"),
    "memory_ids": ("in",),
}
# What people write from habit, and what Mem0 has in its place.
_HABITS = {
    ">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "the bare value", "==": "the bare value", "!=": "ne",
    "<>": "ne", "like": "contains", "ilike": "icontains", "between": "gte and lte", "not in": "NOT with in",
    "nin": "NOT with in, as in {\"NOT\": [{\"agent_id\": {\"in\": [\"a\", \"b\"]}}]}", "regex": "contains",
    "$in": "in", "$ne": "ne", "$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte", "$eq": "the bare value",
    "$and": "AND", "$or": "OR", "$not": "NOT", "and": "AND", "or": "OR", "not": "NOT", "session_id": "run_id",
}  # fmt: skip
_DEEPEST = 16


def _check(filters: Mapping[str, Any], *, search: bool) -> None:
    """Raise ValueError with the place, the reason and the mend, unless Mem0 takes the filters as they are meant."""
    if not filters:
        raise ValueError("must not be empty; leave the parameter out instead")
    _check_level(filters, "", search=search, depth=1)


def _check_level(level: object, where: str, *, search: bool, depth: int) -> None:
    place = where or "the top level"
    if not isinstance(level, Mapping) or not level:
        raise ValueError(f'{place} must be a non-empty object such as {{"agent_id": "planner"}}')
    if depth > _DEEPEST:
        raise ValueError(f"nested more than {_DEEPEST} levels deep")
    if "AND" in level and "OR" in level:
        raise ValueError(
            f"{place} has AND and OR side by side, of which Mem0 drops the OR; put the OR into the AND's list"
        )
    for key, value in level.items():
        here = f"{where}.{key}" if where else key
        if key in ("AND", "OR") or (key == "NOT" and isinstance(value, list)):
            if not isinstance(value, list) or not value:
                raise ValueError(f"{here} must be a non-empty list of objects")
            for index, item in enumerate(value):
                _check_level(item, f"{here}[{index}]", search=search, depth=depth + 1)
        elif key == "NOT":
            _check_level(value, here, search=search, depth=depth + 1)
        else:
            _check_field(key, value, here, search=search)


def _check_field(key: str, value: object, here: str, *, search: bool) -> None:
    if key not in _FIELDS:
        habit = _HABITS.get(key.lower())
        mend = f"write {habit}" if habit else f"known: AND, OR, NOT, {', '.join(_FIELDS)}"
        raise ValueError(f"{here[:200]} is not a filter of Mem0; {mend}")
    if key == "keywords" and search:
        raise ValueError(f"{here}: Mem0 fails on keywords in a search; use the query, or text with contains")
    if key == "metadata":
        if not isinstance(value, Mapping) or not value:
            raise ValueError(f"{here} must be an object of keys and values")
        for name, wanted in value.items():
            _check_condition("metadata", wanted, f"{here}.{name}")
    else:
        _check_condition(_kind(key), value, here)


def _kind(key: str) -> str:
    if key in _ENTITIES:
        return "entity"
    if key in _DATES:
        return "date"
    return "text" if key in _TEXTS else key


def _check_condition(kind: str, value: object, here: str) -> None:
    allowed = _OPERATORS[kind]
    if not isinstance(value, Mapping):
        _check_bare(kind, value, here)
        return
    if not value:
        raise ValueError(f"{here} has no operator; use {', '.join(allowed)}")
    for operator, operand in value.items():
        if operator == "eq" and kind == "date":
            raise ValueError(f"{here}: Mem0 refuses eq on dates; give the bare value, or gte and lte")
        if operator not in allowed:
            habit = _HABITS.get(str(operator).lower())
            mend = f"write {habit}" if habit else f"use {', '.join(allowed)}"
            raise ValueError(f"{here}: {str(operator)[:40]} is not an operator here; {mend}")
        if operator == "in":
            if not isinstance(operand, list) or not operand or not all(map(_is_scalar, operand)):
                raise ValueError(f"{here}.in must be a non-empty list of values")
        elif not _is_scalar(operand):
            raise ValueError(f"{here}.{operator} must be a single value")


def _check_bare(kind: str, value: object, here: str) -> None:
    if kind == "memory_ids" and isinstance(value, list) and value and all(map(_is_scalar, value)):
        return
    if kind in ("categories", "memory_ids"):
        raise ValueError(f'{here} needs an operator, as in {{"in": ["…"]}}')
    if not _is_scalar(value):
        raise ValueError(f"{here} must be a single value, or an object with one of {', '.join(_OPERATORS[kind])}")


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _for_search(filters: dict[str, Any]) -> dict[str, Any]:
    _check(filters, search=True)
    return filters


def _for_list(filters: dict[str, Any]) -> dict[str, Any]:
    _check(filters, search=False)
    return filters


SearchFilters = Annotated[JsonObject, AfterValidator(_for_search)]
ListFilters = Annotated[JsonObject, AfterValidator(_for_list)]
