"""From what users bring to a `Dataset`: `read` for one file, `read_files` for several, `read_path` for a disk."""

from collections.abc import Callable, Sequence
from pathlib import Path

from vae_core.datasets.archives import read_zip
from vae_core.datasets.arrays import holds_labels, is_idx, read_idx, read_idx_labels
from vae_core.datasets.dataset import SIDES, Dataset, ImageSchema, short_id
from vae_core.datasets.images import NamedFile, read_images, to_schema
from vae_core.datasets.samples import SAMPLES
from vae_core.errors import DatasetError

__all__ = [
    "READERS",
    "SAMPLES",
    "SIDES",
    "Dataset",
    "ImageSchema",
    "read",
    "read_files",
    "read_path",
    "short_id",
    "to_schema",
]

Reader = Callable[[str, bytes, ImageSchema | None], Dataset]


def _read_picture(name: str, content: bytes, schema: ImageSchema | None) -> Dataset:
    return read_images(name, [(name, content)], schema)


READERS: dict[str, tuple[Callable[[bytes], bool], Reader]] = {
    "ZIP of pictures": (lambda content: content[:2] == b"PK", read_zip),
    "IDX": (is_idx, read_idx),
    "picture": (lambda content: True, _read_picture),
}
"""What it is -> (does this content look like it?, reader); the first match reads. Names decide nothing."""


def read(name: str, content: bytes, schema: ImageSchema | None = None) -> Dataset:
    """The dataset in one file.

    Args:
        name: The file's name, for messages and as the dataset's name.
        content: The whole file.
        schema: What a model expects; the pictures are brought to it. Chosen from them when None.

    Raises:
        DatasetError: if there is nothing usable in it; the message says what to do.
    """
    if not content:
        raise DatasetError(f"{name[:80]} is empty. Upload the file again.")
    reader = next(reader for matches, reader in READERS.values() if matches(content))
    return reader(name, content, schema)


def read_files(files: Sequence[NamedFile], schema: ImageSchema | None = None) -> Dataset:
    """The dataset in several files: pictures, or an IDX file with its labels beside it.

    Raises:
        DatasetError: if they do not belong together.
    """
    if len(files) == 1:
        return read(*files[0], schema)
    idx = [file for file in files if is_idx(file[1])]
    if idx:
        return _read_idx_pair(files, idx, schema)
    archives = [name for name, content in files if content[:2] == b"PK"]
    if archives:
        raise DatasetError(
            f"{archives[0][:80]} is an archive among other files. Upload one archive alone, or only pictures."
        )
    return read_images(f"{len(files)} pictures", files, schema)


def _read_idx_pair(files: Sequence[NamedFile], idx: Sequence[NamedFile], schema: ImageSchema | None) -> Dataset:
    labels = [file for file in idx if holds_labels(file[1])]
    images = [file for file in idx if file not in labels]
    if len(files) != 2 or len(images) != 1 or len(labels) != 1:
        raise DatasetError("Upload one IDX file of images and one of labels together, and nothing else.")
    dataset = read_idx(*images[0], schema)
    values, names = read_idx_labels(*labels[0], count=len(dataset))
    return Dataset(dataset.name, dataset.x, dataset.schema, values, names, dataset.warnings)


def read_path(path: Path, schema: ImageSchema | None = None) -> Dataset:
    """The dataset at a place on disk: a file (an IDX file's labels are found beside it) or a folder of pictures.

    Raises:
        DatasetError: if there is no such place or nothing usable in it.
    """
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        return read_images(path.name, [(p.relative_to(path).as_posix(), p.read_bytes()) for p in inside], schema)
    if not path.is_file():
        raise DatasetError(
            f"There is no file or folder {path}. Check the spelling, or list what is built in with `datasets`."
        )
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    files = [(p.name, p.read_bytes()) for p in dict.fromkeys((path, beside)) if p.is_file()]
    return read_files(files if is_idx(files[0][1]) else files[:1], schema)
