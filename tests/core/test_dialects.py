"""What other programs do to a CSV file, and what becomes of its numbers, names and gaps."""

import numpy as np
import pyarrow as pa
import pytest

from tests.corpus.tables import parquet
from vae_core import datasets
from vae_core.errors import DatasetError


def columns(content: bytes) -> dict[str, list]:
    dataset = datasets.read("t.csv", content)
    assert dataset.schema.kind == "table"
    original = dataset.schema.to_original(dataset.x)
    return {name: np.round(v, 4).tolist() if v.dtype == "f8" else v.tolist() for name, v in original.items()}


TABLE = {"a": [1, 4, 9], "b": [2.5, 3.5, 5.5]}


@pytest.mark.parametrize(
    "content",
    [
        b'a, "b"\n1, "2,5"\n4, "3,5"\n9, "5,5"\n',
        b"# by x\n# on Monday, in May\na,b\n1,2.5\n4,3.5\n9,5.5\n",
        b"# by x, y\n# a,b\n1,2.5\n4,3.5\n9,5.5\n",
        b"# by x\r# a\tb\r1\t2.5\r4\t3.5\r9\t5.5\r",
        b"#by x\n# a b\n1 2.5\n4 3.5\n9 5.5\n",
        b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1,2.5\n4,3.5\n9,5.5\n\x1a",
    ],
)
def test_ways_of_other_programs_change_no_number_and_no_name(content: bytes) -> None:
    assert columns(content) == TABLE


def test_lines_keep_their_numbers_below_comments() -> None:
    with pytest.raises(DatasetError, match="line 6 has 1 cell instead of 2"):
        datasets.read("t.csv", b"# x\n# y\na,b\n1,2\n3,4\n5\n6,7\n")


def test_only_comments_are_no_table() -> None:
    with pytest.raises(DatasetError):
        datasets.read("t.csv", b"# a, b\n# c, d\n")


def test_comment_among_the_rows_is_a_row() -> None:
    assert columns(b"a,b\n1,2\n# x,3\n4,5\n1,6\n")["b"] == [2, 3, 5, 6]


def test_blanks_inside_quotes_stay() -> None:
    content = b'a,b\n1,"x, y"\n2,"x, y"\n3,"z"\n4,"z"\n5,"z"\n'
    assert columns(content)["b"] == ["x, y", "x, y", "z", "z", "z"]


def test_infinite_label_is_no_label() -> None:
    dataset = datasets.read("t.csv", b"a,label\n1,inf\n5,1\n2,1\n9,2\n5,2\n3,1e300\n")
    assert dataset.label_names == ("1", "2", "(no label)")


def test_long_labels_are_shown_short_and_stay_apart() -> None:
    long = ["a" * 99 + "x", "b" * 99 + "x", "a" * 9 + "x" * 90]
    dataset = datasets.read("t.csv", ("a,label\n" + "".join(f"{k * k},{long[k % 3]}\n" for k in range(9))).encode())
    assert len(set(dataset.label_names)) == 3
    assert max(map(len, dataset.label_names)) <= 80
    same_end = [letter + "x" * 99 for letter in "ab"]
    both = datasets.read("t.csv", ("a,label\n" + "".join(f"{k * k},{same_end[k % 2]}\n" for k in range(9))).encode())
    assert len(set(both.label_names)) == 2
    assert max(map(len, both.label_names)) <= 80
    assert both.labels is not None
    assert both.labels.tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0]


def test_time_in_a_zone_that_is_not_known_is_told_in_utc() -> None:
    times = pa.array([0, 0, 60] * 4, pa.timestamp("s", "No/Where"))
    dataset = datasets.read("t.parquet", parquet({"a": range(12), "t": times}))
    assert dataset.schema.kind == "table"
    assert dataset.schema.feature_names[1:] == ("t = 1970-01-01 00:00:00", "t = 1970-01-01 00:01:00")
