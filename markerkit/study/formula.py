"""Designs: fenced formulas, contrasts, estimability."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.errors import InputError, listed, require_columns, suggestion

Array = npt.NDArray[np.float64]

_LONGEST = 300
_TOKEN = re.compile(r"\s*(?:`(?P<quoted>[^`]+)`|(?P<name>[^\W\d]\w*)|(?P<literal>[01])|(?P<sign>[~+\-*:()]))")


@dataclass(frozen=True)
class Design:
    """A design matrix with what it was made from.

    Parameters
    ----------
    matrix
        Samples x coefficients.
    formula
        The formula, or nothing where a frame was given.
    factors
        Sample columns of the formula.
    interacting
        Sample columns that take part in an interaction.
    """

    matrix: pd.DataFrame
    formula: str
    factors: tuple[str, ...]
    interacting: frozenset[str]
    samples: pd.DataFrame

    def contrast(self, factor: str, case: str, control: str) -> Array:
        """Mean model row at the case less that at the control.

        Parameters
        ----------
        factor
            Categorical sample column of the formula.
        case, control
            Two of its levels.

        Returns
        -------
        Shape (k,).

        Raises
        ------
        InputError
            A factor that is not in the formula or that interacts, an absent
            level, a case equal to the control.
        """
        if factor not in self.factors:
            found = listed(self.factors)
            raise InputError(
                f"`{factor}` is not in the design; its columns are {found}.{suggestion(factor, self.factors)}"
            )
        if factor in self.interacting:
            raise InputError(
                f"`{factor}` interacts with another column, so that `{case}` against `{control}` has no one answer; "
                "name the coefficients of the contrast instead."
            )
        if case == control:
            raise InputError(f"case and control are both {case!r}; a contrast needs two levels.")
        levels = sorted(self.samples[factor].dropna().astype(str).unique())
        absent = [level for level in (case, control) if level not in levels]
        if absent:
            raise InputError(f"`{factor}` has no level {listed(absent)}; found {listed(levels, limit=20)}.")
        # the factor does not interact: its own columns tell its levels apart, and no other column does
        level = self.samples[factor].astype(str).tolist()
        rows = [self.matrix.to_numpy()[level.index(k)] for k in (case, control)]
        owner = [
            max((f for f in self.factors if c == f or c.startswith(f"{f}[")), key=len, default="")
            for c in map(str, self.matrix)
        ]
        return np.where(np.array(owner) == factor, rows[0] - rows[1], 0.0)


def model_formula(condition: str, paired_by: str | None = None, batch: Sequence[str] = ()) -> str:
    """Write the formula of a condition with pairs and batches as factors, names quoted.

    >>> model_formula("fraction", "donor", ["run day"])
    '~ `fraction` + `donor` + `run day`'
    """
    names = [condition, *([paired_by] if paired_by else []), *batch]
    return "~ " + " + ".join(f"`{name}`" for name in dict.fromkeys(names))


def build_design(samples: pd.DataFrame, design: str | pd.DataFrame) -> Design:
    """Build a design from a formula or take a frame.

    Parameters
    ----------
    samples
        Sample annotation.
    design
        A formula of sample columns, ``0``, ``1`` and ``+ - * : ( )``, such as
        ``"~ fraction + donor"``; names that are no identifiers in backquotes.
        Or a samples x coefficients frame.

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
    a user's can run as code. Text, category and bool columns are factors.
    """
    if isinstance(design, pd.DataFrame):
        return _from_frame(samples, design)
    names, interacting = _parse(design)
    require_columns(samples, names, what="the sample sheet")
    for name in names:
        missing = samples.index[samples[name].isna()]
        if len(missing):
            raise InputError(
                f"`{name}` is empty for {listed(missing)}; fill it in or leave these samples out."
            )
    return Design(_matrix(design, samples, samples), design, tuple(names), frozenset(interacting), samples)


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
                f"the formula {formula!r} holds {text[at:].strip()[:20]!r}; only sample columns, 0, 1 and + - * : ( ) "
                "are allowed, names that are no identifiers in backquotes."
            )
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


def _parse(formula: str) -> tuple[list[str], set[str]]:
    """Names of a formula in order, and those next to ``*`` or ``:``."""
    tokens = _tokens(formula)
    if not tokens or tokens[0] != ("sign", "~") or ("sign", "~") in tokens[1:]:
        raise InputError(f"the formula {formula!r} must begin with one `~`, such as '~ fraction + donor'.")
    for (kind, text), (after, following) in zip(tokens, [*tokens[1:], ("end", "")], strict=True):
        if kind in {"name", "quoted"} and (after, following) == ("sign", "("):
            raise InputError(f"the formula {formula!r} calls {text!r}; only sample columns are allowed.")
    names = list(dict.fromkeys(text for kind, text in tokens if kind in {"name", "quoted"}))
    crossed = any(t in {("sign", "*"), ("sign", ":")} for t in tokens)
    return names, set(names) if crossed and len(names) > 1 else set()


def _matrix(formula: str, samples: pd.DataFrame, levels_of: pd.DataFrame) -> pd.DataFrame:
    """Model matrix through formulaic, on neutral names and with the levels of the whole study."""
    from formulaic import Formula

    names = list(dict.fromkeys(text for kind, text in _tokens(formula) if kind in {"name", "quoted"}))
    neutral = {name: f"v{i}_" for i, name in enumerate(names)}
    text = " ".join(
        neutral.get(text, text) if kind in {"name", "quoted"} else text for kind, text in _tokens(formula)
    )
    data = pd.DataFrame(
        {neutral[n]: _covariate(samples[n], levels_of[n]) for n in names}, index=samples.index
    )
    try:
        found = Formula(text.removeprefix("~").strip() or "1").get_model_matrix(data, na_action="raise")
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"the formula {formula!r} cannot be read: {str(error).splitlines()[0]}.") from error
    matrix = pd.DataFrame(np.asarray(found, dtype=float), index=samples.index, columns=list(found.columns))
    back = {v: k for k, v in neutral.items()}
    return matrix.rename(columns=lambda c: re.sub(r"v\d+_", lambda m: back[m[0]], str(c)))


def _covariate(column: pd.Series, whole: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(whole) and not pd.api.types.is_bool_dtype(whole):
        return column.astype(float)
    levels = sorted(whole.astype(str).unique())
    return pd.Series(pd.Categorical(column.astype(str), categories=levels), index=column.index)


def resolve_contrasts(design: Design, contrast: Any) -> dict[str, Array]:
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
        tell.
    """
    if isinstance(contrast, Mapping) and any(not isinstance(v, int | float) for v in contrast.values()):
        named = {str(name): _vector(design, part) for name, part in contrast.items()}
    elif isinstance(contrast, Mapping):
        named = {" ".join(f"{v:+g} {k}" for k, v in contrast.items()): _vector(design, contrast)}
    else:
        _, case, control = _triple(contrast)
        named = {f"{case} vs {control}": _vector(design, contrast)}
    for name, vector in named.items():
        _check_estimable(design, name, vector, contrast)
    return named


