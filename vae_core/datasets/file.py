"""A file that somebody brought: its name is text to show, its content is all that decides."""

import io
import unicodedata
from pathlib import Path
from typing import BinaryIO, NamedTuple

LONGEST_NAME = 80
SHORT = 40
"""In a refusal, which has more to say than the name."""
HEAD_BYTES = 512
_BIDIRECTIONAL = set(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)))


class File(NamedTuple):
    """A name and where the bytes are: in memory, or at a path of ours."""

    name: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    @property
    def shown(self) -> str:
        """The name as it may stand in a sentence."""
        return shown_name(self.name, SHORT)

    def open(self) -> BinaryIO:
        """The content from its beginning, seekable."""
        return io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb")

    def head(self, count: int = HEAD_BYTES) -> bytes:
        """The first bytes: enough to tell what it is."""
        with self.open() as stream:
            return stream.read(count)

    def read(self, limit: int) -> bytes:
        """At most `limit` bytes from the beginning."""
        with self.open() as stream:
            return stream.read(limit)


def clean_name(name: str) -> str:
    """One form for equal names (NFC), and nothing that breaks a line or turns the reading direction."""
    if name.isascii() and name.isprintable():
        return name
    normal = unicodedata.normalize("NFC", name)
    return "".join(
        "\ufffd" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _BIDIRECTIONAL else c for c in normal
    )


def shown_name(name: str, longest: int = LONGEST_NAME) -> str:
    """A clean name of at most so many characters; of a long one its end, which tells it from its neighbours."""
    clean = clean_name(name)
    return clean if len(clean) <= longest else "…" + clean[1 - longest :]
