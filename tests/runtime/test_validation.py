"""What a caller passes is checked, and a refusal says which field and how to mend it."""

from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field, model_validator

from modulex_mem0.contract import NULLABLE, ActionInput, ActionOutput, Context, ErrorCode, action
from modulex_mem0.runtime import Runtime
from tests.helpers.calls import call, failure
from tests.helpers.tiny_integration import KEY, plugin


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


def _broken(value: str) -> str:
    if value == "boom":
        raise KeyError(value)
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
    expires: str | None = Field(default="never", json_schema_extra=NULLABLE)
    fragile: Annotated[str, AfterValidator(_broken)] = ""

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
async def echoing() -> AsyncIterator[Runtime]:
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
async def test_a_refusal_names_the_field_and_the_mend(echoing: Runtime, input: dict[str, Any], message: str) -> None:
    error = failure(await call(echoing, "echo", input))
    assert error.line == f"invalid_input: {message}"
    assert error.retryable is False


async def test_an_unknown_parameter_unlike_any_other_lists_them_all(echoing: Runtime) -> None:
    error = failure(await call(echoing, "echo", {"user_id": "a", "zzzzzz": 1}))
    assert all(name in error.message for name in Wide.model_fields)


@pytest.mark.parametrize("input", [None, "user_id", ["user_id"], 7, b"x"])
async def test_an_input_that_is_no_mapping_is_refused(echoing: Runtime, input: Any) -> None:
    result = await echoing.call("tiny", "echo", input, credential={"api_key": KEY})
    assert failure(result).line == "invalid_input: the input of echo must be an object of parameters"


async def test_any_mapping_will_do(echoing: Runtime) -> None:
    given_input: Mapping[str, Any] = MappingProxyType({"user_id": "a"})
    assert (await call(echoing, "echo", given_input)).success


@pytest.mark.parametrize("key", [1, None, ("a",), b"user_id"])
async def test_a_name_that_is_no_text_is_refused(echoing: Runtime, key: Any) -> None:
    result = await echoing.call("tiny", "echo", {"user_id": "a", key: 1}, credential={"api_key": KEY})
    assert failure(result).code is ErrorCode.INVALID_INPUT


async def test_null_is_the_same_as_leaving_out(echoing: Runtime) -> None:
    nulls = dict.fromkeys(("limit", "even", "score", "exact", "mode", "tags", "inner", "fragile"))
    left_out = (await call(echoing, "echo", {"user_id": "a"})).output["input"]
    assert (await call(echoing, "echo", {"user_id": "a"} | nulls)).output["input"] == left_out


async def test_null_reaches_a_field_that_takes_it(echoing: Runtime) -> None:
    assert (await call(echoing, "echo", {"user_id": "a"})).output["input"]["expires"] == "never"
    assert (await call(echoing, "echo", {"user_id": "a", "expires": None})).output["input"]["expires"] is None


async def test_numbers_and_truths_may_come_as_text(echoing: Runtime) -> None:
    texts = {"user_id": "a", "limit": "7", "score": "0.5", "exact": "true", "even": 4.0}
    output = (await call(echoing, "echo", texts)).output["input"]
    assert (output["limit"], output["score"], output["exact"], output["even"]) == (7, 0.5, True, 4)


@pytest.mark.parametrize("field", [*Wide.model_fields, "x" * 500])
async def test_no_more_than_a_little_is_echoed(echoing: Runtime, field: str) -> None:
    long = "secretive" * 2000
    error = failure(await call(echoing, "echo", {"limit": "x", field: long, long: 1, "tags": {"a": long}}))
    assert "secretive" * 10 not in error.message


@pytest.mark.parametrize("input", [{"user_id": "a", "fragile": "boom"}, {"user_id": "divide"}])
async def test_checks_of_the_integration_that_break_are_its_defect(echoing: Runtime, input: dict[str, Any]) -> None:
    assert failure(await call(echoing, "echo", input)).code is ErrorCode.INTERNAL


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", [5]])
async def test_a_timeout_that_is_no_time_is_refused(echoing: Runtime, timeout: Any) -> None:
    error = failure(await call(echoing, "echo", {"user_id": "a"}, timeout=timeout))
    assert (error.code, error.message[:8]) == (ErrorCode.INVALID_INPUT, "timeout:")


@pytest.mark.parametrize("timeout", [5, 5.0, float("inf")])
async def test_any_number_of_seconds_will_do(echoing: Runtime, timeout: float) -> None:
    assert (await call(echoing, "echo", {"user_id": "a"}, timeout=timeout)).success


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(input=st.dictionaries(st.sampled_from([*Wide.model_fields, "Limit", ""]) | st.text(), VALUES, max_size=5))
async def test_any_input_has_an_answer(input: dict[str, Any]) -> None:
    async with Runtime(plugins=[plugin(echo)]) as runtime:
        result = await call(runtime, "echo", input)
    assert result.success or failure(result).code in (ErrorCode.INVALID_INPUT, ErrorCode.INTERNAL)
