"""Whose a memory is and whom a request reaches, written once more, from Mem0's documents and not from our code."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from modulex_mem0.contract import is_blank

__all__ = ["SCOPES", "is_given", "names_another", "owns", "reaches_only", "same_user", "user_of"]

#: What narrows a request to a part of the user's memories.
SCOPES = ("agent_id", "app_id", "run_id")


def is_given(value: Any) -> bool:
    """Whether a parameter was filled in: a blank is what an empty field of a form is sent as."""
    return value is not None and not is_blank(value)


def user_of(given: Any) -> str | None:
    """The user whom an input names, if it names one."""
    if isinstance(given, str):
        return given.strip() or None
    return str(given) if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 2**128 else None


def same_user(named: Any, user: str) -> bool:
    """Whether a value in a reply is this user's id; a number may be one."""
    return isinstance(named, str | int | float) and not isinstance(named, bool) and str(named) == user


def owns(record: Any, user: str) -> bool:
    """Whether a record names the user, or has nobody's id and the user's tag."""
    if not isinstance(record, Mapping):
        return False
    named = record.get("user_id")
    if named is None:
        metadata = record.get("metadata")
        named = metadata.get("for_user_id") if isinstance(metadata, Mapping) else None
    return same_user(named, user)


def names_another(value: Any, user: str) -> bool:
    """Whether anything in an output, outside of the metadata that users write, names another user."""
    if isinstance(value, Mapping):
        named = value.get("user_id")
        if named is not None and not same_user(named, user):
            return True
        return any(names_another(item, user) for key, item in value.items() if key != "metadata")
    return isinstance(value, list) and any(names_another(item, user) for item in value)


def reaches_only(filters: Any, user: str, narrower: Iterable[tuple[str, Any]] = ()) -> bool:
    """Whether a filter as it is sent is bound to the user, and to the narrower conditions.

    It is when the conditions stand in one object, alone or in the list of an AND with nothing beside it. With an agent,
    the user may be named in an OR of the id and the tag, which is a term of its own.
    """
    if not isinstance(filters, Mapping):
        return False
    terms = filters["AND"] if set(filters) == {"AND"} else [filters]
    if not isinstance(terms, list) or any(not isinstance(term, Mapping) for term in terms):
        return False
    plain = [term for term in terms if not {"AND", "OR", "NOT"} & set(term)]
    tagged = {"OR": [{"user_id": user}, {"metadata": {"for_user_id": user}}]}
    bound = any(term.get("user_id") == user for term in plain) or (tagged in terms and "agent_id" in dict(narrower))
    return bound and all(any(_same(term.get(k), v) for term in plain) for k, v in narrower)


def _same(found: Any, wanted: Any) -> bool:
    return json.dumps(found, sort_keys=True) == json.dumps(wanted, sort_keys=True)
