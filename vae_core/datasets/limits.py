"""How much may be read: every limit on what users bring, in one place.

Whoever deploys the app for many people, or for larger data, changes them here. The ids are those of the requirements
on uploads that the limits answer; where one is wider than required, the reason stands beside it. What is larger is
refused with a sentence that names the limit.
"""

# --- archives and packed files

MAX_ENTRIES = 200_000
"""Files in an archive or a folder (UP-5): as many as a set of 100,000 pictures with as many other files."""
MAX_ENTRY_BYTES = 64 * 2**20
"""Of one file in an archive, unpacked; also of one picture among several files (UP-5)."""
MAX_ARRAY_BYTES = 4 * 2**30
"""Of one array, in an NPZ or alone (UP-5): dSprites takes 3 GB, and arrays are read in pieces."""
MAX_TOTAL_BYTES = 4 * 2**30
"""Of all files in an archive, unpacked (UP-5); as for one array."""
MAX_RATIO, RATIO_FROM_BYTES = 200, 10 * 2**20
"""Unpacked to packed size (UP-6). Nothing honest above 10 MB packs better; flat pictures below that do."""
MAX_GZIP_BYTES = 256 * 2**20
"""Of a table or an NPY file out of gzip, which is unpacked in memory (UP-5)."""
MAX_GZIP_IDX_BYTES = 2 * 2**30
"""Of an IDX file out of gzip, which is read in pieces (UP-5)."""
MAX_GZIP_MEMBERS = 50_000
"""Of a gzip file in several parts: as many as 2 GB in blocks of 64 KB; empty ones cost time and nothing else."""
MAX_EXAMPLES_BYTES = 4 * 2**30
"""Of all examples as stored: small files can become large pictures."""

# --- pictures

MAX_PIXELS = 50_000_000
"""Of one picture (UP-10)."""
MAX_SIDE = 16_384
"""Of one picture, pixels (UP-10)."""
MAX_PICTURES = 10_000_000
"""In one array."""
MAX_PICTURE_BYTES = 256 * 2**20
"""Of one picture in an array: a whole one is in memory at a time."""
MAX_JPEG_SCANS = 100
"""Of a progressive photograph, which has about ten; each costs as much time as a photograph (UP-18)."""
MAX_RUNS_PIXELS = 4_000_000
"""Of a BMP packed by runs, or runs of it, each of which takes a third of a microsecond or more (UP-18)."""
MAX_TIFF_STRIPS = 100_000
"""Strips or tiles of a TIFF (UP-18)."""
MAX_TIFF_TAGS = 1_000
"""Of a TIFF, so many are looked at before it is decoded."""
MAX_PNM_HEADER_BYTES = 4_096
"""Of a PGM or PPM, with the comments in it (UP-18)."""
MAX_PNM_COMMENTS = 1_000
"""Number signs in a PGM or PPM written as text (UP-18)."""
MAX_LABEL_TABLES = 3
"""Among pictures, so many tables are searched for their labels."""

# --- arrays

MAX_NPY_HEADER_BYTES = 1_024
"""Of an NPY file (UP-13): what is longer only costs time."""
MAX_TEXT_CHARACTERS = 1_000
"""Of one text in an array of texts."""
MAX_IDX_DIMENSIONS = 4
"""Of an IDX file (UP-14)."""
MAX_ARRAYS = 1_000
"""In an NPZ file."""
MAX_CLASSES = 10_000
"""Different labels, or classes of one factor, in an array."""
MAX_FACTORS, MAX_FACTOR_CELLS = 100, 20_000_000
"""Known factors, and all their values."""

# --- tables

MAX_TABLE_BYTES = 200 * 2**20
"""Of a CSV or Parquet file (UP-2)."""
MAX_ROWS = 1_000_000
"""Of a table (UP-15)."""
MAX_COLUMNS = 4_096
"""Of a table (UP-15)."""
NOT_LEARNT = 2
"""Columns that may come on top of these: one of names, one of labels."""
MAX_CELLS = 50_000_000
"""Rows times columns, of the file and of what a model learns (UP-15)."""
MAX_CELL_CHARACTERS = 10_000
"""Of one cell (UP-15)."""
MAX_LINE_BYTES = 4 * 2**20
"""Of one row of a CSV file (UP-15)."""
MAX_DECIMAL_BYTES = 32
"""Of a decimal in Parquet, of any width that arrow has: longer ones unfold (UP-15)."""
MAX_PARQUET_BYTES = 2**29
"""Of all columns of a Parquet file, unpacked, as its metadata counts them (UP-15)."""
MAX_ROW_GROUPS = 10_000
"""Of a Parquet file."""
MAX_FOOTER_BYTES = 32 * 2**20
"""Of a Parquet file's metadata."""
MAX_FEATURES = 4_096
"""Numbers of one example of a table: columns of numbers, and one for every category of the others (UP-15)."""
