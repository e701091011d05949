"""Shares of signal, contamination fraction, blanks, coverage, scores and set tests in small studies."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.core.errors import MarkerkitWarning
from markerkit.core.signal import signal_of
from markerkit.purity.blanks import blank_content, share_limits, source_amounts, with_blank_limits
from markerkit.purity.contamination import contamination_fraction_table
from markerkit.purity.shares import share_interval, source_shares
from markerkit.purity.sources import assess_purity
from markerkit.sets import gsea
from markerkit.sets.coverage import coverage
from markerkit.study.contrast import Contrast
from tests.golden.case_contrasts import BIOFLUID, HIDDEN, LYSATE, PAIRED, PLAIN
from tests.golden.inputs import normal, uniform
from tests.golden.reference import Tables, case
from tests.golden.studies import RISES, catalog, study

VALIDATED = (
    "First written while tests/purity, tests/sets and benchmarks/contamination_fraction.py passed; set tests are those of "
    "sets.json on experiments."
)
KEPT = ["sample", "source", "share", "ci_low", "ci_high", "n_measured", "status"]


@cache
def raw(name: str = "impure", **options: Any) -> mk.Experiment:
    hidden = HIDDEN if name == "exosome" else {"UR1": range(10)} if options.get("blanks") else None
    return study(RISES[name], hidden=hidden, **options)


@cache
def abundance(name: str = "both", contrast: Contrast = LYSATE, **options: Any) -> mk.DifferentialAbundance:
    exp = mk.filter_detected(raw(name).logged(), min_fraction=0.5, by="fraction")
    return mk.differential_abundance(exp, contrast, **options)


def thin(table: pd.DataFrame, samples: list[str]) -> pd.DataFrame:
    return table[table["sample"].isin(samples)].reset_index(drop=True)


# ---- purity ------------------------------------------------------------------------------


@case("samples")
def shares_of_signal() -> Tables:
    exp = raw(blanks=2)
    whole, length = source_shares(exp, catalog()), source_shares(exp, catalog(), basis="length")
    ratios = mk.Experiment(exp.logged().values, exp.samples, exp.proteins, scale="ratio", history=exp.history)
    no_cows = exp.select(proteins=[p for p in exp.proteins.index if exp.proteins.loc[p, "accession"] == ""])
    return {
        "signal": thin(whole, ["EV1", "medium"]),
        "length": thin(length, ["CL2", "blank1"])[KEPT],
        "sum": whole[["share", "ci_low", "ci_high", "n_measured"]].sum(),
        "log": thin(source_shares(exp.logged(), catalog()), ["EV1"])[["source", "share", "approximate"]],
        "complete but for blanks": source_shares(study(RISES["impure"], missing=0.03, blanks=2), catalog())[
            ["approximate"]
        ].iloc[:1],
        "ratio": thin(source_shares(ratios, catalog()), ["EV1"]).dropna(axis=1),
        "without bovine": thin(source_shares(no_cows, catalog()), ["EV1"])[["source", "status", "reason"]],
    }


@case("samples")
def intervals_of_shares() -> Tables:
    amounts = np.array([[1.0, 2, 3], [0, 5, 0], [0, 0, 0], [4, 4, 4], [1, 0, 9]])
    share = np.array([0.1, 0.2, np.nan, 0.6, 0.05])
    return {
        "95 %": np.array(share_interval(amounts, share, 0.95)),
        "50 %": np.array(share_interval(amounts, share, 0.5)),
    }


@case("samples", tolerance=1e-6)
def fractions_of_contamination() -> Tables:
    out: dict[str, Any] = {}
    for name, exp in (
        ("impure", raw()),
        ("exosome", raw("exosome")),
        ("bare", study(RISES["apoptotic"], missing=0.4)),
        ("log", raw("both").logged()),
        ("clean", study({"": 0.0} | dict.fromkeys(("MI", "ER", "NU", "MA", "MB"), -9.0))),
        ("few", raw().select(proteins=[p for p in raw().proteins.index if int(p[1:]) % 6 == 0])),
    ):
        out[name] = pd.concat(
            [
                contamination_fraction_table(exp, catalog(), contrast, seed=5)
                for contrast in (LYSATE, PAIRED, BIOFLUID)
            ],
            ignore_index=True,
        )
    ratios = mk.Experiment(raw().logged().values, raw().samples, raw().proteins, scale="ratio")
    ev = Contrast("fraction", "EV", "lysate", comparator="ev")
    one = raw().select(samples=["EV2", "CL1", "CL2", "CL3"])
    for name, exp, contrast in (
        ("ratio", ratios, LYSATE),
        ("not stated", raw(), PLAIN),
        ("vesicles", raw(), ev),
        ("one sample", one, LYSATE),
        ("one pair", one, PAIRED),
    ):
        out[name] = contamination_fraction_table(exp, catalog(), contrast, seed=5)
    return out


@case("samples", tolerance=1e-6)
def purity_without_and_with_contrasts() -> Tables:
    alone = assess_purity(raw(), None, catalog())
    two = assess_purity(raw("both"), [LYSATE, PAIRED], catalog(), seed=2)
    fraction = two.contamination_fraction.table
    return {
        "alone": np.array([len(alone.table), len(alone.shares.table), len(alone.markers.table)]),
        "two": two.table[["contrast", "source", "verdict", "log2_fc"]].iloc[::5],
        "fraction": fraction[["contrast", "compartment", "fraction", "ci_low", "ci_high"]],
    }


def blanks_of(exp: mk.Experiment) -> pd.DataFrame:
    """Blanks against few proteins."""
    return blank_content(exp.select(proteins=list(exp.proteins.index[:30])), catalog())


@case("samples")
def blanks_on_another_basis() -> Tables:
    length = blank_content(raw(blanks=2), catalog(), [LYSATE], basis="length")
    return {"length": length[["role", "key", "limit"]].iloc[::9]}


@case("samples", tolerance=1e-6)
def blanks() -> Tables:
    exp = raw(blanks=2)
    whole = blank_content(exp, catalog(), [LYSATE, BIOFLUID, PLAIN])
    source, fraction = whole[whole["level"] == "source"], whole[whole["level"] == "contamination fraction"]
    proteins = whole[whole["level"] == "protein"]
    shares, signal = source_shares(exp, catalog()), signal_of(exp)
    limits = share_limits(exp, shares, signal)
    maxlfq = exp.evolve("read_proteins", {"quantity": "maxlfq"})
    purity = assess_purity(exp, [LYSATE, PAIRED], catalog())
    low, limit = (
        purity.contamination_fraction.table,
        fraction.assign(limit=[1.0, 1e-9, 0.5, 0.0][: len(fraction)]),
    )
    above = with_blank_limits(purity, limit).contamination_fraction.table
    none = with_blank_limits(purity, limit.assign(limit=0.0)).contamination_fraction.table
    ratios = mk.Experiment(exp.logged().values, exp.samples, exp.proteins, scale="ratio")
    return {
        "sources": source,
        "fraction": fraction.dropna(axis=1),
        "proteins": proteins.head(8).dropna(axis=1),
        "sum": proteins[["n_blanks_seen", "n_samples_seen", "ratio", "limit"]].sum(),
        "flags": proteins["flag"].value_counts(),
        "amounts": source_amounts(shares, signal).iloc[[0, -1]].T,
        "limits": limits.iloc[[0, 9, 10]].T,
        "no limits": str(share_limits(raw(), source_shares(raw(), catalog()), signal_of(raw())).shape),
        "reasons": pd.Series([blanks_of(e).iloc[0]["reason"] for e in (exp.logged(), maxlfq, ratios)]),
        "ratios": blank_content(ratios, catalog()).dropna(axis=1),
        "none": len(blank_content(raw(), catalog())),
        "above": above[["contrast", "compartment", "fraction", "bound", "reason"]],
        "same": str(none.equals(low)),
    }


# ---- sets ----------------------------------------------------------------------------------


@case("samples")
def coverage_of_sets() -> Tables:
    exp = raw("exosome")
    own = {"mine": ["X1", "E1", "nothing"], "none": ["no", "not"]}
    return {
        "catalog": coverage(exp, catalog()).table,
        "own": coverage(exp, own).table,
        "list": coverage(exp, ["BG01", "BG03", "BG04"]).table,
    }


@case("samples")
def scores() -> Tables:
    exp = raw("exosome").logged()
    out: dict[str, Any] = {}
    some = {k: catalog()[k] for k in ("pan_ev", "exosome", "immunoglobulin", "apoptotic_body")}
    columns = [
        "sample",
        "set",
        "score",
        "ci_low",
        "ci_high",
        "dispersion",
        "n_measured",
        "n_set",
        "status",
        "reason",
    ]
    for method, members in (
        ("singscore", "positive"),
        ("singscore", "negative"),
        ("singscore", "both"),
        ("ssgsea", "positive"),
        ("zscore", "positive"),
        ("mean_z", "positive"),
    ):
        found = mk.score_samples(exp, some, method=method, members=members).table
        out[f"{method} {members}"] = thin(found, ["EV1", "CL5"])[columns]
    return out | {
        "few": thin(mk.score_samples(exp, some, method="mean_z", min_measured=2).table, ["EV1"])[columns]
    }


def enriched(da: mk.DifferentialAbundance, sets: Any = None, **options: Any) -> Tables:
    """Table of a set test, its parameters and what it warned of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", MarkerkitWarning)
        found = mk.enrich(da, catalog() if sets is None else sets, **options)
    table = found.table
    params = {k: str(v) for k, v in found.params.items()}
    columns = [
        c for c in table.columns if table[c].notna().any() and c not in {"contrast", "method", "n_set"}
    ]
    texts = sorted(re.sub(r"\s+", " ", str(w.message))[:60] for w in said)
    return {"table": table[columns], "params": pd.Series(params), "warned": pd.Series(texts, dtype=object)}


