"""`Dataset`, the one thing that readers make and training uses, and the schema that explains it."""

import base64
import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from vae_core.config import Config
from vae_core.datasets.schemas import AnySchema

ID_LENGTH = 26
"""Ids are 130 bits in base 32: short enough for an address, too many to guess."""
LISTED = 20
"""How many skipped files are named; the rest are counted."""


class Origin(Config):
    """What was found on the way in.

    Attributes:
        sizes: (width, height, how many) of the pictures as they were, the most frequent first, at most 20.
        skipped: (name, reason) of what could not be used, at most 20.
        skipped_count: How many there are in all.
        advice: Sentences on how the preparation was chosen, and what else might be.
    """

    sizes: tuple[tuple[int, int, int], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    skipped_count: int = 0
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples as stored, with what is known about them.

    Attributes:
        name: What the user called it; display text only.
        x: uint8 images [N, H, W, C] or a float32 table [N, D]; may be memory-mapped.
        schema: How `x` came to be, and how to go back.
        labels: int32 [N], an index into `label_names`, or None.
        label_names: One name a label.
        factors: int32 [N, F], the class of every known generative factor, or None.
        factor_names: One name a factor.
        names: What the user called each example; empty where they have no names. Display text only.
        warnings: Sentences on what was changed or skipped; empty when nothing was.
        origin: What was found on the way in.
        previews: A few of the pictures as they were (uint8 [H, W] or [H, W, 3], at most 512 pixels a side), on which
            other preparations can be tried.
        known_id: The id, where it is known already: it spares hashing all pixels.
    """

    name: str
    x: np.ndarray
    schema: AnySchema
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()
    factors: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    origin: Origin = field(default_factory=Origin)
    previews: tuple[np.ndarray, ...] = ()
    known_id: str | None = None

    def __len__(self) -> int:
        return len(self.x)

    @cached_property
    def id(self) -> str:
        """130 bits of the SHA-256 of schema, examples, labels and factors, in base 32."""
        if self.known_id:
            return self.known_id
        digest = hashlib.sha256(self.schema.model_dump_json().encode())
        digest.update(repr(self.x.shape).encode())
        for start in range(0, len(self.x), 4096):  # in pieces: x may be larger than memory
            digest.update(np.ascontiguousarray(self.x[start : start + 4096]).tobytes())
        if self.labels is not None:
            digest.update(self.labels.astype("<i4").tobytes())
            digest.update("\0".join(self.label_names).encode())
        if self.factors is not None:
            digest.update(self.factors.astype("<i4").tobytes())
            digest.update("\0".join(self.factor_names).encode())
        return short_id(digest.digest())

    def with_warnings(self, *sentences: str) -> "Dataset":
        """The same data with more to tell the user."""
        return replace(self, warnings=self.warnings + sentences)


def short_id(digest: bytes) -> str:
    """The first 130 bits of a digest (or of random bytes) as 26 characters a-z, 2-7."""
    return base64.b32encode(digest).decode().lower()[:ID_LENGTH]
