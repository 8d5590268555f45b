"""Fifty of a class at once on a real server: nobody is shown, told or sent anything of anybody else's."""

import asyncio
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pages.ui.routes import routes
from tests.benchmarks.awaited import VisitError
from tests.benchmarks.lives import until
from tests.benchmarks.visitor import Visitor
from tests.benchmarks.visits import look
from tests.browser.app_process import AppProcess
from tests.conftest import stroke_dataset
from tests.own_loop import done
from tests.small import small
from tests.stored import store_film
from vae_core import checkpoints, datasets, runs, stored_concepts, stored_datasets, workspace
from vae_core.film import Reel

pytestmark = pytest.mark.slow
CODE = "blue-whale"
SESSIONS, AT_ONCE = 50, 8
PAGES = ("data", "train", "", "compare")
SECRETS = re.compile(r"secret\d\dof\w{6}")
REFUSED = re.compile(r"is not here|There is no (such run|model|film yet)")
NOBODYS = ("components", "words", "plotly", "runtime", "samples", "health", "ready", "metrics")
"""Routes to what is of no visitor's."""
OFFERED = ("/codes", "/concepts", "/thumbnails", "/names", "/points", "/arrays", "/paths", "/ledger", "/decode")
"""What is asked by its owner as well."""
QUESTIONS = "?a=0,0&b=1,1&label=&example=0&seed=0"
"""What some of them are asked besides."""
PAGES_OF_ONE = (
    ("train", "run={run}"),
    ("train", "dataset={dataset}"),
    ("data", "dataset={dataset}"),
    *((page, "model={run}") for page in ("explore", "measure", "anomalies", "ledger")),
    ("measure", "model={run}&dataset={dataset}"),
    ("compare", "models={run}"),
    ("film", "run={run}"),
)


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


@dataclass(frozen=True)
class Owned:
    """What is asked for: the ids that stand in addresses, and the version of what they lead to."""

    ids: dict[str, str]
    versions: dict[str, str]

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Method and address of every route by which one comes to something of somebody's; "WS" of a WebSocket."""
        rest = {"{epoch}": "2", "{concept}": "0", "{kind}": "gif"}
        for route in routes():
            assert isinstance(route, Route | WebSocketRoute)
            path = re.sub(r":\w+}", "}", route.path)
            kind = path.split("/")[2]
            if "{id}" not in path:
                assert kind in NOBODYS, f"{path}: whose is it?"
                continue
            id = self.ids["tables" if path.endswith("/points") else kind]
            for old, new in (rest | {"{id}": id, "{version}": self.versions.get(kind, "")}).items():
                path = path.replace(old, new)
            for method in (route.methods or set()) - {"HEAD"} if isinstance(route, Route) else {"WS"}:
                yield method, path + QUESTIONS


def keep(visitor: str) -> Owned:
    """Something of every kind, put straight into somebody's workspace."""
    with workspace.visiting(visitor):
        plane = b"x,y\n" + b"".join(b"%d.25,%d.5\n" % (n, n * n % 47) for n in range(60))
        names = tuple(f"{secret(61)}-{n}" for n in range(30))
        dataset = replace(stroke_dataset(30), name=f"{secret(60)}.zip", names=names)
        run = store_film(dataset, small(), 2, name=secret(62)).path.name
        codes = checkpoints.load(checkpoints.locate(run)).codes
        assert codes is not None
        stored_concepts.add(run, secret(63), codes, np.arange(10), np.arange(10, 20))
        table_id = stored_datasets.save(datasets.read(f"{secret(64)}.csv", plane))
        film = Reel(runs.get(run).directory.film).version()
        return Owned(
            {"models": run, "films": run, "datasets": dataset.id, "tables": table_id},
            {"models": checkpoints.version(run), "films": film},
        )


async def asked(visitor: Visitor, method: str, path: str) -> tuple[int, str]:
    """Status and content of an answer; of a WebSocket that is not opened, the status with which it is refused."""
    if method == "WS":
        jar = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.http.cookies.jar)
        try:
            async with connect(visitor.address.replace("http", "ws", 1) + path, additional_headers={"Cookie": jar}):
                return httpx.codes.OK, ""
        except InvalidStatus as error:
            return error.response.status_code, ""
    groups = {"name": "mine", "group": [0, 1], "other": [2, 3]} if method == "POST" else None
    answer = await visitor.http.request(method, path, json=groups)
    return answer.status_code, answer.text


def test_one_who_knows_every_address_of_anothers_is_shown_and_sent_nothing(
    classroom: AppProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(workspace.ENVIRONMENT, str(classroom.workspace))

    async def visit() -> None:
        class_of = functools.partial(Visitor, classroom.address, passcode=CODE)
        async with class_of() as owner, class_of() as other:
            await asyncio.gather(look(owner, "data"), look(other, "data"))
            owned = keep(owner.http.cookies["studio_workspace"][:26])
            addresses = [*owned.addresses()]
            assert {method for method, _ in addresses} == {"GET", "POST", "DELETE", "WS"}
            for method, path in addresses:  # the owner first, so that it is made, and in memory
                if path.partition("?")[0].endswith(OFFERED):
                    assert httpx.codes.is_success((await asked(owner, method, path))[0]), path
            for method, path in addresses:
                status, content = await asked(other, method, path)
                assert status == (httpx.codes.FORBIDDEN if method == "WS" else httpx.codes.NOT_FOUND), path
                assert not SECRETS.search(content), path
            run, dataset = owned.ids["models"], owned.ids["datasets"]
            other.forgiven = ("This", "There is")
            for page, asking in PAGES_OF_ONE:
                query = asking.format(run=run, dataset=dataset)
                await owner.go(page, query)
                assert secret(62) in shown(owner) or secret(60) in shown(owner), f"the test sees what {page} is sent"
                await other.go(page, query)
                assert not SECRETS.search(shown(other)), (page, query)
                assert REFUSED.search(shown(other)), (page, query)

    done(visit())


def test_wrong_passcode_is_a_failure_of_the_visit(classroom: AppProcess) -> None:
    async def visit() -> None:
        async with Visitor(classroom.address, passcode="red-herring") as visitor:
            await visitor.open("data")

    with pytest.raises(VisitError, match="was not taken: 403"):
        done(visit())
