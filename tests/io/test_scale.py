"""The scale of a matrix: every limit just below and just above."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from markerkit.core.errors import InputError, MarkerkitWarning
from markerkit.io.dialects import TABLE
from markerkit.io.scale import OnScale, on_scale, usual_scale
from markerkit.io.scale_tests import some_proteins, some_samples
from markerkit.io.vendor_dialects import DIALECTS


def read_as(
    values,
    declared: str = "auto",
    stated: tuple[str, str] | None = None,
    usual: tuple[str, str] | None = None,
) -> OnScale:
    matrix = pd.DataFrame(np.atleast_2d(values).astype(float))
    return on_scale(matrix, declared, "m.tsv", stated=stated, usual=usual)


def scale(values, declared: str = "auto") -> str:
    return read_as(values, declared).scale


def proteome(median: float = 23.0, sd: float = 2.3, *, noise: float = 0.8, shape=(12, 60)) -> np.ndarray:
    """Log2 intensities, samples x proteins: quantiles of a normal distribution, so that median and sd are exact."""
    level = norm.ppf((np.arange(shape[1]) + 0.5) / shape[1])
    between = np.sqrt(max(sd**2 - noise**2, 0.0))
    logs = between * level + noise * np.random.default_rng(1).normal(size=shape)
    logs = (logs - np.median(logs)) / np.median(logs.std(axis=1)) * sd
    return median + logs


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([20, 25, 30], "log2"),
        ([2e4, 3e5, 4e6], "raw"),
        ([-1, 0.5, 1], "ratio"),
        # largest value: 64
        ([60, 62, 64.0], "log2"),
        ([60, 62, 64.1], "raw"),
        # median: 5
        ([4, 5.0, 6], "log2"),
        ([4, 4.9, 6], "raw"),
        # negative values: logarithms where the rest looks so, ratios else
        ([-1, 5, 6], "log2"),
        ([-1, 4.9, 6], "ratio"),
        ([-1, 4.9, 64.0], "ratio"),
    ],
)
def test_guess(values, expected) -> None:
    assert scale(values) == expected


@pytest.mark.parametrize(("spread", "expected"), [(7.9, "log2"), (8.1, "raw")])
def test_logarithms_do_not_spread_over_more_than_8(spread, expected) -> None:
    """Two values at 30 - sd and 30 + sd have that standard deviation."""
    assert scale([30 - spread, 30 + spread]) == expected


def test_zero_and_missing_are_no_values() -> None:
    with pytest.warns(MarkerkitWarning, match="3 zeros among logarithms are taken as not measured"):
        read = read_as([0, 0, 0, np.nan, 20, 25])
    assert read.scale == "log2"
    np.testing.assert_array_equal(read.values, [[np.nan] * 4 + [20, 25]])
    with pytest.raises(InputError, match="holds no value"):
        scale([0, np.nan])


@pytest.mark.parametrize(("n", "refused"), [(19, False), (20, True)])
def test_one_value_everywhere_is_no_abundance(n, refused) -> None:
    if refused:
        with pytest.raises(
            InputError, match=r"every value of the matrix 'm\.tsv' is 1: it shows what was detected"
        ):
            scale([1.0] * n)
    else:
        assert scale([1.0] * n) == "raw"


def test_negative_and_too_large_is_neither() -> None:
    with pytest.raises(InputError, match=r"negative values and values up to 64\.1: neither raw nor log"):
        scale([-1, 4, 64.1])


@pytest.mark.parametrize(("largest", "refused"), [(9e29, False), (2e30, True)])
def test_more_than_an_instrument_counts(largest, refused) -> None:
    if refused:
        with pytest.raises(InputError, match="which no instrument measures"):
            scale([1, largest])
    else:
        assert scale([1, largest]) == "raw"


@pytest.mark.parametrize("declared", ["log2", "ratio"])
def test_declared_logarithms_stay_below_64(declared) -> None:
    assert scale([1, 64.0], declared) == declared
    with pytest.raises(InputError, match=f"declared {declared} but holds 64.1"):
        scale([1, 64.1], declared)


def test_declared_raw() -> None:
    assert scale([1e4, 2e5], "raw") == "raw"
    with pytest.raises(InputError, match=r"declared raw but holds the negative value -0\.5"):
        scale([-0.5, 2e5], "raw")
    with pytest.warns(MarkerkitWarning, match="declared raw, but its values .* look like logarithms"):
        assert scale([20, 25, 30], "raw") == "raw"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scale([4, 4.9, 6], "raw") == "raw"


# ---- base of the logarithm -------------------------------------------------------


@pytest.mark.parametrize(
    ("logs", "found"),
    [
        # ln of a proteome with a median of 2^32 is not seen: above it, log2 only
        ({"median": 22.3, "sd": 1.7}, "log2"),
        ({"median": 22.0, "sd": 1.7}, None),
        # close together as no log2 and no ln of a proteome: sd of 1.1
        ({"median": 7.0, "sd": 0.74}, "log10"),
        ({"median": 7.0, "sd": 0.80}, None),
    ],
)
def test_base_is_found_or_asked_for(logs, found) -> None:
    values = proteome(**logs, noise=0.2)
    if found is None:
        with pytest.raises(
            InputError, match=r"look like logarithms and fit abundances as .*--scale\): log2, ln, log10"
        ):
            read_as(values)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if found == "log10" else "error", MarkerkitWarning)
        read = read_as(values)
    assert (read.scale, read.note["scale_found"]) == ("log2", found)
    np.testing.assert_allclose(read.values, values * {"log2": 1, "log10": np.log2(10)}[found])


def test_values_of_no_proteome_at_any_base_are_asked_for() -> None:
    with pytest.raises(InputError, match="fit no abundances at any base"):
        read_as(proteome(median=20, sd=0.2, noise=0.05))


@pytest.mark.parametrize(
    ("declared", "write"),
    [
        ("log2", np.log2),
        ("ln", np.log),
        ("log10", np.log10),
        ("log2p1", lambda x: np.log2(x + 1)),
        ("log1p", np.log1p),
        ("log10p1", lambda x: np.log10(x + 1)),
    ],
)
def test_declared_logarithms_become_log2(declared, write) -> None:
    amounts = np.exp2(proteome(median=4.0, sd=1.8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = read_as(write(amounts), declared)
    assert (read.scale, read.note["scale_found"], read.note["scale_evidence"]) == (
        "log2",
        declared,
        "declared",
    )
    np.testing.assert_allclose(read.values, np.log2(amounts), rtol=1e-9)


@pytest.mark.parametrize(("write", "found"), [(np.log2, "log2"), (np.log, "ln"), (np.log10, "log10")])
def test_round_numbers_show_the_base(write, found) -> None:
    """Intensities written with five digits are round at the right base only, whatever their median."""
    amounts = np.exp2(proteome(median=17.0, sd=1.9))
    digits = 10.0 ** np.floor(np.log10(amounts) - 4)
    read = read_as(write(np.round(amounts / digits) * digits))
    assert (read.note["scale_found"], read.note["scale_evidence"][:9]) == (found, "powers of")
    with pytest.raises(InputError, match="fit abundances as"):
        read_as(np.log(amounts))


def test_logarithms_of_counts_are_asked_for_the_one() -> None:
    counts = np.round(np.exp2(proteome(median=4.0, sd=1.8)))
    counts[counts == 0] = np.nan
    with pytest.raises(
        InputError, match=r"log2 of small amounts, to which 1 may have been added.*log2 or log2p1"
    ):
        read_as(np.log2(counts))
    with pytest.raises(InputError, match=r"ln of small amounts.*ln or log1p"):
        read_as(np.round(np.log1p(counts), 4))


def test_stated_scale_counts_unless_the_values_contradict_it() -> None:
    logs = proteome()
    read = read_as(np.log1p(np.exp2(logs)), stated=("log1p", "uns['log1p']"))
    assert (read.note["scale_found"], read.note["scale_evidence"]) == ("log1p", "stated by uns['log1p']")
    np.testing.assert_allclose(read.values, logs, rtol=1e-9)
    with pytest.warns(MarkerkitWarning, match=r"states in uns\['log1p'\] that it holds ln\(x \+ 1\)"):
        assert read_as(np.exp2(logs), stated=("log1p", "uns['log1p']")).scale == "raw"


@pytest.mark.parametrize(
    ("values", "declared", "text"),
    [
        (np.log10(np.exp2(proteome(noise=0.3))), "log2", "median 6.92, .* do not look like it"),
        (
            np.round(np.exp2(proteome(4.0, 1.8, noise=0.3))).clip(1, 60),
            "log2",
            "whole numbers, such as counts",
        ),
        (np.log2(np.round(np.exp2(proteome(12.0)))), "ln", "look like log2: powers of 2 are whole numbers"),
    ],
)
def test_declared_logarithms_that_the_values_speak_against(values, declared, text) -> None:
    with pytest.warns(MarkerkitWarning, match=f"was declared {declared}, but .*{text}"):
        assert scale(values, declared) == "log2"


def test_declared_logarithms_of_x_plus_1_are_not_negative() -> None:
    with pytest.raises(InputError, match=r"declared log1p but holds -0\.5; .* Declare it ln"):
        read_as([-0.5, 2, 3], "log1p")


@pytest.mark.parametrize(("declared", "largest"), [("ln", 44.36), ("log10", 19.26)])
def test_declared_logarithms_stay_below_the_limit_of_their_base(declared, largest) -> None:
    assert scale([1, largest], declared) == "log2"
    with pytest.raises(InputError, match=f"declared {declared} but holds"):
        read_as([1, largest + 0.02], declared)


# ---- linear values ---------------------------------------------------------------


def test_whole_numbers_are_no_logarithms() -> None:
    counts = np.random.default_rng(1).poisson(np.linspace(5, 20, 60), size=(8, 60)).astype(float)
    read = read_as(counts)
    assert (read.scale, read.note["scale_evidence"]) == ("raw", "whole numbers")


def test_shares_are_linear() -> None:
    amounts = np.exp2(proteome())
    read = read_as(100 * amounts / amounts.sum(axis=1, keepdims=True))
    assert (read.scale, read.note["scale_evidence"]) == ("raw", "every sample adds up to 100")


@pytest.mark.parametrize(("left_out", "said"), [(0.04, False), (0.06, True)])
def test_shares_without_some_rows(left_out, said) -> None:
    """Small linear values that do not add up may be logarithms of x + 1; up to 5 in 100 may be lacking."""
    amounts = np.exp2(proteome())
    shares = amounts / amounts.sum(axis=1, keepdims=True)
    kept = np.where(np.arange(12) == 0, 1 - left_out, 1.0)[:, None] * shares
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert scale(kept) == "raw"
    assert [("declare the scale if logarithms of x + 1" in str(c.message)) for c in caught] == [True] * said


def test_logarithms_of_shares_plus_1_show_their_base() -> None:
    amounts = np.exp2(proteome(sd=3.0))
    shares = 100 * amounts / amounts.sum(axis=1, keepdims=True)
    read = read_as(np.log1p(shares))
    assert (read.scale, read.note["scale_found"]) == ("log2", "log1p")
    np.testing.assert_allclose(read.values, np.log2(shares), rtol=1e-9)


def test_values_between_linear_and_logarithms_are_asked_for() -> None:
    """Sd over median: logarithms below 0.5, linear values above 0.8."""
    with pytest.raises(InputError, match="may be linear or logarithms"):
        read_as(np.abs(10 + 6.5 * proteome(0.0, 1.0, noise=0.3)))


@pytest.mark.parametrize(
    ("way", "level"),
    [
        (lambda x: 100 * x / x.mean(axis=0), "mean 100"),
        (lambda x: x / x.sum(axis=0), "mean 0.08333"),
        (lambda x: x / np.median(x, axis=0), "median 1"),
        (lambda x: x / x.max(axis=0), "maximum 1"),
    ],
)
def test_scaled_proteins_are_ratios(way, level) -> None:
    logs = proteome(noise=0.6)
    with pytest.warns(MarkerkitWarning, match=f"every protein has the {level}: only ratios are left"):
        read = read_as(way(np.exp2(logs)))
    assert read.scale == "ratio"
    difference = read.values.to_numpy()[:6].mean(axis=0) - read.values.to_numpy()[6:].mean(axis=0)
    np.testing.assert_allclose(difference, logs[:6].mean(axis=0) - logs[6:].mean(axis=0), atol=1e-9)


def test_logarithms_of_scaled_proteins_show_their_base() -> None:
    amounts = np.exp2(proteome(noise=0.6))
    scaled = 100 * amounts / amounts.mean(axis=0)
    with pytest.warns(
        MarkerkitWarning,
        match=r"these are ln values, and before the logarithm every protein has the mean 100",
    ):
        read = read_as(np.log(scaled))
    assert read.scale == "ratio"
    np.testing.assert_allclose(read.values, np.log2(scaled / 100), atol=1e-9)


def test_proteins_of_the_same_mean_log_are_refused() -> None:
    logs = proteome(noise=0.6)
    with pytest.raises(InputError, match=r"all proteins have about the same mean \(23"):
        read_as(23 + logs - logs.mean(axis=0) + 0.05 * np.sin(np.arange(60)))


@pytest.mark.parametrize(("between", "found"), [(0.6, "ratio"), (1.0, None), (1.3, "raw")])
def test_linear_values_around_one(between, found) -> None:
    """The means of proteins differ by 0.55 at most (ln; log2 0.79) among ratios, by 0.8 (1.15) among abundances."""
    rng = np.random.default_rng(2)
    values = np.exp2(between * norm.ppf((np.arange(60) + 0.5) / 60) + 0.3 * rng.normal(size=(12, 60)))
    values = np.minimum(values, 60)
    if found is None:
        with pytest.raises(InputError, match="linear values around 1 may be abundances or ratios"):
            read_as(values)
        return
    with pytest.warns(MarkerkitWarning, match="taken as linear"):
        read = read_as(values)
    assert read.scale == found
    np.testing.assert_allclose(read.values, np.log2(values) if found == "ratio" else values)


def test_linear_ratios_declared_ratio_are_refused() -> None:
    with pytest.raises(InputError, match=r"holds only positive values around .*: a ratio is a log2 ratio"):
        read_as(np.exp2(0.4 * np.random.default_rng(1).normal(size=(6, 60))), "ratio")


# ---- values on both sides of 0, and values that are no amounts -------------------


def test_log_ratios_do_not_show_their_base() -> None:
    logs = proteome(noise=0.6)
    ratios = logs - logs.mean(axis=0)
    with pytest.warns(MarkerkitWarning, match="taken as log2 ratios; ratios do not show the base"):
        assert scale(ratios) == "ratio"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(read_as(ratios, "ratio").values, ratios)


def test_abundances_centered_by_sample_are_asked_for() -> None:
    logs = proteome()
    with pytest.raises(InputError, match="may be log ratios or centered logarithms of abundances"):
        read_as(logs - np.median(logs, axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("axis", "what"), [(0, "every protein"), (1, "every sample"), (None, "the whole matrix")]
)
def test_z_scores_are_refused(axis, what) -> None:
    logs = proteome()
    z = (logs - logs.mean(axis=axis, keepdims=True)) / logs.std(axis=axis, keepdims=True)
    with pytest.raises(InputError, match=rf"z-scores \({what} has mean 0 and standard deviation 1\)"):
        read_as(z, "ratio")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_as(0.9 * (logs - logs.mean(axis=0)), "ratio")


def test_stretched_proteins_and_ranks_are_refused() -> None:
    logs = proteome()
    with pytest.raises(InputError, match="stretched from 0"):
        read_as((logs - logs.min(axis=0)) / (logs.max(axis=0) - logs.min(axis=0)))
    with pytest.raises(InputError, match="holds ranks"):
        read_as(logs.argsort(axis=1).argsort(axis=1) + 1)


def test_quantile_normalization_is_told() -> None:
    logs = proteome()
    same = np.sort(logs.mean(axis=0) * 1.01)[logs.argsort(axis=1).argsort(axis=1)]
    with pytest.warns(MarkerkitWarning, match="same set of values"):
        assert scale(same) == "log2"


def test_logarithms_of_fractions_are_all_negative() -> None:
    amounts = np.exp2(proteome())
    fractions = amounts / amounts.sum(axis=1, keepdims=True)
    read = read_as(np.log10(fractions))
    assert (read.scale, read.note["scale_found"]) == ("log2", "log10")
    np.testing.assert_allclose(read.values, np.log2(fractions))


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (1, 60), (60, 1), (2, 60), (12, 9)])
@pytest.mark.parametrize("write", [np.exp2, np.array, np.negative, lambda x: x - 23])
def test_any_shape_gives_a_scale_or_a_question(shape, write) -> None:
    values = write(proteome()[: shape[0], : shape[1]] if shape != (60, 1) else proteome().T[:, :1])
    for empty in (0, 1):
        values = np.vstack([values, np.full((empty, values.shape[1]), np.nan)])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", MarkerkitWarning)
            try:
                found = scale(values)
            except InputError:
                continue
        assert found in ("raw", "log2", "ratio")


# ---- what a program or the names of the columns say ---------------------------------------

USUAL = ("log2", "the names of the columns")


def test_the_usual_scale_decides_where_the_values_do_not() -> None:
    logs = proteome(20.0)
    with pytest.raises(InputError, match="'log2' or 'ln'"):
        read_as(logs)
    read = read_as(logs, usual=USUAL)
    assert (read.scale, read.note["scale_evidence"]) == ("log2", "stated by the names of the columns")
    np.testing.assert_array_equal(read.values, logs)
    few = read_as([[4.0, 4.1, 4.3], [4.2, 4.4, 4.9]], usual=USUAL)  # raw by their limits alone
    assert (few.scale, few.note["scale_found"]) == ("log2", "log2")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (np.exp2(proteome()), "raw"),
        (np.log10(np.exp2(proteome(noise=0.3))), "log10"),
        (np.random.default_rng(0).normal(0, 0.8, (6, 60)), "ratio"),
        ([[-0.2, 0.1, 0.3], [0.2, -0.4, 0.9]], "ratio"),
        ([[3e4, 5e5, 100.0], [3e4, 6e5, 64.1]], "raw"),
    ],
    ids=["linear", "log10", "ratios", "few ratios", "few above 64"],
)
@pytest.mark.filterwarnings("ignore::markerkit.core.errors.MarkerkitWarning")
def test_the_values_come_before_the_usual_scale(values, found) -> None:
    assert read_as(values, usual=USUAL).note["scale_found"] == found


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["log2 EV_1", "log2 EV_2"], "log2"),
        (["Log2(EV_1)", "Log2(EV_2)"], "log2"),
        (["EV_1_log10", "EV_2_log10"], "log10"),
        (["ln(EV_1)", "ln(EV_2)"], "ln"),
        (["log2 EV_1", "EV_2"], None),
        (["log2(EV_1+1)", "log2(EV_2+1)"], None),
        (["log2 (x + 1) EV_1", "log2 (x + 1) EV_2"], None),
        (["LN_1", "LN_2"], None),  # lymph nodes
        (["prolog2", "prolog2b"], None),
        (["log20", "log21"], None),
    ],
)
def test_names_that_state_a_scale(names, expected) -> None:
    found = usual_scale(TABLE, "table", names)
    assert (found and found[0]) == expected


@pytest.mark.parametrize(
    ("layout", "quantity", "expected"),
    [
        ("spectronaut", "log2 quantity", "log2"),
        ("spectronaut", "quantity", None),
        ("tmt_integrator", "abundance", "log2"),
        ("msdap", "abundance", "log2"),
        ("maxquant", "lfq", None),
    ],
)
def test_programs_that_write_logarithms(layout, quantity, expected) -> None:
    found = usual_scale(DIALECTS[layout], quantity, ["a", "b"])
    assert (found and found[0]) == expected


@pytest.mark.parametrize(("largest", "refused"), [(-0.9e30, False), (-1.1e30, True), (-1e308, True)])
def test_a_value_far_below_any_number_is_refused_by_itself(largest, refused) -> None:
    values = 2.0 ** proteome()
    values[3, 4] = largest
    with pytest.raises(
        InputError, match="which no instrument measures" if refused else "neither raw nor log"
    ):
        read_as(values)


def test_samples_of_one_number_do_not_make_scaled_proteins() -> None:
    """Most columns hold one number everywhere: the median of every protein is that number, yet nothing was scaled."""
    values = np.vstack([2.0 ** proteome(shape=(5, 30)), np.full((20, 30), 7e6)])
    with pytest.warns(MarkerkitWarning, match=r"600 of 750 values are 7e\+06: missing values seem"):
        read = read_as(values)
    assert read.scale == "raw"


@pytest.mark.parametrize(
    ("shape", "samples", "proteins"),
    [((8, 5_000), 8, 5_000), ((16, 50_000), 8, 6_250), ((500, 20_000), 9, 200), ((40_000, 199), 500, 199)],
)
def test_of_a_large_matrix_enough_samples_and_proteins_are_looked_at(shape, samples, proteins) -> None:
    """A hundred thousand cells, but at least eight samples and two hundred proteins where there are so many."""
    values = np.zeros(shape)
    assert some_samples(values).shape == (samples, shape[1])
    assert some_proteins(values).shape == (shape[0], proteins)
