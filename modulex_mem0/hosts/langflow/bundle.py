"""The files of a Langflow extension: its manifest, and a module for each component.

Langflow keeps the source of a component's module in each flow, and runs it again when the flow runs. A class therefore
stands literally in a module of its own, and everything else in the base that it names, where an update reaches it.
"""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from modulex_mem0.contract import ActionManifest, IntegrationManifest

__all__ = ["COMPONENTS", "MARK", "bundle_files", "offered_actions", "stale_files"]

#: The folder of the components.
COMPONENTS = Path("components")
#: In the first line of every generated module.
MARK = "written by `modulex-mem0 langflow`"

_SCHEMA = "https://schemas.langflow.org/extension/v1.json"
_CHECK = "check_connection"
_LONGEST = 100
_PACKAGE = '"""Components for Langflow, {mark}."""\n'

_ACTION = '''"""{title}: a component for Langflow, {mark}."""

from modulex_mem0.hosts.langflow import ActionComponent


class {name}Component(ActionComponent):
    """{description}"""

    integration = "{integration}"
    action = "{action}"
    # Follows the schemas, so that Langflow offers an update to flows whose form is an older one.
    schemas = "{schemas}"
'''

_CONNECTION = '''"""Check connection: a component for Langflow, {mark}."""

from modulex_mem0.hosts.langflow import ConnectionComponent


class CheckConnectionComponent(ConnectionComponent):
    """Ask {service} whether the credential works."""

    integration = "{integration}"
    # Follows the fields of the credential, so that Langflow offers an update to flows whose form is an older one.
    schemas = "{schemas}"
'''


def offered_actions(manifest: IntegrationManifest) -> list[ActionManifest]:
    """The actions that become components: where the data have owners, those that work on the data of one."""
    return [action for action in manifest.actions if manifest.owner_parameter is None or not action.hints.cross_user]


def bundle_files(manifest: IntegrationManifest) -> dict[Path, str]:
    """The files of an integration's extension, by their paths in its folder."""
    files = {Path("extension.json"): json.dumps(_extension(manifest), indent=2, ensure_ascii=False) + "\n"}
    files[COMPONENTS / "__init__.py"] = _PACKAGE.format(mark=MARK)
    files |= {
        COMPONENTS / f"{action.name}.py": _ACTION.format(
            title=_in_docstring(action.title),
            mark=MARK,
            name=_camel_case(action.name),
            description=_sentence(_in_docstring(action.description)),
            integration=manifest.name,
            action=action.name,
            schemas=_hash(action.input_schema, action.output_schema, _credential(manifest)),
        )
        for action in offered_actions(manifest)
    }
    if any(scheme.connection_test for scheme in manifest.auth_schemes):
        files[COMPONENTS / f"{_CHECK}.py"] = _CONNECTION.format(
            mark=MARK,
            service=_in_docstring(manifest.display_name),
            integration=manifest.name,
            schemas=_hash(_credential(manifest)),
        )
    return files


def stale_files(directory: Path, manifest: IntegrationManifest) -> Iterator[Path]:
    """The generated modules in a folder that the integration has no component for any more."""
    current = bundle_files(manifest)
    for path in sorted((directory / COMPONENTS).glob("*.py")):
        if path.relative_to(directory) not in current and _is_generated(path):
            yield path


def _extension(manifest: IntegrationManifest) -> dict[str, Any]:
    # Langflow has bundles of its own under the names of services.
    bundle = f"modulex_{manifest.name}"[:64]
    return {
        "$schema": _SCHEMA,
        "id": f"lfx-{bundle.replace('_', '-')}"[:64],
        "version": _version(manifest.version),
        "name": manifest.display_name,
        "description": manifest.description,
        "lfx": {"compat": ["1"]},
        "bundles": [
            {
                "name": bundle,
                "path": COMPONENTS.as_posix(),
                "display_name": manifest.display_name[:120],
                "icon": "Blocks",
            }
        ],
        "capabilities": {
            "requiresCredentials": any(field.required for scheme in manifest.auth_schemes for field in scheme.fields)
        },
    }


def _version(version: str) -> str:
    """Its three numbers, which Langflow takes in every case."""
    return ".".join(str(int(number)) for number in re.findall(r"\d+", version)[:3])


def _credential(manifest: IntegrationManifest) -> list[Any]:
    return [scheme.model_dump(mode="json") for scheme in manifest.auth_schemes]


def _hash(*parts: object) -> str:
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _camel_case(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _in_docstring(text: str) -> str:
    """A text on one line that can stand in a docstring, and in a line of code of the usual length."""
    line = " ".join(text.split()).replace("\\", "\\\\").replace('"', "'")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3].rstrip()}..."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _is_generated(path: Path) -> bool:
    try:
        return MARK in path.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeError):
        return False
