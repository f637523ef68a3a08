"""Fills the templates in and writes the files."""

import keyword
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

__all__ = ["ScaffoldError", "files_of", "write_integration"]

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40
_SUFFIX = ".tmpl"


class ScaffoldError(ValueError):
    """The integration cannot be begun; the message says why."""


def files_of(name: str) -> Mapping[str, str]:
    """The files of a new integration: their content by their path.

    Raises:
        ScaffoldError: The name cannot be an integration's.
    """
    _check(name)
    words = name.split("_")
    values = {
        "name": name,
        "distribution": f"modulex-{'-'.join(words)}",
        "package": f"modulex_{name}",
        "display_name": " ".join(word.capitalize() for word in words),
        "class_name": "".join(word.capitalize() for word in words),
        "variable": name.upper(),
    }
    template = files("modulex_mem0.conformance.scaffold") / "template"
    return {
        path.replace("PACKAGE", values["package"]): Template(content).substitute(values)
        for path, content in sorted(_templates(template, ""))
    }


def write_integration(name: str, directory: Path, *, taken: Iterable[str] = ()) -> list[Path]:
    """Write the files of a new integration, and overwrite nothing.

    Args:
        name: The integration's.
        directory: Where its files go; made if it is not there.
        taken: The names of integrations that are installed.

    Returns:
        The files that were written.

    Raises:
        ScaffoldError: The name cannot be used or is taken, or a file is already there; then nothing was written.
        OSError: A file cannot be written.
    """
    if name in taken:
        raise ScaffoldError(f"an integration {name!r} is installed already, and a host keeps only one of a name")
    content = {directory / path: text for path, text in files_of(name).items()}
    present = [path for path in content if path.exists() or path.is_symlink()]
    if present:
        raise ScaffoldError(f"{present[0]} is already there; choose another directory, nothing was written")
    for path, text in content.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(content)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ScaffoldError(
            f"{name!r} is no name for an integration; use lower-case letters, digits and _, as in my_crm"
        )
    if len(name) > _LONGEST:
        raise ScaffoldError(f"the name has {len(name)} characters; {_LONGEST} are enough")
    if keyword.iskeyword(name):
        raise ScaffoldError(f"{name!r} is a word of Python; choose another name")


def _templates(folder: Traversable, path: str) -> Iterable[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _templates(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            yield f"{path}{entry.name.removesuffix(_SUFFIX)}", entry.read_text("utf-8")
