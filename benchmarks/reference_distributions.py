"""Make the reference distributions: of simulated compositions (``markerkit/data/reference_distributions.tsv``) and
of real EV preparations (``markerkit/data/reference_preparations.tsv``).

Run once a change of the simulator or of the marker sets asks for it:
``python benchmarks/reference_distributions.py [DATA]``. With the folder of the public data sets DATA the real ones
are made and the simulated left as they are. Of the real ones only counts and quantiles are written, with the studies
that they come from; a kind of fewer than ``min_preparations`` gets its number and no quantiles.

Of the simulated every draw takes its settings from wide ranges, so
that the reference distribution spans clean and dirty preparations; seeds are fixed and the file is
the same on every run. It is a reference distribution and no population: how often a composition
occurs in it says nothing about real studies.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.preprocess.steps import collapse_replicates
from markerkit.purity.shares import source_shares
from markerkit.qc import places
from markerkit.qc.ev_markers import ev_marker_ranks
from markerkit.qc.reference import QUANTILES
from markerkit.study.contrast import FLUIDS

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


@dataclass(frozen=True)
class Study:
    """Preparations of one public study: which samples, from what, isolated how, and where it is published."""

    folder: str
    groups: tuple[str, ...]
    fluid: str
    isolation: str
    lab: str
    source: str
    organism: str = "human"
    collapse_by: str = ""


_VALLEJO = "Vallejo 2023 10.1038/s41597-023-02748-1"
_PNNL = "plasma_ev_isolation_meta_pnnl"
_MAGNET = "Wu 2023 github:uw-maccosslab/manuscript-mag-net"
_WALLIS = "Wallis 2021 pubmed:33659050"
#: studies of one laboratory count as one; each method of the collection of Vallejo 2023 is at least one study
STUDIES = (
    Study("magnet_ev_vs_plasma", ("EV_MagNet",), "plasma", "beads", "magnet", _MAGNET, collapse_by="group"),
    Study("magnet_adpd_plasma_ev", ("AD", "HC", "PDD", "PD-noMCI"), "plasma", "beads", "magnet", _MAGNET),
    Study(_PNNL, ("SEC",), "plasma", "sec", "pnnl_sec", _VALLEJO),
    Study(_PNNL, ("UC",), "plasma", "ultracentrifugation", "pnnl_uc", _VALLEJO),
    Study(_PNNL, ("DilutionUC",), "plasma", "ultracentrifugation", "pnnl_duc", _VALLEJO),
    Study(_PNNL, ("CushionUC_1",), "plasma", "ultracentrifugation", "pnnl_cuc1", _VALLEJO),
    Study(_PNNL, ("CushionUC_2",), "plasma", "ultracentrifugation", "pnnl_cuc2", _VALLEJO),
    Study(_PNNL, ("Centrifugation",), "plasma", "centrifugation", "pnnl_c", _VALLEJO),
    Study(_PNNL, ("PROSPR",), "plasma", "precipitation", "pnnl_prospr", _VALLEJO),
    Study(_PNNL, ("Precip_DensityGradientUC",), "plasma", "combined", "pnnl_ppdguc", _VALLEJO),
    Study(_PNNL, ("Precip_SEC",), "plasma", "combined", "pnnl_ppsec", _VALLEJO),
    Study(
        "inspiration4_plasma_evp",
        ("EVP_pre_flight", "EVP_post_flight", "EVP_recovery"),
        "plasma",
        "ultracentrifugation",
        "inspiration4",
        "Houerbi 2024 OSD-571",
    ),
    Study(
        "tb_serum_exosome_tmt",
        ("HC", "PTB", "TBL", "Rx"),
        "serum",
        "",
        "tb",
        "Biadglegne 2022 Biomedicines:10:783",
    ),
    Study(
        "ibd_colon_ev_metaproteome",
        ("UC", "Control", "CD", "IBDU"),
        "colon lavage",
        "",
        "ibd",
        "Zhang 2018 PXD007959",
    ),
    Study(
        "breast_cellline_exosomes_maxquant",
        ("EV_MCF10", "EV_MDA"),
        "culture",
        "",
        "breast",
        "PXD056161",
        collapse_by="BioRep_full",
    ),
    Study(
        "bv2_mouse_ev_vs_cell", ("EV",), "culture", "sec", "bv2", "github:adityanatu1 BV2", organism="mouse"
    ),
    Study(
        "c2c12_mouse_elv_bovine_contam",
        ("ELV_myoblast", "ELV_myotube"),
        "culture",
        "ultracentrifugation",
        "c2c12",
        "Forterre 2014 PXD000022",
        organism="mouse",
    ),
    Study(
        "wallis_ms1_senescence_ev",
        ("EV_control", "EV_RAS_senescent"),
        "culture",
        "ultracentrifugation",
        "wallis",
        _WALLIS,
    ),
    Study("wallis_ms2_sec_fractions", ("SEC_F8_exosome",), "culture", "sec", "wallis", _WALLIS),
)


def measured(study: Study, data: Path) -> pd.DataFrame:
    """Items of every preparation of a study: preparation, item, value, and what it is compared by."""
    folder = data / study.folder
    exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism=study.organism)
    exp = mk.harmonize_ids(exp)
    chosen = exp.samples.index[exp.samples["group"].isin(study.groups)]
    exp = exp.select(samples=list(chosen))
    if study.collapse_by:
        exp = collapse_replicates(exp, study.collapse_by, within=["group"])
    fluid = study.fluid if study.fluid in FLUIDS else "other"
    found = mk.composition(exp, fluid=fluid)
    answers = found.ev_markers.table
    answers = answers[(answers["level"] == "sample") & (answers["word"] != "not assessable")].set_index(
        "name"
    )
    table = found.table[(found.table["level"] == "sample") & found.table["name"].isin(answers.index)]
    # an unseen source holds nothing that was seen; bovine proteins count only where the search could find them
    bovine = table.loc[table["component"] == "bovine_serum", "share"].notna().any()
    table = table[(table["component"] != "bovine_serum") | bovine]
    shares = pd.DataFrame(
        {"name": table["name"], "item": "share_" + table["component"], "value": table["share"].fillna(0.0)}
    )
    ranks = pd.DataFrame({"name": answers.index, "item": "ev_rank", "value": answers["rank"].to_numpy(float)})
    counts = pd.DataFrame(
        {"name": answers.index, "item": "n_misev", "value": answers["n_misev"].to_numpy(float)}
    )
    rows = pd.concat([shares, ranks, counts], ignore_index=True).dropna(subset=["value"])
    depth = rows["name"].map(answers["n_proteins"].map(places.depth_class))
    return rows.assign(
        fluid=study.fluid, isolation=study.isolation, depth=depth, lab=study.lab, source=study.source
    )


def kinds(rows: pd.DataFrame) -> Iterator[tuple[places.Kind, pd.DataFrame]]:
    """Kinds of preparations that a sample can be compared with, and the rows of each."""
    blood = rows[rows["fluid"].isin(["plasma", "serum"])].assign(fluid="blood")
    for part in (rows, blood):
        for fluid, of_fluid in part.groupby("fluid", sort=True):
            yield places.Kind(str(fluid), places.ANY, places.ANY), of_fluid
            named = of_fluid[of_fluid["isolation"] != ""]
            for isolation, of_method in named.groupby("isolation", sort=True):
                yield places.Kind(str(fluid), str(isolation), places.ANY), of_method
                for depth, of_depth in of_method.groupby("depth", sort=True):
                    yield places.Kind(str(fluid), str(isolation), str(depth)), of_depth
    for isolation, of_method in rows[rows["isolation"] != ""].groupby("isolation", sort=True):
        yield places.Kind(places.ANY, str(isolation), places.ANY), of_method
    yield places.Kind(places.ANY, places.ANY, places.ANY), rows


def quantile_rows(kind: places.Kind, rows: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Quantiles of every item over the preparations of a kind; none where there are too few."""
    least = load_criteria().composition["min_preparations"]
    for item, of_item in rows.groupby("item", sort=True):
        values = of_item["value"].to_numpy(float)
        enough = len(values) >= least
        known = (
            np.quantile(values, np.array(places.QUANTILES) / 100)
            if enough
            else [np.nan] * len(places.QUANTILES)
        )
        yield {
            "fluid": kind.fluid,
            "isolation": kind.isolation,
            "depth": kind.depth,
            "item": item,
            "n": len(values),
            "n_studies": of_item["lab"].nunique(),
            "studies": "; ".join(dict.fromkeys(of_item["source"])),
            **{f"q{q}": v for q, v in zip(places.QUANTILES, known, strict=True)},
        }


def write_preparations(data: Path) -> None:
    """Measure every study, take quantiles, write."""
    rows = pd.concat([measured(study, data) for study in STUDIES], ignore_index=True)
    table = pd.DataFrame([row for kind, part in kinds(rows) for row in quantile_rows(kind, part)])
    head = (
        "# Quantiles of real EV preparations of public studies, without any value of a protein; made by "
        f"benchmarks/reference_distributions.py, catalog {mk.load_markers().version}. Preparations at hand, not a "
        "population; no quantiles where there are too few.\n"
    )
    text = table.to_csv(sep="\t", index=False, float_format="%.4g", lineterminator="\n")
    (TARGET.parent / "reference_preparations.tsv").write_text(head + text, encoding="utf-8", newline="")


def main() -> None:
    """Make the real ones from a folder of data, or the simulated ones."""
    if len(sys.argv) > 1:
        write_preparations(Path(sys.argv[1]))
    else:
        write_simulated()


def write_simulated() -> None:
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
