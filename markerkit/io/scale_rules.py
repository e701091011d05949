"""What the tests of the values add up to: a scale, a refusal, or a question to the user."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace

from markerkit.core.errors import InputError, MarkerkitWarning, listed
from markerkit.core.matrix import LOG_LARGEST
from markerkit.io import scale_tests as tests
from markerkit.io.scale_tests import BASES, Array, Look

#: adding 1 to fewer ions or counts than this changes a fold change by more than 2 %
_ONE_COUNTS_BELOW = 50.0
#: log(x + 1) of smaller shares is x, but for a factor
_TINY = 0.04
#: scales of logarithms to which 1 was added before they were taken
PLUS_ONE = {"log2": "log2p1", "ln": "log1p", "log10": "log10p1"}
WITHOUT_ONE = {plus_one: base for base, plus_one in PLUS_ONE.items()}
#: levels to which linear values are scaled by habit
_LEVELS = (1.0, 100.0, 1000.0)
#: one reading of scaled proteins fits that many times better than any other
_CLEARLY = 5.0


@dataclass(frozen=True)
class Found:
    """What the values are.

    `level` is the amount to which every protein was scaled, where it was: the
    values then are ratios. `warning` is what the reader of the result should know.
    """

    kind: str
    evidence: str
    warning: str = ""
    level: float | None = None


class UnclearScaleError(InputError):
    """The values fit several scales."""


def refuse_no_amounts(values: Array, measured: Array, name: str) -> None:
    """Refuse z-scores, values stretched from 0 to 1, and ranks: no fold change can be had from them.

    Raises
    ------
    InputError
        With what was found.
    """
    what = ""
    scored = tests.z_scores(values) or tests.z_scores(measured)
    if scored:
        of = "the whole matrix" if scored == "matrix" else f"every {scored}"
        what = f"z-scores ({of} has mean 0 and standard deviation 1)"
    elif tests.between_0_and_1(values):
        what = "values of proteins that were each stretched from 0 to the same largest value"
    elif tests.ranks(values):
        what = "ranks (the values of every sample are evenly spaced)"
    if what:
        raise InputError(
            f"the matrix {name!r} holds {what}: amounts and fold changes are gone. Give the table from before that step."
        )


def detect(values: Array, measured: Array, look: Look, name: str) -> Found:
    """Find the scale from the values.

    Parameters
    ----------
    values
        Samples x proteins, missing = NaN.
    measured
        The same without zeros.
    look
        Their description.
    name
        File, for the messages.

    Raises
    ------
    InputError
        The values are neither linear nor logarithms, or do not show which.
    """
    if look.few and not (look.smallest < 0 and look.largest > LOG_LARGEST):
        return _few(look)
    if look.smallest < 0:
        return _on_both_sides(values, measured, look, name)
    scaled = _scaled_rows(measured, look, name)
    if scaled is not None:
        return scaled
    if look.counts:
        return Found("raw", "whole numbers")
    exact = tests.exact_base(measured, shares=False) if look.largest <= LOG_LARGEST else None
    if exact is not None:
        return _with_offset(values, look, exact, name)
    ratios = tests.linear_ratios(measured, look)
    if ratios is None:
        raise _unclear(
            name, "linear values around 1 may be abundances or ratios", "raw", "ratio (after log2)"
        )
    if ratios:
        return Found(
            "ratio",
            "linear values around 1, alike for all proteins",
            "the values are taken as linear ratios (median "
            f"{look.median:.3g}, alike for all proteins) and log2 was taken; declare the scale raw if they are abundances",
            level=1.0,
        )
    if look.linear:
        return _linear(measured, look)
    if look.log_like:
        return _logarithms(values, measured, look, name)
    raise _unclear(name, f"{_described(look)} may be linear or logarithms", "raw", *BASES)


def _few(look: Look) -> Found:
    """Scale of a table of some values: by limits alone, as nothing else can be tested."""
    if look.looks_log2:
        return Found("log2", f"few values within the limits of log2 intensities (largest {look.largest:.3g})")
    if look.smallest < 0:
        return Found("ratio", "few values, on both sides of 0")
    return Found("raw", "few values outside the limits of log2 intensities")


def _linear(measured: Array, look: Look) -> Found:
    """Linear values; small ones may be log(x + 1) of shares, which are hardly changed by it."""
    total = tests.sum_of_samples(measured)
    if total is not None:
        return Found("raw", f"every sample adds up to {total:.6g}")
    evidence = "values spread too far for logarithms"
    if not _TINY < look.largest <= LOG_LARGEST:
        return Found("raw", evidence)
    for base, plus_one in PLUS_ONE.items():
        total = tests.sum_of_samples(BASES[base] ** measured - 1)
        if total is not None:
            return Found(plus_one, f"powers of the base, less 1, add up to {total:.6g} in every sample")
    warning = f"the values (largest {look.largest:.3g}) are taken as linear, as they spread over orders of magnitude"
    return Found("raw", evidence, f"{warning}; declare the scale if logarithms of x + 1 were taken")


def _described(look: Look) -> str:
    return f"values with median {look.median:.3g}, standard deviation {look.sd:.3g} and largest value {look.largest:.3g}"


def _unclear(name: str, why: str, *options: str) -> UnclearScaleError:
    return UnclearScaleError(
        f"the scale of the matrix {name!r} cannot be determined from its values: {why}. Say which it is (`scale=`, on the command "
        f"line --scale): {', '.join(options[:-1])} or {options[-1]}."
    )


def _scaled_rows(measured: Array, look: Look, name: str) -> Found | None:
    """Recognize proteins that were each scaled to the same level, as linear values or as logarithms of them."""
    levels = {"raw": tests.level_of_proteins(measured)}
    if look.log_like:
        levels |= {
            base: tests.level_of_proteins(number**measured, linear=False) for base, number in BASES.items()
        }
    found = sorted((level.off, kind) for kind, level in levels.items() if level is not None)
    if not found:
        return None
    kind = found[0][1]
    level = levels[kind]
    if level is None or (len(found) > 1 and found[1][0] < _CLEARLY * found[0][0]):
        raise _scaled_logs(name, look.median)
    habit = any(abs(x / r - 1) < 0.01 for x in (level.value, level.value * len(measured)) for r in _LEVELS)
    if kind == "raw" and look.log_like and not habit:
        raise _scaled_logs(name, look.median)
    evidence = f"every protein has the {level.statistic} {level.value:.4g}"
    if kind == "raw":
        return Found(
            "ratio",
            evidence,
            f"{evidence}: only ratios are left, and the values are taken as such",
            level.value,
        )
    warning = f"these are {kind} values, and before the logarithm {evidence}: only ratios are left"
    return Found(kind, f"powers of the base: {evidence}", warning, level.value)


def _scaled_logs(name: str, typical: float) -> InputError:
    return InputError(
        f"in the matrix {name!r} all proteins have about the same mean ({typical:.3g}): each was scaled, and only ratios are "
        "left. Give the table from before that step, or log2 ratios with the scale declared: `scale='ratio'` (--scale ratio)."
    )


def _on_both_sides(values: Array, measured: Array, look: Look, name: str) -> Found:
    """Scale of values of which some are negative."""
    if look.largest > LOG_LARGEST:
        raise InputError(
            f"the matrix {name!r} holds negative values and values up to {look.largest:.3g}: neither raw nor log; "
            "correct the table."
        )
    exact = tests.exact_base(measured, shares=True)
    if exact is not None:
        return _with_offset(values, look, exact, name)
    if look.log_like or look.median >= 5:
        return _logarithms(values, measured, look, name)
    if tests.log_ratios(look):
        return Found(
            "ratio",
            "values on both sides of 0, alike for all proteins",
            "the values lie on both sides of 0 and are taken as log2 ratios; ratios do not show the base of their logarithm: "
            "declare the scale ratio if it is 2",
        )
    raise _unclear(
        name,
        f"{_described(look)}, on both sides of 0, may be log ratios or centered logarithms of abundances, to any base",
        "ratio (log2 ratios)",
        *BASES,
    )


def _logarithms(values: Array, measured: Array, look: Look, name: str) -> Found:
    """Find the base of logarithms, and whether 1 was added before."""
    if look.between < tests.CENTERED * look.within:
        raise _scaled_logs(name, look.median)
    exact = tests.exact_base(measured, shares=True)
    if exact is not None:
        return _with_offset(values, look, exact, name)
    bases = tests.possible_bases(look)
    if len(bases) == 1:
        evidence = f"{_described(look)} fit {bases[0]} abundances only"
        found = _with_offset(values, look, tests.Exact(bases[0], evidence, counts=False), name)
        if bases[0] == "log2":
            return found
        return replace(found, warning=f"the values are taken as {bases[0]}: {evidence}")
    fit = f"fit abundances as {listed(bases, conjunction='or')}" if bases else "fit no abundances at any base"
    raise _unclear(name, f"{_described(look)} look like logarithms and {fit}", *BASES, "raw")


def _with_offset(values: Array, look: Look, exact: tests.Exact, name: str) -> Found:
    """Decide on log(x) or log(x + 1); above some ten counts they are the same."""
    base, evidence, counts = exact
    plus_one = PLUS_ONE[base]
    small = BASES[base] ** values[values > 0].min(initial=LOG_LARGEST) < _ONE_COUNTS_BELOW
    if small and counts and look.smallest < 0:
        why = f"{evidence}, but a value is {look.smallest:.3g}; leave what was not measured empty"
        raise _unclear(name, why, base, plus_one)
    if not small or look.smallest < 0:
        return Found(base, evidence)
    if counts or (values == 0).any():
        raise _unclear(
            name, f"the values are {base} of small amounts, to which 1 may have been added", base, plus_one
        )
    return Found(
        base, evidence, f"the values are taken as {base}; declare the scale {plus_one} if 1 was added before"
    )


def contradicted(measured: Array, look: Look, declared: str, name: str) -> None:
    """Refuse a declared scale that the values rule out, and warn of one that they do not look like.

    Raises
    ------
    InputError
        Negative raw values, log values too large, linear values declared as ratios.
    """
    if declared == "raw":
        if look.smallest < 0:
            raise InputError(
                f"the matrix {name!r} was declared raw but holds the negative value {look.smallest:.3g}; declare log2 or ratio."
            )
        _warn_raw(measured, look, name)
        return
    if declared == "ratio":
        _refuse_large(look, declared, 2.0, name)
        if tests.linear_ratios(measured, look):
            raise InputError(
                f"the matrix {name!r} was declared ratio but holds only positive values around {look.median:.3g}: a ratio is a log2 "
                "ratio here. Leave the scale to be detected, or take log2."
            )
        return
    _check_logs(measured, look, declared, name)


def _check_logs(measured: Array, look: Look, declared: str, name: str) -> None:
    base = WITHOUT_ONE.get(declared, declared)
    if base != declared and look.smallest < 0:
        raise InputError(
            f"the matrix {name!r} was declared {declared} but holds {look.smallest:.3g}; a logarithm of x + 1 is not negative. "
            f"Declare it {base}."
        )
    _refuse_large(look, declared, BASES[base], name)
    if look.few:
        return
    exact = tests.exact_base(measured, shares=True)
    if exact is not None and exact.base != base:
        _warn(f"{name} was declared {declared}, but its values look like {exact.base}: {exact.evidence}")
    elif exact is None and look.counts:
        _warn(f"{name} was declared {declared}, but it holds whole numbers, such as counts")
    elif exact is None and look.log_like and base not in tests.possible_bases(look):
        _warn(f"{name} was declared {declared}, but {_described(look)} do not look like it")


def _refuse_large(look: Look, declared: str, base: float, name: str) -> None:
    limit = LOG_LARGEST / math.log2(base)
    if look.largest > limit:
        raise InputError(
            f"the matrix {name!r} was declared {declared} but holds {look.largest:.3g}; log values stay below "
            f"{limit:.3g}. Declare it raw, or leave the scale to be detected."
        )


def _warn_raw(measured: Array, look: Look, name: str) -> None:
    level = tests.level_of_proteins(measured)
    if level is not None:
        _warn(
            f"{name} was declared raw, but every protein was scaled to the {level.statistic} {level.value:.4g}: only ratios are left"
        )
    elif look.looks_log2 and not look.counts and (look.few or look.log_like):
        _warn(
            f"{name} was declared raw, but its values (median {look.median:.3g}, largest {look.largest:.3g}) look like "
            "logarithms"
        )


def _warn(text: str) -> None:
    warnings.warn(text, MarkerkitWarning, stacklevel=4)
