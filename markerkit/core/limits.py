"""Limits of what is read and said; ``docs/reading.md`` lists them."""

from __future__ import annotations

MEGABYTE = 1 << 20
#: bytes that a packed file (gzip, Parquet, AnnData) may hold, however small it is
UNPACKED = 256 * MEGABYTE
#: beyond that, how many times its own size; tables of measured values pack to a fifth, and mostly empty ones to a fiftieth
RATIO = 100
#: bytes of one part of a workbook that are unpacked however small it is; beyond that :data:`RATIO` counts
WORKBOOK_PART = 64 * MEGABYTE
#: rows and columns of the largest sheet that spreadsheet programs write
SHEET_ROWS, SHEET_COLUMNS = 1_048_576, 16_384
#: cells of a sheet, empty ones between others included
SHEET_CELLS = 30_000_000
#: bytes of a file of marker sets; the largest public collections have 30 MB
MARKER_FILE = 64 * MEGABYTE
#: bytes of a context file
CONTEXT_FILE = MEGABYTE
#: characters of a message
MESSAGE = 2000
#: null data sets that are simulated; with so many, a level of 0.05 is known to 0.001
NULL_DATA_SETS = 100_000
#: values in a group that a protein may be asked to have; more than any study has samples
MIN_VALUES = 1_000_000
