"""Names and labels in archives: any script, any trick, folders and tables that say what the pictures are."""

from collections.abc import Iterator, Mapping
from functools import partial

from tests.corpus.case import Answered, Case, Read, Refused, one
from tests.corpus.picture_bytes import flat, picture
from tests.corpus.zip_bytes import Entry, archive, zipped

NAMES = {
    "cjk": "図/猫.png",
    "emoji": "👩‍🚀/🐈.png",
    "arabic": "صور/قطة.png",
    "300_bytes": "n" * 296 + ".png",
    "100_folders": "/".join("d" * 100) + "/a.png",
    "newline": "a\nb.png",
    "escape": "\x1b[31mred.png",
    "bidirectional": "cod\u202egnp.exe",
    "zero_width": "a\u200bb\ufeff.png",
    "markdown": "![t](http://evil.example/x.png)",
    "html": "<img src=x onerror=alert(1)>.png",
    "formula": "=HYPERLINK(1).png",
    "template": "%{x}${y}{{z}}.png",
    "trailing_dots": "folder./name.png...",
    "trailing_spaces": "  a .png  ",
    "reserved": "CON/NUL.png",
    "stream": "a.png:stream",
    "quotes": "a\"b'c`d.png",
    "only_an_extension": "a/.png",
    "no_extension": "picture",
}


def _names() -> Iterator[Case]:
    for kind, name in NAMES.items():
        if kind == "only_an_extension":
            continue
        yield one(f"name_{kind}", "set.zip", partial(zipped, {name: flat(1), "b.png": flat(2)}), Read(2))
        if "/" not in name:
            files = [(name, flat(1)), ("b.png", flat(2))]
            yield Case(f"name_{kind}_as_a_file", partial(list, files), Read(2))
    told = Read(1, skipped=1, warns="(?i)name")
    composed, decomposed = "caf\u00e9.png", "cafe\u0301.png"
    yield one("name_in_two_normal_forms", "set.zip", partial(_two, composed, decomposed), told)
    yield one("name_twice", "set.zip", partial(_two, "a.png", "a.png"), told)
    yield one("name_in_two_cases", "set.zip", partial(_two, "a.png", "A.png"), Read(2))
    yield one("name_with_backslashes", "set.zip", partial(_two, "x\\a.png", "y\\b.png"), Read(2, labels=2))
    yield one("name_in_cp437", "set.zip", partial(_bytes_named, "caf\u00e9".encode("cp437")), Read(1))
    yield one("name_in_utf8_without_saying_so", "set.zip", partial(_bytes_named, "猫".encode()), Read(1))
    yield one("name_in_shift_jis", "set.zip", partial(_bytes_named, "猫".encode("shift_jis")), Read(1))
    yield one("name_of_no_encoding", "set.zip", partial(_bytes_named, b"\xff\xfe\xfa"), Read(1))
    yield one("name_utf8_claimed_wrongly", "set.zip", partial(_bytes_named, b"\xff\xfe", 0x800), Refused())
    yield one("name_of_65000_bytes", "set.zip", partial(_bytes_named, b"a/" * 32_000 + b"x"), Read(1))
    yield one("name_empty", "set.zip", partial(_bytes_named, b""), Read(1))


def _two(first: str, second: str) -> bytes:
    return archive([Entry(first, flat(1)), Entry(second, flat(2))])


def _bytes_named(name: bytes, flags: int = 0) -> bytes:
    return archive([Entry(name + b".png" if name else b"a.png", flat(1), flags=flags)])


