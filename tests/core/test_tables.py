"""Tables that users bring, through `read_table`; numbers are compared with what the standard library makes of them."""

import csv
import io
import time
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vae_core.datasets.dataset import Dataset
from vae_core.datasets.file import File
from vae_core.datasets.reading import Reading
from vae_core.datasets.tables.read import looks_like_table, read_table
from vae_core.datasets.tables.schema import CategoricalColumn, NumericColumn, TableChoices, TableSchema
from vae_core.errors import DatasetError

RANDOM = np.random.default_rng


def read(content: str | bytes, schema: TableSchema | TableChoices | None = None, name: str = "t.csv") -> Dataset:
    return read_table(File(name, content.encode() if isinstance(content, str) else content), schema, Reading())


def original(dataset: Dataset) -> dict[str, list[object]]:
    """The columns in original units; numbers rounded to what float32 keeps."""
    assert isinstance(dataset.schema, TableSchema)
    columns = dataset.schema.to_original(dataset.x)
    return {k: v.tolist() if v.dtype == object else np.round(v, 4).tolist() for k, v in columns.items()}


def cells(dataset: Dataset) -> np.ndarray:
    """Numbers only, [N, columns]."""
    return np.array(list(original(dataset).values()), dtype=float).T


def choices(dataset: Dataset) -> TableChoices:
    assert isinstance(dataset.schema, TableSchema)
    return dataset.schema.choices


def told(dataset: Dataset) -> str:
    return " ".join((*dataset.warnings, *dataset.origin.advice))


def refusal(content: str | bytes, schema: TableSchema | TableChoices | None = None) -> str:
    with pytest.raises(DatasetError) as error:
        read(content, schema)
    message = str(error.value)
    assert message.startswith("t.csv")
    assert message.endswith(".")
    assert len(message) <= 200
    return message


def parquet(columns: Mapping[str, object], **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), buffer, **options)
    return buffer.getvalue()


def rows(count: int, line: str) -> str:
    return "".join(line.format(k=k) + "\n" for k in range(count))


# --- the schema


def bound(values: np.ndarray, column: NumericColumn) -> np.ndarray:
    """What a value may lose on its way there and back: float32's rounding, and float64's."""
    return 2.0**-24 * np.abs(values - column.mean) + 4 * np.finfo(np.float64).eps * (np.abs(values) + abs(column.mean))


@pytest.mark.parametrize("seed", range(20))
def test_numbers_come_back_to_what_float32_keeps_of_them(seed: int) -> None:
    random = RANDOM(seed)
    offset, spread = 10.0 ** random.integers(-12, 10), 10.0 ** random.integers(-12, 10)
    values = random.choice([-1, 1]) * offset + spread * random.standard_normal(500)
    schema = TableSchema.fit({"a": values})
    [column] = schema.columns
    x = schema.to_x({"a": values})
    assert isinstance(column, NumericColumn)
    assert x.dtype == np.float32
    assert (np.abs(schema.to_original(x)["a"] - values) <= bound(values, column)).all()
    if spread > 1e-9 * offset:
        assert np.abs(x - ((values - np.mean(values)) / np.std(values))[:, None]).max() < 1e-4


@pytest.mark.parametrize(
    "values",
    [
        [7.0] * 3,
        [0.1] * 7,
        [1e-12] * 2,
        [0.0],
        [-1e140] * 5,
        [1e9, 1e9 + 1e-7, 1e9 + 2e-7],
        [1e-300, 3e-300],
        [1e140, 0],
    ],
)
def test_constant_and_extreme_columns_are_safe(values: list[float]) -> None:
    schema = TableSchema.fit({"a": np.array(values)})
    [column] = schema.columns
    x = schema.to_x({"a": np.array(values)})
    assert isinstance(column, NumericColumn)
    assert np.isfinite(x).all()
    assert np.abs(x).max() <= np.sqrt(len(values))
    assert (np.abs(schema.to_original(x)["a"] - np.array(values)) <= bound(np.array(values), column)).all()
    if len(set(values)) == 1:
        assert column.scale == 1
        assert column.constant


def test_value_far_beyond_what_was_learnt_stays_finite() -> None:
    schema = TableSchema.fit({"a": np.array([0.0, 1e-200])})
    assert np.isfinite(np.square(schema.to_x({"a": np.array([1e149, -1e149])}))).all()


def test_names_are_one_hot_and_come_back_by_the_largest_score() -> None:
    columns = {"c": np.array(["red", "10", "9", "red"], dtype=object), "n": np.array([1.0, 2.0, 3.0, 4.0])}
    schema = TableSchema.fit(columns)
    assert schema.feature_names == ("c = 9", "c = 10", "c = red", "n")
    assert schema.shape == (4,)
    x = schema.to_x(columns)
    assert x[:, :3].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert schema.to_original(x)["c"].tolist() == ["red", "10", "9", "red"]
    assert schema.to_original(np.array([[0.2, 0.9, 0.3, 0]]))["c"].tolist() == ["10"]
    [names, _] = schema.columns
    assert isinstance(names, CategoricalColumn)
    assert names.counts == (1, 1, 2)


def test_numbers_that_are_names_lose_their_decimal_point() -> None:
    columns = {"zip": np.array([7.0, 12.0, 7.0, 0.5])}
    schema = TableSchema.fit(columns, TableChoices(categorical=("zip",)))
    assert schema.feature_names == ("zip = 0.5", "zip = 7", "zip = 12")
    assert schema.to_original(schema.to_x(columns))["zip"].tolist() == ["7", "12", "7", "0.5"]


def test_schema_survives_json_exactly() -> None:
    values = RANDOM(0).standard_normal(100) * 1e-7 + 1 / 3
    schema = TableSchema.fit({"a": values, "b": np.array(["x", "y"] * 50, dtype=object)}, missing={"a": 3})
    again = TableSchema.model_validate_json(schema.model_dump_json())
    assert again == schema
    assert again.columns[0].missing == 3


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"b": np.zeros(2)}, "“a” is missing"),
        ({"a": np.array([1.0, np.nan])}, "missing or infinite"),
        ({"a": np.array(["x", "y"], dtype=object)}, "holds text"),
    ],
)
def test_columns_that_do_not_fit_a_schema_are_refused(columns: dict[str, np.ndarray], found: str) -> None:
    with pytest.raises(DatasetError, match=found):
        TableSchema.fit({"a": np.array([1.0, 2.0])}).to_x(columns)


