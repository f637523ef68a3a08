"""The files that hold an integration as data, and how they differ from what is on disk."""

import json
from collections.abc import Iterator
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Any

from modulex_mem0.contract import IntegrationManifest

__all__ = ["drift", "manifest_files", "manifest_schema"]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_LONGEST_DIFF = 40


def manifest_files(manifest: IntegrationManifest) -> dict[str, str]:
    """The content of each file, by its name. The order of keys is that of the models."""
    return {
        f"{manifest.name}.json": _file(manifest.model_dump(mode="json")),
        "manifest.schema.json": _file(manifest_schema()),
    }


def manifest_schema() -> dict[str, Any]:
    """The JSON Schema of every integration's manifest."""
    schema = IntegrationManifest.model_json_schema()
    return {"$schema": _DRAFT, "title": "Manifest of a modulex integration"} | {
        key: value for key, value in schema.items() if key != "title"
    }


def drift(path: Path, wanted: str) -> str:
    """How a file differs from what it should hold, as a unified diff of at most 40 lines; empty if it does not."""
    try:
        found = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return f"{path}: does not exist"
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    if found == wanted:
        return ""
    return (
        "\n".join(
            _shortened(
                unified_diff(
                    found.splitlines(), wanted.splitlines(), f"{path} (on disk)", f"{path} (derived)", lineterm="", n=2
                )
            )
        )
        or f"{path}: differs in its line endings"
    )


def _shortened(lines: Iterator[str]) -> Iterator[str]:
    yield from islice(lines, _LONGEST_DIFF)
    more = sum(1 for _ in lines)
    if more:
        yield f"… and {more} more lines"


def _file(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
