"""What a backup may hold: the only names that are taken out of a workspace, and the only ones that go into one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from vae_core.checkpoint_file import MAX_FILE_BYTES
from vae_core.datasets.limits import MAX_EXAMPLES_BYTES
from vae_core.workspace import ID_PATTERN

FORMAT_VERSION = 1
ABOUT, CONTENTS, SECRET = "vae-studio-backup.json", "contents.json", "secret"
KINDS = ("uploads", "datasets", "runs", "concepts")
"""In the order in which they are brought back: a dataset is there before the runs that were trained on it."""
ID = ID_PATTERN.pattern
FILES = {
    "uploads": re.compile(r"upload\.json|status\.json|\d{1,6}"),
    "datasets": re.compile(r"(dataset|names|inspection)\.json|(x|labels|factors)\.npy|preview-\d{2,3}\.png"),
    "runs": re.compile(
        r"(run|status|concepts)\.json|(trials|epochs)\.jsonl|(checkpoint|previous|best|preview)\.safetensors|"
        r"cancel|keep-best|log\.txt|film/(probe|epoch-\d{5})\.safetensors|trials/\d{1,6}\.json"
    ),
}
"""Of a folder of each kind."""
CONCEPTS = re.compile(r"[a-z0-9-]{1,80}\.json")
MEMBER = re.compile(
    rf"((?:shared/|visitors/{ID}/)?)(?:(uploads|datasets|runs)/({ID})/(.+)|(concepts)/({CONCEPTS.pattern}))"
)


@dataclass(frozen=True, order=True)
class Item:
    """What is backed up and brought back as one: a dataset, an upload, a run, a model's concepts, or the secret.

    Attributes:
        place: Below the workspace: "", "shared/" or "visitors/<id>/".
        kind: One of KINDS, or "secret".
        name: The folder's id; of concepts and the secret the name of their one file.
    """

    place: str
    kind: str
    name: str

    @property
    def address(self) -> str:
        """Below the workspace, and in the archive."""
        return SECRET if self.kind == SECRET else f"{self.place}{self.kind}/{self.name}"

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files, and no file."""
        return self.kind in FILES


class Content(BaseModel):
    """A file as `contents.json` tells of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    size: int
    sha256: str


class About(BaseModel):
    """`vae-studio-backup.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: Literal["VAE Studio"] = "VAE Studio"
    format: int = FORMAT_VERSION
    created: float


def places(root: Path) -> Iterator[str]:
    """Where a workspace keeps things: itself, what all share, and every visitor's."""
    yield ""
    if (root / "shared").is_dir():
        yield "shared/"
    if (root / "visitors").is_dir():
        for path in sorted((root / "visitors").iterdir()):
            if ID_PATTERN.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                yield f"visitors/{path.name}/"


def parse(name: str) -> tuple[Item, str] | None:
    """Item and file of a member's name; None if no workspace has such a file."""
    if name == SECRET:
        return Item("", SECRET, SECRET), SECRET
    match = MEMBER.fullmatch(name)
    if match is None:
        return None
    place, kind, id, file, concepts, model = match.groups()
    if concepts:
        return Item(place, concepts, model), model
    return (Item(place, kind, id), file) if FILES[kind].fullmatch(file) else None


def largest(name: str) -> int:
    """Bytes that a file of this name may have."""
    return MAX_EXAMPLES_BYTES + 2**20 if name.endswith(".npy") else MAX_FILE_BYTES