# --- text: delimiters, encodings, numbers


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", "   "])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("header", [True, False])
def test_every_delimiter_and_line_ending(delimiter: str, ending: str, header: bool) -> None:
    lines = [["a", "b", "c"]] * header + [["1", "-2.5", "3e2"], ["4", "5", ".5"], ["7", "8", "9"]]
    content = ending.join(delimiter.join(line) for line in lines) + ending * 3
    assert looks_like_table(content.encode())
    values = [[1, 4, 7], [-2.5, 5, 8], [300, 0.5, 9]]
    names = ["a", "b", "c"] if header else ["column 1", "column 2", "column 3"]
    assert original(read(content)) == dict(zip(names, values, strict=True))
    assert ("no header line" in told(read(content))) != header


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_every_encoding(encoding: str, delimiter: str) -> None:
    content = (
        f"größe{delimiter}é\n1{delimiter}Zoë\n2{delimiter}Aña\n3{delimiter}Zoë\n4{delimiter}Zoë\n5{delimiter}Aña\n"
    )
    data = content.encode(encoding)
    assert looks_like_table(data)
    dataset = read(data)
    assert original(dataset) == {"größe": [1, 2, 3, 4, 5], "é": ["Zoë", "Aña", "Zoë", "Zoë", "Aña"]}
    assert ("Windows-1252" in told(dataset)) == (encoding in ("cp1252", "latin-1"))


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_both_kinds_of_utf_16(mark: bytes, encoding: str) -> None:
    assert original(read(mark + "a\tb\r\n1\t2\r\n3\t4\r\n".encode(encoding))) == {"a": [1, 3], "b": [2, 4]}


def test_file_cut_within_a_letter_is_still_utf_8() -> None:
    assert "Windows" not in told(read("größe,n\n1,2\n3,4\n".encode() + "5,6ä".encode()[:-1]))


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ("x;1,5\ny;2,5\nz;3,5\n", {"column 2": [1.5, 2.5, 3.5]}),
        ("a;b\n1,234;1,234,567\n2,345;2,345,678\n", {"a": [1234, 2345], "b": [1234567, 2345678]}),
        ("a;b\n1,5;2\n-3,25;4\n", {"a": [1.5, -3.25], "b": [2, 4]}),
        ("1,5;2,5\n3,5;4,5\n", {"column 1": [1.5, 3.5], "column 2": [2.5, 4.5]}),
        ("a\tb\n1,5\t2\n3,25\t4\n", {"a": [1.5, 3.25], "b": [2, 4]}),
        ("a b\n1,5 2,5\n3,25 4,5\n", {"a": [1.5, 3.25], "b": [2.5, 4.5]}),
        ("a;b\n1.234,5;2\n12.345.678,25;4\n", {"a": [1234.5, 12345678.25], "b": [2, 4]}),
        ("a;b\n1.234;0,5\n12.500;0,7\n", {"a": [1234, 12500], "b": [0.5, 0.7]}),  # b tells what points mean
        ("a;b\n1.234;0.5\n12.500;0.7\n", {"a": [1.234, 12.5], "b": [0.5, 0.7]}),
        ("a;b\n1,234;1\n2,345;2\n", {"a": [1.234, 2.345], "b": [1, 2]}),  # where a semicolon is needed
        ('a,b\n"1,234",1\n"2,345",2\n', {"a": [1234, 2345], "b": [1, 2]}),  # where a comma is not
        ('a,b\n"1,234,567",1\n"2,345.5",2\n', {"a": [1234567, 2345.5], "b": [1, 2]}),
        ("a;b\n1,234,567;1\n2,345.5;2\n", {"a": [1234567, 2345.5], "b": [1, 2]}),
        ('a,b\n"1,5",1\n"2,5",2\n', {"a": [1.5, 2.5], "b": [1, 2]}),
        ("a;b\n1 234,5;2\n12'345,25;4\n", {"a": [1234.5, 12345.25], "b": [2, 4]}),
        ("a,b\n 1 ,+2\n3 , 4\n", {"a": [1, 3], "b": [2, 4]}),
        ("a,b\n1e-3,1E5\n.5,5.\n", {"a": [0.001, 0.5], "b": [100000, 5]}),
    ],
)
def test_ways_of_writing_numbers(content: str, values: dict[str, list[float]]) -> None:
    assert original(read(content)) == values


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        ("a;b\n1,234;1\n2,345;2\n", "Commas in numbers were read as decimal commas."),
        ('a,b\n"1,234",1\n"2,345",2\n', "Commas in numbers were read as separators of thousands."),
        ("a;b\n1;1\n2;2\n", ""),
    ],
)
def test_meaning_of_commas_is_told(content: str, advice: str) -> None:
    assert told(read(content)) == advice


def test_random_tables_are_what_the_standard_library_reads() -> None:
    for seed in range(40):
        random = RANDOM(seed)
        numbers = random.standard_normal((30, 3)) * 10.0 ** random.integers(-9, 9, 3)
        texts = random.choice(["a b", 'say "x"', "x,y", "two\nlines", "ü", "=1+1"], 30)
        texts[:6] = np.unique(["a b", 'say "x"', "x,y", "two\nlines", "ü", "=1+1"])
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=str(random.choice(list(",;\t|"))))
        writer.writerows([["n1", "text", "n2", "n3"]] if seed % 2 else [])
        writer.writerows([n1, t, n2, n3] for (n1, n2, n3), t in zip(numbers.tolist(), texts.tolist(), strict=True))
        dataset = read(buffer.getvalue())
        assert isinstance(dataset.schema, TableSchema)
        found = dataset.schema.to_original(dataset.x)
        first, text, *others = found
        assert found[text].tolist() == [t.replace("\n", "\ufffd") for t in texts.tolist()]
        for k, name in enumerate((first, *others)):
            column = next(c for c in dataset.schema.columns if c.name == name)
            assert isinstance(column, NumericColumn)
            assert (np.abs(found[name] - numbers[:, k]) <= bound(numbers[:, k], column)).all()


def test_cells_of_several_lines_in_a_large_file() -> None:
    content = "v,note\n" + rows(50_000, '{k},"' + "line\n" * 20 + '"')
    steps: list[tuple[int, int]] = []
    reading = Reading(progress=lambda done, total: steps.append((done, total)))
    dataset = read_table(File("t.csv", content.encode()), TableChoices(left_out=("note",)), reading)
    assert np.abs(cells(dataset)[:, 0] - np.arange(50_000)).max() < 0.01
    assert len(steps) > 1
    assert steps == sorted(steps)


def test_unit_behind_a_late_number_makes_a_column_text() -> None:
    dataset = read("a;b\n" + rows(1500, "{k},5;{k}") + "7,5 kg;3\n")
    assert list(original(dataset)) == ["b"]


def test_single_column_of_several_words_is_not_cut_at_spaces() -> None:
    shades = ["light red", "dark red", "light red", "light red", "dark red"]
    assert original(read("shade\n" + "\n".join(shades))) == {"shade": shades}


def test_empty_cells_at_either_end_of_a_tab_separated_file_are_kept() -> None:
    dataset = read("\ta\tb\n0\t1\t2\n1\t3\t4\n2\t5\t\n", TableChoices(missing="mean"))
    assert original(dataset) == {"a": [1, 3, 5], "b": [2, 4, 3]}


