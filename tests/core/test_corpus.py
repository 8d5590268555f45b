"""Every hostile, broken or odd file gets the verdict it must get, through the one door."""

import re
import subprocess
import sys
import time
import unicodedata
import warnings
from pathlib import Path

import pytest

from tests.corpus import CASES, Answered, Case, Read, Refused
from tests.corpus.sound import is_sound
from vae_core import datasets
from vae_core.datasets import Dataset
from vae_core.errors import DatasetError

MOST_SECONDS = 3.0
"""Of this process, so that a busy machine does not count."""
MOST_MEGABYTES = 400
LONGEST_SENTENCE = 200
NOT_FOR_USERS = re.compile(
    r"Traceback|\b[A-Za-z]+(?:Error|Exception|Warning)\b|/(?:opt|work|tmp|home|usr|root)/|0x[0-9a-f]{6}"
)
ROOT = Path(__file__).resolve().parents[2]


def answer(case: Case) -> Dataset | DatasetError:
    """What the door says to the files of a case."""
    files = case.files()
    start = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of decoders: they are for programmers
            found: Dataset | DatasetError = datasets.read_files(files)
    except DatasetError as error:
        found = error
    seconds = time.process_time() - start
    assert seconds < MOST_SECONDS, f"{case.name} took {seconds:.1f} s"
    return found


def described(found: Dataset | DatasetError) -> str:
    if isinstance(found, DatasetError):
        return f"refused: {found}"
    return (
        f"read: {len(found)} examples {found.x.dtype} {found.x.shape}, {len(found.label_names)} labels, "
        f"{found.origin.skipped_count} skipped, warnings {list(found.warnings)}"
    )


def meets(found: Dataset | DatasetError, verdict: Read | Refused | Answered) -> bool:
    if isinstance(verdict, Answered):
        return True
    if isinstance(found, DatasetError):
        return isinstance(verdict, Refused) and bool(re.search(verdict.says, str(found)))
    return (
        isinstance(verdict, Read)
        and len(found) == verdict.examples
        and verdict.labels in (None, len(found.label_names))
        and found.origin.skipped_count == verdict.skipped
        and (not verdict.warns or any(re.search(verdict.warns, sentence) for sentence in found.warnings))
    )


def check_sentence(sentence: str) -> None:
    assert sentence.endswith("."), sentence
    assert not NOT_FOR_USERS.search(sentence), sentence
    assert not any(unicodedata.category(c) in ("Cc", "Cs") or c in "\u202e\u2066" for c in sentence), sentence


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdict(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = answer(case)
    assert meets(found, case.verdict), (
        f"\n  case      {case.name}\n  expected  {case.verdict}\n  found     {described(found)}"
    )
    if isinstance(found, DatasetError):
        check_sentence(str(found))
        assert len(str(found)) <= LONGEST_SENTENCE, f"{len(str(found))} characters: {found}"
    else:
        assert is_sound(found)
        for sentence in found.warnings:
            check_sentence(sentence)
    assert list(tmp_path.iterdir()) == []


def test_corpus_is_large_and_its_names_tell_its_cases_apart() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)


def test_corpus_is_the_same_at_every_call() -> None:
    assert [case.name for case in CASES if case.files() != case.files()] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_no_case_takes_much_memory() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.corpus.memory", str(MOST_MEGABYTES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
