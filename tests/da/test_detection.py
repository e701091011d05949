"""presence/absence test: exact forms, level under unequal depth, separation."""

import itertools
from functools import reduce

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import markerkit as mk
from markerkit import InputError
from markerkit.stats.detection import conditional_test, paired_test, sample_odds
from markerkit.tables.registry import TABLES


def experiment(seen):
    n = len(seen) // 2
    names = [f"s{i}" for i in range(2 * n)]
    sheet = pd.DataFrame(
        {"group": ["EV"] * n + ["cell"] * n, "donor": [f"d{i}" for i in range(n)] * 2}, names
    )
    values = pd.DataFrame(np.where(seen, 20.0, np.nan), names, [f"P{i}" for i in range(seen.shape[1])])
    return mk.Experiment(values, sheet, scale="log2")


def detected(rng, depth, proteins=1500, unequal=0.0):
    """Sightings; `unequal` is the deviation of the log slopes by which depth acts on single proteins."""
    ready = rng.normal(0, 1.5, proteins)
    slope = np.exp(rng.normal(0, unequal, proteins)) if unequal else 1.0
    return rng.random((len(depth), proteins)) < 1 / (
        1 + np.exp(-(np.asarray(depth)[:, None] * slope + ready))
    )


EV = mk.Contrast("group", "EV", "cell")
PAIRED = mk.Contrast("group", "EV", "cell", paired_by="donor")


def test_without_depth_it_is_fishers_exact_test():
    seen = detected(np.random.default_rng(2), np.zeros(12), 80)
    seen[:6, 0], seen[6:, 0] = True, False
    table = mk.detection_test(experiment(seen), EV, depth=False).table
    assert list(table.columns) == TABLES["detection"].names
    assert table.loc[0, "call"] == "on"
    tested = table[table["status"] == "tested"]
    np.testing.assert_allclose(tested["padj"], stats.false_discovery_control(tested["pvalue"]))
    for _, row in tested.iterrows():
        a, b = int(row["n_case"]), int(row["n_control"])
        exact = stats.fisher_exact([[a, 6 - a], [b, 6 - b]])[1]
        as_likely = sum(stats.hypergeom.pmf(sorted({a, b}), 12, a + b, 6))
        assert row["pvalue"] == pytest.approx(exact - as_likely / 2, rel=1e-9)
        assert row["expected_case"] == pytest.approx((a + b) / 2)


def test_what_could_never_be_significant_is_not_tested():
    """Seen in two of twelve: at best p = 0.11, whichever samples they are; in three of one arm 0.05 or less."""
    seen = np.zeros((12, 30), dtype=bool)
    seen[:2, :10] = True
    seen[:5, 10:] = True
    table = mk.detection_test(experiment(seen), EV, depth=False).table
    assert (table["status"][:10] == "not tested").all()
    assert set(table["reason"][:10]) == {"no outcome of its detections could have p below 0.05"}
    assert table["pvalue"][:10].isna().all()
    assert (table["status"][10:] == "tested").all()
    np.testing.assert_allclose(table["padj"][10:], table["pvalue"][10:])


def test_a_call_needs_no_significance():
    """On in both samples of a pair of duplicates: two against two can reach no p, and the pattern is told all the same."""
    seen = np.ones((4, 30), dtype=bool)
    seen[2:, 0] = seen[1, 1:20] = False
    table = mk.detection_test(experiment(seen), EV, depth=False).table
    assert table.loc[0, "call"] == "on"
    assert table.loc[0, "status"] == "not tested"


@pytest.mark.parametrize(("seen_in", "call"), [(3, ""), (4, "on"), (6, "on")])
def test_two_thirds_of_one_group_and_none_of_the_other(seen_in, call):
    seen = np.ones((12, 30), dtype=bool)
    seen[:, 0] = np.arange(12) < seen_in
    seen[3, 1:20] = False
    table = mk.detection_test(experiment(seen), EV, depth=False).table
    assert table.loc[0, "call"] == call
    mirrored = mk.detection_test(experiment(seen), mk.Contrast("group", "cell", "EV"), depth=False).table
    assert mirrored.loc[0, "call"] == call.replace("on", "off")
    seen[6, 0] = True
    assert mk.detection_test(experiment(seen), EV, depth=False).table.loc[0, "call"] == ""


def test_one_sample_is_no_pattern():
    seen = np.ones((4, 30), dtype=bool)
    seen[1:, 0] = False
    seen[1, 1:20] = False
    exp = experiment(seen)
    alone = exp.select(samples=["s0", "s2", "s3"])
    assert mk.detection_test(alone, EV, depth=False).table.loc[0, "call"] == ""


