"""Organisations, their projects and the members of both.

An account is what the keys of one project share. It sees the organisation of every account with itself as the owner,
and what it has created. A created project has settings, members and webhooks; memories are kept in the key's own.
"""

import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from modulex_mem0.sandbox.clock import format_instant, now
from modulex_mem0.sandbox.http.auth import ORGANIZATION, Project

__all__ = [
    "OWNER",
    "ROLES",
    "Group",
    "create_organization",
    "create_project",
    "delete_organization",
    "delete_project",
    "has_organization",
    "has_project",
    "list_organizations",
    "list_projects",
    "members_of",
    "remove_member",
    "set_member",
]

OWNER = "OWNER"
ROLES = ("OWNER", "READER")
_DATA = ("memories", "vectors", "history", "events", "feedback", "exports", "entities", "webhooks", "profiles")
_SETTINGS = ("profile_settings", "profile_jobs", "projects", "members")


@dataclass(frozen=True)
class Group:
    """What members belong to: an organisation, or one of its projects.

    Attributes:
        project: Id of the project; empty for the organisation itself.
    """

    account: Project
    organization: str
    project: str = ""


def list_organizations(connection: sqlite3.Connection, account: Project) -> list[dict[str, Any]]:
    """The organisations of an account, its first one first."""
    rows = connection.execute("SELECT * FROM organizations WHERE account = ? ORDER BY created_at, id", (account.id,))
    first = connection.execute("SELECT * FROM projects WHERE project = ?", (account.id,)).fetchone()
    moment = now() if first is None else first["created_at"]
    every = {"id": ORGANIZATION, "name": "Sandbox", "created_at": moment, "updated_at": moment}
    return [_organization(connection, account, row) for row in (every, *rows)]


def has_organization(connection: sqlite3.Connection, account: Project, organization: str) -> bool:
    """Whether the account has this organisation."""
    if organization == ORGANIZATION:
        return True
    row = connection.execute(
        "SELECT 1 FROM organizations WHERE id = ? AND account = ?", (organization, account.id)
    ).fetchone()
    return row is not None


def create_organization(connection: sqlite3.Connection, account: Project, name: str) -> str:
    """Store an organisation and return its id."""
    identifier, moment = str(uuid.uuid4()), now()
    connection.execute("INSERT INTO organizations VALUES (?,?,?,?,?)", (identifier, account.id, name, moment, moment))
    return identifier


def delete_organization(connection: sqlite3.Connection, account: Project, organization: str) -> None:
    """Delete a created organisation with its projects and members."""
    for project in _created_projects(connection, account, organization):
        delete_project(connection, project)
    group = (account.id, organization)
    connection.execute("DELETE FROM members WHERE account = ? AND organization = ?", group)
    connection.execute("DELETE FROM organizations WHERE account = ? AND id = ?", group)


def list_projects(connection: sqlite3.Connection, account: Project, organization: str) -> list[str]:
    """Ids of the projects of an organisation."""
    own = [account.id] if organization == ORGANIZATION else []
    return own + _created_projects(connection, account, organization)


def has_project(
    connection: sqlite3.Connection, account: Project, project: str, organization: str | None = None
) -> bool:
    """Whether the account has this project, and if an organisation is named, in that one."""
    if project == account.id:
        return organization in {None, ORGANIZATION}
    row = connection.execute(
        "SELECT organization FROM projects WHERE project = ? AND account = ?", (project, account.id)
    ).fetchone()
    return row is not None and organization in {None, row["organization"]}


def create_project(connection: sqlite3.Connection, account: Project, organization: str, settings: str) -> str:
    """Store a project with its settings, as JSON, and return its id."""
    identifier, moment = str(uuid.uuid4()), now()
    connection.execute(
        "INSERT INTO projects VALUES (?,?,?,?,?,?)", (identifier, account.id, organization, settings, moment, moment)
    )
    return identifier


def delete_project(connection: sqlite3.Connection, project: str) -> None:
    """Delete a project and all of its data. The key of an account's own project then opens an empty one."""
    connection.execute(
        "DELETE FROM deliveries WHERE webhook IN (SELECT id FROM webhooks WHERE project = ?)", (project,)
    )
    for table in (*_DATA, *_SETTINGS):
        connection.execute(f"DELETE FROM {table} WHERE project = ?", (project,))  # noqa: S608 - one of our tables


def members_of(connection: sqlite3.Connection, group: Group) -> list[dict[str, str]]:
    """The members of a group: the account's owner, then those that were added."""
    rows = connection.execute(
        "SELECT email, role FROM members WHERE account = ? AND organization = ? AND project = ? ORDER BY rowid",
        (group.account.id, group.organization, group.project),
    )
    members = [(group.account.email, OWNER), *((row["email"], row["role"]) for row in rows)]
    return [{"username": email.partition("@")[0], "role": role, "email": email} for email, role in members]


def set_member(connection: sqlite3.Connection, group: Group, email: str, role: str) -> None:
    """Add a member, or change the role of one."""
    connection.execute(
        "INSERT INTO members VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET role = excluded.role",
        (group.account.id, group.organization, group.project, email, role),
    )


def remove_member(connection: sqlite3.Connection, group: Group, email: str) -> None:
    """Remove a member."""
    connection.execute(
        "DELETE FROM members WHERE account = ? AND organization = ? AND project = ? AND email = ?",
        (group.account.id, group.organization, group.project, email),
    )


def _created_projects(connection: sqlite3.Connection, account: Project, organization: str) -> list[str]:
    rows = connection.execute(
        "SELECT project FROM projects WHERE account = ? AND organization = ? AND project <> account"
        " ORDER BY created_at, project",
        (account.id, organization),
    )
    return [row["project"] for row in rows]


def _organization(
    connection: sqlite3.Connection, account: Project, row: sqlite3.Row | dict[str, Any]
) -> dict[str, Any]:
    return {
        "org_id": row["id"],
        "name": row["name"],
        "created_at": format_instant(row["created_at"]),
        "updated_at": format_instant(row["updated_at"]),
        "members": members_of(connection, Group(account, row["id"])),
        "is_default": row["id"] == ORGANIZATION,
        "byok_enabled": False,
        "invitations": [],
        "owner_pricing_plan": "FREE",
        "is_owner": True,
        "user_role": OWNER,
    }
