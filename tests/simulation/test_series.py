"""Simulated fraction series: the truth that they say they have."""

from __future__ import annotations

import numpy as np
import pytest

import markerkit as mk
from markerkit.catalog.load import shipped
from markerkit.core.errors import InputError
from markerkit.simulation.series import KINDS, Peak, profile


@pytest.fixture(scope="module")
def markers() -> mk.MarkerCatalog:
    return shipped("human")


def test_profiles_sum_to_one_and_peak_at_their_center() -> None:
    gaussian = profile(Peak(6.0, 1.0), 12)
    assert gaussian.sum() == pytest.approx(1)
    assert gaussian.argmax() == 5  # the sixth fraction
    assert gaussian[4] == pytest.approx(gaussian[6])
    tailed = profile(Peak(6.0, 1.0, 2.0), 12)
    assert (tailed * np.arange(12)).sum() > (gaussian * np.arange(12)).sum() + 1
    with pytest.raises(InputError, match="misses all 12 fractions"):
        profile(Peak(500.0, 1.0), 12)


@pytest.mark.parametrize("kind", ["sec", "gradient"])
def test_amounts_are_those_asked_for(markers: mk.MarkerCatalog, kind: str) -> None:
    made = mk.simulate_fractions(
        markers, kind=kind, n_replicates=2, shift=0, replicate_sd=0, amount_cv=0, seed=3
    )
    amounts = made.truth.amounts
    assert amounts.sum().to_dict() == pytest.approx(dict(KINDS[kind].amounts))
    weighed = made.experiment.samples.groupby("fraction")["protein_ug"].mean().dropna()
    assert weighed.to_numpy() == pytest.approx(amounts.sum(axis=1)[weighed.index].to_numpy())
    assert (amounts.sum(axis=1)[weighed.index] >= 0.01).all()
    assert made.truth.recovery(list(amounts.index)) == pytest.approx(1)
    first = list(amounts.index[:6])
    assert made.truth.purity(first) == pytest.approx(
        amounts.loc[first, "ev"].sum() / amounts.loc[first].to_numpy().sum()
    )


def test_what_lies_below_the_detection_limit_is_missing(markers: mk.MarkerCatalog) -> None:
    shallow, deep = (
        mk.simulate_fractions(markers, n_replicates=1, limit=limit, seed=3).experiment.values
        for limit in (1e-3, 1e-5)
    )
    assert shallow.notna().sum().sum() < 0.6 * deep.notna().sum().sum()
    assert not (deep <= 0).any().any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "hplc"}, "must be one of"),
        ({"amounts": {"albumin": 1.0}}, "components are"),
        ({"amounts": {"ev": 0.0}}, "above 0"),
        ({"peaks": {"ev": (6.0, 0.0)}}, "width of a profile is above 0"),
        ({"n_replicates": 0}, "at least 1 replicate"),
        ({"n_fractions": 1}, "2 fractions"),
        ({"noise": -0.1}, "`noise` is 0 or more"),
        ({"discordant_fraction": 1.2}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_is_refused(
    markers: mk.MarkerCatalog, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        mk.simulate_fractions(markers, **options)  # type: ignore[arg-type]
