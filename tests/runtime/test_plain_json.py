"""An output that is proven to be plain JSON leaves as it is, and one that is not is made by its model."""

import enum
import json
from collections import OrderedDict
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, PlainSerializer, computed_field, with_config
from typing_extensions import TypedDict

from modulex_mem0.contract import ActionOutput
from modulex_mem0.runtime.plain_json import is_plain, plain_output

pytest.importorskip("jsonschema_rs", reason="the extra `fast` is not installed")


@with_config(extra="forbid")
class Row(TypedDict):
    name: str | None
    tags: list[str]
    free: dict[str, Any] | None


class Rows(ActionOutput):
    rows: list[Row] = Field(default_factory=list)
    total: int | None = None
    share: Annotated[float | None, Field(ge=0, le=1)] = None
    anything: Any = None


_proven = plain_output(Rows)
assert _proven is not None
proven = _proven


class Colour(enum.Enum):
    RED = "red"


class Word(str):
    __slots__ = ()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)
_NOT_JSON = st.sampled_from(
    [(1, 2), Colour.RED, Decimal(1), Word("x"), OrderedDict(a=1), b"x", {1}, float("nan"), {1: 2}]
)


def made(**fields: Any) -> Rows:
    return Rows.model_construct(success=True, error=None, **fields)


@given(_JSON)
def test_plain_json_leaves_as_it_is(value: Any) -> None:
    row = {"name": None, "tags": ["a"], "free": {"value": value}}
    instance = made(rows=[row], total=1, anything=value)
    output = proven(instance)
    assert output == instance.model_dump(mode="json")
    assert output["rows"][0] is row
    json.dumps(output, allow_nan=False)


@given(_NOT_JSON, st.sampled_from(["anything", "free", "deep", "tags"]))
def test_anything_else_does_not(value: Any, place: str) -> None:
    row: dict[str, Any] = {"name": None, "tags": [], "free": None}
    if place == "anything":
        instance = made(anything=value)
    else:
        row |= {"tags": value} if place == "tags" else {"free": {"a": value if place == "free" else [[{"b": value}]]}}
        instance = made(rows=[row])
    assert proven(instance) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"total": "3"},
        {"share": 2.0},
        {"rows": [{"name": None, "tags": []}]},
        {"rows": [{"name": None, "tags": [], "free": None, "more": 1}]},
        {"rows": [{"name": 1, "tags": [], "free": None}]},
        {"rows": None},
    ],
)
def test_what_the_schema_does_not_allow_does_not(fields: dict[str, Any]) -> None:
    assert proven(made(**fields)) is None


def test_a_value_that_contains_itself_is_not_plain() -> None:
    value: dict[str, Any] = {}
    value["again"] = [value]
    assert not is_plain(value)


def test_more_lists_than_a_million_are_left_to_the_model() -> None:
    assert is_plain({"rows": [[]] * 1_000_000})
    assert not is_plain({"rows": [[]] * 1_000_001})


def test_what_an_open_model_does_not_declare_is_left_out() -> None:
    class Loose(BaseModel):
        success: bool
        anything: Any = None

    instance = Loose.model_validate({"success": True, "anything": [1], "more": 1})
    instance.__dict__["another"] = 2
    proven = plain_output(Loose)
    assert proven is not None
    assert proven(instance) == {"success": True, "anything": [1]}


def test_a_model_that_writes_something_else_than_it_holds_makes_its_outputs() -> None:
    class Shouting(ActionOutput):
        text: Annotated[str, PlainSerializer(str.upper)] = ""

    class Renamed(ActionOutput):
        text: str = Field(default="", serialization_alias="other")

    class Computed(ActionOutput):
        @computed_field
        def more(self) -> int:
            return 1

    class Open(ActionOutput, extra="allow"):
        text: str = ""

    class Days(ActionOutput):
        at: Colour = Colour.RED

    assert [plain_output(model) for model in (Shouting, Renamed, Computed, Open, Days)] == [None] * 5
