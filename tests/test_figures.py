"""Figures: what is drawn equals the tables, prints legibly and leaves no trace."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markerkit.results import TABLES

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


def _interval(rng: np.random.Generator, n: int, loc: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
            "reason": ["enriched over the control", "enriched over the control", "rival exosome: too few markers that tell them apart",
                       "depleted", "apoptosis not stated in the context", "apoptosis not stated in the context"],
            "explanation": "A sentence.", "log2_fc": mid, "se": 0.4, "df": 9.0, "ci_low": low, "ci_high": high,
            "n_votes": [18, 21, 14, 30, 9, 9], "weight_measured": 0.6, "n_set": [43, 54, 53, 64, 53, 17],
            "n_measured": [31, 28, 22, 41, 20, 9], "negatives_log2_fc": neg, "negatives_ci_low": n_low,
            "negatives_ci_high": n_high, "negatives_n_votes": 12,
            "rival": ["", "microvesicle", "exosome", "microvesicle", "exosome", ""],
            "margin": margin, "margin_ci_low": m_low, "margin_ci_high": m_high, "bounded_log2_fc": mid + 0.3,
            "bounded_ci_low": low + 0.2, "bounded_ci_high": high + 0.5, "smallest_detectable": 0.8,
            "settle": ["", "", "markers that tell the two apart, such as a size-resolved fraction beside this one", "",
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
        verdict = np.where(low > 0, "raised", np.where(high < 1, "not raised", "not assessable"))
        frame = pd.DataFrame({
            "contrast": contrast, "source": SOURCES, "verdict": verdict, "reason": "wide", "explanation": "A sentence.",
            "log2_fc": mid, "se": 0.3, "df": 7.0, "ci_low": low, "ci_high": high, "n_votes": 9, "per_ev": "cleaner",
            "per_ev_log2_fc": per, "per_ev_ci_low": p_low, "per_ev_ci_high": p_high, "n_set": 40, "n_measured": 23,
            "status": "tested", "settle": "",
        })  # fmt: skip
        absent = frame["source"].isin(["urine", "bovine_serum"])
        frame.loc[absent, ["log2_fc", "ci_low", "ci_high", "per_ev_log2_fc"]] = np.nan
        frame.loc[absent, "verdict"] = "not assessable"
        frame.loc[absent, "n_measured"] = 1
        frame.loc[absent, "reason"] = "1 of at least 3 votes measured"
        parts.append(frame)
    return TABLES["purity"].conform(pd.concat(parts, ignore_index=True))


def differential_table(n: int = 3000, contrasts: tuple[str, ...] = (CONTRAST,), seed: int = 3) -> pd.DataFrame:
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
    names = ["sample", "source", "share", "ci_low", "ci_high", "approximate", "n_set", "n_measured", "status", "reason"]
    table = pd.DataFrame(rows, columns=names)
    table.loc[table["source"] == "keratin", ["share", "ci_low", "ci_high"]] = np.nan
    return TABLES["source_shares"].conform(table)


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
    return TABLES["carry_over"].conform(frame)


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
    guidelines = ("MISEV2018", "MISEV2023", "EV-TRACK", "MIBlood-EV", "Urine EV", "Cell culture", "Apoptotic EV")
    rows = [
        {
            "contrast": CONTRAST, "guideline": guidelines[i * len(guidelines) // n], "item": f"Category {i}",
            "requirement": "At least one cytosolic protein that binds membranes or membrane proteins; promiscuous ones "
            "(2b) do not count alone." if i % 3 else "Report the amount of source material.",
            "answer": answers[i % 4], "evidence": "7 seen in half of the samples or more; 1 asked for",
            "proteins": "CD9, CD63, CD81, ITGB1, LAMP1, TSG101, PDCD6IP, FLOT1, FLOT2, ANXA2, ANXA5 and 9 more" if i % 2 else "",
            "source": "misev2018",
        }
        for i in range(n)
    ]  # fmt: skip
    return TABLES["misev_checklist"].conform(pd.DataFrame(rows))
