"""What users bring, through `datasets.read` and its siblings."""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import png, stroke_dataset, strokes, zip_of
from vae_core import datasets
from vae_core.datasets import ImageSchema, Reading
from vae_core.errors import DatasetError


def grey(value: int = 200, height: int = 16, width: int = 16) -> np.ndarray:
    return np.full((height, width), value, dtype=np.uint8)


def idx(values: np.ndarray) -> bytes:
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return header + values.astype(np.uint8).tobytes()


def test_zip_folders_become_labels_at_any_depth() -> None:
    content = zip_of({f"all/{a}/{b}/{k}.png": png(grey(10 * k)) for a in "AB" for b in "xy" for k in range(3)})
    dataset = datasets.read("set.zip", content)
    assert len(dataset) == 12
    assert dataset.label_names == ("A/x", "A/y", "B/x", "B/y")
    assert dataset.labels is not None
    assert np.bincount(dataset.labels).tolist() == [3, 3, 3, 3]
    assert dataset.x.shape == (12, 16, 16, 1)
    assert dataset.x.dtype == np.uint8


def test_one_folder_gives_no_labels_and_untouched_pictures_give_no_warnings() -> None:
    dataset = datasets.read("set.zip", zip_of({f"one/{k}.png": png(strokes(3, 16)[k, ..., 0]) for k in range(3)}))
    assert dataset.labels is None
    assert dataset.warnings == ()
    assert (dataset.x[..., 0] == strokes(3, 16)[..., 0]).all()


def test_broken_picture_is_skipped_and_named() -> None:
    good, other = png(strokes(2, 16)[0, ..., 0]), png(strokes(2, 16)[1, ..., 0])
    noise = png(np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8))
    files = {"a.png": good, "sub/cut.png": noise[: len(noise) // 2], "note.txt": b"hello", "b.png": other}
    dataset = datasets.read("set.zip", zip_of(files))
    assert len(dataset) == 2
    skipped = " ".join(dataset.warnings)
    assert "2 files were skipped" in skipped
    assert "sub/cut.png (broken picture)" in skipped
    assert "note.txt (not a picture)" in skipped


def test_damaged_member_of_a_zip_is_skipped_and_named() -> None:
    content = bytearray(zip_of({"a.png": png(grey()), "bad.png": png(grey(90)), "c.png": png(grey(30))}))
    start = content.find(b"bad.png") + len("bad.png") + 8
    content[start : start + 20] = bytes(20)
    dataset = datasets.read("set.zip", bytes(content))
    assert len(dataset) == 2
    assert any("bad.png" in sentence for sentence in dataset.warnings)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (zip_of({"a.txt": b"1", "b.csv": b"2"}), "2 files, none of them a picture"),
        (zip_of({}), "empty archive"),
        (zip_of({"a.png": png(grey())})[:-30], "damaged"),
        (b"", "is empty"),
        (b"just some text", "no kind of file that is read"),
    ],
)
def test_nothing_usable_is_refused_with_a_sentence(content: bytes, found: str) -> None:
    with pytest.raises(DatasetError, match=found) as refusal:
        datasets.read("set.zip", content)
    assert str(refusal.value).startswith("set.zip ")
    assert str(refusal.value).endswith(".")


def test_mixed_sizes_are_fitted_whole_and_told() -> None:
    wide = grey(255, 8, 24)
    wide[:, :12] = 0
    dataset = datasets.read("set.zip", zip_of({"wide.png": png(wide), "square.png": png(grey(7, 24, 24))}))
    assert dataset.schema == ImageSchema(side=24, channels=1)
    assert "2 different sizes" in dataset.warnings[0]
    assert dataset.x[0, 12, :12, 0].max() == 0
    assert dataset.x[0, 12, 12:, 0].min() == 255
    assert (dataset.x[1] == 7).all()


def test_large_pictures_are_reduced_and_told() -> None:
    dataset = datasets.read("photo.png", png(grey(90, 300, 300)))
    assert dataset.schema.side < 300
    assert "300×300" in dataset.warnings[0]
    assert (dataset.x == 90).all()


