"""The files of the package: manifest, code, forms, icons and README."""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

from modulex_mem0.contract import IntegrationManifest
from modulex_mem0.hosts.n8n import wording
from modulex_mem0.hosts.n8n.credentials import credential_properties, credential_schemes
from modulex_mem0.hosts.n8n.properties import node_properties, operations

__all__ = ["package_files", "package_name"]

# Where n8n's rules want the code to be.
_CODE = "dist"
# n8n's rules want an address, and few declarations have one: `Ann Example <ann@example.com>`.
_AUTHOR = re.compile(r"(?P<name>[^<>]*[^<>\s])\s*<(?P<email>[^<>@\s]+@[^<>@\s]+)>")
_EMAIL = "author@example.invalid"
# What the node's code uses; a class of that name would hide it.
_GLOBALS = ("Array", "Error", "Object", "String")
# Where neither the integration nor a field of its credential says more.
_DOCUMENTATION = "https://docs.n8n.io/integrations/community-nodes/"
_ICONS = {"": ("#4f46e5", "#ffffff"), ".dark": ("#c7d2fe", "#1e1b4b")}


def package_name(integration: str) -> str:
    """The name of the package in the npm registry, such as `n8n-nodes-modulex-mem0`."""
    return f"n8n-nodes-modulex-{integration.strip('_').replace('_', '-')}"


def package_files(manifest: IntegrationManifest) -> dict[str, str]:
    """The content of each file of the package, by its path in it.

    Args:
        manifest: Of the integration.

    Raises:
        ValueError: The integration has no actions.
    """
    if not manifest.actions:
        raise ValueError(f"{manifest.name} has no actions")
    node, credential = wording.class_name(manifest.name), f"Modulex{wording.class_name(manifest.name)}Api"
    # n8n knows a tool by the end of its name.
    if node in _GLOBALS or node.endswith("Tool"):
        node += "Node"
    names = {
        "CLASS": node,
        "CREDENTIAL_CLASS": credential,
        "CREDENTIAL": credential[:1].lower() + credential[1:],
        "CREDENTIAL_TITLE": _js_text(f"{wording.title(manifest.display_name)} (Modulex) API"),
        "DISPLAY_NAME": _js_text(manifest.display_name),
        "INTEGRATION": manifest.name,
        "ICON": _icon_name(manifest),
        "DOCUMENTATION_URL": _js_text(_documentation(manifest)),
    }
    nodes, credentials = f"{_CODE}/nodes/{node}", f"{_CODE}/credentials"
    icons = {f"{names['ICON']}{suffix}.svg": _icon(manifest, *colors) for suffix, colors in _ICONS.items()}
    form = {"properties": credential_properties(manifest), "schemes": credential_schemes(manifest)}
    return {
        "package.json": _json(_package_json(manifest, node, credential)),
        "README.md": _readme(manifest),
        f"{nodes}/{node}.node.js": _template("node.js", names),
        f"{nodes}/{node}.node.json": _json(_codex(manifest, node)),
        f"{nodes}/{node}.description.json": _json(
            {
                "description": _description(manifest, names),
                "operations": operations(manifest.actions, manifest.owner_parameter),
            }
        ),
        f"{credentials}/{credential}.credentials.js": _template("credentials.js", names),
        f"{credentials}/{credential}.properties.json": _json(form),
        **{f"{folder}/{name}": icon for folder in (nodes, credentials) for name, icon in icons.items()},
    }


def _template(name: str, values: Mapping[str, str]) -> str:
    text = (files(__package__) / "template" / f"{name}.tmpl").read_text(encoding="utf-8")
    return re.sub(r"__([A-Z_]+)__", lambda name: values[name[1]], text)


