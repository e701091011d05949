"""Several experiments as one: the samples of all, the union of their proteins."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, listed
from markerkit.core.experiment import PROTEIN_COLUMNS, ZEROS, Experiment

_FLAGS = ("is_contaminant", "is_decoy")
#: what a protein group is: two experiments have to agree on it
_NAMES = ("gene", "accession")


def concat(
    experiments: Iterable[Experiment] | Mapping[str, Experiment],
    *,
    suffix: bool = False,
    column: str = "study",
) -> Experiment:
    """Put the samples of several experiments under one another.

    Parameters
    ----------
    experiments
        Two or more; or name -> experiment, and the names go into the sample column `column`.
    suffix
        Append ``_NAME`` to every sample name, or ``_1``, ``_2``, ... without names; for studies that
        call their samples the same.
    column
        Sample column for the names.

    Returns
    -------
    Experiment
        All samples, in order, and the union of the proteins by the name of their group. A protein
        that one of them lacks is NaN in its samples. Of a protein in several, a flag holds where it
        holds in one, `n_peptides` is the largest, and any other annotation the first that is given.
        The history holds the steps of every part, with ``part`` for its name or number, and ``concat``.

    Raises
    ------
    InputError
        Fewer than two experiments, other scales or organisms, some harmonized and others not, a
        sample name in two of them, a sample column that is there already.

    Warns
    -----
    MarkerkitWarning
        A protein group with other identifiers in another part (the first are kept); parts that went
        through other steps.

    Notes
    -----
    Studies differ in depth, instrument and search: a protein that one lacks was not looked for or
    not found, which is no evidence that it is absent. Normalize each by itself, and put the study
    into the contrast as `batch`.

    Examples
    --------
    >>> import markerkit as mk
    >>> exp = mk.load_example()
    >>> both = mk.concat({"first": exp[:6], "second": exp[6:]})
    >>> both.shape, both.samples["study"].unique().tolist()
    ((12, 2132), ['first', 'second'])
    """
    parts = _parts(experiments)
    _check_alike(parts)
    if isinstance(experiments, Mapping):
        taken = [name for name, exp in parts.items() if column in exp.samples.columns]
        if taken:
            raise InputError(
                f"the samples of {listed(taken)} have a column {column!r} already; give another `column`."
            )
    names = {name: [f"{s}_{name}" if suffix else s for s in exp.samples.index] for name, exp in parts.items()}
    _check_names(names)
    values = _stacked({name: exp.values for name, exp in parts.items()}, names)
    samples = _stacked({name: exp.samples for name, exp in parts.items()}, names)
    if isinstance(experiments, Mapping):
        samples.insert(0, column, [name for name in parts for _ in names[name]])
    marks = _stacked({name: exp.imputed for name, exp in parts.items()}, names).reindex(
        columns=values.columns
    )
    first = next(iter(parts.values()))
    return Experiment(
        values,
        samples,
        _annotation(parts).loc[values.columns],
        first.scale,
        first.organism,
        _history(parts, values),
        imputed=marks.eq(other=True),
    )


def _parts(experiments: Iterable[Experiment] | Mapping[str, Experiment]) -> dict[str, Experiment]:
    """Give every experiment a name: its own, or its number."""
    if isinstance(experiments, Experiment) or not isinstance(experiments, Iterable):
        raise InputError(
            f"`experiments` is a list of experiments, or a mapping of names to them; got {experiments!r}."
        )
    named = (
        {str(k): v for k, v in experiments.items()}
        if isinstance(experiments, Mapping)
        else {str(i): exp for i, exp in enumerate(experiments, start=1)}
    )
    for name, exp in named.items():
        if not isinstance(exp, Experiment):
            raise InputError(f"`experiments` holds {type(exp).__name__} as {name!r}; give experiments only.")
    if len(named) < 2:
        raise InputError(f"`experiments` holds {len(named)} experiment; give two or more.")
    return named


def _check_alike(parts: Mapping[str, Experiment]) -> None:
    """Refuse parts that no one experiment can hold, and name steps that not all went through."""
    advice = {
        "scale": "bring all to one, such as with markerkit.log2",
        "organism": "experiments of two organisms have no protein in common",
        "harmonized": "call markerkit.harmonize_ids on every one first, or on the result",
    }
    for what, fix in advice.items():
        found = {name: getattr(exp, what) for name, exp in parts.items()}
        if len(set(found.values())) > 1:
            stated = ", ".join(f"{name}: {value}" for name, value in found.items())
            raise InputError(f"`experiments` differ in `{what}` ({stated}); {fix}.")
    verbs = {name: [str(h.get("verb", "")) for h in exp.history] for name, exp in parts.items()}
    steps = {name: [v for v in found if v != ZEROS] for name, found in verbs.items()}
    if len({tuple(s) for s in steps.values()}) > 1:
        stated = "; ".join(f"{name}: {', '.join(s) or 'none'}" for name, s in steps.items())
        warnings.warn(
            f"the experiments went through different steps: {stated}", MarkerkitWarning, stacklevel=3
        )


def _check_names(names: Mapping[str, list[str]]) -> None:
    every = pd.Series([s for given in names.values() for s in given], dtype=object)
    twice = every[every.duplicated()].unique()
    if len(twice):
        raise InputError(
            f"{len(twice)} sample names are in several experiments ({listed(twice, limit=4)}); tell them apart with "
            "suffix=True, or leave out samples that are given twice."
        )


def _stacked(frames: Mapping[str, pd.DataFrame], names: Mapping[str, list[str]]) -> pd.DataFrame:
    """Frames under one another, with the columns of all in the order in which they come."""
    return pd.concat([frame.set_axis(names[name], axis=0) for name, frame in frames.items()])


def _annotation(parts: Mapping[str, Experiment]) -> pd.DataFrame:
    """Annotation of the union of the proteins."""
    frames = [exp.proteins for exp in parts.values()]
    every = pd.concat([f.astype(object).where(f.notna() & (f != ""), None) for f in frames])
    rows = every.groupby(level=0, sort=False)
    joined = rows.first()
    _warn_of_conflicts({c: rows[c].nunique() for c in _NAMES})
    for column, empty in PROTEIN_COLUMNS.items():
        if column in _FLAGS:
            joined[column] = rows[column].any()
        elif column == "n_peptides":
            joined[column] = rows[column].max()
        else:
            joined[column] = joined[column].where(joined[column].notna(), empty)
    kept = {c: f[c].dtype for f in reversed(frames) for c in f.columns}
    for column, kind in kept.items():
        if column not in PROTEIN_COLUMNS and pd.api.types.is_string_dtype(kind):
            joined[column] = joined[column].where(joined[column].notna(), "")
    return joined.infer_objects().astype({"n_peptides": float})


def _warn_of_conflicts(names: Mapping[str, pd.Series]) -> None:
    """Name the proteins that have more than one gene or accession."""
    differ = pd.DataFrame(names).gt(1).any(axis=1)
    if differ.any():
        found = listed(differ.index[differ], limit=3)
        warnings.warn(
            f"{int(differ.sum())} protein groups have another gene or accession in another experiment ({found}); "
            "the first is kept",
            MarkerkitWarning,
            stacklevel=4,
        )


def _history(parts: Mapping[str, Experiment], values: pd.DataFrame) -> list[dict[str, Any]]:
    """Write the steps of every part, then that they were put together."""
    steps = [{**step, "part": name} for name, exp in parts.items() for step in exp.history]
    return [*steps, {"verb": "concat", "parts": list(parts), "n_proteins": values.shape[1]}]
