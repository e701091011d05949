"""What the words on the EV markers say of real and simulated samples, and what every limit does to them.

``python benchmarks/composition.py DATA [--part PART] [--write]``. The limits (``composition`` of
``reference_sets/criteria.toml``) have reasons of their own and were fitted to none of these samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sections import run_parts

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.core.vocabulary import EvWord
from markerkit.qc.ev_answer import EvMeasures, ev_rule, rank_test
from markerkit.qc.ev_markers import gene_ranks
from markerkit.simulation.materials import simulate_mixture

#: data set -> what its samples come from
DATA_SETS = {
    "magnet_ev_vs_plasma": "plasma",
    "magnet_adpd_plasma_ev": "plasma",
    "plasma_ev_isolation_meta_pnnl": "plasma",
    "inspiration4_plasma_evp": "plasma",
    "tb_serum_exosome_tmt": "serum",
    "ibd_colon_ev_metaproteome": "other",
    "breast_cellline_exosomes_maxquant": "culture",
    "bv2_mouse_ev_vs_cell": "culture",
    "c2c12_mouse_elv_bovine_contam": "culture",
    "wallis_ms1_senescence_ev": "culture",
    "wallis_ms2_sec_fractions": "culture",
    "tanzer_u937_cells": "culture",
}
MICE = ("bv2_mouse_ev_vs_cell", "c2c12_mouse_elv_bovine_contam")
#: limit -> a smaller and a larger value
OTHER_VALUES = {
    "min_proteins": (25, 150),
    "misev_least": (2, 6),
    "misev_strong": (2, 6),
    "rank_level": (0.01, 0.1),
    "rank_strong": (60, 75),
    "share_least": (0.0025, 0.01),
    "share_strong": (0.01, 0.04),
    "organelles_as_cells": (1.5, 3),
    "organelles_strong": (0.5, 1.5),
}
#: simulated tube -> shares of its materials
TUBES = {
    "whole cells": {"cells": 1.0},
    "membranes of lysed cells": {"membranes": 1.0},
    "cytosol": {"cytosol": 1.0},
    "organelle debris, 60 %": {"er_golgi": 0.2, "mitochondrion": 0.2, "nucleus": 0.2, "cells": 0.4},
    "fluid without vesicles": {"fluid": 1.0},
    "fluid with 5 % lysed cells": {"fluid": 0.95, "cells": 0.05},
    "fluid with 20 % lysed cells": {"fluid": 0.8, "cells": 0.2},
    "exosomes, 90 %, and cells": {"exosome": 0.9, "cells": 0.1},
    "exosomes, 50 %, and cells": {"exosome": 0.5, "cells": 0.5},
    "microvesicles, 90 %, and cells": {"microvesicle": 0.9, "cells": 0.1},
    "exosomes, 30 %, in a fluid": {"exosome": 0.3, "fluid": 0.7},
    "exosomes, 10 %, in a fluid": {"exosome": 0.1, "fluid": 0.9},
}


def read(data: Path, name: str) -> mk.Experiment:
    """Read a data set with its identifiers harmonized."""
    folder, organism = data / name, "mouse" if name in MICE else "human"
    exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism=organism)
    return mk.harmonize_ids(exp)


def answers(data: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Table `ev_markers` of every data set."""
    for name, fluid in DATA_SETS.items():
        yield name, mk.composition(read(data, name), group="group", fluid=fluid).ev_markers.table


def by_word(words: pd.Series) -> dict[str, int]:
    """Count every word."""
    return {str(w): int((words == w).sum()) for w in EvWord}


def words_part(data: Path, _runs: int) -> tuple[pd.DataFrame, str]:
    """Samples of every group by their word, and the word of the group."""
    rows = []
    for name, table in answers(data):
        of_samples = table[table["level"] == "sample"]
        for _, group in table[table["level"] == "group"].iterrows():
            own = of_samples[of_samples["group"] == group["name"]]
            numbers = {
                "MISEV": int(group["n_misev"]),
                "rank": f"{group['rank']:.0f}",
                "share, %": f"{100 * group['share']:.2g}",
                "organelles per EV": f"{group['organelles_per_ev']:.2g}",
            }
            rows.append(
                {"data set": name, "group": group["name"], "word": group["word"], "rule": group["rule"]}
                | numbers
                | by_word(own["word"])
            )
    found = pd.DataFrame(rows)
    total = found[[str(w) for w in EvWord]].sum()
    answered = 1 - total["not assessable"] / total.sum()
    return found, f"Of {total.sum()} samples {100 * answered:.1f} % get an answer: {dict(total)}."


