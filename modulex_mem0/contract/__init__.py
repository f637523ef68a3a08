"""The contract of integrations: manifest, actions, hooks and errors. No I/O; depends on pydantic and pluggy alone."""

from modulex_mem0.contract.actions import Action, action
from modulex_mem0.contract.authentication import (
    AuthScheme,
    BasicAuth,
    ConnectionTest,
    CredentialField,
    OAuth2Endpoints,
)
from modulex_mem0.contract.context import Context, HttpClient, Reply
from modulex_mem0.contract.errors import ActionError, ErrorCode, ErrorInfo
from modulex_mem0.contract.hookspecs import ENTRY_POINT_GROUP, PROJECT_NAME, hookimpl, modulex_integrations
from modulex_mem0.contract.integration import Integration, LazyIntegration
from modulex_mem0.contract.manifest import ActionManifest, Example, FollowUp, Hints, IntegrationManifest, Profile
from modulex_mem0.contract.models import (
    ADVANCED,
    NULLABLE,
    ActionInput,
    ActionOutput,
    FrozenModel,
    advanced,
    input_schema,
    is_blank,
    output_schema,
)
from modulex_mem0.contract.template import RenderedUrl, Template

__all__ = [
    "ADVANCED",
    "ENTRY_POINT_GROUP",
    "NULLABLE",
    "PROJECT_NAME",
    "Action",
    "ActionError",
    "ActionInput",
    "ActionManifest",
    "ActionOutput",
    "AuthScheme",
    "BasicAuth",
    "ConnectionTest",
    "Context",
    "CredentialField",
    "ErrorCode",
    "ErrorInfo",
    "Example",
    "FollowUp",
    "FrozenModel",
    "Hints",
    "HttpClient",
    "Integration",
    "IntegrationManifest",
    "LazyIntegration",
    "OAuth2Endpoints",
    "Profile",
    "RenderedUrl",
    "Reply",
    "Template",
    "action",
    "advanced",
    "hookimpl",
    "input_schema",
    "is_blank",
    "modulex_integrations",
    "output_schema",
]
