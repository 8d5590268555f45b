"""Codes against known factors, as figures."""

import numpy as np

from vae_core.metrics.dci import dci
from vae_core.metrics.factor_vae import factor_vae_score
from vae_core.metrics.figures import Figure, Found
from vae_core.metrics.material import Material
from vae_core.metrics.mig import mutual_information_gap
from vae_core.metrics.modularity import modularity
from vae_core.metrics.sap import separated_attribute_predictability


def gap(material: Material) -> Found:
    """MIG, and the mutual information of every dimension and factor."""
    found = mutual_information_gap(material.factor_codes, material.factors)
    arrays = {"information": found.information.tolist(), "gaps": found.gaps.tolist()}
    return _found(material, [Figure(name="MIG", value=found.score, error=found.error)], arrays)


def importances(material: Material) -> Found:
    """DCI with a forest."""
    found = dci(material.factor_codes, material.factors, seed=material.seed)
    figures = [
        Figure(name="Disentanglement", value=found.disentanglement),
        Figure(name="Completeness", value=found.completeness),
        Figure(name="Informativeness", value=found.informativeness, error=found.informativeness_error),
    ]
    return _found(material, figures, {"importance": found.importance.tolist()}, f"The learner is a {found.learner}. ")


def votes(material: Material) -> Found:
    """FactorVAE score."""
    found = factor_vae_score(material.factor_codes, material.factors, seed=material.seed)
    varying = int((material.factors != material.factors[:1]).any(0).sum())
    figure = Figure(
        name="FactorVAE score", value=found.score, error=found.error, against=1 / varying, against_is="about, by chance"
    )
    return _found(material, [figure], {"votes": found.votes.tolist()})


def attributes(material: Material) -> Found:
    """SAP."""
    found = separated_attribute_predictability(material.factor_codes, material.factors, seed=material.seed)
    return _found(
        material, [Figure(name="SAP", value=found.score, error=found.error)], {"accuracy": found.accuracy.tolist()}
    )


def modules(material: Material) -> Found:
    """Modularity."""
    found = modularity(material.factor_codes, material.factors)
    return _found(material, [Figure(name="Modularity", value=found.score, error=found.error)], {})


def _found(material: Material, figures: list[Figure], arrays: dict[str, list], note: str = "") -> Found:
    count = len(material.part)
    counted = tuple(figure.model_copy(update={"count": count}) for figure in figures)
    return Found(figures=counted, arrays=arrays, note=note + _which(material))


def _which(material: Material) -> str:
    """On which code, always said: collapsed dimensions leak into the mean."""
    everything = material.codes.mean.shape[1]
    if material.code == "samples":
        return f"On samples of the posteriors, {everything} dimensions."
    dimensions = material.dimensions
    if material.code == "active" and not np.array_equal(dimensions, np.arange(everything)):
        return f"On posterior means, the {len(dimensions)} active of {everything} dimensions."
    return f"On posterior means, all {everything} dimensions."
