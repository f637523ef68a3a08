"""Odd values in a result, and odd progress, are cleaned before the SDK encodes them."""

import json
import math
from itertools import pairwise

import pytest

from modulex_mem0.runtime import Progress, Result

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

from modulex_mem0.hosts.mcp.progress import ProgressScale
from modulex_mem0.hosts.mcp.server import tool_result


@pytest.mark.parametrize("odd", ["a lone \ud83d surrogate", math.nan, math.inf])
def test_what_json_cannot_hold_does_not_end_the_connection(odd: object) -> None:
    result = tool_result(Result(success=True, output={"success": True, "nested": [odd], "good": "größer"}))
    written = result.model_dump_json(by_alias=True)
    structured = json.loads(written)["structuredContent"]
    assert structured["good"] == "größer"
    assert structured["nested"] in (["a lone ? surrogate"], [None])
    [content] = result.model_dump()["content"]
    assert json.loads(content["text"]) == structured


def test_a_null_of_the_output_stays_in_the_structured_content() -> None:
    result = tool_result(Result(success=False, output={"success": False, "error": None, "next": None}))
    dumped = result.model_dump(by_alias=True, mode="json", exclude_none=True)
    assert dumped["structuredContent"] == {"success": False, "error": None, "next": None}
    assert dumped["isError"] is True


@pytest.mark.parametrize(
    "reports",
    [
        [Progress("a"), Progress("b"), Progress("c")],
        [Progress("a", 0.0, 5), Progress("b", 0.0, 5), Progress("c", 4.0, 5)],
        [Progress("a", 3, 5), Progress("b"), Progress("c", 1, 5), Progress("d", math.nan, math.inf)],
        [Progress("a", math.inf), Progress("b", -1)],
        [Progress("a", 1.2, 60), Progress("b", 1.9, 60), Progress("c", 1.95, 60), Progress("d", 2, 60)],
    ],
)
def test_progress_always_rises(reports: list[Progress]) -> None:
    scale = ProgressScale()
    steps = [step for step in map(scale.notification, reports) if step]
    assert [step.message for step in steps] == [report.message for report in reports]
    assert all(math.isfinite(step.progress) for step in steps)
    assert all(step.total is None or math.isfinite(step.total) for step in steps)
    assert all(later.progress > earlier.progress for earlier, later in pairwise(steps))


def test_progress_is_shown_in_whole_seconds() -> None:
    scale = ProgressScale()
    reports = [Progress("event PENDING", seconds, 60) for seconds in (1.20026, 1.9, 2.7, 3.1)]
    shown = [step and (step.progress, step.total) for step in map(scale.notification, reports)]
    assert shown == [(1, 60), None, (2, 60), (3, 60)]


def test_a_new_message_is_shown_even_if_the_number_is_the_same() -> None:
    scale = ProgressScale()
    reports = [
        Progress("event PENDING", 1.2, 60),
        Progress("rate limited, retrying in 3 s"),
        Progress("event RUNNING", 1.8, 60),
        Progress("event RUNNING", 4.2, 60),
    ]
    shown = [step and (step.progress, step.message) for step in map(scale.notification, reports)]
    assert shown == [
        (1, "event PENDING"),
        (1.01, "rate limited, retrying in 3 s"),
        (1.02, "event RUNNING"),
        (4, "event RUNNING"),
    ]


def test_parts_of_a_small_total_are_shown() -> None:
    scale = ProgressScale()
    steps = [scale.notification(Progress("copying", done, 1)) for done in (0.25, 0.5, 1)]
    assert [step and step.progress for step in steps] == [0.25, 0.5, 1]
