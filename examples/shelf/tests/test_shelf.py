"""Shelf keeps the contract, and withstands what callers and services do."""

from modulex_mem0.conformance.testing import ConformanceSuite, Kit

BOOK = {"id": "b-1", "title": "Night Train to Lisbon"}


class TestShelf(ConformanceSuite):
    integration = "shelf"
    kit = Kit(replies={"find_books": {"books": [BOOK]}, "lend_book": {"due": "2026-12-24"}})
