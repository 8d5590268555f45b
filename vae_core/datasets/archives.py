"""A ZIP of pictures, read member by member in memory: nothing is ever extracted to disk."""

import io
import zipfile
from pathlib import PurePosixPath

from vae_core.datasets.dataset import Dataset, ImageSchema
from vae_core.datasets.images import NamedFile, Skipped, list_skipped, read_images
from vae_core.errors import DatasetError

MAX_ENTRIES = 20_000
MAX_ENTRY_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 2 * 2**30


def read_zip(name: str, content: bytes, schema: ImageSchema | None = None) -> Dataset:
    """Every readable picture of the archive; folders become labels, at any depth.

    Raises:
        DatasetError: if the archive is damaged or too large, or holds no picture.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except Exception as error:  # a hostile directory can raise nearly anything
        raise DatasetError(
            f"{name[:80]} begins like a ZIP but is damaged. Make the archive anew and upload it again."
        ) from error
    with archive:
        members = [m for m in archive.infolist() if not _is_folder_or_clutter(m.filename)]
        if len(members) > MAX_ENTRIES:
            raise DatasetError(
                f"{name[:80]} holds {len(members):,} files; at most {MAX_ENTRIES:,} are read. Upload a part of it."
            )
        if not members:
            raise DatasetError(f"{name[:80]} is an empty archive. Put PNG or JPEG pictures into it.")
        files, broken = _read_members(archive, members)
    if not files:
        raise DatasetError(
            f"No file of {name[:80]} can be read, beginning with {list_skipped(broken[:1])}. "
            "Make the archive anew, unencrypted."
        )
    dataset = read_images(name, files, schema)
    if broken:
        dataset = dataset.with_warnings(f"{len(broken)} file(s) of the archive were skipped: {list_skipped(broken)}.")
    return dataset


def _read_members(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> tuple[list[NamedFile], list[Skipped]]:
    files: list[NamedFile] = []
    broken: list[Skipped] = []
    total = 0
    for member in members:
        try:
            with archive.open(member) as stream:
                data = stream.read(MAX_ENTRY_BYTES + 1)  # count what comes out, the directory may lie
        except Exception as error:  # each compression has errors of its own
            encrypted = isinstance(error, RuntimeError) and "encrypted" in str(error)
            broken.append((member.filename, "encrypted" if encrypted else "damaged"))
            continue
        total += len(data)
        if total > MAX_TOTAL_BYTES:
            raise DatasetError("The archive unpacks to more than 2 GB. Upload a part of it, or smaller pictures.")
        if len(data) > MAX_ENTRY_BYTES:
            broken.append((member.filename, f"larger than {MAX_ENTRY_BYTES // 2**20} MB"))
        else:
            files.append((member.filename, data))
    return files, broken


def _is_folder_or_clutter(path: str) -> bool:
    """Folders, and what operating systems add on their own: not worth a word to the user."""
    last = PurePosixPath(path).name
    return (
        path.endswith(("/", "\\")) or "__MACOSX" in path or last in ("", "Thumbs.db", "desktop.ini") or last[0] == "."
    )
