"""Simulated and real mixtures that are taken for vesicles, and vesicles that are hard to call: what is said of them.

Parts of ``benchmarks/identity.py``:

impostors
    Every scenario of :data:`SCENARIOS`, 5 against 5: how often each word is said of each class, and whether the
    preparation is said to look like its comparator.
compression
    Vesicles whose ratios are compressed by interference: what becomes of verdicts that were `compatible`.
mixed_cells
    Real whole-cell proteomes mixed into real plasma.
real_vesicles
    Real vesicles against what is declared not to be vesicles.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import set_members
from markerkit.identity.table import COMPATIBLE, NOT_ASSESSABLE, NOT_COMPATIBLE, UNRESOLVED, identity_of
from markerkit.simulation.materials import Options, simulate_mixture, with_interference
from markerkit.study.contrast import Contrast

#: first seed: rules were chosen with studies of smaller seeds in view
FRESH = 60_000
APOPTOSIS = {"apoptosis_induced": True, "apoptosis_shown": "annexin V", "viability_percent": 70.0}
VESICLES = {"vesicles": True}
WORDS = (COMPATIBLE, UNRESOLVED, NOT_COMPATIBLE, NOT_ASSESSABLE)
SHORT = {COMPATIBLE: "c", UNRESOLVED: "u", NOT_COMPATIBLE: "n", NOT_ASSESSABLE: "-"}


@dataclass(frozen=True)
class Scenario:
    """What is simulated, what it is compared with and what is said of it.

    Parameters
    ----------
    case, control
        Mixtures of materials, or nothing where `study` holds options of :func:`markerkit.simulate`.
    comparator
        Of the contrast.
    context
        What the user states.
    right
        Classes that may be compatible.
    lifted
        Set whose members are raised four-fold in the case.
    """

    case: Mapping[str, float] = field(default_factory=dict)
    control: Mapping[str, float] = field(default_factory=dict)
    comparator: str = "lysate"
    context: Mapping[str, Any] = field(default_factory=lambda: VESICLES)
    right: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    study: Mapping[str, Any] | None = None
    lifted: str = ""


FLUID, CELLS, CYTOSOL = {"fluid": 1.0}, {"cells": 1.0}, {"cytosol": 1.0}
DEBRIS = {"er_golgi": 0.2, "mitochondrion": 0.2, "nucleus": 0.2}
CARRIED = Options(negative_shift=(0.0, 1.5))
DEEP = Options(n_proteins=(800, 5000), n_background=7500)
EXOSOME = ("ev", "exosome")


def _mixed(comparator: str, control: Mapping[str, float], **case: float) -> Scenario:
    return Scenario(case, control, comparator)


SCENARIOS: dict[str, Scenario] = {
    **{f"lysed cells {x:.0%} in a fluid": _mixed("biofluid", FLUID, fluid=1 - x, cells=x) for x in (0.01, 0.05, 0.2, 0.5)},
    "membranes against lysate": _mixed("lysate", CELLS, membranes=1.0),
    "membranes against cytosol": _mixed("soluble", CYTOSOL, membranes=1.0),
    "membranes in a fluid": _mixed("biofluid", FLUID, membranes=0.5, fluid=0.5),
    "membranes and cells against lysate": _mixed("lysate", CELLS, membranes=0.5, cells=0.5),
    "organelles against lysate": _mixed("lysate", CELLS, cells=0.4, **DEBRIS),
    "organelles in a fluid": _mixed("biofluid", FLUID, fluid=0.4, **DEBRIS),
    "debris against lysate": Scenario(study={"classes": [], "sources": DEBRIS}),
    "debris against a fluid": Scenario(study={"classes": [], "sources": DEBRIS, "comparator": "biofluid"}, comparator="biofluid"),
    "lysate as vesicles": _mixed("lysate", CELLS, cells=1.0),
    "fluid as vesicles": _mixed("biofluid", FLUID, fluid=1.0),
    "healthy exosomes said to be apoptotic": Scenario(study={"classes": ["exosome"]}, context=VESICLES | APOPTOSIS, right=EXOSOME),
    "the same, 20S high": Scenario(study={"classes": ["exosome"]}, context=VESICLES | APOPTOSIS, right=EXOSOME, lifted="mod_proteasome_20s"),
    "the same, impure": Scenario(
        study={"classes": ["exosome"], "sources": {"plasma": 0.05, "nucleus": 0.1, "er_golgi": 0.1}},
        context=VESICLES | APOPTOSIS, right=EXOSOME,
    ),
    "apoptotic bodies": Scenario(study={"classes": ["apoptotic_body"]}, context=VESICLES | APOPTOSIS, right=("ev", "apoptotic_body", "apoptotic_ev")),
    "apoptotic bodies, no context": Scenario(study={"classes": ["apoptotic_body"]}, right=("ev", "apoptotic_body", "apoptotic_ev")),
    "apoptotic bodies in a fluid": Scenario(
        {"apoptotic_body": 0.7, "fluid": 0.3}, FLUID, "biofluid", VESICLES | APOPTOSIS, ("ev", "apoptotic_body", "apoptotic_ev")
    ),
    "apoptotic exosomes": Scenario(
        study={"classes": ["apoptotic_exosome"]}, context=VESICLES | APOPTOSIS, right=("apoptotic_exosome", "apoptotic_ev", *EXOSOME)
    ),
    "EVs of dying cells": Scenario(study={"classes": ["apoptotic_ev"]}, context=VESICLES | APOPTOSIS, right=("ev", "apoptotic_ev")),
    "exosomes against lysate": Scenario({"exosome": 0.9, "cells": 0.1}, CELLS, right=EXOSOME),
    "microvesicles against lysate": Scenario({"microvesicle": 0.9, "cells": 0.1}, CELLS, right=("ev", "microvesicle")),
    "exosomes and microvesicles": Scenario(
        {"exosome": 0.45, "microvesicle": 0.45, "cells": 0.1}, CELLS, right=(*EXOSOME, "microvesicle")
    ),
    "the same in a fluid": Scenario(
        {"exosome": 0.4, "microvesicle": 0.4, "fluid": 0.2}, FLUID, "biofluid", right=(*EXOSOME, "microvesicle"), options=CARRIED
    ),
    **{
        f"exosomes of a fluid, purity {x:.0%}": Scenario({"exosome": x, "fluid": 1 - x}, FLUID, "biofluid", right=EXOSOME, options=CARRIED)
        for x in (0.9, 0.6, 0.3)
    },
    "microvesicles of a fluid": Scenario(
        {"microvesicle": 0.6, "fluid": 0.4}, FLUID, "biofluid", right=("ev", "microvesicle"), options=CARRIED
    ),
    "exosomes of 800, lysate of 5,000 proteins": Scenario({"exosome": 0.95, "cells": 0.05}, CELLS, right=EXOSOME, options=DEEP),
}  # fmt: skip
#: scenarios without any vesicle: nothing may be compatible
WITHOUT = [k for k, s in SCENARIOS.items() if not s.right]


def made(scenario: Scenario, markers: mk.MarkerCatalog, seed: int) -> tuple[mk.Experiment, Contrast]:
    """A study of a scenario and its contrast."""
    if scenario.study is None:
        exp = simulate_mixture(
            scenario.case, scenario.control, markers, options=scenario.options, seed=seed
        ).experiment
        contrast = Contrast("fraction", "case", "control", comparator=scenario.comparator)
    else:
        common = {"n": 5, "paired": False, "n_background": 600, "effect": 3.0, "effect_sd": 2.8}
        exp = mk.simulate(markers, seed=seed, **{**common, **scenario.study}).experiment
        control = {"lysate": "lysate", "biofluid": "plasma"}[scenario.comparator]
        contrast = Contrast("fraction", "EV", control, comparator=scenario.comparator)
    if scenario.lifted:
        case, _ = contrast.groups(exp)
        genes = set_members(markers, [scenario.lifted])["gene"]
        values = exp.values.copy()
        values.loc[case, exp.proteins["gene"].isin(genes).to_numpy()] *= 4
        exp = exp.evolve("lift", values=values)
    return exp, contrast


def words_of(model: Any, context: Mapping[str, Any]) -> pd.Series:
    return table_of(model, context)["verdict"]


def table_of(model: Any, context: Mapping[str, Any]) -> pd.DataFrame:
    return identity_of([model], context).table.set_index("class")


def rates(words: Counter[str], n: int) -> str:
    """Percent of each word, `c` compatible, `u` unresolved, `n` not compatible, `-` not assessable."""
    return " ".join(f"{SHORT[w]}{100 * words[w] / n:.0f}" for w in WORDS if words[w])


def impostors(data: Path, runs: int, names: list[str] | None = None) -> tuple[pd.DataFrame, str]:
    del data
    rows = [scenario_row(name, runs) for name in names or SCENARIOS]
    note = (
        f"{runs} simulated studies a scenario. Percent of studies in which a class is c compatible, u unresolved, n not "
        "compatible, - not assessable. Wrong: a class is compatible that the preparation does not hold."
    )
    return pd.DataFrame(rows), note


def scenario_row(name: str, runs: int) -> dict[str, str]:
    warnings.simplefilter("ignore", mk.MarkerkitWarning)
    scenario, markers = SCENARIOS[name], mk.load_markers()
    words: dict[str, Counter[str]] = {k: Counter() for k in load_criteria().classes}
    wrong = right = like = 0
    for seed in range(FRESH, FRESH + runs):
        exp, contrast = made(scenario, markers, seed)
        table = table_of(fit_contrast(exp, markers, contrast), scenario.context)
        verdict = table["verdict"]
        like += bool(table["like_control"].iloc[0])
        for key, word in verdict.items():
            words[key][word] += 1
        found = set(verdict.index[verdict == COMPATIBLE])
        wrong += bool(found - set(scenario.right))
        right += bool((found & set(scenario.right)) - {"ev"})
    return {
        "scenario": name,
        "wrong %": f"{100 * wrong / runs:.1f}",
        "a right class %": f"{100 * right / runs:.1f}" if scenario.right else "",
        "like the control %": f"{100 * like / runs:.1f}",
        **{k: rates(v, runs) for k, v in words.items()},
    }


#: scenarios whose ratios are compressed
COMPRESSED = ("exosomes against lysate", "exosomes of a fluid, purity 90%", "microvesicles against lysate")
SHARES = (0.2, 0.4, 0.6)


def compression(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    """Verdicts on compressed ratios, by what is known of them, where the ratios as they are gave `compatible`."""
    del data
    rows = []
    for name in COMPRESSED:
        scenario, markers = SCENARIOS[name], mk.load_markers()
        counts: dict[tuple[float, str], Counter[str]] = {}
        for seed in range(FRESH, FRESH + runs):
            exp, contrast = made(scenario, markers, seed)
            before = words_of(fit_contrast(exp, markers, contrast), scenario.context)
            for share in SHARES:
                less = with_interference(exp, share)
                for known, used in (("no", less), ("yes", as_ratios(less))):
                    after = words_of(fit_contrast(used, markers, contrast), scenario.context)
                    at = counts.setdefault((share, known), Counter())
                    at.update(after[before == COMPATIBLE])
        for (share, known), words in counts.items():
            total = sum(words.values())
            row = {"scenario": name, "interference %": f"{100 * share:g}", "known to be ratios": known}
            rows.append(
                row | {"verdicts that were compatible": str(total), "now": rates(words, max(total, 1))}
            )
    return pd.DataFrame(rows), f"{runs} studies a scenario; words as in the part `impostors`."


def as_ratios(exp: mk.Experiment) -> mk.Experiment:
    """Log2 ratios to the mean over samples, as of a reference channel."""
    log2 = exp.logged()
    return log2.evolve("ratios", values=log2.values - log2.values.mean(axis=0), scale="ratio")


# ---- real data ---------------------------------------------------------------------

#: data set, organism, condition, case, control, comparator, column and value that select samples
REAL = [
    ("magnet_ev_vs_plasma", "human", "group", "EV_MagNet", "Plasma_total", "biofluid", "", ""),
    ("wallis_ms2_sec_fractions", "human", "group", "SEC_F8_exosome", "SEC_F20_coisolated", "soluble", "", ""),
    ("wallis_ms2_sec_fractions", "human", "group", "SEC_F8_exosome", "CM_conditioned_medium", "biofluid", "", ""),
    ("bv2_mouse_ev_vs_cell", "mouse", "group", "EV", "Cell", "lysate", "", ""),
    *(
        ("bv2_mouse_ev_vs_cell", "mouse", "group", "EV", "Cell", "lysate", "treatment", treatment)
        for treatment in ("control", "TGFB", "IL10", "LPS")
    ),
]  # fmt: skip
#: the same for what is no vesicle
REAL_CELLS = [
    ("tanzer_u937_cells", "human", "group_time", f"{death}_{time}h", f"control_{time}h", "lysate", "", "")
    for death in ("apoptosis", "necroptosis")
    for time in (5, 7)
]


def load(data: Path, name: str, organism: str) -> tuple[mk.Experiment, mk.MarkerCatalog]:
    markers = mk.load_markers(organism=organism)
    exp = mk.read_proteins(data / name / "matrix.tsv", samples=data / name / "samples.tsv", organism=organism)
    return mk.harmonize_ids(exp, markers), markers


def real_vesicles(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    del runs
    rows = []
    for name, organism, condition, case, control, comparator, column, value in [*REAL, *REAL_CELLS]:
        exp, markers = load(data, name, organism)
        if column:
            exp = exp.select(samples=list(exp.samples.index[exp.samples[column] == value]))
        model = fit_contrast(exp, markers, Contrast(condition, case, control, comparator=comparator))
        table = table_of(model, VESICLES)
        row = {"contrast": f"{name} {value}: {case} vs {control}", "comparator": comparator}
        rows.append(row | {k: f"{r['verdict']} ({r['reason']})" for k, r in table.iterrows()})
    return pd.DataFrame(rows), "Said to be vesicles; the contrasts of dying cells with cells are none."


def mixed_cells(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    plasma, markers = load(data, "magnet_ev_vs_plasma", "human")
    cells, _ = load(data, "tanzer_u937_cells", "human")
    fluid = _by_gene(plasma, list(plasma.samples.index[plasma.samples["group"] == "Plasma_total"]))
    cell = _by_gene(cells, list(cells.samples.index[cells.samples["group"] == "control"]))
    rows = []
    for share in (0.01, 0.05, 0.2, 0.5):
        words: dict[str, Counter[str]] = {k: Counter() for k in load_criteria().classes}
        for seed in range(FRESH, FRESH + runs):
            exp = _lysed(fluid, cell, share, np.random.default_rng(seed), markers)
            model = fit_contrast(exp, markers, Contrast("group", "case", "plasma", comparator="biofluid"))
            for key, word in words_of(model, VESICLES).items():
                words[key][word] += 1
        rows.append({"cells %": f"{100 * share:g}", **{k: rates(v, runs) for k, v in words.items()}})
    return pd.DataFrame(
        rows
    ), f"{runs} mixtures a row, 3 against 3, U937 cells in neat plasma; words as in `impostors`."


def _by_gene(exp: mk.Experiment, samples: list[str]) -> pd.DataFrame:
    """Shares of the signal of each sample by gene."""
    gene = exp.proteins["gene"]
    linear = exp.linear().loc[samples, (gene != "").to_numpy()]
    summed = linear.T.groupby(gene[gene != ""].to_numpy()).sum(min_count=1).T
    return summed.div(summed.sum(axis=1), axis=0)


def _lysed(
    fluid: pd.DataFrame,
    cell: pd.DataFrame,
    share: float,
    rng: np.random.Generator,
    markers: mk.MarkerCatalog,
) -> mk.Experiment:
    """Plasma with lysed cells against the plasma; every value with some noise, what was below the plasma's least is lost."""
    drawn = cell.iloc[rng.permutation(len(cell))[:3]]
    genes = fluid.columns.union(cell.columns)
    neat = fluid.reindex(columns=genes, fill_value=0.0).fillna(0.0)
    mixed = (1 - share) * neat.to_numpy() + share * drawn.reindex(columns=genes).fillna(0.0).to_numpy()
    values = np.vstack([mixed, neat.to_numpy()]) * np.exp2(0.25 * rng.standard_normal((6, len(genes))))
    least = np.nanquantile(fluid.to_numpy(), 0.05)
    names = [f"{g}_{i}" for g in ("case", "plasma") for i in (1, 2, 3)]
    frame = pd.DataFrame(1e10 * np.where(values >= least, values, np.nan), index=names, columns=genes)
    frame = frame.loc[:, frame.notna().any()]
    samples = pd.DataFrame({"group": ["case"] * 3 + ["plasma"] * 3}, index=pd.Index(names, name="sample"))
    proteins = pd.DataFrame({"gene": frame.columns}, index=frame.columns)
    return mk.harmonize_ids(mk.Experiment(frame, samples, proteins, "raw", "human"), markers)


PARTS = {
    "impostors": ("What is taken for vesicles, and vesicles that are hard to call", impostors, 20),
    "compression": ("Compressed ratios", compression, 10),
    "mixed_cells": ("Real cells in real plasma", mixed_cells, 10),
    "real_vesicles": ("Real vesicles, and dying cells", real_vesicles, 1),
}
