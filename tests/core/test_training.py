"""`train` as its callers see it."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.conftest import CPU, SMALL, stroke_dataset, trained
from tests.small import PICTURE, small
from vae_core import batches
from vae_core.batches import Examples, choose_device
from vae_core.checkpoints import build
from vae_core.config import ModelConfig, TrainConfig
from vae_core.datasets import SAMPLES, Dataset, TableSchema
from vae_core.errors import ConfigError, TrainingError
from vae_core.example import ExampleSpec
from vae_core.run_config import PRESETS, RunConfig, check_fit, suggested_preset
from vae_core.training import Training, measure, one_cycle, split
from vae_core.vae import VAE


def config(dataset: Dataset, **settings: object) -> RunConfig:
    start = RunConfig(dataset_id=dataset.id, model=SMALL, train=TrainConfig(epochs=3, batch_size=16))
    model = {name: settings.pop(name) for name in ModelConfig.model_fields if name in settings}
    objective = settings.pop("objective", {})
    return start.with_settings({"model": model, "train": settings, "objective": objective})


def run(dataset: Dataset, **settings: object) -> tuple[VAE, list]:
    chosen = config(dataset, **settings)
    vae = build(chosen, dataset.schema, len(dataset.label_names))
    return vae, list(Training(vae, dataset, chosen, CPU))


def test_every_epoch_gives_a_record_and_the_model_learns(tiny_images: Dataset) -> None:
    _, records = run(tiny_images, epochs=30, learning_rate=0.01)
    assert [record.epoch for record in records] == list(range(1, 31))
    assert records[-1].validation.elbo > records[0].validation.elbo + 1
    assert all(len(r.train.kl_per_dimension) == 2 and r.seconds > 0 for r in records)
    assert records[-1].train.kl == pytest.approx(sum(records[-1].train.kl_per_dimension))


def test_same_seed_same_model_other_seed_other_model(tiny_images: Dataset) -> None:
    (one, first), (same, again), (other, _) = (run(tiny_images, seed=seed) for seed in (3, 3, 4))
    weights = [torch.cat([p.flatten() for p in vae.parameters()]) for vae in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert [r.validation for r in first] == [r.validation for r in again]


def test_held_out_pictures_leave_no_trace_in_the_weights() -> None:
    dataset = stroke_dataset()
    learn, held_out = split(40, 0.1, seed=0)
    assert len(held_out) == 4
    assert sorted([*learn.tolist(), *held_out.tolist()]) == list(range(40))
    x = dataset.x.copy()
    x[held_out.numpy()] = 255 - x[held_out.numpy()]
    (one, first), (other, second) = run(dataset), run(dataclasses.replace(dataset, x=x))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert first[-1].train == second[-1].train
    assert first[-1].validation != second[-1].validation
    assert measure(one, Examples(dataset.x, CPU), held_out, seed=0) == first[-1].validation


def test_progress_is_told_after_every_step(tiny_images: Dataset) -> None:
    told: list[float] = []
    list(Training(VAE(SMALL, PICTURE), tiny_images, config(tiny_images), CPU, told.append))
    assert told == sorted(told)
    assert len(told) == 3 * 3
    assert told[-1] == 1.0


def test_caller_stops_by_stopping_to_ask(tiny_images: Dataset) -> None:
    first = next(iter(Training(VAE(SMALL, PICTURE), tiny_images, config(tiny_images, epochs=10_000), CPU)))
    assert first.epoch == 1


def test_one_picture_is_refused() -> None:
    with pytest.raises(TrainingError, match="has 1 example"):
        run(stroke_dataset(count=1))


def test_two_pictures_and_a_batch_larger_than_the_set_train() -> None:
    _, records = run(stroke_dataset(count=2), batch_size=128)
    assert len(records) == 3


def test_loss_that_is_no_number_names_the_step_and_what_to_try(tiny_images: Dataset) -> None:
    vae = VAE(SMALL, PICTURE)
    with torch.no_grad():
        next(vae.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"step 1 of epoch 1 .*learning rate ten times smaller"):
        list(Training(vae, tiny_images, config(tiny_images), CPU))


def test_set_larger_than_the_limit_is_read_from_disk(monkeypatch: pytest.MonkeyPatch, tiny_images: Dataset) -> None:
    index = torch.tensor([3, 1, 2])
    resident = Examples(tiny_images.x, CPU)[index]
    monkeypatch.setattr(batches, "RESIDENT_BYTES", 10)
    mapped = Examples(tiny_images.x, CPU)
    assert torch.equal(mapped[index], resident)
    assert resident.shape == (3, 1, 8, 8)
    assert float(resident.max()) <= 1.0
    expected = tiny_images.x[[3, 1, 2]].transpose(0, 3, 1, 2) / np.float32(255)
    np.testing.assert_allclose(resident.numpy(), expected)


def test_device_is_chosen_or_given() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device().type in ("cpu", "cuda", "mps")
    absent = next(kind for kind in ("cuda", "mps") if choose_device().type != kind)
    with pytest.raises(ConfigError, match=f"no {absent} device"):
        choose_device(absent)


def test_settings_out_of_range_say_which_and_what() -> None:
    with pytest.raises(ConfigError, match="latents cannot be 0"):
        config(stroke_dataset(), latents=0)


def test_presets_fit_the_pictures() -> None:
    assert suggested_preset(stroke_dataset().schema) == "grey"
    assert suggested_preset(stroke_dataset(channels=3).schema) == "colour"
    schema = stroke_dataset().schema
    for preset in PRESETS.values():
        chosen = preset.run_config("a" * 26, 2720, schema)
        assert RunConfig.model_validate_json(chosen.model_dump_json()) == chosen
    epochs = {count: PRESETS["grey"].run_config("a" * 26, count, schema).train.epochs for count in (10, 2720, 60_000)}
    assert epochs == {10: 300, 2720: 265, 60_000: 12}
    assert PRESETS["colour"].run_config("a" * 26, 2000, schema).train.epochs == 100


def test_colour_and_gaussian_learn_too() -> None:
    dataset = stroke_dataset(channels=3)
    _, records = run(dataset, architecture={"name": "conv"}, likelihood={"name": "gaussian"}, epochs=8)
    assert records[-1].validation.elbo > records[0].validation.elbo


def test_digest_tells_settings_apart(tiny_images: Dataset) -> None:
    assert config(tiny_images).digest == config(tiny_images).digest != config(tiny_images, seed=1).digest


def test_dataset_without_labels_trains(tiny_images: Dataset) -> None:
    run(dataclasses.replace(tiny_images, labels=None, label_names=()))


def test_learning_rate_rises_shortly_and_falls_long() -> None:
    shares = [one_cycle(step / 100) for step in range(101)]
    assert shares[0] == pytest.approx(0.04)
    assert max(shares) == pytest.approx(1) == pytest.approx(shares[10])
    assert shares[:11] == sorted(shares[:11])
    assert shares[10:] == sorted(shares[10:], reverse=True)
    assert shares[100] == pytest.approx(0)


def test_table_is_learnt_and_comes_back_in_original_units() -> None:
    """Two moons: two latents for two columns, so that a trained model must give the points back nearly as they were."""
    dataset = SAMPLES["moons"]()
    assert isinstance(dataset.schema, TableSchema)
    checkpoint = trained(dataset, small(likelihood="gaussian"), epochs=15)
    first, last = checkpoint.history[0].validation, checkpoint.history[-1].validation
    assert last.elbo > first.elbo + 1
    vae = checkpoint.model()
    x = torch.from_numpy(dataset.x[:200].copy())
    back = checkpoint.schema.to_original(vae.decode(vae.encode(x).mean).detach().numpy())
    original = dataset.schema.to_original(dataset.x[:200])
    for name, values in original.items():
        assert np.abs(back[name] - values).mean() < 0.5 * values.std()


def test_convolutions_on_a_table_are_refused_with_a_sentence() -> None:
    with pytest.raises(ConfigError, match="Choose the architecture mlp"):
        VAE(small("conv"), ExampleSpec((5,)))
    with pytest.raises(ConfigError, match="Take the preset for tables"):
        check_fit(RunConfig(dataset_id="x"), SAMPLES["moons"]().schema, 0)
