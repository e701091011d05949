"""What a peptide table says of its rows: sequences, proteins, places, the residues beside them, flags."""

from __future__ import annotations

import re
import warnings

import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed, shown
from markerkit.core.peptide_groups import members_of, razor_groups
from markerkit.core.species import CONTAMINANT, DECOY
from markerkit.io.dialects import plain
from markerkit.io.identifiers import find_column
from markerkit.io.peptide_dialects import PeptideDialect
from markerkit.io.tabular import Table

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_MASS = re.compile(r"[+-]?\d+\.\d+")
_FLANKED = re.compile(r"(?P<before>\[[^\]]*\](?:;\[[^\]]*\])*|[A-Z\-_])\.(?P<sequence>.+)\.(?P<after>\[[^\]]*\](?:;\[[^\]]*\])*|[A-Z\-_])")  # fmt: skip
_CHARGE = re.compile(r"[./]?\d$")
_YES = ("+", "true", "1", "1.0", "yes")
_MOSTLY = 0.5  # share of cells that must read as a sequence


def stripped(text: str) -> str:
    """Sequence without modifications, charge and the residues beside it.

    >>> [stripped(s) for s in ("_AC(Carbamidomethyl (C))M[Oxidation (M)]K_.2", "[K].aTVk.[R]", "n[42.01]AC[57.02]K", "K.AM+15.99K.-")]
    ['ACMK', 'ATVK', 'ACK', 'AMK']
    """
    text = text.strip()
    flanked = _FLANKED.fullmatch(text)
    if flanked:
        text = flanked["sequence"]
    elif text.startswith("_") and "_" in text[1:]:
        text = text[1 : text.rindex("_")]
    text = re.sub(r"^n(?=\[)|c(?=\[[^\]]*\]$)", "", text)
    while _BRACKETS.search(text):
        text = _BRACKETS.sub("", text)
    text = _MASS.sub("", text).strip("_-. ")
    return _CHARGE.sub("", text).upper()


def peptide_rows(table: Table, dialect: PeptideDialect, organism: str) -> pd.DataFrame:
    """Annotation of the rows, one row each, with the columns of a peptide table of an organism.

    Raises
    ------
    InputError
        A row without a sequence, a column of sequences that holds something else, no column of proteins.
    """
    sequence = _sequences(table, dialect)
    proteins = _proteins(table, dialect)
    before, after = _neighbors(table, dialect, sequence)
    rows = {
        "sequence": sequence,
        "proteins": proteins,
        "gene": _text(table, dialect.columns.gene),
        "start": _place(table, dialect.start, dialect.positions, 0),
        "end": _place(table, dialect.end, dialect.positions, 1),
        "before": before,
        "after": after,
        "is_contaminant": proteins.str.contains(CONTAMINANT) | _yes(table, dialect.columns.contaminant),
        "is_decoy": proteins.map(_all_decoys) | _yes(table, dialect.columns.decoy),
        "species": _text(table, dialect.species),
    }
    frame = pd.DataFrame(rows)
    leading = _text(table, dialect.leading)
    if (leading != "").any():
        if dialect.choose:
            leading = pd.Series(
                razor_groups(leading.tolist(), organism)["leading"].to_numpy(), index=leading.index
            )
        frame["leading"] = leading.where(leading != "", proteins)
        frame["is_decoy"] |= leading.str.contains(DECOY)
        if find_column(table, dialect.unique):
            frame["is_unique"] = _yes(table, dialect.unique)
        else:
            pairs = zip(proteins, frame["leading"], strict=True)
            frame["is_unique"] = [set(members_of(p)) <= set(members_of(g)) for p, g in pairs]
    return frame


def _all_decoys(proteins: str) -> bool:
    """Say whether every protein of a peptide is a decoy; a peptide that a decoy happens to share is none."""
    members = members_of(proteins)
    return bool(members) and all(DECOY.search(m) for m in members)


def _text(table: Table, names: tuple[str, ...]) -> pd.Series:
    """Cells of the first of the columns that is there, as text; empty without it."""
    column = find_column(table, names)
    if column is None:
        return pd.Series("", index=table.frame.index, dtype=object)
    cells = table.frame[column]
    return cells.astype(object).where(cells.notna(), "").astype(str).str.strip()


def _yes(table: Table, names: tuple[str, ...]) -> pd.Series:
    return _text(table, names).str.lower().isin(_YES)


def sequence_column(table: Table, dialect: PeptideDialect) -> str | None:
    """Column of the sequences: the first of its names whose cells are text."""
    folded = {plain(c): c for c in reversed(table.frame.columns)}
    there = (folded[n] for n in dialect.columns.accession if n in folded)
    return next((c for c in there if not pd.api.types.is_numeric_dtype(table.frame[c])), None)


