"""A server that is killed, a few times; `python -m tests.server_kills` kills it fifty times."""

import pytest

from tests import server_kills
from tests.server_kills import TRUE_SECONDS, Known, survive, wrong
from vae_core import stored_datasets
from vae_core.computations.directory import STARTING_SECONDS as COMPUTATION_SECONDS
from vae_core.datasets import Dataset
from vae_core.runs.directory import STARTING_SECONDS as RUN_SECONDS
from vae_core.uploads.directory import STARTING_SECONDS as UPLOAD_SECONDS


@pytest.mark.slow
def test_nothing_that_was_said_is_lost_when_the_server_is_killed(end_runs: None) -> None:
    assert len(survive(kills=5, seed=1)) == 5


def test_loss_and_untruth_are_noticed(tiny_images: Dataset) -> None:
    id = stored_datasets.save(tiny_images)
    assert wrong(Known(datasets={id: "strokes"}), None) == []
    known = Known(datasets={id: "another name", "a" * 26: "gone"}, uploads={"u" * 26}, runs={"r" * 26})
    assert [line.split()[0] for line in wrong(known, None)] == ["dataset", "dataset", "upload", "run"]
    assert wrong(Known(datasets={id: None}), None)
    assert wrong(Known(datasets={id: None}), unsure=id) == []


def test_server_that_says_too_early_that_something_is_done_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_kills, "TRUE_SECONDS", 0.2)
    monkeypatch.setitem(server_kills.ORDERS, "upload", lambda seed: "u" * 26)
    with pytest.raises(AssertionError, match="is lost"):
        survive(kills=3, seed=1)


def test_what_never_began_is_not_shown_to_begin_for_longer_than_may_be() -> None:
    """A server that dies between writing it down and starting its process leaves nobody who could say so."""
    assert max(RUN_SECONDS, UPLOAD_SECONDS, COMPUTATION_SECONDS) < TRUE_SECONDS