def test_a_sample_without_a_donor_is_in_no_pair():
    seen = detected(np.random.default_rng(0), np.zeros(8), 40)
    exp = experiment(seen)
    holed = mk.Experiment(exp.values, exp.samples.assign(donor=["d0", None, None, "d3"] * 2), scale="log2")
    table = mk.detection_test(holed, PAIRED, depth=False).table
    two = mk.detection_test(exp.select(samples=["s0", "s3", "s4", "s7"]), PAIRED, depth=False).table
    tested = (table["status"] == "tested").to_numpy() & (two["status"] == "tested").to_numpy()
    np.testing.assert_allclose(table["pvalue"][tested], two["pvalue"][tested])


def test_without_depth_it_is_mcnemar_within_pairs():
    seen = np.ones((12, 60), dtype=bool)
    seen[6:, 0] = False
    seen[6:, 1:50] = False
    table = mk.detection_test(experiment(seen), PAIRED, depth=False).table
    assert table.loc[0, "pvalue"] == pytest.approx(0.5**6)  # half of both tails


def test_conditional_distribution_by_enumeration():
    """Every choice of samples has a probability in proportion to the product of their odds."""
    odds = np.array([0.5, 1.0, 3.0, 0.7, 2.0])
    case = np.array([True, True, False, False, False])
    seen = np.array([[1, 1, 0, 1, 0]], dtype=bool).T
    chances = {}
    for chosen in itertools.combinations(range(5), 3):
        inside = sum(case[i] for i in chosen)
        chances[inside] = chances.get(inside, 0.0) + np.prod(odds[list(chosen)])
    whole = sum(chances.values())
    observed = chances[2]
    found = conditional_test(seen, case, odds)
    less = sum(c for c in chances.values() if c < observed * (1 - 1e-9))
    assert found.pvalue[0] == pytest.approx((less + observed / 2) / whole)
    assert found.smallest[0] == pytest.approx(min(chances.values()) / 2 / whole)
    assert found.expected[0] == pytest.approx(sum(k * c for k, c in chances.items()) / whole)


def test_paired_distribution_by_enumeration():
    odds = (np.array([2.0, 1.0, 4.0]), np.array([1.0, 1.0, 1.0]))
    first, second = np.array([[True, True, True]]).T, np.array([[False, False, False]]).T
    share = [2 / 3, 1 / 2, 4 / 5]
    chances = np.zeros(4)
    for outcome in itertools.product([0, 1], repeat=3):
        chances[sum(outcome)] += np.prod([s if o else 1 - s for s, o in zip(share, outcome, strict=True)])
    found = paired_test(first, second, odds)
    assert found.pvalue[0] == pytest.approx(chances[chances < chances[3]].sum() + chances[3] / 2)
    assert found.smallest[0] == pytest.approx(chances.min() / 2)
    assert found.expected[0] == pytest.approx(sum(share))


def test_depth_is_found_again():
    rng = np.random.default_rng(0)
    depth = np.array([-1.0, -0.3, 0.0, 0.4, 0.9, 0.0])
    odds = sample_odds(detected(rng, depth, 20000))
    np.testing.assert_allclose(np.log(odds), depth, atol=0.06)


def test_no_information_gives_equal_odds():
    np.testing.assert_array_equal(sample_odds(np.ones((4, 10), dtype=bool)), np.ones(4))
    assert np.isfinite(sample_odds(np.vstack([np.zeros(30, dtype=bool), np.eye(3, 30, dtype=bool)]))).all()


def choices(odds):
    """Sums, over all choices of 0, 1, ... samples, of the product of their odds."""
    return reduce(np.convolve, [[1.0, w] for w in odds], np.ones(1))


def chance_of(mass):
    """Probability of the outcomes whose mid-p lies below 5 %."""
    mid = [
        mass[mass < 0.9999 * m].sum() + mass[np.isclose(mass, m, rtol=1e-6, atol=0)].sum() / 2 for m in mass
    ]
    return mass[np.array(mid) < 0.05].sum()


def chances(seen, depth, paired):
    """Chance that an exact test with the true depths rejects each protein, given how often it was seen."""
    n, odds = len(depth) // 2, np.exp(depth)
    share = odds[:n] / (odds[:n] + odds[n:])
    out = []
    for one in seen.T:
        if paired:
            parts = [[1 - s, s] for s in share[one[:n] != one[n:]]]
            out.append(chance_of(reduce(np.convolve, parts, np.ones(1))))
            continue
        x = np.arange(max(0, one.sum() - n), min(one.sum(), n) + 1)
        mass = choices(odds[:n])[x] * choices(odds[n:])[one.sum() - x]
        out.append(chance_of(mass / mass.sum()))
    return np.array(out)


def assert_as_often(rejected, chance):
    """Within four standard errors of the exact number, on both sides."""
    assert abs(np.sum(rejected) - chance.sum()) < 4 * np.sqrt((chance * (1 - chance)).sum())
    assert chance.sum() > 100


