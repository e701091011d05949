"""What every threshold of ``reference_sets/criteria.toml`` does: a smaller and a larger value in its place.

Run as ``python benchmarks/thresholds.py DATA``; ``--part NAME`` runs one part alone and ``--write`` puts what
was run into the README of this folder. The parts:

verdicts
    Thresholds of verdicts, on random splits of real samples of one kind, on vesicles against their cells and on
    simulated studies.
few
    How much must be measured: the same studies with most markers taken out.
replicates
    The same real samples with ever fewer of them in one arm.
contamination_fraction
    Thresholds of the contamination fraction, on simulated preparations.
outliers
    Flags of the quality card, on simulated studies with and without an odd sample.
blanks
    Content of simulated procedural blanks.

The studies are drawn once and read under every value, so rows differ by the value alone. Values are never chosen
here: the part shows what they do.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.checks.sensitivity import read_all
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import set_members
from markerkit.effects.model import AnyContrast, UnfittedContrast
from markerkit.identity.table import COMPATIBLE, NOT_ASSESSABLE, NOT_COMPATIBLE
from markerkit.purity.blanks import blank_content
from markerkit.purity.contamination import contamination_fraction_table
from markerkit.purity.rules import HIGHER, LOWER, SIMILAR
from markerkit.qc.outliers import REVIEW, far, similarity
from markerkit.study.contrast import Contrast

sys.path.insert(0, str(Path(__file__).parent))
from identity import ALSO_RIGHT, CONTEXT, POOLS, load, relabelled, simulated
from sections import Part, run_parts

#: first seed of the simulated studies
FIRST = 40_000
#: threshold of a verdict -> values in its place
VERDICTS: dict[str, tuple[float, ...]] = {
    "min_source_effect": (0.0, 1.0),
    "equivalence_margin": (0.5, 1.5),
    "min_class_effect": (0.5, 1.5),
    "class_confidence": (0.8, 0.95),
    "confidence": (0.9, 0.99),
    "min_markers": (3, 8),
    "min_weight": (0.1, 0.4),
    "min_markers_source": (2, 5),
    "min_markers_negative": (2, 5),
    "min_markers_margin": (2, 5),
    "presence_seen": (0.5, 1.0),
    "censoring_quantile": (0.01, 0.25),
}
FEW: dict[str, tuple[float, ...]] = {
    "min_markers": (2, 3, 8),
    "min_weight": (0.0, 0.1, 0.4),
    "min_markers_source": (2, 5),
    "min_markers_negative": (2, 5),
    "min_markers_margin": (2, 5),
}
REPLICATES: dict[str, tuple[float, ...]] = {"min_replicates": (1, 3, 4)}
CARRY_OVER: dict[str, tuple[float, ...]] = {
    "confidence": (0.9, 0.99),
    "min_reference_proteins": (4, 16),
    "reference_seen": (0.25, 1.0),
    "reference_absent": (0.1, 0.6),
    "reference_abundant": (0.25, 1.0),
    "reference_missed": (0.05, 0.3),
    "reference_enough": (8, 32),
    "resident_mad": (2.0, 6.0),
    "resident_log2": (0.25, 2.0),
    "contamination_floor": (0.001, 0.02),
    "compartment_spread": (1.5, 4.0),
}
OUTLIERS: dict[str, tuple[float, ...]] = {
    "outlier_z": (2.5, 5.0),
    "outlier_fold": (1.2, 2.0),
    "outlier_share_fold": (2.0, 8.0),
    "outlier_share_least": (0.0, 0.01),
    "outlier_min_samples": (4, 7),
    "outlier_min_proteins": (20, 80),
    "outlier_seen": (0.2, 1.0),
}
BLANKS: dict[str, tuple[float, ...]] = {"blank_seen": (0.25, 1.0), "blank_ratio": (0.03, 0.3)}
#: read while a contrast is fitted, so that it is fitted again
FITTED = ("min_markers_source", "presence_seen", "censoring_quantile")
#: thresholds that no verdict, flag or number hangs on
DECIDE_NOTHING = ("power", "checklist_seen")
#: what is left of the markers where few are measured
LEFT = 0.3
#: sources admixed to simulated exosomes, as shares of the signal
ADMIXED = {"keratin": 0.001, "lipoprotein": 0.001, "immunoglobulin": 0.001, "leukocyte": 0.01}
#: organelles admixed to simulated exosomes, so that their negatives rise
ORGANELLES = {"er_golgi": 0.2, "mitochondrion": 0.1, "nucleus": 0.1}
LYSATE = Contrast("fraction", "EV", "lysate", comparator="lysate")
PLASMA = Contrast("fraction", "EV", "plasma", comparator="biofluid")


@contextmanager
def in_place(name: str, value: float) -> Iterator[None]:
    """Put another value in the place of a threshold, and the threshold back; no name leaves all as they are."""
    rules: dict[str, float] = load_criteria().threshold  # type: ignore[assignment]
    if not name:
        yield
        return
    usual = rules[name]
    rules[name] = value
    try:
        yield
    finally:
        rules[name] = usual


class Setting(NamedTuple):
    """A threshold and the value in its place; without a name all are as they are."""

    name: str = ""
    value: float = np.nan


def settings(values: Mapping[str, Sequence[float]]) -> list[Setting]:
    return [Setting(), *(Setting(name, v) for name, several in values.items() for v in several)]


class Found:
    """What was found under each setting: numbers by column and by the part of the studies that they come from."""

    def __init__(self) -> None:
        self.values: dict[tuple[Setting, str], dict[str, list[float]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def add(self, setting: Setting, column: str, part: str, *values: float) -> None:
        self.values[setting, column][part].extend(values)

    def table(self, of: Sequence[Setting], columns: Mapping[str, str]) -> pd.DataFrame:
        """Table of a row a setting; `columns` says how each is summed up: mean, lowest or median, in hundredths."""
        usual = load_criteria().threshold
        rows = []
        for s in of:
            head = {
                "threshold": s.name or "as they are",
                "value": f"{s.value:g}" if s.name else "",
                "instead of": f"{usual[s.name]:.3g}" if s.name else "",
            }
            rows.append(head | {c: self._cell(s, c, how) for c, how in columns.items()})
        return pd.DataFrame(rows)

    def _cell(self, setting: Setting, column: str, how: str) -> str:
        of = CLASSES[0] if column == LOWEST else column
        parts = {k: v for k, v in self.values[setting, of].items() if v}
        if not parts:
            return ""
        if how == "lowest":
            return f"{100 * min(float(np.mean(v)) for v in parts.values()):.1f}"
        together = np.concatenate([np.asarray(v, dtype=float) for v in parts.values()])
        summed = np.nanmedian(together) if how == "median" else np.nanmean(together)
        return f"{100 * float(summed):.1f}"


def unchanged(table: pd.DataFrame) -> list[str]:
    """Thresholds of a table whose rows all equal the first one."""
    numbers = table.drop(columns=["threshold", "value", "instead of"])
    same = (numbers == numbers.iloc[0]).all(axis=1)
    return [str(k) for k, rows in same.iloc[1:].groupby(table["threshold"], sort=False) if rows.all()]


def said_unchanged(table: pd.DataFrame) -> str:
    names = unchanged(table)
    return f" No number of this table hangs on {', '.join(f'`{n}`' for n in names)}." if names else ""


# ---- verdicts ----------------------------------------------------------------------


@dataclass(frozen=True)
class Study:
    """A study with its answer: `kind` says what is counted, `part` what it is a study of."""

    kind: str
    part: str
    exp: mk.Experiment
    markers: mk.MarkerCatalog
    contrast: Contrast
    context: Mapping[str, Any]
    raised: Mapping[str, bool]

    def fit(self) -> AnyContrast:
        return fit_contrast(self.exp, self.markers, self.contrast)


def judged(model: AnyContrast, context: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Words on every class and every source, as in the tables, without the rest of their rows."""
    rules = load_criteria()
    if isinstance(model, UnfittedContrast):
        return dict.fromkeys(rules.classes, NOT_ASSESSABLE), dict.fromkeys(rules.sources, NOT_ASSESSABLE)
    words: dict[str, dict[str, str]] = {"class": {}, "source": {}}
    for row in read_all(model, model.schemes, context):
        words[row["kind"]][row["key"]] = row["verdict"]
    return words["class"], words["source"]


