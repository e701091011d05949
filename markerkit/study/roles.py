"""Roles of samples: preparations, procedural blanks and unconditioned medium."""

from __future__ import annotations

import pandas as pd

from markerkit.core.errors import InputError, listed, suggestion
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor

SAMPLE, BLANK, MEDIUM = "sample", "blank", "medium"
#: role -> what it says of a sample
ROLES: dict[str, str] = {
    SAMPLE: "a preparation or its comparator",
    BLANK: "procedural blank: the whole protocol without starting material",
    MEDIUM: "unconditioned medium, taken through the protocol",
}
COLUMN = "role"
#: the one group of samples where no column names groups
WHOLE = "all samples"


def roles_of(exp: Experiment) -> pd.Series:
    """Role of every sample, from the sample column ``role``.

    Parameters
    ----------
    exp
        Experiment. Without the column, and where it is empty, a sample is a ``sample``.

    Returns
    -------
    Series on the samples, each value one of :data:`ROLES`.

    Raises
    ------
    InputError
        A value that is no role.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame({"CD63": [2.0, 1.0]}, index=["ev", "empty"])
    >>> exp = Experiment(values, pd.DataFrame({"role": ["", "Blank"]}, index=values.index))
    >>> list(roles_of(exp))
    ['sample', 'blank']
    """
    samples = exp.samples
    if COLUMN not in samples.columns:
        return pd.Series(SAMPLE, index=samples.index, dtype=object)
    given = samples[COLUMN].astype(object)
    folded = given.where(given.notna(), "").astype(str).str.strip().str.lower().replace("", SAMPLE)
    unknown = list(dict.fromkeys(folded[~folded.isin(list(ROLES))]))
    if unknown:
        raise InputError(
            f"the sample column `{COLUMN}` holds {listed(unknown)}; a role is {listed(ROLES, conjunction='or')}, or empty for a "
            f"sample.{suggestion(unknown[0], list(ROLES))} Rename the column if it means something else."
        )
    return folded


def preparations(exp: Experiment) -> Experiment:
    """Return the experiment without blanks and medium.

    Raises
    ------
    InputError
        An unknown role; nothing but blanks and medium.
    """
    role = roles_of(exp)
    kept = role.index[role == SAMPLE]
    if len(kept) == len(role):
        return exp
    if kept.empty:
        raise InputError(
            f"every sample is a {BLANK} or a {MEDIUM}: there is nothing to assess; correct the sample column `{COLUMN}`."
        )
    return exp.select(samples=list(kept))


def groups_of(exp: Experiment, group: str | None) -> pd.Series:
    """Group of every sample; blanks and medium are groups by themselves.

    Parameters
    ----------
    exp
        Experiment.
    group
        Sample column of the groups; all samples are one by default.
    """
    role = roles_of(exp)
    if group is None:
        named = pd.Series(WHOLE, index=exp.samples.index, dtype=object)
    else:
        column = exp.samples[group]
        named = as_factor(column).where(column.notna(), f"no {group}")
    return named.where(role == SAMPLE, role)
