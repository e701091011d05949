"""Contrast: which two levels of a sample column are compared, and what the user says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from itertools import combinations
from typing import ParamSpec, TypeVar

import pandas as pd

from markerkit.core.errors import InputError, listed, one_of, require_columns, suggestion
from markerkit.core.experiment import Experiment
from markerkit.core.factors import as_factor, level_name, levels_of
from markerkit.core.vocabulary import Comparator, ComparatorName, Fluid, FluidName
from markerkit.study.formula import ContrastSpec, check_levels, model_formula
from markerkit.study.roles import preparations

COMPARATORS = tuple(c.value for c in Comparator)
#: comparators that are declared not to be vesicles
NON_VESICULAR = (Comparator.LYSATE, Comparator.BIOFLUID, Comparator.SOLUBLE)
BLOOD = tuple(f.value for f in (Fluid.BLOOD, Fluid.PLASMA, Fluid.SERUM))
FLUIDS = tuple(f.value for f in Fluid)
ALL, VERSUS = "all", "vs:"

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, init=False)
class Contrast:
    """A comparison of two levels of a sample column.

    Parameters
    ----------
    condition
        Sample column of the groups.
    case, control
        Two of its levels. Numbers are taken as names: 2 is the level ``"2"``.
    paired_by
        Sample column of pairs or donors, in the model as a factor.
    batch
        Sample columns of batches, in the model as factors; one text is one column.
    comparator
        What the control is: ``"lysate"``, ``"biofluid"``, ``"soluble"`` or ``"ev"``.
    fluid
        What the samples come from: ``"plasma"``, ``"serum"``, ``"urine"``, ``"culture"``, ...
    name
        How tables and figures call it; ``case vs control`` by default.

    Raises
    ------
    InputError
        Something that is no name of a column or level, case equal to control,
        a column named twice, an unknown comparator or fluid.

    See Also
    --------
    contrasts : every pair of levels, or every level against one.

    Notes
    -----
    Every column that a contrast names is a factor, whatever its type. A
    contrast is fitted on the samples of its two groups only.

    Examples
    --------
    >>> ev = Contrast("fraction", "EV", "lysate", paired_by="donor", comparator="lysate")
    >>> ev.name, ev.formula
    ('EV vs lysate', '~ C(fraction) + C(donor)')
    """

    condition: str
    case: str
    control: str
    paired_by: str | None
    batch: tuple[str, ...]
    comparator: str | None
    fluid: str | None
    name: str

    def __init__(
        self,
        condition: str,
        case: object,
        control: object,
        *,
        paired_by: str | None = None,
        batch: str | Iterable[str] = (),
        comparator: ComparatorName | None = None,
        fluid: FluidName | None = None,
        name: str | None = None,
    ) -> None:
        named = {"condition": _column("condition", condition)}
        named |= {"case": _level("case", case), "control": _level("control", control)}
        if named["case"] == named["control"]:
            raise InputError(
                f"case and control are both {named['case']!r}; a contrast needs two levels of `{condition}`."
            )
        if paired_by is not None:
            _column("paired_by", paired_by)
        given = [batch] if isinstance(batch, str) else list(batch)
        batches = tuple(dict.fromkeys(_column("batch", b) for b in given))
        for what, word, allowed in (("comparator", comparator, COMPARATORS), ("fluid", fluid, FLUIDS)):
            if word is not None:
                one_of(what, word, allowed)
        for key, value in named.items():
            object.__setattr__(self, key, value)
        object.__setattr__(self, "paired_by", paired_by)
        object.__setattr__(self, "batch", batches)
        object.__setattr__(self, "comparator", comparator)
        object.__setattr__(self, "fluid", fluid)
        given_name = None if name is None else _column("name", name)
        object.__setattr__(self, "name", given_name or f"{self.case} vs {self.control}")
        self._refuse_a_column_twice()

    def _refuse_a_column_twice(self) -> None:
        columns = [self.condition, *([self.paired_by] if self.paired_by else []), *self.batch]
        twice = [c for i, c in enumerate(columns) if c in columns[:i]]
        if twice:
            raise InputError(
                f"the column {twice[0]!r} is named twice in the contrast {self.name!r}; as condition, paired_by or in batch, once."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Sample columns of its model."""
        return (self.condition, *([self.paired_by] if self.paired_by else []), *self.batch)

    @property
    def formula(self) -> str:
        """Formula of its model, every column as a factor."""
        return model_formula(self.condition, self.paired_by, self.batch)

    @property
    def triple(self) -> tuple[str, str, str]:
        """Condition, case and control."""
        return self.condition, self.case, self.control

    @property
    def blood(self) -> bool:
        """True in blood; a biofluid that is not named is taken as blood, the stricter rule."""
        return self.fluid in BLOOD or (self.fluid is None and self.comparator == "biofluid")

    @property
    def asks_identity(self) -> bool:
        """True where the control is declared not to be vesicles: only then can the case be called vesicles."""
        return self.comparator in NON_VESICULAR

    def check(self, exp: Experiment) -> None:
        """Refuse a contrast that the samples cannot hold.

        Raises
        ------
        InputError
            An absent column or level.
        """
        samples = exp.samples
        require_columns(samples, self.columns, what="the sample sheet")
        check_levels(samples[self.condition], self.case, self.control)

    def groups(self, exp: Experiment) -> tuple[pd.Index, pd.Index]:
        """Names of the case samples and of the control samples."""
        level = as_factor(exp.samples[self.condition])
        return level.index[level == self.case], level.index[level == self.control]

    def select(self, exp: Experiment) -> Experiment:
        """Return the samples of the two groups, in their order."""
        level = as_factor(exp.samples[self.condition])
        return exp.select(samples=list(level.index[level.isin([self.case, self.control])]))


