"""Contamination fraction of the comparator's material in a contrast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import Criteria, load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.effects.members import set_members
from markerkit.stats.contamination import ContaminationFraction, ReferenceRules, contamination_fraction
from markerkit.study.contrast import Contrast
from markerkit.tables.spec import concat_rows

NOT_ASSESSABLE = "not assessable"


def contamination_fraction_table(
    exp: Experiment, markers: MarkerCatalog, contrast: Contrast, *, seed: int
) -> pd.DataFrame:
    """Contamination fraction of the comparator's material, overall and by compartment.

    Parameters
    ----------
    exp
        Harmonised experiment before normalization.
    markers
        Catalogue.
    contrast
        The contrast; its comparator must be a lysate or a biofluid.
    seed
        Of the bootstrap.

    Returns
    -------
    Rows of the table `contamination_fraction`.
    """
    criteria = load_criteria()
    blank = {"contrast": contrast.name, "compartment": "all", "approximate": exp.approximate}
    rule = criteria.contamination_fraction.get(contrast.comparator or "")
    if rule is None or exp.scale == "ratio":
        reason = _no_contamination_fraction(contrast, exp)
        return pd.DataFrame([{**blank, "status": NOT_ASSESSABLE, "reason": reason}])
    anchors = concat_rows(
        [set_members(markers, [c]).assign(compartment=c) for c in rule.compartments]
    ).drop_duplicates("gene")
    anchors = anchors[~anchors["complex"].isin(rule.left_out_complexes)]
    preparation, comparator, votes = _anchor_shares(exp, anchors, contrast, criteria)
    need = int(criteria.threshold["min_reference_proteins"])
    if len(votes) < need:
        reason = f"{len(votes)} anchor votes seen in half of the comparator samples; {need} are needed"
        return pd.DataFrame([{**blank, "n_measured": len(votes), "status": NOT_ASSESSABLE, "reason": reason}])
    t = criteria.threshold
    rules = ReferenceRules(t["resident_mad"], t["resident_log2"], t["reference_absent"], t["confidence"])
    codes = pd.Categorical(votes["compartment"], categories=list(rule.compartments)).codes.astype(int)
    donors = _donors(exp, contrast)
    whole = contamination_fraction(preparation, comparator, codes, rules=rules, donors=donors, seed=seed)
    rows = [_carry_row(blank, whole, len(votes), exp, contrast, criteria)]
    parts = {}
    for k, name in enumerate(rule.compartments if len(rule.compartments) > 1 else ()):
        at = (codes == k) & whole.kept
        if at.sum() >= t["min_markers_source"]:
            part = contamination_fraction(
                preparation[:, at], comparator[:, at], codes[at], rules=rules, donors=donors, seed=seed
            )
            parts[name] = part.fraction
            rows.append(
                _carry_row(
                    {**blank, "compartment": name}, part, int((codes == k).sum()), exp, contrast, criteria
                )
            )
    if parts and max(parts.values()) > t["compartment_spread"] * max(min(parts.values()), 1e-12):
        rows[0]["reason"] = "; ".join(
            filter(
                None, [str(rows[0]["reason"]), "compartments disagree: not whole-cell contamination fraction"]
            )
        )
    return pd.DataFrame(rows)


def _no_contamination_fraction(contrast: Contrast, exp: Experiment) -> str:
    if exp.scale == "ratio":
        return "ratios to a reference channel have no share of signal"
    if contrast.comparator is None:
        return "the comparator is not stated; say lysate or biofluid"
    return f"comparator {contrast.comparator!r}: neither arm is the source of the material"


def _anchor_shares(
    exp: Experiment, anchors: pd.DataFrame, contrast: Contrast, criteria: Criteria
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], pd.DataFrame]:
    """Shares of signal of the anchor votes in both arms; a complex is the sum of its members seen."""
    proteins = exp.proteins
    linear = exp.linear().loc[:, ~proteins["is_decoy"].to_numpy(bool)]
    shares = linear.div(linear.sum(axis=1), axis=0)
    vote = anchors["complex"].where(anchors["complex"] != "", anchors["gene"])
    of_gene = pd.Series(vote.to_numpy(), index=anchors["gene"])
    inside = proteins.loc[shares.columns, "gene"].map(of_gene)
    inside = inside[inside.notna()]
    pooled = shares[inside.index].T.groupby(inside, sort=True).sum(min_count=1).T
    case, control = contrast.groups(exp)
    pooled = pooled.loc[:, pooled.loc[control].notna().mean(axis=0) >= 0.5]
    of_vote = pd.Series(anchors["compartment"].to_numpy(), vote.to_numpy())
    compartment = of_vote[~of_vote.index.duplicated()].reindex(pooled.columns)
    pooled = pooled.loc[:, _asked(pooled.loc[case], pooled.loc[control].mean(axis=0), compartment, criteria)]
    votes = anchors.assign(vote=vote).drop_duplicates("vote").set_index("vote").reindex(pooled.columns)
    return pooled.loc[case].to_numpy(), pooled.loc[control].to_numpy(), votes


def _donors(exp: Experiment, contrast: Contrast) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]] | None:
    """Codes of the pairs in both arms, -1 where none is given; nothing where the contrast is not paired."""
    if contrast.paired_by is None:
        return None
    pairs = exp.samples[contrast.paired_by]
    codes = pd.Series(pd.factorize(pairs.where(pairs.isna(), pairs.astype(str)))[0], pairs.index)
    case, control = contrast.groups(exp)
    return codes[case].to_numpy(), codes[control].to_numpy()


def _asked(
    preparation: pd.DataFrame, level: pd.Series, compartment: pd.Series, criteria: Criteria
) -> npt.NDArray[np.bool_]:
    """Choose the anchors abundant enough in the comparator that what is left of them can be seen.

    What is rare in the comparator is missed in a preparation for its rarity, not for its absence: left in, it would
    pull the median down. So the more abundant half of each compartment is asked, and half of that again while too
    many of them are missed and enough are left.
    """
    t = criteria.threshold
    rank = level.groupby(compartment).rank(ascending=False, pct=True).to_numpy()
    share = t["reference_abundant"]
    asked = rank <= share
    while preparation.loc[:, asked].isna().to_numpy().mean() > t["reference_missed"]:
        share /= 2
        fewer = rank <= share
        if fewer.sum() < t["reference_enough"]:
            break
        asked = fewer
    return np.asarray(asked)


def _carry_row(
    blank: dict[str, object],
    found: ContaminationFraction,
    n_set: int,
    exp: Experiment,
    contrast: Contrast,
    criteria: Criteria,
) -> dict[str, object]:
    floor = criteria.threshold["contamination_floor"]
    notes = []
    if found.bounded.any():
        lacking = f"{100 * criteria.threshold['reference_absent']:.0f} % of the anchors"
        notes.append(
            f"{int(found.bounded.sum())} of {len(found.bounded)} samples lack {lacking} or more: a bound only"
        )
    if exp.approximate:
        notes.append("logarithmic, imputed or requantified input inflates it")
    if len(found.by_sample) < 2:
        notes.append("one preparation: the interval holds for the anchors only")
    fraction, low, high = found.fraction, found.ci_low, found.ci_high
    if fraction < floor:
        fraction, low, high = floor, np.nan, max(floor, high)
        notes.append(f"below {100 * floor:g} %: a bound only")
    upper = (
        contrast.comparator == "lysate" or found.bounded.any() or exp.approximate or found.fraction < floor
    )
    return {
        **blank,
        "fraction": fraction,
        "ci_low": low,
        "ci_high": high,
        "bound": "at most" if upper else "about",
        "n_measured": int(found.kept.sum()),
        "n_set": n_set,
        "n_dropped": int((~found.kept).sum()),
        "status": "assessed",
        "reason": "; ".join(notes),
    }
