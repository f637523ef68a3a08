"""The HTTP client of an integration that declares no service."""

from collections.abc import Mapping
from typing import Any, NoReturn

from modulex_mem0.contract import ActionError, ErrorCode

__all__ = ["UnboundClient"]


class UnboundClient:
    """Implements `modulex_mem0.contract.HttpClient` by refusing: there is no base URL to send to."""

    changed = False

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | float | bool] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        repeatable: bool | None = None,
    ) -> NoReturn:
        """Refuse.

        Raises:
            ActionError: `internal`, always.
        """
        raise ActionError(ErrorCode.INTERNAL, "the integration declares no authentication scheme, so no base URL")