def _sequences(table: Table, dialect: PeptideDialect) -> pd.Series:
    column = sequence_column(table, dialect)
    assert column is not None  # the layout was chosen by it
    given = _text(table, (plain(column),))
    sequence = given.map({text: stripped(text) for text in given.unique()})
    empty = (sequence == "").to_numpy()
    if empty.any():
        raise InputError(
            f"the peptide table {table.name!r} has no sequence in row {int(empty.argmax()) + 2} of column {shown(column)} "
            f"({int(empty.sum())} such rows); give every row its sequence, or take the row out."
        )
    unusual = sequence[~sequence.str.fullmatch("[A-Z]+")]
    words = unusual[~unusual.str.fullmatch("[A-Z][A-Z0-9]*")]
    if len(words) > _MOSTLY * len(sequence):
        raise InputError(
            f"column {shown(column)} of the peptide table {table.name!r} holds no sequences of amino acids but "
            f"{listed(words.head(3))}; name the column of the sequences 'sequence'."
        )
    if len(unusual):
        warnings.warn(
            f"{len(unusual)} of {len(sequence)} sequences in {table.name} hold signs that are no amino acids, such as "
            f"{shown(unusual.iloc[0])}; they are kept as they are",
            MarkerkitWarning,
            stacklevel=5,
        )
    return sequence


def _proteins(table: Table, dialect: PeptideDialect) -> pd.Series:
    """Proteins of every row; those of several columns put together where the layout has them apart."""
    columns = [c for n in dialect.proteins if (c := find_column(table, (n,)))]
    if not columns:
        raise InputError(
            f"the peptide table {table.name!r} has no column of the proteins that hold each peptide; name it 'protein'. "
            f"Found {listed(table.frame.columns, limit=12)}."
        )
    if not dialect.leading:  # a table of any program: one column, named in one of many ways
        columns = columns[:1]
    texts = [_text(table, (plain(c),)) for c in columns]
    joined = pd.Series([";".join(row) for row in zip(*texts, strict=True)], index=table.frame.index)
    tidy = {text: ";".join(members_of(text)) for text in joined.unique()}
    return joined.map(tidy)


def _place(table: Table, names: tuple[str, ...], positions: tuple[str, ...], which: int) -> pd.Series:
    """Start or end in the first protein; missing where the table does not give it."""
    text = _text(table, names)
    if (text == "").all() and positions:
        found = _text(table, positions).str.extract(r"\[(\d+)-(\d+)\]")[which]
        return pd.to_numeric(found, errors="coerce").astype(float)
    first = text.str.split(r"[;,]", regex=True).str[0]
    return pd.to_numeric(first, errors="coerce").astype(float)


# ---- the residues beside a peptide --------------------------------------------


def _neighbors(table: Table, dialect: PeptideDialect, sequence: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Residues before and after every peptide, as many as the table gives; ``-`` is the end of the protein."""
    flanks = _text(table, dialect.flanked).str.extract(_FLANKED)
    sides = []
    for names, side in ((dialect.before, "before"), (dialect.after, "after")):
        found = _flank(flanks[side].fillna(""), side)
        for name in names:
            cells = _text(table, (name,))
            if "window" in name:
                cells = pd.Series(
                    [_of_window(w, s, side) for w, s in zip(cells, sequence, strict=True)], index=cells.index
                )
            found = found.where(found != "", _flank(cells, side))
        sides.append(found)
    return sides[0], sides[1]


def _flank(cells: pd.Series, side: str) -> pd.Series:
    """Residues beside the peptides in one form; of several proteins that differ, an end that trypsin explains."""
    tidy = {text: _one_flank(text, side) for text in cells.unique()}
    return cells.map(tidy)


def _one_flank(text: str, side: str) -> str:
    options = [re.sub(r"[\[\]\s]", "", o).upper().replace("_", "-") for o in re.split(r"[;,/]", text)]
    options = [o for o in options if re.fullmatch(r"-|-?[A-Z]+|[A-Z]+-?", o)]
    near = -1 if side == "before" else 0
    explained = [o for o in options if o[near] in ("-KR" if side == "before" else "-")]
    return (explained or options or [""])[0]


def _of_window(window: str, sequence: str, side: str) -> str:
    """Residues beside a peptide, of a window around the cleavage site; nothing where the window does not hold the peptide.

    MaxQuant writes ``_`` beyond the ends of the protein, and nothing else for some sites near them.
    """
    half = len(window) // 2
    left, right = window[:half], window[half:]
    if side == "before":
        inside = right.rstrip("_")
        beside = "-" + left.rpartition("_")[2] if "_" in left else left
        fits = sequence.startswith(inside) or inside.startswith(sequence)
    else:
        inside = left.lstrip("_")
        beside = right.partition("_")[0] + "-" if "_" in right else right
        fits = sequence.endswith(inside) or inside.endswith(sequence)
    return beside if inside and fits else ""