def joined(**parts: Tables) -> Tables:
    return {f"{name} {key}": table for name, part in parts.items() for key, table in part.items()}


@case("samples", tolerance=1e-5)
def set_tests_by_camera() -> Tables:
    da = abundance()
    return joined(
        plain=enriched(da),
        fixed={"table": enriched(da, inter_protein_cor=0.02)["table"][["set", "pvalue", "correlation"]]},
        ranks={"table": enriched(da, use_ranks=True)["table"][["set", "statistic", "pvalue"]]},
        few=enriched(da, {"a": ["X1", "X2"], "b": ["BG04", "BG05"], "c": ["no"]}, min_measured=2),
    )


@case("samples", tolerance=1e-5)
def set_tests_by_fry() -> Tables:
    sets = {k: catalog()[k] for k in ("exosome", "mitochondrion", "ribosome", "immunoglobulin")}
    return joined(
        plain=enriched(abundance(), sets, method="fry"),
        seed=enriched(abundance("flat"), sets, method="fry", seed=3),
    )


@case("samples", tolerance=1e-5)
def set_tests_by_effect() -> Tables:
    few = [f"BG{i:02d}" for i in range(45)]
    sets = {"all": [*raw().proteins["gene"]], "BG": few}
    return joined(
        catalog={"table": enriched(abundance(), method="effect")["table"].drop(columns="leading_edge")},
        own=enriched(
            abundance(),
            {"x": ["X1", "X2", "X4"], "pl": ["PL1", "PL2", "PL3"], "gone": ["GO"]},
            method="effect",
        ),
        no_background=enriched(abundance(), sets, method="effect"),
    )


