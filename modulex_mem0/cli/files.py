"""The files that a command reads and writes: UTF-8 text, JSON objects, credentials, and generated files."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli.app import ExitCode

__all__ = ["argument_text", "drift", "parse_object", "read_credential", "read_file", "read_source", "update_files"]

_LONGEST_DIFF = 40
# How Python keeps the bytes of an argument that it could not decode.
_UNDECODED = re.compile("[\udc80-\udcff]")
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
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise click.BadParameter(f"cannot read {path}: {reason}", param_hint=option) from None
    return _decode(content, str(path), option)


def read_source(name: str, option: str) -> tuple[str, str]:
    """What stands after `@` on the command line: `-` is standard input, anything else the name of a file.

    Args:
        name: As it was given, without the `@`.
        option: The option that named it, for the message.

    Returns:
        The text, and where it comes from, as the subject of a message.

    Raises:
        click.BadParameter: It cannot be read, or is not UTF-8.
    """
    if name != "-":
        return read_file(Path(name), option), name
    try:
        content = sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise click.BadParameter(f"cannot read standard input: {reason}", param_hint=option) from None
    # A descriptor that does not block gives None while nothing has arrived.
    return _decode(content or b"", "standard input", option), "standard input"


def argument_text(argument: str, option: str) -> str:
    """An argument as text. Where the locale cannot decode it, as with `LC_ALL=C`, it is read as UTF-8.

    Raises:
        click.BadParameter: It is not UTF-8 either.
    """
    if not _UNDECODED.search(argument):
        return argument
    try:
        return os.fsencode(argument).decode()
    except UnicodeError:
        raise click.BadParameter(
            "the text is not UTF-8: the terminal, or the program that runs this command, uses another encoding",
            param_hint=option,
        ) from None


def _decode(content: bytes, source: str, option: str) -> str:
    """Decode UTF-8, with or without a byte order mark; the source is the subject of the message.

    Raises:
        click.BadParameter: The content is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(
            f"{source} is not UTF-8 text: byte {error.start + 1} is invalid", param_hint=option
        ) from None


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
        # Without the NaN and Infinity that Python's parser adds to JSON.
        value = json.loads(text, parse_constant=_refuse_constant)
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
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise click.ClickException(f"cannot write {error.filename or path}: {error.strerror}") from None
        click.echo(f"{path}: written")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON value")
