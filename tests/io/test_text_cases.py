"""Tables and sheets as others wrote them, from the folder of inputs that were once read wrongly."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from markerkit.io.tabular import read_table

CASES = Path(__file__).parents[3] / "shared" / "cases"
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not CASES.is_dir(), reason="the folder of inputs once read wrongly is not here"),
    pytest.mark.filterwarnings("ignore::markerkit.core.errors.MarkerkitWarning"),
]
RUNS = [f"2024_{g}_0{i}" for g in ("ev", "lys") for i in range(1, 5)]
DONORS = [f"{g}_D{i}" for g in ("EV", "lysate") for i in range(1, 7)]
#: table -> its samples and two values of P60033 (CD81)
RAW_CD81, LOG_CD81 = [77560500, 4951690], [26.209, 22.239]
READ = {
    "13_semicolon_quoted_decimal_comma/q.csv": (DONORS, LOG_CD81),
    "13_semicolon_quoted_decimal_comma/comma_quoted.csv": (DONORS, LOG_CD81),
    "22_perseus_type_row/perseus.txt": (DONORS, [26.2088, 22.2395]),
    "22_perseus_type_row/perseus_type_only.txt": (DONORS, [26.2088, 22.2395]),
    "30_parquet_variants/index.parquet": (DONORS, RAW_CD81),
    "32_spectronaut_pivots/long_comma.tsv": (RUNS, RAW_CD81),
    "32_spectronaut_pivots/long_comma_condition_point.tsv": (RUNS, RAW_CD81),
    "32_spectronaut_pivots/eu.csv": (RUNS, RAW_CD81),
    "35_slash_in_sample_names/m.tsv": (["EV/CD9", "EV/CD63", "lysate/WT", "lysate/KO"], RAW_CD81),
    "37_decimal_comma_three_decimals/three.csv": (DONORS, LOG_CD81),
    "37_decimal_comma_three_decimals/three.tsv": (DONORS, LOG_CD81),
    "37_decimal_comma_three_decimals/two.csv": (DONORS, [26.21, 22.24]),
    "38_excel_csv_variants/newline_header.csv": (DONORS, RAW_CD81),
    "38_excel_csv_variants/thousands_comma.csv": (DONORS, RAW_CD81),
    "38_excel_csv_variants/thousands_dot.csv": (DONORS, RAW_CD81),
    "38_excel_csv_variants/readme_first.xlsx": (DONORS, RAW_CD81),
    "42_thousands_dot_small_values/m.csv": (DONORS, [7756, 495]),
    "44_right_or_refused/dot1.csv": (["EV", "EV.1", "EV.2", "LYS", "LYS.1", "LYS.2"], RAW_CD81),
    "44_right_or_refused/num_headers.xlsx": (["1", "2", "3", "2024-01-05", "5", "6.5"], RAW_CD81),
}
REFUSED = {
    "38_excel_csv_variants/num_error.csv": r"'#NUM!' in column 'EV_D1', row 'P02768'.*formula that failed",
    "38_excel_csv_variants/minus_inf.csv": "infinite value in column 'EV_D1', row 'P02768'.*logarithm of 0",
    "38_excel_csv_variants/r_inf.csv": "infinite value in column 'EV_D1', row 'P02768'.*logarithm of 0",
    "38_excel_csv_variants/footer.csv": "line 43 .* note under the table .'Total proteins: 40'",
    "38_excel_csv_variants/title_rows.csv": r"line 1 \('Table S2. Proteins of EVs'\)",
    "38_excel_csv_variants/title_commas.csv": r"line 1 \('Table S2. Proteins, of, EVs'\)",
}
SHEETS = {
    ("15_leading_zero_sample_names/m.tsv", "15_leading_zero_sample_names/s.tsv"): ["01", "02", "03", "09", "10", "11"],
    ("16_number_like_sample_names/m.tsv", "16_number_like_sample_names/s.tsv"): ["1.1", "1.2", "1.10", "2.1", "2.2", "2.10"],
    ("16_number_like_sample_names/m3.tsv", "16_number_like_sample_names/s3.tsv"): ["1E1", "1E2", "1E3", "2E1", "2E2", "2E3"],
    ("16_number_like_sample_names/m4.tsv", "16_number_like_sample_names/s4.tsv"): list("123456"),
    ("44_right_or_refused/dot1.csv", "44_right_or_refused/s_dot1.tsv"): ["EV", "EV.1", "EV.2", "LYS", "LYS.1", "LYS.2"],
    ("44_right_or_refused/m.tsv", "44_right_or_refused/s16.txt"): DONORS,
    **{
        ("34_sheet_column_precedence/report.pg_matrix.tsv", f"34_sheet_column_precedence/{s}"): names
        for s, names in {
            "experiment_annotation.tsv": [f"D:\\proj\\x\\{r}.raw" for r in RUNS],
            "bio.tsv": [f"{r}.raw" for r in RUNS],
            "lfqanalyst.txt": RUNS,
        }.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_tables_that_are_read(name) -> None:
    samples, cd81 = READ[name]
    exp = mk.read_proteins(CASES / name)
    assert list(exp.values.index) == samples
    assert exp.values["P60033"].tolist()[:2] == cd81


@pytest.mark.parametrize("name", REFUSED)
def test_tables_that_are_refused_by_their_cause(name) -> None:
    with pytest.raises(InputError, match=REFUSED[name]):
        mk.read_proteins(CASES / name)


@pytest.mark.parametrize(("matrix", "sheet"), SHEETS)
def test_sheets_that_match(matrix, sheet) -> None:
    exp = mk.read_proteins(CASES / matrix, samples=CASES / sheet)
    assert list(exp.values.index) == SHEETS[matrix, sheet]
    assert {"condition", "fraction"} & set(exp.samples.columns)


def test_dates_as_sample_names() -> None:
    folder = CASES / "44_right_or_refused"
    exp = mk.read_proteins(folder / "dates.csv", samples=folder / "s_dates.tsv")
    assert list(exp.values.index) == list(pd.read_csv(folder / "s_dates.tsv", sep="\t", dtype=str)["sample"])


def test_levels_that_are_words_for_missing() -> None:
    folder = CASES / "17_levels_that_are_missing_words"
    exp = mk.read_proteins(folder / "m.tsv", samples=folder / "s.tsv")
    assert list(exp.samples["nef"]) == ["+"] * 6 + ["-"] * 6
    assert list(exp.samples["drug"]) == ["drugX"] * 6 + ["None"] * 6


@pytest.mark.parametrize(("line", "expected"), [("sep=;\n", ";"), ("sep=,\n", ",")])
def test_a_line_that_states_the_delimiter(tmp_path, line, expected) -> None:
    content = (CASES / "38_excel_csv_variants" / "title_rows.csv").read_text().split("\n", 2)[2]
    path = tmp_path / "m.csv"
    path.write_text(line + content.replace(",", expected))
    assert list(mk.read_proteins(path).values.index) == DONORS


def test_a_gene_index_of_a_parquet_file_is_a_column() -> None:
    frame = read_table(CASES / "30_parquet_variants" / "gindex.parquet").frame
    assert list(frame.columns) == ["gene", *DONORS]


def test_row_numbers_keep_their_column() -> None:
    """Which columns are samples is decided later; the reader does not take row numbers for a name."""
    frame = read_table(CASES / "03_rowname_column" / "matrix.csv").frame
    assert list(frame.columns[:3]) == ["Unnamed: 0", "protein_id", "gene"]


def test_types_of_a_perseus_table() -> None:
    table = read_table(CASES / "22_perseus_type_row" / "perseus.txt")
    assert [c for c, t in table.types.items() if t == "E"] == [f"LFQ intensity {d}" for d in DONORS]
    assert len(table.frame) == 40
