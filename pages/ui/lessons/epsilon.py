"""The reparameterisation trick, with ε to roll."""

from typing import Any

from pages.ui.language import later
from pages.ui.lessons.lesson import Exercise, Lesson, Paper, Prediction
from pages.ui.lessons.models import described, newest_codes
from vae_core.vae import VAE

MODEL = "digits-2d"
EXAMPLE, EPSILON = 41, -1.5
"""Of the exercise: the scene begins with this picture, which it calls number 42."""
TOLERANCE = 0.01


def scene(base: str) -> dict[str, Any]:
    """One model, and the picture to begin with."""
    return {"model": described(MODEL, base), "example": EXAMPLE}


def is_right(value: float) -> bool:
    """z1 = μ1 + σ1 ε1 of the picture that the scene begins with."""
    codes = newest_codes(MODEL)
    return abs(value - (codes.mean[EXAMPLE, 0] + codes.std[EXAMPLE, 0] * EPSILON)) <= TOLERANCE


LESSON = Lesson(
    name="epsilon",
    title=later("The reparameterisation trick"),
    summary=later("How a gradient goes through a roll of the dice."),
    opening=later(
        "The encoder does not give a point but a cloud: a mean μ and a standard deviation σ for every latent. Training "
        "draws a point z from it and decodes that. But one cannot differentiate a roll of the dice. The trick: roll "
        "ε from N(0, I), which knows nothing of the model, and reckon z = μ + σ ε."
    ),
    prediction=Prediction(
        question=later("Keep ε as it is and move μ by 0.1. How far does z move?"),
        answers=(
            later("By 0.1, whatever ε is"),
            later("By 0.1 times σ"),
            later("That depends on the roll: z is random"),
        ),
        right=0,
        because=later(
            "Once ε is rolled, z = μ + σ ε is an ordinary sum: its derivative is 1 to μ and ε to σ. The chance is in "
            "ε alone, and no gradient has to go there. Try it: the slider “μ1 +” moves the mean."
        ),
    ),
    scene=scene,
    to_do=later(
        "**Roll ε** some times: z falls about μ, two thirds of the time within one σ of it along each latent. Drag ε "
        "by hand, and watch how little or how much the picture changes: the posterior is as wide as the decoder "
        "allows. “Another picture” has another μ and σ."
    ),
    formula=(
        r"z = \mu + \sigma \odot \varepsilon, \quad \varepsilon \sim \mathcal{N}(0, I)",
        r"\frac{\partial z}{\partial \mu} = 1, \quad \frac{\partial z}{\partial \sigma} = \varepsilon",
    ),
    about=later("In the grey box above it stands with the numbers of what you see."),
    code=(VAE.forward,),
    papers=(
        Paper("Kingma & Welling 2014, Auto-Encoding Variational Bayes", "https://arxiv.org/abs/1312.6114"),
        Paper("Rezende, Mohamed & Wierstra 2014", "https://arxiv.org/abs/1401.4082"),
    ),
    exercise=Exercise(
        task=later("For the picture number 42, with which the scene begins: what is z1 when ε1 is −1.5? (To 0.01.)"),
        is_right=is_right,
        solved=later("Right: μ1 + σ1 · (−1.5)."),
        hint=later("Not yet. Put the slider ε1 to −1.5 for picture 42, or multiply its σ1 by −1.5 and add μ1."),
    ),
)
