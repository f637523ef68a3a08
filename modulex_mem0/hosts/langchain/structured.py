"""Makes `StructuredTool`s of an integration's actions."""

from collections.abc import Iterable

from langchain_core.tools import StructuredTool

from modulex_mem0.hosts.langchain.bound import BoundAction
from modulex_mem0.hosts.langchain.lifetime import process_runtime
from modulex_mem0.hosts.offer import Offer
from modulex_mem0.runtime import CredentialMapping, Runtime

__all__ = ["tools"]


def tools(
    *,
    credential: CredentialMapping | None = None,
    user_id: str | None = None,
    integration: str = "mem0",
    actions: Iterable[str] | None = None,
    read_only: bool = False,
    runtime: Runtime | None = None,
) -> list[StructuredTool]:
    """Make tools for an agent; each works in synchronous and in asynchronous code.

    A tool returns the action's output as a dict. When a call fails, whatever of input, credential, network or service
    is the reason, the tool returns too, with `success` false and the reason in `error`, so that the model can read it.

    Args:
        credential: By field name, bound to the tools; None reads the environment variables that the manifest names,
            at each call.
        user_id: Bound to the tools: the model neither sees nor chooses the user. Actions that cannot be held to one
            user are left out.
        integration: The name of an installed integration.
        actions: Only these, by name.
        read_only: Only actions that change nothing.
        runtime: Calls the actions; whoever made it closes it, when the tools are no longer used. None for one that
            all such tools share and that is closed when the process ends.

    Raises:
        BrokenIntegrationError: The integration's own code cannot be used.
        NotOfferedError: An action was asked for by name and the other limits leave it out; or `user_id` is blank.
        UnknownActionError: The integration has no action of that name.
        UnknownIntegrationError: Nothing of that name is installed, or it failed to load.

    Example:
        ```python
        agent = create_agent(model, tools(credential={"api_key": key}, user_id="alice", actions=["search_memories"]))
        ```
    """
    offer = Offer(runtime or process_runtime(), integration, actions=actions, read_only=read_only, user_id=user_id)
    return [_tool(offer, name, credential) for name in offer]


def _tool(offer: Offer, name: str, credential: CredentialMapping | None) -> StructuredTool:
    action = offer[name]
    bound = BoundAction(offer, name, credential)
    return StructuredTool(
        name=name,
        description=action.description,
        # A schema, not a model: the runtime checks the input and tells the model how to mend it; a model class here
        # would raise instead.
        args_schema=action.input_schema,
        func=bound.call,
        coroutine=bound.acall,
    )
