"""Authentication schemes: what they can declare, and which are refused because no call could satisfy them."""

from typing import Any

import pytest
from pydantic import ValidationError

from modulex_mem0.contract import AuthScheme, BasicAuth, ConnectionTest, CredentialField, OAuth2Endpoints


def _field(name: str, **changes: Any) -> CredentialField:
    declared = {"display_name": name, "description": f"The {name}.", "environment_variable": name.upper()}
    return CredentialField(name=name, **(declared | changes))


def _scheme(**changes: Any) -> AuthScheme:
    declared: dict[str, Any] = {
        "type": "custom",
        "display_name": "Custom",
        "description": "A scheme.",
        "fields": (
            _field("key", sensitive=True),
            _field("site"),
            _field("address", kind="url"),
            _field("maybe", required=False),
        ),
    }
    return AuthScheme(**(declared | changes))


def _test(url: str, **changes: Any) -> ConnectionTest:
    return ConnectionTest(url=url, description="Asks.", **changes)


OAUTH2 = OAuth2Endpoints(authorize_url="https://{site}.test/authorize", token_url="https://{site}.test/token")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.test/ping",
        "https://{site}.test/ping?limit=1&key={key}",
        "https://{site}-dsn.api.test/{key}/ping",
        "{address}",
        "{address}/ping",
        "{address}?a=b",
        "http://localhost:8080/ping",
        "https://{site}.test:{key}/ping",
        "https://{site}:8443",
        "https://api.test:65535",
        "https://api.test/ping?back=/../home",
        "https://[::1]:8443/ping",
        "https://api.test.:8443",
        "http://127.0.0.1/ping",
        "http://[::1]:8080/ping",
    ],
)
def test_urls_that_lead_where_they_say(url: str) -> None:
    assert _scheme(connection_test=_test(url)).connection_test == _test(url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.test/ping", "must be https"),
        ("ftp://api.test/ping", "must be https"),
        ("/ping", "must be https"),
        ("https://", "must be https"),
        ("https:///ping", "must be https"),
        ("https://user@api.test/ping", "must be https"),
        ("https://{key}@api.test/ping", "must be https"),
        ("https://api.test/ping#there", "must be https"),
        ("https://api.test:there/ping", "nothing beside it but a port"),
        ("https://api.test:/ping", "nothing beside it but a port"),
        ("https://api.test:65536/ping", "nothing beside it but a port"),
        ("https://api.test:99999/ping", "nothing beside it but a port"),
        ("https://{site}.test:8{key}/ping", "nothing beside it but a port"),
        ("https://[::{key}]/ping", "nothing beside it but a port"),
        ("https://[::1]x/ping", "nothing beside it but a port"),
        ("https://-api.test/ping", "nothing beside it but a port"),
        ("https://api.te\nst/ping", "a character that an address cannot hold"),
        ("https://\u0430pi.test/ping", "a character that an address cannot hold"),
        ("{address}/a ping", "a character that an address cannot hold"),
        ("https://api.test/a\\ping", "a character that an address cannot hold"),
        ("https://api.test/v1/../ping", "must not contain the segment"),
        ("{address}/%2e%2E/ping", "must not contain the segment"),
        ("https://api.test/..{key}/ping", "must not contain the segment"),
        ("{address}.evil.test/ping", "must continue with a path"),
        ("{address}@evil.test", "must continue with a path"),
        ("{address}{site}", "must continue with a path"),
        ("{address}X.evil.test/ping", "must continue with a path"),
        ("http://{site}.test/ping", "must be https"),
        ("{site}/ping", "begins with 'site', whose kind is not `url`"),
        ("https://{maybe}.test/ping", "needs 'maybe', which is neither required nor has a default"),
        ("https://{absent}.test/ping", "names 'absent', which is not a credential field"),
        ("https://{absent}.{gone}.test/ping", "names 'absent', which is not a credential field"),
    ],
)
def test_urls_that_could_lead_elsewhere(url: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        _scheme(connection_test=_test(url))


@pytest.mark.parametrize("part", ["headers", "params"])
def test_what_a_test_fills_in_is_a_field(part: str) -> None:
    with pytest.raises(ValidationError, match="'absent', which is not a credential field"):
        _scheme(connection_test=_test("https://api.test", **{part: {"X": "{absent}"}}))
    with pytest.raises(ValidationError, match="'absent', which is not a credential field"):
        _scheme(connection_test=_test("https://api.test", basic=BasicAuth(username="{absent}")))


def test_a_header_of_a_test_can_be_sent() -> None:
    with pytest.raises(ValidationError, match="HTTP cannot carry"):
        _scheme(connection_test=_test("https://api.test", headers={"X": "a\r\nY: b"}))


def test_braces_of_a_body_are_its_own() -> None:
    body = {"query": "{ viewer { id } }", "token": "{key}"}
    test = _scheme(connection_test=_test("https://api.test", method="POST", body=body)).connection_test
    assert test is not None
    assert test.body == body


def test_the_test_of_a_scheme_with_a_base_url_stays_there() -> None:
    test = _test("https://{site}.test/ping")
    assert _scheme(base_url="https://{site}.test", connection_test=test).connection_test == test
    for url in ("https://other.test/ping", "https://{site}.test.evil.test/ping", "{address}/ping"):
        with pytest.raises(ValidationError, match="must begin with the base URL"):
            _scheme(base_url="https://{site}.test", connection_test=_test(url))


def test_oauth2_belongs_to_its_type() -> None:
    assert _scheme(type="oauth2", oauth2=OAUTH2).oauth2 == OAUTH2
    for kind in ("api_key", "platform_key"):
        with pytest.raises(ValidationError, match=f"a scheme of type {kind} has no OAuth 2 endpoints"):
            _scheme(type=kind, oauth2=OAUTH2)
    with pytest.raises(ValidationError, match="'site', which is not a credential field"):
        _scheme(type="oauth2", oauth2=OAUTH2, fields=())
    with pytest.raises(ValidationError, match="https"):
        OAuth2Endpoints(authorize_url="http://api.test", token_url="https://api.test")


def test_the_usual_oauth2_needs_no_options() -> None:
    assert (OAUTH2.scopes, OAUTH2.pkce, OAUTH2.token_auth_method, OAUTH2.authorize_params) == ((), True, "body", {})
    assert BasicAuth(username="{key}").password == ""


def test_what_identifies_the_application_fills_no_url() -> None:
    fields = (_field("client_id", application=True),)
    with pytest.raises(ValidationError, match="needs 'client_id'"):
        _scheme(type="oauth2", fields=fields, connection_test=_test("https://{client_id}.test/ping"))


def test_a_scheme_that_needs_nothing_asks_for_nothing() -> None:
    assert _scheme(type="none", fields=()).fields == ()
    with pytest.raises(ValidationError, match="has no credential fields"):
        _scheme(type="none")
