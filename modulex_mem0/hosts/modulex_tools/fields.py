"""Translates the values of ModuleX's credentials to the fields of a form."""

from modulex_integrations.schema import AuthSchema

from modulex_mem0.contract import CredentialField
from modulex_mem0.hosts.modulex_tools.links import https_only
from modulex_mem0.hosts.modulex_tools.variables import Variable

__all__ = ["obtained_token", "platform_key", "variable_field"]

_OF_APPLICATION = ("_CLIENT_ID", "_CLIENT_SECRET")


def variable_field(variable: Variable, schema: AuthSchema, *, main: bool, url: bool) -> CredentialField:
    """The field of a value that ModuleX asks for.

    Args:
        variable: The value.
        schema: Of which it is a part.
        main: Whether it is the key itself.
        url: Whether it is the address of the service, and so must be a safe one.
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


def obtained_token(integration: str) -> CredentialField:
    """The access token of OAuth 2, which a host obtains and no form of ModuleX asks for."""
    return CredentialField(
        name="access_token",
        display_name="Access token",
        description="What the OAuth 2 flow gave; a host obtains and renews it.",
        environment_variable=f"{integration.upper()}_OAUTH2_ACCESS_TOKEN",
        sensitive=True,
    )


def platform_key(integration: str) -> CredentialField:
    """The key that ModuleX supplies itself; here the operator of the host does."""
    return CredentialField(
        name="api_key",
        display_name="Platform API key",
        description="The key of the host's operator, used for all its users.",
        environment_variable=f"MODULEX_{integration.upper()}_API_KEY",
        sensitive=True,
    )
