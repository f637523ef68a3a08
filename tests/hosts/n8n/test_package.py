"""The package that `modulex-mem0 n8n` writes: its files, its forms, and its texts."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.cli.app import root
from modulex_mem0.contract import ActionManifest, AuthScheme, CredentialField, Example, IntegrationManifest
from modulex_mem0.hosts.n8n import package_files, package_name
from modulex_mem0.hosts.n8n.wording import boolean_description, description, notice, title
from modulex_mem0.runtime import discover
from tests.hosts.n8n.conftest import Lint, node

_COMMITTED = Path(__file__).parents[3] / "n8n"
_NODE, _CREDENTIAL = "dist/nodes/Mem0/Mem0", "dist/credentials/ModulexMem0Api"


@pytest.fixture(scope="module")
def manifest() -> IntegrationManifest:
    return discover()["mem0"].describe()


@pytest.fixture(scope="module")
def files(manifest: IntegrationManifest) -> dict[str, str]:
    return package_files(manifest)


def _properties(files: dict[str, str], stem: str = _NODE) -> list[dict[str, Any]]:
    form: list[dict[str, Any]] = json.loads(files[f"{stem}.description.json"])["description"]["properties"]
    return form


def _of(form: list[dict[str, Any]], action: str) -> dict[str, dict[str, Any]]:
    """The fields of an operation by name."""
    shown = (field for field in form if action in field.get("displayOptions", {}).get("show", {}).get("operation", ()))
    return {field["name"]: field for field in shown}


def test_the_committed_package_is_current_and_has_nothing_else(files: dict[str, str]) -> None:
    found = {str(path.relative_to(_COMMITTED)): path.read_text() for path in _COMMITTED.rglob("*") if path.is_file()}
    assert found == files, "update it with: make manifest"


def test_the_code_is_short_and_needs_nothing_but_n8n(files: dict[str, str]) -> None:
    code = [text for path, text in files.items() if path.endswith(".js")]
    assert sum(text.count("\n") for text in code) < 200
    required = {name for text in code for name in re.findall(r"require\('([^']+)'\)", text)}
    assert {name for name in required if not name.startswith(".")} == {"n8n-workflow"}
    described = json.loads(files["package.json"])
    assert "dependencies" not in described
    for path in (*described["n8n"]["nodes"], *described["n8n"]["credentials"]):
        assert path in files


def test_every_action_is_an_operation_and_every_parameter_a_field(
    manifest: IntegrationManifest, files: dict[str, str]
) -> None:
    form = _properties(files)
    choice = form[0]
    assert {option["value"]: option["action"] for option in choice["options"]} == {
        action.name: action.title for action in manifest.actions
    }
    for action in manifest.actions:
        fields = _of(form, action.name)
        added = {field["name"] for field in fields.get("additionalFields", {}).get("options", ())}
        others = {"additionalFields", "splitIntoItems", "toolDescription", "messagesSource", "messagesJson"}
        assert fields.keys() - others | added == set(action.input_schema["properties"])
        advanced = {name for name, part in action.input_schema["properties"].items() if part.get("x-advanced")}
        assert advanced <= added
        required = set(action.input_schema.get("required", ()))
        assert required <= {name for name, field in fields.items() if field.get("required")} | {"messages"}
        assert not required & added


def test_fields_have_the_type_of_their_parameter(files: dict[str, str]) -> None:
    form = _properties(files)
    search = _of(form, "search_memories")
    assert (search["limit"]["type"], search["limit"]["default"]) == ("number", 10)
    assert search["limit"]["typeOptions"] == {"minValue": 1, "maxValue": 1000, "numberPrecision": 0}
    added = {field["name"]: field for field in search["additionalFields"]["options"]}
    assert {name: added[name]["type"] for name in ("rerank", "filters", "categories", "created_after")} == {
        "rerank": "boolean",
        "filters": "json",
        "categories": "string",
        "created_after": "string",
    }
    feedback = _of(form, "submit_feedback")["feedback"]
    assert [option["value"] for option in feedback["options"]] == ["POSITIVE", "NEGATIVE", "VERY_NEGATIVE"]
    # Nothing is chosen for the user.
    assert feedback["default"] == ""
    (entry,) = _of(form, "add_memories")["messages"]["options"]
    assert [(column["name"], column["type"], column["default"]) for column in entry["values"]] == [
        ("role", "options", "user"),
        ("content", "string", ""),
    ]


def test_reading_is_split_into_items_and_deleting_is_not(files: dict[str, str]) -> None:
    form = _properties(files)
    defaults = {name: _of(form, name)["splitIntoItems"]["default"] for name in ("search_memories", "delete_memories")}
    assert defaults == {"search_memories": True, "delete_memories": False}
    assert "splitIntoItems" not in _of(form, "add_memories")


def test_the_credentials_form_has_numbered_steps_and_masks_what_is_secret(files: dict[str, str]) -> None:
    form = json.loads(files[f"{_CREDENTIAL}.properties.json"])["properties"]
    steps = [field["displayName"] for field in form if field["type"] == "notice" and "stored" not in field["name"]]
    assert [step.partition(".")[0] for step in steps] == ["1", "2", "3", "4", "5", "6"]
    assert '<a href="https://app.mem0.ai" target="_blank">https://app.mem0.ai</a>' in steps[2]
    masked = {field["name"] for field in form if field.get("typeOptions", {}).get("password")}
    assert masked == {"serverToken", "api_key"}


def test_every_way_to_authenticate_that_needs_something_is_a_choice(manifest: IntegrationManifest) -> None:
    def scheme(title: str, **field: Any) -> AuthScheme:
        variable = f"{title.upper()}_KEY"
        key = CredentialField(
            name="key", display_name="Key", description="The key.", environment_variable=variable, **field
        )
        return AuthScheme(type="api_key", display_name=title, description=f"A {title} key.", fields=(key,))

    nothing = AuthScheme(type="none", display_name="None", description="Nothing is needed.")
    schemes = (nothing, scheme("team"), scheme("own"), scheme("application", application=True))
    files = package_files(manifest.model_copy(update={"auth_schemes": schemes}))
    form = json.loads(files[f"{_CREDENTIAL}.properties.json"])
    (choice,) = [field for field in form["properties"] if field["name"] == "credentialSource"]
    # Two of one type are told apart, and what a user has nothing to fill in for is not offered.
    assert [(option["name"], option["value"]) for option in choice["options"]] == [
        ("Team", "api_key"),
        ("Own", "api_key_"),
        ("Stored on the Server", "stored"),
    ]
    keys = [field for field in form["properties"] if field["name"] == "key"]
    assert [field["displayOptions"]["show"]["credentialSource"] for field in keys] == [["api_key"], ["api_key_"]]
    assert form["schemes"].keys() == {"api_key", "api_key_"}


def test_a_new_action_is_in_the_package(manifest: IntegrationManifest) -> None:
    new = ActionManifest(
        name="forget_everything",
        title="Forget everything",
        description="Forget everything.",
        # A name that the form needs for itself.
        input_schema={"type": "object", "properties": {"operation": {"type": "string"}}, "required": ["operation"]},
        output_schema={"type": "object", "properties": {"success": {"type": "boolean"}}},
    )
    files = package_files(manifest.model_copy(update={"actions": (*manifest.actions, new)}))
    fields = _of(_properties(files), "forget_everything")
    assert fields["operation_"]["displayName"] == "Operation"
    sent = json.loads(files[f"{_NODE}.description.json"])["operations"]["forget_everything"]["fields"]
    assert sent == {"operation": {"property": "operation_", "kind": "text"}}


def _fields_for(manifest: IntegrationManifest, parameters: dict[str, Any], **examples: Any) -> dict[str, Any]:
    """The fields of an operation with these parameters, all of them required."""
    plan = ActionManifest(
        name="plan",
        title="Plan",
        description="Plan something.",
        input_schema={"type": "object", "properties": parameters, "required": [*parameters]},
        output_schema={"type": "object", "properties": {"success": {"type": "boolean"}}},
        example=Example(input=examples, output={"success": True}),
    )
    return _of(_properties(package_files(manifest.model_copy(update={"actions": (plan,)}))), "plan")


def test_a_time_has_a_calendar_and_several_choices_a_list(manifest: IntegrationManifest) -> None:
    days = {"type": "array", "items": {"type": "string", "enum": ["mon", "tue", "wed"]}}
    fields = _fields_for(
        manifest,
        {
            "start": {"type": "string", "format": "date-time", "description": "When."},
            "days": {**days, "description": "On which days.", "default": ["tue"]},
            "nights": {**days, "description": "In which nights."},
        },
    )
    assert {name: fields[name]["type"] for name in ("start", "days", "nights")} == {
        "start": "dateTime",
        "days": "multiOptions",
        "nights": "multiOptions",
    }
    assert [option["value"] for option in fields["days"]["options"]] == ["mon", "tue", "wed"]
    assert (fields["days"]["default"], fields["nights"]["default"]) == (["tue"], [])


def test_an_example_that_would_be_cut_off_is_not_shown(manifest: IntegrationManifest) -> None:
    text = {"type": "string", "description": "What to plan."}
    fields = _fields_for(
        manifest,
        {"short": text, "long": text, "lines": text},
        short="A walk",
        long="A walk " * 20,
        lines="A walk\nand a swim",
    )
    assert fields["short"]["placeholder"] == "e.g. A walk"
    assert "placeholder" not in fields["long"] | fields["lines"]


def test_the_readme_says_that_the_owner_is_not_for_the_model_where_there_is_an_owner(
    manifest: IntegrationManifest, files: dict[str, str]
) -> None:
    assert "**User ID** is yours to fill\nin" in files["README.md"]
    without = package_files(manifest.model_copy(update={"owner_parameter": None}))["README.md"]
    assert "yours to fill" not in without
    assert "The model reads the operation's description and gets the whole output.\n" in without


def test_check_shows_what_is_not_current(tmp_path: Path) -> None:
    def run(*options: str) -> Any:
        return CliRunner().invoke(root, ["n8n", str(tmp_path / "package"), *options])

    assert run("--check").exit_code == 1
    assert run().exit_code == 0
    assert run("--check").exit_code == 0
    code = tmp_path / "package" / f"{_NODE}.node.js"
    code.write_text(code.read_text().replace("execute()", "execute(now)"))
    changed = run("--check")
    assert changed.exit_code == 1
    assert "-	async execute(now) {" in changed.output
    unknown = run("--integration", "nothing")
    assert unknown.exit_code == 2
    assert "nothing" in unknown.output


def test_an_integration_without_actions_has_no_package(manifest: IntegrationManifest) -> None:
    with pytest.raises(ValueError, match="mem0 has no actions"):
        package_files(manifest.model_copy(update={"actions": ()}))


def test_the_author_has_the_declared_address(manifest: IntegrationManifest) -> None:
    def author(declared: str) -> dict[str, str]:
        files = package_files(manifest.model_copy(update={"author": declared}))
        written: dict[str, str] = json.loads(files["package.json"])["author"]
        return written

    assert author("Ann Example <ann@example.com>") == {"name": "Ann Example", "email": "ann@example.com"}
    for without in ("Ann Example", "<ann@example.com>", "Ann <ann>", "Ann <ann@example.com> and others"):
        assert author(without) == {"name": without, "email": "author@example.invalid"}


def test_a_tool_says_what_its_operation_does(manifest: IntegrationManifest, files: dict[str, str]) -> None:
    form = _properties(files)
    for action in manifest.actions:
        described = _of(form, action.name)["toolDescription"]
        assert described["default"] == action.description
        # In a node of a flow it is not shown.
        assert described["displayOptions"]["show"]["@tool"] == [True]


def test_a_node_is_not_called_like_a_tool(manifest: IntegrationManifest) -> None:
    """n8n knows tools by the end of their name."""
    files = package_files(manifest.model_copy(update={"name": "power_tool"}))
    described = json.loads(files["dist/nodes/PowerToolNode/PowerToolNode.description.json"])["description"]
    assert described["name"] == "powerToolNode"


def test_names_of_packages_are_those_of_the_registry() -> None:
    assert package_name("mem0") == "n8n-nodes-modulex-mem0"
    assert package_name("google_ads_") == "n8n-nodes-modulex-google-ads"


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not on this machine")
def test_texts_cannot_break_the_code(manifest: IntegrationManifest, tmp_path: Path) -> None:
    hostile = "It's `${process.exit()}`\n\\'; throw 1; // __CLASS__ </script>\u2028"
    broken = manifest.model_copy(update={"display_name": hostile, "description": hostile, "name": "object"})
    for path, text in package_files(broken).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for code in tmp_path.rglob("*.js"):
        node(tmp_path, "--check", str(code))
    # A class `Object` would hide the one that the code uses.
    assert (tmp_path / "dist/nodes/ObjectNode/ObjectNode.node.js").exists()


def test_n8ns_own_rules_find_nothing(lint: Lint) -> None:
    assert lint(_COMMITTED) == []


@given(st.text(min_size=1))
def test_descriptions_are_one_line_without_markup(text: str) -> None:
    line = description(text)
    assert "<" not in line
    assert ">" not in line
    assert "\n" not in line
    assert boolean_description(text, "It").startswith("Whether")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One sentence.", "One sentence"),
        ("Two sentences. Here they are", "Two sentences. Here they are."),
        ("by their ids, for good.", "By their IDs, for good"),
        ("Use user_id (e.g. <this>).", "Use user_id (e.g. &lt;this&gt;)"),
        ("What & how.", "What & how"),
    ],
)
def test_descriptions_follow_n8ns_style(text: str, expected: str) -> None:
    assert description(text) == expected


def test_titles_follow_n8ns_style() -> None:
    assert title("Wait for completion") == "Wait for Completion"
    assert title("user_ids") == "User IDs"
    assert title("split into") == "Split Into"


def _links() -> Iterator[tuple[str, str]]:
    yield "See https://a.example/x?y=1&z=2.", "https://a.example/x?y=1&amp;z=2"
    yield "(https://a.example)", "https://a.example"


@pytest.mark.parametrize(("text", "link"), list(_links()))
def test_links_in_steps_can_be_followed(text: str, link: str) -> None:
    assert f'<a href="{link}" target="_blank">{link}</a>' in notice(text)


def test_steps_show_markup_as_text() -> None:
    assert notice("<script>alert(1)</script> & <br>") == "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;br&gt;"
