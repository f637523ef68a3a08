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
    ],
)
def test_progress_always_rises(reports: list[Progress]) -> None:
    scale = ProgressScale()
    steps = [scale.notification(report) for report in reports]
    assert [step.message for step in steps] == [report.message for report in reports]
    assert all(math.isfinite(step.progress) for step in steps)
    assert all(step.total is None or math.isfinite(step.total) for step in steps)
    assert all(later.progress > earlier.progress for earlier, later in pairwise(steps))
