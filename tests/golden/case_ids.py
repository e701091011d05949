"""Identifiers of protein groups, and which group stands for a gene: in a file of their own, as the rules of mapping change."""

from __future__ import annotations

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.ids.harmonize import id_mapping, mapped_as_given
from markerkit.ids.representative import gene_rows, representatives
from tests.golden.inputs import gaps, normal
from tests.golden.reference import Tables, case

VALIDATED = "First written while tests/ids passed."

HUMAN = [
    ("P08962", "", ""),
    ("sp|P08962|CD63_HUMAN", "", ""),
    ("P08962-3;Q8XXX1", "CD63", ""),
    ("Q8XXX1;P08962", "", ""),
    ("Q8XXX1;sp|P60033|CD81_HUMAN", "", ""),
    ("tr|Q8XXX1|CD9_HUMAN", "", ""),
    ("Q8XXX1", "", "Homo sapiens"),
    ("", "CD63", ""),
    ("", " cd63 ", ""),
    ("", "CD63;CD81", ""),
    ("", "CD63; NOTAGENE1", ""),
    ("", "SEPT2", ""),
    ("", "2-Sep", ""),
    ("", "Mar-01", ""),
    ("", "1-Dec", ""),
    ("", "40-Sep", ""),
    ("", "NOTAGENE1", ""),
    ("", "P12345", ""),
    ("", "12 + 4", ""),
    ("", "", ""),
    ("ENSBTAP00000031900", "", ""),
    ("P08962;P60033", "", ""),
    ("P08962;P60033;P21926", "CD9", ""),
    ("sp|P02769|ALBU_BOVIN", "ALB", ""),
    ("P02769;P02768", "ALB", ""),
    ("P02768;P02769", "ALB", ""),
    ("P02768;P02769;P08962", "", ""),
    ("CON__P04264", "", ""),
    ("P02768", "ALB", "Bos taurus"),
    ("sp|P07724|ALBU_MOUSE", "Alb", ""),
    ("sp|P07724|ALBU_MOUSE;P02768", "", ""),
]
COLUMNS = ["accession", "gene", "species", "how", "status", "reason", "n_genes"]


def experiment(rows: list[tuple[str, str, str]], organism: str = "human") -> mk.Experiment:
    proteins = pd.DataFrame(
        rows, columns=["accession", "gene", "species"], index=[f"g{i}" for i in range(len(rows))]
    )
    return mk.Experiment(pd.DataFrame(1e6, ["a", "b"], proteins.index), None, proteins, organism=organism)


@case("ids")
def groups_of_a_human_study() -> Tables:
    exp = experiment(HUMAN)
    leading = mk.harmonize_ids(exp)
    unique = mk.harmonize_ids(exp, scheme="unique")
    catalog = mk.MarkerCatalog.of_lists({"mine": ["CD63"]})
    return {
        "leading": id_mapping(leading)[["input_accession", "input_gene", *COLUMNS]],
        "genes": leading.proteins["genes"],
        "unique": id_mapping(unique)[["gene", "status", "reason"]].iloc[-12:],
        "history": pd.Series({k: str(v) for k, v in unique.history[-1].items() if k in {"verb", "scheme"}}),
        "with a catalog": id_mapping(mk.harmonize_ids(exp, catalog))["gene"],
    }


@case("ids")
def groups_of_rodent_studies() -> Tables:
    rows = [
        ("", "Cd63", ""),
        ("sp|P28648|CD63_RAT", "", ""),
        ("Q62745", "", ""),
        ("sp|P41731|CD63_MOUSE", "", ""),
        ("P02769", "Alb", ""),
        ("", "CD63", ""),
    ]
    return {o: id_mapping(mk.harmonize_ids(experiment(rows, o)))[COLUMNS] for o in ("mouse", "rat")}


@case("ids")
def refusals() -> Tables:
    rats = [(f"sp|P0A{i:03d}|G{i}_RAT", "", "") for i in range(25)]
    mice = [("", f"{name}{i}", "") for name in ("Rab", "Cd", "Slc2a", "Itga") for i in range(1, 12)]
    few = [("P08962", "CD63", "Homo sapiens")] * 4
    found = {}
    for name, rows, organism in (
        ("rat", rats, "mouse"),
        ("19 of rat", rats[:19], "mouse"),
        ("rat and few human", rats[:20] + few[:3], "human"),
        ("rat and more human", rats[:20] + few, "human"),
        ("mouse", mice, "human"),
        ("few mouse", mice[:19], "human"),
        ("human for rat", [("", g.upper(), "") for _, g, _ in mice], "rat"),
    ):
        try:
            counts = mk.harmonize_ids(experiment(rows, organism)).proteins["map_status"].value_counts()
            found[name] = " ".join(f"{k}: {v}" for k, v in sorted(counts.items()))
        except mk.InputError as error:
            found[name] = str(error).partition(",")[0]
    return {"said": pd.Series(found)}


@case("ids")
def annotation_by_construction() -> Tables:
    rows = [
        ("P08962", "CD63", "human"),
        ("", "CD9", "human"),
        ("P02769", "ALB", "bovine"),
        ("xx", "A", "bovine"),
    ]
    proteins = pd.DataFrame(rows, columns=["accession", "gene", "species"])
    return {o: mapped_as_given(proteins, o) for o in ("human", "mouse")}


@case("ids")
def one_group_for_a_gene() -> Tables:
    keys = ["A", "B", "A", "", None, "C", "B", "A", "C", "D", "D"]
    names = ["p9", "p8", "p1", "p2", "p3", "p4", "p5", "p0", "p6", "q2", "q1"]
    n = np.array([3, 2, 3, 9, 9, 1, 4, 3, 1, 2, 2])
    level = np.array([5.0, 9, 7, 1, 1, np.nan, 1, 7, 3, 4, 4])
    eligible = np.arange(11) != 6
    chosen = representatives(keys, names=names, n_measured=n, abundance=level)
    fewer = representatives(keys, names=names, n_measured=n, abundance=level, eligible=eligible)
    apart = representatives(["X", "Y"], names=["b", "a"], n_measured=n[:2], abundance=level[:2])
    values = pd.DataFrame(gaps(300, 20 + normal(301, 5, 11), 0.3), list("abcde"), names)
    values["p2"] = np.nan
    proteins = pd.DataFrame(
        {
            "gene": [k or "" for k in keys],
            "accession": ["P1", "P1", "P2"] * 3 + ["", "P4"],
            "is_decoy": [False] * 10 + [True],
        },
        index=names,
    )
    exp = mk.Experiment(values, None, proteins, scale="log2")
    return {
        "chosen": pd.Series(chosen),
        "eligible": pd.Series(fewer),
        "apart": pd.Series(apart),
        "genes": gene_rows(exp),
        "accessions": gene_rows(exp, key="accession"),
    }
