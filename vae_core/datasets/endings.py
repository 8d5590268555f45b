"""What files of each format are usually called. Their names decide nothing, but the user should know of a false one."""

from pathlib import PurePosixPath

ENDINGS: dict[str, tuple[str, ...]] = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "ZIP": (".zip", ".npz"),
    "IDX": (".idx", ".gz"),
    "gzip": (".gz",),
    "NPY": (".npy",),
    "Parquet": (".parquet", ".pq"),
    "text table": (".csv", ".tsv", ".tab", ".txt"),
}
"""Format, as Pillow or the gate calls it -> what the names of such files end in."""
_ARCHIVES = (".7z", ".rar", ".tar", ".tgz")
_UNREAD = (".avif", ".h5", ".heic", ".html", ".json", ".mat", ".pdf", ".pkl", ".pt", ".pth", ".svg", ".xls", ".xlsx")
"""Endings of what else is known, and not read."""
_KNOWN = frozenset(_UNREAD + _ARCHIVES).union(*ENDINGS.values())


def is_misnamed(name: str, kind: str) -> bool:
    """Whether a name ends as that of another format does; unknown endings, and none, say nothing."""
    ending = PurePosixPath(name).suffix.lower()
    return ending in _KNOWN and ending not in ENDINGS.get(kind, ())
