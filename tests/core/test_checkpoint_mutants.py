"""Damaged checkpoints by the thousand: opened or refused in a sentence, and nothing else."""

import json
import os
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
import safetensors.torch
import torch

from tests.core.checkpoint_bytes import LONGEST, MOST_MEGABYTES, MOST_SECONDS, content, file_of, opened, parts
from tests.corpus.memory import reset_peak, resident
from tests.mutants import PLAIN_DAMAGE
from vae_core.errors import CheckpointError, ConfigError

__all__ = ["content"]
MUTANTS = int(os.environ.get("VAE_STUDIO_TEST_MUTANTS", "500"))
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    2**31,
    2**63,
    10**400,
    1e308,
    float("nan"),
    "",
    "x" * 1000,
    [],
    {},
    [[[]]],
    "\u202e",
]


def spoil_leaf(random: Random, value: Any) -> Any:
    """The same JSON with something odd at some place."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        if random.random() < 0.1:
            return {k: v for k, v in value.items() if k != key} | {"odd": value[key]}
        return value | {key: spoil_leaf(random, value[key])}
    if isinstance(value, list) and value and random.random() < 0.8:
        place = random.randrange(len(value))
        return [*value[:place], spoil_leaf(random, value[place]), *value[place + 1 :]]
    return random.choice(ODD)


def mutant(random: Random, content: bytes) -> bytes:
    """Damaged bytes, header, or record."""
    kind = random.random()
    length = int.from_bytes(content[:8], "little")
    if kind < 0.4:
        return random.choice(PLAIN_DAMAGE)(random, content)
    if kind < 0.6:  # the header alone, its length as it now is
        header = random.choice(PLAIN_DAMAGE)(random, content[8 : 8 + length])
        return len(header).to_bytes(8, "little") + header + content[8 + length :]
    if kind < 0.75:
        header = spoil_leaf(random, json.loads(content[8 : 8 + length]))
        return file_of(header, content[8 + length :])
    metadata, tensors = parts(content)
    text = tensors["record"].numpy().tobytes()
    record = json.loads(text)
    damaged = (
        json.dumps(spoil_leaf(random, record)).encode() if kind < 0.9 else random.choice(PLAIN_DAMAGE)(random, text)
    )
    tensors["record"] = torch.frombuffer(bytearray(damaged or b" "), dtype=torch.uint8)
    return safetensors.torch.save(tensors, metadata)


@pytest.mark.slow
def test_mutants_are_opened_or_refused_and_nothing_else(content: bytes, tmp_path: Path) -> None:
    """`VAE_STUDIO_TEST_MUTANTS=100000` tries more."""
    outcomes = {"opened": 0, "refused": 0}
    before = resident("VmRSS")
    reset_peak()
    for number in range(MUTANTS):
        damaged = mutant(Random(f"1 {number}"), content)
        begin = time.process_time()
        try:
            found = opened(damaged, tmp_path)
            assert not found.history or found.measured
            outcomes["opened"] += 1
        except (CheckpointError, ConfigError) as error:
            assert len(str(error)) <= LONGEST, number
            assert str(error).endswith("."), number
            outcomes["refused"] += 1
        except Exception as error:
            raise AssertionError(f"mutant {number}") from error
        assert time.process_time() - begin < MOST_SECONDS, number
    assert resident("VmHWM") - before < MOST_MEGABYTES
    assert min(outcomes.values()) > MUTANTS / 30
