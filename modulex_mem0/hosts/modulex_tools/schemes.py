"""Translates ModuleX's ways to authenticate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from modulex_integrations.schema import AuthSchema, OAuth2AuthSchema, OAuthConfig

from modulex_mem0.contract import AuthScheme, CredentialField, OAuth2Endpoints
from modulex_mem0.hosts.modulex_tools.connection_tests import connection_test, mentions
from modulex_mem0.hosts.modulex_tools.fields import obtained_token, platform_key, variable_field
from modulex_mem0.hosts.modulex_tools.templates import leading_field, translated
from modulex_mem0.hosts.modulex_tools.variables import Variable, named

__all__ = ["HostedScheme", "hosted_scheme"]

_Type = Literal["api_key", "bearer_token", "oauth2", "platform_key", "custom", "none"]

_TYPES: Mapping[str, _Type] = {
    "api_key": "api_key",
    "bearer_token": "bearer_token",
    "oauth2": "oauth2",
    "modulex_key": "platform_key",
    "internal": "platform_key",
}
#: What the key itself is called in our credentials, by ModuleX's type.
_MAIN = {"api_key": "api_key", "bearer_token": "token", "oauth2": "access_token", "modulex_key": "api_key"}
#: What tools and templates call it: they seldom look at the type.
_MAIN_NAMES = ("api_key", "token", "access_token", "bearer_token")


@dataclass(frozen=True, slots=True)
class HostedScheme:
    """A scheme, and what a tool needs to be told of a credential that satisfies it.

    Attributes:
        scheme: Ours.
        auth_type: What ModuleX calls its type.
        fields: By every name that a tool may look for, the field that holds the value.
    """

    scheme: AuthScheme
    auth_type: str
    fields: Mapping[str, str]


def hosted_scheme(integration: str, schema: AuthSchema) -> HostedScheme:
    """Translate a scheme.

    Args:
        integration: ModuleX's name of the integration.
        schema: ModuleX's scheme.

    Raises:
        ValueError: A template of it names what is no part of the credential.
    """
    main = _MAIN.get(schema.auth_type)
    variables = named(schema.setup_environment_variables, integration, main)
    made, names = _made_fields(integration, schema), _fields_by_name(variables)
    if main is not None and (made or any(variable.field == main for variable in variables)):
        names = dict.fromkeys(_MAIN_NAMES, main) | names
    endpoint = schema.test_endpoint
    address = leading_field(endpoint.url, names) if endpoint else None
    fields = (*made, *(variable_field(v, schema, main=v.field == main, url=v.field == address) for v in variables))
    needless = schema.auth_type == "modulex_key" and not fields
    return HostedScheme(
        AuthScheme(
            type="none" if needless else _TYPES.get(schema.auth_type, "custom"),
            display_name=schema.display_name,
            description=schema.description,
            setup_steps=tuple(schema.setup_instructions or ()),
            fields=fields,
            oauth2=_endpoints(schema.oauth_config, names) if isinstance(schema, OAuth2AuthSchema) else None,
            connection_test=connection_test(endpoint, names) if endpoint else None,
        ),
        schema.auth_type,
        names,
    )


def _made_fields(integration: str, schema: AuthSchema) -> tuple[CredentialField, ...]:
    """The key, where ModuleX's own machinery supplies it and no variable stands for it."""
    if schema.auth_type == "oauth2":
        return (obtained_token(integration),)
    # ModuleX calls public services managed too; what tests a key is one that needs it.
    if schema.auth_type == "modulex_key" and mentions(schema.test_endpoint, "api_key"):
        return (platform_key(integration),)
    return ()


def _fields_by_name(variables: Sequence[Variable]) -> dict[str, str]:
    """Every name and the field that it stands for; where two values could have a name, the likelier one has it."""
    longest = max((len(variable.names) for variable in variables), default=0)
    ranks = reversed(range(longest))
    return {v.names[rank]: v.field for rank in ranks for v in variables if rank < len(v.names)}


def _endpoints(config: OAuthConfig, names: Mapping[str, str]) -> OAuth2Endpoints:
    params = {"access_type": config.access_type, "prompt": config.prompt}
    return OAuth2Endpoints(
        authorize_url=translated(config.auth_url, names),
        token_url=translated(config.token_url, names),
        scopes=tuple(config.scopes),
        pkce=config.use_pkce,
        token_auth_method=config.token_auth_method,
        authorize_params={name: value for name, value in params.items() if value is not None},
    )
