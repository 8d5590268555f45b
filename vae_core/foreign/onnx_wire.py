"""The bytes of an ONNX file, walked through before protobuf reads them.

Protobuf makes a message of a hundred bytes and more of any two bytes that say so: of 256 MB, 16 GB. And the last of two
values of one field counts, or both are merged, so that what one reader has checked another may not see. Here every
field is counted, and one that may stand once does; where the weights lie is found on the way, so that these can be
looked at without another copy. The format: https://protobuf.dev/programming-guides/encoding/.
"""

from typing import Any, NamedTuple

import onnx

MAX_FIELDS = 200_000
"""torch's exporter takes 45 a node, names, notes and sizes among them: twice what its largest graph here would."""
MAX_DEPTH = 12
"""A side of a shape of a tensor's type of an input of a graph is at 6."""
MAX_REST_BYTES = 2**23
"""Of all that is not raw weights; that exporter writes 1 kB a node. A list of small numbers grows by eight when read,
and twice more when it is made an array."""
MAX_NAME = 512
"""TensorFlow's names hold every module that a value comes from."""
NOTES = ("doc_string", "value")
"""The texts that are no names: remarks, and what stands beside a key."""
RAW = "raw_data"
VARINT, FIXED_8, BYTES, FIXED_4 = 0, 1, 2, 5
"""How a value is written: a number's bits by seven, or eight bytes, a length and so many bytes, four bytes."""
FIXED = {FIXED_8: 8, FIXED_4: 4}
Path = tuple[str | int, ...]
"""Names of fields and which of them it is: ("graph", 0, "initializer", 3)."""


class Refusal(ValueError):  # noqa: N818
    """What is wrong with a file and what to do, as it follows its name."""


DAMAGED = "is not a readable ONNX file. Export it again, or give another copy of it."


class _Field(NamedTuple):
    """What may stand in a message under a number."""

    name: str
    message: str | None
    wires: frozenset[int]
    is_repeated: bool
    is_text: bool


class Survey:
    """Where the raw weights of a file lie.

    Attributes:
        raw: Tensor -> where its bytes are.
    """

    def __init__(self, content: bytes) -> None:
        """Walk through the whole file.

        Raises:
            Refusal: if it is damaged, or has more of anything than a graph needs.
            UnicodeDecodeError: if a text is none.
        """
        self.content = content
        self.raw: dict[Path, memoryview] = {}
        self._fields = 0
        self._rest = 0
        self._message("onnx.ModelProto", 0, len(content), ())

    def _message(self, kind: str, at: int, stop: int, path: Path) -> None:
        if len(path) > 2 * MAX_DEPTH:
            raise Refusal("is nested more deeply than any ONNX file. Export it again, or give another copy of it.")
        counts: dict[int, int] = {}
        known = _FIELDS[kind]
        while at < stop:
            tag, at = self._number(at, stop)
            number, wire = tag >> 3, tag & 7
            if not 0 < number < 2**29:
                raise Refusal(DAMAGED)
            start, at = self._value(wire, at, stop)
            field = known.get(number)
            if field is None or wire not in field.wires:
                self._count(at - start)  # of a later version: protobuf keeps it unread
                continue
            index = counts.get(number, 0)
            counts[number] = index + 1
            if index and not field.is_repeated:
                raise Refusal(DAMAGED)
            self._count(0 if field.message or field.name == RAW else at - start)
            if field.message:
                self._message(field.message, start, at, (*path, field.name, index))
            elif field.name == RAW:
                self.raw[path] = memoryview(self.content)[start:at]
            elif field.is_text:
                self._text(field.name, self.content[start:at])

    def _count(self, size: int) -> None:
        self._fields += 1
        self._rest += size
        if self._fields > MAX_FIELDS:
            raise Refusal(f"has more than {MAX_FIELDS:,} entries beside its weights. Export a smaller network.")
        if self._rest > MAX_REST_BYTES:
            raise Refusal(
                f"has more than {MAX_REST_BYTES >> 20} MB of text and lists. Export it again, its weights as raw data."
            )

    def _text(self, field: str, text: bytes) -> None:
        text.decode()  # protobuf would give bytes where it is no UTF-8
        if len(text) > MAX_NAME and field not in NOTES:
            raise Refusal(f"has a name of {len(text):,} bytes; {MAX_NAME} are read. Export it again with short names.")

    def _value(self, wire: int, at: int, stop: int) -> tuple[int, int]:
        """Where a value begins, and where what follows it does."""
        start = at
        if wire == VARINT:
            at = self._number(at, stop)[1]
        elif wire == BYTES:
            length, start = self._number(at, stop)
            at = start + length
        elif wire in FIXED:
            at += FIXED[wire]
        else:
            raise Refusal(DAMAGED)
        if at > stop:
            raise Refusal(DAMAGED)
        return start, at

    def _number(self, at: int, stop: int) -> tuple[int, int]:
        """Seven bits a byte, the lowest first, the eighth set in all but the last."""
        value = shift = 0
        while at < stop and shift < 70:
            byte = self.content[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value, at
            shift += 7
        raise Refusal(DAMAGED)


def _fields_of_messages() -> dict[str, dict[int, _Field]]:
    """Message -> number -> field, for all that may stand in a model."""
    found: dict[str, dict[int, _Field]] = {}
    left = [onnx.ModelProto.DESCRIPTOR]
    while left:
        message = left.pop()
        if message.full_name in found:
            continue
        found[message.full_name] = {field.number: _field(field) for field in message.fields}
        left += [field.message_type for field in message.fields if field.message_type]
    return found


def _field(about: Any) -> _Field:
    """What protobuf's description says of a field; lists of numbers may be written as one value."""
    wires = {_WIRES.get(about.type, VARINT)} | ({BYTES} if about.is_repeated else set())
    message = about.message_type.full_name if about.message_type else None
    return _Field(about.name, message, frozenset(wires), about.is_repeated, about.type == about.TYPE_STRING)


_TYPES = onnx.ModelProto.DESCRIPTOR.fields[0]
_WIRES = {
    _TYPES.TYPE_DOUBLE: FIXED_8,
    _TYPES.TYPE_FLOAT: FIXED_4,
    _TYPES.TYPE_STRING: BYTES,
    _TYPES.TYPE_BYTES: BYTES,
    _TYPES.TYPE_MESSAGE: BYTES,
}
"""Type -> how it is written; all other types of ONNX are whole numbers."""
_FIELDS = _fields_of_messages()
