"""Make the reference distribution of simulated compositions (markerkit/data/reference_distributions.tsv).

Run once a change of the simulator or of the marker sets asks for it:
``python benchmarks/reference_distributions.py``. Every draw takes its settings from wide ranges, so
that the reference distribution spans clean and dirty preparations; seeds are fixed and the file is
the same on every run. It is a reference distribution and no population: how often a composition
occurs in it says nothing about real studies.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.purity.shares import source_shares
from markerkit.qc.ev_markers import ev_marker_ranks
from markerkit.qc.reference import QUANTILES

DRAWS = 120
TARGET = Path(mk.__file__).parent / "data" / "reference_distributions.tsv"
CLASSES = (("exosome",), ("microvesicle",), ("exosome", "microvesicle"))
ADMIXED = {
    "lysate": ("lipoprotein", "keratin", "plasma", "ribosome", "nonvesicular"),
    "biofluid": ("lipoprotein", "keratin", "platelet", "erythrocyte", "coagulation"),
}
NAMES = {"lysate": ("ev_culture", "lysate"), "biofluid": ("ev_blood", "plasma")}


def draw(comparator: str, seed: int, markers: mk.MarkerCatalog) -> list[pd.DataFrame]:
    """Items of one simulated preparation and its comparator, the first of three of each.

    Three are made, so that the share of missing values asked for can be met.
    """
    rng = np.random.default_rng([seed, len(comparator)])
    sources = {k: 0.05 * float(rng.random()) ** 3 for k in ADMIXED[comparator]}
    exp = mk.simulate(
        markers,
        n=3,
        classes=CLASSES[int(rng.integers(len(CLASSES)))],
        comparator=comparator,
        effect=float(rng.uniform(1.0, 3.5)),
        contamination_fraction=float(10 ** rng.uniform(-2.5, -0.3)),
        sources=sources,
        missing=float(rng.uniform(0.1, 0.4)),
        n_background=int(rng.integers(300, 3000)),
        seed=seed,
    ).experiment
    first = exp.samples.drop_duplicates("fraction").index
    exp = exp.select(samples=list(first))
    kind = dict(zip(first, NAMES[comparator], strict=True))
    shares = source_shares(exp, markers)
    shares = shares.assign(item="share_" + shares["source"], value=shares["share"])[
        ["sample", "item", "value"]
    ]
    ranks = ev_marker_ranks(exp, markers, blood=comparator == "biofluid")
    ranks = pd.DataFrame({"sample": ranks.index, "item": "ev_rank", "value": ranks["ev_rank"]})
    both = pd.concat([shares, ranks])
    return [both.assign(reference_distribution=both["sample"].map(kind))]


def main() -> None:
    """Draw, take quantiles, write."""
    markers = mk.load_markers()
    parts = [p for c in NAMES for seed in range(DRAWS) for p in draw(c, seed, markers)]
    rows = pd.concat(parts).dropna(subset=["value"])
    grouped = rows.groupby(["reference_distribution", "item"], sort=True)["value"]
    table = pd.DataFrame({"n": grouped.size()} | {f"q{q}": grouped.quantile(q / 100) for q in QUANTILES})
    head = (
        f"# Quantiles of {DRAWS} simulated preparations a kind; made by benchmarks/reference_distributions.py, catalog "
        f"{markers.version}. A reference distribution, not a population.\n"
    )
    text = table.reset_index().to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")
    TARGET.write_text(head + text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
