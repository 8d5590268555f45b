"""Uploads: kept as they came, read by a process with limits, prepared again without a new upload."""

import errno
import io
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import png, strokes, zip_of
from vae_core import stored_datasets, uploads, workspace
from vae_core.datasets import ImageSchema
from vae_core.errors import DatasetError, NotFoundError
from vae_core.uploads import child, worker
from vae_core.uploads import directory as directory_module
from vae_core.uploads.directory import UploadDirectory, UploadFile

SECONDS = 60.0
Wait = Callable[[Callable[[], bool], float], None]


def archive(count: int = 30, side: int = 16) -> bytes:
    return zip_of({f"{'ab'[k % 2]}/{k}.png": png(strokes(count, side)[k, ..., 0]) for k in range(count)})


def receive(*files: tuple[str, bytes]) -> str:
    return uploads.receive((name, io.BytesIO(content)) for name, content in files)


def finish(id: str, wait_for: Wait) -> uploads.Status:
    wait_for(lambda: uploads.get(id).state != "reading", SECONDS)
    return uploads.get(id)


def test_upload_becomes_a_dataset_and_is_kept_under_names_of_ours(wait_for: Wait) -> None:
    content = archive()
    id = receive(("../../evil name.zip", content))
    status = finish(id, wait_for)
    assert status.state == "done"
    assert status.dataset
    dataset = stored_datasets.load(status.dataset)
    assert len(dataset) == 30
    assert dataset.names[:2] == ("a/0.png", "b/1.png")
    home = workspace.place("uploads", id)
    assert (home / "0").read_bytes() == content
    assert {path.name for path in home.iterdir()} <= {"0", "upload.json", "status.json", "lock", "log.txt"}
    assert stored_datasets.list_all()[0].upload == id


def test_refused_upload_says_why(wait_for: Wait) -> None:
    status = finish(receive(("a.zip", b"PK\3\4 and nothing")), wait_for)
    assert status.state == "failed"
    assert status.message.startswith("a.zip is a damaged archive")


def test_other_preparation_needs_no_new_upload(wait_for: Wait) -> None:
    id = receive(("set.zip", archive()))
    first = stored_datasets.load(str(finish(id, wait_for).dataset))
    uploads.prepare_again(id, ImageSchema(side=12, channels=3, fit="stretch", invert=True), first.id, "By another name")
    second = stored_datasets.load(str(finish(id, wait_for).dataset))
    assert second.x.shape == (30, 12, 12, 3)
    assert second.name == "By another name"
    assert second.id != first.id
    assert int(second.x[0].max()) == 255 - int(first.x[0].min())


def test_cancelled_reading_leaves_nothing_behind(wait_for: Wait) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    picture = png(noise)
    id = receive(*((f"{k}.png", picture) for k in range(200)))
    wait_for((workspace.place("uploads", id) / "lock").exists, SECONDS)
    started = time.monotonic()
    uploads.cancel(id)
    assert time.monotonic() - started < uploads.CANCEL_SECONDS
    assert uploads.get(id).state == "cancelled"
    assert list(workspace.folder("datasets").iterdir()) == []


