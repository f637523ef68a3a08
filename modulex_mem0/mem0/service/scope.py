"""Builds the filters of a request so that nothing in them can reach beyond the call's user."""

from collections.abc import Mapping
from typing import Any, Protocol

from modulex_mem0.contract import ActionError, ErrorCode

__all__ = ["Scoped", "narrower_ids", "scoped_filters"]


class Scoped(Protocol):
    """An input that names a user and may name narrower scopes."""

    @property
    def user_id(self) -> str:
        """The privacy boundary."""
        ...

    @property
    def agent_id(self) -> str | None:
        """Narrows to an agent."""
        ...

    @property
    def app_id(self) -> str | None:
        """Narrows to an app."""
        ...

    @property
    def run_id(self) -> str | None:
        """Narrows to a run."""
        ...


def narrower_ids(input: Scoped) -> dict[str, str]:
    """The ids that narrow the call beyond its user."""
    ids = {"agent_id": input.agent_id, "app_id": input.app_id, "run_id": input.run_id}
    return {name: value for name, value in ids.items() if value is not None}


def scoped_filters(
    input: Scoped, conditions: Mapping[str, Any] | None = None, filters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The user, the narrower ids and the conditions, all ANDed; a caller's own filters as one more term of that AND.

    A term of an AND can only narrow, however it is nested. Beside the user at one level it could not be trusted: Mem0
    drops an OR that has an AND as its sibling.

    Args:
        input: Names the user and the narrower scopes.
        conditions: Further conditions of the action.
        filters: The caller's, already checked for the language.

    Raises:
        ActionError: `invalid_input` when the filters name another user, which would find nothing.
    """
    own = {"user_id": input.user_id, **narrower_ids(input), **(conditions or {})}
    if not filters:
        return own
    _refuse_other_users(filters, input.user_id, "filters")
    return {"AND": [own, dict(filters)]}


def _refuse_other_users(filters: object, user_id: str, where: str) -> None:
    if isinstance(filters, Mapping):
        for key, value in filters.items():
            if key == "user_id" and value != user_id:
                raise ActionError(
                    ErrorCode.INVALID_INPUT,
                    f"{where}.user_id: the user is set by the parameter user_id; leave it out of the filters",
                )
            # What metadata holds are the caller's own names.
            if key != "metadata":
                _refuse_other_users(value, user_id, f"{where}.{key}")
    elif isinstance(filters, list):
        for index, item in enumerate(filters):
            _refuse_other_users(item, user_id, f"{where}[{index}]")
