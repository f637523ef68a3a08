"""Tests a credential with the harmless request that its scheme declares."""

from modulex_mem0.contract import ActionError, ErrorCode, HttpClient
from modulex_mem0.contract.authentication import ConnectionTest

__all__ = ["run_connection_test"]


async def run_connection_test(test: ConnectionTest, http: HttpClient) -> None:
    """Send the test's request and check its reply.

    Raises:
        ActionError: Why the credential does not work.
    """
    reply = await http.send(test.method, test.path, json=test.body, repeatable=True)
    reply.require_success()
    if reply.status != test.success_status:
        raise ActionError(
            ErrorCode.BAD_RESPONSE, f"expected HTTP {test.success_status} from {test.path}", http_status=reply.status
        )
    if not test.success_fields:
        return
    body = reply.json()
    for name, expected in test.success_fields.items():
        if not isinstance(body, dict) or body.get(name) != expected:
            raise ActionError(
                ErrorCode.BAD_RESPONSE,
                f"the reply to {test.path} lacks {name} = {expected!r}; check the base URL",
                http_status=reply.status,
            )
