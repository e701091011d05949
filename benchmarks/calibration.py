"""Does every p-value hold its level? Rejection rates under nulls, and power beside R's limma.

Run as ``python benchmarks/calibration.py``; ``--write`` puts the table and the
figure into the README of this folder, ``--quick`` runs a few data sets.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from sections import FOLDER, markdown, write_section
from threadpoolctl import threadpool_limits

from markerkit.stats import detection, ebayes, linear, prior
from markerkit.stats.background import background
from markerkit.stats.camera import camera
from markerkit.stats.fry import fry
from markerkit.stats.joint import joint_effects
from markerkit.stats.set_effect import MarkerEffects, set_effect
from markerkit.stats.set_statistics import set_statistics

Array = npt.NDArray[np.float64]
Members = list[npt.NDArray[np.intp]]
Key = tuple[str, str, int, str, str, str]  # test, null, n, missing, set size, correlation

ARMS = (3, 4, 8)
SIZES = (5, 15, 40)
CORRELATIONS = (0.0, 0.1, 0.3)
MISSING = ("complete", "15 % missing")
SHARP, SPREAD = "no effects", "effects everywhere"
LEVELS = (0.05, 0.01)
#: rejection at 5 % that a cell may have
LOWEST, HIGHEST = 0.03, 0.07
TAU = 0.5  # standard deviation of the effects of the second null, log2
#: null -> standard deviation of the true effects of all proteins, log2; the last ones lie between the first two
NULLS = {SHARP: 0.0, SPREAD: TAU, "effects of 0.15": 0.15, "effects of 0.25": 0.25, "effects of 0.35": 0.35}
SHIFT = 0.3  # effect of the sets of the power study, log2
FEWEST = 3
Z99 = 2.5758293035489004
#: tests that may be conservative: a negative correlation counts as none
UPPER_ONLY = ("camera",)
SET_TESTS = ("camera", "fry", "joint", "set effect")
PROTEIN_TESTS = ("moderated t", "DEqMS", "detection test")


@dataclass(frozen=True)
class Layout:
    """Sets of a simulated proteome: `copies` of every size and correlation, and proteins outside."""

    copies: int = 5
    outside: int = 900

    @property
    def cells(self) -> list[tuple[int, float]]:
        """Size and correlation of every set."""
        return [cell for cell in product(SIZES, CORRELATIONS) for _ in range(self.copies)]

    @property
    def members(self) -> Members:
        """Places of every set's members; no protein in two sets."""
        starts = np.cumsum([0] + [size for size, _ in self.cells])
        return [np.arange(a, b) for a, b in pairwise(starts)]

    @property
    def proteins(self) -> int:
        return sum(size for size, _ in self.cells) + self.outside


@dataclass
class Counts:
    """Rejections and tests of one cell, a number a data set."""

    tested: list[int] = field(default_factory=list)
    rejected: dict[float, list[int]] = field(default_factory=lambda: {level: [] for level in LEVELS})

    def add(self, pvalue: Array) -> None:
        known = pvalue[np.isfinite(pvalue)]
        self.tested.append(len(known))
        for level in LEVELS:
            self.rejected[level].append(int((known < level).sum()))

    def rate(self, level: float) -> tuple[float, float, float]:
        """Rejection rate with its 99 % interval (Wilson's, tests of one data set counted as a cluster)."""
        n, x = np.array(self.tested, float), np.array(self.rejected[level], float)
        total = n.sum()
        if total == 0:
            return np.nan, np.nan, np.nan
        rate = x.sum() / total
        chance = rate * (1 - rate) * total
        design = max(1.0, ((x - rate * n) ** 2).sum() / chance) if chance > 0 else 1.0
        m = total / design
        middle = (rate + Z99**2 / (2 * m)) / (1 + Z99**2 / m)
        half = Z99 / (1 + Z99**2 / m) * np.sqrt(rate * (1 - rate) / m + Z99**2 / (4 * m**2))
        return float(rate), float(middle - half), float(middle + half)


