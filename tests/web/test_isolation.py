"""Fifty of a class at once on a real server: nobody is shown, told or sent anything of anybody else's."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.benchmarks.awaited import VisitError
from tests.benchmarks.lives import until
from tests.benchmarks.visitor import Visitor
from tests.benchmarks.visits import look
from tests.browser.app_process import AppProcess
from tests.own_loop import done
from vae_core import workspace

pytestmark = pytest.mark.slow
CODE = "blue-whale"
SESSIONS, AT_ONCE = 50, 8
PAGES = ("data", "train", "", "compare")


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    settings = {"VAE_STUDIO_PROFILE": "classroom", "VAE_STUDIO_PASSCODE": CODE}
    process = AppProcess(tmp_path_factory.mktemp("class") / "workspace", settings=settings)
    yield process
    process.stop()


def secret(k: int) -> str:
    """What nobody else may ever see: the name of a file and of a column."""
    return f"secret{k:02}of{'abcdefghij'[k % 10] * 6}"


def table(k: int) -> bytes:
    """Of every two visitors both bring the same rows: these have one id, and two names."""
    return b"x,y\n" + b"".join(b"%d,%d\n" % (n, n * (k // 2 + 2) % 23) for n in range(60))


def shown(visitor: Visitor) -> str:
    """All that the page was sent."""
    return "\n".join(str(placed.delta) for placed in visitor.screen.placed.values())


async def bring(visitor: Visitor, k: int) -> str:
    await look(visitor, "data")
    await visitor.upload(f"{secret(k)}.csv", table(k))
    await until(lambda: "dataset=" in visitor.screen.query, visitor, "the upload becomes a dataset")
    await visitor.rerun()
    return visitor.screen.query.partition("dataset=")[2].partition("&")[0]


def test_nobody_of_fifty_sees_anything_of_anybody_else(classroom: AppProcess) -> None:
    async def one(k: int, turn: asyncio.Semaphore, brought: list[str]) -> int:
        """How much of others' this one saw."""
        async with Visitor(classroom.address, passcode=CODE) as visitor:
            async with turn:
                brought[k] = await bring(visitor, k)
                assert secret(k) in shown(visitor), "the test sees what the page is sent"
            while not all(brought):  # all have brought theirs by then
                await asyncio.sleep(0.2)
            seen = 0
            for page in PAGES:
                async with turn:
                    await visitor.go(page)
                    names = set(re.findall(r"secret\d\dof\w{6}", shown(visitor)))
                    seen += len(names - {secret(k)})
            other = brought[(k + 2) % SESSIONS]
            for what in ("thumbnails", "names", "points"):
                answer = await visitor.http.get(f"/studio/datasets/{other}/{what}")
                seen += answer.status_code == httpx.codes.OK
            async with turn:
                visitor.forgiven = ("This dataset is not here",)
                await visitor.go("data", f"dataset={other}")
                seen += "This dataset is not here" not in shown(visitor)
            return seen

    async def all_of_them() -> list[int]:
        turn, brought = asyncio.Semaphore(AT_ONCE), [""] * SESSIONS
        return await asyncio.gather(*(one(k, turn, brought) for k in range(SESSIONS)))

    assert done(all_of_them()) == [0] * SESSIONS
    assert len(list((classroom.workspace / "visitors").iterdir())) == SESSIONS
    for home in (classroom.workspace / "visitors").glob("*/datasets/*/dataset.json"):
        assert workspace.ID_PATTERN.fullmatch(home.parent.name)
        assert re.fullmatch(r"secret\d\dof\w{6}\.csv", json.loads(home.read_bytes())["name"])


def test_without_the_passcode_or_with_anothers_cookie_nothing_is_had(classroom: AppProcess, tmp_path: Path) -> None:
    async def visit() -> None:
        async with Visitor(classroom.address, passcode=CODE) as visitor:
            dataset = await bring(visitor, 0)
            with httpx.Client(base_url=classroom.address) as stranger:
                for path in (
                    f"/studio/datasets/{dataset}/names",
                    "/_stcore/host-config",
                    "/studio/models/mnist-2d/1/codes",
                ):
                    assert stranger.get(path).status_code == httpx.codes.UNAUTHORIZED
            cookies = httpx.Cookies(dict(visitor.http.cookies))
            cookies.delete("studio_workspace")
            with httpx.Client(base_url=classroom.address, cookies=cookies) as student:
                assert student.get(f"/studio/datasets/{dataset}/names").status_code == httpx.codes.NOT_FOUND
            assert (await visitor.http.get(f"/studio/datasets/{dataset}/names")).status_code == httpx.codes.OK

    done(visit())


def test_wrong_passcode_is_a_failure_of_the_visit(classroom: AppProcess) -> None:
    async def visit() -> None:
        async with Visitor(classroom.address, passcode="red-herring") as visitor:
            await visitor.open("data")

    with pytest.raises(VisitError, match="was not taken: 403"):
        done(visit())
