"""Effects of proteins and sets, verdicts on classes and on sources, in small studies of every kind."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import set_members
from markerkit.effects.model import AnyContrast, ContrastModel
from markerkit.effects.rows import marker_rows
from markerkit.effects.scheme import schemes_of, verdict_sets
from markerkit.identity.measure import gather, without
from markerkit.identity.rules import decide
from markerkit.identity.table import identity_of
from markerkit.purity.sources import purity_of, source_evidence, source_verdicts
from markerkit.study.contrast import Contrast
from tests.golden.reference import Tables, case
from tests.golden.studies import RISES, catalog, study

VALIDATED = (
    "First written while tests/effects, tests/identity and tests/purity passed, and the simulated benchmarks of "
    "benchmarks/identity.py."
)

LYSATE = Contrast("fraction", "EV", "lysate", comparator="lysate", fluid="culture")
PAIRED = Contrast("fraction", "EV", "lysate", comparator="lysate", paired_by="donor", name="pairs")
BIOFLUID = Contrast(
    "fraction", "EV", "lysate", comparator="biofluid", fluid="plasma", batch="run", name="fluid"
)
PLAIN = Contrast("fraction", "EV", "lysate", name="plain")
BACK = Contrast("fraction", "lysate", "EV", comparator="ev", name="back")
APOPTOSIS = {"apoptosis_induced": True, "apoptosis_shown": "annexin V", "viability_percent": 80.0}
#: genes seen in one group only, in different shares of it
HIDDEN = {
    "X1": range(5, 10),
    "X2": [0, *range(5, 10)],
    "X3": [0, 1, *range(5, 10)],
    "Y1": [0, 1, 2, 3, *range(5, 10)],
    "S1PR1": [0, *range(5, 10)],
    "MI3": range(5),
    "MI4": [0, 1, 2, 3, 4, 5, 6],
    "KR2": [*range(5, 10), 1],
}


@cache
def model(
    name: str, contrast: Contrast, *, missing: float = 0.12, hide: bool = True, n: int = 5
) -> AnyContrast:
    exp = study(RISES[name], missing=missing, hidden=HIDDEN if hide else None, n=n)
    return fit_contrast(exp, catalog(), contrast)


def fitted(name: str, contrast: Contrast = LYSATE, **options: object) -> ContrastModel:
    found = model(name, contrast, **options)  # type: ignore[arg-type]
    assert isinstance(found, ContrastModel)
    return found


# ---- effects ---------------------------------------------------------------------------


def of_model(m: ContrastModel) -> Tables:
    e = m.schemes[-1].effects
    genes = m.exp.proteins["gene"].to_numpy()
    at = np.flatnonzero(np.isin(genes, [*HIDDEN, "E1", "BG01", "BG03", "BG04", ""]))
    columns = {
        "gene": genes[at],
        "effect": e.effect[at],
        "square": (e.influence[:, at] ** 2).sum(axis=0),
        "variance": e.variance[at],
        "df": e.df[at],
        "detection": e.detection[at],
        "measured": m.measured.effects.detection[at],
        "background": m.background_mask[at],
    }
    rows = {}
    for name, scheme in zip(("measured", "bounded"), m.schemes, strict=False):
        b, h = scheme.background, scheme.heterogeneity
        assert b is not None
        rows[name] = [b.effect, b.variance, b.n, *([np.nan] * 2 if h is None else [h.variance, h.df])]
    names = ["effect", "variance", "n", "heterogeneity", "df"]
    return {"proteins": pd.DataFrame(columns), "schemes": pd.DataFrame(rows, index=names).T}


@case("contrasts", tolerance=1e-5)
def effects_in_a_culture() -> Tables:
    return of_model(fitted("exosome"))


@case("contrasts", tolerance=1e-5)
def effects_within_pairs() -> Tables:
    return of_model(fitted("both", PAIRED))


@case("contrasts", tolerance=1e-5)
def effects_without_bounds() -> Tables:
    """Nearly complete values: presence is no evidence."""
    return of_model(fitted("exosome", BIOFLUID, missing=0.02, hide=False))


@case("contrasts", tolerance=1e-5)
def effects_of_two_samples() -> Tables:
    m = fitted("exosome", PLAIN, n=2, hide=False)
    return of_model(m) | {"classes": of_identity([m], {})[["class", "verdict", "rule", "reason", "df"]]}


@case("contrasts", tolerance=1e-5)
def effects_of_sets() -> Tables:
    m = fitted("exosome")
    rows = {}
    for i, scheme in enumerate(m.schemes):
        for located in verdict_sets(m.index, m.criteria):
            found = scheme.effects.markers(located)
            e = scheme.over_background(found, 0.9)
            numbers = [np.nan] * 3 if e is None else [e.estimate, e.se, e.df]
            counts = [found.n_set, found.n_measured, found.n_markers, found.weight_measured]
            rows[f"{i} {'-'.join(located.members.gene[:2])}"] = [*counts, *numbers]
    columns = ["set", "measured", "markers", "weight", "estimate", "se", "df"]
    exosome = m.schemes[1].effects.markers(m.index.located(("exosome",)))
    fewer = exosome.without(exosome.located.columns[:2]).without_genes({"X5", "E1"})
    effects = fewer.effects
    assert effects is not None
    one = {"effect": effects.effect, "variance": effects.variance, "df": effects.df, "weight": effects.weight}
    by_gene = m.schemes[1].effects.markers(m.index.located(("exosome",), by_gene=True))
    nothing = m.measured.effects.markers(m.index.located(("no such set",)))
    return {
        "sets": pd.DataFrame(rows, index=columns).T,
        "fewer": pd.DataFrame(one),
        "fewer counts": np.array([fewer.n_set, fewer.n_measured, fewer.n_markers, fewer.weight_measured]),
        "by gene": by_gene.n_markers,
        "nothing": np.array([nothing.n_set, nothing.n_measured, nothing.n_markers, nothing.weight_measured]),
        "same": str(exosome.without(np.array([-5])) is exosome),
    }


@case("contrasts", tolerance=1e-5)
def markers_one_by_one() -> Tables:
    m = fitted("exosome")
    located = m.index.located(("exosome",))
    rows = marker_rows(m, m.schemes[1], located, set_id="exosome", role="positive")
    urine = marker_rows(m, m.measured, m.index.located(("urine",)), set_id="urine", role="source")
    cows = m.index.located(("bovine_serum",), by_accession=True)
    members = set_members(catalog(), ["exosome", "apoptotic_exosome"])
    return {
        "exosome": rows.drop(columns=["contrast", "set", "source"]),
        "urine": urine,
        "bovine": marker_rows(m, m.measured, cows, set_id="bovine_serum", role="source"),
        "members": members[["gene", "weight", "independent_marker"]],
        "negatives": set_members(catalog(), ["exosome"], role="negative")[["gene", "weight"]],
        "two genes": np.array([*m.index.located(("exosome", "apoptotic_exosome")).weight]),
    }


@case("contrasts", tolerance=1e-5)
def schemes_of_a_differential_abundance() -> Tables:
    da = mk.differential_abundance(fitted("both").exp, LYSATE)
    rows = {}
    for name, sets in (
        ("catalog", catalog()),
        ("own", {"mine": ["X1", "X2", "E1"], "yours": ["PL1", "PL2"]}),
    ):
        from markerkit.catalog.load import as_sets

        scheme, located = schemes_of(da, "EV vs lysate", as_sets(sets))
        b = scheme.background
        assert b is not None
        h = scheme.heterogeneity
        rows[name] = [b.effect, b.n, len(located), np.nan if h is None else h.variance]
    return {"schemes": pd.DataFrame(rows, index=["effect", "n", "sets", "heterogeneity"]).T}


# ---- verdicts ----------------------------------------------------------------------------

NO_WORDS = ["operational_name", "explanation", "next_step"]


def of_identity(models: list[AnyContrast], context: dict[str, object]) -> pd.DataFrame:
    return identity_of(models, context).table


@case("contrasts", tolerance=1e-5)
def classes_of_exosomes() -> Tables:
    found = identity_of([fitted("exosome")], APOPTOSIS)
    used = found.markers.table
    count = used.groupby(["set", "role", "status", "detection"], sort=False).size()
    return {
        "table": found.table,
        "markers": count.reset_index(name="n"),
        "sum": used[["weight", "log2_fc", "se"]].sum(),
    }


@case("contrasts", tolerance=1e-5)
def classes_of_other_studies() -> Tables:
    out = {}
    for name, contrast, context in (
        ("microvesicle", LYSATE, {"vesicles": True}),
        ("both", PAIRED, {}),
        ("apoptotic", LYSATE, APOPTOSIS | {"vesicles": True}),
        ("dying", LYSATE, APOPTOSIS),
        ("flat", PLAIN, {"apoptosis_induced": True}),
        ("impure", BIOFLUID, APOPTOSIS),
        ("exosome", BACK, APOPTOSIS),
    ):
        table = of_identity([fitted(name, contrast)], context)
        out[name] = table.drop(columns=NO_WORDS if name != "both" else [])
    return out


@case("contrasts", tolerance=1e-5)
def classes_without_bounds() -> Tables:
    whole = fitted("apoptotic", BIOFLUID, missing=0.02, hide=False)
    return {"table": of_identity([whole], APOPTOSIS).drop(columns=NO_WORDS)}


@case("contrasts")
def classes_that_are_not_assessed() -> Tables:
    few = model("exosome", LYSATE, n=1, hide=False)
    return {
        "no contrast": of_identity([], {}),
        "few samples": of_identity([few], APOPTOSIS),
        "sources": source_verdicts(few)[0].iloc[::7],
        "none": len(source_verdicts(few)[1]),
    }


@case("contrasts", tolerance=1e-5)
def classes_without_some_proteins() -> Tables:
    m = fitted("exosome")
    out = {}
    for i, scheme in enumerate(m.schemes):
        evidence = gather(m, scheme, APOPTOSIS)
        e = evidence.candidates["s1p_receptor"].genes
        out[f"genes {i}"] = pd.DataFrame([vars(g) for g in e])
        for key in ("exosome", "apoptotic_exosome"):
            at = np.flatnonzero(m.exp.proteins["gene"].isin(["X1", "X2", "S1PR1", "PA1", "MI1"]).to_numpy())
            fewer = without(evidence, m, scheme, key, at)
            verdict = decide([fewer], m.criteria, [key])[key]
            mine = fewer.classes[key]
            assert mine.effect is not None
            numbers = [mine.n_markers, mine.weight_measured, mine.effect.estimate, mine.effect.se]
            nucleus = fewer.sources["mitochondrion"].effect
            genes = [g.estimate for g in fewer.candidates["s1p_receptor"].genes]
            out[f"{key} {i}"] = np.array([*numbers, np.nan if nucleus is None else nucleus.estimate, *genes])
            out[f"{key} {i} word"] = f"{verdict.word} {verdict.rule}"
    return out


@case("contrasts", tolerance=1e-5)
def sources_in_a_culture() -> Tables:
    found = purity_of(study(RISES["exosome"], hidden=HIDDEN), catalog(), [fitted("exosome")], seed=0)
    used = found.markers.table
    return {
        "table": found.table,
        "fraction": found.contamination_fraction.table,
        "shares": found.shares.table[["share", "ci_low"]].mean(),
        "columns of shares": pd.Series(list(found.shares.table.columns)),
        "markers": used.groupby(["set", "status", "detection"], sort=False).size().reset_index(name="n"),
    }


@case("contrasts", tolerance=1e-5)
def sources_of_other_studies() -> Tables:
    out = {}
    for name, contrast, options in (
        ("both", PAIRED, {}),
        ("impure", BIOFLUID, {}),
        ("flat", PLAIN, {"missing": 0.02, "hide": False}),
    ):
        rows, _ = source_verdicts(fitted(name, contrast, **options))
        out[name] = rows.drop(columns=["next_step", "explanation"] if name != "flat" else ["next_step"])
    return out


@case("contrasts", tolerance=1e-5)
def sources_without_some_proteins() -> Tables:
    m = fitted("both")
    rows = {}
    for key in ("lipoprotein", "bovine_serum", "immunoglobulin", "platelet"):
        rule = m.criteria.sources[key]
        at = m.index.located((key,), by_accession=rule.by_accession).columns[:1]
        for name, found in (
            ("all", source_evidence(m, m.measured, rule)),
            ("fewer", source_evidence(m, m.measured, rule, at)),
        ):
            e = found.effect
            rows[f"{key} {name}"] = [
                found.n_markers,
                *([np.nan] * 2 if e is None else [e.estimate, e.ci_high]),
            ]
    return {"sources": pd.DataFrame(rows, index=["n", "estimate", "high"]).T}
