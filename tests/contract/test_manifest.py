"""Manifests are closed, checked and survive JSON; an integration has one without loading its actions."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from modulex_mem0.contract import (
    Action,
    ActionManifest,
    AuthScheme,
    ConnectionTest,
    CredentialField,
    ErrorInfo,
    Example,
    FollowUp,
    FrozenModel,
    Hints,
    Integration,
    IntegrationManifest,
    LazyIntegration,
    Profile,
    RenderedUrl,
)
from tests.helpers.tiny_integration import ACTIONS, fetch, plugin, profile, scheme

ACTION: dict[str, Any] = {
    "name": "act",
    "title": "Act",
    "description": "Acts.",
    "input_schema": {"type": "object"},
    "output_schema": {"type": "object"},
}
FIELD: dict[str, Any] = {
    "name": "key",
    "display_name": "Key",
    "description": "The key.",
    "environment_variable": "THE_KEY",
}
BAD_NAMES = ["", "A", "1a", "a-b", "a b", "a.b", "_a", "ä", "a\n", "a/b", "a" + "\u0300"]


def _manifest() -> IntegrationManifest:
    return plugin()._integrations[0].manifest


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_names_are_refused(name: str) -> None:
    for declare in (
        lambda: profile(name),
        lambda: ActionManifest(**(ACTION | {"name": name})),
        lambda: CredentialField(**(FIELD | {"name": name})),
    ):
        with pytest.raises(ValidationError, match="name"):
            declare()


@pytest.mark.parametrize("name", ["", "key", "1KEY", "KEY-A", "KEY=1", "KEY\n"])
def test_bad_environment_variables_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="environment_variable"):
        CredentialField(**(FIELD | {"environment_variable": name}))


@pytest.mark.parametrize("version", ["", "1", "1.0", "v1.0.0", "1.0.x"])
def test_bad_versions_are_refused(version: str) -> None:
    with pytest.raises(ValidationError, match="version"):
        profile(version=version)


@pytest.mark.parametrize("url", ["http://a.test", "a.test", "javascript:alert(1)"])
def test_links_are_https(url: str) -> None:
    with pytest.raises(ValidationError, match="app_url"):
        profile(app_url=url)
    with pytest.raises(ValidationError, match="help_url"):
        CredentialField(**(FIELD | {"help_url": url}))


PROFILE: dict[str, Any] = {
    "name": "jobs",
    "display_name": "Jobs",
    "description": "Runs jobs.",
    "version": "1.0.0",
    "author": "Someone",
}
TEST: dict[str, Any] = {"url": "https://api.test/ping", "description": "Pings."}
SCHEME: dict[str, Any] = {"type": "api_key", "display_name": "Key", "description": "A key."}


@pytest.mark.parametrize(
    ("kind", "declared", "names"),
    [
        (Profile, PROFILE, ("display_name", "description", "author", "owner_parameter")),
        (ActionManifest, ACTION, ("title", "description")),
        (CredentialField, FIELD, ("display_name", "description")),
        (ConnectionTest, TEST, ("url", "description")),
        (AuthScheme, SCHEME, ("display_name", "description")),
    ],
)
def test_what_people_read_is_not_empty(kind: type[BaseModel], declared: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        with pytest.raises(ValidationError, match=rf"{name}\n"):
            kind(**(declared | {name: ""}))
        assert getattr(kind(**(declared | {name: "x"})), name) == "x"


def test_what_a_declaration_leaves_out_is_nothing_or_the_usual() -> None:
    profile = Profile(**PROFILE)
    assert (profile.logo, profile.app_url, profile.owner_parameter) == (None, None, None)
    assert (profile.categories, profile.auth_schemes, profile.limits) == ((), (), ())
    declared = ActionManifest(**ACTION)
    assert (declared.hints, declared.example, declared.follow_up) == (Hints(), None, None)
    field = CredentialField(**FIELD)
    assert (field.required, field.sensitive, field.advanced, field.application) == (True, False, False, False)
    assert (field.kind, field.format, field.default, field.help_url) == ("text", None, None, None)
    test = ConnectionTest(**TEST)
    assert (test.method, test.headers, test.params, test.body, test.basic) == ("GET", {}, {}, None, None)
    assert (test.success_status, test.success_fields, test.present_fields) == ((200,), {}, ())
    scheme = AuthScheme(**SCHEME)
    assert (scheme.setup_steps, scheme.fields, scheme.headers) == ((), (), {})
    assert (scheme.oauth2, scheme.base_url, scheme.connection_test) == (None, None, None)


def test_an_answer_that_never_comes_is_not_declared() -> None:
    with pytest.raises(ValidationError, match="success_status"):
        ConnectionTest(**TEST, success_status=())
    with pytest.raises(ValidationError, match="when"):
        FollowUp(action="state", input={}, when={})
    assert FollowUp(action="state", input={}, when={"status": ("PENDING",)}).when == {"status": ("PENDING",)}


def _models(kind: type[BaseModel]) -> set[type[BaseModel]]:
    return {model for child in kind.__subclasses__() for model in {child, *_models(child)}}


def test_every_declaration_is_closed_and_immutable() -> None:
    # By introspection, so that a model added later is held to it too.
    ours = {model for model in _models(FrozenModel) if model.__module__.startswith("modulex_mem0.contract.")}
    expected = {
        ActionManifest,
        AuthScheme,
        ConnectionTest,
        CredentialField,
        Example,
        Hints,
        IntegrationManifest,
        Profile,
    }
    assert ours >= expected
    for model in ours:
        assert (model.model_config.get("extra"), model.model_config.get("frozen")) == ("forbid", True), model


@pytest.mark.parametrize("kind", [Action, ErrorInfo, LazyIntegration, RenderedUrl])
def test_what_is_shared_by_calls_cannot_be_changed(kind: type[Any]) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(object.__new__(kind), fields(kind)[0].name, "other")


def test_a_misspelt_field_is_an_error() -> None:
    with pytest.raises(ValidationError, match="catgories"):
        profile(catgories=())


def test_names_are_unique() -> None:
    fields = scheme().fields
    with pytest.raises(ValidationError, match="share a name"):
        scheme(fields=(*fields, fields[0]))
    manifest = _manifest()
    with pytest.raises(ValidationError, match="share a name"):
        IntegrationManifest(**(dict(manifest) | {"actions": manifest.actions * 2}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"headers": {"X-Key": "{api_kay}"}}, "'api_kay', which is not a credential field"),
        ({"base_url": "https://{host}"}, "'host', which is not a credential field"),
        ({"headers": {"X-Key": "{Api Key}"}}, "which is not a credential field"),
        ({"headers": {"X-Kéy": "a"}}, "HTTP cannot carry"),
        ({"headers": {"X-Key": "a\r\nX-Other: b"}}, "HTTP cannot carry"),
        ({"headers": {"": "a"}}, "HTTP cannot carry"),
    ],
)
def test_a_template_that_cannot_be_filled_or_sent_is_an_error(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        scheme(**changes)


def test_a_base_url_does_not_depend_on_an_optional_field() -> None:
    optional = CredentialField(**(FIELD | {"name": "host", "required": False}))
    with pytest.raises(ValidationError, match="neither required nor has a default"):
        scheme(fields=(*scheme().fields, optional), base_url="https://{host}.test")


def test_a_connection_test_stays_on_its_host() -> None:
    with pytest.raises(ValidationError, match="must begin with the base URL"):
        scheme(connection_test=ConnectionTest(url="https://evil.test/", description="Pings."))


def test_hints_that_contradict_each_other_are_an_error() -> None:
    with pytest.raises(ValidationError, match="read_only and destructive"):
        Hints(read_only=True, destructive=True)


@pytest.mark.parametrize(
    ("hints", "safe_to_retry"),
    [(Hints(), False), (Hints(read_only=True), True), (Hints(idempotent=True), True), (Hints(destructive=True), False)],
)
def test_only_harmless_actions_may_be_repeated(hints: Hints, safe_to_retry: bool) -> None:
    assert hints.safe_to_retry is safe_to_retry


def test_a_manifest_survives_json_and_fits_its_own_schema() -> None:
    manifest = _manifest()
    assert IntegrationManifest.model_validate_json(manifest.model_dump_json()) == manifest
    schema = IntegrationManifest.model_json_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(manifest.model_dump(mode="json"))


def test_the_schemas_of_a_manifest_are_valid_and_its_outputs_can_be_failures() -> None:
    for action in _manifest().actions:
        Draft202012Validator.check_schema(action.input_schema)
        Draft202012Validator.check_schema(action.output_schema)
        Draft202012Validator(action.output_schema).validate({"success": False, "error": "why"})


def test_actions_are_loaded_once_and_only_when_needed() -> None:
    loaded: list[str] = []

    def load() -> Iterable[Action[Any, Any]]:
        loaded.append("now")
        return iter(ACTIONS)

    integration = Integration(profile(), load)
    assert (integration.name, repr(integration), loaded) == ("tiny", "<Integration tiny>", [])
    assert list(integration.actions) == [action.name for action in ACTIONS]
    assert [action.name for action in integration.manifest.actions] == list(integration.actions)
    assert loaded == ["now"]


def test_with_a_recorded_manifest_the_actions_are_not_loaded() -> None:
    def load() -> Iterable[Action[Any, Any]]:
        raise AssertionError("the actions were loaded")

    recorded = Integration(profile(), ACTIONS).describe()
    assert Integration(profile(), load, lambda: recorded).manifest == recorded


def test_without_a_record_the_manifest_is_derived() -> None:
    assert Integration(profile(), ACTIONS, lambda: None).manifest == Integration(profile(), ACTIONS).describe()


def test_a_host_wraps_the_loading_of_the_actions() -> None:
    seen: list[str] = []

    @contextmanager
    def quietly() -> Iterator[None]:
        seen.append("enter")
        yield
        seen.append("leave")

    def load() -> Iterable[Action[Any, Any]]:
        seen.append("load")
        yield from ACTIONS

    integration = Integration(profile(), load)
    integration.loading = quietly
    assert list(integration.actions)
    assert seen == ["enter", "load", "leave"]


def test_a_credential_may_be_given_by_field_or_by_variable() -> None:
    assert profile().credential_names == {
        "TINY_API_KEY": "api_key",
        "TINY_BASE_URL": "base_url",
        "api_key": "api_key",
        "base_url": "base_url",
    }


def test_two_actions_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two actions of tiny are called fetch"):
        _ = Integration(profile(), [fetch, fetch]).actions


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (fetch, "the actions of tiny must be a list of actions, not Action"),
        (lambda: None, "the actions of tiny must be a list of actions, not NoneType"),
        ([fetch, print], "the actions of tiny include print, which is not declared with @action"),
    ],
)
def test_what_is_no_list_of_actions_is_refused(actions: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        _ = Integration(profile(), actions).actions


FOLLOW_UP = FollowUp(
    action="state", input={"job": "{job}", "owner": "{owner}", "wait": True}, when={"status": ("PENDING", "RUNNING")}
)


@pytest.mark.parametrize(
    ("given", "output", "followed"),
    [
        ({"owner": "a"}, {"status": "PENDING", "job": "1"}, {"job": "1", "owner": "a", "wait": True}),
        ({"owner": "a"}, {"status": "RUNNING", "job": 7}, {"job": "7", "owner": "a", "wait": True}),
        ({"owner": "a"}, {"status": "PENDING", "job": "1", "owner": None}, {"job": "1", "owner": "a", "wait": True}),
        ({"owner": "a"}, {"status": "PENDING", "job": "1", "owner": "b"}, {"job": "1", "owner": "b", "wait": True}),
        ({"owner": "a"}, {"status": "PENDING", "job": "{owner}"}, {"job": "{owner}", "owner": "a", "wait": True}),
        ({"owner": "a"}, {"status": "SUCCEEDED", "job": "1"}, None),
        ({"owner": "a"}, {"status": "PENDING", "job": None}, None),
        ({"owner": "a"}, {"status": ["PENDING"], "job": "1"}, None),
        ({}, {"status": "PENDING", "job": "1"}, None),
        ({}, {}, None),
    ],
)
def test_a_follow_up_takes_its_input_from_the_output_and_the_input(
    given: dict[str, Any], output: dict[str, Any], followed: dict[str, Any] | None
) -> None:
    assert FOLLOW_UP.input_for(given, output) == followed


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"name": "other"}, "act.follow_up: there is no action 'state'"),
        ({"name": "state", "input_schema": {"properties": {"job": {}, "wait": {}}}}, "state has no parameter 'owner'"),
    ],
)
def test_a_follow_up_that_cannot_be_called_is_refused(state: dict[str, Any], message: str) -> None:
    plain = ActionManifest(**(ACTION | {"name": "plain"}))
    starting = ActionManifest(**(ACTION | {"follow_up": FOLLOW_UP}))
    with pytest.raises(ValidationError, match=message):
        IntegrationManifest(**PROFILE, actions=(plain, starting, ActionManifest(**(ACTION | state))))
