"""What stands before the app, in process: who may ask, under what name, for whose workspace, how often."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from pages.ui import browser_runtime
from pages.ui.web import hosts, middleware, passcodes, rates, signing, visits
from tests.own_loop import done
from vae_core import profiles, workspace
from vae_core.errors import ConfigError, NotFoundError

CODE, TEACHERS = "blue-whale", "old-walrus"
SOCKET = "ws://localhost/socket"
HTML = {"accept": "text/html"}
EVERYWHERE = "0.0.0.0"  # noqa: S104, asked for and refused


async def whose(request: Request) -> PlainTextResponse:
    try:
        return PlainTextResponse(str(workspace.visitor()))
    except NotFoundError:
        return PlainTextResponse("nobody", 404)


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await socket.send_text(await socket.receive_text())


def server(client: tuple[str, int] = ("127.0.0.1", 1), base_url: str = "http://localhost") -> TestClient:
    paths = ("/", "/_stcore/host-config", "/_stcore/health", "/studio/models/x")
    routes = [
        *(Route(path, whose) for path in paths),
        WebSocketRoute("/socket", echo),
        WebSocketRoute("/_stcore/stream", echo),
    ]
    app = Starlette(routes=routes, middleware=middleware())
    return TestClient(app, base_url=base_url, client=client, follow_redirects=False)


@pytest.fixture(autouse=True)
def asks_visits(workspace_folder: object) -> Iterator[None]:
    signing._key.cache_clear()
    before = workspace._server.find_visitor
    workspace.ask(visits.of_script)
    yield
    workspace.ask(before)


@pytest.fixture
def classroom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(profiles.ENVIRONMENT, "classroom")
    monkeypatch.setenv("VAE_STUDIO_PASSCODE", CODE)
    monkeypatch.setenv("VAE_STUDIO_TEACHER_PASSCODE", TEACHERS)


def enter(client: TestClient, code: str = CODE, onward: str = "/") -> int:
    return client.post("/studio/enter", data={"passcode": code, "next": onward}).status_code


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil.example:8501", "user@localhost", "", "127.0.0.1.nip.io", "[::1"],
)
def test_foreign_host_is_refused(host: str) -> None:
    client = server()
    assert client.get("/", headers={"host": host}).status_code == 403
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(SOCKET, headers={"host": host}):
        pass


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST.", "10.0.0.3"])
def test_own_name_or_a_number_is_not(host: str) -> None:
    assert server().get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "https://localhost.evil.example", "http://["]
)
def test_foreign_origin_is_refused(origin: str) -> None:
    client = server()
    assert client.get("/", headers={"origin": origin}).status_code == 403
    assert client.post("/", headers={"origin": origin}).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(SOCKET, headers={"origin": origin}),
    ):
        pass
    assert client.get("/", headers={"origin": "http://localhost"}).status_code == 200


def test_names_are_added_by_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hosts.HOSTS_ENVIRONMENT, "vae.school.example, *.lab.example")
    for host, code in [
        ("vae.school.example", 200),
        ("a.lab.example", 200),
        ("lab.example", 403),
        ("school.example", 403),
    ]:
        assert server().get("/", headers={"host": host}).status_code == code


def test_without_a_passcode_nobody_comes_from_afar(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server(("192.168.0.7", 1)).get("/", headers={"host": "10.0.0.3"}).status_code == 403
    by_proxy = {"x-forwarded-for": "10.9.9.9, 192.168.0.7"}
    assert server().get("/", headers=by_proxy).status_code == 403
    monkeypatch.setenv("VAE_STUDIO_PASSCODE", CODE)
    assert server(("192.168.0.7", 1)).get("/", headers=HTML).status_code == 401
    monkeypatch.delenv("VAE_STUDIO_PASSCODE")
    monkeypatch.setenv(profiles.ENVIRONMENT, "demo")
    assert server(("192.168.0.7", 1)).get("/", headers={"host": "spaces.example"}).status_code == 404


def test_only_a_proxy_that_is_believed_says_for_whom_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = {"type": "http", "client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"127.0.0.1")]}
    assert hosts.client(scope) == "10.0.0.1"
    proxies = {"10.0.0.2, 10.1.0.0/16": "10.0.0.1", "10.0.0.0/8": "127.0.0.1", "10.0.0.1": "127.0.0.1"}
    for told, believed in proxies.items():
        monkeypatch.setenv(hosts.PROXIES_ENVIRONMENT, told)
        assert hosts.client(scope) == believed
    scope["headers"] += [(b"x-forwarded-for", b"10.9.9.9, 10.0.0.7")]  # the proxy's, after what the browser made up
    assert hosts.client(scope) == "10.0.0.7"


@pytest.mark.parametrize(
    ("settings", "address", "refusal"),
    [
        ({}, EVERYWHERE, "would listen on 0.0.0.0"),
        ({}, "", "would listen on all addresses"),
        ({"VAE_STUDIO_PROFILE": "classroom"}, "127.0.0.1", "A classroom needs a passcode"),
        ({"VAE_STUDIO_PROFILE": "classroom", "VAE_STUDIO_PASSCODE": "short"}, EVERYWHERE, "has 5 characters"),
        ({"VAE_STUDIO_PASSCODE": CODE, "VAE_STUDIO_TEACHER_PASSCODE": CODE}, EVERYWHERE, "is that of the class"),
        ({"VAE_STUDIO_TEACHER_PASSCODE": CODE}, "127.0.0.1", "none for the class"),
        ({"VAE_STUDIO_PROFILE": "school"}, "127.0.0.1", "may be local, classroom, demo"),
        ({}, "127.0.0.1", ""),
        ({"VAE_STUDIO_PROFILE": "classroom", "VAE_STUDIO_PASSCODE": CODE}, EVERYWHERE, ""),
        ({"VAE_STUDIO_PROFILE": "demo"}, EVERYWHERE, ""),
    ],
)
def test_server_that_others_reach_is_started_with_a_passcode_only(
    settings: dict[str, str], address: str, refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    others = st.config.get_option
    monkeypatch.setattr(st.config, "get_option", lambda name: address if name == "server.address" else others(name))
    if refusal:
        with pytest.raises(ConfigError, match=refusal):
            hosts.check_start()
    else:
        assert "open to" in hosts.check_start()


@pytest.mark.usefixtures("classroom")
@pytest.mark.parametrize("key", [b"", b"x" * 31])
def test_server_is_not_started_with_a_key_that_anybody_has(key: bytes, workspace_folder: Path) -> None:
    (workspace_folder / "secret").write_bytes(key)
    with pytest.raises(ConfigError, match=rf"has {len(key)} bytes in place of 32"):
        hosts.check_start()
    with pytest.raises(ConfigError):
        passcodes.token("student")


@pytest.mark.usefixtures("classroom")
def test_passcode_is_asked_for_before_anything_is_answered() -> None:
    client = server(("192.168.0.7", 1))
    page = client.get("/train?run=x", headers=HTML)
    assert page.status_code == 401
    assert 'name="next" value="/train?run=x"' in page.text
    assert client.get("/studio/models/x").status_code == 401
    assert client.get("/_stcore/health").status_code != 401
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(SOCKET):
        pass
    assert "That is not the passcode" in client.post("/studio/enter", data={"passcode": "wrong"}).text
    answer = client.post("/studio/enter", data={"passcode": CODE, "next": "/train?run=x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/train?run=x")
    assert re.search(r"studio_pass=.*HttpOnly.*SameSite=lax", answer.headers["set-cookie"], re.IGNORECASE)
    assert client.get("/_stcore/host-config").status_code != 401
    with client.websocket_connect(SOCKET) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"


@pytest.mark.usefixtures("classroom")
@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "/studio/enter"])
def test_passcode_leads_to_our_pages_only(onward: str) -> None:
    answer = server().post("/studio/enter", data={"passcode": CODE, "next": onward})
    assert answer.headers["location"] == "/"


@pytest.mark.usefixtures("classroom")
def test_guessing_is_stopped_and_others_may_go_on() -> None:
    client = server(("10.0.0.1", 1))
    assert [enter(client, f"wrong-{n}") for n in range(7)] == [403] * 5 + [429] * 2
    assert enter(client) == 429  # who is right only after that many is told nothing
    other = TestClient(client.app, base_url="http://localhost", client=("10.0.0.2", 1), follow_redirects=False)
    assert enter(other) == 303


def told_at_once(codes: list[str], address: str = "10.0.0.1") -> list[int]:
    """The answers to passcodes that arrive together."""

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(server().app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            asked = [client.post("/studio/enter", data={"passcode": code}) for code in codes]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    return done(ask())


@pytest.mark.usefixtures("classroom")
def test_guesses_that_arrive_together_are_counted_one_by_one() -> None:
    assert told_at_once([f"wrong-{n}" for n in range(20)] + [CODE]) == [403] * 5 + [429] * 16


@pytest.mark.usefixtures("classroom")
def test_class_that_arrives_together_comes_in_and_its_passcode_is_digested_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digested, judge = [], passcodes.role_of
    monkeypatch.setattr(passcodes, "role_of", lambda told: digested.append(told) or judge(told))
    assert told_at_once([CODE] * 50) == [303] * 50
    assert digested == [CODE]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::1"),
        ("testclient", "testclient"),
    ],
)
def test_who_has_all_addresses_of_a_network_is_counted_as_one(address: str, counted: str) -> None:
    assert hosts.network({"type": "http", "client": (address, 1), "headers": []}) == counted


@pytest.mark.usefixtures("classroom")
def test_pass_is_of_this_server_this_day_and_this_passcode(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("student", "teacher"):
        told = passcodes.token(role)
        assert passcodes.role_in(told) == role
        assert passcodes.role_in(told.replace(role, "teacher" if role == "student" else "student")) is None
    for bad in (None, "", "student", f"student.9999999999.{'a' * 26}", told[:-1]):
        assert passcodes.role_in(bad) is None
    now = passcodes.time.time()
    monkeypatch.setattr(passcodes.time, "time", lambda: now + 13 * 3600)
    assert passcodes.role_in(told) is None
    monkeypatch.setattr(passcodes.time, "time", lambda: now)
    monkeypatch.setenv("VAE_STUDIO_PASSCODE", "another-one")
    assert passcodes.role_in(told) is None
    assert passcodes.role_of(TEACHERS) == "teacher"
    assert passcodes.role_of("another-one") == "student"
    assert passcodes.role_of("") is None


@pytest.mark.usefixtures("classroom")
def test_everybody_has_a_workspace_that_is_given_once() -> None:
    anne, ben = server(), server()
    for client in (anne, ben):
        enter(client)
        assert client.get("/studio/models/x").text == "nobody"  # a page from elsewhere is given none
        given = client.get("/_stcore/host-config").headers["set-cookie"]
        assert re.search(r"studio_workspace=[a-z2-7]{52};.* HttpOnly; SameSite=Strict", given)
    ids = [client.get("/studio/models/x").text for client in (anne, ben)]
    assert ids[0] != ids[1]
    assert all(workspace.ID_PATTERN.fullmatch(id) for id in ids)
    anne.get("/_stcore/host-config")
    assert anne.get("/studio/models/x").text == ids[0]


@pytest.mark.usefixtures("classroom")
def test_workspaces_are_given_to_an_address_as_a_class_needs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "_given", rates.Rate(visits.NEW_AN_HOUR, 1e9))
    client = server(("10.0.0.1", 1))
    enter(client)
    pass_alone = {"cookie": f"{passcodes.COOKIE}={client.cookies[passcodes.COOKIE]}"}
    others = TestClient(client.app, base_url="http://localhost", client=("10.0.0.2", 1), headers=pass_alone)

    def given(to: TestClient) -> str | None:
        to.cookies.clear()
        return to.get("/_stcore/host-config", headers=pass_alone).headers.get("set-cookie")

    assert all(given(client) for _ in range(visits.NEW_AN_HOUR))
    assert given(client) is None
    assert client.get("/_stcore/host-config", headers=pass_alone).text == "nobody"
    assert given(others)
    monkeypatch.setattr(visits, "get_script_run_ctx", lambda **_: True)
    for address, said in (("10.0.0.1", "Very many new browsers"), ("10.0.0.2", "This browser keeps no cookie")):
        monkeypatch.setattr(visits, "network_of_script", lambda told=address: told)
        assert str(visits.nobody()).startswith(said)


@pytest.mark.usefixtures("classroom")
@pytest.mark.parametrize(
    "change", [lambda t: t[:26] + "a" * 26, lambda t: "b" * 26 + t[26:], lambda t: t[:-1], lambda t: ""]
)
def test_workspace_is_not_guessed(change: Callable[[str], str]) -> None:
    token = visits.token("a" * 26)
    found = []
    for kept in (token, change(token)):
        cookies = f"{passcodes.COOKIE}={passcodes.token('student')}; {visits.COOKIE}={kept}"
        found.append(server().get("/studio/models/x", headers={"cookie": cookies}).text)
    assert found == ["a" * 26, "nobody"]


@pytest.mark.usefixtures("classroom")
def test_link_that_somebody_kept_is_opened_after_the_passcode() -> None:
    client, link = server(), f"/studio/workspace/{visits.token('a' * 26)}"
    assert f'value="{link}"' in client.get(link, headers={"accept": "text/html"}).text
    answer = client.post("/studio/enter", data={"passcode": f" {CODE} ", "next": link})  # as a phone writes it
    assert (answer.status_code, answer.headers["location"]) == (303, link)


@pytest.mark.usefixtures("classroom")
def test_link_that_somebody_kept_opens_their_workspace_when_they_say_so() -> None:
    client, token = server(), visits.token("a" * 26)
    enter(client)
    assert "Open this workspace" in client.get(f"/studio/workspace/{token}").text
    client.get("/_stcore/host-config")
    assert client.get("/studio/models/x").text != "a" * 26
    assert client.post(f"/studio/workspace/{token}").headers["location"] == "/"
    assert client.get("/studio/models/x").text == "a" * 26
    codes = [client.get(f"/studio/workspace/{'b' * 52}").status_code for _ in range(12)]
    assert codes == [404] * 10 + [429] * 2
    assert client.get(f"/studio/workspace/{token}").status_code == 429


def test_answers_say_what_browsers_may_do() -> None:
    headers = server().get("/").headers
    policy = dict(part.partition(" ")[::2] for part in headers["content-security-policy"].split("; "))
    assert policy["script-src"].split()[:3] == ["'self'", "blob:", "'wasm-unsafe-eval'"]
    assert "'unsafe-eval'" not in policy["script-src"] or not browser_runtime.is_installed()
    assert all(part.startswith("'sha256-") for part in policy["script-src"].split()[3:])
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert policy["connect-src"] == "'self' blob: data: ws://localhost wss://localhost"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=()" in headers["permissions-policy"]


def test_rates_hold_for_each_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(rates.time, "monotonic", lambda: now[0])
    rate = rates.Rate(3, 1.0)
    assert [rate.take("a") for _ in range(4)] == [True, True, True, False]
    assert rate.take("b")
    now[0] = 0.34
    assert [rate.take("a"), rate.take("a")] == [True, False]
    waits = rates.Rate(10, 1.0)
    assert [round(waits.wait("a"), 3) for _ in range(12)] == [0.0] * 10 + [0.1, 0.2]


def test_uploads_beyond_the_rate_are_refused() -> None:
    client = server()
    codes = {client.put(f"/_stcore/upload_file/s/{n}", content=b"x").status_code for n in range(30)}
    assert codes == {404}  # no such route in this app
    assert client.put("/_stcore/upload_file/s/31", content=b"x").status_code == 429
    assert client.put("/_stcore/upload_file/t/1", content=b"x").status_code == 404


def test_interactions_beyond_the_rate_wait_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr(rates.asyncio, "sleep", sleep)
    for path, most in (("/_stcore/stream", 15), ("/socket", 0)):  # decoding is no interaction
        paused.clear()
        with server().websocket_connect(f"ws://localhost{path}") as socket:
            for n in range(25):
                socket.send_text(str(n))
            assert [socket.receive_text() for _ in range(25)] == [str(n) for n in range(25)]
        assert bool(paused) == bool(most)
        assert len(paused) <= most


@pytest.mark.usefixtures("classroom")
def test_file_beyond_what_a_class_may_bring_is_refused_before_it_is_taken_in() -> None:
    client = server()
    enter(client)
    headers = {"content-length": str(52 * 2**20)}
    answer = client.put("/_stcore/upload_file/s/1", content=b"", headers=headers)
    assert (answer.status_code, answer.text) == (413, "One file may have 50 MB.")