def mode_pictures() -> dict[str, tuple[bytes, list[int]]]:
    """For every kind of picture its file and the colour that all of its pixels must come out as."""
    rgb = Image.new("RGB", (16, 16), (200, 40, 90))
    half = Image.new("RGBA", (16, 16), (200, 40, 90, 0))
    palette = rgb.quantize(4)
    sixteen = np.full((16, 16), 0x8001, dtype=np.uint16)  # its low byte would come out as 1

    def save(image: Image.Image, format: str = "PNG") -> bytes:
        import io

        buffer = io.BytesIO()
        image.save(buffer, format)
        return buffer.getvalue()

    return {
        "rgb": (save(rgb), [200, 40, 90]),
        "palette": (save(palette), [200, 40, 90]),
        "transparent": (save(half), [255]),
        "grey": (save(rgb.convert("L")), [93]),
        "bilevel": (save(Image.new("1", (16, 16), 1)), [255]),
        "16 bits": (png(sixteen), [128]),
        "float": (save(Image.fromarray(np.full((16, 16), 0.5, dtype=np.float32)), "TIFF"), [128]),
        "cmyk": (save(Image.new("CMYK", (16, 16), (0, 0, 0, 255)), "TIFF"), [0]),
    }


@pytest.mark.parametrize("kind", mode_pictures())
def test_every_kind_of_picture_keeps_its_colour(kind: str) -> None:
    content, colour = mode_pictures()[kind]
    dataset = datasets.read("picture", content)
    assert dataset.schema.channels == len(colour)
    assert np.abs(dataset.x.reshape(-1, len(colour)).astype(int) - colour).max() <= 1


def test_exif_orientation_is_applied() -> None:
    pixels = grey(0)
    pixels[:8] = 255  # the upper half is bright
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: rotate by 90° clockwise to see it upright
    dataset = datasets.read("photo.png", png(pixels, exif=exif))
    assert dataset.x[0, :, 8:].min() == 255
    assert dataset.x[0, :, :8].max() == 0


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_reads_pictures_with_the_labels_beside_it(pack: object, tmp_path: Path) -> None:
    pictures, labels = strokes(20, 28)[..., 0], np.arange(20) % 3 + 5
    (tmp_path / "t-images-idx3-ubyte").write_bytes(pack(idx(pictures)))  # type: ignore[operator]
    (tmp_path / "t-labels-idx1-ubyte").write_bytes(pack(idx(labels)))  # type: ignore[operator]
    dataset = datasets.read_path(tmp_path / "t-images-idx3-ubyte")
    assert (dataset.x[..., 0] == pictures).all()
    assert dataset.label_names == ("5", "6", "7")
    assert dataset.labels is not None
    assert dataset.labels.tolist() == (np.arange(20) % 3).tolist()
    assert dataset.warnings == ()


def test_idx_uploaded_with_its_labels_in_any_order() -> None:
    files = [("labels", idx(np.arange(5))), ("images", idx(strokes(5, 28)[..., 0]))]
    dataset = datasets.read_files(files)
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([("labels", idx(np.arange(5)))], "5 labels and no pictures"),
        ([("images", idx(strokes(5, 28)[..., 0])[:-1])], "damaged"),
        ([("images", idx(strokes(5, 28)[..., 0])), ("labels", idx(np.arange(4)))], "4 labels for 5 pictures"),
        ([("images", gzip.compress(idx(strokes(5, 28)[..., 0]))[:-20])], "damaged gzip"),
        ([("a.zip", zip_of({"a.png": png(grey())})), ("b.png", png(grey()))], "set of its own among other files"),
    ],
)
def test_files_that_do_not_fit_are_refused(files: list[tuple[str, bytes]], found: str) -> None:
    with pytest.raises(DatasetError, match=found):
        datasets.read_files(files)


def test_several_pictures_make_one_dataset() -> None:
    dataset = datasets.read_files([(f"{k}.png", png(strokes(4, 16)[k, ..., 0])) for k in range(4)])
    assert len(dataset) == 4


