"""Mutation fuzzing: what 700 files made by hand did not think of."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import try_apart
from tests.mutants import mutant, seeds
from vae_core import datasets

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", seeds())
def test_good_file_is_read_before_it_is_damaged(kind: str) -> None:
    assert len(datasets.read_files(seeds()[kind])) > 0


def test_mutants_are_the_same_at_every_call() -> None:
    assert [mutant(1, k) for k in range(100)] == [mutant(1, k) for k in range(100)]


@pytest.mark.parametrize("number", [27436, 33399, 67651, 73741, 83033])
def test_mutant_that_once_ended_its_process_is_refused(number: int) -> None:
    """What is wrong with them is in the corpus too, lest the numbers come to mean other mutants."""
    [outcome], complaints = try_apart(1, range(number, number + 1))
    assert outcome.verdict == "refused", complaints


@pytest.mark.slow
def test_10_000_damaged_files_are_read_or_refused() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--count=10000", "--seed=1"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr[-5000:]