@case("samples", tolerance=1e-5)
def set_tests_jointly() -> Tables:
    overlapping = {
        "x": ["X1", "X2", "X3", "X4", "X5", "X6"],
        "ev": ["E1", "E2", "E3", "E4", "X1", "X2"],
        "both": ["X1", "X2", "X3", "X4", "X5", "X6", "E1", "E2", "E3", "E4"],
        "pl": ["PL1", "PL2", "PL3", "PL4"],
    }
    alias = {"a": ["X1", "X2", "X4"], "b": ["X4", "X1", "X2"], "c": ["E1", "E2", "E3"]}
    sets = {"all": [*raw().proteins["gene"]]}
    return joined(
        catalog={"table": enriched(abundance(), method="joint")["table"].drop(columns="leading_edge")},
        own=enriched(abundance(), overlapping, method="joint"),
        alias=enriched(abundance(), alias, method="joint"),
        no_background=enriched(abundance(), sets, method="joint"),
    )


@case("samples", tolerance=1e-5)
def set_tests_by_hits() -> Tables:
    sets = {
        k: catalog()[k] for k in ("exosome", "mitochondrion", "platelet", "erythrocyte", "immunoglobulin")
    }
    da = abundance()
    return joined(
        both=enriched(da, sets, method="ora"),
        up=enriched(da, sets, method="ora", hits="up"),
        down=enriched(da, sets, method="ora", hits="down", alpha=1e-6),
    )


