"""Steps: what is installed, and what an integration offers."""

from modulex_mem0.cli.demo.expecting import expect
from modulex_mem0.cli.demo.stage import INTEGRATION, Stage
from modulex_mem0.cli.hint_words import hint_words

__all__ = ["discover", "show_palette"]


async def discover(stage: Stage) -> None:
    """Find the integration through pluggy, as a workflow platform does when it starts."""
    installed = stage.runtime.integrations
    expect(INTEGRATION in installed, f"the integration {INTEGRATION} to be installed")
    manifest = stage.integration.manifest
    stage.page.say("pluggy asked every installed plugin of the group `modulex` for its integrations:")
    stage.page.rows(
        ("INTEGRATION", "VERSION", "DISTRIBUTION", "CATEGORIES"),
        [(manifest.name, manifest.version, installed.distribution_of(INTEGRATION), ", ".join(manifest.categories))],
    )


async def show_palette(stage: Stage) -> None:
    """List what a workflow's author can choose from."""
    actions = stage.integration.manifest.actions
    expect(
        {"add_memories", "search_memories", "get_memories"} <= {action.name for action in actions},
        "the three documented actions on the palette",
    )
    stage.page.rows(
        ("ACTION", "TITLE", "HINTS"), [(action.name, action.title, hint_words(action.hints)) for action in actions]
    )
    stage.page.say("(`modulex-mem0 actions NAME` shows what each takes and returns.)")
