"""Shares and indices of the quality card."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.purity.blanks import share_limits
from markerkit.qc.indices import plasma_indices, two_axis
from markerkit.qc.outliers import LOOK, far_in_groups
from markerkit.qc.reference import BLOOD_EV, CULTURE_EV, documented, percentile
from markerkit.study.contrast import BLOOD

#: source -> what its signal per EV signal is called
PER_EV: dict[str, str] = {
    "erythrocyte": "hemolysis: erythrocyte signal per EV marker signal",
    "platelet": "platelet signal per EV marker signal; platelet EVs are counted too",
    "coagulation": "signal of coagulation factors per EV marker signal; falls on clotting",
    "lipoprotein": "lipoprotein signal per EV marker signal",
    "keratin": "keratin signal per EV marker signal: handling and skin",
    "bovine_serum": "bovine serum signal per EV marker signal",
}
_INDEX_WORDS = {
    "geyer2019_platelet": "platelet index of Geyer et al. 2019 (panel over all signal); vesicles carry members of the panel too",
    "geyer2019_erythrocyte": "erythrocyte index of Geyer et al. 2019 (panel over all signal)",
    "geyer2019_coagulation": "coagulation index of Geyer et al. 2019 (panel over all signal): fibrinogen leads it, so clotting lowers it",
    "two_axis_ev": "EV axis of the rank index as in EVqualityMS, lists of this catalogue",
    "two_axis_contaminants": "contaminant axis of the same",
    "two_axis_index": "EV axis minus contaminant axis: for comparison only",
}


def yardstick_of(fluid: str | None) -> tuple[tuple[str, ...], str]:
    """Which simulated preparations a fluid is put beside, and their name."""
    if fluid is None:
        return (CULTURE_EV, BLOOD_EV), "ev_culture and ev_blood, mean of both: the fluid is not stated"
    kind = BLOOD_EV if fluid in BLOOD else CULTURE_EV
    note = "" if fluid in BLOOD or fluid == "culture" else f": the nearest to {fluid}"
    return (kind,), kind + note


def percentiles(kinds: tuple[str, ...], item: str, values: pd.Series) -> npt.NDArray[np.float64]:
    """Place of values in one reference distribution, or the mean over several."""
    return np.asarray(np.mean([percentile(k, item, values) for k in kinds], axis=0))


def share_rows(
    exp: Experiment,
    markers: MarkerCatalog,
    shares: pd.DataFrame,
    groups: pd.Series,
    fluid: str | None,
) -> pd.DataFrame:
    """Shares of every sample with interval, percentile, limit from blanks and what to look at.

    Parameters
    ----------
    exp, markers
        Experiment with all samples, and catalogue.
    shares
        Table `source_shares` of the experiment.
    groups
        Group of every sample.
    fluid
        What the samples come from.
    """
    known, words = yardstick_of(fluid)
    limits = share_limits(exp, markers)
    titles = load_criteria().sources
    parts = []
    for key, rows in shares.groupby("source", sort=False):
        rows = rows.set_index("sample").reindex(exp.samples.index)
        value = rows["share"]
        limit = limits[key] if key in limits else pd.Series(np.nan, index=value.index)
        title = titles[str(key)].title if key in titles else "EV markers"
        solid = (rows["status"] == "tested") & (value >= load_criteria().threshold["outlier_share_least"])
        many = far_in_groups(value, groups, "outlier_share_fold") & solid.to_numpy() & (key != "ev")
        covered = ((value <= limit) & limit.notna()).to_numpy()
        neat = _neat(str(key), value)
        said = [
            _join(
                f"{title}: share of signal",
                "far above the other samples of the group" if m else "",
                "not above what the blanks alone would show" if c else "",
                n,
            )
            for m, c, n in zip(many, covered, neat, strict=True)
        ]
        flagged = many | covered | np.array([bool(n) for n in neat])
        parts.append(
            pd.DataFrame(
                {
                    "sample": value.index,
                    "kind": "share",
                    "item": key,
                    "value": value.to_numpy(),
                    "unit": "share of signal",
                    "ci_low": rows["ci_low"].to_numpy(),
                    "ci_high": rows["ci_high"].to_numpy(),
                    "percentile": percentiles(known, f"share_{key}", value),
                    "reference_distribution": words,
                    "blank_limit": limit.to_numpy(float),
                    "n_set": rows["n_set"].to_numpy(),
                    "n_measured": rows["n_measured"].to_numpy(),
                    "flag": np.where(flagged, LOOK, ""),
                    "meaning": said,
                    "status": rows["status"].to_numpy(),
                    "reason": [
                        _join(r, "approximate: logarithmic or imputed input" if exp.approximate else "")
                        for r in rows["reason"]
                    ],
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(
        reference_distribution=np.where(table["percentile"].notna(), table["reference_distribution"], "")
    )


def _neat(key: str, value: pd.Series) -> list[str]:
    """Say where a share reaches that of the neat material, from published compositions."""
    facts = documented()
    facts = facts[facts["item"] == key]
    if facts.empty:
        return [""] * len(value)
    fact = facts.iloc[0]
    text = f"as much as {fact['material']} ({fact['fact']}; {fact['source']})"
    return [text if v >= fact["least"] else "" for v in value]


def _join(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def index_rows(
    exp: Experiment, markers: MarkerCatalog, genes: pd.Series, shares: pd.DataFrame
) -> pd.DataFrame:
    """Gather the indices of every sample: sources per EV marker, plasma quality, the two-axis index."""
    rows_of = {
        str(k): rows.set_index("sample").reindex(exp.samples.index) for k, rows in shares.groupby("source")
    }
    ev = rows_of["ev"]["share"]
    sizes = shares.drop_duplicates("source").set_index("source")["n_set"]
    parts = []
    for key, meaning in PER_EV.items():
        rows = rows_of[key]
        value = (rows["share"].where(rows["share"] > 0) / ev.where(ev > 0)).map(np.log2)
        lost = value.isna().to_numpy()
        why = rows["reason"].where(rows["reason"] != "", "no EV marker or no member was seen")
        parts.append(
            pd.DataFrame(
                {
                    "sample": value.index,
                    "item": f"{key}_per_ev",
                    "value": value.to_numpy(float),
                    "unit": "log2 ratio of shares",
                    "n_set": sizes[key],
                    "n_measured": rows["n_measured"].to_numpy(),
                    "meaning": meaning,
                    "status": np.where(lost, "too few measured", "tested"),
                    "reason": np.where(lost, why, ""),
                }
            )
        )
    if exp.scale != "ratio":
        parts += [
            _named(plasma_indices(exp, markers), "share of signal"),
            _named(two_axis(exp, markers, genes.index), "mean rank"),
        ]
    return pd.concat(parts, ignore_index=True).assign(kind="index")


def _named(rows: pd.DataFrame, unit: str, words: Mapping[str, str] = _INDEX_WORDS) -> pd.DataFrame:
    lost = rows["value"].isna()
    return rows.assign(
        unit=unit,
        meaning=rows["item"].map(words),
        status=np.where(lost, "too few measured", "tested"),
        reason=np.where(lost, "no member of the panel was measured", ""),
    )