# --- text: header and names


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("a,b\n1,2\n3,4\n", True),
        ("1,2\n3,4\n", False),
        ("?,2,x\n3,4,x\n1,2,x\n", False),  # a missing value is no name
        ("NA,5\n3,4\n", False),
        ("red,small\nblue,big\nred,big\nred,big\nblue,small\n", False),  # comes again
        ("colour,size\nblue,big\nred,big\nred,big\nblue,small\nred,small\n", True),
        ("name,v\ns1,1\ns2,2\n", True),
        ("x,1\nx,2\nx,3\n", False),
        ("country,2019,2020\nDE,1,2\nFR,3,4\nDE,3,4\n", False),  # years above numbers: data, nothing is lost
        (",0,1,2\n0,5,5,6\n1,7,8,9\n", True),  # as pandas writes it
        ("0,1,2,3\n5,6,7,9\n1,2,2,2\n", True),
        ("0,1,2,3\n3,2,1,0\n1,0,3,2\n", False),  # ranks
        ("5\n6\n7\n", False),
        ("v\n6\n7\n", True),
        ("1\n", False),
        ("1e5,inf\n2,3\n3,4\n", False),
    ],
)
def test_header_is_told_from_the_first_row(content: str, header: bool) -> None:
    dataset = read(content, TableChoices(missing="mean"))
    assert ("no header line" in told(dataset)) != header
    assert len(dataset) == content.count("\n") - header


def test_first_row_is_kept_where_there_is_no_header() -> None:
    assert original(read("5.1,red\n4.9,red\n4.7,blue\n4.6,blue\n4.5,red\n")) == {
        "column 1": [5.1, 4.9, 4.7, 4.6, 4.5],
        "column 2": ["red", "red", "blue", "blue", "red"],
    }


def test_names_are_clean_unique_and_never_empty() -> None:
    long = "x" * 200
    content = f'a,a,,{long},"two\nlines",\u202eevil,=cmd(),<b>b</b>,a\n' + "1,2,3,4,5,6,7,8,9\n2,3,4,5,6,7,8,9,1\n"
    dataset = read(content)
    names = list(original(dataset))
    assert names[:3] == ["a", "a (2)", "column 3"]
    assert names[4:] == ["two lines", "\ufffdevil", "=cmd()", "<b>b</b>", "a (3)"]
    assert len(names[3]) == 80
    assert "a (2), a (3)" in told(dataset)


def test_four_thousand_columns_of_one_name_are_told_apart_quickly() -> None:
    started = time.process_time()
    dataset = read(",".join(["a"] * 4000) + "\n" + (",".join(["1"] * 4000) + "\n") * 2)
    assert len(set(original(dataset))) == 4000
    assert time.process_time() - started < 3
    assert "and 3,979 more" in told(dataset)


@pytest.mark.parametrize("content", ["a,b,\n1,2,\n3,4,\n", "a,b\n1,2,\n3,4,\n", "a,b,\n1,2\n3,4\n"])
def test_delimiter_at_the_end_of_lines_is_fine(content: str) -> None:
    assert original(read(content)) == {"a": [1, 3], "b": [2, 4]}
    assert told(read(content)) == ""


def test_line_that_tells_excel_the_delimiter_is_no_data() -> None:
    assert original(read("sep=;\r\na;b\r\n1;2\r\n3;4\r\n")) == {"a": [1, 3], "b": [2, 4]}
    assert "line 4 has" in refusal("sep=;\na;b\n1;2\n3\n5;6\n")


def test_row_names_without_a_header_cell_as_r_writes_them() -> None:
    dataset = read('"a" "b"\n"r1" 1 2\n"r2" 3 4\n')
    assert original(dataset) == {"a": [1, 3], "b": [2, 4]}
    assert dataset.names == ("r1", "r2")


@pytest.mark.parametrize("name", ["", "id", "Index", "PassengerId"])
@pytest.mark.parametrize("start", [0, 1])
def test_column_that_counts_the_rows_is_left_out_and_told(name: str, start: int) -> None:
    content = f"{name},a\n" + "".join(f"{start + k},{k * k}\n" for k in range(5))
    dataset = read(content)
    assert list(original(dataset)) == ["a"]
    assert f"1 column was left out: {name or 'column 1'} (it numbers the rows)." in dataset.warnings
    assert list(original(read(content, TableChoices(left_out=())))) == [name or "column 1", "a"]


def test_shuffled_index_without_a_name_is_left_out() -> None:
    dataset = read(",a\n17,5\n3,7\n8,6\n")
    assert list(original(dataset)) == ["a"]
    assert "column 1 (it numbers the rows)" in told(dataset)


@pytest.mark.parametrize(
    "content",
    [
        "17,5\n3,7\n8,6\n",
        ",a\n17.5,5\n3,7\n8,6\n",
        ",a\n3,5\n3,7\n8,6\n",
        "time,a\n0,5\n1,7\n2,6\n",
        "id,a\n5,5\n6,7\n7,6\n",
        "id\n0\n1\n2\n",
    ],
)
def test_column_that_only_resembles_a_count_is_kept(content: str) -> None:
    assert len(original(read(content))) == content.partition("\n")[0].count(",") + 1


# --- text: what is refused


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "is empty"),
        ("\n \r\n", "is empty"),
        ("a,b\n", "only the names of columns (2)"),
        ("a,b", "only the names of columns (2)"),
        ("a,b\n1,2\n3\n4,5\n", "line 3 has 1 cell instead of 2"),
        ("a,b\n1,2\n\n3,4,5\n6,7\n", "line 4 has 3 cells instead of 2"),
        ('a,b\n"1\n",2\n3,4\n5\n', "line 5 has 1 cell instead of 2"),
        ("a b c\n1  2 3\n4 5\n", "line 3 has 2 cells instead of 3"),
        ("a,b,\n" + rows(200, "{k},1") + "3\n", "line 202 has 1 cell instead of 2"),
        (rows(5000, "{k},1") + "7\n" + rows(9, "{k},1"), "line 5,001 has 1 cell instead of 2"),
        ('a,b\n1,2\n"3,4\n5,6\n', "a quote in line 3 is never closed"),
        ('a,b\n1,"2\n3,4\n', "a quote in line 2 is never closed"),
        ("a,b\nx,y\nz,w\n", "no column that can be learnt (b: text of 2 different values)"),
        ("a,b\nNA,\n,?\n", "no column that can be learnt (a: empty)"),
        ("a,b\n1,2\n3\0,4\n", "binary"),
        ("a,b\n1,2\n".encode("utf-16-le"), "binary"),
        ("a,b\n1," + "x" * 10_001 + "\n", "10,001 characters in “b”"),
        ("a\n" + "x" * 5_000_000 + "\n", "5,000,000 characters in “a”"),
        ("a\n" + "x" * 20_000_000 + "\n", "cannot be read from line 2 on"),
        (",".join(f"c{k}" for k in range(5000)) + "\n" + ",".join("1" * 5000), "5,000 columns; at most 4,096"),
        ("a\n" + "1\n" * 1_000_001, "more than 1,000,000 rows"),
        ("1\t2" + "\n 1  2" * 1_000_001, "more than 1,000,000 rows"),
        ("\n".join([",".join("1" * 4096)] * 12_300), "more than 50,000,000 cells"),
    ],
)
def test_bad_text_is_refused_with_a_sentence(content: str | bytes, found: str) -> None:
    assert found in refusal(content)


def test_one_row_is_accepted() -> None:
    dataset = read("a,b\n1,2\n")
    assert original(dataset) == {"a": [1], "b": [2]}
    assert told(dataset) == ""


