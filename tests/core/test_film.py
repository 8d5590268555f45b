"""The film of a training: bounded, without holes, never in the training's way; and a map that does not spin."""

import errno
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from tests.core.deaths import Operation, watched
from tests.core.exact import digest, make_run, read, straight
from tests.small import ARCHITECTURES, small, spec_for
from vae_core import export
from vae_core.datasets import Dataset
from vae_core.film import Frame, Reel, align, frames, recorder
from vae_core.film.aligned import decoder_of
from vae_core.latents.alignment import chain, procrustes
from vae_core.runs import keeper
from vae_core.runs.directory import RunDirectory
from vae_core.runs.work import result_of, work
from vae_core.vae import VAE


@pytest.fixture(autouse=True)
def frames_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of the tests are so short that a frame would take too much of them."""
    monkeypatch.setattr(recorder, "SHARE", math.inf)
    monkeypatch.setattr(keeper, "SAVE_SECONDS", 0)


def train(directory: RunDirectory, dataset: Dataset, epochs: int) -> None:
    """So many epochs, then the caller goes away."""
    going = work(directory, dataset)
    for _ in range(epochs):
        next(going)
    going.close()


def film_of(directory: RunDirectory) -> Reel:
    return Reel(directory.film)


def contents(directory: RunDirectory) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.film.iterdir()}


def turned(latents: int, seed: int = 0) -> np.ndarray:
    """A random rotation or reflection [L, L]."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(latents, latents)))
    return q


def test_every_epoch_has_a_frame_with_its_codes_and_its_decoder() -> None:
    directory, dataset = make_run(epochs=3)
    result_of(work(directory, dataset))
    reel = film_of(directory)
    assert reel.epochs() == [1, 2, 3]
    end, last = read(directory.checkpoint), reel.read(3)
    assert end.codes is not None
    np.testing.assert_allclose(last.codes, end.codes.mean, atol=1e-6)
    np.testing.assert_array_equal(reel.labels(len(last.codes)), dataset.labels)
    z = torch.randn(5, 2)
    with torch.no_grad():
        torch.testing.assert_close(decoder_of(end, last).decode(z), end.model().decode(z), atol=1e-2, rtol=0)
        first = decoder_of(end, reel.read(1)).decode(z)
    assert not torch.allclose(first, end.model().decode(z), atol=1e-2)


@pytest.mark.parametrize("broken_after", [1, 2, 5, 7])
def test_film_that_was_cut_off_goes_on_without_holes_or_doubles(
    broken_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MOST_FRAMES", 5)
    whole, dataset = make_run(epochs=8)
    result_of(work(whole, dataset))
    cut, _ = make_run(epochs=8)
    train(cut, dataset, broken_after)
    result_of(work(cut, dataset))
    assert contents(cut) == contents(whole)
    assert film_of(cut).epochs() == [1, 3, 5, 7, 8]


def test_run_that_goes_on_from_an_older_epoch_takes_the_later_frames_again() -> None:
    directory, dataset = make_run(epochs=6)
    train(directory, dataset, 4)
    directory.checkpoint.write_bytes(b"rubbish")  # then the one before is taken
    stale = film_of(directory).place(4)
    stale.write_bytes(b"stale")
    train(directory, dataset, 1)
    assert stale.read_bytes() != b"stale"
    result_of(work(directory, dataset))
    assert film_of(directory).epochs() == [1, 2, 3, 4, 5, 6]


def test_run_that_begins_anew_begins_its_film_anew() -> None:
    directory, dataset = make_run(epochs=4)
    train(directory, dataset, 3)
    for path in (directory.checkpoint, directory.previous):
        path.unlink()
    train(directory, dataset, 1)
    assert film_of(directory).epochs() == [1]


def test_film_does_not_change_the_training() -> None:
    directory, dataset = make_run(epochs=3)
    result_of(work(directory, dataset))
    weights, _, _ = straight(directory.read_run().config, dataset)
    assert digest(read(directory.checkpoint).weights) == weights[-1]


def test_frames_thin_out_evenly_and_keep_the_first_and_the_last() -> None:
    on_disk: list[int] = []
    for epoch in range(1, 1001):
        on_disk = frames.kept([*on_disk, epoch], frames.MOST_FRAMES)
        assert len(on_disk) <= frames.MOST_FRAMES
        assert (on_disk[0], on_disk[-1]) == (1, epoch)
        distances = {b - a for a, b in pairwise(on_disk[:-1])}
        assert len(distances) <= 1  # even, but for the last
    assert len(on_disk) > frames.MOST_FRAMES / 2
    assert on_disk == frames.kept(range(1, 1001), frames.MOST_FRAMES)  # however it came about


def test_epochs_that_lack_frames_do_not_let_others_go() -> None:
    assert frames.kept([1, 37, 74, 111], 60) == [1, 37, 74, 111]


def test_large_decoder_gets_fewer_frames_and_a_huge_one_none(monkeypatch: pytest.MonkeyPatch) -> None:
    directory, dataset = make_run(epochs=6)
    train(directory, dataset, 1)
    size = film_of(directory).size()
    estimated = frames.frame_bytes(read(directory.checkpoint).model(), len(dataset))
    assert size <= estimated < 2 * size
    assert frames.most_frames(estimated) == frames.MOST_FRAMES
    monkeypatch.setattr(frames, "MOST_BYTES", 3 * estimated)
    result_of(work(directory, dataset))
    reel = film_of(directory)
    assert reel.epochs() == [1, 5, 6]
    assert reel.size() <= frames.MOST_BYTES
    huge, _ = make_run(epochs=2)
    monkeypatch.setattr(frames, "MOST_BYTES", 100)
    result_of(work(huge, dataset))
    assert film_of(huge).epochs() == []


def test_frames_that_would_take_too_long_are_left_out_but_the_first_and_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "SHARE", 0)
    directory, dataset = make_run(epochs=7)
    result_of(work(directory, dataset))
    assert film_of(directory).epochs() == [1, 7]
    assert "gaps from epoch 1 on" in frames.lacking([1, 7], 7, 60)


