"""The input of a call: how errors in `--input` are reported, and when `-p name=value` is JSON and when it is text."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.cli.commands.call import input_object, with_parameters

SCHEMA = {
    "$defs": {
        "Tags": {"type": "array"},
        "Loop": {"$ref": "#/$defs/Loop"},
        "Json": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#/$defs/Json"}}]},
        "Again": {"anyOf": [{"$ref": "#/$defs/Again"}, {"type": "string"}]},
    },
    "definitions": {"Flag": {"type": "boolean"}},
    "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "share": {"type": "number"},
        "flag": {"type": "boolean"},
        "tags": {"$ref": "#/$defs/Tags"},
        "data": {"anyOf": [{"type": "object"}, {"type": "null"}]},
        "either": {"oneOf": [{"type": "string"}, {"type": "array"}]},
        "mode": {"enum": ["fast", "slow"]},
        "level": {"enum": [1, 2]},
        "release": {"enum": ["1", "2"]},
        "several": {"type": ["string", "null"]},
        "fixed": {"const": 1},
        "loop": {"$ref": "#/$defs/Loop"},
        "json": {"$ref": "#/$defs/Json"},
        "again": {"$ref": "#/$defs/Again"},
        "like_flag": {"$ref": "#/definitions/Flag"},
        "like_text": {"$ref": "#/properties/text"},
        "like_data": {"$ref": "#/properties/data/anyOf/0"},
        "maybe_flag": {"anyOf": [{"$ref": "#/definitions/Flag"}, {"type": "null"}]},
        "nowhere": {"$ref": "#/elsewhere/Tags"},
        "anchor": {"$ref": "#text"},
        "anything": True,
        "nothing": False,
        "untyped": {},
    },
}


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("text=123", "123"),
        ("text=true", "true"),
        ("text=null", "null"),
        ('text=["a"]', '["a"]'),
        ('text="quoted"', '"quoted"'),
        ("text=a=b", "a=b"),
        ("text=", ""),
        ("count=5", 5),
        ("count=five", "five"),
        ("count=5.5", 5.5),
        ("count=NaN", "NaN"),
        ("share=5", 5),
        ("share=0.5", 0.5),
        ("flag=true", True),
        ("flag=yes", "yes"),
        ("count=true", "true"),
        ('tags=["a", "b"]', ["a", "b"]),
        ("tags=a,b", "a,b"),
        ('data={"a": 1}', {"a": 1}),
        ("data=null", None),
        ("data=[1]", "[1]"),
        ('either=["a"]', ["a"]),
        ("either=7", "7"),
        ("mode=fast", "fast"),
        ("level=2", 2),
        ("release=2", "2"),
        ("several=null", None),
        ("fixed=1", 1),
        ("loop=[1]", [1]),
        ("json=[[7]]", [[7]]),
        ("json=true", "true"),
        ("again=7", "7"),
        ("like_flag=true", True),
        ("like_flag=7", "7"),
        ("like_text=true", "true"),
        ('like_data={"a": 1}', {"a": 1}),
        ("like_data=null", "null"),
        ("maybe_flag=null", None),
        ("maybe_flag=7", "7"),
        ("nowhere=7", 7),
        ("anchor=7", 7),
        ("anything=7", 7),
        ("nothing=7", 7),
        ("untyped=7", 7),
        ("unknown={}", {}),
        ("text=" + "[" * 100_000, "[" * 100_000),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_value_is_json_if_the_parameter_takes_its_type(assignment: str, value: object) -> None:
    (given_value,) = with_parameters({}, [assignment], SCHEMA).values()
    assert given_value == value
    assert type(given_value) is type(value)


@given(st.text())
def test_text_stays_text_whatever_it_spells(text: str) -> None:
    assert with_parameters({}, [f"text={text}"], SCHEMA) == {"text": text}


@given(st.lists(st.none() | st.integers() | st.text()) | st.dictionaries(st.text(), st.booleans() | st.text()))
def test_any_list_or_object_can_be_given_as_json(value: Any) -> None:
    for name, kind in (("tags", list), ("data", dict)):
        if isinstance(value, kind):
            assert with_parameters({}, [f"{name}={json.dumps(value)}"], SCHEMA) == {name: value}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('{"text": }', "expecting value at line 1, column 10"),
        ('{\n "text": "a"\n "count": 1}', "line 3, column 2"),
        ("[1]", "must be a JSON object, not a list"),
        ("7", "not a number"),
        ('"text"', "not a string"),
        ("null", "not null"),
        ("", "is empty"),
        ('{"count": NaN}', "NaN is not a JSON value"),
        ("[" * 100_000, "is not readable as JSON"),
        ("@.", "cannot read .: Is a directory"),
        ("@latin.json", "latin.json is not UTF-8 text: byte 11 is invalid"),
        ("@", "cannot read"),
    ],
    ids=lambda value: value[:20],
)
def test_the_message_says_where_the_input_is_wrong(
    source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.json").write_bytes('{"text": "ü"}'.encode("latin-1"))
    with pytest.raises(click.BadParameter) as raised:
        input_object(source)
    assert raised.value.exit_code == 2
    assert message in raised.value.message
    assert "\n" not in raised.value.message


def test_a_parameter_that_is_given_twice_is_a_usage_error() -> None:
    with pytest.raises(click.BadParameter, match="text is given twice"):
        with_parameters({}, ["text=a", "text=b"], SCHEMA)


def test_no_input_is_an_empty_object() -> None:
    assert input_object(None) == {}
