"""The credentials form: the server's address and token, the numbered steps, and a field for each part of the key."""

from collections.abc import Iterator
from typing import Any

from modulex_mem0.contract import AuthScheme, CredentialField, IntegrationManifest
from modulex_mem0.hosts.n8n import wording

__all__ = ["credential_properties", "credential_schemes"]

Property = dict[str, Any]

#: The default address of `modulex-mem0 serve`.
_SERVER = "http://127.0.0.1:8650"
_SOURCE, _STORED = "credentialSource", "stored"
_SERVER_STEPS = (
    "Start the server, on this machine or one that n8n reaches: modulex-mem0 serve",
    "Copy its address and its token, which it prints, into the next two fields",
)


def credential_properties(manifest: IntegrationManifest) -> list[Property]:
    """The properties of the credential: one notice for each step, and one field for each value."""
    schemes = _schemes(manifest)
    return [
        *_notices("serverStep", _SERVER_STEPS, 1, {}),
        {
            "displayName": "Server URL",
            "name": "serverUrl",
            "type": "string",
            "default": _SERVER,
            "required": True,
            "description": "The address of modulex-mem0 serve, as n8n reaches it",
        },
        {
            "displayName": "Server Token",
            "name": "serverToken",
            "type": "string",
            "typeOptions": {"password": True},
            "default": "",
            "required": True,
            "description": "The token of modulex-mem0 serve: MODULEX_TOKEN, or the one that it prints",
        },
        *(_credential_source(manifest, schemes) if schemes else ()),
    ]


def credential_schemes(manifest: IntegrationManifest) -> dict[str, list[dict[str, Any]]]:
    """For each way to authenticate, its fields and the headers that carry them."""
    return {
        key: [
            {
                "name": field.name,
                "title": field.display_name,
                "header": f"Modulex-Field-{field.name.replace('_', '-').title()}",
                "required": field.required and field.default is None,
            }
            for field in _fields(scheme)
        ]
        for key, scheme in _schemes(manifest).items()
    }


def _schemes(manifest: IntegrationManifest) -> dict[str, AuthScheme]:
    """The ways to authenticate that have something to fill in, by a key that stands in stored credentials."""
    schemes: dict[str, AuthScheme] = {}
    for scheme in manifest.auth_schemes:
        if _fields(scheme):
            key: str = scheme.type
            while key in schemes:
                key += "_"
            schemes[key] = scheme
    return schemes


def _fields(scheme: AuthScheme) -> list[CredentialField]:
    return [field for field in scheme.fields if not field.application]


def _credential_source(manifest: IntegrationManifest, schemes: dict[str, AuthScheme]) -> Iterator[Property]:
    yield {
        "displayName": "Authentication",
        "name": _SOURCE,
        "type": "options",
        "options": [
            *(
                {
                    "name": wording.title(scheme.display_name),
                    "value": key,
                    "description": wording.description(scheme.description),
                }
                for key, scheme in schemes.items()
            ),
            {
                "name": "Stored on the Server",
                "value": _STORED,
                "description": "Use a credential that was stored with: modulex-mem0 credentials set",
            },
        ],
        "default": next(iter(schemes)),
    }
    for key, scheme in schemes.items():
        shown = {"displayOptions": {"show": {_SOURCE: [key]}}}
        yield from _notices(f"{key}Step", scheme.setup_steps, len(_SERVER_STEPS) + 1, shown)
        # Those that most people leave alone come last.
        for field in sorted(_fields(scheme), key=lambda field: field.advanced):
            yield _property(field) | shown
    shown = {"displayOptions": {"show": {_SOURCE: [_STORED]}}}
    stored = (f"On the server, run: modulex-mem0 credentials set NAME --integration {manifest.name}",)
    yield from _notices("storedStep", stored, len(_SERVER_STEPS) + 1, shown)
    yield {
        "displayName": "Stored Credential",
        "name": "storedCredential",
        "type": "string",
        "default": "",
        "required": True,
        "description": "The name under which it is stored",
        **shown,
    }


def _notices(name: str, steps: tuple[str, ...], first: int, shown: Property) -> Iterator[Property]:
    # One for each step: n8n takes line breaks out of a notice.
    for number, step in enumerate(steps, first):
        text = f"{number}. {wording.notice(step)}"
        yield {"displayName": text, "name": f"{name}{number}", "type": "notice", "default": "", **shown}


def _property(field: CredentialField) -> Property:
    text = field.description.rstrip(".")
    if field.default is not None:
        text += f". Leave it empty for {field.default}."
    sample = field.format or field.default
    return {
        "displayName": wording.title(field.display_name),
        "name": field.name,
        "type": "string",
        **({"typeOptions": {"password": True}} if field.sensitive else {}),
        "default": "",
        **({"required": True} if field.required and field.default is None else {}),
        "description": wording.description(text),
        **({"placeholder": f"e.g. {sample}"} if sample and not field.sensitive else {}),
    }
