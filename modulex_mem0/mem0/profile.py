"""What a host shows of the integration beside its actions."""

from modulex_mem0.contract import Profile
from modulex_mem0.mem0.credential import API_KEY

__all__ = ["PROFILE"]

PROFILE = Profile(
    name="mem0",
    display_name="Mem0",
    description=(
        "Add Mem0 to any ModuleX agent or workflow. Persistent agent memory management against the Mem0 REST API"
        " (api.mem0.ai) — add, search, and retrieve long-term memories so AI agents can recall user context,"
        " preferences, and prior conversations across sessions."
    ),
    version="1.0.0",
    author="The modulex-mem0 authors",
    logo="modulex:mem0",
    app_url="https://mem0.ai",
    categories=("AI & Machine Learning", "Knowledge Base", "Agentic"),
    auth_schemes=(API_KEY,),
    limits=(
        "Rate limits and quotas depend on your Mem0 plan; see https://docs.mem0.ai for current tiers.",
        (
            "add_memories is processed asynchronously — the response returns a status (initially PENDING) and an"
            " event_id for polling progress, not the stored memory records themselves."
        ),
        (
            "Error model: non-2xx responses and timeouts are caught and returned as success=False + error rather than"
            " raising. Plan for retries on the agent side based on the error string."
        ),
    ),
)
