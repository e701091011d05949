"""What must not change the answer: orders, names, scales, a copy, a synonym; and what must mirror or move it one way."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import markerkit as mk
from markerkit.core.genes import gene_table
from tests.contract.experiments import N, catalog, made, raw, sheet
from tests.contract.verbs import EV, prepared

pytestmark = pytest.mark.filterwarnings("ignore::markerkit.MarkerkitWarning")
QUICK, LONG = 2, 60
COMMON: dict[str, Any] = {
    "deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
}  # fmt: skip
#: columns that hold abundances, which a factor moves
ABUNDANCE = frozenset({"mean_log2", "total_signal", "median_log2"})


def examples(*strategies: Any) -> Any:
    """Give a property a quick test of few examples and a slow one of many."""

    def decorated(test: Any) -> Any:
        quick, long = (settings(max_examples=n, **COMMON)(given(*strategies)(test)) for n in (QUICK, LONG))

        @pytest.mark.parametrize(
            "run", [quick, pytest.param(long, marks=pytest.mark.slow)], ids=["quick", "long"]
        )
        def of_both(run: Any) -> None:
            run()

        return of_both

    return decorated


def study() -> mk.Experiment:
    return made(raw())


def answers(exp: mk.Experiment, contrast: mk.Contrast = EV) -> dict[str, pd.DataFrame]:
    """Verdicts, and the numbers behind them."""
    sets = catalog()
    da = mk.differential_abundance(prepared(exp), contrast)
    purity = mk.assess_purity(exp, contrast, sets)
    own = {name: sets[name].positive for name in ("exosome", "mitochondrion", "lipoprotein", "keratin")}
    found = {
        "identity": mk.assess_identity(exp, contrast, sets).table,
        "purity": purity.table,
        "shares": purity.shares.table,
        "fraction": purity.contamination_fraction.table,
        "da": da.table,
        "detection": mk.detection_test(exp, contrast).table,
        "scores": mk.score_samples(exp.logged(), own).table,
    }
    return found | {m: mk.enrich(da, own, method=m).table for m in ("camera", "fry", "effect", "joint")}


@cache
def usual() -> dict[str, pd.DataFrame]:
    return answers(study())


def same(
    found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame], *, but: frozenset[str] = frozenset()
) -> None:
    """Rows in any order, words to the letter, numbers to nine digits."""
    for name, table in expected.items():
        keys = [
            c
            for c in ("contrast", "sample", "class", "source", "set", "protein", "compartment")
            if c in table
        ]
        frames = [
            f.drop(columns=[c for c in but if c in f]).sort_values(keys, kind="stable", ignore_index=True)
            for f in (found[name], table)
        ]
        pd.testing.assert_frame_equal(*frames, rtol=1e-9, atol=1e-9, obj=name)


seeds = st.integers(0, 2**32 - 1)


@examples(seeds)
def test_order_of_samples_and_proteins(seed: int) -> None:
    exp, rng = study(), np.random.default_rng(seed)
    rows, columns = (list(rng.permutation(axis)) for axis in (exp.values.index, exp.values.columns))
    # the robust variances of fry take the samples in their order, as those of limma do
    expected = {name: table for name, table in usual().items() if name != "fry"}
    same(answers(exp.select(samples=rows, proteins=columns)), expected)


names = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12),
    min_size=2 * N, max_size=2 * N, unique=True,
)  # fmt: skip


@examples(names)
def test_names_of_samples(new: list[str]) -> None:
    exp = study()
    frames = [f.set_axis([f"s {n}" for n in new]) for f in (exp.values, exp.samples)]
    renamed = mk.Experiment(*frames, exp.proteins, history=exp.history)
    found = answers(renamed)
    back = {f"s {n}": old for n, old in zip(new, exp.values.index, strict=True)}
    for name in ("shares", "scores"):
        found[name] = found[name].assign(sample=found[name]["sample"].map(back).astype(object))
    same(found, usual())


@examples(st.floats(-6, 6))
def test_factor_of_all_intensities(power: float) -> None:
    same(answers(made(raw() * 10**power)), usual(), but=ABUNDANCE)


@examples(st.lists(st.floats(-6, 6), min_size=2 * N, max_size=2 * N))
def test_factor_of_each_sample(powers: list[float]) -> None:
    """What a sample was loaded with is normalized away, or cancels from a share."""
    scaled = raw().mul(10 ** np.array(powers), axis=0)
    same(answers(made(scaled)), usual(), but=ABUNDANCE)


@examples(
    st.lists(
        st.sampled_from(sorted(gene_table("human").symbols - set(raw().columns))), max_size=300, unique=True
    )
)
def test_members_that_nobody_measured(genes: list[str]) -> None:
    da, own = mk.differential_abundance(prepared(study()), EV), catalog()["exosome"].positive
    few, many = {"mine": own}, {"mine": [*own, *genes]}
    for method in ("camera", "fry", "effect", "joint"):
        pair = [mk.enrich(da, sets, method=method).table.drop(columns="n_set") for sets in (many, few)]
        pd.testing.assert_frame_equal(*pair)
    logs = study().logged()
    pair = [mk.score_samples(logs, sets).table.drop(columns="n_set") for sets in (many, few)]
    pd.testing.assert_frame_equal(*pair)


@examples(st.sampled_from(["lipoprotein", "keratin", "mitochondrion", "er_golgi"]), st.floats(1, 1e4), seeds)
def test_more_of_a_contaminant(source: str, factor: float, seed: int) -> None:
    """More signal of a source, in any sample, never lowers its share and never raises that of the EV markers."""
    sets, values = catalog(), raw()
    members, ev = set(sets[source].positive), {g for k in ("exosome", "pan_ev") for g in sets[k].positive}
    at = values.columns.isin(members - ev)
    more = 1 + (factor - 1) * np.random.default_rng(seed).random(len(values))
    spoiled = values.copy()
    spoiled.loc[:, at] = values.loc[:, at].mul(more, axis=0)
    before, after = (
        mk.assess_purity(made(v), EV, sets).shares.table.pivot_table(
            index="sample", columns="source", values="share"
        )
        for v in (values, spoiled)
    )
    assert (after[source] >= before[source] * (1 - 1e-12)).all()
    assert (after["ev"] <= before["ev"] * (1 + 1e-12)).all()


WORDS = {"higher": "lower", "lower": "higher", "up": "down", "down": "up", "on": "off", "off": "on"}
LIMITS = {"ci_low": "ci_high", "per_ev_ci_low": "per_ev_ci_high", "bounded_ci_low": "bounded_ci_high"}
SIGNED = {
    "log2_fc",
    "per_ev_log2_fc",
    "bounded_log2_fc",
    "t",
    "log2_fc_over_background",
    "log_odds",
    "statistic",
}
ASIDE = frozenset(
    {"explanation", "next_step", "reason", "rule", "expected_case", "leading_edge", "smallest_detectable"}
)


def mirrored(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers negated, intervals turned around, words exchanged, counts of the groups swapped."""
    out = table.copy()
    for column in SIGNED & set(table):
        out[column] = -table[column]
    for low, high in LIMITS.items():
        if low in table:
            out[low], out[high] = -table[high], -table[low]
    for column in {"verdict", "per_ev", "direction", "call"} & set(table):
        out[column] = table[column].replace(WORDS)
    for kind in ("n", "total"):
        if f"{kind}_case" in table:
            out[f"{kind}_case"], out[f"{kind}_control"] = table[f"{kind}_control"], table[f"{kind}_case"]
    return out