def test_folder_on_disk_reads_like_a_zip(tmp_path: Path) -> None:
    for label in "AB":
        (tmp_path / "set" / label).mkdir(parents=True)
        (tmp_path / "set" / label / "1.png").write_bytes(png(grey(ord(label))))
    dataset = datasets.read_path(tmp_path / "set")
    assert dataset.label_names == ("A", "B")


def npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


ZIPPED, TEXT, ARRAY, PAIR = (
    zip_of({"a.png": png(grey())}),
    b"a,b\n1,2\n3,4\n5,7\n",
    npy(strokes(2, 16)),
    idx(strokes(2, 16)),
)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("set.csv", ZIPPED, "ZIP"),
        ("set.npy", zip_of({"x.npy": ARRAY}), "ZIP"),
        ("t.png", TEXT, "text table"),
        ("t.xls", TEXT, "text table"),
        ("t.csv.gz", TEXT, "text table"),
        ("T.CSV", gzip.compress(TEXT, mtime=0), "gzip"),
        ("t.npy.gz", gzip.compress(TEXT, mtime=0), "text table"),
        ("x.npz", ARRAY, "NPY"),
        ("x.csv", PAIR, "IDX"),
    ],
)
def test_content_decides_and_a_false_name_is_told(name: str, content: bytes, kind: str) -> None:
    dataset = datasets.read(name, content)
    told = [sentence for sentence in dataset.warnings if "named like another format" in sentence]
    assert len(told) == 1
    assert told[0].endswith(f"is named like another format; the content ({kind}) decided.")
    assert dataset.name == name


def test_file_in_a_zip_is_told_by_its_own_name() -> None:
    warnings = datasets.read("t.zip", zip_of({"t.npy": TEXT})).warnings
    assert warnings == ("t.npy is named like another format; the content (text table) decided.",)


def test_names_of_two_idx_files_are_told_each() -> None:
    labels = idx(np.array([1, 0]))
    told = datasets.read_files([("x.png", PAIR), ("y-idx1-ubyte", labels)]).warnings
    assert told == ("x.png is named like another format; the content (IDX) decided.",)


def test_pictures_named_as_what_is_none_are_told() -> None:
    told = "1 picture is named like another format; the content decided."
    for name in ("a.csv", "a.zip", "a.heic"):
        assert datasets.read(name, png(grey())).warnings == (told,)
        assert told in datasets.read("set.zip", zip_of({name: png(grey()), "b.png": png(grey(9))})).warnings


@pytest.mark.parametrize(
    ("names", "content"),
    [
        (("t.csv", "t.tsv", "t.tab", "t.txt", "t.dat", "t.data", "t", "t.2024", "t.csv.", "t.csv.bak"), TEXT),
        (("t.csv.gz", "t.gz", "t.CSV.GZ", "t", "t.dat.gz"), gzip.compress(TEXT, mtime=0)),
        (("x.npz", "x.zip", "x.NPZ", "x"), zip_of({"x.npy": ARRAY})),
        (("x.npy", "x", "x.dat"), ARRAY),
        (("train-images-idx3-ubyte", "x.idx3-ubyte", "x.idx", "x-ubyte.gz"), PAIR),
        (("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte", "x.gz"), gzip.compress(PAIR, mtime=0)),
        (("set.zip", "set", "set.cbz", ".zip"), ZIPPED),
    ],
)
def test_usual_unknown_and_missing_endings_are_no_false_names(names: tuple[str, ...], content: bytes) -> None:
    for name in names:
        warnings = datasets.read(name, content).warnings
        assert not any("named like" in sentence for sentence in warnings), name


def test_too_little_memory_is_a_refusal() -> None:
    def progress(_done: int, _count: int) -> None:
        raise MemoryError

    content = io.BytesIO()
    np.save(content, strokes(6, 16))
    for name, data in (("x.npy", content.getvalue()), ("t.csv", b"a,b\n1,2\n3,4\n")):
        with pytest.raises(DatasetError, match=rf"{name} needs more memory than there is\. Give a part of it\."):
            datasets.read(name, data, None, Reading(progress=progress))


