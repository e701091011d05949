"""Samples are taken on evidence; what is no sample is passed over with a reason, or asked for."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.io.column_profile import Likeness, families, profiles, quantity_of, word_of
from tests.io.tables import SAMPLES, N, amounts, between, matrix, proteins, whole


def samples_of(frame: pd.DataFrame, *, log: bool = False, **options) -> list[str]:
    return list(mk.read_proteins(frame, scale="log2" if log else "auto", **options).values.index)


def passed_over(frame: pd.DataFrame, expected: list[str], message: str) -> None:
    """Read a table that warns of columns passed over, and compare its samples and their values."""
    scale = "log2" if frame[expected].to_numpy(dtype=float, na_value=0).max() < 64 else "raw"
    with pytest.warns(MarkerkitWarning, match=message):
        exp = mk.read_proteins(frame, scale=scale)
    assert list(exp.values.index) == expected
    np.testing.assert_allclose(exp.values.to_numpy(), frame[expected].to_numpy().T)
    assert any(re.search(message, w) for w in exp.history[0]["warnings"])


# ---- row numbers -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "X", "index", "Unnamed: 0", "row", "...1", "rownames", "No."])
@pytest.mark.parametrize("start", [0, 1])
def test_row_numbers_are_no_sample(name, start) -> None:
    frame = matrix()
    frame.insert(0, name, np.arange(start, start + N))
    if name == "index":  # known for what it is
        assert samples_of(frame) == SAMPLES
    else:
        passed_over(frame, SAMPLES, r"1 column of numbers was not read as a sample: '.*' \(row numbers\)")


@pytest.mark.parametrize("log", [False, True])
def test_row_numbers_of_a_filtered_or_sorted_table(log) -> None:
    rng = np.random.default_rng(0)
    for numbers in (np.sort(rng.choice(3 * N, N, replace=False)), rng.permutation(N), np.arange(N)[::-1]):
        frame = matrix(log=log)
        frame.insert(0, "Unnamed: 0", numbers)
        passed_over(frame, SAMPLES, r"'Unnamed: 0' \(row numbers\)")


def test_row_numbers_under_any_name_and_at_any_place() -> None:
    passed_over(matrix().assign(running=np.arange(7, 7 + N)), SAMPLES, r"'running' \(row numbers\)")


def test_a_first_sample_called_x_stays_a_sample() -> None:
    frame = amounts(["X", "Y"]).join(proteins())
    assert samples_of(frame) == ["X", "Y"]


def test_a_column_without_a_name_is_no_sample() -> None:
    frame = matrix()
    frame.insert(0, "Unnamed: 0", between(1e5, 1e7))
    passed_over(frame, SAMPLES, r"'Unnamed: 0' \(no name\)")


def test_row_numbers_of_a_matrix_of_diann() -> None:
    frame = pd.DataFrame({"Unnamed: 0": np.arange(N), "Protein.Group": proteins()["Accession"], "Protein.Names": "x",
                          "Genes": proteins()["Gene"]}).join(amounts(SAMPLES))  # fmt: skip
    with pytest.warns(MarkerkitWarning, match="row numbers"):
        exp = mk.read_proteins(frame)
    assert (exp.history[0]["software"], list(exp.values.index)) == ("diann", SAMPLES)


# ---- names and values ---------------------------------------------------------------


@pytest.mark.parametrize("names", [["ctrl", "treat", "KO7"], ["A12", "B07", "Q3", "ZZ9"], ["126", "127N", "127C", "131"],
                                   ["2024-01-05", "2024-01-06"], ["FC_1", "FC_2", "HC_1"], ["SD_1", "SD_2", "HFD_1"],
                                   ["peptide_1", "peptide_2", "ctrl_1", "ctrl_2"], ["mysample"], ["Total lysate", "EV"]])  # fmt: skip
@pytest.mark.parametrize("log", [False, True])
def test_arbitrary_names_of_columns_that_look_alike(names, log) -> None:
    assert samples_of(matrix(names, log=log), log=log) == names


@pytest.mark.parametrize(("lower", "taken"), [(9.0, True), (26.0, False)])
def test_a_blank_may_lie_far_below_the_samples(lower, taken) -> None:
    frame = matrix().join(amounts(["blank"], lower=lower))
    if taken:
        assert samples_of(frame) == [*SAMPLES, "blank"]
    else:
        passed_over(frame, SAMPLES, r"'blank' \(unlike the samples in name and values\)")


def test_known_descriptions_need_no_note() -> None:
    known = {"Coverage (%)": between(1, 99), "#Peptides": whole(1, 40), "Avg. Mass": between(9e3, 9e4), "Mascot score": between(9, 900),
             "MW [kDa]": between(10, 90), "calc. pI": between(4, 10), "Length": whole(90, 900), "# PSMs": whole(1, 99)}  # fmt: skip
    assert samples_of(matrix().assign(**known)) == SAMPLES
    assert samples_of(matrix(log=True).assign(**known), log=True) == SAMPLES


@pytest.mark.parametrize("log", [False, True])
def test_unknown_columns_that_are_unlike_the_samples_are_named(log) -> None:
    frame = matrix(log=log).assign(foo=whole(1, 40), bar=between(0, 1), baz=between(7, 9))
    passed_over(
        frame, SAMPLES, r"3 columns.*'foo', 'bar' and 'baz' \(unlike the samples in name and values\)"
    )


def test_an_unknown_column_that_is_like_the_samples_is_one() -> None:
    assert samples_of(matrix().join(amounts(["other"], seed=5))) == [*SAMPLES, "other"]


def test_means_sums_and_results_beside_samples_are_named() -> None:
    frame = matrix()
    frame["Mean_EV"] = frame[SAMPLES[:3]].mean(axis=1)
    frame["EV"] = frame[SAMPLES[:3]].mean(axis=1)
    frame["Total"] = frame[SAMPLES].sum(axis=1)
    frame["log2FC EV_vs_lys"], frame["p.val"], frame["t"] = between(-2, 2), between(0, 1), between(-3, 3)
    passed_over(frame, SAMPLES, r"6 columns.*'EV' \(the mean or sum of 'EV_1', 'EV_2' and 'EV_3'\)")
    with pytest.warns(MarkerkitWarning, match=r"'Mean_EV' and 'Total' \(a mean, a sum or a deviation"):
        mk.read_proteins(frame)
    with pytest.warns(MarkerkitWarning, match=r"'log2FC EV_vs_lys', 'p.val' and 't' \(a result of a test"):
        mk.read_proteins(frame)


def test_a_column_with_the_name_of_others_is_a_sample_where_it_is_not_their_mean() -> None:
    names = ["EV", "EV.1", "EV.2", "LYS", "LYS.1", "LYS.2"]
    assert samples_of(matrix(names)) == names


def test_one_quantity_of_several_is_read() -> None:
    areas = amounts([f"{s} Area" for s in SAMPLES])
    counts = pd.DataFrame({f"{s} Spectral Count": whole(1, 99, seed=i) for i, s in enumerate(SAMPLES)})
    frame = proteins().join(counts).join(areas)
    passed_over(frame, list(areas.columns), r"6 columns.*\(spectral counts, taken was area\)")
    normalized = amounts([f"{s} Normalized Abundance" for s in SAMPLES])
    measured = amounts([f"{s} Abundance" for s in SAMPLES])
    frame = proteins().join(normalized).join(measured)
    passed_over(frame, list(measured.columns), r"\(values of other columns, normalized or as logarithms\)")


def test_columns_made_of_others_are_passed_over() -> None:
    frame = matrix()
    logs = np.log2(frame[SAMPLES]).rename(columns="{}_log2".format)
    passed_over(
        frame.join(logs), SAMPLES, r"6 columns.*\(values of other columns, normalized or as logarithms\)"
    )
    alone = frame[["Accession"]].join(logs)
    assert samples_of(alone, log=True) == list(logs.columns)


def test_one_sample_called_by_its_quantity() -> None:
    frame = proteins(Intensity=amounts(["a"])["a"], foo=whole(1, 9))
    with pytest.warns(MarkerkitWarning, match=r"'foo' \(unlike the samples in name and values\)"):
        assert samples_of(frame) == ["Intensity"]


def test_a_sample_with_a_value_below_zero_stays_a_sample() -> None:
    frame = matrix(log=True)
    frame.loc[3, "EV_3"] = -0.4
    assert samples_of(frame, log=True) == SAMPLES
    raw = matrix()
    raw.loc[3, "EV_3"] = -0.4
    with pytest.raises(InputError, match="negative"):
        mk.read_proteins(raw)


def test_differences_beside_samples_are_no_samples() -> None:
    passed_over(
        matrix(log=True).assign(effect_1=between(-2, 2)),
        SAMPLES,
        r"'effect_1' \(unlike the samples in name and values\)",
    )


def test_counts_of_measured_values_are_no_samples() -> None:
    frame = matrix(log=True).assign(n_EV=whole(0, 4), n_lys=whole(0, 4, seed=3))
    passed_over(frame, SAMPLES, r"'n_EV' and 'n_lys' \(unlike the samples in name and values\)")


def test_a_sheet_may_name_samples_without_the_word_of_their_quantity() -> None:
    frame = proteins().join(amounts([f"{s} Area" for s in SAMPLES]))
    sheet = pd.DataFrame({"sample": SAMPLES[::-1]})
    exp = mk.read_proteins(frame, samples=sheet)
    assert list(exp.values.index) == SAMPLES[::-1]
    np.testing.assert_allclose(exp.values.loc["EV_2"], frame["EV_2 Area"])


def test_the_sheet_decides_whatever_a_column_looks_like() -> None:
    frame = matrix().assign(foo=whole(1, 40), **{"p.value": between(0.1, 1)})
    with pytest.warns(MarkerkitWarning, match="not in the sample sheet and are left out"):
        assert samples_of(frame, samples=pd.DataFrame({"sample": ["foo", "p.value", "EV_1"]})) == [
            "foo",
            "p.value",
            "EV_1",
        ]


@pytest.mark.parametrize(
    ("extra", "listed_as"),
    [
        ({"gamma": between(1, 30), "delta": between(1, 20)}, r"'gamma' \(numbers around \d"),
        ({"gamma": whole(1, 30)}, r"'gamma' \(whole numbers around \d+, 2 to 29\)"),
    ],
)
def test_columns_that_neither_name_nor_values_tell_are_asked_for(extra, listed_as) -> None:
    frame = proteins().join(amounts(["alpha", "beta"])).assign(**extra)
    with pytest.raises(
        InputError, match="which columns of the matrix 'frame' are samples cannot be determined.*" + listed_as
    ):
        mk.read_proteins(frame)
    assert samples_of(frame.rename(columns={"alpha": "EV_1", "beta": "EV_2"})[["Gene", "EV_1", "EV_2"]]) == [
        "EV_1",
        "EV_2",
    ]


def test_one_column_of_small_whole_numbers_is_asked_for() -> None:
    with pytest.raises(InputError, match=r"cannot be determined: 'frequency' \(whole numbers"):
        mk.read_proteins(proteins(frequency=whole(1, 40)))
    assert samples_of(proteins(EV_1=whole(1, 40))) == ["EV_1"]


@pytest.mark.parametrize("word", ["ND", "<LOD"])
@pytest.mark.parametrize("name", ["EV_4", "blank_1"])
@pytest.mark.parametrize("n_words", [90, 99])
def test_a_sample_that_holds_words_mostly_is_not_dropped(word, name, n_words) -> None:
    cells = np.array([f"{v:.0f}" for v in between(1e5, 1e7)], dtype=object)
    cells[:n_words] = word
    with pytest.warns(MarkerkitWarning, match=f"{n_words} cells of frame in 1 of 7 columns.*{word}"):
        exp = mk.read_proteins(matrix().assign(**{name: cells}))
    assert list(exp.values.index) == [*SAMPLES, name]
    assert exp.values.loc[name].notna().sum() == N - n_words


@pytest.mark.filterwarnings("ignore:100 cells of frame")
def test_a_sample_of_words_alone_has_no_value() -> None:
    with pytest.warns(MarkerkitWarning, match="no value at all in sample 'EV_4'"):
        exp = mk.read_proteins(matrix().assign(EV_4="ND"))
    assert list(exp.values.index) == [*SAMPLES, "EV_4"]


def test_marks_beside_samples_are_no_samples() -> None:
    frame = matrix().assign(**{f"{s} found": "High" for s in SAMPLES}, valid=True, note="")
    assert samples_of(frame) == SAMPLES


def test_renamed_samples_of_a_table_of_maxquant() -> None:
    frame = pd.DataFrame(
        {
            "Protein IDs": proteins()["Accession"],
            "Majority protein IDs": proteins()["Accession"],
            "Gene names": proteins()["Gene"],
            "Score": between(9, 300),
        }
    )
    exp = mk.read_proteins(frame.join(amounts(SAMPLES)))
    assert (exp.history[0]["software"], list(exp.values.index)) == ("table", SAMPLES)
    ratios = frame.assign(**{"Ratio H/L normalized EV": between(0, 3)})
    with pytest.raises(InputError, match=r"ratios alone \(column 'Ratio H/L normalized EV'\)"):
        mk.read_proteins(ratios)


def test_a_named_software_that_does_not_fit_names_the_one_that_does() -> None:
    frame = pd.DataFrame(
        {"Protein.Group": ["P08962"], "Protein.Names": ["x"], "Genes": ["CD63"], "a.raw": [1e6]}
    )
    with pytest.raises(InputError, match=r"does not look like maxquant.*It looks like diann"):
        mk.read_proteins(frame, software="maxquant")


# ---- copies of a sample -----------------------------------------------------------------


@pytest.mark.parametrize(("n", "warned"), [(10, True), (9, False)])
def test_copies_of_a_sample_are_named(n, warned, recwarn) -> None:
    frame = matrix().head(40).copy()
    frame["EV_1"] = frame["EV_1"].where(np.arange(40) < n)
    frame.loc[: n - 1, "EV_1"] = between(1e5, 1e7)[:n]
    frame["EV_2"] = frame["lys_3"] = frame["EV_1"]
    exp = mk.read_proteins(frame)
    found = [str(w.message) for w in recwarn if "hold the same value in every protein" in str(w.message)]
    assert len(found) == warned
    if warned:
        assert (
            "the samples 'EV_1', 'EV_2' and 'lys_3' hold the same value in every protein: one run, 3 times"
            in found[0]
        )
    assert exp.n_samples == 6


def test_nearly_equal_samples_are_no_copies(recwarn) -> None:
    frame = matrix()
    frame["EV_2"] = frame["EV_1"]
    frame.loc[frame["EV_1"].first_valid_index(), "EV_2"] *= 1.001
    mk.read_proteins(frame)
    assert not [w for w in recwarn if "same value" in str(w.message)]


# ---- parts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["P.Value", "adj.P.Val", "EV_vs_lysate_p.val", "log2FoldChange", "padj", "EV_vs_lysate_log2 fold change", "FDR", "pvalue",
     "N: -Log Student's T-test p-value EV_lysate", "baseMean", "Tvalue", "q value", "-log10(p)", "Anova (p)", "EV_centered"],
)  # fmt: skip
def test_names_of_results(name) -> None:
    assert word_of(name) == "a result of a test or a comparison"


@pytest.mark.parametrize(
    "name", ["EV_1", "FC_1", "b", "diff_3", "ES_2", "Total lysate", "spike_1", "PBS_p2", "KO7", "ctrl"]
)
def test_names_of_samples_say_nothing_else(name) -> None:
    assert word_of(name) is None


def test_families_and_quantities() -> None:
    assert families(["a", "b"]) == [["a"], ["b"]]
    assert families(["foo 1", "EV_D1", "EV_D2", "lysate_D1"])[0] == ["EV_D1", "EV_D2", "lysate_D1"]
    assert quantity_of("MaxLFQ Intensity EV") == ("LFQ", "ev")
    assert quantity_of("iBAQ.EV_1") == ("iBAQ", "ev 1")
    assert quantity_of("Abundance_EV_norm") == ("normalized abundance", "ev")


def profile(values, name):
    return profiles(pd.DataFrame({name: values}))[name]


@pytest.mark.parametrize(("shift", "alike"), [(1.9, True), (2.1, False)])
def test_columns_are_alike_within_two_spreads(shift, alike) -> None:
    """The quartiles of the core lie 2 apart: a column may lie 4 away, 8 where its name is that of a sample."""
    grid = np.linspace(18, 22, 400)
    core = Likeness([profile(grid, "EV_1")])
    spread = float(np.subtract(*np.percentile(grid, [75, 25])))
    assert core.holds(profile(grid + shift * spread, "x"), named=False) is alike
    assert core.holds(profile(grid + 3.9 * spread, "x"), named=True)
    assert not core.holds(profile(grid + 4.1 * spread, "x"), named=True)


def test_p_values_are_not_alike_with_differences() -> None:
    core = Likeness([profile(np.linspace(-2, 2, 100), "a")])
    assert not core.holds(profile(np.linspace(0.01, 1, 100), "b"), named=False)
    assert core.holds(profile(np.linspace(-0.5, 1, 100), "b"), named=False)


@pytest.mark.parametrize("n", [N, 5])
def test_runs_of_diann_are_samples_whatever_words_are_in_their_names(n) -> None:
    runs = [
        "/d/EV_mean_1.raw",
        "/d/coverage_2.raw",
        "/d/EV_1.raw",
        "/d/EV_1_norm.raw",
        "/d/spectral_count_1.raw",
    ]
    frame = pd.DataFrame(
        {"Protein.Group": proteins()["Accession"], "Protein.Names": "x", "Genes": proteins()["Gene"]}
    )
    frame = (
        frame.join(amounts(runs))
        .join(amounts(["/d/empty wash.raw"], lower=17))
        .assign(**{"p.value": between(0, 1)})
        .head(n)
    )
    with pytest.warns(MarkerkitWarning, match=r"1 column.*'p.value' \(a result of a test"):
        exp = mk.read_proteins(frame)
    assert exp.history[0]["software"] == "diann"
    assert list(exp.values.index) == [r[3:-4] for r in [*runs, "/d/empty wash.raw"]]


def counts(pattern: str) -> pd.DataFrame:
    """Counts that differ between proteins and samples."""
    rng = np.random.default_rng(3)
    found = rng.poisson(rng.lognormal(1.5, 1.2, (N, 1)), (N, len(SAMPLES)))
    return pd.DataFrame(found, columns=[pattern.format(s) for s in SAMPLES])


@pytest.mark.parametrize("pattern", ["Razor + unique peptides {}", "{} peptides", "Unique peptides {}"])
def test_peptides_of_every_sample_are_no_samples_beside_counts(pattern) -> None:
    spectra = counts("Spectral count {}")
    assert samples_of(proteins().join(spectra).join(counts(pattern))) == list(spectra)


def test_counts_of_maxquant_are_its_quantity() -> None:
    ids = proteins().rename(columns={"Accession": "Majority protein IDs", "Gene": "Gene names"})
    frame = ids.join(counts("MS/MS count {}")).join(counts("Razor + unique peptides {}"))
    exp = mk.read_proteins(frame)
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == ("maxquant", "spectral counts")
    assert list(exp.values.index) == SAMPLES


def test_a_quality_beside_runs_of_diann_is_no_sample() -> None:
    frame = pd.DataFrame(
        {
            "Protein.Group": proteins()["Accession"],
            "Genes": proteins()["Gene"],
            "PG.MaxLFQ.Quality": between(0, 1),
        }
    ).join(amounts([f"/d/{s}.raw" for s in SAMPLES]))
    with pytest.warns(MarkerkitWarning, match="'PG.MaxLFQ.Quality' .unlike the samples"):
        assert list(mk.read_proteins(frame).values.index) == SAMPLES


def test_messages_on_many_columns_with_long_names_are_bounded() -> None:
    """What is listed is cut: names in their middle, lists and reasons at their end."""
    frame = matrix([f"ev_{i}" for i in range(4)])
    long = "x" * 3000
    for i in range(12):
        frame[f"{chr(97 + i)} {long} ratio"] = 1.5 + np.arange(len(frame)) / 7
        frame[f"{chr(97 + i)} {long} mean"] = 1e6 + np.arange(len(frame)) / 7
    with pytest.warns(MarkerkitWarning) as caught:
        exp = mk.read_proteins(frame)
    assert list(exp.samples.index) == [f"ev_{i}" for i in range(4)]
    text = next(str(w.message) for w in caught if "were not read as samples" in str(w.message))
    assert 300 < len(text) <= 1000
    assert text.startswith("24 columns of numbers were not read as samples: ")
    assert "and 6 more (a ratio)" in text


def test_columns_are_looked_at_as_by_themselves() -> None:
    """In one pass over all columns of numbers, missing values, zeros and infinite ones are left out of each."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(20, 3, (97, 4)), columns=list("abcd"))
    frame.iloc[::3, 1] = np.nan
    frame.iloc[::5, 2] = 0
    frame.iloc[4, 3] = np.inf
    frame["whole"] = [*range(1, 96), np.nan, 0]
    frame["empty"], frame["flag"], frame["zeros"] = np.nan, True, 0.0
    frame["mostly"] = [*map(str, rng.normal(5, 1, 60)), *["ND"] * 37]
    found = profiles(frame)
    assert list(found) == list(frame.columns)
    for name in (*"abcd", "whole", "mostly"):
        values = pd.to_numeric(frame[name], errors="coerce").to_numpy()
        values = values[np.isfinite(values) & (values != 0)]
        assert found[name].n == len(values)
        assert found[name].quartiles == pytest.approx(np.percentile(values, [0, 25, 50, 75, 100]))
        assert found[name].whole is (name == "whole")
        assert (found[name].kind, found[name].name) == ("numbers", name)
    assert (found["empty"].kind, found["flag"].kind, found["mostly"].distinct) == ("empty", "flags", 1)
    assert (found["zeros"].kind, found["zeros"].n) == ("numbers", 0)
