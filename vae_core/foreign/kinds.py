"""Which format a model's file has, by its content; of those that are not opened, the way to one that is."""

from typing import Literal

from vae_core.datasets.file import SHORT, shown_name
from vae_core.errors import CheckpointError
from vae_core.safetensors_header import signed_kind

Kind = Literal["onnx", "safetensors"]
TORCH = "Save its weights as safetensors, or export encoder and decoder with torch.onnx.export."
KERAS = "Export encoder and decoder with model.export(..., format='onnx')."
TENSORFLOW = "Convert encoder and decoder with tf2onnx."
UNPACK = "Unpack it and bring the files inside."
DOWNLOAD = "Download the file itself."
ANY = "Save encoder and decoder as ONNX, or the weights as safetensors."
ENDS_BYTES = 2**20
"""Of an archive's end, and as much of its beginning, searched for names: they stand at both."""
ZIP = b"PK\x03\x04"
IN_ZIP = (
    (b"saved_model.pb", "a TensorFlow SavedModel", TENSORFLOW),
    (b"model.weights.h5", "a Keras file", KERAS),
    (b"data.pkl", "a PyTorch file, whose pickle can run programs,", TORCH),
    (b"models/model.json", "a PyTorch program (.pt2)", TORCH),
    (b".onnx", "a ZIP archive", UNPACK),
    (b".safetensors", "a ZIP archive", UNPACK),
)
"""(a name within, what such an archive is, the way here). Files of TorchScript have a data.pkl too."""
BEGINNINGS = (
    (0, b"\x08\x01\x12", "a TensorFlow SavedModel", TENSORFLOW),
    (4, b"TFL3", "a TensorFlow Lite file", TENSORFLOW),
    (4, b"ORTM", "a file of ONNX Runtime's own", "Bring the ONNX file that it was made of."),
    (0, b"\x1f\x8b", "a gzip file", UNPACK),
    (0, b"version https://git-lfs", "a pointer of Git LFS", DOWNLOAD),
    (0, b"<!DOCTYPE html", "a web page", DOWNLOAD),
    (0, b"<html", "a web page", DOWNLOAD),
)
"""(place, what stands there, what such a file is, the way here)."""
CURES = (("pickle", TORCH), ("HDF5", KERAS))
"""For the kinds that a checkpoint's reader knows."""


def kind_of(content: bytes, name: str) -> Kind:
    """The format of a model's file: ONNX or safetensors, told by its beginning, whatever its name.

    Raises:
        CheckpointError: if it is another one, with how to convert it.
    """
    length = int.from_bytes(content[:8], "little")
    if content[8:9] == b"{" and length <= len(content) - 8:
        return "safetensors"
    # the first field of a ModelProto is its IR version, a number; graphs of the operator sets read here have 3 and more
    if content[:1] == b"\x08" and content[1:2] and 3 <= content[1] < 32:
        return "onnx"
    shown = shown_name(name, SHORT)
    if not content:
        raise CheckpointError(f"{shown} is empty. Give another copy of it.")
    found, cure = _foreign(content)
    raise CheckpointError(f"{shown} is {found} and is not opened. {cure}")


def _foreign(content: bytes) -> tuple[str, str]:
    """What it is and the way here."""
    if content.startswith(ZIP):
        ends = content[:ENDS_BYTES] + content[-ENDS_BYTES:]
        return next(((kind, cure) for inside, kind, cure in IN_ZIP if inside in ends), ("a ZIP archive", ANY))
    for place, sign, kind, cure in BEGINNINGS:
        if content.startswith(sign, place):
            return kind, cure
    signed = signed_kind(content[:16])
    if signed is None:
        return "neither ONNX nor safetensors", ANY
    return signed, next((cure for word, cure in CURES if word in signed), ANY)
