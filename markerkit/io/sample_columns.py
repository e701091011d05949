"""Which columns of a table without a pattern of its own hold samples: taken on evidence, or asked for."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed, shown
from markerkit.io.column_profile import (
    Likeness,
    Profile,
    Word,
    derived,
    families,
    is_confidence,
    is_probability,
    is_result_name,
    names_a_sample,
    preference,
    profiles,
    quantity_of,
    sums_up,
    template,
    word_of,
)
from markerkit.io.dialects import TABLE, Dialect, plain
from markerkit.io.identifiers import identifier_columns, is_text
from markerkit.io.sample_sheet import short_name
from markerkit.io.tabular import Table, spread_rows

_ROWS = 1000  # rows whose cells are looked at
_FEW_ROWS = 10  # with fewer, values say too little of what a column is
_ROW_NAMES = frozenset(
    {"", "x", "index", "unnamed 0", "row", "rows", "row number", "row names", "rownames", "rowname", "row name", "no", "nr", "number",
     "level 0", "rank", "s no", "sl no", "sr no", "n", "id", "v1"}
)  # fmt: skip
_LEAST_ROWS = 5  # fewer numbers may be in a row by chance
_NO_NAME = re.compile(r"|unnamed( \d+)*( level \d+)?")
_RUN = re.compile(
    r"[\\/]|\.(raw|mzml|d|wiff2?|dia|htrms)\b", re.IGNORECASE
)  # a path or a file of an instrument
_SOME_NUMBERS = 0.1  # share of the rows from which numbers in a column of words are spoken of
_FEW_LEFT = 3  # columns beside results that are taken for some of them
_FEW_WORDS = 3  # different words in a sample without a number, such as ND
_SHOWN = 6  # columns that a question lists
_TWIN = "_LFQ"  # ending of the normalized column beside a raw one (AlphaPept)


@dataclass
class _Columns:
    """Columns of numbers of a table: those that may be samples, and those that are none, with why.

    Attributes
    ----------
    candidates
        Nothing speaks against them yet.
    words
        Columns that their name says to be something else.
    others
        Columns of words, flags or nothing, and columns that count the rows.
    passed
        Column -> why it is no sample.
    """

    candidates: dict[str, Profile] = field(default_factory=dict)
    words: dict[str, tuple[Word, Profile]] = field(default_factory=dict)
    others: dict[str, Profile] = field(default_factory=dict)
    passed: dict[str, str] = field(default_factory=dict)


def find_samples(table: Table, dialect: Dialect, sheet: pd.DataFrame | None) -> dict[str, str]:
    """Columns that hold samples, with the samples' names.

    A column is a sample because the sample sheet names it, or because it is like
    others: it shares a name or a quantity with them, and its values look like
    theirs. Without common names all columns of numbers must look alike.

    Parameters
    ----------
    table, dialect
        Table and its layout.
    sheet
        Sample sheet on its sample names, where there is one.

    Raises
    ------
    InputError
        No sample; columns of numbers of which one cannot say which are samples; a table of
        results, of ratios, of what was detected, or of identifiers alone.

    Warns
    -----
    MarkerkitWarning
        Columns of numbers that were passed over, but for well-known descriptions of proteins.
    """
    columns = _sorted_columns(table, dialect)
    given = _in_sheet(table, sheet)
    if not given and dialect is TABLE:
        _refuse_other_numbers(table, columns)
    chosen = _on_evidence(table, dialect, columns, named=set(given))
    order = [c for c in table.frame.columns if c in given or c in chosen]
    if order:
        _say_what_was_passed_over({c: why for c, why in columns.passed.items() if c not in order})
    twins = _twins(order)
    return twins or {c: given.get(c, c) for c in order}


def _sorted_columns(table: Table, dialect: Dialect) -> _Columns:
    """Sort the columns by what their names and a look at their values say."""
    ids = identifier_columns(table, dialect)
    rows = spread_rows(len(table.frame), _ROWS)
    sampled = table.frame if len(rows) == len(table.frame) else table.frame.iloc[rows]
    found = _Columns()
    known = {ids.accession, ids.gene, *(c for c in table.frame.columns if plain(c) in dialect.annotation)}
    looks = profiles(sampled[[c for c in table.frame.columns if c not in known]])
    for name, column in looks.items():
        first = name == table.frame.columns[0]
        if column.kind != "numbers":
            found.others[name] = column
        elif why := _row_numbers(column, sampled, rows, first=first):
            found.passed[name] = why
        elif word := Word.RESULT if is_probability(column) else word_of(name):
            found.words[name] = word, column
        else:
            found.candidates[name] = column
    if dialect is TABLE:
        _set_aside_made_ones(found, sampled)
    return _with_results_apart(found)


def _set_aside_made_ones(found: _Columns, sampled: pd.DataFrame) -> None:
    """Pass over candidates that were computed from other ones."""
    for name in derived(list(found.candidates)):
        del found.candidates[name]
        found.passed[name] = "values of other columns, normalized or as logarithms"
    for name, parts in sums_up(sampled, list(found.candidates)).items():
        del found.candidates[name]
        found.passed[name] = f"the mean or sum of {listed(parts, limit=3)}"


def _with_results_apart(found: _Columns) -> _Columns:
    """Move columns such as ``t`` to the results where there are others; q-values alone are those of identifications."""
    results = [c for c, (word, _) in found.words.items() if word is Word.RESULT]
    if all(is_confidence(c) for c in results):
        found.words.update({c: (Word.ANNOTATION, found.words[c][1]) for c in results})
    elif len(results) > 1:
        for name in [c for c in found.candidates if is_result_name(c)]:
            found.words[name] = Word.RESULT, found.candidates.pop(name)
    return found


def _row_numbers(column: Profile, sampled: pd.DataFrame, rows: list[int], *, first: bool) -> str:
    """Say why a column is one of row numbers or has no name; nothing where it is neither."""
    folded = plain(column.name)
    numbered = first and (folded in _ROW_NAMES or column.name.startswith("..."))  # "...1" is readr's
    least = 2 if numbered else _LEAST_ROWS
    if (
        column.whole
        and len(rows) >= least
        and not is_text(cells := sampled[column.name])
        and np.isfinite(cells.to_numpy(dtype=float, na_value=np.nan)).all()
    ):
        values, steps = cells.to_numpy(dtype=float), np.array(rows, dtype=float)
        counting = (values - values[0] == steps).all() or (values[0] - values == steps).all()
        unordered = numbered and cells.is_unique and values.max() < 100 * (rows[-1] + 1)
        if counting or unordered:
            return "row numbers"
    return "no name" if _NO_NAME.fullmatch(folded) else ""


def _in_sheet(table: Table, sheet: pd.DataFrame | None) -> dict[str, str]:
    """Columns that the sample sheet names: as they are written, else without the word of their quantity."""
    if sheet is None:
        return {}
    samples = [str(s) for s in sheet.index]
    wanted = {short_name(s).casefold() for s in samples}
    columns = list(table.frame.columns)
    whole = {c: c for c in columns if short_name(c).casefold() in wanted}
    if whole:
        return whole
    folded = {plain(s): s for s in samples}
    stated = {c: quantity_of(c) for c in columns if word_of(c) is None}
    parts = {c: folded[rest] for c, (quantity, rest) in stated.items() if quantity and rest in folded}
    best = min({stated[c][0] for c in parts}, key=preference, default="")
    return {c: sample for c, sample in parts.items() if stated[c][0] == best}


def _refuse_other_numbers(table: Table, columns: _Columns) -> None:
    """Refuse a table whose numbers are no amounts of samples, by what they are."""
    results = [c for c, (word, _) in columns.words.items() if word is Word.RESULT]
    left = columns.candidates
    unlike_samples = len(left) <= _FEW_LEFT and not any(names_a_sample(c) or quantity_of(c)[0] for c in left)
    alone = len(left) < 2 or (len(results) > 1 and unlike_samples and len(families(list(left))) == len(left))
    if results and alone:
        raise InputError(
            f"the matrix {table.name!r} is a result table of a test or a comparison (column {listed(results, limit=4)}), not a "
            "protein matrix; give the table that was tested, with the abundances of every protein in every sample."
        )
    if left:
        return
    ratios = [c for c, (word, _) in columns.words.items() if word is Word.RATIO]
    if ratios:
        raise InputError(
            f"the matrix {table.name!r} has no sample columns: it is a table of ratios alone (column {listed(ratios, limit=4)}); "
            "give the intensities of every sample or label, or name the columns of ratios in the sample sheet."
        )
    flags = [c for c, p in columns.others.items() if p.kind == "flags"]
    if len(flags) > 1:
        raise InputError(
            f"the matrix {table.name!r} has no sample columns: {listed(flags, limit=4)} hold True and False, which shows what was "
            "detected, not how much; export the intensities."
        )
    if all(word is Word.ANNOTATION for word, _ in columns.words.values()):
        described = [c for c in table.frame.columns if c not in table.texts]
        numbers = f" (of numbers there is only {listed(described, limit=4)})" if described else ""
        raise InputError(
            f"the matrix {table.name!r} has no sample columns: it is a list of identifiers without amounts{numbers}; found "
            f"{listed(table.frame.columns, limit=8)}. Give a table with one row per protein and one column per sample."
        )


def _on_evidence(table: Table, dialect: Dialect, columns: _Columns, *, named: set[str]) -> set[str]:
    """Columns that are samples: those alike in name and values, and what belongs to them by name."""
    # a program's table of runs has no other columns of numbers than those known and those that somebody added
    own = dialect is not TABLE
    runs = {c for c in _no_results(columns) if _RUN.search(c)} if own else set()
    of_program = dialect.name != TABLE.name  # not the table of peptides of any program
    candidates = dict(columns.candidates) if of_program else _one_quantity(columns, named)
    core = runs & set(candidates) or _core(candidates, named) or (set(candidates) if own else None)
    few = len(table.frame) < _FEW_ROWS
    chosen = runs | (set(candidates) if few else _joined(candidates, core, columns))
    if not named and dialect is TABLE and _in_doubt(core, candidates, chosen):
        raise InputError(_question(table, columns, candidates, core or set()))
    columns.passed.update({c: "unlike the samples in name and values" for c in candidates if c not in chosen})
    _add_columns_by_name(chosen, columns, dialect, min(len(table.frame), _ROWS))
    for name, (word, _) in columns.words.items():
        if name not in chosen and word is not Word.ANNOTATION:
            columns.passed[name] = word.value
    return chosen


def _no_results(columns: _Columns) -> list[str]:
    return [*columns.candidates, *(c for c, (word, _) in columns.words.items() if word is not Word.RESULT)]


def _in_doubt(core: set[str] | None, candidates: dict[str, Profile], chosen: set[str]) -> bool:
    """Say whether one must ask which columns are samples."""
    left = set(candidates) - chosen
    if core is None or any(names_a_sample(c) or quantity_of(c)[0] for c in core):
        return core is None
    return bool(left) and (len(chosen) <= len(left) or any(names_a_sample(c) for c in left))


def _question(table: Table, columns: _Columns, candidates: dict[str, Profile], core: set[str]) -> str:
    """Ask which columns are samples: every column of numbers with what it looks like."""
    looks = [f"{shown(c)} ({_look(p)})" for c, p in candidates.items() if c not in core]
    looks += [f"{shown(c)} ({_look(p)}; alike in name)" for c, p in candidates.items() if c in core]
    examples = _first_ones(looks, 400)
    known = {**columns.passed, **{c: word.value for c, (word, _) in columns.words.items()}}
    rest = _first_ones([f"{shown(c)} ({why})" for c, why in known.items()], 300)
    return (
        f"which columns of the matrix {table.name!r} are samples cannot be determined: {examples}."
        + (f" No samples are {rest}." if rest else "")
        + " Name the samples in a sample sheet, or leave other columns of numbers out of the table."
    )


def _first_ones(parts: list[str], room: int) -> str:
    """Write parts side by side, at most `_SHOWN` and as many as fit into `room` characters; always the first."""
    n = 1
    while n < min(len(parts), _SHOWN) and len("; ".join(parts[: n + 1])) <= room:
        n += 1
    return "; ".join(parts[:n]) + (f"; and {len(parts) - n} more" if n < len(parts) else "")


def _look(column: Profile) -> str:
    if not column.n:
        return "no value"
    kind = "whole numbers" if column.whole else "numbers"
    return f"{kind} around {column.median:.3g}, {column.smallest:.3g} to {column.largest:.3g}"


def _one_quantity(columns: _Columns, named: set[str]) -> dict[str, Profile]:
    """Candidates of one quantity, where their names state several; the others are passed over."""
    stated = {c: quantity_of(c) for c in columns.candidates}
    groups: dict[str, list[str]] = {}
    for name, (quantity, rest) in stated.items():
        if quantity and rest:
            groups.setdefault(quantity, []).append(name)
    several = [q for q, names in groups.items() if len(names) > 1 or all(q for q, _ in stated.values())]
    if named or not several:
        return dict(columns.candidates)
    best = min(several, key=preference)
    for name, (quantity, rest) in stated.items():
        if quantity and not rest:
            columns.passed[name] = "of no single sample"
        elif quantity not in {"", best}:
            columns.passed[name] = f"{quantity}, taken was {best}"
    return {c: p for c, p in columns.candidates.items() if c not in columns.passed}


def _core(candidates: dict[str, Profile], named: set[str]) -> set[str] | None:
    """Columns that are samples beyond doubt: named in the sheet, the largest family by name, or all where all are alike.

    None where there is neither.
    """
    if named:
        return named & set(candidates)
    if all(p.n < _FEW_ROWS for p in candidates.values()):
        return set(candidates)
    if len(candidates) == 1:
        ((name, column),) = candidates.items()
        return {name} if not column.whole or names_a_sample(name) or quantity_of(name)[0] else None
    stated = {c: p for c, p in candidates.items() if quantity_of(c)[0]}
    if stated:
        return _alike_in_values(stated)
    groups = families(list(candidates))
    if len(groups[0]) > 1 and (len(groups) == 1 or len(groups[1]) < len(groups[0])):
        return _alike_in_values({c: candidates[c] for c in groups[0]})
    called = {c: p for c, p in candidates.items() if names_a_sample(c)}
    if called and len(groups[0]) == 1:
        return _alike_in_values(called)
    several = [name for group in groups if len(group) > 1 for name in group]
    look = several or list(candidates)
    alike = Likeness([_middle({c: candidates[c] for c in look})])
    # codes of samples have numbers in them, words for what describes proteins seldom
    coded = {c for c in look if several or names_a_sample(c) or re.search(r"\d", c)}
    return set(look) if all(alike.holds(candidates[c], named=c in coded) for c in look) else None


def _alike_in_values(family: dict[str, Profile]) -> set[str]:
    """Take those of a family whose values are not far from those of its middle column."""
    alike = Likeness([_middle(family)])
    return {c for c, column in family.items() if alike.holds(column, named=True)}


def _middle(columns: dict[str, Profile]) -> Profile:
    """Column whose median is the median one."""
    ordered = sorted(columns.values(), key=lambda p: p.median if p.n else -np.inf)
    return ordered[len(ordered) // 2]


def _joined(candidates: dict[str, Profile], core: set[str] | None, columns: _Columns) -> set[str]:
    """Join to the core what is like it: candidates, and columns whose words are part of a sample's name."""
    if not core:
        return set()
    profiles = {**candidates, **{c: p for c, (_, p) in columns.words.items()}}
    alike = Likeness([profiles[c] for c in core])
    family, stems = {template(c) for c in core}, {quantity_of(c)[1] for c in core}
    tails = {_tail(c) for c in core if quantity_of(c)[0]}
    chosen = set(core)
    for name, column in candidates.items():
        if alike.holds(column, named=template(name) in family or names_a_sample(name)):
            chosen.add(name)
    for name, (word, column) in columns.words.items():
        own = re.search(r"\d", name) and not any(s in quantity_of(name)[1] for s in stems if s)
        own = own and _tail(name) not in tails
        if own and word in (Word.ANNOTATION, Word.SUMMARY) and alike.holds(column, named=False):
            chosen.add(name)
    return chosen


