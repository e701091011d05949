"""Tables of guideline items and reporting forms."""

from __future__ import annotations

from markerkit.tables.spec import Column, TableSpec

# One column per line, so that changes merge line by line.
# fmt: off

MISEV_CHECKLIST = TableSpec(
    "misev_checklist",
    "MISEV and EV-TRACK items: those that a protein matrix can answer, and those that need metadata.",
    (
        Column("contrast", "str", "name of the contrast, or empty for the whole study"),
        Column("guideline", "str", "guideline the item comes from"),
        Column("item", "str", "short name of the item"),
        Column("requirement", "str", "what is asked"),
        Column("answer", "str", "`met` or `not met` where a limit is stated, `measured` where a number is given instead, `not assessable`, `needs metadata` or `not derivable`"),
        Column("evidence", "str", "what was measured"),
        Column("value", "float", "its number: a share of signal, 0 to 1, or a count of proteins"),
        Column("limit", "float", "limit of `met` for that number: shares at most, counts at least"),
        Column("proteins", "str", "proteins that the answer rests on"),
        Column("source", "str", "citation key"),
    ),
)

EV_TRACK = TableSpec(
    "ev_track",
    "EV-TRACK form: fields answered from the data or the study metadata, and fields left to fill in.",
    (
        Column("contrast", "str", "name of the contrast, or empty for the whole study"),
        Column("section", "str", "`study`, `preparation` or `EV-METRIC`"),
        Column("field", "str", "field of the form, or item of the EV-METRIC"),
        Column("value", "str", "the answer; empty where it is to be filled in"),
        Column("status", "str", "`from the data`, `from the context`, `to fill in` or `not applicable`"),
        Column("note", "str", "what the field asks for, and what was measured"),
    ),
)
