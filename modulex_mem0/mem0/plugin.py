"""The entry point: registers the integration with any host, exactly as a third party's would."""

from collections.abc import Iterable
from typing import Any

from modulex_mem0.contract import Action, Integration, hookimpl
from modulex_mem0.mem0.profile import PROFILE
from modulex_mem0.mem0.recorded import recorded_manifest

__all__ = ["modulex_integrations"]


@hookimpl
def modulex_integrations() -> list[Integration]:
    """Return the Mem0 integration."""
    return [Integration(PROFILE, _load_actions, recorded_manifest)]


def _load_actions() -> Iterable[Action[Any, Any]]:
    from modulex_mem0.mem0.actions import ACTIONS  # noqa: PLC0415 - listing the integration does not need their code

    return ACTIONS
