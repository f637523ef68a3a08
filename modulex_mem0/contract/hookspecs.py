"""The pluggy hooks through which integrations arrive.

A distribution registers a module (or any object) under the entry-point group `modulex`; the module implements the
hooks below with `hookimpl`. Our own integration registers exactly as a third party's would.
"""

from collections.abc import Iterable

import pluggy

from modulex_mem0.contract.integration import Integration, LazyIntegration

__all__ = ["ENTRY_POINT_GROUP", "PROJECT_NAME", "hookimpl", "modulex_integrations"]

PROJECT_NAME = "modulex"
"""The project of the hooks, for pluggy."""
ENTRY_POINT_GROUP = "modulex"
"""The group of entry points under which a plugin registers its module."""

hookspec = pluggy.HookspecMarker(PROJECT_NAME)
hookimpl = pluggy.HookimplMarker(PROJECT_NAME)
"""Marks a function of a plugin as the implementation of the hook of its name."""


@hookspec
def modulex_integrations() -> Iterable[Integration | LazyIntegration]:  # type: ignore[empty-body]
    """Return the integrations that this distribution brings."""
