"""Components for Langflow (extra `langflow`): one for each action, whose form comes from the manifest.

`bundle` writes the files of an extension: `extension.json`, which announces the components, and their modules. Each of
these names one of the bases in `component`, and nothing else. `form` says which field stands for which parameter;
`inputs` makes Langflow's inputs of it.

The bases import Langflow, so they are imported at their first use: writing the files needs no Langflow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from modulex_mem0.hosts.langflow.bundle import bundle_files, offered_actions, stale_files

if TYPE_CHECKING:
    from modulex_mem0.hosts.langflow.component import ActionComponent, ConnectionComponent

__all__ = ["ActionComponent", "ConnectionComponent", "bundle_files", "offered_actions", "stale_files"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name not in ("ActionComponent", "ConnectionComponent"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.component"), name)
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] not in ("langchain_core", "lfx", "mcp"):
            raise
        # With mcp 2, Langflow's library cannot be imported either.
        raise ImportError(
            "the components need Langflow's library: pip install 'modulex-mem0[langflow]', in an environment without"
            " mcp 2, which the extras mcp and serve bring",
            name=error.name,
        ) from error
