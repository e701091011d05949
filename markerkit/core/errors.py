"""The wording of every bad-input error."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import TYPE_CHECKING

from markerkit.core import limits

if TYPE_CHECKING:
    import pandas as pd


#: control characters but tab and line feed, and those that turn the direction of a text
_ACTS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def in_one_line(message: object) -> str:
    r"""Write a message in one line of bounded length: line breaks and control characters as escapes, a long middle left out.

    >>> in_one_line("the file a\nb"), len(in_one_line("x" * 10_000))
    ('the file a\\nb', 2000)
    """
    text = str(message)
    if len(text) > limits.MESSAGE:
        text = f"{text[: limits.MESSAGE]}{text[-limits.MESSAGE :]}"  # enough for both ends
    if not text.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    half = (limits.MESSAGE - 5) // 2
    return text if len(text) <= limits.MESSAGE else f"{text[: half + 1]} ... {text[-half:]}"


class InputError(ValueError):
    """Bad input: the message says in one line what is wrong, what was found and what to do.

    Examples
    --------
    >>> import markerkit as mk
    >>> try:
    ...     mk.load_markers("cow")
    ... except mk.InputError as error:
    ...     print(error)
    `organism` must be one of 'human', 'mouse' or 'rat'; got 'cow'.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(in_one_line(message))


class MarkerkitWarning(UserWarning):
    """Something a careful reader should know; the result is still given.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", MarkerkitWarning)  # read them first
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(in_one_line(message))


def shown(value: object, *, most: int = 60) -> str:
    """Write a value as it is quoted in a message, its middle cut out where it is long.

    >>> shown("CD63"), shown("ACGT" * 100, most=20)
    ("'CD63'", "'ACGTACG...CGTACGT'")
    """
    text = repr(value)
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"


def printable(text: str) -> str:
    r"""Write characters that act on a terminal, or turn the direction of a text, as ``\x1b``; lines and tabs stay.

    >>> printable("a\x1b[2Jb\u202e")
    'a\\x1b[2Jb\\u202e'
    """
    return _ACTS.sub(lambda found: repr(found[0])[1:-1], text)


def listed(items: Iterable[object], *, limit: int = 8, conjunction: str = "and") -> str:
    """Write items as an English list, quoted, cut after `limit`; long items as :func:`shown` writes them.

    >>> listed(["a", "b", "c"], conjunction="or")
    "'a', 'b' or 'c'"
    >>> listed(range(4), limit=2)
    '0, 1 and 2 more'
    """
    given = list(items)
    texts = [shown(i) for i in given[:limit]]
    if len(given) > limit:
        return f"{', '.join(texts)} and {len(given) - limit} more"
    if len(texts) < 2:
        return "".join(texts) or "none"
    return f"{', '.join(texts[:-1])} {conjunction} {texts[-1]}"


def counted(n: int, one: str, more: str) -> str:
    """Write a number before what it counts, which is said of one or of more.

    >>> counted(1, "row repeats", "rows repeat"), counted(2, "row repeats", "rows repeat")
    ('1 row repeats', '2 rows repeat')
    """
    return f"{n} {one if n == 1 else more}"


def suggestion(value: object, allowed: Iterable[object]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest allowed word, or nothing.

    >>> suggestion("cameraa", ["camera", "fry"])
    " Did you mean 'camera'?"
    """
    near = difflib.get_close_matches(str(value), [str(a) for a in allowed], n=1, cutoff=0.6)
    return f" Did you mean {shown(near[0])}?" if near else ""


def one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    """Refuse a value that is not in `allowed`.

    >>> one_of("method", "ssgsee", ["singscore", "ssgsea"])
    Traceback (most recent call last):
        ...
    markerkit.core.errors.InputError: `method` must be one of 'singscore' or 'ssgsea'; got 'ssgsee'. \
Did you mean 'ssgsea'?
    """
    if value not in allowed:
        message = (
            f"`{name}` must be one of {listed(allowed, limit=40, conjunction='or')}; "
            f"got {shown(value)}.{suggestion(value, allowed)}"
        )
        raise InputError(message)


def whole_number(name: str, value: object, *, least: int = 0) -> None:
    """Refuse what is no whole number from `least` on.

    >>> whole_number("seed", -1)
    Traceback (most recent call last):
        ...
    markerkit.core.errors.InputError: `seed` is a whole number, 0 or more; got -1.
    """
    if not (isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least):
        raise InputError(f"`{name}` is a whole number, {least} or more; got {shown(value)}.")


def require_columns(frame: pd.DataFrame, columns: Iterable[str], *, what: str) -> None:
    """Refuse a frame that lacks a column; `what` names the frame in the message."""
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        message = (
            f"{what} has no column {listed(missing)}; found {listed(frame.columns, limit=20)}."
            f"{suggestion(missing[0], frame.columns)}"
        )
        raise InputError(message)


@contextmanager
def collected_warnings(*left_out: str) -> Iterator[list[str]]:
    """Collect our own warnings, once each, and pass them on at the end, whatever ends the block.

    Parameters
    ----------
    left_out
        Beginnings (patterns) of warnings of ours that are neither collected nor passed on.

    Yields
    ------
    The texts; complete when the block has ended.
    """
    notes: list[str] = []
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for beginning in left_out:
                warnings.filterwarnings("ignore", beginning, MarkerkitWarning)
            yield notes
    finally:
        for warning in caught:
            if not issubclass(warning.category, MarkerkitWarning):
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
            elif str(warning.message) not in notes:
                notes.append(str(warning.message))
        for note in notes:
            warnings.warn(note, MarkerkitWarning, stacklevel=4)
