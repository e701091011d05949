"""Roll-up: one abundance per protein and sample from those of its peptides."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, collected_warnings, one_of
from markerkit.core.experiment import Experiment
from markerkit.core.peptide_groups import UNKNOWN_SPECIES, species_of_proteins
from markerkit.core.peptides import PeptideTable
from markerkit.core.species import BOVINE, CONTAMINANT
from markerkit.stats.median_polish import median_polish

Array = npt.NDArray[np.float64]

METHODS = ("median_polish", "sum")
#: which peptides count -> what that means
ASSIGNMENTS = {
    "razor": "every peptide counts for its leading (razor) protein group",
    "unique": "peptides of one protein group only; shared ones are left out",
}


def rollup(table: PeptideTable, *, method: str = "median_polish", peptides: str = "razor") -> Experiment:
    """Summarize peptides to protein groups.

    Parameters
    ----------
    table
        Peptide table, see :func:`markerkit.read_peptides`.
    method
        ``"median_polish"``: Tukey's median polish of the log2 abundances of the
        peptides of a group, so that a deviating peptide or a missing value does
        not shift the group; the profile is brought to the summed intensity of
        the peptides over all samples, as in MaxLFQ, so that shares of signal
        keep their meaning. ``"sum"``: the summed linear abundance, in which a
        peptide that a sample lacks lowers the sum.
    peptides
        ``"razor"``: a peptide shared by several groups counts for the leading
        one, which the search engine or the razor rule chose; ``"unique"``:
        shared peptides are left out.

    Returns
    -------
    Experiment
        On the scale of the table, decoys left out. ``proteins`` has
        ``n_peptides`` (those that count, for DEqMS),
        ``n_unique_peptides`` and ``bovine_unique_share``: of the linear signal
        of a group with a bovine sequence, the share from peptides that only
        bovine proteins hold, 0 to 1; missing for other groups and on ratios.
        The history says how many peptides counted.

    Raises
    ------
    InputError
        An unknown method or choice of peptides, a sum of ratios, no peptide left.

    Warns
    -----
    MarkerkitWarning
        Peptides without a protein, which are left out.

    Notes
    -----
    Between two samples that share no peptide of a group the profile of the
    median polish says nothing; their values rest on the peptides of the others.

    References
    ----------
    Median polish for probe sets and peptides: Irizarry et al. 2003,
    doi:10.1093/biostatistics/4.2.249; Choi et al. 2014 (MSstats),
    doi:10.1093/bioinformatics/btu305. Level of the profile: Cox et al. 2014
    (MaxLFQ), doi:10.1074/mcp.M113.031591.

    Examples
    --------
    >>> import pandas as pd
    >>> from markerkit import PeptideTable
    >>> values = pd.DataFrame({"AAAK": [2.0, 4.0], "CCCK": [6.0, 12.0]}, index=["ev", "cell"])
    >>> both = pd.DataFrame({"proteins": ["P08962", "P08962"]}, index=values.columns)
    >>> rollup(PeptideTable(values, peptides=both)).values["P08962"].round(6).tolist()
    [8.0, 16.0]
    """
    one_of("method", method, METHODS)
    one_of("peptides", peptides, list(ASSIGNMENTS))
    if method == "sum" and table.scale == "ratio":
        raise InputError("ratios cannot be summed; use method='median_polish'.")
    with collected_warnings() as notes:
        exp = _rolled_up(table, method, peptides)
    return exp.noted(notes)


def _rolled_up(table: PeptideTable, method: str, peptides: str) -> Experiment:
    used = _used(table, unique=peptides == "unique")
    annotation = table.peptides.loc[used]
    code, groups = pd.factorize(annotation["leading"])
    chosen = np.where(table.measured, table.matrix, np.nan)[:, used]
    values = _summed(chosen, code, table.scale) if method == "sum" else _polished(chosen, code, table.scale)
    index = pd.Index(groups, dtype=object)
    proteins = _proteins(annotation, code, table.organism).set_axis(index)
    proteins["bovine_unique_share"] = _bovine_share(table, used, code)
    step: dict[str, Any] = {
        "verb": "rollup",
        "method": method,
        "peptides": peptides,
        "rule": ASSIGNMENTS[peptides],
        "n_peptides_used": int(used.sum()),
        "n_shared": int((~annotation["is_unique"].astype(bool)).sum()),
        "n_left_out": int((~used & table.targets).sum()),
        "n_decoys": int((~table.targets).sum()),
    }
    frame = pd.DataFrame(values, index=table.samples.index, columns=index)
    return Experiment(frame, table.samples, proteins, table.scale, table.organism, [*table.history, step])


def _used(table: PeptideTable, *, unique: bool) -> npt.NDArray[np.bool_]:
    """Mask of the peptides that count: measured targets of a known protein, shared ones only where asked for."""
    peptides = table.peptides
    named = (peptides["leading"] != "").to_numpy()
    nameless = table.targets & ~named
    if nameless.any():
        warnings.warn(
            f"{int(nameless.sum())} of {table.n_peptides} peptides have no protein and are left out, such as "
            f"{peptides.index[nameless][0]!r}",
            MarkerkitWarning,
            stacklevel=4,
        )
    used = table.targets & named & table.measured.any(axis=0)
    if unique:
        used = used & peptides["is_unique"].to_numpy(dtype=bool)
    if not used.any():
        which = "of one protein group only" if unique else "measured, of a protein and no decoy"
        raise InputError(f"none of the {table.n_peptides} peptides is {which}; nothing is left to summarize.")
    return np.asarray(used)


def _summed(values: Array, code: npt.NDArray[np.int_], scale: str) -> Array:
    """Sum of the linear abundances, shape (samples, groups), on the scale of the table."""
    linear = values if scale == "raw" else 2.0**values
    total = pd.DataFrame(linear.T).groupby(code).sum(min_count=1).to_numpy().T
    return total if scale == "raw" else np.log2(total)


def _polished(values: Array, code: npt.NDArray[np.int_], scale: str) -> Array:
    """Profile of every group by median polish, at the level of its summed intensity, shape (samples, groups)."""
    logs = np.log2(values) if scale == "raw" else values
    order, size = np.argsort(code, kind="stable"), np.bincount(code)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    profile = np.full((len(size), len(values)), np.nan)
    for n in np.unique(size):
        groups = np.flatnonzero(size == n)
        rows = order[start[groups][:, None] + np.arange(n)]
        fit = median_polish(np.moveaxis(logs[:, rows], 0, 2))
        profile[groups] = fit.overall[:, None] + fit.column
    profile = profile.T
    if scale == "ratio":
        return profile
    total = np.nansum(_summed(2.0**logs, code, "raw"), axis=0)
    level = np.log2(total) - np.log2(np.nansum(2.0**profile, axis=0))
    return np.asarray(2.0 ** (profile + level) if scale == "raw" else profile + level)


def _proteins(peptides: pd.DataFrame, code: npt.NDArray[np.int_], organism: str) -> pd.DataFrame:
    """Annotation of the protein groups, in the order of their codes."""
    by_group = peptides.groupby(code)
    accession = by_group["leading"].first()
    unique = peptides["is_unique"].astype(bool)
    # shared peptides name the genes of several groups: a gene comes from a unique peptide where there is one
    named = peptides.assign(code=code, shared=~unique)[peptides["gene"].to_numpy() != ""].sort_values(
        "shared", kind="stable"
    )
    genes = named.drop_duplicates("code").set_index("code")["gene"]
    # the species that a table gives counts where the name of the group tells none
    stated = by_group["species"].agg(lambda s: s.iloc[0] if s.nunique() == 1 else "")
    species = [_leading_species(a, organism, s) for a, s in zip(accession, stated, strict=True)]
    flagged = by_group["is_contaminant"].all()
    return pd.DataFrame(
        {
            "accession": accession,
            "gene": genes.reindex(accession.index).fillna("").astype(object),
            "is_contaminant": accession.str.contains(CONTAMINANT) | flagged.astype(bool),
            "is_decoy": False,
            "species": species,
            "n_peptides": by_group.size().astype(float),
            "n_unique_peptides": unique.groupby(code).sum().astype(int),
        }
    )


def _leading_species(group: str, organism: str, stated: str) -> str:
    """Species of the first member of a protein group; empty where it is not known."""
    first = species_of_proteins(group, organism, stated).split(";")[0]
    return "" if first == UNKNOWN_SPECIES else first


def _bovine_share(table: PeptideTable, used: npt.NDArray[np.bool_], code: npt.NDArray[np.int_]) -> Array:
    """Share of the signal of each group with a bovine sequence from peptides that only bovine proteins hold."""
    share = np.full(code.max() + 1, np.nan)
    if table.scale == "ratio":
        return share
    species = table.peptides.loc[used, "species"].str.split(";")
    some = np.array([BOVINE in s for s in species])
    alone = np.array([s == [BOVINE] for s in species])
    signal = np.nansum(table.linear().to_numpy()[:, used], axis=0)
    total = np.bincount(code, signal)
    bovine = np.bincount(code, signal * alone)
    with_bovine = np.bincount(code, some) > 0
    share[with_bovine] = bovine[with_bovine] / total[with_bovine]
    return share
