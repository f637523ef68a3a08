"""Inputs and outputs are validated; an error says which field is wrong and how to fix it."""

import copy
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, JsonValue, model_validator

from modulex_mem0.contract import NULLABLE, Action, ActionInput, ActionOutput, Context, ErrorCode, action
from modulex_mem0.runtime import BrokenIntegrationError, Runtime, RuntimeSettings
from tests.helpers.calls import call, failure
from tests.helpers.tiny_integration import KEY, plugin


def _values(*more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values that a caller may pass for a parameter."""
    return st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), *more),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


def _broken(value: str) -> str:
    if value == "boom":
        raise KeyError(value)
    return value


class _Framework:
    """An object as a framework has it, which an input model may know how to read."""

    def __init__(self, labels: dict[str, Any]) -> None:
        self.labels = labels


def _read_labels(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else getattr(value, "labels", value)


def _known_labels(value: dict[str, Any]) -> dict[str, Any]:
    if unknown := value.keys() - {"colour"}:
        raise ValueError(f"{min(unknown)} is not a label")
    return value


class Inner(ActionInput):
    name: str
    size: int = 1


class Wide(ActionInput):
    """Parameters of many kinds."""

    user_id: str
    limit: int = Field(default=10, ge=1, le=100)
    even: Annotated[int, AfterValidator(_even)] = 2
    score: float | None = None
    exact: bool = False
    mode: Literal["fast", "slow"] = "fast"
    tags: list[str] = Field(default_factory=list)
    inner: Inner | None = None
    extent: JsonValue = None
    expires: str | None = Field(default="never", json_schema_extra=NULLABLE)
    fragile: Annotated[str, AfterValidator(_broken)] = ""
    labels: Annotated[dict[str, Any], BeforeValidator(_read_labels), AfterValidator(_known_labels)] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _not_both(self) -> "Wide":
        if self.exact and self.tags:
            raise ValueError("give tags or exact, not both")
        return self


class Echo(ActionOutput):
    """What arrived."""

    input: dict[str, Any] | None = None


@action(title="Echo", read_only=True, extra_timeout=lambda asked: 1 / 0 if asked.user_id == "divide" else 0.0)
async def echo(context: Context, input: Wide) -> Echo:
    """Give back the input."""
    return Echo(success=True, input=input.model_dump())


@pytest.fixture
async def model_runtime() -> AsyncIterator[Runtime]:
    async with Runtime(plugins=[plugin(echo)]) as runtime:
        yield runtime


REFUSED: list[tuple[dict[Any, Any], str]] = [
    ({}, "user_id: is required"),
    ({"user_id": None}, "user_id: must be text, got None"),
    ({"user_id": 7}, "user_id: must be text, got 7"),
    ({"user_id": ["a"]}, "user_id: must be text, got a value of type list"),
    ({"user_id": "a", "limit": "many"}, "limit: must be a whole number, got 'many'"),
    ({"user_id": "a", "limit": 2.5}, "limit: must be a whole number, got 2.5"),
    ({"user_id": "a", "limit": 101}, "limit: must be less than or equal to 100, got 101"),
    ({"user_id": "a", "limit": 10**5000}, "limit: must be less than or equal to 100, got a huge number"),
    ({"user_id": "a", "even": 3}, "even: must be even"),
    ({"user_id": "a", "exact": "maybe"}, "exact: must be true or false, got 'maybe'"),
    ({"user_id": "a", "mode": "medium"}, "mode: must be 'fast' or 'slow', got 'medium'"),
    ({"user_id": "a", "tags": "one"}, "tags: must be a list, got 'one'"),
    ({"user_id": "a", "tags": ["x", 1]}, "tags[1]: must be text, got 1"),
    ({"user_id": "a", "inner": {}}, "inner.name: is required"),
    ({"user_id": "a", "inner": {"name": "b", "sise": 2}}, "inner.sise: is not a field"),
    ({"user_id": "a", "exact": True, "tags": ["x"]}, "give tags or exact, not both"),
    ({"user_id": "a", "lim": 5}, "lim: is not a parameter of echo; did you mean 'limit'?"),
    ({"userid": "a"}, "user_id: is required; userid: is not a parameter of echo; did you mean 'user_id'?"),
]


@pytest.mark.parametrize(("input", "message"), REFUSED)
async def test_an_error_names_the_field_and_the_fix(
    model_runtime: Runtime, input: dict[str, Any], message: str
) -> None:
    error = failure(await call(model_runtime, "echo", input))
    assert error.line == f"invalid_input: {message}"
    assert error.retryable is False


async def test_an_unknown_parameter_unlike_any_other_lists_them_all(model_runtime: Runtime) -> None:
    error = failure(await call(model_runtime, "echo", {"user_id": "a", "zzzzzz": 1}))
    assert all(name in error.message for name in Wide.model_fields)


@pytest.mark.parametrize("input", [None, "user_id", ["user_id"], 7, b"x"])
async def test_an_input_that_is_not_a_mapping_is_refused(model_runtime: Runtime, input: Any) -> None:
    result = await model_runtime.call("tiny", "echo", input, credential={"api_key": KEY})
    assert failure(result).line == "invalid_input: the input of echo must be an object of parameters"


async def test_any_mapping_is_accepted(model_runtime: Runtime) -> None:
    given_input: Mapping[str, Any] = MappingProxyType({"user_id": "a"})
    assert (await call(model_runtime, "echo", given_input)).success


class _Unreadable(Mapping[str, Any]):
    """A mapping that is read over a network, for example."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getitem__(self, key: str) -> Any:
        raise self._error

    def __iter__(self) -> Iterator[str]:
        return iter(["user_id"])

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize("error", [ConnectionError("it is down"), SystemExit(3)], ids=repr)
async def test_an_input_that_cannot_be_read_is_refused(model_runtime: Runtime, error: BaseException) -> None:
    refused = failure(await call(model_runtime, "echo", _Unreadable(error)))
    assert refused.line == f"invalid_input: the input cannot be read: {type(error).__name__}: {error}"


async def test_an_error_far_inside_of_a_parameter_names_the_parameter_alone() -> None:
    class Tree(ActionInput):
        branches: "list[Tree]" = Field(default_factory=list)

    @action(title="Climb")
    async def climb(context: Context, input: Tree) -> ActionOutput:
        """Climb a tree."""
        return ActionOutput(success=True)

    def tree(depth: int) -> dict[str, Any]:
        return {"branches": [tree(depth - 1)] if depth else "none"}

    async with Runtime(plugins=[plugin(climb)]) as runtime:
        near = failure(await call(runtime, "climb", tree(2)))
        far = failure(await call(runtime, "climb", tree(50)))
    assert near.line == "invalid_input: branches[0].branches[0].branches: must be a list, got 'none'"
    assert far.line == "invalid_input: branches: must be a list, got 'none'"


@pytest.mark.parametrize("key", [1, None, ("a",), b"user_id"])
async def test_a_parameter_name_that_is_not_text_is_refused(model_runtime: Runtime, key: Any) -> None:
    result = await model_runtime.call("tiny", "echo", {"user_id": "a", key: 1}, credential={"api_key": KEY})
    assert failure(result).code is ErrorCode.INVALID_INPUT


HALF = "holds half of a character (a lone surrogate), which is no text"


@pytest.mark.parametrize(
    ("input", "reason"),
    [
        ({"user_id": "a", "labels": {"k\ud800": 1}}, f"labels: {HALF}"),
        ({"user_id": "a", "labels": '{"k\\ud800": 1}'}, f"labels: {HALF}"),
        ({"user_id": "a", "labels": _Framework({"k\ud800": 1})}, f"the input: {HALF}"),
        ({"user_id": "a", "labels": '{"colour": ["\\udfff"]}'}, f"labels: {HALF}"),
        ({"user_id": "a", "labels": _Framework({"colour": "\ud800"})}, f"labels: {HALF}"),
        ({"user_id": "a\udc00"}, f"user_id: {HALF}"),
        ({"user_id": "a", "tags": ["ü", "a\ud83d"]}, f"tags: {HALF}"),
        ({"user_id": "a", "inner": {"name": "a\ud83d"}}, f"inner: {HALF}"),
        ({"user_id": "a", "limit": "\ud800"}, "limit: must be text without half of a character"),
        ({"user_id": "a", "k\ud800": 1}, "must be text without half of a character"),
    ],
)
async def test_half_of_a_character_is_refused_with_the_parameter_that_holds_it(
    model_runtime: Runtime, input: dict[str, Any], reason: str
) -> None:
    error = failure(await call(model_runtime, "echo", input))
    assert error.line.startswith(f"invalid_input: {reason}")


@pytest.mark.parametrize(
    ("input", "reason"),
    [
        ({"score": "inf"}, "score: must be a finite number, got 'inf'"),
        ({"extent": {"sizes": [1.5, float("-inf")]}}, "extent: holds -inf, which JSON does not have"),
        ({"extent": float("nan")}, "extent: holds nan, which JSON does not have"),
    ],
)
async def test_a_number_that_json_does_not_have_is_refused(
    model_runtime: Runtime, input: dict[str, Any], reason: str
) -> None:
    assert failure(await call(model_runtime, "echo", {"user_id": "a", **input})).line == f"invalid_input: {reason}"


async def test_what_is_nested_too_deeply_is_refused_in_plain_words(model_runtime: Runtime) -> None:
    extent: Any = 1
    for _ in range(500):
        extent = [extent]
    error = failure(await call(model_runtime, "echo", {"user_id": "a", "extent": extent}))
    assert error.line == "invalid_input: extent: must not be nested so deeply, got a value of type list"


async def test_whole_characters_of_any_kind_are_taken(model_runtime: Runtime) -> None:
    text = "ü 張 \N{GRINNING FACE} \x00"
    given: dict[str, Any] = {"user_id": text, "tags": [text], "labels": {"colour": {text: text}}}
    output = (await call(model_runtime, "echo", given)).output["input"]
    assert {name: output[name] for name in given} == given


@pytest.mark.parametrize("as_text", [True, False])
async def test_the_limit_on_values_holds_for_json_in_a_text_too(*, as_text: bool) -> None:
    labels: dict[str, Any] = {"colour": [[1, 2], [3, 4]]}
    settings = RuntimeSettings(max_input_values=6)
    async with Runtime(settings, plugins=[plugin(echo)]) as runtime:
        result = await call(runtime, "echo", {"user_id": "a", "labels": json.dumps(labels) if as_text else labels})
        labels["colour"].pop()
        assert (await call(runtime, "echo", {"user_id": "a", "labels": labels})).success
    assert failure(result).line == "invalid_input: labels: holds more than 6 values"


async def test_null_is_the_same_as_leaving_out(model_runtime: Runtime) -> None:
    nulls = dict.fromkeys(("limit", "even", "score", "exact", "mode", "tags", "inner", "fragile"))
    left_out = (await call(model_runtime, "echo", {"user_id": "a"})).output["input"]
    assert (await call(model_runtime, "echo", {"user_id": "a"} | nulls)).output["input"] == left_out


async def test_null_reaches_a_field_that_takes_it(model_runtime: Runtime) -> None:
    assert (await call(model_runtime, "echo", {"user_id": "a"})).output["input"]["expires"] == "never"
    assert (await call(model_runtime, "echo", {"user_id": "a", "expires": None})).output["input"]["expires"] is None


async def test_numbers_and_booleans_may_be_text(model_runtime: Runtime) -> None:
    texts = {"user_id": "a", "limit": "7", "score": "0.5", "exact": "true", "even": 4.0}
    output = (await call(model_runtime, "echo", texts)).output["input"]
    assert (output["limit"], output["score"], output["exact"], output["even"]) == (7, 0.5, True, 4)


@pytest.mark.parametrize("field", [*Wide.model_fields, "x" * 500])
async def test_no_more_than_a_little_is_echoed(model_runtime: Runtime, field: str) -> None:
    long = "secretive" * 2000
    error = failure(await call(model_runtime, "echo", {"limit": "x", field: long, long: 1, "tags": {"a": long}}))
    assert "secretive" * 10 not in error.message


@pytest.mark.parametrize("input", [{"user_id": "a", "fragile": "boom"}, {"user_id": "divide"}])
async def test_a_validator_that_fails_is_a_defect(model_runtime: Runtime, input: dict[str, Any]) -> None:
    assert failure(await call(model_runtime, "echo", input)).code is ErrorCode.INTERNAL


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", [5]])
async def test_an_invalid_timeout_is_refused(model_runtime: Runtime, timeout: Any) -> None:
    error = failure(await call(model_runtime, "echo", {"user_id": "a"}, timeout=timeout))
    assert (error.code, error.message[:8]) == (ErrorCode.INVALID_INPUT, "timeout:")


@pytest.mark.parametrize("timeout", [5, 5.0, float("inf")])
async def test_any_positive_timeout_is_accepted(model_runtime: Runtime, timeout: float) -> None:
    assert (await call(model_runtime, "echo", {"user_id": "a"}, timeout=timeout)).success


@given(
    input=st.dictionaries(
        st.sampled_from([*Wide.model_fields, "Limit", ""]) | st.text(), _values(st.complex_numbers()), max_size=5
    )
)
async def test_any_input_has_an_answer(input: dict[str, Any]) -> None:
    async with Runtime(plugins=[plugin(echo)]) as runtime:
        result = await call(runtime, "echo", input)
    assert result.success or failure(result).code in (ErrorCode.INVALID_INPUT, ErrorCode.INTERNAL)


INPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "user_id": {"type": "string", "minLength": 1},
        "limit": {"type": "integer", "minimum": 1, "default": 10},
        "tags": {"type": "array", "items": {"type": "string"}, "default": []},
        "expires": {"type": ["string", "null"]},
        "inner": {"$ref": "#/$defs/Inner"},
    },
    "required": ["user_id"],
    "additionalProperties": False,
    "$defs": {"Inner": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}},
}

OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "success": {"type": "boolean"},
        "error": {"type": ["string", "null"], "default": None},
        "input": {"type": ["object", "null"], "default": None},
        "when": {"type": "string"},
    },
    "required": ["success"],
    "additionalProperties": False,
}


async def _echo_dict(context: Context, input: dict[str, Any]) -> dict[str, Any]:
    seen = copy.deepcopy(input)
    # A handler may use its input as it likes.
    input["tags"].append("used")
    return {"success": True, "input": seen}


def _schema_action(**changes: Any) -> Action[Any, Any]:
    declared: dict[str, Any] = {
        "name": "echo",
        "title": "Echo",
        "description": "Gives back the input.",
        "input": INPUT_SCHEMA,
        "output": OUTPUT_SCHEMA,
        "handler": _echo_dict,
    }
    return Action(**(declared | changes))


@pytest.fixture
async def schema_runtime() -> AsyncIterator[Runtime]:
    async with Runtime(plugins=[plugin(_schema_action())]) as runtime:
        yield runtime


async def test_defaults_are_filled_in_and_fresh_for_each_call(schema_runtime: Runtime) -> None:
    for _ in range(2):
        result = await call(schema_runtime, "echo", {"user_id": "a"})
        assert result.output == {"success": True, "error": None, "input": {"user_id": "a", "limit": 10, "tags": []}}


