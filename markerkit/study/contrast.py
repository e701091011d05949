"""A comparison of two levels of a sample column, and what the user says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from markerkit.core.errors import InputError, listed, one_of, require_columns
from markerkit.core.experiment import Experiment

COMPARATORS = ("lysate", "biofluid", "soluble", "ev")
BLOOD = ("blood", "plasma", "serum")
FLUIDS = (*BLOOD, "urine", "csf", "saliva", "milk", "bronchoalveolar", "ascites", "culture", "other")


@dataclass(frozen=True)
class Contrast:
    """A comparison of two levels of a sample column.

    Parameters
    ----------
    condition
        Sample column.
    case, control
        Its levels.
    paired_by
        Column of pairs or donors, in the model as a factor.
    batch
        Columns of batches, in the model as factors.
    comparator
        What the control is: one of :data:`COMPARATORS`, or nothing.
    fluid
        What the samples come from: one of :data:`FLUIDS`, or nothing.
    """

    condition: str
    case: str
    control: str
    paired_by: str | None = None
    batch: tuple[str, ...] = ()
    comparator: str | None = None
    fluid: str | None = None

    @property
    def name(self) -> str:
        """`case vs control`."""
        return f"{self.case} vs {self.control}"

    @property
    def blood(self) -> bool:
        """True in blood; a biofluid that is not named is taken as blood, the stricter rule."""
        return self.fluid in BLOOD or (self.fluid is None and self.comparator == "biofluid")

    def check(self, exp: Experiment) -> None:
        """Refuse a contrast that the samples cannot hold.

        Raises
        ------
        InputError
            An absent column or level, case equal to control, an unknown
            comparator or fluid.
        """
        samples = exp.samples
        columns = [self.condition, *([self.paired_by] if self.paired_by else []), *self.batch]
        require_columns(samples, columns, what="the sample sheet")
        if self.case == self.control:
            raise InputError(f"case and control are both {self.case!r}; a contrast needs two levels.")
        levels = sorted(samples[self.condition].dropna().astype(str).unique())
        absent = [level for level in (self.case, self.control) if level not in levels]
        if absent:
            message = f"`{self.condition}` has no level {listed(absent)}; found {listed(levels, limit=20)}."
            raise InputError(message)
        if self.comparator is not None:
            one_of("comparator", self.comparator, COMPARATORS)
        if self.fluid is not None:
            one_of("fluid", self.fluid, FLUIDS)

    def groups(self, exp: Experiment) -> tuple[pd.Index, pd.Index]:
        """Names of the case samples and of the control samples."""
        level = exp.samples[self.condition].astype(str)
        return level.index[level == self.case], level.index[level == self.control]


def contrasts_of(
    exp: Experiment,
    *,
    condition: str | None,
    contrasts: Sequence[tuple[str, str]] | None = None,
    case: str | None = None,
    control: str | None = None,
    paired_by: str | None = None,
    batch: Sequence[str] = (),
    comparator: str | None = None,
    fluid: str | None = None,
) -> list[Contrast]:
    """Build checked contrasts of one condition from what a verb was asked.

    Parameters
    ----------
    exp
        Experiment.
    condition
        Sample column of the arms; without it there is no contrast.
    contrasts
        Pairs (case, control).
    case, control
        Short for one contrast.
    paired_by, batch, comparator, fluid
        As in :class:`Contrast`.

    Raises
    ------
    InputError
        Imputed values, a case without a control, both ways of asking at once,
        a contrast that is named twice or has no condition; see
        :meth:`Contrast.check`.
    """
    exp.refuse_imputed()
    if contrasts and (case is not None or control is not None):
        raise InputError("give either `contrasts` or `case` and `control`, not both.")
    if (case is None) != (control is None):
        given, absent = ("case", "control") if control is None else ("control", "case")
        raise InputError(f"`{given}` is given without `{absent}`; a contrast needs both.")
    pairs = [(str(a), str(b)) for a, b in contrasts or ()]
    if case is not None and control is not None:
        pairs = [(str(case), str(control))]
    doubled = [p for i, p in enumerate(pairs) if p in pairs[:i]]
    if doubled:
        raise InputError(f"contrast {doubled[0][0]!r} vs {doubled[0][1]!r} is named twice.")
    if condition is None and pairs:
        raise InputError("contrasts need `condition`, the sample column that holds their levels.")
    if condition is not None:
        require_columns(exp.samples, [condition], what="the sample sheet")
    built = [Contrast(str(condition), a, b, paired_by, tuple(batch), comparator, fluid) for a, b in pairs]
    for contrast in built:
        contrast.check(exp)
    return built
