"""Frames on disk: which epochs have one, what is in it, and which are kept as a film grows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from vae_core.errors import NotFoundError
from vae_core.files import write_atomically
from vae_core.vae import VAE

MOST_FRAMES = 60
MOST_BYTES = 64 * 2**20
"""Of all frames together."""
PROBE_EXAMPLES = 1000
HEADER_BYTES = 160
"""Of every tensor, in the header of a file."""
LARGEST_HALF = 65504.0
GONE = "This film has gone on since. Reload the page."
DECODER = ("decoder.", "likelihood.")
"""What a decoder's weights begin with."""


@dataclass(frozen=True, eq=False)
class Frame:
    """What is kept of an epoch.

    Attributes:
        epoch: After which one.
        codes: float32 [n, L], posterior means of the probe set; an autoencoder's may be beyond half precision.
        weights: Of decoder and likelihood, as in the model's state, float16.
    """

    epoch: int
    codes: np.ndarray
    weights: dict[str, Tensor] = field(repr=False)

    @classmethod
    def of(cls, epoch: int, codes: Tensor, model: VAE) -> "Frame":
        """A model after an epoch, and the codes [n, L] it gives the probe set."""
        weights = {name: _half(tensor) for name, tensor in decoder_state(model).items()}
        return cls(epoch, codes.float().cpu().numpy(), weights)

    def to_bytes(self) -> bytes:
        """The whole file."""
        codes = torch.from_numpy(np.ascontiguousarray(self.codes))
        return safetensors.torch.save({"codes": codes} | self.weights)


def decoder_state(model: VAE) -> dict[str, Tensor]:
    """The part of a model's state that it decodes with."""
    return {name: tensor for name, tensor in model.state_dict().items() if name.startswith(DECODER)}


def _half(tensor: Tensor) -> Tensor:
    """No weight of a decoder that is of use is beyond half precision; one that is comes as near as it can."""
    return tensor.detach().clamp(-LARGEST_HALF, LARGEST_HALF).half().to("cpu", memory_format=torch.contiguous_format)


def frame_bytes(model: VAE, examples: int) -> int:
    """What a frame of a model takes on disk, or a little less than this."""
    weights = [tensor.numel() for tensor in decoder_state(model).values()]
    return 2 * sum(weights) + 4 * examples * model.config.latents + HEADER_BYTES * (len(weights) + 1)


def most_frames(size: int) -> int:
    """How many frames of this size, in bytes, are kept."""
    return min(MOST_FRAMES, MOST_BYTES // size)


def stride_at(newest: int, most: int) -> int:
    """The least distance of frames in epochs when the newest is of this epoch: 1, and doubled when they are too many.

    A function of nothing else, so that a film that was cut off goes on as if it had not been.
    """
    stride = 1
    while -(-(newest - 1) // stride) + 1 > most:
        stride *= 2
    return stride


def kept(epochs: Sequence[int], most: int) -> list[int]:
    """Of the epochs that have frames those that keep them, at most so many: the first, the last, evenly between.

    Args:
        epochs: In order.
        most: At least 2.
    """
    if not epochs:
        return []
    stride, chosen = stride_at(epochs[-1], most), [epochs[0]]
    for epoch in epochs[1:]:
        if epoch - chosen[-1] >= stride or epoch == epochs[-1]:
            chosen.append(epoch)
    return chosen


@dataclass(frozen=True)
class Reel:
    """The folder of a film."""

    folder: Path

    @property
    def probe(self) -> Path:
        """The file of the probe set."""
        return self.folder / "probe.safetensors"

    @property
    def decoder(self) -> Path:
        """The ONNX file of the decoder without weights."""
        return self.folder / "decoder.onnx"

    def place(self, epoch: int) -> Path:
        """The file of a frame."""
        return self.folder / f"epoch-{epoch:05}.safetensors"

    def epochs(self) -> list[int]:
        """Which epochs have a frame, in order."""
        return sorted(
            int(path.stem.removeprefix("epoch-")) for path in self.folder.glob(f"epoch-{5 * '[0-9]'}.safetensors")
        )

    def version(self) -> str:
        """Changes with every frame that is added.

        Raises:
            NotFoundError: if there is none.
        """
        try:
            return f"{max(self.place(epoch).stat().st_mtime_ns for epoch in self.epochs()):x}"
        except (OSError, ValueError) as error:
            raise NotFoundError("This run has no film. Runs made from now on keep one; train one.") from error

    def size(self) -> int:
        """Bytes of all frames."""
        return sum(self.place(epoch).stat().st_size for epoch in self.epochs())

    def write(self, frame: Frame, labels: np.ndarray | None, most: int) -> None:
        """Add a frame, and let go of those that are then too many.

        Raises:
            OSError: if it cannot be written.
        """
        self.folder.mkdir(exist_ok=True)
        if labels is not None and not self.probe.exists():
            tensors = {"labels": torch.from_numpy(labels.astype(np.int32))}
            write_atomically(self.probe, safetensors.torch.save(tensors))
        write_atomically(self.place(frame.epoch), frame.to_bytes())
        epochs = self.epochs()
        for epoch in set(epochs) - set(kept(epochs, most)):
            self.place(epoch).unlink(missing_ok=True)

    def read(self, epoch: int) -> Frame:
        """The frame of an epoch.

        Raises:
            NotFoundError: if it is not there any more, or damaged.
        """
        try:
            tensors = safetensors.torch.load(self.place(epoch).read_bytes())
            codes = tensors.pop("codes").numpy()
        except (OSError, KeyError, safetensors.SafetensorError) as error:
            logging.warning("No frame of epoch %s: %s", epoch, error)
            raise NotFoundError(GONE) from error
        return Frame(epoch, codes, tensors)

    def read_all(self, most_epoch: int) -> list[Frame]:
        """All frames that can be read, up to an epoch, in order."""
        frames = []
        for epoch in self.epochs():
            if epoch <= most_epoch:
                try:
                    frames.append(self.read(epoch))
                except NotFoundError:  # a training let go of it just now, or it is damaged
                    continue
        return frames

    def labels(self, count: int) -> np.ndarray:
        """int32 [n] of the probe set; zeros where it has none."""
        try:
            return safetensors.torch.load(self.probe.read_bytes())["labels"].numpy()
        except (OSError, KeyError, safetensors.SafetensorError):
            return np.zeros(count, dtype=np.int32)


def lacking(epochs: Sequence[int], trained: int, most: int) -> str:
    """A sentence about epochs that should have a frame and have none; empty where there are none.

    Args:
        epochs: Which have one, in order.
        trained: The last epoch that is finished.
        most: How many frames are kept.
    """
    told = "frames could not be written, or would have taken too much of the training's time"
    if epochs[-1] < trained:
        return f"The film ends at epoch {epochs[-1]} of {trained}: {told}."
    stride = stride_at(epochs[-1], most)
    gap = next((a for a, b in pairwise(epochs) if b - a >= 2 * stride), None)
    return f"The film has gaps from epoch {gap} on: {told}." if gap else ""