def real(data: Path, runs: int, n: int = 5, n_case: int = 4, n_control: int = 4) -> Iterator[Study]:
    """Random splits of groups of one kind, n against 5, and draws of vesicles against their cells."""
    for name, group, organism in POOLS:
        exp, markers = load(data, name, organism)
        pool = list(exp.samples.index[exp.samples["group"] == group])
        rng = np.random.default_rng(FIRST)
        for _ in range(runs):
            drawn = list(rng.permutation(pool)[: n + 5])
            arms = relabelled(exp, drawn[:n], drawn[n:])
            contrast = Contrast("arm", "case", "control", comparator="lysate")
            yield Study("split", f"{name} {group}", arms, markers, contrast, {}, {})
    exp, markers = load(data, "bv2_mouse_ev_vs_cell", "mouse")
    arms = {g: list(exp.samples.index[exp.samples["group"] == g]) for g in ("EV", "Cell")}
    rng = np.random.default_rng(FIRST)
    for _ in range(runs):
        case, control = list(rng.permutation(arms["EV"])), list(rng.permutation(arms["Cell"]))
        few = relabelled(exp, case[:n_case], control[:n_control])
        contrast = Contrast("arm", "case", "control", comparator="lysate")
        yield Study("draw", "bv2", few, markers, contrast, {}, {})


