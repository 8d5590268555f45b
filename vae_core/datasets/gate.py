"""The one way in: whatever a person brings is told apart by its content, never by its name, and read or refused."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

import numpy as np

from vae_core.datasets.archives import Archive, open_archive
from vae_core.datasets.arrays.idx import holds_labels, is_idx, read_idx, read_idx_labels
from vae_core.datasets.arrays.numpy_files import holds_arrays, is_npy, read_npy, read_npz
from vae_core.datasets.arrays.stored import DamagedError
from vae_core.datasets.dataset import Dataset
from vae_core.datasets.endings import is_misnamed
from vae_core.datasets.file import HEAD_BYTES, File, clean_name, shown_name
from vae_core.datasets.foreign import foreign, is_foreign
from vae_core.datasets.gzip_stream import MAGIC, open_gzip
from vae_core.datasets.limits import MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_GZIP_BYTES
from vae_core.datasets.pictures.headers import is_picture
from vae_core.datasets.pictures.read import Source, nothing_usable, read_pictures
from vae_core.datasets.reading import QUIETLY, Reading
from vae_core.datasets.schemas import ImageSchema, Preparation
from vae_core.datasets.tables.delimited import is_delimited
from vae_core.datasets.tables.parquet import is_parquet
from vae_core.datasets.tables.read import read_table
from vae_core.datasets.tables.schema import TableChoices, TableSchema
from vae_core.errors import DatasetError

Reader = Callable[[File, Preparation | None, Reading], Dataset]

CHUNK = 4096


def read(name: str, content: bytes | Path, schema: Preparation | None = None, reading: Reading = QUIETLY) -> Dataset:
    """The dataset in one file.

    Args:
        name: The file's name, for messages and as the dataset's name.
        content: The whole file, or where it is.
        schema: How to prepare it; chosen from the data when None.
        reading: Where the examples go, and who is told.

    Raises:
        DatasetError: if there is nothing usable in it; the message says what to do.
    """
    return read_files([(name, content)], schema, reading)


def read_files(
    files: Sequence[tuple[str, bytes | Path]], schema: Preparation | None = None, reading: Reading = QUIETLY
) -> Dataset:
    """The dataset in several files: pictures, perhaps with a table of their labels, or IDX images with IDX labels.

    Raises:
        DatasetError: if they do not belong together.
    """
    brought = [File(clean_name(name), content) for name, content in files]
    try:
        dataset = _read_files(brought, schema, reading)
    except MemoryError as error:
        raise DatasetError(f"{brought[0].shown} needs more memory than there is. Give a part of it.") from error
    dataset = replace(dataset, name=shown_name(dataset.name))
    if isinstance(dataset.schema, ImageSchema) and _are_identical(dataset.x):
        return dataset.with_warnings("All pictures are identical, so there is nothing for a model to learn.")
    return dataset


def _are_identical(x: np.ndarray) -> bool:
    return len(x) > 1 and all((x[start : start + CHUNK] == x[0]).all() for start in range(0, len(x), CHUNK))


def _read_files(brought: Sequence[File], schema: Preparation | None, reading: Reading) -> Dataset:
    if len(brought) == 1:
        return _read_one(brought[0], schema, reading)
    idx = [file for file in brought if is_idx(file.head())]
    if idx:
        return _read_idx_pair(brought, idx, schema, reading)
    alone = next((f for f in brought if not (_is_any_picture(f) or _kind(f.head()) in (None, "text table"))), None)
    if alone:
        raise DatasetError(
            f"{alone.shown} is a set of its own among other files. Upload it alone, or only pictures together."
        )
    return read_pictures(f"{len(brought)} pictures", [_source(file) for file in brought], _images(schema), reading)


def read_path(path: Path, schema: Preparation | None = None, reading: Reading = QUIETLY) -> Dataset:
    """The dataset at a place on disk: a file (an IDX file's labels are found beside it) or a folder of pictures.

    Raises:
        DatasetError: if there is no such place or nothing usable in it.
    """
    dataset = read_files(files_at(path), schema, reading)
    return replace(dataset, name=clean_name(path.name)) if path.is_dir() else dataset


def files_at(path: Path) -> list[tuple[str, Path]]:
    """Name and place of a file and of the IDX labels beside it; or of all files in a folder.

    Raises:
        DatasetError: if there is no such place, or nothing in it.
    """
    if path.is_dir():
        inside = sorted(p for p in path.rglob("[!.]*") if p.is_file() and not p.is_symlink())[: MAX_ENTRIES + 1]
        if not 0 < len(inside) <= MAX_ENTRIES:
            raise DatasetError(f"The folder {path.name} holds no files, or more than {MAX_ENTRIES:,}. Give another.")
        return [(p.relative_to(path).as_posix(), p) for p in inside]
    if not path.is_file():
        raise DatasetError(
            f"There is no file or folder {path}. Check the spelling, or list what is built in with `datasets`."
        )
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    has_labels = beside != path and beside.is_file() and is_idx(File(path.name, path).head())
    return [(path.name, path), (beside.name, beside)] if has_labels else [(path.name, path)]


def _read_one(file: File, schema: Preparation | None, reading: Reading) -> Dataset:
    if not file.size:
        raise DatasetError(f"{file.shown} is empty. Upload the file again.")
    kind = _kind(file.head())
    if kind is None:
        raise foreign(file)
    return _tell_misnamed(READERS[kind][1](file, schema, reading), file, kind)


def _tell_misnamed(dataset: Dataset, file: File, kind: str) -> Dataset:
    """Of pictures their reader tells, for it knows which they are."""
    if kind == "picture" or not is_misnamed(file.name, kind):
        return dataset
    return dataset.with_warnings(f"{file.shown} is named like another format; the content ({kind}) decided.")


def _kind(head: bytes) -> str | None:
    return next((kind for kind, (matches, _) in READERS.items() if matches(head)), None)


def _is_any_picture(file: File) -> bool:
    return is_picture(file.head())


def _source(file: File) -> Source:
    return Source(file.name, partial(_read_small, file))


def _read_small(file: File) -> bytes:
    content = file.read(MAX_ENTRY_BYTES + 1)
    if len(content) > MAX_ENTRY_BYTES:
        raise DatasetError(f"larger than {MAX_ENTRY_BYTES // 2**20} MB")
    return content


def _read_idx_pair(files: Sequence[File], idx: Sequence[File], schema: Preparation | None, reading: Reading) -> Dataset:
    labels = [file for file in idx if holds_labels(file.head())]
    images = [file for file in idx if file not in labels]
    if len(files) != 2 or len(images) != 1 or len(labels) != 1:
        raise DatasetError("Upload one IDX file of images and one of labels together, and nothing else.")
    dataset = read_idx(images[0], _images(schema), reading)
    values, names = read_idx_labels(labels[0], count=len(dataset))
    dataset = replace(dataset, labels=values, label_names=names)
    return _tell_misnamed(_tell_misnamed(dataset, images[0], "IDX"), labels[0], "IDX")


def _read_picture(file: File, schema: Preparation | None, reading: Reading) -> Dataset:
    return read_pictures(file.name, [_source(file)], _images(schema), reading)


def _read_zip(file: File, schema: Preparation | None, reading: Reading) -> Dataset:
    """A ZIP of pictures, an NPZ, or one packed table."""
    with open_archive(file) as archive:
        if not archive.members:
            raise DatasetError(f"{file.shown} is an empty archive. Put PNG or JPEG pictures into it.")
        if "[Content_Types].xml" in (paths := {member.path for member in archive.members}):
            raise DatasetError(f"{file.shown} is an Excel or Word file. Save the sheet as CSV.")
        if any(path.endswith("data.pkl") for path in paths):
            raise DatasetError(f"{file.shown} is a PyTorch file, which can run code and is never opened. Save NPZ.")
        if holds_arrays(archive):
            return read_npz(file, archive, schema, reading)
        if len(archive.members) == 1:
            inner = File(archive.members[0].path, _first(archive))
            if _kind(inner.head()) in ("Parquet", "text table"):
                return _read_one(inner, schema, reading)
        sources = [Source(member.path, partial(archive.read, member)) for member in archive.members]
        return read_pictures(file.name, sources, _images(schema), reading)


def _first(archive: Archive) -> bytes:
    member = archive.members[0]
    try:
        return archive.read(member)
    except DatasetError as error:
        raise nothing_usable(archive.file.name, [(member.path, str(error))]) from error


def _read_gzip(file: File, schema: Preparation | None, reading: Reading) -> Dataset:
    """A table or an array that was packed alone."""
    inner = File(file.name, _gunzip(file, HEAD_BYTES))
    kind = _kind(inner.head())
    if kind == "IDX":  # behind a long header
        return _read_idx(file, schema, reading)
    if kind not in ("NPY", "Parquet", "text table"):
        raise DatasetError(
            f"{file.shown} is a gzip file of something that is not read"
            f"{' (a tar archive)' if is_foreign(inner.head()) else ''}. Unpack it and pack the files as a ZIP."
        )
    unpacked = File(PurePath(file.name).stem, _gunzip(file))
    return replace(_read_one(unpacked, schema, reading), name=file.name)


def _gunzip(file: File, count: int = -1) -> bytes:
    """The first bytes, or all."""
    try:
        with open_gzip(file, MAX_GZIP_BYTES) as stream:
            return stream.read(count)
    except DamagedError as error:
        raise DatasetError(f"{file.shown} is {error}. Copy or download it again.") from error


def _images(schema: Preparation | None) -> ImageSchema | None:
    if schema is None or isinstance(schema, ImageSchema):
        return schema
    raise DatasetError("These are pictures, but a table was expected. Give a table with the columns of the model.")


def _table(schema: Preparation | None) -> TableSchema | TableChoices | None:
    if isinstance(schema, ImageSchema):
        raise DatasetError("This is a table, but pictures were expected. Give pictures, best as one ZIP.")
    return schema


def _read_table(file: File, schema: Preparation | None, reading: Reading) -> Dataset:
    return read_table(file, _table(schema), reading)


def _read_idx(file: File, schema: Preparation | None, reading: Reading) -> Dataset:
    return read_idx(file, _images(schema), reading)


def _never(file: File, schema: Preparation | None, reading: Reading) -> Dataset:
    raise foreign(file)


READERS: dict[str, tuple[Callable[[bytes], bool], Reader]] = {
    "ZIP": (lambda head: head[:2] == b"PK", _read_zip),
    "IDX": (is_idx, _read_idx),
    "gzip": (lambda head: head[:2] == MAGIC, _read_gzip),
    "NPY": (is_npy, read_npy),
    "Parquet": (is_parquet, _read_table),
    "picture": (is_picture, _read_picture),
    "foreign": (is_foreign, _never),
    "text table": (is_delimited, _read_table),
}
"""What it is -> (do the first bytes look like it?, reader); the first match reads. Names decide nothing."""
