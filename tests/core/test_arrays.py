"""Arrays of pictures in any order and range of values, from NPY and IDX files."""

import math
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.core.array_files import header, idx, noise, npy, npy_of, read
from vae_core.datasets.arrays.as_pictures import find_layout
from vae_core.datasets.pictures.prepare import prepare_array
from vae_core.datasets.reading import Reading
from vae_core.datasets.schemas import ImageSchema
from vae_core.errors import DatasetError

ROOT = Path(__file__).resolve().parents[2]
INT64 = (-(2**63), 0, 2**63 - 1)
GOLDEN = {
    "b1": [([False, True], [0, 255], "")],
    "u1": [([0, 3, 255], [0, 3, 255], ""), ([0, 1], [0, 255], "0 and 1 became"), ([0, 2], [0, 2], ""), ([0], [0], "")],
    "i1": [([0, 127], [0, 127], ""), ([-128, 0, 127], [0, 128, 255], "values -128…127"), ([0, 1], [0, 255], "0 and 1")],
    "u2": [
        ([0, 7, 255], [0, 7, 255], ""),
        ([0, 256, 257, 385, 386, 0x8001, 65535], [0, 1, 1, 1, 2, 128, 255], "16-bit"),
        ([0, 1], [0, 255], "0 and 1"),
    ],
    "i2": [([0, 200], [0, 200], ""), ([-100, 0, 100], [0, 128, 255], "-100…100"), ([0, 256], [0, 255], "0…256")],
    "u4": [([0, 255], [0, 255], ""), ([1000, 1500, 2000], [0, 128, 255], "1,000…2,000")],
    "i4": [([0, 255], [0, 255], ""), ([-1, 0, 1], [0, 128, 255], "-1…1")],
    "u8": [([0, 255], [0, 255], ""), ([0, 2**64 - 1], [0, 255], "0…1.84467e+19")],
    "i8": [([0, 255], [0, 255], ""), (INT64, [0, 128, 255], "scaled")],
    "f2": [([0, 0.5, 1], [0, 128, 255], "0…1"), ([-1, 0, 1], [0, 128, 255], "−1…1"), ([0, 200], [0, 200], "")],
    "f4": [
        ([0, 0.25, 1], [0, 64, 255], "values 0…1"),
        ([-0.5, 0, 1], [64, 128, 255], "values −1…1"),
        ([0, 100.4, 100.6, 255], [0, 100, 101, 255], ""),
        ([-1, 0, 3], [0, 64, 255], "values -1…3"),
        ([0, 0.5, 1.0005], [0, 128, 255], "values 0…1"),
        ([0, 0.6, 1.2], [0, 128, 255], "values 0…1.2"),
        ([7000, 7000], [0, 0], "7,000…7,000"),
    ],
    "f8": [
        ([0, 1 / 255, 1], [0, 1, 255], "values 0…1"),
        ([-1.7e308, 0, 1.7e308], [0, 128, 255], "scaled"),
        ([1000, 1500.5, 2000], [0, 128, 255], "1,000…2,000"),
    ],
}
"""Type -> (values, the 8 bits they must become, what must be told)."""


def golden() -> list[tuple[np.ndarray, list[int], str]]:
    """Pictures of 8×8 that begin with the values and go on with the first of them, in both byte orders."""
    cases = []
    for kind, examples in GOLDEN.items():
        for values, expected, told in examples:
            for order in "<>":
                picture = np.full((1, 8, 8), values[0], dtype=f"{order}{kind}")
                picture[0, 0, : len(values)] = values
                cases.append((picture, expected, told))
    return cases


@pytest.mark.parametrize(("picture", "expected", "told"), golden())
def test_values_of_every_type_become_8_bits(picture: np.ndarray, expected: list[int], told: str) -> None:
    for content in (npy(picture), npy(np.asfortranarray(picture))):
        dataset = read(content)
        assert dataset.x[0, 0, : len(expected), 0].tolist() == expected
        assert (dataset.x[0, 1:] == expected[0]).all()
        assert told in " ".join(dataset.warnings)
        assert bool(dataset.warnings) == bool(told)


@pytest.mark.parametrize("decisive", [0, 1500, 2999])
def test_range_is_that_of_the_whole_array_not_of_one_picture(decisive: int) -> None:
    values = np.full((3000, 40, 40), 0.5, dtype=np.float32)
    values[decisive, 0, 0] = 2.5
    x = read(npy(values), ImageSchema(side=40)).x
    assert x[1, 0, 0, 0] == 0  # 0.5 of 255: as it is
    values[decisive, 0, 0] = -1
    x = read(npy(values), ImageSchema(side=40)).x
    assert x[1, 0, 0, 0] == 191  # 0.5 of −1…1


