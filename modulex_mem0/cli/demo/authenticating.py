"""Steps: how to authenticate, and whether a credential works."""

import secrets

from pydantic import SecretStr

from modulex_mem0.cli.authentication import steps
from modulex_mem0.cli.demo.expecting import expect
from modulex_mem0.cli.demo.stage import INTEGRATION, Stage
from modulex_mem0.contract import ErrorCode

__all__ = ["show_authentication", "try_credentials"]


async def show_authentication(stage: Stage) -> None:
    """Show the form that a platform makes of the authentication scheme."""
    scheme = stage.integration.profile.auth_schemes[0]
    masked = [field for field in scheme.fields if field.sensitive]
    expect(bool(scheme.setup_steps), "set-up steps to show")
    expect(bool(masked), "a field that is masked")
    stage.page.say(f"{scheme.display_name}: {scheme.description}.")
    stage.page.block(steps(scheme))
    for field in scheme.fields:
        entered = str(stage.api_key) if field.sensitive else stage.base_url
        need = "required" if field.required else "optional"
        kind = "masked, " if field.sensitive else ""
        stage.page.block(f"  {field.display_name}: [ {entered} ]  ({kind}{need})")


async def try_credentials(stage: Stage) -> None:
    """Press the Test button, first with a wrong key."""
    wrong = stage.credential(SecretStr(f"m0-{secrets.token_hex(16)}"))
    stage.page.say("With a key that the service does not know:")
    stage.page.sent("test_credential", {name: str(value) for name, value in wrong.items()})
    result = await stage.runtime.test_credential(INTEGRATION, credential=wrong)
    expect(
        result.error is not None and result.error.code is ErrorCode.UNAUTHORIZED,
        f"a wrong key to be refused, got {result.output}",
    )
    stage.page.refused(result.output["error"])

    right = stage.credential()
    stage.page.say("With the right one:")
    stage.page.sent("test_credential", {name: str(value) for name, value in right.items()})
    result = await stage.runtime.test_credential(INTEGRATION, credential=right)
    expect(result.success, f"the right key to be accepted, got {result.output}")
    stage.page.received(result.output)
