"""Groups that cannot be compared: too few samples, copies of one run, failed runs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from markerkit.catalog.criteria import load_criteria
from markerkit.core.experiment import Experiment
from markerkit.core.matrix import copies
from markerkit.core.verdict import Verdict
from markerkit.core.vocabulary import Basis, Rule, VerdictWord
from markerkit.study.contrast import Contrast


def unfit_groups(exp: Experiment, contrast: Contrast) -> Verdict | None:
    """Say why nothing can be judged of two groups; nothing where it can.

    Parameters
    ----------
    exp
        Experiment before its proteins are filtered.
    contrast
        The contrast.

    Returns
    -------
    Verdict on every class and source: a group of fewer samples than ``min_replicates``; one whose samples are copies
    of one another, so that fewer are left; or one of failed runs (``failed_runs``), whose gaps would count as
    absence.
    """
    criteria, targets = load_criteria(), exp.targets
    groups = dict(zip((contrast.case, contrast.control), contrast.groups(exp), strict=True))
    values = {k: exp.matrix[np.ix_(exp.samples.index.isin(names), targets)] for k, names in groups.items()}
    need = int(criteria.threshold["min_replicates"])
    for rule, count in ((Rule.NO_REPLICATES, len), (Rule.COPIES, _distinct)):
        found = {k: count(v) for k, v in values.items()}
        smaller = min(found, key=lambda k: found[k])
        if found[smaller] < need:
            return _not_assessable(rule, {"n_samples": found[smaller], "min_replicates": need}, smaller)
    depth = {k: float(np.median((~np.isnan(v)).sum(axis=1))) for k, v in values.items()}
    least, most = sorted(depth, key=lambda k: depth[k])
    few = depth[least] < criteria.composition["min_proteins"]
    if few and depth[least] <= criteria.convention["failed_runs"] * depth[most]:
        return _not_assessable(Rule.FAILED_RUNS, {"n_proteins": depth[least]}, least)
    return None


def failed_samples(exp: Experiment) -> dict[str, int]:
    """Give the samples that look like failed runs, with the number of their proteins, the fewest first.

    Parameters
    ----------
    exp
        Experiment before its proteins are filtered.

    Returns
    -------
    Samples of fewer proteins than ``min_proteins`` and at most the share ``failed_runs`` of those of the median sample:
    the limits of :func:`unfit_groups`, which judges a group by its median and does not see one sample of it.
    """
    criteria = load_criteria()
    n = (~np.isnan(exp.matrix[:, exp.targets])).sum(axis=1)
    few = n < criteria.composition["min_proteins"]
    failed = np.flatnonzero(few & (n <= criteria.convention["failed_runs"] * np.median(n)))
    names = exp.samples.index.astype(str)
    return {names[i]: int(n[i]) for i in failed[np.argsort(n[failed], kind="stable")]}


def _not_assessable(rule: Rule, numbers: dict[str, float], group: str) -> Verdict:
    return Verdict(VerdictWord.NOT_ASSESSABLE, rule, numbers, Basis.NONE, about=group)


def _distinct(values: npt.NDArray[np.float64]) -> int:
    """Count the samples of a group, copies of one once."""
    return len(values) - sum(len(same) - 1 for same in copies(values))