def test_dark_pictures_stay_as_they_are_and_are_remarked_upon() -> None:
    dataset = read(npy(noise(4, 8, 8, dtype="f8", high=17)))
    assert dataset.x.max() == 16
    assert any("largest value is 16" in sentence for sentence in dataset.origin.advice)
    assert not any("dark" in s for s in read(npy(noise(4, 8, 8))).origin.advice)
    assert any("16-bit" in s for s in read(npy(noise(4, 8, 8, dtype="u2", high=4096))).warnings)


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((9, 28, 20), (28, 20, 1, False)),
        ((9, 28, 20, 1), (28, 20, 1, False)),
        ((9, 28, 20, 3), (28, 20, 3, False)),
        ((9, 28, 20, 4), (28, 20, 4, False)),
        ((9, 1, 28, 20), (28, 20, 1, True)),
        ((9, 3, 28, 20), (28, 20, 3, True)),
        ((9, 2, 28, 20), (28, 20, 2, True)),
        ((9, 3, 64, 3), (3, 64, 3, False)),  # neither way square: channels last
        ((9, 3, 4, 4), (4, 4, 3, True)),  # the square way
        ((9, 4, 4, 3), (4, 4, 3, False)),
        ((9, 3, 3, 3), (3, 3, 3, False)),
        ((480, 640, 3), (480, 640, 3, False)),  # one colour picture
        ((4, 28, 3), (28, 3, 1, False)),
        ((3, 28, 28), (28, 28, 1, False)),  # three grey pictures
        ((4, 3, 3), (3, 3, 1, False)),
    ],
)
def test_order_of_axes_is_found(shape: tuple[int, ...], layout: tuple[int, int, int, bool]) -> None:
    full, found = find_layout("x", shape)
    assert found == layout
    assert full == (shape if len(shape) == 4 or layout[2] == 1 else (1, *shape))


@pytest.mark.parametrize("shape", [(5,), (9, 28, 28, 5), (2, 2, 9, 28, 28), (32, 32, 5, 700), (1,) * 30])
def test_other_shapes_are_refused_with_the_right_ones(shape: tuple[int, ...]) -> None:
    with pytest.raises(DatasetError, match=r"has the shape .*\[N, H, W\]"):
        read(npy(np.zeros(shape, dtype=np.uint8)))


def test_channels_first_and_last_and_fortran_order_give_the_same_pictures() -> None:
    x = noise(5, 12, 12, 3)
    for same in (x, np.ascontiguousarray(x.transpose(0, 3, 1, 2)), np.asfortranarray(x)):
        assert (read(npy(same)).x == x).all()


def test_fortran_order_larger_than_its_tiles_is_turned_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vae_core.datasets.arrays.stored.CHUNK_BYTES", 1000)
    monkeypatch.setattr("vae_core.datasets.arrays.stored.TILE_BYTES", 3000)
    for count in (1, 7, 500):
        x = noise(count, 9, 11, 3, dtype=">u2", high=65536)
        expected = read(npy(x), ImageSchema(side=16, channels=3)).x
        assert (read(npy(np.asfortranarray(x)), ImageSchema(side=16, channels=3)).x == expected).all()


def test_transparency_lies_on_white() -> None:
    pixels = np.array([[10, 20, 30, 255], [10, 20, 30, 0], [10, 20, 30, 128]], dtype=np.uint8)
    colour = np.resize(pixels, (1, 9, 9, 4))
    dataset = read(npy(colour))
    assert dataset.x[0, 0, :3].tolist() == [[10, 20, 30], [255, 255, 255], [132, 137, 142]]
    assert "transparency" in dataset.warnings[0]
    tall = read(npy(np.resize(pixels, (2, 99, 99, 4))), ImageSchema(side=99, channels=3))
    assert (tall.x.reshape(-1, 3)[: 99 * 99] == np.resize(dataset.x[0, 0, :3], (99 * 99, 3))).all()
    grey = np.resize(pixels[:, [0, 3]], (1, 9, 9, 2))
    assert read(npy(grey)).x[0, 0, :3, 0].tolist() == [10, 255, 132]


def test_pictures_are_prepared_like_any_others() -> None:
    x = noise(3, 40, 24, 3)
    for schema in (ImageSchema(side=16, channels=3), ImageSchema(side=16, channels=1, fit="crop", invert=True)):
        dataset = read(npy(x), schema)
        assert (dataset.x == np.stack([prepare_array(picture, schema) for picture in x])).all()
        assert "The pictures were 24×40 pixels and were fitted into 16×16." in dataset.warnings
    assert any("3 pictures have colours and became grey" in sentence for sentence in dataset.warnings)
    inverted = read(npy(x[:, :24]), ImageSchema(side=24, channels=3, invert=True))
    assert (inverted.x == 255 - x[:, :24]).all()
    assert (read(npy(x[:, :24, :, 0]), ImageSchema(side=24, channels=3)).x == x[:, :24, :, :1]).all()


