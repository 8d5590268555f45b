"""Tables: every dialect of CSV, and Parquet that is not what it says."""

import gzip
import io
import struct
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus.case import Answered, Case, Read, Refused, one
from tests.corpus.parquet_bytes import constant_column, constant_decimal
from tests.corpus.zip_bytes import zipped

PLAIN = "height,width,weight\n" + "".join(f"{k},{k * k},{k + 0.5}\n" for k in range(1, 7))
ROWS = Read(6)


def _with_column(name: str, cells: list[str]) -> bytes:
    head, *lines = PLAIN.strip().split("\n")
    quoted = [f'{line},"{cell}"' for line, cell in zip(lines, cells, strict=True)]
    return "\n".join([f"{head},{name}", *quoted, ""]).encode()


DIALECTS: dict[str, bytes] = {
    "commas": PLAIN.encode(),
    "semicolons": PLAIN.replace(",", ";").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "bars": PLAIN.replace(",", "|").encode(),
    "decimal_commas": PLAIN.replace(",", ";").replace(".", ",").encode(),
    "byte_order_mark": PLAIN.encode("utf-8-sig"),
    "utf16": PLAIN.encode("utf-16"),
    "utf16_tabs": PLAIN.replace(",", "\t").encode("utf-16"),
    "utf16_big_endian": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "latin_1": PLAIN.replace("height", "Größe").encode("latin-1"),
    "utf8_header": PLAIN.replace("height", "高さ").encode(),
    "windows_lines": PLAIN.replace("\n", "\r\n").encode(),
    "old_mac_lines": PLAIN.replace("\n", "\r").encode(),
    "no_last_newline": PLAIN.strip().encode(),
    "blank_lines_at_the_end": PLAIN.encode() + b"\n\n\n",
    "quoted": PLAIN.replace("height", '"height, in m"').encode(),
    "spaces": PLAIN.replace(",", ", ").encode(),
    "no_header": PLAIN.split("\n", 1)[1].encode(),
    "header_twice": PLAIN.replace("width", "height").encode(),
    "header_empty": PLAIN.replace("width", "").encode(),
    "header_hostile": PLAIN.replace("width", "<img src=x>=1+1").encode(),
    "exponents": PLAIN.replace(".5", "e3").encode(),
    "signs": PLAIN.replace("\n1,", "\n-1,").encode(),
    "constant_column": _with_column("same", ["7"] * 6),
    "text_column": _with_column("note", [f"a remark no {k}, at length" for k in range(6)]),
    "categories": _with_column("kind", ["cat", "dog", "cat", "dog", "cat", "dog"]),
    "formula_cells": _with_column("f", ["=1+1", "@x", "-cmd", "+1", "=A1", "\t2"]),
    "dates": _with_column("day", [f"2024-01-0{k}" for k in range(1, 7)]),
    "one_column": b"height\n1\n2\n3\n4\n5\n6\n",
    "largest_floats": _with_column("big", ["1e308", "-1e308"] * 3),
    "smallest_floats": _with_column("small", ["1e-320", "5e-324"] * 3),
    "integers_beyond_64_bits": _with_column("n", ["9" * 40] * 6),
}


def _dialects() -> Iterator[Case]:
    for kind, content in DIALECTS.items():
        yield one(f"csv_{kind}", "table.csv", partial(bytes, content), ROWS)
    for name in ("table.tsv", "table.txt", "table", "table.png"):
        verdict = Read(6, warns="named like another") if "png" in name else ROWS
        yield one(f"csv_named_{name.replace('.', '_')}", name, PLAIN.encode, verdict)
    yield one("csv_gzipped", "table.csv.gz", lambda: gzip.compress(PLAIN.encode(), mtime=0), ROWS)
    yield one("csv_in_a_zip", "table.zip", lambda: zipped({"t/table.csv": PLAIN.encode()}), ROWS)
    yield one("csv_one_row", "table.csv", lambda: b"a,b\n1,2\n", Read(1))
    yield one("csv_two_rows_no_header", "table.csv", lambda: b"1,2\n3,4\n", Read(2))
    yield one("csv_identical_rows", "table.csv", lambda: b"a,b\n" + b"1,2\n" * 6, ROWS)


def _gaps() -> Iterator[Case]:
    """Values that are none: their rows are left out and counted, or filled."""
    for kind, cell in {"nan": "NaN", "infinity": "inf", "minus_infinity": "-Infinity", "overflow": "1e999"}.items():
        few = partial(_with_column, "x", ["1", cell, "3", "4", "5", "6"])
        yield one(f"csv_{kind}_in_few_rows", "table.csv", few, Read(5, warns="1 row|1 of"))
        many = partial(_with_column, "x", ["1", cell, "3", "4", cell, "6"])
        yield one(f"csv_{kind}_in_many_rows", "table.csv", many, Read(6, warns="(?i)missing.*2"))
    for kind, cell in {"empty": "", "na": "NA", "question_mark": "?", "null": "null"}.items():
        made = partial(_with_column, "x", ["1", cell, "3", "4", "5", "6"])
        yield one(f"csv_missing_{kind}", "table.csv", made, Read(5, warns="1 row|1 of"))
    all_bad = partial(_with_column, "x", ["nan"] * 6)
    yield one("csv_column_of_nothing", "table.csv", all_bad, Answered())
    yield one("csv_nothing_but_nan", "table.csv", lambda: b"a,b\nnan,nan\nnan,nan\n", Refused())


