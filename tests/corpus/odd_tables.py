"""Tables as other programs, other scripts and other times write them; and Parquet of rarer types."""

from collections.abc import Iterator
from functools import partial

import pyarrow as pa

from tests.corpus.case import Case, Read, Refused, one
from tests.corpus.tables import PLAIN, parquet

ROWS = Read(6)
LINES = PLAIN.split("\n", 1)[1]


def _column(cells: list[str], name: str = "x") -> bytes:
    """A table of 12 rows: a column of numbers, and one of the cells, again and again."""
    rows = "".join(f"{k * k},{cells[k % len(cells)]}\n" for k in range(12))
    return f"a,{name}\n{rows}".encode()


DIALECTS: dict[str, tuple[bytes, Read | Refused]] = {
    "comments_above": (b"# made by x, for y, in z\n# on Monday\n" + PLAIN.encode(), ROWS),
    "names_in_a_comment": (b"# made by x\n# height,width,weight\n" + LINES.encode(), ROWS),
    "comments_of_savetxt": (b"# made by x\n# h w\n" + b"".join(b"%d %d\n" % (k, k * k) for k in range(6)), ROWS),
    "99_comments_above": (b"# x\n" * 99 + PLAIN.encode(), ROWS),
    "title_above": (b"Report of 2024\n\n" + PLAIN.encode(), Refused("line 1 has 1 cell.*Take it out")),
    "header_too_long": (b"a,b,c,d\n" + b"1,2\n3,4\n5,6\n7,8\n", Refused("line 1 has 4 cells.*2")),
    "two_byte_order_marks": (b"\xef\xbb\xbf" + PLAIN.encode("utf-8-sig"), ROWS),
    "end_mark_of_dos": (PLAIN.encode() + b"\x1a", ROWS),
    "direction_marks": (_column(["\u200fא\u200f", "\u202bב\u202c", "א"], "\u200fשם"), Read(12)),
    "joined_emoji": (_column(["👩\u200d🚀", "👨\u200d🍳"]), Read(12)),
    "persian": (_column(["می\u200cخواهم", "نمی\u200cخواهم"]), Read(12)),
    "soft_hyphens": (_column(["Schiff\u00adfahrt", "Dampf\u00adschiff"]), Read(12)),
    "weka": (b"@relation x\n@attribute a numeric\n@attribute b numeric\n@data\n1,2\n3,4\n", Refused("Weka")),
}
MISSING = {
    "two_dashes": "--",
    "a_point": ".",
    "pandas_NA": "<NA>",
    "pandas_NaT": "NaT",
    "excel_NA": "#N/A",
    "excel_DIV": "#DIV/0!",
    "excel_VALUE": "#VALUE!",
}


def _dialects() -> Iterator[Case]:
    for kind, (content, verdict) in DIALECTS.items():
        yield one(f"csv_{kind}", "table.csv", partial(bytes, content), verdict)
    flood = partial(_flood, 20_000_000)
    yield one("csv_of_20_million_comments", "table.csv", flood, Refused("(?i)rows"))
    for kind, cell in MISSING.items():
        made = partial(_column, ["1.5", "2.5", "3.5", "4.5", "5.5", cell])
        yield one(f"csv_missing_as_{kind}", "table.csv", made, Read(10, warns=r"Missing values: 2 \(x 2\)"))


def _flood(lines: int) -> bytes:
    return b"# a,b\n" + b"#\n" * lines + PLAIN.encode()


def _parquet() -> Iterator[Case]:
    x = {"a": range(6), "b": [k / 3 for k in range(6)]}
    second = 10**9
    late = pa.array([2**31 - 1 - k for k in range(6)], pa.date32())
    times = pa.array([k // 2 * second for k in range(6)], pa.timestamp("ns", "No/Where"))
    yield one("parquet_with_an_unknown_time_zone", "t.parquet", partial(parquet, {**x, "t": times}), ROWS)
    beyond = Read(6, warns="empty")
    yield one("parquet_with_dates_beyond_all_years", "t.parquet", partial(parquet, {**x, "t": late}), beyond)
    texts = {**x, "t": ["one", "two"] * 3}
    folded = partial(parquet, texts, use_dictionary=False, column_encoding={"t": "DELTA_BYTE_ARRAY"})
    yield one("parquet_with_texts_that_unfold", "t.parquet", folded, Read(6, warns="DELTA_BYTE_ARRAY"))


CASES = (*_dialects(), *_parquet())