def test_full_disk_at_a_frame_costs_the_frame_and_not_the_training() -> None:
    directory, dataset = make_run(epochs=4)
    directory.film.mkdir()

    def full(number: int, operation: Operation, half: object) -> None:
        later = operation.file.startswith("epoch-") and operation.file > "epoch-00001.safetensors"
        if operation.name == "replace" and later:
            raise OSError(errno.ENOSPC, "No space left on device")

    with watched(full):
        result_of(work(directory, dataset))
    assert len(directory.read_epochs()) == 4
    assert film_of(directory).epochs() == [1]
    assert frames.lacking([1], 4, 60).startswith("The film ends at epoch 1 of 4")


def test_folder_that_cannot_be_made_costs_the_film_and_not_the_training() -> None:
    directory, dataset = make_run(epochs=2)
    directory.film.write_bytes(b"no folder")
    result_of(work(directory, dataset))
    assert len(directory.read_epochs()) == 2


def test_complete_film_lacks_nothing() -> None:
    assert frames.lacking([1, 2, 3], 3, 60) == ""
    assert frames.lacking(frames.kept(range(1, 100), 60), 99, 60) == ""


def test_damaged_frame_is_left_out() -> None:
    directory, dataset = make_run(epochs=3)
    result_of(work(directory, dataset))
    film_of(directory).place(2).write_bytes(b"rubbish")
    assert [frame.epoch for frame in film_of(directory).read_all(3)] == [1, 3]
    assert [frame.epoch for frame in film_of(directory).read_all(2)] == [1]


def test_weight_beyond_half_precision_is_still_a_number() -> None:
    model = VAE(small(), spec_for("mlp", "bernoulli"))
    name = next(iter(frames.decoder_state(model)))
    with torch.no_grad():
        model.state_dict()[name].fill_(1e9)
    assert Frame.of(1, torch.zeros(2, 2), model).weights[name].isfinite().all()


@pytest.mark.parametrize("latents", [1, 2, 5])
@pytest.mark.parametrize("reflected", [False, True])
def test_planted_rotation_is_undone_exactly(latents: int, reflected: bool) -> None:
    codes = np.random.default_rng(1).normal(size=(50, latents))
    turn = turned(latents)
    if (np.linalg.det(turn) < 0) != reflected:
        turn = turn @ np.diag([-1.0, *[1.0] * (latents - 1)])
    found = procrustes(codes @ turn, codes)
    np.testing.assert_allclose(codes @ turn @ found, codes, atol=1e-12)
    np.testing.assert_allclose(found @ found.T, np.eye(latents), atol=1e-12)
    assert (np.linalg.det(found) < 0) == reflected