@pytest.mark.parametrize("beginning", [b"a,b\n", b"PAR1"])
def test_too_many_bytes_are_refused_without_reading_them(beginning: bytes, tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(beginning)
        file.truncate(201 * 2**20)
    with pytest.raises(DatasetError, match="larger than 200 MB"):
        read_table(File("large", path), None, Reading())


@pytest.mark.parametrize(
    "head",
    [
        b"<!DOCTYPE html><p>a, b</p>",
        b'<?xml version="1.0"?><a b="1,2"/>',
        b'<svg width="1,2"/>',
        b'{"a": [1, 2]}',
        b"[1, 2]",
        b"\xef\xbb\xbf <html>,",
        b"\x89PNG\r\n\x1a\n,,,",
        b"GIF89a\x01\0,,",
        b"PK\x03\x04,,",
        b"\x1f\x8b,;",
        b"%PDF-1.4, 1, 2",
        b"P2\n2 2\n255\n1 2\n3 4\n",
        b"a\0,\0b\0",
        b"just some text\nand more of it\n",
        b"",
    ],
)
def test_what_is_no_table_does_not_look_like_one(head: bytes) -> None:
    assert not looks_like_table(head)


@pytest.mark.parametrize(
    "head", [b"PAR1", b"a,b", "ä;ö".encode("cp1252"), b"1\n2\n3", b"5.1 3.5 setosa\n4.9 3.0 setosa\n"]
)
def test_tables_look_like_tables(head: bytes) -> None:
    assert looks_like_table(head)


# --- what is learnt


def test_kinds_of_columns() -> None:
    content = "n,f,note,whole,colour,flag,long\n" + "".join(
        f"{k * 7 % 5},{k}.5,text {k},{k % 3},{('red', 'blue')[k % 2]},{('TRUE', 'false')[k % 2]},{'x' * (k % 2 + 80)}\n"
        for k in range(20)
    )
    dataset = read(content)
    assert isinstance(dataset.schema, TableSchema)
    kinds = {column.name: column.kind for column in dataset.schema.columns}
    assert kinds == {"n": "numeric", "f": "numeric", "whole": "numeric", "colour": "categorical", "flag": "categorical"}
    left_out = "2 columns were left out: note (text of 20 different values), long (text of 2 different values)."
    assert dataset.warnings == (left_out,)
    assert [c.whole for c in dataset.schema.columns if isinstance(c, NumericColumn)] == [True, False, True]
    assert choices(dataset) == TableChoices(
        label="", left_out=("note", "long"), categorical=("colour", "flag"), missing="drop"
    )


@pytest.mark.parametrize(("count", "kind"), [(50, "categorical"), (51, None)])
def test_at_most_fifty_names_are_learnt(count: int, kind: str | None) -> None:
    dataset = read("v,c\n" + "".join(f"{k},c{k % count}\n" for k in range(300)))
    assert ("c" in original(dataset)) == (kind is not None)


@pytest.mark.parametrize(("times", "learnt"), [(2, False), (3, True)])
def test_fewer_than_half_as_many_names_as_rows_are_learnt(times: int, learnt: bool) -> None:
    assert ("c" in original(read("v,c\n" + "".join(f"{k},c{k // times}\n" for k in range(12))))) == learnt


def test_truth_values_are_learnt_however_few_the_rows() -> None:
    assert original(read("v,f\n1,yes\n2,No\n"))["f"] == ["yes", "No"]


def test_chosen_columns_are_names_even_if_they_hold_numbers() -> None:
    content = "a,zip\n" + "".join(f"{k},0{k % 3}\n" for k in range(9))
    assert original(read(content, TableChoices(categorical=("zip",))))["zip"][:4] == ["00", "01", "02", "00"]
    assert original(read(content))["zip"][:4] == [0, 1, 2, 0]
    binary = parquet({"a": range(9), "zip": [k % 3 for k in range(9)]})
    assert original(read(binary, TableChoices(categorical=("zip",))))["zip"][:4] == ["0", "1", "2", "0"]


def test_dates_are_names_if_few_and_otherwise_left_out() -> None:
    days = read("v,day\n" + "".join(f"{k},2020-01-0{k % 3 + 1}\n" for k in range(9)))
    assert original(days)["day"][0] == "2020-01-01"
    many = read("v,day\n" + "".join(f"{k},2020-01-0{k + 1} 10:00\n" for k in range(9)))
    assert "day (9 different dates)" in told(many)


def test_warning_names_at_most_twenty_columns() -> None:
    names = ",".join(f"t{k}" for k in range(30))
    content = f"v,{names}\n" + "".join(f"{k}," + ",".join(f"u{k}x{j}" for j in range(30)) + "\n" for k in range(4))
    [warning] = read(content).warnings
    assert warning.startswith("30 columns were left out: t0 (text of 4 different values), t1")
    assert warning.endswith("t19 (text of 4 different values) and 10 more.")


def test_constant_column_is_safe_and_told() -> None:
    dataset = read("a,b,c\n1,5,x\n2,5,x\n3,5,x\n")
    assert original(dataset) == {"a": [1, 2, 3], "b": [5, 5, 5], "c": ["x", "x", "x"]}
    assert dataset.warnings == ("2 columns have the same value in every row: b, c.",)


def test_identical_rows_are_told() -> None:
    assert read("a,b\n1,2\n1,2\n").warnings == ("All rows are identical, so there is nothing for a model to learn.",)


def test_chosen_columns_are_left_out_without_a_warning() -> None:
    dataset = read("a,b,c\n1,2,x\n3,4,y\n", TableChoices(left_out=("b", "c")))
    assert list(original(dataset)) == ["a"]
    assert dataset.warnings == ()


@pytest.mark.parametrize(
    "chosen", [TableChoices(label="z"), TableChoices(left_out=("z",)), TableChoices(categorical=("z",))]
)
def test_choice_of_a_column_that_does_not_exist_is_refused(chosen: TableChoices) -> None:
    assert "no column “z”" in refusal("a,b\n1,2\n3,4\n", chosen)


def test_resolved_choices_read_the_same_again() -> None:
    content = "id,name,species,size,colour,note\n" + "".join(
        f"{k},n{k},{'abc'[k % 3]},{k * k if k % 5 else ''},{'red' if k % 4 else 'blue'},note {k}\n" for k in range(60)
    )
    first = read(content)
    again = read(content, choices(first))
    assert again.schema == first.schema
    assert again.x.tolist() == first.x.tolist()
    assert again.names == first.names
    assert again.label_names == first.label_names == ("a", "b", "c")


# --- labels and names


@pytest.mark.parametrize("name", ["label", "Class", "TARGET", "species", "category", "y"])
def test_column_that_is_called_so_labels_the_rows(name: str) -> None:
    dataset = read(f"a,{name}\n" + "".join(f"{k},{('x', 'y', '')[k % 3]}\n" for k in range(9)))
    assert dataset.label_names == ("x", "y", "(no label)")
    assert dataset.labels is not None
    assert dataset.labels.dtype == np.int32
    assert dataset.labels.tolist() == [0, 1, 2] * 3
    assert list(original(dataset)) == ["a"]
    assert f"“{name}” labels the rows" in told(dataset)
    assert choices(dataset).label == name


def test_labels_that_are_numbers_are_in_order() -> None:
    assert read("a,label\n" + "".join(f"{k},{k % 12}\n" for k in range(36))).label_names == tuple(map(str, range(12)))


@pytest.mark.parametrize("value", ["{k}.5", "{k}", "1{k}"])
def test_column_of_many_values_does_not_label_by_itself(value: str) -> None:
    dataset = read("x,y\n" + rows(60, "{k},5" + value) + rows(60, "{k},5" + value))
    assert dataset.labels is None
    assert list(original(dataset)) == ["x", "y"]


def test_long_names_of_rows_and_labels_are_shortened() -> None:
    content = "name,v,label\n" + "".join(f"{'n' * 100}{k},{k},{'l' * 100}{k % 2}\n" for k in range(6))
    dataset = read(content)
    assert [len(name) for name in dataset.names] == [80] * 6
    assert [len(name) for name in dataset.label_names] == [80] * 2


def test_label_is_chosen_or_declined() -> None:
    content = "a,species,b\n" + "".join(f"{k},{'xy'[k % 2]},{k % 3}\n" for k in range(12))
    assert read(content, TableChoices(label="b")).label_names == ("0", "1", "2")
    declined = read(content, TableChoices(label=""))
    assert declined.labels is None
    assert "species" in original(declined)
    many = "a,b\n" + "".join(f"{k},{k}\n" for k in range(1001))
    assert "at most 1,000 different" in refusal(many, TableChoices(label="b"))
    schema = read(many.replace("b", "c"), TableChoices(label="", left_out=("c",))).schema
    assert isinstance(schema, TableSchema)
    named = schema.model_copy(update={"choices": TableChoices(label="b")})
    assert read(many, named).labels is None


def test_first_column_of_unique_texts_names_the_rows() -> None:
    dataset = read("sample,g1,g2\nTCGA-1,1,2\nTCGA-2,3,NA\nTCGA-3,5,1\nTCGA-4,5,2\nTCGA-5,1,2\nTCGA-6,9,9\n")
    assert dataset.names == ("TCGA-1", "TCGA-3", "TCGA-4", "TCGA-5", "TCGA-6")
    assert list(original(dataset)) == ["g1", "g2"]
    assert "“sample” names the rows" in told(dataset)
    assert dataset.warnings == ("Missing values: 1 (g2 1). Rows with one were left out: 1 of 6.",)


def test_dangerous_text_stays_text_and_clean() -> None:
    bad = ["=cmd()", "<script>x</script>", "**b** $x$", "a\u202eb", "a\x07b"]
    dataset = read("t,v\n" + "".join(f"{text},{k}\n" for k in range(4) for text in bad))
    assert original(dataset)["t"][:5] == ["=cmd()", "<script>x</script>", "**b** $x$", "a\ufffdb", "a\ufffdb"]
    assert read("t,v\n" + "".join(f"{text}{k},{k}\n" for k, text in enumerate(bad))).names[3] == "a\ufffdb3"


# --- missing values


MISSING_FORMS = ["", "NA", "n/a", "NaN", "null", "None", "?", "-", " na ", "nULL", '""']


@pytest.mark.parametrize("form", MISSING_FORMS)
def test_forms_of_missing_values(form: str) -> None:
    dataset = read("a,c\n" + "".join(f"{k},{'xy'[k % 2]}\n" for k in range(10)) + f"{form},x\n1,{form}\n")
    assert dataset.warnings == ("Missing values: 2 (a 1, c 1). Rows with one were left out: 2 of 12.",)
    assert isinstance(dataset.schema, TableSchema)
    assert [column.missing for column in dataset.schema.columns] == [1, 1]
    assert len(dataset) == 10


@pytest.mark.parametrize("form", ["inf", "-Infinity", "1e999", "-1.7976931348623157e308"])
def test_infinity_counts_as_missing_and_is_told(form: str) -> None:
    dataset = read("a,b\n" + rows(9, "{k},1{k}") + f"{form},3\n")
    assert len(dataset) == 9
    assert dataset.warnings[0] == "Infinite values were taken as missing: a 1."


@pytest.mark.parametrize(
    ("cells", "chosen"),
    [
        ([(k, k) for k in range(8)] + [("", 1), (1, "")], "drop"),
        ([(k, k) for k in range(7)] + [("", 1), (1, ""), (2, "")], "mean"),
        ([(k, "") for k in range(5)] + [("", k) for k in range(5)] + [("", "")], "zero"),
    ],
)
def test_what_to_do_about_missing_values_is_chosen_by_their_share(
    cells: list[tuple[object, object]], chosen: str
) -> None:
    dataset = read("a,b\n" + "".join(f"{a},{b}\n" for a, b in cells))
    assert choices(dataset).missing == chosen


def test_missing_values_are_filled_with_mean_and_most_frequent_name() -> None:
    content = "a,c\n1,x\n2,x\n,y\n6,\n3,x\n3,y\n"
    dataset = read(content, TableChoices(missing="mean"))
    assert original(dataset) == {"a": [1, 2, 3, 6, 3, 3], "c": ["x", "x", "y", "x", "x", "y"]}
    assert "Missing values: 2 (a 1, c 1). They were filled in with the column's mean" in dataset.warnings[0]


def test_missing_values_are_taken_for_zero() -> None:
    dataset = read("a,c\n1,x\n2,x\n,y\n6,\n3,x\n3,y\n,\n", TableChoices(missing="zero"))
    assert original(dataset) == {"a": [1, 2, 0, 6, 3, 3], "c": ["x", "x", "y", "(missing)", "x", "y"]}
    assert dataset.warnings == (
        "Missing values: 4 (a 2, c 2). They were filled in with zero. Rows without any value were left out: 1 of 7.",
    )


def test_nothing_left_is_refused_with_a_way_out() -> None:
    content = "a,b\n" + "1,\n,2\n" * 5
    assert "Choose to fill in means or zeros" in refusal(content, TableChoices(missing="drop"))
    assert len(read(content)) == 10


def test_mean_that_is_filled_in_leaves_a_constant_column_constant() -> None:
    dataset = read("a,b\n" + rows(7, "0.1,{k}") + ",3\n,4\n")
    assert "1 column has the same value in every row: a." in dataset.warnings


# --- for a model


TRAINED = "a,colour,b,species\n" + "".join(
    f"{k},{'red' if k % 3 else 'blue'},{k * k % 7},{'st'[k % 2]}\n" for k in range(30)
)


def test_model_gets_the_same_encoding_whatever_the_order_of_columns() -> None:
    schema = read(TRAINED).schema
    assert isinstance(schema, TableSchema)
    dataset = read("species,extra,b,a,colour\ns,hello,3,1e3,blue\nu,world,4,0,red\n", schema)
    a, b = schema.columns[0], schema.columns[2]
    assert isinstance(a, NumericColumn)
    assert isinstance(b, NumericColumn)
    expected = [
        [(1000 - a.mean) / a.scale, 1, 0, (3 - b.mean) / b.scale],
        [-a.mean / a.scale, 0, 1, (4 - b.mean) / b.scale],
    ]
    assert dataset.x.tolist() == np.array(expected, dtype=np.float32).tolist()
    assert dataset.schema == schema
    assert dataset.label_names == ("s", "u")
    assert dataset.warnings == ()


def test_model_reads_its_own_table_bit_for_bit() -> None:
    dataset = read(TRAINED)
    assert isinstance(dataset.schema, TableSchema)
    again = read(TRAINED, dataset.schema)
    assert again.x.tobytes() == dataset.x.tobytes()
    assert again.id == dataset.id


def test_rows_with_unknown_names_are_left_out_and_counted() -> None:
    schema = read(TRAINED).schema
    assert isinstance(schema, TableSchema)
    dataset = read("name,a,colour,b\nn1,1,red,1\nn2,2,green,1\nn3,3,blue,\nn4,4,red,2\n", schema)
    assert dataset.names == ("n1", "n4")
    assert dataset.warnings == (
        "Missing values: 1 (b 1). Rows with one were left out: 1 of 4.",
        "Rows with names that the model never saw were left out: 1 (colour: green).",
    )


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a,b\n1,2\n", "lacks the column “colour”"),
        ("a,colour,b\n1,green,2\n", "every row has a name that the model never saw (colour: green)"),
        ("a,colour,b\nx,red,2\n", "“a” holds text"),
        ("a,colour,b\n1,red,\n", "every row lacks a value"),
    ],
)
def test_what_does_not_fit_a_model_is_refused(content: str, found: str) -> None:
    schema = read(TRAINED).schema
    assert isinstance(schema, TableSchema)
    assert found in refusal(content, schema)


