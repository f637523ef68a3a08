"""Reads the manifest that was derived at build time and travels inside the package."""

from pathlib import Path

from modulex_mem0.contract import IntegrationManifest

__all__ = ["recorded_manifest"]

_PACKAGE = Path(__file__).parent.parent
# In the wheel the manifests lie inside the package; in a checkout, beside it.
_PLACES = (_PACKAGE / "manifests" / "mem0.json", _PACKAGE.parent / "manifests" / "mem0.json")


def recorded_manifest() -> IntegrationManifest | None:
    """The recorded manifest, or None where none was recorded yet."""
    for place in _PLACES:
        if place.is_file():
            return IntegrationManifest.model_validate_json(place.read_bytes())
    return None
