"""What makes somebody a person, and a teacher; and with what a classroom is started where people sign in."""

import json
import tomllib
from collections.abc import Iterator, Mapping

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import auth_util
from streamlit.runtime.secrets import Secrets
from streamlit.web.server import server_util

from pages.ui.web import hosts, middleware, sign_in
from vae_core import profiles
from vae_core.errors import ConfigError

COOKIE, SECRET = "_streamlit_user", "a secret of forty characters, to sign by"
AUTH = f"""
[auth]
redirect_uri = "http://127.0.0.1:8501/oauth2callback"
cookie_secret = "{SECRET}"
client_id = "vae-studio"
client_secret = "x"
server_metadata_url = "https://login.school.example/.well-known/openid-configuration"
"""


def claims_in(cookies: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Mapping[str, object]:
    monkeypatch.setattr(sign_in, "get_cookie_secret", lambda: SECRET)
    return sign_in._claims(cookies)


def pieces(*parts: str) -> dict[str, str]:
    """As Streamlit cuts a cookie that is too long for a browser."""
    told = {COOKIE: f"chunks-{len(parts)}"} | {f"{COOKIE}_{n}": part for n, part in enumerate(parts, 1)}
    return {name: str(URLSafeTimedSerializer(SECRET, salt=name).dumps(part)) for name, part in told.items()}


def test_cookie_in_pieces_is_one_and_not_put_together_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pieces('{"sub": "1", "na', 'me": "Anne"}')
    assert claims_in(whole, monkeypatch) == {"sub": "1", "name": "Anne"}
    assert claims_in(whole | {f"{COOKIE}_2": whole[f"{COOKIE}_1"]}, monkeypatch) == {}
    assert claims_in(pieces('{"sub": "1", "name": "', '", "sub": "2"}'), monkeypatch) == {}
    assert claims_in(pieces("[1]"), monkeypatch) == {}


def test_cookie_holds_for_a_day_of_school(monkeypatch: pytest.MonkeyPatch) -> None:
    now = sign_in.passcodes.time.time()
    for hours, known in ((11, True), (13, False)):
        with monkeypatch.context() as then:
            then.setattr("itsdangerous.timed.time.time", lambda age=hours: now - age * 3600)
            cookies = pieces('{"sub": "1"}')
        assert bool(claims_in(cookies, monkeypatch)) == known


def test_word_of_a_provider_about_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sign_in.TEACHERS_ENVIRONMENT, "a@b.example,")
    for said, believed in ((True, True), ("true", True), (False, False), ("false", False), (None, False), ("", False)):
        assert sign_in._is_teacher({"email": "a@b.example", "email_verified": said}) == believed
    assert sign_in._is_teacher({"email": "A@b.example "})
    assert not sign_in._is_teacher({"email": ""})
    assert not sign_in._is_teacher({})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Secrets]:
    """What secrets.toml tells this process."""
    secrets = Secrets()
    for module in (auth_util, server_util):
        monkeypatch.setattr(module, "secrets_singleton", secrets)
    sign_in._section.cache_clear()
    yield secrets
    sign_in._section.cache_clear()


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("x", "y", ""),
        (SECRET, "short", "must have 32 characters"),
        ("client_secret", "another", "client_secret"),
        ("oauth2callback", "callback", "must end with /oauth2callback"),
        ("[auth]", "[other]", "A classroom needs a passcode"),
    ],
)
def test_classroom_is_started_where_people_can_sign_in(
    old: str, new: str, refusal: str, told: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(profiles.ENVIRONMENT, "classroom")
    told.merge_programmatic_secrets(tomllib.loads(AUTH.replace(old, new)))
    if refusal:
        with pytest.raises(ConfigError, match=refusal):
            hosts.check_start()
        return
    assert hosts.check_start() == "Profile classroom: open to this machine, signed in."
    assert hosts.is_open_to_all()
    monkeypatch.setattr(auth_util, "is_authlib_installed", lambda: False)
    with pytest.raises(ConfigError, match="needs Authlib: pip install"):
        hosts.check_start()
    monkeypatch.setenv(profiles.ENVIRONMENT, "local")  # one's own secrets.toml may be that of other apps too
    assert not hosts.is_open_to_all()


def test_teachers_who_cannot_sign_in_are_a_mistake(told: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sign_in.TEACHERS_ENVIRONMENT, "a@b.example")
    with pytest.raises(ConfigError, match="nobody signs in"):
        hosts.check_start()


def test_passcode_and_sign_in_are_both_asked_for(told: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(profiles.ENVIRONMENT, "classroom")
    monkeypatch.setenv("VAE_STUDIO_PASSCODE", "blue-whale")
    told.merge_programmatic_secrets(tomllib.loads(AUTH))
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("inside"))], middleware=middleware())
    client = TestClient(app, base_url="http://127.0.0.1:8501", follow_redirects=False)
    person = pieces(json.dumps({"iss": "i", "sub": "1", "is_logged_in": True, "origin": "http://127.0.0.1:8501"}))
    for cookies, tells, shown in (
        ({}, False, "Passcode"),
        (person, False, "Passcode"),
        ({}, True, "Sign in"),
        (person, True, "inside"),
    ):
        client.cookies = dict(cookies)  # type: ignore[assignment]
        if tells:
            client.post("/studio/enter", data={"passcode": "blue-whale", "next": "/"})
        assert shown in client.get("/", headers={"accept": "text/html"}).text
