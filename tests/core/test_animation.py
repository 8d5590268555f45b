"""What is taken away of a path: frames in order, there and back, and twelve side by side."""

import io

import numpy as np
import pytest
from PIL import Image

from vae_core.animation import as_bytes, gif, strip


def ramp(count: int, channels: int = 1, side: int = 8) -> np.ndarray:
    """Pictures that grow brighter from the first to the last."""
    grey = np.linspace(0, 240, count).round().astype(np.uint8)
    return np.broadcast_to(grey[:, None, None, None], (count, side, side, channels)).copy()


@pytest.mark.parametrize("channels", [1, 3])
def test_gif_goes_there_and_back_for_ever(channels: int) -> None:
    with Image.open(io.BytesIO(gif(ramp(10, channels)))) as movie:
        assert (movie.n_frames, movie.size, movie.info["loop"]) == (18, (256, 256), 0)
        seen, times = [], []
        for k in range(movie.n_frames):
            movie.seek(k)
            seen.append(movie.convert("L").getpixel((100, 100)))
            times.append(movie.info["duration"])
    assert seen[:10] == sorted(seen[:10])
    assert seen[10:] == sorted(seen[10:], reverse=True)
    assert (seen[0] <= 2, seen[9] >= 238) == (True, True)
    assert times[0] == times[9] > times[1]


def test_two_pictures_make_a_gif_and_a_strip() -> None:
    with Image.open(io.BytesIO(gif(ramp(2)))) as movie:
        assert movie.n_frames == 2
    with Image.open(io.BytesIO(strip(ramp(2)))) as picture:
        assert picture.size == (17 * 16, 8 * 16)


def test_strip_has_twelve_pictures_from_the_first_to_the_last() -> None:
    with Image.open(io.BytesIO(strip(ramp(49)))) as picture:
        assert picture.size == ((12 * 9 - 1) * 16, 8 * 16)
        middle = [picture.getpixel(((k * 9 + 4) * 16, 64)) for k in range(12)]
    assert middle == sorted(middle)
    assert (middle[0], middle[-1]) == (0, 240)


def test_large_pictures_are_not_enlarged_beyond_need() -> None:
    with Image.open(io.BytesIO(gif(ramp(3, 3, side=128)))) as movie:
        assert movie.size == (256, 256)


def test_pixels_are_rounded_and_kept_within_bounds() -> None:
    x = np.array([-0.2, 0.0, 0.5, 1.0, 1.7]).reshape(1, 1, 1, 5)
    assert as_bytes(x).ravel().tolist() == [0, 0, 128, 255, 255]
