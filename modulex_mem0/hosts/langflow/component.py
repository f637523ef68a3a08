"""The bases of the components: what runs when a node of a flow runs, or when an agent uses it as a tool."""

import os
from abc import abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, NoReturn, cast

from langchain_core.tools import StructuredTool, ToolException
from lfx.base.tools.constants import TOOL_OUTPUT_NAME
from lfx.custom.custom_component.component import Component
from lfx.io import Output
from lfx.schema import Data, DataFrame
from lfx.schema.message import Message

from modulex_mem0.contract import ActionManifest, IntegrationManifest
from modulex_mem0.hosts.langchain import tools
from modulex_mem0.hosts.langflow.form import (
    CredentialInput,
    FormField,
    action_fields,
    argument,
    credential_fields,
    holds_nothing,
)
from modulex_mem0.hosts.langflow.inputs import (
    AFTER,
    STOP_ON_ERROR,
    action_input,
    after_input,
    credential_input,
    stop_on_error_input,
)
from modulex_mem0.hosts.langflow.text import as_text, rows_of, table_field
from modulex_mem0.hosts.toolset import NotOfferedError, is_empty
from modulex_mem0.runtime import Result, Runtime, UnknownActionError

__all__ = ["ActionComponent", "CallFailedError", "ConnectionComponent"]

_RESULT, _TABLE, _TEXT = "result_data", "result_table", "result_text"

# Names of icons (lucide.dev), by the first word of an action's name.
_ICONS = {
    "add": "CirclePlus",
    "batch": "Layers",
    "cancel": "CircleX",
    "create": "CirclePlus",
    "delete": "Trash2",
    "get": "FileText",
    "list": "List",
    "remove": "Trash2",
    "search": "Search",
    "send": "Send",
    "submit": "ThumbsUp",
    "summarize": "ScrollText",
    "update": "Pencil",
    "upload": "Upload",
}


class CallFailedError(Exception):
    """A call that failed, in a component that stops the flow then; the message is the error's one line."""


@cache
def _process_runtime() -> Runtime:
    """The shared runtime. Like every runtime it is closed when the process ends, and begins again after a fork."""
    return Runtime()


class _ServiceComponent(Component):  # type: ignore[misc] # Langflow is not installed where types are checked
    """What the components have in common: a credential, an order, and what a failure does."""

    integration: ClassVar[str] = ""
    schemas: ClassVar[str] = ""
    manifest: ClassVar[IntegrationManifest]
    _credential_fields: ClassVar[list[CredentialInput]]
    _result: Result | None = None

    @classmethod
    def _describe(cls, title: str, description: str, icon: str) -> None:
        cls.display_name, cls.description, cls.icon = title, description, icon
        cls.documentation = cls.manifest.app_url or ""

    def _pre_run_setup(self) -> None:
        # A component that a loop runs again calls again.
        self._result = None

    async def build_result(self) -> Data:
        """The whole output."""
        return Data(data=(await self._outcome()).output)

    async def _outcome(self) -> Result:
        """The result of the one call of this run, whichever outputs are asked for."""
        if self._result is None:
            self._result = await self._call()
        result = self._result
        if not result.success and self._attributes.get(STOP_ON_ERROR) is not False:
            raise CallFailedError(result.output["error"])
        return result

    @abstractmethod
    async def _call(self) -> Result:
        """Make the one call of a run."""

    def _credential(self) -> dict[str, Any]:
        """What the form holds.

        A setting that is left empty, such as an address, may come from the server's environment; a secret never does.
        """
        values = {field.field: self._attributes.get(field.name) for field in self._credential_fields}
        settings = {
            field.field: os.environ.get(field.variable) for field in self._credential_fields if not field.sensitive
        }
        given = settings | {name: value for name, value in values.items() if not is_empty(value)}
        return {name: value for name, value in given.items() if not is_empty(value)}


