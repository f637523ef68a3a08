"""Rows: what is sent with one add, each with the key by which it is found again."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from modulex_mem0.bulk_import.containers import Item
from modulex_mem0.bulk_import.conversions import CONVERSIONS, Input, from_record
from modulex_mem0.bulk_import.layout import Layout
from modulex_mem0.bulk_import.options import ImportOptions

__all__ = ["InvalidRow", "Row", "RowReader", "row_key"]

# Waiting for each add would make an import slow; the import follows all of them at once.
_WAITING = frozenset({"wait_for_completion", "wait_timeout"})
_SPLIT_KINDS = frozenset({"conversations", "turns"})
_MOST_PROBLEMS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One add.

    Attributes:
        place: Where it is in the source, for people.
        input: The input of `add_memories`.
        key: `row_key` of its user and its messages.
    """

    place: str
    input: Input
    key: str


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A part of the source that cannot be sent.

    Attributes:
        place: Where it is in the source, for people.
        reason: What is wrong, with the field.
        input: What was read, if it could be.
        text: The text of an item that could not.
    """

    place: str
    reason: str
    input: Input | None = None
    text: str | None = None


def row_key(user_id: str, messages: list[Mapping[str, Any]]) -> str:
    """SHA-256 of a user and what was said, in hexadecimal. Rows with the same key are sent once."""
    text = json.dumps([user_id, messages], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class RowReader:
    """Turns items into rows.

    Args:
        layout: Of the source.
        options: The user of rows without one, and what else the source does not say.
        model: The input model of the action that adds; None leaves the validation to the call.
    """

    def __init__(self, layout: Layout, options: ImportOptions, model: type[BaseModel] | None) -> None:
        self._layout = layout
        self._options = options
        self._model = model
        self._unit = {"lines": "line", "table": "line"}.get(layout.container, "item")

    def read(self, item: Item) -> list[Row | InvalidRow]:
        """The rows of an item; none if nothing is said in it."""
        place = f"{self._unit} {item.number}"
        if item.problem is not None:
            return [InvalidRow(place, item.problem, text=item.text)]
        try:
            inputs = list(self._convert(item.value))
        except ValueError as error:
            given = item.value if isinstance(item.value, dict) and self._layout.kind == "inputs" else None
            return [InvalidRow(place, str(error), given)]
        rows: list[Row | InvalidRow] = []
        for number, given in enumerate(inputs, 1):
            rows += self._rows(place if len(inputs) == 1 else f"{place}, part {number}", given)
        return rows

    def _convert(self, value: Any) -> Iterator[Input]:  # noqa: ANN401 - any JSON value
        if self._layout.container == "table":
            yield from_record(value, self._options)
        else:
            yield from CONVERSIONS[self._layout.kind](value, self._options.turns)

    def _rows(self, place: str, given: Input) -> list[Row | InvalidRow]:
        given = {name: value for name, value in given.items() if name not in _WAITING}
        options = self._options
        if given.get("user_id") is None and options.user_id is not None:
            given["user_id"] = options.user_id
        if options.infer is not None and (self._layout.kind == "memories" or given.get("infer") is None):
            given["infer"] = options.infer
        try:
            checked = self._validated(given)
        except ValueError as error:
            return [InvalidRow(place, str(error), given)]
        user_id, messages = checked["user_id"], checked["messages"]
        turns = options.turns
        if self._layout.kind not in _SPLIT_KINDS or len(messages) <= turns:
            return [Row(place, checked, row_key(user_id, messages))]
        rows: list[Row | InvalidRow] = []
        for number, start in enumerate(range(0, len(messages), turns), 1):
            part = messages[start : start + turns]
            rows.append(Row(f"{place}, part {number}", {**checked, "messages": part}, row_key(user_id, part)))
        return rows

    def _validated(self, given: Input) -> Input:
        """The input as it is sent.

        Raises:
            ValueError: It does not fit; the message names the field and the fix.
        """
        if given.get("user_id") is None:
            raise ValueError("user_id: is missing; name it in the row, or give --user-id for all rows without one")
        if isinstance(given["user_id"], str) and not given["user_id"].strip():
            raise ValueError("user_id: is blank, so the row's user got lost; fill it in")
        if self._model is None:
            messages = given.get("messages")
            if not isinstance(messages, list) or not messages:
                raise ValueError("messages: is required, as a list of messages")
            return {**given, "user_id": str(given["user_id"])}
        try:
            model = self._model.model_validate(given)
        except ValidationError as error:
            raise ValueError(_reasons(error)) from None
        return {
            "user_id": None,
            "messages": None,
            **model.model_dump(exclude_defaults=True, exclude=set(_WAITING)),
        }


def _reasons(error: ValidationError) -> str:
    reasons = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False)[:_MOST_PROBLEMS]:
        place = ".".join(map(str, problem["loc"]))
        if problem["type"] == "extra_forbidden":
            text = "is not a parameter of add_memories; for the dump of another program give --format messages"
        elif problem["type"] == "missing":
            text = "is required"
        else:
            text = problem["msg"].removeprefix("Value error, ")
            text = text[:1].lower() + text[1:]
        reasons.append(f"{place}: {text}" if place else text)
    return "; ".join(reasons)
