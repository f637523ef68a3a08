"""ModuleX's manifest: upstream's where upstream documents an action, and derived from ours everywhere else."""

from typing import get_type_hints

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")

from modulex_integrations.schema import ActionDefinition, ApiKeyAuthSchema
from modulex_integrations.schema import TestEndpoint as Endpoint
from modulex_integrations.tools import mem0 as upstream

from modulex_mem0.contract import BasicAuth, ConnectionTest, Integration
from modulex_mem0.hosts import modulex as ours
from modulex_mem0.hosts.modulex.host_manifest import host_manifest
from modulex_mem0.runtime import discover
from tests.helpers.tiny_integration import profile, scheme

_DOCUMENTED = [action.name for action in upstream.manifest.actions]


def _ours(name: str) -> ActionDefinition:
    return next(action for action in ours.manifest.actions if action.name == name)


def test_upstream_documents_three_actions() -> None:
    assert len(_DOCUMENTED) == 3


@pytest.mark.parametrize("theirs", upstream.manifest.actions, ids=_DOCUMENTED)
def test_documented_actions_and_their_parameters_are_upstreams(theirs: ActionDefinition) -> None:
    found = _ours(theirs.name)
    assert found.description == theirs.description
    assert {name: found.parameters[name] for name in theirs.parameters} == theirs.parameters
    assert list(found.parameters)[: len(theirs.parameters)] == list(theirs.parameters)


@pytest.mark.parametrize("theirs", upstream.manifest.actions, ids=_DOCUMENTED)
def test_parameters_that_we_add_to_a_documented_action_are_optional(theirs: ActionDefinition) -> None:
    added = {name: value for name, value in _ours(theirs.name).parameters.items() if name not in theirs.parameters}
    assert added
    assert not any(parameter.required for parameter in added.values())


@pytest.mark.parametrize("name", _DOCUMENTED)
def test_documented_outputs_are_upstreams(name: str) -> None:
    theirs, found = (
        get_type_hints(getattr(package, name).coroutine)["return"].model_json_schema() for package in (upstream, ours)
    )
    assert found == theirs


def test_the_card_is_upstreams() -> None:
    for field in ("display_name", "logo", "app_url", "categories", "integration_type"):
        assert getattr(ours.manifest, field) == getattr(upstream.manifest, field), field
    # Our description is the documentation page's, which puts a sentence before upstream's.
    assert "ersistent agent memory management" in ours.manifest.description


def test_the_key_is_declared_as_upstream_declares_it() -> None:
    (theirs,), (found,) = upstream.manifest.auth_schemas, ours.manifest.auth_schemas
    assert isinstance(found, ApiKeyAuthSchema)
    for field in ("display_name", "description", "setup_instructions"):
        assert getattr(found, field) == getattr(theirs, field), field
    assert found.setup_environment_variables[0] == theirs.setup_environment_variables[0]


def test_the_address_is_an_additional_optional_field() -> None:
    address = ours.manifest.auth_schemas[0].setup_environment_variables[1]
    assert (address.name, address.required, address.sensitive) == ("MEM0_BASE_URL", False, False)
    assert address.inject_into_auth_data
    assert "https://api.mem0.ai" in address.description


def test_the_test_endpoint_is_our_connection_test() -> None:
    (scheme,) = ours.manifest.auth_schemas
    endpoint = scheme.test_endpoint
    assert endpoint is not None
    # ModuleX fills in what was entered and knows no defaults, so the URL has the default address.
    assert (endpoint.method, endpoint.url) == ("GET", "https://api.mem0.ai/v1/ping/")
    assert endpoint.headers == {"Authorization": "Token {api_key}"}
    assert endpoint.success_indicators.status_codes == [200]
    assert endpoint.success_indicators.response_fields == ["status"]


def _endpoint(test: ConnectionTest | None) -> Endpoint | None:
    """How ModuleX tests the credential of an integration with that connection test."""
    tiny = Integration(profile(auth_schemes=(scheme(connection_test=test),)), actions=())
    (theirs,) = host_manifest("tiny", tiny.describe()).auth_schemas
    return theirs.test_endpoint


def test_a_credential_that_cannot_be_tested_has_no_test_endpoint() -> None:
    assert _endpoint(None) is None


def test_basic_authentication_names_the_variable_and_keeps_what_is_literal() -> None:
    basic = BasicAuth(username="api", password="{api_key}")
    endpoint = _endpoint(ConnectionTest(url="{base_url}/ping/", description="Pings.", basic=basic))
    assert endpoint is not None
    assert endpoint.auth is not None
    # ModuleX takes what is no name of a value as it is.
    assert (endpoint.auth.username_placeholder, endpoint.auth.password_placeholder) == ("api", "TINY_API_KEY")


def test_every_parameter_of_every_action_has_its_type_and_description() -> None:
    for action in discover()["mem0"].manifest.actions:
        parameters = _ours(action.name).parameters
        assert list(parameters) == list(action.input_schema["properties"])
        for name, schema in action.input_schema["properties"].items():
            assert parameters[name].description == schema["description"]
            kinds = [schema.get("type"), *(choice.get("type") for choice in schema.get("anyOf", ()))]
            assert parameters[name].type in kinds, (action.name, name)
