"""Mem0's filter language, and the filters of a request, which cannot reach beyond the call's user.

Sibling keys are ANDed; `AND` and `OR` hold lists, `NOT` a list or an object. A caller's filters are checked before they
are sent, because Mem0's server drops or misreads what is refused here. Reference: the filter section of Mem0's API
documentation.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from modulex_mem0.contract import ActionError, ErrorCode
from modulex_mem0.mem0.ids import UserScope, refuse_template
from modulex_mem0.mem0.ownership import USER_TAG
from modulex_mem0.mem0.parameters import JsonObject
from modulex_mem0.mem0.replies import text

__all__ = ["ListFilters", "SearchFilters", "owned_filters", "scoped_filters"]

#: Conditions of a search, and of a list, in Mem0's filter language.
SearchFilters = Annotated[JsonObject, AfterValidator(lambda filters: _validate_filters(filters, search=True))]
ListFilters = Annotated[JsonObject, AfterValidator(lambda filters: _validate_filters(filters, search=False))]


def scoped_filters(
    input: UserScope, conditions: Mapping[str, Any] | None = None, filters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The user, the narrower ids and the conditions, all ANDed; the caller's own filters are one more term of that AND.

    A term of an AND can only narrow, however it is nested. Beside the user at one level it could not be trusted: Mem0
    drops an OR that has an AND as its sibling.

    Args:
        input: The user and the narrower scopes.
        conditions: Further conditions of the action.
        filters: The caller's, already checked for the language.

    Raises:
        ActionError: `invalid_input` when the filters name another user, which would find nothing.
    """
    return _conjunction(
        {"user_id": input.user_id, **input.narrower_ids, **(conditions or {})}, [], filters, input.user_id
    )