def test_gaps_are_filled_with_the_means_of_the_model() -> None:
    schema = read(TRAINED, TableChoices(missing="mean")).schema
    assert isinstance(schema, TableSchema)
    mean = schema.columns[0]
    assert isinstance(mean, NumericColumn)
    assert original(read("a,colour,b\n,,2\n", schema)) == {"a": [mean.mean], "colour": ["red"], "b": [2]}


def test_names_that_are_numbers_match_those_of_a_model() -> None:
    chosen = TableChoices(categorical=("zip",))
    schema = read("a,zip\n" + "".join(f"{k},{k % 3}\n" for k in range(9)), chosen).schema
    assert isinstance(schema, TableSchema)
    assert original(read("a,zip\n1,2\n2,0\n", schema))["zip"] == ["2", "0"]
    assert original(read(parquet({"a": [1, 2], "zip": [2, 0]}), schema))["zip"] == ["2", "0"]
    filling = schema.model_copy(update={"choices": TableChoices(missing="mean")})
    assert original(read(parquet({"a": [1, 2], "zip": [2, None]}), filling))["zip"] == ["2", "0"]
    zeros = read("a,zip\n" + "".join(f"{k},0{k % 3}\n" for k in range(9)), chosen).schema
    assert isinstance(zeros, TableSchema)
    assert original(read("a,zip\n1,02\n2,00\n", zeros))["zip"] == ["02", "00"]


