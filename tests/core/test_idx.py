"""IDX files, plain and gzipped: pictures and labels."""

import numpy as np
import pytest

from tests.core.array_files import idx, noise, npy, packed, read
from vae_core.datasets.arrays.idx import holds_labels, is_idx, read_idx_labels
from vae_core.datasets.file import File
from vae_core.errors import DatasetError


@pytest.mark.parametrize("kind", ["|u1", "|i1", ">i2", ">i4", ">f4", ">f8"])
@pytest.mark.parametrize("pack", [bytes, packed])
def test_idx_of_every_type_reads_like_npy(kind: str, pack: object) -> None:
    for shape in ((3, 8, 8), (3, 8, 8, 3)):
        values = noise(*shape, dtype=kind, low=-100, high=100) if "u" not in kind else noise(*shape)
        assert is_idx(idx(values)[:512])
        assert (read(pack(idx(values))).x == read(npy(values)).x).all()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (idx(noise(5, 28, 28))[:-1], "announces 3,920 bytes and holds 3,919"),
        (idx(noise(5, 28, 28)) + b"\0", "announces 3,920 bytes and holds 3,921"),
        (packed(idx(noise(5, 28, 28))[:-1]), "holds less than it announces"),
        (packed(idx(noise(5, 28, 28)) + b"\0"), "holds more than it announces"),
        (packed(idx(noise(5, 28, 28)))[:-9], "damaged gzip"),
        (packed(idx(noise(5, 28, 28)))[:40], "damaged gzip"),
        (idx(noise(5, 28, 28))[:10], "damaged header"),
        (idx(noise(0, 28, 28)), "holds nothing"),
        (idx(noise(5, 28)), r"shape 5×28\. Save pictures as"),
        (idx(noise(5)), "5 labels and no pictures"),
        (packed(idx(np.zeros((300, 256, 256), dtype=np.uint8))), "or 200 times its size"),
        (packed(b"\0\0\x08\3" + b"\xff" * 12), "too large"),
    ],
)
def test_damaged_idx_files_are_refused(content: bytes, found: str) -> None:
    assert is_idx(content[:512])
    with pytest.raises(DatasetError, match=found) as refusal:
        read(content, name="images" * 50)
    assert str(refusal.value).startswith("…")
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) <= 200


def test_flat_idx_below_10_mb_may_pack_as_well_as_it_does() -> None:
    assert len(read(packed(idx(np.zeros((9000, 32, 32), dtype=np.uint8))))) == 9000


@pytest.mark.parametrize(
    "head", [b"", b"\0", b"\0\0\x08", b"\0\0\x0a\3", b"\0\0\x08\5", b"\0\0\x08\0", b"\x1f\x8bxxxx"]
)
def test_what_is_no_idx_is_not_taken_for_it(head: bytes) -> None:
    assert not is_idx(head)
    assert not holds_labels(head)


@pytest.mark.parametrize("pack", [bytes, packed])
def test_idx_labels_are_numbered_and_named(pack: object) -> None:
    content = pack(idx(np.array([30, 7, 7, -1], dtype=">i4")))  # type: ignore[operator]
    assert holds_labels(content)
    labels, names = read_idx_labels(File("labels", content), 4)
    assert labels.dtype == np.int32
    assert labels.tolist() == [2, 1, 1, 0]
    assert names == ("-1", "7", "30")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (idx(noise(5)), "5 labels for 4 pictures"),
        (idx(noise(4, 8, 8)), "an array 4×8×8, not a list"),
        (packed(idx(noise(4)))[:-8], "damaged gzip"),
        (idx(np.array([0.5] * 4, dtype=">f4")), "decimal numbers"),
    ],
)
def test_idx_labels_that_do_not_fit_are_refused(content: bytes, found: str) -> None:
    with pytest.raises(DatasetError, match=found):
        read_idx_labels(File("labels", content), 4)
