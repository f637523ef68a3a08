"""The actions of an integration that a host offers as tools, and the parameters that it fixes for their callers."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from modulex_mem0.contract import ActionError, ActionManifest, ErrorCode, Hints, IntegrationManifest
from modulex_mem0.runtime import BrokenIntegrationError, UnknownActionError, UnknownIntegrationError, did_you_mean

if TYPE_CHECKING:
    # The face of `hosts` is imported at discovery, with the entry point `modulex_tools`, and `Runtime` costs 25 ms.
    from modulex_mem0.runtime import CredentialMapping, ProgressListener, Result, Runtime

__all__ = ["NotOfferedError", "Tool", "ToolSet"]


class NotOfferedError(ValueError):
    """The limits exclude an action that was asked for by name, or a parameter cannot be fixed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """An action as the caller of a host sees it.

    Attributes:
        name: The name to call it by.
        title: A short name for people.
        description: One sentence for people and models.
        input_schema: The parameters that the caller passes: all but the fixed ones.
        output_schema: What it returns.
        hints: How it behaves.
        closed_world: Whether all that it touches is the data of one owner, or of the credential, in the service.
        fixed: Parameters whose values the host sets, by name.
    """

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    hints: Hints
    closed_world: bool
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The input of a call: the caller's arguments and the fixed parameters.

        Raises:
            ActionError: `invalid_input` for an argument that is fixed. To replace it silently would let an agent
                believe that it had read or changed another user's data.
        """
        for name in self.fixed:
            if arguments.get(name) is not None:
                raise ActionError(ErrorCode.INVALID_INPUT, f"{name}: is fixed and cannot be chosen; leave it out")
        # A handler may change what it receives.
        return {**arguments, **deepcopy(dict(self.fixed))}


class ToolSet(Mapping[str, Tool]):
    """The tools of a host by name, in the order of the manifest, called through a runtime.

    An action is left out if it does not take every fixed parameter, or if the owner is fixed and it reaches beyond one
    owner (`cross_user`).

    Args:
        runtime: Calls the actions; the caller closes it.
        integration: The name of an installed integration.
        actions: Only these, by name; None for all that the other limits allow.
        read_only: Only actions that change nothing.
        fixed: Parameters that the host sets, by name. The tools' schemas do not have them.
        owner: The value of the parameter that the manifest declares as `owner_parameter`: a short form of `fixed`.

    Raises:
        BrokenIntegrationError: The integration's own code cannot be used.
        NotOfferedError: The other limits exclude an action in `actions`; or a parameter cannot be fixed: no action
            takes it, its value is blank or does not fit its schema, or the manifest declares no owner parameter.
        UnknownActionError: The integration has no action of that name.
        UnknownIntegrationError: No integration of that name is installed, or it failed to load.

    Example:
        ```python
        tools = ToolSet(runtime, "notes", read_only=True, fixed={"workspace": "team"})
        result = await tools.call("list_notes", {"limit": 5})
        ```
    """

    def __init__(
        self,
        runtime: "Runtime",
        integration: str,
        *,
        actions: Iterable[str] | None = None,
        read_only: bool = False,
        fixed: Mapping[str, Any] | None = None,
        owner: str | None = None,
    ) -> None:
        self._runtime = runtime
        self.manifest: IntegrationManifest = _load_manifest(runtime, integration)
        limits = _Limits(self.manifest, read_only, _fixed_parameters(self.manifest, fixed or {}, owner))
        self._tools = {action.name: _tool(action, limits) for action in limits.select(actions)}

    def __repr__(self) -> str:
        return f"<ToolSet {self.manifest.name}: {', '.join(self._tools)}>"

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        credential: "CredentialMapping | None" = None,
        on_progress: "ProgressListener | None" = None,
    ) -> "Result":
        """`Runtime.call` with the fixed parameters added.

        Raises:
            BrokenIntegrationError: The action's own schemas cannot be used.
            KeyError: The set has no such tool.
            RuntimeClosedError: The runtime was closed.
        """
        try:
            completed = self[name].complete(arguments)
        except ActionError as error:
            return self.refusal(name, error)
        return await self._runtime.call(
            self.manifest.name, name, completed, credential=credential, on_progress=on_progress
        )

    def call_sync(
        self, name: str, arguments: Mapping[str, Any], *, credential: "CredentialMapping | None" = None
    ) -> "Result":
        """`call` for synchronous code, from any thread."""
        try:
            completed = self[name].complete(arguments)
        except ActionError as error:
            return self.refusal(name, error)
        return self._runtime.call_sync(self.manifest.name, name, completed, credential=credential)

    def refusal(self, name: str, error: ActionError) -> "Result":
        """The result of a call that the host itself refuses. Its output satisfies the action's schema too."""
        return self._runtime.failed(self.manifest.name, name, error)