def measures_of(row: pd.Series) -> EvMeasures:
    """Measures of a row of the table `ev_markers`."""
    return EvMeasures(
        n_proteins=int(row["n_proteins"]),
        n_misev={c: int(row[f"n_{c}"]) for c in ("1a", "1b", "2a", "2b")},
        n_misev_set=int(row["n_misev_set"]),
        n_ranked=int(row["n_ranked"]),
        rank=row["rank"],
        rank_p=row["rank_pvalue"],
        share=row["share"],
        organelles_per_ev=row["organelles_per_ev"],
    )


def limits_part(data: Path, _runs: int) -> tuple[pd.DataFrame, str]:
    """Words of all samples with a smaller and a larger value in the place of every limit."""
    found = pd.concat([t[t["level"] == "sample"] for _, t in answers(data)], ignore_index=True)
    measures = [measures_of(row) for _, row in found.iterrows()]
    limit: dict[str, float] = load_criteria().composition  # type: ignore[assignment]
    usual = [ev_rule(m).word for m in measures]
    rows = [{"limit": "as they are", "value": "", "changed": 0} | by_word(pd.Series(usual))]
    for name, values in OTHER_VALUES.items():
        kept = limit[name]
        for value in values:
            limit[name] = value
            words = [ev_rule(m).word for m in measures]
            changed = sum(a != b for a, b in zip(usual, words, strict=True))
            rows.append({"limit": name, "value": value, "changed": changed} | by_word(pd.Series(words)))
        limit[name] = kept
    return pd.DataFrame(rows), f"{len(measures)} real samples; `changed`: samples whose word is another."


def ranks_part(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    """Random sets of genes in real samples: how often they rank above the others."""
    rng, rows = np.random.default_rng(0), []
    for name in DATA_SETS:
        ranks = gene_ranks(read(data, name))
        for size in (10, 40):
            passed = []
            for _ in range(runs):
                inside = np.zeros(ranks.shape[1], bool)
                inside[rng.choice(ranks.shape[1], size, replace=False)] = True
                passed.append(float(np.nanmean(rank_test(ranks.to_numpy(), inside) < 0.05)))
            rows.append({"data set": name, "genes": size, "passed, %": f"{100 * np.mean(passed):.1f}"})
    return pd.DataFrame(rows), f"{runs} random sets of each size in every sample, at a nominal 5 %."


def mixtures_part(data: Path, _runs: int) -> tuple[pd.DataFrame, str]:
    """Real preparations with more and more of the material that they were made from, in shares of signal."""
    pairs = (
        ("bv2_mouse_ev_vs_cell", "EV", "Cell"),
        ("magnet_ev_vs_plasma", "EV_MagNet", "Plasma_total"),
        ("wallis_ms2_sec_fractions", "SEC_F8_exosome", "CM_conditioned_medium"),
    )
    shares = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)
    rows = []
    for name, case, control in pairs:
        exp = read(data, name)
        linear = exp.linear(decoys=False).fillna(0.0)
        linear = linear.div(linear.sum(axis=1), axis=0)
        arm = exp.samples["group"]
        vesicles, other = (linear[arm == g].mean() for g in (case, control))
        mixed = pd.DataFrame({f"{x:.0%}": (1 - x) * vesicles + x * other for x in shares}).T
        mixture = mk.Experiment(
            mixed.where(mixed > 0),
            None,
            exp.proteins.loc[mixed.columns],
            organism=exp.organism,
            history=[{"verb": "harmonize_ids"}],
        )
        words = mk.composition(mixture, fluid=DATA_SETS[name]).ev_markers.table
        words = words[words["level"] == "sample"].set_index("name")
        rows.append({"mixture": f"{case} with {control}"} | words["word"].to_dict())
    return pd.DataFrame(rows), "Columns: share of the signal that comes from the second material."


def tubes_part(_data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    """Simulated tubes: how often each word is said of the group."""
    rows = []
    for tube, recipe in TUBES.items():
        fluid = "plasma" if "fluid" in recipe else "culture"
        said = []
        for seed in range(runs):
            exp = simulate_mixture(recipe, {"fluid": 1.0}, seed=70_000 + seed).experiment
            words = mk.composition(exp, group="fraction", fluid=fluid).ev_markers.table
            said.append(words.set_index(["level", "name"]).loc[("group", "case"), "word"])
        rows.append({"tube": tube} | by_word(pd.Series(said)))
    return pd.DataFrame(rows), f"{runs} simulated groups of each."


PARTS = {
    "words": ("Words of real samples", words_part, 1),
    "limits": ("Other values of the limits", limits_part, 1),
    "ranks": ("Level of the rank test", ranks_part, 200),
    "mixtures": ("Real materials mixed", mixtures_part, 1),
    "tubes": ("Simulated tubes", tubes_part, 20),
}
INTRO = "## Does the word on the EV markers say what is in the tube?\n"

if __name__ == "__main__":
    raise SystemExit(run_parts("composition", __doc__ or "", INTRO, PARTS))
