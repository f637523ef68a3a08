"""Templates: a value cannot change anything outside its place."""

from typing import Any

import pytest

from modulex_mem0.contract import ActionError, ErrorCode, Template

VALUES = {"key": "a/b?c&d", "site": "eu.acme", "base_url": "https://a.test/x", "braces": "{key}"}


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
        ("https://api.test?q={key}&fixed=1", "https://api.test", "", {"q": "a/b?c&d", "fixed": "1"}),
        ("{base_url}", "https://a.test/x", "", {}),
        ("{base_url}/{key}?q={site}", "https://a.test/x", "/a%2Fb%3Fc%26d", {"q": "eu.acme"}),
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
        ("https://api.test/{key}/x", "../up"),
        ("https://api.test/{key}/x", "a\\..\\b"),
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
