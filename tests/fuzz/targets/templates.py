"""A template and a credential: refused when they are declared or given, or rendered so that a value stays in its place.

A case: `{"text": …, "values": {…}, "url_fields": […], "header": …, "json": …}`.
"""

import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import ValidationError

from modulex_mem0.contract import ActionError, AuthScheme, CredentialField, ErrorCode, Profile, Template
from modulex_mem0.runtime.credentials import Service, resolve_credential
from tests.fuzz.targets.shapes import mapping, sequence, text

__all__ = ["check"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FIELD = re.compile(r"\{[^{}]*\}")


def check(case: Any) -> None:
    """Raise if the property does not hold."""
    case = mapping(case)
    template = text(case.get("text"))
    values = {name: value for name, value in mapping(case.get("values")).items() if isinstance(value, str)}
    _check_text(template, values)
    _check_json(case.get("json"), values)
    scheme = _scheme(case, template, values)
    if scheme is not None:
        _check_service(scheme, template, values)


def _check_text(text: str, values: dict[str, str]) -> None:
    """A value is put where its field stands, once, and nothing else changes."""
    template = Template(text)
    assert template.text == text
    if not template.is_complete(values):
        try:
            template.render(values)
        except KeyError:
            return
        raise AssertionError("rendered without a value")
    fixed = _FIELD.split(text)
    pieces = [fixed[0]]
    for name, following in zip(template.names, fixed[1:], strict=True):
        pieces += [values[name], following]
    assert template.render(values) == "".join(pieces)
    renamed = template.rename({name: f"{name}_" for name in template.names})
    assert renamed.render({f"{name}_": value for name, value in values.items()}) == template.render(values)


def _check_json(value: Any, values: dict[str, str]) -> None:
    """A JSON value keeps its shape; a text without a field stays as it is."""
    rendered = Template.render_json(value, values)
    if isinstance(value, dict):
        assert list(rendered) == list(value)
        for name, item in value.items():
            _check_json(item, values)
            assert rendered[name] == Template.render_json(item, values)
    elif isinstance(value, list):
        assert rendered == [Template.render_json(item, values) for item in value]
    elif isinstance(value, str):
        assert isinstance(rendered, str)
        assert rendered == value or any(f"{{{name}}}" in value for name in values)
    else:
        assert rendered is value


def _scheme(case: dict[str, Any], template: str, values: dict[str, str]) -> AuthScheme | None:
    """A scheme whose base URL is the template, with a secret field for each value; None where that is refused."""
    url_fields = [name for name in sequence(case.get("url_fields")) if isinstance(name, str)]
    try:
        return AuthScheme(
            type="custom",
            display_name="Fuzzed",
            description="Fuzzed.",
            fields=tuple(
                CredentialField(
                    name=name,
                    display_name="Field",
                    description="A field.",
                    environment_variable=f"FUZZ_{number}",
                    sensitive=True,
                    kind="url" if name in url_fields else "text",
                )
                for number, name in enumerate(values)
                if _NAME.fullmatch(name)
            ),
            base_url=template,
            headers={"X-Fuzzed": text(case.get("header"))},
        )
    except ValidationError:
        return None


def _check_service(scheme: AuthScheme, template: str, values: dict[str, str]) -> None:
    profile = Profile(
        name="fuzzed", display_name="Fuzzed", description="Fuzzed.", version="1.0.0", author="F", auth_schemes=(scheme,)
    )
    given = {field.name: values[field.name] for field in scheme.fields}
    try:
        credential = resolve_credential(profile, given)
        assert credential is not None
        service = credential.service()
        sent = credential.plain()
        url = Template(template).render_url(sent)
    except ActionError as error:
        assert error.code in (ErrorCode.INVALID_INPUT, ErrorCode.MISSING_CREDENTIAL)  # noqa: PT017 - not a test
        assert error.message.startswith("credential")  # noqa: PT017
        # A short value may be a word of the message.
        assert not any(value in error.message for value in given.values() if len(value) > 20)  # noqa: PT017
        return
    assert service is not None
    header = service.headers["X-Fuzzed"]
    assert header.isascii()
    assert header.isprintable()
    _check_host(template, service, sent)
    _check_path(template, url.base, url.path)
    given_query = template.partition("?")[2]
    assert list(url.params) == list(dict(parse_qsl(given_query, keep_blank_values=True)))


def _check_host(template: str, service: Service, values: Any) -> None:
    """Requests go to the host that was declared, or that a checked address names."""
    found = Template(template)
    if found.leading_name is not None:
        declared = urlsplit(values[found.leading_name])
        assert (service.scheme, service.host, service.port) == (declared.scheme, declared.hostname, declared.port)
        return
    declared = urlsplit(template)
    assert service.scheme == declared.scheme
    # A field may hold a part of a host name, and nothing that ends the host.
    pattern = re.escape(declared.netloc.lower())
    for field in _FIELD.findall(declared.netloc):
        pattern = pattern.replace(re.escape(field.lower()), "[a-z0-9._-]+", 1)
    netloc = urlsplit(service.origin).netloc
    assert re.fullmatch(pattern, netloc.lower()), (pattern, netloc)
    assert "@" not in netloc


def _check_path(template: str, base: str, path: str) -> None:
    """No value adds a segment, or climbs out of its own, even where a server decodes separators first."""
    rest = _FIELD.sub("", template, count=1) if template.startswith("{") else urlsplit(template).path
    declared = rest.partition("?")[0]
    assert path.count("/") == declared.count("/"), (declared, path)
    assert "?" not in path
    assert not urlsplit(base + path).query
    for segment, written in zip(path.split("/"), declared.split("/"), strict=True):
        if "{" in written:
            assert ".." not in re.split(r"[/\\]", unquote(segment)), path