# --- sizes


def test_users_by_items_mostly_empty() -> None:
    random = RANDOM(0)
    ratings = np.where(random.random((300, 200)) < 0.1, random.integers(1, 6, (300, 200)), 0)
    lines = (",".join([str(k + 1), *(str(v) if v else "" for v in row)]) for k, row in enumerate(ratings.tolist()))
    dataset = read("user," + ",".join(f"m{k}" for k in range(200)) + "\n" + "\n".join(lines))
    assert choices(dataset).missing == "zero"
    assert (cells(dataset) == ratings).all()
    assert "filled in with zero" in told(dataset)


def test_four_thousand_genes_in_seconds() -> None:
    values = RANDOM(0).standard_normal((300, 4096)).round(3)
    lines = (",".join([f"TCGA-{k}", *map(str, row)]) for k, row in enumerate(values.tolist()))
    content = "," + ",".join(f"ENSG{k:08d}" for k in range(4096)) + "\n" + "\n".join(lines)
    started = time.process_time()
    dataset = read(content)
    assert time.process_time() - started < 5
    assert dataset.x.shape == (300, 4096)
    assert dataset.names[:2] == ("TCGA-0", "TCGA-1")
    assert np.abs(cells(dataset) - values).max() < 1e-4


def test_fifty_thousand_rows_are_quick() -> None:
    random = RANDOM(0)
    columns = [random.standard_normal(54_000).round(6).tolist() for _ in range(7)]
    columns += [random.choice(list("abcdef"), 54_000).tolist() for _ in range(3)]
    content = "\n".join(",".join(map(str, row)) for row in zip(*columns, strict=True)).encode()
    read(content[:1000].rpartition(b"\n")[0])
    started = time.process_time()
    assert len(read(content)) == 54_000
    assert time.process_time() - started < 1.5


