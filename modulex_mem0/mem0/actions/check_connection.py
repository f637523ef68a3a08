"""`GET /v1/ping/`: the account that the key belongs to."""

from pydantic import Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.replies import bad_response, read_object, refuse_foreign_404, text

__all__ = ["check_connection"]


class CheckConnectionInput(ActionInput):
    """No parameters."""


class CheckConnectionOutput(ActionOutput):
    """The key's account."""

    organization_id: str | None = Field(default=None, description="The organisation's id.")
    project_id: str | None = Field(default=None, description="The project's id.")
    user_email: str | None = Field(default=None, description="The e-mail address of the key's owner.")


@action(
    title="Check connection",
    read_only=True,
    idempotent=True,
    cross_user=True,
    example=Example(
        input={},
        output={
            "success": True,
            "error": None,
            "organization_id": "org-1",
            "project_id": "proj-1",
            "user_email": "dev@example.com",
        },
    ),
)
async def check_connection(context: Context, input: CheckConnectionInput) -> CheckConnectionOutput:
    """Check that Mem0 accepts the key, and get the organisation, project and person that it belongs to.

    Raises:
        ActionError: `bad_response` when it is not Mem0 that answers.
    """
    reply = await context.http.send("GET", "/v1/ping/")
    refuse_foreign_404(reply)
    body = read_object(reply)
    if body.get("status") != "ok":
        raise bad_response("the answer lacks Mem0's status; check the base URL")
    return CheckConnectionOutput(
        success=True,
        organization_id=text(body.get("org_id")),
        project_id=text(body.get("project_id")),
        user_email=text(body.get("user_email")),
    )