def simulate(
    rng: np.random.Generator, n: int, layout: Layout, *, tau: float = 0.0, shift: float = 0.0
) -> Array:
    """Log2 abundances of `n` case and `n` control samples, shape (2n, p).

    Residual variances follow the scaled inverse chi-square prior with 5 df; a set's residuals share a part by its
    correlation. `tau` spreads the effects of all proteins, `shift` moves the first copy of every kind of set.
    """
    p = layout.proteins
    noise = rng.standard_normal((2 * n, p))
    for (_, rho), at in zip(layout.cells, layout.members, strict=True):
        noise[:, at] = np.sqrt(rho) * rng.standard_normal((2 * n, 1)) + np.sqrt(1 - rho) * noise[:, at]
    deviation = np.sqrt(0.09 * 5 / rng.chisquare(5, p))
    values = rng.normal(24, 2, p) + deviation * noise
    effect = tau * rng.standard_normal(p)
    for at in layout.members[:: layout.copies]:
        effect[at] += shift
    values[:n] += effect
    return np.asarray(values)


def hide(rng: np.random.Generator, values: Array) -> Array:
    """Leave out 15 %, low values first, in samples of unequal depth."""
    depth = rng.normal(0, 0.5, (len(values), 1))
    chance = expit(np.quantile(values, 0.12) + depth - values)
    return np.where(rng.random(values.shape) < np.clip(0.15 / chance.mean() * chance, 0, 1), np.nan, values)


def two_groups(n: int) -> Array:
    return np.column_stack([np.ones(2 * n), np.repeat([1.0, 0.0], n)])


def p_of_sets(values: Array, n: int, layout: Layout) -> tuple[Array, dict[str, Array]]:
    """Moderated p by protein, and p by set of every set test."""
    fit = linear.fit(values, two_groups(n))
    moderated = ebayes.moderate(fit.sigma**2, fit.df_residual)
    statistics, usable = set_statistics(fit, moderated, np.array([0.0, 1.0]))
    place = np.where(usable, np.cumsum(usable) - 1, -1)
    members = [place[at][place[at] >= 0] for at in layout.members]
    members = [at if len(at) >= FEWEST else at[:0] for at in members]
    protein = np.full(len(usable), np.nan)
    protein[usable] = ebayes.two_sided(statistics.t, statistics.df_total)
    effect, influence, variance = fit.influence(np.array([0.0, 1.0]))
    found = {
        "camera": camera(statistics, members).pvalue,
        "fry": fry(statistics, members, mixed=False).pvalue,
    }
    part = (effect[usable], influence[:, usable], variance[usable], fit.df_residual[usable])
    found |= _with_background(part, members, layout)
    return protein, {k: np.where([len(at) > 0 for at in members], v, np.nan) for k, v in found.items()}


