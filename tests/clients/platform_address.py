"""The sandbox under the address of Mem0's platform, for clients that have that address built in.

A proxy on loopback ends the tunnels to it, with a certificate of an authority made for the purpose, and passes on what
it reads. The client only sees the environment variables of an operator behind a proxy.
"""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import trustme

__all__ = ["platform_address"]

_PLATFORM = "api.mem0.ai"


@contextlib.contextmanager
def platform_address(port: int, folder: Path) -> Iterator[dict[str, str]]:
    """Environment variables with which `https://api.mem0.ai` is what listens on that port of this machine.

    Every other address is refused. The folder gets the authority's certificate.
    """
    authority = trustme.CA()
    certificate = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(certificate))
    with _Proxy(authority, port) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            address = f"http://127.0.0.1:{proxy.server_address[1]}"
            proxies = {"HTTPS_PROXY": address, "HTTP_PROXY": address, "NO_PROXY": "127.0.0.1"}
            yield {**proxies, "SSL_CERT_FILE": str(certificate), "REQUESTS_CA_BUNDLE": str(certificate)}
        finally:
            proxy.shutdown()
            thread.join()


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, authority: trustme.CA, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(_PLATFORM).configure_cert(self.tls)
        self.target = ("127.0.0.1", port)


class _Tunnel(socketserver.StreamRequestHandler):
    server: _Proxy

    def handle(self) -> None:
        request = self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        if request.split()[:2] != [b"CONNECT", f"{_PLATFORM}:443".encode()]:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        # A client that goes away ends its tunnel; there is nobody left to report it to.
        with (
            contextlib.suppress(OSError),
            socket.create_connection(self.server.target) as sandbox,
            self.server.tls.wrap_socket(self.request, server_side=True) as client,
        ):
            back = threading.Thread(target=_copy, args=(sandbox, client), daemon=True)
            back.start()
            _copy(client, sandbox)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
