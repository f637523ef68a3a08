"""The generated package in n8n itself, in a browser: from nothing to a flow that remembers.

`make test-editors` installs n8n. With MODULEX_PICTURES=docs/hosts/n8n, the pictures of docs/hosts/n8n.md are made.
"""

import json
from pathlib import Path

from tests.editors.conftest import Editor, require_n8n

require_n8n()

_LAST_QUERY = "What may I cook tonight?"
_WRONG = "m0-wrong-key-0123456789"


def test_from_nothing_to_a_flow_that_remembers(editor: Editor, server: dict[str, str]) -> None:
    _create_credential(editor, server)
    page = editor.page
    page.goto("/workflow/new")
    editor.find("canvas-add-button").click()
    editor.find("node-creator-search-bar").fill("manual")
    editor.find("node-creator-item-name").first.click()

    editor.add("Add memories")
    editor.fill("user_id", "alice")
    editor.fill("content", "I am a vegetarian and I cook.")
    editor.find("collection-parameter-add").click()
    editor.find("collection-parameter-option").get_by_text("Wait for Completion").click()
    editor.find("parameter-input-wait_for_completion").locator(".el-switch__core").click()
    editor.picture("5-add-memories")
    editor.close_form()
    editor.add("Search memories")
    editor.fill("user_id", "alice")
    editor.fill("query", "What may I cook?")
    editor.picture("6-search-memories")
    editor.close_form()

    editor.run()
    editor.expect(page.get_by_text("Workflow executed successfully")).to_be_visible()
    editor.picture("7-run")
    _expect_memory(editor)
    editor.picture("8-memory")
    _refuse_an_input(editor)
    _reload(editor, server)


def _create_credential(editor: Editor, server: dict[str, str]) -> None:
    """The credentials form: a wrong key, which the service refuses in its words, then the right one."""
    page = editor.page
    page.goto("/home/credentials")
    editor.find("add-resource-credential").click()
    editor.find("new-credential-type-select").get_by_role("combobox").click()
    page.keyboard.type("Mem0")
    editor.find("new-credential-type-select-option").first.click()
    editor.find("new-credential-type-button").click()
    dialog = editor.find("editCredential-modal")
    steps = [step for step in dialog.locator(".notice, [role=alert]").all_inner_texts() if step[:1].isdigit()]
    assert [step.split(".")[0] for step in steps] == ["1", "2", "3", "4", "5", "6"]
    assert steps[-1] == "6. Paste the API key below"
    editor.picture("1-credential")
    for parameter, value in (server | {"api_key": _WRONG}).items():
        editor.fill(parameter, value)
    for masked in ("serverToken", "api_key"):
        field = editor.find(f"parameter-input-{masked}").last.locator("input").first
        assert field.get_attribute("type") == "password"

    editor.save_credential()
    refused = dialog.get_by_text("connect with these settings")
    editor.expect(refused).to_be_visible()
    dialog.get_by_text("More details").click()
    editor.expect(dialog.get_by_text("unauthorized: Invalid API key")).to_be_visible()
    editor.expect(dialog.get_by_text("Replace the credential")).to_be_visible()
    editor.picture("2-wrong-key")
    editor.fill("api_key", server["api_key"])
    editor.save_credential()
    editor.expect(editor.find("credentials-config-container-test-success")).to_be_visible()
    editor.picture("3-right-key")


def _expect_memory(editor: Editor) -> None:
    editor.open_node("search memories")
    editor.expect(editor.find("output-panel").get_by_text("I am a vegetarian and I cook").first).to_be_visible()


def _refuse_an_input(editor: Editor) -> None:
    """An input that the action refuses: our line, and what to do next."""
    editor.fill("user_id", "*")
    editor.find("node-execute-button").click()
    output = editor.find("output-panel")
    line = "invalid_input: user_id: must be a single id; `*` would reach everyone's memories"
    editor.expect(output.get_by_text(line).first).to_be_visible()
    editor.expect(output.get_by_text("Correct the field that the message names").first).to_be_visible()
    editor.picture("9-refused-input")
    editor.fill("user_id", "alice")
    # A text that nothing else has, to know this change by.
    editor.fill("query", _LAST_QUERY)
    editor.close_form()


def _reload(editor: Editor, server: dict[str, str]) -> None:
    page = editor.page
    editor.wait_until_saved(_LAST_QUERY)
    page.reload()
    editor.expect(editor.find("canvas-node").filter(has_text="search memories")).to_be_visible()
    editor.run()
    editor.expect(page.get_by_text("Workflow executed successfully")).to_be_visible()
    _expect_memory(editor)
    editor.find("ndv-close-button").click()
    editor.find("workflow-menu").click()
    with page.expect_download() as download:
        editor.find("workflow-menu-item-download").click()
    exported = Path(download.value.path()).read_text()
    nodes = {node["type"] for node in json.loads(exported)["nodes"]}
    assert "n8n-nodes-modulex-mem0.mem0" in nodes
    for secret in (server["api_key"], server["serverToken"], _WRONG):
        assert secret not in exported
