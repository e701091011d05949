"""Experiments that are awkward for arithmetic, each small, each with the same sample sheet.

``CASES`` maps a name to a function that makes the experiment, or raises `InputError` where reading such a table is
refused in the first place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit.core.genes import gene_table
from markerkit.ids.harmonize import mapped_as_given

N = 3  # samples in a group
NAN = np.nan
SETS = {"exosome": 22, "pan_ev": 12, "microvesicle": 8, "mitochondrion": 18, "er_golgi": 14, "nucleus": 10, "lipoprotein": 8,
        "keratin": 6, "plasma_soluble": 12, "ribosome": 6}  # fmt: skip
BACKGROUND = 45
MAPPED = [{"verb": "harmonize_ids"}]


@cache
def catalog() -> mk.MarkerCatalog:
    """The shipped catalog, loaded once."""
    return mk.load_markers()


@cache
def genes() -> tuple[str, ...]:
    """Markers of every kind, then proteins that are in no set."""
    markers = catalog()
    marked = [g for name, n in SETS.items() for g in markers[name].positive[:n]]
    other = sorted(gene_table("human").symbols - set(markers.table["gene"]))
    return tuple(dict.fromkeys([*marked, *other[: BACKGROUND * 200 : 200]]))


def sheet(n: int = N) -> pd.DataFrame:
    """Preparations and lysates of `n` donors, with everything that some verb reads."""
    donors = [f"D{i}" for i in range(n)]
    return pd.DataFrame(
        {
            "fraction": ["EV"] * n + ["lysate"] * n,
            "donor": donors * 2,
            "lab": ["x", "y"] * n,
            "tube": [f"F{i}" for i in range(1, n + 1)] * 2,
            "order": [float(i) for i in range(1, n + 1)] * 2,
            "run": ["a"] * n + ["b"] * n,
            "particles": np.linspace(1e9, 2e9, 2 * n),
            "volume_ul": 500.0,
            "protein_ug": np.linspace(5.0, 9.0, 2 * n),
        },
        index=[f"EV{i}" for i in range(n)] + [f"CL{i}" for i in range(n)],
    )


def logs(n: int = N, missing: float = 0.15) -> pd.DataFrame:
    """Log2 abundances: EV markers rise in the preparations, organelles fall."""
    rng = np.random.default_rng(11)
    names = list(genes())
    table = 24 + 2 * rng.standard_normal(len(names)) + 0.3 * rng.standard_normal((2 * n, len(names)))
    table[:n, :42] += 2.5
    table[:n, 42:84] -= 2.0
    table[rng.random(table.shape) < missing] = NAN
    return pd.DataFrame(table, sheet(n).index, names)


def made(values: pd.DataFrame, samples: pd.DataFrame | None = None, scale: str = "raw") -> mk.Experiment:
    """Experiment with identifiers that count as mapped."""
    if samples is None:
        samples = sheet(len(values) // 2)
    return mk.Experiment(
        values, samples, _mapped(values.columns, values.columns.astype(str)), scale, history=MAPPED
    )


def _mapped(groups: pd.Index, names: object) -> pd.DataFrame:
    return mapped_as_given(
        pd.DataFrame({"accession": "", "gene": names, "species": "human"}, index=groups), "human"
    )


def raw(n: int = N, missing: float = 0.15) -> pd.DataFrame:
    return np.exp2(logs(n, missing))


def _set(frame: pd.DataFrame, rows: object, columns: object, value: object) -> pd.DataFrame:
    out = frame.copy()
    out.iloc[rows, columns] = value  # type: ignore[index]
    return out


def _some(share: float, value: float) -> pd.DataFrame:
    frame = raw(missing=0.0)
    return frame.mask(np.random.default_rng(5).random(frame.shape) < share, value)


def _failed() -> pd.DataFrame:
    """One group whose runs failed: one protein in each sample, another in each."""
    frame = raw()
    for i in range(N, 2 * N):
        frame.iloc[i] = NAN
        frame.iloc[i, 3 * i] = 1e7
    return frame


def _copies() -> pd.DataFrame:
    frame = raw()
    for start in (0, N):
        frame.iloc[start : start + N] = frame.iloc[start].to_numpy()
    return frame


def _per_sample(factor: float) -> pd.DataFrame:
    return raw().mul([factor ** (i / (2 * N - 1)) for i in range(2 * N)], axis=0)


def _only(names: list[str]) -> pd.DataFrame:
    return raw()[names]


def _at(sample_column: str, values: object) -> pd.DataFrame:
    return sheet().assign(**{sample_column: values})


def _no_gene() -> mk.Experiment:
    values = raw()
    return mk.Experiment(values, sheet(), _mapped(values.columns, ""), history=MAPPED)


def _flagged(column: str) -> mk.Experiment:
    exp = made(raw())
    return mk.Experiment(exp.values, exp.samples, exp.proteins.assign(**{column: True}), history=exp.history)


def _one_gene() -> mk.Experiment:
    values = raw()
    return mk.Experiment(values, sheet(), _mapped(values.columns, "CD63"), history=MAPPED)


def _apart() -> pd.DataFrame:
    """No protein is seen in both groups."""
    frame = raw()
    even = np.arange(frame.shape[1]) % 2 == 0
    frame.iloc[:N, even] = NAN
    frame.iloc[N:, ~even] = NAN
    return frame


def _noiseless() -> pd.DataFrame:
    table = logs(missing=0.0)
    for start in (0, N):
        table.iloc[start : start + N] = np.round(table.iloc[start].to_numpy())
    return np.exp2(table)


def _integers(largest: int) -> pd.DataFrame:
    frame = raw(missing=0.0).round().astype(np.int64)
    frame.iloc[0, :5] = largest
    return frame


def _first(n: int) -> mk.Experiment:
    return made(raw(), sheet())[:n]


def _pair() -> mk.Experiment:
    return made(raw(), sheet())[["EV0", "CL0"]]


CASES: dict[str, Callable[[], mk.Experiment]] = {
    "plain": lambda: made(raw()),
    # values
    "zeros for missing": lambda: made(_some(0.3, 0.0)),
    "ones for missing": lambda: made(_some(0.3, 1.0)),
    "all zero": lambda: made(raw() * 0),
    "all missing": lambda: made(raw() * NAN),
    "infinite": lambda: made(_set(raw(), 0, 0, np.inf)),
    "negative": lambda: made(_set(raw(), 0, 0, -1.0)),
    "denormal cell": lambda: made(_set(raw(), 0, 0, 5e-324)),
    "denormal sample": lambda: made(_set(raw(), 0, slice(None), 5e-324)),
    "denormal table": lambda: made(raw().where(raw().isna(), 5e-324)),
    "1e300 cell": lambda: made(_set(raw(), 0, 0, 1e300)),
    "1e300 sample": lambda: made(_set(raw(), 1, slice(None), 1e300)),
    "1e300 table": lambda: made(raw() * 1e290),
    "largest floats": lambda: made(raw().where(raw().isna(), np.finfo(float).max)),
    "1e-300 to 1e300": lambda: made(_per_sample(1e250)),
    "integers near overflow": lambda: made(_integers(np.iinfo(np.int64).max)),
    "one protein is all": lambda: made(_set(raw(), slice(None), 0, 1e20)),
    "constant table": lambda: made(raw().where(raw().isna(), 7.0)),
    "constant proteins": lambda: made(raw() * 0 + raw(missing=0.0).iloc[0]),
    "constant samples": lambda: made((raw() * 0).add(np.arange(1.0, 2 * N + 1), axis=0)),
    "constant sample": lambda: made(_set(raw(), 0, slice(None), 1e6)),
    "noiseless": lambda: made(_noiseless()),
    "nothing missing": lambda: made(raw(missing=0.0)),
    "copies": lambda: made(_copies()),
    # shapes
    "one sample": lambda: _first(1),
    "one group": lambda: _first(N),
    "one pair": _pair,
    "two against one": lambda: made(raw(), sheet())[["EV0", "EV1", "CL0"]],
    "no sample": lambda: made(raw().iloc[:0], sheet().iloc[:0]),
    "no protein": lambda: made(raw().iloc[:, :0]),
    "one protein": lambda: made(_only(["CD63"])),
    "one background protein": lambda: made(raw().iloc[:, [-1]]),
    "two proteins": lambda: made(_only(["CD63", "CD81"])),
    "six proteins": lambda: made(raw().iloc[:, [0, 1, 2, 60, 61, -1]]),
    "many samples, few proteins": lambda: made(raw(n=12).iloc[:, ::30]),
    # what is measured
    "an arm without a value": lambda: made(_set(raw(), slice(N, None), slice(None), NAN)),
    "a sample without a value": lambda: made(_set(raw(), 0, slice(None), NAN)),
    "one value in a sample": lambda: made(_set(raw(), 0, slice(1, None), NAN)),
    "a group of failed runs": lambda: made(_failed()),
    "no protein in both groups": lambda: made(_apart()),
    "one value of each protein": lambda: made(raw().where(np.equal.outer(np.arange(2 * N), np.arange(len(genes())) % (2 * N)))),
    "no marker": lambda: made(raw().iloc[:, -BACKGROUND:]),
    "markers only": lambda: made(raw().iloc[:, :-BACKGROUND]),
    "no gene": _no_gene,
    "one gene": _one_gene,
    "all decoys": lambda: _flagged("is_decoy"),
    "all contaminants": lambda: _flagged("is_contaminant"),
    # scales
    "log2": lambda: made(logs(), scale="log2"),
    "log2, very low": lambda: made(_set(logs(), 0, 0, -1e300), scale="log2"),
    "log2, all low": lambda: made(logs() - 1e4, scale="log2"),
    "log2, at the limit": lambda: made(logs().where(logs().isna(), 64.0), scale="log2"),
    "log2, raw values": lambda: made(raw(), scale="log2"),
    "ratio": lambda: made(logs() - 24, scale="ratio"),
    "ratio, very low": lambda: made(_set(logs() - 24, 0, 0, -1e300), scale="ratio"),
    "ratio, constant": lambda: made((logs() * 0).fillna(0.0), scale="ratio"),
    # sheets
    "design: lab is the group": lambda: made(raw(), _at("lab", ["x"] * N + ["y"] * N)),
    "design: one lab": lambda: made(raw(), _at("lab", "x")),
    "design: a lab for each sample": lambda: made(raw(), _at("lab", list("abcdef"))),
    "design: no pair is whole": lambda: made(raw(), _at("donor", [f"D{i}" for i in range(2 * N)])),
    "design: one pair is whole": lambda: made(raw(), _at("donor", ["D0", "D1", "D2", "D0", "D4", "D5"])),
    "design: one donor": lambda: made(raw(), _at("donor", "D0")),
    "design: donors missing": lambda: made(raw(), _at("donor", ["D0", None, "D2"] * 2)),
    "design: groups missing": lambda: made(raw(), _at("fraction", ["EV", "EV", None] + ["lysate"] * N)),
    "design: numbers for groups": lambda: made(raw(), _at("lab", [1.5, 2.5] * N)),
    "amounts: zero": lambda: made(raw(), sheet().assign(particles=0.0, volume_ul=0.0, protein_ug=0.0)),
    "amounts: missing": lambda: made(raw(), sheet().assign(particles=NAN, volume_ul=NAN, protein_ug=NAN)),
    "amounts: denormal": lambda: made(raw(), sheet().assign(particles=5e-324, volume_ul=5e-324, protein_ug=5e-324)),
    "amounts: huge": lambda: made(raw(), sheet().assign(particles=1e300, volume_ul=1e300, protein_ug=1e300)),
    "amounts: infinite": lambda: made(raw(), sheet().assign(particles=np.inf)),
    "amounts: negative": lambda: made(raw(), sheet().assign(protein_ug=-1.0)),
    "orders equal": lambda: made(raw(), sheet().assign(order=1.0)),
    "orders infinite": lambda: made(raw(), sheet().assign(order=[np.inf, 1.0, 2.0] * 2)),
    "orders huge": lambda: made(raw(), sheet().assign(order=[1e300, -1e300, 0.0] * 2)),
}  # fmt: skip
