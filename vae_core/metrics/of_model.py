"""The bound and the codes of a model, as figures."""

import numpy as np

from vae_core.errors import MetricError
from vae_core.evaluation import Measured
from vae_core.metrics.aggregate import aggregate_gap
from vae_core.metrics.figures import Figure, Found
from vae_core.metrics.material import Material
from vae_core.metrics.mmd import MOST, maximum_mean_discrepancy
from vae_core.records import ACTIVE_VARIANCE

NATS = "nats"
NO_PRIOR = "An autoencoder has no prior."


def elbo(material: Material) -> Found:
    """−ELBO = reconstruction loss + KL; of an autoencoder the reconstruction loss."""
    found = material.evaluation
    parts: list[tuple[str, Measured]] = [("Reconstruction loss", found.reconstruction_loss)]
    if found.elbo and found.kl:
        negative = Measured(mean=-found.elbo.mean, error=found.elbo.error)
        parts = [("−ELBO", negative), *parts, ("KL", found.kl)]
    note = "" if found.is_likelihood else "Grey pixels under a Bernoulli are scored by cross-entropy: no likelihood."
    figures = [_figure(name, measured, found.count) for name, measured in parts]
    return Found(figures=tuple(figures), arrays={"kl": list(found.kl_per_dimension)}, note=note)


def importance_weighted(material: Material) -> Found:
    """The bound on −log p(x) of a hundred samples, beside the −ELBO of the same examples."""
    found = material.bound
    if found.bound is None or found.elbo is None:
        return Found(figures=())
    figure = _figure("−log p(x), at most", Measured(mean=-found.bound.mean, error=found.bound.error), found.count)
    against = {"against": -found.elbo.mean, "against_is": "−ELBO of the same examples"}
    return Found(figures=(figure.model_copy(update=against),), note=f"{found.bound_samples} samples an example.")


def active_units(material: Material) -> Found:
    """How many dimensions move with x, and how much the codes tell of x."""
    found = material.evaluation
    figures = [
        Figure(
            name="Active units",
            value=found.active_units,
            unit=f"of {len(found.code_variance)} dimensions",
            count=found.count,
        )
    ]
    if found.mutual_information:
        figures.append(_figure("I(x; z)", found.mutual_information, found.count))
    return Found(
        figures=tuple(figures),
        arrays={"code_variance": list(found.code_variance)},
        note=f"Active: the variance of its mean exceeds {ACTIVE_VARIANCE}.",
    )


def aggregate(material: Material) -> Found:
    """KL(q(z), N(0, I)), in total and of every dimension."""
    if material.model.is_deterministic:
        raise MetricError(NO_PRIOR)
    if material.model.config.prior.name != "standard":
        raise MetricError("The prior of this model is learnt, and this compares with N(0, I). See the MMD.")
    gap = aggregate_gap(material.codes, seed=material.seed)
    total = Figure(name="KL(q(z), N(0, I))", value=gap.total, unit=NATS, count=gap.count)
    arrays = {
        "kl": gap.kl.tolist(),
        "kl_error": gap.kl_error.tolist(),
        "mean": gap.mean.tolist(),
        "variance": gap.variance.tolist(),
        "ks": gap.ks.tolist(),
    }
    note = f"Monte Carlo standard error {gap.total_error:.2g} nats over {gap.draws:,} draws, given these examples."
    return Found(figures=(total,), arrays=arrays, note=note)


def prior_mmd(material: Material) -> Found:
    """MMD² of samples of the posteriors from those of the model's prior, learnt or not."""
    if material.model.is_deterministic:
        raise MetricError(NO_PRIOR)
    codes = material.codes
    latents = codes.mean + codes.std * np.random.default_rng(material.seed).standard_normal(codes.mean.shape)
    prior = material.latents("prior", min(len(latents), MOST))
    found = maximum_mean_discrepancy(prior, latents, seed=material.seed)
    figure = Figure(
        name="MMD²",
        value=found.squared,
        error=found.error,
        against=0.0,
        against_is="the same distribution",
        count=found.count,
    )
    return Found(figures=(figure,), note=f"Bandwidth {found.bandwidth:.3g}, p = {found.p_value:.2g}.")


def _figure(name: str, measured: Measured, count: int) -> Figure:
    return Figure(name=name, value=measured.mean, error=measured.error, unit=NATS, count=count)
