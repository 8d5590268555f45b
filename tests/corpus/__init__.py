"""Hostile, broken and edge files, each with the verdict it must get; all are made by code when they are asked for."""

from tests.corpus import archives, arrays, broken_pictures, gzipped, names, odd_tables, others, pictures, tables
from tests.corpus.case import Answered, Case, NamedFile, Read, Refused

__all__ = ["CASES", "Answered", "Case", "NamedFile", "Read", "Refused"]

CASES: tuple[Case, ...] = tuple(
    case
    for kind in (pictures, broken_pictures, archives, names, arrays, gzipped, tables, odd_tables, others)
    for case in kind.CASES
)
