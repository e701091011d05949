"""Which protein group stands for a gene or an accession."""

from __future__ import annotations

import pandas as pd

from markerkit.core.experiment import Experiment


def gene_rows(exp: Experiment, *, key: str = "gene") -> pd.Series:
    """Choose one protein group a gene: the one measured most often, then the most abundant.

    The choice looks at all samples together, so that it cannot favour a group.

    Parameters
    ----------
    exp
        Experiment.
    key
        Column of the proteins to match on: ``"gene"`` or ``"accession"``.

    Returns
    -------
    Protein by gene (or accession), in the order of the matrix; decoys are left out.
    """
    values, proteins = exp.values, exp.proteins
    order = pd.DataFrame({"key": proteins[key], "n": values.notna().sum(), "mean": values.mean()})
    order = order[(order["key"] != "") & order["key"].notna() & ~proteins["is_decoy"].astype(bool)]
    best = order.sort_values(["n", "mean"], ascending=False, kind="stable").drop_duplicates("key")
    best = best.loc[order.index[order.index.isin(best.index)]]
    return pd.Series(best.index.to_numpy(), index=best["key"].to_numpy(), dtype=object)
