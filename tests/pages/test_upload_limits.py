"""The middleware in front of Streamlit's upload address, with a plain application behind it."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.ui.web import upload_limits
from pages.ui.web.upload_limits import UploadLimits
from tests.own_loop import done
from vae_core import profiles
from vae_core.workspace import visiting

held: dict[str, list[int]] = {}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A server that keeps the sizes of what was put there, with small limits."""

    async def put(request: Request) -> Response:
        held.setdefault(request.path_params["session"], []).append(len(await request.body()))
        return PlainTextResponse("kept")

    held.clear()
    monkeypatch.setattr(upload_limits, "_held", lambda: held)
    monkeypatch.setattr(upload_limits, "VISITOR_BYTES", 1000)
    monkeypatch.setattr(upload_limits, "VISITOR_FILES", 3)
    monkeypatch.setattr(upload_limits, "SERVER_BYTES", 2500)
    monkeypatch.setattr(upload_limits, "FORM_BYTES", 0)
    routes = [Route("/_stcore/upload_file/{session}/{file}", put, methods=["PUT", "GET"])]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(UploadLimits)]))


def put(client: TestClient, session: str, size: int, file: str = "f") -> int:
    return int(client.put(f"/_stcore/upload_file/{session}/{file}", content=b"x" * size).status_code)


def test_what_fits_is_passed_on(client: TestClient) -> None:
    assert put(client, "s", 900) == 200
    assert held == {"s": [900]}


def test_session_has_its_bytes_and_its_files_counted(client: TestClient) -> None:
    assert put(client, "s", 900) == 200
    assert put(client, "s", 200) == 413
    for _ in range(2):
        assert put(client, "s", 1) == 200
    assert put(client, "s", 1) == 413
    assert put(client, "other", 900) == 200


def test_server_that_is_full_asks_to_wait(client: TestClient) -> None:
    assert [put(client, session, 900) for session in "abc"] == [200, 200, 503]
    held.clear()
    assert put(client, "c", 900) == 200


def test_tabs_of_one_visitor_share_what_one_may_and_others_have_theirs(client: TestClient) -> None:
    with visiting("a" * 26):
        assert [put(client, tab, 400) for tab in "abc"] == [200, 200, 413]
        held.pop("a")
        assert put(client, "c", 400) == 200
    with visiting("b" * 26):
        assert put(client, "d", 900) == 200


def test_body_that_hardly_comes_is_given_up_and_keeps_no_room(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_limits, "GRACE_SECONDS", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(30)
        yield b"x" * 899

    async def ask() -> list[int]:
        """Streams, which `TestClient` does not."""
        transport = httpx.ASGITransport(client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            path, length = "/_stcore/upload_file/s/f", {"content-length": "900"}
            slow = await browser.put(path, content=trickle(), headers=length)
            assert slow.headers["connection"] == "close"
            return [slow.status_code, (await browser.put(path, content=b"x" * 900)).status_code]

    assert done(asyncio.wait_for(ask(), 20)) == [408, 200]


def test_demo_takes_no_file_in(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(profiles.ENVIRONMENT, "demo")
    assert put(client, "s", 1) == 403
    assert held == {}


def test_body_of_unknown_length_is_refused(client: TestClient) -> None:
    answer = client.put("/_stcore/upload_file/s/f", content=(b"x" for _ in range(3)))
    assert answer.status_code == 411


def test_other_requests_are_let_through(client: TestClient) -> None:
    assert client.get("/_stcore/upload_file/s/f").status_code == 200


def test_files_in_streamlits_memory_are_seen() -> None:
    """The figures come from a private place of Streamlit: this fails when it moves."""
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
    from streamlit.runtime.uploaded_file_manager import UploadedFileRec

    manager = MemoryUploadedFileManager("/upload")
    manager.add_file("s", UploadedFileRec("f", "a.png", "image/png", b"12345"))
    assert {k: [len(f.data) for f in v.values()] for k, v in manager.file_storage.items()} == {"s": [5]}
    from streamlit.runtime import Runtime

    assert "_uploaded_file_mgr" in Runtime.__init__.__code__.co_names