def test_schema_of_a_model_is_met() -> None:
    wanted = ImageSchema(side=12, channels=3)
    for content in (png(grey(80)), zip_of({"a.png": png(grey(80))}), idx(strokes(2, 28)[..., 0])):
        assert datasets.read("x", content, wanted).x.shape[1:] == (12, 12, 3)


def test_id_follows_content_alone() -> None:
    one, same, other = stroke_dataset(), stroke_dataset(), stroke_dataset(count=41)
    assert one.id == same.id != other.id
    assert len(one.id) == 26


def test_digits_are_scikit_learns() -> None:
    digits = datasets.SAMPLES["digits"]()
    assert digits.x.shape == (1797, 8, 8, 1)
    assert digits.x.max() == 255
    assert digits.labels is not None
    assert np.bincount(digits.labels).sum() == 1797


def test_thin_lines_of_a_drawing_stay_visible_when_it_is_reduced() -> None:
    drawing, photo = grey(255, 105, 105), grey(255, 105, 105)
    drawing[50:52] = photo[50:52] = 0
    photo[0, 0] = 128  # a third tone: no line drawing
    line, plain = (int(datasets.read("x.png", png(pixels)).x.min()) for pixels in (drawing, photo))
    assert line == round(255 - 1.6 * (255 - plain))
    assert plain > 100


@pytest.mark.parametrize(("height", "width"), [(2, 200), (300, 1), (1, 1)])
def test_very_thin_pictures_are_fitted_like_any_other(height: int, width: int) -> None:
    dataset = datasets.read("set.zip", zip_of({"thin.png": png(grey(9, height, width)), "b.png": png(grey())}))
    assert len(dataset) == 2
    assert (dataset.x[0] == 9).all()


def test_duplicate_names_keep_the_first_that_can_be_read() -> None:
    files = [("a.png", b"no picture"), ("a.png", png(grey(50))), ("a.png", png(grey(90)))]
    dataset = datasets.read_files(files)
    assert len(dataset) == 1
    assert (dataset.x == 50).all()
    assert "a.png (not a picture); a.png (another file of this name was kept)" in dataset.warnings[0]


def test_pictures_beside_folders_have_a_label_of_their_own() -> None:
    files = {"a.png": png(grey(1)), "x/b.png": png(grey(2))}
    assert datasets.read("set.zip", zip_of(files)).label_names == ("x", "(no folder)")


def test_damaged_copies_of_good_files_are_read_or_refused_never_thrown() -> None:
    """Mutation fuzzing, a small seeded share of what a long run does."""
    random = np.random.default_rng(0)
    originals = [
        zip_of({"a/1.png": png(grey()), "b/2.png": png(strokes(1, 16)[0, ..., 0])}),
        gzip.compress(idx(strokes(3, 12)[..., 0])),
        idx(strokes(3, 12)[..., 0]),
        png(strokes(1, 16)[0, ..., 0], format="TIFF"),
        png(strokes(1, 16)[0, ..., 0], format="GIF"),
        png(strokes(1, 16)[0, ..., 0], format="JPEG"),
    ]
    for original in originals:
        for _ in range(150):
            damaged = bytearray(original)
            for place in random.integers(0, len(damaged), random.integers(1, 6)):
                damaged[place] = random.integers(0, 256)
            try:
                datasets.read("file", bytes(damaged[: random.integers(1, len(damaged) + 1)]))
            except DatasetError as refusal:
                assert str(refusal)


def test_picture_that_is_broken_is_not_called_something_else() -> None:
    broken = b"\x89PNG\r\n\x1a\n" + b"\1" * 60
    dataset = datasets.read("set.zip", zip_of({"a.png": broken, "b.png": png(grey())}))
    assert dict(dataset.origin.skipped)["a.png"] != "not a picture"
    assert "the picture has no colours" in datasets.read("b.png", png(grey())).origin.advice[1]
