"""What is known of a run after each epoch; read by pages and tests without loading torch."""

from pydantic import BaseModel, ConfigDict


class Terms(BaseModel):
    """The two terms of the ELBO, means over examples in nats; z is sampled, β is 1."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    reconstruction_loss: float
    kl: float
    kl_per_dimension: tuple[float, ...]

    @property
    def elbo(self) -> float:
        """Evidence lower bound, nats an example."""
        return -(self.reconstruction_loss + self.kl)


class EpochRecord(BaseModel):
    """What is known after an epoch."""

    model_config = ConfigDict(frozen=True)

    epoch: int
    train: Terms
    validation: Terms
    seconds: float
