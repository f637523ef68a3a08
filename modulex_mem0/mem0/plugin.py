"""The entry point: registers the integration with any host, exactly as a third party's would."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from modulex_mem0.contract import Action, Integration, IntegrationManifest, hookimpl
from modulex_mem0.mem0.profile import PROFILE

__all__ = ["modulex_integrations"]

_PACKAGE = Path(__file__).parent.parent
# In the wheel the manifests lie inside the package; in a checkout, beside it.
_RECORDED = (_PACKAGE / "manifests" / "mem0.json", _PACKAGE.parent / "manifests" / "mem0.json")


@hookimpl
def modulex_integrations() -> list[Integration]:
    """Return the Mem0 integration."""
    return [Integration(PROFILE, _load_actions, _recorded_manifest)]


def _load_actions() -> Iterable[Action[Any, Any]]:
    from modulex_mem0.mem0.actions import ACTIONS  # noqa: PLC0415 - listing the integration does not need their code

    return ACTIONS


def _recorded_manifest() -> IntegrationManifest | None:
    for path in _RECORDED:
        if path.is_file():
            return IntegrationManifest.model_validate_json(path.read_bytes())
    return None