async def test_null_is_absent_unless_the_schema_allows_it(schema_runtime: Runtime) -> None:
    given_input = {"user_id": "a", "limit": None, "tags": None, "inner": None, "expires": None}
    result = await call(schema_runtime, "echo", given_input)
    assert result.output["input"] == {"user_id": "a", "limit": 10, "tags": [], "expires": None}


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ({}, "user_id: is required"),
        ({"user_id": None}, "user_id: None is not of type 'string'"),
        ({"user_id": ""}, "user_id: '' should be non-empty"),
        ({"user_id": "a", "limit": "x"}, "limit: 'x' is not of type 'integer'"),
        ({"user_id": "a", "limit": 0}, "limit: 0 is less than the minimum of 1"),
        ({"user_id": "a", "limit": "x" * 5000}, f"limit: '{'x' * 60}'… is not of type 'integer'"),
        ({"user_id": "a", "tags": ["b", 1]}, "tags[1]: 1 is not of type 'string'"),
        ({"user_id": "a", "tags": {"b": "c"}}, "tags: a value of type dict is not of type 'array'"),
        ({"user_id": "a", "inner": {}}, "inner.a: is required"),
        ({"user_id": "a", "Limit": 1}, "Limit: is not a parameter; did you mean 'limit'?"),
    ],
)
async def test_an_error_of_a_bare_schema_names_the_property(
    schema_runtime: Runtime, input: dict[str, Any], message: str
) -> None:
    assert failure(await call(schema_runtime, "echo", input)).line == f"invalid_input: {message}"


