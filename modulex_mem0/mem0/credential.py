"""How to authenticate with Mem0."""

from modulex_mem0.contract import AuthScheme, ConnectionTest, CredentialField

__all__ = ["API_KEY"]

API_KEY = AuthScheme(
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
