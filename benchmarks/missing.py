"""Missing values in the test of single proteins: level, false shares and power with a known truth.

Run as ``python benchmarks/missing.py DATA``, DATA the folder of real data sets; ``--part NAME`` runs one part alone
and ``--write`` puts what was run into the README of this folder. The parts:

level
    One group of real samples is split at random, 3 against 3 and 5 against 5, and a simulated study without an effect
    is drawn: whatever is found is false.
mixtures
    Real mixtures of human, yeast and E. coli proteomes, 3 against 3, in which only yeast and E. coli differ; as
    measured, and after losing values as often as a detection curve says.
planted
    Random splits of real groups with effects planted in 15 % of the proteins; where an effect lowers a protein its
    values get lost, and where it raises one they appear, as often as the detection curve of the group says.
choices
    What the prior, its trend, the least values and the normalization do to the false share in the mixtures.

Compared are the test of the measured values alone (with one and with two values in each group), the pair of it and the
presence/absence test (either finds the protein), and values and detections together (`missing="combined"`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

import markerkit as mk
from markerkit.study.contrast import Contrast

sys.path.insert(0, str(Path(__file__).parent))
from sections import Part, run_parts

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

ARMS = Contrast("arm", "case", "control")
POOLS = (
    ("plasma_ev_isolation_meta_pnnl", "SEC"),
    ("plasma_ev_isolation_meta_pnnl", "UC"),
    ("plasma_ev_isolation_meta_pnnl", "Centrifugation"),
    ("inspiration4_plasma_evp", "EVP_pre_flight"),
    ("inspiration4_plasma_evp", "EVP_recovery"),
    ("ibd_colon_ev_metaproteome", "Control"),
    ("ibd_colon_ev_metaproteome", "UC"),
)
#: of one laboratory each, so that a random split is no split of laboratories
ALIKE = POOLS[3:]
LEVELS = (0.01, 0.05, 0.5)
CHANGED = ("YEAST", "ECOLI")
LOST = 0.35  # quantile of the abundances at which half of the values get lost
OPTIONS = ("values (1 in each group)", "values (2)", "pair (1)", "pair (2)", "combined (2)", "combined (1)")


# ---- data ----------------------------------------------------------------------------


def arms(values: Array, names: list[str]) -> mk.Experiment:
    """Experiment of two halves on the log2 scale."""
    samples = [f"s{i}" for i in range(len(values))]
    sheet = pd.DataFrame({"arm": np.repeat(["case", "control"], len(values) // 2)}, samples)
    return mk.Experiment(pd.DataFrame(values, samples, names), sheet, scale="log2")


def pool(data: Path, name: str, group: str) -> Array:
    """Log2 abundances of one group of real samples, samples x proteins."""
    matrix = pd.read_csv(data / name / "matrix.tsv", sep="\t", low_memory=False)
    sheet = pd.read_csv(data / name / "samples.tsv", sep="\t")
    wanted = set(sheet.loc[sheet["group"] == group, "sample"].astype(str))
    raw = matrix[[c for c in matrix.columns if c in wanted]].apply(pd.to_numeric, errors="coerce")
    return np.log2(raw.where(raw > 0)).T.to_numpy()


def complete_cells(data: Path) -> Array:
    """Log2 abundances of untreated U937 cells, without a missing value."""
    matrix = pd.read_csv(data / "tanzer_u937_cells" / "matrix.tsv", sep="\t", low_memory=False)
    sheet = pd.read_csv(data / "tanzer_u937_cells" / "samples.tsv", sep="\t")
    return np.asarray(
        matrix[sheet.loc[sheet["group"] == "control", "sample"].tolist()].T.to_numpy(dtype=float)
    )


def mixtures_of(data: Path) -> Iterator[tuple[str, Array, BoolArray]]:
    """Name, log2 abundances and the rows that differ, of each real mixture; rows are peptides or precursors."""
    folder = data / "parsers"
    sage = pd.read_csv(folder / "sage" / "proteobench_sage_lfq.tsv", sep="\t")
    yield "Sage, peptides", *_mixture(sage.iloc[:, 6:12], sage["proteins"])
    found = pd.read_csv(
        folder / "proteome_discoverer" / "proteobench_PeptideGroups_trimmed.txt", sep="\t", dtype=str
    )
    columns = [c for c in found.columns if c.startswith("Abundance: F")]
    raw = found[columns].apply(pd.to_numeric, errors="coerce")
    yield "Proteome Discoverer, peptides", *_mixture(raw, found["Master Protein Accessions"].fillna(""))


def _mixture(raw: pd.DataFrame, proteins: pd.Series) -> tuple[Array, BoolArray]:
    species = proteins.map(lambda text: {p.strip().rsplit("_", 1)[-1] for p in text.split(";")})
    known = species.map(lambda s: len(s) == 1 and s <= {"HUMAN", *CHANGED}).to_numpy()
    changed = species.map(lambda s: s <= set(CHANGED)).to_numpy()
    return np.log2(raw.where(raw > 0)).T.to_numpy()[:, known], changed[known]


def lose(values: Array, rng: np.random.Generator, middle: float, slope: float = 1.0) -> Array:
    """Lose values by a logistic detection curve."""
    return np.where(rng.random(values.shape) < expit(slope * (values - middle)), values, np.nan)


def curve(values: Array) -> tuple[float, float]:
    """Abundance at which half of the values are detected, and the slope of the log odds there."""
    seen = ~np.isnan(values)
    some = seen.any(axis=0)
    x = np.nanmean(values[:, some], axis=0)
    center, spread, share = x.mean(), x.std(), seen[:, some].mean(axis=0)
    z = (x - center) / spread
    a, b = minimize(
        lambda q: (np.logaddexp(0, q[0] + q[1] * z) - share * (q[0] + q[1] * z)).mean(), [0.0, 1.0]
    ).x
    return float(center - a * spread / b), max(float(b / spread), 1.0)


def plant(
    values: Array, rng: np.random.Generator, size: tuple[float, float] = (1.0, 3.0)
) -> tuple[Array, BoolArray]:
    """Plant effects in 15 % of the proteins of the first half; detections follow."""
    (middle, slope), n = curve(values), len(values) // 2
    changed = np.zeros(values.shape[1], dtype=bool)
    changed[rng.permutation(values.shape[1])[: int(0.15 * values.shape[1])]] = True
    effect = rng.uniform(*size, changed.sum()) * rng.choice([-1, 1], changed.sum())
    level = np.nanmean(values[:, changed], axis=0)
    before, after = (expit(slope * (x - middle)) for x in (level, level + effect))
    old, draw = values[:n, changed], rng.random((n, changed.sum()))
    new = old + effect
    new[~np.isnan(old) & (effect < 0) & (draw > after / before)] = np.nan
    spread = np.nanmedian(np.nanstd(values[:, (~np.isnan(values)).sum(axis=0) > 1], axis=0, ddof=1))
    appears = np.isnan(old) & (effect > 0) & (draw < (after - before) / (1 - before))
    drawn = level + effect + spread * rng.standard_normal(old.shape)
    out = values.copy()
    out[:n, changed] = np.where(appears, drawn, new)
    return out, changed


# ---- tests ---------------------------------------------------------------------------


def kept(values: Array, changed: BoolArray | None = None) -> mk.Experiment:
    """Filter as an assessment does, and normalize by the median."""
    some = ~np.isnan(values).all(axis=0)
    names = [
        f"{'changed' if changed is not None and changed[i] else 'same'}{i}" for i in np.flatnonzero(some)
    ]
    exp = mk.filter_detected(arms(values[:, some], names), min_fraction=0.5, by="arm")
    return mk.normalize(exp)


def found_by(exp: mk.Experiment, **options: object) -> dict[str, BoolArray]:
    """Proteins found at a false discovery rate of 5 %, by option."""

    def at(missing: str, least: int) -> BoolArray:
        da = mk.differential_abundance(exp, ARMS, missing=missing, min_values=least, **options)  # type: ignore[arg-type]
        return np.asarray(da.table["padj"] <= 0.05)

    detected = np.asarray(mk.detection_test(exp, ARMS).table["padj"] <= 0.05)
    one, two = at("measured", 1), at("measured", 2)
    sets = (one, two, one | detected, two | detected, at("combined", 2), at("combined", 1))
    return dict(zip(OPTIONS, sets, strict=True))


class Tally:
    """False share and power of each option over draws."""

    def __init__(self) -> None:
        self.false: dict[tuple[str, str], list[float]] = {}
        self.power: dict[tuple[str, str], list[float]] = {}

    def add(self, exp: mk.Experiment, background: str, found: dict[str, BoolArray]) -> None:
        """Take the proteins found in one draw; their names say which are true."""
        true = exp.proteins.index.str.startswith("changed")
        for option, hits in found.items():
            key = (background, option)
            self.false.setdefault(key, []).append(100 * (hits & ~true).sum() / max(hits.sum(), 1))
            self.power.setdefault(key, []).append(100 * (hits & true).sum() / max(true.sum(), 1))

    def rows(self, name: str) -> Iterator[dict[str, object]]:
        """Rows of the table: false share (median and range) / power."""
        for background in dict.fromkeys(key[0] for key in self.false):
            row: dict[str, object] = {"data": name, "effects over": background}
            for option in OPTIONS:
                shares, power = self.false[background, option], np.mean(self.power[background, option])
                spread = f" ({min(shares):.1f} to {max(shares):.1f})" if len(shares) > 1 else ""
                row[option] = f"{np.median(shares):.1f}{spread} / {power:.0f}"
            yield row


def both_backgrounds(tally: Tally, exp: mk.Experiment) -> None:
    """Test under the median normalization, and against the proteins that do not change."""
    tally.add(exp, "median", found_by(exp))
    same = exp.proteins.index[exp.proteins.index.str.startswith("same")]
    tally.add(exp, "unchanged", found_by(exp, background=same))


# ---- parts -----------------------------------------------------------------------------


def level(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    rows = []
    draws: list[tuple[str, int, Callable[[np.random.Generator], Array]]] = []
    for name, group in POOLS:
        values = pool(data, name, group)
        draws += [
            (f"{name} {group}", n, lambda rng, v=values, n=n: v[rng.permutation(len(v))[: 2 * n]])
            for n in (3, 5)
            if len(values) >= 2 * n
        ]
    draws += [("simulated", n, lambda rng, n=n: simulated(rng, n)) for n in (3, 5)]
    for name, n, draw in draws:
        rng = np.random.default_rng(0)
        rates: dict[str, list[list[float]]] = {"measured": [], "combined": []}
        for _ in range(runs):
            exp = kept(draw(rng))
            for missing, into in rates.items():
                table = mk.differential_abundance(exp, ARMS, missing=missing).table
                p = table["pvalue"].dropna().to_numpy()
                gaps = table["based_on"].isin(["detections", "values and detections"]).to_numpy()
                some = table["pvalue"].to_numpy()[gaps]
                into.append(
                    [
                        *((p < q).mean() for q in LEVELS),
                        (some < 0.05).mean() if len(some) else np.nan,
                        (table["padj"] <= 0.05).sum(),
                    ]
                )
        for missing, found in rates.items():
            *shares, gap, hits = np.nanmean(found, axis=0) if missing == "combined" else _mean(found)
            rows.append(
                {
                    "data": name,
                    "samples": f"{n} v {n}",
                    "test": missing,
                    **{f"p < {q:g} %": f"{100 * v:.1f}" for q, v in zip(LEVELS, shares, strict=True)},
                    "p < 0.05, with gaps %": "" if np.isnan(gap) else f"{100 * gap:.1f}",
                    "found at 5 %": f"{hits:.1f}",
                }
            )
    note = (
        f"{runs} random splits (or simulated studies) each; no protein differs. Share of the tested proteins with a p below "
        "0.01, 0.05 and 0.5 (nominal 1, 5 and 50 %), the second also for proteins that some samples miss, and the number "
        "of proteins found at a false discovery rate of 5 % (mean). The three plasma pools mix laboratories, so that "
        "samples of one split are alike and all tests reject more."
    )
    return pd.DataFrame(rows), note


def _mean(found: list[list[float]]) -> list[float]:
    return [float(np.mean(column)) for column in zip(*found, strict=True)]


def simulated(rng: np.random.Generator, n: int, p: int = 2500) -> Array:
    """Draw a study without an effect: unequal variances, and detection by abundance, protein and sample."""
    base = rng.normal(24, 2.5, p)
    spread = 0.35 * np.sqrt(4 / rng.chisquare(4, p))
    values = base + spread * rng.standard_normal((2 * n, p))
    readiness, depth = rng.normal(0, 1, p), rng.normal(0, 0.3, (2 * n, 1))
    return np.where(rng.random(values.shape) < expit(values - 23 + readiness + depth), values, np.nan)


def mixtures(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    rows: list[dict[str, object]] = []
    for name, values, changed in mixtures_of(data):
        tally = Tally()
        both_backgrounds(tally, kept(values, changed))
        rows += tally.rows(name)
        tally, rng = Tally(), np.random.default_rng(0)
        for _ in range(runs):
            lossy = lose(values, rng, float(np.nanquantile(values, LOST)))
            both_backgrounds(tally, kept(lossy, changed))
        rows += tally.rows(f"{name}, values lost")
    note = (
        f"Only yeast and E. coli differ. As measured (once; under 5 % of the values are missing, so that detections say "
        f"nothing) and after losing values by a logistic curve of slope 1 per log2 ({runs} draws). Of what is "
        "found at a false discovery rate of 5 % the share that is human (median and range) / the share of yeast and E. coli rows found, %."
    )
    return pd.DataFrame(rows), note


def planted(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    rows: list[dict[str, object]] = []
    for n in (3, 5):
        for name, group in ALIKE:
            values, tally, rng = pool(data, name, group), Tally(), np.random.default_rng(1)
            if len(values) < 2 * n:
                continue
            for _ in range(runs):
                drawn = values[rng.permutation(len(values))[: 2 * n]]
                both_backgrounds(tally, kept(*plant(drawn[:, ~np.isnan(drawn).all(axis=0)], rng)))
            rows += tally.rows(f"{name} {group}, {n} v {n}")
        for size, slope in (((1.0, 3.0), 1.0), ((2.0, 6.0), 1.0), ((2.0, 6.0), 2.0)):
            tally, rng, values = Tally(), np.random.default_rng(2), complete_cells(data)
            for _ in range(max(2, runs // 2)):
                both_backgrounds(tally, kept(*cells_with_effects(values, rng, n, size, slope)))
            rows += tally.rows(f"U937 cells, effects {size[0]:g} to {size[1]:g}, slope {slope:g}, {n} v {n}")
    note = (
        f"{runs} draws ({max(2, runs // 2)} of the cells). Effects of either sign in 15 % of the proteins: 1 to 3 log2 in the "
        "EV pools. The cells have no missing value of their own: they get lost by a logistic curve of the slope given, half of "
        "them at the quantile 0.3. False share (median and range) / share of the changed proteins found, %."
    )
    return pd.DataFrame(rows), note


def cells_with_effects(
    values: Array, rng: np.random.Generator, n: int, size: tuple[float, float], slope: float
) -> tuple[Array, BoolArray]:
    """Draw cells, plant effects and lose values."""
    drawn = values[rng.permutation(len(values))[: 2 * n]].copy()
    changed = np.zeros(drawn.shape[1], dtype=bool)
    changed[rng.permutation(drawn.shape[1])[: int(0.15 * drawn.shape[1])]] = True
    effect = rng.uniform(*size, changed.sum()) * rng.choice([-1, 1], changed.sum())
    middle = float(np.quantile(drawn, 0.3))
    drawn[:n, changed] += effect
    return lose(drawn, rng, middle, slope), changed


def choices(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    rows = []
    variants: dict[str, dict[str, object]] = {
        "as it is (2 values, median of the complete)": {},
        "1 value in each group": {"min_values": 1},
        "prior by moments (legacy)": {"legacy": True},
        "prior trend": {"trend": True},
        "robust prior": {"robust": True},
    }
    for name, values, changed in mixtures_of(data):
        rng = np.random.default_rng(0)
        lossy = [lose(values, rng, float(np.nanquantile(values, LOST))) for _ in range(runs)]
        for title, draws in ((name, [values]), (f"{name}, values lost", lossy)):
            for label, options in variants.items():
                rows.append(_choice(title, label, [kept(v, changed) for v in draws], options))
            rows.append(
                _choice(title, "median of all values", [_of_all(kept(v, changed)) for v in draws], {})
            )
            same = [kept(v, changed) for v in draws]
            rows.append(_choice(title, "over the unchanged", same, {"background": None}))
    note = (
        "Measured values alone, false share (median) and share found at a false discovery rate of 5 %, for one change "
        "at a time."
    )
    return pd.DataFrame(rows), note


def _of_all(exp: mk.Experiment) -> mk.Experiment:
    """Center samples on the median of all their values, not of the proteins that all samples show."""
    values = exp.values.sub(exp.values.median(axis=1), axis=0)
    return mk.Experiment(values + 20, exp.samples, scale="log2")


def _choice(
    title: str, label: str, draws: list[mk.Experiment], options: dict[str, object]
) -> dict[str, object]:
    false, power = [], []
    for exp in draws:
        true = exp.proteins.index.str.startswith("changed")
        given = options | ({"background": exp.proteins.index[~true]} if "background" in options else {})
        found = np.asarray(mk.differential_abundance(exp, ARMS, **given).table["padj"] <= 0.05)  # type: ignore[arg-type]
        false.append(100 * (found & ~true).sum() / max(found.sum(), 1))
        power.append(100 * (found & true).sum() / max(true.sum(), 1))
    return {
        "data": title,
        "changed": label,
        "false %": f"{np.median(false):.1f}",
        "found %": f"{np.mean(power):.0f}",
    }


PARTS: dict[str, Part] = {
    "level": ("Level without a difference", level, 20),
    "mixtures": ("Mixtures of three species", mixtures, 12),
    "planted": ("Effects planted in real groups", planted, 5),
    "choices": ("What the false share depends on", choices, 8),
}
INTRO = "## Missing values in the test of single proteins\n\nWritten by `python benchmarks/missing.py DATA --write`.\n"


if __name__ == "__main__":
    raise SystemExit(run_parts("missing", __doc__.splitlines()[0], INTRO, PARTS))