@pytest.mark.parametrize(
    "output",
    [
        None,
        [],
        {},
        {"success": "yes"},
        {"success": True, "surprise": 1},
        {"success": True, "input": "text"},
        {"success": True, "when": object()},
        {"success": True, "input": {"a": {object()}}},
    ],
)
async def test_an_output_that_does_not_fit_its_schema_is_a_defect(output: Any) -> None:
    async def handler(context: Context, input: dict[str, Any]) -> Any:
        return output

    async with Runtime(plugins=[plugin(_schema_action(handler=handler))]) as runtime:
        assert failure(await call(runtime, "echo", {"user_id": "a"})).code is ErrorCode.INTERNAL


async def test_an_output_is_made_ready_for_json() -> None:
    async def handler(context: Context, input: dict[str, Any]) -> dict[str, Any]:
        when = datetime(2026, 1, 2, tzinfo=UTC)
        return {"success": True, "when": when, "input": {"a": ("b",), "n": [float("nan")]}}

    async with Runtime(plugins=[plugin(_schema_action(handler=handler))]) as runtime:
        output = (await call(runtime, "echo", {"user_id": "a"})).output
    assert (output["when"], output["input"]) == ("2026-01-02T00:00:00Z", {"a": ["b"], "n": [None]})


class Silent(BaseModel):
    """An output that has no place for an error."""

    success: bool = True


