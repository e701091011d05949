"""Numbers and names in words: the same in tables, figures, the report and on the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence


def fold_change(effect: float) -> str:
    """Write a log2 effect as a fold change.

    >>> fold_change(1.0), fold_change(-2.0), fold_change(7.0)
    ('2', '0.25', '128')
    """
    value = 2.0**effect
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"


def times(effect: float) -> str:
    """Write a log2 effect as a comparison, to be followed by what it is compared with.

    >>> times(3.0), times(-3.0), times(0.0)
    ('8-fold higher than', '8-fold lower than', 'as high as')
    """
    size = fold_change(abs(effect))
    if size == "1":
        return "as high as"
    return f"{size}-fold {'lower' if effect < 0 else 'higher'} than"


def interval(low: float, high: float, level: float) -> str:
    """Write a confidence interval of a log2 effect as fold changes, each end with its direction.

    >>> interval(1.0, 2.0, 0.9), interval(-2.0, -1.0, 0.9)
    ('90 % interval 2 to 4-fold', '90 % interval 2 to 4-fold lower')
    >>> interval(-1.0, 2.0, 0.95)
    '95 % interval 2-fold lower to 4-fold higher'
    >>> interval(-0.01, 2.0, 0.95), interval(-1.0, 0.01, 0.95)
    ('95 % interval no change to 4-fold higher', '95 % interval 2-fold lower to no change')
    """
    if low >= 0:
        text = f"{fold_change(low)} to {fold_change(high)}-fold"
    elif high <= 0:
        text = f"{fold_change(-high)} to {fold_change(-low)}-fold lower"
    else:
        lower, higher = fold_change(-low), fold_change(high)
        text = "no change" if lower == "1" else f"{lower}-fold lower"
        text += " to no change" if higher == "1" else f" to {higher}-fold higher"
    return f"{percent(level)} interval {text}"


def odds_ratio(log_odds: float, low: float, high: float) -> str:
    """Write a change of log odds with its interval as a ratio of odds.

    >>> odds_ratio(-0.66, -0.69, -0.62)
    'odds ×0.52 (0.5 to 0.54)'
    """
    middle, *ends = (number(math.exp(v), 2) for v in (log_odds, low, high))
    return f"odds ×{middle} ({' to '.join(ends)})"


def number(value: float, digits: int = 3) -> str:
    """Write a number with a true minus sign and no needless zeros.

    >>> number(-0.5), number(2.0), number(1234.5)
    ('−0.5', '2', '1,230')
    """
    if not math.isfinite(value):
        return "–"
    rounded = float(f"{value:.{digits}g}")
    if rounded != 0 and not 1e-5 <= abs(rounded) < 1e7:
        return f"{rounded:.{digits}g}".replace("-", "\u2212")
    text = f"{rounded:,.7f}".rstrip("0").rstrip(".")
    return text.replace("-", "\u2212")


def percent(share: float, digits: int = 3) -> str:
    """Write a share in percent, to so many significant digits.

    >>> percent(0.9), percent(0.05), percent(0.00012, 2), percent(1.0, 2)
    ('90 %', '5 %', '0.012 %', '100 %')
    """
    return f"{number(100 * share, digits)} %" if math.isfinite(share) else "–"


def counted(n: int, noun: str) -> str:
    """Write a number with its noun in the right number.

    >>> counted(1, "sample"), counted(5, "independent marker")
    ('1 sample', '5 independent markers')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def names(values: Sequence[str], *, limit: int = 12) -> str:
    """List names in a sentence.

    >>> names(["a", "b", "c"]), names(["a", "b", "c"], limit=2)
    ('a, b and c', 'a, b and 1 more')
    """
    shown = list(values)
    if len(shown) > limit:
        shown = [*shown[:limit], f"{len(shown) - limit} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def sentence(text: str) -> str:
    """Start with a capital and end with a full stop.

    >>> sentence("no comparator")
    'No comparator.'
    """
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
