"""Contrasts in the words of the command line: ``EV:lysate@lysate``, ``all``, ``vs:lysate``."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from markerkit.core.errors import InputError, MarkerkitWarning, one_of

if TYPE_CHECKING:
    from markerkit.core.experiment import Experiment
    from markerkit.study.contrast import Contrast


def add_contrasts(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is compared."""
    add = parser.add_argument
    add("--condition", metavar="COL", help="sample column of the groups")
    add("--case", metavar="X", help="level of the preparation")
    add("--control", metavar="Y", help="level of the comparator")
    add(
        "--contrast",
        metavar="X:Y",
        action="append",
        default=[],
        help="case:control, with the kind of its control if it is not that of --comparator (EV:lysate@lysate); "
        "or all, every pair of levels; or vs:Y, every level against Y; may be repeated",
    )
    add("--paired-by", metavar="COL", help="sample column of pairs or donors")
    add("--batch", metavar="COL", nargs="+", default=[], help="sample columns of batches")
    add(
        "--comparator",
        metavar="KIND",
        help="what the control is, where a contrast does not say it: lysate, biofluid, soluble or ev",
    )
    add("--fluid", metavar="NAME", help="what the samples come from: plasma, serum, urine, culture, ...")
    add(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="processes that share several contrasts; the results are the same to the byte (default: %(default)s)",
    )


def read_contrasts(arguments: argparse.Namespace, exp: Experiment) -> list[Contrast]:
    """Build the contrasts that the options ask for.

    Raises
    ------
    InputError
        A contrast without --condition, --case without --control, both ways of
        asking at once, a word that is no contrast.
    """
    words, case, control = arguments.contrast, arguments.case, arguments.control
    if words and (case is not None or control is not None):
        raise InputError("give either --contrast or --case and --control, not both.")
    if (case is None) != (control is None):
        given, absent = ("--case", "--control") if control is None else ("--control", "--case")
        raise InputError(f"{given} is given without {absent}; a contrast needs both.")
    named = words or case is not None
    if named and arguments.condition is None:
        raise InputError("a contrast needs --condition, the sample column that holds its levels.")
    if not named:
        _note_options_without_contrast(arguments)
        return []
    if case is not None:
        return [_contrast(arguments, case, control, None)]
    return [contrast for word in words for contrast in _of_word(word, arguments, exp)]


def read_study_context(arguments: argparse.Namespace, *, with_contrasts: bool) -> dict[str, Any]:
    """Read the context file; without a contrast the groups and the fluid of the options belong to it."""
    from markerkit.study.context import read_context

    context = read_context(arguments.context)
    if not with_contrasts:
        given = {"condition": arguments.condition, "fluid": arguments.fluid}
        context |= {k: v for k, v in given.items() if v is not None}
    return context


def _note_options_without_contrast(arguments: argparse.Namespace) -> None:
    given = {
        "--paired-by": arguments.paired_by,
        "--batch": arguments.batch,
        "--comparator": arguments.comparator,
    }
    idle = [option for option, value in given.items() if value]
    if idle:
        warnings.warn(
            f"{', '.join(idle)} without a contrast changes nothing; name --case and --control, or --contrast",
            MarkerkitWarning,
            stacklevel=2,
        )


def _contrast(arguments: argparse.Namespace, case: str, control: str, comparator: str | None) -> Contrast:
    from markerkit.study.contrast import Contrast

    return Contrast(arguments.condition, case, control, **_options(arguments, comparator))


def _options(arguments: argparse.Namespace, comparator: str | None) -> dict[str, Any]:
    return {
        "paired_by": arguments.paired_by,
        "batch": arguments.batch,
        "comparator": comparator or arguments.comparator,
        "fluid": arguments.fluid,
    }


def _of_word(word: str, arguments: argparse.Namespace, exp: Experiment) -> Iterator[Contrast]:
    from markerkit.core.factors import levels_of
    from markerkit.study.contrast import ALL, COMPARATORS, VERSUS, contrasts

    column = arguments.condition
    levels = set(levels_of(exp.samples[column])) if column in exp.samples.columns else set()
    if pair := _levels_in(word, levels):
        yield _contrast(arguments, *pair, None)
        return
    body, at, kind = word.rpartition("@") if "@" in word else (word, "", "")
    if at:
        one_of("comparator", kind, COMPARATORS)
    pair = _levels_in(body, levels)
    if not pair and (body == ALL or body.startswith(VERSUS)):
        yield from contrasts(exp, column, body, **_options(arguments, kind))
        return
    case, colon, control = body.partition(":")
    if not colon:
        raise InputError(
            f"a contrast is written case:control or case:control@comparator, or it is all or vs:level; got {word!r}."
        )
    yield _contrast(arguments, *(pair or (case, control)), kind)


def _levels_in(word: str, levels: set[str]) -> tuple[str, str] | None:
    """Split ``X:Y`` into two levels; levels may hold colons themselves."""
    parts = word.split(":")
    splits = ((":".join(parts[:i]), ":".join(parts[i:])) for i in range(1, len(parts)))
    return next((s for s in splits if set(s) <= levels), None)
