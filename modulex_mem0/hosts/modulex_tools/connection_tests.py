"""Translates ModuleX's tests of a credential."""

import json
from collections.abc import Mapping

from modulex_integrations.schema import TestEndpoint

from modulex_mem0.contract import BasicAuth, ConnectionTest
from modulex_mem0.hosts.modulex_tools.templates import literal_or_template, translated, translated_body

__all__ = ["connection_test", "mentions"]


def connection_test(endpoint: TestEndpoint, fields: Mapping[str, str]) -> ConnectionTest:
    """The test as we declare it.

    Args:
        endpoint: ModuleX's.
        fields: By every name of a value, the field that holds it.

    Raises:
        ValueError: It names what is no part of the credential.
    """
    cost = "" if endpoint.cost_level == "free" else f" (cost: {endpoint.cost_level})"
    return ConnectionTest(
        method=endpoint.method,
        url=translated(endpoint.url, fields),
        headers={name: translated(value, fields) for name, value in endpoint.headers.items()},
        params={name: translated(value, fields) for name, value in endpoint.params.items()},
        body=translated_body(endpoint.body, fields),
        basic=None
        if endpoint.auth is None
        else BasicAuth(
            username=literal_or_template(endpoint.auth.username_placeholder, fields),
            password=literal_or_template(endpoint.auth.password_placeholder, fields),
        ),
        success_status=tuple(endpoint.success_indicators.status_codes),
        present_fields=tuple(endpoint.success_indicators.response_fields or ()),
        description=(endpoint.description or "Asks the service whether it accepts the credential") + cost,
    )


def mentions(endpoint: TestEndpoint | None, name: str) -> bool:
    """Whether a test fills in a value."""
    return endpoint is not None and f"{{{name}}}" in json.dumps(endpoint.model_dump())
