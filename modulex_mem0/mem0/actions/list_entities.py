"""`GET /v1/entities/`: list the users, agents, apps and runs that the project has memories of."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from modulex_mem0.contract import ActionInput, ActionOutput, Context, Example, action
from modulex_mem0.mem0.ids import EntityType
from modulex_mem0.mem0.parameters import PageNumber, PageSize
from modulex_mem0.mem0.profile import USER
from modulex_mem0.mem0.replies import Record, mapping, read_object, read_page, text, utc, whole_number

__all__ = ["list_entities"]


class ListEntitiesInput(ActionInput):
    """Which page, and which kind."""

    blank_is_absent = True

    entity_type: EntityType | None = Field(
        default=None, description="Only entities of this kind, among those on the page."
    )
    limit: PageSize = Field(default=100, description="Maximum number of entities on a page.")
    page: PageNumber = Field(default=1, description="Page number, from 1.")


class EntityRecord(Record):
    """A user, agent, app or run that has memories."""

    id: str | None = Field(default=None, description="Mem0's own id of the entity.")
    name: str | None = Field(default=None, description="Its id in memories, such as a user_id.")
    type: str | None = Field(default=None, description="user, agent, app or run.")
    owner: str | None = Field(default=None, description="Who owns it in the project.")
    metadata: dict[str, Any] | None = Field(default=None, description="Its metadata.")
    created_at: str | None = Field(default=None, description="When it was first seen, ISO 8601 in UTC.")
    updated_at: str | None = Field(default=None, description="When it was last changed, ISO 8601 in UTC.")


class ListEntitiesOutput(ActionOutput):
    """A page of entities."""

    entities: list[EntityRecord] = Field(default_factory=list, description="The entities.")
    names: list[str] = Field(default_factory=list, description="Their ids, such as user ids.")
    count: int | None = Field(default=None, description="How many there are in all, of every kind.")
    next: str | None = Field(default=None, description="Address of the next page; null on the last.")
    previous: str | None = Field(default=None, description="Address of the page before; null on the first.")
    total_users: int | None = Field(default=None, description="How many users the project has.")
    total_agents: int | None = Field(default=None, description="How many agents the project has.")
    total_apps: int | None = Field(default=None, description="How many apps the project has.")
    total_runs: int | None = Field(default=None, description="How many runs the project has.")


@action(
    title="List entities",
    read_only=True,
    idempotent=True,
    cross_user=True,
    example=Example(
        input={"entity_type": "user", "limit": 10},
        output={
            "success": True,
            "error": None,
            "entities": [
                {
                    "id": "1",
                    "name": USER,
                    "type": "user",
                    "owner": "me",
                    "metadata": None,
                    "created_at": "2026-01-15T10:30:00Z",
                    "updated_at": "2026-01-15T10:30:00Z",
                }
            ],
            "names": [USER],
            "count": 1,
            "next": None,
            "previous": None,
            "total_users": 1,
            "total_agents": 0,
            "total_apps": 0,
            "total_runs": 0,
        },
    ),
)
async def list_entities(context: Context, input: ListEntitiesInput) -> ListEntitiesOutput:
    """List the users, agents, apps and runs that the project has memories of.

    Raises:
        ActionError: `bad_response` for a reply without results.
    """
    reply = await context.http.send("GET", "/v1/entities/", params={"page": input.page, "page_size": input.limit})
    body = read_object(reply)
    page = read_page(body, _entity_record, limit=input.limit)
    entities = page.records
    if input.entity_type is not None:
        entities = [entity for entity in entities if entity.type == input.entity_type]
    totals = {name: whole_number(body.get(name)) for name in ListEntitiesOutput.model_fields if "total_" in name}
    return ListEntitiesOutput(
        success=True,
        entities=entities,
        names=[entity.name for entity in entities if entity.name],
        count=page.count,
        next=page.next,
        previous=page.previous,
        **totals,
    )


def _entity_record(item: Mapping[str, Any]) -> EntityRecord:
    return EntityRecord(
        **{name: text(item.get(name)) for name in ("id", "name", "type", "owner")},
        created_at=utc(item.get("created_at")),
        updated_at=utc(item.get("updated_at")),
        metadata=mapping(item.get("metadata")),
    )
