"""`Dataset`, the one thing that readers make and training uses, and the schema that explains it."""

import base64
import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

SIDES = (8, 128)
"""Smallest and largest image side a model is built for, in pixels."""

ID_LENGTH = 26
"""Ids are 130 bits in base 32: short enough for an address, too many to guess."""


class ImageSchema(BaseModel):
    """How pictures become `x`: square, `side` pixels, 1 (grey) or 3 (colour) channels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["image"] = "image"
    side: int = Field(28, ge=SIDES[0], le=SIDES[1], description="Width and height in pixels.")
    channels: Literal[1, 3] = Field(1, description="1 for grey, 3 for colour.")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of one example for the model: (C, H, W)."""
        return (self.channels, self.side, self.side)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples as stored, with what is known about them.

    Attributes:
        name: What the user called it; display text only.
        x: uint8 images [N, H, W, C]; may be memory-mapped.
        schema: How `x` came to be.
        labels: int32 [N], an index into `label_names`, or None.
        label_names: One name a label.
        warnings: Sentences on what was changed or skipped; empty when nothing was.
        known_id: The id, where it is known already: it spares hashing all pixels.
    """

    name: str
    x: np.ndarray
    schema: ImageSchema
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    known_id: str | None = None

    def __len__(self) -> int:
        return len(self.x)

    @cached_property
    def id(self) -> str:
        """130 bits of the SHA-256 of schema, pixels and labels, in base 32."""
        if self.known_id:
            return self.known_id
        digest = hashlib.sha256(self.schema.model_dump_json().encode())
        digest.update(repr(self.x.shape).encode())
        for start in range(0, len(self.x), 4096):  # in pieces: x may be larger than memory
            digest.update(np.ascontiguousarray(self.x[start : start + 4096]).tobytes())
        if self.labels is not None:
            digest.update(self.labels.astype("<i4").tobytes())
            digest.update("\0".join(self.label_names).encode())
        return short_id(digest.digest())

    def with_warnings(self, *sentences: str) -> "Dataset":
        """The same data with more to tell the user."""
        return replace(self, warnings=self.warnings + sentences)


def short_id(digest: bytes) -> str:
    """The first 130 bits of a digest (or of random bytes) as 26 characters a-z, 2-7."""
    return base64.b32encode(digest).decode().lower()[:ID_LENGTH]
