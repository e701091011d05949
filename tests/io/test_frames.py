"""Frames where files are taken; tables turned the wrong way round; which columns hold samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.io.sample_sheet import match_samples, read_sheet

TABLE = pd.DataFrame(
    {
        "protein_id": ["P08962", "P60033", "P02768"],
        "gene": ["CD63", "CD81", "ALB"],
        "ev_1": [8e6, 4e6, 0.0],
        "ev_2": [7e6, 5e6, 1e5],
        "cell_1": [1e6, np.nan, 2e5],
    }
)
SHEET = pd.DataFrame({"sample": ["cell_1", "ev_1", "ev_2"], "fraction": ["lysate", "EV", "EV"]})


def test_a_frame_is_read_as_its_file(tmp_path) -> None:
    TABLE.to_csv(tmp_path / "m.tsv", sep="\t", index=False)
    SHEET.to_csv(tmp_path / "s.tsv", sep="\t", index=False)
    before = TABLE.copy(), SHEET.copy()
    frame = mk.read_proteins(TABLE, samples=SHEET)
    file = mk.read_proteins(tmp_path / "m.tsv", samples=tmp_path / "s.tsv")
    mixed = mk.read_proteins(TABLE, samples=tmp_path / "s.tsv")
    for exp in (frame, mixed):
        pd.testing.assert_frame_equal(exp.values, file.values)
        pd.testing.assert_frame_equal(exp.samples, file.samples, check_dtype=False)
        pd.testing.assert_frame_equal(exp.proteins, file.proteins)
    assert list(frame.values.index) == ["cell_1", "ev_1", "ev_2"]
    assert np.isnan(frame.values.loc["ev_1", "P02768"]), "a zero of a raw table is missing"
    assert (frame.provenance["file"], frame.provenance["samples_file"]) == ("frame", "frame")
    assert mixed.provenance["samples_file"] == "s.tsv"
    assert TABLE.equals(before[0])
    assert SHEET.equals(before[1])


def test_same_content_same_digest() -> None:
    digest = mk.read_proteins(TABLE).provenance["sha256"]
    assert digest == mk.read_proteins(TABLE.copy()).provenance["sha256"]
    assert digest != mk.read_proteins(TABLE.assign(ev_1=[8e6, 4e6, 1.0])).provenance["sha256"]
    assert len(digest) == 64


def test_an_index_with_names_is_the_first_column() -> None:
    by_index = TABLE.set_index("protein_id")
    pd.testing.assert_frame_equal(mk.read_proteins(by_index).values, mk.read_proteins(TABLE).values)
    nameless = TABLE.drop(columns="gene").set_index("protein_id").rename_axis(None)
    assert list(mk.read_proteins(nameless).values.columns) == list(TABLE["protein_id"])
    sheet = SHEET.set_index("sample").rename_axis(None)
    pd.testing.assert_frame_equal(
        mk.read_proteins(TABLE, samples=sheet).samples, mk.read_proteins(TABLE, samples=SHEET).samples
    )


def test_a_frame_without_sample_names_is_refused() -> None:
    with pytest.raises(InputError, match="the sample sheet 'frame' has no sample column"):
        read_sheet(SHEET.drop(columns="sample")).on(list(TABLE.columns))


def test_a_long_report_and_categories() -> None:
    long = pd.DataFrame(
        {
            "Run": pd.Categorical(["a", "a", "b"]),
            "Protein.Group": ["P08962", "P60033", "P08962"],
            "PG.MaxLFQ": [1e6, 2e6, 3e6],
            "Q.Value": [0.001, 0.001, 0.001],
        }
    )
    exp = mk.read_proteins(long)
    assert exp.values.loc["b", "P08962"] == 3e6
    assert np.isnan(exp.values.loc["b", "P60033"])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (TABLE.iloc[:0], "is a frame without rows"),
        (TABLE.set_axis(["gene", "x", "a", "a", "b"], axis=1), "repeats the column 'a'"),
        (TABLE.assign(ev_1=["1e6", "lots", "2e6"]), "'lots' in column 'ev_1'"),
    ],
)
def test_bad_frames(frame, message) -> None:
    with pytest.raises(InputError, match=message):
        mk.read_proteins(frame)


# ---- transposed tables ----------------------------------------------------------


def turned() -> pd.DataFrame:
    """One row per sample, one column per protein."""
    values = TABLE.set_index("protein_id")[["ev_1", "ev_2", "cell_1"]].T
    extra = {f"Q0000{i}": 1e6 for i in range(1, 4)}
    return values.assign(**extra).rename_axis("sample").rename_axis(None, axis=1)


def test_a_transposed_table_is_refused_by_its_names() -> None:
    with pytest.raises(
        InputError, match=r"'frame' is transposed: its first column holds 'ev_1', 'ev_2'|transposed"
    ):
        mk.read_proteins(turned().reset_index())
    assert mk.read_proteins(turned().T.rename_axis("protein_id")).n_samples == 3


def test_a_transposed_table_is_refused_by_its_sheet() -> None:
    strange = turned().set_axis([f"prot{i}" for i in range(6)], axis=1).reset_index()
    with pytest.raises(InputError, match="one row per protein group and one column per sample: transpose it"):
        mk.read_proteins(strange, samples=SHEET)


# ---- which columns hold samples ---------------------------------------------------


def samples_of(frame: pd.DataFrame, **options) -> list[str]:
    return list(mk.read_proteins(frame, **options).values.index)


def test_annotation_is_no_sample_unless_the_sheet_names_it() -> None:
    frame = TABLE.assign(Score=[1e5, 2e5, 3e5])
    assert samples_of(frame) == ["ev_1", "ev_2", "cell_1"]
    sheet = pd.DataFrame({"sample": ["Score", "ev_1"]})
    with pytest.warns(MarkerkitWarning, match="2 columns of the matrix are not in the sample sheet"):
        assert samples_of(frame, samples=sheet) == ["Score", "ev_1"]


def test_the_first_column_names_the_rows_where_no_other_does() -> None:
    frame = TABLE.drop(columns=["protein_id", "gene"])
    frame.insert(0, "number", ["11", "12", "13"])
    assert samples_of(frame) == ["ev_1", "ev_2", "cell_1"]


@pytest.mark.parametrize(
    ("cells", "is_sample"),
    [(["1e6", "2e6", "x", "y"], True), (["1e6", "x", "y", "z"], False), ([True, False, True, True], False)],
)
def test_a_sample_column_holds_numbers_in_half_of_its_cells(cells, is_sample) -> None:
    frame = pd.DataFrame({"gene": ["CD63", "CD81", "ALB", "ACTB"], "a": [1e6, 2e6, 3e6, 4e6], "b": cells})
    if is_sample:
        with pytest.raises(InputError, match="text where a number belongs: 'x' in column 'b'"):
            mk.read_proteins(frame)
    elif "x" in cells:
        with pytest.warns(mk.MarkerkitWarning, match=r"1 column of numbers .* 'b' \(mostly text\)"):
            assert samples_of(frame) == ["a"]
    else:
        assert samples_of(frame) == ["a"]


@pytest.mark.parametrize(
    ("n_numbers", "n_words", "named"), [(1, 4, False), (2, 4, True), (1, 3, True), (0, 3, False)]
)
def test_text_with_numbers_is_spoken_of_from_a_tenth_of_the_rows_or_few_words(
    n_numbers, n_words, named
) -> None:
    """A column of words that holds some numbers may be a sample that failed."""
    n = 20
    words = [f"word {i % n_words}" for i in range(n - n_numbers)]
    values = np.linspace(20, 30, n)
    frame = pd.DataFrame({"gene": [f"G{i}" for i in range(n)], "ev": values, "cell": values[::-1] + 0.01})
    frame["more"] = [*["24.5"] * n_numbers, *words]
    exp = mk.read_proteins(frame, scale="log2") if not named else None
    if named:
        with pytest.warns(mk.MarkerkitWarning, match=r"'more' \(mostly text\)"):
            exp = mk.read_proteins(frame, scale="log2")
    assert list(exp.samples.index) == ["ev", "cell"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "a_LFQ", "b", "b_LFQ"], ["a", "b"]),
        (["a", "a_LFQ", "b"], ["a", "a_LFQ", "b"]),
        (["a_LFQ", "b_LFQ"], ["a_LFQ", "b_LFQ"]),
    ],
)
def test_a_normalized_column_beside_each_raw_one_is_taken_alone(names, expected) -> None:
    frame = pd.DataFrame({"gene": ["CD63", "ALB"], **{n: [i + 1e6, i + 2e6] for i, n in enumerate(names)}})
    exp = mk.read_proteins(frame)
    assert list(exp.values.index) == expected
    if expected == ["a", "b"]:
        assert exp.values.iloc[0, 0] == 1e6 + 1


def test_short_names_only_where_they_stay_apart() -> None:
    frame = pd.DataFrame({"gene": ["CD63", "ALB"], "d1/a.raw": [1e6, 2e6], "d2/b.raw": [1e6, 3e6]})
    assert samples_of(frame) == ["a", "b"]
    assert samples_of(frame.rename(columns={"d2/b.raw": "d2/a.raw"})) == ["d1/a.raw", "d2/a.raw"]


# ---- matching ----------------------------------------------------------------------


def test_an_ambiguous_short_name_matches_nothing() -> None:
    """Two columns share the base name of one sample of the sheet: neither is taken by guess."""
    with pytest.warns(
        MarkerkitWarning, match="1 sample of the sheet is not in the matrix and is left out: 'run_1'"
    ):
        found = match_samples(["run_1", "run_2"], ["d1/run_1.raw", "d2/RUN_1.raw", "d1/run_2.raw"], name="s")
    assert found == {"d1/run_2.raw": "run_2"}


def test_an_exact_name_comes_before_a_short_one() -> None:
    found = match_samples(["a.raw", "A"], ["A", "a.raw"], name="s")
    assert found == {"a.raw": "a.raw", "A": "A"}


def test_no_sample_matches() -> None:
    with pytest.raises(InputError, match="no sample of the sheet 's' is a column of the matrix"):
        match_samples(["x"], ["a", "b"], name="s")
