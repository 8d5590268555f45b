"""Feature spaces for the comparison of samples: fixed, the same everywhere, and telling apart what looks different."""

import numpy as np
import pytest
from scipy.signal import correlate

from vae_core.metrics.features import _weights, pixels, random_features, standardised

KNOWN = [-0.12105, 0.29139, 0.44557, 0.39679]
"""The first features of a grey ramp for seed 0, as first found."""


def pictures(count: int = 40, side: int = 28, channels: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (28, 1), (28, 3), (64, 3), (128, 1)])
def test_features_are_64_finite_numbers_for_every_picture_size(side: int, channels: int) -> None:
    found = random_features(pictures(6, side, channels))
    assert found.shape == (6, 64)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert 0.1 < found.std() < 10


def test_features_are_those_of_a_network_written_out_in_scipy() -> None:
    x = pictures(1, 9)[0].astype(float).transpose(2, 0, 1) / 127.5 - 1
    convolutions, last = _weights(9, 9, 1, seed=3)
    for weight, bias in convolutions:
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
        x = np.stack([correlate(padded, w, "valid")[0, ::2, ::2] for w in weight.double().numpy()])
        x = np.maximum(x + bias.double().numpy()[:, None, None], 0)
    expected = last.double().numpy() @ x.ravel()
    assert random_features(pictures(1, 9), seed=3)[0] == pytest.approx(expected, abs=1e-4)


def test_features_are_the_same_for_a_seed_today_and_tomorrow() -> None:
    grey = np.arange(28 * 28, dtype=np.uint16).reshape(1, 28, 28, 1).astype(np.uint8)
    assert random_features(grey)[0, :4] == pytest.approx(KNOWN, abs=1e-4)
    assert not np.allclose(random_features(grey, seed=1)[0, :4], KNOWN, atol=0.1)


def test_batches_change_nothing_and_progress_reaches_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x, shares = pictures(), []
    whole = random_features(x)
    monkeypatch.setattr("vae_core.metrics.features.VALUES_AT_ONCE", 7 * 28 * 28)
    assert random_features(x, progress=shares.append) == pytest.approx(whole, abs=1e-4)
    assert shares == pytest.approx([7 / 40, 14 / 40, 21 / 40, 28 / 40, 35 / 40, 1])


def test_stored_pictures_may_be_read_only() -> None:
    x = pictures(3)
    x.flags.writeable = False
    assert random_features(x).shape == (3, 64)


def test_no_pictures_have_no_features() -> None:
    assert random_features(pictures(0)).shape == (0, 64)


def test_features_see_where_a_stroke_is_and_which_way_it_runs() -> None:
    upright, lying, moved, nearly = (np.zeros((1, 28, 28, 1), np.uint8) for _ in range(4))
    upright[:, 6:22, 8:11] = 255
    nearly[:, 6:22, 8:11] = 245
    moved[:, 6:22, 18:21] = 255
    lying[:, 8:11, 6:22] = 255
    base, *others = (random_features(x)[0] for x in (upright, nearly, moved, lying))
    near, far, turned = (np.linalg.norm(base - other) for other in others)
    assert far > 5 * near
    assert turned > 5 * near


def test_pixels_are_shares_in_reading_order() -> None:
    x = pictures(3, 8, 3)
    assert pixels(x).dtype == np.float32
    assert pixels(x)[1, 3 * (2 * 8 + 5) + 1] == pytest.approx(x[1, 2, 5, 1] / 255)


def test_table_is_measured_in_the_real_ones_deviations() -> None:
    real = np.random.default_rng(0).normal([5, -2, 7], [3, 0.1, 0], (500, 3))
    own = standardised(real, real)
    assert own.mean(0) == pytest.approx(0, abs=1e-9)
    assert own.std(0) == pytest.approx([1, 1, 0])
    moved = standardised(real + real.std(0) + [0, 0, 2], real)
    assert moved - own == pytest.approx(np.tile([1, 1, 2], (500, 1)))
