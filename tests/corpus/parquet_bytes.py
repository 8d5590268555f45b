"""A Parquet file of one column and one value, by hand: its figures are what a caller wishes.

As https://github.com/apache/parquet-format has it, in Thrift's compact protocol.
"""

import struct

I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
INT64, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY = 2, 6, 7
Field = tuple[int, int, bytes]
"""Number, type, content."""


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def integer(number: int) -> bytes:
    """Signed, by zigzag."""
    return varint(number << 1 if number >= 0 else -2 * number - 1)


def text(content: bytes) -> bytes:
    """Behind its length."""
    return varint(len(content)) + content


def listed(kind: int, *items: bytes) -> bytes:
    """At most 14 of them."""
    return bytes([len(items) << 4 | kind]) + b"".join(items)


def structure(*fields: Field) -> bytes:
    """Each field behind the step from the number before."""
    out, before = b"", 0
    for number, kind, content in fields:
        out += bytes([(number - before) << 4 | kind]) + content
        before = number
    return out + b"\0"


def constant_column(rows: int, announced: int | None = None) -> bytes:
    """A column of the number 7, as one entry of a dictionary and one run.

    Args:
        rows: How many there are when the pages are read.
        announced: How many its metadata say.
    """
    return _constant(rows, rows if announced is None else announced, struct.pack("<q", 7), INT64)


def constant_decimal(rows: int, width: int, fixed: bool) -> bytes:
    """The same of decimals that take so many bytes each, as a type of fixed length or as one of any."""
    value = b"\7".rjust(width, b"\0")
    decimal = [(6, I32, integer(5)), (7, I32, integer(0)), (8, I32, integer(9))]
    if fixed:
        return _constant(rows, rows, value, FIXED_LEN_BYTE_ARRAY, (2, I32, integer(width)), *decimal)
    return _constant(rows, rows, struct.pack("<I", width) + value, BYTE_ARRAY, *decimal)


def _constant(rows: int, told: int, dictionary: bytes, kind: int, *described: Field) -> bytes:
    run = b"\x01" + varint(rows << 1) + b"\0"
    sizes = [(2, I32, integer(len(dictionary))), (3, I32, integer(len(dictionary)))]
    pages = structure((1, I32, integer(2)), *sizes, (7, STRUCT, structure((1, I32, integer(1)), (2, I32, integer(0)))))
    pages += dictionary
    place = 4 + len(pages)
    how = structure((1, I32, integer(rows)), (2, I32, integer(8)), (3, I32, integer(3)), (4, I32, integer(3)))
    pages += structure((1, I32, integer(0)), (2, I32, integer(len(run))), (3, I32, integer(len(run))), (5, STRUCT, how))
    pages += run
    column = _column(rows, len(pages), place, kind)
    leaf = sorted([(1, I32, integer(kind)), (3, I32, integer(0)), (4, BINARY, text(b"x")), *described])
    footer = _footer(told, len(pages), column, structure(*leaf))
    return b"PAR1" + pages + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _column(rows: int, size: int, place: int, kind: int) -> bytes:
    return structure(
        (1, I32, integer(kind)),
        (2, LIST, listed(I32, integer(0), integer(8))),
        (3, LIST, listed(BINARY, text(b"x"))),
        (4, I32, integer(0)),
        (5, I64, integer(rows)),
        (6, I64, integer(size)),
        (7, I64, integer(size)),
        (9, I64, integer(place)),
        (11, I64, integer(4)),
    )


def _footer(told: int, size: int, column: bytes, leaf: bytes) -> bytes:
    group = structure(
        (1, LIST, listed(STRUCT, structure((2, I64, integer(4)), (3, STRUCT, column)))),
        (2, I64, integer(size)),
        (3, I64, integer(told)),
    )
    root = structure((4, BINARY, text(b"schema")), (5, I32, integer(1)))
    return structure(
        (1, I32, integer(2)),
        (2, LIST, listed(STRUCT, root, leaf)),
        (3, I64, integer(told)),
        (4, LIST, listed(STRUCT, group)),
    )
