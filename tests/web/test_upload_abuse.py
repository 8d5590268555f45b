"""A real classroom that is sent what its pages never asked for: refused as it should be, and the memory comes back."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.benchmarks.visitor import XSRF, Visitor
from tests.benchmarks.visits import look
from tests.browser.app_process import AppProcess
from tests.own_loop import done

pytestmark = pytest.mark.slow
CODE = "blue-whale"
MB = 2**20
LARGE, LARGE_FILES = 40 * MB, 8
SMALL_FILES = 301
"""Ten times of what is taken in a minute: 2,001 are refused alike, and take half a minute."""
SESSION_BYTES = 200 * MB
BACK_SECONDS, BACK_BYTES = 10.0, 50 * MB
"""UP-4: so soon after they were refused or their visit has gone, what files took is back, but for so much."""


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    settings = {"VAE_STUDIO_PROFILE": "classroom", "VAE_STUDIO_PASSCODE": CODE}
    process = AppProcess(tmp_path_factory.mktemp("class") / "workspace", settings=settings)
    yield process
    process.stop()


def resident(app: AppProcess) -> int:
    """Bytes of memory that the server holds."""
    status = Path(f"/proc/{app.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def put(visitor: Visitor, session: str, name: str, content: bytes | AsyncIterator[bytes]) -> int:
    """The status of what no page has asked for."""
    headers = {"X-Xsrftoken": visitor.http.cookies.get(XSRF) or ""}
    path = f"/_stcore/upload_file/{session}/{name}"
    if isinstance(content, bytes):
        answer = await visitor.http.put(path, files={"file": (name, content)}, headers=headers)
    else:
        answer = await visitor.http.put(path, content=content, headers=headers)
    return answer.status_code


async def chunked() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield bytes(1000)


async def held_back(app: AppProcess, before: int) -> float:
    """Seconds until the memory is back."""
    started = time.monotonic()
    while resident(app) - before > BACK_BYTES:
        taken = (resident(app) - before) / MB
        assert time.monotonic() - started < BACK_SECONDS, f"{taken:.0f} MB are not back in {BACK_SECONDS:.0f} s"
        await asyncio.sleep(0.2)
    return time.monotonic() - started


def test_files_nobody_asked_for_are_refused_beyond_the_visits_share_and_go_with_it(classroom: AppProcess) -> None:
    async def visit() -> None:
        async with Visitor(classroom.address, passcode=CODE) as visitor:
            await look(visitor, "data")
            session = visitor.screen.session
            assert await put(visitor, session, "first", bytes(1000)) == httpx.codes.NO_CONTENT
            before = resident(classroom)
            found = [await put(visitor, session, f"large-{k}", bytes(LARGE)) for k in range(LARGE_FILES)]
            fitting = SESSION_BYTES // LARGE
            assert found == [204] * fitting + [413] * (LARGE_FILES - fitting)
            assert resident(classroom) - before > SESSION_BYTES - BACK_BYTES, "the test sees what is held"
            assert await put(visitor, session, "huge", bytes(52 * MB)) == httpx.codes.REQUEST_ENTITY_TOO_LARGE
            assert await put(visitor, session, "chunked", chunked()) == httpx.codes.LENGTH_REQUIRED
            visitor.vanish()
            await held_back(classroom, before)
            late = await put(visitor, session, "late", bytes(LARGE))
            assert late == httpx.codes.BAD_REQUEST  # there is no such visit
            assert resident(classroom) - before < BACK_BYTES

    done(visit())


def test_very_many_small_files_are_refused_after_the_first(classroom: AppProcess) -> None:
    async def visit() -> None:
        async with Visitor(classroom.address, passcode=CODE) as visitor:
            await look(visitor, "data")
            before, turn = resident(classroom), asyncio.Semaphore(6)

            async def one(k: int) -> int:
                async with turn:
                    try:
                        return await put(visitor, visitor.screen.session, f"small-{k}", bytes(1000))
                    except httpx.TransportError:  # the answer was given, and the line closed, before all was sent
                        return httpx.codes.TOO_MANY_REQUESTS

            found = Counter(await asyncio.gather(*(one(k) for k in range(SMALL_FILES))))
            assert set(found) == {httpx.codes.NO_CONTENT, httpx.codes.TOO_MANY_REQUESTS}
            assert await put(visitor, visitor.screen.session, "chunked", chunked()) == httpx.codes.TOO_MANY_REQUESTS
            assert found[httpx.codes.NO_CONTENT] < SMALL_FILES / 3
            await held_back(classroom, before)

    done(visit())


def test_neither_another_visits_number_nor_none_at_all_lets_anything_in(classroom: AppProcess) -> None:
    async def visit() -> None:
        async with Visitor(classroom.address, passcode=CODE) as visitor:
            await look(visitor, "data")
            before = resident(classroom)
            for session in ("0" * 36, "..%2f..%2fetc", visitor.screen.session[::-1]):
                refused = await put(visitor, session, "x", bytes(LARGE))
                assert refused in (httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND)
            async with httpx.AsyncClient(base_url=classroom.address) as stranger:
                path = f"/_stcore/upload_file/{visitor.screen.session}/x"
                assert (await stranger.put(path, content=bytes(LARGE))).status_code == httpx.codes.UNAUTHORIZED
            visitor.http.cookies.delete(XSRF)
            assert await put(visitor, visitor.screen.session, "x", bytes(LARGE)) == httpx.codes.FORBIDDEN
            await held_back(classroom, before)

    done(visit())
