"""Posterior collapse: latents that tell nothing, and what brings them back."""

from typing import Any

from pages.ui.language import later, tr
from pages.ui.lessons.lesson import Choice, Lesson, Paper, Prediction
from pages.ui.lessons.models import described, newest_codes, validation
from vae_core.metrics.of_model import active_units
from vae_core.objectives import FreeBits
from vae_core.records import ACTIVE_VARIANCE

MODELS = {
    "lesson-8d-beta-3": later("β = 3"),
    "lesson-8d": later("β = 1"),
    "lesson-8d-warm-up": later("β = 1, warm-up"),
    "lesson-8d-free-bits": later("β = 1, free bits"),
}
PLAIN = "lesson-8d"
EXAMPLE = 5


def scene(base: str) -> dict[str, Any]:
    """All four, with what each of their latents costs and tells."""
    told = []
    for id, name in MODELS.items():
        terms = validation(id)
        told.append(
            {
                "name": tr(name),
                "model": described(id, base),
                "reconstruction_loss": terms.reconstruction_loss,
                "kl": list(terms.kl_per_dimension),
                "variance": newest_codes(id).mean.var(0).tolist(),
            }
        )
    return {
        "models": told,
        "begins_with": list(MODELS).index(PLAIN),
        "example": EXAMPLE,
        "active_variance": ACTIVE_VARIANCE,
    }


def is_right(chosen: int) -> bool:
    """Whether it has the least −ELBO on the pictures kept aside."""
    cost = [-validation(id).elbo for id in MODELS]
    return cost[chosen] == min(cost)


LESSON = Lesson(
    name="collapse",
    title=later("Posterior collapse, and its cures"),
    summary=later("Why some sliders do nothing, and whether that is bad."),
    opening=later(
        "A latent costs KL as soon as it says anything about the picture. If what it says is worth less than that, the "
        "encoder falls silent: it gives N(0, 1) for every picture, and the decoder learns not to listen. The latent "
        "has collapsed. The models of this lesson have eight latents, for the same 8×8 digits."
    ),
    prediction=Prediction(
        question=later("The model was trained at β = 1, as usual. How many of its eight sliders change the picture?"),
        answers=(later("All eight"), later("Five"), later("None")),
        right=1,
        because=later(
            "Five latents carry all of it; three have a KL of less than 0.01 nats, and their sliders do nothing. "
            "“Active” means that the mean of the code moves with the picture, with a variance above 0.01."
        ),
    ),
    scene=scene,
    to_do=later(
        "**Drag the sliders** of each model; those of collapsed latents are pale. β = 3 lost them all. Two cures: a "
        "*warm-up* lets the KL in slowly, when the decoder has already learnt to listen; *free bits* let every latent "
        "say half a nat for nothing. Mind what they cost: −ELBO is in the grey box."
    ),
    formula=(
        later(r"\text{active: } \mathrm{Var}_x\big(\mathbb{E}_{q(z|x)}[z_k]\big) > 0.01"),
        later(r"\text{free bits: } \textstyle\sum_k \max\big(\lambda,\ \mathbb{E}_x\,\mathrm{KL}_k\big)"),
    ),
    about=later(
        "A cure brings latents back, and not always a better model: where the pictures have no more to say, a silent "
        "latent is the right answer. Each −ELBO is of one draw of z a picture; another draw moves it by 0.1 or 0.2."
    ),
    code=(FreeBits, active_units),
    papers=(
        Paper("Bowman et al. 2016 (warm-up)", "https://arxiv.org/abs/1511.06349"),
        Paper("Kingma et al. 2016 (free bits)", "https://arxiv.org/abs/1606.04934"),
        Paper("Burda et al. 2016 (active units)", "https://arxiv.org/abs/1509.00519"),
        Paper("Lucas et al. 2019, Don't Blame the ELBO!", "https://arxiv.org/abs/1911.02469"),
    ),
    exercise=Choice(
        task=later("Which of the four explains pictures kept aside best, by −ELBO?"),
        is_right=is_right,
        solved=later("Right: with five active latents. For these pictures the three others had nothing to add."),
        hint=later("Not this one. Choose each model in the scene and compare −ELBO in the grey box: less is better."),
        answers=tuple(MODELS.values()),
    ),
)