def test_no_other_rotation_brings_codes_nearer() -> None:
    random = np.random.default_rng(2)
    codes, target = random.normal(size=(2, 80, 3))
    best = ((codes @ procrustes(codes, target) - target) ** 2).sum()
    for seed in range(200):
        assert ((codes @ turned(3, seed) - target) ** 2).sum() >= best - 1e-9


def turning_film(latents: int, count: int = 5) -> list[Frame]:
    """The same codes in every frame, turned otherwise."""
    codes = np.random.default_rng(3).normal(size=(40, latents))
    return [Frame(k + 1, (codes @ turned(latents, k)).astype(np.float32), {}) for k in range(count)]


@pytest.mark.parametrize("latents", [1, 2, 6])
def test_frames_that_are_the_same_up_to_rotation_lie_at_the_same_places(latents: int) -> None:
    film = align(turning_film(latents), is_normal=True)
    for places in film.places:
        np.testing.assert_allclose(places, film.places[-1], atol=1e-5)
    if latents == 2:
        np.testing.assert_allclose(film.places[-1], turning_film(2)[-1].codes, atol=1e-6)


def test_neighbours_move_no_more_than_without_aligning() -> None:
    random = np.random.default_rng(4)
    codes = np.cumsum(random.normal(size=(6, 30, 3)), 0)
    rotations = chain(list(codes))
    placed = codes @ rotations
    assert (np.linalg.norm(np.diff(placed, axis=0)) <= np.linalg.norm(np.diff(codes, axis=0)) + 1e-9).all()


@pytest.mark.parametrize("latents", [1, 2])
def test_place_of_a_code_on_the_map_is_decoded_at_that_code(latents: int) -> None:
    recorded = turning_film(latents)
    film = align(recorded, is_normal=True)
    for k, frame in enumerate(recorded):
        np.testing.assert_allclose(film.latents(k, film.places[k]), frame.codes, atol=1e-5)


def test_place_of_many_latents_goes_back_to_the_plane_of_the_map() -> None:
    recorded = turning_film(6)
    film = align(recorded, is_normal=True)
    places = np.random.default_rng(5).normal(size=(9, 2)).astype(np.float32)
    turns = chain([frame.codes for frame in recorded])
    rows = film.lifts[-1, 1:]
    for k in range(len(recorded)):
        aligned = film.latents(k, places).astype(np.float64) @ turns[k]
        np.testing.assert_allclose((aligned - film.lifts[-1, 0]) @ rows.T, places, atol=1e-4)


def test_manifold_of_two_latents_is_that_of_the_prior_as_the_last_frame_has_it() -> None:
    film = align(turning_film(2), is_normal=True)
    grid = film.grid(len(film.epochs) - 1, 5)
    np.testing.assert_allclose(grid[0], [-2.0537, 2.0537], atol=1e-3)
    np.testing.assert_allclose(grid[-1], [2.0537, -2.0537], atol=1e-3)
    np.testing.assert_allclose(grid[12], [0, 0], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_graph_decodes_with_the_weights_of_any_frame(architecture: str) -> None:
    spec = spec_for(architecture, "bernoulli")
    first, other = (VAE(small(architecture), spec, seed).eval() for seed in (0, 1))
    content = export.graph(first, "decoder")
    session = onnxruntime.InferenceSession(content)
    z = torch.randn(4, 2)
    weights = {name: tensor.numpy() for name, tensor in frames.decoder_state(other).items()}
    [found] = session.run(None, {"z": z.numpy()} | weights)
    with torch.no_grad():
        np.testing.assert_allclose(found, other.decode_bounded(z).numpy(), atol=1e-4)


def test_graph_of_a_film_is_exported_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vae = VAE(small(), spec_for("mlp", "bernoulli"))
    made = tmp_path / "decoder.onnx"
    content = export.film_decoder(made, vae)
    assert made.read_bytes() == content
    monkeypatch.setattr(export.halves, "OPSET", 1)  # it could not be made again
    assert export.film_decoder(made, vae) == content
