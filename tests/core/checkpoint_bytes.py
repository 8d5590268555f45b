"""Checkpoints as bytes, and the door they go through."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from tests.conftest import stroke_dataset, trained
from tests.core.exact import TINY
from vae_core import checkpoints
from vae_core.checkpoints import Checkpoint
from vae_core.config import Gaussian, ModelConfig
from vae_core.errors import CheckpointError

MOST_SECONDS, MOST_MEGABYTES = 2.0, 150.0
"""Of a refusal: of the process, so that a busy machine does not count."""
LONGEST = 200


@pytest.fixture(scope="module")
def content() -> bytes:
    """A good one of a few thousand bytes, with codes and labels."""
    model = ModelConfig(architecture=TINY, likelihood=Gaussian())
    return checkpoints.to_bytes(trained(stroke_dataset(12), model))


def file_of(header: Any, data: bytes = b"\0" * 4) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def opened(content: bytes, folder: Path, name: str = "model.safetensors") -> Checkpoint:
    """Through the whole door: read, and built as a model."""
    path = folder / name
    path.write_bytes(content)
    found = checkpoints.load(path)
    found.model()
    return found


def refusal(content: bytes, folder: Path, name: str = "model.safetensors") -> str:
    with pytest.raises(CheckpointError) as caught:
        opened(content, folder, name)
    sentence = str(caught.value)
    assert len(sentence) <= LONGEST
    assert sentence.endswith(".")
    assert str(folder) not in sentence
    assert "\n" not in sentence
    return sentence


def parts(content: bytes) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    return {"vae_studio": '{"version": 2}'}, safetensors.torch.load(content)


def with_record(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The same file with other settings."""
    metadata, tensors = parts(content)
    record = json.loads(tensors["record"].numpy().tobytes())
    change(record)
    tensors["record"] = torch.frombuffer(bytearray(json.dumps(record).encode()), dtype=torch.uint8)
    return safetensors.torch.save(tensors, metadata)
