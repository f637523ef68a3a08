"""The files that a command reads and writes: UTF-8 text, JSON objects, credentials, and generated files."""

import json
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli.app import ExitCode

__all__ = ["decode", "drift", "parse_json", "parse_object", "read_credential", "read_file", "update_files"]

_LONGEST_DIFF = 40
_CREDENTIAL_OPTION = "--credential-file"


def read_credential(file: Path | None) -> dict[str, Any] | None:
    """The credential in the file of `--credential-file`; None, without a file, has the runtime read the environment.

    Raises:
        click.BadParameter: The file cannot be read or holds no JSON object. Nothing of its content is quoted.
    """
    if file is None:
        return None
    return parse_object(read_file(file, _CREDENTIAL_OPTION), str(file), _CREDENTIAL_OPTION)


def read_file(path: Path, option: str) -> str:
    """The text of a file that was named on the command line.

    Args:
        path: The file.
        option: The option that named it, for the message.

    Raises:
        click.BadParameter: It cannot be read, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise click.BadParameter(f"cannot read {path}: {error.strerror or error}", param_hint=option) from None
    return decode(content, str(path), option)


def decode(content: bytes, source: str, option: str) -> str:
    """Decode UTF-8, with or without a byte order mark.

    Args:
        content: The bytes.
        source: Where they come from, as the subject of the message.
        option: The option that named it.

    Raises:
        click.BadParameter: They are not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(
            f"{source} is not UTF-8 text: byte {error.start + 1} is invalid", param_hint=option
        ) from None


def parse_json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Parse JSON, without the NaN and Infinity that Python's parser adds to it.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply.
    """
    return json.loads(text, parse_constant=_refuse_constant)


def parse_object(text: str, source: str, option: str) -> dict[str, Any]:
    """Parse a JSON object.

    Args:
        text: The JSON.
        source: Where it comes from, as the subject of the message.
        option: The option that named it.

    Raises:
        click.BadParameter: It is not JSON, or not an object. The message says where, and quotes nothing of the text.
    """
    try:
        value = parse_json(text)
    except json.JSONDecodeError as error:
        where = f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
        problem = f"is not JSON: {where}" if text.strip() else "is empty"
    except (ValueError, RecursionError) as error:
        problem = f"is not readable as JSON: {error}"
    else:
        if isinstance(value, dict):
            return value
        kind = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")
        problem = f"must be a JSON object, not {kind}"
    raise click.BadParameter(f"{source} {problem}", param_hint=option)


def update_files(files: Mapping[Path, str], *, check: bool, advice: str) -> None:
    """Write generated files; or, with `check`, compare them with what is on disk and exit with 1 if any differs.

    Args:
        files: What each file has to contain.
        check: Write nothing.
        advice: How to bring the files up to date, printed if one differs.

    Raises:
        click.ClickException: A file cannot be written.
    """
    if not check:
        _write(files)
        return
    differences = {path: drift(path, text) for path, text in files.items()}
    for path, difference in differences.items():
        click.echo(difference or f"{path}: current")
    if any(differences.values()):
        click.echo(f"\n{advice}", err=True)
        raise click.exceptions.Exit(ExitCode.FAILURE)


def drift(path: Path, expected: str) -> str:
    """How a file differs from what it should contain: a unified diff of at most 40 lines, empty if it does not."""
    try:
        found = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return f"{path}: does not exist"
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    if found == expected:
        return ""
    diff = unified_diff(
        found.splitlines(), expected.splitlines(), f"{path} (on disk)", f"{path} (generated)", lineterm="", n=2
    )
    return "\n".join(_shortened(diff)) or f"{path}: differs in its line endings"


def _shortened(lines: Iterator[str]) -> Iterator[str]:
    yield from islice(lines, _LONGEST_DIFF)
    more = sum(1 for _ in lines)
    if more:
        yield f"… and {more} more lines"


def _write(files: Mapping[Path, str]) -> None:
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            click.echo(f"{path}: written")
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON value")
