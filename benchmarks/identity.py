"""How often the calls are wrong, and how well a known admixture is found, on real data.

Run as ``python benchmarks/identity.py DATA [--splits N] [--draws N]``. Four parts:

false calls
    One group of samples is split at random, 5 against 5: whatever is called is false.
power
    EV preparations against lysates, subsampled 4 against 4.
titration
    Preparations mixed in silico with their comparator: the carry-over must rise by what was added.
separation
    Does the layer-A score of single samples tell known EV samples from known others?
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.anchors import carry_over_table
from markerkit.criteria import load_criteria
from markerkit.effects import Contrast, fit_contrast
from markerkit.identity import identity_of
from markerkit.purity import source_verdicts
from markerkit.scoring import score_samples

POOLS = [
    ("magnet_adpd_plasma_ev", "HC", "human"),
    ("magnet_adpd_plasma_ev", "AD", "human"),
    ("plasma_ev_isolation_meta_pnnl", "SEC", "human"),
    ("plasma_ev_isolation_meta_pnnl", "UC", "human"),
    ("plasma_ev_isolation_meta_pnnl", "Centrifugation", "human"),
    ("bv2_mouse_ev_vs_cell", "EV", "mouse"),
]
KNOWN = [
    ("bv2_mouse_ev_vs_cell", "EV", "Cell", "mouse"),
    ("magnet_ev_vs_plasma", "EV_MagNet", "Plasma_total", "human"),
    ("wallis_ms2_sec_fractions", "SEC_F8_exosome", "SEC_F20_coisolated", "human"),
]


def load(data: Path, name: str, organism: str) -> tuple[mk.Experiment, mk.MarkerCatalog]:
    markers = mk.load_markers(organism=organism)
    folder = data / name
    exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism=organism)
    return mk.harmonize_ids(exp, markers), markers


def relabelled(exp: mk.Experiment, case: list[str], control: list[str]) -> mk.Experiment:
    arms = exp.select(samples=[*case, *control])
    samples = arms.samples.assign(arm=["case"] * len(case) + ["control"] * len(control))
    return mk.Experiment(arms.values, samples, arms.proteins, arms.scale, arms.organism, arms.history)


def false_calls(data: Path, splits: int) -> pd.DataFrame:
    rows = []
    for name, group, organism in POOLS:
        exp, markers = load(data, name, organism)
        pool = list(exp.samples.index[exp.samples["group"] == group])
        rng = np.random.default_rng(0)
        classes: Counter[str] = Counter()
        sources: Counter[str] = Counter()
        for _ in range(splits):
            drawn = list(rng.permutation(pool)[:10])
            arms = relabelled(exp, drawn[:5], drawn[5:])
            model = fit_contrast(arms, markers, Contrast("arm", "case", "control", comparator="ev"))
            called = identity_of([model], {}).table
            compatible = list(called.loc[called["verdict"] == "compatible", "class"])
            classes.update([*compatible, *(["any"] if compatible else [])])
            table, _used = source_verdicts(model)
            sources.update(table.loc[table["verdict"] == "raised", "source"])
        share = {k: 100 * v / splits for k, v in sources.items()}
        rows.append(
            {
                "pool": f"{name} {group}",
                "splits": splits,
                "any class compatible %": 100 * classes["any"] / splits,
                "classes": ", ".join(f"{k} {v}" for k, v in sorted(classes.items()) if k != "any"),
                "sources raised, mean %": sum(share.values()) / len(load_criteria().sources),
                "worst source %": max(share.values(), default=0.0),
                "worst source": max(share, key=lambda k: share[k], default=""),
            }
        )
    return pd.DataFrame(rows)


def power(data: Path, draws: int) -> pd.Series:
    exp, markers = load(data, "bv2_mouse_ev_vs_cell", "mouse")
    arms = {g: list(exp.samples.index[exp.samples["group"] == g]) for g in ("EV", "Cell")}
    rng = np.random.default_rng(0)
    found: Counter[str] = Counter()
    for _ in range(draws):
        drawn = {g: list(rng.permutation(names)[:4]) for g, names in arms.items()}
        few = relabelled(exp, drawn["EV"], drawn["Cell"])
        model = fit_contrast(few, markers, Contrast("arm", "case", "control", comparator="lysate"))
        called = identity_of([model], {}).table
        found.update(called.loc[called["verdict"] == "compatible", "class"])
    return pd.Series({k: 100 * found[k] / draws for k in ("ev", "exosome", "microvesicle", "apoptotic_body")})


def titration(data: Path) -> pd.DataFrame:
    rows = []
    for name, case, control, organism, comparator in (
        ("bv2_mouse_ev_vs_cell", "EV", "Cell", "mouse", "lysate"),
        ("magnet_ev_vs_plasma", "EV_MagNet", "Plasma_total", "human", "biofluid"),
    ):
        exp, markers = load(data, name, organism)
        contrast = Contrast("group", case, control, comparator=comparator)
        linear = exp.linear().fillna(0.0)
        shares = linear.div(linear.sum(axis=1), axis=0)
        a, b = contrast.arms(exp)
        start = None
        for added in (0.0, 0.02, 0.05, 0.10, 0.20, 0.40):
            mixed = shares.copy()
            mixed.loc[a] = (1 - added) * shares.loc[a] + added * shares.loc[b].mean().to_numpy()
            values = (1e9 * mixed).where(mixed > 0)
            spiked = mk.Experiment(values, exp.samples, exp.proteins, "raw", organism, exp.history)
            whole = carry_over_table(spiked, markers, contrast, seed=0).iloc[0]
            start = whole["fraction"] if start is None else start
            expected = start + added * (1 - start)
            rows.append(
                {
                    "data": name,
                    "added %": 100 * added,
                    "found %": 100 * whole["fraction"],
                    "expected %": 100 * expected,
                    "error, points": 100 * (whole["fraction"] - expected),
                }
            )
    return pd.DataFrame(rows)


def separation(data: Path) -> pd.DataFrame:
    rows = []
    for name, case, control, organism in KNOWN:
        exp, markers = load(data, name, organism)
        logs = exp if exp.scale != "raw" else mk.log2(exp)
        scores = score_samples(logs, markers).table
        group = exp.samples["group"]
        for key in ("pan_ev", "misev_1a", "exosome"):
            one = scores[scores["set"] == key].set_index("sample")["score"].astype(float)
            x, y = one[group == case].to_numpy(), one[group == control].to_numpy()
            auc = np.mean([(u > v) + 0.5 * (u == v) for u in x for v in y])
            rows.append({"data": name, "set": key, "AUC": auc})
    return pd.DataFrame(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--draws", type=int, default=200)
    arguments = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mk.MarkerkitWarning)
        print("titration\n", titration(arguments.data).round(2).to_string(index=False), flush=True)
        print("\nseparation\n", separation(arguments.data).round(3).to_string(index=False), flush=True)
        print(
            "\npower, bv2 4 against 4, compatible %\n",
            power(arguments.data, arguments.draws).to_string(),
            flush=True,
        )
        print(
            "\nfalse calls, 5 against 5\n",
            false_calls(arguments.data, arguments.splits).round(2).to_string(index=False),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
