"""ModuleX's authentication schemes: their fields, templates, OAuth 2 endpoints and connection tests."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from modulex_integrations.schema import AuthSchema, OAuth2AuthSchema, OAuthConfig, TestEndpoint

from modulex_mem0.contract import AuthScheme, BasicAuth, ConnectionTest, CredentialField, OAuth2Endpoints, Template
from modulex_mem0.hosts.modulex_tools.variables import Variable, named_variables

__all__ = ["HostedScheme", "hosted_scheme", "https_only"]

_Type = Literal["api_key", "bearer_token", "oauth2", "platform_key", "custom", "none"]

_TYPES: Mapping[str, _Type] = {
    "api_key": "api_key",
    "bearer_token": "bearer_token",
    "oauth2": "oauth2",
    "modulex_key": "platform_key",
    "internal": "platform_key",
}
#: The field of the key itself in our credentials, by ModuleX's type.
_MAIN = {"api_key": "api_key", "bearer_token": "token", "oauth2": "access_token", "modulex_key": "api_key"}
#: The key's names in tools and templates, which rarely look at the type.
_MAIN_NAMES = ("api_key", "token", "access_token", "bearer_token")
_OF_APPLICATION = ("_CLIENT_ID", "_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class HostedScheme:
    """A scheme, and what a tool must receive of a credential that satisfies it.

    Attributes:
        scheme: Our scheme.
        auth_type: ModuleX's name of its type.
        fields: By every name that a tool may use for a value, the field that holds it.
    """

    scheme: AuthScheme
    auth_type: str
    fields: Mapping[str, str]


def hosted_scheme(integration: str, schema: AuthSchema) -> HostedScheme:
    """Translate a scheme.

    Args:
        integration: The integration's name in ModuleX.
        schema: ModuleX's scheme.

    Raises:
        ValueError: One of its templates names a value that is not in the credential.
    """
    main = _MAIN.get(schema.auth_type)
    variables = named_variables(schema.setup_environment_variables, integration, main)
    supplied, names = _supplied_fields(integration, schema), _fields_by_name(variables)
    if main is not None and (supplied or any(variable.field == main for variable in variables)):
        names = dict.fromkeys(_MAIN_NAMES, main) | names
    endpoint = schema.test_endpoint
    address = names.get(Template(endpoint.url).leading_name or "") if endpoint else None
    fields = (*supplied, *(_field(v, schema, main=v.field == main, url=v.field == address) for v in variables))
    public = schema.auth_type == "modulex_key" and not fields
    return HostedScheme(
        AuthScheme(
            type="none" if public else _TYPES.get(schema.auth_type, "custom"),
            display_name=schema.display_name,
            description=schema.description,
            setup_steps=tuple(schema.setup_instructions or ()),
            fields=fields,
            oauth2=_oauth2_endpoints(schema.oauth_config, names) if isinstance(schema, OAuth2AuthSchema) else None,
            connection_test=_connection_test(endpoint, names) if endpoint else None,
        ),
        schema.auth_type,
        names,
    )


def https_only(link: str | None) -> str | None:
    """The link if it is an https one; our manifests hold no others."""
    return link if link and link.startswith("https://") else None


def _fields_by_name(variables: Sequence[Variable]) -> dict[str, str]:
    """The field that each name stands for. A name that two values could have goes to the likelier one."""
    longest = max((len(variable.names) for variable in variables), default=0)
    ranks = reversed(range(longest))
    return {v.names[rank]: v.field for rank in ranks for v in variables if rank < len(v.names)}


def _supplied_fields(integration: str, schema: AuthSchema) -> tuple[CredentialField, ...]:
    """The key, where ModuleX itself supplies it and declares no variable for it."""
    if schema.auth_type == "oauth2":
        token = CredentialField(
            name="access_token",
            display_name="Access token",
            description="What the OAuth 2 flow gave; a host obtains and renews it.",
            environment_variable=f"{integration.upper()}_OAUTH2_ACCESS_TOKEN",
            sensitive=True,
        )
        return (token,)
    # ModuleX also calls public services managed. A key is needed where the connection test uses one.
    if schema.auth_type == "modulex_key" and _uses_api_key(schema.test_endpoint):
        key = CredentialField(
            name="api_key",
            display_name="Platform API key",
            description="The key of the host's operator, used for all its users.",
            environment_variable=f"MODULEX_{integration.upper()}_API_KEY",
            sensitive=True,
        )
        return (key,)
    return ()


def _uses_api_key(endpoint: TestEndpoint | None) -> bool:
    return endpoint is not None and "{api_key}" in json.dumps(endpoint.model_dump())


def _field(variable: Variable, schema: AuthSchema, *, main: bool, url: bool) -> CredentialField:
    """The field of a value.

    Args:
        variable: The value.
        schema: ModuleX's scheme.
        main: Whether it is the key itself.
        url: Whether it is the address of the service, which is checked to be a safe one.
    """
    declared = variable.declared
    application = declared.only_for_custom or declared.name.endswith(_OF_APPLICATION)
    return CredentialField(
        name=variable.field,
        display_name=declared.display_name,
        description=declared.description,
        environment_variable=declared.name,
        required=declared.required,
        sensitive=declared.sensitive or main,
        application=schema.auth_type == "oauth2" and application and not declared.inject_into_auth_data,
        kind="url" if url else "text",
        format=declared.sample_format or None,
        help_url=https_only(declared.about_url),
    )


def _oauth2_endpoints(config: OAuthConfig, names: Mapping[str, str]) -> OAuth2Endpoints:
    params = {"access_type": config.access_type, "prompt": config.prompt}
    return OAuth2Endpoints(
        authorize_url=_translated(config.auth_url, names),
        token_url=_translated(config.token_url, names),
        scopes=tuple(config.scopes),
        pkce=config.use_pkce,
        token_auth_method=config.token_auth_method,
        authorize_params={name: value for name, value in params.items() if value is not None},
    )


def _connection_test(endpoint: TestEndpoint, names: Mapping[str, str]) -> ConnectionTest:
    cost = "" if endpoint.cost_level == "free" else f" (cost: {endpoint.cost_level})"
    places = {name: f"{{{field}}}" for name, field in names.items()}
    return ConnectionTest(
        method=endpoint.method,
        url=_translated(endpoint.url, names),
        headers={name: _translated(value, names) for name, value in endpoint.headers.items()},
        params={name: _translated(value, names) for name, value in endpoint.params.items()},
        # Other braces stay: bodies hold queries that are full of them.
        body=Template.render_json(endpoint.body, places),
        basic=None
        if endpoint.auth is None
        # Each half is the name of a value, without braces, or a literal text.
        else BasicAuth(
            username=places.get(endpoint.auth.username_placeholder, endpoint.auth.username_placeholder),
            password=places.get(endpoint.auth.password_placeholder, endpoint.auth.password_placeholder),
        ),
        success_status=tuple(endpoint.success_indicators.status_codes),
        present_fields=tuple(endpoint.success_indicators.response_fields or ()),
        description=(endpoint.description or "Asks the service whether it accepts the credential") + cost,
    )


def _translated(template: str, names: Mapping[str, str]) -> str:
    """A template with our fields in place of ModuleX's names for them."""
    try:
        return Template(template).rename(names).text
    except KeyError as error:
        raise ValueError(f"the template {template!r} names {error.args[0]!r}, which is not in the credential") from None
