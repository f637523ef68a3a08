"""ModuleX's manifest of an integration, derived from ours: the models of `modulex_integrations.schema`."""

import re
from collections.abc import Mapping
from typing import Any

from modulex_integrations.schema import (
    ActionDefinition,
    ApiKeyAuthSchema,
    AuthSchema,
    BasicAuthSpec,
    BearerTokenAuthSchema,
    CustomAuthSchema,
    EnvVar,
    ParameterDef,
    SuccessIndicators,
    TestEndpoint,
)
from modulex_integrations.schema import IntegrationManifest as HostManifest

from modulex_mem0.contract import AuthScheme, BasicAuth, CredentialField, IntegrationManifest, Template
from modulex_mem0.json_schema import simplify

__all__ = ["host_manifest"]

_WORDS = re.compile(r"[A-Za-z]+( [A-Za-z]+)*")
_AUTH_SCHEMAS: dict[str, type[ApiKeyAuthSchema | BearerTokenAuthSchema | CustomAuthSchema]] = {
    "api_key": ApiKeyAuthSchema,
    "bearer_token": BearerTokenAuthSchema,
}


def host_manifest(name: str, manifest: IntegrationManifest) -> HostManifest:
    """ModuleX's manifest of an integration.

    Args:
        name: Its name in ModuleX: the key of the entry point.
        manifest: Our manifest.
    """
    return HostManifest(
        name=name,
        display_name=manifest.display_name,
        description=manifest.description,
        version=manifest.version,
        author=manifest.author,
        logo=manifest.logo,
        app_url=manifest.app_url,
        categories=[_category(category) for category in manifest.categories],
        actions=[
            ActionDefinition(
                name=action.name, description=action.description, parameters=_parameters(action.input_schema)
            )
            for action in manifest.actions
        ],
        auth_schemas=[_auth_schema(scheme) for scheme in manifest.auth_schemes],
    )


def _category(display_name: str) -> str:
    """The tag of a category: `knowledge-base` for `Knowledge Base`. A section such as `A & B` has no tag."""
    return display_name.lower().replace(" ", "-") if _WORDS.fullmatch(display_name) else display_name


def _parameters(schema: Mapping[str, Any]) -> dict[str, ParameterDef]:
    """The parameters of an input schema, without what ModuleX cannot express: choices, ranges, the type of items."""
    simple = simplify(schema)
    required = simple.get("required", ())
    return {
        name: ParameterDef(
            type=value["type"],
            description=value["description"],
            default=value.get("default"),
            required=name in required,
        )
        for name, value in simple["properties"].items()
    }


def _auth_schema(scheme: AuthScheme) -> AuthSchema:
    """ModuleX's schema of a scheme; `custom` where it has no type of its own for it."""
    schema = _AUTH_SCHEMAS.get(scheme.type, CustomAuthSchema)
    return schema(
        display_name=scheme.display_name,
        description=scheme.description,
        setup_instructions=list(scheme.setup_steps),
        setup_environment_variables=[_variable(field, scheme) for field in scheme.fields],
        test_endpoint=_test_endpoint(scheme),
    )


def _variable(field: CredentialField, scheme: AuthScheme) -> EnvVar:
    default = "" if field.default is None else f" (default: {field.default})"
    return EnvVar(
        name=field.environment_variable,
        display_name=field.display_name,
        description=field.description + default,
        required=field.required,
        sensitive=field.sensitive,
        # The scheme itself injects the field that it is named after; any other must ask for it.
        inject_into_auth_data=field.name != scheme.type,
        sample_format=field.format,
        about_url=field.help_url,
    )


def _test_endpoint(scheme: AuthScheme) -> TestEndpoint | None:
    test = scheme.connection_test
    if test is None:
        return None
    # ModuleX fills in the values that were entered and knows no defaults, so defaults are filled in here.
    defaults = {field.name: field.default for field in scheme.fields if field.default is not None}
    url, headers, params = Template.render_json((test.url, scheme.headers | test.headers, test.params), defaults)
    return TestEndpoint(
        url=url,
        method=test.method,
        headers=headers,
        params=params,
        body=test.body,
        auth=_basic(test.basic, scheme) if test.basic else None,
        success_indicators=SuccessIndicators(
            status_codes=list(test.success_status), response_fields=[*test.success_fields, *test.present_fields] or None
        ),
        description=test.description,
    )


def _basic(basic: BasicAuth, scheme: AuthScheme) -> BasicAuthSpec:
    """ModuleX names a value here by its variable, without braces, and takes any other text literally."""
    variables = {f"{{{field.name}}}": field.environment_variable for field in scheme.fields}
    return BasicAuthSpec(
        username_placeholder=variables.get(basic.username, basic.username),
        password_placeholder=variables.get(basic.password, basic.password),
    )
