"""Trends of classes, sources and proteins over the order of the fractions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.core.errors import MarkerkitWarning
from markerkit.core.experiment import Experiment
from markerkit.core.signal import Signal
from markerkit.core.vocabulary import Status
from markerkit.da.differential import differential_abundance
from markerkit.purity.fraction_layout import Layout
from markerkit.purity.shares import Panel
from markerkit.tables.spec import concat_rows

Array = npt.NDArray[np.float64]

#: columns of the natural spline, and the fractions from which it has a residual degree of freedom in one replicate
SPLINE_DF, SPLINE_FRACTIONS, LINE_FRACTIONS = 3, 5, 3


def trends_of(layout: Layout, signal: Signal, panels: Mapping[tuple[str, str], Panel]) -> pd.DataFrame:
    """Test every class, source and protein for a trend.

    Parameters
    ----------
    layout, signal
        The series and its signal.
    panels
        (kind, key) -> panel of a class or source.

    Returns
    -------
    Rows of the table `fraction_trends`.

    Notes
    -----
    Log2 of the share of signal, times the amount where every fraction has one, on the order of the fractions, with a
    level for each replicate; missing values are left out. A straight line (the ordered contrast), and a natural cubic
    spline of three columns for any smooth change; both with moderated variances. Without replicates the error is what
    the line or the spline leaves.
    """
    if len(layout.fractions) < LINE_FRACTIONS:
        reason = f"{len(layout.fractions)} fractions; a trend needs {LINE_FRACTIONS} or more"
        return _not_tested(panels, signal, reason)
    level, scale = _level(layout, signal)
    least = load_criteria().threshold["min_markers_source"]
    found = {f"{kind}:{key}": signal.of(p.members, column=p.column) for (kind, key), p in panels.items()}
    few = {k: (p.amounts > 0).any(axis=0).sum() < least for k, p in found.items()}
    of_sets = pd.DataFrame(
        {k: np.where(few[k], np.nan, p.share) for k, p in found.items()}, signal.values.index
    )
    shares = signal.values.div(signal.total.where(signal.total > 0), axis=0)
    parts = []
    for values, proteins in ((of_sets, None), (shares, signal.proteins)):
        logs = pd.DataFrame(np.log2(values.where(values > 0))).add(level, axis=0)
        parts.append(_tested(Experiment(logs, layout.exp.samples, proteins, "log2"), layout))
    parts[0][["kind", "key"]] = list(panels)
    parts[0] = parts[0].assign(gene="")
    parts[0].loc[list(few.values()), "reason"] = "too few members measured"
    parts[1] = parts[1].assign(kind="protein", key=parts[1]["protein"])
    return concat_rows([p.drop(columns="protein") for p in parts]).assign(scale=scale)


def _level(layout: Layout, signal: Signal) -> tuple[pd.Series, str]:
    """Log2 of the amount of every sample, or 0 where not all have one; and what the values then are."""
    amount = np.full(len(signal.values), np.nan)
    amount[layout.place[layout.place >= 0]] = layout.amount[layout.place >= 0]
    if np.isfinite(amount).all():
        return pd.Series(np.log2(amount), signal.values.index), "amount"
    return pd.Series(0.0, signal.values.index), "share of signal"


def _tested(exp: Experiment, layout: Layout) -> pd.DataFrame:
    place = np.full(exp.n_samples, np.nan)
    run = np.zeros(exp.n_samples, dtype=int)
    for r, f in zip(*np.nonzero(layout.place >= 0), strict=True):
        place[layout.place[r, f]], run[layout.place[r, f]] = f + 1.0, r
    levels = pd.DataFrame(
        {f"replicate {k + 1}": (run == k).astype(float) for k in range(len(layout.replicates))},
        index=exp.samples.index,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkerkitWarning)
        line = differential_abundance(exp, levels.assign(order=place), contrast={"slope": {"order": 1}}).table
        found = line[["protein", "gene", "ci_low", "ci_high", "pvalue", "padj", "status", "reason"]].assign(
            slope=line["log2_fc"], n=exp.values.notna().sum().to_numpy()
        )
        if len(layout.fractions) < SPLINE_FRACTIONS:
            return found
        spline = levels.join(natural_spline(pd.Series(place, exp.samples.index)))
        names = [str(c) for c in spline.columns.difference(levels.columns)]
        curve = differential_abundance(exp, spline, contrast={c: {c: 1} for c in names}).f_tests
    f = curve[["f", "df1", "df2"]].assign(f_pvalue=curve["pvalue"], f_padj=curve["padj"])
    return pd.concat([found, f], axis=1)


def natural_spline(place: pd.Series) -> pd.DataFrame:
    """Natural cubic regression spline of three columns, centered.

    Parameters
    ----------
    place
        Place of every sample in the series.
    """
    from formulaic import model_matrix

    frame = pd.DataFrame({"place": place})
    basis = model_matrix(f"0 + cr(place, df={SPLINE_DF}, constraints='center')", frame)
    columns = [f"spline {i + 1}" for i in range(SPLINE_DF)]
    return pd.DataFrame(np.asarray(basis, dtype=float), index=place.index, columns=columns)


def _not_tested(panels: Mapping[tuple[str, str], Panel], signal: Signal, reason: str) -> pd.DataFrame:
    sets = pd.DataFrame(list(panels), columns=["kind", "key"])
    proteins = pd.DataFrame(
        {"kind": "protein", "key": signal.proteins.index, "gene": signal.proteins["gene"].to_numpy()}
    )
    return pd.concat([sets, proteins], ignore_index=True).assign(
        status=Status.NOT_TESTED.value, reason=reason
    )
