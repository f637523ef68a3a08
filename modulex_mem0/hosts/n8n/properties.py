"""The form of a node: an operation for each action, and its fields from the action's input schema."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from modulex_mem0.contract import ADVANCED, ActionManifest
from modulex_mem0.hosts.n8n import wording
from modulex_mem0.json_schema import inline, json_types, simplify

__all__ = ["ADDED", "node_properties", "operations"]

Property = dict[str, Any]

#: The fields that are shown once they are added.
ADDED = "additionalFields"
_OPERATION, _SPLIT = "operation", "splitIntoItems"
# n8n shows the first to the model of an agent whose tool the node is, and adds the second where the first is missing.
_TOOL_DESCRIPTION, _DESCRIPTION_TYPE = "toolDescription", "descriptionType"
_RESERVED = (_OPERATION, "resource", "authentication", ADDED, _SPLIT, _TOOL_DESCRIPTION, _DESCRIPTION_TYPE)
# Whether the node is a tool, in the conditions of a field.
_TOOL = "@tool"
#: How the properties are called, after their parameter, that hold a list as rows of fields or as JSON.
_SOURCE, _JSON, _ENTRIES = "Source", "Json", "entries"
# n8n sorts longer lists of choices.
_SORTED_FROM = 5
# Rows with more fields are easier to write as JSON.
_MOST_COLUMNS = 6
_DATE_FORMATS = ("date-time",)
# An example that is longer would be cut off in the field.
_LONGEST_PLACEHOLDER = 100


def node_properties(actions: tuple[ActionManifest, ...]) -> list[Property]:
    """The properties of the node: the choice of the operation, and every operation's fields."""
    options = [
        {
            "name": wording.title(action.title),
            "value": action.name,
            "description": wording.description(action.description),
            "action": wording.sentence(action.title),
        }
        for action in actions
    ]
    choice: Property = {
        "displayName": "Operation",
        "name": _OPERATION,
        "type": "options",
        "noDataExpression": True,
        "options": sorted(options, key=lambda option: option["name"]),
        "default": actions[0].name,
    }
    return [choice, *(shown for action in actions for shown in _of_action(action))]


def operations(actions: tuple[ActionManifest, ...], owner: str | None = None) -> dict[str, Any]:
    """What the node needs to send a form: each operation's parameters, and the output's list that becomes items.

    A parameter has the `property` that holds it, unless it is among the added ones; its `kind`; whether it is
    `optional`; whether it may be given in `rows`; and whether it names the `owner` of the data.

    Args:
        actions: Of the integration.
        owner: The parameter that names the owner of the data, if there is one.
    """
    return {
        action.name: {
            "fields": {
                name: _sent(action, name, schema) | ({"owner": True} if name == owner else {})
                for name, schema in _parameters(action)
            }
        }
        | ({"list": list_name} if (list_name := _list_of_records(action)) else {})
        for action in actions
    }


