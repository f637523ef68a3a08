"""Shelf: find books, and lend them."""

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
    advanced,
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

    words: str = Field(min_length=1, description='Words of the title (e.g., "night train").')
    limit: int = Field(default=10, ge=1, le=100, description="The most books to return.")
    include_lent: bool = advanced("Whether to return books that are lent out, too.", default=False)


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
    reply = await context.http.send(
        "GET", "/v1/books", params={"q": input.words, "limit": input.limit, "lent": input.include_lent}
    )
    books = [Book(id=_text(book.get("id")), title=_text(book.get("title"))) for book in reply.objects("books")]
    return FindBooksOutput(success=True, books=books)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


class LendBookInput(ActionInput):
    """The book, and its reader."""

    book_id: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$", description="The book's id, as find_books returns it."
    )
    reader: str = Field(min_length=1, description='Who borrows it (e.g., "alice").')


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
    reply = await context.http.send("POST", f"/v1/books/{input.book_id}/loans", json={"reader": input.reader})
    due = reply.object().get("due")
    if not isinstance(due, str):
        raise ActionError(ErrorCode.BAD_RESPONSE, "Shelf's reply does not say when the book is due")
    return LendBookOutput(success=True, due=due)


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
