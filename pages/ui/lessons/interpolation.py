"""From one code to another: straight through the middle, or along the sphere."""

from typing import Any

import numpy as np
from scipy.stats import chi

from pages.ui.language import later
from pages.ui.lessons.lesson import Exercise, Lesson, Paper, Prediction
from pages.ui.lessons.models import described, newest_codes
from vae_core.latents.paths import linear, spherical

MODEL = "mnist-16d"
ENDS = (9, 44)
"""The scene begins with these codes."""
BAND = (0.025, 0.975)
LENGTH = 4.0
TOLERANCE = 0.01


def scene(base: str) -> dict[str, Any]:
    """One model, two of its codes, and how long codes and draws from N(0, I) are."""
    codes = newest_codes(MODEL)
    bands = {"codes": _lengths(codes.mean), "prior": chi(codes.mean.shape[1]).ppf(BAND).tolist()}
    return {"model": described(MODEL, base), "ends": list(ENDS), "bands": bands}


def _lengths(latents: np.ndarray) -> list[float]:
    """Between which 95 % of them lie."""
    return [float(q) for q in np.quantile(np.linalg.norm(latents, axis=1), BAND)]


def is_right(value: float) -> bool:
    """4 / √2."""
    return abs(value - LENGTH / np.sqrt(2)) <= TOLERANCE


LESSON = Lesson(
    name="interpolation",
    title=later("Interpolation done right"),
    summary=later("Why the straight line between two codes leaves the data, and what one can do instead."),
    opening=later(
        "To go from one picture to another one goes from its code A to the other's code B and decodes on the way. "
        "Which way? The straight line is the shortest in latent space. But in many dimensions draws from N(0, I) lie "
        "in a shell: their length is about √L for L latents, here √16 = 4, and hardly any is near the middle."
    ),
    prediction=Prediction(
        question=later(
            "Half-way on the straight line between two draws from N(0, I) in 16 dimensions: how long is z, beside the "
            "length of its ends?"
        ),
        answers=(later("As long"), later("About 0.7 of it"), later("Longer")),
        right=1,
        because=later(
            "Two draws are at a right angle on average, as no direction is preferred, and in 16 dimensions mostly to "
            "within 30°. Half-way between two ends of one length at a right angle z is 1/√2 = 0.71 of it. Slerp turns "
            "from A to B instead, and keeps the length."
        ),
    ),
    scene=scene,
    to_do=later(
        "**Move t** along both ways, and take other ends. What one sees is little: the codes of this model are not "
        "quite N(0, I), and 16 dimensions are few. Half-way the line lies below the band for two of three pairs of "
        "codes, slerp hardly ever. The line's picture is the greyer one for three of four pairs, but only by a little. "
        "In hundreds of dimensions the shell is thinner beside its radius, and the line leaves it clearly. Slerp is no "
        "truth either: it knows N(0, I), not the decoder. The way on which the picture itself changes least is a "
        "geodesic of the decoder's pull-back metric: the tool Paths on [Explore](explore?model=mnist-16d) finds it."
    ),
    formula=(
        r"\mathrm{slerp}(A, B; t) = \frac{\sin((1-t)\theta)}{\sin\theta} A + \frac{\sin(t\theta)}{\sin\theta} B",
        r"\left\| \tfrac{1}{2}(A + B) \right\| = \tfrac{1}{2} \sqrt{\|A\|^2 + \|B\|^2 + 2 \|A\| \|B\| \cos\theta}",
    ),
    about=later("θ is the angle between A and B. In the grey box both stand with the numbers of the chosen ends."),
    code=(linear, spherical),
    papers=(
        Paper("Shoemake 1985, Animating Rotation with Quaternion Curves", "https://doi.org/10.1145/325165.325242"),
        Paper("White 2016, Sampling Generative Networks", "https://arxiv.org/abs/1609.04468"),
        Paper("Arvanitidis, Hansen & Hauberg 2018", "https://arxiv.org/abs/1710.11379"),
    ),
    exercise=Exercise(
        task=later(
            "A and B have length 4 and are at a right angle. How long is z half-way on the straight line? (To 0.01.)"
        ),
        is_right=is_right,
        solved=later("Right: ½ √(16 + 16) = 4/√2 = 2.83."),
        hint=later("Not yet. Put ‖A‖ = ‖B‖ = 4 and cos θ = 0 into the formula."),
    ),
)