def test_preparation_is_suggested_from_the_pictures() -> None:
    grey_in_colour = np.repeat(noise(30, 64, 48, 1), 3, axis=-1)
    dataset = read(npy(grey_in_colour))
    assert dataset.schema == ImageSchema(side=28, channels=1)
    assert dataset.origin.sizes == ((48, 64, 30),)
    assert "48×64" in dataset.origin.advice[0]
    assert len(dataset.previews) == 15
    assert (dataset.previews[1] == grey_in_colour[2]).all()
    assert read(npy(noise(30, 30, 30, 3))).schema == ImageSchema(side=30, channels=3)


def test_previews_are_small_and_few() -> None:
    dataset = read(npy(noise(1, 1500, 900, 3)))
    assert [preview.shape for preview in dataset.previews] == [(500, 300, 3)]
    assert len(read(npy(noise(999, 8, 8))).previews) <= 24


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_numbers_are_refused_with_their_places(bad: float) -> None:
    values = np.zeros((9000, 16, 16), dtype=np.float32)
    values[[3, 700, 701, 8000, 8500, 8998, 8999], 5, 5] = bad
    with pytest.raises(DatasetError, match=r"in 7 of its pictures: 3, 700, 701, 8000, 8500 and 2 more \(from 0\)"):
        read(npy(values))
    with pytest.raises(DatasetError, match=r"in 1 of its pictures: 3 \(from 0\)"):
        read(npy(values[:600]))


@pytest.mark.parametrize("order", "<>")
def test_signalling_nan_is_refused_like_any_other(order: str) -> None:
    bits = np.full((1, 8, 8), 0x7FA00001, dtype=f"{order}u4")
    for content in (npy(bits.view(f"{order}f4")), idx(bits.view(f"{order}f4"))):
        with pytest.raises(DatasetError, match="not numbers"):
            read(content)


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ("(0, 28, 28)", "holds nothing"),
        ("(2, 0, 28)", "holds nothing"),
        ("(1, 16385, 8)", "a side longer than 16,384"),
        ("(1, 8000, 8000)", "8000×8000 pixels, more than 50 million"),
        ("(20000000, 1, 1)", "20,000,000 pictures; at most 10,000,000"),
        ("(9000000, 2, 2)", "need more than 4 GB at a side of 32"),
    ],
)
def test_more_than_can_be_learnt_is_refused(shape: str, found: str, tmp_path: Path) -> None:
    for order in ("False", "True"):
        path, start = tmp_path / "sparse", npy_of(header(order=order, shape=shape))
        with path.open("wb") as file:
            file.write(start)
            file.truncate(len(start) + math.prod(int(n) for n in shape.strip("()").split(",")))
        with pytest.raises(DatasetError, match=found):
            read(path, ImageSchema(side=32))


def test_examples_go_where_the_reading_says_and_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    reading = Reading(path=tmp_path / "x.npy", progress=lambda done, total: told.append((done, total)))
    x = noise(6000, 30, 30)
    dataset = read(npy(x), None, reading)
    assert isinstance(dataset.x, np.memmap)
    assert (dataset.x[..., 0] == x).all()
    assert told[-1] == (6000, 6000)
    assert len(told) > 1


MEASURE = """
import sys
from pathlib import Path
from tests.core.array_files import read
from vae_core.datasets.reading import Reading

def peak():
    return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM")) // 1024

path, before = Path(sys.argv[1]), peak()
dataset = read(path, None, Reading(path=path.with_suffix(".x")))
print(len(dataset), dataset.x[-1].max(), peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures memory as Linux tells it")
@pytest.mark.parametrize("kind", ["C", "Fortran", "IDX"])
def test_large_arrays_are_read_in_little_memory(kind: str, tmp_path: Path) -> None:
    """600 MB, nearly all zeros: most of the file is a hole."""
    count, side, path = 300_000, 16, tmp_path / "large"
    last = np.arange(side * side, dtype=">f8").tobytes()
    start = npy_of(header("'>f8'", str(kind == "Fortran"), f"({count}, {side}, {side})"))
    if kind == "IDX":
        start = struct.pack(">HBB3I", 0, 14, 3, count, side, side)
    with path.open("wb") as file:
        file.write(start)
        file.seek(count * len(last) - len(last), 1)
        file.write(last)
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    found, brightest, megabytes = map(int, ran.stdout.split())
    assert (found, brightest) == (count, 255)
    assert megabytes < 200
