"""The actions of an integration that a host offers as tools, and the parameters that it fixes for their callers."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from modulex_mem0.contract import Action, ActionError, ActionManifest, ErrorCode, Hints, IntegrationManifest
from modulex_mem0.json_schema import read_strict, simplify, strict
from modulex_mem0.runtime import BrokenIntegrationError, UnknownActionError, UnknownIntegrationError, did_you_mean

if TYPE_CHECKING:
    # The face of `hosts` is imported at discovery, with the entry point `modulex_tools`, and `Runtime` costs 25 ms.
    from modulex_mem0.runtime import BoundIntegration, CredentialMapping, ProgressListener, Result, Runtime

__all__ = ["BOOKKEEPING", "NotOfferedError", "Tool", "ToolSet", "is_empty"]

#: Arguments that clients add for themselves. They are set aside, unless the action has a parameter of that name. Any
#: other unknown argument is refused, since it may be a misspelt one.
BOOKKEEPING = frozenset(
    {
        # n8n, from the item that its MCP Client Tool works on: https://github.com/n8n-io/n8n/issues/21500
        "action",
        "chatInput",
        "sessionId",
        "tool",
        "toolCallId",
        # CrewAI: https://github.com/crewAIInc/crewAI/issues/4796
        "security_context",
        # Gemini CLI: https://github.com/MemPalace/mempalace/pull/322
        "wait_for_previous",
        # Cursor, for tools that need no argument
        "random_string",
    }
)
"""Arguments that clients add to a call for themselves; a tool set ignores them."""


class NotOfferedError(ValueError):
    """The limits exclude an action that was asked for by name, or a parameter cannot be fixed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """An action as the caller of a host sees it.

    Attributes:
        name: The name to call it by.
        title: A short name for people.
        description: One sentence for people and models.
        input_schema: The parameters that the caller passes, in a form that simple readers take (`simplify`, `strict`).
        output_schema: What it returns, as the action declares it.
        hints: How it behaves.
        closed_world: Whether all that it touches is the data of one owner, or of the credential, in the service.
        parameters: The names of all parameters: those of the input schema, hidden ones and fixed ones.
        fixed: Parameters whose values the host sets, by name.
        plain_schema: Where the input schema is in the strict form, the same schema in the plain form.
    """

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    hints: Hints
    closed_world: bool
    parameters: frozenset[str]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    plain_schema: dict[str, Any] | None = None

    def complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The input of a call: the caller's arguments, without its bookkeeping, and the fixed parameters.

        Raises:
            ActionError: `invalid_input` for another value of a fixed parameter. To replace it silently would let an
                agent believe that it had read or changed another user's data.
        """
        chosen = {
            name: value for name, value in arguments.items() if name in self.parameters or name not in BOOKKEEPING
        }
        if self.plain_schema is not None:
            chosen = read_strict(chosen, self.plain_schema)
        for name, value in self.fixed.items():
            given = chosen.get(name)
            if not is_empty(given) and not _are_same(given, value):
                raise ActionError(ErrorCode.INVALID_INPUT, f"{name}: is fixed and cannot be chosen; leave it out")
        # A handler may change what it receives.
        return {**chosen, **deepcopy(dict(self.fixed))}


def is_empty(value: object) -> bool:
    """Whether it is what a field holds, or an agent sends, that was left as it is: null, `{}`, `[]` or spaces.

    Narrower than `contract.is_blank`, which also takes what stands for a value that got lost, such as the text `[]`:
    that is passed on, and the action judges it.
    """
    return value is None or value in ({}, []) or (isinstance(value, str) and not value.strip())


def _are_same(given: object, fixed: object) -> bool:
    """Whether a caller passes the value that is fixed; as text, a number is the same as its digits."""
    if isinstance(given, bool) or isinstance(fixed, bool):
        return given is fixed
    if isinstance(given, str | int) and isinstance(fixed, str | int):
        return str(given).strip() == str(fixed).strip()
    return given == fixed


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
        simple: The tools' schemas do not have the advanced parameters.
        strict: The tools' input schemas are in the form that OpenAI's strict mode takes. Calls accept what a model
            sends for that form: null for what it leaves out, and JSON as text for an object whose keys are not known.

    Raises:
        BrokenIntegrationError: The integration's own code cannot be used.
        NotOfferedError: The other limits exclude an action in `actions`; or a parameter cannot be fixed: no action
            takes it, its value is empty or an action refuses it, or the manifest declares no owner parameter.
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
        simple: bool = False,
        strict: bool = False,
    ) -> None:
        self._runtime = runtime
        self.manifest: IntegrationManifest = _load_manifest(runtime, integration)
        #: Parameters whose values the host sets, by name.
        self.fixed: Mapping[str, Any] = _fixed_parameters(self.manifest, fixed or {}, owner)
        self.simple = simple
        limits = _Limits(self.manifest, read_only, self.fixed)
        selected = limits.select(actions)
        if self.fixed:
            loaded = runtime.integrations[integration].actions
            for action in selected:
                _validate_fixed(self.manifest.name, action, loaded[action.name], self.fixed)
        self._tools = {action.name: _tool(action, limits, simple=simple, strict_form=strict) for action in selected}

    def __repr__(self) -> str:
        return f"<ToolSet {self.manifest.name}: {', '.join(self._tools)}>"

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def bind(self, credential: "CredentialMapping | str | None") -> "BoundIntegration":
        """The integration with a credential that is resolved once, for a host whose credential does not change.

        Raises:
            RuntimeClosedError: The runtime was closed.
        """
        return self._runtime.bind(self.manifest.name, credential=credential)

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        credential: "CredentialMapping | None" = None,
        bound: "BoundIntegration | None" = None,
        on_progress: "ProgressListener | None" = None,
    ) -> "Result":
        """`Runtime.call` with the fixed parameters added.

        Args:
            name: The tool's.
            arguments: The caller's.
            credential: By field name; None reads the environment variables that the manifest names.
            bound: From `bind`, instead of a credential.
            on_progress: Called with the progress of a long call.

        Raises:
            BrokenIntegrationError: The action's own schemas cannot be used.
            KeyError: The set has no such tool.
            RuntimeClosedError: The runtime was closed.
        """
        try:
            completed = self[name].complete(arguments)
        except ActionError as error:
            return self.refusal(name, error)
        if bound is not None:
            return await bound.call(name, completed, on_progress=on_progress)
        return await self._runtime.call(
            self.manifest.name, name, completed, credential=credential, on_progress=on_progress
        )

    def call_sync(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        credential: "CredentialMapping | None" = None,
        bound: "BoundIntegration | None" = None,
    ) -> "Result":
        """`call` for synchronous code, from any thread."""
        try:
            completed = self[name].complete(arguments)
        except ActionError as error:
            return self.refusal(name, error)
        if bound is not None:
            return bound.call_sync(name, completed)
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
        # An empty value would be the same as none, so that the parameter would not be fixed at all.
        if is_empty(value):
            raise NotOfferedError(
                f"{name} cannot be fixed to {'a blank text' if isinstance(value, str) else 'nothing'}"
            )
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


def _tool(action: ActionManifest, limits: _Limits, *, simple: bool, strict_form: bool) -> Tool:
    parameters, owner = _parameters(action), limits.manifest.owner_parameter
    required = action.input_schema.get("required", ())
    hidden = {
        name
        for name, value in parameters.items()
        if isinstance(value, Mapping) and value.get("x-advanced") and name not in required
    }
    plain = simplify(_without(action.input_schema, {*limits.fixed, *(hidden if simple else ())}))
    return Tool(
        name=action.name,
        title=action.title,
        description=action.description,
        input_schema=strict(plain) if strict_form else plain,
        output_schema=action.output_schema,
        hints=action.hints,
        # An integration that declares no owner may reach anything: a web page, another person's mailbox.
        closed_world=owner is not None and (action.hints.cross_user or owner in parameters),
        parameters=frozenset(parameters),
        fixed=limits.fixed,
        plain_schema=plain if strict_form else None,
    )


def _validate_fixed(
    integration: str, manifest: ActionManifest, action: Action[Any, Any], fixed: Mapping[str, Any]
) -> None:
    """Validate the fixed values once, as the action itself validates its input."""
    if not isinstance(action.input, type):
        for name, value in fixed.items():
            _validate_by_schema(integration, manifest, name, value)
        return
    try:
        action.input.model_validate(dict(fixed))
    except ValidationError as error:
        # The other parameters are missing, and no rule about several parameters is checked without them.
        problem = next((problem for problem in error.errors() if problem["loc"] and problem["loc"][0] in fixed), None)
        if problem is not None:
            reason = problem["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
            field = problem["loc"][0]
            raise NotOfferedError(f"{field} cannot be fixed for {manifest.name}: {reason:.200}") from None


def _validate_by_schema(integration: str, action: ActionManifest, name: str, value: Any) -> None:  # noqa: ANN401 - any JSON
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