def _sent(action: ActionManifest, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    optional = {} if name in action.input_schema.get("required", ()) else {"optional": True}
    if not _is_at_hand(action, name, schema):
        return {"kind": _kind(schema), **optional}
    rows = {"rows": True} if _has_rows(action, name, schema) else {}
    return {"property": _property_name(name), "kind": _kind(schema), **optional, **rows}


def _of_action(action: ActionManifest) -> Iterator[Property]:
    shown = {"displayOptions": {"show": {_OPERATION: [action.name]}}}
    required = action.input_schema.get("required", ())
    yield _tool_description(action)
    added = []
    for name, schema in _parameters(action):
        field = _field(name, schema, _example(action, name))
        if _is_at_hand(action, name, schema):
            needed = {"required": True} if name in required else {}
            field |= {"name": _property_name(name), **needed}
            if needed and "enum" in schema and "default" not in schema:
                # A choice that has to be made is not made for anybody.
                field["default"] = ""
            yield from _rows(field, schema, shown) if _has_rows(action, name, schema) else ({**field, **shown},)
        else:
            added.append(field)
    if (records := _list_of_records(action)) is not None:
        yield {
            "displayName": "Split Into Items",
            "name": _SPLIT,
            "type": "boolean",
            "default": action.hints.read_only,
            "description": f"Whether each entry of {wording.title(records)} becomes an item of its own",
            # A model gets the whole output, which also says so when nothing was found.
            "displayOptions": {"show": {_OPERATION: [action.name], _TOOL: [False]}},
        }
    if added:
        yield {
            "displayName": "Additional Fields",
            "name": ADDED,
            "type": "collection",
            "placeholder": "Add Field",
            "default": {},
            "options": sorted(added, key=lambda field: str(field["displayName"]).lower()),
            **shown,
        }


def _tool_description(action: ActionManifest) -> Property:
    """What an agent's model reads about the tool. n8n's own text for it would be the same for every operation."""
    return {
        "displayName": "Description",
        "name": _TOOL_DESCRIPTION,
        "type": "string",
        "typeOptions": {"rows": 2},
        "default": " ".join(action.description.split()),
        "required": True,
        "description": "What the model reads about this tool",
        "displayOptions": {"show": {_OPERATION: [action.name], _TOOL: [True]}},
    }


def _parameters(action: ActionManifest) -> Iterator[tuple[str, dict[str, Any]]]:
    """The parameters with their schemas in plain form, together with the marks that a plain form leaves out."""
    given = action.input_schema.get("properties", {})
    for name, schema in simplify(action.input_schema)["properties"].items():
        kept = {key: given[name][key] for key in ("title", "format", *ADVANCED) if key in given[name]}
        yield name, schema | kept


def _is_at_hand(action: ActionManifest, name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a field is always in sight.

    An optional number, switch or choice without a default has no empty state in n8n: it is there once it is added.
    """
    if name in action.input_schema.get("required", ()):
        return True
    if ADVANCED.items() <= schema.items():
        return False
    return "default" in schema or _kind(schema) in ("json", "list") or _property_type(schema) == "string"


def _has_rows(action: ActionManifest, name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a list can be given in rows of fields: its entries are objects of a few plain values, all required."""
    columns = schema.get("items", {}).get("properties", {}) if schema["type"] == "array" else {}
    required = schema["items"].get("required", ()) if columns else ()
    taken = {f"{name}{suffix}" for suffix in (_SOURCE, _JSON)} & action.input_schema["properties"].keys()
    return (
        0 < len(columns) <= _MOST_COLUMNS
        and all(column in required and _kind(part) in ("text", "value") for column, part in columns.items())
        and not taken
    )


def _rows(field: Property, schema: Mapping[str, Any], shown: Mapping[str, Any]) -> Iterator[Property]:
    """The properties of a list that is given in rows, or as JSON where it comes from elsewhere."""
    name, title, operation = field["name"], field["displayName"], shown["displayOptions"]["show"]
    yield {
        "displayName": f"Specify {title}",
        "name": f"{name}{_SOURCE}",
        "type": "options",
        "options": [{"name": "Using Fields Below", "value": "fields"}, {"name": "Using JSON", "value": "json"}],
        "default": "fields",
        **shown,
    }
    columns = [
        _field(column, {"description": "", **part}, None) for column, part in schema["items"]["properties"].items()
    ]
    yield {
        "displayName": title,
        "name": name,
        "type": "fixedCollection",
        "typeOptions": {"multipleValues": True, "sortable": True},
        "placeholder": "Add Entry",
        # One entry to fill in, where there has to be one.
        "default": {_ENTRIES: [{column["name"]: column["default"] for column in columns}]}
        if "required" in field
        else {},
        **({"description": field["description"]} if "description" in field else {}),
        "options": [{"displayName": "Entry", "name": _ENTRIES, "values": columns}],
        "displayOptions": {"show": {**operation, f"{name}{_SOURCE}": ["fields"]}},
    }
    yield {**field, "name": f"{name}{_JSON}", "displayOptions": {"show": {**operation, f"{name}{_SOURCE}": ["json"]}}}


def _property_name(parameter: str) -> str:
    while parameter in _RESERVED:
        parameter += "_"
    return parameter


def _kind(schema: Mapping[str, Any]) -> str:
    """How the node reads a field: `text` and `value` as they are, a `list` from text with commas, `json` from JSON."""
    if schema["type"] == "array":
        return "json" if schema["items"]["type"] in ("array", "object") else "list"
    return {"object": "json", "string": "text"}.get(schema["type"], "value")


def _property_type(schema: Mapping[str, Any]) -> str:
    kind = _kind(schema)
    if kind == "json":
        return "json"
    if kind == "list":
        return "multiOptions" if "enum" in schema["items"] else "string"
    if "enum" in schema:
        return "options"
    if schema.get("format") in _DATE_FORMATS:
        return "dateTime"
    return {"boolean": "boolean", "integer": "number", "number": "number"}.get(schema["type"], "string")


def _field(name: str, schema: Mapping[str, Any], example: object) -> Property:
    kind = _property_type(schema)
    shown_name = wording.title(schema.get("title") or name)
    text = wording.description(schema["description"])
    field: Property = {"displayName": shown_name, "name": name, "type": kind}
    limits = _limits(schema) if kind == "number" else {}
    if limits:
        field["typeOptions"] = limits
    if kind in ("options", "multiOptions"):
        values = schema["items"]["enum"] if kind == "multiOptions" else schema["enum"]
        options = [{"name": wording.title(str(value)), "value": value} for value in values]
        by_name = sorted(options, key=lambda option: str(option["name"]).lower())
        field["options"] = by_name if len(options) >= _SORTED_FROM else options
    field["default"] = _default(schema, kind)
    if kind == "boolean":
        text = wording.boolean_description(schema["description"], shown_name)
    elif kind == "string" and schema["type"] == "array":
        text = wording.description(f"{text.removesuffix('.')}. Separate several with commas.")
    # Words that only repeat the name say nothing.
    if text and text.lower() != shown_name.lower():
        field["description"] = text
    if example is not None and kind in ("json", "string"):
        sample = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
        if len(sample) <= _LONGEST_PLACEHOLDER and "\n" not in sample:
            field["placeholder"] = f"e.g. {sample}"
    return field


def _limits(schema: Mapping[str, Any]) -> dict[str, Any]:
    names = {"minimum": "minValue", "maximum": "maxValue"}
    bounds = {names[key]: schema[key] for key in names if key in schema}
    return bounds | ({"numberPrecision": 0} if schema["type"] == "integer" else {})


def _default(schema: Mapping[str, Any], kind: str) -> Any:  # noqa: ANN401 - any JSON value
    given = schema.get("default")
    if kind == "json":
        # n8n's editor marks an empty text as a mistake.
        return json.dumps(given or ([] if schema["type"] == "array" else {}), ensure_ascii=False)
    if kind == "multiOptions":
        return given if isinstance(given, list) else []
    if schema["type"] == "array":
        return ", ".join(str(item) for item in given) if isinstance(given, list) else ""
    if given is not None:
        return given
    if kind == "options":
        return schema["enum"][0]
    return {"boolean": False, "number": schema.get("minimum", 0)}.get(kind, "")


def _example(action: ActionManifest, name: str) -> object:
    return action.example.input.get(name) if action.example else None


def _list_of_records(action: ActionManifest) -> str | None:
    """The one field of the output that is a list of objects; None if there is none, or more than one."""
    schema = action.output_schema
    whole = inline(schema, {**schema.get("definitions", {}), **schema.get("$defs", {})})
    found = []
    for name, part in whole.get("properties", {}).items():
        choices = [part, *part.get("anyOf", ()), *part.get("oneOf", ())] if isinstance(part, dict) else []
        lists = [choice for choice in choices if isinstance(choice, dict) and choice.get("type") == "array"]
        if any(json_types(choice.get("items", True), whole) == {"object"} for choice in lists):
            found.append(name)
    return found[0] if len(found) == 1 else None
