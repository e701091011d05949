"""Shares and indices of the quality card."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog
from markerkit.core.experiment import Experiment
from markerkit.core.signal import BASES, Signal
from markerkit.core.vocabulary import Severity
from markerkit.core.wording import percent
from markerkit.qc.indices import plasma_indices, two_axis
from markerkit.qc.outliers import REVIEW, far_in_groups
from markerkit.qc.reference import BLOOD_EV, CULTURE_EV, documented, percentile
from markerkit.study.contrast import BLOOD
from markerkit.study.roles import ROLES, SAMPLE
from markerkit.tables.spec import stack_columns

#: source -> what its signal per EV signal is called
PER_EV: dict[str, str] = {
    "erythrocyte": "hemolysis: erythrocyte signal per EV marker signal",
    "platelet": "platelet signal per EV marker signal; platelet EVs are counted too",
    "coagulation": "signal of coagulation factors per EV marker signal; falls on clotting",
    "lipoprotein": "lipoprotein signal per EV marker signal",
    "keratin": "keratin signal per EV marker signal: handling and skin",
    "bovine_serum": "bovine serum signal per EV marker signal",
}
_STEP = "in a vesicle preparation, a second separation by another property (density after size, or size after density)"
_DEBRIS = "check the viability of the source cells and remove debris by a slow spin before the isolation"
_CELLS = "spin the fluid free of cells and platelets before it is stored or vesicles are isolated"
#: source -> what to do where it is large
ADVICE: dict[str, str] = {
    "plasma": _STEP,
    "immunoglobulin": _STEP,
    "lipoprotein": _STEP,
    "nonvesicular": _STEP,
    "coagulation": _STEP,
    "platelet": _CELLS,
    "leukocyte": _CELLS,
    "erythrocyte": "hemolysis: leave the sample out, or compare samples of equal hemolysis",
    "keratin": "handling: compare with a blank, and leave keratins out of totals",
    "bovine_serum": "medium without serum or with serum freed of vesicles; a blank of the medium",
    "urine": "reduce or deplete uromodulin",
    **dict.fromkeys(("er_golgi", "mitochondrion", "nucleus", "ribosome", "proteasome"), _DEBRIS),
}
_INEXACT = "approximate: logarithmic or imputed input"
_OF_BLANKS = "read the share as that of the reagents"
_INDEX_WORDS = {
    "geyer2019_platelet": "platelet index of Geyer et al. 2019 (panel over all signal); vesicles carry members of the panel too",
    "geyer2019_erythrocyte": "erythrocyte index of Geyer et al. 2019 (panel over all signal)",
    "geyer2019_coagulation": "coagulation index of Geyer et al. 2019 (panel over all signal): fibrinogen leads it, so clotting lowers it",
    "two_axis_ev": "EV axis of the rank index as in EVqualityMS, lists of this catalog",
    "two_axis_contaminants": "contaminant axis of the same",
    "two_axis_index": "EV axis minus contaminant axis: for comparison only",
}


def reference_of(fluid: str | None) -> tuple[tuple[str, ...], str]:
    """Choose the reference distributions that a fluid is compared with, and name them."""
    if fluid is None:
        return (CULTURE_EV, BLOOD_EV), "ev_culture and ev_blood, mean of both: the fluid is not stated"
    kind = BLOOD_EV if fluid in BLOOD else CULTURE_EV
    note = "" if fluid in BLOOD or fluid == "culture" else f": the nearest to {fluid}"
    return (kind,), kind + note


def percentiles(kinds: tuple[str, ...], item: str, values: pd.Series) -> npt.NDArray[np.float64]:
    """Place of values in one reference distribution, or the mean over several."""
    return np.asarray(np.mean([percentile(k, item, values) for k in kinds], axis=0))


def share_rows(
    shares: pd.DataFrame, limits: pd.DataFrame, groups: pd.Series, *, fluid: str | None, basis: str
) -> pd.DataFrame:
    """Shares of every sample with interval, percentile, limit from blanks and what to review.

    Parameters
    ----------
    shares
        Table `source_shares` of the experiment.
    limits
        Share that the blanks alone would give, samples x sources; see
        :func:`markerkit.purity.blanks.share_limits`.
    groups
        Group of every sample.
    fluid
        What the samples come from.
    basis
        Basis of the shares. Reference distributions and published compositions are of signal, so
        that other shares are not compared with them.
    """
    titles = load_criteria().sources
    kinds, words = reference_of(fluid)
    parts = []
    for source, rows in shares.groupby("source", sort=False):
        key = str(source)
        rows = rows.set_index("sample").reindex(groups.index)
        limit = limits[key] if key in limits else pd.Series(np.nan, index=groups.index)
        title = titles[key].title if key in titles else "EV markers"
        of_signal = basis == "signal"
        place = percentiles(kinds, f"share_{key}", rows["share"]) if of_signal else np.full(len(rows), np.nan)
        notes = _notes(key, rows, limit, groups, compare=of_signal)
        flagged = np.array([n.text != "" for n in notes])
        meaning = [_join(f"{title}: {BASES[basis]}", n.text) for n in notes]
        parts.append(
            _as_columns(key, rows, meaning, unit=BASES[basis])
            | {
                "percentile": place,
                "reference_distribution": np.where(np.isnan(place), "", words).astype(object),
                "blank_limit": limit.to_numpy(float),
                "flag": np.where(flagged, REVIEW, "").astype(object),
                "severity": np.array([n.severity for n in notes], dtype=object),
                "advice": np.array([n.advice for n in notes], dtype=object),
            }
        )
    return pd.DataFrame(stack_columns(parts))


def _as_columns(
    key: str, rows: pd.DataFrame, meaning: list[str], *, unit: str
) -> dict[str, npt.NDArray[Any]]:
    """Columns of the card for the shares of one source (rows of `source_shares`)."""
    inexact = rows["approximate"].fillna(value=False).astype(bool)
    why = [_INEXACT if approximate else "" for approximate in inexact]
    texts = {"kind": "share", "item": key, "unit": unit}
    return {
        "sample": rows.index.to_numpy(object),
        **{name: rows[name].to_numpy(float) for name in ("ci_low", "ci_high", "n_set", "n_measured")},
        "status": rows["status"].to_numpy(object),
        **{name: np.full(len(rows), text, dtype=object) for name, text in texts.items()},
        "value": rows["share"].to_numpy(float),
        "meaning": np.array(meaning, dtype=object),
        "reason": np.array([_join(r, a) for r, a in zip(rows["reason"], why, strict=True)], dtype=object),
    }


class _Note(NamedTuple):
    """Why a share needs a review, how much it weighs and what to do; empty where it needs none."""

    text: str = ""
    severity: str = ""
    advice: str = ""


def _notes(
    key: str, rows: pd.DataFrame, limit: pd.Series, groups: pd.Series, *, compare: bool
) -> list[_Note]:
    """Say of every sample why a share needs a review."""
    value, criteria = rows["share"], load_criteria()
    solid = (rows["status"] == "tested") & (value >= criteria.threshold["outlier_share_least"])
    many = far_in_groups(value, groups, "outlier_share_fold") & solid.to_numpy() & (key != "ev")
    covered = ((value <= limit) & limit.notna()).to_numpy()
    undiluted = _undiluted(key, value) if compare else [""] * len(value)
    least = criteria.convention["share_review"]
    # blanks and medium are groups by themselves, and are no preparations
    large = ((value >= least) & ~groups.isin(set(ROLES) - {SAMPLE}) & (key != "ev")).to_numpy()
    notes = []
    for m, c, u, big, share in zip(many, covered, undiluted, large, value, strict=True):
        text = _join(
            f"{percent(share, 2)} of the signal, {percent(least)} or more" if big else "",
            "far above the other samples of the group" if m else "",
            "not above what the blanks alone would show" if c else "",
            u,
        )
        advice = _join(ADVICE.get(key, "") if m or u or big else "", _OF_BLANKS if c else "")
        severity = Severity.SERIOUS if big or u else Severity.WARNING
        notes.append(_Note(text, str(severity), advice) if text else _Note())
    return notes


def _undiluted(key: str, value: pd.Series) -> list[str]:
    """Say where a share reaches that of the undiluted material, from published compositions."""
    facts = documented()
    facts = facts[facts["item"] == key]
    if facts.empty:
        return [""] * len(value)
    fact = facts.iloc[0]
    text = f"as much as {fact['material']} ({fact['fact']}; {fact['source']})"
    return [text if v >= fact["threshold"] else "" for v in value]


def _join(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def index_rows(
    exp: Experiment,
    markers: MarkerCatalog,
    genes: pd.Series,
    shares: pd.DataFrame,
    signal: Signal | None,
) -> pd.DataFrame:
    """Gather the indices of every sample: sources per EV marker, plasma quality, the two-axis index.

    Parameters
    ----------
    exp, markers
        Experiment with all samples, and catalog.
    genes
        EV markers, as from :func:`markerkit.qc.ev_markers.ev_marker_genes`.
    shares
        Table `source_shares` of the experiment.
    signal
        Its signal on the basis of the shares; nothing on ratios.
    """
    rows_of = {str(k): r.set_index("sample").reindex(exp.samples.index) for k, r in shares.groupby("source")}
    ev = rows_of["ev"]["share"]
    parts = [_per_ev(key, rows_of[key], ev) for key in PER_EV]
    if signal is not None:
        parts += [
            _indices(plasma_indices(signal, markers), signal.unit),
            _indices(two_axis(exp, markers, genes.index), "mean rank"),
        ]
    return pd.concat(parts, ignore_index=True).assign(kind="index")


def _per_ev(key: str, rows: pd.DataFrame, ev: pd.Series) -> pd.DataFrame:
    """Signal of one source per signal of the EV markers, log2."""
    value = (rows["share"].where(rows["share"] > 0) / ev.where(ev > 0)).map(np.log2)
    lost = value.isna().to_numpy()
    why = rows["reason"].where(rows["reason"] != "", "no EV marker or no member was measured")
    return pd.DataFrame(
        {
            "sample": value.index,
            "item": f"{key}_per_ev",
            "value": value.to_numpy(float),
            "unit": "log2 ratio of shares",
            "n_set": rows["n_set"].to_numpy(),
            "n_measured": rows["n_measured"].to_numpy(),
            "meaning": PER_EV[key],
            "status": np.where(lost, "too few measured", "tested"),
            "reason": np.where(lost, why, ""),
        }
    )


def _indices(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    lost = rows["value"].isna()
    return rows.assign(
        unit=unit,
        meaning=rows["item"].map(_INDEX_WORDS),
        status=np.where(lost, "too few measured", "tested"),
        reason=np.where(lost, "no member of the panel was measured", ""),
    )
