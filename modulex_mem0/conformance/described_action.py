"""An action as data, derived once: a probe asks for it hundreds of times."""

from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from modulex_mem0.contract import Action, ActionManifest

__all__ = ["described_action", "output_validator"]


@lru_cache(maxsize=256)
def described_action(action: Action[Any, Any]) -> ActionManifest:
    """The action as data."""
    return action.describe()


@lru_cache(maxsize=256)
def output_validator(action: Action[Any, Any]) -> Draft202012Validator:
    """Validates the action's outputs, independently of the models that made them."""
    return Draft202012Validator(described_action(action).output_schema)
