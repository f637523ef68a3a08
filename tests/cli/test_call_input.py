"""The input of a call: how errors in `--input` are reported, and when `-p name=value` is JSON and when it is text."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modulex_mem0.cli.commands.call import input_object, with_parameters

Run = Callable[..., subprocess.CompletedProcess[str]]
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
        ("@@input.json", "cannot read @input.json"),
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


@pytest.mark.parametrize(
    ("content", "assignment", "value"),
    [
        (b"I cook.", "text=@file", "I cook."),
        (b"alice\n", "text=@file", "alice"),
        (b"alice\r\n", "text=@file", "alice"),
        (b"two\nlines\n\n", "text=@file", "two\nlines\n"),
        ("\ufeffGrüße".encode(), "text=@file", "Grüße"),
        (b"@@file", "text=@file", "@@file"),
        (b'["a", "b"]\n', "tags=@file", ["a", "b"]),
        (b"5\n", "count=@file", 5),
        (b"5", "text=@file", "5"),
        (b"", "text=@file", ""),
        (b"", "text=@@file", "@file"),
        (b"", "text=@@@file", "@@file"),
        (b"", "text=@@", "@"),
        (b"", "text=a@file", "a@file"),
    ],
)
def test_a_value_may_come_from_a_file(
    content: bytes, assignment: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(content)
    (given_value,) = with_parameters({}, [assignment], SCHEMA).values()
    assert given_value == value
    assert type(given_value) is type(value)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("text=@alice", "text: cannot read alice: No such file or directory; for the text itself, write text=@@alice"),
        ("text=@", "text: cannot read .: Is a directory; for the text itself, write text=@@"),
        ("text=@latin", "text: latin is not UTF-8 text: byte 1 is invalid"),
        ("text=@a\0b", "text: cannot read"),
        ("text=\udcff", "the text is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_usage_error_with_the_way_to_give_the_text(
    assignment: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin").write_bytes(b"\xfc")
    with pytest.raises(click.BadParameter) as raised:
        with_parameters({}, [assignment], SCHEMA)
    assert raised.value.message.startswith(message)


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        (["-p", "text=@-"], {"text": "Grüße, 世界", "count": 3}),
        (["-p", "text=a", "-p", "tags=@-"], {"text": "a", "tags": ["x"], "count": 3}),
        (["--input", "@-"], {"text": "a", "count": 3}),
    ],
    ids=["text", "list", "input"],
)
def test_a_value_may_come_from_standard_input(
    run: Run, echo: dict[str, str], arguments: list[str], received: dict[str, Any]
) -> None:
    content = {"text": "Grüße, 世界\n", "tags": '["x"]\n'}.get(arguments[-1].partition("=")[0], '{"text": "a"}')
    ended = run("call", "echo", "--integration", "echo", *arguments, env=echo, input=content)
    assert json.loads(ended.stdout)["received"] == received


@pytest.mark.parametrize(
    ("arguments", "readers"),
    [
        (["--input", "-", "-p", "text=@-"], "--input and text"),
        (["-p", "mode=@-", "-p", "text=@-"], "mode and text"),
    ],
    ids=" ".join,
)
def test_standard_input_is_read_once(run: Run, echo: dict[str, str], arguments: list[str], readers: str) -> None:
    ended = run("call", "echo", "--integration", "echo", *arguments, env=echo, input="{}")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"standard input can be read once, not for {readers}" in " ".join(ended.stderr.split())


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("arguments", [("-p", "text=Grüße"), ("--input", '{"text": "Grüße"}')], ids=" ".join)
def test_arguments_are_utf8_whatever_the_locale(run: Run, echo: dict[str, str], arguments: tuple[str, str]) -> None:
    ended = run("call", "echo", "--integration", "echo", *arguments, env=echo | ASCII)
    assert json.loads(ended.stdout)["received"]["text"] == "Grüße"


@pytest.mark.parametrize("locale", [ASCII, {"LC_ALL": "C.UTF-8"}], ids=["ascii", "utf-8"])
@pytest.mark.parametrize("argument", [b"-ptext=Gr\xfc\xdfe", b'--input={"text": "\xfc"}'], ids=["-p", "--input"])
def test_arguments_in_another_encoding_blame_the_encoding(
    environment: dict[str, str], echo: dict[str, str], locale: dict[str, str], argument: bytes
) -> None:
    command: list[str | bytes] = [
        sys.executable,
        "-m",
        "modulex_mem0.cli",
        "call",
        "echo",
        "--integration",
        "echo",
        argument,
    ]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=environment | echo | locale)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "not UTF-8" in ended.stderr
    assert "control characters" not in ended.stderr


def test_a_parameter_that_is_given_twice_is_a_usage_error() -> None:
    with pytest.raises(click.BadParameter, match="text is given twice"):
        with_parameters({}, ["text=a", "text=b"], SCHEMA)


def test_no_input_is_an_empty_object() -> None:
    assert input_object(None) == {}
