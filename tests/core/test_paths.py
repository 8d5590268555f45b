"""Paths: slerp in closed form, ways through data, and geodesics that are never longer than the straight line."""

import numpy as np
import pytest
import torch

from tests.conftest import stroke_dataset, trained
from tests.core.test_density import codes_of, ring
from vae_core import checkpoints
from vae_core.latents.paths import evenly, geodesic, linear, paths, spherical, through_data


def lengths_of(path: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(path, axis=0), axis=1)


def test_slerp_is_a_rotation_in_its_plane() -> None:
    a, b = np.array([2.0, 0, 0]), np.array([0.0, 2, 0])
    t = np.linspace(0, np.pi / 2, 11)
    expected = 2 * np.stack([np.cos(t), np.sin(t), 0 * t], 1)
    np.testing.assert_allclose(spherical(a, b, 10), expected, atol=1e-12)


def test_slerp_of_any_two_points_keeps_its_angular_speed_and_its_ends() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        a, b = random.normal(size=(2, 7))
        b *= np.linalg.norm(a) / np.linalg.norm(b)
        path = spherical(a, b, 24)
        np.testing.assert_allclose(path[[0, -1]], [a, b], atol=1e-12)
        np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.linalg.norm(a), rtol=1e-9)
        assert np.ptp(lengths_of(path)) < 1e-9


@pytest.mark.parametrize("b", [[0.0, 0], [2, 2], [1, 1], [-1, -1]])
def test_slerp_without_an_angle_is_the_straight_line(b: list[float]) -> None:
    a = np.array([1.0, 1])
    np.testing.assert_allclose(spherical(a, np.array(b)), linear(a, np.array(b)), atol=1e-12)


def test_way_through_data_goes_round_a_hole() -> None:
    a, b = np.array([2.0, 0]), np.array([-2.0, 0])
    path = through_data(a, b, codes_of(ring()))
    np.testing.assert_allclose(path[[0, -1]], [a, b], atol=1e-6)
    assert np.linalg.norm(path, axis=1).min() > 1.5
    assert np.ptp(lengths_of(path)) < 0.1


def test_way_through_data_does_not_zigzag() -> None:
    """Where codes lie densely on a line, the way is hardly longer than the line."""
    codes = np.random.default_rng(0).normal(size=(4000, 2)) * [2.0, 0.15]
    a, b = np.array([-3.0, 0.0]), np.array([3.0, 0.0])
    way = through_data(a, b, codes_of(codes))
    np.testing.assert_allclose(way[[0, -1]], [a, b], atol=1e-9)
    assert np.linalg.norm(np.diff(way, axis=0), axis=1).sum() < 1.01 * 6


def test_way_between_islands_is_found() -> None:
    islands = np.concatenate([np.random.default_rng(0).normal(size=(50, 2)) * 0.1 + [x, 0] for x in (0, 100)])
    path = through_data(np.array([0.0, 0]), np.array([100.0, 0]), codes_of(islands))
    assert np.isfinite(path).all()
    assert lengths_of(path).sum() < 102


def test_geodesic_of_a_linear_decoder_is_the_straight_line() -> None:
    matrix = torch.randn(3, 10, dtype=torch.float64)
    a, b = np.array([1.0, -2, 0.5]), np.array([-1.0, 1, 2])
    bent = np.concatenate([linear(a, np.array([3.0, 3, 3]), 5), linear(np.array([3.0, 3, 3]), b, 5)])
    found = geodesic(a, b, lambda z: z @ matrix, [bent])
    np.testing.assert_allclose(found, linear(a, b), atol=1e-3)


