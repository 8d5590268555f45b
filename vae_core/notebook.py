"""The verbs of a notebook, and of the command line: `read` data, `train` on it, `evaluate` what came out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from vae_core import checkpoints, stored_datasets, uploads, workspace
from vae_core.batches import choose_device
from vae_core.checkpoints import Checkpoint, Environment
from vae_core.datasets import SAMPLES, AnySchema, Dataset, files_at, to_schema
from vae_core.diagnosis import best_epoch
from vae_core.errors import ConfigError
from vae_core.evaluation import Evaluation, Evaluator, Split, Targets, chosen_examples
from vae_core.records import EpochRecord
from vae_core.run_config import PRESETS, RunConfig, check_fit, suggested_preset
from vae_core.settings import with_names
from vae_core.training import Training


def read(
    data: str | Path, schema: AnySchema | None = None, progress: Callable[[float], None] = lambda done: None
) -> Dataset:
    """The dataset that a word means.

    Args:
        data: A file or a folder; the name of a built-in set; or the id of a dataset in the workspace.
        schema: What a model was trained on; the dataset is brought to it.
        progress: Told the share read so far, 0 to 1.

    Raises:
        DatasetError: if there is nothing usable.
        NotFoundError: if there is no dataset of this id.
    """
    path, name = Path(data), str(data)
    if name in SAMPLES and not path.exists():
        dataset = SAMPLES[name]()
    elif workspace.ID_PATTERN.fullmatch(name) and not path.exists():
        dataset = stored_datasets.load(name)
    else:
        title = path.name if path.is_dir() else None
        return uploads.read(files_at(path), schema, lambda status: progress(status.done), title=title)
    return to_schema(dataset, schema) if schema else dataset


def settings_for(dataset: Dataset, preset: str | None = None, **settings: Any) -> RunConfig:
    """The settings of a training: a preset's, the suggested one's when None, with some changed by their names.

    Raises:
        ConfigError: if there is no such preset or setting, it is not for such data, or a value is out of its range.
    """
    if preset is not None and preset not in PRESETS:
        raise ConfigError(f"There is no preset {preset}. Choose one of {', '.join(PRESETS)}.")
    chosen = PRESETS[preset or suggested_preset(dataset.schema)]
    if dataset.schema.kind not in chosen.kinds:
        fitting = ", ".join(name for name, other in PRESETS.items() if dataset.schema.kind in other.kinds)
        raise ConfigError(f"The preset {preset} is not for such data. Choose one of {fitting}.")
    return with_names(chosen.run_config(dataset.id, len(dataset), dataset.schema), settings)


class NotebookTraining:
    """Iterate over it to train: it yields a record after each epoch.

    `checkpoint()` is the model so far: that of the last epoch or, with patience, that of the best one.
    """

    def __init__(self, dataset: Dataset, config: RunConfig) -> None:
        check_fit(config, dataset.schema, len(dataset.label_names))
        self.config = config
        self._dataset = dataset
        self._device = choose_device(config.train.device)
        model = checkpoints.build(config, dataset.schema, len(dataset.label_names))
        self._training = Training(model, dataset, config, self._device)
        self._best: dict[str, Tensor] = {}

    def __iter__(self) -> Iterator[EpochRecord]:
        """Train what is left to train.

        Raises:
            TrainingError: if the loss stops being a number.
        """
        for record in self._training:
            if self.config.train.patience and best_epoch(self._training.history) == record.epoch:
                self._best = self._weights()
            yield record

    @property
    def history(self) -> tuple[EpochRecord, ...]:
        """The epochs so far."""
        return tuple(self._training.history)

    def checkpoint(self) -> Checkpoint:
        """The model as it is now, with patience as it was at its best; trains first where no epoch was asked for."""
        if not self._training.history:
            for _ in self:
                pass
        checkpoint = Checkpoint(
            self._dataset.name,
            self.config,
            self._dataset.schema,
            self.history,
            self._best or self._weights(),
            self._dataset.label_names,
            epoch=best_epoch(self.history) if self._best else 0,
            environment=Environment.here(self._device),
        )
        return checkpoint.with_codes(self._dataset)

    def _weights(self) -> dict[str, Tensor]:
        """A copy of the model's state."""
        return {
            name: tensor.detach().to("cpu", copy=True) for name, tensor in self._training.model.state_dict().items()
        }


def train(dataset: Dataset, preset: str | None = None, **settings: Any) -> NotebookTraining:
    """A training on a dataset, such as `train(digits, latents=2, epochs=30, beta=4)`; iterate over it to train.

    Raises:
        ConfigError: if there is no such preset or setting, a value is out of its range, or they do not fit the data.
    """
    return NotebookTraining(dataset, settings_for(dataset, preset, **settings))


def evaluate(
    checkpoint: Checkpoint,
    dataset: Dataset,
    split: Split = "all",
    targets: Targets | Literal["as trained"] = "as trained",
    samples: int = 0,
    seed: int = 0,
) -> Evaluation:
    """How good a model is on a dataset.

    Args:
        checkpoint: The model.
        dataset: Any that can be brought to the model's schema.
        split: All of it, or the part that training with the model's settings would learn from or keep aside.
        targets: Grey or binarised; as the model was trained by default.
        samples: K of the importance-weighted bound; 0 leaves it out.
        seed: Of posterior samples and binarisation.

    Raises:
        DatasetError: if the dataset cannot be brought to the model's schema.
        ConfigError: if there is nothing to be binarised, or `samples` is negative.
    """
    if samples < 0:
        raise ConfigError(f"A bound of {samples} samples cannot be. Give 0 for none, or some hundreds.")
    settings = checkpoint.config.train
    chosen: Targets = settings.targets if targets == "as trained" else targets
    if chosen == "binarised" and (
        checkpoint.schema.kind != "image" or checkpoint.config.model.likelihood.name != "bernoulli"
    ):
        raise ConfigError("Only pictures under the likelihood bernoulli can be binarised. Choose grey targets.")
    prepared = checkpoint.prepare(dataset)
    index = chosen_examples(prepared, split, settings.validation, settings.seed)
    evaluator = Evaluator(checkpoint.model(), prepared, chosen, choose_device(), seed)
    return evaluator.measure(split, index, samples)
