"""Walks JSON Schemas (draft 2020-12), says which types they admit, and rewrites them for simple readers and people."""

import json
from collections.abc import Iterable, Iterator, Mapping
from math import floor
from typing import Any

__all__ = [
    "EVERY_TYPE",
    "inline",
    "json_types",
    "outline",
    "read_strict",
    "read_value",
    "resolve",
    "simplify",
    "strict",
    "subschemas",
    "type_of",
    "type_summary",
]

EVERY_TYPE = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

_LONGEST_CHAIN = 12
_DEEPEST = 8
_DEFINITIONS = ("#/$defs/", "#/definitions/")
_ASIDE = ("$defs", "definitions")
_MAPS = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
#: What a simplified schema keeps of a parameter, besides its type, choices and default.
_KEPT = ("description", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


def resolve(schema: Any, root: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a schema may be true or false
    """The schema with its reference, if it is one, replaced by what it refers to anywhere in the document.

    Keywords beside a reference win over those of what it refers to.

    Raises:
        LookupError: The reference leads nowhere, out of the document, or in a circle.
    """
    for _ in range(_LONGEST_CHAIN):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            return schema
        target = _look_up(str(schema["$ref"]), root)
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        if target is True and beside:
            target = {}
        schema = {**target, **beside} if isinstance(target, Mapping) else target
    raise LookupError("the reference goes round in circles")


def _look_up(reference: str, root: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    # Imported here: most schemas of actions have no reference, and 20 ms of `--help` would go to it.
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415

    if not reference.startswith("#"):
        raise LookupError(f"{reference} is no reference into the same document")
    registry: Registry[Any] = Registry().with_resource("", DRAFT202012.create_resource(dict(root)))
    try:
        found = registry.resolver().lookup(reference).contents
    except (Unresolvable, LookupError, TypeError, ValueError) as error:
        raise LookupError(f"{reference} leads nowhere") from error
    if not isinstance(found, Mapping | bool):
        raise LookupError(f"{reference} leads to no schema")  # noqa: TRY004 - callers expect one kind of error
    return found


def type_of(value: object) -> str:
    """The name of the JSON type of a value that was parsed from JSON."""
    if value is None:
        return "null"
    # A boolean is an integer to Python, so it comes first.
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"


def json_types(schema: object, root: Mapping[str, Any]) -> frozenset[str]:
    """The names of the JSON types that a schema admits; all of them where it does not say.

    Args:
        schema: The schema, or a part of one.
        root: The document that its references are in. One that cannot be followed says nothing of the type.
    """
    types: set[str] = set()
    pending, seen = [schema], set[int]()
    while pending:
        choice = pending.pop()
        # A union may contain itself. What it contains stays alive in the document, so that no id is used twice.
        if id(choice) in seen:
            continue
        seen.add(id(choice))
        try:
            choice = resolve(choice, root)
        except LookupError:
            return EVERY_TYPE
        if not isinstance(choice, Mapping):
            return EVERY_TYPE
        if "type" in choice:
            named = choice["type"]
            types.update([named] if isinstance(named, str) else named)
        elif "enum" in choice or "const" in choice:
            types.update(type_of(value) for value in choice.get("enum", [choice.get("const")]))
        elif "anyOf" in choice or "oneOf" in choice:
            pending.extend(choice["anyOf"] if "anyOf" in choice else choice["oneOf"])
        else:
            return EVERY_TYPE
    return frozenset(types) or EVERY_TYPE


def read_value(text: str, schema: object, root: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value that a text from a command line spells, where the schema admits its type; otherwise the text.

    Args:
        text: Such as `5` or `{"a": 1}`. What spells a JSON string stays as it is, quotes included.
        schema: The schema, or a part of one.
        root: The document that its references are in.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text
    admitted, kind = json_types(schema, root), type_of(value)
    if kind == "string":
        return text
    numeric = kind in ("integer", "number") and not admitted.isdisjoint(("integer", "number"))
    return value if kind in admitted or numeric else text


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON value")


def subschemas(schema: object, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and every schema inside it, each with its place; references are not followed."""
    if not isinstance(schema, dict):
        return
    yield place, schema
    for key in _MAPS:
        inner = schema.get(key)
        for name, value in inner.items() if isinstance(inner, dict) else ():
            yield from subschemas(value, f"{place}.{name}")
    for key in _LISTS:
        choices = schema.get(key)
        for number, value in enumerate(choices if isinstance(choices, list) else ()):
            yield from subschemas(value, f"{place}.{key}[{number}]")
    for key in _SINGLE:
        yield from subschemas(schema.get(key), f"{place}.{key}")


def inline(schema: Any, definitions: Mapping[str, Any], *, within: frozenset[str] = frozenset()) -> Any:  # noqa: ANN401
    """The schema, or a part of one, with every reference replaced by what it refers to.

    A definition that contains itself is cut where it would begin again, which leaves `{}`: any value.

    Args:
        schema: Anything that stands in a JSON Schema.
        definitions: Its `$defs`.
        within: The definitions that are being replaced already.
    """
    if isinstance(schema, list):
        return [inline(item, definitions, within=within) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    own = {name: inline(value, definitions, within=within) for name, value in schema.items() if name != "$ref"}
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        # A property may itself be called `$ref`.
        return own if reference is None else own | {"$ref": inline(reference, definitions, within=within)}
    name = next((reference.removeprefix(prefix) for prefix in _DEFINITIONS if reference.startswith(prefix)), reference)
    if name in within or name not in definitions:
        return own
    target = inline(definitions[name], definitions, within=within | {name})
    # What stands beside a reference wins over what it refers to.
    return target | own if isinstance(target, dict) else own or target


def _inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    definitions = {**schema.get("definitions", {}), **schema.get("$defs", {})}
    whole: dict[str, Any] = inline({key: value for key, value in schema.items() if key not in _ASIDE}, definitions)
    return whole


def simplify(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object as readers take it that know little of JSON Schema, such as those of model providers.

    Every parameter, and every item of an array, has one plain `type`. There is no reference, no union, no keyword of
    our own and no `additionalProperties`. Of a union, the first choice that is not null is left; where any value fits,
    `object`. Validation uses the original schema, which still admits the other choices.

    Args:
        schema: A whole schema, with its `$defs`.
    """
    whole = _simplified(_inlined(schema))
    whole.pop("description", None)
    whole.setdefault("properties", {})
    for name, value in whole["properties"].items():
        # Some readers take no parameter without one.
        value.setdefault("description", f"{name.replace('_', ' ').capitalize()}.")
    return whole


def _simplified(schema: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema may be true or false
    chosen = _one_choice(schema if isinstance(schema, Mapping) else {})
    kind = _one_type(chosen)
    simple: dict[str, Any] = {"type": kind}
    simple |= {key: chosen[key] for key in _KEPT if key in chosen}
    if "enum" in chosen or "const" in chosen:
        values = [value for value in chosen.get("enum", [chosen.get("const")]) if _is_of(value, kind)]
        simple["enum"] = values
    if chosen.get("default") is not None and _is_of(chosen["default"], kind):
        simple["default"] = chosen["default"]
    if kind == "array":
        simple["items"] = _simplified(chosen.get("items", {}))
    elif kind == "object" and chosen.get("properties"):
        simple["properties"] = {name: _simplified(value) for name, value in chosen["properties"].items()}
        if chosen.get("required"):
            simple["required"] = list(chosen["required"])
    return simple | _inclusive_bounds(chosen, kind)


def _one_choice(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with its unions replaced by their first choice that is not null; its own keywords win."""
    merged = dict(schema)
    for part in merged.pop("allOf", ()):
        merged = {**(_one_choice(part) if isinstance(part, Mapping) else {}), **merged}
    for union in ("anyOf", "oneOf"):
        choices = [choice for choice in merged.pop(union, ()) if isinstance(choice, Mapping)]
        choices = [
            choice for choice in choices if choice.get("type") != "null" and choice.get("const", ...) is not None
        ]
        if choices and all("const" in choice for choice in choices):
            merged = {"enum": [choice["const"] for choice in choices], **merged}
        elif choices:
            merged = {**_one_choice(choices[0]), **merged}
    return merged


def _one_type(schema: Mapping[str, Any]) -> str:
    named = schema.get("type", ())
    values = schema.get("enum", [schema["const"]] if "const" in schema else ())
    implied = [kind for key, kind in (("properties", "object"), ("items", "array")) if key in schema]
    kinds = [named] if isinstance(named, str) else [*named, *(type_of(value) for value in values), *implied]
    return next((kind for kind in kinds if kind != "null"), "object")


def _is_of(value: object, kind: str) -> bool:
    return type_of(value) == kind or (kind == "number" and type_of(value) == "integer")


def _inclusive_bounds(schema: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Exclusive bounds as inclusive ones, which more readers know; for numbers that are not whole, as the nearest."""
    bounds = {}
    for exclusive, inclusive, step in (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)):
        bound = schema.get(exclusive)
        if isinstance(bound, int | float) and not isinstance(bound, bool) and inclusive not in schema:
            bounds[inclusive] = floor(bound) + step if kind == "integer" and bound == floor(bound) else bound
    return bounds


def strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A simplified schema in the form that OpenAI's strict mode takes.

    Every property is required, an optional one may be null, and no object is open: an object whose keys are not known
    becomes JSON as text, and so does a list of such objects. `read_strict` reads what a model sends for it.

    Args:
        schema: What `simplify` returns.
    """
    if schema["type"] == "array":
        return {**schema, "items": strict(schema["items"])}
    if schema["type"] != "object":
        return dict(schema)
    required = schema.get("required", ())
    properties = {
        name: _strict_property(value, optional=name not in required)
        for name, value in schema.get("properties", {}).items()
    }
    rest = {key: value for key, value in schema.items() if key != "default"}
    return {**rest, "properties": properties, "required": list(properties), "additionalProperties": False}


def _strict_property(schema: Mapping[str, Any], *, optional: bool) -> dict[str, Any]:
    description = str(schema.get("description", ""))
    if _is_open(schema):
        what = "a JSON list" if schema["type"] == "array" else "a JSON object"
        form: dict[str, Any] = {"type": "string", "description": f"{description} Write {what} as text.".strip()}
    else:
        form = strict(schema)
        default = form.pop("default", None)
        if default is not None:
            form["description"] = f"{description} Null means {json.dumps(default)}.".strip()
        for key in ("minLength", "maxLength"):
            form.pop(key, None)
    if optional:
        form["type"] = [form["type"], "null"]
        if "enum" in form:
            form["enum"] = [*form["enum"], None]
    return form


def _is_open(schema: Mapping[str, Any]) -> bool:
    """Whether it is an object whose keys are not known, or a list of such."""
    if schema["type"] == "array":
        return _is_open(schema["items"])
    return bool(schema["type"] == "object") and not schema.get("properties")


def read_strict(value: Any, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """What a model sent for the strict form of a schema, as the schema itself takes it.

    A null for an optional property means that it was left out. Text for an open object is decoded; text that is not
    JSON stays as it is, for validation to refuse.

    Args:
        value: What was sent.
        schema: What `simplify` returned.
    """
    if isinstance(value, str) and _is_open(schema):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, list) and schema["type"] == "array":
        return [read_strict(item, schema["items"]) for item in value]
    if not isinstance(value, Mapping):
        return value
    known, required = schema.get("properties", {}), schema.get("required", ())
    return {
        name: read_strict(given, known[name]) if name in known else given
        for name, given in value.items()
        if given is not None or name in required or name not in known
    }


def outline(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an object with their types, without what is inside them: an output schema in a few words."""
    whole = _inlined(schema)
    properties = {name: _outlined(value) for name, value in whole.get("properties", {}).items()}
    required = list(whole.get("required", ()))
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _outlined(schema: Any) -> dict[str, Any]:  # noqa: ANN401 - a schema may be true or false
    kinds = json_types(schema, {})
    if kinds == EVERY_TYPE:
        return {}
    # `number` includes whole numbers.
    named = sorted(kinds - {"integer"} if "number" in kinds else kinds, key=lambda kind: (kind == "null", kind))
    form: dict[str, Any] = {"type": named[0] if len(named) == 1 else named}
    if named[0] == "array":
        items = json_types(_one_choice(schema).get("items", True), {})
        form |= {"items": {"type": next(iter(items))}} if len(items) == 1 else {}
    return form


def type_summary(schema: object, root: Mapping[str, Any], depth: int = 0) -> str:
    """A schema's type in a few words, such as `string`, `integer 1..200` or `array of objects`.

    Args:
        schema: The schema, or a part of one.
        root: The document that its references are in. One that cannot be followed says nothing of the type.
        depth: How many references, unions and lists were entered; beyond a few, a schema goes round in circles.
    """
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return "any"
    if "$ref" in schema:
        try:
            return type_summary(resolve(schema, root), root, depth + 1)
        except LookupError:
            return "any"
    if "enum" in schema:
        return _join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return _join(type_summary(choice, root, depth + 1) for choice in schema[union])
    named = schema.get("type", "any")
    if named == "array":
        return f"array of {_plural(type_summary(schema.get('items', True), root, depth + 1))}"
    return (named if isinstance(named, str) else _join(named)) + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return ""
    return f" {'' if least is None else least}..{'' if most is None else most}"


def _plural(name: str) -> str:
    return f"{name}s" if name.isalpha() and name != "any" else "any type" if name == "any" else f"({name})"


def _join(names: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(names))
