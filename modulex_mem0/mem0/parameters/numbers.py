"""Limits, pages and seconds. Forms send numbers as text, which is accepted; true and false are not numbers."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from modulex_mem0.contract import ADVANCED

__all__ = ["ListLimit", "MaxItems", "Page", "SearchLimit", "Threshold", "Timestamp", "WaitTimeout"]


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")  # noqa: TRY004 - pydantic takes ValueError
    return value


def _seconds(value: int) -> int:
    # Clocks in JavaScript count milliseconds; taken as seconds they would date a memory into the far future.
    if value > 99_999_999_999:
        raise ValueError("must be in seconds since 1970; this is in milliseconds")
    return value


SearchLimit = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_no_bool)]
ListLimit = Annotated[int, Field(ge=1, le=200), BeforeValidator(_no_bool)]
Page = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(_no_bool)]
MaxItems = Annotated[int, Field(ge=1, le=1_000_000), BeforeValidator(_no_bool)]
Threshold = Annotated[float, Field(ge=0, le=1), BeforeValidator(_no_bool)]
Timestamp = Annotated[int, Field(ge=0), BeforeValidator(_no_bool), AfterValidator(_seconds)]
WaitTimeout = Annotated[
    float,
    Field(
        title="Wait timeout",
        description="Seconds to wait at most; the work goes on when they are over.",
        gt=0,
        le=3600,
        allow_inf_nan=False,
        json_schema_extra=ADVANCED,
    ),
    BeforeValidator(_no_bool),
]