@pytest.mark.parametrize(
    "changes",
    [
        {"input": {"type": "objekt"}},
        {"output": Silent},
        {"output": {"type": "object", "properties": {"success": {"type": 7}}}},
        {"output": OUTPUT_SCHEMA | {"required": ["success", "input"]}},
        {"output": {"type": "object", "properties": {"success": {"const": True}}}},
    ],
)
async def test_schemas_that_cannot_work_are_reported_at_the_first_call(changes: dict[str, Any]) -> None:
    async with Runtime(plugins=[plugin(_schema_action(**changes))]) as runtime:
        with pytest.raises(BrokenIntegrationError, match="echo"):
            await runtime.call("tiny", "echo", {"user_id": "a"}, credential={"api_key": KEY})


@given(
    input=st.dictionaries(st.sampled_from([*INPUT_SCHEMA["properties"], "Limit"]) | st.text(), _values(), max_size=5)
)
async def test_any_input_of_a_bare_schema_has_an_answer(input: dict[str, Any]) -> None:
    async with Runtime(plugins=[plugin(_schema_action())]) as runtime:
        result = await call(runtime, "echo", {"user_id": "a"} | input)
    assert result.success or failure(result).code is ErrorCode.INVALID_INPUT


def _itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


MANY_VALUES: dict[str, Any] = {
    "list": lambda: [1] * 1_000_000,
    "lists": lambda: [[1] * 1000 for _ in range(1000)],
    "objects": lambda: [{"role": 1} for _ in range(200_000)],
    "tuple": lambda: (1,) * 1_000_000,
    "itself": _itself,
}


@pytest.mark.parametrize("kind", MANY_VALUES)
async def test_an_input_of_a_million_values_is_refused_before_each_gets_an_error(kind: str) -> None:
    class Wanted(ActionInput):
        messages: list[dict[str, str]] = Field(default_factory=list)

    @action(title="Take")
    async def take(context: Context, input: Wanted) -> ActionOutput:
        """Take messages."""
        return ActionOutput(success=True)

    async with Runtime(plugins=[plugin(take)]) as runtime:
        await call(runtime, "take", {"messages": [1]})
        value = MANY_VALUES[kind]()
        tracemalloc.start()
        try:
            error = failure(await call(runtime, "take", {"messages": value}))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert error.code is ErrorCode.INVALID_INPUT
    assert error.message.startswith("messages")
    assert peak < 20 * 1024 * 1024