def processes_of(id: str) -> dict[int, int]:
    """Process -> parent, of those that read an upload."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if id.encode() in (entry / "cmdline").read_bytes():
                found[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_killed_reader_is_seen_as_interrupted_and_leaves_no_child(
    wait_for: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = png(np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8))
    id = receive(*((f"{k}.png", picture) for k in range(300)))
    wait_for(lambda: len(processes_of(id)) == 2, SECONDS)
    processes = processes_of(id)
    [parent] = [pid for pid, parent in processes.items() if parent not in processes]
    os.kill(parent, signal.SIGKILL)
    wait_for(lambda: not processes_of(id), SECONDS)
    monkeypatch.setattr(directory_module, "STARTING_SECONDS", 0)
    assert uploads.get(id).state == "interrupted"
    assert list(workspace.homes("datasets")) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no child on this system")
def test_child_never_runs_on_in_what_its_parent_has_to_do() -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    before = os.getpid()
    assert child.run(fail, child.Place(), lambda: False) == child.CRASHED
    assert os.getpid() == before  # the child's copy of this test would come here too, and fail


def test_full_disk_is_said_and_no_picture_is_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __init__(self, *_: object) -> None:
            self.count = 0

        def append(self, _: object) -> None:
            raise OSError(errno.ENOSPC, "no space left")

    from vae_core.datasets.pictures import read as pictures

    directory = UploadDirectory(workspace.place("uploads", workspace.new_id()))
    directory.path.mkdir(parents=True)
    (directory.path / "0").write_bytes(archive())
    directory.ask(UploadFile(names=("set.zip",), created=0.0))
    monkeypatch.setattr(pictures, "Rows", Full)
    assert worker.main(directory.path) == 1
    assert directory.read_status().state == "failed"
    assert "not enough room on the disk" in directory.read_status().message


def test_second_preparation_waits_for_the_first(wait_for: Wait) -> None:
    id = receive(("set.zip", archive()))
    first = str(finish(id, wait_for).dataset)
    uploads.prepare_again(id, ImageSchema(side=12), first, "a")
    with pytest.raises(DatasetError, match="being prepared at this moment"):
        uploads.prepare_again(id, ImageSchema(side=20), first, "b")
    assert uploads.replaces(id) == first
    assert finish(id, wait_for).state == "done"


def test_what_is_being_read_is_listed_and_stopping_a_new_preparation_says_what_stays(wait_for: Wait) -> None:
    picture = png(np.random.default_rng(0).integers(0, 256, (800, 800, 3), dtype=np.uint8))
    id = receive(*((f"{k}.png", picture) for k in range(80)))
    assert uploads.running() == [(id, "0.png")]
    wait_for(lambda: uploads.get(id).count > 0, SECONDS)
    uploads.cancel(id)
    assert uploads.running() == []
    assert uploads.get(id).message == "Reading was cancelled. Nothing was kept."

    uploads.prepare_again(id, ImageSchema(side=12), "a" * 26, "Mine")
    assert uploads.running() == [(id, "Mine")]
    wait_for(lambda: uploads.get(id).count > 0, SECONDS)
    uploads.cancel(id)
    assert uploads.get(id).message == "The new preparation was cancelled. The dataset is as it was."


def test_dataset_is_replaced_once(wait_for: Wait) -> None:
    id = receive(("set.zip", archive()))
    first = str(finish(id, wait_for).dataset)
    uploads.settle(id)
    assert uploads.replaces(id) is None
    uploads.prepare_again(id, ImageSchema(side=12), first, "a")
    finish(id, wait_for)
    assert uploads.replaces(id) == first
    uploads.settle(id)
    assert uploads.replaces(id) is None
    assert uploads.get(id).state == "done"


def test_large_set_is_looked_through_for_as_long_as_that_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    directory = UploadDirectory(workspace.place("uploads", workspace.new_id()))
    directory.path.mkdir(parents=True)
    (directory.path / "0").write_bytes(archive())
    directory.ask(UploadFile(names=("set.zip",), created=0.0))
    inspect = stored_datasets.inspect_pictures

    def slowly(x: np.ndarray, still_here: Callable[[], None]) -> object:
        for _ in range(8):
            time.sleep(0.5)
            still_here()
        return inspect(x, still_here)

    monkeypatch.setattr(stored_datasets, "inspect_pictures", slowly)
    monkeypatch.setattr(child, "STUCK_SECONDS", 2)
    assert worker.main(directory.path) == 0


def test_unknown_upload_is_not_found() -> None:
    for id in ("b" * 26, "../etc"):
        with pytest.raises(NotFoundError):
            uploads.get(id)


def test_files_of_the_disk_are_read_without_a_trace_in_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(archive())
    done = []
    dataset = uploads.read([("set.zip", tmp_path / "set.zip")], progress=lambda status: done.append(status.done))
    assert dataset.x.shape == (30, 16, 16, 1)
    assert int(dataset.x[0].max()) > 128  # still readable although its file has no name any more
    assert not workspace.root().exists() or not any(workspace.root().rglob("*.npy"))
    with pytest.raises(DatasetError, match="empty"):
        (tmp_path / "none.zip").write_bytes(b"")
        uploads.read([("none.zip", tmp_path / "none.zip")])


def crash(place: child.Place, how: Callable[[], object]) -> str | None:
    """What the parent says of a child that gets to file 7 and ends like this."""

    def work() -> None:
        place.set(7)
        how()

    return child.run(work, place, lambda: False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits are set in a forked child, which this system has not")
def test_crash_of_a_decoder_names_the_file_and_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    place = child.Place()
    assert crash(place, lambda: os.kill(os.getpid(), signal.SIGSEGV)) == child.CRASHED
    assert place.look()[0] == 7
    assert crash(place, lambda: None) is None
    monkeypatch.setattr(child, "FILE_SECONDS", 1)
    assert crash(place, _spin) == child.SLOW
    monkeypatch.setattr(child, "STUCK_SECONDS", 0.3)
    assert crash(place, lambda: time.sleep(30)) == child.STUCK


def _spin() -> None:
    child.limit_time()
    while True:
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits are set in a forked child, which this system has not")
def test_child_has_its_memory_limited() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)

    def work() -> None:
        child.MEMORY_BYTES = 256 * 2**20
        child._limit_memory()
        try:
            bytearray(512 * 2**20)
        except MemoryError:
            os._exit(0)
        os._exit(1)

    assert child.run(work, child.Place(), lambda: False) is None
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_files_that_crash_are_refused_and_the_others_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture in the middle brings the decoder down, as a bug in a C library would."""
    directory = UploadDirectory(workspace.place("uploads", workspace.new_id()))
    bad = png(np.full((16, 16), 66, dtype=np.uint8))
    files = [(f"{k}.png", png(strokes(9, 16)[k, ..., 0])) for k in range(9)]
    files.insert(4, ("bad.png", bad))
    directory.path.mkdir(parents=True)
    for k, (_, content) in enumerate(files):
        (directory.path / str(k)).write_bytes(content)
    names = tuple(name for name, _ in files)
    from vae_core.datasets.pictures import read as pictures

    directory.ask(UploadFile(names=names, created=0.0))
    decode = pictures.decode

    def fragile(content: bytes, least: int | None = None) -> object:
        if content == bad:
            os.kill(os.getpid(), signal.SIGSEGV)
        return decode(content, least)

    monkeypatch.setattr(pictures, "decode", fragile)
    assert worker.main(directory.path) == 0
    dataset = stored_datasets.load(str(directory.read_status().dataset))
    assert len(dataset) == 9
    assert dataset.origin.skipped == (("bad.png", child.CRASHED),)


def test_abandoned_uploads_are_tidied_away_and_used_ones_stay(wait_for: Wait) -> None:
    used, failed = receive(("set.zip", archive())), receive(("a.zip", b"PK nothing"))
    finish(used, wait_for)
    finish(failed, wait_for)
    for id in (used, failed):
        wait_for(lambda id=id: not uploads.process_lock.is_held(workspace.place("uploads", id) / "lock"), 10.0)
        os.utime(workspace.place("uploads", id), (0, 0))
    uploads.tidy()
    assert [home.name for home in workspace.homes("uploads")] == [used]
