"""The connection to a Temporal server, configured as Temporal's own programs are."""

import re

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

__all__ = ["ConnectionFailedError", "connect", "count_workers", "one_line"]

_ADDRESS = "127.0.0.1:7233"
_LONGEST_LINE = 300
# The errors of Temporal's client print Rust structures; what is for people is in here.
_MESSAGE = re.compile(r'message: "([^"]+)"')


class ConnectionFailedError(Exception):
    """The server cannot be reached or refuses this client; the message is one line that says which server."""


async def connect(address: str | None = None, *, namespace: str | None = None, profile: str | None = None) -> Client:
    """Connect to a server.

    What is not given is read from Temporal's environment variables (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
    `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`) and configuration file, as by Temporal's own command.

    Args:
        address: The server's, `host:port`; by default 127.0.0.1:7233.
        namespace: By default `default`.
        profile: A profile of the configuration file.

    Raises:
        ConnectionFailedError: The configuration cannot be read, or the server cannot be reached or has no such
            namespace.
    """
    try:
        config = ClientConfig.load_client_connect_config(profile=profile)
    except Exception as error:
        raise ConnectionFailedError(f"Temporal's configuration cannot be read: {one_line(error)}") from None
    config["target_host"] = address or config.get("target_host") or _ADDRESS
    if namespace:
        config["namespace"] = namespace
    try:
        client = await Client.connect(**config)
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except (RPCError, RuntimeError, ValueError) as error:
        raise ConnectionFailedError(
            f"cannot connect to the Temporal server at {config['target_host']}: {one_line(error)}"
        ) from None
    return client


async def count_workers(client: Client, task_queue: str) -> int:
    """How many workers have lately asked a task queue for activities; those that ended in the last minutes count too.

    Raises:
        RPCError: The server does not say.
    """
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
    )
    return len({poller.identity for poller in described.pollers})


def one_line(error: BaseException) -> str:
    """What an error of Temporal's client says to people."""
    found = _MESSAGE.findall(str(error))
    line = " ".join((found[-1] if found else str(error)).split())
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"
