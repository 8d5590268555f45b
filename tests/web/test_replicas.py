"""Two servers on one workspace behind one proxy: whoever is sent to the other one finds everything as it was."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx
import pytest

from tests.benchmarks.lives import pictures, press_when_there, until
from tests.benchmarks.visitor import Visitor
from tests.benchmarks.visits import CANCEL, Explorer, begin_training, is_training
from tests.browser.app_process import AppProcess
from tests.own_loop import done
from tests.server_kills import TRUE_SECONDS
from tests.web.proxy import COOKIE, Proxy
from vae_core import runs, workspace
from vae_core.runs.directory import RunDirectory
from vae_core.runs.directory import done as ended

pytestmark = pytest.mark.slow
CODE, TEACHERS, NAME = "blue-whale", "old-walrus", "vae.school.example"
SETTINGS = {
    "VAE_STUDIO_PROFILE": "classroom",
    "VAE_STUDIO_PASSCODE": CODE,
    "VAE_STUDIO_TEACHER_PASSCODE": TEACHERS,
    "VAE_STUDIO_HOSTS": NAME,
}
LONG, SHORT = 5_000, 2
NOT_HERE = ("This dataset is not here",)
A, B = 0, 1


@dataclass
class Replicas:
    """The two, and the way to them."""

    folder: Path
    servers: list[AppProcess]
    proxy: Proxy

    @asynccontextmanager
    async def visit(self, at: int, cookies: httpx.Cookies | None = None, code: str = CODE) -> AsyncIterator[Visitor]:
        """Somebody whom the proxy has sent to one of them; with the cookies of somebody else, the same person."""
        told = httpx.Cookies(cookies)
        keep_at(told, at)
        async with Visitor(self.proxy.address, told, code, forgiven=NOT_HERE) as visitor:
            yield visitor
            assert visitor.http.cookies[COOKIE] == str(at)

    def directory(self, run: str) -> RunDirectory:
        """Of a run, whoever's it is; from `run=…` of an address."""
        [home] = self.folder.glob(f"visitors/*/runs/{run.removeprefix('run=')}")
        return RunDirectory(home)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    folder = tmp_path_factory.mktemp("class") / "workspace"
    with ThreadPoolExecutor(2) as starting:  # at once, on a workspace that neither has seen
        servers = list(starting.map(lambda _: AppProcess(folder, settings=SETTINGS), (A, B)))
    proxy = Proxy([server.address for server in servers])
    yield Replicas(folder, servers, proxy)
    proxy.stop()
    for server in servers:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture
def replicas(both: Replicas, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replicas]:
    """Both are up; afterwards nothing trains."""
    for server in both.servers:
        if server.process.poll() is not None:
            server.start()
    yield both
    monkeypatch.setenv(workspace.ENVIRONMENT, str(both.folder))
    for id in workspace.visitors():
        with workspace.visiting(id):
            for run in runs.list_runs():
                if run.is_live or run.status.state == "interrupted":
                    runs.cancel(run.id)


@pytest.fixture(scope="module")
def model(both: Replicas) -> tuple[httpx.Cookies, str, str]:
    """The teacher's cookies, dataset and run: made at A."""

    async def make() -> tuple[httpx.Cookies, str, str]:
        async with both.visit(A, code=TEACHERS) as teacher:
            dataset = await bring(teacher, "for-all.csv", table(2))
            run = await begin_training(teacher, SHORT, dataset)
            await until(lambda: both.directory(run).read_status().state == "done", teacher, "the run ends")
            return teacher.http.cookies, dataset, run.removeprefix("run=")

    return done(make())


def keep_at(cookies: httpx.Cookies, at: int) -> None:
    """Let the proxy send whoever has these to one of the two."""
    cookies.set(COOKIE, str(at), domain="127.0.0.1")


def table(step: int) -> bytes:
    return b"x,y\n" + b"".join(b"%d,%d\n" % (n, n * step % 23) for n in range(60))


def shown(visitor: Visitor) -> str:
    """All that the page was sent."""
    return "\n".join(str(placed.delta) for placed in visitor.screen.placed.values())


def epoch(visitor: Visitor) -> int:
    """The one that the page shows a run to be at."""
    told = re.search(rf"Epoch (\d+) of {LONG:,}|Epoch (\d+) of {LONG}", shown(visitor))
    return int(told[1] or told[2]) if told else 0


async def bring(visitor: Visitor, name: str, content: bytes) -> str:
    await (visitor.go if visitor.screen.pages else visitor.open)("data")
    await visitor.upload(name, content)
    await until(lambda: "dataset=" in visitor.screen.query, visitor, "the upload becomes a dataset")
    await visitor.rerun()
    return visitor.screen.query.partition("dataset=")[2].partition("&")[0]