@examples(st.integers(0, 99), st.booleans())
def test_case_and_control_swapped(seed: int, paired: bool) -> None:
    values = raw()
    exp = made(values.mask(np.random.default_rng(seed).random(values.shape) < 0.1))
    one = mk.Contrast("fraction", "EV", "lysate", name="x", paired_by="donor" if paired else None)
    other = mk.Contrast("fraction", "lysate", "EV", name="x", paired_by=one.paired_by)
    first, second = (_differences(exp, c) for c in (one, other))
    same(second, {k: mirrored(v) for k, v in first.items()}, but=ASIDE)


def _differences(exp: mk.Experiment, contrast: mk.Contrast) -> dict[str, pd.DataFrame]:
    change = mk.compare(exp, contrast, catalog())
    da = mk.differential_abundance(prepared(exp), contrast)
    own = {name: catalog()[name].positive for name in ("exosome", "mitochondrion", "lipoprotein")}
    tests = {m: mk.enrich(da, own, method=m).table for m in ("camera", "fry", "effect", "joint")}
    return tests | {
        "comparison": change.table,
        "purity": change.purity.table,
        "da": da.table,
        "detection": mk.detection_test(exp, contrast).table,
    }


@examples(st.sampled_from(sorted(raw().columns[:60])))
def test_a_second_group_of_a_gene(gene: str) -> None:
    """A second group of the same values counts no marker twice, and moves no score."""
    values = raw()
    exp = made(values)
    both = mk.Experiment(
        values.assign(copy=values[gene]), exp.samples,
        pd.concat([exp.proteins, exp.proteins.loc[[gene]].set_axis(["copy"])]), history=exp.history,
    )  # fmt: skip
    pd.testing.assert_frame_equal(mk.coverage(both, catalog()).table, mk.coverage(exp, catalog()).table)
    own = {k: catalog()[k].positive for k in ("exosome", "pan_ev")}
    pd.testing.assert_frame_equal(*(mk.score_samples(e.logged(), own).table for e in (both, exp)))
    counts = [
        mk.assess_identity(e, EV, catalog()).table[["n_independent", "n_measured"]] for e in (both, exp)
    ]
    pd.testing.assert_frame_equal(*counts)