def test_examples_go_to_the_file_that_is_wanted(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    reading = Reading(path=tmp_path / "x.npy", progress=lambda done, total: steps.append((done, total)))
    dataset = read_table(File("t.csv", TRAINED.encode()), None, reading)
    assert isinstance(dataset.x, np.memmap)
    assert dataset.x.tolist() == read(TRAINED).x.tolist()
    assert steps[-1][0] == steps[-1][1] > 0
    binary = File("t", parquet({"a": [1, 2]}))
    steps.clear()
    read_table(binary, None, reading)
    assert steps == [(binary.size, binary.size)]


def test_too_many_names_in_all_are_refused() -> None:
    content = "v,a,b\n" + "".join(f"{k},a{k},b{k}\n" for k in range(3000))
    message = refusal(content, TableChoices(categorical=("a", "b"), left_out=()))
    assert "makes 6,001 numbers of each of its 3,000 rows" in message
    assert "3,000 names" in message


# --- advice


def test_rows_of_pixels_are_recognised() -> None:
    pixels = RANDOM(0).integers(0, 256, (20, 64))
    names = ",".join(["label", *(f"pixel{k}" for k in range(64))])
    dataset = read(names + "\n" + "\n".join(",".join(map(str, [k % 2, *row])) for k, row in enumerate(pixels.tolist())))
    assert any("pictures of 8×8 pixels" in sentence for sentence in dataset.origin.advice)
    assert dataset.x.shape == (20, 64)
    more = read("\n".join(",".join(map(str, [*row, 1])) for row in pixels.tolist()))
    assert not any("pictures" in sentence for sentence in more.origin.advice)


def long_list(count: int = 30) -> tuple[np.ndarray, str]:
    random = RANDOM(0)
    ratings = np.where(random.random((count, 12)) < np.linspace(0.9, 0.4, 12), random.integers(1, 6, (count, 12)), 0)
    lines = [f"u{u},{100 + m},{ratings[u, m]},99{u}{m}" for u, m in random.permutation(np.argwhere(ratings))]
    return ratings, "userId,movieId,rating,timestamp\n" + "\n".join(lines)


def test_long_list_of_ratings_is_recognised_and_can_be_pivoted() -> None:
    ratings, content = long_list()
    [advice] = read(content).origin.advice
    assert "long list of ratings" in advice
    assert "one row for each “userId”, one column for each “movieId”" in advice
    table = read(content, TableChoices(pivot=True))
    counts = (ratings > 0).sum(0)
    items = list(original(table))
    assert [counts[int(item) - 100] for item in items] == sorted(counts, reverse=True)
    users = {name: k for k, name in enumerate(table.names)}
    order = [users[f"u{u}"] for u in range(len(ratings))]
    assert (cells(table)[order] == ratings[:, [int(item) - 100 for item in items]]).all()
    assert choices(table).missing == "zero"


def test_model_of_pivoted_ratings_reads_a_new_list() -> None:
    _, content = long_list()
    schema = read(content, TableChoices(pivot=True)).schema
    assert isinstance(schema, TableSchema)
    again = read(content, schema)
    assert again.x.tolist() == read(content, TableChoices(pivot=True)).x.tolist()
    some = read("userId,movieId,rating\nann,103,5\nann,999,4\nbob,100,1\n", schema)
    assert original(some)["103"] == [5, 0]
    assert original(some)["100"] == [0, 1]
    assert cells(some).sum() == 6  # the model knows nothing of item 999


def test_what_is_no_list_of_ratings_cannot_be_pivoted() -> None:
    assert "no list of ratings" in refusal("a,b\n1,2\n3,4\n", TableChoices(pivot=True))
    assert "no list of ratings" in refusal("a,b,c\n1,2,x\n3,4,y\n", TableChoices(pivot=True))
    assert "no list of ratings" in refusal("a,b,c\n1,2,\n3,4,\n", TableChoices(pivot=True))
    assert not read("a,b,c\n" + "".join(f"{k % 6},{k // 2 % 7},{k % 3}\n" for k in range(300))).origin.advice


# --- Parquet


def parquet_columns(count: int = 12) -> dict[str, object]:
    return {
        "int": list(range(count)),
        "float": [k / 4 for k in range(count - 1)] + [None],
        "decimal": pa.array([k % 5 for k in range(count)], pa.decimal128(10, 2)),
        "bool": [k % 2 == 0 for k in range(count)],
        "text": [("x", "y")[k % 2] for k in range(count)],
        "number text": [f" {k % 4},5" for k in range(count)],
        "dictionary": pa.array([("u", "v")[k % 2] for k in range(count)]).dictionary_encode(),
        "codes": pa.array([k % 3 for k in range(count)]).dictionary_encode(),
        "day": pa.array([k % 2 for k in range(count)], pa.date32()),
        "time": pa.array([k * 10**6 for k in range(count)], pa.timestamp("us")),
        "zone": pa.array([0] * count, pa.timestamp("ns", tz="Europe/Berlin")),
        "nothing": pa.nulls(count),
        "nested": [[k] for k in range(count)],
        "struct": [{"a": k} for k in range(count)],
        "binary": [b"x"] * count,
        "half": pa.array(np.arange(count, dtype=np.float16)),
        "large": pa.array([2**64 - 1] * count, pa.uint64()),
    }


@pytest.mark.parametrize("options", [{}, {"use_dictionary": False, "compression": "none"}, {"row_group_size": 5}])
def test_every_type_of_parquet_column(options: dict[str, object]) -> None:
    dataset = read(parquet(parquet_columns(), **options), TableChoices(missing="mean"))
    values = original(dataset)
    assert values["int"] == list(range(12))
    assert values["float"][:3] == [0, 0.25, 0.5]
    assert values["decimal"][:6] == [0, 1, 2, 3, 4, 0]
    assert values["bool"][:2] == ["true", "false"]
    assert values["text"][:2] == ["x", "y"]
    assert values["number text"][:4] == [0.5, 1.5, 2.5, 3.5]
    assert values["dictionary"][:2] == ["u", "v"]
    assert values["codes"][:3] == [0, 1, 2]
    assert values["day"][:2] == ["1970-01-01", "1970-01-02"]
    assert values["zone"][0] == "1970-01-01 01:00:00+0100"
    assert values["half"] == list(range(12))
    assert values["large"] == [2.0**64] * 12
    assert dataset.warnings[0] == (
        "5 columns were left out: nested (of the type list<element: int64>), struct (of the type struct<a: int64>), "
        "binary (of the type binary), time (12 different dates), nothing (empty)."
    )


def test_parquet_and_text_give_the_same_dataset() -> None:
    buffer = io.StringIO()
    columns = {"a": [0.1, 2.0, 3.5] * 5, "c": ["x", "y", "z"] * 5, "label": ["p", "q", "q"] * 5}
    writer = csv.writer(buffer)
    writer.writerows([columns, *zip(*columns.values(), strict=True)])
    text, binary = read(buffer.getvalue()), read(parquet(columns))
    assert text.x.tobytes() == binary.x.tobytes()
    assert text.id == binary.id


def test_index_of_pandas_names_the_rows_or_is_left_out() -> None:
    named = read(parquet({"v": [1.0, 2.0, 4.0], "__index_level_0__": ["a", "b", "c"]}))
    assert named.names == ("a", "b", "c")
    counted = read(parquet({"v": [1.0, 2.0, 4.0], "__index_level_0__": [0, 1, 2]}))
    assert list(original(counted)) == ["v"]


def long_texts(megabytes: int) -> bytes:
    """A small file that is large when unpacked."""
    buffer = io.BytesIO()
    table = pa.table({"t": pa.array(["x" * 10_000]).take(pa.array(np.zeros(1000, dtype=int)))})
    with pq.ParquetWriter(buffer, table.schema, use_dictionary=False, write_statistics=False) as writer:
        for _ in range(megabytes // 10):
            writer.write_table(table)
    return buffer.getvalue()


def noted(text: str) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"note": text}), buffer)
    return buffer.getvalue()


BOMBS = {
    "more than 1,000,000 rows": lambda: parquet({"a": np.zeros(20_000_000)}),
    "more than 50,000,000 cells": lambda: parquet({f"c{k}": np.zeros(900_000) for k in range(60)}),
    "MB are read": lambda: long_texts(540),
    "5,000 columns": lambda: parquet({f"c{k}": [1] for k in range(5000)}),
    "10,001 characters": lambda: parquet({"t": ["x" * 10_001] * 3, "v": [1, 2, 3]}),
    "row groups": lambda: parquet({"a": np.arange(10_001)}, row_group_size=1),
    "MB of metadata": lambda: noted("x" * 15 * 2**20),
    "contradicts itself": lambda: parquet({"a": np.zeros(77)}).replace(b"\x16\x9a\x01", b"\x16\x9c\x01", 1),
    "no rows": lambda: parquet({"a": pa.array([], pa.int64())}),
    "(nested: of the type list<element: int64>)": lambda: parquet({"nested": [[1]]}),
}


@pytest.mark.parametrize("found", BOMBS)
def test_parquet_beyond_the_limits_is_refused_before_it_is_unpacked(found: str) -> None:
    content = BOMBS[found]()
    assert len(content) < 40_000_000
    before = pa.total_allocated_bytes()
    peak = pa.default_memory_pool().max_memory()
    assert found in refusal(content)
    assert pa.total_allocated_bytes() - before < 1_000_000
    assert pa.default_memory_pool().max_memory() == peak


