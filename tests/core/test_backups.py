"""A workspace as one file and back again: whole, while others write, and never over what is there."""

import json
import shutil
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import stroke_dataset
from tests.core.deaths import KILLED, Full, Operation, dying, in_child, nothing, watched
from tests.core.exact import config_of, make_run, read
from tests.stored import store_film, store_model
from vae_core import checkpoints, files, runs, stored_concepts, stored_datasets, uploads, workspace
from vae_core.backups import backup, restore, taking
from vae_core.checkpoints import Checkpoint
from vae_core.cli import main
from vae_core.datasets import Dataset
from vae_core.errors import BackupError
from vae_core.runs import grid
from vae_core.runs.directory import RunDirectory, Status
from vae_core.trials import Trial

Wait = Callable[[Callable[[], bool], float], None]
VISITOR = "v" * 26


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """From then on the workspace is another, empty one."""

    def go() -> Path:
        target = tmp_path / "elsewhere"
        monkeypatch.setenv("VAE_STUDIO_WORKSPACE", str(target))
        return target

    return go


@pytest.fixture
def full(tiny_images: Dataset, tiny_checkpoint: Checkpoint, workspace_folder: Path) -> Path:
    """One of everything, in every place."""
    upload = workspace.place("uploads", workspace.new_id())
    upload.mkdir(parents=True)
    directory = uploads.UploadDirectory(upload)
    (upload / "0").write_bytes(b"as it came")
    directory.ask(uploads.directory.UploadFile(names=("a.png",), created=1.0))
    directory.write_status(uploads.Status(state="done", dataset=tiny_images.id))
    stored_datasets.save(tiny_images, upload=upload.name)
    run = store_model(tiny_images, tiny_checkpoint)
    assert tiny_checkpoint.codes is not None
    groups = np.arange(10), np.arange(10, 20)
    stored_concepts.add(run, "bars", tiny_checkpoint.codes, *groups)
    codes = checkpoints.load(checkpoints.locate("digits-2d")).codes
    assert codes is not None
    stored_concepts.add("digits-2d", "ones", codes, *groups)
    store_film(stroke_dataset(30), tiny_checkpoint.config.model, epochs=2)
    (workspace_folder / "secret").write_bytes(b"s" * 32)
    for place in ("shared", f"visitors/{VISITOR}"):
        for kind in ("datasets", "runs"):
            (workspace_folder / place / kind).mkdir(parents=True)
        here = workspace_folder / "datasets" / tiny_images.id
        shutil.copytree(here, workspace_folder / place / "datasets" / tiny_images.id)
    return workspace_folder


def tree(root: Path) -> dict[str, bytes]:
    """All files but what no backup holds."""
    left_out = {"lock", "again.lock", "reserve", "decoder.onnx", "turn.lock"}
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name not in left_out and path.relative_to(root).parts[0] not in ("graphs", "exports")
    }


