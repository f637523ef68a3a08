"""A credential reaches a tool under the names that ModuleX's executor gives its values."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("modulex_integrations", reason="the extra modulex is not installed (Python 3.12 and later)")

from modulex_mem0.contract import ErrorCode
from modulex_mem0.hosts.modulex_tools.schemes import HostedScheme, hosted_scheme
from modulex_mem0.runtime import Runtime

_GUEST = """
from typing import Any

from langchain_core.tools import tool
from modulex_integrations import *
from modulex_integrations.schema import TestEndpoint
from pydantic import BaseModel

SEEN = []

class Output(BaseModel):
    success: bool
    error: str | None = None

class AloneInput(BaseModel):
    api_key: str
    region: str = "none"
    what: str = "default"

@tool(args_schema=AloneInput)
async def alone(api_key: str, region: str = "none", what: str = "default") -> Output:
    "Takes values one by one."
    SEEN.append((api_key, region, what))
    return Output(success=True)

class TogetherInput(BaseModel):
    auth_type: str
    auth_data: dict[str, Any]
    region: str = "none"

@tool(args_schema=TogetherInput)
async def together(auth_type: str, auth_data: dict[str, Any], region: str = "none") -> Output:
    "Takes them together."
    SEEN.append((auth_type, auth_data, region))
    return Output(success=True)

TOOLS = (alone, together)
manifest = IntegrationManifest(
    name="guest", display_name="Guest", description="A guest.",
    actions=[ActionDefinition(name=t.name, description=t.description) for t in TOOLS],
    auth_schemas=[
        ApiKeyAuthSchema(display_name="Key", description="A key.", setup_environment_variables=[
            EnvVar(name="GUEST_REGION", display_name="Region", description="Where.", required=False),
            EnvVar(name="GUEST_BOT_TOKEN", display_name="Bot token", description="The token.", sensitive=True),
        ]),
        OAuth2AuthSchema(display_name="OAuth", description="OAuth 2.", oauth_config=OAuthConfig(
            auth_url="https://guest.test/authorize", token_url="https://guest.test/token", prompt="consent",
        ), setup_environment_variables=[
            EnvVar(name="GUEST_OAUTH2_CLIENT_ID", display_name="Id", description="The id.", only_for_custom=True),
        ]),
    ],
)
"""


@pytest.fixture
def guest(install: Callable[[str, str], None]) -> None:
    install("guest", _GUEST)


async def _seen(action: str, input: dict[str, Any], credential: dict[str, str] | None) -> Any:
    async with Runtime() as runtime:
        result = await runtime.call("modulex_tools_guest", action, input, credential=credential)
        assert result.success, result
        tools = runtime.integrations["modulex_tools_guest"].actions[action].output
    return importlib.import_module(tools.__module__).SEEN.pop()


@pytest.mark.usefixtures("guest")
async def test_a_tool_that_takes_values_one_by_one() -> None:
    credential = {"api_key": "bot-token", "region": "eu"}
    assert await _seen("alone", {"what": "this"}, credential) == ("bot-token", "eu", "this")


@pytest.mark.usefixtures("guest")
async def test_an_argument_with_the_name_of_a_value_is_injected_and_cannot_be_passed() -> None:
    assert await _seen("alone", {}, {"api_key": "bot-token"}) == ("bot-token", "none", "default")
    async with Runtime() as runtime:
        result = await runtime.call(
            "modulex_tools_guest", "alone", {"region": "x"}, credential={"api_key": "bot-token"}
        )
        assert result.error is not None
        assert result.error.code is ErrorCode.INVALID_INPUT


@pytest.mark.usefixtures("guest")
async def test_a_tool_that_takes_all_values_together() -> None:
    auth_type, auth_data, region = await _seen("together", {"region": "us"}, {"api_key": "bot-token", "region": "eu"})
    assert (auth_type, region) == ("api_key", "us")
    assert auth_data["api_key"] == auth_data["bot_token"] == auth_data["GUEST_BOT_TOKEN"] == "bot-token"
    assert auth_data["region"] == "eu"


@pytest.mark.usefixtures("guest")
async def test_the_second_scheme() -> None:
    auth_type, auth_data, _ = await _seen("together", {}, {"access_token": "granted"})
    assert (auth_type, auth_data["access_token"], auth_data["token"]) == ("oauth2", "granted", "granted")


@pytest.mark.usefixtures("guest")
async def test_a_credential_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUEST_OAUTH2_ACCESS_TOKEN", "granted")
    assert (await _seen("together", {}, None))[0] == "oauth2"
    monkeypatch.setenv("GUEST_BOT_TOKEN", "bot-token")
    assert (await _seen("together", {}, None))[0] == "api_key"


def _scheme(integration: str, number: int = 0) -> HostedScheme:
    manifest = importlib.import_module(f"modulex_integrations.tools.{integration}").manifest
    return hosted_scheme(integration, manifest.auth_schemas[number])


@pytest.mark.parametrize(
    ("integration", "name", "field"),
    [
        ("telegram", "api_key", "api_key"),
        ("crunchbase", "user_key", "api_key"),
        ("supabase", "service_key", "api_key"),
        ("datadog", "application_key", "application_key"),
        ("twilio_voice", "account_sid", "account_sid"),
        ("azure_storage", "storage_account_name", "account_name"),
        ("google_ads", "developer_token", "developer_token"),
        ("instructure_canvas", "domain", "domain"),
        ("microsoft_sql_server", "host", "host"),
        ("ses", "access_key_id", "access_key_id"),
        ("ses", "AWS_SECRET_ACCESS_KEY", "secret_access_key"),
        ("ahrefs", "token", "token"),
        ("intercom", "access_token", "token"),
        ("etsy", "oauth_client_id", "oauth2_client_id"),
        ("linear", "access_token", "access_token"),
    ],
)
def test_the_names_that_tools_look_for(integration: str, name: str, field: str) -> None:
    hosted = _scheme(integration)
    assert hosted.fields[name] == field
    assert field in {declared.name for declared in hosted.scheme.fields}


def test_a_managed_key_and_a_public_service_are_distinguished() -> None:
    managed, public = _scheme("exa", 1).scheme, _scheme("arxiv").scheme
    assert (managed.type, [field.environment_variable for field in managed.fields]) == (
        "platform_key",
        ["MODULEX_EXA_API_KEY"],
    )
    assert (public.type, public.fields) == ("none", ())


def test_a_call_does_not_need_what_identifies_the_application() -> None:
    needed = {field.name for field in _scheme("google_ads").scheme.fields if not field.application}
    assert needed == {"access_token", "developer_token"}


def test_braces_that_name_no_value_stay_in_a_body() -> None:
    test = _scheme("linear").scheme.connection_test
    assert test is not None
    assert test.body == {"query": "query { viewer { id name } }"}


def test_an_address_that_the_user_enters_is_a_url_field() -> None:
    kinds = {field.name: field.kind for field in _scheme("qdrant").scheme.fields}
    assert kinds["base_url"] == "url"
