"""Figures: what is drawn equals the tables, prints legibly and leaves no trace."""

from __future__ import annotations

import inspect
import io
import logging
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from markerkit import figures
from markerkit.catalog.criteria import load_criteria
from markerkit.catalog.load import load_markers
from markerkit.core.errors import InputError
from markerkit.figures import _palette, _text
from markerkit.figures._dispatch import FIGURES, OF_STUDY
from markerkit.figures._marked import genes_by_meaning
from markerkit.results import Coverage, Purity, SampleScores
from markerkit.tables.registry import TABLES
from markerkit.tables.spec import to_tsv

CLASSES = ("ev", "exosome", "microvesicle", "apoptotic_body", "apoptotic_exosome", "apoptotic_ev")
SOURCES = (
    "plasma", "lipoprotein", "immunoglobulin", "coagulation", "platelet", "erythrocyte", "leukocyte",
    "bovine_serum", "keratin", "urine", "er_golgi", "mitochondrion", "nucleus", "ribosome", "proteasome",
    "nonvesicular",
)  # fmt: skip
OPERATIONAL = {
    "ev": "extracellular vesicles",
    "exosome": "small EV with endosomal markers",
    "microvesicle": "large or plasma-membrane EV",
    "apoptotic_body": "large EV with organelle and nuclear content",
    "apoptotic_exosome": "small EV of dying cells",
    "apoptotic_ev": "EV of dying cells",
}
NASTY = (
    "x" * 10_000,
    "$\\frac{a}{b}$ cost_of_$5",
    "<script>alert(1)</script>",
    "two\nlines\tand a tab",
    "\u05e9\u05dc\u05d5\u05dd \u202eabc",
    "\u0645\u0631\u062d\u0628\u0627 EV",
    "Z\u0351\u0310\u0327a\u0316\u0301lgo \U0001f9ec \u7ec6\u80de",
    "",
)
CONTRAST = "EV vs Cell"


