"""Tells ModuleX how to authenticate, and how to test a credential."""

from modulex_integrations.schema import (
    ApiKeyAuthSchema,
    AuthSchema,
    BasicAuthSpec,
    BearerTokenAuthSchema,
    CustomAuthSchema,
    EnvVar,
    SuccessIndicators,
    TestEndpoint,
)

from modulex_mem0.contract import AuthScheme, BasicAuth, CredentialField

__all__ = ["auth_schema"]

_SCHEMAS: dict[str, type[ApiKeyAuthSchema | BearerTokenAuthSchema | CustomAuthSchema]] = {
    "api_key": ApiKeyAuthSchema,
    "bearer_token": BearerTokenAuthSchema,
}


def auth_schema(scheme: AuthScheme) -> AuthSchema:
    """The scheme as ModuleX reads it; what it has no type for is `custom`."""
    schema = _SCHEMAS.get(scheme.type, CustomAuthSchema)
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
        # The field that a scheme is named after is injected by the scheme; any other, only when asked for.
        inject_into_auth_data=field.name != scheme.type,
        sample_format=field.format,
        about_url=field.help_url,
    )


def _test_endpoint(scheme: AuthScheme) -> TestEndpoint | None:
    test = scheme.connection_test
    if test is None:
        return None
    return TestEndpoint(
        url=_filled(test.url, scheme),
        method=test.method,
        headers={name: _filled(template, scheme) for name, template in (scheme.headers | test.headers).items()},
        params={name: _filled(template, scheme) for name, template in test.params.items()},
        body=test.body,
        auth=_basic(test.basic, scheme) if test.basic else None,
        success_indicators=SuccessIndicators(
            status_codes=list(test.success_status), response_fields=[*test.success_fields, *test.present_fields] or None
        ),
        description=test.description,
    )


def _basic(basic: BasicAuth, scheme: AuthScheme) -> BasicAuthSpec:
    """ModuleX names a value here by its variable, without braces, and takes anything else as it is."""
    variables = {f"{{{field.name}}}": field.environment_variable for field in scheme.fields}
    return BasicAuthSpec(
        username_placeholder=variables.get(basic.username, basic.username),
        password_placeholder=variables.get(basic.password, basic.password),
    )


def _filled(template: str, scheme: AuthScheme) -> str:
    """The template with the defaults of optional fields filled in: ModuleX knows what was entered and no defaults."""
    for field in scheme.fields:
        if field.default is not None:
            template = template.replace(f"{{{field.name}}}", field.default)
    return template
