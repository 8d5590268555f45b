"""One contract for every entry of the tables: what is added there is tested here by itself."""

import struct
import zlib
from typing import get_args

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from tests.conftest import zip_of
from tests.small import PICTURE, small
from vae_core.computations.kinds import COMPUTATIONS
from vae_core.config import ModelConfig
from vae_core.datasets import QUIETLY, READERS, SAMPLES, AnySchema, File
from vae_core.errors import DatasetError
from vae_core.likelihoods import LIKELIHOODS
from vae_core.metrics import METRICS, SECTIONS
from vae_core.networks import ARCHITECTURES
from vae_core.objectives import OBJECTIVES, Step
from vae_core.priors import PRIORS
from vae_core.run_config import RunConfig
from vae_core.vae import VAE

BOMB = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
BOMB += struct.pack(">I", zlib.crc32(BOMB[12:]))
OPTIONS = {"free-bits": {"free": 0.0}}
"""Below λ nothing reaches the prior: that is what it is for."""
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


def choices(field: FieldInfo) -> dict[str, type]:
    """name -> options of a field that is a choice, for those that are offered."""
    return {model.model_fields["name"].default: model for model in get_args(field.annotation) if model.is_offered}


@pytest.mark.parametrize(
    ("field", "table"),
    [
        (ModelConfig.model_fields["architecture"], ARCHITECTURES),
        (ModelConfig.model_fields["likelihood"], LIKELIHOODS),
        (ModelConfig.model_fields["prior"], PRIORS),
        (RunConfig.model_fields["objective"], OBJECTIVES),
    ],
)
def test_config_offers_just_what_the_tables_hold(field: FieldInfo, table: dict[str, object]) -> None:
    assert list(choices(field)) == list(table)
    for options in choices(field).values():
        assert options.__doc__
        for name, info in options.model_fields.items():
            assert name == "name" or (info.title and info.description)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("prior", PRIORS)
def test_objective(name: str, prior: str) -> None:
    options = OBJECTIVES[name]
    objective = options.model_validate(OPTIONS.get(name, {}))
    posterior = "deterministic" if options.is_deterministic else "log-variance"
    vae = VAE(small(prior="standard" if options.is_deterministic else prior, posterior=posterior), PICTURE)
    x = torch.rand(6, 1, 8, 8)
    random = torch.Generator().manual_seed(0)
    out = vae(x, random, samples=objective.draws, seen=objective.corrupt(x, random))
    penalty = objective.penalty(out, Step(100, 0.5, random))
    assert penalty.shape == (6 * objective.draws,)
    assert penalty.isfinite().all()
    (out.reconstruction_loss + penalty).mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in vae.parameters())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in vae.parameters())
    assert options.model_validate_json(objective.model_dump_json()) == objective
    assert objective.name == name
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


@pytest.mark.parametrize("name", METRICS)
def test_metric_says_what_it_means_and_where_it_misleads(name: str) -> None:
    metric = METRICS[name]
    assert metric.section in SECTIONS
    assert metric.means.endswith((".", ".)"))
    assert metric.misleads.endswith(".")
    assert metric.seconds > 0
    assert metric.measure.__doc__


def test_every_section_has_a_metric() -> None:
    assert {metric.section for metric in METRICS.values()} == set(SECTIONS)


@pytest.mark.parametrize("name", COMPUTATIONS)
def test_computation_says_what_its_result_is(name: str) -> None:
    assert COMPUTATIONS[name].__doc__
