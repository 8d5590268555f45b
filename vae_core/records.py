"""What is known of a run after each epoch; read by pages and tests without loading torch."""

from pydantic import BaseModel, ConfigDict

ACTIVE_VARIANCE = 0.01
"""A unit u is active where Var_x E[u | x] exceeds this (Burda et al. 2016, https://arxiv.org/abs/1509.00519, §5.2)."""


class Terms(BaseModel):
    """The two terms of the ELBO, means over examples in nats; z is sampled, β is 1.

    Attributes:
        reconstruction_loss: −log p(x | z).
        kl: KL(q(z | x), p(z)); 0 for an autoencoder, which has none.
        kl_per_dimension: Its parts, one a dimension.
        code_variance: Var_x E[z_j | x] of every dimension; empty where it was not looked at.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    reconstruction_loss: float
    kl: float
    kl_per_dimension: tuple[float, ...]
    code_variance: tuple[float, ...] = ()

    @property
    def elbo(self) -> float:
        """Evidence lower bound, nats an example."""
        return -(self.reconstruction_loss + self.kl)

    @property
    def active_units(self) -> int:
        """Dimensions whose mean moves with x."""
        return sum(variance > ACTIVE_VARIANCE for variance in self.code_variance)


class EpochRecord(BaseModel):
    """What is known after an epoch."""

    model_config = ConfigDict(frozen=True)

    epoch: int
    train: Terms
    validation: Terms
    seconds: float
