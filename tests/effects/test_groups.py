"""Groups that cannot be compared: copies of one run, and failed runs."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.checks.design import design_of
from markerkit.core.vocabulary import Rule
from markerkit.effects.groups import failed_samples, unfit_groups
from markerkit.study.data import study_data
from tests.helpers import EXAMPLE, experiment

CONTRAST = mk.Contrast("arm", "EV", "cell")
ARMS = {"arm": ["EV"] * 3 + ["cell"] * 3}
pytestmark = pytest.mark.filterwarnings("ignore::markerkit.MarkerkitWarning")


def frame(*depths: int, proteins: int = 600) -> pd.DataFrame:
    """Samples of so many proteins, each with values of its own."""
    rng = np.random.default_rng(1)
    values = np.exp2(rng.normal(22, 2, (len(depths), proteins)))
    for row, depth in zip(values, depths, strict=True):
        row[depth:] = np.nan
    return pd.DataFrame(values, [f"s{i}" for i in range(len(depths))], [f"G{i}" for i in range(proteins)])


@pytest.mark.parametrize(
    ("cell", "other", "failed"),
    [
        ((1, 1, 1), 600, True),
        ((49, 49, 49), 490, True),
        ((50, 50, 50), 600, False),  # as many as the answer on the EV markers needs
        ((49, 49, 49), 489, False),  # more than a tenth of the other group
        ((1, 600, 600), 600, False),  # one failed run is no failed group
        ((1, 1, 600), 600, True),
        ((0, 0, 0), 600, True),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_failed_runs(cell: tuple[int, ...], other: int, failed: bool, swapped: bool) -> None:
    depths = (*cell, other, other, other) if swapped else (other, other, other, *cell)
    found = unfit_groups(experiment(frame(*depths), ARMS), CONTRAST)
    if not failed:
        assert found is None
        return
    assert found is not None
    assert (found.rule, found.about) == (Rule.FAILED_RUNS, "EV" if swapped else "cell")
    assert found.numbers["n_proteins"] == np.median(cell)


@pytest.mark.parametrize(
    ("depths", "failed"),
    [
        ((1, 600, 600, 600, 600, 600), {"s0": 1}),
        ((600, 49, 490, 490, 490, 490), {"s1": 49}),
        ((600, 50, 600, 600, 600, 600), {}),  # as many as the answer on the EV markers needs
        ((600, 49, 489, 489, 489, 489), {}),  # more than a tenth of the median sample
        ((20, 600, 0, 600, 600, 600), {"s2": 0, "s0": 20}),
        ((40, 40, 40, 40, 40, 40), {}),
    ],
)
def test_failed_samples(depths: tuple[int, ...], failed: dict[str, int]) -> None:
    found = failed_samples(experiment(frame(*depths), ARMS))
    assert list(found.items()) == list(failed.items())


@pytest.mark.parametrize(("n_values", "rule"), [(10, Rule.COPIES), (9, None)])
def test_copies_count_once(n_values: int, rule: Rule | None) -> None:
    """Fewer than ten values may be alike by chance."""
    values = frame(*[n_values] * 6)
    values.iloc[3:] = values.iloc[3].to_numpy()
    found = unfit_groups(experiment(values, ARMS), CONTRAST)
    assert (found and found.rule) == rule
    values.iloc[5] *= 1.01
    assert unfit_groups(experiment(values, ARMS), CONTRAST) is None, "two of its own are left"
    first = values.copy()
    first.iloc[3] = first.iloc[0].to_numpy()
    assert unfit_groups(experiment(first, ARMS), CONTRAST) is None, (
        "a copy in the other group is no replicate of it"
    )


def test_some_copies_are_told() -> None:
    values = frame(*[600] * 6)
    values.iloc[4] = values.iloc[3].to_numpy()
    checks = design_of(study_data(experiment(values, ARMS), CONTRAST))
    rows = checks[
        checks["finding"].str.contains("'s3' and 's4' hold the same value in every protein: one run, 2 times")
    ]
    assert rows["severity"].tolist() == ["serious"]


@pytest.mark.parametrize("spoiled", ["failed", "copies"])
def test_nothing_is_judged(example: mk.Experiment, spoiled: str) -> None:
    values = example.values
    lysate = example.samples.index[example.samples["fraction"] == "lysate"]
    if spoiled == "copies":
        values.loc[lysate] = values.loc[lysate[0]].to_numpy()
    else:
        for i, name in enumerate(lysate):
            values.loc[name] = values.loc[name].where(np.arange(values.shape[1]) == 7 * i)
            values.loc[name, values.columns[7 * i]] = 1e7
    exp = mk.Experiment(values, example.samples, example.proteins, history=example.history)
    identity, purity = mk.assess_identity(exp, EXAMPLE), mk.assess_purity(exp, EXAMPLE)
    change = mk.compare(exp, mk.Contrast("fraction", "EV", "lysate"))
    for table in (identity.table, purity.table, change.table, change.purity.table):
        assert set(table["verdict"]) == {"not assessable"}
        assert set(table["rule"]) <= {
            "failed_runs" if spoiled == "failed" else "copies",
            "apoptosis_not_stated",
        }
    assert set(purity.contamination_fraction.table["status"]) == {"not assessable"}
