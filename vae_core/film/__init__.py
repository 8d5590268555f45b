"""The film of a training: what a model made of a probe set, and its decoder, after many of its epochs.

    <run>/film/probe.safetensors          labels of the probe set, where it has any
    <run>/film/epoch-00001.safetensors    a frame: codes of the probe set, the decoder in half precision
    <run>/film/decoder.onnx               the decoder with its weights as inputs: one for all frames

What was measured after an epoch is in the run's history and not here.
"""

from vae_core.film.aligned import AlignedFilm, align
from vae_core.film.frames import Frame, Reel
from vae_core.film.recorder import Recorder

__all__ = ["AlignedFilm", "Frame", "Recorder", "Reel", "align"]
