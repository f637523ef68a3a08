"""Our tools for MCP and for LangChain, as the converters of other people's frameworks take them."""

import asyncio
import json
import shutil
import subprocess
import sys
from copy import deepcopy
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from mcp import Client, StdioServerParameters, stdio_client

from modulex_mem0.hosts import ToolSet
from modulex_mem0.json_schema import strict, subschemas
from modulex_mem0.runtime import Runtime, discover

ACTIONS = [action.name for action in discover()["mem0"].manifest.actions]
FORMS = pytest.mark.parametrize("form", ["plain", "simple", "strict"])
KEYWORDS = {
    "type", "description", "enum", "default", "properties", "required", "items", "additionalProperties",
    "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern",
}  # fmt: skip
_UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")


async def _list(*arguments: str) -> list[Any]:
    command = StdioServerParameters(command=sys.executable, args=["-m", "modulex_mem0.cli", "mcp", *arguments])
    async with Client(stdio_client(command)) as client:
        return list((await client.list_tools()).tools)


@pytest.fixture(scope="module")
def listed() -> dict[str, dict[str, Any]]:
    """The tools by form and name, as a real server lists them."""
    forms: dict[str, tuple[str, ...]] = {"plain": (), "simple": ("--simple",), "strict": ("--strict",)}
    return {form: {tool.name: tool for tool in asyncio.run(_list(*options))} for form, options in forms.items()}


@pytest.fixture
def tools(listed: dict[str, dict[str, Any]], form: str) -> dict[str, Any]:
    assert list(listed[form]) == ACTIONS
    return listed[form]


# A reader that knows little


@FORMS
def test_a_simple_reader_knows_every_keyword(tools: dict[str, Any], form: str) -> None:
    for name, tool in tools.items():
        for place, schema in subschemas(tool.input_schema, name):
            assert set(schema) <= KEYWORDS, place
            if form == "strict":
                assert schema["type"] != "object" or schema["additionalProperties"] is False, place
            else:
                # One plain type, and one for the items of each array.
                assert isinstance(schema["type"], str), place
                assert "additionalProperties" not in schema, place
            assert "array" not in schema["type"] or "type" in schema["items"], place
        assert all(value["description"] for value in tool.input_schema["properties"].values())


# OpenAI


@FORMS
async def test_openai_agents(account: dict[str, str], form: str) -> None:
    """Their MCP client lists the tools of a server of ours, makes function tools of them, and calls one."""
    agents_mcp = pytest.importorskip("agents.mcp", reason="openai-agents is not installed")
    from agents import Agent, RunContextWrapper

    arguments = ["-m", "modulex_mem0.cli", "mcp", *([] if form == "plain" else [f"--{form}"])]
    params = {"command": sys.executable, "args": arguments, "env": account}
    async with agents_mcp.MCPServerStdio(params=params, client_session_timeout_seconds=60) as server:
        functions = await agents_mcp.MCPUtil.get_function_tools(
            server, form == "strict", RunContextWrapper(None), Agent("reader")
        )
        (search,) = [function for function in functions if function.name == "search_memories"]
        required = search.params_json_schema["required"]
        chosen = dict.fromkeys(required) | {"user_id": "alice", "query": "food"}
        called = await server.call_tool("search_memories", chosen)
    assert [function.name for function in functions] == ACTIONS
    assert {function.strict_json_schema for function in functions} == {form == "strict"}
    assert not called.is_error


def test_openai_takes_the_strict_form_as_it_is(listed: dict[str, dict[str, Any]]) -> None:
    module = pytest.importorskip("agents.strict_schema", reason="openai-agents is not installed")
    for name, tool in listed["strict"].items():
        given = json.loads(json.dumps(tool.input_schema))
        assert module.ensure_strict_json_schema(given, _reject_open_objects=True) == tool.input_schema, name


# Google


@pytest.mark.parametrize("form", ["plain", "simple"])
def test_google_genai(tools: dict[str, Any]) -> None:
    converters = pytest.importorskip("google.genai._mcp_utils", reason="google-genai is not installed")
    for name, tool in tools.items():
        (declaration,) = converters.mcp_to_gemini_tool(tool).function_declarations
        converted = declaration.model_dump(exclude_none=True)["parameters"]
        assert set(converted.get("properties", {})) == set(tool.input_schema["properties"]), name


@pytest.mark.parametrize("form", ["plain", "simple"])
def test_google_genais_own_schema(tools: dict[str, Any]) -> None:
    types = pytest.importorskip("google.genai.types", reason="google-genai is not installed")
    for tool in tools.values():
        # This model refuses every keyword that it does not know.
        types.FunctionDeclaration(name=tool.name, description=tool.description, parameters=tool.input_schema)


# Pydantic AI


@FORMS
def test_pydantic_ai(tools: dict[str, Any], form: str) -> None:
    openai = pytest.importorskip("pydantic_ai.profiles.openai", reason="pydantic-ai-slim is not installed")
    google = pytest.importorskip("pydantic_ai.profiles.google", reason="pydantic-ai-slim is not installed")
    for name, tool in tools.items():
        transformer = openai.OpenAIJsonSchemaTransformer(json.loads(json.dumps(tool.input_schema)), strict=None)
        walked = transformer.walk()
        assert set(walked.get("properties", {})) == set(tool.input_schema["properties"]), name
        if form == "strict":
            assert transformer.is_strict_compatible, name
        google.GoogleJsonSchemaTransformer(json.loads(json.dumps(tool.input_schema))).walk()


