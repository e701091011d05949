"""Procedural blanks and unconditioned medium: what they hold, and what they could explain of the samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.effects.members import set_members
from markerkit.results import ContaminationFraction, Purity
from markerkit.study.contrast import Contrast
from markerkit.study.roles import BLANK, MEDIUM, SAMPLE, roles_of
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import concat_rows

_NORMALIZED = ("lfq", "maxlfq")
_SCALED = "a quantity normalized across runs lifts blanks: an upper limit"


def blank_content(
    exp: Experiment, markers: MarkerCatalog, contrasts: Sequence[Contrast] = ()
) -> pd.DataFrame:
    """Compare blanks and medium with the samples, source by source and protein by protein.

    Parameters
    ----------
    exp
        Harmonised experiment with all samples, before normalization.
    markers
        Catalogue.
    contrasts
        Contrasts with a contamination fraction to limit.

    Returns
    -------
    Table `blanks`; empty without blanks and medium. Nothing is subtracted from
    the data: a limit says which part of a share the blank alone would give, were
    its signal in the sample too. The largest blank counts. Proteins are listed
    where a blank shows them.
    """
    role = roles_of(exp)
    spec = TABLES["blanks"]
    kinds = [kind for kind in (BLANK, MEDIUM) if (role == kind).any()]
    if not kinds:
        return spec.empty()
    if exp.scale == "ratio":
        reason = "ratios to a reference channel have no signal to compare"
        rows = [
            {
                "role": k,
                "level": "source",
                "status": "not compared",
                "reason": reason,
                "n_blanks": int((role == k).sum()),
            }
            for k in kinds
        ]
        return spec.conform(pd.DataFrame(rows))
    linear = exp.linear().loc[:, ~exp.proteins["is_decoy"].to_numpy(bool)]
    samples = linear[role == SAMPLE]
    parts = []
    for kind in kinds:
        blanks = linear[role == kind]
        parts += [
            _rows(
                _by_source(exp, markers, blanks),
                _by_source(exp, markers, samples),
                blanks,
                samples,
                kind,
                "source",
            ),
            _carry_rows(exp, markers, blanks, contrasts, kind),
            _protein_rows(exp, blanks, samples, kind),
        ]
    table = concat_rows([p for p in parts if len(p)])
    return spec.conform(table.assign(reason=_care(exp)))


def _care(exp: Experiment) -> str:
    read = next((h for h in exp.history if h.get("verb") == "read_proteins"), {})
    if exp.approximate:
        return "logarithmic, imputed or requantified input: a rough limit"
    return _SCALED if read.get("quantity") in _NORMALIZED else ""


def _by_source(exp: Experiment, markers: MarkerCatalog, linear: pd.DataFrame) -> pd.DataFrame:
    """Sum the signal of every source and of the EV markers; missing where nothing was seen."""
    criteria = load_criteria()
    proteins = exp.proteins.loc[linear.columns]
    found = {}
    sets = {"ev": (criteria.classes["ev"].sets, "gene")}
    sets |= {k: ((k,), "accession" if r.by_accession else "gene") for k, r in criteria.sources.items()}
    for key, (names, column) in sets.items():
        members = set(set_members(markers, names)[column]) - {""}
        found[key] = linear.loc[:, proteins[column].isin(members).to_numpy()].sum(axis=1, min_count=1)
    return pd.DataFrame(found, index=linear.index)


def _rows(
    of_blanks: pd.DataFrame,
    of_samples: pd.DataFrame,
    blanks: pd.DataFrame,
    samples: pd.DataFrame,
    kind: str,
    level: str,
) -> pd.DataFrame:
    total_blank, total_sample = blanks.sum(axis=1), samples.sum(axis=1)
    ratio = of_blanks.max() / of_samples.median()
    seen = of_blanks.notna().sum()
    limit = of_blanks.max() / total_sample.median()
    rule = load_criteria().threshold
    counted = seen >= np.maximum(1, rule["blank_seen"] * len(blanks))
    look = counted & ((ratio >= rule["blank_ratio"]) | ((of_samples.notna().sum() == 0) & (seen > 0)))
    return pd.DataFrame(
        {
            "role": kind,
            "level": level,
            "key": of_blanks.columns,
            "n_blanks": len(blanks),
            "n_blanks_seen": seen,
            "n_samples_seen": of_samples.notna().sum(),
            "blank_share": of_blanks.div(total_blank, axis=0).median(),
            "sample_share": of_samples.div(total_sample, axis=0).median(),
            "ratio": ratio,
            "limit": limit,
            "flag": np.where(look, "review", ""),
            "status": "compared",
        }
    )


def _protein_rows(exp: Experiment, blanks: pd.DataFrame, samples: pd.DataFrame, kind: str) -> pd.DataFrame:
    shown = blanks.columns[blanks.notna().any()]
    rows = _rows(blanks[shown], samples[shown], blanks, samples, kind, "protein")
    rows["gene"] = exp.proteins.loc[shown, "gene"].to_numpy()
    return rows.sort_values("limit", ascending=False, kind="stable")


def _carry_rows(
    exp: Experiment, markers: MarkerCatalog, blanks: pd.DataFrame, contrasts: Sequence[Contrast], kind: str
) -> pd.DataFrame:
    """Contamination fraction that the blank alone would show: its anchors over those of the comparator."""
    criteria = load_criteria()
    linear = exp.linear().loc[:, blanks.columns]
    rows = []
    for contrast in contrasts:
        rule = criteria.contamination_fraction.get(contrast.comparator or "")
        if rule is None:
            continue
        anchors = set_members(markers, rule.compartments)
        anchors = anchors[~anchors["complex"].isin(rule.left_out_complexes)]
        inside = exp.proteins.loc[linear.columns, "gene"].isin(set(anchors["gene"]) - {""}).to_numpy()
        case, control = contrast.groups(
            exp.select(samples=list(roles_of(exp).index[roles_of(exp) == SAMPLE]))
        )
        shares = linear.loc[control, inside].div(linear.loc[control].sum(axis=1), axis=0)
        q = shares.loc[:, shares.notna().mean() >= 0.5].mean()
        if len(q) < criteria.threshold["min_reference_proteins"]:
            continue
        # absent in the blank is below everything, not unknown: the median over all anchors of the comparator
        p = blanks[q.index].fillna(0.0) / linear.loc[case].sum(axis=1).median()
        kappa = float((p / q).median(axis=1).max())
        seen = int(blanks[q.index].notna().any(axis=1).sum())
        rows.append(
            {
                "role": kind,
                "level": "contamination fraction",
                "key": contrast.name,
                "n_blanks": len(blanks),
                "n_blanks_seen": seen,
                "limit": kappa,
                "status": "compared",
            }
        )
    return pd.DataFrame(rows)


def share_limits(exp: Experiment, markers: MarkerCatalog) -> pd.DataFrame:
    """Share of each sample's signal that blanks and medium alone would give, samples x sources.

    Missing where no blank shows the source, and for every sample without blanks.
    """
    role = roles_of(exp)
    empty = pd.DataFrame(index=exp.samples.index)
    if exp.scale == "ratio" or (role == SAMPLE).all():
        return empty
    linear = exp.linear().loc[:, ~exp.proteins["is_decoy"].to_numpy(bool)]
    largest = _by_source(exp, markers, linear[role != SAMPLE]).max()
    total = linear.sum(axis=1).where(role == SAMPLE)
    return pd.DataFrame({k: v / total for k, v in largest.items()}, index=linear.index)


def with_blank_limits(purity: Purity, blanks: pd.DataFrame) -> Purity:
    """Say beside a contamination fraction that it does not exceed what the blanks show.

    The fraction itself stays as estimated; a fraction at or below the limit
    becomes a bound (``at most``).
    """
    limits = (
        blanks[(blanks["level"] == "contamination fraction") & (blanks["limit"] > 0)]
        .groupby("key")["limit"]
        .max()
    )
    if limits.empty:
        return purity
    carried = purity.contamination_fraction.table.copy()
    limit = carried["contrast"].map(limits).where(carried["status"] == "assessed")
    below = (carried["fraction"] <= limit) & limit.notna()
    notes = [
        "; ".join(filter(None, [r, f"not above what the blanks alone would show ({100 * k:.2g} %)"]))
        if b
        else r
        for r, k, b in zip(carried["reason"], limit, below, strict=True)
    ]
    carried["reason"] = notes
    carried.loc[below, "bound"] = "at most"
    return replace(purity, contamination_fraction=ContaminationFraction(carried))
