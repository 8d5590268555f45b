"""Sign-in on a real server, with a real provider, and in Chromium: who is who, and nobody is nobody."""

import json
import re
from collections.abc import Iterator, Mapping

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import Browser, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.benchmarks.visitor import Visitor
from tests.browser.app_process import AppProcess
from tests.browser.explorer_page import settle
from tests.own_loop import done
from tests.provider import Provider

COOKIE, SECRET = "_streamlit_user", "a secret of forty characters, to sign by"
ANNE = {"sub": "1", "name": "Anne", "email": "anne@school.example", "email_verified": True}
BEN = {"sub": "2", "email": "ben@school.example"}
MISS = {"sub": "3", "name": "Miss Clay", "email": "Clay@School.example"}
MASKED = {"sub": "4", "email": "clay@school.example", "email_verified": False}
HTML = {"accept": "text/html"}
REFUSED = (401, 401)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def classroom(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.toml"
    secrets.write_text(provider.secrets(SECRET))
    settings = {"VAE_STUDIO_PROFILE": "classroom", "VAE_STUDIO_TEACHERS": "x@y.example, clay@school.example"}
    arguments = ("--secrets.files", str(secrets))
    process = AppProcess(tmp_path_factory.mktemp("class") / "workspace", arguments=arguments, settings=settings)
    yield process
    process.stop()


def browser(app: AppProcess, cookies: httpx.Cookies | None = None) -> httpx.Client:
    return httpx.Client(base_url=app.address, cookies=cookies, follow_redirects=True, trust_env=False, timeout=30)


def signed_in(app: AppProcess, provider: Provider, person: Mapping[str, object]) -> httpx.Cookies:
    """The cookies of somebody who has gone the whole way."""
    provider.person = person
    with browser(app) as client:
        page = client.get("/", headers=HTML)
        assert page.status_code == 401
        way = re.search(r'<a href="([^"]+)">Sign in</a>', page.text)
        assert way
        answer = client.get(way[1], headers=HTML)
        assert (answer.status_code, answer.url.path) == (200, "/")
        assert COOKIE in client.cookies
        return client.cookies


def forged(app: AppProcess, claims: Mapping[str, object], key: str = SECRET) -> httpx.Cookies:
    said = {"origin": app.address, "is_logged_in": True, "provider": "default", **claims}
    return httpx.Cookies({COOKIE: str(URLSafeTimedSerializer(key, salt=COOKIE).dumps(json.dumps(said)))})


def codes(app: AppProcess, cookies: httpx.Cookies | None) -> tuple[int, ...]:
    with browser(app, cookies) as client:
        return tuple(client.get(path).status_code for path in ("/studio/datasets/x/names", "/_stcore/host-config"))


def shown(visitor: Visitor) -> str:
    return "\n".join(str(placed.delta) for placed in visitor.screen.placed.values())


def class_page(app: AppProcess, cookies: httpx.Cookies) -> tuple[str, str]:
    """What Home tells of the visitor, and what the teacher's page is for them."""

    async def visit() -> tuple[str, str]:
        async with Visitor(app.address, cookies=cookies) as visitor:
            await visitor.open("")
            home = shown(visitor)
            await visitor.go("teacher")
            return home, shown(visitor)

    return done(visit())


def test_who_is_not_signed_in_is_shown_and_told_nothing(classroom: AppProcess) -> None:
    with browser(classroom) as client:
        assert "Sign in" in client.get("/train", headers=HTML).text
        for path in ("/", "/studio/datasets/x/names", "/static/x.js", "/_stcore/host-config", "/media/x", "/studio/x"):
            answer = client.get(path)
            assert (answer.status_code, answer.text) == (401, "Sign in first: open the app's page.")
        assert client.put("/_stcore/upload_file/s/1", content=b"x").status_code == 401
        assert client.get("/_stcore/health").text == "ok"
    for path in ("/_stcore/stream", "/auth/login"):
        socket = classroom.address.replace("http", "ws", 1) + path
        with pytest.raises(InvalidStatus, match="403"), connect(socket, origin=classroom.address, proxy=None):
            pass


def test_a_person_has_one_workspace_wherever_they_sign_in(classroom: AppProcess, provider: Provider) -> None:
    async def brings(person: Mapping[str, object]) -> tuple[str, set[str]]:
        async with Visitor(classroom.address, cookies=signed_in(classroom, provider, person)) as visitor:
            await visitor.open("")
            called = re.search(r"calls your workspace \*\*(\w{6})\*\*", shown(visitor))
            assert called
            return called[1], set(visitor.http.cookies)

    anne, ben, anne_again = (done(brings(person)) for person in (ANNE, BEN, ANNE))
    assert anne[0] == anne_again[0] != ben[0]
    assert "studio_workspace" not in anne[1]


def test_cookie_that_streamlit_here_did_not_sign_is_nobodys(classroom: AppProcess, provider: Provider) -> None:
    anne = ANNE | {"iss": provider.address}
    assert codes(classroom, forged(classroom, anne)) == (404, 200)  # what is refused below would be had like this
    theirs = signed_in(classroom, provider, BEN)[COOKIE]
    for cookies in (
        None,
        httpx.Cookies({COOKIE: ""}),
        httpx.Cookies({COOKIE: theirs[:-5] + ("A" if theirs[-5] != "A" else "B") + theirs[-4:]}),
        httpx.Cookies({COOKIE: json.dumps(anne)}),
        forged(classroom, anne, key="another secret of forty characters, so t"),
        forged(classroom, anne | {"origin": "http://127.0.0.1:1"}),
        forged(classroom, anne | {"is_logged_in": "true"}),
        forged(classroom, anne | {"sub": ""}),
        forged(classroom, anne | {"iss": None}),
        httpx.Cookies({"_streamlit_user_tokens": theirs}),
        httpx.Cookies({"studio_workspace": "a" * 52}),
    ):
        assert codes(classroom, cookies) == REFUSED


def test_link_to_a_workspace_opens_none(classroom: AppProcess, provider: Provider) -> None:
    with browser(classroom, signed_in(classroom, provider, ANNE)) as client:
        answer = client.post(f"/studio/workspace/{'a' * 52}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "set-cookie" not in answer.headers


def test_teachers_are_known_by_an_address_that_is_not_doubted(classroom: AppProcess, provider: Provider) -> None:
    for person, name, is_teacher in (
        (ANNE, "Anne", False),
        (MISS, "Miss Clay", True),
        (MASKED, MASKED["email"], False),
    ):
        home, page = class_page(classroom, signed_in(classroom, provider, person))
        assert f"Signed in as {name}." in home
        assert "This browser finds it by itself" not in home
        assert ("For all to see" in page) == is_teacher
        assert ("This page is for the teachers" in page) != is_teacher


def test_one_comes_in_by_the_provider_and_goes_out(classroom: AppProcess, provider: Provider, browser: Browser) -> None:
    provider.person = ANNE
    context, forbidden = browser.new_context(viewport={"width": 1280, "height": 900}), []
    page = context.new_page()
    page.on("console", lambda said: forbidden.append(said.text) if "Security Policy" in said.text else None)
    page.goto(f"{classroom.address}/data")
    expect(page.get_by_text("Welcome. This server is for a class.")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_text("Your workspace", exact=True).click(timeout=60_000)
    settle(page)
    expect(page.get_by_text("Signed in as Anne.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible(timeout=30_000)
    assert not {cookie["name"] for cookie in context.cookies()} & {COOKIE, "_streamlit_user_tokens"}
    assert forbidden == []
    context.close()