def invented(runs: int) -> Iterator[Study]:
    """Simulated studies of every class and of none, and exosomes with sources or organelles admixed."""
    markers = mk.load_markers()
    for key in (*CONTEXT, ""):
        context = CONTEXT.get(key, {"vesicles": True})
        for seed in range(FIRST, FIRST + runs):
            yield Study("class", key, simulated(markers, key, seed), markers, LYSATE, context, {})
    for seed in range(FIRST, FIRST + runs):
        made = mk.simulate(markers, n=5, paired=False, n_background=600, sources=ADMIXED, seed=seed)
        yield Study("source", "admixed", made.experiment, markers, LYSATE, {}, made.truth.sources)
        made = mk.simulate(markers, n=5, paired=False, n_background=600, sources=ORGANELLES, seed=seed)
        yield Study("negatives", "organelles", made.experiment, markers, LYSATE, {}, {})


def count(
    found: Found, setting: Setting, study: Study, classes: Mapping[str, str], sources: Mapping[str, str]
) -> None:
    """Add what one study says under one setting."""
    called = {k for k, word in classes.items() if word == COMPATIBLE}
    if study.kind == "split":
        asked = [k for k, rule in load_criteria().classes.items() if not rule.context]
        found.add(setting, SPLITS[0], study.part, bool(called))
        found.add(setting, SPLITS[1], study.part, *(classes[k] == NOT_COMPATIBLE for k in asked))
        found.add(setting, SPLITS[2], study.part, *(w == HIGHER for w in sources.values()))
        found.add(setting, SPLITS[3], study.part, *(w in {SIMILAR, LOWER} for w in sources.values()))
    elif study.kind == "draw":
        for column, key in zip(DRAWS, ("ev", "exosome"), strict=True):
            found.add(setting, column, study.part, key in called)
    elif study.kind == "class":
        key = study.part
        right = {key, "ev", *ALSO_RIGHT.get(key, ())} if key else set()
        found.add(setting, CLASSES[2], key, bool(called - right))
        if key:
            found.add(setting, CLASSES[0], key, key in called)
            found.add(setting, CLASSES[1], key, classes[key] == NOT_COMPATIBLE)
    elif study.kind == "negatives":
        found.add(setting, NEGATIVES, study.part, "exosome" in called)
    else:
        for key, is_raised in study.raised.items():
            found.add(setting, SOURCES[0 if is_raised else 1], key, sources[key] == HIGHER)


SPLITS = (
    "splits: any class compatible %",
    "splits: classes not compatible %",
    "splits: sources higher, mean %",
    "splits: sources similar or lower, mean %",
)
DRAWS = ("bv2: ev compatible %", "bv2: exosome compatible %")
CLASSES = (
    "simulated: right class compatible %",
    "simulated: right class not compatible %",
    "simulated: a wrong class compatible %",
)
LOWEST = "simulated: the same in the lowest class %"
NEGATIVES = "simulated: exosomes with organelles, compatible %"
SOURCES = ("simulated: sources that rose higher %", "simulated: sources that did not rise higher %")
COLUMNS = {
    **dict.fromkeys((*SPLITS, *DRAWS, CLASSES[0]), "mean"),
    LOWEST: "lowest",
    **dict.fromkeys((*CLASSES[1:], NEGATIVES, *SOURCES), "mean"),
}