class ActionComponent(_ServiceComponent):
    """The base of a component that runs one action; the subclass names the integration and the action.

    Raises:
        UnknownActionError: By the definition of a subclass: the integration has no such action any more.
        UnknownIntegrationError: By the definition of a subclass: the integration is not installed.
    """

    action: ClassVar[str] = ""
    _action: ClassVar[ActionManifest]
    _fields: ClassVar[list[FormField]]
    _table: ClassVar[str | None]

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - passed on
        super().__init_subclass__(**options)
        cls.manifest = _manifest(cls.integration)
        cls._action = _find_action(cls.manifest, cls.action)
        cls._table = table_field(cls._action.output_schema)
        cls._fields = action_fields(cls._action, taken=_taken())
        names = {field.name for field in cls._fields}
        cls._credential_fields = credential_fields(cls.manifest, taken=names | _taken())
        icon = _ICONS.get(cls._action.name.partition("_")[0], "Eye" if cls._action.hints.read_only else "Zap")
        cls._describe(cls._action.title, cls._action.description, icon)
        cls.inputs = [
            *(credential_input(field) for field in cls._credential_fields),
            *(action_input(field, tool_mode=cls._is_open_to_agents(field)) for field in cls._fields),
            stop_on_error_input(),
            after_input(),
        ]
        cls.outputs = [
            Output(name=_RESULT, display_name="Result", method="build_result", group_outputs=True),
            *(
                [Output(name=_TABLE, display_name="Table", method="build_table", group_outputs=True)]
                if cls._table
                else []
            ),
            Output(name=_TEXT, display_name="Text", method="build_text", group_outputs=True),
        ]

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - whatever Langflow passes
        super().__init__(**values)
        # A tool also where an agent has nothing to fill in, as in a summary of what is remembered.
        self.add_tool_output = True

    @classmethod
    def _is_open_to_agents(cls, field: FormField) -> bool:
        return not field.advanced and field.parameter != cls.manifest.owner_parameter

    async def build_table(self) -> DataFrame:
        """The records of the output, a row each."""
        return DataFrame(rows_of((await self._outcome()).output, self._table))

    async def build_text(self) -> Message:
        """The output for a prompt: what is in it for people, a line each."""
        return Message(text=as_text((await self._outcome()).output, self._action.output_schema))

    async def _call(self) -> Result:
        return await _process_runtime().call(
            self.integration, self.action, self._arguments(), credential=self._credential()
        )

    def _arguments(self) -> dict[str, Any]:
        """The parameters that the form or other nodes give. A field that is left as it is gives none."""
        arguments = {}
        for field in self._fields:
            value = self._attributes.get(field.name)
            given = argument(field, value)
            if given is None and holds_nothing(value) and self._is_connected(field.name):
                # Another node gave nothing: to leave it out might widen what a search finds or a delete removes.
                given = ""
            if given is not None:
                arguments[field.parameter] = given
        return arguments

    def _is_connected(self, name: str) -> bool:
        return self._vertex is not None and self._vertex.get_incoming_edge_by_target_param(name) is not None

    async def _get_tools(self) -> list[StructuredTool]:
        """The action as an agent's tool: what the author filled in is fixed, advanced fields are hidden.

        Raises:
            NotOfferedError: The action refuses a value that is filled in.
        """
        given = self._arguments()
        try:
            [tool] = tools(
                credential=self._credential(),
                fixed=given,
                integration=self.integration,
                actions=[self.action],
                simple=True,
                runtime=_process_runtime(),
            )
        except NotOfferedError:
            # Langflow makes the tool of every node, also of those that run as a step of the flow.
            if self._is_a_step():
                return []
            raise
        owner = self.manifest.owner_parameter
        if owner and owner in self._action.input_schema["properties"] and owner not in given:
            _close(tool, owner)
        tool.tags = [tool.name]
        tool.metadata = {"display_name": tool.name, "display_description": tool.description, "source_id": self.get_id()}
        return [tool]

    def _is_a_step(self) -> bool:
        return self._vertex is not None and TOOL_OUTPUT_NAME not in self._vertex.edges_source_names


class ConnectionComponent(_ServiceComponent):
    """The base of the component that tests a credential; the subclass names the integration.

    Raises:
        UnknownIntegrationError: By the definition of a subclass: the integration is not installed.
    """

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - passed on
        super().__init_subclass__(**options)
        cls.manifest = _manifest(cls.integration)
        cls._credential_fields = credential_fields(cls.manifest, taken=_taken())
        service = cls.manifest.display_name
        cls._describe("Check connection", f"Ask {service} whether the credential works.", "PlugZap")
        cls.inputs = [
            *(credential_input(field) for field in cls._credential_fields),
            stop_on_error_input(),
            after_input(),
        ]
        cls.outputs = [
            Output(name=_RESULT, display_name="Result", method="build_result", group_outputs=True),
            Output(name=_TEXT, display_name="Text", method="build_text", group_outputs=True),
        ]

    async def build_text(self) -> Message:
        """Whether it works, in a sentence."""
        output = (await self._outcome()).output
        return Message(text=output["error"] or f"{self.manifest.display_name} accepts the credential.")

    async def _call(self) -> Result:
        return await _process_runtime().test_credential(self.integration, credential=self._credential())


def _manifest(name: str) -> IntegrationManifest:
    return _process_runtime().integrations[name].manifest


def _find_action(manifest: IntegrationManifest, name: str) -> ActionManifest:
    found = next((action for action in manifest.actions if action.name == name), None)
    if found is None:
        raise UnknownActionError(manifest.name, name, [action.name for action in manifest.actions])
    return found


@cache
def _taken() -> frozenset[str]:
    """Names that an input cannot have: Langflow reads them from the component itself.

    `user_id` is Langflow's own user there, but an input of that name keeps its value, which is read as an input.
    """
    own = {name for name in (*dir(_ServiceComponent), *vars(Component())) if not name.startswith("_")}
    return frozenset(own - {"user_id"} | {AFTER, STOP_ON_ERROR, _RESULT, _TABLE, _TEXT, "code", "tools_metadata"})


def _close(tool: StructuredTool, owner: str) -> None:
    """Hide the owner from an agent, and refuse calls, where the author has not filled it in."""
    schema = cast("Mapping[str, Any]", tool.args_schema)
    properties = {name: value for name, value in schema["properties"].items() if name != owner}
    required = [name for name in schema.get("required", ()) if name != owner]
    tool.args_schema = {**schema, "properties": properties, "required": required}

    def refuse(**_: Any) -> NoReturn:  # noqa: ANN401 - whatever the model passes
        raise ToolException(f"invalid_input: {owner}: fill it in on the component; an agent does not choose it")

    async def refuse_later(**_: Any) -> NoReturn:  # noqa: ANN401 - whatever the model passes
        refuse()

    tool.func, tool.coroutine = refuse, refuse_later
