"""Where a source is: a file, or a URL that is read by ranges of bytes."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit
from urllib.request import url2pathname

if TYPE_CHECKING:
    import httpx

__all__ = ["Location", "SourceError", "find_location"]

_BLOCK = 1 << 20
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SourceError(Exception):
    """The source cannot be imported; the message is one line and says how to go on."""


class Location(Protocol):
    """A source of bytes that can be read from any offset, again and again.

    Attributes:
        address: By which another process can open it: an absolute path, or a URL.
        name: For people; a URL without its query, which may hold a signature.
    """

    address: str
    name: str

    def open(self, start: int = 0) -> "closing[IO[bytes]]":
        """A stream of the bytes from an offset on.

        Raises:
            SourceError: It cannot be read.
        """

    def size(self) -> int | None:
        """How many bytes there are, if that is known without reading them."""

    def fingerprint(self) -> str:
        """A digest of the content, or of what its server says identifies the content.

        Raises:
            SourceError: It cannot be read.
        """


def find_location(address: str) -> Location:
    """A file by its path or `file:` URL, or what an `https:` URL leads to. Plain http is for loopback addresses.

    Raises:
        SourceError: The address has another scheme, is no URL, or names no file.
    """
    try:
        parts = urlsplit(address)
        # What the look-up of the name and the connection would refuse.
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError:
        raise SourceError(f"{address.partition('?')[0]}: is not a URL; give a path or an https URL") from None
    # One letter is a drive of Windows.
    if len(parts.scheme) < 2:
        return _File(Path(address))
    if parts.scheme == "file":
        return _File(Path(url2pathname(parts.path)))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError(f"{address}: give a path or an https URL")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise SourceError(f"{parts.hostname}: plain http is for this machine alone; use https")
    return _Url(address)


class _File:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.address = str(path.absolute())
        self.name = str(path)
        if not path.exists():
            raise SourceError(f"{path}: no such file")
        if not path.is_file():
            # A pipe can be read once, and an import reads its source again after a break.
            raise SourceError(f"{path}: not a regular file; write the data to a file first")

    def open(self, start: int = 0) -> "closing[IO[bytes]]":
        try:
            stream = self._path.open("rb")
            stream.seek(start)
        except OSError as error:
            raise SourceError(f"{self.name}: cannot be read: {error.strerror or error}") from None
        return closing(stream)

    def size(self) -> int | None:
        try:
            return self._path.stat().st_size
        except OSError as error:
            raise SourceError(f"{self.name}: cannot be read: {error.strerror or error}") from None

    def fingerprint(self) -> str:
        return _digest(self)


def _digest(location: Location) -> str:
    digest = hashlib.sha256()
    with location.open() as stream:
        try:
            while block := stream.read(_BLOCK):
                digest.update(block)
        except OSError as error:
            raise SourceError(f"{location.name}: cannot be read: {error.strerror or error}") from None
    return digest.hexdigest()


class _Url:
    def __init__(self, url: str) -> None:
        self.address = url
        parts = urlsplit(url)
        self.name = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"

    def open(self, start: int = 0) -> "closing[IO[bytes]]":
        return closing(io.BufferedReader(_Download(self.address, self.name, start), _BLOCK))

    def size(self) -> int | None:
        length = self._head().get("content-length", "")
        return int(length) if length.isdecimal() else None

    def fingerprint(self) -> str:
        headers = self._head()
        etag = headers.get("etag", "")
        # A weak tag promises the same meaning, not the same bytes.
        if etag and not etag.startswith("W/"):
            return hashlib.sha256(f"{self.name} {etag}".encode()).hexdigest()
        return _digest(self)

    def _head(self) -> "httpx.Headers":
        with _Download(self.address, self.name, 0) as download:
            return download.headers


class _Download(io.RawIOBase):
    """The body of a GET request from an offset on. A server without ranges is read from the start, and skipped over."""

    def __init__(self, url: str, name: str, start: int) -> None:
        # First, since `close` runs on an object that could not be made, too.
        self._opened = ExitStack()
        super().__init__()
        import httpx  # noqa: PLC0415 - for a URL alone

        self._name = name
        client = self._opened.enter_context(httpx.Client(timeout=30.0, follow_redirects=False))
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        try:
            response = client.send(client.build_request("GET", url, headers=headers), stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self.close()
            raise SourceError(f"{name}: cannot be read: {str(error) or type(error).__name__}") from None
        self._opened.callback(response.close)
        status = response.status_code
        if status == 416:
            self._blocks: Iterator[bytes] = iter(())
        elif status not in (200, 206):
            self.close()
            redirected = " (it redirects; give the address that it leads to)" if 300 <= status < 400 else ""
            raise SourceError(f"{name}: the server answered with HTTP {status}{redirected}")
        else:
            self._blocks = response.iter_raw(_BLOCK)
        self._rest = memoryview(b"")
        self.headers = response.headers
        if start and status == 200:
            self._skip(start)

    def _skip(self, count: int) -> None:
        while count and (block := self.read(min(count, _BLOCK))):
            count -= len(block)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        import httpx  # noqa: PLC0415 - for a URL alone

        try:
            while not self._rest:
                self._rest = memoryview(next(self._blocks))
        except StopIteration:
            return 0
        except httpx.HTTPError as error:
            raise SourceError(f"{self._name}: broke off: {str(error) or type(error).__name__}") from None
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self._opened.close()
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def reading(location: Location, start: int = 0) -> Iterator[IO[bytes]]:
    """`Location.open` whose reads raise `SourceError` as well."""
    with location.open(start) as stream:
        try:
            yield stream
        except OSError as error:
            raise SourceError(f"{location.name}: cannot be read: {error.strerror or error}") from None