@case("samples", tolerance=0.1)
def set_tests_by_running_sum() -> Tables:
    """Sampled: only loosely the same from one version of gseapy to the next."""
    sets = {k: catalog()[k] for k in ("exosome", "mitochondrion", "erythrocyte", "immunoglobulin")}
    found = enriched(abundance(), sets, method="gsea", seed=1)
    return {
        k: v if k != "table" else v.drop(columns=["pvalue", "padj"], errors="ignore")
        for k, v in found.items()
    }


@case("samples")
def rankings() -> Tables:
    """What is changed before gseapy is called."""
    score = pd.Series(np.round(normal(210, 12), 1), [f"G{i}" for i in range(12)])
    score.iloc[[2, 5, 9]] = [np.inf, -np.inf, np.nan]
    score.iloc[[3, 4, 6]] = 0.4
    score.iloc[7] = 1e-14
    bounded = gsea._bounded(score.dropna())
    sets = {"some": ["G0", "G3"], "unranked": ["G9", "no"], "every": list(bounded.index)}
    constant = gsea.prerank(pd.Series(1.0, score.index), sets, weight=1.0, seed=0)
    unsendable = gsea.prerank(score, {k: sets[k] for k in ("unranked", "every")}, weight=1.0, seed=0)
    two = gsea.prerank(score.iloc[:2], {"one": ["G0"], "other": ["G1"]}, weight=1.0, seed=0)
    return {
        "bounded": bounded,
        "infinite": gsea._bounded(pd.Series([np.inf, -np.inf], ["A", "B"])),
        "ranking": gsea._ranking(bounded, 1.0),
        "unweighted": gsea._ranking(bounded, 0.0),
        "squared": gsea._ranking(bounded, 2.0),
        "constant": pd.Series([*constant.reason, *constant.edge]),
        "unsendable": pd.Series(unsendable.reason),
        "two": pd.DataFrame({"es": two.es, "edge": two.edge, "reason": two.reason}),
    }


@case("samples", tolerance=1e-5)
def set_tests_over_two_contrasts() -> Tables:
    exp = raw("both").logged()
    between = {"ev": ("fraction", "EV", "lysate"), "run": ("run", "b", "a")}
    da = mk.differential_abundance(exp, "~ fraction + run", contrast=between)
    sets = {k: catalog()[k] for k in ("exosome", "mitochondrion", "immunoglobulin")}
    found = mk.enrich(da, sets, method="camera", min_measured=3)
    effect = mk.enrich(da, catalog(), method="effect")
    columns = ["contrast", "set", "pvalue", "padj"]
    return {"camera": found.table[[*columns, "leading_edge"]], "effect": effect.table[columns].iloc[::4]}


