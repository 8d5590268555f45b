"""What an autoencoder keeps of a drawing: squeezed through two numbers, and through sixteen."""

from typing import Any

from pages.ui.language import later
from pages.ui.lessons.lesson import InScene, Lesson, Paper, Prediction, Told
from pages.ui.lessons.models import described
from vae_core.likelihoods import Bernoulli

SMALL, LARGE = "mnist-2d", "mnist-16d"
DIFFERENCE = 150.0
"""Nats: more than the drawings that are there for the asking cost, less than two strokes beside each other."""


def scene(base: str) -> dict[str, Any]:
    """Two models of the same data, with two latents and with sixteen."""
    return {"small": described(SMALL, base), "large": described(LARGE, base)}


def is_right(told: Told) -> bool:
    """The last drawing costs the model with two latents so much more."""
    small, large = told.get("loss2"), told.get("loss16")
    if not isinstance(small, int | float) or not isinstance(large, int | float):
        return False
    return small - large >= DIFFERENCE


LESSON = Lesson(
    name="keeps",
    title=later("What an autoencoder keeps"),
    summary=later("What is left of a drawing when it is squeezed through two numbers."),
    opening=later(
        "An encoder makes a few numbers of a picture, a decoder makes a picture of the numbers again. What does not "
        "fit through the numbers is lost, or filled in from what the decoder has seen in training. Here are two models "
        "that were trained on the same handwritten digits, MNIST: one has two numbers for the 784 pixels, the other "
        "sixteen."
    ),
    prediction=Prediction(
        question=later("You draw a 7 with a bar through it and it is squeezed through two numbers. What comes out?"),
        answers=(
            later("The 7 with its bar"),
            later("A digit as the training set has many of, and the bar is lost"),
            later("Noise"),
        ),
        right=1,
        because=later(
            "Two numbers name a place on a map of the digits that were seen in training, and the decoder gives the "
            "digit of that place: for the 7 drawn here something like a thin 9, and the bar is gone. Through sixteen "
            "numbers the bar comes out again."
        ),
    ),
    scene=scene,
    to_do=later(
        "**Draw something** with mouse, pen or finger: both models encode and decode it while you draw. It is scaled "
        "and centred as the digits of MNIST are, whatever you draw. Try digits in your own hand first, then what is no "
        "digit at all. A model gives what is like its training data, and where that does not fit, its loss rises."
    ),
    formula=(r"-\log p(x \mid z) = -\sum_i \left[ x_i \log \hat{x}_i + (1 - x_i) \log (1 - \hat{x}_i) \right]",),
    about=later(
        "The reconstruction loss in nats, with x̂ decoded from the encoder's mean. In the grey box it stands with the "
        "numbers of your drawing: what the ink costs, and what the ground costs. Even x̂ = x would not cost nothing, "
        "as the strokes have grey edges."
    ),
    code=(Bernoulli.loss_map,),
    papers=(
        Paper("Hinton & Salakhutdinov 2006", "https://doi.org/10.1126/science.1127647"),
        Paper("Kingma & Welling 2014, appendix C.1", "https://arxiv.org/abs/1312.6114"),
    ),
    exercise=InScene(
        task=later(
            "Draw something that costs the model with two numbers at least 150 nats more than the one with sixteen."
        ),
        is_right=is_right,
        solved=later("Right: two numbers have no room for that, sixteen have some."),
        hint=later(
            "Not yet. A plain 1 costs both little, and scribble costs both much. Try two upright strokes beside each "
            "other, wide apart, or a large ×."
        ),
    ),
)
