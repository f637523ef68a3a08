"""Which field of a form stands for which parameter, and what a filled field means. Needs no Langflow."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.contract import ActionManifest, CredentialField, Integration, IntegrationManifest, OAuth2Endpoints
from modulex_mem0.hosts.langflow.form import FormField, Kind, action_fields, argument, credential_fields, holds_nothing
from modulex_mem0.hosts.toolset import is_empty
from modulex_mem0.runtime import discover
from tests.helpers.tiny_integration import profile, scheme

MANIFEST: IntegrationManifest = discover()["mem0"].manifest
ACTIONS = {action.name: action for action in MANIFEST.actions}


class Message:
    """Langflow's message, as far as it is read."""

    text_key = "text"

    def __init__(self, text: str, sender: str | None = None) -> None:
        self.text, self.sender = text, sender
        self.data = {"text": text}

    def __repr__(self) -> str:
        return f"Message({self.text!r})"


class Data:
    """Langflow's data, as far as it is read."""

    text_key = "text"

    def __init__(self, data: Any) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"Data({self.data!r})"


def field(parameter: str, action: str = "search_memories") -> FormField:
    return next(one for one in action_fields(ACTIONS[action]) if one.parameter == parameter)


def field_of(schema: dict[str, Any], name: str = "it") -> FormField:
    """The field of a parameter with that schema."""
    return action_fields(_action({name: schema}))[0]


def _action(properties: dict[str, Any]) -> ActionManifest:
    output = {"type": "object", "properties": {"success": {"type": "boolean"}, "error": {"type": "string"}}}
    return ActionManifest(
        name="act",
        title="Act",
        description="Acts.",
        input_schema={"type": "object", "properties": properties},
        output_schema=output,
    )


def test_every_parameter_has_a_field() -> None:
    for action in MANIFEST.actions:
        fields = action_fields(action)
        assert [one.parameter for one in fields] == list(action.input_schema.get("properties", {}))
        assert all(one.title and one.description for one in fields)
        assert not [one for one in fields if one.required and one.advanced]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "enum": ["a", "b"]}, "choice"),
        ({"type": "integer", "enum": [1, 2]}, "choice"),
        ({"type": "boolean", "default": False}, "switch"),
        ({"type": "boolean"}, "choice"),
        ({"type": "integer", "default": 10, "minimum": 1}, "number"),
        ({"type": "number", "default": 60, "exclusiveMinimum": 0}, "number"),
        # 0 means something, or nothing is the default: an empty number field, which holds 0, would be wrong.
        ({"type": "integer", "default": 10, "minimum": 0}, "text"),
        ({"type": "integer", "minimum": 1}, "text"),
        ({"type": "array", "items": {"type": "string"}}, "texts"),
        ({"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}, "rows"),
        ({"type": "array", "items": {"type": "object"}}, "json"),
        ({"type": "array"}, "json"),
        ({"type": "object"}, "object"),
        ({}, "object"),
    ],
)
def test_how_a_parameter_is_entered_follows_its_schema(schema: dict[str, Any], kind: Kind) -> None:
    assert field_of(schema).kind == kind


@pytest.mark.parametrize("parameter", list(ACTIONS["search_memories"].input_schema["properties"]))
@pytest.mark.parametrize("blank", ["", "   ", None, [], {}, Message(""), Data({})], ids=repr)
def test_an_empty_field_is_left_out(parameter: str, blank: Any) -> None:
    assert argument(field(parameter), blank) is None


def test_a_field_that_keeps_its_default_is_left_out() -> None:
    for action in MANIFEST.actions:
        for one in action_fields(action):
            if one.default is not None:
                assert argument(one, one.default) is None, (action.name, one.name)
    # An emptied list has an empty line, and an emptied number is 0.
    assert argument(field("categories"), ["", " "]) is None
    assert argument(field("limit"), 0) is None


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ("limit", 5, 5),
        ("limit", 5.0, 5),
        ("limit", -1, -1),
        ("threshold", "0", 0),
        ("threshold", "0.25", 0.25),
        ("threshold", Message("0.25"), 0.25),
        # What is no number stays as it is, for the action to refuse by its name.
        ("threshold", "high", "high"),
        ("rerank", True, True),
        ("query", "5", "5"),
        ("query", Message("food", "User"), "food"),
        ("categories", ["food", "", "travel"], ["food", "travel"]),
        ("categories", "food", ["food"]),
        ("categories", ['["food", "travel"]'], ["food", "travel"]),
        ("categories", Message("food"), ["food"]),
        ("metadata", {"source": "chat"}, {"source": "chat"}),
        ("metadata", '{"source": "chat"}', {"source": "chat"}),
        ("metadata", Data({"source": "chat"}), {"source": "chat"}),
    ],
)
def test_a_filled_field_is_the_value_that_it_spells(parameter: str, value: Any, expected: Any) -> None:
    found = argument(field(parameter), value)
    assert found == expected
    assert type(found) is type(expected)