def _wrong() -> Iterator[Case]:
    yield one("csv_ragged", "t.csv", lambda: b"a,b\n1,2\n3,4\n5\n6,7\n", Refused("(?i)(line|row) 4"))
    yield one("csv_ragged_longer", "t.csv", lambda: b"a,b\n1,2\n3,4,5\n6,7\n", Refused("(?i)(line|row) 3"))
    yield one("csv_quote_never_closed", "t.csv", lambda: b'a,b\n1,2\n"3,4\n5,6\n7,8\n', Refused())
    yield one("csv_nul_bytes", "t.csv", lambda: PLAIN.encode().replace(b"4", b"\0"), Refused())
    yield one("csv_nul_bytes_later", "t.csv", lambda: PLAIN.encode() * 100 + b"\0" * 99, Refused())
    yield one("csv_4097_columns", "t.csv", partial(_wide, 4097), Refused("4,09[67]"))
    yield one("csv_4096_columns", "t.csv", partial(_wide, 4096), Read(2))
    yield one("csv_100_000_columns", "t.csv", partial(_wide, 100_000), Refused("(?i)columns"))
    yield one("csv_cell_of_10_001", "t.csv", partial(_with_column, "x", ["a" * 10_001] * 6), Refused("10,00[01]"))
    yield one(
        "csv_cell_of_a_megabyte", "t.csv", partial(_with_column, "x", ["a" * 10**6] * 6), Refused("(?i)10,00[01]|long")
    )
    yield one("csv_one_line_of_5_megabytes", "t.csv", lambda: b"a" * 5_000_000, Refused())
    yield one("csv_header_only", "t.csv", lambda: b"a,b,c\n", Refused())
    yield one("csv_newlines_only", "t.csv", lambda: b"\n" * 50, Refused())
    yield one("csv_delimiters_only", "t.csv", lambda: b",,,\n" * 50, Refused())
    yield one("csv_byte_order_mark_only", "t.csv", lambda: b"\xef\xbb\xbf", Refused())
    yield one("csv_text_only", "t.csv", _text_only, Refused("(?i)number|column"))
    yield one(
        "csv_1_000_001_rows", "t.csv", lambda: b"a,b\n" + b"1,2\n" * 1_000_001, Refused("(?i)1,000,000|million|rows")
    )
    yield one("csv_utf16_cut", "t.csv", lambda: PLAIN.encode("utf-16")[:-1], Answered())
    yield one("csv_mostly_binary", "t.csv", lambda: b"a,b\n1,2\n" + bytes(range(256)) * 9, Refused())
    yield one(
        "csv_binary_after_a_megabyte", "t.csv", lambda: PLAIN.encode() + b"1,2,3\n" * 170_000 + b"\xff\0\x80", Refused()
    )
    yield one("csv_quotes_without_end", "t.csv", lambda: b"a,b\n1," + b'""' * 1_000_000, Answered())


def _wide(columns: int) -> bytes:
    header = ",".join(f"c{k}" for k in range(columns))
    return "\n".join([header, *[",".join(str((k + j) % 10) for j in range(columns)) for k in range(2)], ""]).encode()


def _text_only() -> bytes:
    return ("who,what\n" + "".join(f"person no {k},a remark {k * k} at length\n" for k in range(60))).encode()


def parquet(columns: Mapping[str, object], **options: object) -> bytes:
    """As pyarrow writes it."""
    buffer = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), buffer, **options)
    return buffer.getvalue()


def _parquet() -> Iterator[Case]:
    x = {"a": np.arange(6.0), "b": np.arange(6), "c": np.arange(6) % 2 == 0}
    for codec in ("none", "snappy", "gzip", "zstd", "brotli"):
        yield one(f"parquet_{codec}", "t.parquet", partial(parquet, x, compression=codec), ROWS)
    extras: dict[str, object] = {
        "text": [f"remark no {k}" for k in range(6)],
        "categories": pa.array(["x", "y"] * 3).dictionary_encode(),
        "lists": [[1, 2]] * 6,
        "structures": [{"p": 1}] * 6,
        "bytes": [b"\xff\0"] * 6,
        "times": pa.array(range(6), pa.timestamp("s")),
        "nulls": pa.nulls(6),
        "decimals": pa.array([1, 2, 3, 4, 5, 6], pa.decimal128(9, 2)),
        "large_integers": pa.array([2**63] * 6, pa.uint64()),
        "half_floats": pa.array(np.arange(6, dtype=np.float16)),
    }
    for kind, column in extras.items():
        yield one(f"parquet_with_{kind}", "t.parquet", partial(parquet, {**x, "x": column}), ROWS)
    gaps = pa.array([1.0, None, 3.0, float("nan"), float("inf"), 6.0])
    yield one("parquet_with_gaps", "t.parquet", partial(parquet, {**x, "x": gaps}), Answered())
    yield one("parquet_nested_only", "t.parquet", partial(parquet, {"x": [[1, 2]] * 6}), Refused())
    yield one("parquet_text_only", "t.parquet", partial(parquet, {"x": [f"r {k}" * 9 for k in range(60)]}), Refused())
    yield one("parquet_named_csv", "t.csv", partial(parquet, x), Read(6, warns="named like another"))
    yield one("parquet_in_a_zip", "t.zip", lambda: zipped({"t.parquet": parquet(x)}), ROWS)
    yield one("parquet_no_rows", "t.parquet", lambda: parquet({"a": np.zeros(0)}), Refused())
    yield one("parquet_no_columns", "t.parquet", lambda: parquet({}), Refused())
    yield from _broken_parquet(x)
    yield from _large_parquet()


