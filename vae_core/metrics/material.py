"""What all measures of one model on one dataset look at; each thing is made once, when it is first asked for."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import torch

from vae_core.batches import Examples, binarise, choose_device
from vae_core.checkpoints import Checkpoint
from vae_core.datasets import Dataset
from vae_core.errors import MetricError
from vae_core.evaluation import Evaluation, Evaluator, Split, Targets, chosen_examples
from vae_core.example import ExampleSpec
from vae_core.latents.codes import Codes, encode
from vae_core.latents.mixture import FittedMixture, fit_mixture
from vae_core.metrics.features import pixels, random_features, standardised
from vae_core.records import ACTIVE_VARIANCE
from vae_core.vae import VAE

Source = Literal["prior", "mixture", "others"]
"""Samples of the prior; of a mixture fitted to the codes; or no samples, but other real examples."""
Space = Literal["features", "pixels", "columns"]
Code = Literal["active", "all", "samples"]
"""Posterior means of the active units, of all dimensions, or a sample of every posterior."""
FEWEST, MOST = 2, 10_000
"""Examples looked at, evenly chosen, and samples made."""
BOUND_SAMPLES = 100
BOUND_EXAMPLES = 1000
"""The importance-weighted bound decodes every example a hundred times."""
BATCH = 512
FEWEST_CODES = 4
"""For a mixture."""
MOST_VALUES, FEWEST_ROWS = 8_000_000, 500
"""Pixels that are compared at a time: 64 MB on each side."""


class Material:
    """One model on one part of one dataset.

    Args:
        checkpoint: The model.
        dataset: Any that can be brought to the model's schema.
        split: All of it, or the part that training with the model's settings learns from or keeps aside.
        code: What measures with known factors are given.
        seed: Of everything that is drawn.

    Raises:
        DatasetError: if the dataset cannot be brought to the model's schema.
        MetricError: if the split has fewer than two examples, or there is no such split or code.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        dataset: Dataset,
        split: Split = "validation",
        code: Code = "active",
        seed: int = 0,
    ) -> None:
        if split not in get_args(Split) or code not in get_args(Code):
            raise MetricError(f"There is no split “{split[:20]}” or code “{code[:20]}”. Measure again from the page.")
        settings = checkpoint.config.train
        self.checkpoint, self.split, self.code, self.seed = checkpoint, split, code, seed
        self.dataset_id = dataset.id
        self.targets: Targets = settings.targets
        self.model: VAE = checkpoint.model()
        self._dataset = checkpoint.prepare(dataset)
        if len(self._dataset) < FEWEST:
            raise MetricError(f"The dataset has {len(self._dataset)} example; at least {FEWEST} can be measured.")
        index = chosen_examples(self._dataset, split, settings.validation, settings.seed).numpy()
        if len(index) < FEWEST:
            raise MetricError(f"The {split} part has {len(index)} examples. Measure on all of them.")
        self.available = len(index)
        self.index = _evenly(index, MOST)
        self._others = np.setdiff1d(np.arange(len(self._dataset)), index) if split != "all" else index[:0]
        self._made: dict[tuple[str, str], np.ndarray] = {}
        self._learnt = chosen_examples(self._dataset, "training", settings.validation, settings.seed).numpy()

    @property
    def is_image(self) -> bool:
        """Whether examples are pictures, else rows of a table."""
        return self._dataset.schema.kind == "image"

    @property
    def spaces(self) -> tuple[Space, ...]:
        """Where samples are compared with real examples."""
        return ("features", "pixels") if self.is_image else ("columns",)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What real examples are compared with: an autoencoder has no prior, and all examples have no others."""
        prior: tuple[Source, ...] = () if self.model.is_deterministic else ("prior",)
        mixture: tuple[Source, ...] = ("mixture",) if self._learnt_codes is not None else ()
        others: tuple[Source, ...] = ("others",) if len(self._others) > 1 else ()
        return (*prior, *mixture, *others)

    @cached_property
    def part(self) -> Dataset:
        """The examples that are measured."""
        return self._of(self.index)

    @cached_property
    def evaluation(self) -> Evaluation:
        """−ELBO and its parts over all of them."""
        return self._evaluator.measure(self.split, torch.arange(len(self.part)))

    @cached_property
    def bound(self) -> Evaluation:
        """The importance-weighted bound, over at most a thousand."""
        chosen = _evenly(np.arange(len(self.part)), BOUND_EXAMPLES)
        return self._evaluator.measure(self.split, torch.from_numpy(chosen), BOUND_SAMPLES)

    @cached_property
    def codes(self) -> Codes:
        """Of the examples that are measured."""
        return encode(self.model, self.part, torch.device("cpu"))

    @cached_property
    def active(self) -> np.ndarray:
        """Which dimensions are active units: bool [L]."""
        return np.asarray(self.codes.mean.var(0, dtype=np.float64) > ACTIVE_VARIANCE)

    @cached_property
    def factor_codes(self) -> np.ndarray:
        """[N, L'] as `code` says; of a model without an active unit all dimensions."""
        if self.code == "samples":
            noise = np.random.default_rng(self.seed).standard_normal(self.codes.mean.shape)
            return self.codes.mean + self.codes.std * noise
        if self.code == "active" and self.active.any():
            return self.codes.mean[:, self.active]
        return self.codes.mean

    @property
    def dimensions(self) -> np.ndarray:
        """Which dimensions `factor_codes` has: int [L']."""
        everything = np.arange(self.codes.mean.shape[1])
        return everything[self.active] if self.code == "active" and self.active.any() else everything

    @property
    def factors(self) -> np.ndarray:
        """Known factors of the examples, int [N, F].

        Raises:
            MetricError: if the dataset knows none.
        """
        if self.part.factors is None:
            raise MetricError("This dataset has no known factors.")
        return self.part.factors

    @cached_property
    def losses(self) -> np.ndarray:
        """−log p(x | z) of every example at the mean of its posterior, [N] nats."""
        examples, pixels = self._examples(self.part), torch.Generator().manual_seed(self.seed)
        found = []
        with torch.no_grad():
            for index in examples.in_order(BATCH):
                x, labels = examples[index], examples.labels(index)
                x = binarise(x, pixels) if self.targets == "binarised" else x
                found.append(self.model.loss_map(x, self.model.encode(x, labels).mean, labels).flatten(1).sum(1))
        return torch.cat(found).numpy()

    def latents(self, source: Literal["prior", "mixture"], count: int) -> np.ndarray:
        """Samples in latent space, float32 [count, L]."""
        if source == "prior":
            with torch.inference_mode():
                noise = torch.Generator().manual_seed(self.seed)
                return self.model.present_prior().sample(count, noise).numpy()
        return self._mixture.sample(count, self.seed)

    def samples(self, source: Source) -> np.ndarray:
        """As many decoded samples as there are examples, as the dataset stores such: uint8 [N, H, W, C] or [N, D].

        Of the other real examples there may be fewer.
        """
        if source == "others":
            return np.asarray(self._dataset.x[_evenly(self._others, len(self.part))])
        return self._once(("samples", source), lambda: self.decoded(self.latents(source, len(self.part))))

    def decoded(self, latents: np.ndarray) -> np.ndarray:
        """What the decoder makes of latents [n, L], as the dataset stores such; labels are drawn as often as real."""
        labels = self._drawn_labels(len(latents)) if self.model.labels else None
        parts = []
        with torch.inference_mode():
            for index in torch.arange(len(latents)).split(BATCH):
                told = None if labels is None else labels[index]
                x = self.model.decode_bounded(torch.from_numpy(latents)[index], told).numpy()
                parts.append(_as_pictures(x) if self.is_image else self._as_rows(x))
        return np.concatenate(parts)

    def features(self, of: Source | Literal["real"], space: Space) -> np.ndarray:
        """Rows [n, D] in which examples and samples are compared; fewer than there are where a row is long."""
        return self._once((space, of), lambda: self._features(of, space))

    def _features(self, of: Source | Literal["real"], space: Space) -> np.ndarray:
        x = np.asarray(self.part.x) if of == "real" else self.samples(of)
        if space == "columns":
            return standardised(x, self.part.x)
        if space == "features":
            return random_features(x)
        most = max(MOST_VALUES // x[0].size, FEWEST_ROWS)
        return pixels(x[np.random.default_rng(self.seed).permutation(len(x))[:most]])

    def _once(self, key: tuple[str, str], make: Callable[[], np.ndarray]) -> np.ndarray:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(self.model, self.part, self.targets, choose_device("cpu"), self.seed)

    @cached_property
    def _learnt_codes(self) -> np.ndarray | None:
        """Posterior means of what was learnt from; where another dataset is measured, those inside the checkpoint."""
        if self.dataset_id == self.checkpoint.config.dataset_id:
            codes = encode(self.model, self._of(_evenly(self._learnt, MOST)), torch.device("cpu")).mean
        elif self.checkpoint.codes is not None:
            codes = self.checkpoint.codes.mean
        else:
            return None
        return codes if len(codes) >= FEWEST_CODES and np.isfinite(codes).all() else None

    @cached_property
    def _mixture(self) -> FittedMixture:
        if self._learnt_codes is None:
            raise MetricError("The model has no codes to which a mixture could be fitted.")
        return fit_mixture(self._learnt_codes)

    def _of(self, index: np.ndarray) -> Dataset:
        whole = self._dataset
        return replace(
            whole,
            x=whole.x[index],
            labels=None if whole.labels is None else whole.labels[index],
            factors=None if whole.factors is None else whole.factors[index],
            names=tuple(whole.names[k] for k in index) if whole.names else (),
            known_id=whole.id,
        )

    def _examples(self, dataset: Dataset) -> Examples:
        return Examples(dataset.x, torch.device("cpu"), dataset.labels if self.model.labels else None)

    def _drawn_labels(self, count: int) -> torch.Tensor:
        labels = np.asarray(self.part.labels)  # there are some: the dataset was prepared for a conditional model
        return torch.from_numpy(np.random.default_rng(self.seed).choice(labels, count).astype(np.int64))

    def _as_rows(self, x: np.ndarray) -> np.ndarray:
        """Names are one-hot in the data; the decoder's probabilities would be told apart by that alone."""
        for start, stop in ExampleSpec.of(self._dataset.schema).names:
            x[:, start:stop] = np.eye(stop - start)[x[:, start:stop].argmax(1)]
        return x


def _evenly(index: np.ndarray, most: int) -> np.ndarray:
    return index[np.linspace(0, len(index) - 1, min(len(index), most)).astype(int)]


def _as_pictures(x: np.ndarray) -> np.ndarray:
    """[n, C, H, W] in [0, 1] -> uint8 [n, H, W, C]."""
    return np.rint(x * 255).astype(np.uint8).transpose(0, 2, 3, 1)
