"""One contract for every entry of the tables: what is added there is tested here by itself."""

import struct
import zlib

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from tests.conftest import zip_of
from vae_core.config import ModelConfig
from vae_core.datasets import QUIETLY, READERS, SAMPLES, AnySchema, File
from vae_core.errors import DatasetError
from vae_core.likelihoods import LIKELIHOODS
from vae_core.networks import ARCHITECTURES
from vae_core.objectives import OBJECTIVES
from vae_core.vae import VAE

BOMB = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
BOMB += struct.pack(">I", zlib.crc32(BOMB[12:]))
HOSTILE = [
    b"\0" * 100,
    b"PK\x03\x04" + b"\xff" * 50,
    b"\x1f\x8b" + b"\0" * 30,
    b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
    b"\0\0\x08\x03",
    struct.pack(">HBB3I", 0, 8, 3, 5, 0, 0),
    BOMB,
    zip_of({"bomb.png": BOMB}),
    zip_of({"a\\": b"", "x.png": b"\x89PNG"}),
]


def field_options(name: str) -> tuple[str, ...]:
    return ModelConfig.model_fields[name].annotation.__args__  # type: ignore[union-attr]


def test_config_offers_just_what_the_tables_hold() -> None:
    assert field_options("architecture") == tuple(ARCHITECTURES)
    assert field_options("likelihood") == tuple(LIKELIHOODS)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_objective(name: str) -> None:
    options = OBJECTIVES[name]
    objective = options()
    vae = VAE(ModelConfig(width=32), (1, 8, 8))
    out = vae(torch.rand(6, 1, 8, 8))
    penalty = objective.penalty(out, dataset_size=100, step=0)
    assert penalty.shape == (6,)
    assert penalty.isfinite().all()
    penalty.sum().backward()
    assert options.model_validate_json(objective.model_dump_json()) == objective
    with pytest.raises(ValidationError):
        options.model_validate(objective.model_dump() | {"unknown": 1})
    assert "http" in (__import__(options.__module__, fromlist=["_"]).__doc__ or "")


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("content", HOSTILE)
def test_reader_refuses_hostile_files_with_a_sentence(kind: str, content: bytes) -> None:
    _, reader = READERS[kind]
    with pytest.raises(DatasetError) as refusal:
        reader(File("file", content), None, QUIETLY)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("name", SAMPLES)
def test_sample(name: str) -> None:
    sample = SAMPLES[name]
    dataset = sample()
    assert TypeAdapter(AnySchema).validate_json(dataset.schema.model_dump_json()) == dataset.schema
    assert dataset.schema.kind == sample.kind
    if dataset.schema.kind == "image":
        assert dataset.x.dtype == "uint8"
        assert dataset.x.shape[1:] == (dataset.schema.side, dataset.schema.side, dataset.schema.channels)
    else:
        assert dataset.x.dtype == "float32"
        assert dataset.x.shape[1:] == dataset.schema.shape
    assert dataset.labels is None or dataset.labels.shape == (len(dataset),)
    assert dataset.factors is None or dataset.factors.shape == (len(dataset), len(dataset.factor_names))
    assert dataset.id == sample().id