def _load_manifest(runtime: "Runtime", name: str) -> IntegrationManifest:
    if name not in runtime.integrations:
        reason = next((f.reason for f in runtime.integrations.failures if f.name == name), None)
        raise UnknownIntegrationError(name, runtime.integrations, reason)
    integration = runtime.integrations[name]
    try:
        # The actions' code is loaded too, so that a broken one is reported now and not to the first caller.
        manifest, _ = integration.manifest, integration.actions
    except (Exception, SystemExit) as error:
        raise BrokenIntegrationError(name, "its actions", error) from error
    return manifest


def _fixed_parameters(manifest: IntegrationManifest, fixed: Mapping[str, Any], owner: str | None) -> dict[str, Any]:
    """All parameters to fix, the owner's among them."""
    parameters = dict(fixed)
    if owner is not None:
        if manifest.owner_parameter is None:
            raise NotOfferedError(f"{manifest.name} declares no owner parameter; fix the parameter by its name")
        if parameters.setdefault(manifest.owner_parameter, owner) != owner:
            raise NotOfferedError(f"{manifest.owner_parameter} cannot be fixed to two values")
    known = {name for action in manifest.actions for name in _parameters(action)}
    for name, value in parameters.items():
        if name not in known:
            raise NotOfferedError(f"no action of {manifest.name} takes {name!r}{did_you_mean(name, known)}")
        if isinstance(value, str) and not value.strip():
            raise NotOfferedError(f"{name} cannot be fixed to a blank text")
    return parameters


@dataclass(frozen=True, slots=True)
class _Limits:
    """Which actions a host offers.

    Attributes:
        manifest: The integration's.
        read_only: Only actions that change nothing.
        fixed: Only actions that take all of these.
    """

    manifest: IntegrationManifest
    read_only: bool
    fixed: Mapping[str, Any]

    def select(self, names: Iterable[str] | None) -> list[ActionManifest]:
        """The actions of those names, or all, within the limits."""
        wanted = None if names is None else {names} if isinstance(names, str) else set(names)
        known = {action.name: action for action in self.manifest.actions}
        for name in sorted(wanted or ()):
            if name not in known:
                raise UnknownActionError(self.manifest.name, name, known)
            reason = self._objection(known[name])
            if reason:
                raise NotOfferedError(f"{name} cannot be offered: {reason}")
        return [
            action
            for name, action in known.items()
            if (wanted is None or name in wanted) and not self._objection(action)
        ]

    def _objection(self, action: ActionManifest) -> str | None:
        """Why an action cannot be offered; None if it can."""
        if self.read_only and not action.hints.read_only:
            return "it can change data, and only reading is allowed"
        owner = self.manifest.owner_parameter
        if owner in self.fixed and action.hints.cross_user:
            return f"it reaches beyond one user, and {owner} is fixed"
        missing = next((name for name in self.fixed if name not in _parameters(action)), None)
        return f"it takes no {missing}, and {missing} is fixed" if missing else None


def _tool(action: ActionManifest, limits: _Limits) -> Tool:
    for name, value in limits.fixed.items():
        _check_value(limits.manifest.name, action, name, value)
    return Tool(
        name=action.name,
        title=action.title,
        description=action.description,
        input_schema=_without(action.input_schema, limits.fixed),
        output_schema=action.output_schema,
        hints=action.hints,
        closed_world=action.hints.cross_user or limits.manifest.owner_parameter in _parameters(action),
        fixed=limits.fixed,
    )


def _check_value(integration: str, action: ActionManifest, name: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    """Check a fixed value once, against the schema of its parameter."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 36 ms, at discovery too

    try:
        # Its references lead into the whole schema.
        validator = Draft202012Validator(action.input_schema).evolve(schema=_parameters(action)[name])
        error = next(validator.iter_errors(value), None)
    except Exception as defect:
        raise BrokenIntegrationError(integration, f"the input schema of {action.name}", defect) from defect
    if error is not None:
        raise NotOfferedError(f"{name} cannot be fixed for {action.name}: {error.message:.200}")


def _parameters(action: ActionManifest) -> Mapping[str, Any]:
    parameters: Mapping[str, Any] = action.input_schema.get("properties", {})
    return parameters


def _without(schema: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The schema of an object without those properties."""
    left = dict(schema)
    for name in names:
        left["properties"] = {key: value for key, value in left["properties"].items() if key != name}
        if name in left.get("required", ()):
            left["required"] = [key for key in left["required"] if key != name]
            if not left["required"]:
                del left["required"]
    return left
