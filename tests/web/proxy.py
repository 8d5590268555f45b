"""A reverse proxy in front of several servers: each browser is kept with one by a cookie, as nginx is told to do it.

A connection carries one request: its head is read and changed, all else goes through as it comes, WebSockets too.
"""

import asyncio
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

COOKIE = "studio_server"
SAYS_WHICH = re.compile(rf"\b{COOKIE}=(\d+)")
END = b"\r\n\r\n"
LARGEST_HEAD = 2**17
OURS = ("connection", "x-forwarded-for", "x-forwarded-proto")
"""Headers that a browser may not tell in our place."""


class Proxy:
    """In a thread of its own, on a free port of this machine.

    Args:
        servers: Addresses of those behind it; new browsers go to each in turn.
    """

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = [(urlsplit(server).hostname, urlsplit(server).port) for server in servers]
        self._turn = 0
        self._passing: set[asyncio.Task | None] = set()  # asyncio itself may forget those that wait for one another
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        begun = asyncio.start_server(self._pass_on, "127.0.0.1", limit=LARGEST_HEAD)
        self._listening = asyncio.run_coroutine_threadsafe(begun, self._loop).result()
        self.address = f"http://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        """Cut all connections."""

        async def cut() -> None:
            self._listening.close()
            passing = asyncio.all_tasks() - {asyncio.current_task()}
            for task in passing:
                task.cancel()
            await asyncio.wait(passing) if passing else None

        asyncio.run_coroutine_threadsafe(cut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _pass_on(self, browser: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        self._passing.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await browser.readuntil(END)).decode("latin-1")
            reply, request, number = await self._connected(head)
            try:
                request.write(_asked(head, answer.get_extra_info("peername")[0]))
                await asyncio.gather(_pipe(browser, request), self._answer(reply, answer, number))
            finally:
                request.close()
        answer.close()
        self._passing.discard(asyncio.current_task())

    async def _connected(self, head: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
        """To the server that the browser's cookie names, or the next one that can be reached."""
        told = SAYS_WHICH.search(head)
        if not told:
            self._turn += 1
        first = int(told[1]) if told else self._turn
        for number in (n % len(self._servers) for n in range(first, first + len(self._servers))):
            with suppress(OSError):
                return *await asyncio.open_connection(*self._servers[number]), number
        raise ConnectionRefusedError("no server can be reached")

    async def _answer(self, reply: asyncio.StreamReader, answer: asyncio.StreamWriter, number: int) -> None:
        head = await reply.readuntil(END)
        kept = f"\r\nSet-Cookie: {COOKIE}={number}; Path=/; HttpOnly; SameSite=Lax"
        answer.write(head.removesuffix(END) + kept.encode() + END)
        await _pipe(reply, answer)
        answer.close()


def _asked(head: str, browser: str) -> bytes:
    """What the server is told: for whom, and that the connection ends with the answer, or becomes a WebSocket."""
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    kept = [line for line in lines if line.partition(":")[0].strip().lower() not in OURS]
    is_socket = any(line.lower().startswith("upgrade:") for line in kept)
    told = [f"Connection: {'Upgrade' if is_socket else 'close'}", f"X-Forwarded-For: {browser}"]
    return "\r\n".join([first, *kept, *told, "X-Forwarded-Proto: http"]).encode("latin-1") + END


async def _pipe(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """All bytes until one of both has gone."""
    with suppress(ConnectionError):
        while content := await source.read(2**16):
            target.write(content)
            await target.drain()
    if target.can_write_eof():
        with suppress(OSError):
            target.write_eof()
