"""Anomaly detection: odd pictures among real digits, judged by three scores."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch

from pages.ui import cache as stored
from pages.ui.language import later, tr
from pages.ui.lessons.lesson import InScene, Lesson, Paper, Prediction
from vae_core.anomalies import anomaly_scores, judge
from vae_core.datasets import SAMPLES
from vae_core.vae import VAE

MODEL = "digits-2d"
SCORES = ("elbo", "kl", "error")
DIGITS_OF_SCORES = 4
MOST_FLAGGED = 0.05
"""Of the real digits."""
TOP = 5
"""Real digits are shown that a score finds the most unusual."""
LETTER_T = ("........", "..####..", "...##...", "...##...", "...##...", "...##...", "...##...", "........")
LETTER_A = ("........", "..#####.", "..#...#.", "..#...#.", "..#####.", "..#...#.", "..#...#.", "..#...#.")
ODD_NAMES = (
    later("A 6 upside down"),
    later("A 0 in negative"),
    later("A 3, moved by two pixels"),
    later("Half a 2, half an 8"),
    later("A 4 with noise"),
    later("Pure noise"),
    later("Blank"),
    later("One pixel"),
    later("Checkerboard"),
    later("The letter T"),
    later("The letter A"),
    later("The mean of all digits"),
)
UPSIDE_DOWN, NOISE, BLANK, LETTER, MEAN = 0, 5, 6, 9, 11
"""Numbers of some, of which the text speaks."""


def odd_pictures(pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """In the order of their names, made from real digits: uint8 [12, 8, 8, 1]."""
    x = pixels[..., 0].astype(np.float64)
    first = [x[np.flatnonzero(labels == digit)[0]] for digit in range(10)]
    noise = np.random.default_rng(0)
    pixel = np.zeros((8, 8))
    pixel[3, 4] = 255
    made = [
        first[6][::-1, ::-1],
        255 - first[0],
        np.roll(first[3], 2, axis=1),
        np.concatenate([first[2][:4], first[8][4:]]),
        first[4] + noise.normal(0, 75, (8, 8)),
        noise.integers(0, 256, (8, 8)),
        np.zeros((8, 8)),
        pixel,
        np.indices((8, 8)).sum(0) % 2 * 255,
        _drawn(LETTER_T),
        _drawn(LETTER_A),
        x.mean(0),
    ]
    return np.stack(made).round().clip(0, 255).astype(np.uint8)[..., None]


def _drawn(rows: tuple[str, ...]) -> np.ndarray:
    return np.array([[255 if mark == "#" else 0 for mark in row] for row in rows])


@dataclass(frozen=True, eq=False)
class Found:
    """What the model finds of the real digits and of the odd pictures.

    Attributes:
        real: Scores of all real digits, [N] each.
        odd: Of the odd pictures, [12] each.
        pictures: Of the odd ones, uint8 [12, 8, 8, 1].
        decoded: Their reconstructions at the mean of q(z | x), values in [0, 1] likewise.
        digits: The real ones, uint8 [N, 8, 8, 1].
    """

    real: dict[str, np.ndarray]
    odd: dict[str, np.ndarray]
    pictures: np.ndarray
    decoded: np.ndarray
    digits: np.ndarray


def found() -> Found:
    """By the bundled model."""
    return _found(stored.newest_model(MODEL).version)


@cache
@torch.no_grad()
def _found(version: str) -> Found:
    model = stored.open_model(MODEL, version)
    digits = SAMPLES["digits"]()
    odd = odd_pictures(digits.x, np.asarray(digits.labels))
    given = replace(digits, x=odd, labels=None, label_names=(), factors=None, names=())
    judged = [judge(model.checkpoint, dataset, digits).scores for dataset in (digits, given)]
    real, scores = ({name: part[name].round(DIGITS_OF_SCORES) for name in SCORES} for part in judged)
    seen = torch.from_numpy(odd).permute(0, 3, 1, 2) / 255
    decoded = model.vae.decode(model.vae.encode(seen).mean).permute(0, 2, 3, 1).numpy()
    return Found(real, scores, odd, decoded, digits.x)


def scene(base: str) -> dict[str, Any]:
    """Everything that is shown: nothing is decoded in the browser."""
    del base
    seen = found()
    return {
        "real": {name: values.tolist() for name, values in seen.real.items()},
        "odd": [
            {
                "name": tr(name),
                "picture": (seen.pictures[k].flatten() / 255).round(4).tolist(),
                "decoded": seen.decoded[k].flatten().astype(float).round(4).tolist(),
                "scores": {score: float(values[k]) for score, values in seen.odd.items()},
            }
            for k, name in enumerate(ODD_NAMES)
        ],
        "top": {
            name: [
                {"number": int(n) + 1, "score": float(values[n]), "picture": (seen.digits[n].flatten() / 255).tolist()}
                for n in np.argsort(-values, kind="stable")[:TOP]
            ]
            for name, values in seen.real.items()
        },
        "most_flagged": MOST_FLAGGED,
    }


def most_odd_flagged() -> int:
    """As many odd pictures as any score flags while at most 5 % of the real digits are."""
    seen = found()
    allowed = int(MOST_FLAGGED * len(seen.digits))
    lowest = {name: np.sort(values)[::-1][allowed] for name, values in seen.real.items()}
    return max(int((seen.odd[name] > lowest[name]).sum()) for name in SCORES)


def is_right(told: object) -> bool:
    """Whether the score and threshold that the scene told flag few real digits, and as many odd ones as possible."""
    if not isinstance(told, Mapping):
        return False
    name, threshold = told.get("score"), told.get("threshold")
    if name not in SCORES or not isinstance(threshold, int | float):
        return False
    seen = found()
    flagged = (seen.real[name] > threshold).mean()
    return bool(flagged <= MOST_FLAGGED and (seen.odd[name] > threshold).sum() == most_odd_flagged())


LESSON = Lesson(
    name="anomalies",
    title=later("Anomaly detection, and what likelihood does not know"),
    summary=later("Which odd pictures a model finds odd, by which score, and why not all."),
    opening=later(
        "A VAE that has learnt real digits says of any picture how improbable it finds it: its −ELBO, in nats. Flag "
        "whatever scores above a threshold, and there is a detector of anomalies. Below is the histogram of the scores "
        "of 1,797 real digits. Twelve odd pictures are waiting to be judged."
    ),
    prediction=Prediction(
        question=later("Which of these will the model find the most usual?"),
        answers=(later("A blank picture"), later("A 6 upside down"), later("Pure noise")),
        right=1,
        because=later(
            "To the model it is a 9: that nobody wrote it as one is nothing that pixels tell. A blank picture is well "
            "above the real digits: no point of the two latents is decoded to black alone. Still it costs less than "
            "half of what noise does, as its pixels are simple. Larger models, of natural pictures, find simple "
            "pictures the most probable of all, even those of another dataset than they have learnt (Nalisnick et al. "
            "2019, Serrà et al. 2020)."
        ),
    ),
    scene=scene,
    to_do=later(
        "**Move the threshold**, by the slider or in the histogram: what lies to its right is flagged. Click a card to "
        "see its score in numbers. Then judge by another score. The letter T passes as more usual than most real "
        "digits: to the model it is a 1 or a 7. The KL alone knows next to nothing: the encoder puts noise where "
        "the digits are. And the mean of all digits is reconstructed better than most real digits, yet has a high "
        "−ELBO: grey pixels cost nats however well they are reconstructed. That is the trouble with likelihood: "
        "it also measures how complex the picture is."
    ),
    formula=(
        later(
            r"\begin{aligned} -\mathrm{ELBO}(x) = {}"
            r" & \underbrace{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)}_{\text{reconstruction loss}} \\"
            r" & + \underbrace{\mathrm{KL}(q(z \mid x), p(z))}_{\text{KL}} \end{aligned}"
        ),
        later(r"x \text{ is flagged if its score} > t"),
    ),
    about=later(
        "In the grey box above it stands with the numbers of the chosen picture; z is drawn once, as training does. "
        "The least reconstruction loss is what it would be if every pixel were reconstructed exactly: the entropy of "
        "the pixels as probabilities, 0 for black and white ones."
    ),
    code=(anomaly_scores, VAE.forward),
    papers=(
        Paper(
            "Nalisnick et al. 2019, Do Deep Generative Models Know What They Don’t Know?",
            "https://arxiv.org/abs/1810.09136",
        ),
        Paper(
            "Serrà et al. 2020, Input Complexity and Out-of-distribution Detection", "https://arxiv.org/abs/1909.11480"
        ),
    ),
    exercise=InScene(
        task=later(
            "Choose a score and put the threshold where at most 5 % of the real digits are flagged and as many odd "
            "pictures as possible. Then check."
        ),
        is_right=is_right,
        solved=later(
            "Right: no other score flags more of these with as few false alarms. Of other odd pictures another may be "
            "the best: without examples of what is odd one cannot know beforehand."
        ),
        hint=later(
            "Not yet. Keep the real digits that are flagged at 5 % or below, but close to it, and try all three "
            "scores: one of them finds more odd pictures than the others."
        ),
    ),
)
