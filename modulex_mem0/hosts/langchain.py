"""An integration's actions as LangChain tools for an agent, bound to a credential and a user (extra `langchain`)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from typing import Any, NoReturn, Self, cast

from modulex_mem0.hosts.extras import imports_extra
from modulex_mem0.hosts.toolset import ToolSet
from modulex_mem0.runtime import BoundIntegration, CredentialMapping, HiddenDict, Result, Runtime

with imports_extra("langchain"):
    from langchain_core.tools import StructuredTool, ToolException

__all__ = ["tools"]


def tools(
    *,
    credential: CredentialMapping | None = None,
    user_id: str | None = None,
    fixed: Mapping[str, Any] | None = None,
    integration: str = "mem0",
    actions: Iterable[str] | None = None,
    read_only: bool = False,
    simple: bool = False,
    strict: bool = False,
    runtime: Runtime | None = None,
) -> list[StructuredTool]:
    """Make tools for an agent. Each works in synchronous and in asynchronous code.

    A tool returns the action's output as a dict. It does not raise when a call fails because of the input, the
    credential, the network or the service: `success` is false then, and `error` gives the model the reason. In an
    agent, the `ToolMessage` of a failed call has the status `error`.

    Args:
        credential: By field name, bound to the tools. None reads the environment variables that the manifest names, at
            each call.
        user_id: Fixes the parameter that the manifest declares as the owner of the data: the model neither sees nor
            chooses the user. Actions that cannot be limited to one user are left out.
        fixed: Fixes any parameters, by name. Actions that do not take all of them are left out.
        integration: The name of an installed integration.
        actions: Only these, by name.
        read_only: Only actions that change nothing.
        simple: The tools do not show the advanced parameters.
        strict: The tools' schemas are in the form that OpenAI's strict mode takes, for `bind_tools(..., strict=True)`.
        runtime: Calls the actions; the caller closes it when the tools are no longer used. None for one that all such
            tools share, and that is closed when the process ends.

    Raises:
        BrokenIntegrationError: The integration's own code cannot be used.
        NotOfferedError: The other limits exclude an action in `actions`, or a parameter cannot be fixed.
        UnknownActionError: The integration has no action of that name.
        UnknownIntegrationError: No integration of that name is installed, or it failed to load.

    Example:
        ```python
        agent = create_agent(model, tools(credential={"api_key": key}, user_id="alice", actions=["search_memories"]))
        ```
    """
    toolset = ToolSet(
        runtime or _process_runtime(),
        integration,
        actions=actions,
        read_only=read_only,
        fixed=fixed,
        owner=user_id,
        simple=simple,
        strict=strict,
    )
    # The environment is read at each call.
    bound = None if credential is None else toolset.bind(HiddenDict(credential))
    return [_structured_tool(toolset, name, bound) for name in toolset]


@cache
def _process_runtime() -> Runtime:
    """The shared runtime. Like every runtime it is closed when the process ends, and begins again after a fork."""
    return Runtime()


def _structured_tool(toolset: ToolSet, name: str, integration: BoundIntegration | None) -> StructuredTool:
    tool = toolset[name]
    bound = _BoundTool(toolset, name, integration)
    return _Tool(
        name=name,
        description=tool.description,
        # A schema, not a model: a model class would raise on bad input, where the runtime returns the reason.
        args_schema=_with_defaults(tool.input_schema),
        func=bound.call,
        coroutine=bound.acall,
        handle_tool_error=_output_of_failure,
    )


def _with_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with a default for each optional parameter; converters take one without for a required parameter."""
    required = schema.get("required", ())
    properties = {
        name: value if name in required else {"default": None, **value} for name, value in schema["properties"].items()
    }
    return {**schema, "properties": properties}


class _Tool(StructuredTool):
    """A tool that takes any argument of a model; LangChain's own raises for one that is called `self`."""

    # What LangChain passes beside the arguments is not used.
    def _run(self, /, *args: Any, config: object = None, run_manager: object = None, **arguments: Any) -> Any:  # noqa: ANN401
        return cast("Callable[..., Any]", self.func)(*args, **arguments)

    async def _arun(self, /, *args: Any, config: object = None, run_manager: object = None, **arguments: Any) -> Any:  # noqa: ANN401
        return await cast("Callable[..., Awaitable[Any]]", self.coroutine)(*args, **arguments)


class _FailedCall(ToolException):
    """A call that failed. LangChain gives its message the status `error`, and the output as its content."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.output["error"])
        self.output = result.output


def _output_of_failure(failure: ToolException) -> Any:  # noqa: ANN401 - LangChain declares text, and takes what JSON can hold
    return failure.output if isinstance(failure, _FailedCall) else str(failure)


def _output(result: Result) -> dict[str, Any]:
    if not result.success:
        raise _FailedCall(result)
    return result.output


class _BoundTool:
    """A tool with its credential. Neither a repr nor a copy nor a pickle of it shows the credential."""

    __slots__ = ("_bound", "_name", "_toolset")

    def __init__(self, toolset: ToolSet, name: str, bound: BoundIntegration | None) -> None:
        self._toolset = toolset
        self._name = name
        self._bound = bound

    def __repr__(self) -> str:
        return f"<bound tool {self._name}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a bound tool holds a credential and cannot be pickled; make the tools in each process")

    def call(self, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the model passes
        """Call the action and return its output."""
        return _output(self._toolset.call_sync(self._name, arguments, bound=self._bound))

    async def acall(self, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the model passes
        """Call the action and return its output."""
        return _output(await self._toolset.call(self._name, arguments, bound=self._bound))
