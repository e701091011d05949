"""Which proteins are seen in which group, and in which lists: the table of an UpSet plot, and counts of databases."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from markerkit.catalog.load import Sets, as_sets
from markerkit.core.errors import InputError, listed
from markerkit.core.experiment import Experiment
from markerkit.io.tabular import read_table

EV_FREQUENCY = "ev_frequency"


def membership(
    exp: Experiment, by: str | None = None, lists: Sets | None = None, *, min_share: float = 0.5
) -> pd.DataFrame:
    """Say of every gene in which groups of samples it is measured, and in which lists it is.

    Parameters
    ----------
    exp
        Experiment of samples x proteins; a missing value is "not measured".
    by
        Sample column whose levels are the groups; without it the study is one group, ``study``.
    lists
        Sets to compare with, such as EV reference lists: what :func:`markerkit.enrich` takes, for instance
        ``markerkit.read_markers("exocarta.gmt")``. Their positive members count, and match whatever their
        case, so that human lists serve the mouse as well.
    min_share
        Share of a group's samples in which a gene must be measured, above 0 and up to 1.

    Returns
    -------
    pandas.DataFrame
        True and false: genes (rows) x groups and lists (columns), for :func:`markerkit.figures.upset`. Genes of the
        lists that the study does not have are rows too. A protein group without a gene, and a decoy, has no row.

    Raises
    ------
    InputError
        Imputed values; the column is missing, `min_share` is out of range, or a list has the name of a group.

    Examples
    --------
    >>> import markerkit as mk
    >>> table = mk.membership(mk.load_example(), "fraction", {"tetraspanins": ["CD9", "CD63", "CD81"]})
    >>> list(table.columns), bool(table.loc["CD9", "tetraspanins"])
    (['EV', 'lysate', 'tetraspanins'], True)
    """
    exp.refuse_imputed()
    if not 0 < min_share <= 1:
        raise InputError(f"`min_share` lies above 0 and up to 1; got {min_share!r}.")
    if by is not None and by not in exp.samples.columns:
        raise InputError(f"no sample column {by!r}; found {listed(exp.samples.columns)}.")
    genes = exp.proteins["gene"].fillna("").astype(str).to_numpy()
    use = exp.targets & (genes != "")
    seen = exp.values.notna().to_numpy()[:, use]
    level = pd.Series("study", index=exp.samples.index) if by is None else exp.samples[by]
    found = pd.DataFrame(index=pd.Index(genes[use], name="gene"))
    for group in level.dropna().unique():
        found[str(group)] = seen[(level == group).to_numpy()].mean(axis=0) >= min_share
    table = found.groupby(level=0, sort=False).any()
    if lists is None:
        return table
    catalog = as_sets(lists, measured=set(table.index))
    double = [name for name in catalog if name in table.columns]
    if double:
        raise InputError(f"{listed(double)} names a list and a group of samples; give the list another name.")
    own_case = {str(g).upper(): str(g) for g in table.index}
    members = {name: {own_case.get(m.upper(), m) for m in catalog[name].positive} for name in catalog}
    table = table.reindex(
        table.index.union(sorted(set().union(*members.values())), sort=False), fill_value=False
    )
    return table.assign(**{name: table.index.isin(list(own)) for name, own in members.items()}).rename_axis(
        "gene"
    )


def add_ev_frequency(table: pd.DataFrame, counts: str | Path | pd.DataFrame) -> pd.DataFrame:
    """Join how often a database of vesicles lists each gene, as a column ``ev_frequency``.

    markerkit ships no such counts: whether ExoCarta and Vesiclepedia let others redistribute them could not be
    established. Both offer them as a file.

    Parameters
    ----------
    table
        Any table with a column ``gene``, such as that of :func:`markerkit.differential_abundance`.
    counts
        The table of a database, or its file (TSV, CSV, XLSX, Parquet). The column with "symbol" or "gene" in its name,
        else the first column of text, holds gene symbols; a column of numbers with "number", "count",
        "times" or "freq" in its name says how often each was identified. Without one, rows are counted.

    Returns
    -------
    pandas.DataFrame
        The table with ``ev_frequency`` (whole numbers) as its last column; missing where the database does not list
        any gene of the row, the largest count where it lists several. Symbols match whatever their case, so
        that human counts serve the mouse as well.

    Raises
    ------
    InputError
        No column ``gene``, a column ``ev_frequency`` already, or no column of symbols in `counts`.

    Examples
    --------
    >>> import pandas as pd
    >>> import markerkit as mk
    >>> counts = pd.DataFrame({"GENE SYMBOL": ["CD63", "CD9"], "NUMBER OF TIMES IDENTIFIED": [1119, 972]})
    >>> mk.add_ev_frequency(pd.DataFrame({"gene": ["Cd9", "ALB", "CD9;CD63"]}), counts)["ev_frequency"].tolist()
    [972, <NA>, 1119]
    """
    if "gene" not in table.columns:
        raise InputError(f"the table has no column 'gene'; it has {listed(table.columns)}.")
    if EV_FREQUENCY in table.columns:
        raise InputError(f"the table has a column {EV_FREQUENCY!r} already; leave it out or rename it.")
    of_gene = _counts(counts)
    cells = table["gene"].fillna("").astype(str).str.upper().str.split(";")
    found = [max((of_gene.get(g.strip(), -1) for g in cell), default=-1) for cell in cells]
    frequency = pd.array([pd.NA if n < 0 else n for n in found], dtype="Int64")
    return table.assign(**{EV_FREQUENCY: frequency})


def _counts(given: str | Path | pd.DataFrame) -> dict[str, int]:
    """Read how often each gene is listed: upper-case symbol -> number."""
    if isinstance(given, pd.DataFrame):
        frame, name = given, "the counts"
    else:
        frame, name = read_table(given, what="table of counts").frame, repr(Path(given).name)
    numeric = [str(c) for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c])]
    text = [str(c) for c in frame.columns if c not in numeric]
    named = [c for word in ("symbol", "gene") for c in text if word in c.lower()]
    symbols = (named or text or [""])[0]
    if not symbols or not len(frame):
        raise InputError(f"{name} has no column of gene symbols; it has {listed(frame.columns)}.")
    known = frame[frame[symbols].notna()]
    genes = known[symbols].astype(str).str.strip().str.upper()
    counted = [c for c in numeric if any(w in c.lower() for w in ("number", "count", "times", "freq"))]
    if not counted:
        return {str(k): int(v) for k, v in genes.value_counts().items()}
    best = known[counted[0]].groupby(genes).max().dropna()
    return {str(k): int(v) for k, v in best.items()}
