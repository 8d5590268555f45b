"""`python -m vae_core …`, mostly in this process; once as a real one."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from tests.conftest import png, strokes, zip_of
from tests.core.deaths import KILLED, Operation, in_child, watched
from vae_core import checkpoints
from vae_core.batches import choose_device
from vae_core.cli import main
from vae_core.film import Reel
from vae_core.metrics import METRICS
from vae_core.runs import work as working
from vae_core.runs.directory import RunDirectory
from vae_core.runs.endings import DISK_FULL

ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def strokes_zip() -> bytes:
    x = strokes(40, 16)
    return zip_of({f"{'-|'[k % 2]}/{k}.png": png(x[k, ..., 0]) for k in range(40)})


@pytest.fixture
def archive(strokes_zip: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "strokes.zip"
    path.write_bytes(strokes_zip)
    return path


@pytest.fixture(scope="module")
def trained_once(strokes_zip: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder, of which every test has a copy."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "strokes.zip").write_bytes(strokes_zip)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_STUDIO_WORKSPACE", str(folder / "workspace"))
        words = ["train", folder / "strokes.zip", "--epochs", 2, "--widths", "32,21", "--out", folder / "run", "--json"]
        assert call(*words).exit_code == 0
    return folder / "run"


@pytest.fixture
def model(trained_once: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained_once, tmp_path / "run")
    return tmp_path / "run" / "checkpoint.safetensors"


def test_train_prints_one_object_an_epoch(archive: Path, tmp_path: Path) -> None:
    result = call(
        "train", archive, "--preset", "grey", "--latents", 3, "--epochs", 3, "--widths", "32,21", "--seed", 5,
        "--out", tmp_path / "run", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    epochs = [json.loads(line) for line in result.stdout.splitlines()]
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3]
    assert set(epochs[0]) == {"epoch", "train", "validation", "seconds"}
    assert set(epochs[0]["validation"]) >= {"reconstruction_loss", "kl"}
    checkpoint = checkpoints.load(tmp_path / "run" / "checkpoint.safetensors")
    assert checkpoint.config.model.latents == 3
    assert checkpoint.config.train.seed == 5
    assert len(checkpoint.history) == 3


def test_evaluate_prints_the_two_terms(model: Path, archive: Path) -> None:
    printed = json.loads(call("evaluate", model, archive, "--json").stdout)
    assert set(printed) >= {"elbo", "reconstruction_loss", "kl", "n", "seconds", "targets", "split", "errors"}
    assert printed["n"] == 40
    assert printed["elbo"] == pytest.approx(-(printed["reconstruction_loss"] + printed["kl"]))
    assert "nats" in call("evaluate", model.parent, archive).stdout


def test_encode_writes_codes_and_keeps_them_on_demand(model: Path, archive: Path, tmp_path: Path) -> None:
    assert call("encode", model, archive, "--out", tmp_path / "codes.npz").exit_code == 0
    with np.load(tmp_path / "codes.npz", allow_pickle=False) as codes:
        assert codes["mean"].shape == codes["std"].shape == codes["kl"].shape == (40, 2)
        assert codes["labels"].shape == (40,)
    part = tmp_path / "part.zip"
    part.write_bytes(zip_of({f"{k}.png": png(strokes(40, 16)[k, ..., 0]) for k in range(4)}))
    assert call("encode", model, part, "--keep").exit_code == 0
    kept = checkpoints.load(model).codes
    assert kept is not None
    assert len(kept) == 4


def test_sample_writes_what_the_model_makes_up(model: Path, archive: Path, tmp_path: Path) -> None:
    for source in ("mixture", "prior"):
        assert call("sample", model, "--count", 5, "--source", source, "--out", tmp_path / source).exit_code == 0
        with np.load(tmp_path / f"{source}.npz", allow_pickle=False) as made:
            assert made["latents"].shape == (5, 2)
            assert made["x"].shape == (5, 1, 16, 16)
    call("train", archive, "--epochs", 1, "--conditional", "true", "--out", tmp_path / "told")
    refused = call("sample", tmp_path / "told", "--out", tmp_path / "x.npz")
    assert refused.exit_code == 2
    assert "one of -, |" in refused.output
    assert call("sample", tmp_path / "told", "--label", "|", "--out", tmp_path / "x.npz").exit_code == 0


def test_sampled_rows_come_in_original_units(tmp_path: Path) -> None:
    call("train", "houses", "--epochs", 1, "--out", tmp_path / "town")
    assert call("sample", tmp_path / "town", "--count", 3, "--out", tmp_path / "rows.npz").exit_code == 0
    with np.load(tmp_path / "rows.npz", allow_pickle=False) as made:
        columns = [name for name in made.files if name.startswith("column ")]
        assert len(columns) > 3
        assert {made[name].dtype.kind for name in columns} == {"f", "U"}


def test_datasets_lists_what_is_built_in() -> None:
    assert "digits" in call("datasets").stdout
    first = json.loads(call("datasets", "--json").stdout.splitlines()[0])
    assert first == {"id": "digits", "name": "Digits 8×8", "builtin": True}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train", "digits", "--epochs", "0", "--out", "X"], 2, "epochs cannot be 0"),
        (["train", "digits"], 2, "--out"),
        (["train", "nowhere.zip", "--out", "X"], 3, "There is no file or folder nowhere.zip"),
        (["evaluate", "nowhere.safetensors", "digits"], 4, "There is no checkpoint"),
        (["encode", "a", "digits"], 2, "--out FILE.npz"),
        (["train", "digits", "--latents", "two", "--out", "X"], 2, "not a valid integer"),
    ],
)
def test_what_cannot_be_done_has_its_code_and_one_sentence(
    arguments: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert result.exit_code == code
    assert said in result.output
    assert "Traceback" not in result.output


def test_one_picture_cannot_be_trained_on(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(png(strokes(1, 16)[0, ..., 0]))
    assert call("train", tmp_path / "one.png", "--out", tmp_path / "run").exit_code == 5


def test_model_is_not_replaced_by_accident(model: Path, archive: Path) -> None:
    before = model.read_bytes()
    result = call("train", archive, "--epochs", 1, "--out", model.parent)
    assert result.exit_code == 2
    assert "already holds a model" in result.output
    assert model.read_bytes() == before
    assert call("train", archive, "--epochs", 1, "--widths", "32,21", "--out", model.parent, "--force").exit_code == 0


def test_real_process_trains_and_shows_its_progress(archive: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vae_core", "train", archive, "--epochs", "1", "--widths", "32,21", "--out", "run"]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "validation −ELBO" in ran.stderr
    assert ran.stdout.strip() == "run/checkpoint.safetensors"


def test_kept_codes_go_into_the_runs_folder_and_never_into_a_bundled_model(
    model: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("encode", model.parent, archive, "--keep").exit_code == 0
    refused = call("encode", "digits-2d", "digits", "--keep")
    assert refused.exit_code == 2
    assert "bundled model is not changed" in refused.output
    assert not (tmp_path / "digits-2d").exists()


def test_grid_is_cross_validated_and_the_best_comes_first(archive: Path) -> None:
    result = call(
        "choose",
        archive,
        "--vary",
        "beta=0.5,200",
        "--set",
        "epochs=3",
        "--set",
        "widths=32,21",
        "--folds",
        2,
        "--json",
    )
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 4 + 2
    assert [line["settings"] for line in lines[4:]] == [{"beta": 0.5}, {"beta": 200.0}]
    assert lines[4]["negative_elbo"] < lines[5]["negative_elbo"]
    shown = call("choose", archive, "--vary", "latents=1", "--set", "epochs=1", "--folds", 2)
    assert "latents 1" in shown.stdout
    assert call("choose", archive, "--vary", "lattents=1").exit_code == 2
    assert call("choose", archive, "--vary", "latents=x").exit_code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "latents=2,8"), "--vary latents=2,8"),
        (("--set", "widths=32,21;16"), "--vary widths=32,21;16"),
        (("--set", "latents=2", "--set", "latents=8"), "latents is given twice"),
        (("--vary", "latents=2", "--vary", "latents=8"), "latents is given twice"),
        (("--vary", "latents=" + ",".join(map(str, range(1, 300)))), "598 trainings; at most 200"),
        (("--vary", "likelihood=bernoulli,gaussian"), "different likelihoods"),
        (("--vary", "objective=autoencoder,vae"), "different posteriors"),
    ],
)
def test_comparison_that_would_mislead_is_refused(archive: Path, options: tuple[str, ...], said: str) -> None:
    result = call("choose", archive, "--folds", 2, "--set", "epochs=1", *options)
    assert result.exit_code == 2
    assert said in result.output
    assert "ELBO" not in result.stdout


def test_value_that_is_given_twice_is_tried_once(archive: Path) -> None:
    result = call("choose", archive, "--vary", "latents=1,1", "--set", "epochs=1", "--folds", 2)
    assert result.exit_code == 0
    assert "over 2 folds" in result.stdout


def test_autoencoders_are_compared_by_what_they_have(archive: Path) -> None:
    result = call("choose", archive, "--vary", "objective=autoencoder,denoising", "--set", "epochs=1", "--folds", 2)
    assert result.exit_code == 0
    assert result.stdout.count("reconstruction loss") == 2
    assert "ELBO" not in result.stdout


def test_combination_that_diverges_does_not_end_the_comparison(archive: Path) -> None:
    deep = ("--set", "likelihood=gaussian", "--set", "widths=64,64,64,64,64,64,64,64", "--set", "activation=relu")
    rest = ("--set", "fourier=0", "--set", "warm_up=0", "--set", "schedule=constant", "--set", "epochs=1", "--folds", 2)
    result = call("choose", archive, "--vary", "learning_rate=1,0.001", *deep, *rest)
    assert result.exit_code == 0, result.output
    best, worst = result.stdout.splitlines()
    assert "over 2 folds  learning_rate 0.001" in best
    assert "2 of 2 trainings failed  learning_rate 1.0: The loss stopped being a number at step" in worst
    nothing = call("choose", archive, "--vary", "learning_rate=1", "--json", *deep, *rest)
    assert nothing.exit_code == 5
    assert [json.loads(line)["problem"][:8] for line in nothing.stdout.splitlines()] == ["The loss"] * 3
    assert "None of the combinations" in nothing.stderr


def test_missing_run_is_a_missing_checkpoint() -> None:
    assert call("evaluate", "b" * 26, "digits").exit_code == 4


def test_folder_in_which_another_process_trains_is_left_alone(archive: Path, tmp_path: Path) -> None:
    with RunDirectory(tmp_path / "busy").lock():
        result = call("train", archive, "--epochs", 1, "--out", tmp_path / "busy")
    assert result.exit_code == 2
    assert "Another process is training" in result.output


def test_real_process_has_as_many_threads_as_its_container_is_given_cores(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    code = (
        "import pathlib, runpy\n"
        "from vae_core.runs import threads\n"
        "threads.CGROUP = pathlib.Path()\n"
        "runpy.run_module('vae_core', run_name='__main__')\n"
    )
    options = ["--epochs", "1", "--widths", "32,21", "--out", "run"]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    subprocess.run(
        [sys.executable, "-c", code, "train", archive, *options],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=True,
    )
    where = checkpoints.load(tmp_path / "run" / "checkpoint.safetensors").environment
    assert where is not None
    assert where.threads == 1


def test_resuming_tells_what_could_not_be_read(model: Path, archive: Path, caplog: pytest.LogCaptureFixture) -> None:
    model.write_bytes(b"rubbish")
    result = call("train", archive, "--resume", "--out", model.parent, "--json")
    assert result.exit_code == 0, result.output
    said = "checkpoint.safetensors could not be read and was put aside."
    assert said in result.stderr
    assert [json.loads(line)["epoch"] for line in result.stdout.splitlines()] == [1, 2]
    assert RunDirectory(model.parent).read_status().message == said
    assert [record.exc_info for record in caplog.records] == [None]  # a sentence, no traceback


def test_full_disk_is_one_sentence_and_room_lets_training_go_on(archive: Path, tmp_path: Path) -> None:
    where = RunDirectory(tmp_path / "run")

    def full(now: int, operation: Operation, half: Callable[[], None]) -> None:
        takes = int(operation.file.split()[0]) if operation.name == "write" else 0
        if takes > 100_000:  # a checkpoint
            raise OSError(errno.ENOSPC, "No space left on device")

    with watched(full):
        result = call("train", archive, "--epochs", 2, "--out", where.path)
    assert result.exit_code == 5, result.output
    assert f"Error: {DISK_FULL}" in result.stderr
    assert (where.read_status().state, where.read_status().message) == ("failed", DISK_FULL)
    assert call("train", archive, "--resume", "--out", where.path).exit_code == 0
    assert where.read_status().state == "done"


def test_lack_of_memory_is_one_sentence(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*arguments: object, **options: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")

    monkeypatch.setattr(torch, "_fused_adam_", short)
    result = call("train", archive, "--batch-size", 8, "--widths", "32,21", "--out", tmp_path / "run")
    assert result.exit_code == 5, result.output
    sentence = "The machine ran out of memory with batches of 8. Try a batch of 4, or a smaller model."
    assert f"Error: {sentence}" in result.stderr
    status = RunDirectory(tmp_path / "run").read_status()
    assert (status.state, status.message) == ("failed", sentence)


def test_error_of_the_program_surfaces_and_the_run_is_failed(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(torch, "_fused_adam_")
    result = call("train", archive, "--widths", "32,21", "--out", tmp_path / "run")
    assert isinstance(result.exception, AttributeError)
    assert RunDirectory(tmp_path / "run").read_status().state == "failed"


def files(folder: Path) -> dict[str, bytes]:
    """All that tells of a run, but not what every process leaves there."""
    told = (path for path in folder.rglob("*") if path.is_file() and path.name not in ("lock", "reserve"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in told}


ABSENT = next(kind for kind in ("cuda", "mps") if choose_device().type != kind)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--objective", "autoencoder", "--prior", "vamp"], 2),
        (["--device", ABSENT], 2),
        (["--widths", "4096,4096,4096,4096"], 4),
        (["--seed", "1"], 5),
    ],
)
def test_model_is_not_replaced_by_what_cannot_be_trained(
    options: list[str], code: int, model: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(model.parent)
    if code == 5:
        monkeypatch.setattr(working, "LEAST_FREE_BYTES", 2**60)
    result = call("train", archive, *options, "--force", "--out", model.parent)
    assert result.exit_code == code, result.output
    assert files(model.parent) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_model_comes_back_when_the_first_epoch_of_the_next_is_not_finished(
    error: type[BaseException], model: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(model.parent)

    def stopped(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(torch, "_fused_adam_", stopped)
    result = call("train", archive, "--widths", "32,21", "--force", "--out", model.parent)
    assert result.exit_code != 0
    assert "The model that was in the folder is there again." in result.stderr
    assert files(model.parent) == before


def test_model_comes_back_after_a_death_in_the_first_epoch_of_the_next(
    model: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(model.parent)
    options = ["train", archive, "--widths", "32,21", "--out", model.parent]
    with monkeypatch.context() as patch:
        patch.setattr(torch, "_fused_adam_", lambda *arguments, **options: os._exit(KILLED))
        assert in_child(lambda: call(*options, "--force")) == KILLED
    assert not model.exists()
    result = call(*options)
    assert result.exit_code == 2
    assert "already holds a model" in result.output
    assert files(model.parent) == before


def test_nothing_is_left_of_a_model_that_was_replaced(model: Path, archive: Path) -> None:
    def names() -> set[str]:
        return {name for name in files(model.parent) if not name.startswith("film/")}

    before, reel = names(), Reel(model.parent / "film")
    stale = reel.place(1).read_bytes()
    options = ["--epochs", 3, "--widths", "32,21", "--seed", 7]
    assert call("train", archive, *options, "--force", "--out", model.parent).exit_code == 0
    assert names() == before
    assert {1, 3} <= set(reel.epochs()) <= {1, 2, 3}
    assert reel.place(1).read_bytes() != stale
    assert len(checkpoints.load(model).history) == len(RunDirectory(model.parent).read_epochs()) == 3


@pytest.mark.parametrize("verb", ["train", "encode", "sample"])
def test_place_that_cannot_be_written_is_told_before_the_work(verb: str, model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "x.npz"
    given = {"train": ("digits",), "encode": (model, "digits"), "sample": (model,)}[verb]
    refused = call(verb, *given, "--out", out)
    assert refused.exit_code == 2
    assert "cannot be written. Choose another place" in refused.output


def test_label_for_a_model_without_labels_and_preset_for_other_data_are_refused(model: Path, tmp_path: Path) -> None:
    assert "not conditional" in call("sample", model, "--label", "|", "--out", tmp_path / "x.npz").output
    refused = call("train", "houses", "--preset", "grey", "--out", tmp_path / "town")
    assert refused.exit_code == 2
    assert "The preset grey is not for such data. Choose one of table" in refused.output


def test_early_stop_is_told(tmp_path: Path, archive: Path) -> None:
    told = call("train", archive, "--patience", 2, "--epochs", 80, "--learning-rate", 0.5, "--schedule", "constant",
                "--widths", "32,21", "--out", tmp_path / "run")  # fmt: skip
    assert "as validation had not improved for 2. Epoch" in told.output


def test_measure_prints_every_figure_or_one_object_and_writes_a_report(
    archive: Path, model: Path, tmp_path: Path
) -> None:
    told = call("measure", model, archive)
    assert told.exit_code == 0, told.output
    assert "−ELBO: −ELBO" in told.stdout
    assert "Precision and recall: Recall (prior, features)" in told.stdout
    result = call("measure", model, archive, "--split", "training", "--json", "--report", tmp_path / "report.html")
    found = json.loads(result.stdout)
    assert (found["split"], found["count"]) == ("training", 36)
    assert set(found["found"]) == {name for name, metric in METRICS.items() if metric.section != "factors"} - set(
        found["refused"]
    )
    assert "How it was measured" in (tmp_path / "report.html").read_text("utf-8")
