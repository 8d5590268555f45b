"""The passcode, and the sign-in: each asked for before anything else is answered, where there is one."""

import asyncio

from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.ui.language import asked, tr
from pages.ui.web import form, passcodes, sign_in
from pages.ui.web.addresses import base, is_health, is_secure, local, outer
from pages.ui.web.hosts import network
from pages.ui.web.rates import Rate

ENTER, SIGN_IN = "/enter", "/sign-in"
TRIES = 5
"""Wrong ones in a minute, from one address."""


class Gate:
    """Middleware that lets pass who has told the passcode, or all where there is none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tries = Rate(TRIES, 60.0)
        self._turn = asyncio.Lock()
        self._thread = CapacityLimiter(1)
        self._right: dict[bytes, passcodes.Role] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or ask."""
        is_asked = scope["type"] in ("http", "websocket") and passcodes.is_protected() and not is_health(scope)
        is_known = is_asked and passcodes.role_in(HTTPConnection(scope).cookies.get(passcodes.COOKIE))
        if not is_asked or (is_known and scope["path"] != base() + ENTER):  # a student may be the teacher too
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
        else:
            request = Request(scope, receive)
            with asked(form.spoken(request)):
                await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.url.path == base() + ENTER and request.method == "POST":
            return await self._judge(request)
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(tr("Tell the passcode first: open the app's page."), 401)
        query = f"?{request.url.query}" if request.url.query else ""
        return _form(request.url.path + query)

    async def _judge(self, request: Request) -> Response:
        told = await form.answers(request)
        onward, who = local(told.get("next", "")), network(request.scope)
        async with self._turn:  # one after the other: each is counted before the next is judged
            if self._tries.is_used_up(who):
                return _form(onward, form.too_many(), 429)
            role = await self._role(told.get("passcode", "").strip())
            if role is None:
                self._tries.take(who)
        if role is None:
            return _form(onward, tr("That is not the passcode. Ask your teacher for it."), 403)
        answer = RedirectResponse(onward, 303)
        answer.set_cookie(
            passcodes.COOKIE,
            passcodes.token(role),
            max_age=passcodes.KNOWN_SECONDS,
            httponly=True,
            samesite="lax",
            secure=is_secure(request.scope),
        )
        return answer

    async def _role(self, told: str) -> passcodes.Role | None:
        """Digested once where it is right, as a class tells it all at once; in a thread apart from those that serve."""
        mark = passcodes.mark(told)
        role = self._right.get(mark) or await to_thread.run_sync(passcodes.role_of, told, limiter=self._thread)
        if role:
            self._right[mark] = role
        return role


class SignIn:
    """Middleware that lets pass who is signed in, or all where nobody signs in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or send to the provider."""
        is_asked = scope["type"] in ("http", "websocket") and sign_in.is_configured() and not is_health(scope)
        is_way = is_asked and scope["type"] == "http" and scope["path"] in {outer() + path for path in sign_in.PATHS}
        if not is_asked or is_way or sign_in.person(HTTPConnection(scope).cookies):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
        else:
            request = Request(scope, receive)
            with asked(form.spoken(request)):
                await self._answer(request)(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.url.path == base() + SIGN_IN:
            return RedirectResponse(sign_in.address(), 303, {"Cache-Control": "no-store"})
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(tr("Sign in first: open the app's page."), 401)
        answer = form.link(_welcome(), tr("Sign in"), base() + SIGN_IN)
        answer.status_code = 401
        return answer


def _welcome() -> str:
    return tr("Welcome. This server is for a class.")


def _form(onward: str, error: str = "", code: int = 401) -> Response:
    answer = form.page(_welcome(), tr("Enter"), base() + ENTER, {"next": onward}, tr("Passcode"), error)
    answer.status_code = code
    return answer
