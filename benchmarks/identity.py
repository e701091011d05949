"""How often the calls are wrong, how often they are made, and how well a known admixture is found.

Run as ``python benchmarks/identity.py DATA``; ``--part NAME`` runs one part alone and ``--write`` puts
what was run into the README of this folder. The parts:

nulls
    One group of real samples is split at random, 5 against 5: whatever is called is false.
held_out
    The same with groups that no threshold was chosen with in view.
power
    Real preparations against lysates, subsampled 4 against 4.
classes
    Simulated preparations of one class, 5 against 5, a fifth of the markers wrong: the right class, wrong
    classes, and the same without the markers that tell the class from others.
titration
    Real preparations mixed in silico with their comparator: the contamination fraction must rise by what was added.
level
    Sets without an effect whose markers disagree: how often does the interval lie above 0, with the
    disagreement of each set alone and moderated over the sets?
coverage
    Simulated preparations, 4 against 4: does the interval of the contamination fraction hold its share?
impostors, compression, mixed_cells, real_vesicles
    What is taken for vesicles and is none, and vesicles that are hard to call: see ``impostors.py``.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import markerkit as mk
from markerkit.catalog.criteria import load_criteria
from markerkit.effects.fit import fit_contrast
from markerkit.effects.members import set_members
from markerkit.identity.change import comparison_of
from markerkit.identity.table import COMPATIBLE, NOT_ASSESSABLE, UNRESOLVED, identity_of
from markerkit.purity.contamination import contamination_fraction_table
from markerkit.purity.rules import HIGHER, LOWER
from markerkit.purity.sources import source_verdicts
from markerkit.stats.background import background
from markerkit.stats.set_effect import MarkerEffects, common_heterogeneity, set_effect
from markerkit.study.contrast import Contrast

sys.path.insert(0, str(Path(__file__).parent))
import impostors
from sections import Part, run_parts

Array = npt.NDArray[np.float64]

HELD_OUT = [
    ("magnet_adpd_plasma_ev", "PDD", "human"),
    ("magnet_adpd_plasma_ev", "PD-noMCI", "human"),
    ("inspiration4_plasma_evp", "EVP_pre_flight", "human"),
    ("tanzer_u937_cells", "control", "human"),
    ("tanzer_u937_cells", "apoptosis", "human"),
    ("bv2_mouse_ev_vs_cell", "Cell", "mouse"),
]
POOLS = [
    ("magnet_adpd_plasma_ev", "HC", "human"),
    ("magnet_adpd_plasma_ev", "AD", "human"),
    ("plasma_ev_isolation_meta_pnnl", "SEC", "human"),
    ("plasma_ev_isolation_meta_pnnl", "UC", "human"),
    ("plasma_ev_isolation_meta_pnnl", "Centrifugation", "human"),
    ("bv2_mouse_ev_vs_cell", "EV", "mouse"),
]
#: mean and sd of log2 v / q of right markers: the exosome votes of bv2, EV against cell, are 3.0 and 3.0
EFFECT = {"effect": 3.0, "effect_sd": 2.8, "discordant_fraction": 0.2}
APOPTOSIS = {"apoptosis_induced": True, "apoptosis_shown": "annexin V", "viability_percent": 70.0}
CONTEXT = {
    "exosome": {},
    "microvesicle": {"vesicles": True},
    "apoptotic_body": {"vesicles": True, **APOPTOSIS},
    "apoptotic_exosome": APOPTOSIS,
    "apoptotic_ev": {"vesicles": True, **APOPTOSIS},
}
#: what counts as right beside the class itself: an apoptotic exosome is an exosome and an EV of dying cells, as a body is
ALSO_RIGHT = {"apoptotic_exosome": {"exosome", "apoptotic_ev"}, "apoptotic_body": {"apoptotic_ev"}}
#: first seed of the simulated classes: rules were chosen with studies of smaller seeds in view
FRESH = 30_000
ADDED = (0.0, 0.02, 0.05, 0.10, 0.20, 0.40)


def load(data: Path, name: str, organism: str) -> tuple[mk.Experiment, mk.MarkerCatalog]:
    markers = mk.load_markers(organism=organism)
    folder = data / name
    exp = mk.read_proteins(folder / "matrix.tsv", samples=folder / "samples.tsv", organism=organism)
    return mk.harmonize_ids(exp, markers), markers


def relabelled(exp: mk.Experiment, case: list[str], control: list[str]) -> mk.Experiment:
    arms = exp.select(samples=[*case, *control])
    samples = arms.samples.assign(arm=["case"] * len(case) + ["control"] * len(control))
    return mk.Experiment(arms.values, samples, arms.proteins, arms.scale, arms.organism, arms.history)


def called(table: pd.DataFrame) -> list[str]:
    return list(table.loc[table["verdict"].eq(COMPATIBLE), "class"])


def percent(count: int, n: int) -> str:
    return f"{100 * count / n:.1f}" if n else ""


# ---- real data ---------------------------------------------------------------------


def nulls(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    return _splits(data, runs, POOLS)


def held_out(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    return _splits(data, runs, HELD_OUT)


def _splits(data: Path, runs: int, pools: list[tuple[str, str, str]]) -> tuple[pd.DataFrame, str]:
    rows, rates, shares = [], [], []
    for name, group, organism in pools:
        exp, markers = load(data, name, organism)
        pool = list(exp.samples.index[exp.samples["group"] == group])
        rng = np.random.default_rng(0)
        classes: Counter[str] = Counter()
        sources: Counter[str] = Counter()
        changed: Counter[str] = Counter()
        some: Counter[str] = Counter()
        for _ in range(runs):
            drawn = list(rng.permutation(pool)[:10])
            arms = relabelled(exp, drawn[:5], drawn[5:])
            model = fit_contrast(arms, markers, Contrast("arm", "case", "control", comparator="lysate"))
            found = called(identity_of([model], {}).table)
            change = comparison_of([model], {}).table
            changed.update(change.loc[change["verdict"].isin([HIGHER, LOWER]), "class"])
            some["changed"] += bool(change["verdict"].eq(HIGHER).any())
            classes.update([*found, *(["any"] if found else [])])
            table, _used = source_verdicts(model)
            sources.update(table.loc[table["verdict"] == HIGHER, "source"])
        worst = max(sources, key=lambda k: sources[k], default="")
        mean = sum(sources.values()) / len(load_criteria().sources)
        rates.append(classes["any"] / runs)
        shares.append(mean / runs)
        rows.append(
            {
                "pool": f"{name} {group}",
                "any class compatible %": percent(classes["any"], runs),
                "classes": ", ".join(f"{k} {v}" for k, v in sorted(classes.items()) if k != "any"),
                "any class higher %": percent(some["changed"], runs),
                "classes higher or lower": ", ".join(f"{k} {v}" for k, v in sorted(changed.items())),
                "sources higher, mean %": f"{100 * mean / runs:.1f}",
                "worst source %": f"{worst} {percent(sources[worst], runs)}" if worst else "0",
            }
        )
    note = (
        f"{runs} random splits a pool. Mean over pools: any class {100 * np.mean(rates):.1f} %, sources "
        f"{100 * np.mean(shares):.1f} %."
    )
    return pd.DataFrame(rows), note


def power(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    exp, markers = load(data, "bv2_mouse_ev_vs_cell", "mouse")
    arms = {g: list(exp.samples.index[exp.samples["group"] == g]) for g in ("EV", "Cell")}
    rng = np.random.default_rng(0)
    found: Counter[str] = Counter()
    for _ in range(runs):
        drawn = {g: list(rng.permutation(names)[:4]) for g, names in arms.items()}
        few = relabelled(exp, drawn["EV"], drawn["Cell"])
        model = fit_contrast(few, markers, Contrast("arm", "case", "control", comparator="lysate"))
        found.update(called(identity_of([model], {}).table))
    classes = ("ev", "exosome", "microvesicle", "apoptotic_body")
    table = pd.DataFrame([{"class": k, "compatible %": percent(found[k], runs)} for k in classes])
    return table, f"bv2_mouse_ev_vs_cell, EV against cell, 4 against 4, {runs} draws."


def titration(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    del runs
    rows = []
    for name, case, control, organism, comparator in (
        ("bv2_mouse_ev_vs_cell", "EV", "Cell", "mouse", "lysate"),
        ("magnet_ev_vs_plasma", "EV_MagNet", "Plasma_total", "human", "biofluid"),
    ):
        exp, markers = load(data, name, organism)
        contrast = Contrast("group", case, control, comparator=comparator)
        start: dict[float, float] = {}
        for added in ADDED:
            row: dict[str, object] = {"data": name, "added %": f"{100 * added:g}"}
            for lost in (0.0, 0.15):
                mixed = mixture(exp, contrast, added, lost)
                found = float(
                    contamination_fraction_table(mixed, markers, contrast, seed=0).iloc[0]["fraction"]
                )
                expected = start.setdefault(0.0, found) + added * (1 - start[0.0])
                if not lost:
                    row |= {"found %": f"{100 * found:.1f}", "expected %": f"{100 * expected:.1f}"}
                title = "error, points" if not lost else "error with the lowest 15 % missing"
                row[title] = f"{100 * (found - expected):+.2f}"
            rows.append(row)
    note = (
        "The preparations are mixed with the mean comparator on shares of signal. Expected: k0 + f (1 - k0), k0 what "
        "is found in the data as they are. Lowest 15 % missing: in every sample, in either group."
    )
    return pd.DataFrame(rows), note


def mixture(exp: mk.Experiment, contrast: Contrast, added: float, lost: float) -> mk.Experiment:
    """Mix the case samples with the mean control, then lose the lowest values of every sample."""
    linear = exp.linear().fillna(0.0)
    shares = linear.div(linear.sum(axis=1), axis=0)
    case, control = contrast.groups(exp)
    shares.loc[case] = (1 - added) * shares.loc[case] + added * shares.loc[control].mean().to_numpy()
    values = (1e9 * shares).where(shares > 0)
    if lost:
        values = values.where(values.ge(values.quantile(lost, axis=1), axis=0))
    return mk.Experiment(values, exp.samples, exp.proteins, "raw", exp.organism, exp.history)


# ---- simulation --------------------------------------------------------------------


def own_genes(markers: mk.MarkerCatalog, key: str) -> set[str]:
    """Genes of a class that neither its competing classes nor its related classes nor the EV layer have."""
    classes = load_criteria().classes
    shared = [s for other in classes[key].sharing for s in classes[other].sets]
    mine = set(set_members(markers, classes[key].sets)["gene"])
    return mine - set(set_members(markers, shared)["gene"])


def simulated(markers: mk.MarkerCatalog, key: str, seed: int, *, all_markers: bool = False) -> mk.Experiment:
    made = mk.simulate(
        markers,
        n=5,
        classes=[key] if key else [],
        paired=False,
        n_background=600,
        all_markers=all_markers,
        seed=seed,
        **EFFECT,
    )
    return made.experiment


def classes(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    del data
    with ProcessPoolExecutor() as pool:
        rows = list(pool.map(class_row, [*CONTEXT, ""], [runs] * (len(CONTEXT) + 1)))
    note = (
        f"{runs} simulated studies a class, 5 against 5, markers {EFFECT['effect']:g} log2 over the lysate with an sd of "
        f"{EFFECT['effect_sd']:g}, {100 * EFFECT['discordant_fraction']:g} % of them discordant. In the first columns the cells express every "
        "marker of the class (a fifth of all values is missing), in the next ones as many as chance has it, about half. Own "
        "markers: in no competitor, in no related class and not in the EV layer. An apoptotic exosome may be called an exosome or an EV of "
        "dying cells as well. No rule was chosen with these studies in view."
    )
    return pd.DataFrame(rows), note


def class_row(key: str, runs: int) -> dict[str, str]:
    """Call simulated studies of one class, with its markers expressed, by chance, and without its own."""
    warnings.simplefilter("ignore", mk.MarkerkitWarning)
    markers, context = mk.load_markers(), CONTEXT.get(key, {"vesicles": True})
    contrast = Contrast("fraction", "EV", "lysate", comparator="lysate")
    right = {key, "ev", *ALSO_RIGHT.get(key, ())} if key else set()
    own = own_genes(markers, key) if key else set()
    has_rivals = bool(key and load_criteria().classes[key].competing_classes)
    words: dict[str, Counter[str]] = {"all": Counter(), "chance": Counter(), "blind": Counter()}
    wrong: dict[str, Counter[str]] = {"all": Counter(), "chance": Counter()}

    def read(exp: mk.Experiment) -> pd.Series:
        table = identity_of([fit_contrast(exp, markers, contrast)], context).table
        return table.set_index("class")["verdict"]

    for seed in range(FRESH, FRESH + runs):
        for name in wrong if key else ["all"]:
            exp = simulated(markers, key, seed, all_markers=name == "all")
            verdict = read(exp)
            words[name][verdict.get(key, "")] += 1
            found = [c for c in verdict.index[verdict == COMPATIBLE] if c not in right]
            wrong[name].update([*found, *(["any"] if found else [])])
            if has_rivals and name == "all":
                blind = read(exp.select(proteins=exp.values.columns[~exp.proteins["gene"].isin(own)]))
                words["blind"][blind[key]] += 1
    row = {"simulated": key or "none"}
    for name, title in (("all", ""), ("chance", ", by chance")):
        said = words[name]
        row[f"right class compatible{title} %"] = percent(said[COMPATIBLE], runs) if key else ""
        if name == "chance":
            assessed = runs - said[NOT_ASSESSABLE]
            row["where it is assessable %"] = percent(said[COMPATIBLE], assessed) if key else ""
        row[f"a wrong class{title} %"] = percent(wrong[name]["any"], runs) if key or name == "all" else ""
        others = sorted((k, v) for k, v in wrong[name].items() if k != "any")
        row[f"which{title}"] = ", ".join(f"{k} {percent(v, runs)}" for k, v in others)
    blind, n = words["blind"], runs if has_rivals else 0
    row["own markers removed: abstains %"] = percent(blind[UNRESOLVED] + blind[NOT_ASSESSABLE], n)
    row["and still compatible %"] = percent(blind[COMPATIBLE], n)
    return row


#: votes of the sets of a simulated contrast, about as in the catalog
VOTES = (5, 10, 20, 40) * 5
#: sampling variance of a vote
NOISE_VARIANCE = 0.3
#: how votes scatter: variance of their true effects, and df of the chi-square that varies it from set to set
SCATTERS = (("not at all", 0.0, np.inf), ("in all sets alike", 2.0, np.inf), ("in some sets more", 2.0, 4.0))


def level(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    del data
    confidence = load_criteria().threshold["class_confidence"]
    found = []
    for word, usual, df in SCATTERS:
        rng = np.random.default_rng(0)
        for _ in range(runs):
            drawn = df / rng.chisquare(df, len(VOTES)) if np.isfinite(df) else np.ones(len(VOTES))
            sets = [votes_without_effect(rng, m, usual * x) for m, x in zip(VOTES, drawn, strict=True)]
            outside = votes_without_effect(rng, 500, usual)
            reference = background(outside.effect, outside.influence)
            scatter = common_heterogeneity(sets)
            for votes, x in zip(sets, drawn, strict=True):
                alone = set_effect(votes, reference, confidence=confidence)
                moderated = set_effect(votes, reference, confidence=confidence, heterogeneity=scatter)
                width = moderated.half_width / alone.half_width
                found.append((word, votes.n_markers, x, alone.ci_low > 0, moderated.ci_low > 0, width))
    names = ["disagree", "votes", "times", "alone", "moderated", "width"]
    rows = []
    for (word, m), of_size in pd.DataFrame(found, columns=names).groupby(["disagree", "votes"], sort=False):
        most = of_size[of_size["times"] >= of_size["times"].quantile(0.75)]
        unlike = of_size["times"].nunique() > 1
        rows.append(
            {
                "markers heterogeneous": word,
                "independent markers": str(m),
                "above 0, alone %": f"{100 * of_size['alone'].mean():.1f}",
                "above 0, moderated %": f"{100 * of_size['moderated'].mean():.1f}",
                "the most heterogeneous quarter %": f"{100 * most['moderated'].mean():.1f}" if unlike else "",
                "half width, moderated / alone": f"{of_size['width'].median():.2f}",
            }
        )
    note = (
        f"{runs} simulated contrasts of {len(VOTES)} sets, 5 against 5, no set with an effect; markers are homogeneous, heterogeneous "
        f"with variance {SCATTERS[1][1]:g}, or with one that differs from set to set (chi-square of {SCATTERS[2][2]:g} df). "
        f"Nominal: {50 * (1 - confidence):g} % above 0. Moderated, the level holds on average over sets: in those that "
        "are most heterogeneous it is exceeded."
    )
    return pd.DataFrame(rows), note


def votes_without_effect(rng: np.random.Generator, m: int, variance: float) -> MarkerEffects:
    """Votes of true effect 0 on average, read from 5 against 5 samples."""
    n = 5
    noise = np.sqrt(NOISE_VARIANCE * n / 2) * rng.standard_normal((2, n, m))
    effect = np.sqrt(variance) * rng.standard_normal(m) + noise[0].mean(axis=0) - noise[1].mean(axis=0)
    residual = (noise - noise.mean(axis=1, keepdims=True)) * np.array([1, -1])[:, None, None]
    influence = residual.reshape(2 * n, m) / n * np.sqrt(2 * n / (2 * n - 2))
    return MarkerEffects(
        effect, influence, (influence**2).sum(axis=0), np.full(m, 2.0 * n - 2), np.full(m, 1 / m)
    )


HOLDS: tuple[tuple[str, dict[str, float]], ...] = (
    ("lysate", {}),
    ("lysate", {"contamination_fraction": 0.2}),
    ("lysate", {"resident_fraction": 0.25}),
    ("biofluid", {}),
    ("biofluid", {"contamination_fraction": 0.2}),
)
FAILS: tuple[tuple[str, dict[str, float]], ...] = (
    ("lysate", {"resident_fraction": 0.6}),
    ("lysate", {"resident_fraction": 0.8}),
    ("biofluid", {"resident_fraction": 0.6}),
)
#: comparator, whether the arms are of the same donors, whether the assumption holds, options of the simulation
SETTINGS = [
    *((comparator, False, "holds", options) for comparator, options in HOLDS),
    *((comparator, True, "holds", options) for comparator, options in HOLDS),
    *((comparator, False, "fails", options) for comparator, options in FAILS),
]


def coverage(data: Path, runs: int) -> tuple[pd.DataFrame, str]:
    del data
    markers = mk.load_markers()
    rows = []
    for comparator, paired, assumption, options in SETTINGS:
        control = "lysate" if comparator == "lysate" else "plasma"
        pairs = "donor" if paired else None
        contrast = Contrast("fraction", "EV", control, paired_by=pairs, comparator=comparator)
        found, low, high, truth = [], [], [], 0.0
        for seed in range(runs):
            made = mk.simulate(
                markers, n=4, comparator=comparator, paired=paired, n_background=500, seed=seed, **options
            )
            whole = contamination_fraction_table(made.experiment, markers, contrast, seed=0).iloc[0]
            if whole["status"] == "assessed":
                found.append(whole["fraction"])
                low.append(whole["ci_low"])
                high.append(whole["ci_high"])
            truth = made.truth.contamination_fraction
        below, above = np.array(high) < truth, np.array(low) > truth
        rows.append(
            {
                "comparator": comparator,
                "donors": "same" if paired else "other",
                "assumption": assumption,
                "residents %": f"{100 * options.get('resident_fraction', 0.1):g}",
                "true %": f"{100 * truth:g}",
                "median found %": f"{100 * np.median(found):.1f}",
                "intervals that hold it %": percent(int((~below & ~above).sum()), len(found)),
                "below it %": percent(int(below.sum()), len(found)),
                "above it %": percent(int(above.sum()), len(found)),
                "median width, points": f"{100 * np.nanmedian(np.array(high) - np.array(low)):.1f}",
            }
        )
    note = (
        f"{runs} simulated studies a row, 4 against 4 of other donors, or of the same and read in pairs, 20 % of the "
        "values missing. Where more than half of the reference proteins are vesicle-resident, the median is one of them and "
        "the estimate an upper bound."
    )
    return pd.DataFrame(rows), note


# ---- run ---------------------------------------------------------------------------

PARTS: dict[str, Part] = {
    "nulls": ("False calls on real samples of one kind, 5 against 5", nulls, 200),
    "held_out": ("The same on groups that no threshold has seen", held_out, 200),
    "power": ("Calls on a known contrast", power, 200),
    "classes": ("Simulated classes", classes, 500),
    "level": ("Heterogeneity of markers, moderated over sets", level, 2000),
    "titration": ("Contamination fraction: titration of real data", titration, 1),
    "coverage": ("Contamination fraction: coverage of the interval", coverage, 1000),
    **impostors.PARTS,
}
INTRO = """## Identity and purity

Written by `python benchmarks/identity.py DATA --write` (one part alone: `--part NAME`).
"""


if __name__ == "__main__":
    sys.exit(run_parts("identity", __doc__.splitlines()[0], INTRO, PARTS))
