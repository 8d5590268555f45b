"""Disentanglement: latents to turn, of which neither likelihood nor KL takes notice."""

import base64
from functools import cache
from typing import Any

import numpy as np

from pages.ui.language import later
from pages.ui.lessons.lesson import Choice, Lesson, Paper, Prediction
from pages.ui.lessons.models import described, newest_codes
from vae_core import checkpoints
from vae_core.datasets.samples import shapes
from vae_core.metrics.mig import MutualInformationGap, mutual_information_gap
from vae_core.objectives.beta_tcvae import log_aggregate_posterior
from vae_core.records import ACTIVE_VARIANCE

TCVAE, PLAIN = "shapes-tcvae", "shapes-vae"
EXAMPLE = 5300
"""The picture whose code the scene begins at."""
PAIR = (3, 4)
"""Of the β-TCVAE's latents: what is turned first."""


def factors() -> np.ndarray:
    """The known factors behind the pictures whose codes the models hold, without drawing them, int [N, 5]."""
    return shapes.FACTORS.factors_of(shapes.FACTORS.sample(len(newest_codes(TCVAE)), seed=0))


def active(id: str) -> list[int]:
    """The latents that tell the decoder something: all others are left out of the MIG, as on the models' cards."""
    return np.flatnonzero(newest_codes(id).mean.var(0) > ACTIVE_VARIANCE).tolist()


def gap(id: str) -> MutualInformationGap:
    """The MIG of a model's active latents."""
    return _gap(id, checkpoints.version(id))


@cache
def _gap(id: str, version: str) -> MutualInformationGap:
    del version  # another one is another model
    return mutual_information_gap(newest_codes(id).mean[:, active(id)], factors())


def scene(base: str) -> dict[str, Any]:
    """Both models, and the factors by which the browser reckons the MIG of turned codes."""
    return {
        "models": [
            {"model": described(id, base), "active": active(id), "mig": gap(id).score, "pair": pair}
            for id, pair in ((TCVAE, PAIR), (PLAIN, PAIR))
        ],
        "example": EXAMPLE,
        "factors": base64.b64encode(factors().astype(np.uint8).tobytes()).decode(),
        "factor_count": len(shapes.FACTORS.names),
    }


def scale_latent() -> int:
    """The latent of the β-TCVAE whose code tells most of the scale."""
    scale = shapes.FACTORS.names.index("scale")
    return active(TCVAE)[int(gap(TCVAE).information[:, scale].argmax())]


def is_right(answer: int) -> bool:
    """The number of the answer is that of the latent."""
    return answer == scale_latent()


LESSON = Lesson(
    name="disentangling",
    title=later("Disentanglement, and why it is not guaranteed"),
    summary=later("Why neither likelihood nor KL knows which axes are the right ones."),
    opening=later(
        "A square, an ellipse or a heart, of some size, at some place: five numbers made each of these pictures. It "
        "would be fine if every latent held one of them. A β-TCVAE is pressed towards that by a penalty on what the "
        "latents know of one another (total correlation); a plain VAE is not. Here is one of each, trained on the "
        "same pictures for the same time. Move the latents of both, and see what they change."
    ),
    prediction=Prediction(
        question=later(
            "A VAE is trained so that its likelihood is as good as can be. Turn its latent space by 45°, and encoder "
            "and decoder with it. What becomes of the likelihood and of the KL to N(0, I)?"
        ),
        answers=(
            later("Both stay exactly as they are"),
            later("The likelihood drops, as the factors are now mixed"),
            later("The KL grows, as the latents now depend on one another"),
        ),
        right=0,
        because=later(
            "N(0, I) is a round cloud: it looks the same from every side. The turned decoder turns back first and "
            "then paints the same picture. So the two models are equally good by all that is measured in training, "
            "and one of them may have a latent for the size while the other has none."
        ),
    ),
    scene=scene,
    to_do=later(
        "Turn two latents of the **β-TCVAE** by the slider “Angle”. The two strips show what each of the turned axes "
        "does to the picture. At 0° one of them is the size and hardly anything else; at 45° both are size and place "
        "at once. Watch the grey box: log p and KL stay, the **MIG**, which knows the true factors, falls. Then turn "
        "z1 and z4 instead: there the MIG *rises*. Training had no reason to find that angle. (An encoder whose "
        "covariance is diagonal, as ours, does give some axes a slight preference, towards those of a PCA: Rolínek et "
        "al. 2019. It is no preference for the true factors.)"
    ),
    formula=(
        r"p(Rz) = p(z), \quad \log \mathcal{N}(z; 0, I) = -\tfrac12 \lVert z \rVert^2 - \tfrac{L}{2} \log 2\pi",
        r"\mathrm{MIG} = \frac1K \sum_{k=1}^{K} \frac{1}{H(v_k)} "
        r"\Bigl( I(z_{j_k}; v_k) - \max_{j \neq j_k} I(z_j; v_k) \Bigr)",
    ),
    about=later(
        "R is any rotation, L the number of latents. The MIG asks of each of the K known factors v: by how much does "
        "the latent that tells most of it, number j, tell more than the second best? 1 if every factor has a latent of "
        "its own, 0 if each is shared. It needs the true factors, which real data do not come with; and without them, "
        "or some other help, no method can find the right axes for sure (Locatello et al., theorem 1)."
    ),
    code=(mutual_information_gap, log_aggregate_posterior),
    papers=(
        Paper("Locatello et al. 2019, Challenging Common Assumptions", "https://arxiv.org/abs/1811.12359"),
        Paper("Chen et al. 2018, β-TCVAE and MIG", "https://arxiv.org/abs/1802.04942"),
        Paper("Higgins et al. 2017, β-VAE", "https://openreview.net/forum?id=Sy2fzU9gl"),
        Paper("Rolínek et al. 2019", "https://arxiv.org/abs/1812.06775"),
    ),
    exercise=Choice(
        task=later("In the β-TCVAE, which latent makes the shape grow and does hardly anything else?"),
        is_right=is_right,
        solved=later(
            "Right. Of all its latents this one tells most of the size, and next to nothing of the place: half of the "
            "size's entropy and more lies in it alone."
        ),
        hint=later(
            "Not that one. Choose the β-TCVAE, set the angle to 0° and move one latent after the other: the shape "
            "should stay where it is and change its size."
        ),
        answers=("z1", "z2", "z3", "z4", "z5", "z6"),
    ),
)
