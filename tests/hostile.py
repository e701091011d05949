"""A study whose names are hostile to everything that shows them."""

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.core.genes import gene_table

NASTY = [
    "<script>alert(1)</script>",
    "\"quotes\" & 'more'",
    "=HYPERLINK(\"http://x\")",
    "+1", "-2", "@cmd",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "</script><b>",
    "x" * 10_000,
    "a\nb\tc",
]  # fmt: skip


def nasty_contrast():
    """Compare the two groups of `nasty_experiment`."""
    return mk.Contrast("arm", NASTY[0], NASTY[1], comparator="lysate")


def nasty_experiment(words=NASTY):
    """A small study whose protein, gene, sample and level names are hostile: ten words."""
    rng = np.random.default_rng(0)
    markers = mk.load_markers()
    background = sorted(gene_table("human").symbols - set(markers.table["gene"]))[:120]
    genes = [
        *markers["exosome"].positive[:25],
        *markers["mitochondrion"].positive[:30],
        *words,
        *background,
    ]
    samples = [f"{word} {i}" for i, word in enumerate([*words[:4], *words[6:8], "plain", "other"])]
    values = pd.DataFrame(
        np.exp2(rng.normal(22, 2, len(genes)) + rng.normal(0, 0.4, (8, len(genes)))), samples, genes
    )
    values.iloc[:4, :25] *= 8
    sheet = pd.DataFrame({"arm": [words[0]] * 4 + [words[1]] * 4}, samples)
    proteins = pd.DataFrame({"gene": genes, "accession": ""}, genes)
    return mk.Experiment(values, sheet, proteins)
