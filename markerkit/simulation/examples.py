"""Simulated preparations with known truth: examples, demo and calibration.

:mod:`markerkit.simulation.model` describes the generative model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from markerkit.catalog.load import MarkerCatalog, shipped
from markerkit.core.errors import one_of, whole_number
from markerkit.core.experiment import Experiment
from markerkit.ids.harmonize import mapped_as_given
from markerkit.io.files import write_text
from markerkit.simulation import model

Truth = model.Truth


@dataclass(frozen=True)
class Simulation:
    """Simulated experiment with its truth."""

    experiment: Experiment
    truth: Truth


def simulate(
    markers: MarkerCatalog | None = None,
    *,
    n: int = 6,
    classes: Iterable[str] = ("exosome",),
    comparator: str = "lysate",
    paired: bool = True,
    effect: float = 2.0,
    effect_sd: float = 1.0,
    discordant_fraction: float = 0.2,
    contamination_fraction: float = 0.05,
    sources: Mapping[str, float] | None = None,
    resident_fraction: float = 0.1,
    noise: float = 0.35,
    donor_sd: float = 0.5,
    batch_sd: float = 0.2,
    missing: float = 0.2,
    n_background: int = 1500,
    all_markers: bool = False,
    seed: int = 0,
) -> Simulation:
    """Simulate vesicle preparations and their comparator.

    Parameters
    ----------
    markers
        Catalog; the human one by default.
    n
        Samples per group.
    classes
        Vesicle classes in the preparation. Without any, the "preparation" is
        cell or fluid material with the heterogeneity of the background, and no
        class should be called.
    comparator
        ``"lysate"`` or ``"biofluid"``.
    paired
        Whether the two groups come from the same donors.
    effect, effect_sd
        Mean and spread between markers of log2 v / q.
    discordant_fraction
        Share of the markers that do not follow their class.
    contamination_fraction
        Share of the preparation's protein that is comparator material (the
        admixed sources aside).
    sources
        Source id -> share of the preparation's signal admixed from it.
    resident_fraction
        Share of the organelle (soluble plasma) proteins that vesicles hold.
    noise, donor_sd, batch_sd
        Spread of a value, between donors and between the two batches, log2.
    missing
        Share of missing values among the proteins measured.
    n_background
        Proteins beyond those of the catalog.
    all_markers
        Whether the comparator expresses every marker of the classes. By
        default each is expressed by chance, as often as its kind of protein;
        either way it can be missed in the samples.
    seed
        Of the random numbers.

    Returns
    -------
    Simulation
        ``experiment``: raw scale; samples with ``fraction`` (``EV`` and
        ``lysate`` or ``plasma``), ``donor`` and ``batch``; ``truth``.

    Raises
    ------
    InputError
        Unknown classes or sources, shares outside [0, 1).

    Notes
    -----
    The docstring of :mod:`markerkit.simulation.model` describes the model.

    Examples
    --------
    >>> made = simulate(n=3, n_background=200, seed=1)
    >>> made.truth.classes["exosome"], made.truth.classes["microvesicle"]
    (True, False)
    """
    catalog = shipped("human") if markers is None else markers
    named = (classes,) if isinstance(classes, str) else tuple(classes)
    s = model.Settings(
        n, named, comparator, paired, effect, effect_sd, discordant_fraction, contamination_fraction,
        dict(sources or {}), resident_fraction, noise, donor_sd, batch_sd, missing, n_background, all_markers, seed,
    )  # fmt: skip
    s.check(catalog)
    whole_number("seed", seed)
    rng = np.random.default_rng(seed)
    proteins = model.proteins_of(catalog, s, rng)
    discordant = model.add_shifts(proteins, catalog, s, rng)
    sources_made = {name: model.source_composition(proteins, name, catalog, rng) for name in s.sources}
    samples = model.samples_of(s)
    linear = model.linear_signal(proteins, samples, sources_made, s, rng)
    measured = model.draw_measured(np.log2(linear), s.missing, rng)
    kept = np.flatnonzero(measured.any(axis=0))
    log2_fc = model.noise_free(proteins, sources_made, s).iloc[kept]
    proteins = proteins.iloc[kept]
    values = np.where(measured, linear, np.nan)[:, kept]
    settings = dataclasses.asdict(s) | {"classes": list(named)}
    note = {"verb": "simulate", "simulated": True, "catalog": catalog.version, **settings}
    exp = Experiment(
        pd.DataFrame(values, index=samples.index, columns=proteins.index),
        samples,
        mapped_as_given(proteins[["accession", "gene", "species"]], catalog.organism),
        organism=catalog.organism,
        history=[note, {"verb": "harmonize_ids", "simulated": True}],
    )
    return Simulation(exp, model.truth_of(proteins, log2_fc, discordant, catalog, s))


# ---- examples ------------------------------------------------------------------

_EXAMPLES: dict[str, dict[str, Any]] = {
    "ev_vs_lysate": {
        "n": 6,
        "contamination_fraction": 0.12,
        "sources": {"lipoprotein": 0.01, "keratin": 0.003},
        "missing": 0.1,
        "n_background": 1200,
        "seed": 24,
    },
    "plasma_ev": {
        "n": 5,
        "comparator": "biofluid",
        "n_background": 450,
        "contamination_fraction": 0.1,
        "seed": 9,
    },
}


def load_example(name: str = "ev_vs_lysate") -> Experiment:
    """Make an example experiment, always the same; it is simulated, not measured.

    Parameters
    ----------
    name
        ``"ev_vs_lysate"``: small EVs and lysates of the same 6 donors, about
        2,000 proteins. ``"plasma_ev"``: small EVs and plasma of 5 donors.

    Returns
    -------
    Experiment
        Raw scale, genes known; its history says that it was simulated.

    Raises
    ------
    InputError
        An unknown name.

    Examples
    --------
    >>> load_example().samples["fraction"].value_counts().to_dict()
    {'EV': 6, 'lysate': 6}
    """
    one_of("name", name, tuple(_EXAMPLES))
    return simulate(**_EXAMPLES[name]).experiment


def write_example(folder: str | Path, name: str = "ev_vs_lysate") -> tuple[Path, Path]:
    """Write an example as a search engine would: a protein table and a sample sheet.

    Parameters
    ----------
    folder
        Where to write; made if it is not there.
    name
        See :func:`load_example`.

    Returns
    -------
    Paths of the matrix (TSV: ``protein_id``, ``gene``, one column per sample,
    empty where missing) and of the sheet (TSV: ``sample``, ``fraction``,
    ``donor``).
    """
    exp = load_example(name)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    matrix, sheet = target / f"{name}.tsv", target / "samples.tsv"
    proteins = exp.proteins
    table = exp.values.T
    table.insert(0, "protein_id", proteins["input_accession"])
    table.insert(1, "gene", proteins["gene"])
    write_text(matrix, table.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n"))
    sheet_columns = exp.samples[["fraction", "donor"]].rename_axis("sample").reset_index()
    write_text(sheet, sheet_columns.to_csv(sep="\t", index=False, lineterminator="\n"))
    return matrix, sheet
