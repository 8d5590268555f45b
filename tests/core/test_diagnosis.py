"""What the curves say, on records made by hand and on models that really go wrong."""

import pytest

from tests.conftest import CPU, stroke_dataset
from tests.small import small
from vae_core.checkpoints import build
from vae_core.config import TrainConfig
from vae_core.diagnosis import best_epoch, diagnose
from vae_core.objectives import BetaVAE
from vae_core.records import EpochRecord, Terms
from vae_core.run_config import RunConfig
from vae_core.training import Training

CONFIG = RunConfig(dataset_id="x")


def record(epoch: int, train: float, validation: float, kl: tuple[float, ...] = (3.0, 2.0)) -> EpochRecord:
    """With these −ELBOs; a dimension's codes vary as far as it has KL."""
    return EpochRecord(
        epoch=epoch,
        train=Terms(reconstruction_loss=train - sum(kl), kl=sum(kl), kl_per_dimension=kl),
        validation=Terms(
            reconstruction_loss=validation - sum(kl),
            kl=sum(kl),
            kl_per_dimension=kl,
            code_variance=tuple(min(k, 1.0) for k in kl),
        ),
        seconds=1.0,
    )


def kinds(*records: EpochRecord, config: RunConfig = CONFIG, examples: int = 1000) -> list[str]:
    return [finding.kind for finding in diagnose(records, config, examples)]


def test_healthy_run_says_nothing() -> None:
    assert kinds(record(1, 120, 121), record(2, 100, 102), record(3, 90, 95)) == []


def test_rising_validation_under_falling_training_is_overfitting_and_names_the_epoch() -> None:
    history = [record(1, 120, 121), record(2, 100, 102), record(3, 80, 110), record(4, 60, 125)]
    assert kinds(*history) == ["overfitting"]
    [finding] = diagnose(history, CONFIG, 1000)
    assert "Since epoch 2" in finding.sentence
    assert "from 102.0 to 125.0" in finding.sentence
    assert "epoch 2" in finding.advice
    assert best_epoch(history) == 2


def test_noise_of_validation_is_no_overfitting() -> None:
    assert kinds(record(1, 100, 102), record(2, 95, 101.5), record(3, 90, 101.9)) == []


def test_both_curves_rising_is_no_overfitting() -> None:
    assert kinds(record(1, 100, 102), record(2, 150, 152)) == []


def test_collapsed_dimension_is_named_with_the_epoch_since_when() -> None:
    history = [record(1, 120, 121, (3.0, 0.5)), record(2, 110, 111, (3.0, 0.004)), record(3, 100, 101, (3.0, 0.002))]
    [finding] = diagnose(history, CONFIG, 1000)
    assert finding.kind == "unused dimensions"
    assert "1 of 2" in finding.sentence
    assert "z2" in finding.sentence
    assert "epoch 2" in finding.sentence
    assert "1 are active" in finding.sentence


def test_every_unused_dimension_is_named_with_its_own_epoch() -> None:
    kls = [(3.0, 0.0, 3.0, 0.5, 0.5), (3.0, 0.0, 3.0, 0.0, 0.5), (3.0, 0.0, 3.0, 0.0, 0.0)]
    [finding] = diagnose([record(k, 100, 101, kl) for k, kl in enumerate(kls, start=1)], CONFIG, 1000)
    assert "z2 since epoch 1, z4 since epoch 2, z5 since epoch 3; 2 are active" in finding.sentence


def test_many_unused_dimensions_are_told_shortly() -> None:
    kls = [(3.0, *[0.0] * 3, *[0.5] * 17), (3.0, *[0.0] * 20)]
    [finding] = diagnose([record(k, 100, 101, kl) for k, kl in enumerate(kls, start=1)], CONFIG, 1000)
    assert "z2, z3 and z4 since epoch 1, z5, z6 and z7 since epoch 2, and 14 more; 1 are active" in finding.sentence
    assert finding.advice.endswith(
        "To use more, try a KL warm-up over half of the training or free bits or four cycles."
    )


def test_whole_collapse_began_when_the_last_dimension_fell() -> None:
    kls = [(3.0, 0.5), (0.0, 0.5), (0.0, 0.0), (0.0, 0.0)]
    [finding] = diagnose([record(k, 100, 101, kl) for k, kl in enumerate(kls, start=1)], CONFIG, 1000)
    assert "since epoch 3 no dimension" in finding.sentence


def test_dimension_that_came_back_counts_from_its_last_fall() -> None:
    history = [record(k, 100, 101, (3.0, kl)) for k, kl in enumerate((0.0, 0.5, 0.0), start=1)]
    assert "epoch 3" in diagnose(history, CONFIG, 1000)[0].sentence


def test_advice_fits_the_settings() -> None:
    strong = CONFIG.model_copy(update={"objective": BetaVAE(beta=8)})
    history = [record(1, 100, 101, (0.0, 0.0))]
    [finding] = diagnose(history, strong, 1000)
    assert finding.kind == "collapse"
    assert "smaller β than 8" in finding.advice
    warm = CONFIG.model_copy(update={"train": TrainConfig(warm_up=0.5, cycles=4)})
    [finding] = diagnose(history, warm, 1000)
    assert finding.advice == "Try free bits."


def test_few_examples_and_a_batch_larger_than_the_set_are_told_before_training() -> None:
    assert kinds(examples=50) == ["too few examples", "batch larger than the set"]
    assert kinds(examples=500) == []


def test_model_that_really_collapses_is_found_out() -> None:
    dataset = stroke_dataset(count=400)
    config = RunConfig(
        dataset_id=dataset.id,
        model=small(latents=3),
        objective=BetaVAE(beta=100),
        train=TrainConfig(epochs=12, batch_size=16, learning_rate=3e-3, warm_up=0),
    )
    history = list(Training(build(config, dataset.schema, 2), dataset, config, CPU))
    findings = diagnose(history, config, len(dataset))
    assert [finding.kind for finding in findings] == ["collapse"]
    assert history[-1].validation.active_units == 0


@pytest.mark.parametrize("validation", [0.1, 0.5])
def test_model_that_really_learns_by_heart_is_found_out(validation: float) -> None:
    dataset = stroke_dataset(count=30)
    config = RunConfig(
        dataset_id=dataset.id,
        model=small(latents=8),
        objective=BetaVAE(beta=0.01),
        train=TrainConfig(epochs=80, batch_size=8, learning_rate=5e-3, validation=validation),
    )
    history = list(Training(build(config, dataset.schema, 2), dataset, config, CPU))
    assert "overfitting" in [finding.kind for finding in diagnose(history, config, len(dataset))]


def test_validation_that_rises_with_training_beside_it_is_a_penalty_and_no_overfitting() -> None:
    assert kinds(record(1, 201.8, 182.9), record(2, 203, 190), record(3, 201.0, 202.2)) == []


def test_training_that_blows_up_though_still_numbers_is_told() -> None:
    history = [record(1, 300, 300), record(2, 9e9, 9e9)]
    [finding] = diagnose(history, CONFIG, 1000)
    assert finding.kind == "divergence"
    assert "was 295 after the first epoch" in finding.sentence
    assert "learning rate" in finding.advice
    assert kinds(record(1, -900, -890), record(2, -2000, -1990)) == []  # a Gaussian's −ELBO may be below 0


def test_small_set_is_not_told_to_take_batches_of_one() -> None:
    [finding] = [one for one in diagnose((), CONFIG, 20) if one.kind == "batch larger than the set"]
    assert "batch size of 8" in finding.advice
