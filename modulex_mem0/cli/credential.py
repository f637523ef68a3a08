"""The credential that a command is given: a file, or nothing, and then the environment is read."""

from pathlib import Path
from typing import Any

import click

from modulex_mem0.cli.files import JsonTextError, read_object
from modulex_mem0.cli.input_file import read_file

__all__ = ["given_credential"]

_OPTION = "--credential-file"


def given_credential(file: Path | None) -> dict[str, Any] | None:
    """Read the credential file.

    Args:
        file: A JSON object of credential fields; None leaves it to the runtime to read the environment.

    Raises:
        click.BadParameter: The file cannot be read or holds no JSON object. Nothing of its content is quoted.
    """
    if file is None:
        return None
    try:
        return read_object(read_file(file, _OPTION))
    except JsonTextError as error:
        raise click.BadParameter(f"{file} {error}", param_hint=_OPTION) from None
