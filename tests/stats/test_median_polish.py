"""Median polish: a published table, a table by hand, missing values, many tables at once."""

import numpy as np
import pytest

from markerkit.stats.median_polish import median_polish

# Deaths from sport parachuting, 5 levels of experience x 3 years (Velleman and Hoaglin 1981, ABC of EDA, p. 224;
# the example of `medpolish` in R). The fit: all numbers are whole, and every step can be followed by hand.
DEATHS = np.array([[14, 15, 14], [7, 4, 7], [8, 2, 10], [15, 9, 10], [0, 2, 0]], dtype=float)


def test_the_published_example():
    fit = median_polish(DEATHS[None])
    assert fit.overall.tolist() == [8]
    assert fit.row[0].tolist() == [6, -1, 0, 2, -8]
    assert fit.column[0].tolist() == [0, -1, 0]
    assert np.abs(fit.residual).sum() == 19
    assert fit.residual[0].tolist() == [[0, 2, 0], [0, -2, 0], [0, -5, 2], [5, 0, 0], [0, 3, 0]]


def test_an_additive_table_is_fitted_exactly_whatever_is_missing():
    row, column = np.array([0.0, 3.0, -1.0, 5.0]), np.array([1.0, 2.0, 4.0])
    table = 10 + row[:, None] + column
    table[0, 1] = table[2, 0] = np.nan
    fit = median_polish(table[None], tolerance=1e-9, max_rounds=200)
    rebuilt = fit.overall + fit.row[0][:, None] + fit.column[0]
    assert rebuilt[~np.isnan(table)] == pytest.approx(table[~np.isnan(table)], abs=1e-6)
    assert np.diff(fit.column[0]) == pytest.approx([1.0, 2.0], abs=1e-6)


def test_one_outlier_does_not_move_the_columns():
    table = np.add.outer([0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0])
    table[0, 2] = 50.0
    fit = median_polish(table[None])
    assert np.diff(fit.column[0]).tolist() == [1.0, 1.0]
    assert fit.residual[0, 0].tolist() == [0.0, 0.0, 48.0]


def test_rows_and_columns_without_a_value_are_missing_and_change_nothing():
    table = np.full((6, 4), np.nan)
    table[:5, :3] = DEATHS
    fit = median_polish(table[None])
    assert fit.column[0, :3].tolist() == [0, -1, 0]
    assert np.isnan(fit.column[0, 3])
    assert np.isnan(fit.row[0, 5])
    assert fit.overall.tolist() == [8]


def test_tables_are_fitted_each_for_itself():
    """One that is done early stays as it is while others go on."""
    rng = np.random.default_rng(1)
    others = rng.normal(0, 5, (40, 5, 3))
    together = median_polish(np.concatenate([DEATHS[None], others]))
    for i, table in enumerate([DEATHS, *others]):
        alone = median_polish(table[None])
        assert together.overall[i] == alone.overall[0]
        assert np.array_equal(together.column[i], alone.column[0])
        assert np.allclose(
            together.overall[i] + together.row[i][:, None] + together.column[i] + together.residual[i], table
        )


def test_rounds_end_where_they_are_limited():
    table = np.random.default_rng(2).normal(0, 1, (1, 7, 5))
    once, often = (median_polish(table, max_rounds=n, tolerance=0) for n in (1, 50))
    assert np.abs(often.residual).sum() < np.abs(once.residual).sum()
    assert np.nanmedian(once.residual, axis=1) == pytest.approx(np.zeros((1, 5)), abs=1e-12)


@pytest.mark.parametrize(("tolerance", "left"), [(0.177, 17), (0.176, 16)])
def test_a_table_is_done_where_a_round_changes_its_residuals_by_less_than_the_tolerance(tolerance, left):
    """The rounds leave 20, 17 and then 16 in sum: the second changes it by 3 of 17, 0.1765."""
    table = np.array([[4.0, 3, 0], [2, 6, 2], [9, 4, 3], [9, 1, 4]])
    sums = [np.abs(median_polish(table[None], max_rounds=n).residual).sum() for n in (1, 2, 3)]
    assert sums == [20, 17, 16]
    assert np.abs(median_polish(table[None], tolerance=tolerance).residual).sum() == left
