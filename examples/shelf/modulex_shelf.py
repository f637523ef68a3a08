"""Shelf: find books, and lend them."""

from collections.abc import Mapping
from typing import Any

from modulex_mem0.contract import (
    ActionError,
    ActionInput,
    ActionOutput,
    AuthScheme,
    ConnectionTest,
    Context,
    CredentialField,
    ErrorCode,
    Example,
    Integration,
    Profile,
    action,
    hookimpl,
)
from pydantic import BaseModel, ConfigDict, Field

API_KEY = AuthScheme(
    type="api_key",
    display_name="API Key Authentication",
    description="Authenticate using your Shelf API key",
    setup_steps=("Sign in to Shelf", "Create an API key in the settings", "Paste the API key below"),
    fields=(
        CredentialField(
            name="api_key",
            display_name="Shelf API Key",
            description="Your API key from the settings of Shelf",
            environment_variable="SHELF_API_KEY",
            sensitive=True,
            help_url="https://example.com/settings",
        ),
    ),
    base_url="https://api.example.com",
    headers={"Authorization": "Bearer {api_key}"},
    connection_test=ConnectionTest(
        url="https://api.example.com/v1/me",
        success_fields={"status": "ok"},
        description="Asks who the key belongs to; changes nothing",
    ),
)


class Book(BaseModel):
    """A book on the shelf."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = None
    title: str | None = None


class FindBooksInput(ActionInput):
    """What to look for."""

    words: str = Field(min_length=1, title="Words", description='Words of the title (e.g., "night train").')
    limit: int = Field(default=10, ge=1, le=100, title="Limit", description="The most books to return.")


class FindBooksOutput(ActionOutput):
    """The books that were found."""

    books: list[Book] = Field(default_factory=list, description="The books, best match first.")


@action(
    title="Find books",
    read_only=True,
    idempotent=True,
    example=Example(
        input={"words": "night train", "limit": 5},
        output={"success": True, "error": None, "books": [{"id": "b-1", "title": "Night Train to Lisbon"}]},
    ),
)
async def find_books(context: Context, input: FindBooksInput) -> FindBooksOutput:
    """Find books by words of their title."""
    reply = await _answer(context, "GET", "/v1/books", params={"q": input.words, "limit": input.limit})
    books = reply.get("books")
    if not isinstance(books, list) or not all(isinstance(book, dict) for book in books):
        raise ActionError(ErrorCode.BAD_RESPONSE, "Shelf's reply holds no list of books")
    return FindBooksOutput(success=True, books=[_book(book) for book in books])


async def _answer(
    context: Context,
    method: str,
    path: str,
    *,
    params: Mapping[str, str | int] | None = None,
    json: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Send a request and read the object that it is answered with."""
    reply = await context.http.send(method, path, params=params, json=json)
    reply.require_success()
    body = reply.json()
    if not isinstance(body, dict):
        raise ActionError(ErrorCode.BAD_RESPONSE, "Shelf answered with something that is no object")
    # Shelf reports some failures under a success status.
    if body.get("error") or body.get("status") == "FAILED":
        raise ActionError(ErrorCode.SERVICE_ERROR, f"Shelf reports: {body.get('error') or 'failed'}")
    return body


def _book(item: dict[str, Any]) -> Book:
    return Book(**{name: item[name] for name in ("id", "title") if isinstance(item.get(name), str)})


class LendBookInput(ActionInput):
    """Which book, and to whom."""

    book_id: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$",
        title="Book ID",
        description="The book's id, as find_books returns it.",
    )
    reader: str = Field(min_length=1, title="Reader", description='Who borrows it (e.g., "alice").')


class LendBookOutput(ActionOutput):
    """The loan."""

    due: str | None = Field(default=None, description="The day to bring it back, YYYY-MM-DD.")


@action(
    title="Lend book",
    example=Example(
        input={"book_id": "b-1", "reader": "alice"},
        output={"success": True, "error": None, "due": "2026-12-24"},
    ),
)
async def lend_book(context: Context, input: LendBookInput) -> LendBookOutput:
    """Lend a book to a reader."""
    reply = await _answer(context, "POST", f"/v1/books/{input.book_id}/loans", json={"reader": input.reader})
    due = reply.get("due")
    return LendBookOutput(success=True, due=due if isinstance(due, str) else None)


PROFILE = Profile(
    name="shelf",
    display_name="Shelf",
    description="Finds books, and lends them.",
    version="1.0.0",
    author="The Shelf authors",
    logo="modulex:shelf",
    app_url="https://example.com",
    categories=("Productivity",),
    auth_schemes=(API_KEY,),
    limits=("A reader has ten books at most; a key makes a hundred requests a minute.",),
)


@hookimpl
def modulex_integrations() -> list[Integration]:
    """Return the integration."""
    return [Integration(PROFILE, [find_books, lend_book])]
