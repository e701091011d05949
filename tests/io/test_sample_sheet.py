"""Sample sheets: cells as written, which column holds the sample names, what counts as a path."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.io.sample_sheet import match_samples, read_sheet, short_name

NAMES = ["01", "1.10", "1.1", "1E1", "2024-01-05", "EV/CD9"]


def matrix(names: list[str]) -> pd.DataFrame:
    values = {n: [1e6 + i, 2e6 + i, 3e5 + i] for i, n in enumerate(names)}
    return pd.DataFrame(
        {"protein_id": ["P08962", "P60033", "P02768"], "gene": ["CD63", "CD81", "ALB"], **values}
    )


def sheet(tmp_path, text: str, name: str = "s.tsv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def read(tmp_path, names: list[str], text: str) -> mk.Experiment:
    return mk.read_proteins(matrix(names), samples=sheet(tmp_path, text))


def test_sample_names_stay_as_they_are_written(tmp_path) -> None:
    exp = read(tmp_path, NAMES, "sample\tgroup\n" + "".join(f"{n}\tg\n" for n in NAMES))
    assert list(exp.values.index) == NAMES
    assert exp.values["P08962"].tolist() == [1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3, 1e6 + 4, 1e6 + 5]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2", "10"], [1, 2, 10]),
        (["01", "02", "10"], ["01", "02", "10"]),
        (["1.5", "2.25", "3.0"], [1.5, 2.25, 3.0]),
        (["1.1", "1.2", "1.10"], ["1.1", "1.2", "1.10"]),
        (["1", "1.0", "2"], ["1", "1.0", "2"]),
        (["1E1", "1E2", "1E3"], ["1E1", "1E2", "1E3"]),
        (["-", "+", "None"], ["-", "+", "None"]),
        (["null", "n.d.", "wt"], ["null", "n.d.", "wt"]),
        (["0", "", "1"], ["0", None, "1"]),
        (["31", "", "45"], ["31", None, "45"]),
        (["NA", "#N/A", "NaN"], [None, None, None]),
        (["0,5", "1,5", "2"], [0.5, 1.5, 2.0]),
        (["1,500", "2,500", "3,500"], ["1,500", "2,500", "3,500"]),
    ],
)
def test_cells_are_levels_unless_all_are_plain_numbers(tmp_path, cells, expected) -> None:
    exp = read(
        tmp_path,
        ["a", "b", "c"],
        "sample\tx\n" + "".join(f"{n}\t{c}\n" for n, c in zip("abc", cells, strict=True)),
    )
    found = [None if pd.isna(v) else v for v in exp.samples["x"]]
    assert found == expected
    assert [type(v) is str for v in found] == [type(v) is str for v in expected]


def test_three_numbers_beside_an_empty_cell_are_numbers(tmp_path) -> None:
    exp = read(tmp_path, list("abcd"), "sample\tage\na\t31\nb\t\nc\t45\nd\t52\n")
    np.testing.assert_array_equal(exp.samples["age"].to_numpy(dtype=float), [31, np.nan, 45, 52])


# ---- which column holds the sample names ------------------------------------------------

RUNS = ["ev_01", "ev_02", "ly_01", "ly_02"]


def test_the_column_that_matches_comes_before_the_one_named_sample(tmp_path) -> None:
    text = "sample\tfile\tcondition\nd1\tD:\\x\\ev_01.raw\tEV\nd2\tD:\\x\\ev_02.raw\tEV\nd1\tD:\\x\\ly_01.raw\tL\nd2\tD:\\x\\ly_02.raw\tL\n"
    with pytest.warns(
        MarkerkitWarning, match=r"by the column 'file', which holds 4.*`sample` is called `sheet_sample`"
    ):
        exp = read(tmp_path, RUNS, text)
    assert exp.values["P08962"].tolist() == [1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3]
    assert list(exp.samples["sheet_sample"]) == ["d1", "d2", "d1", "d2"]
    assert list(exp.samples["condition"]) == ["EV", "EV", "L", "L"]


def test_a_column_of_any_name_that_matches(tmp_path) -> None:
    with pytest.warns(MarkerkitWarning, match="by the column 'who', which holds 4 of its sample names$"):
        exp = read(tmp_path, RUNS, "who\trole\n" + "".join(f"{r}\tsample\n" for r in RUNS))
    assert list(exp.values.index) == RUNS
    assert list(exp.samples["role"]) == ["sample"] * 4


@pytest.mark.parametrize(("n", "chosen"), [(2, "sample"), (1, "partner")])
def test_a_sample_column_needs_half_of_the_rows_to_come_first(tmp_path, n, chosen) -> None:
    """Another column may name the other sample of a pair."""
    given = RUNS[:n] + [f"x{i}" for i in range(4 - n)]
    text = "sample\tpartner\n" + "".join(f"{a}\t{b}\n" for a, b in zip(given, RUNS[::-1], strict=True))
    with pytest.warns(MarkerkitWarning):
        exp = read(tmp_path, RUNS, text)
    assert list(exp.values.index) == (RUNS[:2] if chosen == "sample" else RUNS[::-1])


def test_sheets_of_names_alone_of_row_names_and_below_a_title(tmp_path) -> None:
    with pytest.warns(MarkerkitWarning, match="2 columns of the matrix are not in the sample sheet"):
        assert list(read(tmp_path, RUNS, "sample\nly_01\nev_01\n").values.index) == ["ly_01", "ev_01"]
    with pytest.warns(MarkerkitWarning, match="matched to the matrix by the column 'Unnamed: 0'"):
        exp = read(tmp_path, RUNS, "role\n" + "".join(f"{r}\tsample\n" for r in RUNS))
    assert list(exp.samples["role"]) == ["sample"] * 4
    with pytest.raises(
        InputError, match=r"line 1 \('My samples'\) has 1 cells, the rows from line 2 on have 2"
    ):
        read(tmp_path, RUNS, "My samples\nsample\trole\n" + "".join(f"{r}\tEV\n" for r in RUNS))


def test_two_sample_columns_that_agree_and_that_contradict(tmp_path) -> None:
    text = "sample\tfile\n" + "".join(f"{r}\t{r}.raw\n" for r in RUNS)
    assert list(read(tmp_path, RUNS, text).values.index) == RUNS
    text = "sample\tfile\n" + "".join(f"{a}\t{b}.raw\n" for a, b in zip(RUNS, RUNS[::-1], strict=True))
    with pytest.raises(
        InputError, match=r"'sample' and 'file' .* different ones in row 1 \('ev_01' and 'ly_02'\)"
    ):
        read(tmp_path, RUNS, text)


def test_nothing_matches(tmp_path) -> None:
    with pytest.raises(InputError, match=r"the sheet has 'q_1', 'q_2', the matrix 'ev_01'|'q_1' and 'q_2'"):
        read(tmp_path, RUNS, "sample\tx\nq_1\t1\nq_2\t2\n")
    with pytest.raises(InputError, match=r"no sample column; .* Compared with the matrix .*'who' and 'x'"):
        read(tmp_path, RUNS, "who\tx\nq_1\t1\nq_2\t2\n")


def test_a_frame_keeps_its_types() -> None:
    given = pd.DataFrame({"sample": RUNS, "donor": [1, 2, 1, 2], "level": ["01", "02", "01", "02"]})
    found = read_sheet(given).on(RUNS)
    assert list(found["donor"]) == [1, 2, 1, 2]
    assert list(found["level"]) == ["01", "02", "01", "02"]


# ---- names that are paths ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("D:\\raw\\ev_01.raw", "ev_01"),
        ("C:/raw/ev 01", "ev 01"),
        ("/data/x/ev_01.raw.dia", "ev_01"),
        ("\\\\server\\share\\ev_01.d", "ev_01"),
        ("./x/ev_01", "ev_01"),
        ("raw/ev_01.mzML", "ev_01"),
        ("s3://bucket/ev_01", "ev_01"),
        ("EV/CD9", "EV/CD9"),
        ("EV 1:10/a", "EV 1:10/a"),
        ("lysate\\KO", "lysate\\KO"),
        ("05/01/2024", "05/01/2024"),
        (".raw", ".raw"),
        ("ev_01.5", "ev_01.5"),
    ],
)
def test_a_folder_is_cut_from_a_path_only(name, short) -> None:
    assert short_name(name) == short


def test_base_names_match_where_they_are_one_sample_only() -> None:
    assert match_samples(["ev_1", "ev_2"], ["proj/x/ev_1", "proj/x/EV_2"], name="s") == {
        "proj/x/ev_1": "ev_1",
        "proj/x/EV_2": "ev_2",
    }
    with pytest.raises(InputError, match="no sample of the sheet"):
        match_samples(["a"], ["EV/a", "lysate/a"], name="s")


# ---- names within the columns of a program ------------------------------------------------


def test_a_sheet_may_name_whole_columns(tmp_path) -> None:
    frame = matrix([f"LFQ intensity {r}" for r in RUNS]).rename(columns={"protein_id": "Protein IDs"})
    labels = sheet(tmp_path, "label\tgroup\n" + "".join(f"LFQ intensity {r}\tg\n" for r in RUNS[::-1]))
    exp = mk.read_proteins(frame, samples=labels)
    assert list(exp.values.index) == [f"LFQ intensity {r}" for r in RUNS[::-1]]
    assert exp.values["P08962"].tolist() == [1e6 + 3, 1e6 + 2, 1e6 + 1, 1e6]


@pytest.mark.parametrize("quantity", ["LFQ intensity", "Intensity"])
def test_whole_columns_say_which_quantity_is_read(tmp_path, quantity) -> None:
    columns = [f"{q} {r}" for q in ("LFQ intensity", "Intensity") for r in RUNS]
    frame = matrix(columns).rename(columns={"protein_id": "Protein IDs"})
    labels = sheet(tmp_path, "label\tgroup\n" + "".join(f"{quantity} {r}\tg\n" for r in RUNS))
    exp = mk.read_proteins(frame, samples=labels)
    assert exp.values["P08962"].tolist() == frame[[f"{quantity} {r}" for r in RUNS]].iloc[0].tolist()


@pytest.mark.parametrize("named", ["sample", "File ID"])
@pytest.mark.filterwarnings("ignore:the samples of s.tsv are matched")
def test_files_of_proteome_discoverer(tmp_path, named) -> None:
    frame = matrix([f"Abundance: F{i}: Sample, EV" for i in (1, 2, 11)]).rename(
        columns={"protein_id": "Accession"}
    )
    files = sheet(tmp_path, f"{named}\tgroup\nF11\tg\nF1\tg\n")
    with pytest.warns(MarkerkitWarning, match="1 column of the matrix is not in the sample sheet"):
        exp = mk.read_proteins(frame, samples=files)
    assert list(exp.values.index) == ["F11", "F1"]
    assert exp.values["P08962"].tolist() == [1e6 + 2, 1e6]


def test_channels_of_one_file_are_not_told_by_the_file(tmp_path) -> None:
    frame = matrix([f"Abundance: F1: {c}, EV" for c in ("126", "127N")]).rename(
        columns={"protein_id": "Accession"}
    )
    with pytest.raises(InputError, match=r"no sample of the sheet 's\.tsv' is a column"):
        mk.read_proteins(frame, samples=sheet(tmp_path, "sample\tgroup\nF1\tg\n"))


CHANNELS = ["126", "127N", "127C", "128N"]


def of_channels(*files: str, form: str = "Abundance: {}: {}, Sample") -> pd.DataFrame:
    """Proteins export of Proteome Discoverer; the number of a column is its value in both rows."""
    columns = [form.format(f, c) for f in files for c in CHANNELS]
    table = {"Accession": ["P08962", "P60033"], "# Peptides": [3, 4], "Gene Symbol": ["CD63", "CD81"]}
    return pd.DataFrame(table | {c: [1000.0 * (i + 1), 1e6] for i, c in enumerate(columns)})


@pytest.mark.filterwarnings("ignore:the samples of frame are matched:markerkit.MarkerkitWarning")
@pytest.mark.parametrize("form", ["Abundance: {}: {}, Sample", "Abundance..{}..{}..Sample"])
@pytest.mark.parametrize("cell", ["{}", "TMT-{}", "F1: {}", "F1_{}", "TMTpro {}"])
def test_channels_of_one_file_are_matched_by_their_number(form, cell) -> None:
    sheet = pd.DataFrame({"channel": [cell.format(c) for c in reversed(CHANNELS)], "group": list("abcd")})
    exp = mk.read_proteins(of_channels("F1", form=form), samples=sheet)
    assert list(exp.values.index) == list(sheet["channel"])
    assert exp.values["P08962"].tolist() == [4000, 3000, 2000, 1000]
    assert exp.samples["group"].tolist() == list("abcd")


@pytest.mark.filterwarnings("ignore:the samples of frame are matched:markerkit.MarkerkitWarning")
@pytest.mark.parametrize("file", ["file", "plex"])
def test_channels_of_several_files_need_both(file) -> None:
    sheet = pd.DataFrame({file: ["F2"] * 4 + ["F1"] * 4, "channel": CHANNELS * 2, "sample": list("abcdefgh")})
    exp = mk.read_proteins(of_channels("F1", "F2"), samples=sheet)
    assert list(exp.values.index)[:2] == ["F2: 126", "F2: 127N"]
    assert exp.values["P08962"].tolist() == [5000, 6000, 7000, 8000, 1000, 2000, 3000, 4000]
    assert exp.samples["sheet_sample"].tolist() == list("abcdefgh")
    with pytest.raises(
        InputError, match="'channel' of the sample sheet 'frame' names channels that several files"
    ):
        mk.read_proteins(of_channels("F1", "F2"), samples=sheet.drop(columns=[file, "sample"]).iloc[:4])


def test_a_channel_that_is_not_there_is_no_other_one() -> None:
    sheet = pd.DataFrame({"sample": ["F1: 126", "F1: 131"]})
    lost = "1 sample of the sheet is not in the matrix and is left out: 'F1: 131'"
    others = "3 columns of the matrix are not in the sample sheet and are left out: "
    with pytest.warns(MarkerkitWarning, match=lost), pytest.warns(MarkerkitWarning, match=others):
        exp = mk.read_proteins(of_channels("F1"), samples=sheet)
    assert exp.values["P08962"].tolist() == [1000]
    assert exp.history[0]["not_in_sheet"] == [f"F1: {c}, Sample" for c in CHANNELS[1:]]


@pytest.mark.parametrize("text", ['\t\n\t""\t', "\t\t\n\t\t\n"])
def test_a_sheet_of_empty_columns_is_refused(tmp_path, text: str) -> None:
    with pytest.raises(InputError, match=r"has no column with a name and a value|header only|empty"):
        read(tmp_path, NAMES, text)
