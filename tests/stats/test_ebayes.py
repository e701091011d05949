"""Moderation of variances: hand-computed cases of what the reference outputs do not show."""

import numpy as np
import pytest

from markerkit.stats import ebayes
from markerkit.stats.prior import Prior


@pytest.mark.parametrize(
    ("prior_df", "total"), [(3.0, 7.0), (4.0, 8.0), (4.1, 8.0), (10.0, 8.0), (np.inf, 8.0)]
)
def test_no_protein_has_more_df_than_all_residuals_together(prior_df, total):
    """Two proteins of 4 residual df: up to 4 more from the prior, 8 in all."""
    variance, df = np.array([1.0, 3.0]), np.array([4.0, 4.0])
    given = Prior(np.full(2, 2.0), np.full(2, prior_df))
    found = ebayes.squeeze(variance, df, given)
    np.testing.assert_allclose(found.df_total, total)
    np.testing.assert_allclose(ebayes.squeeze(variance, df, given, pooled=False).df_total, 4 + prior_df)
    # the variance is drawn by the whole df of the prior
    share = 0.0 if np.isinf(prior_df) else 4 / (4 + prior_df)
    np.testing.assert_allclose(found.variance, share * variance + (1 - share) * 2.0)


def test_the_cap_counts_residual_df_alone():
    """Variances that scatter no more than chance: the prior is certain, df are those of all residuals."""
    found = ebayes.moderate(np.array([1.0, 1.0, 1.0, np.nan]), np.array([2.0, 3.0, 4.0, 0.0]))
    assert np.isinf(found.prior.df[:3]).all()
    np.testing.assert_allclose(found.df_total, 2 + 3 + 4)