def owned_filters(
    input: UserScope, conditions: Mapping[str, Any] | None = None, filters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """As `scoped_filters`, and for a user and an agent also the memories of that agent with the tag of that user.

    The result has to be filtered with `Owner` all the same: the tag is what the request rests on.
    """
    if input.agent_id is None:
        return scoped_filters(input, conditions, filters)
    either = {"OR": [{"user_id": input.user_id}, {"metadata": {USER_TAG: input.user_id}}]}
    return _conjunction({**input.narrower_ids, **(conditions or {})}, [either], filters, input.user_id)


def _conjunction(
    own: dict[str, Any], terms: list[dict[str, Any]], filters: Mapping[str, Any] | None, user_id: str
) -> dict[str, Any]:
    if filters:
        _validate_user(filters, user_id, "filters")
        return {"AND": [*terms, own, dict(filters)]}
    return {"AND": [*terms, own]} if terms else own


def _validate_user(filters: object, user_id: str, where: str) -> None:
    if isinstance(filters, Mapping):
        for key, value in filters.items():
            if key == "user_id" and text(value) != user_id:
                raise ActionError(
                    ErrorCode.INVALID_INPUT,
                    f"{where}.user_id: the user is set by the parameter user_id; leave it out of the filters",
                )
            # The keys of metadata are the caller's own.
            if key != "metadata":
                _validate_user(value, user_id, f"{where}.{key}")
    elif isinstance(filters, list):
        for index, item in enumerate(filters):
            _validate_user(item, user_id, f"{where}[{index}]")


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
# Words of other languages, and Mem0's for the same.
_MEM0_KEYS = {"$and": "AND", "$or": "OR", "$not": "NOT", "and": "AND", "or": "OR", "not": "NOT", "session_id": "run_id"}
_MEM0_OPERATORS = {
    ">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "the bare value", "==": "the bare value", "!=": "ne",
    "<>": "ne", "like": "contains", "ilike": "icontains", "between": "gte and lte", "not in": "NOT with in",
    "nin": "NOT with in, as in {\"NOT\": [{\"agent_id\": {\"in\": [\"a\", \"b\"]}}]}", "regex": "contains",
    "$in": "in", "$ne": "ne", "$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte", "$eq": "the bare value",
    "not": "ne", "$not": "ne",
}  # fmt: skip
_ALL_OPERATORS = frozenset(operator for operators in _OPERATORS.values() for operator in operators)
# Kinds of fields without a bare value.
_NEED_OPERATOR = frozenset({"categories", "memory_ids"})
_MAX_DEPTH = 16


def _validate_filters(filters: dict[str, Any], *, search: bool) -> dict[str, Any]:
    _validate_level(filters, "", search=search, depth=1)
    return {key: _with_text_ids(key, value) for key, value in filters.items()}


def _with_text_ids(key: str, value: Any) -> Any:  # noqa: ANN401 - a part of a filter
    """A part of a checked filter in which a number for an id is its text."""
    if isinstance(value, Mapping):
        # Operators and the words AND, OR and NOT lead to more of the same; metadata holds values of the caller's own.
        return (
            value
            if key == "metadata"
            else {name: _with_text_ids(key if key in _ENTITIES else name, item) for name, item in value.items()}
        )
    if isinstance(value, list):
        return [_with_text_ids(key, item) for item in value]
    return str(value) if key in _ENTITIES and isinstance(value, int) and not isinstance(value, bool) else value


def _validate_level(level: object, where: str, *, search: bool, depth: int) -> None:
    place = where or "the top level"
    if not isinstance(level, Mapping) or not level:
        raise ValueError(f'{place} must be a non-empty object such as {{"agent_id": "planner"}}')
    if depth > _MAX_DEPTH:
        raise ValueError(f"nested more than {_MAX_DEPTH} levels deep")
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
                _validate_level(item, f"{here}[{index}]", search=search, depth=depth + 1)
        elif key == "NOT":
            _validate_level(value, here, search=search, depth=depth + 1)
        else:
            _validate_field(key, value, here, search=search)


def _validate_field(key: str, value: object, here: str, *, search: bool) -> None:
    if key not in _FIELDS:
        word = _MEM0_KEYS.get(key.lower())
        fix = f"write {word}" if word else f"known: AND, OR, NOT, {', '.join(_FIELDS)}"
        raise ValueError(f"{here[:200]} is not a filter of Mem0; {fix}")
    if key == "keywords" and search:
        raise ValueError(f"{here}: Mem0 fails on keywords in a search; use the query, or text with contains")
    if key == "metadata":
        if not isinstance(value, Mapping) or not value:
            raise ValueError(f"{here} must be an object of keys and values")
        for name, wanted in value.items():
            _validate_condition("metadata", wanted, f"{here}.{name}")
    else:
        _validate_condition(_kind(key), value, here)
        if key in _ENTITIES or key == "memory_ids":
            _refuse_templates(value, here)


def _kind(key: str) -> str:
    if key in _ENTITIES:
        return "entity"
    if key in _DATES:
        return "date"
    return "text" if key in _TEXTS else key


def _validate_condition(kind: str, value: object, here: str) -> None:
    allowed = _OPERATORS[kind]
    if not isinstance(value, Mapping):
        _validate_bare_value(kind, value, here)
        return
    if not value:
        raise ValueError(f"{here} has no operator; use {', '.join(allowed)}")
    for operator, operand in value.items():
        if operator == "eq" and kind == "date":
            raise ValueError(f"{here}: Mem0 refuses eq on dates; give the bare value, or gte and lte")
        if operator not in allowed:
            raise ValueError(f"{here}: {operator[:40]} is not an operator here; {_operator_fix(kind, operator)}")
        if operator == "in":
            if not isinstance(operand, list) or not operand or not all(map(_is_scalar, operand)):
                raise ValueError(f"{here}.in must be a non-empty list of values")
        elif not _is_scalar(operand):
            raise ValueError(f"{here}.{operator} must be a single value")


def _operator_fix(kind: str, operator: str) -> str:
    """What to write instead of an operator that a kind of field does not have."""
    allowed = _OPERATORS[kind]
    word = _MEM0_OPERATORS.get(operator.lower())
    if word == "the bare value":
        fits = kind not in _NEED_OPERATOR
    else:
        fits = word is not None and _ALL_OPERATORS.intersection(word.split()).issubset(allowed)
    return f"write {word}" if fits else f"use {', '.join(allowed)}"


def _validate_bare_value(kind: str, value: object, here: str) -> None:
    if kind == "memory_ids" and isinstance(value, list) and value and all(map(_is_scalar, value)):
        return
    if kind in _NEED_OPERATOR:
        raise ValueError(f'{here} needs an operator, as in {{"in": ["…"]}}')
    if not _is_scalar(value):
        raise ValueError(f"{here} must be a single value, or an object with one of {', '.join(_OPERATORS[kind])}")


def _refuse_templates(value: object, here: str) -> None:
    """Refuse an id that is the text of a template, in a condition that has been checked."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _refuse_templates(item, here)
    elif isinstance(value, str):
        try:
            refuse_template(value)
        except ValueError as error:
            raise ValueError(f"{here}: {error}") from None


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""
