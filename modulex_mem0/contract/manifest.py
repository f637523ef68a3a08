"""An integration as data: what a host shows, and what `manifests/*.json` hold."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import Field, model_validator

from modulex_mem0.contract.authentication import AuthScheme
from modulex_mem0.contract.models import FrozenModel
from modulex_mem0.contract.template import Template

__all__ = ["ActionManifest", "Example", "FollowUp", "Hints", "IntegrationManifest", "Profile"]

Schema = dict[str, Any]


class Hints(FrozenModel):
    """How an action behaves. Hosts show it, and the retry policy follows it."""

    read_only: bool = Field(default=False, description="The action changes nothing.")
    idempotent: bool = Field(default=False, description="Repeating a call has no further effect.")
    destructive: bool = Field(default=False, description="The action may delete or overwrite what was stored.")
    cross_user: bool = Field(
        default=False, description="The action reaches beyond one user, to everything the credential can see."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.read_only and self.destructive:
            raise ValueError("an action cannot be read_only and destructive at once")
        return self

    @property
    def safe_to_retry(self) -> bool:
        """True when sending the same request twice does no harm, so that a failed one may be retried."""
        return self.read_only or self.idempotent


class Example(FrozenModel):
    """An input that works and an output that it may give."""

    input: dict[str, Any]
    output: dict[str, Any]


class FollowUp(FrozenModel):
    """How to follow work that an action's output reports as accepted but not finished."""

    action: str = Field(description="The action that reports the state of the work.")
    input: dict[str, Any] = Field(
        description="Its input. In a text, `{field}` is the output's field of that name, or else the input's."
    )
    when: dict[str, tuple[str, ...]] = Field(
        min_length=1, description="The fields of the output, each with the values that it has until the work ends."
    )

    def input_for(self, input: Mapping[str, Any], output: Mapping[str, Any]) -> dict[str, Any] | None:
        """The input of the action that follows a call.

        Args:
            input: The call's.
            output: The call's.

        Returns:
            None where nothing is left to follow, or where neither has a field that is needed.
        """
        if not all(output.get(name) in values for name, values in self.when.items()):
            return None
        # A field that the output leaves empty does not hide the input's.
        known = {
            name: str(value)
            for fields in (input, output)
            for name, value in fields.items()
            if isinstance(value, str | int) and not isinstance(value, bool)
        }
        needed = (Template(text) for text in self.input.values() if isinstance(text, str))
        if not all(template.is_complete(known) for template in needed):
            return None
        return {name: Template.render_json(value, known) for name, value in self.input.items()}


class ActionManifest(FrozenModel):
    """One action as data. Both schemas are JSON Schema, draft 2020-12, of type object."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The name to call it by; unique in its integration.")
    title: str = Field(min_length=1, description="A short name for people.")
    description: str = Field(min_length=1, description="One sentence for people.")
    input_schema: Schema = Field(description="What the action takes.")
    output_schema: Schema = Field(description="What the action returns, whether it succeeds or not.")
    hints: Hints = Field(default_factory=Hints)
    example: Example | None = None
    follow_up: FollowUp | None = Field(
        default=None, description="How to follow work that the output reports as not finished."
    )


class Profile(FrozenModel):
    """Everything about an integration but its actions."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The name to call it by; unique in a host.")
    display_name: str = Field(min_length=1, description="The name on the catalogue card.")
    description: str = Field(min_length=1, description="What it is for, in a sentence or two.")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+", description="The version of this declaration, major.minor.patch.")
    author: str = Field(min_length=1)
    logo: str | None = Field(default=None, description="A URL or a name that hosts know.")
    app_url: str | None = Field(default=None, pattern=r"^https://", description="The service's own site.")
    categories: tuple[str, ...] = ()
    auth_schemes: tuple[AuthScheme, ...] = Field(default=(), description="The ways to authenticate, best first.")
    limits: tuple[str, ...] = Field(default=(), description="Limits and quotas, a sentence each.")
    owner_parameter: str | None = Field(
        default=None,
        min_length=1,
        description="The parameter that names the owner of the data that an action works on; hosts can fix it.",
    )

    @cached_property
    def credential_names(self) -> Mapping[str, str]:
        """The credential's fields by each name that they may be given under: their own and their variable's."""
        fields = [field for scheme in self.auth_schemes for field in scheme.fields]
        return {f.environment_variable: f.name for f in fields} | {f.name: f.name for f in fields}


class IntegrationManifest(Profile):
    """A whole integration as data."""

    actions: tuple[ActionManifest, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [action.name for action in self.actions]
        if len(set(names)) != len(names):
            raise ValueError("two actions share a name")
        return self

    @model_validator(mode="after")
    def _follow_ups_can_be_called(self) -> Self:
        by_name = {action.name: action for action in self.actions}
        for action in self.actions:
            if action.follow_up is None:
                continue
            followed = by_name.get(action.follow_up.action)
            if followed is None:
                raise ValueError(f"{action.name}.follow_up: there is no action {action.follow_up.action!r}")
            unknown = action.follow_up.input.keys() - followed.input_schema.get("properties", {}).keys()
            if unknown:
                raise ValueError(f"{action.name}.follow_up: {followed.name} has no parameter {min(unknown)!r}")
        return self
