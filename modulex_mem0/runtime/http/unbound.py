"""The HTTP client of a handler that has no service declared, or makes its own requests."""

from collections.abc import Mapping
from typing import Any, NoReturn

from modulex_mem0.contract import ActionError, ErrorCode

__all__ = ["UnboundClient"]


class UnboundClient:
    """Implements `modulex_mem0.contract.HttpClient` by refusing: there is no base URL to send to."""

    carries_requests = False
    changed = False
    received = 0

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | float | bool] | None = None,
        json: Any = None,  # noqa: ANN401 - any JSON value
        safe_to_retry: bool | None = None,
    ) -> NoReturn:
        """Refuse.

        Raises:
            ActionError: `internal`, always.
        """
        raise ActionError(
            ErrorCode.INTERNAL,
            "there is no base URL: the integration declares no authentication scheme, or one that has none",
        )
