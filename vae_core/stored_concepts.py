"""Concepts kept with a model, by their names: a JSON file beside a run's checkpoint, or in the workspace's `concepts`
for a bundled model."""

import hashlib
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from vae_core import checkpoints, workspace
from vae_core.errors import CheckpointError, ConfigError, NotFoundError
from vae_core.files import write_atomically
from vae_core.latents.codes import Codes
from vae_core.latents.concepts import concept

MOST = 60
"""So many a model: a list longer than that is nobody's."""
LONGEST_NAME = 60


class StoredConcept(BaseModel):
    """A `Concept` with its name; `codes` tells from which codes it was made, and `id` it from others."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    id: str
    name: str
    codes: str
    vector: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    cone: float
    chance: float
    p_value: float
    sizes: tuple[int, int]
    warning: str


_LIST = TypeAdapter(tuple[StoredConcept, ...])


def fingerprint(codes: Codes) -> str:
    """Changes with the codes: a direction means nothing among others."""
    return hashlib.sha256(np.ascontiguousarray(codes.mean).tobytes()).hexdigest()[:16]


def listed(model_id: str) -> tuple[StoredConcept, ...]:
    """Those of a model, oldest first.

    Raises:
        NotFoundError: if there is no such model.
        CheckpointError: if the file cannot be read.
    """
    try:
        return _LIST.validate_json(_file(model_id).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except ValidationError as error:
        raise CheckpointError("The concepts kept with this model cannot be read: their file was changed.") from error


def add(model_id: str, name: str, codes: Codes, group: np.ndarray, other: np.ndarray) -> StoredConcept:
    """Make the concept that leads from one group of codes to another, and keep it.

    Args:
        model_id: Of the model.
        name: At most 60 characters.
        codes: Of its dataset.
        group: Numbers of the samples that have it.
        other: Numbers of those that have not.

    Raises:
        ConfigError: if the name is empty, the groups make no concept, or there are too many already.
        NotFoundError: if there is no such model.
    """
    title = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in name).split())[:LONGEST_NAME]
    if not title:
        raise ConfigError("Give the concept a name: its slider is called so.")
    made = concept(codes.mean, group, other)
    kept = StoredConcept(
        id=workspace.new_id(),
        name=title,
        codes=fingerprint(codes),
        vector=made.vector.tolist(),
        low=made.low.tolist(),
        high=made.high.tolist(),
        cone=made.cone,
        chance=made.chance,
        p_value=made.p_value,
        sizes=made.sizes,
        warning=made.warning,
    )
    with _locked(model_id) as file:
        before = listed(model_id)
        if len(before) >= MOST:
            raise ConfigError(f"A model keeps at most {MOST} concepts: delete one first.")
        write_atomically(file, _LIST.dump_json((*before, kept)))
    return kept


def remove(model_id: str, concept_id: str) -> None:
    """Forget one.

    Raises:
        NotFoundError: if the model has none of this id.
    """
    with _locked(model_id) as file:
        before = listed(model_id)
        left = tuple(one for one in before if one.id != concept_id)
        if len(left) == len(before):
            raise NotFoundError("This concept is not there any more.")
        write_atomically(file, _LIST.dump_json(left))


def _file(model_id: str) -> Path:
    found = checkpoints.locate(model_id)
    if found.parent == checkpoints.PRETRAINED or workspace.is_shared(found):  # its folder is not ours to write into
        return workspace.folder("concepts") / f"{model_id}.json"
    return found.with_name("concepts.json")


@contextmanager
def _locked(model_id: str) -> Iterator[Path]:
    """A model's file while nobody else changes it.

    Raises:
        WorkspaceError: if the workspace cannot be written to.
    """
    workspace.check_writable()
    with FileLock(workspace.folder("concepts") / "lock"):
        yield _file(model_id)