def test_pydantic_ai_calls_our_langchain_tools(credential: dict[str, str]) -> None:
    pytest.importorskip("pydantic_ai", reason="pydantic-ai-slim is not installed")
    from pydantic_ai import Agent
    from pydantic_ai.ext.langchain import tool_from_langchain
    from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
    from pydantic_ai.models.function import AgentInfo, FunctionModel

    from modulex_mem0.hosts.langchain import tools as langchain_tools

    (search,) = langchain_tools(credential=credential, user_id="alice", actions=["search_memories"])

    def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        (offered,) = info.function_tools
        assert offered.parameters_json_schema["required"] == ["query"]
        returned = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
        if returned:
            return ModelResponse(parts=[TextPart(str(returned[0].content["success"]))])
        return ModelResponse(parts=[ToolCallPart("search_memories", {"query": "food"})])

    answer = Agent(FunctionModel(model), tools=[tool_from_langchain(search)]).run_sync("What do I eat?")
    assert answer.output == "True"


# smolagents


@pytest.mark.parametrize("form", ["plain", "simple"])
def test_smolagents(tools: dict[str, Any]) -> None:
    smolagents = pytest.importorskip("smolagents", reason="smolagents is not installed")
    for tool in tools.values():
        attributes = {
            "name": tool.name,
            "description": tool.description,
            "inputs": tool.input_schema["properties"],
            "output_type": "object",
            "skip_forward_signature_validation": True,
            "forward": lambda self, **arguments: arguments,
        }
        type("McpTool", (smolagents.Tool,), attributes)().validate_arguments()


def test_smolagents_calls_our_langchain_tools(credential: dict[str, str]) -> None:
    smolagents = pytest.importorskip("smolagents", reason="smolagents is not installed")
    from modulex_mem0.hosts.langchain import tools as langchain_tools

    converted = [
        smolagents.Tool.from_langchain(tool) for tool in langchain_tools(credential=credential, user_id="alice")
    ]
    for tool in converted:
        tool.validate_arguments()
    (search,) = [tool for tool in converted if tool.name == "search_memories"]
    assert search(query="food")["success"] is True


# AutoGen


@pytest.mark.parametrize("form", ["plain", "simple"])
def test_autogen(tools: dict[str, Any]) -> None:
    utils = pytest.importorskip("autogen_core.utils", reason="autogen-core is not installed")
    for name, tool in tools.items():
        model = utils.schema_to_pydantic_model(tool.input_schema)
        assert list(model.model_fields) == list(tool.input_schema["properties"]), name


# Other people's connectors, through ours


def test_the_tools_of_every_hosted_connector() -> None:
    """Two thousand schemas that we did not write, in the forms that hosts are given."""
    pytest.importorskip("modulex_integrations", reason="modulex-integrations is not installed")
    types = pytest.importorskip("google.genai.types", reason="google-genai is not installed")
    module = pytest.importorskip("agents.strict_schema", reason="openai-agents is not installed")
    runtime = Runtime()
    runtime.integrations.load_all()
    hosted = [name for name in runtime.integrations if name.startswith("modulex_tools_")]
    assert len(hosted) > 100
    for name in hosted:
        for tool in ToolSet(runtime, name).values():
            types.FunctionDeclaration(name=tool.name, description=tool.description, parameters=tool.input_schema)
            form = strict(tool.input_schema)
            assert module.ensure_strict_json_schema(deepcopy(form), _reject_open_objects=True) == form, tool.name
            # What they reach is not known.
            assert not tool.closed_world


# CrewAI


@pytest.fixture(scope="module")
def crewai(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """CrewAI's converter, alone: its whole package needs 85 others, and older ones than ours of MCP and pydantic."""
    pytest.importorskip("jsonref", reason="jsonref, which CrewAI's converter needs, is not installed")
    folder = tmp_path_factory.mktemp("crewai")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(folder), "crewai==1.15.30"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode != 0 and "Failed to establish a new connection" in done.stdout + done.stderr:
        pytest.skip("pip reached no registry")
    assert done.returncode == 0, done.stderr
    file = folder / "crewai" / "utilities" / "pydantic_schema_utils.py"
    spec = spec_from_file_location("crewai_converter", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@FORMS
def test_crewai(crewai: Any, tools: dict[str, Any]) -> None:
    for name, tool in tools.items():
        model = crewai.create_model_from_schema(tool.input_schema)
        assert list(model.model_fields) == list(tool.input_schema["properties"]), name


# Ajv


@pytest.fixture(scope="module")
def ajv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Ajv in it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node and npm are not on this machine")
    folder = tmp_path_factory.mktemp("ajv")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    command = [npm, "install", "ajv@8", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not finish within three minutes")
    if done.returncode != 0 and any(code in done.stderr for code in _UNREACHED):
        pytest.skip("npm reached no registry")
    assert done.returncode == 0, done.stderr
    shutil.copy(Path(__file__).with_name("ajv_compile.mjs"), folder)
    return folder


def test_ajv_in_its_strict_mode(ajv: Path, listed: dict[str, dict[str, Any]]) -> None:
    schemas = {f"{form} {name}": tool.input_schema for form, tools in listed.items() for name, tool in tools.items()}
    schemas |= {f"output of {name}": tool.output_schema for name, tool in listed["plain"].items()}
    (ajv / "schemas.json").write_text(json.dumps(schemas))
    node = shutil.which("node") or "node"
    command = [node, "ajv_compile.mjs", "schemas.json"]
    done = subprocess.run(command, cwd=ajv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {}
    assert done.stderr == ""
