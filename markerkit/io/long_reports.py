"""Long reports of search engines (one row per precursor or fragment) turned into a protein table."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed, shown
from markerkit.io.cells import numbers
from markerkit.io.dialects import Dialect, plain
from markerkit.io.quantities import has_values
from markerkit.io.tabular import Table

_SAME = 1e-3  # relative difference below which the values that the rows of a group repeat are one, rounded differently


@dataclass(frozen=True)
class LongReport:
    """Layout of a report with one row per run and protein group, precursor or fragment.

    Parameters
    ----------
    name
        What the user calls the software.
    run, accession, gene, description
        Folded names of the columns, the first that is there counts.
    quantities
        Quantity -> folded names of its column, in order of preference.
    limits
        Folded name of a q-value column -> largest value that is kept.
    needs
        Folded names that are all there, where the names above are common words.
    channel
        Folded names of the column of the channel, empty where a run holds one sample.
    channel_limits
        As ``limits``, for rows with a channel.
    decoy
        Folded names of the columns that mark decoys.
    zero
        What it means that a quantity is 0 in every row.
    scales
        Quantity -> scale on which the program writes it, where that is a logarithm.
    """

    name: str
    run: tuple[str, ...]
    accession: tuple[str, ...]
    quantities: dict[str, tuple[str, ...]]
    limits: dict[str, float]
    needs: frozenset[str] = frozenset()
    gene: tuple[str, ...] = ()
    description: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    channel_limits: dict[str, float] = field(default_factory=dict)
    decoy: tuple[str, ...] = ()
    zero: str = "export it again"
    scales: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """Folded names of every column that is read."""
        columns = (
            self.run,
            self.accession,
            self.gene,
            self.description,
            self.channel,
            self.decoy,
            self.needs,
        )
        parts = (*columns, self.limits, self.channel_limits, *self.quantities.values())
        return frozenset(name for part in parts for name in part)


# The limits of DIA-NN are those of its own protein matrices (its manual, "Matrices"): 1 % for protein
# groups (global) and precursors (global and in the run), 5 % for protein groups in the run; Lib.* are
# the global values after a second pass. Its manual calls 1 % to 50 % reasonable for the channel q-value: the loosest
# is taken, beside the others. Those of Spectronaut are its usual settings: 1 % for precursors
# and for protein groups of the experiment, 5 % in the run; an exported report is mostly cut there already.
REPORTS: tuple[LongReport, ...] = (
    LongReport(
        name="diann",
        run=("run", "file name"),
        accession=("protein group",),
        gene=("genes",),
        description=("first protein description", "protein names"),
        quantities={
            "maxlfq": ("pg maxlfq",),
            "normalized": ("pg normalised", "pg normalized"),
            "intensity": ("pg quantity",),
            "topn": ("pg topn",),
        },
        limits={
            "q value": 0.01, "global q value": 0.01, "lib q value": 0.01, "global pg q value": 0.01,
            "lib pg q value": 0.01, "pg q value": 0.05,
        },
        channel=("channel",),
        channel_limits={"channel q value": 0.5},
        decoy=("decoy",),
        zero="DIA-NN writes 0 in the report of the first pass (report-first-pass); give that of the second pass, report.tsv or report.parquet",
    ),
    LongReport(
        name="spectronaut",
        run=("r filename", "r file name", "r label"),
        accession=("pg proteingroups", "pg proteinaccessions", "pg uniprotids"),
        gene=("pg genes",),
        description=("pg fastaheaders", "pg proteindescriptions", "pg organisms"),
        quantities={
            "quantity": ("pg quantity",),
            "ms2 quantity": ("pg ms2quantity",),
            "ms1 quantity": ("pg ms1quantity",),
            "normalized quantity": ("pg normalizedquantity",),
            "log2 quantity": ("pg log2quantity",),
            "ibaq": ("pg ibaq",),
        },
        limits={"eg qvalue": 0.01, "pg qvalue": 0.01, "pg qvalue run wise": 0.05},
        decoy=("eg isdecoy",),
        scales={"log2 quantity": "log2"},
    ),
    LongReport(
        name="msstats",  # ProteinLevelData of dataProcess, logarithms to base 2
        run=("originalrun", "run"),
        accession=("protein",),
        quantities={"log intensities": ("logintensities",)},
        limits={},
        scales={"log intensities": "log2"},
    ),
    LongReport(
        name="msstats",  # ProteinLevelData of MSstatsTMT, logarithms to base 2
        run=("run", "mixture"),
        accession=("protein",),
        quantities={"abundance": ("abundance",)},
        limits={},
        needs=frozenset({"mixture", "bioreplicate", "channel"}),
        channel=("channel",),
        scales={"abundance": "log2"},
    ),
    LongReport(
        name="quantms",  # protein groups in Parquet, after markerkit.io.quantms.flat
        run=("run file name", "reference file name", "sample accession"),
        accession=("pg accessions", "protein accession"),
        gene=("gg names", "gene names", "gg accessions"),
        quantities={"intensity": ("intensity", "abundance")},
        limits={"global qvalue": 0.01},
        needs=frozenset({"is decoy"}),
        channel=("label", "channel"),
        decoy=("is decoy",),
    ),
)  # fmt: skip


def wanted_columns(columns: list[str]) -> list[str]:
    """Columns of a table that are needed: all, or those of the long report that it is.

    >>> wanted_columns(["Run", "Protein.Group", "PG.MaxLFQ", "RT"])
    ['Run', 'Protein.Group', 'PG.MaxLFQ']
    """
    report = find_report({plain(c) for c in columns})
    return columns if report is None else [c for c in columns if plain(c) in report.names]


def find_report(header: set[str], software: str = "auto") -> LongReport | None:
    """Report whose columns are in a header of folded names; None where it is none."""
    for report in REPORTS:
        quantities = {n for names in report.quantities.values() for n in names}
        fits = all(header & set(part) for part in (report.run, report.accession, quantities))
        if fits and report.needs <= header and software in {"auto", report.name}:
            return report
    return None


def to_wide(table: Table, report: LongReport, quantity: str) -> tuple[Table, Dialect, dict[str, object]]:
    """Turn a long report into one row per protein group and one column per run.

    Parameters
    ----------
    table
        As read.
    report
        Its layout.
    quantity
        ``"auto"`` or a quantity of the layout.

    Returns
    -------
    The wide table, its layout, and what the history records: rows read, rows kept, limits.

    Raises
    ------
    InputError
        A quantity that is not there, text among the numbers, no row within the
        limits, a quantity that differs between the rows of a run and a group.
    """
    folded = {plain(c): c for c in reversed(table.frame.columns)}
    run, group = (_first(folded, names) for names in (report.run, report.accession))
    chosen, column = _quantity(table, report, folded, quantity)
    frame = table.frame.assign(**{name: _words(table.frame[name]) for name in (run, group)})
    channel = _channel(frame, report, folded)
    frame[run] = frame[run].where(channel == "", frame[run] + " " + channel)
    keep = _within(frame, report, folded, table.name, channel != "")
    rows = frame.loc[keep & (frame[group] != "")]
    if rows.empty:
        raise InputError(
            f"the report {table.name!r} has no row within {_limits_text(report, folded)}; give the whole report."
        )
    matrix = _one_value_each(rows, column, (group, run), table.name)
    matrix = matrix.reindex(columns=list(dict.fromkeys(frame[run])), index=list(dict.fromkeys(rows[group])))
    _check_channels(matrix, frame[run], channel, table.name)
    annotation = _annotation(rows.drop_duplicates(group).set_index(group), report, folded).loc[matrix.index]
    # runs are marked, so that a run called "gene" stays a run
    wide = pd.concat([annotation, matrix.add_prefix("run:")], axis=1).reset_index(drop=True)
    note = {
        "report_rows": len(frame),
        "report_rows_used": len(rows),
        "report_limits": _limits_text(report, folded),
    }
    return Table(wide, table.name, table.sha256), _wide_dialect(report, chosen), note


def _first(folded: Mapping[str, str], names: tuple[str, ...]) -> str:
    """First of the folded names that a column has, as the table writes it; empty where none has."""
    return next((folded[n] for n in names if n in folded), "")


def _one_value_each(rows: pd.DataFrame, column: str, by: tuple[str, str], name: str) -> pd.DataFrame:
    """Take the one value that the rows of a protein group and run repeat: protein groups x runs."""
    group, run = by
    abundance = numbers(rows, [column], ids=rows[group], name=name, what="report")[column]
    each = abundance.groupby([rows[group], rows[run]], sort=False)
    low, high = each.min(), each.max()
    uneven = (high - low) > _SAME * high.abs()
    if uneven.any():
        raise InputError(
            f"the report {name!r} gives {shown(column)} of one protein group and run different values "
            f"({low[uneven].iloc[0]:.6g} and {high[uneven].iloc[0]:.6g} for {shown(str(uneven.index[uneven][0][0]))}); "
            "export the quantity of protein groups."
        )
    matrix: pd.DataFrame = high.unstack()  # noqa: PD010 - the index is there already
    return matrix


def _annotation(first: pd.DataFrame, report: LongReport, folded: Mapping[str, str]) -> pd.DataFrame:
    """Name, gene and description of each protein group, from its first row."""
    columns = {"protein_id": pd.Series(first.index, index=first.index)}
    for label, names in (("gene", report.gene), ("description", report.description)):
        source = _first(folded, names)
        columns[label] = _words(first[source]) if source else pd.Series("", index=first.index)
    return pd.DataFrame(columns)


def _wide_dialect(report: LongReport, quantity: str) -> Dialect:
    return Dialect(
        name=report.name,
        signature=frozenset(),
        accession=("protein id",),
        gene=("gene",),
        description=("description",),
        quantities={quantity: r"run:(?P<s>.+)"},
        scales=report.scales,
        hint="one row per precursor with run, protein group and quantity",
    )


def _words(cells: pd.Series) -> pd.Series:
    return cells.astype(object).where(cells.notna(), "").astype(str).str.strip()


def _quantity(table: Table, report: LongReport, folded: Mapping[str, str], quantity: str) -> tuple[str, str]:
    """Quantity to read and its column: the one asked for, or the first that is not 0 in every row."""
    there = {q: found for q, names in report.quantities.items() if (found := _first(folded, names))}
    if quantity not in {"auto", *there}:
        raise InputError(
            f"the report {table.name!r} has no quantity {shown(quantity)}; {report.name} reports hold "
            f"{listed(report.quantities, conjunction='or')}, here there is {listed(there)}."
        )
    full = {q: c for q, c in there.items() if has_values(table.frame, [c])}
    empty = [c for q, c in there.items() if q not in full]
    if not full or quantity in set(there) - set(full):
        raise InputError(f"the report {table.name!r} holds no value but 0 in {listed(empty)}: {report.zero}.")
    chosen = next(iter(full)) if quantity == "auto" else quantity
    if quantity == "auto" and chosen != next(iter(there)):
        warnings.warn(
            f"{table.name} holds no value but 0 in {listed(empty)}: {report.zero}. {there[chosen]} is read instead",
            MarkerkitWarning,
            stacklevel=4,
        )
    return chosen, there[chosen]


def _channel(frame: pd.DataFrame, report: LongReport, folded: Mapping[str, str]) -> pd.Series:
    """Channel of every row, empty where there is none: in a run without labels, or of label-free samples."""
    column = _first(folded, report.channel)
    words = _words(frame[column]) if column else pd.Series("", index=frame.index, dtype=object)
    return words.where(~words.str.lower().isin(["label free", "lfq", "label free sample"]), "")


def _check_channels(matrix: pd.DataFrame, names: pd.Series, channel: pd.Series, name: str) -> None:
    """Say where the channels of a run hold the same values: the quantity is that of the run."""
    labeled = pd.DataFrame(
        {"name": names[channel != ""], "channel": channel[channel != ""]}
    ).drop_duplicates()
    ends = (labeled["name"].str.len() - labeled["channel"].str.len()).to_numpy()
    runs = [n[:end] for n, end in zip(labeled["name"], ends, strict=True)]
    alike = [
        list(group)
        for _, group in labeled["name"].groupby(runs, sort=False)
        if len(group) > 1 and all(matrix[n].equals(matrix[group.iloc[0]]) for n in group)
    ]
    if alike:
        warnings.warn(
            f"{name}: the channels {listed(alike[0], limit=4)} hold the same values, so the quantity is that of the run and "
            "says nothing of its channels; DIA-NN has one per channel with QuantUMS, in the second pass",
            MarkerkitWarning,
            stacklevel=4,
        )


def _within(
    frame: pd.DataFrame, report: LongReport, folded: Mapping[str, str], name: str, labeled: pd.Series
) -> pd.Series:
    """Rows that are within every limit and no decoys; a missing q-value is no evidence and is left out."""
    keep = np.ones(len(frame), dtype=bool)
    limits = {folded[n]: limit for n, limit in (report.limits | report.channel_limits).items() if n in folded}
    of_channels = {folded[n] for n in report.channel_limits if n in folded}
    ids = pd.Series([f"row {i + 2}" for i in range(len(frame))], index=frame.index)
    given = numbers(frame, list(limits), ids=ids, name=name, what="report")
    for column, limit in limits.items():
        passed = given[column] <= limit
        keep &= (passed | ~labeled if column in of_channels else passed).to_numpy()
    for column in (folded[n] for n in report.decoy if n in folded):
        keep &= ~_words(frame[column]).str.lower().isin(["true", "1", "1.0", "+"]).to_numpy()
    return pd.Series(keep, index=frame.index)


def _limits_text(report: LongReport, folded: Mapping[str, str]) -> str:
    limits = report.limits | report.channel_limits
    texts = [f"{folded[n]} <= {limit:g}" for n, limit in limits.items() if n in folded]
    return ", ".join(texts) or "no limit (no q-value column)"