def _folders() -> Iterator[Case]:
    many = {f"class{k:03}/{j}.png": flat(k) for k in range(100) for j in range(2)}
    yield one("folders_100_classes", "set.zip", partial(zipped, many), Read(200, labels=100))
    one_folder = {f"all/{k}.png": flat(k) for k in range(3)}
    yield one("folders_only_one", "set.zip", partial(zipped, one_folder), Read(3, labels=0))
    deep = {f"{'/'.join('x' * 100)}/{a}/{k}.png": flat(k) for a in "ab" for k in range(2)}
    yield one("folders_100_deep", "set.zip", partial(zipped, deep), Read(4, labels=2))
    mixed = {"a/1.png": flat(1), "b/2.png": flat(2), "b/cut.png": picture()[:99], "c/note.txt": b"x", "3.png": flat(3)}
    yield one("folders_with_good_and_bad", "set.zip", partial(zipped, mixed), Read(3, labels=3, skipped=2))
    bad = {f"{k}.png": picture()[: 20 + k] for k in range(30)}
    yield one("all_members_broken", "set.zip", partial(zipped, bad), Refused("(?i)30|none|no picture"))
    half = {f"{k}.png": flat(k) if k % 2 else b"no" for k in range(60)}
    yield one("half_of_60_broken", "set.zip", partial(zipped, half), Read(30, skipped=30, warns="25 more"))


TABLES: dict[str, tuple[bytes, int]] = {
    "file_and_label": (b"file,label\na/0.png,cat\na/1.png,dog\nb/2.png,cow\nb/3.png,cat\n", 3),
    "other_columns": (b"image_id,species\na/0.png,cat\na/1.png,dog\nb/2.png,cow\nb/3.png,cat\n", 3),
    "names_alone": (b"file,label\n0.png,cat\n1.png,dog\n2.png,cow\n3.png,cat\n", 3),
    "stems": (b"id,label\n0,cat\n1,dog\n2,cow\n3,cat\n", 3),
    "semicolons": (b"file;label\n0.png;cat\n1.png;dog\n2.png;cow\n3.png;cat\n", 3),
    "utf16": ("file\tlabel\n0.png\tkočka\n1.png\tpes\n2.png\tkráva\n3.png\tpes\n".encode("utf-16"), 3),
    "contradicts_folders": (b"file,label\na/0.png,same\na/1.png,x\nb/2.png,y\nb/3.png,z\n", 4),
    "a_row_missing": (b"file,label\n0.png,cat\n1.png,dog\n2.png,cow\n", 4),
    "unknown_files": (b"file,label\n0.png,cat\n1.png,dog\n2.png,cow\n3.png,cat\n9.png,elk\n8.png,elk\n", 3),
    "windows_paths": (b"file,label\na\\0.png,cat\na\\1.png,dog\nb\\2.png,cow\nb\\3.png,cat\n", 3),
    "quoted": (b'"file","label"\n"0.png","a, b"\n"1.png","c"\n"2.png","d"\n"3.png","c"\n', 3),
    "more_columns": (b"file,size,label\n0.png,1,cat\n1.png,2,dog\n2.png,3,cow\n3.png,4,cat\n", 3),
}


def _tables() -> Iterator[Case]:
    pictures = {name: flat(40 * k) for k, name in enumerate(("a/0.png", "a/1.png", "b/2.png", "b/3.png"))}
    for kind, (table, labels) in TABLES.items():
        made = partial(_with_table, pictures, table)
        yield one(f"labels_{kind}", "set.zip", made, Read(4, labels=labels, warns="(?i)label"))
    other = b"name,price\nbread,2\nmilk,1\neggs,3\nsalt,1\n"
    strange = Read(4, labels=2, skipped=1, warns=r"table\.csv")
    yield one("labels_of_another_set", "set.zip", partial(_with_table, pictures, other), strange)
    yield one("labels_table_of_4096_columns", "set.zip", partial(_with_table, pictures, _wide()), Answered())
    yield one("labels_broken_table", "set.zip", partial(_with_table, pictures, b"file,label\n\xff\0\xff,1"), strange)


def _wide(columns: int = 4096, rows: int = 1100) -> bytes:
    """None of its columns names the pictures."""
    header = ",".join(f"c{k}" for k in range(columns)).encode()
    return header + b"\n" + (b",".join([b"9"] * columns) + b"\n") * rows


def _with_table(pictures: Mapping[str, bytes], table: bytes) -> bytes:
    return zipped({**pictures, "table.csv": table})


CASES = (*_names(), *_folders(), *_tables())
