"""Pictures of a path, to take away: an animated GIF, or all side by side as PNG."""

import io

import numpy as np
from PIL import Image

LEAST_PIXELS = 256
"""Small pictures are enlarged by a whole factor to at least this width."""
FRAME_MILLISECONDS = 60
HOLD_MILLISECONDS = 700
"""The two ends stay in sight for so long."""
STRIP_PICTURES = 12


def as_bytes(x: np.ndarray) -> np.ndarray:
    """Pixels in [0, 1], [T, C, H, W], as uint8 [T, H, W, C]."""
    return (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(0, 2, 3, 1)


def gif(pictures: np.ndarray, back: bool = True, milliseconds: int = FRAME_MILLISECONDS) -> bytes:
    """An endless animation of pictures uint8 [T, H, W, C], there and, with `back`, back again."""
    frames = [_enlarged(picture) for picture in pictures]
    times = [HOLD_MILLISECONDS, *[milliseconds] * (len(frames) - 2), HOLD_MILLISECONDS][: len(frames)]
    if back and len(frames) > 2:
        frames, times = frames + frames[-2:0:-1], times + times[-2:0:-1]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, disposal=1)
    return buffer.getvalue()


def strip(pictures: np.ndarray) -> bytes:
    """Twelve evenly chosen pictures of uint8 [T, H, W, C] side by side, as PNG."""
    chosen = pictures[np.linspace(0, len(pictures) - 1, min(len(pictures), STRIP_PICTURES)).round().astype(int)]
    gap = np.full_like(chosen[0][:, :1], 128)
    parts = [part for picture in chosen for part in (picture, gap)][:-1]
    buffer = io.BytesIO()
    _enlarged(np.concatenate(parts, axis=1), LEAST_PIXELS // 2).save(buffer, "PNG")
    return buffer.getvalue()


def _enlarged(picture: np.ndarray, least: int = LEAST_PIXELS) -> Image.Image:
    height, width, channels = picture.shape
    image = Image.fromarray(picture.squeeze(-1) if channels == 1 else picture)
    factor = max(-(-least // height), 1)
    return image.resize((width * factor, height * factor), Image.Resampling.NEAREST)
