"""Amounts of the sample sheet beside the shares of signal: signal per particle, particles per protein, recovery."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import MarkerCatalog, Sets, with_reference
from markerkit.core.errors import InputError, listed, shown, suggestion
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor
from markerkit.core.messages import reason
from markerkit.core.signal import NO_SHARES, Signal, signal_of
from markerkit.core.vocabulary import Status, VerdictWord
from markerkit.purity.rules import change
from markerkit.purity.series_results import AmountChanges, Amounts
from markerkit.purity.shares import EV, source_panels
from markerkit.stats.set_effect import SetEffect
from markerkit.stats.welch import variance_of_means
from markerkit.study.contrast import Contrast, contrasts_of
from markerkit.study.numeric_columns import amounts_of
from markerkit.study.roles import preparations
from markerkit.tables.registry import TABLES

Array = npt.NDArray[np.float64]

#: sample column -> what it holds
NUMBERS = {
    "particles": "the number of particles in the preparation",
    "volume_ul": "the volume of starting material in microliters",
    "protein_ug": "the protein of the preparation in micrograms",
    "spike_in_ug": "the amount of the spike-in that was added, in micrograms",
}
SPIKE_IN, START = "spike_in", "start_sample"
COLUMNS = (*NUMBERS, SPIKE_IN, START)
QUANTITIES = (
    "ev_per_ul",
    "ev_share",
    "ev_per_particle",
    "signal_per_particle",
    "particles_per_ug",
    "recovery",
)
CONCLUSION = "conclusion"
_AS_SIGNAL = "no protein amount: right only where the same part of every sample was measured"


def amounts(
    exp: Experiment,
    contrasts: Contrast | Iterable[Contrast] | None = None,
    markers: Sets | None = None,
) -> Amounts:
    """Put the amounts of the sample sheet beside the shares of signal.

    Parameters
    ----------
    exp
        Harmonized experiment before normalization. Read are the sample columns ``particles``, ``volume_ul`` (of
        starting material), ``protein_ug``, ``spike_in`` (identifier of the protein that was added), ``spike_in_ug`` (how
        much of it) and ``start_sample`` (name of the sample that a preparation was made from); whichever there are.
        Particles and protein are those of the same amount of preparation.
    contrasts
        Groups to compare: one :class:`markerkit.Contrast`, several or none.
    markers
        Catalog; the shipped one of the experiment's organism by default. Sets of your own, in any form that
        :func:`markerkit.enrich` takes, stand beside the shipped ones.

    Returns
    -------
    Amounts
        ``table``: one row per sample; ``changes``: every amount between the groups of the contrasts, and whether
        there are more vesicles, purer vesicles or both.

    Raises
    ------
    InputError
        None of these columns; a cell that is no number above 0; a spike-in that is no protein of the table; a start
        sample that is no sample; ratios.

    Notes
    -----
    The EV-marker amount is the share of the EV markers times the protein of the preparation. Per volume of starting
    material it says how many vesicles were obtained, the share itself how pure they are: a preparation may hold more
    vesicles without being purer. More than 3e10 particles per microgram of protein is the yardstick of a pure
    preparation (Webber and Clayton 2013, doi:10.3402/jev.v2i0.19861); counters of particles count lipoproteins too.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.load_example()
    >>> sheet = exp.samples.assign(particles=6e10, protein_ug=2.0)
    >>> found = mk.amounts(mk.Experiment(exp.values, sheet, exp.proteins))
    >>> float(found.table.loc[0, "particles_per_ug"]), bool(found.table.loc[0, "high_purity"])
    (30000000000.0, True)
    """
    exp.refuse_imputed()
    exp = preparations(exp)
    if not any(c in exp.samples.columns for c in COLUMNS):
        raise InputError(
            f"the sample sheet has none of the columns of amounts, {listed(COLUMNS)}; add those that you measured."
        )
    if exp.scale == "ratio":
        raise InputError(f"{NO_SHARES}; amounts need the reporter intensities or a label-free quantity.")
    chosen = contrasts_of(exp, contrasts)
    catalog = with_reference(markers, exp.organism)
    table = _table(exp, signal_of(exp), catalog)
    rows = [row for c in chosen for row in _changes(exp, table.set_index("sample"), c)]
    spec = TABLES["amount_changes"]
    changes = AmountChanges(spec.conform(pd.DataFrame(rows)) if rows else spec.empty())
    return Amounts(TABLES["amounts"].conform(table), {"contrasts": [c.name for c in chosen]}, changes=changes)


# ---- samples ------------------------------------------------------------------------


def _table(exp: Experiment, signal: Signal, markers: MarkerCatalog) -> pd.DataFrame:
    samples, n = exp.samples, exp.n_samples
    given = {
        k: amounts_of(samples, k, what) if k in samples.columns else np.full(n, np.nan)
        for k, what in NUMBERS.items()
    }
    part = signal.of(source_panels(markers)[EV].members)
    weighed = np.isfinite(given["protein_ug"])
    # one unit for all samples: a signal beside micrograms could not be compared with them
    by_protein = bool(weighed.any())
    ev = part.share * given["protein_ug"] if by_protein else part.amount
    particles = given["particles"]
    per_ug = particles / given["protein_ug"]
    limit = load_criteria().convention["particles_per_ug"]
    recovery, recovered = _recovery(exp, signal, given, ev)
    reason = np.where(np.isnan(part.share), "no EV marker measured", "" if by_protein else _AS_SIGNAL)
    reason = np.where(~np.isnan(part.share) & by_protein & ~weighed, "no protein amount", reason)
    return pd.DataFrame(
        {
            "sample": samples.index.astype(str),
            **{k: given[k] for k in ("particles", "volume_ul", "protein_ug")},
            "ev_share": part.share,
            "ev_amount": ev,
            "amount_of": "micrograms" if by_protein else "signal",
            "signal_per_particle": part.total / particles,
            "ev_per_particle": ev / particles,
            "ev_per_ul": ev / given["volume_ul"],
            "particles_per_ug": per_ug,
            "high_purity": pd.Series(per_ug >= limit, dtype="boolean").mask(np.isnan(per_ug)),
            "recovery": recovery,
            "recovery_of": recovered,
            "status": np.where(np.isnan(ev), VerdictWord.NOT_ASSESSABLE.value, Status.COMPUTED.value),
            "reason": reason,
        }
    )


def _recovery(
    exp: Experiment, signal: Signal, given: dict[str, Array], ev: Array
) -> tuple[Array, npt.NDArray[np.object_]]:
    """Recovery of a spike-in where there is one, else of the EV markers of the start sample; and what it is of."""
    n = exp.n_samples
    of, found = np.full(n, "", dtype=object), np.full(n, np.nan)
    if SPIKE_IN in exp.samples.columns:
        share = _spike_share(exp, signal)
        measured = share * given["protein_ug"]
        absolute = measured / given["spike_in_ug"]
        if np.isfinite(absolute).any():
            return absolute, np.where(np.isfinite(absolute), "spike-in", of)
        spike = measured if np.isfinite(measured).any() else share * signal.total.to_numpy(float)
        if np.isfinite(spike).any():
            words = "spike-in, relative to the median sample"
            return spike / np.nanmedian(spike), np.where(np.isfinite(spike), words, of)
    elif START in exp.samples.columns:
        names = exp.samples.index.astype(str)
        by_name = dict(zip(names, ev, strict=True))
        for row, start in enumerate(as_factor(exp.samples[START])):
            if isinstance(start, str) and start.strip():
                if start not in by_name:
                    raise InputError(
                        f"`{START}` of the sample {shown(names[row])} is {shown(start)}, no sample of the table."
                        f"{suggestion(start, names)}"
                    )
                found[row], of[row] = ev[row] / by_name[start], f"EV markers of {start}"
    return found, of


def _spike_share(exp: Experiment, signal: Signal) -> Array:
    """Share of signal of the spike-in that each sample names; NaN where it names none or was not measured."""
    named = as_factor(exp.samples[SPIKE_IN])
    share = np.full(len(named), np.nan)
    proteins = signal.proteins
    names = [proteins.index.astype(str), proteins["accession"].astype(str), proteins["gene"].astype(str)]
    for spike in dict.fromkeys(v for v in named.dropna() if v.strip()):
        inside = np.any([np.asarray(column == spike) for column in names], axis=0)
        if not inside.any():
            sample = named.index[named == spike][0]
            raise InputError(
                f"`{SPIKE_IN}` of the sample {shown(sample)} is {shown(spike)}, no protein group, accession or gene of the table; it "
                "names the protein that was added, and `spike_in_ug` says how much of it."
            )
        rows = (named == spike).to_numpy()
        share[rows] = signal.where(inside).share[rows]
    return share


# ---- groups -------------------------------------------------------------------------


def _changes(exp: Experiment, table: pd.DataFrame, contrast: Contrast) -> Iterator[dict[str, object]]:
    """Change of every amount in a contrast, and the conclusion."""
    case, control = (g.astype(str) for g in contrast.groups(exp))
    words = {}
    for quantity in QUANTITIES:
        values = pd.Series(np.log2(table[quantity].astype(float).replace(0.0, np.nan)), table.index)
        row = _change(exp, values, contrast, (case, control))
        words[quantity] = str(row["verdict"])
        yield {"contrast": contrast.name, "quantity": quantity, **row}
    yield {"contrast": contrast.name, "quantity": CONCLUSION, "reason": conclusion(words)}


def _change(
    exp: Experiment, values: pd.Series, contrast: Contrast, groups: tuple[pd.Index, pd.Index]
) -> dict[str, object]:
    t = load_criteria().threshold
    a, b = (values[g].dropna() for g in groups)
    row: dict[str, object] = {"n_case": len(a), "n_control": len(b)}
    if contrast.paired_by is not None:
        pair = as_factor(exp.samples[contrast.paired_by]).set_axis(values.index)
        both = [values[g].dropna().groupby(pair).mean() for g in groups]
        differences = (both[0] - both[1]).dropna()
        n, kind = len(differences), "pairs"
    else:
        differences, n, kind = a, min(len(a), len(b)), "samples a group"
    if n < t["min_replicates"]:
        why = f"{n} {kind} with a value; at least {t['min_replicates']:g} are needed"
        return row | {"verdict": VerdictWord.NOT_ASSESSABLE.value, "reason": why}
    effect = float(differences.mean()) if contrast.paired_by is not None else float(a.mean() - b.mean())
    half = _half(differences, None if contrast.paired_by is not None else b, t["confidence"])
    # one number a sample, no markers: all of its error is that of the samples
    found = SetEffect(effect, np.nan, np.nan, effect - half, effect + half, 1, 1.0)
    verdict = change(found, least=t["min_source_effect"], margin=t["equivalence_margin"])
    return row | {
        "log2_fc": effect,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "verdict": verdict.word.value,
        "reason": reason(verdict, {}),
    }


def _half(a: pd.Series, b: pd.Series | None, confidence: float) -> float:
    """Half of the interval of a mean, or of the difference of two (Welch)."""
    variance, df = variance_of_means(*(x.to_numpy(float) for x in (a, b) if x is not None))
    return float(stdtrit(df, 0.5 + confidence / 2)) * variance**0.5 if np.isfinite(df) else 0.0


_MORE = {"higher": "more vesicles", "similar": "as many vesicles", "lower": "fewer vesicles"}
_PURER = {"higher": "purer", "similar": "as pure", "lower": "less pure"}


def conclusion(words: dict[str, str]) -> str:
    """Tell more vesicles from purer vesicles.

    Parameters
    ----------
    words
        Quantity -> word of its change. `ev_per_ul` (EV-marker amount per volume of starting material) says whether
        there are more vesicles, `ev_share` whether they are purer.

    Examples
    --------
    >>> conclusion({"ev_per_ul": "higher", "ev_share": "similar"})
    'more vesicles for each microliter of starting material; as pure'
    >>> conclusion({"ev_per_ul": "not assessable", "ev_share": "higher"})
    'purer; whether there are more vesicles is not assessable'
    """
    many, pure = words["ev_per_ul"], words["ev_share"]
    parts = []
    if many in _MORE:
        parts.append(f"{_MORE[many]} for each microliter of starting material")
    if pure in _PURER:
        parts.append(_PURER[pure])
    if many not in _MORE:
        parts.append(f"whether there are more vesicles is {many}")
    if pure not in _PURER:
        parts.append(f"whether they are purer is {pure}")
    return "; ".join(parts)
