"""Each rule finds the defect that it is meant for, and nothing in a declaration without defects."""

from typing import Any

import pytest
from pydantic import ConfigDict, Field

from modulex_mem0.conformance import Finding, check
from modulex_mem0.conformance.rules import RULES
from modulex_mem0.contract import (
    Action,
    ActionInput,
    ActionOutput,
    AuthScheme,
    ConnectionTest,
    Context,
    CredentialField,
    Example,
    Hints,
    Integration,
    IntegrationManifest,
    Profile,
)


class SearchInput(ActionInput):
    """What to look for."""

    words: str = Field(title="Words", description="Words to look for.")
    limit: int = Field(default=10, ge=1, le=50, title="Limit", description="The most to return.")


class SearchOutput(ActionOutput):
    """What was found."""

    found: list[str] = Field(default_factory=list)


async def _handler(context: Context, input: Any) -> Any:
    return SearchOutput(success=True)


def action(**changes: Any) -> Action[Any, Any]:
    declared: dict[str, Any] = {
        "name": "search",
        "title": "Search",
        "description": "Search for what was stored.",
        "input": SearchInput,
        "output": SearchOutput,
        "handler": _handler,
        "hints": Hints(read_only=True, idempotent=True),
        "example": Example(input={"words": "a"}, output={"success": True, "error": None, "found": ["b"]}),
    }
    return Action(**(declared | changes))


def field(**changes: Any) -> CredentialField:
    declared: dict[str, Any] = {
        "name": "api_key",
        "display_name": "API Key",
        "description": "Your key from the settings",
        "environment_variable": "GOOD_API_KEY",
        "sensitive": True,
        "help_url": "https://example.com/keys",
    }
    return CredentialField(**(declared | changes))


def scheme(**changes: Any) -> AuthScheme:
    declared: dict[str, Any] = {
        "type": "api_key",
        "display_name": "API Key",
        "description": "Authenticate with your API key",
        "setup_steps": ("Sign in to the service", "Create a key"),
        "fields": (field(),),
        "base_url": "https://api.example.com",
        "headers": {"x-key": "{api_key}"},
        "connection_test": ConnectionTest(
            url="https://api.example.com/me", success_fields={"status": "ok"}, description="Asks whose the key is"
        ),
    }
    return AuthScheme(**(declared | changes))


def integration(*actions: Action[Any, Any], **changes: Any) -> Integration:
    declared: dict[str, Any] = {
        "name": "good",
        "display_name": "Good",
        "description": "Does good things.",
        "version": "1.2.0",
        "author": "The tests",
        "logo": "https://example.com/logo.png",
        "app_url": "https://example.com",
        "categories": ("Productivity",),
        "auth_schemes": (scheme(),),
        "limits": ("A hundred requests a minute.",),
    }
    recorded = changes.pop("recorded", None)
    profile = Profile(**(declared | changes))
    return Integration(profile, actions or (action(),), (lambda: recorded) if recorded else None)


def found(defective: Integration, **options: Any) -> set[tuple[str, str]]:
    return {(finding.rule, str(finding.level)) for finding in check(defective, **options).findings}


def test_nothing_is_found_in_a_declaration_without_defects() -> None:
    report = check(integration())
    assert report.findings == ()
    assert report.applied == {"loads", *(rule.name for rule in RULES)}


def schema(**changes: Any) -> dict[str, Any]:
    """A bare input schema: models would refuse some of the defects themselves."""
    declared: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"words": {"type": "string", "title": "Words", "description": "Words to look for."}},
    }
    return declared | changes


def with_parameter(name: str, **changes: Any) -> Action[Any, Any]:
    value = {"type": "string", "title": "A title", "description": "What it is for."} | changes
    return action(input=schema(properties={name: value}), example=None, hints=Hints(read_only=True, idempotent=True))


class OpenOutput(ActionOutput):
    model_config = ConfigDict(extra="allow")


def output(**properties: Any) -> dict[str, Any]:
    fields = {"success": {"type": "boolean"}, "error": {"type": ["string", "null"]}} | properties
    return {"type": "object", "additionalProperties": False, "properties": fields, "required": ["success"]}


POST_TEST = ConnectionTest(
    url="https://api.example.com/me", method="POST", present_fields=("id",), description="Lists one thing"
)
HARMLESS_POST = POST_TEST.model_copy(update={"description": "Lists one thing; changes nothing"})

FIRST_CHOICE = "#/properties/found/anyOf/0"