def test_geodesic_of_a_sphere_is_a_great_circle() -> None:
    """f(θ, φ) on the unit sphere: the shortest way between two points is the arc, whatever the chart says."""

    def decode(z: torch.Tensor) -> torch.Tensor:
        return torch.stack([z[:, 0].sin() * z[:, 1].cos(), z[:, 0].sin() * z[:, 1].sin(), z[:, 0].cos()], 1)

    a, b = np.array([0.6, 0.0]), np.array([0.6, 2.0])
    ends = decode(torch.tensor(np.stack([a, b]))).numpy()
    arc = np.arccos(ends[0] @ ends[1])
    straight = linear(a, b)
    found = decode(torch.from_numpy(geodesic(a, b, decode, [straight]))).numpy()
    assert lengths_of(found).sum() == pytest.approx(arc, rel=2e-3)
    assert lengths_of(decode(torch.from_numpy(straight)).numpy()).sum() > 1.05 * arc


def test_all_ways_of_a_model_meet_at_their_ends_and_the_geodesic_is_the_shortest() -> None:
    checkpoint = trained(stroke_dataset(), epochs=5)
    vae = checkpoint.model()
    assert checkpoint.codes
    a, b = checkpoint.codes.mean[:2]
    found = {path.name: path for path in paths(vae, checkpoint.codes, a, b)}
    assert list(found) == ["linear", "spherical", "density", "geodesic"]
    for path in found.values():
        np.testing.assert_allclose(path.latents[[0, -1]], [a, b], atol=1e-5)
        x = vae.decode(torch.from_numpy(path.latents)).flatten(1).detach().numpy()
        np.testing.assert_allclose(path.speed, lengths_of(x), rtol=1e-3, atol=1e-5)
    assert found["geodesic"].length <= found["linear"].length * (1 + 1e-6)


@pytest.mark.parametrize(("start", "end"), [(2492, 3118), (7551, 9504)])
def test_geodesic_of_a_bundled_model_is_no_longer_than_any_other_way(start: int, end: int) -> None:
    """Pairs between which the spherical way is shorter than what is found from the other two."""
    checkpoint = checkpoints.load(checkpoints.locate("mnist-2d"))
    assert checkpoint.codes
    a, b = checkpoint.codes.mean[[start, end]]
    lengths = {path.name: path.length for path in paths(checkpoint.model(), checkpoint.codes, a, b)}
    assert lengths.pop("geodesic") <= min(lengths.values())


def test_geodesic_is_evenly_walked_in_x_space() -> None:
    """Also where the speed of the decoder changes a hundredfold on the way."""
    a, b = np.array([-1.0]), np.array([1.0])
    found = geodesic(a, b, lambda z: (2.3 * z).exp(), [linear(a, b)])
    speed = lengths_of(np.exp(2.3 * found))
    assert speed.max() < 1.02 * speed.min()


def test_start_that_nothing_found_is_shorter_than_is_given_back_as_it_stands() -> None:
    """Where x turns sharply between two latents, walking a path anew takes in more of the turn."""
    matrix = torch.randn(2, 6, dtype=torch.float64)
    start = np.array([[0.0, 0], [0.25, 0], [1, 0]])
    found = geodesic(start[0], start[-1], lambda z: (z + (9 * z).sin().square()) @ matrix, [start], steps=40)
    assert found is start


def test_paths_of_a_conditional_model_are_decoded_with_the_label() -> None:
    from tests.small import small

    checkpoint = trained(stroke_dataset(), small(conditional=True), epochs=3)
    assert checkpoint.codes
    a, b = checkpoint.codes.mean[:2]
    lengths = [paths(checkpoint.model(), checkpoint.codes, a, b, label)[0].length for label in (0, 1)]
    assert lengths[0] != pytest.approx(lengths[1], rel=1e-4)


def test_even_walk_keeps_ends_and_goes_in_equal_pieces() -> None:
    path = np.array([[0.0, 0], [1, 0], [1, 5]])
    walked = evenly(path, 12)
    np.testing.assert_allclose(walked[[0, -1]], path[[0, -1]])
    np.testing.assert_allclose(lengths_of(walked), 0.5, atol=1e-9)
    np.testing.assert_allclose(evenly(np.zeros((2, 3)), 4), np.zeros((5, 3)))
