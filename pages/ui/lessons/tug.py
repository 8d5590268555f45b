"""The two terms of the ELBO as a tug of war, with β to drag."""

from typing import Any

from pages.ui.language import later
from pages.ui.lessons.lesson import InScene, Lesson, Paper, Prediction, Told
from pages.ui.lessons.models import described, validation
from vae_core.objectives import BetaVAE
from vae_core.vae import VAEOutput

MODELS = {
    0.05: "lesson-beta-005",
    0.25: "lesson-beta-025",
    0.5: "lesson-beta-05",
    1.0: "lesson-beta-1",
    1.5: "lesson-beta-15",
    2.0: "lesson-beta-2",
    3.0: "lesson-beta-3",
}
"""β -> the model that was trained with it; alike in all else."""
BEGIN = 0.5
"""Not at the answer of the exercise."""


def scene(base: str) -> dict[str, Any]:
    """All of them, with what they cost on the pictures kept aside."""
    terms = {beta: validation(id) for beta, id in MODELS.items()}
    return {
        "models": [
            {
                "beta": beta,
                "model": described(id, base),
                "reconstruction_loss": terms[beta].reconstruction_loss,
                "kl": terms[beta].kl,
            }
            for beta, id in MODELS.items()
        ],
        "begins_with": list(MODELS).index(BEGIN),
    }


def is_right(told: Told) -> bool:
    """Whether the slider was let go where −ELBO is least."""
    cost = {beta: -validation(id).elbo for beta, id in MODELS.items()}
    return told.get("beta") == min(cost, key=lambda beta: cost[beta])


LESSON = Lesson(
    name="tug",
    title=later("The ELBO, a tug of war"),
    summary=later("Reconstruction pulls the codes apart, KL pulls them together; β says who is stronger."),
    opening=later(
        "A VAE minimises two terms at once. The reconstruction loss wants every picture to have a code of its own, far "
        "from the others. The KL wants all codes to look like N(0, I), one like the other. β is the strength of the "
        "KL. Seven models were trained on the same 8×8 digits, with everything alike but β."
    ),
    prediction=Prediction(
        question=later("β goes from 1 up to 2. What do the two terms do, on pictures kept aside?"),
        answers=(
            later("Both get smaller: more of a good thing"),
            later("The KL gets smaller, and the reconstruction loss grows"),
            later("The reconstruction loss gets smaller, and the KL grows"),
        ),
        right=1,
        because=later(
            "A stronger pull of the KL leaves less about the picture in its code: at β = 3 nothing is left, and every "
            "code decodes to the same average digit. A weaker one buys sharpness with codes that fill the plane as "
            "they like. Drag β and see."
        ),
    ),
    scene=scene,
    to_do=later(
        "**Drag β.** On the left the codes, with the circles of N(0, I) at one and two σ; drag the handle to decode. "
        "In the middle what the grid of N(0, I) decodes to: for small β its outer parts are no digits, for large β all "
        "are the same. On the right both terms of all seven models."
    ),
    formula=(
        r"\begin{aligned} -\mathrm{ELBO} = {} & \mathbb{E}_{q(z|x)}[-\log p(x|z)] \\"
        r" & + \mathrm{KL}(q(z|x)\,\|\,p(z)) \end{aligned}",
        later(r"\text{loss} = \text{reconstruction loss} + \beta \cdot \mathrm{KL}"),
    ),
    about=later(
        "What was minimised has β in it. What the models are compared by, −ELBO, has not: only at β = 1 are both the "
        "same. Each number is of one draw of z a picture; another draw moves −ELBO by about 0.1."
    ),
    code=(BetaVAE, VAEOutput),
    papers=(
        Paper("Kingma & Welling 2014", "https://arxiv.org/abs/1312.6114"),
        Paper("Higgins et al. 2017, β-VAE", "https://openreview.net/forum?id=Sy2fzU9gl"),
        Paper("Alemi et al. 2018, Fixing a Broken ELBO", "https://arxiv.org/abs/1711.00464"),
    ),
    exercise=InScene(
        task=later("Let go of the slider at the β whose model has the least −ELBO on pictures kept aside."),
        is_right=is_right,
        solved=later("Right. It is the one that was trained on −ELBO itself; every other β was after something else."),
        hint=later("Not there. Read −ELBO in the grey box while you drag β, then let go where it is least."),
    ),
)
