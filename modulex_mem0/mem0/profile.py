"""The integration without its actions: its card, its credential, and the values that the actions' examples share."""

from typing import Any

from modulex_mem0.contract import AuthScheme, ConnectionTest, CredentialField, Profile

__all__ = ["EVENT_ID", "MEMORY", "MEMORY_ID", "PROFILE", "USER"]

_API_KEY = AuthScheme(
    type="api_key",
    display_name="API Key Authentication",
    description="Authenticate using your Mem0 API key",
    setup_steps=(
        "Go to https://app.mem0.ai and sign up or log in",
        "Open the dashboard and navigate to the 'API Keys' section",
        "Create a new API key or copy your existing one",
        "Paste the API key below",
    ),
    fields=(
        CredentialField(
            name="api_key",
            display_name="Mem0 API Key",
            description="Your Mem0 API key from app.mem0.ai",
            environment_variable="MEM0_API_KEY",
            sensitive=True,
            help_url="https://docs.mem0.ai/platform/quickstart",
        ),
        CredentialField(
            name="base_url",
            display_name="Mem0 Base URL",
            description="Where the Mem0 Platform API is served, if not at api.mem0.ai",
            environment_variable="MEM0_BASE_URL",
            required=False,
            advanced=True,
            kind="url",
            format="https://…",
            default="https://api.mem0.ai",
            help_url="https://docs.mem0.ai/api-reference",
        ),
    ),
    base_url="{base_url}",
    # Not Bearer: Mem0 has a scheme name of its own.
    headers={"Authorization": "Token {api_key}"},
    connection_test=ConnectionTest(
        method="GET",
        url="{base_url}/v1/ping/",
        success_fields={"status": "ok"},
        description="Asks Mem0 whether the key is valid; reads and changes nothing",
    ),
)

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
    auth_schemes=(_API_KEY,),
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
    owner_parameter="user_id",
)

# The people and things of the actions' examples.
USER = "alice"
MEMORY_ID = "7f1f2d0e-7a3c-4b57-9f0a-0d8a3f6f2b11"
EVENT_ID = "2c4d1f44-4f7b-4b2f-9f6e-7b5b4f5a1234"
MEMORY: dict[str, Any] = {
    "id": MEMORY_ID,
    "memory": "User is a vegetarian",
    "user_id": USER,
    "agent_id": None,
    "app_id": None,
    "run_id": None,
    "hash": None,
    "metadata": None,
    "categories": ["food"],
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:00Z",
}
