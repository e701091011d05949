"""Set tests and set effects: kernels on fixed arrays."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from markerkit.stats import background, camera, ebayes, fry, joint, linear, ora, set_effect
from markerkit.stats import set_statistics as common
from tests.golden.case_fits import DEFICIENT, DONOR, TWO, WIDE, N, unit, values
from tests.golden.inputs import Array, gaps, normal, uniform
from tests.golden.reference import Tables, case

VALIDATED = (
    "First written while tests/stats/test_oracles.py and test_reference_outputs.py (reference implementations of camera "
    "and fry), tests/stats/test_set_effect.py and tests/sets/test_enrichment.py passed."
)

P = 40
MEMBERS = [
    np.arange(5),
    np.array([], dtype=np.intp),
    np.array([7]),
    np.array([2, 11, 30]),
    np.arange(10, 22),
    np.array([25, 26]),
]
ALL = [*MEMBERS, np.arange(P)]


def rise(y: Array) -> Array:
    y = y.copy()
    y[5:, :5] += 1.0
    y[5:, 25:26] -= 3.0
    return y


def study(
    y: Array, design: Array, contrast: Array, **options: object
) -> tuple[common.SetStatistics, np.ndarray]:
    fit = linear.fit(rise(y), design, **options)  # type: ignore[arg-type]
    return common.set_statistics(fit, ebayes.moderate(fit.sigma**2, fit.df_residual), contrast)


def wide(seed: int) -> Array:
    """Proteins that rise and fall together in part."""
    return values(seed, p=P) + 0.4 * normal(seed + 9, N, 1) * uniform(seed + 8, 1, P)


STUDIES = {
    "complete": (wide(51), TWO, unit(2, 1), {}),
    "donors": (wide(52), WIDE, unit(5, 3, 4), {}),
    "deficient": (wide(53), DEFICIENT, unit(4, 1, 2), {}),
    "deficient, age": (wide(53), DEFICIENT, unit(4, 3), {}),
    "few proteins": (wide(59)[:, :7], TWO, unit(2, 1), {}),
    "missing": (gaps(54, wide(54), 0.15), TWO, unit(2, 1), {}),
    "weights": (wide(55), TWO, unit(2, 1), {"weights": 0.3 + uniform(55, N, P)}),
    "missing blocks": (gaps(56, wide(56), 0.1), TWO, unit(2, 1), {"block": DONOR, "correlation": 0.3}),
    "few df": (wide(57)[[0, 1, 5, 6]], np.column_stack([np.ones(4), [0, 0, 1, 1]]), unit(2, 1), {}),
    "saturated": (wide(58)[[0, 5]], np.array([[1.0, 0], [1, 1]]), unit(2, 1), {}),
}


def prepared(name: str) -> tuple[common.SetStatistics, np.ndarray]:
    y, design, contrast, options = STUDIES[name]
    return study(y[:, :] if len(y) == N else np.vstack([y]), design, contrast, **options)


def of_test(found: common.SetTest) -> pd.DataFrame:
    return pd.DataFrame(
        {k: getattr(found, k) for k in ("statistic", "df", "pvalue", "correlation", "pvalue_mixed")}
    )


@case("sets", tolerance=1e-6)
def statistics_of_sets() -> Tables:
    out: dict[str, object] = {}
    for name in STUDIES:
        statistics, usable = prepared(name) if len(STUDIES[name][0]) == N else small(name)
        out[f"{name} usable"] = int(usable.sum())
        out[name] = pd.DataFrame(
            {"t": statistics.t, "standardized": statistics.standardized, "sigma": statistics.sigma}
        ).head(6)
        out[f"{name} df"] = statistics.df_residual
        if name.startswith("deficient"):  # any basis of its residual space will do
            out[f"{name} squares"] = (statistics.effects[1:, :5] ** 2).sum(axis=0)
        elif statistics.df_residual:
            out[f"{name} effects"] = np.abs(statistics.effects[:, :5])
            out[f"{name} correlation"] = common.inter_protein_correlation(
                statistics, [at[at < len(statistics.t)] for at in MEMBERS]
            )
    return out


def small(name: str) -> tuple[common.SetStatistics, np.ndarray]:
    """Study of few samples: the shift goes to the second half."""
    y, design, contrast, options = STUDIES[name]
    y = y.copy()
    y[len(y) // 2 :, :5] += 1.0
    fit = linear.fit(y, design, **options)
    return common.set_statistics(fit, ebayes.moderate(fit.sigma**2, fit.df_residual), contrast)


@case("sets", tolerance=1e-6)
def camera_tests() -> Tables:
    out: dict[str, object] = {}
    for name in ("complete", "missing", "weights", "few df", "few proteins"):
        statistics, _ = small(name) if name == "few df" else prepared(name)
        sets = [at[at < len(statistics.t)] for at in ALL[:-1]] + [np.arange(len(statistics.t))]
        for correlation, ranks in product(
            (None,) if name.startswith("few") else (None, 0.05, -0.5), (False, True)
        ):
            found = camera.camera(statistics, sets, correlation=correlation, use_ranks=ranks)
            out[f"{name} {correlation} {'ranks' if ranks else 't'}"] = of_test(found)
    return out


@case("sets")
def camera_kernels() -> Tables:
    tied = np.array([1.0, 1, 2, 2, 2, 3, -4, 0.5, 0, 0])
    sets = [np.array([0, 1]), np.array([2, 3, 6]), np.arange(10), np.array([], int), np.array([5])]
    rho = np.array([0.0, 0.2, 0.1, 0.0, 0.9])
    t = np.array([-8.0, -1, 0, 0.5, 2, 3, 40])
    df = np.array([3.0, 4, 5, np.inf, 30, 1e4, 6])
    return {
        "ranks": np.array(camera.rank_sum(tied, sets, rho, np.inf)),
        "ranks of few": np.array(camera.rank_sum(tied, sets, rho, 4.0)),
        "t": np.array(camera.two_sample(tied, sets, rho, 4.0)),
        "minus": np.array(camera.two_sample(tied, sets, rho - 1.2, 4.0)),
        "scores": camera.normal_score(t, df),
    }


@case("sets", tolerance=1e-6)
def fry_tests() -> Tables:
    out: dict[str, object] = {}
    for name in STUDIES:
        if name.startswith("deficient"):
            continue
        statistics, _ = small(name) if name in {"few df", "saturated"} else prepared(name)
        sets = [at[at < len(statistics.t)] for at in ALL]
        out[name] = of_test(fry.fry(statistics, sets))
        out[f"{name} one way"] = of_test(fry.fry(statistics, sets, mixed=False))
    square = (normal(60, 6, 4)) ** 2
    out["robust square"] = fry.robust_square(square)
    alike = np.tile([[1.0], [2.0], [3.0]], 2)
    out["alike"] = fry._mixed_p(alike, np.array([2, 0]), np.array([2.0, np.nan]))
    out["identity"] = fry._mixed_p(np.eye(3), np.array([3]), np.array([1.5]))
    return out


@case("sets")
def hits() -> Tables:
    hit = np.arange(20) % 3 == 0
    sets = [np.array([0, 3, 6]), np.array([1, 2]), np.array([], int), np.array([0, 1, 2, 3])]
    inside, p = ora.over_representation(hit, sets, np.arange(1, 20))
    return {"ora": pd.DataFrame({"inside": inside, "p": p})}


# ---- set effects -----------------------------------------------------------------------

SAMPLES = 8


def markers(
    seed: int, m: int, *, apart: float = 0.0, shift: float = 1.0, df: float = 6.0
) -> set_effect.MarkerEffects:
    """Markers of one set; `apart` is how far their true effects lie apart."""
    noise = 0.1 + 0.1 * uniform(seed, m)
    influence = normal(seed + 1, SAMPLES, m) * noise + 0.1 * normal(seed + 2, SAMPLES, 1)
    w = 0.2 + uniform(seed + 3, m)
    return set_effect.MarkerEffects(
        shift + apart * normal(seed + 4, m),
        influence,
        (influence**2).sum(axis=0),
        np.full(m, df) - np.arange(m) % 2,
        w / w.sum(),
    )


BACKGROUND = background.trimmed_background(0.5 * normal(61, 30), 0.1 * normal(62, SAMPLES, 30))
SETS = {
    "alike": markers(63, 6),
    "apart": markers(64, 7, apart=1.5),
    "one": markers(65, 1),
    "two": markers(66, 2, apart=0.8),
    "few df": markers(67, 5, apart=0.4, df=1.0),
    "flat": markers(68, 5, shift=0.0),
    "little apart": markers(69, 5, apart=0.25),
}
HETEROGENEITY = {
    "alone": None,
    "moderated": set_effect.Heterogeneity(0.2, 4.0),
    "none": set_effect.Heterogeneity(0.0, 9.0),
    "all alike": set_effect.Heterogeneity(0.3, 1e9),
}


def of_effect(e: set_effect.SetEffect) -> dict[str, object]:
    return {
        **{k: getattr(e, k) for k in ("estimate", "se", "df", "ci_low", "ci_high", "n_markers")},
        "from_samples": e.from_samples,
        "heterogeneous": str(e.heterogeneous),
        "half_width": e.half_width,
        "detectable": e.detectable(power=0.8),
        "detectable from 2": e.detectable(power=0.9, least=2.0),
    }


@case("sets")
def effects_over_background() -> Tables:
    rows, spread = {}, {}
    for (name, one), (kind, prior) in product(SETS.items(), HETEROGENEITY.items()):
        rows[f"{name}, {kind}"] = of_effect(set_effect.set_effect(one, BACKGROUND, heterogeneity=prior))
        found = set_effect.marker_dispersion(one, prior)
        spread[f"{name}, {kind}"] = {
            k: float(getattr(found, k)) for k in ("dispersion", "noise", "df", "pvalue")
        }
    strict = set_effect.set_effect(SETS["apart"], BACKGROUND, level=1e-9, confidence=0.9)
    rows["strict"] = of_effect(strict)
    return {"effects": pd.DataFrame(rows).T, "dispersion": pd.DataFrame(spread).T}


@case("sets")
def differences_of_sets() -> Tables:
    pairs = (
        ("alike", "apart"),
        ("one", "flat"),
        ("two", "few df"),
        ("apart", "one"),
        ("flat", "little apart"),
    )
    rows = {
        f"{a} over {b}, {kind}": of_effect(
            set_effect.difference(SETS[a], SETS[b], heterogeneity=prior, confidence=0.9)
        )
        for (a, b), (kind, prior) in product(pairs, HETEROGENEITY.items())
    }
    rows["level"] = of_effect(set_effect.difference(SETS["alike"], SETS["little apart"], level=0.9))
    return {"effects": pd.DataFrame(rows).T}


@case("sets")
def backgrounds() -> Tables:
    rows = {}
    for n in (1, 2, 3, 4, 5, 8, 9, 21):
        found = background.trimmed_background(normal(70, 21)[:n], 0.2 * normal(71, SAMPLES, 21)[:, :n])
        rows[n] = [found.effect, found.variance, found.n, float((found.influence**2).sum())]
    loud = background.trimmed_background(0.01 * normal(72, 12), normal(73, SAMPLES, 12) + 1)
    quiet = background.trimmed_background(np.repeat([0.0, 1.0, 2.0], 5), np.zeros((SAMPLES, 15)))
    mean = background.background(normal(70, 21), 0.2 * normal(71, SAMPLES, 21))
    return {
        "mean": [mean.effect, mean.variance, mean.n, float((mean.influence**2).sum())],
        "background": pd.DataFrame(rows, index=["effect", "variance", "n", "square"]).T,
        "loud": loud.variance,
        "quiet": quiet.variance,
    }


@case("sets", tolerance=1e-6)
def common_heterogeneity() -> Tables:
    sets = [markers(80 + 5 * i, 3 + i % 4, apart=0.3 * (i + 1)) for i in range(9)]
    some = {n: set_effect.common_heterogeneity(sets[:n]) for n in (7, 8, 9)}
    rows = {n: [np.nan] * 2 if h is None else [h.variance, h.df] for n, h in some.items()}
    least = set_effect.common_heterogeneity(sets[:4], min_sets=4)
    assert least is not None
    return {
        "sets": pd.DataFrame(rows, index=["variance", "df"]).T,
        "four": np.array([least.variance, least.df]),
    }


@case("sets")
def components() -> Tables:
    def part(*rows: list[float]) -> set_effect.MarkerDispersion:
        return set_effect.MarkerDispersion(*(np.array(r) for r in rows))

    samples = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 2.0])
    nu = np.array([5.0, 0.3, 5.0, 2.0, 0.5, 3.0])
    first = part(
        [3.0, 3, 3, 0, 2, 2], [1.0, 1, 1, 0, 1, 2], [4.0, 4, 0.2, 3, 3, 3], [0.0, 0.1, 0.3, 0, 0.05, 0]
    )
    second = part(
        [1.0, 2, 2, 0, 1, 0.5], [2.0, 1, 1, 0, 0, 1], [2.0, 3, 4, 1, 2, 2], [0.0, 0.2, 0.19, 0, 1, 0]
    )
    return {
        "none": np.array(set_effect.join_components(samples, nu, [])),
        "one": np.array(set_effect.join_components(samples, nu, [first])),
        "two": np.array(set_effect.join_components(samples, nu, [first, second])),
        "level": np.array(set_effect.join_components(samples, nu, [first, second], level=0.5)),
        "cochran": set_effect.cochran(
            np.array([1.0, -2, 0, 3]),
            np.array([1.0, 2, 0, 0.5]),
            np.array([1.0, 4, 4, 1e9]),
            np.array([[1.0, 1, 1, 0], [0, 1, 1, 1], [0, 0, 0, 0], [2.0, 1, 0, 0]]),
            np.array([2.0, 2, 1, 1]),
        ),
        "ratio": set_effect.ratio(np.array([0.0, 1, 2]), np.array([0.0, 0, 4])),
    }


@case("sets")
def all_sets_at_once() -> Tables:
    every = markers(90, 14, apart=0.5)
    member = (uniform(91, 14, 4) < 0.45) * (0.5 + 0.5 * (uniform(92, 14, 4) < 0.6))
    member[:3, 0] = 1.0
    alias = np.column_stack([member, member[:, 0] + member[:, 1]])
    alone = np.column_stack([member, np.eye(14)[:, 5]])
    empty = np.column_stack([member, np.zeros(14)])
    out: dict[str, object] = {}
    for name, weight in (("sets", member), ("alias", alias), ("alone", alone), ("empty", empty)):
        found = joint.joint_effects(every, weight, BACKGROUND)
        out[name] = pd.DataFrame({k: getattr(found, k) for k in vars(found)} | {"aliased": found.aliased})
    quiet = joint.joint_effects(markers(93, 14), member, BACKGROUND, level=1e-6)
    out["quiet"] = np.array([quiet.se, quiet.df])
    few = joint.joint_effects(markers(94, 4, apart=0.5), np.eye(4), BACKGROUND)
    out["too few"] = few.aliased
    out["twice"] = joint.joint_effects(every, member[:, [0, 0]], BACKGROUND).aliased
    return out
