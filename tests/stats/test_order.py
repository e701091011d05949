"""Ranks, trimmed means and adjusted p-values against SciPy's, which the package does not load."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from markerkit.stats.fdr import bh
from markerkit.stats.order import mid_ranks, trimmed_mean

_FEW = st.sampled_from([-1.0, 0.0, 0.5, 2.0, 7.0])


@given(arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=_FEW | st.just(np.nan)))
def test_ranks(values):
    expected = stats.rankdata(values, axis=1, nan_policy="omit")
    np.testing.assert_array_equal(mid_ranks(values), expected)


def test_one_row_of_ranks():
    assert mid_ranks([2.0, 2.0, -1.0]).tolist() == [2.5, 2.5, 1.0]
    assert mid_ranks([]).shape == (0,)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.4])
@given(values=arrays(float, st.integers(1, 30), elements=st.floats(-1e6, 1e6)))
def test_trimmed_mean(values, share):
    np.testing.assert_allclose(trimmed_mean(values, share), stats.trim_mean(values, share), 1e-9, 1e-6)


@given(arrays(float, st.integers(1, 30), elements=st.floats(0, 1)))
def test_benjamini_hochberg(pvalue):
    np.testing.assert_allclose(bh(pvalue), stats.false_discovery_control(pvalue), rtol=1e-12)


def test_nothing_that_decides_waits_for_scipy_stats():
    script = (
        "import sys, markerkit.assessment.run, markerkit.report, markerkit.io.readers, markerkit.ids.harmonize\n"
        "print([name for name in ('scipy.stats', 'statsmodels', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
