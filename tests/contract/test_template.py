"""Templates: a value cannot change anything outside its place."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from modulex_mem0.contract import ActionError, ErrorCode, RenderedUrl, Template

VALUES = {"key": "a/b?c&d", "site": "eu.acme", "base_url": "https://a.test/x", "braces": "{key}", "port": "8443"}


def test_its_fields_are_named_in_order() -> None:
    template = Template("{site}: Token {key} {site}")
    assert (template.text, template.names) == ("{site}: Token {key} {site}", ("site", "key", "site"))
    assert repr(template) == "Template('{site}: Token {key} {site}')"


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("plain", "plain"),
        ("", ""),
        ("Token {key}", "Token a/b?c&d"),
        ("{site}{site}", "eu.acmeeu.acme"),
        ("{braces}", "{key}"),
        ("{ {key} }", "{ a/b?c&d }"),
    ],
)
def test_values_are_rendered_as_they_are_and_once(text: str, rendered: str) -> None:
    assert Template(text).render(VALUES) == rendered


def test_a_template_without_all_its_values_is_incomplete() -> None:
    assert Template("{key} {site}").is_complete(VALUES)
    assert not Template("{key} {absent}").is_complete(VALUES)
    with pytest.raises(KeyError, match="absent"):
        Template("{absent}").render(VALUES)


def test_fields_can_be_renamed() -> None:
    assert Template("a {key} b {site}").rename({"key": "token", "site": "host"}).text == "a {token} b {host}"
    with pytest.raises(KeyError, match="site"):
        Template("{site}").rename({"key": "token"})


@pytest.mark.parametrize(
    ("text", "name"),
    [("{base_url}/ping", "base_url"), ("{base_url}", "base_url"), ("https://{site}/", None), ("", None)],
)
def test_a_url_may_begin_with_a_field(text: str, name: str | None) -> None:
    assert Template(text).leading_name == name


@pytest.mark.parametrize(
    ("text", "base", "path", "params"),
    [
        ("https://api.test", "https://api.test", "", {}),
        ("https://{site}.test/v1/{key}", "https://eu.acme.test", "/v1/a%2Fb%3Fc%26d", {}),
        ("https://{site}.test:{port}/v1", "https://eu.acme.test:8443", "/v1", {}),
        ("https://[::1]:8443/v1", "https://[::1]:8443", "/v1", {}),
        ("https://api.test?q={key}&fixed=1", "https://api.test", "", {"q": "a/b?c&d", "fixed": "1"}),
        ("{base_url}", "https://a.test/x", "", {}),
        ("{base_url}/{key}?q={site}", "https://a.test/x", "/a%2Fb%3Fc%26d", {"q": "eu.acme"}),
        ("https://eXample.test/ping", "https://eXample.test", "/ping", {}),
        (
            "https://api.test/a?q=what?&from=http://{site}/",
            "https://api.test",
            "/a",
            {"q": "what?", "from": "http://eu.acme/"},
        ),
        ("https://api.test/a?flag=&q=1", "https://api.test", "/a", {"flag": "", "q": "1"}),
    ],
)
def test_a_url_is_rendered_in_parts(text: str, base: str, path: str, params: dict[str, str]) -> None:
    url = Template(text).render_url(VALUES)
    assert (url.base, url.path, url.params) == (base, path, params)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("https://{key}.test/", "a/b"),
        ("https://{key}.test/", "user@evil"),
        ("https://api.test:{key}/", "there"),
        ("https://api.test:{key}/", "80/x"),
        ("https://api.test:{key}/", "65536"),
        ("https://api.test:{key}/", "\u0661"),
        ("https://api.test/{key}/x", "../up"),
        ("https://api.test/{key}/x", "a\\..\\b"),
        ("https://api.test/{key}/x", "a/./b"),
    ],
)
def test_a_value_that_would_lead_elsewhere_is_refused(text: str, value: str) -> None:
    with pytest.raises(ActionError, match=r"^credential\.key: must") as caught:
        Template(text).render_url({"key": value})
    assert caught.value.code is ErrorCode.INVALID_INPUT
    assert value not in caught.value.message


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        ("{key}", "a/b?c&d"),
        ("query { viewer } {absent}", "query { viewer } {absent}"),
        ({"{key}": ["{site}", 1, None, {"deep": "{braces}"}]}, {"{key}": ["eu.acme", 1, None, {"deep": "{key}"}]}),
        (True, True),
    ],
)
def test_the_texts_of_a_json_value_are_rendered(value: Any, rendered: Any) -> None:
    assert Template.render_json(value, VALUES) == rendered


# What ends a host, a path or a parameter, and what is read as something else.
texts = st.text(st.sampled_from("ab1.-_/\\\\?#&=:@%{} []\n\u00e9"), max_size=12) | st.text(max_size=12)
fields = st.sampled_from(["{key}", "{site}", "{base_url}"])


@given(st.lists(texts | fields, max_size=6), st.fixed_dictionaries({}, optional=dict.fromkeys(("key", "site"), texts)))
@example(["{{key}"], {"key": "{key}"})
def test_whatever_the_text_a_value_is_put_in_its_place_alone(parts: list[str], values: dict[str, str]) -> None:
    template = Template("".join(parts))
    if not template.is_complete(values):
        with pytest.raises(KeyError):
            template.render(values)
        return
    left, rendered = template.text, template.render(values)
    for name in template.names:
        before, _, left = left.partition(f"{{{name}}}")
        assert rendered.startswith(before + values[name])
        rendered = rendered[len(before + values[name]) :]
    assert rendered == left


def _rendered(template: Template, values: dict[str, str]) -> RenderedUrl | ActionError:
    try:
        return template.render_url(values)
    except ActionError as error:
        return error


@given(key=texts, site=texts, port=texts | st.integers(0, 70_000).map(str))
@example(key="a", site="eu.acme", port="8443")
@example(key="a", site="eu.acme", port="65536")
@example(key="%2e%2e", site="eu", port="1")
def test_whatever_its_values_a_url_leads_where_it_was_declared(key: str, site: str, port: str) -> None:
    # As a credential's values are, which a header has to carry.
    assume((key + site + port).isascii())
    template = Template("https://{site}.api.test:{port}/v1/{key}/ping?q={key}")
    template.check_url()
    url = _rendered(template, {"key": key, "site": site, "port": port})
    if isinstance(url, ActionError):
        assert url.code is ErrorCode.INVALID_INPUT
        assert url.message.startswith(("credential.key: must", "credential.site: must", "credential.port: must"))
        return
    there = urlsplit(url.base + url.path)
    assert there.hostname == f"{site}.api.test".lower()
    assert there.port == int(port)
    assert there.username is None
    assert [unquote(segment) for segment in there.path.split("/")] == ["", "v1", key, "ping"]
    assert (there.query, there.fragment, url.params) == ("", "", {"q": key})


@given(st.lists(texts | fields, max_size=6).map("".join))
@example("https://api.test:99999/")
@example("https://[")
def test_a_url_that_passes_the_check_can_be_rendered(text: str) -> None:
    template = Template(text)
    try:
        template.check_url()
    except ValueError:
        return
    values = dict.fromkeys(template.names, "443") | {"base_url": "https://a.test", "key": "443"}
    if template.leading_name is not None:
        values[template.leading_name] = "https://a.test"
    assume(template.leading_name is not None or "base_url" not in template.names)
    url = template.render_url(values)
    assert urlsplit(url.base + url.path).port in (None, *range(65_536))
