"""The manifest of each integration: its authentication with steps and fields, and its actions with schemas."""

import importlib
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")

from jsonschema import Draft202012Validator
from modulex_integrations.schema import IntegrationManifest as HostManifest
from modulex_integrations.schema import OAuth2AuthSchema

from modulex_mem0.contract import AuthScheme, IntegrationManifest
from modulex_mem0.hosts.modulex_tools.plugin import PREFIX
from modulex_mem0.runtime import Runtime

_INSTALLED = [point for point in entry_points(group="modulex.tools") if not point.value.startswith("modulex_mem0.")]


@pytest.fixture(params=_INSTALLED, ids=lambda point: point.name)
def both(request: pytest.FixtureRequest, loaded: Runtime) -> tuple[HostManifest, IntegrationManifest]:
    """An integration's manifest in ModuleX, and ours of it."""
    point: EntryPoint = request.param
    if PREFIX + point.name not in loaded.integrations:
        reason = next(f.reason for f in loaded.integrations.failures if f.name == PREFIX + point.name)
        pytest.skip(f"it failed to load: {reason}")
    return importlib.import_module(point.value).manifest, loaded.integrations[PREFIX + point.name].manifest


def _pairs(both: tuple[HostManifest, IntegrationManifest]) -> Iterator[tuple[Any, AuthScheme]]:
    yield from zip(both[0].auth_schemas, both[1].auth_schemes, strict=True)


def test_the_card(both: tuple[HostManifest, IntegrationManifest]) -> None:
    theirs, ours = both
    for name in ("display_name", "description", "version", "author", "logo", "app_url"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert list(ours.categories) == theirs.categories


def test_the_steps_and_the_fields(both: tuple[HostManifest, IntegrationManifest]) -> None:
    for theirs, ours in _pairs(both):
        assert (ours.display_name, ours.description) == (theirs.display_name, theirs.description)
        assert list(ours.setup_steps) == (theirs.setup_instructions or [])
        fields = {field.environment_variable: field for field in ours.fields}
        for variable in theirs.setup_environment_variables:
            field = fields.pop(variable.name)
            assert (field.display_name, field.description) == (variable.display_name, variable.description)
            assert field.required == variable.required
            assert field.sensitive >= variable.sensitive
        # What remains is a key that ModuleX itself supplies.
        assert all(field.sensitive and field.required for field in fields.values())
        assert len(fields) == (theirs.auth_type == "oauth2" or ours.type == "platform_key")


def test_oauth2(both: tuple[HostManifest, IntegrationManifest]) -> None:
    for theirs, ours in _pairs(both):
        assert (ours.oauth2 is not None) == isinstance(theirs, OAuth2AuthSchema)
        if ours.oauth2 is not None:
            config = theirs.oauth_config
            assert (list(ours.oauth2.scopes), ours.oauth2.pkce) == (config.scopes, config.use_pkce)
            assert ours.oauth2.token_auth_method == config.token_auth_method
            assert ours.oauth2.token_url.partition("{")[0] == config.token_url.partition("{")[0]
            # No call needs the fields that identify the application.
            assert [field.name for field in ours.fields if field.application]


def test_the_connection_test(both: tuple[HostManifest, IntegrationManifest]) -> None:
    for theirs, ours in _pairs(both):
        assert (ours.connection_test is None) == (theirs.test_endpoint is None)
        if ours.connection_test is not None:
            endpoint = theirs.test_endpoint
            assert ours.connection_test.method == endpoint.method
            assert list(ours.connection_test.success_status) == endpoint.success_indicators.status_codes
            assert list(ours.connection_test.present_fields) == (endpoint.success_indicators.response_fields or [])
            assert (ours.connection_test.basic is None) == (endpoint.auth is None)


def test_the_actions_and_their_schemas(both: tuple[HostManifest, IntegrationManifest]) -> None:
    theirs, ours = both
    assert [action.name for action in ours.actions] == [action.name for action in theirs.actions]
    values = {"api_key", "auth_type", "auth_data"}
    for definition, action in zip(theirs.actions, ours.actions, strict=True):
        Draft202012Validator.check_schema(action.input_schema)
        Draft202012Validator.check_schema(action.output_schema)
        assert action.description == definition.description
        assert action.input_schema["type"] == action.output_schema["type"] == "object"
        assert action.input_schema["additionalProperties"] is False
        assert {"success", "error"} <= set(action.output_schema["properties"])
        taken = set(action.input_schema["properties"])
        assert not taken & values
        for name in taken & set(definition.parameters):
            assert action.input_schema["properties"][name]["description"] == definition.parameters[name].description


def test_a_manifest_survives_a_round_trip_through_json(both: tuple[HostManifest, IntegrationManifest]) -> None:
    assert IntegrationManifest.model_validate_json(both[1].model_dump_json()) == both[1]


def test_every_documented_parameter_can_be_passed(loaded: Runtime) -> None:
    """Except credential values, and parameters in ModuleX's manifest that its tool does not take."""
    not_taken: list[tuple[str, str, str]] = []
    for point in _INSTALLED:
        if PREFIX + point.name not in loaded.integrations:
            continue
        integration = loaded.integrations[PREFIX + point.name]
        package = importlib.import_module(point.value)
        tools = {tool.name: tool for tool in package.TOOLS}
        schemas = package.manifest.auth_schemas
        values = {variable.name.lower() for schema in schemas for variable in schema.setup_environment_variables}
        for definition, action in zip(package.manifest.actions, integration.manifest.actions, strict=True):
            for name in set(definition.parameters) - set(action.input_schema["properties"]):
                injected = any(value.endswith(f"_{name}") for value in values)
                if not injected:
                    assert name not in tools[definition.name].args_schema.model_fields
                    not_taken.append((point.name, definition.name, name))
    # ModuleX drops these silently; here they are refused as unknown parameters.
    assert len(not_taken) <= 5, not_taken
