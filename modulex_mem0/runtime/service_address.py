"""What makes a service's address acceptable: a key is sent to it."""

import ipaddress
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

__all__ = ["fault_of_address"]


# Addresses are few and not secret, and checking one costs more than all else of a credential.
@lru_cache(maxsize=256)
def fault_of_address(text: str, sample: str | None) -> str | None:
    """What is wrong with a URL, as the rest of a sentence; None when nothing is.

    Args:
        text: The URL; https, or http on a loopback address; no user, query, fragment or dot segments.
        sample: What a good one looks like.
    """
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        return f"is not a URL; write it like {sample}"
    if not host or url.scheme not in ("https", "http") or " " in text or "\\" in text:
        return f"must be a URL such as {sample or 'https://…'}"
    if url.username is not None or url.password is not None or url.query or url.fragment or text[-1] in "?#":
        return "must not contain a user, a query or a fragment"
    segments = url.path.replace("%2e", ".").replace("%2E", ".").split("/")
    if "." in segments or ".." in segments:
        return "must not contain `.` or `..` segments"
    if url.scheme == "http" and not _is_loopback(url):
        return "must begin with https:// (http:// is for loopback addresses only)"
    return None


def _is_loopback(url: SplitResult) -> bool:
    host = url.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