def _broken_parquet(x: Mapping[str, object]) -> Iterator[Case]:
    whole = parquet(x)
    for kind, content in {
        "cut": whole[:-30],
        "cut_early": whole[:100],
        "magic_only": b"PAR1",
        "magic_twice": b"PAR1PAR1",
        "pages_overwritten": b"PAR1" + b"\xff" * 200 + whole[204:],
        "footer_overwritten": whole[:-300] + b"\xff" * 292 + whole[-8:],
    }.items():
        yield one(f"parquet_{kind}", "t.parquet", partial(bytes, content), Refused())
    for length in (0, 1, 2**31 - 1, 2**32 - 1, len(whole)):
        made = partial(_footer_length, whole, length)
        yield one(f"parquet_footer_of_{length}", "t.parquet", made, Refused())
    for code in (0, 3, 8, 55, 112):  # of a column that may have gaps it is 2; its figures on gaps no longer fit
        made = partial(_repetition, whole, code)
        yield one(f"parquet_column_of_repetition_{code}", "t.parquet", made, Refused("damaged"))
    encrypted = b"PARE" + whole[4:-4] + b"PARE"
    yield one("parquet_encrypted", "t.parquet", partial(bytes, encrypted), Refused("(?i)encrypt"))
    fewer = partial(constant_column, 5, 10)
    yield one("parquet_announces_more_rows", "t.parquet", fewer, Answered())
    yield one("parquet_announces_fewer_rows", "t.parquet", partial(constant_column, 300_000_000, 10), Answered())
    yield one("parquet_announces_minus_rows", "t.parquet", partial(constant_column, 10, -1), Refused())


def _footer_length(content: bytes, length: int) -> bytes:
    return content[:-8] + struct.pack("<I", length) + content[-4:]


def _repetition(content: bytes, code: int) -> bytes:
    return content.replace(b"\x25\x02\x18\x01a", bytes([0x25, code]) + b"\x18\x01a", 1)


def _large_parquet() -> Iterator[Case]:
    too_many = Refused("(?i)rows|1,000,000|million")
    yield one("parquet_300_million_rows_in_135_bytes", "t.parquet", partial(constant_column, 300_000_000), too_many)
    yield one("parquet_by_hand", "t.parquet", partial(constant_column, 6), ROWS)
    yield one("parquet_4097_columns", "t.parquet", partial(_parquet_wide, 4097, 1), Refused("(?i)columns"))
    yield one(
        "parquet_51_million_cells",
        "t.parquet",
        partial(_parquet_wide, 51, 1_000_000),
        Refused("(?i)cells|values|million"),
    )
    yield one("parquet_a_gigabyte_of_one_text", "t.parquet", _repeated_text, Answered())
    for kind, fixed in {"any": False, "fixed": True}.items():
        made = partial(constant_decimal, 200_000, 5000, fixed)
        yield one(f"parquet_gigabyte_of_decimals_of_{kind}_length", "t.parquet", made, Refused("packed as"))
    yield one("parquet_decimals_by_hand", "t.parquet", partial(constant_decimal, 6, 4, True), ROWS)
    yield one(
        "parquet_cell_of_10_001",
        "t.parquet",
        lambda: parquet({"a": range(6), "x": ["a" * 10_001] * 6}),
        Refused("10,00[01]"),
    )


def _parquet_wide(columns: int, rows: int) -> bytes:
    column = np.zeros(rows, dtype=np.int8)
    return parquet({f"c{k}": column for k in range(columns)})


def _repeated_text() -> bytes:
    """One text of 9,000 letters on 200,000 rows: 10 KB, and 1.8 GB for who unfolds it."""
    texts = pa.DictionaryArray.from_arrays(np.zeros(200_000, dtype=np.int32), ["a" * 9000])
    return parquet({"a": np.arange(200_000) % 7, "x": texts})


CASES = (*_dialects(), *_gaps(), *_wrong(), *_parquet())
