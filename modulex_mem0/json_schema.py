"""Walks JSON Schemas (draft 2020-12), says which types they admit, and words them for people."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["EVERY_TYPE", "inline", "json_types", "read_value", "resolve", "subschemas", "type_of", "type_summary"]

EVERY_TYPE = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

_LONGEST_CHAIN = 12
_DEEPEST = 8
_DEFINITIONS = "#/$defs/"
_MAPS = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
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
    name = reference.removeprefix(_DEFINITIONS)
    if name in within or name not in definitions:
        return own
    # What stands beside a reference wins over what it refers to.
    return inline(definitions[name], definitions, within=within | {name}) | own


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
