"""The scale of a matrix: found by tests of its values or declared, and brought to raw, log2 or ratio."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, counted
from markerkit.core.matrix import LOG_LARGEST, RAW_LARGEST
from markerkit.io import scale_tests as tests
from markerkit.io.dialects import Dialect
from markerkit.io.fills import Mask, find_fills, repeats_zero, say
from markerkit.io.scale_rules import (
    WITHOUT_ONE,
    Found,
    UnclearScaleError,
    contradicted,
    detect,
    refuse_no_amounts,
)
from markerkit.io.scale_tests import BASES, FEW_VALUES, Array, Look, look_at

#: what may be declared, and what it means; ``p1``: 1 was added before the logarithm was taken
DECLARED: dict[str, str] = {
    "raw": "linear values",
    "log2": "logarithms to base 2",
    "ln": "natural logarithms",
    "log10": "logarithms to base 10",
    "log2p1": "log2(x + 1)",
    "log1p": "ln(x + 1)",
    "log10p1": "log10(x + 1)",
    "ratio": "log2 ratios",
}


@dataclass(frozen=True)
class OnScale:
    """A matrix on one of the scales of an experiment.

    Parameters
    ----------
    values
        Samples x proteins, missing = NaN.
    scale
        ``"raw"``, ``"log2"`` or ``"ratio"``.
    note
        For the history: ``scale_found`` (what the values were), ``scale_evidence``
        (by what, in words), ``n_zero_to_missing``, ``n_fill_to_missing``.
    """

    values: pd.DataFrame
    scale: str
    note: Mapping[str, object] = field(default_factory=dict)


def on_scale(
    matrix: pd.DataFrame,
    declared: str,
    name: str,
    *,
    stated: tuple[str, str] | None = None,
    usual: tuple[str, str] | None = None,
) -> OnScale:
    """Find the scale of a matrix and convert its values to raw, log2 or ratio.

    Parameters
    ----------
    matrix
        Samples x proteins, missing = NaN.
    declared
        ``"auto"`` or a key of `DECLARED`.
    name
        File, for the messages.
    stated
        Scale that the file itself states, and where; the values may contradict it.
    usual
        Scale on which the program or the names of the columns say such values are, and
        by what; it decides where the values alone do not.

    Raises
    ------
    InputError
        No value, one value everywhere, a value that no instrument measures,
        values that are no amounts (z-scores, ranks), values that contradict the
        declared scale, or values whose scale cannot be determined.

    Warns
    -----
    MarkerkitWarning
        Values that were filled in; zeros among logarithms; proteins that were
        scaled; a scale that is likely and not certain; values that do not look like
        the declared scale.
    """
    values = matrix.to_numpy(dtype=float)
    without_zeros = _without(values, values == 0)
    _check_values(without_zeros, name)
    fills = find_fills(without_zeros, complete=not np.isnan(without_zeros).any())
    measured = _without(without_zeros, fills.missing)
    values = _without(values, fills.missing)
    look = look_at(measured)
    refuse_no_amounts(values, measured, name)
    say(fills, name)
    if look.smallest < 0 or (usual is not None and not _fits(look, usual[0])):
        usual = None  # log ratios are called by their base as well
    if usual is not None and look.few:
        stated = stated or usual
    found = _found(values, measured, look, declared, name=name, stated=stated, usual=usual)
    out, zeros = _converted(values, measured, look, found, name)
    if zeros and found.kind != "raw":
        zero = counted(zeros, "zero among logarithms is", "zeros among logarithms are")
        _warn(f"{name}: {zero} taken as not measured")
    note: dict[str, object] = {
        "scale_found": found.kind,
        "scale_evidence": found.evidence,
        "n_zero_to_missing": zeros,
        "n_fill_to_missing": int(fills.missing.sum()),
    }
    frame = pd.DataFrame(out, index=matrix.index, columns=matrix.columns, copy=False)
    return OnScale(frame, _scale(found), note)


def usual_scale(dialect: Dialect, quantity: str, columns: Iterable[str]) -> tuple[str, str] | None:
    """Scale that a program writes a quantity on, or that the names of all columns state; and by what.

    >>> from markerkit.io.dialects import TABLE
    >>> usual_scale(TABLE, "table", ["log2 EV_1", "log2 EV_2"])
    ('log2', 'the names of the columns')
    """
    if quantity in dialect.scales:
        return dialect.scales[quantity], f"the layout of {dialect.name}"
    # log2(x + 1) is another scale, and LN may be a lymph node
    for base, word in (("log2", "log ?2(?![a-z0-9])"), ("log10", "log ?10(?![a-z0-9])"), ("ln", r"ln(?=\()")):
        named = re.compile(rf"(?:^|[^a-z]){word}(?!\s*\([^()]*\+)", re.IGNORECASE)
        if all(named.search(c) for c in columns):
            return base, "the names of the columns"
    return None


def _without(values: Array, cells: Mask) -> Array:
    """Values with some cells missing; the same array where there are none, which in large tables saves a copy."""
    return np.where(cells, np.nan, values) if cells.any() else values


def _check_values(values: Array, name: str) -> None:
    smallest, largest = (float(f.reduce(values, axis=None)) for f in (np.fmin, np.fmax))
    if math.isnan(largest):
        raise InputError(
            f"the matrix {name!r} holds no value in the samples asked for; check the sample sheet."
        )
    if smallest == largest and np.count_nonzero(~np.isnan(values)) >= FEW_VALUES:
        raise InputError(
            f"every value of the matrix {name!r} is {largest:g}: it shows what was detected, not how much; "
            "export the intensities."
        )
    farthest = max(largest, smallest, key=abs)
    if abs(farthest) > RAW_LARGEST:
        raise InputError(
            f"the matrix {name!r} holds {farthest:.3g}, which no instrument measures; correct that cell."
        )


def _found(
    values: Array,
    measured: Array,
    look: Look,
    declared: str,
    *,
    name: str,
    stated: tuple[str, str] | None,
    usual: tuple[str, str] | None,
) -> Found:
    """Scale that is declared, stated by the file or shown by the values."""
    if declared != "auto":
        contradicted(measured, look, declared, name)
        found = Found(declared, "declared")
    elif stated is not None and _fits(look, stated[0]):
        found = Found(stated[0], f"stated by {stated[1]}")
    else:
        if stated is not None:
            _warn(
                f"{name} states in {stated[1]} that it holds {DECLARED[stated[0]]}, but its values are none"
            )
        try:
            found = detect(values, measured, look, name)
        except UnclearScaleError:
            if usual is None:
                raise
            found = Found(usual[0], f"stated by {usual[1]}")
    if found.warning:
        _warn(f"{name}: {found.warning}")
    if tests.same_quantiles(measured):
        _warn(
            f"{name}: all samples hold the same set of values (quantile normalization): differences of whole samples "
            "cannot be seen"
        )
    return found


def _fits(look: Look, stated: str) -> bool:
    """Whether the values may be what the file states, by their limits alone."""
    if stated == "raw":
        return look.smallest >= 0
    base = BASES.get(WITHOUT_ONE.get(stated, stated), 2.0)
    positive = stated not in WITHOUT_ONE or look.smallest >= 0
    return positive and look.largest <= LOG_LARGEST / math.log2(base)


def _converted(values: Array, measured: Array, look: Look, found: Found, name: str) -> tuple[Array, int]:
    """Values on the scale of the experiment, and how many zeros were taken as missing."""
    kind, zeros = found.kind, int((values == 0).sum())
    if kind == "raw":
        return measured, zeros
    if found.level is not None:
        logs = measured * math.log2(BASES[kind]) if kind in BASES else np.log2(measured)
        return logs - math.log2(found.level), zeros
    if kind == "ratio":
        if repeats_zero(values):
            _warn(
                f"{name}: {zeros} ratios are exactly 0 and taken as measured; leave what was not measured empty"
            )
        return values, 0
    if kind in WITHOUT_ONE:
        return as_log2(measured, kind), zeros
    if zeros and look.smallest < 0 and not repeats_zero(values):
        _warn(
            f"{name}: {zeros} zeros among logarithms on both sides of 0 are taken as values, not as missing"
        )
        return as_log2(values, kind), 0
    return as_log2(measured, kind), zeros


def as_log2(logs: Array, kind: str) -> Array:
    """Logarithms of a kind as log2, value by value.

    Parameters
    ----------
    logs
        Of any shape, NaN where missing.
    kind
        A key of :data:`DECLARED` that stands for logarithms.
    """
    if kind in WITHOUT_ONE:
        turned = logs * math.log2(BASES[WITHOUT_ONE[kind]])
        # log2(2^y - 1) without 2^y, which loses the digits of a large y
        return np.asarray(turned + np.log2(-np.expm1(-turned * math.log(2))))
    return logs * math.log2(BASES[kind])


def _scale(found: Found) -> str:
    if found.level is not None:
        return "ratio"
    return found.kind if found.kind in ("raw", "ratio") else "log2"


def _warn(text: str) -> None:
    warnings.warn(text, MarkerkitWarning, stacklevel=3)
