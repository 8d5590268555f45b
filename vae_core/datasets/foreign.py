"""What people bring that is not read: named, with the way to something that is."""

from vae_core.datasets.file import File
from vae_core.errors import DatasetError

_CONVERT = "Save its pictures or arrays as a ZIP of PNG files or as NPZ."
_PICTURE = "Save it as PNG or JPEG."
_ARCHIVE = "Unpack it and pack the files as a ZIP."
_TABLE = "Save the sheet as CSV."

SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x80\x02", "a Python pickle, which can run code and is never opened", _CONVERT),
    (0, b"\x80\x03", "a Python pickle, which can run code and is never opened", _CONVERT),
    (0, b"\x80\x04", "a Python pickle, which can run code and is never opened", _CONVERT),
    (0, b"\x80\x05", "a Python pickle, which can run code and is never opened", _CONVERT),
    (0, b"\x89HDF\r\n", "an HDF5 file", _CONVERT),
    (0, b"MATLAB 5.0", "a MATLAB file", _CONVERT),
    (0, b"Rar!", "a RAR archive", _ARCHIVE),
    (0, b"7z\xbc\xaf", "a 7-Zip archive", _ARCHIVE),
    (0, b"\xfd7zXZ", "an XZ archive", _ARCHIVE),
    (0, b"BZh", "a bzip2 archive", _ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive", _ARCHIVE),
    (257, b"ustar", "a tar archive", _ARCHIVE),
    (0, b"%PDF", "a PDF document", "Save its pictures as PNG or JPEG."),
    (0, b"%!PS", "a PostScript file", _PICTURE),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript file", _PICTURE),
    (0, b"8BPS", "a Photoshop file", _PICTURE),
    (0, b"\0\0\1\0", "an icon file", _PICTURE),
    (4, b"ftypheic", "a HEIC photograph", _PICTURE),
    (4, b"ftypheix", "a HEIC photograph", _PICTURE),
    (4, b"ftypmif1", "a HEIF photograph", _PICTURE),
    (4, b"ftypavif", "an AVIF picture", _PICTURE),
    (4, b"ftyp", "a video", "Save some of its frames as PNG or JPEG."),
    (0, b"\x1aE\xdf\xa3", "a video", "Save some of its frames as PNG or JPEG."),
    (0, b"SQLite format 3", "an SQLite database", "Save the table as CSV."),
    (0, b"\xd0\xcf\x11\xe0", "an old Excel or Word file", _TABLE),
    (0, b"ARROW1", "an Arrow file", "Save the table as Parquet or CSV."),
    (0, b"PARE", "an encrypted Parquet file", "Save it without encryption."),
    (0, b"GGUF", "a model, not data", "Give the pictures or the table it was trained on."),
    (0, b"\x7fELF", "a program", "Give pictures, arrays or a table."),
    (0, b"MZ", "a program", "Give pictures, arrays or a table."),
)
"""(offset, bytes, what it is, what to do)."""

TEXTS: tuple[tuple[bytes, str, str], ...] = (
    (b"<!doctype html", "a web page, perhaps an error page saved in place of the file", "Download the file again."),
    (b"<html", "a web page, perhaps an error page saved in place of the file", "Download the file again."),
    (b"<svg", "an SVG drawing", _PICTURE),
    (b"<?xml", "an XML file", "Save pictures as PNG, or a table as CSV."),
    (b"@relation", "a Weka file (ARFF)", _TABLE),
    (b"{", "a JSON file", "Save the table as CSV."),
    (b"[", "a JSON file", "Save the table as CSV."),
)
"""(beginning in lower case, what it is, what to do)."""


def is_foreign(head: bytes) -> bool:
    """Whether the first bytes are those of something that is known and not read."""
    return _known(head) is not None


def foreign(file: File) -> DatasetError:
    """The refusal of what no reader takes, by its name where it has one."""
    known = _known(file.head())
    if known:
        return DatasetError(f"{file.shown} is {known[0]}. {known[1]}")
    return DatasetError(
        f"{file.shown} is no kind of file that is read here. Give pictures or a ZIP of them, an NPZ, NPY or IDX array, "
        "or a table as CSV or Parquet."
    )


def _known(head: bytes) -> tuple[str, str] | None:
    for offset, signature, what, cure in SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return what, cure
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next(((what, cure) for beginning, what, cure in TEXTS if text.startswith(beginning)), None)
