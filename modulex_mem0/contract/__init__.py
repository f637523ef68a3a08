"""What an integration is: manifest, actions, hooks and errors. No I/O; depends on pydantic and pluggy alone."""

from modulex_mem0.contract.action import Action, action
from modulex_mem0.contract.authentication import AuthScheme
from modulex_mem0.contract.connection_test import BasicAuth, ConnectionTest
from modulex_mem0.contract.context import Context
from modulex_mem0.contract.credential_field import CredentialField
from modulex_mem0.contract.deferred import DeferredIntegration
from modulex_mem0.contract.errors import ActionError, ErrorCode, ErrorInfo
from modulex_mem0.contract.hints import Hints
from modulex_mem0.contract.hookspecs import ENTRY_POINT_GROUP, PROJECT_NAME, hookimpl, modulex_integrations
from modulex_mem0.contract.http import HttpClient, Reply
from modulex_mem0.contract.integration import Integration
from modulex_mem0.contract.manifest import ActionManifest, Example, IntegrationManifest, Profile
from modulex_mem0.contract.oauth2 import OAuth2Endpoints
from modulex_mem0.contract.shapes import ADVANCED, NULLABLE, ActionInput, ActionOutput

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
    "DeferredIntegration",
    "ErrorCode",
    "ErrorInfo",
    "Example",
    "Hints",
    "HttpClient",
    "Integration",
    "IntegrationManifest",
    "OAuth2Endpoints",
    "Profile",
    "Reply",
    "action",
    "hookimpl",
    "modulex_integrations",
]
