"""A small catalog with the names that the criteria use, and small studies of its genes.

Nothing of the shipped catalog enters: a marker that is added there does not touch these numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.catalog.files import from_mapping
from tests.golden.inputs import normal, uniform

#: positive members of each set; ``gene/weight`` and ``gene@complex`` where they are not 1 and alone
POSITIVE = {
    "pan_ev": "E1 E2 E3 E4 E5/0.5 E6 E7@tetra E8@tetra",
    "misev_1a": "E1 E2 T1 T2",
    "misev_2a": "E5 F1/0 CELL1",
    "exosome": "X1 X2 X3/0.5 X4/0.5 X5@escrt X6@escrt X7 E1/0.5 M1/0.25",
    "microvesicle": "M1/0.5 M2 M3 M4 M5 M6/0.5 E3/0.5",
    "apoptotic_body": "B1 B2 B3 B4@histone B5@histone B6 B7/0.5 M2/0.5",
    "apoptotic_exosome": "Y1 Y2 Y3 Y4 Y5 Y6/0.5 X1/0.5 X2/0.5",
    "apoptotic_ev": "V1 V2 V3 V4 B1/0.5",
    "apoptotic_microvesicle": "V1 V5 V6/0.5",
    "mod_proteasome_20s": "PA1@20S PA2@20S PA3@20S PA4@20S",
    "mod_proteasome_19s": "PC1@19S PC2@19S PC3@19S PC4@19S",
    "plasma": "PL1 PL2 PL3 PL4 PL5/0.5",
    "lipoprotein": "LP1 LP2 LP3",
    "immunoglobulin": "IG1 IG2",
    "coagulation": "CO1 CO2 CO3 PL1",
    "platelet": "CELL1 TL1 TL2 TL3 E2/0.5",
    "erythrocyte": "RB1 RB2 RB3 RB4",
    "leukocyte": "LE1 LE2 LE3 T1/0.5",
    "keratin": "KR1 KR2 KR3 KR4",
    "urine": "UR1 UR2 UR3 GONE1",
    "er_golgi": " ".join(f"ER{i}" for i in range(1, 13)),
    "mitochondrion": " ".join(f"MI{i}" for i in range(1, 15)) + " MA@chain MB@chain",
    "nucleus": " ".join(f"NU{i}" for i in range(1, 11)) + " B4@histone B5@histone",
    "ribosome": "RI1@ribosome RI2@ribosome RI3@ribosome RI4@ribosome",
    "proteasome": "PA1@20S PA2@20S PC1@19S PC2@19S PX1 PX2",
    "nonvesicular": "NV1 NV2 NV3 NV4 LP1/0.5",
    "plasma_soluble": " ".join(f"PS{i}" for i in range(1, 17)),
}
NEGATIVE = {
    "exosome": "NX1 NX2 NX3/0.5 NX4 MI1",
    "microvesicle": "NM1 NM2 NM3 ER1",
    "apoptotic_body": "NB1 NB2",
    "apoptotic_exosome": "NX1 NX2 NU1",
}
BOVINE = {"BA1": "P02769", "BA2": "P12763", "BA3": "Q58D62", "BA4": "P34955"}
BACKGROUND = [f"BG{i:02d}" for i in range(45)]
ORGANELLES = ("MI", "ER", "NU", "MA", "MB", "NX", "NM", "NB")


def _member(text: str, role: str) -> dict[str, object]:
    name, _, complex_ = text.partition("@")
    gene, _, weight = name.partition("/")
    return {"gene": gene, "role": role, "complex": complex_, "weight": float(weight or 1)}


@cache
def catalog() -> mk.MarkerCatalog:
    """The sets above, and bovine serum by accession."""
    records = []
    for key, members in POSITIVE.items():
        markers = [_member(m, "positive") for m in members.split()]
        markers += [_member(m, "negative") for m in NEGATIVE.get(key, "").split()]
        records.append(from_mapping({"id": key, "title": key, "markers": markers}, Path(f"{key}.toml")))
    cows = [{"gene": gene, "uniprot": accession} for gene, accession in BOVINE.items()]
    records.append(
        from_mapping(
            {
                "id": "bovine_serum",
                "title": "cow",
                "organism": "bovine",
                "markers": cows,
                "minimum_measured": 2,
            },
            Path("bovine_serum.toml"),
        )
    )
    return mk.MarkerCatalog(records)


@cache
def _genes() -> list[str]:
    names = dict.fromkeys(m["gene"] for p in (POSITIVE, NEGATIVE) for v in p.values() for m in _split(v))
    return [*names, *BOVINE, "S1PR1", *BACKGROUND]


def _split(members: str) -> list[dict[str, str]]:
    return [{"gene": str(_member(m, "positive")["gene"])} for m in members.split()]


def study(
    rises: Mapping[str, float],
    *,
    seed: int = 200,
    n: int = 5,
    missing: float = 0.12,
    apart: float = 0.25,
    hidden: Mapping[str, Sequence[int]] | None = None,
    blanks: int = 0,
    left_out: Sequence[str] = ("GONE1",),
) -> mk.Experiment:
    """Preparations and lysates of `n` donors, and blanks.

    Parameters
    ----------
    rises
        Log2 effect in the preparations by the letters that a gene starts with, the last that fits.
    missing
        Share of values without a measurement.
    apart
        How far effects of single genes lie apart, log2.
    hidden
        Gene -> samples without a measurement, preparations first.
    blanks
        Procedural blanks, and one sample of unconditioned medium where there are any.
    left_out
        Genes that the study does not have.
    """
    genes = [g for g in _genes() if g not in left_out]
    rise = np.array([next((v for k, v in reversed(rises.items()) if g.startswith(k)), 0.0) for g in genes])
    log = 22 + 1.5 * normal(seed, 1, len(genes)) + 0.3 * normal(seed + 1, 2 * n, len(genes))
    log += np.tile(0.4 * normal(seed + 2, n, len(genes)), (2, 1))  # of the donors
    log[:n] += rise + apart * normal(seed + 3, len(genes)) * (rise != 0)
    bare = uniform(seed + 4, *log.shape) < missing
    for gene, at in (hidden or {}).items():
        bare[:, genes.index(gene)] = np.isin(np.arange(2 * n), list(at))
    log[bare] = np.nan
    names = [f"{arm}{i + 1}" for arm in ("EV", "CL") for i in range(n)]
    sheet = {
        "fraction": ["EV"] * n + ["lysate"] * n,
        "donor": [f"D{i}" for i in range(n)] * 2,
        "run": ["a", "b"] * n,
        "role": [""] * (2 * n),
    }
    if blanks:
        empty = 16 + 2 * normal(seed + 5, blanks + 1, len(genes))
        empty[uniform(seed + 6, *empty.shape) < 0.6] = np.nan
        log = np.vstack([log, empty])
        names += [f"blank{i + 1}" for i in range(blanks)] + ["medium"]
        sheet["fraction"] += ["none"] * (blanks + 1)
        sheet["donor"] += ["none"] * (blanks + 1)
        sheet["run"] += ["a"] * (blanks + 1)
        sheet["role"] += ["blank"] * blanks + ["medium"]
    proteins = pd.DataFrame(
        {
            "gene": ["" if g in BOVINE else g for g in genes],
            "accession": [BOVINE.get(g, "") for g in genes],
            "length": [np.nan if i % 17 == 3 else 100.0 + 13 * i for i in range(len(genes))],
            "n_peptides": [1 + (7 * i) % 11 for i in range(len(genes))],
            "is_contaminant": [g in {"KR1", "BG03"} for g in genes],
            "is_decoy": [g == "BG04" for g in genes],
        },
        index=[f"p{i}" for i in range(len(genes))],
    )
    values = pd.DataFrame(np.exp2(log), names, proteins.index)
    return mk.Experiment(values, pd.DataFrame(sheet, names), proteins, history=[{"verb": "harmonize_ids"}])


EV = {"E": 2.5, "T": 2.0, "CELL": 1.5, "F1": 2.0} | dict.fromkeys(ORGANELLES, -3.0)
#: what rises in each study
RISES: dict[str, dict[str, float]] = {
    "exosome": EV | {"X": 3.0, "Y": 2.5, "S1PR": 2.0, "PS": -1.0},
    "microvesicle": EV | {"M": 2.5, "MI": -3.0, "MA": -3.0, "MB": -3.0},
    "dying": EV | {"X": 3.0, "Y": 2.5, "NU": 2.0, "PA": 2.0},
    "both": EV | {"X": 2.2, "M": 2.0, "MI": -3.0, "PL": 1.8, "LP": 2.5, "P02": 1.0, "BA": 2.0},
    "apoptotic": EV | {"B": 2.6, "BG": 0.0, "BA": 0.0, "V": 2.5, "NU": 2.0, "MI": 1.0, "PA": 1.5},
    "flat": {"E": 0.1, "TL": 0.8, "KR": 1.5},
    "impure": EV | {"X": 1.0, "N": 1.0, "MI": 0.5, "ER": 0.2, "PS": 2.0, "KR": 3.0, "CO": 1.0},
}