def _with_background(
    part: tuple[Array, Array, Array, Array], members: Members, layout: Layout
) -> dict[str, Array]:
    """Set effect of every set, and the joint test of sets that share a fifth of their members with the next."""
    effect, influence, variance, df = part
    outside = np.ones(len(effect), dtype=bool)
    outside[np.concatenate(members)] = False
    reference = background(effect[outside], influence[:, outside])
    alone = np.full(len(members), np.nan)
    weight = np.zeros((len(effect), len(members)))
    for i, at in enumerate(members):
        if len(at) == 0:
            continue
        first = i - i % layout.copies
        neighbor = members[first + (i + 1 - first) % layout.copies]
        weight[at, i] = 1.0
        weight[neighbor[: len(neighbor) // 5], i] = 1.0
        markers = MarkerEffects(
            effect[at], influence[:, at], variance[at], df[at], np.full(len(at), 1 / len(at))
        )
        found = set_effect(markers, reference)
        alone[i] = ebayes.two_sided(np.array([found.estimate / found.se]), found.df)[0]
    shared = weight.sum(axis=1)
    kept = np.flatnonzero(weight.any(axis=0))
    used = np.flatnonzero(shared > 0)
    joint = np.full(len(members), np.nan)
    of_all = MarkerEffects(
        effect[used], influence[:, used], variance[used], df[used], np.full(len(used), 1 / len(used))
    )
    joint[kept] = joint_effects(
        of_all,
        (weight / np.maximum(shared, 1)[:, None])[np.ix_(used, kept)],
        reference,
    ).pvalue
    return {"set effect": alone, "joint": joint}


def p_of_deqms(rng: np.random.Generator, values: Array, n: int) -> Array:
    """Moderated p where the variance falls with the number of peptides."""
    count = 1 + rng.geometric(0.15, values.shape[1])
    mean = np.nanmean(values, axis=0)
    fit = linear.fit(mean + (values - mean) * (4 / count) ** 0.25, two_groups(n))
    variance, df = fit.sigma**2, fit.df_residual
    moderated = ebayes.squeeze(
        variance, df, prior.fit_prior_by_count(variance, df, count.astype(float)), pooled=False
    )
    effect, unscaled = fit.contrast(np.array([0.0, 1.0]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return ebayes.two_sided(effect / unscaled / np.sqrt(moderated.variance), moderated.df_total)


def p_of_detection(values: Array, n: int) -> Array:
    """Of the proteins that could reach 5 %, as the verb tests them."""
    seen = ~np.isnan(values)
    total = seen.sum(axis=0)
    found = detection.conditional_test(seen, np.arange(2 * n) < n, detection.sample_odds(seen))
    within_reach = found.smallest <= LEVELS[0] + 1e-9
    return np.where((total > 0) & (total < 2 * n) & within_reach, found.pvalue, np.nan)


def run(
    seed: int, n: int, missing: str, null: str, data_sets: range, layout: Layout, counts: dict[Key, Counts]
) -> None:
    """Add data sets to the counts; each has its own random numbers, whatever else is run."""
    kinds = layout.cells[:: layout.copies]
    design = (ARMS.index(n), MISSING.index(missing), list(NULLS).index(null))
    for number in data_sets:
        rng = np.random.default_rng([seed, *design, number])
        values = simulate(rng, n, layout, tau=NULLS[null])
        if missing != MISSING[0]:
            values = hide(rng, values)
        protein, sets = p_of_sets(values, n, layout)
        for test, pvalue in sets.items():
            for (size, rho), p in zip(kinds, pvalue.reshape(len(kinds), layout.copies), strict=True):
                counts[test, null, n, missing, str(size), str(rho)].add(p)
        if null == SHARP:
            counts["moderated t", null, n, missing, "", ""].add(protein)
            some = ~np.isnan(values).all(axis=0)
            counts["DEqMS", null, n, missing, "", ""].add(p_of_deqms(rng, values[:, some], n))
            if missing != MISSING[0]:
                counts["detection test", null, n, missing, "", ""].add(p_of_detection(values, n))


def calibrate(seed: int, data_sets: int, most: int, layout: Layout) -> dict[Key, Counts]:
    """Run every design; those with a cell whose interval straddles a bound get more data sets, up to `most`."""
    counts: dict[Key, Counts] = defaultdict(Counts)
    for n, missing, null in product(ARMS, MISSING, NULLS):
        run(seed, n, missing, null, range(data_sets), layout, counts)
        if most > data_sets and any(_close(v, k) for k, v in counts.items() if k[1:4] == (null, n, missing)):
            run(seed, n, missing, null, range(data_sets, most), layout, counts)
    return dict(counts)


def _close(count: Counts, key: Key) -> bool:
    """Whether the 99 % interval of a cell holds one of its bounds."""
    if key[1] not in (SHARP, SPREAD) or (key[0] == "fry" and key[1] == SPREAD):
        return False
    _, low, high = count.rate(0.05)
    return low <= HIGHEST <= high or (key[0] not in UPPER_ONLY and low <= LOWEST <= high)


def verdict(test: str, low: float, high: float) -> str:
    """What a 99 % interval says of a cell."""
    if low > HIGHEST:
        return "too many"
    if high < LOWEST:
        return "held, conservative" if test in UPPER_ONLY else "too few"
    return "held"


def table_of(counts: dict[Key, Counts]) -> pd.DataFrame:
    """One row a cell."""
    rows = []
    for (test, null, n, missing, size, rho), count in counts.items():
        rate, low, high = count.rate(0.05)
        rows.append(
            {
                "test": test,
                "null": null,
                "n": n,
                "missing": missing,
                "size": size,
                "correlation": rho,
                "data_sets": len(count.tested),
                "tests": sum(count.tested),
                "rate_5": rate,
                "low": low,
                "high": high,
                "rate_1": count.rate(0.01)[0],
                "verdict": verdict(test, low, high),
            }
        )
    return pd.DataFrame(rows)


def power(seed: int, data_sets: int, layout: Layout) -> pd.DataFrame:
    """Share of shifted sets found at 5 % on complete data, here and by limma on the same data sets."""
    ours: dict[tuple[int, int], dict[str, Array]] = {}
    shifted = np.arange(0, len(layout.cells), layout.copies)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sets.txt").write_text(
            "\n".join(" ".join(str(j + 1) for j in at) for at in layout.members)
        )
        for n, number in product(ARMS, range(data_sets)):
            values = simulate(np.random.default_rng([seed, n, number]), n, layout, shift=SHIFT)
            values.tofile(Path(folder) / f"n{n}_{number}.bin")  # columns of R are the samples
            ours[n, number] = p_of_sets(values, n, layout)[1]
        theirs = _limma(Path(folder))
    rows = []
    for n in ARMS:
        for i, at in enumerate(shifted):
            size, rho = layout.cells[at]
            own = [ours[n, k] for k in range(data_sets)]
            row: dict[str, float] = {"n": n, "size": size, "correlation": rho}
            row |= {test: float(np.mean([p[test][at] < 0.05 for p in own])) for test in SET_TESTS}
            if theirs:
                limma = np.array([theirs[n, k] for k in range(data_sets)])
                for j, test in enumerate(("camera", "fry")):
                    row[f"limma {test}"] = float((limma[:, at, j] < 0.05).mean())
                    here = np.array([p[test] for p in own])
                    row[f"difference {test}"] = (
                        float(np.abs(here / limma[:, :, j] - 1).max()) if i == 0 else 0.0
                    )
            rows.append(row)
    return pd.DataFrame(rows)


def _limma(folder: Path) -> dict[tuple[int, int], Array]:
    """p of limma's camera and fry by data set; nothing where R or limma is not there."""
    if not has_limma():
        return {}
    script = FOLDER / "_limma_power.R"
    subprocess.run(
        ["Rscript", "--vanilla", str(script), str(folder)], check=True, capture_output=True, timeout=600
    )
    out = {}
    for path in folder.glob("*_*.txt"):
        n, number = path.stem.removeprefix("n").split("_")
        out[int(n), int(number)] = np.loadtxt(path)
    return out


def has_limma() -> bool:
    """Whether R with limma runs on this machine."""
    if shutil.which("Rscript") is None:
        return False
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", "library(limma)"], check=False, capture_output=True, timeout=120
    )
    return done.returncode == 0


def text_of(table: pd.DataFrame, powers: pd.DataFrame, seconds: float) -> str:
    """Section of the README."""
    proteins = table[table["test"].isin(PROTEIN_TESTS)]
    extreme = table["null"].isin([SHARP, SPREAD])
    sets = table[table["test"].isin(SET_TESTS) & extreme]
    wrong = table[table["verdict"].isin(["too many", "too few"]) & extreme]
    parts = [
        "## Do the p-values hold their level?",
        "",
        _how(table, seconds),
        "",
        "![Rejection rates of the set tests](calibration.png)",
        "",
        "Rejection at 5 %, in percent; cells whose 99 % interval lies outside 3 to 7 % in bold. The last column is the "
        "largest rate at 1 %. Every cell with its interval: `calibration.tsv`.",
        "",
        markdown(_wide(sets), left=("test", "null", "samples", "missing")),
        "",
        "Proteins one by one, without effects:",
        "",
        markdown(_narrow(proteins), left=("test", "samples", "missing", "verdict")),
        "",
        _reading(wrong),
        "",
        "Where members are heterogeneous, but little beside their noise; range over the cells of 3 + 3 to 8 + 8, complete and "
        "missing, all correlations, in percent:",
        "",
        markdown(_between(table), left=("test", "size")),
        "",
        "### Power, complete data",
        "",
        *_power_text(powers),
    ]
    return "\n".join(parts)


def _how(table: pd.DataFrame, seconds: float) -> str:
    layout = Layout()
    counted = table["data_sets"]
    often = (
        f"{counted.min():,}" if counted.min() == counted.max() else f"{counted.min():,} to {counted.max():,}"
    )
    return (
        f"Simulated proteomes of {layout.proteins:,} proteins, {often} for every design, each with its own random "
        f"numbers. A proteome holds {layout.copies} sets of every size and correlation that share no protein, so that "
        f"a cell of a set test counts {layout.copies} tests a data set; intervals take the tests of one data set as a "
        "cluster. Residual variances follow a scaled inverse chi-square of 5 df (mean deviation about 0.35 log2). "
        "*Missing*: 15 % of the values, low ones first, in samples of unequal depth. *No effects*: nothing differs "
        f"between the arms. *{SPREAD.capitalize()}*: every protein has a true effect from N(0, {TAU}²) log2 and the "
        "sets are random, as where two preparations differ in everything. The joint test is given sets that share a "
        "fifth of their members with the next. The set effect is reported two-sided at 5 %; a verdict reads one "
        f"side, nominally 2.5 %. `python benchmarks/calibration.py`, {seconds / 60:.0f} min of CPU time, R aside."
    )


def _percent(row: pd.Series) -> str:
    text = f"{100 * row['rate_5']:.1f}"
    return f"**{text}**" if row["verdict"].startswith("too") else text


def _wide(sets: pd.DataFrame) -> pd.DataFrame:
    shown = sets.assign(
        cell=sets.apply(_percent, axis=1),
        column=[f"{s} at {r}" for s, r in zip(sets["size"], sets["correlation"], strict=True)],
        samples=[f"{n} + {n}" for n in sets["n"]],
    )
    columns = [f"{s} at {r}" for s, r in product(SIZES, CORRELATIONS)]
    index = ["test", "null", "n", "samples", "missing"]
    wide = shown.pivot_table(index=index, columns="column", values="cell", aggfunc="first")[columns]
    highest = shown.groupby(index)["rate_1"].max()
    wide["1 %"] = [f"{100 * x:.1f}" for x in highest.reindex(wide.index)]
    order = {t: i for i, t in enumerate((*SET_TESTS, SHARP, SPREAD, *MISSING))}
    wide = wide.reset_index().sort_values(
        ["test", "null", "n", "missing"], key=lambda c: c.map(order).fillna(c)
    )
    return wide.drop(columns="n")


def _between(table: pd.DataFrame) -> pd.DataFrame:
    """Range of the rejection rates of the tests with markers as a random factor, by spread of the effects."""
    rows = []
    for test, size in product(("set effect", "joint"), SIZES):
        row: dict[str, object] = {"test": test, "size": size}
        for null in sorted(NULLS, key=lambda k: NULLS[k]):
            cells = table[(table["test"] == test) & (table["size"] == str(size)) & (table["null"] == null)]
            row[f"sd {NULLS[null]:g}"] = (
                f"{100 * cells['rate_5'].min():.1f} to {100 * cells['rate_5'].max():.1f}"
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _narrow(proteins: pd.DataFrame) -> pd.DataFrame:
    order = {t: i for i, t in enumerate((*PROTEIN_TESTS, *MISSING))}
    rows = proteins.sort_values(["test", "n", "missing"], key=lambda c: c.map(order).fillna(c))
    return pd.DataFrame(
        {
            "test": rows["test"],
            "samples": [f"{n} + {n}" for n in rows["n"]],
            "missing": rows["missing"],
            "5 %": [f"{100 * x:.2f}" for x in rows["rate_5"]],
            "99 % interval": [
                f"{100 * a:.2f} to {100 * b:.2f}" for a, b in zip(rows["low"], rows["high"], strict=True)
            ],
            "1 %": [f"{100 * x:.2f}" for x in rows["rate_1"]],
            "verdict": rows["verdict"],
        }
    )


def _reading(wrong: pd.DataFrame) -> str:
    lines = ["Cells outside, by test and null:", ""]
    for (test, null, verdict_), rows in wrong.groupby(["test", "null", "verdict"], sort=False):
        low, high = 100 * rows["rate_5"].min(), 100 * rows["rate_5"].max()
        lines.append(f"- {test}, {null}: {len(rows)} cells reject {verdict_} ({low:.1f} to {high:.1f} %)")
    if wrong.empty:
        lines.append("- none")
    return "\n".join([*lines, "", WHY])


WHY = """Why:

- **camera** holds the upper bound under both nulls. It takes negative estimates of the correlation as 0 and, by
  its t on the few residual df, is strict at 3 + 3; true effects that differ between proteins enlarge the dispersion
  that it compares with, not the correlation.
- **fry** asks whether the members change at all. Without effects it holds. Where all proteins have effects, any set
  changes, and it rejects: that is its question, not an error, and the reason why `enrich(method="fry")` gives the
  share of random sets that the study at hand rejects, and warns where that share is high. At 1 % and 3 + 3 it
  rejects more often than it should (1.4 % on complete data, where its p equal limma's; up to 1.9 % with missing
  values).
- **set effect** and **joint** take the markers as a sample of possible ones, so that they hold under effects
  everywhere. The heterogeneity of the members cannot be estimated below 0; counted wherever it is above,
  it made small sets needlessly wide (1.4 to 2.1 % without effects). So it counts where Cochran's test shows it
  (p < 0.2). The price is paid where the heterogeneity is about as large as the noise, which the test often misses: next table.
- **detection test** has a few possible p a protein. It takes half of the probability of the observed outcome (mid-p)
  and leaves out the proteins that could not reach 5 % however their sightings fell; counted are the others."""


def _power_text(powers: pd.DataFrame) -> list[str]:
    trials = int(powers.attrs["data_sets"])
    shown = powers.copy()
    said = [
        f"Share of sets found at 5 % where all members shift by {SHIFT} log2, in percent; {trials} data sets a row."
    ]
    differences = [c for c in shown.columns if str(c).startswith("difference")]
    if differences:
        largest = ", ".join(f"{c.removeprefix('difference ')} {shown[c].max():.0e}" for c in differences)
        said.append(f"Largest relative difference of p from limma's over all sets and data sets: {largest}.")
    else:
        said.append("R with limma was not on the machine: that part is left out.")
    shown = shown.drop(columns=differences)
    for c in shown.columns[3:]:
        shown[c] = [f"{100 * x:.0f}" for x in shown[c]]
    shown["n"] = [f"{n} + {n}" for n in shown["n"].astype(int)]
    shown = shown.rename(columns={"n": "samples"})
    shown["size"] = shown["size"].astype(int)
    return [" ".join(said), "", markdown(shown, left=("samples",))]


def figure(table: pd.DataFrame, path: Path) -> None:
    """Rejection at 5 % of the set tests: a column a test, a row a null."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    colors = dict(zip(map(str, CORRELATIONS), ("#0072B2", "#E69F00", "#D55E00"), strict=True))
    shapes = dict(zip(map(str, SIZES), ("o", "s", "^"), strict=True))
    places = [(n, m) for n in ARMS for m in MISSING]
    fig, axes = plt.subplots(
        2, len(SET_TESTS), figsize=(11, 6), sharex=True, sharey=True, layout="constrained"
    )
    for (row, null), (column, test) in product(enumerate((SHARP, SPREAD)), enumerate(SET_TESTS)):
        ax = axes[row, column]
        ax.axhspan(100 * LOWEST, 100 * HIGHEST, color="0.9", zorder=0)
        ax.axhline(5, color="0.6", linewidth=0.8, zorder=1)
        part = table[(table["test"] == test) & (table["null"] == null)]
        for _, cell in part.iterrows():
            kind = (
                list(shapes).index(cell["size"]) * 3 + list(colors).index(cell["correlation"]) - 4
            ) * 0.085
            x = places.index((cell["n"], cell["missing"])) + kind
            shown = [max(100 * cell[k], 0.1) for k in ("rate_5", "low", "high")]
            color = colors[cell["correlation"]]
            ax.plot([x, x], shown[1:], color=color, linewidth=0.8)
            ax.plot(x, shown[0], shapes[cell["size"]], color=color, markersize=3.5)
        ax.set_yscale("log")
        ax.set_ylim(0.1, 100)
        ax.set_yticks([0.1, 1, 3, 5, 7, 20, 50], ["0.1", "1", "3", "5", "7", "20", "50"])
        ax.minorticks_off()
        labels = [f"{n}+{n}" + ("" if m == MISSING[0] else "\nmissing") for n, m in places]
        ax.set_xticks(range(len(places)), labels, fontsize=7)
        if row == 0:
            ax.set_title(test, fontsize=10)
        if column == 0:
            ax.set_ylabel(f"{null}\nrejected at 5 %, percent", fontsize=9)
    handles = [plt.Line2D([], [], color=c, label=f"correlation {k}") for k, c in colors.items()]
    handles += [
        plt.Line2D([], [], color="0.3", marker=s, linestyle="", label=f"size {k}") for k, s in shapes.items()
    ]
    fig.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False, fontsize=8)
    fig.savefig(path, dpi=130, metadata={"Software": None})
    plt.close(fig)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-sets", type=int, default=500, help="of every design")
    parser.add_argument("--most", type=int, default=500, help="of a design with a cell close to a bound")
    parser.add_argument("--power", type=int, default=200, help="data sets of the power study")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a few data sets, to see that it runs")
    parser.add_argument("--write", action="store_true", help="write the section of the README and its figure")
    arguments = parser.parse_args(argv)
    data_sets, most, trials = arguments.data_sets, arguments.most, arguments.power
    if arguments.quick:
        data_sets, most, trials = 2, 2, 2
    start = time.process_time()
    with threadpool_limits(1):
        table = table_of(calibrate(arguments.seed, data_sets, most, Layout()))
        powers = power(arguments.seed, trials, Layout())
    powers.attrs["data_sets"] = trials
    text = text_of(table, powers, time.process_time() - start)
    print(text)
    if arguments.write:
        table.round(6).to_csv(FOLDER / "calibration.tsv", sep="\t", index=False)
        figure(table, FOLDER / "calibration.png")
        write_section("calibration", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