DEFECTS: dict[str, tuple[Integration, set[tuple[str, str]]]] = {
    "an action is not described": (integration(action(description=" ")), {("described", "error")}),
    "an action is described by its name": (integration(action(description="Search")), {("described", "advice")}),
    "a placeholder for a description": (
        integration(action(description="TODO say what it does.")),
        {("described", "advice")},
    ),
    "a description that breaks off": (
        integration(action(description="Search for the words and")),
        {("described", "advice")},
    ),
    "a description without a capital": (
        integration(action(description="search for what was stored.")),
        {("described", "advice")},
    ),
    "two sentences without an end": (
        integration(action(description="Search for what was stored. Best first")),
        {("described", "advice")},
    ),
    "a parameter is not described": (
        integration(with_parameter("words", description="")),
        {("described", "error"), ("examples", "advice")},
    ),
    "a parameter has no title": (
        integration(with_parameter("words", title="")),
        {("described", "advice"), ("examples", "advice")},
    ),
    "a parameter is named like the key": (
        integration(with_parameter("api_key")),
        {("names", "error"), ("examples", "advice")},
    ),
    "a parameter in camel case": (
        integration(with_parameter("pageSize")),
        {("names", "error"), ("examples", "advice")},
    ),
    "a long name": (integration(action(name="search_" + "x" * 60)), {("names", "error")}),
    "a repeated name": (integration(action(name="good_search")), {("names", "advice")}),
    "two titles alike": (integration(action(), action(name="search_more")), {("names", "advice")}),
    "a secret that is not marked": (
        integration(auth_schemes=(scheme(fields=(field(sensitive=False),)),)),
        {("secrets_marked", "error")},
    ),
    "a secret with a default": (
        integration(auth_schemes=(scheme(fields=(field(required=False, default="abc"), field(name="id_"))),)),
        {("secrets_marked", "error"), ("credential_fields", "error")},
    ),
    "a secret in the address": (
        integration(auth_schemes=(scheme(base_url="https://example.com/{api_key}", connection_test=None),)),
        {("secrets_marked", "error"), ("connection_test", "error")},
    ),
    "no field is required": (
        integration(auth_schemes=(scheme(fields=(field(required=False),)),)),
        {("credential_fields", "error")},
    ),
    "no help link": (
        integration(auth_schemes=(scheme(fields=(field(help_url=None),)),)),
        {("credential_fields", "advice")},
    ),
    "a variable that may be another's": (
        integration(auth_schemes=(scheme(fields=(field(environment_variable="API_KEY"),)),)),
        {("credential_fields", "advice")},
    ),
    "no set-up steps": (integration(auth_schemes=(scheme(setup_steps=()),)), {("setup_steps", "error")}),
    "an empty step": (integration(auth_schemes=(scheme(setup_steps=(" ",)),)), {("setup_steps", "error")}),
    "a numbered step": (
        integration(auth_schemes=(scheme(setup_steps=("1. Sign in",)),)),
        {("setup_steps", "advice")},
    ),
    "no connection test": (
        integration(auth_schemes=(scheme(connection_test=None),)),
        {("connection_test", "error")},
    ),
    "a connection test that may change something": (
        integration(auth_schemes=(scheme(connection_test=POST_TEST),)),
        {("connection_test", "error")},
    ),
    "a POST that says it is harmless": (integration(auth_schemes=(scheme(connection_test=HARMLESS_POST),)), set()),
    "a test that any page passes": (
        integration(
            auth_schemes=(scheme(connection_test=POST_TEST.model_copy(update={"method": "GET", "present_fields": ()})),)
        ),
        {("connection_test", "advice")},
    ),
    "no credential is needed": (
        integration(auth_schemes=(AuthScheme(type="none", display_name="None", description="No key is needed."),)),
        set(),
    ),
    "an invalid schema": (
        integration(action(input=schema(properties={"words": {"type": "text"}}), example=None)),
        {("schemas_valid", "error"), ("described", "error"), ("described", "advice"), ("examples", "advice")},
    ),
    "a reference to nowhere": (
        integration(action(output=output(found={"$ref": "#/$defs/Nowhere"}))),
        {("schemas_valid", "error"), ("examples", "error")},
    ),
    "a reference out of the document": (
        integration(action(output=output(found={"$ref": "other.json#/$defs/Found"}))),
        {("schemas_valid", "error"), ("examples", "error")},
    ),
    "a reference round in circles": (
        integration(action(output=output(found={"$ref": "#/properties/found"}), example=None)),
        {("schemas_valid", "error"), ("examples", "advice")},
    ),
    "a reference to another property": (
        integration(action(output=output(found={"anyOf": [{"type": "array"}]}, as_found={"$ref": FIRST_CHOICE}))),
        set(),
    ),
    "an open input": (
        integration(action(input=schema(additionalProperties=True), example=None)),
        {("schemas_closed", "error"), ("examples", "advice")},
    ),
    "an open output": (
        integration(action(output=OpenOutput)),
        {("schemas_closed", "error")},
    ),
    "an output that cannot fail": (
        integration(action(output=output(found={"type": "array"}) | {"required": ["success", "found"]})),
        {("outputs_can_fail", "error")},
    ),
    "an output without success": (
        integration(action(output={"type": "object", "additionalProperties": False, "properties": {}}, example=None)),
        {("outputs_can_fail", "error"), ("examples", "advice")},
    ),
    "a default that does not fit": (
        integration(with_parameter("words", default=7)),
        {("defaults", "error"), ("examples", "advice")},
    ),
    "an example that is refused": (
        integration(action(example=Example(input={"words": 1}, output={"success": True, "error": None}))),
        {("examples", "error")},
    ),
    "an example of a failure": (
        integration(action(example=Example(input={"words": "a"}, output={"success": False, "error": "no"}))),
        {("examples", "error")},
    ),
    "a deletion that is not destructive": (
        integration(action(name="delete_all", hints=Hints())),
        {("hints", "error")},
    ),
    "an addition that is read-only": (
        integration(action(name="add_one", hints=Hints(read_only=True, idempotent=True))),
        {("hints", "error")},
    ),
    "a search that is not read-only": (integration(action(hints=Hints())), {("hints", "advice")}),
    "a limit without limits": (
        integration(with_parameter("limit", type="integer")),
        {("numbers_bounded", "advice"), ("examples", "advice")},
    ),
    "an empty card": (
        integration(categories=(), logo=None, app_url=None, limits=()),
        {("categories_and_limits", "advice")},
    ),
    "a manifest that is not current": (
        integration(recorded=integration(description="Did good things.").describe()),
        {("recorded_current", "error")},
    ),
    "a breaking change": (
        integration(recorded=integration(action(), action(name="find", title="Find")).describe()),
        {("recorded_current", "error"), ("stable", "error")},
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found_by_its_rule_alone(defect: str) -> None:
    defective, expected = DEFECTS[defect]
    assert found(defective) == expected, [str(finding) for finding in check(defective).findings]


def test_a_rival_is_found() -> None:
    assert found(integration(), rivals=("another",)) == {("names", "error")}


def test_a_manifest_that_skipped_its_models_is_found() -> None:
    spoilt = integration()
    spoilt.profile = spoilt.profile.model_copy(update={"categories": ["a", 7]})
    spoilt.describe = lambda: IntegrationManifest.model_construct(  # type: ignore[method-assign]
        **{name: getattr(spoilt.profile, name) for name in Profile.model_fields}, actions=()
    )
    with pytest.warns(UserWarning, match="Expected"):
        assert ("manifest_valid", "error") in found(spoilt)


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(3), RecursionError()])
def test_an_integration_that_cannot_be_loaded_is_a_finding(error: BaseException) -> None:
    def load() -> list[Action[Any, Any]]:
        raise error

    report = check(Integration(integration().profile, load))
    assert [finding.rule for finding in report.findings] == ["loads"]
    assert report.applied == {"loads"}


def test_every_finding_has_a_place_a_reason_and_a_fix() -> None:
    findings: list[Finding] = [one for defective, _ in DEFECTS.values() for one in check(defective).findings]
    assert {finding.rule for finding in findings} >= {rule.name for rule in RULES} - {"manifest_valid"}
    for finding in findings:
        assert finding.fix.strip().endswith(".")
        assert finding.reason.rstrip().endswith((".", "…"))
        assert finding.place


DOCUMENTED = (
    'User ID associated with the memory (e.g., "user_123", "alice@example.com")',
    'Array of message objects with role and content (e.g., [{"role": "user", "content": "Hello"}])',
    "Maximum number of results to return (e.g., 10, 50, 100)",
    "Page number to retrieve for paginated list results",
    "Your Mem0 API key from app.mem0.ai",
    "add_memories is what this is about",
)


@pytest.mark.parametrize("text", DOCUMENTED)
def test_documented_descriptions_are_whole(text: str) -> None:
    assert found(integration(action(description=text))) == set()
