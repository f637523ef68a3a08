"""What rules look at: an integration, its manifest as it is now, and what was recorded and released before."""

from dataclasses import dataclass

from modulex_mem0.contract import ActionManifest, Integration, IntegrationManifest

__all__ = ["Subject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An integration under check.

    Attributes:
        integration: As its plugin returned it.
        manifest: Derived afresh from the declarations.
        recorded: What the integration shows hosts, which may have been recorded earlier.
        released: The manifest of the last release, which this one must be compatible with; None for a first one.
        rivals: Other installed distributions that want the same name.
    """

    integration: Integration
    manifest: IntegrationManifest
    recorded: IntegrationManifest
    released: IntegrationManifest | None = None
    rivals: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, integration: Integration, *, released: IntegrationManifest | None = None, rivals: tuple[str, ...] = ()
    ) -> "Subject":
        """Load an integration.

        Raises:
            Exception: Whatever the integration's own code raises.
        """
        return cls(
            integration=integration,
            manifest=integration.describe(),
            recorded=integration.manifest,
            released=released,
            rivals=rivals,
        )

    def schemas(self) -> list[tuple[str, ActionManifest, dict[str, object]]]:
        """Both schemas of each action: their place, the action, the schema."""
        return [
            (f"actions.{action.name}.{side}", action, schema)
            for action in self.manifest.actions
            for side, schema in (("input", action.input_schema), ("output", action.output_schema))
        ]
