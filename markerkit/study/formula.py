"""Designs: fenced formulas, contrasts, estimability."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed, require_columns, suggestion
from markerkit.core.factors import as_factor, level_name, levels_of

Array = npt.NDArray[np.float64]

#: (factor, case, control), as a tuple or a list
Triple = Sequence[object]
#: what a contrast may be beside a formula: a triple, numbers by coefficient, or names of either
ContrastSpec = Triple | Mapping[str, object]

_LONGEST = 300
_TOKEN = re.compile(
    r"\s*(?:C\s*\(\s*(?:`(?P<quoted_factor>[^`]+)`|(?P<factor>[^\W\d]\w*))\s*\)"
    r"|`(?P<quoted>[^`]+)`|(?P<name>[^\W\d]\w*)|(?P<literal>[01])|(?P<sign>[~+\-*:()]))"
)
_FACTORS, _COLUMNS = {"quoted_factor", "factor"}, {"quoted_factor", "factor", "quoted", "name"}


@dataclass(frozen=True)
class Term:
    """A sample column in a formula.

    Parameters
    ----------
    column
        Name of the column.
    as_factor
        Written ``C(column)``: its values are names.
    """

    column: str
    as_factor: bool = False

    @property
    def label(self) -> str:
        """How its coefficients begin."""
        return f"C({self.column})" if self.as_factor else self.column


@dataclass(frozen=True)
class Design:
    """A design matrix with what it was made from.

    Parameters
    ----------
    matrix
        Samples x coefficients.
    formula
        The formula, or nothing where a frame was given.
    terms
        Sample columns of the formula, in order.
    interacting
        Sample columns that take part in an interaction.
    samples
        Sample annotation.
    """

    matrix: pd.DataFrame
    formula: str
    terms: tuple[Term, ...]
    interacting: frozenset[str]
    samples: pd.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """Sample columns of the formula."""
        return tuple(dict.fromkeys(t.column for t in self.terms))

    def contrast(self, factor: str, case: str, control: str) -> Array:
        """Mean model row at the case less that at the control.

        Parameters
        ----------
        factor
            Sample column of the formula that is a factor there: text, or ``C(column)``.
        case, control
            Two of its levels.

        Returns
        -------
        Shape (k,).

        Raises
        ------
        InputError
            A column that is not in the formula, that is a slope there or that
            interacts; an absent level; a case equal to the control.
        """
        if factor not in self.columns:
            raise InputError(
                f"`{factor}` is not in the design; its columns are {listed(self.columns)}.{suggestion(factor, self.columns)}"
            )
        if factor in self.interacting:
            raise InputError(
                f"`{factor}` interacts with another column, so that `{case}` against `{control}` has no one answer; "
                "name the coefficients of the contrast instead."
            )
        labels = [t.label for t in self.terms if t.column == factor and self._is_factor(t)]
        if not labels:
            raise InputError(
                f"`{factor}` is a column of numbers, so that {self.formula!r} fits one slope for it and not its levels; write "
                f"{Term(factor, as_factor=True).label} in the formula, or give Contrast({factor!r}, {case!r}, {control!r})."
            )
        check_levels(self.samples[factor], case, control)
        # the factor does not interact: its own columns separate its levels, and no other column does
        level = as_factor(self.samples[factor]).tolist()
        first, second = (self.matrix.to_numpy()[level.index(k)] for k in (case, control))
        return np.where([self._owner(str(c)) in labels for c in self.matrix], first - second, 0.0)

    def _is_factor(self, term: Term) -> bool:
        return term.as_factor or not _is_number(self.samples[term.column])

    def _owner(self, coefficient: str) -> str:
        """Label of the term that a coefficient belongs to."""
        labels = [t.label for t in self.terms]
        return max(
            (k for k in labels if coefficient == k or coefficient.startswith(f"{k}[")), key=len, default=""
        )


def check_levels(column: pd.Series, case: str, control: str) -> None:
    """Refuse a contrast of one level with itself, or of a level that no sample has."""
    if case == control:
        raise InputError(f"case and control are both {case!r}; a contrast needs two levels.")
    levels = levels_of(column)
    absent = [level for level in (case, control) if level not in levels]
    if absent:
        raise InputError(
            f"`{column.name}` has no level {listed(absent)}; found {listed(levels, limit=20)}."
            f"{suggestion(absent[0], levels)}"
        )


def model_formula(condition: str, paired_by: str | None = None, batch: Sequence[str] = ()) -> str:
    """Write the formula of a condition with pairs and batches, every column as a factor.

    >>> model_formula("fraction", "donor", ["run day"])
    '~ C(fraction) + C(donor) + C(`run day`)'
    """
    names = [condition, *([paired_by] if paired_by else []), *batch]
    quoted = [name if re.fullmatch(r"[^\W\d]\w*", name) else f"`{name}`" for name in dict.fromkeys(names)]
    return "~ " + " + ".join(f"C({name})" for name in quoted)


def build_design(samples: pd.DataFrame, design: str | pd.DataFrame) -> Design:
    """Build a design from a formula or take a frame.

    Parameters
    ----------
    samples
        Sample annotation.
    design
        A formula of sample columns, ``0``, ``1`` and ``+ - * : ( )``, such as
        ``"~ fraction + C(donor)"``; names that are no identifiers in
        backquotes. Or a samples x coefficients frame.

    Returns
    -------
    Design

    Raises
    ------
    InputError
        A formula that holds anything else, an absent column, a missing
        covariate, a frame that does not fit the samples.

    Notes
    -----
    Formulas are read here and handed on with neutral names, so that no text of
    a user's can run as code. Text, category and bool columns are factors;
    numbers are one slope, unless ``C(column)`` makes them a factor. A column
    of whole numbers that repeat, as of donors 1 to 6, is warned about.
    """
    if isinstance(design, pd.DataFrame):
        return _from_frame(samples, design)
    terms, interacting = _parse(design)
    require_columns(samples, [t.column for t in terms], what="the sample sheet")
    for name in dict.fromkeys(t.column for t in terms):
        missing = samples.index[samples[name].isna()]
        if len(missing):
            raise InputError(
                f"`{name}` is empty for {listed(missing)}; fill it in or leave these samples out."
            )
    for term in terms:
        if not term.as_factor and _reads_as_names(samples[term.column]):
            warnings.warn(
                f"`{term.column}` holds {samples[term.column].nunique()} whole numbers and is fitted as one slope; if they are "
                f"names (of donors, batches), write {Term(term.column, as_factor=True).label} in the formula",
                MarkerkitWarning,
                stacklevel=3,
            )
    return Design(_matrix(design, terms, samples), design, terms, interacting, samples)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _reads_as_names(column: pd.Series) -> bool:
    """Say whether numbers look like names: whole, more than two, and each in two samples on average."""
    if not _is_number(column):
        return False
    levels = column.nunique()
    return bool((column == column.round()).all() and 2 < levels <= len(column) / 2)


def _from_frame(samples: pd.DataFrame, frame: pd.DataFrame) -> Design:
    if not frame.index.equals(samples.index):
        raise InputError("the design frame must have the samples of the experiment in the same order.")
    try:
        matrix = frame.astype(float)
    except (TypeError, ValueError) as error:
        raise InputError(f"the design frame holds something that is not a number: {error}.") from error
    if not np.isfinite(matrix.to_numpy()).all():
        raise InputError("the design frame holds missing or infinite values.")
    return Design(matrix, "", (), frozenset(), samples)


def _tokens(formula: str) -> list[tuple[str, str]]:
    if len(formula) > _LONGEST:
        raise InputError(f"the formula is {len(formula)} characters long; at most {_LONGEST} are read.")
    found, at = [], 0
    text = formula.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InputError(
                f"the formula {formula!r} holds {text[at:].strip()[:20]!r}; only sample columns, C(column), 0, 1 "
                "and + - * : ( ) are allowed, names that are no identifiers in backquotes."
            )
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


def _parse(formula: str) -> tuple[tuple[Term, ...], frozenset[str]]:
    """Terms of a formula in order, and the columns next to ``*`` or ``:``."""
    tokens = _tokens(formula)
    if not tokens or tokens[0] != ("sign", "~") or ("sign", "~") in tokens[1:]:
        raise InputError(f"the formula {formula!r} must begin with one `~`, such as '~ fraction + donor'.")
    for (kind, text), following in zip(tokens, [*tokens[1:], ("end", "")], strict=True):
        if kind in _COLUMNS and following == ("sign", "("):
            raise InputError(
                f"the formula {formula!r} calls {text!r}; only sample columns and C(column) are allowed."
            )
    terms = tuple(dict.fromkeys(Term(text, kind in _FACTORS) for kind, text in tokens if kind in _COLUMNS))
    crossed = any(t in {("sign", "*"), ("sign", ":")} for t in tokens)
    columns = {t.column for t in terms}
    return terms, frozenset(columns if crossed and len(columns) > 1 else ())


def _matrix(formula: str, terms: Sequence[Term], samples: pd.DataFrame) -> pd.DataFrame:
    """Model matrix through formulaic, on neutral names."""
    from formulaic import Formula

    neutral = {term: f"v{i}_" for i, term in enumerate(terms)}
    text = " ".join(
        neutral[Term(text, kind in _FACTORS)] if kind in _COLUMNS else text for kind, text in _tokens(formula)
    )
    data = pd.DataFrame(
        {k: _covariate(samples[t.column], t) for t, k in neutral.items()}, index=samples.index
    )
    try:
        found = Formula(text.removeprefix("~").strip() or "1").get_model_matrix(data, na_action="raise")
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"the formula {formula!r} cannot be read: {str(error).splitlines()[0]}.") from error
    back = {k: term.label for term, k in neutral.items()}
    names = [re.sub(r"v\d+_", lambda m: back[m[0]], str(c)) for c in found.columns]
    return pd.DataFrame(np.asarray(found, dtype=float), index=samples.index, columns=names)


def _covariate(column: pd.Series, term: Term) -> pd.Series:
    if _is_number(column) and not term.as_factor:
        return column.astype(float)
    level = as_factor(column)
    codes, names = pd.factorize(level, sort=True)
    return pd.Series(pd.Categorical.from_codes(codes, categories=names), index=column.index)


def resolve_contrasts(design: Design, contrast: ContrastSpec) -> dict[str, Array]:
    """Turn what the user wrote into named contrasts.

    Parameters
    ----------
    design
        Design.
    contrast
        ``(factor, case, control)``; or a mapping coefficient -> number; or a
        mapping name -> either.

    Returns
    -------
    Name -> numbers a coefficient, shape (k,).

    Raises
    ------
    InputError
        An unknown coefficient, a contrast of zeros, one that the design cannot
        estimate.
    """
    named = _named_contrasts(contrast)
    vectors = {name: _vector(design, part) for name, part in named.items()}
    for name, vector in vectors.items():
        _check_estimable(design, name, vector, named[name])
    return vectors


def triple_of(contrast: ContrastSpec) -> tuple[str, str, str] | None:
    """Give (factor, case, control) of a single contrast; nothing where it is one of coefficients.

    >>> triple_of(["fraction", "EV", "lysate"]), triple_of({"mine": ("dose", 2, 1)})
    (('fraction', 'EV', 'lysate'), ('dose', '2', '1'))
    >>> triple_of({"fraction[T.lysate]": -1}) is None
    True
    """
    named = list(_named_contrasts(contrast).values())
    if len(named) != 1 or isinstance(named[0], Mapping):
        return None
    return _triple(named[0])


def _named_contrasts(contrast: object) -> dict[str, object]:
    if not isinstance(contrast, Mapping):
        _, case, control = _triple(contrast)
        return {f"{case} vs {control}": contrast}
    if any(not isinstance(v, int | float) for v in contrast.values()):
        return {str(name): part for name, part in contrast.items()}
    return {" ".join(f"{v:+g} {k}" for k, v in contrast.items()): contrast}


def _triple(contrast: object) -> tuple[str, str, str]:
    """Read (factor, case, control) from a tuple or a list."""
    if isinstance(contrast, str) or not isinstance(contrast, Iterable) or len(parts := list(contrast)) != 3:
        raise InputError(
            f"a contrast is (factor, case, control) or a mapping of coefficients; got {contrast!r}."
        )
    return str(parts[0]), level_name(parts[1]), level_name(parts[2])


def _vector(design: Design, contrast: object) -> Array:
    if not isinstance(contrast, Mapping):
        return design.contrast(*_triple(contrast))
    columns = list(design.matrix.columns)
    unknown = [k for k in contrast if k not in columns]
    if unknown:
        raise InputError(
            f"the design has no coefficient {listed(unknown)}; found {listed(columns, limit=30)}."
            f"{suggestion(unknown[0], columns)}"
        )
    return np.array([float(contrast.get(c, 0.0)) for c in columns])


def _check_estimable(design: Design, name: str, vector: Array, contrast: object) -> None:
    if not np.any(vector):
        raise InputError(f"contrast {name!r} is zero for every coefficient.")
    x = design.matrix.to_numpy()
    back = x.T @ (np.linalg.pinv(x).T @ vector)
    if np.abs(back - vector).max() <= 1e-7 * np.abs(vector).max():
        return
    factor = None if isinstance(contrast, Mapping) else _triple(contrast)[0]
    others = [f for f in design.columns if f != factor]
    blamed = [o for o in others if factor is not None and _nested(design.samples, factor, o)]
    what = (
        f"`{factor}` is confounded with {listed(blamed or others)}"
        if factor
        else "its coefficients are aliased"
    )
    raise InputError(
        f"contrast {name!r} is not estimable with this design: {what}. Leave the column out of the model, or "
        "compare samples that share its levels."
    )


def _nested(samples: pd.DataFrame, factor: str, other: str) -> bool:
    """Say whether every level of `other` lies in one level of `factor`."""
    return bool((as_factor(samples[factor]).groupby(as_factor(samples[other])).nunique() == 1).all())
