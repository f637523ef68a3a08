"""Templates such as `Token {api_key}`: text with places for the values of a credential."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from modulex_mem0.contract.errors import ActionError, ErrorCode

__all__ = ["RenderedUrl", "Template"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST_PART = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*")

_LITERAL_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+\]")
_LAST_PORT = 65_535
# The scheme, the host, the port, which is a number or one field, and the rest of a URL. Any but the host may be empty.
_PARTS = re.compile(r"\A(.*?)://([^/?]*?)(?::([0-9]+|\{[^{}/?]*\}))?((?:[/?].*)?)\Z", re.DOTALL)

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RenderedUrl:
    """A URL in the parts that the HTTP client takes.

    Attributes:
        base: Scheme and host, or the whole value of a field that holds a URL.
        path: From there on, percent-encoded; empty, or beginning with a slash.
        params: The query.
    """

    base: str
    path: str
    params: dict[str, str]


class Template:
    """A text with `{field}` where a credential's value belongs. A value cannot change anything outside its place.

    Attributes:
        text: As it was declared.
        names: The fields that it names, in order.
        leading_name: The field that holds the beginning of a URL, as in `{base_url}/ping/`; None where there is none.
    """

    __slots__ = ("_parts", "leading_name", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        # Plain text and field names alternate, beginning and ending with plain text.
        self._parts = _PLACEHOLDER.split(text)
        self.names: tuple[str, ...] = tuple(self._parts[1::2])
        self.leading_name = self.names[0] if self.names and not self._parts[0] else None

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    def is_complete(self, values: Values) -> bool:
        """Whether every field that it names has a value."""
        return all(name in values for name in self.names)

    def render(self, values: Values) -> str:
        """The text with the values as they are; what they contain is not rendered again.

        Raises:
            KeyError: A field has no value.
        """
        return "".join([values[part] if at % 2 else part for at, part in enumerate(self._parts)])

    def rename(self, names: Mapping[str, str]) -> "Template":
        """The same template with other names for its fields.

        Raises:
            KeyError: A field has no other name.
        """
        return Template("".join([f"{{{names[part]}}}" if at % 2 else part for at, part in enumerate(self._parts)]))

    def check_url(self) -> None:
        """Check the shape of a URL: `{field}` and a path, or https and a host, which may hold fields, and maybe a port.

        Raises:
            ValueError: A value, or the template itself, could lead elsewhere than it seems to.
        """
        if not self.text.isascii() or not self.text.isprintable() or not {" ", "\\"}.isdisjoint(self.text):
            raise ValueError(f"the URL {self.text!r} has a character that an address cannot hold")
        # Beside a field, too: its value may begin with a separator, which servers may decode.
        if ".." in _PLACEHOLDER.sub("/", unquote(self.text.partition("?")[0])).split("/"):
            raise ValueError(f"the URL {self.text!r} must not contain the segment `..`")
        if self.leading_name is not None:
            rest = _PLACEHOLDER.sub("", self.text, count=1)
            if rest and rest[0] not in "/?":
                raise ValueError(f"the URL {self.text!r} must continue with a path after its first field")
            return
        url = urlsplit(_PLACEHOLDER.sub("1", self.text))
        safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOOPBACK)
        if not safe or not url.hostname or "@" in url.netloc or url.fragment:
            raise ValueError(f"the URL {self.text!r} must be https:// and a host, without a user or a fragment")
        _, host, port, _ = _PARTS.findall(self.text)[0]
        named = _HOST_PART.fullmatch(_PLACEHOLDER.sub("1", host).removesuffix("."))
        if not (named or _LITERAL_IPV6.fullmatch(host)) or (port.isdecimal() and not _is_port(port)):
            raise ValueError(f"the URL {self.text!r} must have a host name and nothing beside it but a port")

    def render_url(self, values: Values) -> RenderedUrl:
        """Render a URL.

        Raises:
            ActionError: `invalid_input` for a value that is not part of a host name where one belongs, or that climbs
                out of its place in the path.
        """
        if self.leading_name is not None:
            # A field of the kind `url`, which was checked when the credential was resolved.
            base, rest = values[self.leading_name], self.text[len(self.leading_name) + 2 :]
            if not rest:
                return RenderedUrl(base, "", {})
        else:
            scheme, host, port, rest = _PARTS.findall(self.text)[0]
            base = f"{scheme}://{_replace(host, values, _host_part)}"
            if port:
                base += f":{_replace(port, values, _port_part)}"
        path, _, query = rest.partition("?")
        # The query is taken apart before it is rendered, so that no value can add a parameter.
        params = {name: Template(value).render(values) for name, value in parse_qsl(query, keep_blank_values=True)}
        return RenderedUrl(base, _replace(path, values, _path_part), params)

    @staticmethod
    def render_json(value: Any, values: Values) -> Any:  # noqa: ANN401 - any JSON value
        """A JSON value with the texts in it rendered; braces around anything but a field's name are left alone."""
        if isinstance(value, str):
            return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), value)
        if isinstance(value, list | tuple):
            return [Template.render_json(item, values) for item in value]
        if isinstance(value, Mapping):
            return {name: Template.render_json(item, values) for name, item in value.items()}
        return value


def _replace(text: str, values: Values, checked: Callable[[str, str], str]) -> str:
    return _PLACEHOLDER.sub(lambda found: checked(found[1], values[found[1]]), text)


def _host_part(name: str, value: str) -> str:
    if not _HOST_PART.fullmatch(value):
        raise ActionError(
            ErrorCode.INVALID_INPUT,
            f"credential.{name}: must be a host name or a part of one, without https:// or a path",
        )
    return value


def _port_part(name: str, value: str) -> str:
    if not _is_port(value):
        raise ActionError(ErrorCode.INVALID_INPUT, f"credential.{name}: must be the number of a port")
    return value


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and int(text) <= _LAST_PORT


def _path_part(name: str, value: str) -> str:
    # A server may decode separators before it resolves the segments.
    if any(part in (".", "..") for part in re.split(r"[/\\]", value)):
        raise ActionError(ErrorCode.INVALID_INPUT, f"credential.{name}: must not contain `.` or `..` segments")
    return quote(value, safe="")
