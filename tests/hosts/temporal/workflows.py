"""A workflow as anybody writes one that uses our actions: it names the activity, and imports nothing of ours."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy


@dataclass
class Asked:
    """What a workflow is to call, and how."""

    task_queue: str
    arguments: list[Any] = field(default_factory=list)
    start_to_close: float = 30.0
    heartbeat: float | None = 5.0
    first_wait: float = 0.05


@workflow.defn
class CallOnce:
    """Calls one action and returns its output."""

    @workflow.run
    async def run(self, asked: Asked) -> Any:
        return await workflow.execute_activity(
            "call_action",
            args=asked.arguments,
            task_queue=asked.task_queue,
            start_to_close_timeout=timedelta(seconds=asked.start_to_close),
            heartbeat_timeout=None if asked.heartbeat is None else timedelta(seconds=asked.heartbeat),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=asked.first_wait)),
        )
