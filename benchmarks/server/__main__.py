"""The server process: `python -m benchmarks.server CERTIFICATE`; tells its ports, and ends with its input."""

import asyncio
import gc
import json
import ssl
import sys

from benchmarks.server.protocol import CannedProtocol, Counts
from benchmarks.server.replies import canned_replies

__all__ = ["RECORDS"]

#: Each number of records has a port of its own, so that no request need be read to know what to answer.
RECORDS = (10, 200, 1000)


async def _serve(certificate: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["http/1.1"])
    loop = asyncio.get_running_loop()
    counts = Counts()
    ports: dict[str, dict[int, int]] = {"http": {}, "https": {}}
    servers = []
    for records in RECORDS:
        replies = canned_replies(records)
        for scheme, by_records in ports.items():
            server = await loop.create_server(
                lambda replies=replies: CannedProtocol(replies, counts),
                "127.0.0.1",
                0,
                ssl=context if scheme == "https" else None,
                backlog=1024,
            )
            by_records[records] = server.sockets[0].getsockname()[1]
            servers.append(server)
    # Nothing here makes cycles, and a collection would delay somebody's reply.
    gc.disable()
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