@pytest.mark.filterwarnings("ignore:the odds of detecting:markerkit.MarkerkitWarning")
@pytest.mark.parametrize("paired_by", [None, "donor"])
def test_level_under_unequal_depth(paired_by):
    """a group that sees less of everything is no on/off finding; without depth in the model it is."""
    rng = np.random.default_rng(1)
    depth = np.r_[np.full(8, 1.0), np.full(8, -1.0)] + rng.normal(0, 0.3, 16)
    rejected, exact = {True: [], False: []}, []
    for _ in range(6):
        seen = detected(rng, depth)
        exact.append(chances(seen, depth, paired_by is not None))
        for with_depth, calls in rejected.items():
            table = mk.detection_test(experiment(seen), PAIRED if paired_by else EV, depth=with_depth).table
            calls += list(table["pvalue"] < 0.05)
    exact = np.concatenate(exact)
    assert_as_often(rejected[True], exact)
    assert exact[exact > 0].mean() < 0.05  # few samples can take few values of p
    assert np.sum(rejected[False]) > 4 * exact.sum()


@pytest.mark.filterwarnings("ignore:the odds of detecting:markerkit.MarkerkitWarning")
@pytest.mark.parametrize("unequal", [0.0, 0.4])
@pytest.mark.parametrize("paired_by", [None, "donor"])
def test_level_of_the_proteins_that_could_reject(paired_by, unequal):
    """Proteins seen in about half of the samples: all of them can reach a small p."""
    rng = np.random.default_rng(4)
    rejected, exact = [], []
    for _ in range(8):
        depth = np.r_[np.full(8, 1.0), np.full(8, -1.0)] + rng.normal(0, 0.3, 16)
        seen = detected(rng, depth, unequal=unequal)
        half = np.abs(seen.mean(axis=0) - 0.5) <= 0.15
        p = mk.detection_test(experiment(seen), PAIRED if paired_by else EV).table["pvalue"]
        rejected += list(p[half] < 0.05)
        exact.append(chances(seen[:, half], depth, paired_by is not None))
    exact = np.concatenate(exact)
    assert len(rejected) > 3000
    if unequal == 0:
        assert_as_often(rejected, exact)
    else:  # depth that acts on every protein in its own way is not in the model: a known, bounded excess
        assert 1.2 * exact.mean() < np.mean(rejected) < 2 * exact.mean()


def test_separation_stays_finite_and_is_found():
    rng = np.random.default_rng(3)
    seen = detected(rng, np.r_[np.zeros(6), np.full(6, -0.5)])
    seen[:6, 0], seen[6:, 0] = True, False
    seen[:6, 1], seen[6:, 1] = False, True
    table = mk.detection_test(experiment(seen), EV).table
    assert np.isfinite(table["log_odds"]).all()
    assert list(table["call"][:2]) == ["on", "off"]
    assert (table["pvalue"][:2] < 0.01).all()
    assert table.loc[0, "log_odds"] > 2 > -2 > table.loc[1, "log_odds"]


def test_imputed_matrices_and_lonely_arms_give_a_reason():
    table = mk.detection_test(experiment(np.ones((12, 40), dtype=bool)), EV).table
    assert (table["status"] == "not tested").all()
    seen = detected(np.random.default_rng(0), np.zeros(8), 40)
    exp = experiment(seen)
    alone = mk.Experiment(exp.values, exp.samples.assign(donor=list("abcdefgh")), scale="log2")
    table = mk.detection_test(alone, PAIRED).table
    assert set(table["reason"]) <= {
        "no pair has a sample in each group",
        "detected in every sample or in none: nothing to test",
    }


@pytest.mark.filterwarnings("error")
def test_arms_of_very_unequal_depth_warn():
    rng = np.random.default_rng(5)
    same, apart = (experiment(detected(rng, np.repeat([d, -d], 6))) for d in (0.1, 1.2))
    mk.detection_test(same, EV)
    for paired_by in (None, "donor"):
        with pytest.warns(mk.MarkerkitWarning, match="fold in 'EV' of those in 'cell'"):
            mk.detection_test(apart, PAIRED if paired_by else EV)


def test_many_samples_go_without_depth():
    exp = experiment(detected(np.random.default_rng(0), np.zeros(202), 40))
    with pytest.warns(mk.MarkerkitWarning, match="202 samples are more than the 200"):
        result = mk.detection_test(exp, EV)
    assert result.params["depth"] is False


def test_refusals():
    exp = experiment(detected(np.random.default_rng(0), np.zeros(4), 20))
    with pytest.raises(InputError, match="no level 'serum'"):
        mk.detection_test(exp, mk.Contrast("group", "EV", "serum"))
    with pytest.raises(InputError, match=r"Write detection_test\(exp, Contrast\('group', 'EV', 'cell'\)\)"):
        mk.detection_test(exp, condition="group", case="EV", control="cell")
