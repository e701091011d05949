"""Numbers and names in words: the same in tables, figures, the report and on the terminal."""

from __future__ import annotations


def fold_change(effect: float) -> str:
    """Write a log2 effect as a fold change.

    >>> fold_change(1.0), fold_change(-2.0), fold_change(7.0)
    ('2', '0.25', '128')
    """
    value = 2.0**effect
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"
