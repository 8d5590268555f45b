"""t-SNE: a map on which neighbours in latent space stay neighbours, without a way back from the map.

van der Maaten & Hinton 2008, "Visualizing Data using t-SNE" (https://jmlr.org/papers/v9/vandermaaten08a.html), as
openTSNE computes it: Poličar, Stražar & Zupan 2019 (https://doi.org/10.1101/731877; 2024,
https://doi.org/10.18637/jss.v109.i03). It begins at the principal plane, which keeps the large structure (Kobak &
Berens 2019, https://doi.org/10.1038/s41467-019-13056-x), and is the same every time.
"""

from collections.abc import Callable

import numpy as np

from vae_core.errors import ProjectionError

PERPLEXITY = 30.0
NEIGHBOURS_A_PERPLEXITY = 3
"""So many nearest neighbours are looked at; there must be as many."""
LEAST_CODES = 10
EXAGGERATED, PLAIN = 250, 500
"""Steps of the descent, with early exaggeration and without."""
INTERPOLATED_CODES = 6000
"""From so many on forces are interpolated on a grid (Linderman et al. 2019, https://doi.org/10.1038/s41592-018-0308-4),
whose steps get dearer as the map spreads; fewer are faster by the tree of Barnes & Hut 1986."""
DEARER = 30_000
"""At the end such a step costs so much more than at the beginning, in shares of that and over the number of codes."""
PROGRESS_STEPS = 10
SEED = 0
MEASURED = ((10, 2.0), (500, 3.0), (1797, 7.0), (5000, 23.0), (10_000, 34.0), (50_000, 105.0))
"""(codes, seconds) on one core, from the start of the process to the end."""


def seconds(count: int) -> float:
    """About how long t-SNE of so many codes takes on one core; beyond what was measured, in proportion to them."""
    counts, times = np.log(np.array(MEASURED)).T
    beyond = max(np.log(count) - counts[-1], 0.0)
    return float(np.exp(np.interp(np.log(count), counts, times) + beyond))


def _work(steps: int, count: int) -> float:
    """What so many steps with so many codes cost, in first steps."""
    dearer = DEARER / count if count >= INTERPOLATED_CODES else 0.0
    return steps + dearer * max(steps - EXAGGERATED, 0) ** 2 / (2 * PLAIN)


def check(mean: np.ndarray) -> None:
    """Whether there is a map of these codes.

    Args:
        mean: Posterior means [N, L].

    Raises:
        ProjectionError: if they are too few, or all the same, or no numbers.
    """
    if len(mean) < LEAST_CODES:
        raise ProjectionError(
            f"t-SNE tells near from far among at least {LEAST_CODES} codes; there are {len(mean)}. "
            "Use the principal plane."
        )
    if not np.isfinite(mean).all():
        raise ProjectionError("Some codes are no finite numbers. Train the model again.")
    if not np.ptp(mean, axis=0).any():
        raise ProjectionError("All codes are the same: t-SNE has nothing to lay out. Train the model for longer.")


def tsne(
    mean: np.ndarray, progress: Callable[[float], None] = lambda share: None, threads: int | None = 1
) -> np.ndarray:
    """Places float32 [N, 2] of codes on a map, in no unit: which are near tells something, how far apart does not.

    Args:
        mean: Posterior means [N, L].
        progress: Told the share of the descent's work that is done, 0 to 1, now and then.
        threads: How many to use.

    Raises:
        ProjectionError: if there is no such map.
    """
    check(mean)
    from openTSNE import TSNE  # 190 MB with what it loads, which nobody else needs

    steps = 0

    def told(step: int, error: float, embedding: np.ndarray) -> None:
        nonlocal steps
        steps += PROGRESS_STEPS
        progress(_work(steps, len(mean)) / _work(EXAGGERATED + PLAIN, len(mean)))

    method = TSNE(
        perplexity=min(PERPLEXITY, (len(mean) - 1) / NEIGHBOURS_A_PERPLEXITY),
        initialization="pca",
        early_exaggeration_iter=EXAGGERATED,
        n_iter=PLAIN,
        negative_gradient_method="fft" if len(mean) >= INTERPOLATED_CODES else "bh",
        n_jobs=threads,
        callbacks=told,
        callbacks_every_iters=PROGRESS_STEPS,
        random_state=SEED,
    )
    # scaled, as codes may lie closer together than the optimiser's smallest distance
    places = method.fit((mean - mean.mean(0, dtype=np.float64)) / mean.std(dtype=np.float64))
    return np.asarray(places, dtype=np.float32)
