"""How much one may ask: enough for anybody's hands, and not so much that the others wait.

A visit's interactions are made to wait, so that none is lost; uploads beyond the limit are refused.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.ui.language import COOKIE, asked, tr
from pages.ui.web.hosts import network
from pages.ui.web.upload_limits import STREAM, UPLOAD

REMEMBERED = 10_000
"""So many of those who asked last; whoever was forgotten begins anew."""
A_CLASS = 50
"""So many may share an address."""


@dataclass
class _Bucket:
    tokens: float
    when: float


class Rate:
    """So many in a time, by whoever asks, in bursts of so many at most: a token bucket for each.

    Args:
        count: That many.
        seconds: In that time.
    """

    def __init__(self, count: float, seconds: float) -> None:
        self._most, self._a_second = count, count / seconds
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, who: str) -> float:
        """Take one, and say after how many seconds it may be used: 0 at once."""
        with self._lock:
            bucket = self._of(who)
            bucket.tokens -= 1
            return max(0.0, -bucket.tokens / self._a_second)

    def take(self, who: str) -> bool:
        """Take one if there is one."""
        with self._lock:
            bucket = self._of(who)
            if bucket.tokens < 1:
                return False
            bucket.tokens -= 1
            return True

    def is_used_up(self, who: str) -> bool:
        """Whether there is none left; takes none."""
        with self._lock:
            return self._of(who).tokens < 1

    def _of(self, who: str) -> _Bucket:
        now = time.monotonic()
        bucket = self._buckets.pop(who, None) or _Bucket(self._most, now)
        bucket.tokens = min(self._most, bucket.tokens + (now - bucket.when) * self._a_second)
        bucket.when = now
        self._buckets[who] = bucket
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return bucket


class Shares:
    """A rate for each visitor, or visit, and for an address as many as a class may share.

    Args:
        count: So many of one.
        seconds: In that time.
    """

    def __init__(self, count: float, seconds: float) -> None:
        self._of_one, self._of_address = Rate(count, seconds), Rate(count * A_CLASS, seconds)

    def take(self, one: str, address: str) -> bool:
        """Take one if there is one for both."""
        return self._of_one.take(one) and self._of_address.take(address)

    def wait(self, one: str, address: str) -> float:
        """Take one, and say after how many seconds it may be used."""
        return max(self._of_one.wait(one), self._of_address.wait(address))


class Rates:
    """Middleware that makes interactions wait and refuses uploads beyond the rates."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._interactions, self._uploads = Shares(10, 1.0), Shares(30, 60.0)
        self._visits = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is within them."""
        path = scope.get("path", "")
        upload = UPLOAD.match(path) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if scope["type"] == "websocket" and path.endswith(STREAM):  # decoding is not: a frame waits for the one before
            self._visits += 1
            await self._app(scope, self._slowed(receive, f"visit {self._visits}", network(scope)), send)
        elif upload and not self._uploads.take(upload[1], network(scope)):
            with asked(HTTPConnection(scope).cookies.get(COOKIE)):
                told = tr("These are many uploads in a short time. Wait a minute, or pack the files as a ZIP.")
            length = Headers(scope=scope).get("content-length", "")
            headers = {"Retry-After": "60", "Connection": "close"} if length else {"Retry-After": "60"}
            await PlainTextResponse(told, 429, headers)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _slowed(self, receive: Receive, visit: str, address: str) -> Receive:
        async def slowed() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive":
                pause = self._interactions.wait(visit, address)
                if pause:
                    await asyncio.sleep(pause)
            return message

        return slowed