HELLO = [{"role": "user", "content": "I cook."}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("I cook.", HELLO),
        (Message("I cook."), HELLO),
        (Message("I cook.", "User"), HELLO),
        (Message("Noted.", "Machine"), [{"role": "assistant", "content": "Noted."}]),
        # Any other speaker is the action's to read, or to refuse.
        (Message("Noted.", "Bot"), [{"role": "bot", "content": "Noted."}]),
        ([Message("I cook.", "User"), Message("")], HELLO),
        (json.dumps(HELLO), HELLO),
        (HELLO[0], HELLO),
        (["I cook.", " "], HELLO),
        (["I cook.", "I ski."], [*HELLO, {"role": "user", "content": "I ski."}]),
        (Data(HELLO[0]), HELLO),
        (Data({"text": "I cook.", "sender": "User", "session_id": "s"}), HELLO),
        ({"messages": HELLO}, {"messages": HELLO}),
        # Broken JSON is not stored as something that a person said.
        ('[{"role": "user"', '[{"role": "user"'),
        ("  ", None),
        (Message("  "), None),
        ([], None),
    ],
)
def test_a_conversation_has_its_speakers(value: Any, expected: Any) -> None:
    assert argument(field("messages", "add_memories"), value) == expected


def test_rows_of_a_table_have_no_empty_cells() -> None:
    rows = [
        {"memory_id": "m-1", "text": "I ski.", "metadata": ""},
        {"memory_id": "m-2", "text": None, "metadata": '{"a": 1}'},
        {"memory_id": "", "text": "", "metadata": {}},
    ]
    assert argument(field("memories", "batch_update_memories"), rows) == [
        {"memory_id": "m-1", "text": "I ski."},
        {"memory_id": "m-2", "metadata": {"a": 1}},
    ]


def test_a_row_that_is_no_object_is_left_for_the_action_to_refuse() -> None:
    rows = [{"memory_id": "m-1", "text": ""}, "m-2", None]
    assert argument(field("memories", "batch_update_memories"), rows) == [{"memory_id": "m-1"}, "m-2"]


def test_a_choice_that_is_no_text_is_read_back() -> None:
    number = field_of({"type": "integer", "enum": [1, 2]})
    assert number.choices == ["1", "2"]
    assert argument(number, "2") == 2
    truth = field_of({"type": "boolean"})
    assert truth.choices == ["true", "false"]
    assert argument(truth, "false") is False
    assert argument(truth, "") is None


def test_no_field_has_a_name_that_langflow_uses() -> None:
    action = _action({"index": {"type": "string"}, "index_": {"type": "string"}, "user-name": {"type": "string"}})
    fields = action_fields(action, taken={"index", "code"})
    assert [one.name for one in fields] == ["index_", "index__", "user_name"]
    assert [one.parameter for one in fields] == ["index", "index_", "user-name"]


def test_the_credential_has_its_steps_and_its_variable() -> None:
    key, address = credential_fields(MANIFEST)
    assert (key.name, key.variable, key.sensitive, key.required) == ("api_key", "MEM0_API_KEY", True, True)
    assert "3. Create a new API key or copy your existing one." in key.description
    assert (address.sensitive, address.required, address.advanced) == (False, False, True)
    assert credential_fields(MANIFEST, taken={"api_key"})[0].name == "api_key_"


def test_two_schemes_share_a_field_and_need_not_both_be_filled_in() -> None:
    key = scheme()
    client, token = (
        CredentialField(name=name, display_name=name, description="It.", environment_variable=name.upper(), **of)
        for name, of in [("client_id", {"application": True}), ("access_token", {"sensitive": True})]
    )
    endpoints = OAuth2Endpoints(authorize_url="https://tiny.invalid/a", token_url="https://tiny.invalid/t")
    granted = scheme(
        type="oauth2",
        fields=(client, token, key.fields[1]),
        headers={"Authorization": "Bearer {access_token}"},
        oauth2=endpoints,
    )
    fields = credential_fields(Integration(profile(auth_schemes=(key, granted)), actions=()).describe())
    # Who obtains the token needs `client_id`; a call does not.
    assert [one.name for one in fields] == ["api_key", "base_url", "access_token"]
    assert not [one for one in fields if one.required]


@pytest.mark.parametrize(
    "value", [None, " ", {}, [], "[]", Data({}), Data(None), Message(""), [Message(" "), ""]], ids=repr
)
def test_another_node_may_give_nothing_in_any_type(value: Any) -> None:
    assert holds_nothing(value)


@pytest.mark.parametrize("value", [0, False, "0", "None", Data({"a": None}), Message("no"), [None, 0]], ids=repr)
def test_what_another_node_gives_is_not_nothing(value: Any) -> None:
    assert not holds_nothing(value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = [one for action in MANIFEST.actions for one in action_fields(action)]


@given(st.sampled_from(_FIELDS), _JSON | st.builds(Message, st.text(max_size=20), st.text(max_size=8)))
def test_whatever_a_field_holds_is_json_or_left_out(one: FormField, value: Any) -> None:
    found = argument(one, value)
    assert found is None or not is_empty(found)
    # A number that JSON lacks is the runtime's to refuse.
    assert json.loads(json.dumps(found)) is not None or found is None