def test_many_copies_of_a_long_text_stay_one_copy() -> None:
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, np.int32)), ["x" * 10_000])
    content = parquet({"t": text, "v": np.arange(100_000) % 7}, store_schema=False)
    peak = pa.default_memory_pool().max_memory()
    tracemalloc.start()
    assert len(read(content)) == 100_000
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()
    assert pa.default_memory_pool().max_memory() - peak < 100_000_000


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
@pytest.mark.parametrize("type", [pa.string(), pa.large_string(), pa.string_view()])
def test_texts_in_every_packing_that_unfolds_are_left_out_and_told(encoding: str, type: pa.DataType) -> None:
    columns = {"v": list(range(12)), "t": pa.array(["x", "y"] * 6, type), "u": ["p", "q"] * 6}
    packing: dict[str, object] = {"column_encoding": {"t": encoding}, "use_dictionary": ["u"]}
    variants: tuple[dict[str, object], ...] = ({"data_page_version": "2.0"}, {"store_schema": False})
    for options in ({}, *variants, {"row_group_size": 5}):
        dataset = read(parquet(columns, **packing, **options))
        assert original(dataset) == {"v": columns["v"], "u": columns["u"]}
        assert dataset.warnings == (f"1 column was left out: t (packed as {encoding}).",)


def test_other_packings_are_read() -> None:
    columns = {"i": list(range(12)), "f": [k / 2 for k in range(12)], "b": [True, False] * 6, "t": ["x", "y"] * 6}
    wanted = {**columns, "b": ["true", "false"] * 6}
    for packing in ({"i": "PLAIN"}, {"i": "DELTA_BINARY_PACKED"}, {"f": "BYTE_STREAM_SPLIT"}, {"b": "RLE"}):
        for folded in (["t"], False):
            assert original(read(parquet(columns, use_dictionary=folded, column_encoding=packing))) == wanted


def test_texts_that_unfold_in_a_later_row_group_are_left_out_whatever_the_metadata_say() -> None:
    columns = {"v": range(12), "t": ["abc"] * 6 + ["xyz"] * 6}
    content = parquet(columns, use_dictionary=False, compression="none", row_group_size=6, write_statistics=False)
    plain = b"\3\0\0\0xyz" * 6
    same_prefix, same_length = b"\x80\1\4\6\0" + bytes(5), b"\x80\1\4\6\6" + bytes(5)
    header, found, footer = content.rpartition(plain)
    header, told, levels = header.rpartition(b"\x15\x0c\x15\0\x15\6\x15\6")
    assert found
    assert told
    delta = (same_prefix + same_length + b"xyz" * 6).ljust(len(plain), b"\0")
    content = header + told.replace(b"\x15\0", b"\x15\x0e") + levels + delta + footer
    assert pq.read_table(io.BytesIO(content)).column("t").to_pylist() == columns["t"]
    dataset = read(content)
    assert dataset.warnings == ("1 column was left out: t (packed as DELTA_BYTE_ARRAY).",)
    assert original(dataset) == {"v": list(range(12))}


def test_two_columns_of_one_name_do_not_hide_what_unfolds() -> None:
    columns = {"a": list(range(12)), "q": ["x", "y"] * 6, "r": ["s", "t"] * 6}
    packing = {"q": "DELTA_BYTE_ARRAY", "a": "PLAIN", "r": "PLAIN"}
    content = parquet(columns, use_dictionary=False, column_encoding=packing, write_statistics=False)
    content = content.replace(b"\x18\1r", b"\x18\1q").replace(b"\6\x0e\x19\x18\1q", b"\6\0\x19\x18\1q")
    dataset = read(content)
    assert dataset.warnings == ("1 column was left out: q (packed as DELTA_BYTE_ARRAY).",)
    assert original(dataset) == {"a": columns["a"]}


def test_columns_of_one_name_in_parquet_are_all_read() -> None:
    buffer = io.BytesIO()
    columns = [pa.array(range(12)), pa.array([[1]] * 12), pa.array(["x", "y"] * 6), pa.array(["p", "q"] * 6)]
    pq.write_table(pa.table(columns, names=["a", "s.t", "t", "t"]), buffer)
    values = original(read(buffer.getvalue()))
    assert values == {"a": list(range(12)), "t": ["x", "y"] * 6, "t (2)": ["p", "q"] * 6}


def test_column_named_like_a_structure_is_left_out_and_told() -> None:
    buffer = io.BytesIO()
    columns = [pa.array([1, 2, 3]), pa.array([{"a": 1}] * 3), pa.array([4, 5, 6]), pa.array([7, 8, 9])]
    pq.write_table(pa.table(columns, names=["v", "s", "s.a", "s"]), buffer)
    dataset = read(buffer.getvalue())
    assert original(dataset) == {"v": [1, 2, 3], "s.a": [4, 5, 6]}
    assert "s (named like a structure)" in told(dataset)


@pytest.mark.parametrize("cut", [4, 11, 12, 100, -1, -8, -20])
def test_damaged_parquet_is_one_sentence(cut: int) -> None:
    assert "damaged" in refusal(parquet({"a": [1, 2, 3]})[:cut])


# --- damage


def damaged(good: bytes, random: np.random.Generator) -> bytes:
    """One to four changes: a byte, a gap, something inserted, a piece repeated; sometimes the end is missing."""
    bad = bytearray(good)
    for _ in range(random.integers(1, 5)):
        place, other = (int(p) for p in random.integers(0, len(bad), 2))
        bad[place : place + int(random.integers(0, 4))] = (
            random.bytes(int(random.integers(0, 3))) if random.random() < 0.7 else bad[other : other + 9]
        )
    return bytes(bad[: int(random.integers(1, len(bad)))]) if random.random() < 0.1 else bytes(bad)


GOOD = {
    "text": "name,colour,size,species\n" + "".join(f'n{k},"r, {k % 3}",{k}.5,{"xyz"[k % 3]}\n' for k in range(40)),
    "decimal comma": "a;b;c\r\n" + "1,5;2.000,25;x\r\n-3,5;,5;y\r\n" * 10,
    "spaces": "1.0  2.0 3\n4 5  6\n7 8  NA\n" * 10,
    "ratings": long_list()[1],
}


@pytest.mark.parametrize("kind", [*GOOD, "utf-16", "parquet", "plain parquet"])
def test_damaged_copies_of_good_tables_are_read_or_refused_never_thrown(kind: str) -> None:
    """Mutation fuzzing, a small seeded share of what a long run does."""
    good = {k: v.encode() for k, v in GOOD.items()} | {
        "utf-16": GOOD["text"].encode("utf-16"),
        "parquet": parquet(parquet_columns()),
        "plain parquet": parquet(parquet_columns(), use_dictionary=False, compression="none", row_group_size=5),
    }
    schema = read(good[kind]).schema
    assert isinstance(schema, TableSchema)
    random = RANDOM(0)
    for k in range(120):
        content = damaged(good[kind], random)
        looks_like_table(content[:512])
        try:
            dataset = read(content, (None, schema, TableChoices(pivot=True), TableChoices(missing="mean"))[k % 4])
        except DatasetError as refused:
            assert len(str(refused)) <= 200
            continue
        assert np.isfinite(dataset.x).all()
        assert dataset.x.shape == (len(dataset), *dataset.schema.shape)
        assert dataset.labels is None or len(dataset.labels) == len(dataset)
        assert len(dataset.names) in (0, len(dataset))
