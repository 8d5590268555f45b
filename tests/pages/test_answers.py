"""What takes seconds: it leaves threads for all else, and one visitor has it so often only."""

import asyncio
import threading

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.ui import answers, routes
from pages.ui.answers import SLOW_A_MINUTE, Shares, answer, slow
from tests.own_loop import done
from vae_core import profiles, workspace
from vae_core.workspace import visiting

ANNE, BEN = "a" * 26, "b" * 26
SLOW = {
    "/models/{id}/{version}/paths", "/models/{id}/{version}/path.{kind}", "/models/{id}/{version}/explorer.html",
    "/models/{id}/{version}/model.zip", "/films/{id}/{version}/film.gif",
}  # fmt: skip


def test_slow_ones_leave_threads_for_all_else() -> None:
    """A hundred that do not end: two of them run, and what is quick is answered."""
    begun, go_on = [], threading.Event()

    def search(request: Request) -> Response:
        begun.append(request.url.path)
        go_on.wait(30)
        return PlainTextResponse("found")

    quick = Route("/quick", answer(lambda request: PlainTextResponse("here")))
    app = Starlette(routes=[Route("/slow", slow(search)), quick])

    async def ask() -> tuple[str, int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            searches = [asyncio.create_task(client.get("/slow")) for _ in range(100)]
            try:
                while len(begun) < 2:
                    await asyncio.sleep(0.01)
                told = (await asyncio.wait_for(client.get("/quick"), 10)).text
                return told, len(begun)
            finally:
                go_on.set()
                assert {answered.text for answered in await asyncio.gather(*searches)} == {"found"}

    assert done(ask()) == ("here", 2)


def test_visitor_has_so_many_slow_ones_a_minute_and_others_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_SLOW_ASKED", Shares(SLOW_A_MINUTE, 1e9))
    client = TestClient(Starlette(routes=[Route("/slow", slow(lambda _: PlainTextResponse(str(workspace.visitor()))))]))
    assert {client.get("/slow").status_code for _ in range(SLOW_A_MINUTE + 1)} == {200}  # alone
    monkeypatch.setenv(profiles.ENVIRONMENT, "demo")
    with visiting(ANNE):
        assert {client.get("/slow").status_code for _ in range(SLOW_A_MINUTE)} == {200}
        refused = client.get("/slow")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert refused.text.startswith("These take long")
    with visiting(BEN):
        assert client.get("/slow").text == BEN


def test_what_takes_seconds_is_answered_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_may_ask", lambda request: False)
    client = TestClient(Starlette(routes=routes.routes()))
    codes = {path: client.get("/studio" + path.format(id="x", version="1", kind="gif")).status_code for path in SLOW}
    assert codes == dict.fromkeys(SLOW, 429)
