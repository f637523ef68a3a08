"""Shelf keeps the contract, and withstands hostile callers and replies."""

from modulex_mem0.conformance import ConformanceSuite, ServiceFixture

BOOK = {"id": "b-1", "title": "Night Train to Lisbon"}


class TestShelf(ConformanceSuite):
    integration = "shelf"
    service = ServiceFixture(replies={"find_books": {"books": [BOOK]}, "lend_book": {"due": "2026-12-24"}})