@cache
def synonyms() -> dict[str, str]:
    """Genes of the study -> an alias that stands for this gene alone."""
    found: dict[str, str] = {}
    measured = set(raw().columns)
    for alias, (gene, how) in gene_table("human").by_name.items():
        if how != "symbol" and gene in measured:
            found.setdefault(gene, alias)
    return found


@examples(seeds)
def test_synonyms_of_genes(seed: int) -> None:
    rng, values = np.random.default_rng(seed), raw()
    chosen = {g: a for g, a in synonyms().items() if rng.random() < 0.5}
    assert len(chosen) > 10
    exps = [
        mk.harmonize_ids(mk.Experiment(v, sheet()), catalog())
        for v in (values.rename(columns=chosen), values)
    ]
    tables = [mk.assess_identity(e, EV, catalog()).table for e in exps]
    pd.testing.assert_frame_equal(*tables)


@examples(seeds)
def test_zeros_and_gaps_are_one(seed: int) -> None:
    values = raw()
    zero = values.isna() & (np.random.default_rng(seed).random(values.shape) < 0.5)
    same(answers(made(values.mask(zero, 0.0))), usual())


@examples(st.integers(1, 200), seeds)
def test_proteins_that_no_table_knows(n: int, seed: int) -> None:
    """Unmapped proteins take signal from all sources alike, and are members of nothing."""
    values, rng = raw(), np.random.default_rng(seed)
    unknown = pd.DataFrame(
        np.exp2(rng.normal(24, 2, (2 * N, n))), values.index, [f"unknown {i}" for i in range(n)]
    )
    exp = made(values)
    annotation = exp.proteins.reindex([*values.columns, *unknown.columns])
    annotation = annotation.fillna({"gene": "", "accession": "", "map_status": "not mapped"})
    annotation[["is_decoy", "is_contaminant"]] = False
    more = mk.Experiment(pd.concat([values, unknown], axis=1), exp.samples, annotation, history=exp.history)
    own = {k: catalog()[k].positive for k in ("exosome", "pan_ev")}
    pd.testing.assert_frame_equal(mk.coverage(more, catalog()).table, mk.coverage(exp, catalog()).table)
    pair = [mk.assess_purity(e, EV, catalog()).shares.table for e in (more, exp)]
    ratio = (pair[0]["share"] / pair[1]["share"]).groupby(pair[1]["sample"])
    assert (ratio.max() / ratio.min()).dropna().between(1, 1 + 1e-9).all()
    assert (ratio.max().dropna() <= 1).all()
    assert mk.membership(more, "fraction", own).equals(mk.membership(exp, "fraction", own))