async def press_as_the_page_changes(visitor: Visitor, directory: RunDirectory) -> None:
    """Cancel, just when a part of the page sees that there is another run, and lets the whole page be drawn anew."""
    another = RunDirectory(directory.path.with_name(workspace.new_id()))
    another.create(directory.read_run())
    another.write_status(ended())
    _, own = visitor.screen.labelled("button", CANCEL)
    before = visitor.screen.run
    await visitor._send_rerun({}, own, is_auto=True)
    while visitor.screen.run is before:
        await asyncio.sleep(0.001)
    for fragment in visitor._ticking.keys() - {own}:  # waits for the one that runs, and the press for both
        await visitor._send_rerun({}, fragment, is_auto=True)
    await visitor.press(CANCEL)


async def becomes(holds: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.1)


def test_visitor_of_one_is_the_same_person_at_the_other(replicas: Replicas) -> None:
    async def visit() -> None:
        async with replicas.visit(A) as anne:
            dataset = await bring(anne, "of-anne.csv", table(3))
            cookies = anne.http.cookies
        async with replicas.visit(B, cookies, code="") as anne:  # without telling the passcode again
            await anne.open("data", f"dataset={dataset}")
            assert "of-anne.csv" in shown(anne)
            assert await anne.fetch(f"/studio/datasets/{dataset}/names") == b"[]"
            assert await bring(anne, "more-of-anne.csv", table(4)) != dataset  # with the token that A gave for uploads
        async with replicas.visit(B) as ben:
            await ben.open("data", f"dataset={dataset}")
            assert "of-anne.csv" not in shown(ben)
            assert (await ben.http.get(f"/studio/datasets/{dataset}/names")).status_code == httpx.codes.NOT_FOUND

    done(visit())


def test_new_browsers_go_to_each_in_turn_and_stay_there(replicas: Replicas) -> None:
    with httpx.Client(base_url=replicas.proxy.address) as anne, httpx.Client(base_url=replicas.proxy.address) as ben:
        for client in (anne, ben, anne, ben):
            client.get("/studio/health").raise_for_status()
            assert client.cookies[COOKIE] == str((int(anne.cookies[COOKIE]) + (client is ben)) % 2)


def test_proxy_is_believed_for_whom_it_asks_and_under_the_names_that_were_told(replicas: Replicas) -> None:
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")  # another machine, to who asks by the proxy
    address = replicas.proxy.address
    with httpx.Client(base_url=address) as here, httpx.Client(base_url=address, transport=elsewhere) as guesser:

        def tell(client: httpx.Client, code: str, at: int = A) -> int:
            keep_at(client.cookies, at)
            return client.post("/studio/enter", data={"passcode": code}).status_code

        assert [tell(guesser, f"wrong-{n}") for n in range(6)] == [403] * 5 + [429]
        assert tell(guesser, "wrong-7", at=B) == 403  # tries are counted by each
        assert tell(here, CODE) == httpx.codes.SEE_OTHER
        for host, code in ((NAME, 200), ("evil.example", 403)):
            assert here.get("/", headers={"host": host}).status_code == code
        assert here.get("/studio/metrics").status_code == httpx.codes.NOT_FOUND
    for server in replicas.servers:  # each says its own numbers, and those of the workspace
        assert "vae_studio_sessions" in httpx.get(f"{server.address}/studio/metrics").text


def test_run_of_one_is_seen_and_cancelled_at_the_other_and_both_take_turns(replicas: Replicas) -> None:
    async def visit() -> None:
        async with replicas.visit(A) as anne, replicas.visit(B) as ben:
            datasets = await asyncio.gather(bring(anne, "of-anne.csv", table(5)), bring(ben, "of-ben.csv", table(6)))
            started = [
                await begin_training(visitor, LONG, dataset)
                for visitor, dataset in zip((anne, ben), datasets, strict=True)
            ]
            directories = [replicas.directory(run) for run in started]
            together = 0

            async def look_on() -> None:
                nonlocal together
                while True:
                    states = [directory.read_status().state for directory in directories]
                    together = max(together, states.count("running"))
                    await asyncio.sleep(0.05)

            looking = asyncio.create_task(look_on())
            await until(lambda: epoch(anne) > 1, anne, "the first trains")
            async with replicas.visit(B, anne.http.cookies) as elsewhere:
                await elsewhere.open("train", started[0])
                seen = epoch(elsewhere)
                await until(lambda: epoch(elsewhere) > seen > 0, elsewhere, "its epochs are seen at B")
                await until(lambda: "Waiting for 1 run before this one" in shown(ben), ben, "the other waits")
                await press_as_the_page_changes(elsewhere, directories[0])
                await until(lambda: not is_training(anne) and "cancelled" in shown(anne), anne, "it is seen at A")
            await until(lambda: epoch(ben) > 1, ben, "the other has its turn")
            looking.cancel()
            assert together == 1
            async with replicas.visit(A, ben.http.cookies) as elsewhere:
                await elsewhere.open("train", started[1])
                await elsewhere.press(CANCEL)
                await becomes(
                    lambda: {each.read_status().state for each in directories} == {"cancelled"}, 5, "both end"
                )

    done(visit())


