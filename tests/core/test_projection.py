"""t-SNE: what it keeps, what it refuses."""

import numpy as np
import pytest
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors

from vae_core.errors import ProjectionError
from vae_core.latents import projection
from vae_core.latents.codes import Codes, principal_plane


def clusters(count: int, groups: int = 20, latents: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Codes float32 [N, L] round so many centres, and which centre each is from."""
    random = np.random.default_rng(0)
    centres = 2 * random.normal(size=(groups, latents))
    group = np.arange(count) % groups
    return (centres[group] + 0.2 * random.normal(size=(count, latents))).astype(np.float32), group


def share_of_own(places: np.ndarray, group: np.ndarray) -> float:
    """How many of the ten nearest on a map are of the same group."""
    near = NearestNeighbors(n_neighbors=11).fit(places).kneighbors(places, return_distance=False)[:, 1:]
    return float((group[near] == group[:, None]).mean())


def on_principal_plane(mean: np.ndarray) -> np.ndarray:
    rows, centre = principal_plane(Codes("", mean, mean, mean, None, ()))
    return (mean - centre) @ rows.T


def test_planted_clusters_stay_clusters_and_neighbours_are_kept_better_than_by_pca() -> None:
    mean, group = clusters(600)
    places = projection.tsne(mean)
    assert places.shape == (600, 2)
    assert places.dtype == np.float32
    assert share_of_own(places, group) > 0.99
    flat = on_principal_plane(mean)
    assert share_of_own(flat, group) < 0.95
    kept = trustworthiness(mean, places)
    assert 1 - kept < (1 - trustworthiness(mean, flat)) / 3
    assert kept > 0.95
    assert kept > trustworthiness(mean, TSNE(random_state=0).fit_transform(mean)) - 0.01  # another's t-SNE


def test_it_is_the_same_every_time_and_says_how_far_it_is() -> None:
    mean, _ = clusters(150)
    told: list[float] = []
    first, second = projection.tsne(mean, told.append), projection.tsne(mean)
    np.testing.assert_array_equal(first, second)
    assert told == sorted(told)
    assert told[0] < 0.05
    assert told[-1] == pytest.approx(1)


def test_few_codes_have_a_map_too() -> None:
    for count in (projection.LEAST_CODES, 31):
        mean, _ = clusters(count, groups=2)
        places = projection.tsne(mean)
        assert np.isfinite(places).all()
        assert len(np.unique(places, axis=0)) == count


def test_codes_that_lie_on_one_another_are_no_failure() -> None:
    mean, _ = clusters(120)
    mean[:90] = mean[0]
    mean[:, 3:] *= 1e-6
    assert np.isfinite(projection.tsne(mean)).all()


@pytest.mark.parametrize(
    ("mean", "sentence"),
    [
        (np.eye(3, dtype=np.float32), "at least 10 codes; there are 3"),
        (np.ones((50, 4), np.float32), "All codes are the same"),
        (np.full((50, 4), np.nan, np.float32), "no finite numbers"),
    ],
)
def test_what_has_no_map_is_refused(mean: np.ndarray, sentence: str) -> None:
    with pytest.raises(ProjectionError, match=sentence):
        projection.tsne(mean)


def test_more_codes_are_said_to_take_longer() -> None:
    times = [projection.seconds(count) for count in (10, 500, 1797, 5000, 10_000, 50_000, 200_000)]
    assert times == sorted(times)
    assert times[-1] > 3 * times[-2]
