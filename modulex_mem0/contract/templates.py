"""Templates such as `Token {api_key}`: texts with places for what a credential holds. The runtime fills them."""

import re
from urllib.parse import urlsplit

__all__ = ["leading_placeholder", "placeholders", "refuse_bad_url"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def placeholders(template: str) -> list[str]:
    """The names between braces, in order."""
    return _PLACEHOLDER.findall(template)


def leading_placeholder(template: str) -> str | None:
    """The name of the field that holds the beginning of a URL, as in `{base_url}/ping/`."""
    found = _PLACEHOLDER.match(template)
    return found[1] if found else None


def refuse_bad_url(template: str) -> None:
    """Check the shape of a URL template: `{field}` and a path, or https and a host, which may hold fields.

    Raises:
        ValueError: Something that was filled in, or the template itself, could lead elsewhere than it seems to.
    """
    if leading_placeholder(template) is not None:
        rest = _PLACEHOLDER.sub("", template, count=1)
        if rest and rest[0] not in "/?":
            raise ValueError(f"the URL {template!r} must go on with a path after its first field")
        return
    url = urlsplit(_PLACEHOLDER.sub("x", template))
    safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOOPBACK)
    if not safe or not url.hostname or "@" in url.netloc or url.fragment:
        raise ValueError(f"the URL {template!r} must be https:// and a host, without a user or a fragment")