def verdicts(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    def studies() -> Iterator[Study]:
        yield from real(data, runs)
        yield from invented(runs)

    of = settings(VERDICTS)
    table = read(studies(), of).table(of, COLUMNS)
    note = (
        f"{runs} random splits of each of {len(POOLS)} pools, 5 against 5, where every class and every source called is "
        f"false; {runs} draws of bv2_mouse_ev_vs_cell, EV against cell, 4 against 4; {runs} simulated studies of each class "
        f"and of none, as in the part of simulated classes; {runs} of exosomes with {_listed(ADMIXED)} admixed, where a "
        f"source rose or did not by the noise-free truth; {runs} of exosomes with {_listed(ORGANELLES)} admixed, whose "
        "negatives may rise. `power` has no row: it is the power at which a smallest detectable "
        "effect is stated, and decides no verdict. `checklist_seen` has no row: it answers items of a reporting guideline."
    )
    return table, note + said_unchanged(table)


def _listed(admixed: Mapping[str, float]) -> str:
    return ", ".join(f"{100 * share:g} % {name}" for name, share in admixed.items())


def read(studies: Iterator[Study], of: Sequence[Setting]) -> Found:
    """Read every study under every setting; fitted once, but where the threshold is read in the fit."""
    found = Found()
    for study in studies:
        fitted = study.fit()
        for s in of:
            with in_place(*s):
                again = s.name in FITTED and (
                    study.exp.presence_known or s.name not in ("presence_seen", "censoring_quantile")
                )
                model = study.fit() if again else fitted
                count(found, s, study, *judged(model, study.context))
    return found


def few(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    def studies() -> Iterator[Study]:
        rng = np.random.default_rng(FIRST)
        for study in (*real(data, runs), *invented(runs)):
            known = study.exp.proteins["gene"].isin(set(study.markers.table["gene"]) - {""}).to_numpy()
            kept = ~known | (rng.random(len(known)) < LEFT)
            exp = study.exp.select(proteins=study.exp.values.columns[kept])
            yield Study(
                study.kind, study.part, exp, study.markers, study.contrast, study.context, study.raised
            )

    of = settings(FEW)
    table = read(studies(), of).table(of, COLUMNS)
    note = (
        f"The studies of the part before, {runs} of each, with {100 * LEFT:g} % of the proteins of the catalog left, drawn "
        "anew in every study. A verdict less is a verdict that the threshold withholds."
    )
    return table, note + said_unchanged(table)


def replicates(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    found = Found()
    of = settings(REPLICATES)
    for s in of:
        n = int(s.value if s.name else load_criteria().threshold["min_replicates"])
        for study in real(data, runs, n=n, n_case=n):
            with in_place(*s):
                count(found, s, study, *judged(study.fit(), study.context))
    table = found.table(of, dict.fromkeys((*SPLITS, *DRAWS), "mean"))
    note = (
        f"The smallest group that each value admits: so many samples against 5 in {runs} random splits a pool, and "
        f"against 4 in {runs} draws of bv2_mouse_ev_vs_cell, EV against cell."
    )
    return table, note


# ---- contamination fraction --------------------------------------------------------------------

#: what is special -> contrast, options of the simulation, share of the reference proteins left
PREPARATIONS: dict[str, tuple[Contrast, dict[str, Any], float]] = {
    "lysate": (LYSATE, {}, 1.0),
    "biofluid": (PLASMA, {}, 1.0),
    "a quarter residents": (LYSATE, {"resident_fraction": 0.25}, 1.0),
    "40 % missing": (PLASMA, {"missing": 0.4}, 1.0),
    "few reference proteins": (LYSATE, {}, 0.05),
    "0.3 % carried": (PLASMA, {"contamination_fraction": 0.003}, 1.0),
    "1 % carried": (PLASMA, {"contamination_fraction": 0.01}, 1.0),
    "mitochondria": (LYSATE, {"sources": {"mitochondrion": 0.05}}, 1.0),
}
#: column -> preparations that it is read in and what is read
CARRIED: dict[str, tuple[tuple[str, ...], str]] = {
    "lysate and biofluid: median found %": (("lysate", "biofluid"), "fraction"),
    "lysate and biofluid: intervals that hold 5 %": (("lysate", "biofluid"), "holds"),
    "lysate and biofluid: median width, points": (("lysate", "biofluid"), "width"),
    "a quarter residents: median found %": (("a quarter residents",), "fraction"),
    "a quarter residents: intervals that hold 5 %": (("a quarter residents",), "holds"),
    "40 % missing: assessed %": (("40 % missing",), "assessed"),
    "40 % missing: median found %": (("40 % missing",), "fraction"),
    "40 % missing: intervals that hold 5 %": (("40 % missing",), "holds"),
    "40 % missing: an upper bound only %": (("40 % missing",), "bound"),
    "few reference proteins: assessed %": (("few reference proteins",), "assessed"),
    "few reference proteins: intervals that hold 5 %": (("few reference proteins",), "holds"),
    "0.3 % carried: a bound only %": (("0.3 % carried",), "bound"),
    "1 % carried: a bound only %": (("1 % carried",), "bound"),
    "lysate: compartments differ %": (("lysate",), "disagree"),
    "5 % mitochondria admixed: compartments differ %": (("mitochondria",), "disagree"),
}


def carried(
    exp: mk.Experiment, markers: mk.MarkerCatalog, contrast: Contrast, truth: float
) -> dict[str, Any]:
    """What the contamination fraction of one study says, beside its truth."""
    row = contamination_fraction_table(exp, markers, contrast, seed=0).iloc[0]
    if row["status"] != "assessed":
        return {"assessed": False}
    # below the floor only an upper limit is given
    low, high = np.nan_to_num(row["ci_low"]), row["ci_high"]
    return {
        "assessed": True,
        "fraction": row["fraction"],
        "holds": low <= truth <= high,
        "width": high - low,
        "bound": row["bound"] == "at most",
        "disagree": "compartments differ" in row["reason"],
    }


def without_names(exp: mk.Experiment, genes: set[str], left: float, seed: int) -> mk.Experiment:
    """Take the names from all but a share of these genes; their signal stays, so that shares keep their truth."""
    proteins = exp.proteins
    lost = proteins["gene"].isin(genes) & (np.random.default_rng(seed).random(len(proteins)) >= left)
    proteins["gene"] = proteins["gene"].mask(lost, "")
    return mk.Experiment(exp.values, exp.samples, proteins, history=exp.history)


def contamination_fraction(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    del data
    markers, found, of = mk.load_markers(), Found(), settings(CARRY_OVER)
    for kind, (contrast, options, left) in PREPARATIONS.items():
        rule = load_criteria().contamination_fraction[contrast.comparator or ""]
        reference = set(set_members(markers, rule.compartments)["gene"])
        for seed in range(FIRST, FIRST + runs):
            made = mk.simulate(
                markers, n=4, comparator=contrast.comparator, paired=False, n_background=500, seed=seed, **options
            )  # fmt: skip
            exp = without_names(made.experiment, reference, left, seed) if left < 1 else made.experiment
            for s in of:
                with in_place(*s):
                    said = carried(exp, markers, contrast, made.truth.contamination_fraction)
                for column, (kinds, what) in CARRIED.items():
                    if kind in kinds and what in said:
                        found.add(s, column, kind, said[what])
    how = {c: "median" if what in ("fraction", "width") else "mean" for c, (_, what) in CARRIED.items()}
    table = found.table(of, how)
    note = (
        f"{runs} simulated studies of each kind, 4 against 4 of other donors, 5 % contamination unless a column says "
        f"otherwise. 40 % missing, 0.3 % and 1 % contamination: from a biofluid; few reference proteins: "
        f"{100 * PREPARATIONS['few reference proteins'][2]:g} % of them known by name. Against a lysate every estimate is an upper bound anyway. "
        "An empty cell: no study was assessed."
    )
    return table, note + said_unchanged(table)


# ---- quality -----------------------------------------------------------------------

#: samples a group, in turn
SIZES = (4, 5, 6, 8)
#: share of lysate in an odd sample of vesicles, and of keratin in an odd lysate
SPOILED, KERATIN = 0.25, 0.02
#: proteins of a study of few
FEW_PROTEINS = (25, 100)
FLAGGED = (
    "similarity and depth: false flags per 100 samples",
    "shares: false flags per 100 samples",
    "lysate admixed: found %",
    "keratin admixed: found %",
    "few proteins: false flags per 100 samples",
)


def spoiled(exp: mk.Experiment) -> tuple[mk.Experiment, str, str]:
    """Admix a lysate to the first vesicles, and keratin to the first lysate."""
    values = exp.values.copy()
    level = exp.samples["fraction"]
    mixed, dirty = level.index[level == "EV"][0], level.index[level == "lysate"][0]
    other = values.loc[level == "lysate"].iloc[-1]
    whole = values.loc[mixed]
    both = (1 - SPOILED) * whole.fillna(0) / whole.sum() + SPOILED * other.fillna(0) / other.sum()
    values.loc[mixed] = (both * whole.sum()).where(both > 0)
    keratin = exp.proteins["gene"].isin(mk.load_markers()["keratin"].positive).to_numpy()
    keratin = keratin & values.loc[dirty].notna().to_numpy()
    if keratin.any():
        values.loc[dirty, keratin] += KERATIN * values.loc[dirty].sum() / keratin.sum()
    made = mk.Experiment(values, exp.samples, exp.proteins, history=exp.history)
    return made, str(mixed), str(dirty)


def flags(exp: mk.Experiment, markers: mk.MarkerCatalog) -> tuple[set[str], set[tuple[str, str]]]:
    """Samples flagged for similarity or depth, and samples and sources flagged for a share."""
    table = mk.quality(exp, markers, group="fraction").table
    table = table[(table["flag"] == REVIEW)]
    odd = set(table.loc[table["kind"].isin(["outlier", "depth"]), "sample"])
    rows = table[(table["kind"] == "share") & table["meaning"].str.contains("far above")]
    return odd, set(zip(rows["sample"], rows["item"], strict=True))


def few_flags(exp: mk.Experiment, seed: int, draws: int) -> list[bool]:
    """Flags of similarity among vesicles of which a few proteins are known, drawn several times."""
    rng = np.random.default_rng(seed)
    logs = np.log2(exp.values[exp.samples["fraction"] == "EV"])
    fold, found = load_criteria().threshold["outlier_fold"], []
    for _ in range(draws):
        n = int(rng.integers(*FEW_PROTEINS))
        close = similarity(logs.iloc[:, rng.permutation(logs.shape[1])[:n]])
        far_off = [far(v.to_numpy(float), fold=fold) for v in (1 - close["correlation"], close["distance"])]
        found += list(far_off[0] | far_off[1])
    return found


def outliers(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    del data
    markers, found, of = mk.load_markers(), Found(), settings(OUTLIERS)
    for i, seed in enumerate(range(FIRST, FIRST + runs)):
        n = SIZES[i % len(SIZES)]
        exp = mk.simulate(markers, n=n, paired=False, n_background=200, seed=seed).experiment
        made, mixed, dirty = spoiled(exp)
        for s in of:
            with in_place(*s):
                odd, shares = flags(exp, markers)
                odd_made, shares_made = flags(made, markers)
                thin = few_flags(exp, seed, draws=10)
            found.add(s, FLAGGED[0], "", *(name in odd for name in exp.samples.index))
            found.add(s, FLAGGED[1], "", len(shares) / exp.n_samples)
            found.add(s, FLAGGED[2], "", mixed in odd_made)
            found.add(s, FLAGGED[3], "", (dirty, "keratin") in shares_made)
            found.add(s, FLAGGED[4], "", *thin)
    table = found.table(of, dict.fromkeys(FLAGGED, "mean"))
    note = (
        f"{runs} simulated studies of {', '.join(map(str, SIZES))} samples a group in turn, read as they are, where every "
        f"flag is false, and with one sample of vesicles that is {100 * SPOILED:g} % lysate and one lysate with "
        f"{100 * KERATIN:g} % keratin admixed. Few proteins: similarity of the vesicles on {FEW_PROTEINS[0]} to "
        f"{FEW_PROTEINS[1] - 1} of their proteins, nothing wrong with them. Groups of fewer samples than "
        "`outlier_min_samples` have no flag, so that not all can be found."
    )
    return table, note + said_unchanged(table)


#: blanks of a study; share of the samples' signal that a protein of all blanks has in them
N_BLANKS, PARTS_OF_SIGNAL = 4, (0.01, 1.0)
#: chance that a blank shows a protein of all blanks, and that a protein comes up in a single one
SHOWN, STRAY = 0.8, 0.05
BLANK_COLUMNS = (
    "proteins of all blanks, a tenth of the signal or more: flagged %",
    "proteins of all blanks, less than a tenth: flagged %",
    "proteins of a single blank: flagged %",
    "keratin, a tenth of the signal or more: flagged %",
    "keratin, less than a tenth: flagged %",
)


def with_blanks(exp: mk.Experiment, seed: int) -> tuple[mk.Experiment, pd.Series, pd.Index]:
    """Add blanks: keratin in all of them, as such a part of the samples' signal, and strays in one each."""
    rng = np.random.default_rng(seed)
    level = exp.values.median()
    keratin = exp.proteins["gene"].isin(mk.load_markers()["keratin"].positive).to_numpy()
    # all of a study's keratin has the same part, as from one bench
    part = float(np.exp(rng.uniform(*np.log(PARTS_OF_SIGNAL))))
    planted = pd.Series(part, index=exp.values.columns[keratin])
    others = exp.values.columns[~keratin]
    stray = others[rng.random(len(others)) < STRAY]
    blanks = pd.DataFrame(np.nan, index=[f"blank_{i}" for i in range(N_BLANKS)], columns=exp.values.columns)
    for name in blanks.index:
        shown = planted.index[rng.random(len(planted)) < SHOWN]
        blanks.loc[name, shown] = part * level[shown] * np.exp2(0.3 * rng.standard_normal(len(shown)))
    at = rng.integers(0, N_BLANKS, len(stray))
    parts = np.exp(rng.uniform(*np.log(PARTS_OF_SIGNAL), len(stray)))
    for name, i, one in zip(stray, at, parts, strict=True):
        blanks.loc[f"blank_{i}", name] = one * level[name]
    values = pd.concat([exp.values, blanks])
    samples = exp.samples.reindex(values.index)
    samples["role"] = ["sample"] * exp.n_samples + ["blank"] * N_BLANKS
    return mk.Experiment(values, samples, exp.proteins, history=exp.history), planted, stray


def blanks(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    del data
    markers, found, of = mk.load_markers(), Found(), settings(BLANKS)
    for seed in range(FIRST, FIRST + runs):
        exp = mk.simulate(markers, n=4, paired=False, n_background=200, seed=seed).experiment
        made, planted, stray = with_blanks(exp, seed)
        if planted.empty:
            continue
        small = float(planted.iloc[0]) < 0.1
        for s in of:
            with in_place(*s):
                table = blank_content(made, markers)
            look = set(
                zip(
                    table.loc[table["flag"] == REVIEW, "level"],
                    table["key"][table["flag"] == REVIEW],
                    strict=True,
                )
            )
            found.add(
                s, BLANK_COLUMNS[1 if small else 0], "", *(("protein", k) in look for k in planted.index)
            )
            found.add(s, BLANK_COLUMNS[2], "", *(("protein", k) in look for k in stray))
            found.add(s, BLANK_COLUMNS[4 if small else 3], "", ("source", "keratin") in look)
    table = found.table(of, dict.fromkeys(BLANK_COLUMNS, "mean"))
    low, high = PARTS_OF_SIGNAL
    note = (
        f"{runs} simulated studies, 4 against 4, with {N_BLANKS} blanks: keratin at {100 * low:g} to {100 * high:g} % of the "
        f"median sample's signal, each of its proteins shown by a blank with chance {SHOWN:g}, and {100 * STRAY:g} % of all "
        "other proteins, each in a single blank at such a part."
    )
    return table, note + said_unchanged(table)


# ---- run ---------------------------------------------------------------------------

PARTS: dict[str, Part] = {
    "verdicts": ("Thresholds of verdicts", verdicts, 30),
    "few": ("Verdicts on few markers", few, 30),
    "replicates": ("Samples of the smaller group", replicates, 30),
    "contamination_fraction": ("Thresholds of the contamination fraction", contamination_fraction, 40),
    "outliers": ("Thresholds of the quality card", outliers, 20),
    "blanks": ("Thresholds of blanks", blanks, 60),
}
INTRO = """## What every threshold does

Written by `python benchmarks/thresholds.py DATA --write` (one part alone: `--part NAME`). A smaller and a larger value
in the place of each threshold of `reference_sets/criteria.toml`; the first row is the thresholds as they are. The same
studies are read in all rows of a table, but for that of the smaller group. No value was chosen by these tables.
"""


if __name__ == "__main__":
    sys.exit(run_parts("thresholds", __doc__.splitlines()[0], INTRO, PARTS))
