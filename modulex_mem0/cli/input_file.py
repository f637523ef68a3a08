"""Reads a text file that was named on the command line."""

from pathlib import Path

import click

from modulex_mem0.cli.files import JsonTextError, read_text

__all__ = ["read_file"]


def read_file(path: Path, option: str) -> str:
    """The file's text.

    Args:
        path: The file.
        option: The option that named it, for the message.

    Raises:
        click.BadParameter: It cannot be read, or is not UTF-8.
    """
    try:
        return read_text(path.read_bytes())
    except OSError as error:
        raise click.BadParameter(f"cannot read {path}: {error.strerror or error}", param_hint=option) from None
    except JsonTextError as error:
        raise click.BadParameter(f"{path} {error}", param_hint=option) from None
