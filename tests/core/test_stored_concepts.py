"""Concepts kept with a model: made, listed, removed, and refused in sentences."""

import numpy as np
import pytest

from vae_core import checkpoints, stored_concepts, workspace
from vae_core.checkpoints import Checkpoint
from vae_core.errors import CheckpointError, ConfigError, NotFoundError
from vae_core.latents.codes import Codes
from vae_core.latents.concepts import concept

GROUP, OTHER = np.arange(20), np.arange(20, 40)


def codes_of(checkpoint: Checkpoint) -> Codes:
    assert checkpoint.codes is not None
    return checkpoint.codes


@pytest.mark.parametrize("is_bundled", [False, True])
def test_kept_concept_is_the_one_computed(stored_model: str, tiny_checkpoint: Checkpoint, is_bundled: bool) -> None:
    id = "digits-2d" if is_bundled else stored_model
    codes = codes_of(checkpoints.load(checkpoints.locate(id)))
    made = stored_concepts.add(id, " round\n  ones ", codes, GROUP, OTHER)
    (found,) = stored_concepts.listed(id)
    assert found == made
    assert found.name == "round ones"
    expected = concept(codes.mean, GROUP, OTHER)
    np.testing.assert_allclose(found.vector, expected.vector)
    assert (found.cone, found.p_value, found.sizes) == (expected.cone, expected.p_value, (20, 20))
    stored_concepts.remove(id, found.id)
    assert stored_concepts.listed(id) == ()


def test_concepts_go_and_come_back_with_their_run(stored_model: str, tiny_checkpoint: Checkpoint) -> None:
    stored_concepts.add(stored_model, "one", codes_of(tiny_checkpoint), GROUP, OTHER)
    home = workspace.place("runs", stored_model)
    workspace.put_aside(home)
    with pytest.raises(NotFoundError):
        stored_concepts.listed(stored_model)
    workspace.bring_back(home)
    assert [one.name for one in stored_concepts.listed(stored_model)] == ["one"]


@pytest.mark.parametrize(
    ("name", "group", "other", "sentence"),
    [
        (" \n", GROUP, OTHER, "Give the concept a name"),
        ("one", GROUP[:1], OTHER, "at least 2 samples"),
        ("one", np.arange(25), OTHER, "5 samples are in both groups"),
    ],
)
def test_what_makes_no_concept_is_a_sentence(
    stored_model: str, tiny_checkpoint: Checkpoint, name: str, group: np.ndarray, other: np.ndarray, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        stored_concepts.add(stored_model, name, codes_of(tiny_checkpoint), group, other)
    assert stored_concepts.listed(stored_model) == ()


def test_too_many_a_changed_file_and_unknown_ids_are_sentences(
    stored_model: str, tiny_checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_concepts, "MOST", 1)
    stored_concepts.add(stored_model, "one", codes_of(tiny_checkpoint), GROUP, OTHER)
    with pytest.raises(ConfigError, match="at most 1 concepts"):
        stored_concepts.add(stored_model, "two", codes_of(tiny_checkpoint), GROUP, OTHER)
    with pytest.raises(NotFoundError):
        stored_concepts.remove(stored_model, "another")
    checkpoints.locate(stored_model).with_name("concepts.json").write_text("[{}]")
    with pytest.raises(CheckpointError, match="cannot be read"):
        stored_concepts.listed(stored_model)
