"""Tell vesicles from other material sample by sample: markerkit's general EV evidence scores beside other scores.

Run as ``python benchmarks/separation.py DATA``, where DATA holds a folder a data set (``matrix.tsv``,
``samples.tsv``) and ``databases/exocarta``. Every score is computed in every sample; the area
under the ROC curve says how often a vesicle sample scores above one of the other material. The
table goes into the section `separation` of ``benchmarks/README.md``.

Scores, all without a look at the labels:

- markerkit ``ev_rank`` and ``ev_score`` of the quality card (general EV evidence: pan-EV, MISEV2018 1a and 2a), and singscore
  of the same genes;
- ssGSEA (gseapy) of the ExoCarta top 100, unseen proteins left at 0 as gseapy does, and on the seen proteins only;
- the two-axis rank index as in EVqualityMS, on the lists of this catalog;
- ``ulm`` as in decoupler, written out here: the t-value of the slope of a sample's log2 values on membership,
  unseen proteins at the sample's lowest value; on the ExoCarta top 100 and on general EV evidence.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sections import write_section

import markerkit as mk
from markerkit.ids.representative import gene_rows
from markerkit.qc.ev_markers import ev_marker_genes, ev_marker_ranks
from markerkit.qc.indices import two_axis
from markerkit.stats.ranks import singscore

#: data set, vesicle group, other group, organism, blood, what is known
CASES = (
    ("bv2_mouse_ev_vs_cell", "EV", "Cell", "mouse", False, "SEC vesicles against their cells"),
    (
        "magnet_ev_vs_plasma",
        "EV_MagNet",
        "Plasma_total",
        "human",
        True,
        "captured vesicles against neat plasma",
    ),
    (
        "wallis_ms2_sec_fractions",
        "SEC_F8_exosome",
        "SEC_F20_coisolated",
        "human",
        False,
        "vesicle against soluble fraction",
    ),
    (
        "wallis_ms2_sec_fractions",
        "SEC_F8_exosome",
        "CM_conditioned_medium",
        "human",
        False,
        "vesicle fraction against medium",
    ),
    (
        "plasma_ev_isolation_meta_pnnl",
        "SEC",
        "UC",
        "human",
        True,
        "vesicles on both sides, SEC cleaner; studies differ",
    ),
)


def auc(case: np.ndarray, control: np.ndarray) -> float:
    """Chance that a case scores above a control; ties count half, a missing score lies below all."""
    a, b = (np.nan_to_num(x, nan=-np.inf) for x in (case, control))
    above = (a[:, None] > b[None, :]).mean() + 0.5 * (a[:, None] == b[None, :]).mean()
    return float(above)


def ulm(values: np.ndarray, members: np.ndarray) -> np.ndarray:
    """t-value of the slope of each row on membership; values samples x genes without gaps."""
    x = members - members.mean()
    y = values - values.mean(axis=1, keepdims=True)
    r = y @ x / np.sqrt((x @ x) * (y**2).sum(axis=1))
    return np.asarray(r * np.sqrt((len(x) - 2) / (1 - r**2)))


def ssgsea_seen(values: pd.DataFrame, genes: set[str]) -> pd.Series:
    """ssGSEA of one set in each sample on the proteins that the sample shows; missing where it shows no member."""
    found = pd.Series(np.nan, index=values.index)
    for name in values.index:
        seen = values.loc[[name]].dropna(axis=1)
        if genes & set(seen.columns):
            found[name] = ssgsea(seen, genes).iloc[0]
    return found


def ssgsea(values: pd.DataFrame, genes: set[str]) -> pd.Series:
    """ssGSEA of one set in each sample; values samples x genes, upper-case symbols."""
    import gseapy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = gseapy.ssgsea(
            data=values.fillna(0.0).T, gene_sets={"set": sorted(genes)}, outdir=None, min_size=1, max_size=5000,
            sample_norm_method="rank", correl_norm_type="rank", threads=1, verbose=False,
        ).res2d  # fmt: skip
    return found.set_index("Name")["ES"].astype(float).reindex(values.index)


def scores(
    data: Path, name: str, organism: str, *, blood: bool, exocarta: set[str]
) -> tuple[pd.DataFrame, pd.Series]:
    """Every score of every sample, and the groups of the samples."""
    markers = mk.load_markers(organism=organism)
    folder = data / name
    exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism=organism)
    exp = mk.harmonize_ids(exp, markers)
    logs = exp if exp.scale == "log2" else mk.log2(exp)
    rows = gene_rows(exp)
    values = logs.values[rows.to_numpy()]
    values.columns = pd.Index(rows.index.str.upper())
    values = values.loc[:, ~values.columns.duplicated()]
    layer = {g.upper() for g in ev_marker_genes(markers, blood=blood).index}
    ranks = ev_marker_ranks(exp, markers, blood=blood)
    found = ranks[["ev_rank", "ev_score"]].copy()
    inside = values.columns.isin(layer)[:, None]
    found["singscore"] = singscore(values.to_numpy(), inside)[0][:, 0]
    found["ssgsea_exocarta"] = ssgsea(values, exocarta)
    found["ssgsea_seen"] = ssgsea_seen(values, exocarta)
    found["two_axis"] = _two_axis(exp, markers, blood=blood)
    filled = values.apply(lambda row: row.fillna(row.min()), axis=1).to_numpy()
    found["ulm_exocarta"] = ulm(filled, values.columns.isin(exocarta).astype(float))
    found["ulm_layer_a"] = ulm(filled, values.columns.isin(layer).astype(float))
    return found, exp.samples["group"]


def _two_axis(exp: mk.Experiment, markers: mk.MarkerCatalog, *, blood: bool) -> pd.Series:
    rows = two_axis(exp, markers, ev_marker_genes(markers, blood=blood).index)
    return rows[rows["item"] == "two_axis_index"].set_index("sample")["value"]


NAMES = {
    "ev_rank": "ev_rank",
    "ev_score": "ev_score",
    "singscore": "singscore, general EV evidence",
    "ssgsea_exocarta": "ssGSEA, ExoCarta 100",
    "ssgsea_seen": "the same, seen proteins only",
    "two_axis": "two-axis index",
    "ulm_exocarta": "ulm, ExoCarta 100",
    "ulm_layer_a": "ulm, general EV evidence",
}


def section(data: Path) -> str:
    """Text of the section."""
    listed = pd.read_csv(data / "databases" / "exocarta" / "ExoCarta_top100_protein_details_6.txt", sep="\t")
    exocarta = set(listed["Gene Symbol"].astype(str).str.strip().str.upper())
    head = ["data set", "vesicles", "other", "n", *NAMES.values()]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    table = []
    known: dict[str, tuple[pd.DataFrame, pd.Series]] = {}
    for name, case, control, organism, blood, _ in CASES:
        if name not in known:
            known[name] = scores(data, name, organism, blood=blood, exocarta=exocarta)
        found, group = known[name]
        a, b = (found[(group == level).to_numpy()] for level in (case, control))
        row = [auc(a[k].to_numpy(float), b[k].to_numpy(float)) for k in NAMES]
        table.append(row)
        print(name, case, control, dict(zip(NAMES, np.round(row, 3), strict=True)), flush=True)
        cells = [name, case, control, f"{len(a)} v {len(b)}", *(f"{v:.3f}" for v in row)]
        lines.append(f"| {' | '.join(cells)} |")
    mean = np.mean(table, axis=0)
    lines.append(f"| mean | | | | {' | '.join(f'{v:.3f}' for v in mean)} |")
    known_as = "\n".join(f"- {n}, {c} against {o}: {w}." for n, c, o, _, _, w in CASES)
    return (
        "## Vesicle samples against other material, sample by sample\n\n"
        "Area under the ROC curve of scores of single samples (0.5: no use, 1: all vesicle samples above all others), made by "
        "`python benchmarks/separation.py DATA`. A sample without a score counts as the lowest.\n\n"
        + "\n".join(lines)
        + "\n\nWhat is known:\n\n"
        + known_as
        + "\n\nThree against three can give 1.000 by chance once in twenty, so the small sets only show that nothing fails. The score "
        "of a single sample makes no call: it ranks samples of one study. The two-axis index uses the lists of this catalog.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    write_section("separation", section(parser.parse_args().data))


if __name__ == "__main__":
    warnings.simplefilter("ignore", mk.MarkerkitWarning)
    main()
