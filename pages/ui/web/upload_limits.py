"""How much may lie in memory between a browser's upload and the workspace, and for how long.

Streamlit limits one file and nothing else, and keeps the files of a visit that has gone for minutes.
"""

import asyncio
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.ui.language import COOKIE, asked, tr
from vae_core import profiles, workspace
from vae_core.errors import NotFoundError

VISITOR_BYTES, VISITOR_FILES = 200 * 2**20, 2_000
"""Of a visitor in all tabs; of a visit where nobody is told from others."""
SERVER_BYTES = 2**30
FORM_BYTES = 2**20
"""What a browser wraps around a file."""
GRACE_SECONDS, LEAST_A_SECOND = 10.0, 20 * 2**10
"""For so long one may wait for a body's bytes, and longer only as far as so many have come for each second of it."""
STREAM = "/_stcore/stream"
"""Where visits talk to their pages."""
GONE_SECONDS = 5.0
"""A visit without a connection for so long has gone, and does not just come again."""
UPLOAD = re.compile(r".*/_stcore/upload_file/([^/]+)/[^/]+$")


class _SlowError(Exception):
    """A body came too slowly."""


class UploadLimits:
    """Middleware that refuses uploads before their bytes are taken in, and lets go of those of nobody any more."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._coming: dict[str, int] = defaultdict(int)
        self._owners: dict[str, str] = {}
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on whatever is no upload, and every upload for which there is room."""
        path = scope.get("path", "")
        match = UPLOAD.match(path) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if match:
            await self._take(match[1], scope, receive, send)
        else:
            await self.app(scope, receive, send)
        if match or (scope["type"] == "websocket" and path.endswith(STREAM)):
            asyncio.get_running_loop().call_later(GONE_SECONDS, _release_gone, _gone())

    async def _take(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "")
        with asked(HTTPConnection(scope).cookies.get(COOKIE)):
            refusal = _unwanted(length) or await self._let_in(session, int(length), scope, receive, send)
        if refusal:
            await refusal(scope, receive, send)

    async def _let_in(
        self, session: str, size: int, scope: Scope, receive: Receive, send: Send
    ) -> PlainTextResponse | None:
        with self._counted(session, size) as refusal:
            if refusal:
                return refusal
            try:
                await self.app(scope, _in_time(receive, size), send)
            except _SlowError:
                told = tr("The upload came too slowly and was given up. Try again over a better line.")
                return PlainTextResponse(told, 408, {"Connection": "close"})
        return None

    @contextmanager
    def _counted(self, session: str, size: int) -> Iterator[PlainTextResponse | None]:
        owner = _visitor() or session
        with self._lock:
            refusal = self._refusal(session, owner, size)
            if not refusal:
                self._coming[owner] += size
                self._owners[session] = owner
        try:
            yield refusal
        finally:
            if not refusal:
                with self._lock:
                    self._coming[owner] -= size
                    if not self._coming[owner]:
                        del self._coming[owner]

    def _refusal(self, session: str, owner: str, size: int) -> PlainTextResponse | None:
        held, most = _held(), profiles.present().upload_bytes
        self._owners = {one: its for one, its in self._owners.items() if one in held or its in self._coming}
        own = [of_one for one in held if self._owners.get(one, one) in (owner, session) for of_one in held[one]]
        if size > most + FORM_BYTES:
            return PlainTextResponse(tr("One file may have {count} MB.", count=most // 2**20), 413)
        if sum(own) + self._coming.get(owner, 0) + size > VISITOR_BYTES + FORM_BYTES:
            return PlainTextResponse(tr("Upload at most {count} MB at a time.", count=VISITOR_BYTES // 2**20), 413)
        if len(own) >= VISITOR_FILES:
            told = tr("Upload at most {count} files at a time; pack them as a ZIP.", count=f"{VISITOR_FILES:,}")
            return PlainTextResponse(told, 413)
        total = sum(map(sum, held.values())) + sum(self._coming.values())
        if total + size > SERVER_BYTES:
            return PlainTextResponse(tr("The server is busy with other uploads. Try again in a minute."), 503)
        return None


def _unwanted(length: str) -> PlainTextResponse | None:
    """What is refused whoever sends it, and however much there is room for."""
    if not profiles.present().may_bring:
        told = tr("This is a demo: it has the bundled models, and nothing can be brought or trained.")
        return PlainTextResponse(told, 403)
    return None if length.isdigit() else PlainTextResponse(tr("An upload must say how long it is."), 411)


def _visitor() -> str | None:
    try:
        return workspace.visitor()
    except NotFoundError:
        return None


def release(files: Iterable[UploadedFile]) -> None:
    """Let go of the bytes of this visit's uploads: Streamlit keeps them until the visit ends."""
    context, manager = get_script_run_ctx(), _manager()
    if context and manager:
        for file in files:
            manager.remove_file(context.session_id, file.file_id)


def _gone() -> set[str]:
    """Visits that have files here and no connection."""
    manager = _manager()
    sessions = list(manager.file_storage) if manager else []
    return {session for session in sessions if not runtime.get_instance().is_active_session(session)}


def _release_gone(before: set[str]) -> None:
    """Let go of the bytes of visits that had gone before and have not come again."""
    manager = _manager()
    if manager:
        for session in before & _gone():
            manager.remove_session_files(session)


def _manager() -> MemoryUploadedFileManager | None:
    """Where Streamlit keeps uploads; None where no server runs, as in tests of pages."""
    return getattr(runtime.get_instance(), "_uploaded_file_mgr", None) if runtime.exists() else None


def _held() -> dict[str, list[int]]:
    """Sizes of the files that Streamlit holds in memory, by session."""
    manager = _manager()
    storage = list(manager.file_storage.items()) if manager else []
    return {session: [len(file.data) for file in list(files.values())] for session, files in storage}


def _in_time(receive: Receive, length: int) -> Receive:
    """The body, cut off where it is longer than it said, and given up where one waits for it too long."""
    come, waited, is_whole = 0, 0.0, False

    async def counted() -> Message:
        nonlocal come, waited, is_whole
        if is_whole:
            return await receive()
        begun = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, GRACE_SECONDS + come / LEAST_A_SECOND - waited)):
                message = await receive()
        except TimeoutError:
            raise _SlowError from None
        waited += time.monotonic() - begun  # not what we take to store it
        come += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        return message if come <= length else {"type": "http.disconnect"}

    return counted
