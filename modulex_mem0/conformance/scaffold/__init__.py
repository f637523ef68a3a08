"""The scaffold of an integration: the files of a small and complete one, from the templates in `template/`."""

import keyword
import re
from collections.abc import Iterable, Mapping
from errno import EEXIST
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

__all__ = ["ScaffoldError", "files_of", "write_integration"]

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST_NAME = 40
_SUFFIX = ".tmpl"
# Packages of others that pip would replace with a project of this name.
_OTHERS = ("modulex-integrations",)


class ScaffoldError(ValueError):
    """The name cannot be used; the message says why."""


def files_of(name: str) -> Mapping[str, str]:
    """The files of a new integration: their content by their path.

    Raises:
        ScaffoldError: The name cannot be an integration's.
    """
    _check(name)
    words = name.split("_")
    values = {
        "name": name,
        "distribution": _distribution(name),
        "package": f"modulex_{name}",
        "display_name": " ".join(word.capitalize() for word in words),
        "class_name": "".join(word.capitalize() for word in words),
        "variable": name.upper(),
    }
    return {
        path.replace("PACKAGE", values["package"]): Template(content).substitute(values)
        for path, content in sorted(_templates(files(__name__) / "template", ""))
    }


def write_integration(name: str, directory: Path, *, taken: Iterable[str] = ()) -> list[Path]:
    """Write the files of a new integration, and overwrite nothing.

    Args:
        name: The integration's.
        directory: Where its files go; made if it does not exist.
        taken: The names of integrations that are installed.

    Returns:
        The files that were written.

    Raises:
        ScaffoldError: The name cannot be used, or is taken.
        FileExistsError: A file already exists; nothing was written.
        OSError: A file cannot be written.
    """
    if name in taken:
        raise ScaffoldError(f"an integration {name!r} is installed already, and a host keeps only one of a name")
    content = {directory / path: text for path, text in files_of(name).items()}
    present = [path for path in content if path.exists() or path.is_symlink()]
    if present:
        raise FileExistsError(EEXIST, "it already exists; nothing was written", str(present[0]))
    for path, text in content.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(content)


def _distribution(name: str) -> str:
    return f"modulex-{name.replace('_', '-')}"


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ScaffoldError(f"{name!r} cannot name an integration; use lower-case letters, digits and _, as in my_crm")
    if len(name) > _LONGEST_NAME:
        raise ScaffoldError(f"the name has {len(name)} characters; at most {_LONGEST_NAME} are allowed")
    if keyword.iskeyword(name):
        raise ScaffoldError(f"{name!r} is a Python keyword; choose another name")
    if _distribution(name) in _OTHERS:
        raise ScaffoldError(f"the package would be called {_distribution(name)}, as ModuleX's own; choose another name")


def _templates(folder: Traversable, path: str) -> Iterable[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _templates(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            yield f"{path}{entry.name.removesuffix(_SUFFIX)}", entry.read_text("utf-8")
