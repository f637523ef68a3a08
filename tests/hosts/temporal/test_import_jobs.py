"""Starting an import and following it: what the server does not know, refuses, or is too far away to say."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RetryConfig

from modulex_mem0.hosts.temporal import ConnectionFailedError, ImportHandle, has_workers
from tests.hosts.temporal.dev_server import DevServer
from tests.hosts.temporal.importing import PATIENCE, Importing


async def test_an_import_is_started_once_however_many_start_it(importing: Importing) -> None:
    request = importing.request(importing.write(5))
    handles = await asyncio.gather(*(importing.start(request) for _ in range(8)))
    assert [handle.is_new for handle in handles].count(True) == 1
    assert len({handle.workflow_id for handle in handles}) == 1
    async with importing.worker():
        progress = await asyncio.wait_for(handles[0].follow(), PATIENCE)
    assert progress.accepted == 5
    assert sorted(importing.adds().values()) == [1] * 5


async def test_an_import_that_the_server_does_not_know_is_not_waited_for(client: Client) -> None:
    handle = ImportHandle(client, "nothing", is_new=False)
    with pytest.raises(ConnectionFailedError, match=r"the server does not know the import: .*modulex-import-nothing"):
        await handle.progress()
    with pytest.raises(ConnectionFailedError, match="the server does not know the import"):
        await asyncio.wait_for(handle.follow(), PATIENCE)


async def test_a_server_without_the_namespace_refuses_the_import(
    temporal_server: DevServer, importing: Importing
) -> None:
    importing.client = await Client.connect(temporal_server.address, namespace="nowhere")
    with pytest.raises(ConnectionFailedError, match=r"refuses the import: .*nowhere"):
        await importing.start(importing.request(importing.write(1)))


async def test_a_server_that_is_away_is_waited_for_by_who_follows_an_import(
    importing: Importing, tmp_path: Path
) -> None:
    with DevServer(tmp_path) as server:
        await server.client()
        # A client that does not try again by itself for long.
        impatient = RetryConfig(initial_interval_millis=10, max_elapsed_time_millis=100, max_retries=2)
        importing.client = await Client.connect(server.address, retry_config=impatient)
        request = importing.request(importing.write(5))
        handle = await importing.start(request)
        following = asyncio.create_task(handle.follow())
        server.kill()
        with pytest.raises(ConnectionFailedError, match="refuses the import: tcp connect error"):
            await importing.start(request)
        assert await handle.progress() is None
        # Nobody can say that there are none.
        assert await has_workers(importing.client, importing.queue)
        server.start()
        importing = replace(importing, client=await server.client())
        async with importing.worker():
            progress = await asyncio.wait_for(following, PATIENCE)
    assert progress.accepted == 5
