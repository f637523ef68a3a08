"""What an empty field of a form is, and what it means for an optional parameter."""

from typing import Any

import pytest
from pydantic import Field, ValidationError

from modulex_mem0.contract import NULLABLE, ActionInput, is_blank


class Lenient(ActionInput):
    """An input whose caller may be a form."""

    blank_is_absent = True

    name: str
    limit: int = 10
    share: bool = False
    tags: list[str] | None = None
    extra: dict[str, Any] = Field(default_factory=lambda: {"a": 1})
    until: str | None = Field(default="never", json_schema_extra=NULLABLE)


class Strict(ActionInput):
    """An input that says nothing about blanks."""

    text: str = "default"
    tags: list[str] = Field(default_factory=lambda: ["default"])


BLANKS = [
    "",
    " ",
    "\t\n",
    {},
    [],
    (),
    "{}",
    "[]",
    '""',
    ' "{}" ',
    [""],
    [None, " "],
    "{ }",
    " [\n] ",
    '[""]',
    '[ null, " " ]',
]


@pytest.mark.parametrize("blank", BLANKS, ids=repr)
def test_a_blank_for_an_optional_parameter_is_left_out_where_declared(blank: Any) -> None:
    assert is_blank(blank)
    names = ("limit", "share", "tags", "extra", "until")
    assert Lenient.model_validate({"name": "x", **dict.fromkeys(names, blank)}) == Lenient(name="x")


@pytest.mark.parametrize("blank", BLANKS, ids=repr)
def test_a_blank_stays_where_nothing_is_declared(blank: Any) -> None:
    for name in ("text", "tags"):
        try:
            read = getattr(Strict.model_validate({name: blank}), name)
        except ValidationError:
            continue
        assert list(read) == list(blank)


@pytest.mark.parametrize(
    "value",
    [
        "x",
        " x ",
        "X",
        "0",
        "{x}",
        "null",
        "{{}}",
        "[[]]",
        "[0]",
        '["x"]',
        '{"": ""}',
        "{",
        0,
        0.0,
        False,
        {"a": ""},
        [0],
        ["x", ""],
        [[]],
        b"",
    ],
)
def test_what_says_something_is_no_blank(value: object) -> None:
    assert not is_blank(value)


def test_required_unknown_and_nullable_parameters_are_as_before() -> None:
    assert Lenient(name="").name == ""
    assert Lenient.model_validate({"name": "x", "until": None}).until is None
    with pytest.raises(ValidationError, match="Extra inputs"):
        Lenient.model_validate({"name": "x", "nmae": ""})
