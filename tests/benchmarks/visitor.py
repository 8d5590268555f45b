"""A visitor without a browser: speaks with Streamlit's server as its page does, and measures how long that takes.

Nothing is drawn and no script of the page runs, so that many fit into one process. What the server has to do is the
same: files, cookies, WebSocket, runs of the script, fragments that tick, uploads.
"""

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from pages.ui.web import passcodes
from tests.benchmarks.awaited import Awaited, VisitError
from tests.benchmarks.loopback import only_loopback
from tests.benchmarks.screen import ENDED, Screen

PATIENCE_SECONDS = 60.0  # whoever waits longer has met a failure
LINKED = re.compile(r'(?:src|href)="\./(static/[^"]+\.(?:js|css))"')  # what the shell's HTML loads before all else
XSRF, PASS = "_streamlit_xsrf", passcodes.COOKIE


@dataclass
class Visitor:
    """One tab of one browser.

    Attributes:
        address: Of the app, on this machine.
        cookies: Those of somebody else, to be the same person.
        passcode: What the app asks for, if it does.
        forgiven: What a red sentence may begin with, and be no failure.
        ticks: Runs of fragments that refresh themselves.
        received: Bytes, over HTTP and the WebSocket.
    """

    address: str
    cookies: httpx.Cookies | None = None
    passcode: str = ""
    forgiven: tuple[str, ...] = ()
    screen: Screen = field(default_factory=Screen)
    ticks: int = 0
    received: int = 0

    def __post_init__(self) -> None:
        only_loopback(self.address)
        # no certificates to load, no proxy to ask
        self.http = httpx.AsyncClient(
            base_url=self.address,
            cookies=self.cookies,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            verify=False,  # noqa: S501
            limits=httpx.Limits(max_connections=6),
        )
        self.widgets: dict[str, WidgetState] = {}
        self.page = ""
        self._awaited: Awaited | None = None
        self._asked_urls: dict[str, asyncio.Future[ForwardMsg]] = {}
        self._ticking: dict[str, asyncio.Task[None]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._socket: ClientConnection | None = None
        self._lost: Exception | None = None

    async def __aenter__(self) -> "Visitor":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, page: str = "", query: str = "", is_first: bool = False) -> float:
        """Come by a link.

        Args:
            page: Path of the page.
            query: What follows the question mark.
            is_first: Whether the browser keeps none of Streamlit's own files from an earlier visit.

        Returns:
            The seconds until the page is ready.

        Raises:
            VisitError: if the page shows an error, or none appears.
        """
        if self.passcode and PASS not in self.http.cookies:
            await self.log_in()
        started = time.perf_counter()
        shell = await self.fetch(f"/{page}" + (f"?{query}" if query else ""))
        await asyncio.gather(self.fetch("/_stcore/health"), self.fetch("/_stcore/host-config"))
        if is_first:
            await asyncio.gather(*(self.fetch("/" + path) for path in LINKED.findall(shell.decode())))
        self.page, self.screen.query = page, query
        await self._connect()
        await self.rerun()
        return time.perf_counter() - started

    async def log_in(self) -> None:
        """Give the passcode that the app asks for.

        Raises:
            VisitError: if that is another one.
        """
        answer = await self.http.post("/studio/enter", data={"passcode": self.passcode, "next": "/"})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise VisitError(f"the passcode was not taken: {answer.status_code}")

    async def _connect(self) -> None:
        """The stream, with the cookies given so far, the way a page of this address asks for it."""
        jar = {cookie.name: cookie.value or "" for cookie in self.http.cookies.jar}
        headers = {"Cookie": "; ".join(map("=".join, jar.items()))} if jar else {}
        self._socket = await connect(
            self.address.replace("http", "ws", 1) + "/_stcore/stream",
            origin=Origin(self.address),
            subprotocols=[Subprotocol("streamlit"), Subprotocol(jar.get(XSRF) or "PLACEHOLDER_AUTH_TOKEN")],
            additional_headers=headers,
            max_size=None,
            ping_interval=None,  # a page sends none either
            proxy=None,
            open_timeout=PATIENCE_SECONDS,
        )
        self._reader = asyncio.create_task(self._read(self._socket))

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for content in socket:
                assert isinstance(content, bytes)
                self.received += len(content)
                message = ForwardMsg()
                message.ParseFromString(content)
                self._take(message)
            raise VisitError("the server has closed the connection")
        except (ConnectionClosed, VisitError) as error:
            self._lost = error
            if self._awaited:
                self._awaited.end(VisitError(f"the connection was lost: {error}"))

    def _take(self, message: ForwardMsg) -> None:
        self.screen.take(message)
        kind = message.WhichOneof("type")
        if kind == "file_urls_response":
            self._asked_urls.pop(message.file_urls_response.response_id).set_result(message)
        elif kind == "auto_rerun":
            self._tick(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._stop_ticking(*message.stop_auto_rerun.fragment_ids)
        elif kind == "new_session" and not self.screen.run.fragments:
            self._stop_ticking(*self._ticking)
        elif kind == "script_finished" and message.script_finished in ENDED:
            self._forget_widgets()
        if self._awaited:
            self._awaited.follow(self.screen, message)

    def _forget_widgets(self) -> None:
        """Those that are gone from the page."""
        if not self.screen.run.fragments:
            shown = self.screen.ids()
            self.widgets = {id: state for id, state in self.widgets.items() if id in shown}

    def _tick(self, fragment: str, interval: float) -> None:
        async def ticking() -> None:
            while True:
                await asyncio.sleep(interval)
                self.ticks += 1
                with contextlib.suppress(ConnectionClosed):  # the reader tells
                    await self._send_rerun({}, fragment, is_auto=True)

        self._stop_ticking(fragment)
        self._ticking[fragment] = asyncio.create_task(ticking())

    def _stop_ticking(self, *fragments: str) -> None:
        for fragment in fragments:
            if task := self._ticking.pop(fragment, None):
                task.cancel()

    async def rerun(self, fragment: str = "", told: Mapping[str, Mapping[str, Any]] | None = None) -> float:
        """Let the script or a fragment run, with new states of widgets, and wait for it.

        Args:
            fragment: Its id; left empty, the whole script runs.
            told: Id of a widget -> the fields of its state. A `trigger_value` is told once.

        Returns:
            The seconds until the server had done and sent everything.

        Raises:
            VisitError: if it shows an error, or does not end in time.
        """
        started = time.perf_counter()
        self.check()
        self._awaited = Awaited(fragment, asyncio.get_running_loop().create_future())
        try:
            await self._send_rerun(told or {}, fragment)
            await asyncio.wait_for(self._awaited.ended, PATIENCE_SECONDS)
        except TimeoutError as error:
            seen = "begun and not ended" if self._awaited.run else "not begun"
            raise VisitError(f"/{self.page}: the run has {seen} in {PATIENCE_SECONDS:.0f} s") from error
        except ConnectionClosed as error:
            raise VisitError(f"/{self.page}: the connection was lost") from error
        finally:
            self._awaited = None
        self.check()
        return time.perf_counter() - started

    def check(self) -> None:
        """Look whether all is well just now, with what the page shows and with the connection.

        Raises:
            VisitError: if it is not.
        """
        if self._lost:
            raise VisitError(f"the connection was lost: {self._lost}")
        if errors := [told for told in self.screen.errors() if not told.startswith(self.forgiven)]:
            raise VisitError(f"/{self.page}: {errors}")

    async def _send_rerun(self, told: Mapping[str, Mapping[str, Any]], fragment: str, is_auto: bool = False) -> None:
        states = {id: WidgetState(id=id, **values) for id, values in told.items()}
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self.screen.query, self.screen.page
        asked.page_name = "" if self.screen.page else self.page  # the name only before the hash is known
        asked.fragment_id, asked.is_auto_rerun = fragment, is_auto
        asked.widget_states.widgets.extend((self.widgets | states).values())
        asked.cached_message_hashes.extend(self.screen.kept)
        asked.context_info.url = f"{self.address}/{self.page}?{self.screen.query}"
        asked.context_info.locale, asked.context_info.timezone = "en-GB", "Europe/London"
        self.widgets |= {id: state for id, state in states.items() if not state.trigger_value}
        await self._send(message)

    async def _send(self, message: BackMsg) -> None:
        assert self._socket is not None
        await self._socket.send(message.SerializeToString())

    async def go(self, page: str, query: str = "") -> float:
        """To another page by the menu."""
        self._stop_ticking(*self._ticking)  # else an old fragment would be asked of the new page
        self.page, self.screen.page, self.screen.query = page, self.screen.pages[page], query
        return await self.rerun()

    async def press(self, label: str, key: str = "") -> float:
        """A button; where there are several, that of a key."""
        element, fragment = self.screen.labelled("button", label, key)
        return await self.rerun(fragment, {element.button.id: {"trigger_value": True}})

    async def fetch(self, path: str) -> bytes:
        """A file of the page, in full."""
        answer = await self._asked("GET", path)
        self.received += len(answer.content)
        if answer.status_code != httpx.codes.OK:
            raise VisitError(f"{path}: {answer.status_code}")
        return answer.content

    async def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer; asked twice, as browsers do, where the server closed the connection for idleness just then."""
        try:
            try:
                return await self.http.request(method, path, **more)
            except (httpx.RemoteProtocolError, httpx.ReadError):
                return await self.http.request(method, path, **more)
        except httpx.TransportError as error:
            raise VisitError(f"{path}: {type(error).__name__}") from error

    async def upload(self, name: str, content: bytes) -> float:
        """Put a file into the page's uploader, as the browser does, and tell the page."""
        element, fragment = self.screen.labelled("file_uploader")
        message = BackMsg()
        request = message.file_urls_request
        request.request_id, request.session_id = uuid.uuid4().hex, self.screen.session
        request.file_names.append(name)
        told = self._asked_urls[request.request_id] = asyncio.get_running_loop().create_future()
        await self._send(message)
        urls = (await asyncio.wait_for(told, PATIENCE_SECONDS)).file_urls_response.file_urls[0]
        xsrf = {"X-Xsrftoken": self.http.cookies.get(XSRF) or ""}
        answer = await self._asked("PUT", urls.upload_url, files={"file": (name, content)}, headers=xsrf)
        if answer.is_error:
            raise VisitError(f"upload of {name}: {answer.status_code} {answer.text}")
        info = {"file_id": urls.file_id, "name": name, "size": len(content), "file_urls": urls}
        state = {"file_uploader_state_value": {"uploaded_file_info": [info]}}
        return await self.rerun(fragment, {element.file_uploader.id: state})

    def vanish(self) -> None:
        """Be gone without a word, as with a lid that is closed."""
        if self._socket:
            self._socket.transport.abort()

    async def close(self) -> None:
        """Close the tab."""
        self._stop_ticking(*self._ticking)
        if self._reader:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        if self._socket:
            await self._socket.close()
        await self.http.aclose()
