"""Why draws from the prior fall into holes: an autoencoder beside a VAE."""

from typing import Any

import numpy as np
from scipy.spatial import KDTree

from pages.ui.language import later
from pages.ui.lessons.lesson import InScene, Lesson, Paper, Prediction, Told
from pages.ui.lessons.models import described, newest_codes
from vae_core.latents.codes import Codes
from vae_core.latents.density import aggregate_posterior
from vae_core.priors import kl_to_standard

PLAIN, VARIATIONAL = "digits-ae", "digits-2d"
NEAR = 0.95
"""So many of the codes have another one within the radius."""


def radius(codes: Codes) -> float:
    """What counts as near: beyond it from every code is a hole."""
    distances, _ = KDTree(codes.mean).query(codes.mean, k=2)
    return float(np.quantile(distances[:, 1], NEAR))


def middle(codes: Codes) -> tuple[np.ndarray, np.ndarray]:
    """The middle half of the codes' range along every latent: from [L], to [L]."""
    low, high = codes.mean.min(0), codes.mean.max(0)
    return low + (high - low) / 4, high - (high - low) / 4


def scene(base: str) -> dict[str, Any]:
    """Both models, with what a hole is in each."""
    return {"plain": _described(PLAIN, base), "variational": _described(VARIATIONAL, base)}


def _described(id: str, base: str) -> dict[str, Any]:
    codes = newest_codes(id)
    low, high = middle(codes)
    measured = {"radius": radius(codes), "spread": codes.mean.std(0).tolist()}
    return described(id, base) | measured | {"middle": [*low.tolist(), *high.tolist()]}


def is_right(told: Told) -> bool:
    """The place where the autoencoder's handle was let go is in the middle, and no code is near."""
    try:
        z = np.asarray(told.get("z"), dtype=np.float64)
    except (TypeError, ValueError):
        return False
    if z.shape != (2,) or not np.isfinite(z).all():
        return False
    codes = newest_codes(PLAIN)
    low, high = middle(codes)
    distance, _ = KDTree(codes.mean).query(z)
    return bool((low <= z).all() and (z <= high).all() and distance > radius(codes))


LESSON = Lesson(
    name="holes",
    title=later("Why holes appear"),
    summary=later("Where no codes lie the decoder guesses, and an autoencoder does not care where its codes lie."),
    opening=later(
        "To make new pictures one draws z from N(0, I) and decodes it. That works where codes of the data lie: the "
        "decoder has learnt there. Elsewhere it has to guess; such a place is called a hole. Both models below were "
        "trained on the same digits of 8×8 pixels, for as long. One is a VAE, the other an autoencoder: it has no σ "
        "and no KL, and only its reconstructions count."
    ),
    prediction=Prediction(
        question=later(
            "100 draws from N(0, I) are put over the codes of both models. Where do more of them fall into a hole?"
        ),
        answers=(
            later("Over the autoencoder's codes: about twice as many"),
            later("Over the VAE's codes: about twice as many"),
            later("As many over both"),
        ),
        right=0,
        because=later(
            "The KL presses the VAE's codes towards N(0, I): their standard deviation is 0.98 along both latents. An "
            "autoencoder pays nothing for lying anywhere, so that its codes spread as training happens to leave them: "
            "here with 0.62 and 0.52. Many draws fall beside them. Of 100,000 draws 43 % fall into a hole there, 20 % "
            "in the VAE."
        ),
    ),
    scene=scene,
    to_do=later(
        "**Draw 100 from N(0, I)**: the same draws lie over both maps, a cross where they fall into a hole, and the "
        "first 24 of them are decoded. Drag the handles. With two latents and 8×8 pixels what comes out of a hole is "
        "seldom noise: it looks much like a digit, and nothing in it says that it is a guess. **A VAE has holes too**: "
        "the KL presses every q(z | x) towards N(0, I), not their sum, the aggregate posterior, and white stays "
        "between the classes (Rosca et al. 2018). Yet its decoder was trained with z = μ + σ ε, so that some σ around "
        "each code are known to it. Of the autoencoder's map the decoder knows the bare points."
    ),
    formula=(
        r"\mathrm{KL}\!\left(\mathcal{N}(\mu, \sigma^2) \,\|\, \mathcal{N}(0, 1)\right) = "
        r"\tfrac{1}{2} \left( \mu^2 + \sigma^2 - 1 - \ln \sigma^2 \right)",
    ),
    about=later(
        "What a VAE pays for every latent of every picture. In the grey box of the VAE it stands with the numbers of "
        "the code that is nearest to the handle. An autoencoder's loss has no such term. What counts as near is the "
        "same for both: the distance within which 95 % of a model's codes have another code."
    ),
    code=(kl_to_standard, aggregate_posterior),
    papers=(
        Paper("Kingma & Welling 2014, appendix B", "https://arxiv.org/abs/1312.6114"),
        Paper("Rosca, Lakshminarayanan & Mohamed 2018", "https://arxiv.org/abs/1802.06847"),
        Paper("Makhzani et al. 2016, Adversarial Autoencoders", "https://arxiv.org/abs/1511.05644"),
    ),
    exercise=InScene(
        task=later(
            "Not all holes lie outside. Let go of the autoencoder's handle in a hole within the dashed frame, the "
            "middle half of its codes' range."
        ),
        is_right=is_right,
        solved=later("Right: in the midst of the codes, and yet none is near."),
        hint=later(
            "Not yet. Choose the scale “each its own”, look for white between the classes within the dashed frame, and "
            "watch “nearest code”; the arrow keys move the handle by small steps."
        ),
    ),
)
