"""NPY headers, as programs write them and as an enemy does."""

import time
from pathlib import Path

import numpy as np
import pytest

from tests.core.array_files import PICKLED, header, noise, npy, npy_of, read
from vae_core.errors import DatasetError

PIXELS = bytes(range(128))
"""The values of the array that `header()` announces."""


@pytest.mark.parametrize(
    "text",
    [
        header(),
        header() + " " * 40 + "\n",
        header().replace(", }", "}"),
        header().replace("'", '"'),
        header(shape="(2L, 8L, 8L)"),
        header(shape="(2,8,8,)"),
        "{'shape':(2,8,8),'descr':'u1','fortran_order':False}",
        header("'=u1'"),
    ],
)
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_headers_are_read_as_different_programs_write_them(text: str, version: tuple[int, int]) -> None:
    dataset = read(npy_of(text, PIXELS, version))
    assert dataset.x.tobytes() == PIXELS


ATTACKS = {
    "9,000 brackets": (npy_of(header(shape="(" * 9000 + ")" * 9000)), "header of 18,0"),
    "brackets within the limit": (npy_of(header(shape="(" * 400 + ")" * 400)), "damaged header"),
    "4 GB of header": (b"\x93NUMPY\2\0\xff\xff\xff\xff{", "header of 4,294,967,295 bytes"),
    "a call": (npy_of(header("__import__('os').system('touch owned')")), "damaged header"),
    "a call behind": (npy_of(header() + "+__import__('os')"), "damaged header"),
    "junk between": (npy_of(header().replace(", ", ", #", 1), PIXELS), "damaged header"),
    "a call as shape": (npy_of(header(shape="(len('ab'), 8, 8)")), "damaged header"),
    "a power": (npy_of(header(shape="(9**9**9,)")), "damaged header"),
    "long numbers": (npy_of(header(shape=f"({'9' * 900},)")), "damaged header"),
    "numbers that overflow": (npy_of(header(shape=f"({2**32}, {2**32}, 1)")), "more than 4 GB"),
    "a product that wraps to 128": (npy_of(header(shape=f"({2**57 + 1}, 128, 1)"), PIXELS), "more than 4 GB"),
    "a key twice": (npy_of(header()[:-1] + "'shape': (2, 8, 8)}", PIXELS), "damaged header"),
    "a key too many": (npy_of(header()[:-1] + "'more': 1}", PIXELS), "damaged header"),
    "a key missing": (npy_of("{'descr': '|u1', 'shape': (2, 8, 8)}", PIXELS), "damaged header"),
    "not ASCII": (npy_of(header().replace("descr", "déscr"), PIXELS, (3, 0)), "damaged header"),
    "digits of another script": (npy_of(header(shape="(٢, 8, 8)"), PIXELS, (3, 0)), "damaged header"),
    "negative": (npy_of(header(shape="(-2, 8, 8)"), PIXELS), "damaged header"),
    "bool in the shape": (npy_of(header(shape="(True, 8, 8)"), PIXELS), "damaged header"),
    "decimals in the shape": (npy_of(header(shape="(2.0, 8, 8)"), PIXELS), "damaged header"),
    "no shape": (npy_of(header(shape="None"), PIXELS), "damaged header"),
    "values of other keys": (npy_of(header(order="'|u1'", descr="False"), PIXELS), "damaged header"),
    "an order that is a number": (npy_of(header(order="0"), PIXELS), "damaged header"),
    "empty": (npy_of(""), "damaged header"),
    "no dictionary": (npy_of("[1, 2]"), "damaged header"),
    "cut in the header": (npy_of(header())[:40], "damaged header"),
    "cut in the version": (b"\x93NUMPY\1", "not an array"),
    "version 9": (npy_of(header(), PIXELS, (9, 0)), "unknown version 9.0"),
    "fewer values": (npy_of(header(), PIXELS[:-1]), "announces 128 bytes and holds 127"),
    "more values": (npy_of(header(), PIXELS + b"x"), "announces 128 bytes and holds 129"),
    "no values": (npy_of(header(shape="(0, 8, 8)")), "shape 0×8×8, which holds nothing"),
    "records": (npy_of(header("[('a', '<i4'), ('b', '|O')]")), "array of records"),
    "complex": (npy(noise(6, 8, 8).astype("c8")), "complex numbers"),
    "void": (npy(np.zeros((2, 8, 8), dtype="V4")), "raw bytes"),
    "dates": (npy(np.zeros(3, dtype="M8[ns]")), "an array of dates"),
    "time spans": (npy(np.zeros(3, dtype="m8[D]")), "time spans"),
    "long double": (npy_of(header("'<f16'")), "unknown type “f16”"),
    "no such type": (npy_of(header("'<q3'")), "unknown type “q3”"),
    "wide texts": (npy_of(header("'<U1001'")), "texts of 1,001 characters"),
    "no texts": (npy_of(header("'<U0'")), "texts of 0 characters"),
    "texts": (npy(np.array(["a", "b"])), "an array of texts"),
    "objects": (PICKLED, "a pickled array, never opened"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_headers_are_refused(attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content, found = ATTACKS[attack]
    start = time.process_time()
    with pytest.raises(DatasetError) as refusal:
        read(content, name="long name " * 30)
    assert found in str(refusal.value)
    assert str(refusal.value).startswith("…")
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) <= 200
    assert time.process_time() - start < 0.5
    assert not Path("owned").exists()


def test_header_up_to_its_limit_is_read_and_not_beyond() -> None:
    assert len(read(npy_of(header().ljust(1024), PIXELS))) == 2
    with pytest.raises(DatasetError, match="a header of 1,025 bytes; 1,024 are allowed"):
        read(npy_of(header().ljust(1025), PIXELS))