def call(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_all_of_a_workspace_comes_back(full: Path, tmp_path: Path, elsewhere: Callable[[], Path]) -> None:
    before = tree(full)
    said = call("backup", tmp_path / "all.tar")
    assert "1 uploads, 4 datasets, 2 runs, 1 concepts" in said
    root = elsewhere()
    assert "9 brought back, 0 were here already" in call("restore", tmp_path / "all.tar")
    assert tree(root) == before
    assert {about.id for about in stored_datasets.list_all()} == {path.name for path in (full / "datasets").iterdir()}
    assert [run.status.state for run in runs.list_runs()] == ["done", "done"]
    assert [concept.name for concept in stored_concepts.listed("digits-2d")] == ["ones"]
    assert (tmp_path / "all.tar").stat().st_mode & 0o077 == 0  # it holds the secret


def test_any_tar_opens_what_is_written(full: Path, tmp_path: Path) -> None:
    backup(tmp_path / "all.tar")
    with tarfile.open(tmp_path / "all.tar") as archive:
        names = archive.getnames()
        assert all(member.isreg() for member in archive.getmembers())
        run = next(name for name in names if name.endswith("run.json"))
        assert archive.extractfile(run).read() == (full / run).read_bytes()  # type: ignore[union-attr]
    assert not [name for name in names if "lock" in name or "reserve" in name or name.endswith(".onnx")]


def test_what_is_half_made_deleted_or_made_anew_is_left_out(tiny_images: Dataset, tmp_path: Path) -> None:
    kept, deleted = stored_datasets.save(tiny_images), stored_datasets.save(stroke_dataset(30))
    stored_datasets.delete(deleted)
    with stored_datasets.staging() as stage:
        (stage / "x.npy").write_bytes(b"half")
        (workspace.place("datasets", kept) / ".tmp-x").write_bytes(b"half")
        unused = uploads.UploadDirectory(workspace.place("uploads", workspace.new_id()))
        unused.ask(uploads.directory.UploadFile(names=("a.png",), created=1.0))
        workspace.folder("exports")
        taken = backup(tmp_path / "all.tar")
    assert taken.items == {"uploads": 0, "datasets": 1, "runs": 0, "concepts": 0, "secret": 0}
    with tarfile.open(tmp_path / "all.tar") as archive:
        assert {name.split("/")[1] for name in archive.getnames() if "/" in name} == {kept}


def test_restoring_twice_changes_nothing(full: Path, tmp_path: Path, elsewhere: Callable[[], Path]) -> None:
    backup(tmp_path / "all.tar")
    before = {path: path.stat().st_mtime_ns for path in full.rglob("*")}
    found = restore(tmp_path / "all.tar")
    assert (found.restored, found.different, len(found.same)) == ((), (), 9)
    assert {path: path.stat().st_mtime_ns for path in full.rglob("*")} == before


def test_what_is_here_and_differs_is_named_and_never_changed(full: Path, tmp_path: Path, tiny_images: Dataset) -> None:
    backup(tmp_path / "all.tar")
    run = next(run for run in runs.list_runs() if run.name == "tiny")
    run.directory.write_status(Status(state="cancelled"))
    other = next(about.id for about in stored_datasets.list_all() if about.id != tiny_images.id)
    stored_datasets.rename(tiny_images.id, "Another name")  # the same content is the same dataset
    stored_datasets.delete(other)
    before = tree(full)
    with pytest.raises(BackupError, match=f"other things under the same ids: runs/{run.id}. Nothing was brought back"):
        restore(tmp_path / "all.tar")
    assert tree(full) == before
    found = restore(tmp_path / "all.tar", missing_only=True)
    assert (found.restored, found.different) == ((f"datasets/{other}",), (f"runs/{run.id}",))
    assert len(stored_datasets.load(other)) == 30
    assert tree(full).items() >= before.items()


def test_shared_study_comes_back_with_what_each_worker_has_done(
    tmp_path: Path, elsewhere: Callable[[], Path], workspace_folder: Path
) -> None:
    directory, _ = make_run()
    trials = [Trial(settings={"latents": 2}, fold=fold, validation=None, seconds=1.0) for fold in range(3)]
    (directory.path / "trials").mkdir()
    for number, trial in enumerate(trials):
        files.write_atomically(directory.path / "trials" / f"{number}.json", trial.model_dump_json().encode())
    assert grid._collect(directory, 4) == 3
    kept = {name: content for name, content in tree(workspace_folder).items() if "/trials" in name}
    assert len(kept) == 4
    backup(tmp_path / "all.tar")
    root = elsewhere()
    restore(tmp_path / "all.tar")
    assert {name: content for name, content in tree(root).items() if "/trials" in name} == kept
    back = RunDirectory(root / "runs" / directory.path.name)
    (back.path / "trials" / "1.json").unlink()  # older backups held none of them
    assert grid._collect(back, 4) == 2
    assert back.read_trials() == trials


@pytest.mark.parametrize("missing_only", [False, True])
def test_visitors_come_back_with_the_secret_that_opens_their_workspaces_or_not_at_all(
    missing_only: bool, full: Path, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    backup(tmp_path / "all.tar")
    root = elsewhere()
    root.mkdir()
    (root / "secret").write_bytes(b"made when the new server was opened")
    with pytest.raises(BackupError, match="Stop the server, remove the file secret in the workspace, and restore"):
        restore(tmp_path / "all.tar", missing_only)
    assert [path.name for path in root.iterdir()] == ["secret"]
    (root / "secret").unlink()
    restore(tmp_path / "all.tar", missing_only)
    assert tree(root) == tree(full)


@pytest.mark.slow
def test_run_in_training_comes_back_as_one_that_can_go_on(
    tmp_path: Path, elsewhere: Callable[[], Path], end_runs: None, wait_for: Wait
) -> None:
    dataset = stroke_dataset()
    stored_datasets.save(dataset)
    run = runs.start("long", config_of("running sigma", dataset, 10_000))
    wait_for(lambda: runs.get(run.id).has_model, 60)
    backup(tmp_path / "all.tar")
    assert runs.get(run.id).status.state == "running"
    runs.cancel(run.id)
    elsewhere()
    restore(tmp_path / "all.tar")
    back = runs.get(run.id)
    assert back.status.state == "interrupted"
    epochs = len(read(back.directory.checkpoint).history)
    assert epochs >= 1
    runs.resume_interrupted()
    wait_for(lambda: len(read(back.directory.checkpoint).history) > epochs, 60)
    assert runs.get(run.id).status.state == "running"
    runs.cancel(run.id)


@pytest.mark.parametrize("after", range(4))
def test_backup_of_a_run_is_of_one_moment(after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training saves just when so many of its files have been opened; no backup holds some of before and after."""
    directory, _ = make_run()
    names = ("best.safetensors", "checkpoint.safetensors", "preview.safetensors", "epochs.jsonl")
    opened, open_file = 0, taking._open

    def save(count: int) -> None:
        for name in names:
            files.write_atomically(directory.path / name, str(count).encode())

    def open_and_save(path: Path) -> BinaryIO:
        nonlocal opened
        file = open_file(path)
        opened += path.name in names
        if opened == after + 1:
            save(2)
        return file

    save(1)
    monkeypatch.setattr(taking, "_open", open_and_save)
    backup(tmp_path / "all.tar")
    with tarfile.open(tmp_path / "all.tar") as archive:
        found = [archive.extractfile(f"runs/{directory.path.name}/{name}").read() for name in names]  # type: ignore[union-attr]
    assert found == [b"2"] * 4


def test_what_never_stands_still_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, _ = make_run()
    monkeypatch.setattr(taking, "_is_still", lambda path, file: False)
    monkeypatch.setattr(taking, "TRIES", 2)
    assert f"runs/{directory.path.name}" in backup(tmp_path / "all.tar").left_out


@pytest.mark.slow
def test_dying_while_restoring_leaves_whole_things_and_the_next_time_does_the_rest(
    tiny_images: Dataset, tiny_checkpoint: Checkpoint, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    store_model(tiny_images, tiny_checkpoint)
    archive = tmp_path / "all.tar"
    backup(archive)
    root = elsewhere()
    with watched(nothing) as operations:
        restore(archive)
    whole, count = tree(root), len(operations)
    for number in range(count):
        for path in root.iterdir():
            shutil.rmtree(path)

        def until_death(number: int = number) -> None:
            with watched(dying(number, torn=number % 2 == 0)):
                restore(archive)

        assert in_child(until_death) == KILLED
        listed = stored_datasets.list_all()
        assert all(len(stored_datasets.load(about.id)) == 40 for about in listed)
        assert all(read(run.directory.checkpoint) and listed for run in runs.list_runs())
        restore(archive)
        assert {name: content for name, content in tree(root).items() if ".tmp-" not in name} == whole


def test_dying_while_backing_up_leaves_the_last_backup(full: Path, tmp_path: Path) -> None:
    archive = tmp_path / "all.tar"
    backup(archive)
    before = archive.read_bytes()
    (full / "secret").write_bytes(b"another")
    with watched(nothing) as operations:
        backup(tmp_path / "other.tar")

    renaming = operations.index(Operation("replace", "other.tar"))
    for number in (*range(0, renaming, 7), renaming):

        def until_death(number: int = number) -> None:
            with watched(dying(number, torn=True)):
                backup(archive)

        assert in_child(until_death) == KILLED
        assert archive.read_bytes() == before


def test_full_disk_is_a_sentence_either_way(full: Path, tmp_path: Path, elsewhere: Callable[[], Path]) -> None:
    archive = tmp_path / "all.tar"
    backup(archive)
    with watched(Full(5, small=0)), pytest.raises(BackupError, match=r"The disk is full\. Make room"):
        backup(tmp_path / "second.tar")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tar"] == ["all.tar"]
    root = elsewhere()
    with watched(Full(40, small=0)), pytest.raises(BackupError, match=r"The disk is full\. Make room"):
        restore(archive)
    assert not list(root.rglob(".tmp-*"))
    restore(archive)
    assert tree(root) == tree(full)


def rewritten(archive: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes] | None]) -> None:
    """Every member as `change` gives it back."""
    buffer = BytesIO()
    with tarfile.open(archive) as old, tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as new:
        for member in old.getmembers():
            changed = change(member, old.extractfile(member).read())  # type: ignore[union-attr]
            if changed:
                about, content = changed
                about.size = len(content) if about.type == tarfile.REGTYPE else 0
                new.addfile(about, BytesIO(content))
    archive.write_bytes(buffer.getvalue())


def renamed(old: str, new: str) -> Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]:
    def change(member: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if member.name == "contents.json":
            content = content.replace(old.encode(), json.dumps(new)[1:-1].encode())
        member.name = member.name.replace(old, new)
        return member, content

    return change


@pytest.mark.parametrize(
    "name",
    ["../escaped", "/etc/escaped", "datasets/ID/../../escaped", "datasets/ID/film/epoch-00001.safetensors",
     "datasets/UPPER/x.npy", "runs/ID/.tmp-x", "visitors/short/datasets/ID/x.npy", "shared/secret", "exports/x.onnx",
     "runs/ID/run.json\n", "concepts/../x.json", "shared/visitors/ID/datasets/ID/x.npy"],
)  # fmt: skip
def test_no_other_name_goes_into_a_workspace(
    name: str, tiny_images: Dataset, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    id = stored_datasets.save(tiny_images)
    backup(tmp_path / "all.tar")
    rewritten(tmp_path / "all.tar", renamed(f"datasets/{id}/labels.npy", name.replace("ID", id)))
    root = elsewhere()
    with pytest.raises(BackupError, match=r"No backup of this program holds|damaged"):
        restore(tmp_path / "all.tar")
    assert not root.exists()
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(
    kind: bytes, tiny_images: Dataset, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    stored_datasets.save(tiny_images)
    backup(tmp_path / "all.tar")

    def change(member: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if member.name.endswith("labels.npy"):
            member.type, member.linkname = kind, "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
        return member, content

    rewritten(tmp_path / "all.tar", change)
    root = elsewhere()
    with pytest.raises(BackupError, match="links or other things"):
        restore(tmp_path / "all.tar")
    assert not root.exists()


def test_damage_anywhere_brings_nothing_back(
    tiny_images: Dataset, tmp_path: Path, elsewhere: Callable[[], Path]
) -> None:
    stored_datasets.save(tiny_images)
    archive = tmp_path / "all.tar"
    backup(archive)
    whole = archive.read_bytes()
    root = elsewhere()
    for place in range(0, len(whole) - 1024, 97):
        torn = bytearray(whole)
        torn[place] ^= 255
        if bytes(torn).rstrip(b"\0") == whole.rstrip(b"\0"):
            continue
        archive.write_bytes(torn)
        try:
            restore(archive)
        except BackupError:
            assert not root.exists()
        else:  # a bit that no reader looks at: of a header's owner, or of padding
            assert len(stored_datasets.load(tiny_images.id)) == 40
            shutil.rmtree(root)
    for length in range(0, len(whole) - 1024, 511):
        archive.write_bytes(whole[:length])
        with pytest.raises(BackupError):
            restore(archive)
        assert not root.exists()


def test_newer_version_and_other_files_are_refused(tiny_images: Dataset, tmp_path: Path) -> None:
    archive = tmp_path / "all.tar"
    for content in (b"", b"x" * 5000, b"\0" * 2048):
        archive.write_bytes(content)
        with pytest.raises(BackupError):
            restore(archive)
    backup(archive)
    rewritten(archive, lambda about, content: (about, content.replace(b'"format":1', b'"format":9')))
    with pytest.raises(BackupError, match="format version 9; this program reads version 1"):
        restore(archive)
    with pytest.raises(BackupError, match=r"no readable file gone\.tar"):
        restore(tmp_path / "gone.tar")


def test_too_little_room_is_said_before_anything_is_written(
    full: Path, tmp_path: Path, elsewhere: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(tmp_path / "all.tar")
    root = elsewhere()
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    with pytest.raises(BackupError, match=r"The disk has 0\.0 GB left"):
        restore(tmp_path / "all.tar")
    assert tree(root) == {}