def _tail(name: str) -> str:
    """End of a name, by which columns of several quantities of one sample are alike: ``ev 1`` of ``Count EV_1``."""
    words = plain(name).split()
    return " ".join(words[-2:] if words and words[-1].isdigit() else words[-1:])


def _add_columns_by_name(chosen: set[str], columns: _Columns, dialect: Dialect, n_rows: int) -> None:
    """Add columns of words or without a value that are called as the samples are: blanks, failed runs."""
    family = {t for t in map(template, chosen) if "#" in t}
    for name, column in columns.others.items():
        like = template(name) in family
        called = names_a_sample(name) and re.search(r"\d", name) is not None
        if column.kind == "empty":
            taken = like or called or dialect is not TABLE
        else:
            taken = column.kind == "words" and (
                (column.any_number and (like or called)) or (like and column.distinct <= _FEW_WORDS)
            )
        if taken and chosen:
            chosen.add(name)
        elif (
            column.any_number
            and word_of(name) is None
            and (column.distinct <= _FEW_WORDS or column.n >= _SOME_NUMBERS * n_rows)
        ):
            columns.passed[name] = "mostly text"


def _twins(columns: list[str]) -> dict[str, str]:
    """Take X_LFQ alone where every X stands beside an X_LFQ: one sample twice, raw and normalized."""
    twins = {c: c.removesuffix(_TWIN) for c in columns if c.endswith(_TWIN)}
    return twins if set(twins.values()) == set(columns) - set(twins) else {}


def _say_what_was_passed_over(passed: dict[str, str]) -> None:
    if not passed:
        return
    by_reason: dict[str, list[str]] = {}
    for name, why in passed.items():
        by_reason.setdefault(why, []).append(name)
    parts = _first_ones([f"{listed(names, limit=6)} ({why})" for why, names in by_reason.items()], 600)
    n = len(passed)
    were = (
        "column of numbers was not read as a sample"
        if n == 1
        else "columns of numbers were not read as samples"
    )
    warnings.warn(
        f"{n} {were}: {parts}; a column that the sample sheet names is read",
        MarkerkitWarning,
        stacklevel=6,
    )