def _interval(
    rng: np.random.Generator, n: int, loc: float = 0.5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    middle = rng.normal(loc, 1.2, n)
    half = rng.uniform(0.2, 1.6, n)
    return middle, middle - half, middle + half


def identity_table(contrasts: tuple[str, ...] = (CONTRAST,), seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for contrast in contrasts:
        n = len(CLASSES)
        mid, low, high = _interval(rng, n, 1.0)
        margin, m_low, m_high = _interval(rng, n)
        neg, n_low, n_high = _interval(rng, n, -1.5)
        frame = pd.DataFrame({
            "contrast": contrast, "class": CLASSES, "operational_name": [OPERATIONAL[c] for c in CLASSES],
            "verdict": ["compatible", "compatible", "unresolved", "not compatible", "not assessable", "not assessable"],
            "reason": ["enriched over the control", "enriched over the control", "competing class exosome: too few markers that tell them apart",
                       "depleted", "apoptosis not stated in the context", "apoptosis not stated in the context"],
            "explanation": "A sentence.", "log2_fc": mid, "se": 0.4, "df": 9.0, "ci_low": low, "ci_high": high,
            "n_independent": [18, 21, 14, 30, 9, 9], "weight_measured": 0.6, "n_set": [43, 54, 53, 64, 53, 17],
            "n_measured": [31, 28, 22, 41, 20, 9], "negatives_log2_fc": neg, "negatives_ci_low": n_low,
            "negatives_ci_high": n_high, "negatives_n_independent": 12,
            "competing_class": ["", "microvesicle", "exosome", "microvesicle", "exosome", ""],
            "margin": margin, "margin_ci_low": m_low, "margin_ci_high": m_high, "bounded_log2_fc": mid + 0.3,
            "bounded_ci_low": low + 0.2, "bounded_ci_high": high + 0.5, "smallest_detectable": 0.8,
            "next_step": ["", "", "markers that tell the two apart, such as a size-resolved fraction beside this one", "",
                       "state in the context whether apoptosis was induced and shown, and the viability", ""],
            "status": "assessed",
        })  # fmt: skip
        silent = frame["class"].isin(["apoptotic_exosome", "apoptotic_ev"])
        effects = [c for c in frame.columns if "log2_fc" in c or "ci_" in c or c == "margin"]
        frame.loc[silent, effects] = np.nan
        frame.loc[frame["class"] == "ev", ["margin", "margin_ci_low", "margin_ci_high"]] = np.nan
        parts.append(frame)
    return TABLES["identity"].conform(pd.concat(parts, ignore_index=True))


def purity_table(contrasts: tuple[str, ...] = (CONTRAST,), seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for contrast in contrasts:
        mid, low, high = _interval(rng, len(SOURCES), -0.5)
        per, p_low, p_high = _interval(rng, len(SOURCES), -1.5)
        verdict = np.where(low > 0, "higher", np.where(high < 1, "similar", "unresolved"))
        frame = pd.DataFrame({
            "contrast": contrast, "source": SOURCES, "verdict": verdict, "reason": "wide", "explanation": "A sentence.",
            "log2_fc": mid, "se": 0.3, "df": 7.0, "ci_low": low, "ci_high": high, "n_independent": 9, "per_ev": "lower",
            "per_ev_log2_fc": per, "per_ev_ci_low": p_low, "per_ev_ci_high": p_high, "n_set": 40, "n_measured": 23,
            "status": "tested", "next_step": "",
        })  # fmt: skip
        absent = frame["source"].isin(["urine", "bovine_serum"])
        frame.loc[absent, ["log2_fc", "ci_low", "ci_high", "per_ev_log2_fc"]] = np.nan
        frame.loc[absent, "verdict"] = "not assessable"
        frame.loc[absent, "n_measured"] = 1
        frame.loc[absent, "reason"] = "1 of at least 3 votes measured"
        parts.append(frame)
    return TABLES["purity"].conform(pd.concat(parts, ignore_index=True))


def differential_table(
    n: int = 3000, contrasts: tuple[str, ...] = (CONTRAST,), seed: int = 3
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for contrast in contrasts:
        fold = rng.normal(-0.5, 1.8, n)
        t = fold / rng.uniform(0.2, 1.2, n)
        p = np.clip(10 ** -(np.abs(t) * 0.9), 1e-40, 1)
        frame = pd.DataFrame({
            "contrast": contrast, "protein": [f"P{i:05d}" for i in range(n)], "gene": [f"GENE{i}" for i in range(n)],
            "accession": [f"P{i:05d}" for i in range(n)], "log2_fc": fold, "se": 0.3, "ci_low": fold - 0.6,
            "ci_high": fold + 0.6, "t": t, "df": 6.0, "pvalue": p, "padj": np.minimum(1, p * 8), "b": 0.0,
            "mean_log2": 20.0, "n_case": 4, "n_control": 4, "status": "tested",
        })  # fmt: skip
        untested = frame.index % 17 == 0
        frame.loc[untested, ["log2_fc", "pvalue", "padj"]] = np.nan
        parts.append(frame)
    return TABLES["differential_abundance"].conform(pd.concat(parts, ignore_index=True))


MARKED = {
    "exosome": [f"GENE{i}" for i in range(1, 45)],
    "ev": [f"GENE{i}" for i in range(60, 80)],
    "microvesicle": [f"GENE{i}" for i in range(100, 140)],
    "apoptotic_body": [f"GENE{i}" for i in range(150, 200)],
}


def samples_table(n: int = 8, groups: int = 2, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    names = [f"run_{i:03d}" for i in range(n)]
    labels = ("EV", "Cell", "Plasma", "UC", "SEC", "IP", "Kit", "DGC", "TFF", "AEC")
    return TABLES["samples_used"].conform(pd.DataFrame({
        "sample": names, "unit": names, "group": [labels[i * groups // n] for i in range(n)],
        "n_measured": rng.integers(900, 3000, n), "total_signal": 1e9, "median_log2": 20.0, "status": "used",
    }))  # fmt: skip


def marker_values(samples: pd.DataFrame, per_set: int = 20, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for key in ("ev", "exosome", "microvesicle", "apoptotic_body"):
        for g in range(per_set):
            for i, (sample, group) in enumerate(zip(samples["sample"], samples["group"], strict=True)):
                up = 1.5 if group == "EV" and key in {"ev", "exosome"} else 0
                value = rng.normal(up, 0.8) if rng.random() > 0.18 else np.nan
                rows.append((key, f"{key[:3].upper()}{g}", sample, value, i))
    return pd.DataFrame(rows, columns=["set", "gene", "sample", "value", "order"]).drop(columns="order")


def significant_values_table(n: int = 20, seed: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        for sample, group in zip(SAMPLES["sample"], SAMPLES["group"], strict=True):
            up = 2.0 if (group == "EV") == (i % 3 > 0) else 0.0
            value = rng.normal(20 + up, 0.5) if rng.random() > 0.15 else np.nan
            rows.append((f"P{i:05d}", f"GENE{i}", sample, group, value, 1e-6 * (i + 1), 3 * n))
    names = ["protein", "gene", "sample", "group", "value", "padj", "n_significant"]
    return pd.DataFrame(rows, columns=names)


def shares_table(samples: pd.DataFrame, seed: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for key in ("ev", *SOURCES):
        level = 10 ** rng.uniform(-4.6, -0.3)
        for sample in samples["sample"]:
            share = float(np.clip(level * 2 ** rng.normal(0, 0.8), 0, 0.95))
            if key == "urine":
                share = 0.0
            rows.append((sample, key, share, share * 0.6, min(share * 1.6, 1.0), False, 40, 21, "tested", ""))
    names = [
        "sample",
        "source",
        "share",
        "ci_low",
        "ci_high",
        "approximate",
        "n_set",
        "n_measured",
        "status",
        "reason",
    ]
    table = pd.DataFrame(rows, columns=names)
    table.loc[table["source"] == "keratin", ["share", "ci_low", "ci_high"]] = np.nan
    return TABLES["source_shares"].conform(table)


def composition_table(groups: tuple[str, ...] = ("EV", "Cell"), seed: int = 11) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for group in groups:
        share = rng.dirichlet(np.full(len(SOURCES) + 2, 0.4))
        for i, key in enumerate(("ev", *SOURCES, "unassigned")):
            rows.append({
                "level": "group", "name": group, "group": group, "n_samples": 4, "component": key, "title": key,
                "share": share[i], "ci_low": 0.6 * share[i], "ci_high": min(1.0, 1.6 * share[i]),
                "interval": "over samples", "n_set": 40, "n_measured": 20, "reference": "middle third of 37 preparations",
                "reference_quantile": 50.0, "reference_kind": "cell culture preparations", "reference_n": 37,
                "reference_studies": 4, "reference_low": 0.02, "reference_median": 0.1, "reference_high": 0.22,
                "approximate": False, "status": "measured", "reason": "",
            })  # fmt: skip
    return TABLES["composition"].conform(pd.DataFrame(rows))


def carry_table() -> pd.DataFrame:
    frame = pd.DataFrame({
        "contrast": [CONTRAST] * 4 + ["EV vs Plasma", "UC vs SEC"],
        "compartment": ["all", "mitochondrion", "er_golgi", "nucleus", "all", "all"],
        "fraction": [0.36, 0.31, 0.42, 0.22, 0.043, np.nan], "ci_low": [0.26, 0.2, 0.33, 0.08, 0.033, np.nan],
        "ci_high": [0.47, 0.44, 0.5, 0.41, 0.25, np.nan],
        "bound": ["at most", "at most", "at most", "at most", "about", ""],
        "n_measured": [120, 48, 51, 21, 18, 0], "n_set": [180, 70, 71, 39, 25, 0], "n_dropped": 3, "approximate": False,
        "status": ["assessed"] * 5 + ["not assessable"],
        "reason": ["", "", "", "", "", "another EV preparation is not the source of what is carried over"],
    })  # fmt: skip
    return TABLES["contamination_fraction"].conform(frame)


def coverage_table(seed: int = 7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for key in (*CLASSES, *SOURCES, "misev_1a", "mod_escrt", "mod_proteasome_20s"):
        for role in ("positive", "negative") if key in {"exosome", "microvesicle"} else ("positive",):
            n = int(rng.integers(5, 120))
            m = int(rng.binomial(n, rng.uniform(0.0, 0.9)))
            weight = float(np.clip(m / n + rng.normal(0, 0.1), 0, 1))
            status = "tested" if m >= 3 else "too few measured"
            rows.append((key, key, role, m / n, weight, "A;B", "C", n, m, status, ""))
    return TABLES["coverage"].conform(pd.DataFrame(rows, columns=TABLES["coverage"].names))


def enrichment_table(contrasts: tuple[str, ...] = (CONTRAST,), seed: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for contrast in contrasts:
        for method, strength in (("camera", 1.0), ("fry", 6.0)):
            for key in (*CLASSES, *SOURCES, "misev_1a", "mod_escrt", "mod_proteasome_20s"):
                p = float(10 ** -(rng.exponential(strength)))
                tested = key not in {"urine", "apoptotic_ev"}
                rows.append({
                    "contrast": contrast, "set": key, "method": method, "direction": rng.choice(["up", "down"]),
                    "log2_fc": 1.0, "pvalue": p if tested else np.nan, "padj": min(1.0, 3 * p) if tested else np.nan,
                    "n_set": 40, "n_measured": 17 if tested else 2, "status": "tested" if tested else "too few measured",
                    "reason": "" if tested else "2 measured, 3 needed", "leading_edge": "CD9;CD63",
                })  # fmt: skip
    return TABLES["enrichment"].conform(pd.DataFrame(rows))


def checklist_table(n: int = 37) -> pd.DataFrame:
    answers = ("met", "not met", "not derivable", "needs metadata")
    guidelines = (
        "MISEV2018",
        "MISEV2023",
        "EV-TRACK",
        "MIBlood-EV",
        "Urine EV",
        "Cell culture",
        "Apoptotic EV",
    )
    rows = [
        {
            "contrast": CONTRAST, "guideline": guidelines[i * len(guidelines) // n], "item": f"Category {i}",
            "requirement": "At least one cytosolic protein that binds membranes or membrane proteins; promiscuous ones "
            "(2b) do not count alone." if i % 3 == 0 else "Report the amount of source material.",
            "answer": answers[i % 4], "evidence": "7 seen in half of the samples or more; 1 asked for",
            "proteins": "CD9, CD63, CD81, ITGB1, LAMP1, TSG101, PDCD6IP, FLOT1, FLOT2, ANXA2, ANXA5 and 9 more" if i % 2 else "",
            "source": "misev2018",
        }
        for i in range(n)
    ]  # fmt: skip
    return TABLES["misev_checklist"].conform(pd.DataFrame(rows))


def robustness_table(contrasts: tuple[str, ...] = (CONTRAST,)) -> pd.DataFrame:
    variants = {
        "as reported": "as reported", "measured values only": "missing values", "with left-censored bounds": "missing values",
        "median of the same proteins": "background", "trimmed mean of all proteins": "background",
        "detected in every sample of one group": "detection filter", "leave one marker out": "leave one marker out",
    }  # fmt: skip
    words = ("compatible", "unresolved", "not compatible", "not assessable")
    rows: list[dict[str, Any]] = []
    for contrast in contrasts:
        for variant, aspect in variants.items():
            for i, key in enumerate((*CLASSES, "plasma", "er_golgi")):
                source = key not in CLASSES
                reported = ("higher" if key == "plasma" else "similar") if source else words[i % 4]
                flipped = variant == "measured values only" and key in {"exosome", "plasma"}
                word = ("not assessable" if flipped else reported) if not source or not flipped else "similar"
                alone = variant == "leave one marker out"
                rows.append({
                    "contrast": contrast, "kind": "source" if source else "class", "key": key, "aspect": aspect,
                    "variant": variant, "verdict": word, "agrees": word == reported, "log2_fc": 1.0 + i,
                    "reason": "wide", "n_flips": (3 if key == "ev" else 0) if alone else None, "status": "computed",
                })  # fmt: skip
        rows.append({
            "contrast": contrast, "kind": "", "key": "", "aspect": "normalization", "variant": "quantile",
            "status": "not varied", "note": "not tried: the arms are different material",
        })  # fmt: skip
    return TABLES["sensitivity"].conform(pd.DataFrame(rows))


GROUPS_OF_VALUES = ("SEC", "UC", "PEG", "blank")


def sample_values_table(
    n: int = 14, groups: tuple[str, ...] = GROUPS_OF_VALUES, seed: int = 9
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    middle, count = rng.normal(22, 0.7, n), rng.integers(300, 2000, n)
    return TABLES["sample_values"].conform(pd.DataFrame({
        "sample": [f"run_{i:03d}" for i in range(n)], "role": "sample", "group": [groups[i * len(groups) // n] for i in range(n)],
        "n_proteins": count, "n_without_contaminants": count - 25, "n_set": 2400, "missing": 1 - count / 2400,
        "q05": middle - 4, "q25": middle - 1.5, "median": middle, "q75": middle + 1.6, "q95": middle + 5, "status": "measured",
    }))  # fmt: skip


def group_values_table(groups: tuple[str, ...] = GROUPS_OF_VALUES) -> pd.DataFrame:
    n = len(groups)
    frame = pd.DataFrame({
        "group": groups, "role": "sample", "n_samples": 3, "n_proteins": 2400, "n_in_all": 900, "n_in_some": 1000, "n_in_none": 500,
        "missing": np.linspace(0.05, 0.9, n), "n_cv": 900, "cv_median": np.linspace(0.1, 0.8, n), "cv_q25": np.linspace(0.05, 0.5, n),
        "cv_q75": np.linspace(0.2, 1.3, n), "r_within": np.linspace(0.95, 0.7, n), "r_within_lowest": np.linspace(0.9, 0.2, n),
        "r_between": np.linspace(0.6, 0.5, n), "missing_slope": -0.4, "missing_slope_ci_low": -0.5, "missing_slope_ci_high": -0.3,
        "missing_values": "falls with intensity",
    })  # fmt: skip
    alone = frame.index == n - 1
    frame.loc[alone, [c for c in frame if c.startswith(("cv_", "r_", "missing_slope"))]] = np.nan
    frame.loc[alone, "missing_values"] = "not assessable"
    frame.loc[alone, ["cv_reason", "r_reason", "missing_reason"]] = "one sample in the group"
    return TABLES["group_values"].conform(frame)


def correlation_table(
    n: int = 10, groups: tuple[str, ...] = GROUPS_OF_VALUES, seed: int = 10
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    group = [groups[i * len(groups) // n] for i in range(n)]
    rows = [
        (f"run_{i:03d}", group[i], f"run_{j:03d}", group[j], group[i] == group[j], rng.uniform(0.4, 0.99), 300, "computed", "")
        for i in range(n)
        for j in range(i + 1, n)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=TABLES["replicate_correlation"].names)
    table.loc[3, "pearson"] = np.nan
    return TABLES["replicate_correlation"].conform(table)


def missing_table(groups: tuple[str, ...] = GROUPS_OF_VALUES) -> pd.DataFrame:
    rows = [
        {"group": g, "bin": i + 1, "log2_from": 17.6 + i, "log2_median": 18.0 + i, "log2_to": 18.5 + i, "n_proteins": 90, "n_values": 270,
         "n_missing": 27 * (9 - i), "missing": 0.1 * (9 - i)}
        for g in groups
        for i in range(10)
    ]  # fmt: skip
    return TABLES["missing_by_intensity"].conform(pd.DataFrame(rows))


def overview_table(contrasts: tuple[str, ...] = (CONTRAST, "UC vs SEC", "PEG vs SEC")) -> pd.DataFrame:
    said = ("higher", "similar", "lower", "unresolved", "not assessable", "compatible", "not compatible")
    rows = [
        {"contrast": c, "question": "change", "kind": "class" if k in CLASSES else "source", "key": k, "verdict": said[(i + j) % 7],
         "log2_fc": 1.0 + i, "ci_low": 0.5, "ci_high": 2.0, "level": 0.9}
        for j, c in enumerate(contrasts)
        for i, k in enumerate((*CLASSES, *SOURCES))
    ]  # fmt: skip
    return TABLES["overview"].conform(pd.DataFrame(rows))


def ranking_table(groups: tuple[str, ...] = ("SEC", "UC", "PEG", "alone")) -> pd.DataFrame:
    rows = [
        {"quantity": q, "group": g, "n": 4, "share": 0.2 / (i + 1), "ci_low": 0.1 / (i + 1), "ci_high": 0.4 / (i + 1), "rank": i + 1,
         "rank_to": min(i + 2, 3), "status": "assessed"}
        for q in ("ev", "co_isolated", "cells_and_handling")
        for i, g in enumerate(groups)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table.loc[table["group"] == "alone", ["share", "ci_low", "ci_high", "rank", "rank_to"]] = np.nan
    return TABLES["ranking"].conform(table)


def fraction_table(n: int = 12) -> pd.DataFrame:
    rows = []
    for center, key in ((4, "ev"), (6, "lipoprotein"), (10, "soluble")):
        for i in range(n):
            share = float(np.exp(-((i - center) ** 2) / 4))
            rows.append({"fraction": f"F{i + 1}", "order": i + 1, "kind": "component", "key": key, "n_samples": 2, "share": share,
                         "ci_low": 0.8 * share, "ci_high": min(1.0, 1.2 * share), "part": share / 3.5, "part_ci_low": share / 4,
                         "part_ci_high": share / 3, "status": "tested"})  # fmt: skip
    table = pd.DataFrame(rows)
    table.loc[0, ["share", "ci_low", "ci_high", "part", "part_ci_low", "part_ci_high"]] = np.nan
    return TABLES["fraction_profiles"].conform(table)


PEAKS = pd.DataFrame({"kind": "component", "key": ["ev", "soluble"], "peak": ["F5", "F11"]})
POOLS = pd.DataFrame(
    {"fractions": ["F4;F5", "F5"], "proposed": [True, False], "purity": 0.8, "recovered": 0.6}
)


# --- every figure, on real-looking, nasty and meagre tables ---------------------------------------------

SAMPLES = samples_table(8)


def pca_table(n: int = 14, groups: tuple[str, ...] = GROUPS_OF_VALUES, seed: int = 12) -> pd.DataFrame:
    scores = np.random.default_rng(seed).normal(0, 20, (n, 2))
    return TABLES["pca"].conform(pd.DataFrame({
        "sample": [f"run_{i:03d}" for i in range(n)], "group": [groups[i * len(groups) // n] for i in range(n)],
        "pc1": scores[:, 0], "pc2": scores[:, 1], "explained_pc1": 0.41, "explained_pc2": 0.127, "n_proteins": 812,
        "status": "computed", "reason": "",
    }))  # fmt: skip


MISEV = {
    "1a": ("CD63", "CD81"),
    "1b": ("CD9",),
    "2a": ("TSG101", "PDCD6IP"),
    "3a": ("ALB", "APOA1"),
    "4c": ("CANX",),
    "5": ("FN1",),
}
KEYS = ("CD63", "CD81", "CD9", "TSG101", "PDCD6IP", "ALB", "APOA1", "CANX")


def rank_table(n: int = 600, groups: tuple[str, ...] = ("SEC", "UC")) -> pd.DataFrame:
    named = [(c, g) for c, genes in MISEV.items() for g in genes]
    parts = []
    for group in groups:
        frame = pd.DataFrame({
            "group": group, "rank": np.arange(1, n + 1), "protein": [f"P{i:05d}" for i in range(n)],
            "gene": [f"GENE{i}" for i in range(n)], "log2_mean": 30 - 2 * np.log(np.arange(1, n + 1)), "n_measured": 4, "n_samples": 4,
            "category": "", "key": 0,
        })  # fmt: skip
        for i, (category, gene) in enumerate(named):
            frame.loc[7 + 43 * i, ["gene", "category", "key"]] = [
                gene,
                category,
                KEYS.index(gene) + 1 if gene in KEYS else 0,
            ]
        parts.append(frame)
    return TABLES["rank_abundance"].conform(pd.concat(parts, ignore_index=True))


def marker_abundance_table(samples: pd.DataFrame | None = None, seed: int = 13) -> pd.DataFrame:
    samples = samples_table() if samples is None else samples
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for category, genes in MISEV.items():
        for gene in genes:
            key = KEYS.index(gene) + 1 if gene in KEYS else 0
            for i, (sample, group) in enumerate(zip(samples["sample"], samples["group"], strict=True)):
                value = np.nan if (i + key) % 5 == 0 else rng.normal(22, 2)
                rows.append({
                    "category": category, "gene": gene, "key": key, "protein": gene, "sample": sample, "group": group, "log2": value,
                    "over_median": value - 20, "status": "measured" if np.isfinite(value) else "not measured",
                })  # fmt: skip
    rows.append(
        {
            "category": "4c",
            "gene": "GOLGA2",
            "key": 9,
            "sample": "",
            "group": "",
            "status": "not in the table",
        }
    )
    return TABLES["marker_abundance"].conform(pd.DataFrame(rows))


def _one_method(table: pd.DataFrame) -> str | None:
    """First set test of a table that has several."""
    return table["method"].iloc[0] if len(table) and "method" in table.columns else None


BY_TABLE: dict[str, Callable[[], pd.DataFrame]] = {
    "identity": identity_table,
    "purity": purity_table,
    "source_shares": lambda: shares_table(SAMPLES),
    "composition": composition_table,
    "contamination_fraction": carry_table,
    "sensitivity": robustness_table,
    "misev_checklist": checklist_table,
    "coverage": coverage_table,
    "differential_abundance": differential_table,
    "enrichment": enrichment_table,
    "marker_values": lambda: marker_values(SAMPLES),
    "significant_values": significant_values_table,
    "sample_values": sample_values_table,
    "group_values": group_values_table,
    "replicate_correlation": correlation_table,
    "missing_by_intensity": missing_table,
    "pca": pca_table,
    "rank_abundance": rank_table,
    "marker_abundance": marker_abundance_table,
    "overview": overview_table,
    "ranking": ranking_table,
    "fraction_profiles": fraction_table,
}
DRAW: dict[str, tuple[str, Callable[..., Axes | Figure]]] = {
    "identity_summary": ("identity", figures.identity_summary),
    "forest_identity": ("identity", figures.forest),
    "forest_purity": ("purity", figures.forest),
    "volcano": ("differential_abundance", lambda t, **o: figures.volcano(t, label=MARKED, **o)),
    "marker_heatmap": ("marker_values", lambda t, **o: figures.marker_heatmap(t, SAMPLES, **o)),
    "heatmap": ("significant_values", lambda t, **o: figures.heatmap(t, SAMPLES, **o)),
    "source_shares": ("source_shares", lambda t, **o: figures.source_shares(t, SAMPLES, **o)),
    "source_shares_linear": (
        "source_shares",
        lambda t, **o: figures.source_shares(t, SAMPLES, log=False, **o),
    ),
    "composition": ("composition", figures.composition),
    "contamination_fraction": ("contamination_fraction", figures.contamination_fraction),
    "sensitivity": ("sensitivity", figures.sensitivity),
    "checklist": ("misev_checklist", figures.checklist),
    "coverage": ("coverage", figures.coverage),
    "enrichment": ("enrichment", figures.enrichment),
    "dotplot": ("enrichment", lambda t, **o: figures.dotplot(t, method=_one_method(t), **o)),
    "sample_values": ("sample_values", figures.sample_values),
    "group_values": ("group_values", figures.group_values),
    "replicate_correlation": ("replicate_correlation", figures.replicate_correlation),
    "missing_by_intensity": (
        "missing_by_intensity",
        lambda t, **o: figures.missing_by_intensity(t, group_values_table(), **o),
    ),
    "pca": ("pca", figures.pca),
    "rank_abundance": ("rank_abundance", figures.rank_abundance),
    "marker_plot": ("marker_abundance", figures.marker_plot),
    "misev_heatmap": ("marker_abundance", figures.misev_heatmap),
    "overview": ("overview", figures.overview),
    "ranking": ("ranking", figures.ranking),
    "fraction_profiles": (
        "fraction_profiles",
        lambda t, **o: figures.fraction_profiles(t, PEAKS, POOLS, **o),
    ),
}
#: table -> a column without which its figures cannot be drawn
NEEDED = {
    "identity": "log2_fc",
    "purity": "log2_fc",
    "source_shares": "share",
    "composition": "share",
    "contamination_fraction": "fraction",
    "sensitivity": "verdict",
    "misev_checklist": "answer",
    "coverage": "fraction",
    "differential_abundance": "log2_fc",
    "enrichment": "pvalue",
    "marker_values": "value",
    "significant_values": "padj",
    "sample_values": "median",
    "group_values": "cv_median",
    "replicate_correlation": "pearson",
    "missing_by_intensity": "missing",
    "pca": "pc1",
    "rank_abundance": "log2_mean",
    "marker_abundance": "gene",
    "overview": "verdict",
    "ranking": "share",
    "fraction_profiles": "part",
}
#: figures of one panel, which take `ax`
PANELS = (
    "forest_purity", "volcano", "source_shares", "composition", "contamination_fraction", "coverage", "pca",
)  # fmt: skip
NAMES = {
    "name",
    "component",
    "group",
    "other",
    "other_group",
    "gene",
    "protein",
    "set",
    "title",
    "source",
    "sample",
    "class",
    "compartment",
    "item",
    "method",
}


def _nasty(table: pd.DataFrame) -> pd.DataFrame:
    """Put nasty words into every column of names and prose, one contrast left."""
    table = table.copy()
    for column in [c for c in table.columns if not pd.api.types.is_numeric_dtype(table[c])]:
        if column == "contrast":
            table[column] = NASTY[1]
        elif column in NAMES | {
            "reason",
            "evidence",
            "requirement",
            "guideline",
            "operational_name",
            "competing_class",
            "next_step",
        }:
            tail = "" if column not in NAMES else " {}"
            table[column] = [NASTY[i % len(NASTY)] + tail.format(i) for i in range(len(table))]
    return table


def _voided(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    for column in [c for c in table.columns if pd.api.types.is_float_dtype(table[c])]:
        table[column] = np.nan
    return table


def _read_again(table: pd.DataFrame) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(to_tsv(table)), sep="\t")


VARIANTS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "plain": lambda t: t,
    "nasty": _nasty,
    "empty": lambda t: t.iloc[:0],
    "one row from a file": lambda t: _read_again(t.iloc[[0]]),
    "all missing": _voided,
    "one row": lambda t: t.iloc[[0]],
    "from a file": _read_again,
}
#: variants that the quick tests draw as one
_SLOW = ("one row", "from a file")


def _figure(drawn: Axes | Figure) -> Figure:
    figure = drawn.get_figure(root=True) if isinstance(drawn, Axes) else drawn
    assert isinstance(figure, Figure)
    return figure


@pytest.fixture(autouse=True)
def _no_trace() -> Iterator[None]:
    """Settings of matplotlib are after a test as they were before it, and figures are closed."""
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
    plt.close("all")


@pytest.mark.parametrize(
    "variant", [pytest.param(v, marks=[pytest.mark.slow] * (v in _SLOW)) for v in VARIANTS]
)
@pytest.mark.parametrize("name", DRAW)
def test_fit_to_print(name: str, variant: str) -> None:
    table_name, draw = DRAW[name]
    table = VARIANTS[variant](BY_TABLE[table_name]())
    before = table.copy()
    assert figures.lint(_figure(draw(table))) == []
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("variant", ["nasty", pytest.param("plain", marks=pytest.mark.slow)])
@pytest.mark.parametrize("width", [89, *(pytest.param(w, marks=pytest.mark.slow) for w in (120, 183))])
@pytest.mark.parametrize(
    "name",
    [
        *PANELS,
        "enrichment",
        "sample_values",
        "replicate_correlation",
        "missing_by_intensity",
        "rank_abundance",
        "marker_plot",
        "misev_heatmap",
    ],
)
def test_every_width(name: str, width: int, variant: str) -> None:
    table_name, _ = DRAW[name]
    draw = getattr(figures, name.removesuffix("_purity"))
    figure = _figure(draw(VARIANTS[variant](BY_TABLE[table_name]()), width=width))
    assert round(figure.get_figwidth() * 25.4) == width
    assert figures.lint(figure) == []


@pytest.mark.parametrize(
    ("n", "groups"),
    [
        (1, 1),
        pytest.param(2, 1, marks=pytest.mark.slow),
        (2, 2),
        (12, 3),
        (13, 2),
        pytest.param(48, 2, marks=pytest.mark.slow),
        (105, 10),
    ],
)
def test_any_number_of_samples(n: int, groups: int) -> None:
    samples = samples_table(n, groups)
    assert figures.lint(figures.source_shares(shares_table(samples), samples)) == []
    assert figures.lint(figures.marker_heatmap(marker_values(samples, 6), samples)) == []
    assert figures.lint(figures.marker_heatmap(marker_values(samples, 6))) == []


# --- what is drawn equals the table ----------------------------------------------------------------------


def _lines(ax: Axes, label: str) -> list[Any]:
    return [line for line in ax.lines if line.get_label() == label]


def _words(figure: Figure) -> str:
    return " | ".join(t.get_text() for t in figure.findobj(Text))


def test_forest_draws_the_table() -> None:
    table = purity_table()
    ax = figures.forest(table)
    seen = table[table["log2_fc"].notna()]
    drawn = sorted(float(p.get_xdata()[0]) for p in _lines(ax, "_point"))
    assert drawn == pytest.approx(sorted(seen["log2_fc"]))
    ends = sorted(tuple(map(float, line.get_xdata())) for line in _lines(ax, "_interval"))
    assert ends == sorted(zip(seen["ci_low"], seen["ci_high"], strict=True))
    low, high = ax.get_xlim()
    assert low < seen["ci_low"].min()
    assert high > seen["ci_high"].max()
    text = _words(_figure(ax))
    assert all(_palette.title(s) in text for s in SOURCES)
    assert "not assessable: 1 of at least 3 votes measured" in text


def test_an_unsure_interval_does_not_squash_the_others() -> None:
    table = purity_table()
    worst = table.index[table["verdict"] == "not assessable"][0]
    table.loc[worst, ["log2_fc", "ci_low", "ci_high"]] = [0.5, -60.0, 70.0]
    called = table[table["verdict"] != "not assessable"]
    for ax in (figures.forest(table), figures.forest(table.assign(verdict="lower"))):
        low, high = ax.get_xlim()
        assert low < called["ci_low"].min()
        assert high > called["ci_high"].max()
        beyond = [m.get_marker() for m in _lines(ax, "_on")]
        assert beyond == (["<", ">"] if high < 70 else [])
    assert high > 70
    assert figures.lint(ax) == []


def test_forest_joins_classes_and_sources() -> None:
    ax = figures.forest(purity_table(), identity_table())
    headings = [t.get_text() for t in ax.texts if t.get_fontweight() == "bold"]
    assert headings[0] == "Vesicle classes"
    assert headings[1:] == list(_palette.FAMILIES)


def test_verdicts_differ_in_fill_not_in_colour_alone() -> None:
    ax = figures.forest(identity_table())
    fills = {
        (p.get_fillstyle(), p.get_markerfacecolor() == "#ffffff"): p.get_markerfacecolor()
        for p in _lines(ax, "_point")
    }
    assert set(fills) == {("full", False), ("left", False), ("full", True)}


def test_identity_summary_draws_the_table() -> None:
    table = identity_table()
    figure = figures.identity_summary(table, eta=1.5)
    effect, margin, negatives = figure.axes[1:]
    for ax, column in ((effect, "log2_fc"), (margin, "margin"), (negatives, "negatives_log2_fc")):
        drawn = sorted(float(p.get_xdata()[0]) for p in _lines(ax, "_point"))
        assert drawn == pytest.approx(sorted(table[column].dropna()))
    low, high = effect.get_xlim()
    assert low < min(-1.5, table["ci_low"].min())
    assert high > max(1.5, table["bounded_ci_high"].max())
    zone = next(c for c in effect.collections if c.get_label() == "_zone")
    assert sorted({float(x) for x in zone.get_paths()[0].vertices[:, 0]}) == [-1.5, 1.5]
    text = _words(figure)
    assert [text.count(w) for w in ("| not assessable", "| not compatible", "| unresolved")] == [2, 1, 1]
    assert "apoptosis not stated in the context" in text
    assert "small EV with endosomal markers" in text
    assert "over microvesicle" in text


def test_zones_and_levels_of_the_figures_are_those_of_the_criteria() -> None:
    threshold = load_criteria().threshold
    defaults = {n: p.default for n, p in inspect.signature(figures.identity_summary).parameters.items()}
    assert defaults["eta"] == threshold["equivalence_margin"]
    assert defaults["delta"] == threshold["min_class_effect"]
    assert defaults["confidence"] == threshold["class_confidence"]
    assert inspect.signature(figures.forest).parameters["eta"].default == threshold["equivalence_margin"]
    assert "Bars: 80 % intervals" in _words(figures.identity_summary(identity_table(), confidence=0.8))
    level = f"{100 * threshold['confidence']:g} % intervals"
    assert level in _words(_figure(figures.contamination_fraction(carry_table())))
    few = samples_table(6)  # of more samples, groups are summarized by their middle half
    assert level in _words(_figure(figures.source_shares(shares_table(few), few)))


def test_identity_summary_names_what_cannot_be_assessed() -> None:
    table = identity_table().assign(log2_fc=np.nan, bounded_log2_fc=np.nan, reason="no replicates")
    text = _words(figures.identity_summary(table))
    assert text.count("no replicates") == len(CLASSES)


def test_volcano_draws_every_tested_protein_once() -> None:
    table = differential_table()
    ax = figures.volcano(table, label=MARKED)
    tested = table["log2_fc"].notna()
    points = np.vstack([np.asarray(c.get_offsets()) for c in ax.collections])
    assert len(points) == tested.sum()
    assert np.sort(points[:, 0]) == pytest.approx(np.sort(table.loc[tested, "log2_fc"]))
    by_label = {c.get_label(): c for c in ax.collections}
    assert by_label["_background"].get_rasterized()
    assert len(by_label["exosome"].get_offsets()) == table.loc[tested, "gene"].isin(MARKED["exosome"]).sum()
    assert not by_label["exosome"].get_rasterized()
    assert 10 < len([t for t in ax.texts if t.get_text().startswith("GENE")]) <= 30


@pytest.mark.parametrize("width", [89, 120])
def test_volcano_keys_every_set_that_it_draws(width: float) -> None:
    keys = ["ev", "exosome", "microvesicle", "apoptotic_body", "apoptotic_exosome", "apoptotic_ev"]
    marked = {k: [f"GENE{10 * i + j}" for j in range(1, 8)] for i, k in enumerate(keys)}
    ax = figures.volcano(differential_table(), label=marked, width=width)
    drawn = {c.get_label() for c in ax.collections if not c.get_label().startswith("_")}
    assert drawn == set(keys)
    said = [t.get_text() for t in ax.get_legend().get_texts()]
    assert said[: len(keys)] == [
        f"{_palette.title(k)} ({c.get_offsets().shape[0]})"
        for k in keys
        for c in ax.collections
        if c.get_label() == k
    ]
    assert said[len(keys)].startswith("FDR ≤ 5 % and at least 2-fold (")
    assert said[len(keys) + 1].startswith("other proteins (")
    assert figures.lint(ax) == []


def test_volcano_counts_what_changed_and_names_the_top_of_both_sides() -> None:
    table = differential_table(400)
    ax = figures.volcano(table, top=3, max_labels=40, lfc=1)
    changed = table[(table["padj"] <= 0.05) & (table["log2_fc"].abs() >= 1)]
    up, down = (changed["log2_fc"] > 0).sum(), (changed["log2_fc"] < 0).sum()
    texts = [t.get_text() for t in ax.texts]
    assert {f"◂ {down} higher in Cell", f"{up} higher in EV ▸"} <= set(texts)
    best = [side.nsmallest(3, "pvalue")["gene"] for _, side in changed.groupby(changed["log2_fc"] > 0)]
    named = {t for t in texts if t.startswith("GENE")}
    assert named <= set(pd.concat(best))
    assert len(named) >= 4
    at = sorted(float(line.get_xdata()[0]) for line in _lines(ax, "_fold change"))
    assert at == [-1.0, 1.0]
    assert not _lines(figures.volcano(table, lfc=0), "_fold change")


def test_volcano_says_what_was_not_tested_and_why() -> None:
    table = differential_table(40)
    short = "1 value in EV; 2 are needed"
    rows = table["pvalue"].isna()
    for reasons, said in (
        ([short] * 3, "3 not tested (too few values)"),
        ([short, "no variance", short], "3 not tested (2 for too few values)"),
        (["no variance"] * 3, "3 not tested"),
    ):
        table.loc[rows, "reason"] = reasons
        assert f"37 proteins; {said}" in [t.get_text() for t in figures.volcano(table).texts]


def test_the_markers_of_an_assessment_are_pooled_into_few_meanings() -> None:
    used = pd.DataFrame({
        "set": ["exosome", "ev", "plasma", "er_golgi", "exosome", "nucleus"],
        "gene": ["CD9", "CD9", "ALB", "CANX", "CANX", "H1-0"],
        "role": ["positive", "positive", "source", "source", "negative", "source"],
    })  # fmt: skip
    assert genes_by_meaning(used) == {
        "EV markers": ["CD9"], "Blood, medium and skin": ["ALB"], "ER and mitochondria": ["CANX"]
    }  # fmt: skip


def test_volcano_labels_stay_apart_in_a_crowd() -> None:
    table = differential_table(400).assign(log2_fc=lambda t: 3 + 0.01 * np.arange(len(t)), pvalue=1e-5)
    ax = figures.volcano(table, label=list(table["gene"]), max_labels=400, width=89)
    assert figures.lint(ax) == []


def _leaders(ax: Axes) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Anchor, box and nearest edge (pixels) of the labels that a line leads to."""
    found = []
    for text in ax.texts:
        if isinstance(text, Annotation) and text.arrow_patch is not None:
            box = Text.get_window_extent(text).extents
            anchor = np.asarray(ax.transData.transform(text.xy))
            found.append((anchor, box, np.clip(anchor, box[:2], box[2:])))
    return found


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    return float(np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_lines_to_labels_cross_no_line_and_no_label(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = differential_table(60).assign(
        log2_fc=lambda t: 2 + rng.normal(0, 0.15, len(t)), pvalue=lambda t: 10 ** -rng.uniform(4, 7, len(t))
    )
    ax = figures.volcano(table, label=list(table["gene"]), max_labels=60)
    ax.get_figure().draw_without_rendering()
    leaders = _leaders(ax)
    assert len(leaders) > 3
    for i, (a, _, b) in enumerate(leaders):
        for c, _, d in leaders[i + 1 :]:
            assert not (_turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0)
        for _, box, _ in (o for j, o in enumerate(leaders) if j != i):
            steps = np.linspace(a, b, 50)[5:-5]
            assert not ((steps > box[:2] + 3) & (steps < box[2:] - 3)).all(axis=1).any()


def test_volcano_p_of_zero_stands_at_the_top() -> None:
    table = differential_table(50)
    table.loc[1, "pvalue"] = 0.0
    ax = figures.volcano(table)
    y = ax.collections[0].get_offsets()[:, 1]
    assert np.isfinite(y).all()
    assert y.max() <= ax.get_ylim()[1]


@pytest.mark.parametrize(
    "label",
    [
        ["GENE1", "GENE2"],
        {"exosome": {"GENE1", "GENE2"}},
        pd.DataFrame({"set": "exosome", "gene": ["GENE1", "gene2"]}),
        type("Set", (), {"id": "exosome", "genes": ("GENE1", "GENE2")})(),
    ],
)
def test_volcano_takes_labels_of_any_kind(label: object) -> None:
    ax = figures.volcano(differential_table(40), label=label)
    assert sum(len(c.get_offsets()) for c in ax.collections if not c.get_label().startswith("_")) == 2


def test_volcano_draws_the_fold_change_over_the_background_that_p_is_about() -> None:
    table = differential_table(40)
    assert figures.volcano(table).get_xlabel() == "log₂ fold change"
    table["log2_fc_over_background"] = table["log2_fc"] - 1.5
    ax = figures.volcano(table)
    drawn = np.sort(np.concatenate([c.get_offsets()[:, 0] for c in ax.collections]))
    np.testing.assert_allclose(drawn, np.sort(table["log2_fc_over_background"].dropna()))
    assert ax.get_xlabel() == "log₂ fold change over the background"


def test_volcano_puts_proteins_without_a_fold_change_at_the_side_that_shows_them() -> None:
    table = differential_table(40)
    table["direction"] = np.where(table["log2_fc"] > 0, "up", "down")
    alone = table.index[[1, 2, 3]]  # rows 0, 17 and 34 are not tested
    table.loc[alone, "log2_fc"] = np.nan
    table.loc[alone, "direction"] = ["up", "down", "down"]
    ax = figures.volcano(table)
    low, high = ax.get_xlim()
    sides = {c.get_label(): c.get_offsets() for c in ax.collections if str(c.get_label()).startswith("_only")}
    assert {k: len(v) for k, v in sides.items()} == {"_only in the case": 1, "_only in the control": 2}
    assert (sides["_only in the case"][:, 0] > high - 0.05 * (high - low)).all()
    assert (sides["_only in the control"][:, 0] < low + 0.05 * (high - low)).all()
    assert "37 proteins, 3 by detection alone (at the sides); 3 not tested" in [
        t.get_text() for t in ax.texts
    ]


def test_volcano_refuses_other_labels() -> None:
    with pytest.raises(InputError, match="must be gene symbols, a mapping"):
        figures.volcano(differential_table(40), label=3)


def test_heatmap_shows_missing_as_missing() -> None:
    values = marker_values(SAMPLES)
    figure = figures.marker_heatmap(values, SAMPLES)
    meshes = [
        c for ax in figure.axes for c in ax.collections if isinstance(c, QuadMesh) and c.get_label() != "_key"
    ]
    shown = np.ma.concatenate([m.get_array().ravel() for m in meshes])
    assert len(meshes) == 4
    assert shown.size == 80 * len(SAMPLES)
    assert int(shown.mask.sum()) == int(values["value"].isna().sum())
    hatched = [p for ax in figure.axes for p in ax.patches if p.get_label() == "_not measured"]
    assert all(p.get_hatch() for p in hatched)
    assert len(hatched) == 5


def test_heatmap_states_what_it_leaves_out() -> None:
    figure = figures.marker_heatmap(marker_values(SAMPLES, 30), SAMPLES, max_markers=40)
    assert _words(figure).count("10 of 30 shown") == 4


def test_heatmap_keeps_the_markers_that_vary() -> None:
    values = marker_values(SAMPLES, 12)
    flat = values["gene"].str.endswith(("1", "3"))
    values.loc[flat, "value"] = 0.0
    text = _words(figures.marker_heatmap(values, SAMPLES, max_markers=16))
    assert "EXO1 " not in text
    assert "EXO3 " not in text


@pytest.mark.parametrize("n", [1, 2, 6])
def test_overlap_writes_counts_and_the_size_of_each_set_in_bold(n: int) -> None:
    names = ["exosome", "microvesicle", "plasma", "platelet", "keratin", "x"][:n]
    counts = pd.DataFrame(np.full((n, n), 3) + np.diag([7] * n), index=names, columns=names)
    if n > 1:
        counts.iloc[0, 1] = counts.iloc[1, 0] = 0
    ax = figures.overlap(counts)
    assert figures.lint(ax) == []
    numbers = {(int(t.get_position()[1]), int(t.get_position()[0])): t for t in ax.texts[: n * n]}
    for (row, column), text in numbers.items():
        expected = counts.iloc[row, column]
        assert text.get_text() == (str(expected) if expected else "")
        assert (text.get_fontweight() == "bold") == (row == column)


def test_composition_stacks_every_share_to_the_whole() -> None:
    table = composition_table()
    words = pd.DataFrame({"level": "group", "name": ["EV", "Cell"], "word": ["strong", "weak"]})
    ax = figures.composition(table, words)
    bars = [p for p in ax.patches if str(p.get_label()).startswith("_")]
    for at, name in enumerate(("EV", "Cell")):
        shown = [b for b in bars if round(b.get_y() + b.get_height() / 2) == at]
        assert sum(b.get_width() for b in shown) == pytest.approx(1)
        share = table[table["name"] == name].set_index("component")["share"]
        drawn = {str(b.get_label())[1:]: b for b in shown}
        assert drawn["ev"].get_width() == pytest.approx(share["ev"])
        assert drawn["ev"].get_x() == 0
        assert drawn["unassigned"].get_width() == pytest.approx(share["unassigned"])
        pooled = share[[k for k in SOURCES if k not in drawn]].sum()
        assert drawn["other sources"].get_width() == pytest.approx(pooled)
    reference = [line for line in ax.lines if line.get_label() == "_reference"]
    assert [list(line.get_xdata()) for line in reference] == [[0.02, 0.22]] * 2
    texts = [t.get_text() for t in ax.texts]
    assert "4 samples; EV markers strong" in texts
    ev = table.iloc[0]
    assert any(t.startswith("EV markers ") and f"{100 * ev['ci_high']:.2g}".rstrip("0") in t for t in texts)


def test_composition_draws_samples_where_there_is_one_group() -> None:
    table = composition_table(("all samples",))
    samples = composition_table(("run_1", "run_2")).assign(level="sample", group="all samples")
    both = TABLES["composition"].conform(pd.concat([table, samples], ignore_index=True))
    texts = [t.get_text() for t in figures.composition(both).texts]
    assert {"run_1", "run_2"} <= set(texts)
    assert "all samples" not in texts
    assert "all samples" in [t.get_text() for t in figures.composition(both, level="group").texts]
    many = composition_table(tuple(f"g{i}" for i in range(60)))
    assert figures.lint(figures.composition(many)) == []
    only = figures.composition(composition_table(), groups=["Cell"])
    assert "EV" not in [t.get_text() for t in only.texts]


def test_shares_draw_the_table() -> None:
    few = samples_table(6)  # of more samples, groups are summarized
    table = shares_table(few)
    ax = figures.source_shares(table, few)
    floor = ax.get_xlim()[0]
    drawn = sorted(float(p.get_xdata()[0]) for p in _lines(ax, "_point"))
    assert drawn == pytest.approx(sorted(np.maximum(table["share"].dropna(), floor)))
    assert ax.get_xscale() == "log"
    assert floor < table.loc[table["share"] > 0, "share"].min()
    assert figures.source_shares(table, few, log=False).get_xlim()[0] == 0


def test_shares_of_many_samples_show_medians() -> None:
    samples = samples_table(60, 3)
    table = shares_table(samples)
    ax = figures.source_shares(table, samples)
    plasma = table[table["source"] == "plasma"].merge(samples, on="sample").groupby("group")["share"].median()
    drawn = {float(p.get_xdata()[0]) for p in _lines(ax, "_point")}
    assert all(any(np.isclose(d, m) for d in drawn) for m in plasma)


def test_groups_can_be_chosen() -> None:
    samples = samples_table(40, 4)
    ax = figures.source_shares(shares_table(samples), samples, groups=["Plasma", "EV"])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["Plasma", "EV"]
    text = _words(figures.marker_heatmap(marker_values(samples, 5), samples, groups=["UC", "EV"]))
    assert "UC (10)" in text
    assert "Plasma (10)" not in text
    assert figures.lint(figures.source_shares(shares_table(samples), samples, groups=["nobody"])) == []
    assert figures.lint(figures.marker_heatmap(marker_values(samples, 5), samples, groups=["nobody"])) == []


def test_contamination_fraction_tells_bounds_from_estimates() -> None:
    ax = figures.contamination_fraction(carry_table())
    markers = [p.get_marker() for p in _lines(ax, "_point")]
    assert markers == ["<"] * 4 + ["o"]
    text = _words(_figure(ax))
    assert "≤ 36 % (26–47)" in text
    assert "4.3 % (3.3–25)" in text
    assert "not assessable: another EV preparation is not the source" in text
    careful = carry_table()
    careful.loc[0, "reason"] = "imputed input inflates it; " * 12
    ax = figures.contamination_fraction(careful)
    assert "mputed input inflates it" in _words(_figure(ax))
    assert figures.lint(ax) == []
    assert ax.get_xlim()[1] > 0.5


def test_coverage_draws_the_table() -> None:
    table = coverage_table()
    ax = figures.coverage(table)
    drawn = sorted(
        p.get_width() for p in ax.patches if p.get_label() in {"_bar", "_nolegend_"} and p.get_zorder() == 2
    )
    assert drawn == pytest.approx(sorted(table["fraction"]))
    assert len(_lines(ax, "_weight")) == len(table)


def test_enrichment_signs_the_direction() -> None:
    table = enrichment_table()
    figure = figures.enrichment(table)
    for ax, method in zip(figure.axes[1:], ("camera", "fry"), strict=True):
        rows = table[(table["method"] == method) & table["pvalue"].notna()]
        expected = -np.log10(rows["pvalue"]) * np.where(rows["direction"] == "down", -1, 1)
        drawn = sorted(float(p.get_xdata()[0]) for p in _lines(ax, "_point"))
        assert drawn == pytest.approx(sorted(expected))


def test_robustness_frames_what_changes() -> None:
    table = robustness_table()
    figure = figures.sensitivity(table)
    ax = figure.axes[0]
    cells = [p for p in ax.patches if p.get_label() == "_cell"]
    changed = [p for p in ax.patches if p.get_label() == "_changed"]
    raised = table[(table["kind"] == "class") | (table["key"] == "plasma")]
    assert len(cells) == len(raised)
    assert len(changed) == int((~raised["agrees"].astype(bool)).sum()) == 2
    text = _words(figure).split(" | ")
    assert "×3" in " ".join(text)
    assert "ER and Golgi" not in text
    assert any(t.startswith("quantile: not tried") for t in text)


def test_checklist_shows_every_item() -> None:
    table = checklist_table()
    figure = figures.checklist(table)
    text = _words(figure).split(" | ")
    assert [text.count(a) for a in ("met", "not met", "not derivable", "needs metadata")] == [10, 9, 9, 9]
    assert figure.get_figheight() * 25.4 <= 247
    assert "more items" in _words(figures.checklist(checklist_table(90)))


def test_checklist_cuts_no_text() -> None:
    table = checklist_table()
    figure = figures.checklist(table)
    text = " ".join(_words(figure).split(" | "))
    assert "…" not in text
    for requirement in table["requirement"].unique():
        assert requirement in text
    assert "needs metadata" in text


def test_checklist_says_once_what_holds_for_a_whole_guideline() -> None:
    table = checklist_table()
    urine = table["guideline"] == "Urine EV"
    table.loc[urine, ["answer", "evidence", "proteins"]] = ["not derivable", "does not apply", ""]
    text = _words(figures.checklist(table))
    assert text.count("does not apply") == 1
    assert f"all {urine.sum()} items" in text
    for item in table.loc[urine, "item"]:
        assert item in text


def test_checklist_counts_the_proteins_that_it_does_not_name() -> None:
    table = checklist_table(3).assign(proteins=", ".join(f"PROT{i}" for i in range(200)))
    text = " ".join(_words(figures.checklist(table)).split(" | "))
    assert "…" not in text
    named = text.count("PROT")
    assert 0 < named < 600
    assert f"and {200 - named // 3} more" in text
    some = table.assign(proteins=", ".join(f"PROT{i}" for i in range(100)) + " and 100 more")
    assert f"and {200 - named // 3} more" in " ".join(_words(figures.checklist(some)).split(" | "))


def test_names_are_set_smaller_before_they_are_cut() -> None:
    text, size = _text.shrink("Cell of origin: platelets and megakaryocytes", 43, 6.5)
    assert "…" not in text
    assert 5 <= size < 6.5
    assert _text.text_width(text, size) <= 43
    assert _text.shrink("x" * 200, 43, 6.5)[1] == 5
    assert _text.shrink("short", 43, 6.5) == ("short", 6.5)


def test_contamination_fraction_says_a_long_reason_whole() -> None:
    reason = "comparator 'soluble': neither arm is the source of the material that would be carried over"
    table = carry_table().iloc[[5]].assign(reason=reason)
    figure = _figure(figures.contamination_fraction(table))
    text = " ".join(_words(figure).split(" | "))
    assert reason[1:] in text
    assert "…" not in text
    assert figures.lint(figure) == []


# --- contrasts, errors, dispatch -------------------------------------------------------------------------


def test_every_figure_is_drawn_here() -> None:
    """A figure that is exported is drawn above; one of an assessment has a title for the report."""
    drawn = {f.__name__ for _, f in DRAW.values()} | set(DRAW)
    others = {
        "assessment_figures",
        "lint",
        "new_figure",
        "overlap",
        "plot",
        "qc_card",
        "save",
        "style",
        "running_score",
        "summary",
        "upset",
    }
    functions = {n for n in figures.__all__ if inspect.isfunction(getattr(figures, n))}
    assert functions - others <= drawn, "add it to DRAW, its table to BY_TABLE and NEEDED"
    assert set(NEEDED) == set(BY_TABLE), "name a column that the figure cannot do without in NEEDED"
    assert all(figure.title for figure in FIGURES.values())


def test_several_contrasts_must_be_named() -> None:
    table = identity_table(("A vs B", "C vs B"))
    with pytest.raises(InputError, match="has 2 contrasts: 'A vs B' and 'C vs B'; name one"):
        figures.identity_summary(table)
    with pytest.raises(InputError, match="`contrast` must be one of"):
        figures.identity_summary(table, contrast="D vs B")
    assert "C vs B" in _words(figures.identity_summary(table, contrast="C vs B"))


@pytest.mark.parametrize("name", DRAW)
def test_an_absent_column_is_named(name: str) -> None:
    table_name, draw = DRAW[name]
    table = BY_TABLE[table_name]()
    column = NEEDED[table_name]
    with pytest.raises(InputError, match=f"has no column '{column}'"):
        draw(table.drop(columns=column))
    with pytest.raises(InputError, match="must be a pandas DataFrame; got list"):
        draw([])  # type: ignore[arg-type]


def test_width_is_a_column_of_a_page() -> None:
    with pytest.raises(InputError, match="`width` must be one of"):
        figures.forest(purity_table(), width=100)
    with pytest.raises(InputError, match="Did you mean 'double'"):
        figures.coverage(coverage_table(), width="doubel")


def test_forest_needs_a_table() -> None:
    with pytest.raises(InputError, match="needs a table"):
        figures.forest()


@pytest.mark.parametrize("name", PANELS)
def test_draws_on_given_axes(name: str) -> None:
    table_name, _ = DRAW[name]
    _, ax = plt.subplots(figsize=(6, 5))
    drawn = getattr(figures, name.removesuffix("_purity"))(BY_TABLE[table_name](), ax=ax)
    assert drawn is ax
    assert plt.get_fignums() == [ax.figure.number]


def test_plot_dispatches() -> None:
    assert isinstance(Purity(purity_table()).plot(), Axes)
    assert isinstance(Coverage(coverage_table()).plot(width="single"), Axes)
    with pytest.raises(InputError, match=r"SampleScores has no figure of its own; .*result.quality.plot"):
        SampleScores(pd.DataFrame()).plot()


def quality_table() -> pd.DataFrame:
    """Depth, rank and one share of every sample."""
    group = dict(zip(SAMPLES["sample"], SAMPLES["group"], strict=True))
    rows = [
        {
            "sample": s,
            "role": "sample",
            "group": g,
            "kind": kind,
            "item": item,
            "value": v,
            "n_set": 9,
            "n_measured": 4,
        }
        for s, g in group.items()
        for kind, item, v in (
            ("depth", "proteins_measured", 900.0),
            ("ev", "ev_rank", 70.0),
            ("share", "plasma", 0.2),
        )
    ]
    return TABLES["sample_quality"].conform(pd.DataFrame(rows))


def _tables(contrasts: tuple[str, ...] = (CONTRAST,)) -> dict[str, pd.DataFrame]:
    used = [(c, k, g, "positive") for c in contrasts for k, v in MARKED.items() for g in v]
    return {
        **{k: v() for k, v in BY_TABLE.items()},
        "identity": identity_table(contrasts),
        "comparison": TABLES["comparison"].empty(),
        "purity": purity_table(contrasts),
        "sensitivity": robustness_table(contrasts),
        "differential_abundance": differential_table(contrasts=contrasts),
        "enrichment": enrichment_table(contrasts),
        "sample_quality": quality_table(),
        "samples_used": SAMPLES,
        "markers_used": pd.DataFrame(used, columns=["contrast", "set", "gene", "role"]),
    }


def test_assessment_figures_draws_all() -> None:
    found = figures.assessment_figures(_tables(("Other vs Cell", CONTRAST)), CONTRAST, groups=["EV", "Cell"])
    assert found.skipped == {}
    assert list(found) == [*OF_STUDY, *FIGURES]
    assert all(isinstance(f, Figure) for f in found.values())
    assert plt.get_fignums() == []
    assert "Other vs Cell" not in _words(found["contamination_fraction"])
    more = _tables() | {"samples_used": samples_table(8, 4)}
    for groups in (["Cell", "EV"], None):
        shown = figures.assessment_figures(more, CONTRAST, groups=groups, names=["marker_heatmap"])
        assert ("Plasma" in _words(shown["marker_heatmap"])) == (groups is None)


def test_the_forest_of_a_comparison_shows_how_its_classes_change() -> None:
    """The classes of such a contrast stand in `comparison`; the figure of identity is not drawn for it."""
    other = "SEC vs UC"
    rows = identity_table((other,), seed=5)[
        ["contrast", "class", "log2_fc", "ci_low", "ci_high", "n_independent"]
    ]
    changed = rows.assign(verdict=["higher", "similar", "lower", "unresolved", *2 * ["not assessable"]])
    tables = _tables((CONTRAST, other)) | {
        "identity": identity_table(),
        "comparison": TABLES["comparison"].conform(changed),
    }
    names = ["identity_summary", "forest"]
    found = figures.assessment_figures(tables, other, names=names)
    assert "SEC vs UC' is a comparison, which the figure `forest` shows" in found.skipped["identity_summary"]
    ax = found["forest"].axes[0]
    drawn = {round(float(point.get_xdata()[0]), 6) for point in _lines(ax, "_point")}
    assert set(rows["log2_fc"].dropna().round(6)) <= drawn
    assert "identity_summary" in figures.assessment_figures(tables, CONTRAST, names=names)
    alone = figures.assessment_figures(tables | {"identity": TABLES["identity"].empty()}, names=names)
    assert "this is a comparison" in alone.skipped["identity_summary"]
    assert "forest" in alone


def test_assessment_figures_says_what_it_skips() -> None:
    tables = {k: v.iloc[:0] for k, v in _tables().items() if k != "enrichment"}
    found = figures.assessment_figures(tables, CONTRAST)
    assert found == {}
    assert found.skipped["enrichment"] == "no table 'enrichment'"
    assert found.skipped["identity_summary"] == f"its table has no rows for {CONTRAST!r}"
    assert set(found.skipped) == set(FIGURES)


def test_a_figure_with_nothing_to_draw_is_left_out_with_the_reason() -> None:
    complete, bare = missing_table().assign(missing=0.0), carry_table()
    bare = bare.assign(fraction=np.nan, status="not assessable", reason="neither group is the source")
    tables = _tables() | {"missing_by_intensity": complete, "contamination_fraction": bare}
    names = ["missing_by_intensity", "contamination_fraction", "group_values"]
    found = figures.assessment_figures(tables, CONTRAST, names=names)
    assert list(found) == ["group_values"]
    assert found.skipped == {
        "missing_by_intensity": "no value is missing in the proteins that a group measured",
        "contamination_fraction": "neither group is the source",
    }
    complete.loc[complete.index[0], "missing"] = 0.01  # one missing value is drawn
    assert "missing_by_intensity" in figures.assessment_figures(tables, CONTRAST, names=names)


@pytest.mark.parametrize("order", [("UC", "SEC"), ("SEC", "UC")])
def test_groups_have_one_order_in_all_figures_of_a_contrast(order: tuple[str, str]) -> None:
    tables = _tables() | {"pca": pca_table(groups=("SEC", "UC", "PEG")), "rank_abundance": rank_table()}
    found = figures.assessment_figures(tables, CONTRAST, groups=order, names=["pca", "rank_abundance"])
    legend = found["pca"].axes[0].get_legend()
    assert legend is not None
    assert [t.get_text() for t in legend.get_texts()] == [*order, "PEG"]
    text = _words(found["rank_abundance"])
    assert text.index(order[0]) < text.index(order[1])


def test_assessment_figures_without_a_contrast() -> None:
    tables = _tables() | {"identity": identity_table(("A vs B", "C vs B"))}
    found = figures.assessment_figures(tables, names=["identity_summary", "volcano"])
    assert "name one with `contrast`" in found.skipped["identity_summary"]
    assert "volcano" in found


# --- style, text, saving ---------------------------------------------------------------------------------


def test_style_leaves_no_trace_of_an_error() -> None:
    with pytest.raises(ZeroDivisionError), figures.style("double"):  # noqa: PT012
        assert mpl.rcParams["pdf.fonttype"] == 42
        raise ZeroDivisionError


def test_style_stands_above_the_users_settings() -> None:
    plain = figures.forest(purity_table())
    with mpl.rc_context({"axes.grid": True, "font.size": 30, "text.parse_math": True, "axes.labelsize": 30}):
        ax = figures.forest(purity_table())
        assert ax.xaxis.label.get_fontsize() == plain.xaxis.label.get_fontsize() == 7
        assert figures.lint(ax) == []


def test_fonts_fall_back_in_silence(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from markerkit.figures import _style

    monkeypatch.setattr(_style, "_SANS", ("No Such Face",))
    caches = (_style.fonts, _text._glyphs, _text.text_width)
    for cache in caches:
        cache.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            figure = figures.identity_summary(identity_table())
            assert figures.lint(figure) == []
        assert _style.fonts() == ["DejaVu Sans"]
        assert caplog.records == []
    finally:
        monkeypatch.undo()
        for cache in caches:
            cache.cache_clear()


@pytest.mark.parametrize("name", NASTY)
def test_text_is_cut_to_width(name: str) -> None:
    text = _text.ellipsize(name, 20, 6)
    assert _text.text_width(text, 6) <= 20
    assert "\n" not in text
    lines = _text.wrap(name, 20, 6, lines=2)
    assert len(lines) <= 2
    assert all(_text.text_width(line, 6) <= 20 for line in lines)


def test_wrap_keeps_every_word_that_fits() -> None:
    assert " ".join(_text.wrap("one two three four five", 12, 6, lines=9)) == "one two three four five"
    assert _text.wrap("Precip_DensityGradientUC", 18, 6) == ["Precip_Density", "GradientUC"]
    assert "".join(_text.wrap("CushionUC_1_vs.late-SEC", 14, 6, lines=9)) == "CushionUC_1_vs.late-SEC"


def test_below_and_above_the_middle_differ_in_grey() -> None:
    shades = _palette.DIVERGING(np.linspace(0, 1, 101))[:, :3]
    grey = shades @ [0.2126, 0.7152, 0.0722]  # luma, as in a copy in grey
    assert (np.diff(grey) > 0).all()
    lightness = np.array([grey[0], grey[50], grey[100]])
    assert np.diff(lightness).min() > 0.3


def test_save_is_whole_and_the_same_each_time(tmp_path: Path) -> None:
    figure = _figure(figures.volcano(differential_table(), label=MARKED))
    first = figures.save(figure, tmp_path / "a.b" if False else tmp_path / "a")
    second = figures.save(_figure(figures.volcano(differential_table(), label=MARKED)), tmp_path / "b.pdf")
    assert [p.name for p in first] == ["a.pdf", "a.svg", "a.png"]
    assert [p.name for p in second] == ["b.pdf", "b.svg", "b.png"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.pdf",
        "a.png",
        "a.svg",
        "b.pdf",
        "b.png",
        "b.svg",
    ]
    svg = first[1].read_text()
    assert ">EV vs Cell</text>" in svg
    assert "Arial, Helvetica" in svg
    assert "<dc:date>" not in svg
    pdf = first[0].read_bytes()
    assert b"CreationDate" not in pdf
    assert b"/Type3" not in pdf


def test_a_pdf_holds_the_outlines_of_its_fonts_and_their_hints(tmp_path: Path) -> None:
    """Text stays text; tables with which only a word processor sets text are left out."""
    load = subset.load_font
    with figures.style():
        figure = figures.new_figure(89, 40)
        figure.text(0.1, 0.5, "AV fi \u2265 1")
    (path,) = figures.save(figure, tmp_path / "a", formats=["pdf"])
    assert subset.load_font is load
    content = path.read_bytes()
    packed = re.findall(rb"/Length1 \d+.*?stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    fonts = [TTFont(io.BytesIO(zlib.decompressobj().decompress(p))) for p in packed]
    assert fonts
    for font in fonts:
        assert {"glyf", "cmap", "hmtx", "head", "fpgm", "prep"} <= set(font.keys())
        assert not {"GSUB", "GPOS", "GDEF", "MATH", "kern", "name"} & set(font.keys())
    # \u2265 may come from the second family
    assert sum(font["maxp"].numGlyphs for font in fonts) >= 7
    assert b"/ToUnicode" in content


@pytest.mark.slow  # quick: tables, tests/test_determinism.py
def test_save_does_not_hang_on_the_hash_seed(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util as u; s = u.spec_from_file_location('t', sys.argv[1]); t = u.module_from_spec(s);"
        "s.loader.exec_module(t); from markerkit import figures;"
        "figures.save(figures.identity_summary(t.identity_table()), sys.argv[2])"
    )
    # any seed but that of this process, which draws the first
    seeds = {"1", "2"} - {os.environ.get("PYTHONHASHSEED")}
    env = os.environ | {"PYTHONHASHSEED": seeds.pop(), "PYTHONPATH": os.pathsep.join(sys.path)}
    here, there = tmp_path / "here", tmp_path / "there"
    figures.save(figures.identity_summary(identity_table()), here)
    subprocess.run([sys.executable, "-c", code, __file__, str(there)], check=True, env=env)
    for kind in (".pdf", ".svg", ".png"):
        assert here.with_suffix(kind).read_bytes() == there.with_suffix(kind).read_bytes(), kind


def test_save_refuses(tmp_path: Path) -> None:
    figure = figures.new_figure(89, 50)
    with pytest.raises(InputError, match="there is no folder"):
        figures.save(figure, tmp_path / "no" / "a")
    with pytest.raises(InputError, match="`formats` must be one of"):
        figures.save(figure, tmp_path / "a", formats=("gif",))


def test_a_failed_save_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", broken)
    with pytest.raises(InputError, match="disk full"):
        figures.save(figures.coverage(coverage_table()), tmp_path / "a", formats=("png",))
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_shows_a_figure_once() -> None:
    figure = figures.identity_summary(identity_table())
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert plt.get_fignums() == []
    figures.forest(purity_table())
    assert len(plt.get_fignums()) == 1


# --- lint catches what was planted -----------------------------------------------------------------------


def _clean() -> tuple[Figure, Axes]:
    with figures.style("single"):
        figure = figures.new_figure(89, 60)
        ax = figure.add_axes((0.2, 0.2, 0.7, 0.7))
        ax.plot([0, 1], [0, 1], color="#0072b2")
        ax.set_xlabel("x")
        ax.set_xticks([0, 0.5, 1])
    assert figures.lint(figure) == []
    return figure, ax


PLANTED: dict[str, tuple[str, Callable[[Figure, Axes], object]]] = {
    "text of 4 pt": ("small text", lambda f, a: a.text(0.5, 0.1, "tiny", fontsize=4)),
    "texts on one another": (
        "overlap",
        lambda f, a: [a.text(0.5, 0.5, w, fontsize=7) for w in ("one", "other")],
    ),
    "text over the edge": (
        "cut off",
        lambda f, a: a.text(0.9, 0.5, "far too long for this figure", fontsize=7),
    ),
    "axis label cut": ("cut off", lambda f, a: a.xaxis.set_label_coords(0.5, -0.4)),
    "axis label on ticks": ("label on ticks", lambda f, a: a.xaxis.set_label_coords(0.5, -0.06)),
    "hairline": ("thin line", lambda f, a: a.plot([0, 1], [1, 0], color="k", linewidth=0.2)),
    "hairline frame": ("thin line", lambda f, a: a.spines["left"].set_linewidth(0.1)),
    "strange color": ("color", lambda f, a: a.plot([0, 1], [1, 0], color="#7fff00")),
    "red and green": (
        "red and green",
        lambda f, a: [a.plot([0, 1], [1, 0], color=c) for c in ("red", "green")],
    ),
    "red-green map": ("red and green", lambda f, a: a.imshow([[0, 1]], cmap="RdYlGn")),
    "width": ("size", lambda f, a: f.set_figwidth(5)),
    "height": ("size", lambda f, a: f.set_figheight(11)),
    "empty axes": ("empty axes", lambda f, a: f.add_axes((0.5, 0.5, 0.1, 0.1), xticks=[], yticks=[])),
    "mathematics": ("font type", lambda f, a: a.text(0.2, 0.2, "$x$", parse_math=True, fontsize=7)),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_lint_catches(fault: str) -> None:
    kind, plant = PLANTED[fault]
    figure, ax = _clean()
    plant(figure, ax)
    assert kind in {p.kind for p in figures.lint(figure)}


def test_lint_reads_the_font_types() -> None:
    figure, _ = _clean()
    found = figures.lint(figure, rc={"pdf.fonttype": 3, "ps.fonttype": 42, "svg.fonttype": "path"})
    assert [p.kind for p in found] == ["font type", "font type"]


def test_one_colour_per_class_and_all_apart() -> None:
    colors = [c.color for c in _palette.CLASSES.values()]
    markers = [c.marker for c in _palette.CLASSES.values()]
    assert len(set(colors)) == len(set(markers)) == len(CLASSES)
    assert set(colors) <= set(_palette.OKABE_ITO.values())
    for keys in _palette.FAMILIES.values():
        looks = [_palette.SOURCES[k] for k in keys]
        assert len({(x.color, x.marker, x.hatch) for x in looks}) == len(keys)
    assert set(SOURCES) == set(_palette.SOURCES)


# --- the whole study ------------------------------------------------------------------------------------


def test_an_overview_names_once_what_all_contrasts_are_against() -> None:
    one = overview_table(("UC vs SEC", "PEG vs SEC"))
    text = _words(figures.overview(one))
    assert "against SEC" in text
    assert " vs " not in text
    assert "UC vs SEC" in _words(figures.overview(overview_table(("UC vs SEC", "PEG vs UC"))))
    looks = {w: _palette.CHIPS[w] for w in ("higher", "similar", "lower", "unresolved", "not assessable")}
    assert len(set(looks.values())) == len(looks)


def test_every_set_of_the_catalog_has_a_name_in_words() -> None:
    titles = {key: _palette.title(key) for key in load_markers()}
    assert not {k: t for k, t in titles.items() if t == k or "_" in t}
    assert titles["origin_endothelial"] == "From endothelium"
    assert len(set(titles.values())) == len(titles)


def test_an_empty_forest_says_that_nothing_was_compared() -> None:
    assert "no two groups were compared" in _words(_figure(figures.forest(purity_table().iloc[:0])))


def test_an_overview_holds_every_word_that_is_one() -> None:
    table = overview_table()
    figure = figures.overview(table)
    cells = [t.get_text() for t in figure.axes[0].texts]
    higher = table[table["verdict"] == "higher"]
    assert sum(t.startswith("higher") for t in cells) == len(higher)
    # log2 of 1 for the first class of the first contrast
    assert table.loc[0, "verdict"] == "higher"
    assert "higher 2×" in cells
    assert sum(t == "–" for t in cells) == (table["verdict"] == "not assessable").sum()
    assert any("not assessable" in t for t in cells)


def test_a_ranking_is_in_the_order_of_the_ev_markers_with_its_ranks() -> None:
    figure = figures.ranking(ranking_table())
    first = figure.axes[0]
    points = [float(line.get_xdata()[0]) for line in first.lines if line.get_label() == "_point"]
    assert points == pytest.approx([0.2, 0.1, 0.2 / 3])
    texts = [t.get_text() for t in first.texts]
    assert [t for t in texts if t in {"1 to 2", "2 to 3", "3"}] == ["1 to 2", "2 to 3", "3"]
    assert len(figure.axes) == 3


def test_profiles_show_shares_above_and_parts_below() -> None:
    figure = figures.fraction_profiles(fraction_table(), PEAKS, POOLS)
    above, below = figure.axes
    ev = next(line for line in above.lines if line.get_label() == "_profile")
    assert ev.get_ydata()[4] == pytest.approx(1)
    marks = [float(line.get_xdata()[0]) for line in below.lines if line.get_label() == "_peak"]
    assert marks == [4, 10]
    assert any("purity 80 %, yield 60 %" in t.get_text() for t in above.texts)
    alone = fraction_table().assign(part=np.nan, part_ci_low=np.nan, part_ci_high=np.nan)
    assert len(figures.fraction_profiles(alone).axes) == 1


def test_figures_of_the_study_are_drawn_where_there_is_something() -> None:
    tables = {
        "overview": overview_table((CONTRAST,)),
        "ranking": ranking_table(),
        "fraction_profiles": TABLES["fraction_profiles"].empty(),
    }
    found = figures.assessment_figures(tables)
    assert list(found) == ["ranking"]
    tables["overview"] = overview_table()
    assert list(figures.assessment_figures(tables)) == ["overview", "ranking"]