def _triple(contrast: Any) -> tuple[str, str, str]:
    if isinstance(contrast, str) or not isinstance(contrast, Iterable) or len(parts := list(contrast)) != 3:
        raise InputError(
            f"a contrast is (factor, case, control) or a mapping of coefficients; got {contrast!r}."
        )
    return str(parts[0]), str(parts[1]), str(parts[2])


def _vector(design: Design, contrast: Any) -> Array:
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


def _check_estimable(design: Design, name: str, vector: Array, contrast: Any) -> None:
    if not np.any(vector):
        raise InputError(f"contrast {name!r} is zero for every coefficient.")
    x = design.matrix.to_numpy()
    back = x.T @ (np.linalg.pinv(x).T @ vector)
    if np.abs(back - vector).max() <= 1e-7 * np.abs(vector).max():
        return
    factor = None if isinstance(contrast, Mapping) else _triple(contrast)[0]
    others = [f for f in design.factors if f != factor]
    blamed = [o for o in others if factor is not None and _nested(design.samples, factor, o)]
    what = (
        f"`{factor}` is confounded with {listed(blamed or others)}"
        if factor
        else "its coefficients are aliased"
    )
    raise InputError(
        f"contrast {name!r} cannot be told by this design: {what}. Leave the column out of the model, or "
        "compare samples that share its levels."
    )


def _nested(samples: pd.DataFrame, factor: str, other: str) -> bool:
    """Say whether every level of `other` lies in one level of `factor`."""
    return bool((samples[factor].astype(str).groupby(samples[other].astype(str)).nunique() == 1).all())
