"""Hypothesis strategies for the values of a JSON Schema, draft 2020-12.

hypothesis-jsonschema 0.23.1, the usual library for this, reads drafts up to 7 and does not run on current hypothesis.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from modulex_mem0.contract import ActionManifest
from modulex_mem0.json_schema import json_types, resolve

__all__ = ["any_inputs", "any_json", "from_schema", "valid_inputs"]

Values = st.SearchStrategy[Any]

# JSON cannot carry a lone surrogate.
_CHARACTERS = st.characters(exclude_categories=["Cs"])
_TEXT = st.text(_CHARACTERS, max_size=40)
_MOST_ITEMS = 4
_LARGEST = 10**9


def any_json() -> Values:
    """JSON values of every kind."""
    single = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
    return st.recursive(
        single,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=8,
    )


def valid_inputs(action: ActionManifest, given: Mapping[str, Any]) -> Values:
    """Inputs that satisfy an action's schema; parameters often have the given value, so that calls get far."""
    schema = action.input_schema
    usual = {name: st.just(value) for name, value in given.items()}
    parameters = {
        name: usual[name] | from_schema(value, schema) if name in usual else from_schema(value, schema)
        for name, value in schema.get("properties", {}).items()
    }
    required = {name: parameters[name] for name in schema.get("required", ()) if name in parameters}
    optional = {name: value for name, value in parameters.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional).filter(Draft202012Validator(schema).is_valid)


def any_inputs(action: ActionManifest, given: Mapping[str, Any]) -> Values:
    """The given input with arbitrary values for some of its parameters."""
    names = list(action.input_schema.get("properties", {})) or ["none"]
    return st.dictionaries(st.sampled_from(names), any_json(), max_size=4).map(lambda wrong: {**given, **wrong})


def from_schema(schema: Any, root: Mapping[str, Any]) -> Values:  # noqa: ANN401 - a schema may be true or false
    """Values that satisfy a schema.

    Args:
        schema: The schema, or a part of one.
        root: The document that its references are in.
    """
    validator = Draft202012Validator(dict(root))
    made = _Strategies(root).values(schema)
    return made.filter(lambda value: validator.evolve(schema=schema).is_valid(value))


class _Strategies:
    """Makes strategies for the parts of one document; a definition that contains itself is made once."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._referred: dict[str, Values] = {}

    def values(self, schema: Any) -> Values:  # noqa: ANN401 - a schema may be true or false
        if schema is False:
            return st.nothing()
        if not isinstance(schema, Mapping) or not schema:
            return any_json()
        if "$ref" in schema:
            return self._reference(schema)
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return st.one_of([self.values(choice) for choice in schema[union]])
        makers = {
            "null": lambda _: st.none(),
            "boolean": lambda _: st.booleans(),
            "integer": _integers,
            "number": _numbers,
            "string": _strings,
            "array": self._arrays,
            "object": self._objects,
        }
        return st.one_of([makers[kind](schema) for kind in sorted(json_types(schema, self._root))])

    def _reference(self, schema: Mapping[str, Any]) -> Values:
        key = str(schema["$ref"])
        if key not in self._referred:
            self._referred[key] = st.deferred(lambda: self.values(resolve({"$ref": key}, self._root)))
        return self._referred[key]

    def _most_items(self, items: Any) -> int:  # noqa: ANN401 - a schema may be true or false
        """How many optional items a list gets; few where an item may hold further lists."""
        return 1 if isinstance(items, Mapping) and "$ref" in items else _MOST_ITEMS

    def _arrays(self, schema: Mapping[str, Any]) -> Values:
        first = [self.values(item) for item in schema.get("prefixItems", ())]
        least = max(0, schema.get("minItems", 0) - len(first))
        more = self._most_items(schema.get("items"))
        most = min(schema.get("maxItems", least + more) - len(first), least + more)
        rest = st.lists(self.values(schema.get("items", True)), min_size=least, max_size=max(least, most))
        if schema.get("items") is False:
            rest = st.just([])
        return st.tuples(st.tuples(*first), rest).map(lambda parts: [*parts[0], *parts[1]])

    def _objects(self, schema: Mapping[str, Any]) -> Values:
        properties = {name: self.values(value) for name, value in schema.get("properties", {}).items()}
        required = {name: properties.pop(name, any_json()) for name in schema.get("required", ())}
        named = st.fixed_dictionaries(required, optional=properties)
        others = schema.get("additionalProperties", True)
        if others is False:
            return named
        least = schema.get("minProperties", 0)
        extra = st.dictionaries(_TEXT, self.values(others), min_size=least, max_size=least + 2)
        return st.tuples(extra, named).map(lambda parts: {**parts[0], **parts[1]})


def _integers(schema: Mapping[str, Any]) -> Values:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -_LARGEST - 1) + 1)
    most = schema.get("maximum", schema.get("exclusiveMaximum", _LARGEST + 1) - 1)
    step = schema.get("multipleOf", 1)
    whole = st.integers(-(-least // step), most // step)
    return whole.map(lambda value: int(value * step))


def _numbers(schema: Mapping[str, Any]) -> Values:
    return st.floats(
        schema.get("minimum", schema.get("exclusiveMinimum", -float(_LARGEST))),
        schema.get("maximum", schema.get("exclusiveMaximum", float(_LARGEST))),
        exclude_min="exclusiveMinimum" in schema and "minimum" not in schema,
        exclude_max="exclusiveMaximum" in schema and "maximum" not in schema,
    )


def _strings(schema: Mapping[str, Any]) -> Values:
    if "pattern" in schema:
        return st.from_regex(schema["pattern"])
    formats: dict[str, Values] = {
        "date": st.dates().map(str),
        "date-time": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
        "email": st.emails(),
        "uri": st.just("https://example.com/a"),
        "uuid": st.uuids().map(str),
    }
    if schema.get("format") in formats:
        return formats[schema["format"]]
    least = schema.get("minLength", 0)
    return st.text(_CHARACTERS, min_size=least, max_size=min(schema.get("maxLength", least + 40), least + 40))
