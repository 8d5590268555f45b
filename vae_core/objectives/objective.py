"""What every objective is: options, how often and what the encoder sees, and a penalty."""

import functools
import operator
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from vae_core.config import Config

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from vae_core.vae import VAEOutput


@dataclass(frozen=True)
class Step:
    """Where training stands.

    Attributes:
        dataset_size: How many examples are learnt from.
        done: Share of all steps done, 0 to 1.
        generator: Source of noise, on the device of the batch; None for the global one.
    """

    dataset_size: int
    done: float = 0.0
    generator: "torch.Generator | None" = None


class Objective(Config, ABC):
    """loss = mean(reconstruction_loss + penalty)."""

    title: ClassVar[str]
    is_deterministic: ClassVar[bool] = False
    """Whether it is for encoders that give a point instead of a posterior."""
    name: str

    @property
    def draws(self) -> int:
        """Posterior samples an example."""
        return 1

    def corrupt(self, x: "Tensor", generator: "torch.Generator | None") -> "Tensor | None":
        """What the encoder sees instead of x [B, *shape]; None for x itself."""
        return None

    @abstractmethod
    def terms(self, out: "VAEOutput", step: Step) -> "dict[str, Tensor]":
        """What is added to the reconstruction loss, by name: [B], or a share for each dimension, [B, L]; in nats."""

    def penalty(self, out: "VAEOutput", step: Step) -> "Tensor":
        """The sum of all terms, [B] in nats."""
        terms = [term if term.ndim == 1 else term.sum(1) for term in self.terms(out, step).values()]
        return functools.reduce(operator.add, terms) if terms else out.kl.new_zeros(len(out.kl))
