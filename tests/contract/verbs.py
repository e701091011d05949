"""Every public verb that computes on an experiment, with the arguments of the sheet of `experiments`, and what its tables may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.results import Result
from tests.contract.experiments import catalog

EV = mk.Contrast("fraction", "EV", "lysate", comparator="lysate", fluid="culture")
PAIRED = mk.Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate", name="pairs")
BATCHES = mk.Contrast(
    "fraction", "EV", "lysate", batch="lab", comparator="biofluid", fluid="plasma", name="labs"
)
CHANGE = mk.Contrast("fraction", "EV", "lysate", name="change")

Tables = Iterable[tuple[str, pd.DataFrame]]


def prepared(exp: mk.Experiment) -> mk.Experiment:
    """On a logarithmic scale, normalized."""
    return mk.normalize(exp.logged())


def fitted(exp: mk.Experiment) -> mk.results.DifferentialAbundance:
    return mk.differential_abundance(prepared(exp), EV)


def _enrich(method: str) -> Callable[[mk.Experiment], Result]:
    return lambda exp: mk.enrich(fitted(exp), catalog(), method=method)


def _scores(method: str) -> Callable[[mk.Experiment], Result]:
    return lambda exp: mk.score_samples(exp.logged(), catalog(), method=method, min_measured=2)


def _series(exp: mk.Experiment, **options: str) -> Result:
    return mk.fraction_profiles(exp, catalog(), fraction="tube", replicate="run", draws=20, **options)


#: name -> what is computed: an experiment, a table, a result or an assessment
VERBS: dict[str, Callable[[mk.Experiment], object]] = {
    "log2": mk.log2,
    "filter_detected": lambda exp: mk.filter_detected(exp, by="fraction"),
    "normalize": prepared,
    "collapse_replicates": lambda exp: mk.collapse_replicates(exp, "donor", within="fraction"),
    "impute, minprob": lambda exp: mk.impute(mk.filter_detected(exp.logged())),
    "impute, mindet": lambda exp: mk.impute(mk.filter_detected(exp.logged()), method="mindet"),
    "impute, knn": lambda exp: mk.impute(mk.filter_detected(exp.logged()), method="knn"),
    "concat": lambda exp: mk.concat({"a": exp, "b": exp}, suffix=True),
    "coverage": lambda exp: mk.coverage(exp, catalog()),
    "membership": lambda exp: mk.membership(exp, "fraction", catalog()),
    "score_samples, singscore": _scores("singscore"),
    "score_samples, ssgsea": _scores("ssgsea"),
    "score_samples, zscore": _scores("zscore"),
    "score_samples, mean_z": _scores("mean_z"),
    "quality": lambda exp: mk.quality(exp, catalog(), group="fraction", fluid="culture"),
    "composition": lambda exp: mk.composition(exp, catalog(), group="fraction", fluid="plasma"),
    "differential_abundance": fitted,
    "differential_abundance, pairs": lambda exp: mk.differential_abundance(prepared(exp), PAIRED, trend=True, lfc=0.5),
    "differential_abundance, deqms": lambda exp: mk.differential_abundance(
        prepared(exp), BATCHES, method="deqms", counts=pd.Series(2.0, exp.values.columns)
    ),
    "differential_abundance, robust": lambda exp: mk.differential_abundance(prepared(exp), EV, robust=True, weights="array"),
    "differential_abundance, blocks": lambda exp: mk.differential_abundance(prepared(exp), EV, block="donor"),
    "differential_abundance, combined": lambda exp: mk.differential_abundance(prepared(exp), EV, missing="combined"),
    "detection_test": lambda exp: mk.detection_test(exp, EV),
    "detection_test, pairs": lambda exp: mk.detection_test(exp, PAIRED),
    "enrich, camera": _enrich("camera"),
    "enrich, fry": _enrich("fry"),
    "enrich, effect": _enrich("effect"),
    "enrich, joint": _enrich("joint"),
    "enrich, ora": _enrich("ora"),
    "enrich, gsea": lambda exp: mk.enrich(fitted(exp), {"ev": catalog()["exosome"].positive}, method="gsea"),
    "running_score": lambda exp: mk.running_score(fitted(exp), {"ev": catalog()["exosome"].positive}),
    "detectable_effect": lambda exp: mk.detectable_effect(fitted(exp)),
    "null_check": lambda exp: mk.null_check(prepared(exp), EV, catalog(), n_resamples=2, tests=["camera", "effect"]),
    "null_check, permute": lambda exp: mk.null_check(prepared(exp), EV, catalog(), n_resamples=2, method="permute", tests=["fry"]),
    "assess_identity": lambda exp: mk.assess_identity(exp, EV, catalog()),
    "assess_purity": lambda exp: mk.assess_purity(exp, BATCHES, catalog()),
    "compare": lambda exp: mk.compare(exp, [CHANGE], catalog()),
    "compare, pairs": lambda exp: mk.compare(exp, PAIRED, catalog()),
    "misev_checklist": lambda exp: mk.misev_checklist(exp, EV, catalog()),
    "amounts": lambda exp: mk.amounts(exp, EV, catalog()),
    "amounts, pairs": lambda exp: mk.amounts(exp, PAIRED, catalog()),
    "fraction_profiles": _series,
    "fraction_profiles, signal": lambda exp: _series(exp, amount="signal"),
    "rank_preparations": lambda exp: mk.rank_preparations(exp, "fraction", catalog()),
    "assess": lambda exp: mk.assess(exp, [EV, PAIRED], catalog()),
    "assess, no contrast": lambda exp: mk.assess(exp, markers=catalog()),
}  # fmt: skip

#: words of a `status` that say that a row was computed
COMPUTED = {
    "assessed",
    "tested",
    "computed",
    "compared",
    "measured",
    "holds",
    "rejects too often",
    "too few draws",
}
#: table -> numbers that a computed row has
NUMBERS = {
    "coverage": ["fraction", "weight_fraction"],
    "sample_scores": ["score"],
    "differential_abundance": ["pvalue", "padj"],
    "detection": ["log_odds", "pvalue", "padj"],
    "enrichment": ["pvalue"],
    "null_check": ["rate", "se"],
    "source_shares": ["share", "ci_low", "ci_high"],
    "contamination_fraction": ["fraction", "ci_high"],
    "sample_values": ["q05", "median", "q95"],
    "replicate_correlation": ["pearson"],
    "pca": ["pc1", "pc2", "explained_pc1"],
    "ranking": ["share", "ci_low", "ci_high", "rank"],
    "fraction_pools": ["purity", "recovered"],
    "fraction_trends": ["slope", "pvalue", "padj"],
    "ev_markers": ["share"],
}
#: words of a verdict that stand on numbers, which must then be there
JUDGED = {"compatible", "not compatible", "higher", "similar", "lower"}
#: verdicts that rest on a count or on what was stated
WITHOUT_NUMBERS = {"stated_not_vesicles", "no_general_ev_evidence", "required_class", "no_candidate", "candidate",
                   "missing_value_scheme"}  # fmt: skip
VERDICTS = ("identity", "comparison", "purity", "amount_changes", "overview")
NO_WORD = re.compile(r"(?<![\w.-])(?:nan|inf|infinity|nat|<na>)(?![\w-])", re.IGNORECASE)


def faults(found: object) -> list[str]:
    """Say what is wrong with what a verb returned."""
    return [line for name, table in tables_of(found) for line in _of_table(name, table)]


def tables_of(found: object) -> Iterator[tuple[str, pd.DataFrame]]:
    """Every table of a result, the tables of its parts among them."""
    if isinstance(found, mk.Experiment):
        yield "values", found.values
    elif isinstance(found, pd.DataFrame):
        yield "frame", found
    elif isinstance(found, mk.results.Assessment):
        yield from found.tables.items()
        yield "text", pd.DataFrame({"line": [*found.verdicts(), *found.gaps(), *found.design]})
    elif isinstance(found, Result):
        yield found.table_name, found.table
        for part in vars(found).values():
            if isinstance(part, Result):
                yield from tables_of(part)


def _of_table(name: str, table: pd.DataFrame) -> Iterator[str]:
    numbers = table.select_dtypes("float")
    for column in numbers.columns[np.isinf(numbers.to_numpy(dtype=float)).any(axis=0)]:
        yield f"{name}: an infinite number in {column!r}"
    if name in ("values", "frame"):
        return
    for column in table.select_dtypes(["object", "str"]).columns:
        if column in {"gene", "protein"}:
            continue
        said = table.loc[table[column].astype(str).str.contains(NO_WORD), column]
        if len(said):
            yield f"{name}: {column!r} says {str(said.iloc[0])[:200]!r}"
    if "status" in table and name in NUMBERS:
        rows = table[table["status"].isin(COMPUTED)]
        for column in NUMBERS[name]:
            lost = rows[rows[column].isna()]
            if len(lost):
                yield f"{name}: {len(lost)} computed rows without {column!r}: {_row(lost)}"
    if name in VERDICTS:
        yield from _of_verdicts(name, table)


def _of_verdicts(name: str, table: pd.DataFrame) -> Iterator[str]:
    judged = table[table["verdict"].isin(JUDGED)]
    if "rule" in table:
        judged = judged[~judged["rule"].isin(WITHOUT_NUMBERS)]
    for column in ("log2_fc", "ci_low", "ci_high"):
        lost = judged[judged[column].isna()]
        if len(lost) and not ("basis" in lost and lost["basis"].eq("bounded").all()):
            yield f"{name}: {len(lost)} verdicts without {column!r}: {_row(lost)}"
    why = [c for c in ("reason", "explanation") if c in table]
    mute = table[table[why].eq("").all(axis=1)]
    if len(mute):
        yield f"{name}: {len(mute)} verdicts without a reason: {_row(mute)}"
    if (table["ci_low"] > table["ci_high"]).any():
        yield f"{name}: an interval that ends before it begins"


def _row(rows: pd.DataFrame) -> Mapping[str, object]:
    return {k: v for k, v in rows.iloc[0].items() if not (isinstance(v, str) and not v)}
