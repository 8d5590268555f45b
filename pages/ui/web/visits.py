"""Whose workspace is meant: an id that we have signed, in a cookie that no script can read and no other site sends.

The id names a folder; the signature is what nobody guesses. A browser is given one when its first page asks for it
from here, not when it comes by a link from elsewhere: then it would not send the cookie that it has, and lose it.
Where people sign in, the person decides, and there is neither cookie nor link.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.language import asked, tr
from pages.ui.web import form, passcodes, sign_in, signing
from pages.ui.web.addresses import WORKSPACE, base, is_secure, local, outer
from pages.ui.web.hosts import is_loopback, network, network_of_script
from pages.ui.web.rates import Rate
from vae_core import oversight, profiles, workspace
from vae_core.errors import NotFoundError
from vae_core.workspace import ID_PATTERN, visiting

COOKIE = "studio_workspace"
PURPOSE = "workspace"
KEPT_SECONDS = 30 * 24 * 3600
MISSES = 10
"""Guesses in a minute, from one address."""
NEW_AN_HOUR = 100
"""Workspaces given to browsers without one, to one address: more than a class. This machine's own has no limit, as a
proxy that does not say for whom it asks would shut everybody out."""
_given = Rate(NEW_AN_HOUR, 3600.0)


def token(id: str) -> str:
    """What opens a workspace: its id, and that we have said so."""
    return id + signing.sign(PURPOSE, id)


def id_in(told: str | None) -> str | None:
    """The workspace that a token opens."""
    id, signature = (told or "")[:26], (told or "")[26:]
    fits = ID_PATTERN.fullmatch(id) and ID_PATTERN.fullmatch(signature)
    return id if fits and signing.is_signed(PURPOSE, id, signature) else None


def _whose(cookies: Mapping[str, str]) -> str | None:
    """The workspace of whoever sends these."""
    if sign_in.is_configured():
        person = sign_in.person(cookies)
        return person.id if person else None
    return id_in(cookies.get(COOKIE))


class Visits:
    """Middleware that says whose workspace a request is about, and gives one to who has none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._misses = Rate(MISSES, 60.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with that known."""
        if scope["type"] not in ("http", "websocket") or not profiles.present().has_visitors:
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"].startswith(base() + WORKSPACE):
            request = Request(scope, receive)
            with asked(form.spoken(request)):
                await (await self._open(request))(scope, receive, send)
            return
        id = _whose(HTTPConnection(scope).cookies)
        if scope["type"] == "http" and scope["path"] == f"{outer()}/_stcore/host-config":
            if not sign_in.is_configured():
                kept = id or _new_id(network(scope))
                send = _with_cookie(send, kept, is_secure(scope)) if kept else send
            if id:
                oversight.note_visit(id)
        if id is None:  # whoever asks is nobody, and whatever is theirs is refused
            await self._app(scope, receive, send)
        else:
            with visiting(id):
                await self._app(scope, receive, send)

    async def _open(self, request: Request) -> Response:
        """A link that somebody kept: their browser is given the workspace, when they say so."""
        told, who = request.url.path.removeprefix(base() + WORKSPACE), network(request.scope)
        if not told or sign_in.is_configured():
            return RedirectResponse(local(""), 303)
        if self._misses.is_used_up(who):
            return _sorry(form.too_many(), 429)
        id = id_in(told)
        if id is None:
            self._misses.take(who)
            return _sorry(tr("This link opens no workspace. Check that it was copied whole."), 404)
        if request.method != "POST":
            said = tr("This link opens a workspace with somebody's datasets and runs. Open it only if it is yours.")
            return form.page(said, tr("Open this workspace"), request.url.path, {})
        answer = RedirectResponse(local(""), 303)
        answer.headers.append("set-cookie", _cookie(id, is_secure(request.scope)))
        return answer


def _new_id(who: str) -> str | None:
    return workspace.new_id() if is_loopback(who) or _given.take(who) else None


def _sorry(said: str, code: int) -> Response:
    answer = form.page(said, tr("Go to the app"), base() + WORKSPACE, {})
    answer.status_code = code
    return answer


def _with_cookie(send: Send, id: str, is_secure: bool) -> Send:
    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", _cookie(id, is_secure))
        await send(message)

    return send_with_cookie


def _cookie(id: str, is_secure: bool) -> str:
    kept = f"{COOKIE}={token(id)}; Path=/; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Strict"
    return kept + ("; Secure" if is_secure else "")


def nobody() -> NotFoundError:
    """Said to whoever has no workspace."""
    if sign_in.is_configured():
        return NotFoundError(tr("You are no longer signed in. Reload the page and sign in again."))
    if get_script_run_ctx(suppress_warning=True) and _given.is_used_up(network_of_script()):
        return NotFoundError(tr("Very many new browsers came from your network. Reload the page in a few minutes."))
    return NotFoundError(tr("This browser keeps no cookie of ours, so nothing of yours is found. Reload the page."))


def is_teacher() -> bool:
    """Whether the page is being drawn for the teacher of a class."""
    if not profiles.present().has_visitors or not get_script_run_ctx(suppress_warning=True):
        return False
    if sign_in.is_configured():
        person = sign_in.of_script()
        return person is not None and person.is_teacher
    return passcodes.role_in(st.context.cookies.to_dict().get(passcodes.COOKIE)) == "teacher"


def link() -> str:
    """What opens the present visitor's workspace in another browser."""
    here = urlsplit(st.context.url or "")
    return here._replace(path=base() + WORKSPACE + token(of_script() or ""), query="", fragment="").geturl()


def of_script() -> str | None:
    """Whose page is being drawn: what `workspace.ask` is given.

    Raises:
        NotFoundError: if everybody has a workspace and this is nobody's page.
    """
    if not profiles.present().has_visitors:
        return None
    context = get_script_run_ctx(suppress_warning=True)
    id = _whose(st.context.cookies.to_dict()) if context else None
    if id is None:
        raise nobody()
    return id