@case("samples", tolerance=1e-5)
def set_tests_of_other_models() -> Tables:
    """Models with blocks, weights, a trend and pairs under the set tests."""
    sets = {k: catalog()[k] for k in ("exosome", "mitochondrion", "platelet", "lipoprotein")}
    weight = pd.Series(0.5 + uniform(211, 10), raw("both").samples.index)
    out = {}
    for name, contrast, options in (
        ("pairs", PAIRED, {}),
        ("blocks", LYSATE, {"block": "donor"}),
        ("weights", LYSATE, {"weights": weight}),
        ("trend", LYSATE, {"trend": True, "robust": True}),
        ("deqms", LYSATE, {"method": "deqms"}),
        ("treat", LYSATE, {"lfc": 0.5}),
    ):
        exp = mk.filter_detected(raw("both").logged(), min_fraction=0.5, by="fraction")
        da = mk.differential_abundance(exp, contrast, **options)
        for method in ("camera", "fry", "joint"):
            table = mk.enrich(da, sets, method=method).table
            out[f"{name} {method}"] = table[["set", "statistic", "pvalue", "correlation"]].dropna(axis=1)
        out[f"{name} proteins"] = da.table[["log2_fc", "se", "df", "pvalue", "padj"]].iloc[::40]
    return out


@case("samples")
def refusals() -> Tables:
    """What is refused, and by which words."""
    exp, da = raw("both"), abundance("both")
    bare = mk.Experiment(exp.values, exp.samples, exp.proteins)
    logs, other = exp.logged(), {"a": ["NO1", "NO2"]}
    mapped = mk.harmonize_ids(mk.Experiment(pd.DataFrame({"CD63": [1.0], "CD9": [2.0]}, ["a"])))
    found = {}
    for name, act in (
        ("no marker", lambda: coverage(mapped, other)),
        ("no marker, not harmonized", lambda: coverage(bare, other)),
        ("method", lambda: mk.enrich(da, catalog(), method="camra")),
        ("hits", lambda: mk.enrich(da, catalog(), method="ora", hits="sideways")),
        ("hits of camera", lambda: mk.enrich(da, catalog(), hits="up")),
        ("alpha of fry", lambda: mk.enrich(da, catalog(), method="fry", alpha=0.1)),
        ("alpha", lambda: mk.enrich(da, catalog(), method="ora", alpha=1.0)),
        ("no alpha", lambda: mk.enrich(da, catalog(), method="ora", alpha=0.0)),
        ("ranks of ora", lambda: mk.enrich(da, catalog(), method="ora", use_ranks=True)),
        ("correlation of gsea", lambda: mk.enrich(da, catalog(), method="gsea", inter_protein_cor=0.1)),
        ("correlation", lambda: mk.enrich(da, catalog(), inter_protein_cor=1.1)),
        ("lower correlation", lambda: mk.enrich(da, catalog(), inter_protein_cor=-1.01)),
        ("score", lambda: mk.score_samples(logs, catalog(), method="z")),
        ("members", lambda: mk.score_samples(logs, catalog(), members="some")),
        ("members of ssgsea", lambda: mk.score_samples(logs, catalog(), method="ssgsea", members="both")),
        ("raw", lambda: mk.score_samples(exp, catalog())),
        ("scores without marker", lambda: mk.score_samples(logs, other)),
        ("normalized", lambda: assess_purity(mk.normalize(exp), None, catalog())),
        ("basis", lambda: source_shares(exp, catalog(), basis="weight")),
        ("scheme", lambda: mk.harmonize_ids(bare, scheme="first")),
        ("organism", lambda: mk.harmonize_ids(mk.Experiment(exp.values, organism="mouse"), catalog())),
    ):
        try:
            act()
            found[name] = "nothing"
        except mk.InputError as error:
            found[name] = str(error)[:120]
    return {"said": pd.Series(found)}
