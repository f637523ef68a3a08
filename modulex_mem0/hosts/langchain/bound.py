"""An action with its credential, which shows and gives away neither to whoever looks at the tool."""

from typing import Any, NoReturn, Self

from modulex_mem0.hosts.offer import Offer
from modulex_mem0.runtime import CredentialMapping, HiddenDict

__all__ = ["BoundAction"]


class BoundAction:
    """What a tool calls.

    Args:
        offer: Has the action.
        name: The action's.
        credential: Sent with every call; copied.
    """

    __slots__ = ("_credential", "_name", "_offer")

    def __init__(self, offer: Offer, name: str, credential: CredentialMapping | None) -> None:
        self._offer = offer
        self._name = name
        self._credential = None if credential is None else HiddenDict(credential)

    def __repr__(self) -> str:
        return f"<BoundAction {self._name}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a bound tool holds a credential and is not serialised; make the tools anew where they run")

    def call(self, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the model passes
        """Call the action and return its output."""
        return self._offer.call_sync(self._name, arguments, credential=self._credential).output

    async def acall(self, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the model passes
        """Call the action and return its output."""
        return (await self._offer.call(self._name, arguments, credential=self._credential)).output
