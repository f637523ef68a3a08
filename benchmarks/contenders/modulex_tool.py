"""ModuleX's own mem0 tool, called as its host calls it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from modulex_integrations.tools.mem0 import tools

from benchmarks.contenders.target import KEY, Call, Target
from benchmarks.server.replies import USER

__all__ = ["POOLED", "SETUP", "opened"]

SETUP = "modulex_integrations.tools.mem0.search_memories.ainvoke(…), its module constant set to the server"
#: It opens a client for each call by itself, so that there is nothing to warm up.
POOLED = False


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Call]:
    """Nothing to open."""
    # Read anew at each call, so that setting it is enough; there is no option for it.
    tools._MEM0_API_BASE = target.base_url  # noqa: SLF001

    async def call() -> int:
        asked = {"user_id": USER, "query": target.body()["query"], "limit": target.records, "api_key": KEY}
        output = await tools.search_memories.ainvoke(asked)
        if not output["success"]:
            raise RuntimeError(output["error"])
        return len(output["search_results"])

    yield call