def _column(what: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        plain = "one name" if what == "name" else "the name of one sample column"
        raise InputError(f"`{what}` of a contrast is {plain}; got {value!r}.")
    return value


def _level(what: str, value: object) -> str:
    if isinstance(value, str | bool | int | float) or hasattr(value, "item"):
        name = level_name(value)
        if name.strip() and name != "nan":
            return name
    raise InputError(
        f"`{what}` of a contrast is one level of its condition; got {value!r}. Several comparisons are a list of contrasts."
    )


def contrasts(
    exp: Experiment,
    condition: str,
    which: str = ALL,
    *,
    paired_by: str | None = None,
    batch: str | Iterable[str] = (),
    comparator: ComparatorName | Mapping[str, ComparatorName] | None = None,
    fluid: FluidName | None = None,
) -> list[Contrast]:
    """Name several contrasts of one condition at once.

    Parameters
    ----------
    exp
        Experiment; procedural blanks and medium have no level here.
    condition
        Sample column of the groups.
    which
        ``"all"``: every pair of levels. ``"vs:LEVEL"``: every other level against this one.
    paired_by, batch, fluid
        As in :class:`Contrast`, for all of them.
    comparator
        What the control is: one word for all; or level -> word, for the
        contrasts in which the level is the control. Levels named so are the
        control of a pair, the others its case.

    Returns
    -------
    Contrasts in the order of the levels' names.

    Raises
    ------
    InputError
        An absent column or level, fewer than two levels, another word than
        these; see :class:`Contrast`.

    Examples
    --------
    >>> import markerkit as mk
    >>> [c.name for c in mk.contrasts(mk.load_example(), "fraction", "vs:lysate", comparator="lysate")]
    ['EV vs lysate']
    """
    samples = preparations(exp).samples
    require_columns(samples, [_column("condition", condition)], what="the sample sheet")
    levels = levels_of(samples[condition])
    if len(levels) < 2:
        raise InputError(f"`{condition}` has the level {listed(levels)} only; a contrast needs two.")
    kinds = dict(comparator) if isinstance(comparator, Mapping) else dict.fromkeys(levels, comparator)
    unknown = [k for k in kinds if k not in levels]
    if unknown:
        raise InputError(
            f"`comparator` names {listed(unknown)}, no level of `{condition}`; found {listed(levels, limit=20)}."
        )
    declared = set(kinds) if isinstance(comparator, Mapping) else set()
    pairs = _pairs(condition, which, sorted(levels, key=lambda k: k in declared))
    return [
        Contrast(condition, a, b, paired_by=paired_by, batch=batch, comparator=kinds.get(b), fluid=fluid)
        for a, b in pairs
    ]


def _pairs(condition: str, which: str, levels: list[str]) -> list[tuple[str, str]]:
    if which == ALL:
        return list(combinations(levels, 2))
    if not isinstance(which, str) or not which.startswith(VERSUS):
        raise InputError(f"`which` is 'all' or 'vs:LEVEL' with a level of `{condition}`; got {which!r}.")
    control = which.removeprefix(VERSUS)
    if control not in levels:
        raise InputError(
            f"`{condition}` has no level {control!r}; found {listed(levels, limit=20)}.{suggestion(control, levels)}"
        )
    return [(level, control) for level in levels if level != control]


# ---- what a verb was given -----------------------------------------------------------


def contrasts_of(exp: Experiment, given: Contrast | Iterable[Contrast] | None) -> tuple[Contrast, ...]:
    """Check the contrasts that a verb was given against the samples.

    Raises
    ------
    InputError
        Imputed values, something that is no contrast, two contrasts of one
        name; see :meth:`Contrast.check`.
    """
    exp.refuse_imputed()
    chosen = as_contrasts(given)
    for contrast in chosen:
        contrast.check(exp)
    return chosen


def as_contrasts(given: Contrast | Iterable[Contrast] | None) -> tuple[Contrast, ...]:
    """Take one contrast, several or none; say what to write instead of anything else.

    >>> as_contrasts(("EV", "lysate"))
    Traceback (most recent call last):
        ...
    markerkit.core.errors.InputError: a comparison is a Contrast; got ('EV', 'lysate'). Write \
Contrast("COLUMN", 'EV', 'lysate'), with the sample column that holds the levels.
    """
    if given is None:
        return ()
    if isinstance(given, Contrast):
        return (given,)
    if isinstance(given, Mapping):
        raise InputError(
            "marker sets stand where the contrast belongs; the contrast comes before the markers."
        )
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(_what_to_write(given))
    chosen = tuple(given)
    if any(not isinstance(c, Contrast) for c in chosen):
        raise InputError(_what_to_write(given))
    names = [c.name for c in chosen]
    twice = [n for i, n in enumerate(names) if n in names[:i]]
    if twice:
        raise InputError(f"contrast {twice[0]!r} is named twice; give one of them a `name` of its own.")
    return chosen


def one_contrast(given: object) -> Contrast:
    """Take exactly one contrast."""
    chosen = as_contrasts(given)  # type: ignore[arg-type]
    if len(chosen) != 1:
        raise InputError(
            f"this verb takes one Contrast at a time; got {len(chosen)}. Call it once per contrast."
        )
    return chosen[0]


def as_design(
    exp: Experiment, design: Contrast | str | pd.DataFrame, contrast: ContrastSpec | None
) -> tuple[Experiment, str | pd.DataFrame, ContrastSpec]:
    """Turn what a verb of one model was given into its samples, its formula or frame and its named contrast.

    Parameters
    ----------
    exp
        Experiment.
    design
        A :class:`Contrast`, whose two groups are then the samples; or a formula or frame of all samples.
    contrast
        What is compared, with a formula or a frame.

    Raises
    ------
    InputError
        A formula without a contrast, a contrast given twice, something that is none of these.
    """
    if isinstance(design, str | pd.DataFrame):
        if contrast is None:
            raise InputError(
                "a formula needs `contrast`, such as ('fraction', 'EV', 'lysate'); or give one Contrast in place of both, "
                "such as Contrast('fraction', 'EV', 'lysate', paired_by='donor')."
            )
        return exp, design, contrast
    chosen = one_contrast(design)
    if contrast is not None:
        raise InputError(
            "a Contrast says what is compared; leave `contrast` out, or give a formula in its place."
        )
    contrasts_of(exp, chosen)
    return chosen.select(exp), chosen.formula, {chosen.name: chosen.triple}


def _what_to_write(given: object) -> str:
    column = "with the sample column that holds the levels."
    start = f"a comparison is a Contrast; got {given!r}. Write"
    if isinstance(given, str):
        if given == ALL or given.startswith(VERSUS):
            return f'{start} contrasts(exp, "COLUMN", {given!r}), {column}'
        case, _, control = given.partition(":")
        return f'{start} Contrast("COLUMN", {case!r}, {control or "CONTROL"!r}), {column}'
    parts = list(given) if isinstance(given, Iterable) else []
    if len(parts) == 3 and all(isinstance(p, str) for p in parts):
        return f"{start} Contrast({parts[0]!r}, {parts[1]!r}, {parts[2]!r})."
    if len(parts) == 2 and all(isinstance(p, str) for p in parts):
        return f'{start} Contrast("COLUMN", {parts[0]!r}, {parts[1]!r}), {column}'
    pairs = [p for p in parts if isinstance(p, tuple | list) and len(p) == 2]
    if pairs and len(pairs) == len(parts):
        each = ", ".join(f'Contrast("COLUMN", {a!r}, {b!r})' for a, b in pairs)
        return f"{start} [{each}], {column}"
    return f'{start} Contrast("COLUMN", "CASE", "CONTROL"), or a list of them.'


_FORMER = ("condition", "case", "control", "paired_by", "batch", "comparator", "fluid")


def takes_contrasts(verb: Callable[P, T]) -> Callable[P, T]:
    """Answer a verb's call in single words (``condition=, case=, control=``) with the contrast to write instead."""

    @wraps(verb)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        former = {k: kwargs[k] for k in _FORMER if k in kwargs}
        if former:
            words = {"condition": "COLUMN", "case": "CASE", "control": "CONTROL"} | former
            required = ", ".join(repr(words[k]) for k in _FORMER[:3])
            options = "".join(f", {k}={former[k]!r}" for k in _FORMER[3:] if k in former)
            raise InputError(
                f"{verb.__name__} takes no {listed(former)}: a comparison is one Contrast. Write "
                f"{verb.__name__}(exp, Contrast({required}{options}))."
            )
        return verb(*args, **kwargs)

    return call
