"""Which actions a host offers, and what of their input it fixes so that an agent cannot choose it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modulex_mem0.contract import ActionError, ActionManifest, ErrorCode, Hints, IntegrationManifest
from modulex_mem0.runtime import UnknownActionError

__all__ = ["NotOfferedError", "OfferedAction", "offered_actions"]

#: The parameter that names whose data an action works on.
_USER = "user_id"


class NotOfferedError(ValueError):
    """The limits leave out what was asked for by name, or make no sense; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedAction:
    """An action as an agent sees it.

    Attributes:
        name: The name to call it by.
        title: A short name for people.
        description: One sentence for people and models.
        input_schema: What the agent passes: without what is fixed.
        output_schema: What it returns.
        hints: How it behaves.
        within_service: Whether all that it touches is one user's data, or the credential's, in the service.
        fixed: Parameters that are filled in, whatever the agent says.
    """

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    hints: Hints
    within_service: bool
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The input of a call: what the agent passes and what is fixed.

        Raises:
            ActionError: `invalid_input` when the agent passes what is fixed. To take the fixed value in silence would
                let it believe that it had read or changed another user's data.
        """
        for name in self.fixed:
            if arguments.get(name) is not None:
                raise ActionError(ErrorCode.INVALID_INPUT, f"{name}: is fixed and cannot be chosen; leave it out")
        return {**arguments, **self.fixed}


def offered_actions(
    manifest: IntegrationManifest,
    *,
    actions: Iterable[str] | None = None,
    read_only: bool = False,
    user_id: str | None = None,
) -> dict[str, OfferedAction]:
    """Select the actions that an agent may call.

    Args:
        manifest: The integration's.
        actions: Only these, by name; None for all that the other limits leave.
        read_only: Only actions that change nothing.
        user_id: Fixes the user: only actions that can be held to one user, with their `user_id` filled in.

    Returns:
        The actions by name, in the manifest's order.

    Raises:
        NotOfferedError: An action was asked for by name and the other limits leave it out; or `user_id` is blank.
        UnknownActionError: The integration has no action of that name.
    """
    if user_id is not None and not user_id.strip():
        raise NotOfferedError("user_id: must be a text that is not blank, or left out")
    if isinstance(actions, str):
        actions = [actions]
    wanted = None if actions is None else set(actions)
    known = {action.name: action for action in manifest.actions}
    for name in sorted(wanted or ()):
        if name not in known:
            raise UnknownActionError(manifest.name, name, known)
        reason = _left_out(known[name], read_only=read_only, user_id=user_id)
        if reason:
            raise NotOfferedError(f"{name} cannot be offered: {reason}")
    return {
        name: _offered(action, user_id)
        for name, action in known.items()
        if (wanted is None or name in wanted) and not _left_out(action, read_only=read_only, user_id=user_id)
    }


def _left_out(action: ActionManifest, *, read_only: bool, user_id: str | None) -> str | None:
    """Why the limits leave an action out; None when they do not."""
    if read_only and not action.hints.read_only:
        return "it can change data, and only reading is allowed"
    if user_id is not None and action.hints.cross_user:
        return "it reaches beyond one user, and the user is fixed"
    if user_id is not None and not _takes_user(action):
        return "it takes no user_id, and the user is fixed"
    return None


def _takes_user(action: ActionManifest) -> bool:
    return _USER in action.input_schema.get("properties", {})


def _offered(action: ActionManifest, user_id: str | None) -> OfferedAction:
    fixed = {} if user_id is None else {_USER: user_id}
    return OfferedAction(
        name=action.name,
        title=action.title,
        description=action.description,
        input_schema=_without(action.input_schema, fixed),
        output_schema=action.output_schema,
        hints=action.hints,
        within_service=action.hints.cross_user or _takes_user(action),
        fixed=fixed,
    )


def _without(schema: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object without some of its properties."""
    if not fixed:
        return dict(schema)
    left = dict(schema)
    left["properties"] = {name: value for name, value in schema.get("properties", {}).items() if name not in fixed}
    left["required"] = [name for name in schema.get("required", ()) if name not in fixed]
    if not left["required"]:
        del left["required"]
    return left