def _js_text(text: str) -> str:
    """A text for between single quotes."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("'", "\\'")


def _json(value: object) -> str:
    return json.dumps(value, indent="\t", ensure_ascii=False) + "\n"


def _description(manifest: IntegrationManifest, names: Mapping[str, str]) -> dict[str, Any]:
    icon, shown = names["ICON"], wording.title(manifest.display_name)
    return {
        "displayName": shown,
        "name": names["CLASS"][:1].lower() + names["CLASS"][1:],
        "icon": {"light": f"file:{icon}.svg", "dark": f"file:{icon}.dark.svg"},
        "group": ["transform"],
        "version": 1,
        "subtitle": '={{ $parameter["operation"].replaceAll("_", " ") }}',
        "description": wording.description(manifest.description),
        # n8n counts the nodes of a flow, and `Mem01` would be another name.
        "defaults": {"name": f"{shown} Action" if shown[-1].isdigit() else shown},
        "usableAsTool": True,
        "credentials": [{"name": names["CREDENTIAL"], "required": True, "testedBy": "testCredential"}],
        "properties": node_properties(manifest.actions),
    }


def _package_json(manifest: IntegrationManifest, node: str, credential: str) -> dict[str, Any]:
    return {
        "name": package_name(manifest.name),
        "version": manifest.version,
        "description": f"{manifest.display_name} for n8n, through modulex-mem0 serve",
        "keywords": ["n8n-community-node-package"],
        "license": "MIT",
        "author": _author(manifest.author),
        "homepage": _documentation(manifest),
        "files": [_CODE],
        "n8n": {
            "n8nNodesApiVersion": 1,
            "credentials": [f"{_CODE}/credentials/{credential}.credentials.js"],
            "nodes": [f"{_CODE}/nodes/{node}/{node}.node.js"],
        },
        "peerDependencies": {"n8n-workflow": "*"},
    }


def _author(declared: str) -> dict[str, str]:
    found = _AUTHOR.fullmatch(declared.strip())
    return found.groupdict() if found else {"name": declared, "email": _EMAIL}


def _codex(manifest: IntegrationManifest, node: str) -> dict[str, Any]:
    return {
        "node": f"{package_name(manifest.name)}.{node[:1].lower()}{node[1:]}",
        "nodeVersion": "1.0",
        "codexVersion": "1.0",
        "categories": ["Miscellaneous"],
        "alias": list(manifest.categories),
        "resources": {
            "primaryDocumentation": [{"url": manifest.app_url or _documentation(manifest)}],
            "credentialDocumentation": [{"url": _documentation(manifest)}],
        },
    }


def _documentation(manifest: IntegrationManifest) -> str:
    links = [field.help_url for scheme in manifest.auth_schemes for field in scheme.fields if field.help_url]
    return next(iter(links), None) or manifest.app_url or _DOCUMENTATION


def _icon_name(manifest: IntegrationManifest) -> str:
    return manifest.name.replace("_", "")


def _icon(manifest: IntegrationManifest, background: str, foreground: str) -> str:
    """The integration's initials on a square. Its logo belongs to the service, and may not be at hand."""
    words = [word for word in manifest.display_name.split() if word[:1].isalnum()] or [manifest.name]
    initials = "".join(word[:1] for word in words[:2]).upper() if len(words) > 1 else words[0][:2].title()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 60" width="60" height="60">'
        f'<rect width="60" height="60" rx="12" fill="{background}"/>'
        '<text x="30" y="40" font-family="sans-serif" font-size="28" font-weight="600" text-anchor="middle"'
        f' fill="{foreground}">{escape(initials)}</text></svg>\n'
    )


def _readme(manifest: IntegrationManifest) -> str:
    name, display = package_name(manifest.name), manifest.display_name
    actions = "\n".join(f"| {action.title} | {_cell(action.description)} |" for action in manifest.actions)
    return f"""# {name}

{display} in n8n: {_sentence(manifest.description)}

The node calls the REST API of `modulex-mem0 serve`, which validates inputs and outputs, retries where that is safe, and
keeps keys out of logs. This package is generated from the integration's declarations with `modulex-mem0 n8n`.

## Install

1. Start the server, where n8n can reach it: `pip install 'modulex-mem0[serve]'`, then `modulex-mem0 serve`.
2. Copy this folder to `~/.n8n/nodes/node_modules/{name}` and start n8n again. In a registry, the package installs under
   **Settings → Community nodes**.
3. Add the node **{wording.title(display)}**, create its credential, and follow the numbered steps on the form.

## Operations

| operation | what it does |
|---|---|
{actions}

Optional fields are under **Additional Fields**. Where an output has a list of records, **Split Into Items** makes an
item of each. A failed call shows its error in one line and what to do next; with **On Error → Continue**, the error is
in the item.

## As a tool of an AI agent

Connect the node to an AI Agent as a tool, choose the operation, and let the model fill in fields with the button beside
them. The model reads the operation's description and gets the whole output.{_owner_advice(manifest)}

## License

MIT
"""


def _owner_advice(manifest: IntegrationManifest) -> str:
    if manifest.owner_parameter is None:
        return ""
    return f""" **{wording.title(manifest.owner_parameter)}** is yours to fill
in, or comes from a node by its name: the node refuses it where the model could choose it."""


def _sentence(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _sentence(text).replace("|", "\\|")