def test_model_of_one_opens_in_the_explorer_of_the_other(
    replicas: Replicas, model: tuple[httpx.Cookies, str, str]
) -> None:
    cookies, _, run = model

    async def files(at: int) -> list[bytes]:
        async with replicas.visit(at, cookies) as teacher:
            explorer = Explorer(teacher, run, Random(0))
            await explorer.open()
            await explorer.fetch_files()
            await explorer.release()
            data = teacher.screen.component_data("latent_pad")
            return [await teacher.fetch(path) for path in (data["decoder"]["onnx"], data["codes"]["url"])]

    assert done(files(B)) == done(files(A))


def test_what_the_teacher_shares_at_one_is_there_for_all_at_the_other_until_it_is_withdrawn(
    replicas: Replicas, model: tuple[httpx.Cookies, str, str]
) -> None:
    cookies, dataset, run = model

    async def visit() -> None:
        async with replicas.visit(A, cookies) as teacher, replicas.visit(B) as ben:
            await teacher.open("teacher")
            await ben.open("data")
            assert "for-all.csv" not in shown(ben)
            await teacher.press("Share", f"share-runs-{run}")  # and what it was trained on
            await ben.go("data", f"dataset={dataset}")
            assert "There for all who come here" in shown(ben)
            explorer = Explorer(ben, run, Random(0))
            await ben.go("explore", f"model={run}")
            await explorer.fetch_files()
            paths = [ben.screen.component_data("latent_pad")["codes"]["url"], f"/studio/datasets/{dataset}/names"]
            assert all([await ben.fetch(path) for path in paths])
            for kind, id in (("runs", run), ("datasets", dataset)):
                await teacher.press("Withdraw", f"share-{kind}-{id}")
            assert [(await ben.http.get(path)).status_code for path in paths] == [httpx.codes.NOT_FOUND] * 2
            await ben.go("data", f"dataset={dataset}")
            assert "for-all.csv" not in shown(ben)

    done(visit())


def test_what_is_deleted_at_one_is_gone_at_the_other(replicas: Replicas) -> None:
    async def visit() -> None:
        async with replicas.visit(A) as anne:
            dataset = await bring(anne, "pictures.zip", pictures(Random(0)))
            paths = [f"/studio/datasets/{dataset}/{what}" for what in ("thumbnails", "names")]
            async with replicas.visit(B, anne.http.cookies) as elsewhere:
                await elsewhere.open("data", f"dataset={dataset}")
                before = [await elsewhere.fetch(path) for path in paths]
                await press_when_there(anne, "Delete", f"delete-{dataset}")
                assert [(await elsewhere.http.get(path)).status_code for path in paths] == [404] * 2
                await elsewhere.go("data", f"dataset={dataset}")
                assert NOT_HERE[0] in shown(elsewhere)
                await press_when_there(elsewhere, "Bring back")
                assert [await anne.fetch(path) for path in paths] == before

    done(visit())


def test_when_one_is_killed_its_visitors_and_runs_go_on_at_the_other(replicas: Replicas) -> None:
    async def visit() -> None:
        async with replicas.visit(A) as anne:
            run = await begin_training(anne, LONG, await bring(anne, "of-anne.csv", table(7)))
            await until(lambda: epoch(anne) > 1, anne, "it trains")
            cookies, directory = anne.http.cookies, replicas.directory(run)
            replicas.servers[A].stop(signal.SIGKILL)
        async with Visitor(replicas.proxy.address, cookies) as anne:  # the same tab, which connects anew
            before = len(directory.read_epochs())
            await anne.open("train", run)
            assert anne.http.cookies[COOKIE] == str(B)
            await becomes(lambda: epoch(anne) > before, TRUE_SECONDS, "the run goes on, and is seen to")
            os.kill(directory.read_status().pid or 0, signal.SIGKILL)  # as when the whole machine has gone
            await becomes(lambda: not epoch(anne), TRUE_SECONDS, "a run that has died is not shown to train")
            await until(lambda: epoch(anne) > 1, anne, "B lets it go on")
            assert directory.read_status().attempts == 2

    done(visit())
